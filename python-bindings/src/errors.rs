//! Errors on their way to Python and back.

use std::sync::{Arc, Mutex, PoisonError};

use limbeck::{Error, ErrorKind, Violation};
use pyo3::prelude::*;

use crate::data::data;

/// The exception that Python raised inside a run. The core carries it as an error of its own; who
/// called gets the exception itself back, with its traceback.
#[derive(Clone, Default)]
pub struct Raised(Arc<Mutex<Option<PyErr>>>);

impl Raised {
    /// Keeps an exception, unless there is one already: the first is the cause.
    pub fn keep(&self, error: PyErr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    pub fn take(&self) -> Option<PyErr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The exception of an error: the one that Python raised, if it began there, or a `LimbeckError`.
pub fn to_python(py: Python<'_>, error: &Error, raised: &Raised) -> PyErr {
    let cause = raised.take().map(|raised| raised.into_value(py));
    let made = py
        .import("limbeck.errors")
        .and_then(|module| module.getattr("_from_core")?.call1((data(py, error)?, cause)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

/// The core's error with all that the exception says which began it: of what kind it is, and where.
pub fn told(py: Python<'_>, error: Error, raised: PyErr) -> Error {
    type Rows = (String, String, u64, Vec<String>);
    type Told = (String, String, Option<String>, Option<String>, Option<u32>, Option<String>, Vec<Rows>);
    let tell = || -> PyResult<Told> {
        let tell = py.import("limbeck.errors")?.getattr("_told")?;
        tell.call1((data(py, &error)?, raised.value(py)))?.extract()
    };
    let Ok((code, message, hint, file, line, statement, rows)) = tell() else { return error };
    let kind = ErrorKind::ALL.iter().find(|kind| kind.code() == code).copied().unwrap_or(error.kind());
    let violation = |(table, rule, count, keys)| Violation { table, rule, count, keys };
    let violations = rows.into_iter().map(violation).collect();
    let mut made = Error::new(kind, message).with_violations(violations);
    for (value, add) in [
        (hint, Error::with_hint as fn(Error, String) -> Error),
        (error.revision().map(str::to_owned), Error::in_revision),
        (file, Error::in_file),
        (statement, Error::in_statement),
    ] {
        if let Some(value) = value {
            made = add(made, value);
        }
    }
    if let Some(line) = line {
        made = made.at_line(line);
    }
    match error.report() {
        Some(report) => made.with_report(report.clone()),
        None => made,
    }
}
