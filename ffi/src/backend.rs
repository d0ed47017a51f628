//! [`Database`] over the program's own SQLite, through the functions that the program hands over.

use std::ffi::{CStr, c_char, c_int, c_longlong, c_uchar, c_void};
use std::mem::MaybeUninit;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::ptr::null_mut;
use std::slice;

use limbeck::db::{CopyWay, INSTRUCTIONS_PER_TICK, TO_WAIT, error, not_utf8};
use limbeck::{Database, Error, Result, Value};

use crate::copy;
use crate::error::Failure;

/// A connection, as `<sqlite3.h>` declares it.
#[allow(non_camel_case_types)]
#[repr(C)]
pub struct sqlite3 {
    _opaque: [u8; 0],
}

/// A statement, as `<sqlite3.h>` declares it.
#[allow(non_camel_case_types)]
#[repr(C)]
pub struct sqlite3_stmt {
    _opaque: [u8; 0],
}

/// A backup under way, as `<sqlite3.h>` declares it.
#[allow(non_camel_case_types)]
#[repr(C)]
pub struct sqlite3_backup {
    _opaque: [u8; 0],
}

/// The functions of an SQLite that limbeck calls. The macro `LIMBECK_SQLITE3_API` fills it from the
/// `<sqlite3.h>` that the program includes, also where those names are macros, as in a loadable
/// extension.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct limbeck_sqlite3_api {
    /// The size of this structure, in bytes.
    pub size: usize,
    /// `sqlite3_prepare_v2`
    pub prepare: Option<
        unsafe extern "C" fn(
            connection: *mut sqlite3,
            sql: *const c_char,
            length: c_int,
            statement: *mut *mut sqlite3_stmt,
            tail: *mut *const c_char,
        ) -> c_int,
    >,
    /// `sqlite3_step`
    pub step: Option<unsafe extern "C" fn(statement: *mut sqlite3_stmt) -> c_int>,
    /// `sqlite3_finalize`
    pub finalize: Option<unsafe extern "C" fn(statement: *mut sqlite3_stmt) -> c_int>,
    /// `sqlite3_bind_null`
    pub bind_null: Option<unsafe extern "C" fn(statement: *mut sqlite3_stmt, index: c_int) -> c_int>,
    /// `sqlite3_bind_int64`
    pub bind_int64:
        Option<unsafe extern "C" fn(statement: *mut sqlite3_stmt, index: c_int, value: c_longlong) -> c_int>,
    /// `sqlite3_bind_double`
    pub bind_double:
        Option<unsafe extern "C" fn(statement: *mut sqlite3_stmt, index: c_int, value: f64) -> c_int>,
    /// `sqlite3_bind_text`
    pub bind_text: Option<
        unsafe extern "C" fn(
            statement: *mut sqlite3_stmt,
            index: c_int,
            value: *const c_char,
            length: c_int,
            free: Option<unsafe extern "C" fn(*mut c_void)>,
        ) -> c_int,
    >,
    /// `sqlite3_bind_blob`
    pub bind_blob: Option<
        unsafe extern "C" fn(
            statement: *mut sqlite3_stmt,
            index: c_int,
            value: *const c_void,
            length: c_int,
            free: Option<unsafe extern "C" fn(*mut c_void)>,
        ) -> c_int,
    >,
    /// `sqlite3_column_count`
    pub column_count: Option<unsafe extern "C" fn(statement: *mut sqlite3_stmt) -> c_int>,
    /// `sqlite3_column_type`
    pub column_type: Option<unsafe extern "C" fn(statement: *mut sqlite3_stmt, column: c_int) -> c_int>,
    /// `sqlite3_column_int64`
    pub column_int64: Option<unsafe extern "C" fn(statement: *mut sqlite3_stmt, column: c_int) -> c_longlong>,
    /// `sqlite3_column_double`
    pub column_double: Option<unsafe extern "C" fn(statement: *mut sqlite3_stmt, column: c_int) -> f64>,
    /// `sqlite3_column_text`
    pub column_text:
        Option<unsafe extern "C" fn(statement: *mut sqlite3_stmt, column: c_int) -> *const c_uchar>,
    /// `sqlite3_column_blob`
    pub column_blob:
        Option<unsafe extern "C" fn(statement: *mut sqlite3_stmt, column: c_int) -> *const c_void>,
    /// `sqlite3_column_bytes`
    pub column_bytes: Option<unsafe extern "C" fn(statement: *mut sqlite3_stmt, column: c_int) -> c_int>,
    /// `sqlite3_changes`
    pub changes: Option<unsafe extern "C" fn(connection: *mut sqlite3) -> c_int>,
    /// `sqlite3_get_autocommit`
    pub get_autocommit: Option<unsafe extern "C" fn(connection: *mut sqlite3) -> c_int>,
    /// `sqlite3_extended_errcode`
    pub extended_errcode: Option<unsafe extern "C" fn(connection: *mut sqlite3) -> c_int>,
    /// `sqlite3_errmsg`
    pub errmsg: Option<unsafe extern "C" fn(connection: *mut sqlite3) -> *const c_char>,
    /// `sqlite3_progress_handler`
    pub progress_handler: Option<
        unsafe extern "C" fn(
            connection: *mut sqlite3,
            instructions: c_int,
            handler: Option<unsafe extern "C" fn(*mut c_void) -> c_int>,
            data: *mut c_void,
        ),
    >,
    /// `sqlite3_open_v2`. This and those behind it are for backups: null where there are to be none, and
    /// not there in a table that an older `limbeck.h` has filled.
    pub open: Option<
        unsafe extern "C" fn(
            path: *const c_char,
            connection: *mut *mut sqlite3,
            flags: c_int,
            vfs: *const c_char,
        ) -> c_int,
    >,
    /// `sqlite3_close`
    pub close: Option<unsafe extern "C" fn(connection: *mut sqlite3) -> c_int>,
    /// `sqlite3_backup_init`
    pub backup_init: Option<
        unsafe extern "C" fn(
            destination: *mut sqlite3,
            destination_name: *const c_char,
            source: *mut sqlite3,
            source_name: *const c_char,
        ) -> *mut sqlite3_backup,
    >,
    /// `sqlite3_backup_step`
    pub backup_step: Option<unsafe extern "C" fn(backup: *mut sqlite3_backup, pages: c_int) -> c_int>,
    /// `sqlite3_backup_finish`
    pub backup_finish: Option<unsafe extern "C" fn(backup: *mut sqlite3_backup) -> c_int>,
    /// `sqlite3_backup_remaining`
    pub backup_remaining: Option<unsafe extern "C" fn(backup: *mut sqlite3_backup) -> c_int>,
    /// `sqlite3_backup_pagecount`
    pub backup_pagecount: Option<unsafe extern "C" fn(backup: *mut sqlite3_backup) -> c_int>,
}

