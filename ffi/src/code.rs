//! Revisions whose body is a function of the program.

use std::cell::{Cell, RefCell};
use std::ffi::{c_char, c_int, c_void};
use std::ptr::{from_mut, null_mut};
use std::rc::Rc;

use limbeck::script::Header;
use limbeck::{Code, CodeStep, Direction, Error, ErrorKind};

use crate::backend::sqlite3;
use crate::error::{Failure, enter, limbeck_error};
use crate::event::Data;
use crate::handle::{self, Shared};
use crate::status::limbeck_status;
use crate::text::{Text, answer, text};

/// One direction of a revision in code. 0 is success; any other number fails the run, and all is rolled
/// back. So does a call with `step` that fails, whatever is answered.
///
/// Called on the thread that calls a verb, inside the run's transaction, which it neither commits nor
/// rolls back. It must not unwind (`longjmp`, a C++ exception). `limbeck_migrator_plan`,
/// `limbeck_migrator_sql` and `limbeck_migrator_check` call it too, for their scratch database.
#[allow(non_camel_case_types)]
pub type limbeck_body =
    Option<unsafe extern "C" fn(user_data: *mut c_void, step: *mut limbeck_step) -> c_int>;

/// One revision in code.
#[allow(non_camel_case_types)]
#[repr(C)]
pub struct limbeck_code {
    /// Its name among the files, `0002_slugs`: what stands before the first `_` is the revision, which
    /// follows the one before it by name. UTF-8.
    pub name: *const c_char,
    /// Its length in bytes, or `LIMBECK_NUL_TERMINATED`.
    pub name_length: usize,
    /// Applies it.
    pub up: limbeck_body,
    /// Takes it back; null if it cannot be taken back.
    pub down: limbeck_body,
    /// Handed to both.
    pub user_data: *mut c_void,
}

/// What a revision in code works with. It is limbeck's, and ends with the callback, after which it is
/// refused as `LIMBECK_C_MISUSE`.
#[allow(non_camel_case_types)]
pub struct limbeck_step {
    thread: usize,
    /// On the stack of `thread`, below the callback.
    inside: *const RefCell<Inside>,
    revision: Text,
    direction: Direction,
}

// SAFETY: `inside` is followed on `thread` only (see `inside`), and the rest never changes.
unsafe impl Sync for limbeck_step {}

impl Shared for limbeck_step {}

/// The core's step while the callback runs.
struct Inside {
    step: *mut CodeStep<'static>,
    connection: *mut sqlite3,
    /// What a call has failed with: C forgets to look, and half a revision must not be committed.
    failure: Option<Error>,
}

/// A number that no other thread has while this one lives. `ThreadId` allocates what is never freed on a
/// thread that C started.
fn this_thread() -> usize {
    thread_local!(static HERE: u8 = const { 0 });
    HERE.with(|here| std::ptr::from_ref(here).addr())
}

/// The connection that the run at hand works on; null for one that is not the program's.
pub(crate) type RunsOn = Rc<Cell<*mut sqlite3>>;

/// The core's form of a program's revisions.
///
/// # Safety
///
/// Names as in [`text`]; the functions may be called with their `user_data` as long as the result lives.
pub(crate) unsafe fn revisions(
    list: &[limbeck_code],
    runs_on: &RunsOn,
) -> Result<Vec<Code<'static>>, Failure> {
    let one = |code: &limbeck_code| {
        // SAFETY: the caller says so.
        let name = unsafe { text(code.name, code.name_length, "a code's name") }?;
        if code.up.is_none() {
            return Err(Failure::misuse(format!("up of {name} is null")));
        }
        let data = Data(code.user_data);
        let made = Code::new(name, Header::default(), body(code.up, data, runs_on));
        Ok(if code.down.is_some() { made.down(body(code.down, data, runs_on)) } else { made })
    };
    list.iter().map(one).collect()
}

