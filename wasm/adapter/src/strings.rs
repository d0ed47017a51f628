//! Many strings of JavaScript at once: each that crosses by itself costs a call back, and a launch with
//! nothing to do would spend most of its time on that.

/// Migrations, name and text in turn, of strings that `js/sources.ts` has joined.
pub fn files(joined: &str, lengths: &[u32]) -> Vec<(String, String)> {
    let mut strings = apart(joined, lengths).into_iter();
    std::iter::from_fn(|| strings.next().zip(strings.next())).collect()
}

/// Takes apart strings that were joined with line breaks, each of so many UTF-16 units: what JavaScript calls
/// their length. A lone surrogate has come as U+FFFD, which is one unit too.
fn apart(joined: &str, lengths: &[u32]) -> Vec<String> {
    let ascii = joined.is_ascii();
    let mut rest = joined;
    let next = |&length: &u32| {
        let length = length as usize;
        let end = if ascii { length } else { bytes(rest, length) };
        let (piece, more) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = more.get(1..).unwrap_or_default();
        piece.to_owned()
    };
    lengths.iter().map(next).collect()
}

/// How many bytes so many UTF-16 units take at the beginning of a text.
fn bytes(text: &str, units: usize) -> usize {
    let mut seen = 0;
    let behind = text.char_indices().find(|(_, next)| {
        let there = seen >= units;
        seen += next.len_utf16();
        there
    });
    behind.map_or(text.len(), |(at, _)| at)
}
