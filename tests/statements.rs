//! A text of several statements, taken apart by SQLite itself.

use std::ffi::{c_char, c_int};
use std::ptr::null_mut;

use rusqlite::{Connection, ffi};

/// The ranges that SQLite's parser takes for statements, comments and semicolons around them
/// included; `None` where it refuses one. Nothing runs.
pub fn taken_apart(db: &Connection, text: &str) -> Option<Vec<std::ops::Range<usize>>> {
    let mut statements = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        let mut statement = null_mut();
        let mut tail: *const c_char = std::ptr::null();
        // SAFETY: the text is `rest.len()` bytes long, the connection is open, and the statement is
        // finalized before anything else happens to it.
        let (status, length) = unsafe {
            let start = rest.as_ptr().cast::<c_char>();
            let length = c_int::try_from(rest.len()).ok()?;
            let status = ffi::sqlite3_prepare_v2(db.handle(), start, length, &mut statement, &mut tail);
            (status, if tail.is_null() { 0 } else { tail.offset_from(start) as usize })
        };
        let found = !statement.is_null();
        // SAFETY: as above; a null pointer is allowed.
        unsafe { ffi::sqlite3_finalize(statement) };
        if status != ffi::SQLITE_OK || length == 0 {
            return None;
        }
        if found {
            statements.push(at..at + length);
        }
        at += length;
    }
    Some(statements)
}

/// Whether `sqlite3_complete` says that the text ends with a semicolon that ends a statement.
#[allow(dead_code)] // Only one of the two users asks.
pub fn complete(text: &str) -> Option<bool> {
    let text = std::ffi::CString::new(text).ok()?;
    // SAFETY: a C string that lives as long as the call.
    Some(unsafe { ffi::sqlite3_complete(text.as_ptr()) } == 1)
}
