//! A statement without parameters: the values stand in its text.

use super::Value;
use crate::error::Result;
use crate::sql::{TokenType as T, hex, literal, tokens};

/// A statement with literals in place of `?1`, `?2`, …: the same statement, wherever no value can be bound.
/// A printed script is one such place; a library that binds 64-bit integers as text, or 1.0 as an
/// integer, is another. A parameter without a value is NULL, as in SQLite.
///
/// Errors: [`ErrorKind::SqlSyntax`](crate::ErrorKind::SqlSyntax) where the text cannot be read.
///
/// ```
/// use limbeck::{Value, db::with_literals};
///
/// let sql = with_literals("SELECT ?1, '?1' WHERE ?2", &[i64::MIN.into(), Value::Real(1.0)])?;
/// assert_eq!(sql, "SELECT -9223372036854775808, '?1' WHERE 1.0");
/// # Ok::<(), limbeck::Error>(())
/// ```
pub fn with_literals(sql: &str, params: &[Value]) -> Result<String> {
    let mut text = String::new();
    let mut done = 0;
    for token in tokens(sql)? {
        let number = token.text.strip_prefix('?').and_then(|number| number.parse::<usize>().ok());
        if let (T::TK_VARIABLE, Some(number)) = (token.kind, number) {
            text.push_str(&sql[done..token.start]);
            let value = number.checked_sub(1).and_then(|at| params.get(at)).unwrap_or(&Value::Null);
            // `-?1` must not become a comment, nor `SELECT?1FROM` one word.
            if text.ends_with(|c: char| c == '-' || is_of_a_word(c)) {
                text.push(' ');
            }
            text.push_str(&value_literal(value));
            if sql[token.end()..].starts_with(is_of_a_word) {
                text.push(' ');
            }
            done = token.end();
        }
    }
    text.push_str(&sql[done..]);
    Ok(text)
}

fn is_of_a_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

pub(crate) fn value_literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) if number.is_nan() => "NULL".to_owned(),
        Value::Real(number) if number.is_infinite() => {
            if *number > 0.0 {
                "9e999".to_owned()
            } else {
                "-9e999".to_owned()
            }
        }
        // `{:?}` keeps every digit that tells two numbers apart, and the point.
        Value::Real(number) => format!("{number:?}"),
        Value::Text(text) => literal(text),
        Value::Blob(bytes) => format!("x'{}'", hex(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_become_literals() {
        let params = [
            Value::Text("it's".into()),
            Value::Integer(i64::MIN),
            Value::Real(0.1 + 0.2),
            Value::Blob(vec![0, 255]),
            Value::Text("a\0".into()),
            Value::Real(f64::NEG_INFINITY),
        ];
        for (sql, want) in [
            (
                "INSERT INTO \"?1\" VALUES ('?2', ?2, ?1, ?3, ?4, ?5, ?6, ?7) -- ?1",
                "INSERT INTO \"?1\" VALUES ('?2', -9223372036854775808, 'it''s', 0.30000000000000004, x'00ff', \
                 CAST(x'6100' AS TEXT), -9e999, NULL) -- ?1",
            ),
            ("SELECT-?2", "SELECT- -9223372036854775808"),
            ("SELECT?3FROM t", "SELECT 0.30000000000000004 FROM t"),
        ] {
            assert_eq!(with_literals(sql, &params).unwrap(), want);
        }
    }

    /// SQLite reads back the very number, for numbers of every size.
    #[cfg(feature = "rusqlite")]
    #[test]
    fn numbers_come_back_as_they_were() {
        use crate::db::Database;
        let mut db = rusqlite::Connection::open_in_memory().unwrap();
        let db: &mut dyn Database = &mut db;
        // A generator of bits: <https://prng.di.unimi.it/splitmix64.c>.
        let mut state = 1u64;
        let mut bits = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        };
        let mut values: Vec<Value> =
            [0.0, 1.0, -1.0, 1e300, 5e-324, f64::MAX, f64::MIN_POSITIVE, 0.1 + 0.2].map(Value::Real).into();
        values.extend([i64::MIN, i64::MAX, 0].map(Value::Integer));
        let real = |bits: u64| f64::from_bits(bits);
        values.extend((0..5_000).map(|_| real(bits())).filter(|number| number.is_finite()).map(Value::Real));
        values.extend((0..1_000).map(|_| Value::Integer(bits() as i64)));
        for some in values.chunks(100) {
            let marks: Vec<String> = (1..=some.len()).map(|at| format!("?{at}")).collect();
            let sql = with_literals(&format!("SELECT {}", marks.join(",")), some).unwrap();
            assert_eq!(db.rows(&sql, &[]).unwrap(), [some]);
        }
    }
}
