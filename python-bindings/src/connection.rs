//! The core's `Database` over a `sqlite3.Connection`, through Python's own API: whichever SQLite that
//! module has is the only one.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::ControlFlow;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use limbeck::db::{CopyWay, PAGES_PER_STEP, TO_WAIT};
use limbeck::{Database, Error, ErrorKind, Result, Value, db};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyInt, PyString, PyTuple, PyType};

use crate::errors::Raised;
use crate::lent::Lent;

/// Virtual machine instructions between two ticks: a few milliseconds at most. More than
/// [`limbeck::db::INSTRUCTIONS_PER_TICK`], because each calls Python.
const INSTRUCTIONS_PER_TICK: u32 = 10_000;

/// A connection that `limbeck._database` has prepared: no implicit BEGIN, text read as `str`.
pub struct Sqlite {
    connection: Py<PyAny>,
    raised: Raised,
    used: Used,
}

/// Whose tables a query reads, as far as that is known.
#[derive(Clone, Copy, PartialEq)]
enum Whose {
    /// SQLite's and the core's own, which declare none of the types that Python itself converts.
    Cores,
    /// Any: it stands in a migration.
    Apps,
}

/// The connection that the core has used last: the one that a revision's code runs on, because a run
/// uses no other.
#[derive(Clone, Default)]
pub struct Used(Arc<Mutex<Option<Py<PyAny>>>>);

impl Used {
    fn set(&self, connection: Option<Py<PyAny>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = connection;
    }

    pub fn get(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connection.as_ref().map(|connection| connection.clone_ref(py))
    }
}

/// `sqlite3.Cursor`: looked up once.
static CURSOR: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// What the app has called `sqlite3.register_converter` with, and Python itself.
static CONVERTERS: PyOnceLock<Py<PyDict>> = PyOnceLock::new();

/// Python's own two.
const OF_PYTHON: [&str; 2] = ["DATE", "TIMESTAMP"];

/// Whether the app has registered any.
fn has_converters(py: Python<'_>) -> PyResult<bool> {
    let all = CONVERTERS.import(py, "sqlite3", "converters")?;
    let own = OF_PYTHON.iter().filter(|name| all.contains(name).unwrap_or(false)).count();
    Ok(all.len() > own)
}

/// SQLite's code for an exception of sqlite3's, if it comes from a statement. Any other exception is the error, and
/// so is a Ctrl-C that comes while Python is asked.
fn result_code(py: Python<'_>, error: &PyErr) -> PyResult<Option<i32>> {
    let ask = || py.import("limbeck._database")?.getattr("result_code")?.call1((error.value(py),))?.extract();
    ask().map_err(|raised: PyErr| match raised.is_instance_of::<PyTypeError>(py) {
        true => error.clone_ref(py),
        false => raised,
    })
}

fn execute(cursor: &Bound<'_, PyAny>, sql: &str, params: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
    let method = intern!(cursor.py(), "execute");
    match params {
        Some(params) => cursor.call_method1(method, (sql, params)),
        None => cursor.call_method1(method, (sql,)),
    }
    .map(drop)
}

/// Counts the statements that must not come out of Python's cache.
static UNCACHED: AtomicU64 = AtomicU64::new(0);

impl Sqlite {
    pub fn new(connection: Py<PyAny>, raised: Raised, used: Used) -> Sqlite {
        Sqlite { connection, raised, used }
    }

