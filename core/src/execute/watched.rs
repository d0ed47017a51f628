//! A database whose long statements ask the listener whether to go on.

use std::ops::ControlFlow;
use std::path::Path;

use crate::db::{CopyWay, Database, Value};
use crate::error::Result;
use crate::event::{Event, Listener};

/// Passes everything on to `db`, and the backend's ticks to the listener.
pub(super) struct Watched<'r, 'l> {
    pub db: &'r mut dyn Database,
    pub listener: &'r mut Listener<'l>,
}

impl Database for Watched<'_, '_> {
    fn execute(&mut self, sql: &str) -> Result<u64> {
        let listener = &mut *self.listener;
        self.db.execute_watched(sql, &mut || listener(&Event::Working))
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&[Value]) -> Result<()>,
    ) -> Result<()> {
        let listener = &mut *self.listener;
        self.db.query_watched(sql, params, each, &mut || listener(&Event::Working))
    }

    fn in_transaction(&mut self) -> bool {
        self.db.in_transaction()
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

    fn execute_watched(&mut self, sql: &str, _: &mut dyn FnMut() -> ControlFlow<()>) -> Result<u64> {
        self.execute(sql)
    }
}
