//! Errors: what a call that fails hands over besides its status.

use std::any::Any;
use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};

use limbeck::{Error, ErrorKind};
use serde_json::json;

use crate::handle::{self, Shared};
use crate::status::{limbeck_status, status};
use crate::text::{Text, answer};

/// Why a call failed. Free it with `limbeck_error_free`.
#[allow(non_camel_case_types)]
pub struct limbeck_error {
    status: limbeck_status,
    line: u32,
    code: Text,
    message: Text,
    hint: Option<Text>,
    revision: Option<Text>,
    file: Option<Text>,
    statement: Option<Text>,
    violations: Vec<Broken>,
    newer: Vec<Newer>,
    json: Text,
}

/// A revision that the database has and the program does not.
struct Newer {
    revision: Text,
    app_version: Option<Text>,
    applied_at: Option<Text>,
}

/// A rule that rows break.
struct Broken {
    table: Text,
    rule: Text,
    rows: u64,
}

impl Shared for limbeck_error {}

/// A failure on its way to C.
pub(crate) enum Failure {
    /// The core's.
    Core(Error),
    /// The call's own: its status, code, message and hint.
    Call(limbeck_status, &'static str, String, &'static str),
}

impl Failure {
    pub(crate) fn misuse(message: impl Into<String>) -> Failure {
        Failure::misused(message, "see what limbeck.h says of this function's parameters")
    }

    /// As [`misuse`](Failure::misuse), with what to do where that is known better.
    pub(crate) fn misused(message: impl Into<String>, hint: &'static str) -> Failure {
        Failure::Call(limbeck_status::LIMBECK_C_MISUSE, "c.misuse", message.into(), hint)
    }

    /// What fails the run when a call inside a callback has failed.
    pub(crate) fn in_code(&self) -> Error {
        match self {
            Failure::Core(error) => error.clone(),
            Failure::Call(_, _, message, _) => Error::new(ErrorKind::CodeFailed, &**message)
                .with_hint("look at what the program's callback hands to limbeck"),
        }
    }

    fn panicked(panic: &(dyn Any + Send)) -> Failure {
        let said = panic.downcast_ref::<&str>().copied();
        let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic");
        let message = format!("fault in limbeck: {said}");
        let hint = "report it, with the calls that led to it";
        Failure::Call(limbeck_status::LIMBECK_C_INTERNAL, "c.internal", message, hint)
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        match self {
            Failure::Core(_) => "",
            Failure::Call(_, _, message, _) => message,
        }
    }

    fn status(&self) -> limbeck_status {
        match self {
            Failure::Core(error) => status(error.kind()),
            Failure::Call(status, ..) => *status,
        }
    }