    /// Python keeps compiled statements by their text, and SQLite compiles a stale one anew when it
    /// runs; but not an EXPLAIN, which never runs: it would read table definitions that are freed.
    fn uncached<'s>(&self, sql: &'s str) -> Cow<'s, str> {
        if sql.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("EXPLAIN")) {
            Cow::Owned(format!("{sql} --{}", UNCACHED.fetch_add(1, Ordering::Relaxed)))
        } else {
            Cow::Borrowed(sql)
        }
    }

    /// The text with which no converter of the app's is called on what a query returns. sqlite3 finds it by the declared
    /// type of a column (`detect_types`, which a connection does not tell), and an expression has none:
    /// <https://sqlite.org/c3ref/column_decltype.html>. What is no query keeps its text, and says what is wrong with it.
    fn unconverted<'s>(
        &self,
        cursor: &Bound<'_, PyAny>,
        whose: Whose,
        sql: Cow<'s, str>,
        params: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Cow<'s, str>> {
        let py = cursor.py();
        let word = sql.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        let is_query = ["SELECT", "VALUES", "WITH"].iter().any(|each| each.eq_ignore_ascii_case(word));
        if !is_query || !(whose == Whose::Apps || has_converters(py)?) {
            return Ok(sql);
        }
        let look = format!("SELECT * FROM (\n{sql}\n) LIMIT 0");
        if let Err(error) = execute(cursor, &look, params) {
            return match result_code(py, &error)? {
                Some(code) if code & 0xff == ERROR => Ok(sql),
                _ => Err(error),
            };
        }
        let count = cursor.getattr(intern!(py, "description"))?.len()?;
        let columns = |mark: &str| (0..count).map(|at| format!("{mark}c{at}")).collect::<Vec<_>>().join(", ");
        let (names, values) = (columns(""), columns("+"));
        Ok(Cow::Owned(format!("WITH limbeck_rows({names}) AS (\n{sql}\n) SELECT {values} FROM limbeck_rows")))
    }

    /// A cursor of the plain class: what the app has put over `cursor()` and `row_factory` is not met.
    fn run<'py>(
        &self,
        py: Python<'py>,
        whose: Whose,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&Bound<'py, PyAny>) -> Result<()>,
    ) -> Result<i64> {
        self.used.set(Some(self.connection.clone_ref(py)));
        let mut run = || -> PyResult<Result<i64>> {
            let cursor = CURSOR.import(py, "sqlite3", "Cursor")?.call1((&self.connection,))?;
            // By name: `?1` has one, and newer Pythons refuse a sequence for names.
            let names = (!params.is_empty()).then(|| PyDict::new(py));
            if let Some(names) = &names {
                for (at, value) in params.iter().enumerate() {
                    names.set_item((at + 1).to_string(), to_python(py, value))?;
                }
            }
            let sql = self.unconverted(&cursor, whose, self.uncached(sql), names.as_ref())?;
            execute(&cursor, &sql, names.as_ref())?;
            for row in cursor.try_iter()? {
                if let Err(error) = each(&row?) {
                    cursor.call_method0("close")?;
                    return Ok(Err(error));
                }
            }
            let changed = cursor.getattr(intern!(py, "rowcount"))?.extract()?;
            cursor.call_method0(intern!(py, "close"))?;
            Ok(Ok(changed))
        };
        run().map_err(|error| self.translate(py, error))?
    }

    fn translate(&self, py: Python<'_>, error: PyErr) -> Error {
        match result_code(py, &error) {
            Ok(Some(code)) => db::error(code, &error.value(py).to_string()),
            Ok(None) => {
                let message = error.value(py).to_string();
                let message = message.trim_end_matches('.');
                Error::new(ErrorKind::Contract, format!("the connection cannot be used: {message}"))
                    .with_hint("give an open sqlite3 connection, on the thread that made it")
            }
            // No error of sqlite3's: KeyboardInterrupt, MemoryError and the like.
            Err(raised) => {
                let kept = Error::new(ErrorKind::Cancelled, raised.to_string());
                self.raised.keep(raised);
                kept
            }
        }
    }
}

impl Database for Sqlite {
    fn execute(&mut self, sql: &str) -> Result<u64> {
        Python::attach(|py| self.change(py, sql))
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&[Value]) -> Result<()>,
    ) -> Result<()> {
        Python::attach(|py| {
            self.run(py, Whose::Cores, sql, params, &mut |row| {
                let row = row.cast::<PyTuple>().map_err(|error| self.translate(py, error.into()))?;
                each(&row.iter_borrowed().map(|value| to_core(&value)).collect::<Result<Vec<_>>>()?)
            })?;
            Ok(())
        })
    }

    fn in_transaction(&mut self) -> bool {
        Python::attach(|py| {
            let open = self.connection.bind(py).getattr("in_transaction");
            open.and_then(|open| open.extract()).unwrap_or(false)
        })
    }

    fn copy_database(
        &mut self,
        way: CopyWay,
        file: &Path,
        step: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<()> {
        Python::attach(|py| {
            let progress = Progress { restores: way == CopyWay::From, ..Progress::default() };
            let progress = Bound::new(py, progress).map_err(|error| self.translate(py, error))?;
            let copy = || -> PyResult<()> {
                let names = PyDict::new(py);
                names.set_item("isolation_level", py.None())?;
                let other = py.import("sqlite3")?.getattr("connect")?.call((file,), Some(&names))?;
                let names = PyDict::new(py);
                names.set_item("pages", PAGES_PER_STEP)?;
                names.set_item("sleep", SECONDS_BETWEEN)?;
                names.set_item("progress", &progress)?;
                let connection = self.connection.bind(py);
                let (from, to) =
                    if way == CopyWay::Into { (connection, &other) } else { (&other, connection) };
                let copied = from.call_method("backup", (to,), Some(&names));
                other.call_method0("close")?;
                copied.map(|_| ())
            };
            // SAFETY: only the lifetime changes; `lend` ends before `step` does.
            let lent: NonNull<StepFn> = unsafe { std::mem::transmute(NonNull::from(step)) };
            // SAFETY: as above, and nothing else uses `step` meanwhile.
            let copied = unsafe { progress.borrow().step.lend(lent, copy) };
            // Why it was stopped, if it was, is known better here.
            match progress.borrow().stopped.get() {
                Some(code) => Err(db::error(code, "interrupted, or the database is locked")),
                None => copied.map_err(|error| self.translate(py, error)),
            }
        })
    }

    fn wait(&mut self) {
        Python::attach(|py| py.detach(|| std::thread::sleep(TO_WAIT)));
    }

    fn execute_watched(&mut self, sql: &str, tick: &mut dyn FnMut() -> ControlFlow<()>) -> Result<u64> {
        Python::attach(|py| {
            let handler = Bound::new(py, Tick::default()).map_err(|error| self.translate(py, error))?;
            self.watch(py, Some(&handler)).map_err(|error| self.translate(py, error))?;
            // SAFETY: only the lifetime changes; `lend` ends before `tick` does.
            let lent: NonNull<TickFn> = unsafe { std::mem::transmute(NonNull::from(tick)) };
            // SAFETY: as above, and nothing else uses `tick` meanwhile.
            let result = unsafe { handler.borrow().0.lend(lent, || self.change(py, sql)) };
            // A connection that was closed meanwhile has no handler either.
            let _ = self.watch(py, None);
            result
        })
    }
}

