//! Copies between the program's connection and a file, through its own SQLite's backup API.

use std::ffi::{CString, c_int};
use std::ops::ControlFlow;
use std::path::Path;
use std::ptr::{null, null_mut};

use limbeck::db::{CopyWay, PAGES_PER_STEP, error};
use limbeck::{Error, ErrorKind, Result};

use crate::backend::{Connection, limbeck_sqlite3_api, sqlite3, sqlite3_backup};

// <https://sqlite.org/rescode.html> and <https://sqlite.org/c3ref/c_open_autoproxy.html>
const OK: c_int = 0;
const INTERRUPT: c_int = 9;
const DONE: c_int = 101;
const READONLY: c_int = 0x1;
const READWRITE: c_int = 0x2;

/// As [`copy_database`](limbeck::Database::copy_database) has it.
pub(crate) fn copy(
    connection: &Connection,
    way: CopyWay,
    path: &Path,
    step: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<()> {
    let functions = Functions::of(&connection.api).ok_or_else(|| {
        Error::new(ErrorKind::BackupUnsupported, "the table of SQLite's functions has none for backups")
            .with_hint(
                "compile the program with a newer limbeck.h, and fill the table with LIMBECK_SQLITE3_API",
            )
    })?;
    let path = path.to_str().and_then(|path| CString::new(path).ok()).ok_or_else(|| {
        Error::new(ErrorKind::BackupFailed, format!("SQLite cannot open '{}'", path.display()))
            .with_hint("name a folder for backups whose path is UTF-8")
    })?;
    // The file's connection has the same functions, and is closed when this ends.
    let mut file = File { connection: Connection { handle: null_mut(), api: connection.api }, functions };
    let flags = if way == CopyWay::Into { READWRITE } else { READONLY };
    // SAFETY: the path ends at its NUL; the handle may be written.
    let code = unsafe { (functions.open)(path.as_ptr(), &mut file.connection.handle, flags, null()) };
    if code != OK {
        return Err(if file.connection.handle.is_null() {
            error(code, "unable to open database file")
        } else {
            file.connection.failed()
        });
    }
    let (to, from) = match way {
        CopyWay::Into => (&file.connection, connection),
        CopyWay::From => (connection, &file.connection),
    };
    // SAFETY: both connections are open, and no other than this function uses either meanwhile.
    let handle = unsafe { (functions.init)(to.handle, c"main".as_ptr(), from.handle, c"main".as_ptr()) };
    if handle.is_null() {
        return Err(to.failed());
    }
    let mut backup = Backup { handle, functions };
    let stopped = loop {
        // SAFETY: the backup is not finished.
        let (code, left, pages) = unsafe {
            let code = (functions.step)(backup.handle, PAGES_PER_STEP);
            (code, (functions.remaining)(backup.handle), (functions.pagecount)(backup.handle))
        };
        let [left, pages] = [left, pages].map(|count| u64::try_from(count).unwrap_or(0));
        if code != OK && code != DONE {
            break Some(code);
        }
        let stop = step(pages.saturating_sub(left), pages).is_break();
        // What is committed is done; a file is only a copy yet.
        if stop && !(code == DONE && way == CopyWay::From) {
            return Err(error(INTERRUPT, "interrupted"));
        }
        if code == DONE {
            break None;
        }
    };
    let finished = backup.finish();
    match stopped {
        None if finished == OK => Ok(()),
        // An error that may pass, such as SQLITE_BUSY, is not told again by the end.
        Some(code) if finished == OK => Err(error(code, "database is locked")),
        _ => Err(to.failed()),
    }
}

type Open =
    unsafe extern "C" fn(*const std::ffi::c_char, *mut *mut sqlite3, c_int, *const std::ffi::c_char) -> c_int;
type Init = unsafe extern "C" fn(
    *mut sqlite3,
    *const std::ffi::c_char,
    *mut sqlite3,
    *const std::ffi::c_char,
) -> *mut sqlite3_backup;

/// Those that a copy calls, all of which are there.
#[derive(Clone, Copy)]
struct Functions {
    open: Open,
    close: unsafe extern "C" fn(*mut sqlite3) -> c_int,
    init: Init,
    step: unsafe extern "C" fn(*mut sqlite3_backup, c_int) -> c_int,
    finish: unsafe extern "C" fn(*mut sqlite3_backup) -> c_int,
    remaining: unsafe extern "C" fn(*mut sqlite3_backup) -> c_int,
    pagecount: unsafe extern "C" fn(*mut sqlite3_backup) -> c_int,
}

impl Functions {
    fn of(api: &limbeck_sqlite3_api) -> Option<Functions> {
        Some(Functions {
            open: api.open?,
            close: api.close?,
            init: api.backup_init?,
            step: api.backup_step?,
            finish: api.backup_finish?,
            remaining: api.backup_remaining?,
            pagecount: api.backup_pagecount?,
        })
    }
}

/// A backup under way, which is finished with this: what was not done is rolled back.
struct Backup {
    handle: *mut sqlite3_backup,
    functions: Functions,
}

impl Backup {
    fn finish(&mut self) -> c_int {
        let handle = std::mem::replace(&mut self.handle, null_mut());
        // SAFETY: finished once; null does nothing.
        unsafe { (self.functions.finish)(handle) }
    }
}

impl Drop for Backup {
    fn drop(&mut self) {
        self.finish();
    }
}

/// A file's connection, which is closed with this.
struct File {
    connection: Connection,
    functions: Functions,
}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: closed once, also after an error of open; null does nothing.
        unsafe { (self.functions.close)(self.connection.handle) };
    }
}
