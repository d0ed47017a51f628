//! Databases: the program's own connection.

use limbeck::Database;
use limbeck::db::contract;

use crate::backend::{Connection, limbeck_sqlite3_api, sqlite3};
use crate::error::{Failure, enter, limbeck_error, put};
use crate::handle::{self, Exclusive};
use crate::status::limbeck_status;

/// A connection to one SQLite database. Free it with `limbeck_database_free`. One call at a time.
#[allow(non_camel_case_types)]
pub struct limbeck_database {
    pub(crate) core: Box<dyn Database>,
    /// Null if it is not the program's own.
    pub(crate) connection: *mut sqlite3,
}

impl Exclusive for limbeck_database {}

/// Wraps the program's own connection, which stays the program's: its pragmas, its key, its functions
/// and collations, and its open transaction, if there is one, are what limbeck works with.
///
/// Locks of other connections are waited for as long as the program's `sqlite3_busy_timeout` says: not at
/// all unless it is set. Where the program may be started twice, set it to longer than the longest migration.
///
/// While a migration runs, SQLite's progress handler of the connection is limbeck's, and afterwards there
/// is none: SQLite cannot say which one there was.
///
/// # Safety
///
/// `connection` is open, and stays so until this database is freed; the program closes it. `api` points
/// to `LIMBECK_SQLITE3_API` as the program's own `<sqlite3.h>` fills it, of the library that opened
/// `connection`; it is copied. `database` and `error` are null or may be written; a null `database` is an
/// error. Any thread that may use the connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_database_from_sqlite3(
    connection: *mut sqlite3,
    api: *const limbeck_sqlite3_api,
    database: *mut *mut limbeck_database,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            put(database, "database", || {
                if connection.is_null() {
                    return Err(Failure::misuse("connection is null"));
                }
                Ok(limbeck_database { core: Box::new(Connection::new(connection, api)?), connection })
            })
        })
    }
}

/// Tests that the connection does what limbeck relies on. The database is *empty* and may be written to:
/// tables come and go. For tests of programs with an SQLite of their own.
///
/// Errors: `LIMBECK_DATABASE_CONTRACT`, naming the rule that is broken.
///
/// # Safety
///
/// `error` is null or may be written. Any thread that may use the connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_database_check(
    database: *mut limbeck_database,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of `error`.
    unsafe { enter(error, || Ok(contract::check(&mut *handle::hold(database, "database")?.core)?)) }
}

/// Frees a database; a connection of the program's own stays open. Null, what was freed before, and one
/// that is in use are left alone.
///
/// # Safety
///
/// Any pointer may be given. Any thread that may use the connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_database_free(database: *mut limbeck_database) {
    handle::free(database);
}
