//! What the functions of a Python revision are handed.

use std::ptr::NonNull;

use limbeck::{CodeStep, Direction};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::connection::Used;
use crate::errors::{Raised, to_python};
use crate::lent::Lent;

/// The run that a revision's function is part of. Of use while that function runs, and no longer.
#[pyclass(unsendable, module = "limbeck")]
pub struct Step {
    lent: Lent<CodeStep<'static>>,
    raised: Raised,
    connection: Option<Py<PyAny>>,
}

impl Step {
    /// Calls `function` with a step that is good for that call.
    pub fn call(
        py: Python<'_>,
        function: &Py<PyAny>,
        step: &mut CodeStep<'_>,
        raised: &Raised,
        used: &Used,
    ) -> PyResult<()> {
        let (raised, connection) = (raised.clone(), used.get(py));
        let object = Bound::new(py, Step { lent: Lent::default(), raised, connection })?;
        // SAFETY: only lifetimes change; `lend` ends before the borrow of `step` does.
        let lent: NonNull<CodeStep<'static>> = unsafe { std::mem::transmute(NonNull::from(step)) };
        // SAFETY: as above; nothing else uses `step` meanwhile.
        let called = unsafe { object.borrow().lent.lend(lent, || function.call1(py, (object.clone(),))) };
        called.map(|_| ())
    }

    fn with<R>(&self, work: impl FnOnce(&mut CodeStep<'static>) -> R) -> PyResult<R> {
        self.lent.with(work).ok_or_else(|| {
            PyRuntimeError::new_err("this step is over, or busy: it works while its revision's function runs")
        })
    }
}

#[pymethods]
impl Step {
    /// The revision's id.
    #[getter]
    fn revision(&self) -> PyResult<String> {
        self.with(|step| step.revision().to_owned())
    }

    /// `up` or `down`.
    #[getter]
    fn direction(&self) -> PyResult<&'static str> {
        self.with(|step| Direction::as_str(step.direction()))
    }

    /// The connection that the run is on.
    #[getter]
    fn connection(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.connection.as_ref().map(|connection| connection.clone_ref(py))
    }

    /// Runs statements, the extended `ALTER TABLE` among them.
    fn execute(&self, py: Python<'_>, sql: &str) -> PyResult<()> {
        self.with(|step| step.execute(sql))?.map_err(|error| to_python(py, &error, &self.raised))
    }

    /// Says that the connection is about to be written to directly: every foreign key is checked then.
    fn direct(&self, py: Python<'_>) -> PyResult<()> {
        let result = self.with(|step| step.database().map(|_| ()))?;
        result.map_err(|error| to_python(py, &error, &self.raised))
    }

    /// Adds a line to the report's warnings.
    fn warn(&self, text: &str) -> PyResult<()> {
        self.with(|step| step.warn(text))
    }
}
