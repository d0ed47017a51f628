//! What limbeck asks of a database: run this text, query these rows. It speaks SQL and values, and
//! knows nothing of migrations.
//!
//! Implement [`Database`] to bring your own SQLite; [`contract::check`] tests the implementation.

pub mod contract;
mod literals;
mod recorder;
#[cfg(feature = "rusqlite")]
mod rusqlite;

use std::ops::ControlFlow;

use crate::error::{Error, ErrorKind, Result};

pub use literals::with_literals;
pub(crate) use recorder::Recorder;

/// One value of a row or a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// All 64 bits of it.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// Text. U+0000 inside it is a character like any other.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Integer(number)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// A connection to one SQLite database.
///
/// The contract, which [`contract::check`] tests:
///
/// - each method runs *exactly* the text it is given, to its end, and nothing else: no implicit
///   `BEGIN`, no implicit `COMMIT`, no statement of the host's own in between;
/// - integers keep 64 bits, text keeps U+0000, blobs stay blobs;
/// - an error is made by [`error`] from SQLite's result code, and leaves the transaction as SQLite
///   leaves it.
pub trait Database {
    /// Runs one statement to its end, throwing away the rows it may return, and answers how many
    /// rows it changed (`sqlite3_changes`: meaningful for INSERT, UPDATE and DELETE only).
    fn execute(&mut self, sql: &str) -> Result<u64>;

    /// Runs one statement with parameters (`?1`, `?2`, …) and hands over each row.
    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&[Value]) -> Result<()>,
    ) -> Result<()>;

    /// Whether a transaction is open (`!sqlite3_get_autocommit`).
    fn in_transaction(&mut self) -> bool;

    /// Said before (`true`) and after (`false`) statements that only find something out, and whose
    /// effects are taken back at once. A backend that records what changes a database leaves them
    /// out; no other needs it.
    fn probing(&mut self, _on: bool) {}

    /// As [`execute`](Self::execute), asking `tick` every few milliseconds whether to go on. A
    /// backend without a progress handler never asks. On `Break` the statement fails with
    /// [`ErrorKind::Cancelled`], and SQLite may have rolled the transaction back.
    fn execute_watched(&mut self, sql: &str, tick: &mut dyn FnMut() -> ControlFlow<()>) -> Result<u64> {
        let _ = tick;
        self.execute(sql)
    }

    /// As [`query`](Self::query), asking `tick` in the same way.
    fn query_watched(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&[Value]) -> Result<()>,
        tick: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<()> {
        let _ = tick;
        self.query(sql, params, each)
    }
}

/// Short forms of [`Database::query`] and [`Database::probing`].
impl dyn Database + '_ {
    /// Finds something out with statements whose effects it takes back itself.
    pub fn probe<T>(&mut self, ask: impl FnOnce(&mut dyn Database) -> Result<T>) -> Result<T> {
        self.probing(true);
        let answer = ask(self);
        self.probing(false);
        answer
    }

    /// All rows.
    pub fn rows(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Vec<Value>>> {
        let mut rows = Vec::new();
        self.query(sql, params, &mut |row| {
            rows.push(row.to_vec());
            Ok(())
        })?;
        Ok(rows)
    }

    /// The first column of every row, as text. NULLs and other values are left out.
    pub fn texts(&mut self, sql: &str, params: &[Value]) -> Result<Vec<String>> {
        let mut texts = Vec::new();
        self.query(sql, params, &mut |row| {
            if let Some(Value::Text(text)) = row.first() {
                texts.push(text.clone());
            }
            Ok(())
        })?;
        Ok(texts)
    }

    /// The first column of the first row as a number, if there is one.
    pub fn integer(&mut self, sql: &str, params: &[Value]) -> Result<Option<i64>> {
        let mut number = None;
        self.query(sql, params, &mut |row| {
            if let (None, Some(Value::Integer(value))) = (number, row.first()) {
                number = Some(*value);
            }
            Ok(())
        })?;
        Ok(number)
    }

    /// Whether there is a row at all.
    pub fn any(&mut self, sql: &str, params: &[Value]) -> Result<bool> {
        let mut any = false;
        self.query(sql, params, &mut |_| {
            any = true;
            Ok(())
        })?;
        Ok(any)
    }
}

/// The error for an SQLite result code (extended or not) and its message: what every backend's
/// errors are made by, so that they are the same on every surface.
/// Codes: <https://sqlite.org/rescode.html>.
pub fn error(code: i32, message: &str) -> Error {
    let (kind, hint) = match code & 0xff {
        5 | 6 => {
            (ErrorKind::Locked, "close other programs that use this database, or wait longer (busy_timeout)")
        }
        8 => (ErrorKind::ReadOnly, "make the file and its folder writable"),
        9 => (ErrorKind::Cancelled, "run it again when it may finish"),
        10 => (ErrorKind::Io, "check the disk and the connection to it, then run it again"),
        11 => (ErrorKind::Corrupt, "restore a backup, or save what is readable with sqlite3's .recover"),
        13 => (
            ErrorKind::Full,
            "free room on the database's volume and in the temporary folder, then run it again",
        ),
        14 => (ErrorKind::CannotOpen, "check that the path exists and may be written"),
        26 => (
            ErrorKind::NotADatabase,
            "check the path; if the file is encrypted, set its key before limbeck runs",
        ),
        _ => return Error::new(ErrorKind::StatementFailed, message),
    };
    Error::new(kind, message).with_hint(hint)
}