impl Sqlite {
    fn change(&self, py: Python<'_>, sql: &str) -> Result<u64> {
        // Rows are thrown away here. An EXPLAIN of a database in UTF-16 has texts that sqlite3 could not decode.
        let connection = self.connection.bind(py);
        let undecoded = matches!(self.uncached(sql), Cow::Owned(_));
        if undecoded {
            let _ = connection.setattr("text_factory", py.get_type::<PyBytes>());
        }
        let changed = self.run(py, Whose::Apps, sql, &[], &mut |_| Ok(()));
        if undecoded {
            let _ = connection.setattr("text_factory", py.get_type::<PyString>());
        }
        Ok(u64::try_from(changed?).unwrap_or(0))
    }

    fn watch(&self, py: Python<'_>, handler: Option<&Bound<'_, Tick>>) -> PyResult<()> {
        let connection = self.connection.bind(py);
        connection.call_method1("set_progress_handler", (handler, INSTRUCTIONS_PER_TICK)).map(|_| ())
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // It is not kept open by this.
        self.used.set(None);
    }
}

/// sqlite3 waits so long where the database is locked, and asks again, without an end: it is ended here.
const SECONDS_BETWEEN: f64 = 0.05;
const TIMES_LOCKED: u32 = 100;

// <https://sqlite.org/rescode.html>
const ERROR: i32 = 1;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const INTERRUPT: i32 = 9;
const DONE: i32 = 101;

type StepFn = dyn FnMut(u64, u64) -> ControlFlow<()>;

/// What sqlite3 calls while it copies; an exception ends the copy.
#[pyclass(unsendable)]
#[derive(Default)]
struct Progress {
    step: Lent<StepFn>,
    /// The database is what is written: when all of it is, there is nothing to stop.
    restores: bool,
    locked: Cell<u32>,
    /// The result code with which it was stopped.
    stopped: Cell<Option<i32>>,
}

#[pymethods]
impl Progress {
    fn __call__(&self, status: i32, remaining: i64, total: i64) -> PyResult<()> {
        let [left, pages] = [remaining, total].map(|count| u64::try_from(count).unwrap_or(0));
        let asked = self.step.with(|step| step(pages.saturating_sub(left), pages));
        self.locked.set(if matches!(status, BUSY | LOCKED) { self.locked.get() + 1 } else { 0 });
        if self.locked.get() > TIMES_LOCKED {
            self.stopped.set(Some(status));
        } else if asked.is_some_and(|asked| asked.is_break()) && !(self.restores && status == DONE) {
            self.stopped.set(Some(INTERRUPT));
        }
        match self.stopped.get() {
            Some(_) => Err(PyRuntimeError::new_err("limbeck stops the copy")),
            None => Ok(()),
        }
    }
}

type TickFn = dyn FnMut() -> ControlFlow<()>;

/// What sqlite3 calls while a statement runs; a true answer interrupts it.
#[pyclass(unsendable)]
#[derive(Default)]
struct Tick(Lent<TickFn>);

#[pymethods]
impl Tick {
    fn __call__(&self) -> bool {
        self.0.with(|tick| tick().is_break()).unwrap_or(false)
    }
}

fn to_python<'py>(py: Python<'py>, value: &Value) -> Bound<'py, PyAny> {
    match value {
        Value::Null => py.None().into_bound(py),
        Value::Integer(value) => PyInt::new(py, *value).into_any(),
        Value::Real(value) => PyFloat::new(py, *value).into_any(),
        Value::Text(value) => PyString::new(py, value).into_any(),
        Value::Blob(value) => PyBytes::new(py, value).into_any(),
    }
}

fn to_core(value: &Bound<'_, PyAny>) -> Result<Value> {
    let odd = |_| {
        let kind = value.get_type();
        Error::new(ErrorKind::Contract, format!("the connection converts values: {kind} came back"))
            .with_hint(
                "select an expression, such as 1, where the query is yours, or connect without detect_types",
            )
    };
    if let Ok(text) = value.cast::<PyString>() {
        text.extract().map(Value::Text).map_err(odd)
    } else if value.is_none() {
        Ok(Value::Null)
    } else if value.is_instance_of::<PyInt>() {
        value.extract().map(Value::Integer).map_err(odd)
    } else if value.is_instance_of::<PyFloat>() {
        value.extract().map(Value::Real).map_err(odd)
    } else {
        value.extract().map(Value::Blob).map_err(odd)
    }
}
