//! Numbers that look random and are the same for the same seed, on every machine.

/// SplitMix64: <https://prng.di.unimi.it/splitmix64.c>. Good enough to choose with.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The sequence of a seed and a text: a table's rows do not depend on the tables before it.
    pub fn new(seed: u64, text: &str) -> Random {
        // FNV-1a: <http://www.isthe.com/chongo/tech/comp/fnv/>.
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Random(seed ^ hash)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where there is none.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of a list.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_for_the_same_seed() {
        let draw = |seed, text| {
            let mut random = Random::new(seed, text);
            [random.below(1000), random.below(1000), random.below(1000)]
        };
        assert_eq!(draw(1, "t"), draw(1, "t"));
        assert_ne!(draw(1, "t"), draw(2, "t"));
        assert_ne!(draw(1, "t"), draw(1, "u"));
        let mut random = Random::new(7, "");
        let mut seen = [false; 10];
        (0..200).for_each(|_| seen[random.below(10)] = true);
        assert_eq!(seen, [true; 10]);
        assert_eq!((random.below(0), random.pick(&[] as &[u8])), (0, None));
    }
}