/// The size of the table without the functions for backups.
const WITHOUT_BACKUPS: usize = std::mem::offset_of!(limbeck_sqlite3_api, open);

/// Calls a function of the table, which [`Connection::new`] found there.
macro_rules! call {
    ($api:expr, $name:ident($($argument:expr),*)) => {
        ($api.$name.expect("looked for when the database was made"))($($argument),*)
    };
}

// <https://sqlite.org/rescode.html> and <https://sqlite.org/c3ref/c_blob.html>
const OK: c_int = 0;
const TOO_BIG: c_int = 18;
const ROW: c_int = 100;
const DONE: c_int = 101;
const INTEGER: c_int = 1;
const FLOAT: c_int = 2;
const TEXT: c_int = 3;
const BLOB: c_int = 4;

/// The program's connection, with its functions.
pub(crate) struct Connection {
    pub(crate) handle: *mut sqlite3,
    pub(crate) api: limbeck_sqlite3_api,
}

impl Connection {
    /// # Safety
    ///
    /// `handle` stays open as long as this lives. `api` is null, or its `size` may be read, and so many
    /// bytes; the functions are those of the library that opened `handle`.
    pub(crate) unsafe fn new(
        handle: *mut sqlite3,
        api: *const limbeck_sqlite3_api,
    ) -> Result<Connection, Failure> {
        if api.is_null() || !api.is_aligned() {
            return Err(Failure::misuse("api is null or no table of functions"));
        }
        // SAFETY: the caller says so: the size first, the rest if it is long enough.
        let size = unsafe { (*api).size };
        if size < WITHOUT_BACKUPS {
            return Err(Failure::misuse("api was filled by an older limbeck.h: compile the program anew"));
        }
        let mut whole = MaybeUninit::<limbeck_sqlite3_api>::zeroed();
        // SAFETY: so many bytes may be read, and no more are written than there is room; functions that
        // are not in the program's table are null, which `None` is.
        let api = unsafe {
            let size = size.min(size_of::<limbeck_sqlite3_api>()) / size_of::<usize>() * size_of::<usize>();
            std::ptr::copy_nonoverlapping(api.cast::<u8>(), whole.as_mut_ptr().cast::<u8>(), size);
            whole.assume_init()
        };
        macro_rules! refuse_missing {
            ($($name:ident)+) => {
                $(if api.$name.is_none() {
                    return Err(Failure::misuse(concat!("api lacks ", stringify!($name))));
                })+
            };
        }
        refuse_missing! {
            prepare step finalize bind_null bind_int64 bind_double bind_text bind_blob column_count
            column_type column_int64 column_double column_text column_blob column_bytes changes
            get_autocommit extended_errcode errmsg progress_handler
        }
        Ok(Connection { handle, api })
    }

