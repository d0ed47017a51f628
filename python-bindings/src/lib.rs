//! limbeck for Python: the module `limbeck._limbeck`. It converts types, and nothing else; what
//! Python sees is in `python/limbeck`.
//!
//! No SQLite is linked: the core drives Python's own `sqlite3.Connection` (`connection`).

mod command;
mod connection;
mod data;
mod errors;
mod lent;
mod migrator;
mod step;

use limbeck::schema::TableDef;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use connection::{Sqlite, Used};
use errors::{Raised, to_python};

/// Tests that a connection does what limbeck relies on. The database must be empty.
#[pyfunction]
fn check_contract(py: Python<'_>, connection: Py<PyAny>) -> PyResult<()> {
    let raised = Raised::default();
    let result = limbeck::db::contract::check(&mut Sqlite::new(connection, raised.clone(), Used::default()));
    result.map_err(|error| to_python(py, &error, &raised))
}

/// The error for an SQLite result code and its message, as `{"error": {…}}`.
#[pyfunction]
fn sqlite_error<'py>(py: Python<'py>, code: i32, message: &str) -> PyResult<Bound<'py, PyAny>> {
    data::data(py, &limbeck::db::error(code, message))
}

/// Every kind of error: its name, its code, and one line on when it happens.
#[pyfunction]
fn error_kinds() -> Vec<(String, &'static str, &'static str)> {
    let kinds = limbeck::ErrorKind::ALL.iter();
    kinds.map(|kind| (format!("{kind:?}"), kind.code(), kind.about())).collect()
}

/// The names of the constraints in a `CREATE TABLE` text. A text that cannot be read has none.
#[pyfunction]
fn constraint_names(create: &str) -> Vec<String> {
    let Ok(table) = TableDef::parse(create) else { return Vec::new() };
    let of_columns = table.columns.iter().flat_map(|column| &column.constraints);
    let names = of_columns.filter_map(|constraint| constraint.name.clone());
    names.chain(table.constraints.iter().filter_map(|constraint| constraint.name.clone())).collect()
}

/// A message as a part of a file's name, as Alembic makes it.
#[pyfunction]
#[pyo3(signature = (message, length=40))]
fn slug(message: &str, length: usize) -> String {
    limbeck::script::slug(message, length)
}

/// A table of `[tool]` in a TOML text; `None` if it is not there.
///
/// Raises `ValueError` where the text is no TOML: Python reads it itself only since 3.11.
#[pyfunction]
fn tool<'py>(py: Python<'py>, text: &str, name: &str) -> PyResult<Bound<'py, PyAny>> {
    let all: toml::Table =
        text.parse().map_err(|error: toml::de::Error| PyValueError::new_err(error.to_string()))?;
    data::data(py, &all.get("tool").and_then(|tool| tool.get(name)))
}

#[pymodule]
fn _limbeck(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("VERSION_TABLE", limbeck::VERSION_TABLE)?;
    module.add_class::<migrator::Migrator>()?;
    module.add_class::<migrator::CancelHandle>()?;
    module.add_class::<step::Step>()?;
    for function in [
        wrap_pyfunction!(check_contract, module)?,
        wrap_pyfunction!(sqlite_error, module)?,
        wrap_pyfunction!(error_kinds, module)?,
        wrap_pyfunction!(constraint_names, module)?,
        wrap_pyfunction!(slug, module)?,
        wrap_pyfunction!(command::command, module)?,
        wrap_pyfunction!(tool, module)?,
    ] {
        module.add_function(function)?;
    }
    Ok(())
}
