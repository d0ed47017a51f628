//! Many strings of JavaScript at once: each that crosses by itself costs a call back, and a launch with
//! nothing to do would spend most of its time on that.

use limbeck::script::Joined;

/// Migrations, name and text in turn, of strings that `js/sources.ts` has joined with line breaks, each of so
/// many UTF-16 units: what JavaScript calls their length. A lone surrogate has come as U+FFFD, which is one
/// unit too.
pub fn files(joined: &str, lengths: &[u32]) -> Joined {
    let ascii = joined.is_ascii();
    let mut rest = joined;
    let mut next = |length: u32| {
        let length = length as usize;
        let end = if ascii { length } else { bytes(rest, length) };
        let (piece, more) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = more.get(1..).unwrap_or_default();
        piece
    };
    let mut files = Joined::default();
    for pair in lengths.chunks_exact(2) {
        let (name, text) = (next(pair[0]), next(pair[1]));
        files.push(name, text);
    }
    files
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