    fn into_error(self) -> limbeck_error {
        let status = self.status();
        let text = |text: Option<&str>| text.map(Text::new);
        match self {
            Failure::Core(error) => limbeck_error {
                status,
                line: error.line().unwrap_or(0),
                code: Text::new(error.code()),
                message: Text::new(error.to_string()),
                hint: text(error.hint()),
                revision: text(error.revision()),
                file: text(error.file()),
                statement: text(error.statement()),
                violations: error
                    .violations()
                    .iter()
                    .map(|found| Broken {
                        table: Text::new(&*found.table),
                        rule: Text::new(&*found.rule),
                        rows: found.count,
                    })
                    .collect(),
                newer: error
                    .newer()
                    .iter()
                    .map(|found| Newer {
                        revision: Text::new(&*found.revision),
                        app_version: text(found.app_version.as_deref()),
                        applied_at: text(found.applied_at.as_deref()),
                    })
                    .collect(),
                json: Text::new(error.to_json()),
            },
            Failure::Call(_, code, message, hint) => {
                let error = json!({
                    "code": code, "message": message, "hint": hint, "revision": null,
                    "file": null, "line": null, "statement": null, "violations": [],
                });
                limbeck_error {
                    status,
                    line: 0,
                    code: Text::new(code),
                    message: Text::new(message),
                    hint: Some(Text::new(hint)),
                    revision: None,
                    file: None,
                    statement: None,
                    violations: Vec::new(),
                    newer: Vec::new(),
                    json: Text::new(json!({ "error": error }).to_string()),
                }
            }
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Core(error)
    }
}

/// What every entry that can fail does: no panic gets past it, and C is told why.
///
/// # Safety
///
/// `error` is null or may be written.
pub(crate) unsafe fn enter(
    error: *mut *mut limbeck_error,
    work: impl FnOnce() -> Result<(), Failure>,
) -> limbeck_status {
    if !error.is_null() {
        // SAFETY: the caller says so.
        unsafe { error.write(std::ptr::null_mut()) };
    }
    let result = catch_unwind(AssertUnwindSafe(work));
    let failure = match result {
        Ok(Ok(())) => return limbeck_status::LIMBECK_OK,
        Ok(Err(failure)) => failure,
        Err(panic) => Failure::panicked(&*panic),
    };
    let status = failure.status();
    if !error.is_null() {
        // SAFETY: the caller says so.
        unsafe { error.write(handle::give(failure.into_error())) };
    }
    status
}

/// Puts a new handle where C wants it; `make` is not called if it has no place.
///
/// # Safety
///
/// `out` is null or may be written.
pub(crate) unsafe fn put<T: 'static>(
    out: *mut *mut T,
    name: &str,
    make: impl FnOnce() -> Result<T, Failure>,
) -> Result<(), Failure> {
    if out.is_null() {
        return Err(Failure::misuse(format!("{name} is null")));
    }
    // SAFETY: the caller says so, here and below.
    unsafe { out.write(std::ptr::null_mut()) };
    let made = handle::give(make()?);
    unsafe { out.write(made) };
    Ok(())
}

/// One text of an error.
///
/// # Safety
///
/// `length` is null or may be written.
unsafe fn part(
    error: *const limbeck_error,
    length: *mut usize,
    which: impl FnOnce(&limbeck_error) -> Option<&Text>,
) -> *const c_char {
    let parts = handle::look(error, "error", |error| which(error).map(Text::parts));
    // SAFETY: the caller says so.
    unsafe { answer(parts.ok().flatten(), length) }
}

/// The status that the call answered. `LIMBECK_C_MISUSE` if `error` is no live handle.
///
/// # Safety
///
/// Any pointer may be asked. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_status(error: *const limbeck_error) -> limbeck_status {
    handle::look(error, "error", |error| error.status).unwrap_or(limbeck_status::LIMBECK_C_MISUSE)
}

/// The stable code, such as `graph.multiple_heads`: the same in Rust, on the command line and in JSON.
/// If `length` is not null, it is set to the length in bytes. Null if `error` is no live handle.
///
/// # Safety
///
/// `length` is null or may be written. What is returned belongs to `error`, has a NUL behind it, and
/// is valid until that is freed. Any thread. The same holds for the other texts of an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_code(
    error: *const limbeck_error,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(error, length, |error| Some(&error.code)) }
}

/// What went wrong, for people: lowercase, without a full stop.
///
/// # Safety
///
/// As `limbeck_error_code`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_message(
    error: *const limbeck_error,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(error, length, |error| Some(&error.message)) }
}

/// What to do about it, in one sentence; null if there is no advice.
///
/// # Safety
///
/// As `limbeck_error_code`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_hint(
    error: *const limbeck_error,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(error, length, |error| error.hint.as_ref()) }
}

/// The revision it happened in, or null.
///
/// # Safety
///
/// As `limbeck_error_code`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_revision(
    error: *const limbeck_error,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(error, length, |error| error.revision.as_ref()) }
}

/// The file it happened in, or null.
///
/// # Safety
///
/// As `limbeck_error_code`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_file(
    error: *const limbeck_error,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(error, length, |error| error.file.as_ref()) }
}

/// The line in that file, counted from 1; 0 if it is not known.
///
/// # Safety
///
/// Any pointer may be asked. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_line(error: *const limbeck_error) -> u32 {
    handle::look(error, "error", |error| error.line).unwrap_or(0)
}

