//! [`Database`] over a `rusqlite::Connection`, and the only unsafe code of the core.

use std::any::Any;
use std::ffi::{c_int, c_void};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, ffi};

use super::{CopyWay, Database, INSTRUCTIONS_PER_TICK, PAGES_PER_STEP, TO_WAIT, Value, error, not_utf8};
use crate::error::{Error, ErrorKind, Result};

impl Database for Connection {
    fn execute(&mut self, sql: &str) -> Result<u64> {
        let mut statement = self.prepare(sql).map_err(translate)?;
        let mut rows = statement.raw_query();
        while rows.next().map_err(translate)?.is_some() {}
        drop(rows);
        drop(statement);
        Ok(self.changes())
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&[Value]) -> Result<()>,
    ) -> Result<()> {
        let mut statement = self.prepare(sql).map_err(translate)?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(params)).map_err(translate)?;
        let mut values = vec![Value::Null; columns];
        while let Some(row) = rows.next().map_err(translate)? {
            for (column, value) in values.iter_mut().enumerate() {
                read(row.get_ref(column).map_err(translate)?, value)?;
            }
            each(&values)?;
        }
        Ok(())
    }

    fn in_transaction(&mut self) -> bool {
        !self.is_autocommit()
    }

    fn copy_database(
        &mut self,
        way: CopyWay,
        file: &Path,
        step: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
        match way {
            CopyWay::Into => {
                let flags = flags | OpenFlags::SQLITE_OPEN_READ_WRITE;
                let mut other = Connection::open_with_flags(file, flags).map_err(translate)?;
                copy_pages(&Backup::new(self, &mut other).map_err(translate)?, way, step)
            }
            CopyWay::From => {
                let flags = flags | OpenFlags::SQLITE_OPEN_READ_ONLY;
                let other = Connection::open_with_flags(file, flags).map_err(translate)?;
                copy_pages(&Backup::new(&other, self).map_err(translate)?, way, step)
            }
        }
    }

    fn wait(&mut self) {
        // SAFETY: any thread may; it sleeps as the file system says.
        unsafe { ffi::sqlite3_sleep(TO_WAIT.as_millis() as c_int) };
    }

    fn execute_watched(&mut self, sql: &str, tick: &mut dyn FnMut() -> ControlFlow<()>) -> Result<u64> {
        let watch = Watch::new(self, tick);
        let result = Database::execute(self, sql);
        watch.end();
        result
    }

    fn query_watched(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&[Value]) -> Result<()>,
        tick: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<()> {
        let watch = Watch::new(self, tick);
        let result = self.query(sql, params, each);
        watch.end();
        result
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(value) => ValueRef::Integer(*value),
            Value::Real(value) => ValueRef::Real(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

/// Reads a value into the place of the one before, whose room it uses.
fn read(value: ValueRef<'_>, into: &mut Value) -> Result<()> {
    match (value, &mut *into) {
        (ValueRef::Text(bytes), into) => {
            let text = std::str::from_utf8(bytes).map_err(|_| not_utf8(bytes))?;
            match into {
                Value::Text(before) => text.clone_into(before),
                other => *other = Value::Text(text.to_owned()),
            }
        }
        (ValueRef::Null, into) => *into = Value::Null,
        (ValueRef::Integer(value), into) => *into = Value::Integer(value),
        (ValueRef::Real(value), into) => *into = Value::Real(value),
        (ValueRef::Blob(bytes), into) => *into = Value::Blob(bytes.to_owned()),
    }
    Ok(())
}

/// Copies to the end, in steps. Dropped before that, the backup rolls its side back.
fn copy_pages(
    backup: &Backup<'_, '_>,
    way: CopyWay,
    step: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<()> {
    let interrupted = || error(ffi::SQLITE_INTERRUPT, "interrupted");
    loop {
        let result = backup.step(PAGES_PER_STEP).map_err(translate)?;
        let progress = backup.progress();
        let pages = u64::try_from(progress.pagecount).unwrap_or(0);
        let left = u64::try_from(progress.remaining).unwrap_or(0);
        match result {
            StepResult::Done => {
                // What is committed is done; a file is only a copy yet.
                return match step(pages, pages) {
                    ControlFlow::Break(()) if way == CopyWay::Into => Err(interrupted()),
                    _ => Ok(()),
                };
            }
            StepResult::Busy => return Err(error(ffi::SQLITE_BUSY, "database is locked")),
            StepResult::Locked => return Err(error(ffi::SQLITE_LOCKED, "database table is locked")),
            _ if step(pages.saturating_sub(left), pages).is_break() => {
                return Err(interrupted());
            }
            _ => {}
        }
    }
}

fn translate(from: rusqlite::Error) -> Error {
    match from {
        rusqlite::Error::SqliteFailure(code, message) => {
            let message = message.unwrap_or_else(|| code.to_string());
            error(code.extended_code, &message)
        }
        rusqlite::Error::SqlInputError { error: code, msg, .. } => error(code.extended_code, &msg),
        other => Error::new(ErrorKind::StatementFailed, other.to_string()),
    }
}

/// What SQLite's progress handler asks.
struct Tick<'a> {
    ask: &'a mut dyn FnMut() -> ControlFlow<()>,
    /// Why it panicked.
    panic: Option<Box<dyn Any + Send>>,
}

/// SQLite's progress handler, for as long as this lives. One that the app had set is gone
/// afterwards: SQLite has no way to ask for it (<https://sqlite.org/c3ref/progress_handler.html>).
struct Watch<'a> {
    connection: *mut ffi::sqlite3,
    /// Boxed, because SQLite holds its address; made by `Box::into_raw`.
    tick: *mut Tick<'a>,
}

impl<'a> Watch<'a> {
    fn new(connection: &Connection, ask: &'a mut dyn FnMut() -> ControlFlow<()>) -> Watch<'a> {
        let tick = Box::into_raw(Box::new(Tick { ask, panic: None }));
        // SAFETY: the handle is only used while `connection`, which the caller holds, is open; `tick` stays
        // valid until `drop` takes the handler away again.
        let handle = unsafe {
            let handle = connection.handle();
            ffi::sqlite3_progress_handler(handle, INSTRUCTIONS_PER_TICK, Some(on_tick), tick.cast());
            handle
        };
        Watch { connection: handle, tick }
    }

    /// Takes the handler away, and goes on with a panic of the app's that could not unwind through SQLite.
    fn end(self) {
        // SAFETY: no statement is running any more, so nothing else borrows it.
        let panic = unsafe { (*self.tick).panic.take() };
        drop(self);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        // SAFETY: the connection outlives the watch; no statement is running any more. After that nobody has
        // the tick's address, which `new` made.
        unsafe {
            ffi::sqlite3_progress_handler(self.connection, 0, None, std::ptr::null_mut());
            drop(Box::from_raw(self.tick));
        }
    }
}

unsafe extern "C" fn on_tick(data: *mut c_void) -> c_int {
    // SAFETY: `Watch::new` passed a `Tick` that lives as long as the handler is set, and SQLite
    // calls the handler on the thread that runs the statement, so nothing else borrows it.
    let tick = unsafe { &mut *data.cast::<Tick<'_>>() };
    match catch_unwind(AssertUnwindSafe(&mut tick.ask)) {
        Ok(ControlFlow::Continue(())) => 0,
        Ok(ControlFlow::Break(())) => 1,
        Err(panic) => {
            tick.panic = Some(panic);
            1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_contract() {
        crate::db::contract::check(&mut Connection::open_in_memory().unwrap()).unwrap();
    }

    #[test]
    fn a_tick_can_stop_a_statement() {
        let mut db = Connection::open_in_memory().unwrap();
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
        let mut left = 3;
        let error = db
            .execute_watched(endless, &mut || {
                left -= 1;
                if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .unwrap_err();
        assert_eq!((error.kind(), left), (ErrorKind::Cancelled, 0));
        let mut stop = || ControlFlow::Break(());
        let error = db.query_watched(endless, &[], &mut |_| Ok(()), &mut stop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        assert_eq!(Database::execute(&mut db, "SELECT 1").unwrap(), 0, "the handler is gone again");
    }
}
