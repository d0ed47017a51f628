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
use std::path::Path;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result, no_refusal, rolled_back};
use crate::sql::quote;

pub(crate) use literals::value_literal;
pub use literals::with_literals;
pub(crate) use recorder::Recorder;

/// What a backend gives `sqlite3_progress_handler`: virtual machine instructions between two ticks, which are
/// microseconds. `quick_check` counts pages instead.
pub const INSTRUCTIONS_PER_TICK: i32 = 2_000;

/// What a backend gives `sqlite3_backup_step`: pages between two questions whether to go on, a megabyte of the
/// usual size.
pub const PAGES_PER_STEP: i32 = 256;

/// How long [`Database::wait`] waits.
pub const TO_WAIT: Duration = Duration::from_millis(10);

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

/// Which way [`Database::copy_database`] copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyWay {
    /// The database into the file.
    Into,
    /// The database from the file.
    From,
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

    /// Whether the transaction that was begun has ended: before each statement within one a run asks whether
    /// SQLite has rolled it back by itself. A backend that finds out by statements, and whose databases are in
    /// memory, where no page fails to be read, may always say no.
    fn ended(&mut self) -> bool {
        !self.in_transaction()
    }

    /// Said before (`true`) and after (`false`) statements that only find something out, and whose
    /// effects are taken back at once. A backend that records what changes a database leaves them
    /// out; no other needs it.
    fn probing(&mut self, _on: bool) {}

    /// Copies all of the database into a file that is there and empty, or all of such a file into the
    /// database, through SQLite's backup API (<https://sqlite.org/c3ref/backup_finish.html>) on this
    /// connection: in one transaction of the side that is written, which is what it was after an error.
    /// `step` is told the pages that are copied and how many there are, every few of them; on `Break` the
    /// copy fails with [`ErrorKind::Cancelled`], unless the database is already overwritten.
    ///
    /// Errors: [`ErrorKind::BackupUnsupported`] from a backend that has no such API, which is the default.
    fn copy_database(
        &mut self,
        way: CopyWay,
        file: &Path,
        step: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<()> {
        let _ = (way, file, step);
        Err(Error::new(ErrorKind::BackupUnsupported, "this connection has no access to SQLite's backup API")
            .with_hint("copy the database by other means, and let limbeck run without backups"))
    }

    /// Waits for [`TO_WAIT`], before a statement is tried again that SQLite gave up because of another
    /// connection's lock, without waiting as long as `busy_timeout` says. A backend that cannot wait
    /// returns at once.
    fn wait(&mut self) {}

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

    /// As [`probe`](Self::probe), in a savepoint that is rolled back. Where SQLite rolled all back by itself no
    /// answer is one.
    pub(crate) fn taken_back<T>(&mut self, ask: impl FnOnce(&mut dyn Database) -> Result<T>) -> Result<T> {
        self.probe(|db| {
            db.execute("SAVEPOINT limbeck_probe")?;
            let answer = ask(db);
            if !db.in_transaction() {
                return Err(answer.err().map_or_else(|| rolled_back(None), no_refusal));
            }
            db.undo("limbeck_probe")?;
            answer
        })
    }

    /// Rolls back to a savepoint, and ends it.
    pub(crate) fn undo(&mut self, savepoint: &str) -> Result<()> {
        self.execute(&format!("ROLLBACK TO {savepoint}"))?;
        self.execute(&format!("RELEASE {savepoint}"))?;
        self.read_schemas()
    }

    /// Has SQLite read the schemas that it has just forgotten. It reads `sqlite_stat1` along, and takes a page
    /// of that which cannot be read for no statistics, although it has rolled all back by then
    /// (`sqlite3InitOne`, <https://sqlite.org/src/file/src/prepare.c>): the statement that comes next runs, outside
    /// the transaction. This one changes nothing there.
    pub(crate) fn read_schemas(&mut self) -> Result<()> {
        self.any("SELECT 1 FROM main.sqlite_master LIMIT 1", &[]).map(drop)
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

    /// Whether a schema has a table of this name, by SQLite's folding of case. A virtual table is one.
    pub fn has_table(&mut self, schema: &str, name: &str) -> Result<bool> {
        let sql = format!(
            "SELECT 1 FROM {}.sqlite_master WHERE type = 'table' AND name = ?1 COLLATE NOCASE",
            quote(schema)
        );
        self.any(&sql, &[name.into()])
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

/// The error for text that is not UTF-8, which every backend reads as that.
pub fn not_utf8(bytes: &[u8]) -> Error {
    let shown = String::from_utf8_lossy(bytes);
    Error::new(ErrorKind::Corrupt, format!("text that is not UTF-8: {shown}"))
        .with_hint("repair the text, or restore a backup: names and definitions are read as UTF-8")
}

/// What a line of `quick_check` or `integrity_check` says of the disk rather than of the file: they report a
/// page that cannot be read as `unable to get the page. error code=266`, one of the free list as `failed to
/// get page 8`, and go on.
pub(crate) fn unreadable(line: &str) -> Option<Error> {
    if line.contains("failed to get page") {
        return Some(error(10, line));
    }
    let digits = line.split("error code=").nth(1)?;
    let digits = digits.split(|c: char| !c.is_ascii_digit()).next()?;
    let found = error(digits.parse().ok()?, line);
    (!matches!(found.kind(), ErrorKind::Corrupt | ErrorKind::StatementFailed)).then_some(found)
}

/// The error for an SQLite result code (extended or not) and its message: what every backend's
/// errors are made by, so that they are the same on every surface.
/// Codes: <https://sqlite.org/rescode.html>.
pub fn error(code: i32, message: &str) -> Error {
    let (kind, hint) = match code & 0xff {
        // SQLITE_BUSY_SNAPSHOT: the connection reads an old state, which waiting does not make new.
        5 if code == 517 => (
            ErrorKind::Locked,
            "end what this connection reads, or begin its transaction with BEGIN IMMEDIATE: another has written since",
        ),
        5 => {
            (ErrorKind::Locked, "close other programs that use this database, or wait longer (busy_timeout)")
        }
        6 => (ErrorKind::Locked, "end the statements that still read on this connection, or share its cache"),
        // It says nothing of the statement, which runs where there is memory.
        7 => (ErrorKind::Io, "free memory, or raise the limit that is set for SQLite, then run it again"),
        8 => (ErrorKind::ReadOnly, "make the file and its folder writable, and switch query_only off"),
        9 => (ErrorKind::Cancelled, "run it again when it may finish"),
        10 => (ErrorKind::Io, "check the disk and the connection to it, then run it again"),
        11 => (ErrorKind::Corrupt, "restore a backup, or save what is readable with sqlite3's .recover"),
        13 => (
            ErrorKind::Full,
            "free room on the database's volume and in the temporary folder, then run it again",
        ),
        14 => (ErrorKind::CannotOpen, "check that the path exists and may be written"),
        // SQLITE_PROTOCOL: others are forever about to begin with the WAL.
        15 => (ErrorKind::Locked, "close other programs that use this database, then run it again"),
        // SQLITE_AUTH, and SQLITE_CONSTRAINT_COMMITHOOK: the app's own, on the connection.
        23 => (
            ErrorKind::StatementFailed,
            "take the connection's authorizer off while limbeck runs, or let it allow this",
        ),
        19 if code == 531 => (
            ErrorKind::StatementFailed,
            "the connection's commit hook forbids it: take it off while limbeck runs",
        ),
        26 => (
            ErrorKind::NotADatabase,
            "check the path; if the file is encrypted, set its key before limbeck runs",
        ),
        // SQLCipher's `sqlite3_backup_init`: its own key is not set on the connection to the copy.
        1 if message.contains("backup is not supported with encrypted databases") => (
            ErrorKind::BackupUnsupported,
            "copy the file by other means while nothing has it open, and let limbeck run without backups",
        ),
        1 if message.contains("unsafe use of ") => (ErrorKind::UntrustedSchema, way_to_trust(message)),
        _ => return Error::new(ErrorKind::StatementFailed, message),
    };
    Error::new(kind, message).with_hint(hint)
}

/// MATCH is SQLite's own, and no app can mark it; the same search has forms that are no call:
/// <https://sqlite.org/fts5.html#full_text_query_syntax>.
fn way_to_trust(message: &str) -> &'static str {
    if message.contains("unsafe use of MATCH()") {
        "write table = 'words', or FROM table('words'), for table MATCH 'words', or trust the schema (trust_schema) where the file is the app's own"
    } else if message.contains("unsafe use of virtual table") {
        "trust the schema (trust_schema) where the file is the app's own, or leave the table out of its views and triggers"
    } else {
        "register a function of the app's with SQLITE_INNOCUOUS, or trust the schema (trust_schema) where the file is the app's own"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A statement that there was no memory for, or no lock, is not one that SQLite refuses.
    #[test]
    fn what_a_busy_machine_says() {
        for (code, kind) in [(7, ErrorKind::Io), (3082, ErrorKind::Io), (15, ErrorKind::Locked)] {
            let error = error(code, "out of memory");
            assert!(
                error.kind() == kind && error.hint().is_some() && !crate::error::refusal(&error),
                "{code}"
            );
        }
        let line = "Tree 8 page 12: unable to get the page. error code=7";
        assert_eq!(unreadable(line).unwrap().kind(), ErrorKind::Io);
    }

    #[test]
    fn what_the_connections_own_hooks_forbid() {
        for (code, named) in [(23, "authorizer"), (531, "commit hook")] {
            let error = error(code, "not authorized");
            assert!(
                error.kind() == ErrorKind::StatementFailed && error.hint().unwrap().contains(named),
                "{code}"
            );
        }
        assert_eq!(error(1299, "NOT NULL constraint failed: t.a").hint(), None);
    }

    #[test]
    fn what_an_encrypted_file_says() {
        let refused = error(1, "backup is not supported with encrypted databases");
        assert_eq!(refused.kind(), ErrorKind::BackupUnsupported);
        let locked = error(26, "file is not a database");
        assert!(locked.kind() == ErrorKind::NotADatabase && locked.hint().unwrap().contains("set its key"));
        assert_eq!(error(1, "no such table: t").kind(), ErrorKind::StatementFailed);
    }
}
