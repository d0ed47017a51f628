//! A [`Database`] that notes what changes it: the road to a script or a plan is the road of a run.

use std::ops::ControlFlow;

use super::{Database, Value, with_literals};
use crate::error::Result;

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
            (self.note)(with_literals(sql, params)?);
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

    fn ended(&mut self) -> bool {
        self.db.ended()
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

#[cfg(all(test, feature = "rusqlite"))]
mod tests {
    use super::*;

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
