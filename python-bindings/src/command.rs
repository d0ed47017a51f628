//! The core's command on Python's sqlite3: its `Host`, which asks `limbeck._command.Host`.

use std::ffi::OsString;
use std::path::PathBuf;

use limbeck::cli::{self, Access, Project};
use limbeck::{Code, Database, Error, ErrorKind, Result};
use pyo3::prelude::*;

use crate::connection::{Sqlite, Used};
use crate::errors::{Raised, told};
use crate::migrator::{CodeFile, named};

/// Runs the command, and answers its exit status. Results go to file descriptor 1, all else to 2.
///
/// Raises what `host` raises on purpose (`limbeck._command.Outside`): nothing was printed then.
#[pyfunction]
pub fn command(py: Python<'_>, arguments: Vec<OsString>, host: Py<PyAny>) -> PyResult<u8> {
    let host = Host { python: host, raised: Raised::default(), used: Used::default() };
    let status = cli::run([OsString::from("limbeck")].into_iter().chain(arguments), &host);
    match host.raised.take() {
        Some(error) if is_outside(py, &error) => Err(error),
        _ => Ok(status),
    }
}

struct Host {
    python: Py<PyAny>,
    raised: Raised,
    used: Used,
}

impl Host {
    /// Calls a method. What it raises is kept, for [`failed`](cli::Host::failed) to tell.
    fn ask<T>(&self, kind: ErrorKind, call: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>) -> Result<T> {
        Python::attach(|py| {
            call(self.python.bind(py)).map_err(|error| {
                let message = error.value(py).to_string();
                self.raised.keep(error);
                Error::new(kind, message)
            })
        })
    }

    fn connected(&self, connection: Py<PyAny>) -> Box<dyn Database> {
        Box::new(Sqlite::new(connection, self.raised.clone(), self.used.clone()))
    }
}

impl cli::Host for Host {
    fn open(&self, path: &str, access: Access) -> Result<Box<dyn Database>> {
        let access = match access {
            Access::Look => "look",
            Access::Change => "change",
            Access::Create => "create",
        };
        let open = |host: &Bound<'_, PyAny>| host.call_method1("open", (path, access)).map(Bound::unbind);
        Ok(self.connected(self.ask(ErrorKind::CannotOpen, open)?))
    }

    fn scratch(&self) -> Result<Box<dyn Database>> {
        let open = |host: &Bound<'_, PyAny>| host.call_method0("scratch").map(Bound::unbind);
        Ok(self.connected(self.ask(ErrorKind::CannotOpen, open)?))
    }

    fn cancelled(&self) -> bool {
        Python::attach(|py| {
            let Err(signal) = py.check_signals() else { return false };
            self.raised.keep(signal);
            true
        })
    }

    fn project(&self) -> Result<Option<Project>> {
        type Given = Option<(Vec<PathBuf>, Option<String>, Option<String>, bool, String)>;
        let given: Given = self.ask(ErrorKind::BadSetting, |host| host.call_method0("project")?.extract())?;
        let Some((migrations, database, version_table, keep_history, transaction)) = given else {
            return Ok(None);
        };
        let transaction = named("transaction", &transaction)?;
        Ok(Some(Project { migrations, database, version_table, keep_history, transaction }))
    }

    fn database(&self, named: Option<&str>) -> Result<Option<String>> {
        // Whatever is raised ends the command: it is no setting that might do without.
        self.ask(ErrorKind::CannotOpen, |host| host.call_method1("database", (named,))?.extract())
    }

    fn code(&self, folders: &[PathBuf]) -> Result<Option<Vec<Code<'static>>>> {
        let files: Vec<CodeFile> =
            self.ask(ErrorKind::SourceUnreadable, |host| host.call_method1("code", (folders,))?.extract())?;
        Ok(Some(files.into_iter().map(|file| file.into_code(&self.raised, &self.used)).collect()))
    }

    fn failed(&self, error: Error) -> Option<Error> {
        Python::attach(|py| {
            let Some(raised) = self.raised.take() else { return Some(error) };
            if is_outside(py, &raised) {
                self.raised.keep(raised);
                return None;
            }
            Some(told(py, error, raised))
        })
    }
}

fn is_outside(py: Python<'_>, error: &PyErr) -> bool {
    let outside = py.import("limbeck._command").and_then(|module| module.getattr("Outside"));
    outside.is_ok_and(|outside| error.is_instance(py, &outside))
}
