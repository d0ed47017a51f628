//! Names and literals: quoting, unquoting, comparing.

/// A name as SQL text. Bare where SQLite reads it bare and unambiguously, else in double quotes.
pub fn quote(name: &str) -> String {
    if is_identifier(name) && !is_reserved(name) && !is_word(name) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// A string as an SQL literal. Text with U+0000, which no literal can hold, becomes a cast blob.
pub fn literal(text: &str) -> String {
    if text.contains('\0') {
        format!("CAST(x'{}' AS TEXT)", hex(text.as_bytes()))
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The name that a token stands for: without its quotes, doubled quotes made single.
pub fn unquote(token: &str) -> String {
    let bytes = token.as_bytes();
    let close = match bytes.first() {
        Some(b'[') => ']',
        Some(b'"') => '"',
        Some(b'`') => '`',
        Some(b'\'') => '\'',
        _ => return token.to_owned(),
    };
    if bytes.len() < 2 || !token.ends_with(close) {
        return token.to_owned();
    }
    let inside = &token[1..token.len() - 1];
    match close {
        ']' => inside.to_owned(),
        quote => inside.replace(&format!("{quote}{quote}"), &quote.to_string()),
    }
}

/// A name as others are to be compared with it: SQLite folds ASCII letters, and no others.
pub(crate) fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// Whether two names are one to SQLite: it folds ASCII letters only.
pub fn same_name(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// Whether two lists are of the same names, in the same order.
pub(crate) fn same_names(a: &[impl AsRef<str>], b: &[impl AsRef<str>]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_name(a.as_ref(), b.as_ref()))
}

/// SQLite's rule for a bare name: a letter, `_` or anything beyond ASCII, then digits and `$` too.
fn is_identifier(name: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphabetic() || b == b'_' || b >= 0x80;
    let mut bytes = name.bytes();
    bytes.next().is_some_and(letter) && bytes.all(|b| letter(b) || b.is_ascii_digit() || b == b'$')
}

/// Words that SQLite never lets stand for a name: <https://sqlite.org/lang_keywords.html>, less
/// those with a fallback in SQLite's `parse.y`.
pub(super) fn is_reserved(word: &str) -> bool {
    const RESERVED: &[&str] = &[
        "add",
        "all",
        "alter",
        "and",
        "as",
        "autoincrement",
        "between",
        "case",
        "check",
        "collate",
        "commit",
        "constraint",
        "create",
        "default",
        "deferrable",
        "delete",
        "distinct",
        "drop",
        "else",
        "escape",
        "except",
        "exists",
        "foreign",
        "from",
        "group",
        "having",
        "in",
        "index",
        "insert",
        "intersect",
        "into",
        "is",
        "isnull",
        "join",
        "limit",
        "not",
        "nothing",
        "notnull",
        "null",
        "on",
        "or",
        "order",
        "primary",
        "references",
        "returning",
        "select",
        "set",
        "table",
        "then",
        "to",
        "transaction",
        "union",
        "unique",
        "update",
        "using",
        "values",
        "when",
        "where",
    ];
    // As long as the longest: every word of every text is asked.
    let mut lower = [0; "autoincrement".len()];
    let Some(lower) = lower.get_mut(..word.len()) else { return false };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    RESERVED.binary_search_by(|reserved| reserved.as_bytes().cmp(lower)).is_ok()
}

/// Words that would be read as a value where a name is meant.
fn is_word(word: &str) -> bool {
    ["true", "false", "current_date", "current_time", "current_timestamp", "raise", "cast", "rowid"]
        .iter()
        .any(|w| word.eq_ignore_ascii_case(w))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_and_back() {
        for (name, want) in [
            ("users", "users"),
            ("a b", "\"a b\""),
            ("order", "\"order\""),
            ("Select", "\"Select\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("", "\"\""),
            ("1a", "\"1a\""),
            ("é", "é"),
            ("true", "\"true\""),
        ] {
            assert_eq!(quote(name), want);
            assert_eq!(unquote(&quote(name)), name);
        }
        for (token, want) in
            [("[a]]", "a]"), ("`a``b`", "a`b"), ("'it''s'", "it's"), ("\"", "\""), ("x", "x")]
        {
            assert_eq!(unquote(token), want);
        }
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\0"), "CAST(x'6100' AS TEXT)");
    }
}
