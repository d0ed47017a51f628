//! A [`Database`] that notes what changes it: the road to a script or a plan is the road of a run.

use std::ops::ControlFlow;

use super::{Database, Value};
use crate::error::Result;
use crate::sql::{TokenType as T, literal, tokens};

/// Runs everything on another database, and notes each statement that changes something, its
/// parameters put in as literals.
pub(crate) struct Recorder<'a> {
    /// Where statements run.
    pub db: &'a mut dyn Database,
    /// Receives each statement, without a semicolon.
    pub note: &'a dyn Fn(String),
    /// Nothing is noted for now.
    pub probing: bool,
}

impl Database for Recorder<'_> {
    fn execute(&mut self, sql: &str) -> Result<u64> {
        let changed = self.db.execute(sql)?;
        self.noted(sql);
        Ok(changed)
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&[Value]) -> Result<()>,
    ) -> Result<()> {
        self.db.query(sql, params, each)?;
        if !self.probing && begins_with(sql, &["INSERT", "UPDATE", "DELETE", "REPLACE"]) {
            (self.note)(inlined(sql, params)?);
        }
        Ok(())
    }

    fn probing(&mut self, on: bool) {
        self.probing = on;
        self.db.probing(on);
    }

    fn in_transaction(&mut self) -> bool {
        self.db.in_transaction()
    }

    fn execute_watched(&mut self, sql: &str, tick: &mut dyn FnMut() -> ControlFlow<()>) -> Result<u64> {
        let changed = self.db.execute_watched(sql, tick)?;
        self.noted(sql);
        Ok(changed)
    }
}

impl Recorder<'_> {
    /// EXPLAIN only compiles: it is how limbeck looks whether a view or trigger still works.
    fn noted(&self, sql: &str) {
        if !self.probing && !begins_with(sql, &["EXPLAIN"]) {
            (self.note)(sql.to_owned());
        }
    }
}

fn begins_with(sql: &str, words: &[&str]) -> bool {
    let first = sql.split_ascii_whitespace().next().unwrap_or_default();
    words.iter().any(|word| first.eq_ignore_ascii_case(word))
}

/// A statement with literals in place of `?1`, `?2`, …
fn inlined(sql: &str, params: &[Value]) -> Result<String> {
    let mut text = String::new();
    let mut done = 0;
    for token in tokens(sql)? {
        let number = token.text.strip_prefix('?').and_then(|number| number.parse::<usize>().ok());
        if let (T::TK_VARIABLE, Some(number)) = (token.kind, number) {
            text.push_str(&sql[done..token.start]);
            // SQLite reads a parameter that is not bound as NULL.
            let value = number.checked_sub(1).and_then(|at| params.get(at)).unwrap_or(&Value::Null);
            text.push_str(&value_literal(value));
            done = token.end();
        }
    }
    text.push_str(&sql[done..]);
    Ok(text)
}

fn value_literal(value: &Value) -> String {
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
        Value::Blob(bytes) => format!("x'{}'", bytes.iter().map(|b| format!("{b:02x}")).collect::<String>()),
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
        assert_eq!(
            inlined("INSERT INTO \"?1\" VALUES ('?2', ?2, ?1, ?3, ?4, ?5, ?6, ?7) -- ?1", &params).unwrap(),
            "INSERT INTO \"?1\" VALUES ('?2', -9223372036854775808, 'it''s', 0.30000000000000004, x'00ff', \
             CAST(x'6100' AS TEXT), -9e999, NULL) -- ?1"
        );
    }

    #[cfg(feature = "rusqlite")]
    #[test]
    fn only_what_changes_is_noted() {
        let mut db = rusqlite::Connection::open_in_memory().unwrap();
        let noted = std::cell::RefCell::new(Vec::new());
        {
            let note = |sql| noted.borrow_mut().push(sql);
            let db: &mut dyn Database = &mut Recorder { db: &mut db, note: &note, probing: false };
            db.execute("CREATE TABLE t(a)").unwrap();
            db.query("INSERT INTO t VALUES (?1)", &[1.into()], &mut |_| Ok(())).unwrap();
            assert_eq!(db.integer("SELECT a FROM t", &[]).unwrap(), Some(1));
            db.query("INSERT INTO nowhere VALUES (1)", &[], &mut |_| Ok(())).unwrap_err();
        }
        assert_eq!(noted.into_inner(), ["CREATE TABLE t(a)", "INSERT INTO t VALUES (1)"]);
    }
}
