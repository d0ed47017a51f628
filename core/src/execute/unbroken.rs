//! A database on which nothing runs once its transaction has ended by itself.
//!
//! After an error of the disk, of memory or of an interruption SQLite may roll the whole transaction back
//! (<https://sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction>), and where it met the
//! error while it read statistics along with the schema it says nothing of it: the statement succeeds. What followed
//! would be committed statement by statement, and a savepoint would be a transaction.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::path::Path;

use crate::db::{CopyWay, Database, Value};
use crate::error::{Result, rolled_back};

/// Passes everything on to `db` while the transaction that `open` speaks of is open.
pub(super) struct Unbroken<'r> {
    pub db: &'r mut dyn Database,
    /// Whether there must be a transaction.
    pub open: &'r Cell<bool>,
}

impl Unbroken<'_> {
    fn db(&mut self) -> Result<&mut dyn Database> {
        if self.open.get() && self.db.ended() { Err(rolled_back(None)) } else { Ok(self.db) }
    }
}

impl Database for Unbroken<'_> {
    fn execute(&mut self, sql: &str) -> Result<u64> {
        self.db()?.execute(sql)
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&[Value]) -> Result<()>,
    ) -> Result<()> {
        self.db()?.query(sql, params, each)
    }

    fn in_transaction(&mut self) -> bool {
        self.db.in_transaction()
    }

    fn ended(&mut self) -> bool {
        self.open.get() && self.db.ended()
    }

    fn probing(&mut self, on: bool) {
        self.db.probing(on);
    }

    fn copy_database(
        &mut self,
        way: CopyWay,
        file: &Path,
        step: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<()> {
        self.db.copy_database(way, file, step)
    }

    fn wait(&mut self) {
        self.db.wait();
    }

    fn execute_watched(&mut self, sql: &str, tick: &mut dyn FnMut() -> ControlFlow<()>) -> Result<u64> {
        self.db()?.execute_watched(sql, tick)
    }

    fn query_watched(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&[Value]) -> Result<()>,
        tick: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<()> {
        self.db()?.query_watched(sql, params, each, tick)
    }
}
