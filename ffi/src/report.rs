//! Reports: what a run did.

use std::ffi::{c_char, c_int};

use limbeck::Report;

use crate::handle::{self, Shared};
use crate::text::{Text, answer};

/// What a run did. Free it with `limbeck_report_free`.
#[allow(non_camel_case_types)]
pub struct limbeck_report {
    empty: bool,
    from: Text,
    to: Text,
    steps: Vec<Text>,
    warnings: Vec<Text>,
    json: Text,
}

impl Shared for limbeck_report {}

impl limbeck_report {
    pub(crate) fn new(report: &Report) -> limbeck_report {
        limbeck_report {
            empty: report.is_empty(),
            from: Text::new(report.from.join(" ")),
            to: Text::new(report.to.join(" ")),
            steps: report.steps.iter().map(|step| Text::new(&*step.revision)).collect(),
            warnings: report.warnings.iter().map(|warning| Text::new(&**warning)).collect(),
            json: Text::new(report.to_json()),
        }
    }
}

/// One text of a report.
///
/// # Safety
///
/// `length` is null or may be written.
unsafe fn part(
    report: *const limbeck_report,
    length: *mut usize,
    which: impl FnOnce(&limbeck_report) -> Option<&Text>,
) -> *const c_char {
    let parts = handle::look(report, "report", |report| which(report).map(Text::parts));
    // SAFETY: the caller says so.
    unsafe { answer(parts.ok().flatten(), length) }
}

/// 1 if the run found nothing to do, else 0.
///
/// # Safety
///
/// Any pointer may be asked. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_report_is_empty(report: *const limbeck_report) -> c_int {
    handle::look(report, "report", |report| report.empty).is_ok_and(|empty| empty).into()
}

/// The version rows before, sorted, parted by blanks; empty for the base. If `length` is not null, it is
/// set to the length in bytes. Null if `report` is no live handle.
///
/// # Safety
///
/// `length` is null or may be written. What is returned belongs to `report`, has a NUL behind it, and
/// is valid until that is freed. Any thread. The same holds for the other texts of a report.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_report_from(
    report: *const limbeck_report,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(report, length, |report| Some(&report.from)) }
}

/// The version rows after, in the same form.
///
/// # Safety
///
/// As `limbeck_report_from`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_report_to(
    report: *const limbeck_report,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(report, length, |report| Some(&report.to)) }
}

/// How many steps were done.
///
/// # Safety
///
/// Any pointer may be asked. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_report_step_count(report: *const limbeck_report) -> usize {
    handle::look(report, "report", |report| report.steps.len()).unwrap_or(0)
}

/// The revision of a step, counted from 0; null beyond the last.
///
/// # Safety
///
/// As `limbeck_report_from`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_report_step_revision(
    report: *const limbeck_report,
    step: usize,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(report, length, |report| report.steps.get(step)) }
}

/// How many warnings there are: what a reader should know although nothing failed.
///
/// # Safety
///
/// Any pointer may be asked. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_report_warning_count(report: *const limbeck_report) -> usize {
    handle::look(report, "report", |report| report.warnings.len()).unwrap_or(0)
}

/// A warning, counted from 0; null beyond the last.
///
/// # Safety
///
/// As `limbeck_report_from`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_report_warning(
    report: *const limbeck_report,
    warning: usize,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(report, length, |report| report.warnings.get(warning)) }
}

/// The whole report as one line of JSON: also which way each table was altered, and how long it took.
///
/// # Safety
///
/// As `limbeck_report_from`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_report_json(
    report: *const limbeck_report,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller says so of `length`.
    unsafe { part(report, length, |report| Some(&report.json)) }
}

/// Frees a report. Null and what was freed before are left alone.
///
/// # Safety
///
/// No thread still reads its texts. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_report_free(report: *mut limbeck_report) {
    handle::free(report);
}
