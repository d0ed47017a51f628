//! What a run says while it works, and how it is cancelled.

use std::cell::{Cell, RefCell};
use std::ffi::{CString, c_char, c_int, c_void};
use std::ops::ControlFlow;
use std::ptr::null;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use limbeck::Event;

use crate::error::{Failure, enter, limbeck_error, put};
use crate::handle::{self, Shared};
use crate::status::limbeck_status;

/// What an event tells.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum limbeck_event_kind {
    /// A step begins: `revision`, `text` as Alembic logs it, `done` its number from 1, `total`.
    LIMBECK_EVENT_STEP_STARTED = 1,
    /// Rows of `table` were copied: `done` of `total`.
    LIMBECK_EVENT_COPIED = 2,
    /// Index number `done` of `total` of `table` is being built.
    LIMBECK_EVENT_INDEXING = 3,
    /// A statement is still running.
    LIMBECK_EVENT_WORKING = 4,
    /// A step is done, and not yet committed: `revision`, `done` its milliseconds.
    LIMBECK_EVENT_STEP_FINISHED = 5,
    /// Something that this library tells and this header does not know yet.
    LIMBECK_EVENT_OTHER = 6,
    /// The database is being copied, before anything is changed: `done` of `total` pages.
    LIMBECK_EVENT_BACKING_UP = 7,
    /// A backup is being put in the database's place: `done` of `total` pages.
    LIMBECK_EVENT_RESTORING = 8,
    /// The file is looked through for damage.
    LIMBECK_EVENT_CHECKING = 9,
    /// The foreign keys of what has changed are checked, before COMMIT.
    LIMBECK_EVENT_PROVING = 10,
}

/// Something that has just happened, or is going on. Texts are UTF-8 with a NUL behind them, null where
/// there is none, and valid during the callback only.
#[allow(non_camel_case_types)]
#[repr(C)]
pub struct limbeck_event {
    /// The size of this structure, in bytes. A later library may have more members at its end.
    pub size: usize,
    /// What it tells.
    pub kind: limbeck_event_kind,
    /// The revision.
    pub revision: *const c_char,
    /// The table.
    pub table: *const c_char,
    /// A line for a log.
    pub text: *const c_char,
    /// How far it is.
    pub done: u64,
    /// How far it goes.
    pub total: u64,
}

/// Called on the thread that runs the migration. 0 goes on; any other number cancels the run, and all
/// is rolled back. It must not unwind (`longjmp`, a C++ exception), and not use the connection.
#[allow(non_camel_case_types)]
pub type limbeck_progress =
    Option<unsafe extern "C" fn(user_data: *mut c_void, event: *const limbeck_event) -> c_int>;

/// A switch that cancels runs, also from another thread. Free it with
/// `limbeck_cancel_free`.
#[allow(non_camel_case_types)]
pub struct limbeck_cancel(pub(crate) Arc<AtomicBool>);

impl Shared for limbeck_cancel {}

/// Who is asked at each event.
#[derive(Default)]
pub(crate) struct Watch {
    pub(crate) progress: Cell<(limbeck_progress, Data)>,
    pub(crate) cancel: RefCell<Option<Arc<AtomicBool>>>,
}

/// The program's own pointer.
#[derive(Clone, Copy)]
pub(crate) struct Data(pub(crate) *mut c_void);

impl Default for Data {
    fn default() -> Data {
        Data(std::ptr::null_mut())
    }
}

impl Watch {
    pub(crate) fn ask(&self, event: &Event<'_>) -> ControlFlow<()> {
        if self.cancel.borrow().as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed)) {
            return ControlFlow::Break(());
        }
        let (Some(progress), Data(user_data)) = self.progress.get() else {
            return ControlFlow::Continue(());
        };
        // SAFETY: `limbeck_migrator_set_progress` asks for a function that may be called with this
        // pointer; the event lives until it returns.
        let answer = tell(event, |event| unsafe { progress(user_data, event) });
        if answer == 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

/// Hands an event over in C's form.
fn tell(event: &Event<'_>, hand: impl FnOnce(&limbeck_event) -> c_int) -> c_int {
    use limbeck_event_kind as K;
    let (kind, revision, table, text, done, total) = match event {
        Event::StepStarted { revision, text, step, of, direction: _ } => {
            (K::LIMBECK_EVENT_STEP_STARTED, Some(revision), None, Some(text), *step as u64, *of as u64)
        }
        Event::Copied { table, rows, of } => (K::LIMBECK_EVENT_COPIED, None, Some(table), None, *rows, *of),
        Event::Indexing { table, index, of } => {
            (K::LIMBECK_EVENT_INDEXING, None, Some(table), None, *index as u64, *of as u64)
        }
        Event::BackingUp { pages, of } => (K::LIMBECK_EVENT_BACKING_UP, None, None, None, *pages, *of),
        Event::Restoring { pages, of } => (K::LIMBECK_EVENT_RESTORING, None, None, None, *pages, *of),
        Event::Proving => (K::LIMBECK_EVENT_PROVING, None, None, None, 0, 0),
        Event::Checking => (K::LIMBECK_EVENT_CHECKING, None, None, None, 0, 0),
        Event::Working => (K::LIMBECK_EVENT_WORKING, None, None, None, 0, 0),
        Event::StepFinished { revision, milliseconds } => {
            (K::LIMBECK_EVENT_STEP_FINISHED, Some(revision), None, None, *milliseconds, 0)
        }
        _ => (K::LIMBECK_EVENT_OTHER, None, None, None, 0, 0),
    };
    let text_of = |text: Option<&&str>| text.map(|text| terminated(text));
    let (revision, table, text) = (text_of(revision), text_of(table), text_of(text));
    let pointer = |text: &Option<CString>| text.as_ref().map_or(null(), |text| text.as_ptr());
    hand(&limbeck_event {
        size: size_of::<limbeck_event>(),
        kind,
        revision: pointer(&revision),
        table: pointer(&table),
        text: pointer(&text),
        done,
        total,
    })
}

/// With a NUL behind it, and none inside, where it would end the text.
fn terminated(text: &str) -> CString {
    CString::new(text.replace('\0', " ")).unwrap_or_default()
}

/// Makes a switch, which is off.
///
/// # Safety
///
/// `cancel` and `error` are null or may be written; a null `cancel` is an error. Any thread. The
/// program owns what is made.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_cancel_new(
    cancel: *mut *mut limbeck_cancel,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    let make = || Ok(limbeck_cancel(Arc::new(AtomicBool::new(false))));
    // SAFETY: the caller says so of both.
    unsafe { enter(error, || put(cancel, "cancel", make)) }
}

/// Switches it: `on` other than 0 cancels, at their next event, the runs of every migrator that has it
/// (`limbeck_migrator_set_cancel`); 0 lets later runs begin.
///
/// # Safety
///
/// Any pointer may be given. Any thread, also while a run is going on; not from a signal handler,
/// because it takes a lock.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_cancel_set(cancel: *const limbeck_cancel, on: c_int) -> limbeck_status {
    let switch = |cancel: &limbeck_cancel| cancel.0.store(on != 0, Ordering::Relaxed);
    let result: Result<(), Failure> = handle::look(cancel, "cancel", switch);
    if result.is_ok() { limbeck_status::LIMBECK_OK } else { limbeck_status::LIMBECK_C_MISUSE }
}

/// Frees a switch. A migrator that has it keeps its last state. Null and what was freed before are left
/// alone.
///
/// # Safety
///
/// Any pointer may be given. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_cancel_free(cancel: *mut limbeck_cancel) {
    handle::free(cancel);
}
