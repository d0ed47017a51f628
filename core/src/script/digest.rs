//! Whether files are those of another time, told by 64 bits.

use std::fmt;

use rapidhash::v3::{DEFAULT_RAPID_SECRETS, RapidSecrets, rapidhash_v3_micro_inline};

/// A digest of files: names and texts, in whatever order.
///
/// It tells one release's files from the next one's at a launch, where reading their headers would take
/// longer than all else. It is no checksum against malice: whoever can choose the files need not
/// deceive anybody.
///
/// ```
/// use limbeck::script::Digest;
///
/// const FILES: Digest = Digest::NONE.with("1.sql", "CREATE TABLE t(a)").with("2.sql", "DROP TABLE t");
/// assert_eq!(FILES, Digest::NONE.with("2.sql", "DROP TABLE t").with("1.sql", "CREATE TABLE t(a)"));
/// assert_ne!(FILES, Digest::NONE.with("2.sql", "CREATE TABLE t(a)").with("1.sql", "DROP TABLE t"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(u64);

impl Digest {
    /// That of no files.
    pub const NONE: Digest = Digest(0);

    /// With one file more.
    #[must_use]
    pub const fn with(self, name: &str, text: &str) -> Digest {
        self.with_bytes(name.as_bytes(), text.as_bytes())
    }

    /// The same of what nobody has looked at yet, whether it is UTF-8.
    pub(crate) const fn with_bytes(self, name: &[u8], text: &[u8]) -> Digest {
        // The sum does not depend on the order; what stands in it does on which text has which name.
        let seed = rapidhash_v3_micro_inline::<false, false>(name, &DEFAULT_RAPID_SECRETS);
        let secrets = RapidSecrets { seed, ..DEFAULT_RAPID_SECRETS };
        Digest(self.0.wrapping_add(rapidhash_v3_micro_inline::<false, false>(text, &secrets)))
    }

    /// From the 16 digits that it is displayed as.
    pub(crate) fn parse(digits: &str) -> Option<Digest> {
        let is_whole = digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if is_whole { u64::from_str_radix(digits, 16).ok().map(Digest) } else { None }
    }

    /// 31 of its bits, and not 0: what fits a header field that others read as a number.
    pub(crate) fn folded(self) -> i32 {
        let folded = (self.0 ^ (self.0 >> 32)) as i32 & i32::MAX;
        folded.max(1)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Databases hold these: other ones cost each of them one slower launch.
    #[test]
    fn the_digests_are_frozen() {
        assert_eq!(Digest::NONE.with("1.sql", "SELECT 1").to_string(), "c87f7b4f365ca40a");
        let both = Digest::NONE.with("1.sql", "SELECT 1").with("2.sql", "é");
        assert_eq!((both.to_string().as_str(), both.folded()), ("5a1bdfbd4e0acdee", 336_663_123));
        assert_eq!(Digest::NONE.folded(), 1);
        assert_eq!(Digest::parse("c87f7b4f365ca40a"), Some(Digest::NONE.with("1.sql", "SELECT 1")));
        for digits in ["", "c87f7b4f365ca40", "+87f7b4f365ca40a", "c87f7b4f365ca40a0"] {
            assert_eq!(Digest::parse(digits), None);
        }
    }

    #[test]
    fn each_byte_counts() {
        let text = "CREATE TABLE t(a, b, c); -- a text that is longer than any of the hash's blocks, which are of 16 and 112 bytes each: so it goes on";
        let all = |name: &str, text: &str| Digest::NONE.with(name, text).with("0.sql", "");
        let mut seen = std::collections::HashSet::from([all("1.sql", text)]);
        for at in 0..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] ^= 1;
            assert!(seen.insert(all("1.sql", &String::from_utf8(bytes).unwrap())), "byte {at}");
            assert!(seen.insert(all("1.sql", &text[..at])), "{at} bytes");
        }
        assert!(seen.insert(all("2.sql", text)));
        assert!(seen.insert(Digest::NONE.with("1.sql", text)), "an empty file counts");
    }
}