fn body(
    function: limbeck_body,
    data: Data,
    runs_on: &RunsOn,
) -> impl Fn(&mut CodeStep<'_>) -> limbeck::Result<()> + 'static {
    let runs_on = Rc::clone(runs_on);
    move |step| {
        let Some(function) = function else { return Ok(()) };
        let (revision, direction) = (step.revision().to_owned(), step.direction());
        let step = from_mut(step).cast::<CodeStep<'static>>();
        let inside = RefCell::new(Inside { step, connection: runs_on.get(), failure: None });
        let step = handle::give(limbeck_step {
            thread: this_thread(),
            inside: &raw const inside,
            revision: Text::new(&*revision),
            direction,
        });
        // SAFETY: `limbeck_migrator_from_memory_with_code` asks for functions that may be called so.
        let answer = unsafe { function(data.0, step) };
        handle::free(step);
        match inside.into_inner().failure {
            Some(failure) => Err(failure),
            None if answer == 0 => Ok(()),
            None => {
                let message = format!("the code of revision {revision} answered {answer}");
                Err(Error::new(ErrorKind::CodeFailed, message)
                    .with_hint("ask the program: any number but 0 says that its function failed"))
            }
        }
    }
}

/// One call inside a callback. Once one has failed, there are no others.
fn inside(
    step: *const limbeck_step,
    work: impl FnOnce(&mut CodeStep<'_>, *mut sqlite3) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let here = |step: &limbeck_step| (step.thread == this_thread()).then_some(step.inside);
    let Some(inside) = handle::look(step, "step", here)? else {
        return Err(Failure::misuse("step is used on another thread than its callback's"));
    };
    // SAFETY: the handle is alive, so the callback has not returned; it is on this thread, below this
    // call, and cannot return meanwhile.
    let Ok(mut inside) = unsafe { &*inside }.try_borrow_mut() else {
        return Err(Failure::misuse("step is in use: another call has not returned yet"));
    };
    if inside.failure.is_some() {
        return Err(Failure::misuse("another call with this step has failed, and the run with it"));
    }
    // This stands if the work panics.
    inside.failure = Some(Error::new(ErrorKind::CodeFailed, "fault in limbeck while code ran"));
    // SAFETY: as above; the core lent it to the callback alone, and `inside` is borrowed once.
    let result = work(unsafe { &mut *inside.step }, inside.connection);
    inside.failure = result.as_ref().err().map(Failure::in_code);
    result
}

/// Runs statements as a migration file holds them, the extended `ALTER TABLE` among them. Neighbouring
/// `ALTER TABLE`s of one table in one call are one batch.
///
/// Errors: those of a file's statements, each with the statement. The run fails with the same.
///
/// # Safety
///
/// `length` bytes of `sql` may be read (`LIMBECK_NUL_TERMINATED`: up to its NUL). `error` is null or may
/// be written; the program owns what is put there. On the callback's thread, before it returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_step_execute(
    step: *mut limbeck_step,
    sql: *const c_char,
    length: usize,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe { enter(error, || inside(step, |step, _| Ok(step.execute(text(sql, length, "sql")?)?))) }
}

/// The program's own connection to the database that the code works on, for what needs a query's answer:
/// that of the `limbeck_database`, or of the scratch database of a plan or a check. To be called before
/// that connection is used: what is written there is not seen, so every table with foreign keys is
/// checked before COMMIT.
///
/// Errors: `LIMBECK_SCRIPT_NOT_OFFLINE` where a script is printed; `LIMBECK_C_MISUSE` for a database that
/// limbeck opened by path.
///
/// # Safety
///
/// `connection` and `error` are null or may be written; a null `connection` is an error. The connection
/// stays the program's: it is not closed, and every statement on it is finalized before the callback
/// returns. On the callback's thread, before it returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_step_connection(
    step: *mut limbeck_step,
    connection: *mut *mut sqlite3,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    let find = |step: &mut CodeStep<'_>, found: *mut sqlite3| {
        if connection.is_null() {
            return Err(Failure::misuse("connection is null"));
        }
        // SAFETY: the caller says so, here and below.
        unsafe { connection.write(null_mut()) };
        if found.is_null() {
            return Err(Failure::misuse("the database is no connection of the program's"));
        }
        step.database()?;
        unsafe { connection.write(found) };
        Ok(())
    };
    // SAFETY: the caller says so of `error`.
    unsafe { enter(error, || inside(step, find)) }
}

/// Adds a line to the warnings of the report.
///
/// # Safety
///
/// As `limbeck_step_execute`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_step_warn(
    step: *mut limbeck_step,
    warning: *const c_char,
    length: usize,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            inside(step, |step, _| {
                step.warn(text(warning, length, "warning")?);
                Ok(())
            })
        })
    }
}

/// The revision. If `length` is not null, it is set to the length in bytes. Null if `step` has ended.
///
/// # Safety
///
/// `length` is null or may be written. What is returned has a NUL behind it, and is valid until the
/// callback returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_step_revision(
    step: *const limbeck_step,
    length: *mut usize,
) -> *const c_char {
    let parts = handle::look(step, "step", |step| step.revision.parts()).ok();
    // SAFETY: the caller says so of `length`.
    unsafe { answer(parts, length) }
}

/// Whether it is applied or taken back: a value of `limbeck_direction`, or -1 if `step` has ended.
///
/// # Safety
///
/// Any pointer may be asked.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_step_direction(step: *const limbeck_step) -> c_int {
    let number = |step: &limbeck_step| match step.direction {
        Direction::Up => 0,
        Direction::Down => 1,
        Direction::Stamp => 2,
    };
    handle::look(step, "step", number).unwrap_or(-1)
}