/// The SQL statement it happened in, or null.
///
/// # Safety
///
/// As `limbeck_error_code`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_statement(
    error: *const limbeck_error,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(error, length, |error| error.statement.as_ref()) }
}

/// How many rules rows break: each is a violation.
///
/// # Safety
///
/// Any pointer may be asked. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_violation_count(error: *const limbeck_error) -> usize {
    handle::look(error, "error", |error| error.violations.len()).unwrap_or(0)
}

/// The table of a violation, counted from 0; null beyond the last.
///
/// # Safety
///
/// As `limbeck_error_code`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_violation_table(
    error: *const limbeck_error,
    violation: usize,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(error, length, |error| error.violations.get(violation).map(|found| &found.table)) }
}

/// The rule of a violation, as SQL: `phone NOT NULL`. Null beyond the last.
///
/// # Safety
///
/// As `limbeck_error_code`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_violation_rule(
    error: *const limbeck_error,
    violation: usize,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(error, length, |error| error.violations.get(violation).map(|found| &found.rule)) }
}

/// How many rows break the rule; 0 beyond the last. The first of their keys are in the JSON.
///
/// # Safety
///
/// Any pointer may be asked. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_violation_rows(error: *const limbeck_error, violation: usize) -> u64 {
    let rows = |error: &limbeck_error| error.violations.get(violation).map_or(0, |found| found.rows);
    handle::look(error, "error", rows).unwrap_or(0)
}

/// How many revisions the database has and the program does not, in the order in which they were applied.
///
/// # Safety
///
/// Any pointer may be asked. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_newer_count(error: *const limbeck_error) -> usize {
    handle::look(error, "error", |error| error.newer.len()).unwrap_or(0)
}

/// Such a revision, counted from 0; null beyond the last.
///
/// # Safety
///
/// As `limbeck_error_code`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_newer_revision(
    error: *const limbeck_error,
    newer: usize,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(error, length, |error| error.newer.get(newer).map(|found| &found.revision)) }
}

/// The version of the program that applied it; null if that is not known.
///
/// # Safety
///
/// As `limbeck_error_code`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_newer_app_version(
    error: *const limbeck_error,
    newer: usize,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(error, length, |error| error.newer.get(newer)?.app_version.as_ref()) }
}

/// When it was applied, in UTC: `2026-02-03T12:00:00.000Z`; null if that is not known.
///
/// # Safety
///
/// As `limbeck_error_code`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_newer_applied_at(
    error: *const limbeck_error,
    newer: usize,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(error, length, |error| error.newer.get(newer)?.applied_at.as_ref()) }
}

/// The whole error as one line of JSON, `{"error":{…},"report":{…}}`: also the first keys of the rows that
/// break a rule, and in `report` what was committed before the failure.
///
/// # Safety
///
/// As `limbeck_error_code`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_json(
    error: *const limbeck_error,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(error, length, |error| Some(&error.json)) }
}

/// Frees an error. Null and what was freed before are left alone.
///
/// # Safety
///
/// No thread still reads its texts. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_error_free(error: *mut limbeck_error) {
    handle::free(error);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    #[test]
    fn a_panic_is_an_error() {
        let mut error = std::ptr::null_mut();
        // SAFETY: `error` may be written; what is read belongs to the error, which is still there.
        unsafe {
            let status = enter(&mut error, || panic!("no {}", 1));
            assert_eq!(status, limbeck_status::LIMBECK_C_INTERNAL);
            assert_eq!(limbeck_error_status(error), status);
            let message = CStr::from_ptr(limbeck_error_message(error, std::ptr::null_mut()));
            assert_eq!(message.to_str(), Ok("fault in limbeck: no 1"));
            let mut length = 7;
            assert!(limbeck_error_file(error, &mut length).is_null() && length == 0);
            let hint = CStr::from_ptr(limbeck_error_hint(error, std::ptr::null_mut()));
            assert_eq!(hint.to_str(), Ok("report it, with the calls that led to it"));
            limbeck_error_free(error);
            assert!(limbeck_error_code(error, &mut length).is_null());
        }
    }
}
