//! x
use pyo3::prelude::*;
#[pymodule]
fn _limbeck(_m: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
