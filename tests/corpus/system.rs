//! What a system's SQLite may lack of that which rusqlite links to.

use std::ffi::{c_char, c_int, c_void};

/// `sqlite3_set_clientdata` is there since SQLite 3.44 (<https://sqlite.org/c3ref/get_clientdata.html>).
/// rusqlite takes its data away when it opens a connection, which is no error where there is none;
/// to keep any is one, so that no handler is set that could not be freed.
#[unsafe(no_mangle)]
extern "C" fn sqlite3_set_clientdata(
    _connection: *mut c_void,
    _name: *const c_char,
    data: *mut c_void,
    _free: Option<unsafe extern "C" fn(*mut c_void)>,
) -> c_int {
    const SQLITE_ERROR: c_int = 1;
    if data.is_null() { 0 } else { SQLITE_ERROR }
}
