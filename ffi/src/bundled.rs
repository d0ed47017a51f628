//! Databases by path, with an SQLite of limbeck's own. Feature `bundled`.
//!
//! Two copies of SQLite that hold one file inside one process break POSIX locks: when either closes its
//! file, the operating system drops the locks of both (<https://sqlite.org/howtocorrupt.html>, 2.2.1).
//! So a file that something else in this process has open is refused, where the system can tell.

use std::collections::BTreeMap;
use std::ffi::c_char;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use limbeck::db::CopyWay;
use limbeck::{Database, Error, ErrorKind, Result, Value};
use rusqlite::{Connection, OpenFlags};

use crate::database::limbeck_database;
use crate::error::{enter, limbeck_error, put};
use crate::status::limbeck_status;
use crate::text::text;

/// Which file it is: device and number.
type File = (u64, u64);

type Each<'a> = dyn FnMut(&[Value]) -> Result<()> + 'a;
type Tick<'a> = dyn FnMut() -> ControlFlow<()> + 'a;

/// The files that this module has open, and how many times.
static OPEN: Mutex<BTreeMap<File, usize>> = Mutex::new(BTreeMap::new());

/// Opens the database at a path, making it if it is not there, with the SQLite inside this library. Only
/// in a library that was built with the feature `bundled`.
///
/// Warning: a program that has an SQLite of its own must not use this for a file that it opens itself,
/// before or meanwhile: two copies of SQLite take away each other's locks, which can damage the file. On
/// Linux a file that something else in the process has open is refused with `LIMBECK_DATABASE_CONTRACT`;
/// a file that the program opens later is not noticed. `limbeck_database_from_sqlite3` has no such risk.
///
/// # Safety
///
/// `length` bytes of `path` may be read (`LIMBECK_NUL_TERMINATED`: up to its NUL). `database` and `error`
/// are null or may be written; a null `database` is an error. Any thread. The program owns what is made;
/// `limbeck_database_free` closes it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_database_open(
    path: *const c_char,
    length: usize,
    database: *mut *mut limbeck_database,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            put(database, "database", || {
                let opened = Opened::new(Path::new(text(path, length, "path")?))?;
                Ok(limbeck_database { core: Box::new(opened), connection: std::ptr::null_mut() })
            })
        })
    }
}

/// A connection, counted while it is open.
struct Opened {
    connection: Connection,
    file: Option<File>,
}

impl Opened {
    fn new(path: &Path) -> Result<Opened> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = file_of(path)
            && !open.contains_key(&file)
            && held_by_this_process(file)
        {
            let path = path.display();
            let message = format!("something else in this process has '{path}' open");
            return Err(Error::new(ErrorKind::Contract, message)
                .with_hint("hand its connection over with limbeck_database_from_sqlite3"));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let cannot = |error: rusqlite::Error| {
            Error::new(ErrorKind::CannotOpen, format!("cannot open '{}': {error}", path.display()))
                .with_hint("check that the path exists and may be written")
        };
        let connection = Connection::open_with_flags(path, flags).map_err(cannot)?;
        connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(cannot)?;
        // SQLite has made it by now.
        let file = file_of(path);
        if let Some(file) = file {
            *open.entry(file).or_default() += 1;
        }
        Ok(Opened { connection, file })
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = self.file
            && let Some(count) = open.get_mut(&file)
        {
            *count -= 1;
            if *count == 0 {
                open.remove(&file);
            }
        }
    }
}

/// Which file a path leads to. It is asked, not opened: closing it would drop the locks.
#[cfg(unix)]
fn file_of(path: &Path) -> Option<File> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// Elsewhere locks belong to a handle, not to the process, and two copies do no harm.
#[cfg(not(unix))]
fn file_of(_path: &Path) -> Option<File> {
    None
}

/// Whether an open file of this process is this one. Where there is no such folder, it is not known.
fn held_by_this_process(file: File) -> bool {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return false };
    entries.flatten().any(|entry| file_of(&entry.path()) == Some(file))
}

/// Hands every call on.
impl Database for Opened {
    fn execute(&mut self, sql: &str) -> Result<u64> {
        Database::execute(&mut self.connection, sql)
    }

    fn query(&mut self, sql: &str, params: &[Value], each: &mut Each<'_>) -> Result<()> {
        Database::query(&mut self.connection, sql, params, each)
    }

    fn in_transaction(&mut self) -> bool {
        self.connection.in_transaction()
    }

    fn copy_database(
        &mut self,
        way: CopyWay,
        file: &Path,
        step: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<()> {
        self.connection.copy_database(way, file, step)
    }

    fn wait(&mut self) {
        self.connection.wait();
    }

    fn execute_watched(&mut self, sql: &str, tick: &mut Tick<'_>) -> Result<u64> {
        self.connection.execute_watched(sql, tick)
    }

    fn query_watched(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut Each<'_>,
        tick: &mut Tick<'_>,
    ) -> Result<()> {
        self.connection.query_watched(sql, params, each, tick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LIMBECK_NUL_TERMINATED, limbeck_database_check, limbeck_database_free};
    use std::ffi::CString;
    use std::ptr::null_mut;

    #[test]
    fn a_file_that_something_else_has_open_is_refused() {
        let path = std::env::temp_dir().join(format!("limbeck-ffi-{}.db", std::process::id()));
        std::fs::remove_file(&path).ok();
        let name = CString::new(path.to_str().unwrap()).unwrap();
        let open = || {
            let mut database = null_mut();
            // SAFETY: the name ends at its NUL; `database` may be written.
            let status = unsafe {
                limbeck_database_open(name.as_ptr(), LIMBECK_NUL_TERMINATED, &mut database, null_mut())
            };
            (status, database)
        };
        // SAFETY: any pointer may be given; `error` may be null.
        let free = |database| unsafe { limbeck_database_free(database) };
        let (first, second) = (open(), open());
        assert_eq!((first.0 as i32, second.0 as i32), (0, 0));
        // SAFETY: as above.
        assert_eq!(unsafe { limbeck_database_check(first.1, null_mut()) } as i32, 0);
        free(first.1);
        free(second.1);
        // To limbeck, this connection of the test's own is one of another SQLite.
        let program = Connection::open(&path).unwrap();
        program.execute_batch("CREATE TABLE held(a)").unwrap();
        let refused = open();
        drop(program);
        let opened = open();
        free(opened.1);
        std::fs::remove_file(&path).ok();
        if cfg!(target_os = "linux") {
            assert_eq!(refused.0, limbeck_status::LIMBECK_DATABASE_CONTRACT);
            assert!(refused.1.is_null());
        }
        assert_eq!(opened.0 as i32, 0);
    }
}
