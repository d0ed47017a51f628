//! Near misses: which of the known names somebody may have meant.

/// How many letters may differ.
const SLIP: usize = 2;
/// How many names are offered.
const OFFERED: usize = 3;

/// The names nearest to a text, nearest first: equal but for case, or off by a slip or two.
pub(crate) fn similar<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let text: Vec<char> = text.to_ascii_lowercase().chars().collect();
    // A short id is a slip or two away from every other one.
    let limit = SLIP.min((text.len() + 1) / 3);
    let mut near: Vec<(usize, &str)> =
        names.filter_map(|name| distance(&text, name, limit).map(|distance| (distance, name))).collect();
    near.sort_unstable();
    near.truncate(OFFERED);
    near.into_iter().map(|(_, name)| name).collect()
}

/// Levenshtein's distance, ignoring the case of ASCII, if it is within the limit. All of Unicode's were 7 KB of a browser's download.
fn distance(text: &[char], name: &str, limit: usize) -> Option<usize> {
    // Bytes are at least as many as chars: a name this much longer cannot be near, whatever it holds.
    if name.len() > (text.len() + limit) * 4 {
        return None;
    }
    let name: Vec<char> = name.to_ascii_lowercase().chars().collect();
    if name.len().abs_diff(text.len()) > limit {
        return None;
    }
    let mut row: Vec<usize> = (0..=name.len()).collect();
    for (i, letter) in text.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in name.iter().enumerate() {
            let change = diagonal + usize::from(letter != other);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
        if row.iter().min() > Some(&limit) {
            return None;
        }
    }
    row.last().copied().filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn near_misses() {
        let names = ["0001aaaa", "0002bbbb", "0003cccc", "k300cc", "a", "billing"];
        let table: [(&str, &[&str]); 8] = [
            ("0002bbbc", &["0002bbbb"]),
            ("002bbbb", &["0002bbbb"]),
            ("K300CC", &["k300cc"]),
            ("biling", &["billing"]),
            ("b", &[]),
            ("", &[]),
            ("nosuchrev", &[]),
            ("A", &["a"]),
        ];
        for (text, want) in table {
            assert_eq!(similar(text, names.into_iter()), want, "{text}");
        }
    }
}
