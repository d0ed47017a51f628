//! Errors on their way to Python and back.

use std::sync::{Arc, Mutex, PoisonError};

use limbeck::Error;
use pyo3::prelude::*;

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
        .and_then(|module| module.getattr("_from_core")?.call1((error.to_json(), cause)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}
