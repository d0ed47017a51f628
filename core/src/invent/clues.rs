//! What a CHECK says about the values that pass it: its own literals, and what its functions want.

use crate::db::Value;
use crate::sql::{Token, TokenType as T, tokens, unquote};

/// Values that may pass an expression. SQLite says which do.
pub(super) fn clues(expression: &str) -> Vec<Value> {
    let Ok(all) = tokens(expression) else { return Vec::new() };
    let mut found = Vec::new();
    let lengths = all.iter().any(|token| token.is_word("length") || token.is_word("octet_length"));
    for (at, token) in all.iter().enumerate() {
        match token.kind {
            T::TK_STRING => {
                let text = unquote(token.text);
                match before(&all, at) {
                    Some("LIKE") => found.push(Value::Text(text.replace('%', "ab").replace('_', "c"))),
                    Some("GLOB") => found.push(Value::Text(matching(&text))),
                    _ => found.push(Value::Text(text)),
                }
            }
            T::TK_INTEGER => {
                let Ok(number) = token.text.replace('_', "").parse::<i64>() else { continue };
                let minus = at > 0 && all[at - 1].kind == T::TK_MINUS;
                let number = if minus { number.wrapping_neg() } else { number };
                found
                    .extend([number, number.saturating_add(1), number.saturating_sub(1)].map(Value::Integer));
                if lengths && (0..=1024).contains(&number) {
                    let repeated = |text: &str| Value::Text(text.repeat(number as usize));
                    found.extend([repeated("a"), repeated("7"), Value::Blob(vec![7; number as usize])]);
                }
            }
            T::TK_FLOAT => {
                if let Ok(number) = token.text.replace('_', "").parse::<f64>() {
                    found.extend([number, number + 0.5, number - 0.5].map(Value::Real));
                }
            }
            _ => found.extend(wanted(token)),
        }
    }
    found.dedup();
    found
}

/// `LIKE` or `GLOB` before a token.
fn before(all: &[Token<'_>], at: usize) -> Option<&'static str> {
    let word = all.get(at.checked_sub(1)?)?;
    ["LIKE", "GLOB"].into_iter().find(|name| word.is_word(name))
}

/// A text that a GLOB pattern matches.
fn matching(pattern: &str) -> String {
    let mut text = String::new();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '*' => {}
            '?' => text.push('a'),
            '[' => {
                let set: Vec<char> = rest.by_ref().take_while(|c| *c != ']').collect();
                match set.first() {
                    // What is left out is rarely this.
                    Some('^') => text.push('~'),
                    Some(first) => text.push(*first),
                    None => {}
                }
            }
            c => text.push(c),
        }
    }
    text
}

/// What a function in a CHECK mostly wants to see.
fn wanted(token: &Token<'_>) -> Vec<Value> {
    let texts: &[&str] = match token.text.to_ascii_lowercase().as_str() {
        "json_valid" | "json_type" | "json_array_length" => {
            &["{}", "[]", "{\"a\": [1, null, \"é\"]}", "[1, 2]"]
        }
        "date" => &["2024-02-29", "1970-01-01"],
        "time" => &["12:34:56", "00:00:00"],
        "datetime" | "strftime" | "julianday" | "unixepoch" => {
            &["2024-02-29 12:34:56", "2024-02-29T12:34:56Z", "1970-01-01 00:00:00"]
        }
        "typeof" => {
            return vec![Value::Integer(7), Value::Real(0.5), Value::Text("a".into()), Value::Blob(vec![1])];
        }
        "upper" => &["ABC", "A1"],
        "lower" => &["abc", "a1"],
        "instr" => &["a@b.example"],
        "unhex" => &["00ff", "ABCDEF"],
        _ => &[],
    };
    texts.iter().map(|text| Value::Text((*text).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_expression_tells() {
        let text = |text: &str| Value::Text(text.into());
        for (expression, want) in [
            ("status IN ('a', 'b')", text("b")),
            ("age >= 18", Value::Integer(18)),
            ("age < 18", Value::Integer(17)),
            ("t > -40", Value::Integer(-39)),
            ("rate <= 0.5", Value::Real(0.5)),
            ("length(code) = 3", text("777")),
            ("mail LIKE '%@%.%'", text("ab@ab.ab")),
            ("code GLOB '[A-Z][0-9]*'", text("A0")),
            ("json_valid(doc)", text("{}")),
            ("date(day) IS NOT NULL", text("2024-02-29")),
        ] {
            assert!(clues(expression).contains(&want), "{expression}: {:?}", clues(expression));
        }
        assert_eq!(clues("'not closed"), []);
    }
}