    /// What has just failed.
    pub(crate) fn failed(&self) -> Error {
        // SAFETY: the connection is open; the message is copied before anything else is called.
        unsafe {
            let message = call!(self.api, errmsg(self.handle));
            let message =
                if message.is_null() { "".into() } else { CStr::from_ptr(message).to_string_lossy() };
            error(call!(self.api, extended_errcode(self.handle)), &message)
        }
    }

    fn prepare(&self, sql: &str) -> Result<Statement<'_>> {
        let length = length(sql.len())?;
        let mut statement = null_mut();
        // SAFETY: the connection is open, and so many bytes of `sql` are there.
        let code = unsafe {
            call!(self.api, prepare(self.handle, sql.as_ptr().cast(), length, &mut statement, null_mut()))
        };
        let statement = Statement { connection: self, statement };
        if code == OK { Ok(statement) } else { Err(self.failed()) }
    }
}

impl Database for Connection {
    fn execute(&mut self, sql: &str) -> Result<u64> {
        let statement = self.prepare(sql)?;
        while statement.step()? {}
        drop(statement);
        // SAFETY: the connection is open.
        let changes = unsafe { call!(self.api, changes(self.handle)) };
        Ok(u64::try_from(changes).unwrap_or(0))
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&[Value]) -> Result<()>,
    ) -> Result<()> {
        let statement = self.prepare(sql)?;
        for (index, value) in (1..).zip(params) {
            statement.bind(index, value)?;
        }
        // SAFETY: a statement (or null, which has no columns).
        let columns = unsafe { call!(self.api, column_count(statement.statement)) };
        while statement.step()? {
            let row: Result<Vec<Value>> = (0..columns).map(|column| statement.column(column)).collect();
            each(&row?)?;
        }
        Ok(())
    }

    fn in_transaction(&mut self) -> bool {
        // SAFETY: the connection is open.
        unsafe { call!(self.api, get_autocommit(self.handle)) == 0 }
    }

    fn copy_database(
        &mut self,
        way: CopyWay,
        file: &Path,
        step: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<()> {
        copy::copy(self, way, file, step)
    }

    fn wait(&mut self) {
        std::thread::sleep(TO_WAIT);
    }

    fn execute_watched(&mut self, sql: &str, tick: &mut dyn FnMut() -> ControlFlow<()>) -> Result<u64> {
        let watch = Watch::new(self, tick);
        let result = self.execute(sql);
        drop(watch);
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
        drop(watch);
        result
    }
}

/// SQLite counts in `int`.
fn length(bytes: usize) -> Result<c_int> {
    c_int::try_from(bytes).map_err(|_| error(TOO_BIG, "string or blob too big"))
}

/// A statement, which ends with this.
struct Statement<'a> {
    connection: &'a Connection,
    /// Null for text that holds no statement, which SQLite's functions take.
    statement: *mut sqlite3_stmt,
}

impl Statement<'_> {
    /// Whether there is a row.
    fn step(&self) -> Result<bool> {
        if self.statement.is_null() {
            return Ok(false);
        }
        // SAFETY: a statement of this connection, which is not ended yet.
        match unsafe { call!(self.connection.api, step(self.statement)) } {
            ROW => Ok(true),
            DONE => Ok(false),
            _ => Err(self.connection.failed()),
        }
    }

    /// Binds a value, which SQLite does not copy: it outlives the statement.
    fn bind(&self, index: c_int, value: &Value) -> Result<()> {
        let (api, statement) = (&self.connection.api, self.statement);
        // SAFETY: a statement; SQLite refuses an index that it does not have. Text and blobs are the
        // caller's, which `Database::query` borrows until after the statement's end; no destructor.
        let code = unsafe {
            match value {
                Value::Null => call!(api, bind_null(statement, index)),
                Value::Integer(value) => call!(api, bind_int64(statement, index, *value)),
                Value::Real(value) => call!(api, bind_double(statement, index, *value)),
                Value::Text(value) => {
                    let length = length(value.len())?;
                    call!(api, bind_text(statement, index, value.as_ptr().cast(), length, None))
                }
                Value::Blob(value) => {
                    let length = length(value.len())?;
                    call!(api, bind_blob(statement, index, value.as_ptr().cast(), length, None))
                }
            }
        };
        if code == OK { Ok(()) } else { Err(self.connection.failed()) }
    }

    /// A value of the row at hand.
    fn column(&self, column: c_int) -> Result<Value> {
        let (api, statement) = (&self.connection.api, self.statement);
        // SAFETY: `step` has answered a row, and there is such a column. Text is asked for before its
        // length, as SQLite wants it, and both are copied before the next call.
        unsafe {
            Ok(match call!(api, column_type(statement, column)) {
                INTEGER => Value::Integer(call!(api, column_int64(statement, column))),
                FLOAT => Value::Real(call!(api, column_double(statement, column))),
                TEXT => {
                    let data = call!(api, column_text(statement, column));
                    // Also of an empty text it is an address, unless there was no memory to make it UTF-8.
                    if data.is_null() {
                        return Err(self.connection.failed());
                    }
                    let bytes = self.bytes(data.cast(), column)?;
                    match std::str::from_utf8(bytes) {
                        Ok(text) => Value::Text(text.to_owned()),
                        Err(_) => return Err(not_utf8(bytes)),
                    }
                }
                BLOB => {
                    let data = call!(api, column_blob(statement, column));
                    Value::Blob(self.bytes(data, column)?.to_owned())
                }
                _ => Value::Null,
            })
        }
    }

    /// # Safety
    ///
    /// `data` is what SQLite has just answered for this column.
    unsafe fn bytes<'b>(&self, data: *const c_void, column: c_int) -> Result<&'b [u8]> {
        // SAFETY: a row is at hand.
        let length = unsafe { call!(self.connection.api, column_bytes(self.statement, column)) };
        match usize::try_from(length) {
            Ok(0) | Err(_) => Ok(&[]),
            // Text or a blob that is not empty is null only when there is no memory.
            Ok(_) if data.is_null() => Err(self.connection.failed()),
            // SAFETY: SQLite says that so many bytes are there.
            Ok(length) => Ok(unsafe { slice::from_raw_parts(data.cast(), length) }),
        }
    }
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        // SAFETY: it is ended once; null does nothing.
        unsafe { call!(self.connection.api, finalize(self.statement)) };
    }
}

type Tick<'a> = &'a mut dyn FnMut() -> ControlFlow<()>;

/// SQLite's progress handler, for as long as this lives.
struct Watch<'a> {
    handle: *mut sqlite3,
    api: limbeck_sqlite3_api,
    /// Boxed, because SQLite holds its address; made by `Box::into_raw`.
    tick: *mut Tick<'a>,
}

impl<'a> Watch<'a> {
    fn new(connection: &Connection, tick: Tick<'a>) -> Watch<'a> {
        let Connection { handle, api } = *connection;
        let tick = Box::into_raw(Box::new(tick));
        // SAFETY: the connection is open; `tick` stays valid until `drop` takes the handler away.
        unsafe { call!(api, progress_handler(handle, INSTRUCTIONS_PER_TICK, Some(on_tick), tick.cast())) };
        Watch { handle, api, tick }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        // SAFETY: the connection outlives the watch, and no statement is running any more. After that
        // nobody has the tick's address, which `new` made.
        unsafe {
            call!(self.api, progress_handler(self.handle, 0, None, null_mut()));
            drop(Box::from_raw(self.tick));
        }
    }
}

unsafe extern "C" fn on_tick(data: *mut c_void) -> c_int {
    // SAFETY: `Watch::new` passed a `Tick` that lives as long as the handler is set, and SQLite calls the
    // handler on the thread that runs the statement, so nothing else borrows it.
    let tick = unsafe { &mut *data.cast::<Tick<'_>>() };
    // A panic must not unwind through C: it cancels instead.
    match catch_unwind(AssertUnwindSafe(tick)) {
        Ok(ControlFlow::Continue(())) => 0,
        Ok(ControlFlow::Break(())) | Err(_) => 1,
    }
}
