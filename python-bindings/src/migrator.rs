//! The core's verbs, a call each. Results are the core's own data (`data`), which `limbeck` reads into objects.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use limbeck::diff::Options;
use limbeck::script::{Folder, Header, Joined};
use limbeck::{
    Backup, Backups, Code, CodeStep, Error, ErrorKind, Event, NewerDatabase, QuickCheck, RebuildMode, Report,
    Room, Side, TransactionMode,
};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::PyString;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::connection::{Sqlite, Used};
use crate::data::data;
use crate::errors::{Raised, to_python};
use crate::step::Step;

/// What `data` makes of what the core answers.
type Answer = Py<PyAny>;

/// A revision whose body is Python, as `limbeck._versions` has read it.
#[derive(FromPyObject)]
pub struct CodeFile {
    name: String,
    text: String,
    revision: Option<String>,
    revises: Option<Vec<String>>,
    branch_labels: Vec<String>,
    depends_on: Vec<String>,
    message: Option<String>,
    created: Option<String>,
    up: Py<PyAny>,
    down: Option<Py<PyAny>>,
}

impl CodeFile {
    pub fn into_code(self, raised: &Raised, used: &Used) -> Code<'static> {
        let header = Header {
            revision: self.revision,
            revises: self.revises,
            branch_labels: self.branch_labels,
            depends_on: self.depends_on,
            message: self.message,
            created: self.created,
            ..Header::default()
        };
        let code = Code::new(self.name, header, body(self.up, raised, used)).text(self.text);
        match self.down {
            Some(down) => code.down(body(down, raised, used)),
            None => code,
        }
    }
}

/// What a dict or a list of pairs holds.
fn files(pairs: &Bound<'_, PyAny>, raised: &Raised) -> limbeck::Result<Joined> {
    let mut files = Joined::default();
    for pair in pairs.try_iter().map_err(|_| odd("the list of migrations", pairs).with_hint(MIGRATIONS))? {
        let pair = pair.map_err(|error| {
            let told = Error::new(ErrorKind::SourceUnreadable, error.to_string());
            raised.keep(error);
            told
        })?;
        // A str is a sequence too.
        let [name, text] = (!pair.is_instance_of::<PyString>())
            .then(|| pair.extract::<[Bound<'_, PyAny>; 2]>().ok())
            .flatten()
            .ok_or_else(|| odd("a migration", &pair).with_hint(MIGRATIONS))?;
        let name = name.extract::<PyBackedStr>().map_err(|_| {
            odd("the name of a migration", &name).with_hint("give a str, such as '0001_notes.sql'")
        })?;
        let text = text.extract::<PyBackedStr>().map_err(|_| {
            odd(&format!("the text of '{name}'"), &text)
                .with_hint("give the SQL of each migration as a str, without lone surrogates")
                .in_file(&*name)
        })?;
        if name.ends_with(".py") {
            let told = Error::new(
                ErrorKind::SourceUnreadable,
                format!("'{name}' is Python's, and its text is not SQL"),
            );
            return Err(told.with_hint("give the folder that the file lies in").in_file(&*name));
        }
        files.push(&name, &text);
    }
    Ok(files)
}

/// What is in the place of a list, a pair, or a str that has UTF-8.
fn odd(what: &str, found: &Bound<'_, PyAny>) -> Error {
    let message = match found.get_type().name() {
        Ok(name) if name != "str" || what == "a migration" => format!("{what} is of type {name}"),
        _ => format!("{what} is no UTF-8"),
    };
    Error::new(ErrorKind::SourceUnreadable, message)
}

const MIGRATIONS: &str = "give a folder, a dict of names and SQL, or a list of pairs of both";

fn body(
    function: Py<PyAny>,
    raised: &Raised,
    used: &Used,
) -> impl Fn(&mut CodeStep<'_>) -> limbeck::Result<()> + 'static {
    let (raised, used) = (raised.clone(), used.clone());
    move |step| {
        Python::attach(|py| {
            Step::call(py, &function, step, &raised, &used).map_err(|error| {
                let message = error.value(py).to_string();
                raised.keep(error);
                Error::new(ErrorKind::CodeFailed, message)
            })
        })
    }
}

/// What is told of a run's progress, while there is one.
#[derive(Clone, Default)]
struct OnEvent(Arc<Mutex<Option<Py<PyAny>>>>);

impl OnEvent {
    fn set(&self, function: Option<Py<PyAny>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = function;
    }

    fn get(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        let function = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        function.as_ref().map(|function| function.clone_ref(py))
    }
}

/// The core's migrator, which an app may make on one thread and use on another.
struct Core(limbeck::Migrator<'static>);

// SAFETY: all that the migrator holds may be sent: data (its source is a list of its own), and closures that own `Py`, `Raised` and
// `OnEvent`. Only the core's boxes do not say so, for it takes closures of any kind.
unsafe impl Send for Core {}
// SAFETY: as above: `Py` and the two others may be shared, and the closures of revisions change nothing.
unsafe impl Sync for Core {}

/// The core's `Migrator`. `limbeck.Migrator` is what an app uses.
#[pyclass(module = "limbeck._limbeck")]
pub struct Migrator {
    core: Core,
    on_event: OnEvent,
    raised: Raised,
    used: Used,
}

#[pymethods]
impl Migrator {
    #[new]
    #[pyo3(signature = (folder, files, code, *, app_version=None, version_table=None, keep_history=true, rebuild=None, transaction=None, newer_database=None, backups=None, keep_backups=None, check_room=true, quick_check=None, trust_schema=false, keep_user_version=false))]
    #[expect(clippy::too_many_arguments, reason = "each is an option of the core's")]
    fn new(
        py: Python<'_>,
        folder: Option<PathBuf>,
        files: &Bound<'_, PyAny>,
        code: Vec<CodeFile>,
        app_version: Option<String>,
        version_table: Option<String>,
        keep_history: bool,
        rebuild: Option<&str>,
        transaction: Option<&str>,
        newer_database: Option<&str>,
        backups: Option<PathBuf>,
        keep_backups: Option<usize>,
        check_room: bool,
        quick_check: Option<&str>,
        trust_schema: bool,
        keep_user_version: bool,
    ) -> PyResult<Migrator> {
        let (raised, used) = (Raised::default(), Used::default());
        let make = || -> limbeck::Result<limbeck::Migrator<'static>> {
            let code = code.into_iter().map(|file| file.into_code(&raised, &used)).collect();
            let mut core = match folder {
                Some(folder) => limbeck::Migrator::with_code(Folder(folder), code)?,
                None => limbeck::Migrator::with_code(self::files(files, &raised)?, code)?,
            };
            if let Some(version) = app_version {
                core = core.app_version(version);
            }
            if let Some(table) = version_table {
                core = core.version_table(table);
            }
            if let Some(mode) = rebuild {
                core = core.rebuild(named::<RebuildMode>("rebuild", mode)?);
            }
            if let Some(mode) = transaction {
                core = core.transaction(named::<TransactionMode>("transaction", mode)?);
            }
            if let Some(choice) = newer_database {
                core = core.newer_database(named::<NewerDatabase>("newer_database", choice)?);
            }
            if let Some(folder) = backups {
                let backups = Backups::new(folder);
                core = core.backup(keep_backups.map_or(backups.clone(), |count| backups.keep(count)));
            }
            if !check_room {
                core = core.room(Room::new(|_| None));
            }
            if let Some(when) = quick_check {
                core = core.quick_check(named::<QuickCheck>("quick_check", when)?);
            }
            Ok(core
                .keep_history(keep_history)
                .trust_schema(trust_schema)
                .keep_user_version(keep_user_version))
        };
        let core = make().map_err(|error| to_python(py, &error, &raised))?;
        let on_event = OnEvent::default();
        let (listener, kept) = (on_event.clone(), raised.clone());
        let core = core.on_event(move |event| tell(&listener, &kept, event));
        Ok(Migrator { core: Core(core), on_event, raised, used })
    }

    fn cancel_handle(&self) -> CancelHandle {
        CancelHandle(self.core.0.cancel_handle())
    }

    fn upgrade(
        &mut self,
        py: Python<'_>,
        connection: Py<PyAny>,
        target: &str,
        on_event: Option<Py<PyAny>>,
    ) -> PyResult<Answer> {
        self.run(py, connection, on_event, |core, db| core.upgrade(db, target))
    }

    fn downgrade(
        &mut self,
        py: Python<'_>,
        connection: Py<PyAny>,
        target: &str,
        on_event: Option<Py<PyAny>>,
    ) -> PyResult<Answer> {
        self.run(py, connection, on_event, |core, db| core.downgrade(db, target))
    }

    fn stamp(
        &mut self,
        py: Python<'_>,
        connection: Py<PyAny>,
        targets: Vec<String>,
        purge: bool,
        on_event: Option<Py<PyAny>>,
    ) -> PyResult<Answer> {
        let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
        self.run(py, connection, on_event, |core, db| core.stamp(db, &targets, purge))
    }

    /// Takes a backup, and answers it.
    fn back_up(
        &mut self,
        py: Python<'_>,
        connection: Py<PyAny>,
        on_event: Option<Py<PyAny>>,
    ) -> PyResult<Answer> {
        self.on_event.set(on_event);
        self.raised.take();
        let taken = self.core.0.back_up(&mut self.connected(connection));
        self.on_event.set(None);
        self.answer(py, taken)
    }

    /// What a developer wants to know of a database on a user's machine; an empty one in memory is to find
    /// out what is pending.
    fn doctor(&self, py: Python<'_>, connection: Py<PyAny>, scratch: Py<PyAny>) -> PyResult<Answer> {
        self.raised.take();
        let [db, scratch] = &mut [connection, scratch].map(|one| self.connected(one));
        self.answer(py, Ok(self.core.0.doctor(db, scratch)))
    }

    /// The backups of a database, newest first: all, or those that the folder can open. Of one that is gone, by its path.
    fn backups(
        &self,
        py: Python<'_>,
        connection: Option<Py<PyAny>>,
        gone: Option<PathBuf>,
        compatible: bool,
    ) -> PyResult<Answer> {
        let list = || {
            let core = &self.core.0;
            let mut all = match connection {
                Some(connection) => core.backups(&mut self.connected(connection)),
                None => core.backups_of(&gone.unwrap_or_default()),
            }?;
            if compatible {
                core.graph()?;
                all.retain(|backup| core.can_open(backup));
            }
            Ok(all)
        };
        self.answer(py, list())
    }

    /// Raises where no backup has this path.
    fn refuse_no_backup(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        Backup::open(path).map(drop).map_err(|error| to_python(py, &error, &self.raised))
    }

    /// Puts the backup with this path in the database's place.
    fn restore(
        &mut self,
        py: Python<'_>,
        connection: Py<PyAny>,
        path: PathBuf,
        on_event: Option<Py<PyAny>>,
    ) -> PyResult<Answer> {
        self.run(py, connection, on_event, |core, db| core.restore(db, &Backup::open(path)?))
    }

    fn current(&self, py: Python<'_>, connection: Py<PyAny>) -> PyResult<Answer> {
        let result = self.core.0.current(&mut self.connected(connection));
        self.answer(py, result)
    }

    /// The version rows as they are.
    fn rows(&self, py: Python<'_>, connection: Py<PyAny>) -> PyResult<Vec<String>> {
        let rows = self.core.0.rows(&mut self.connected(connection));
        rows.map_err(|error| to_python(py, &error, &self.raised))
    }

    /// The revisions that an upgrade to `heads` would apply, in order.
    fn pending(&self, py: Python<'_>, connection: Py<PyAny>) -> PyResult<Answer> {
        let pending = self.core.0.pending(&mut self.connected(connection)).map(|plan| {
            let ids: Vec<&str> = plan.steps.iter().filter_map(|step| step.revision.as_deref()).collect();
            self.core.0.describe(&ids, &[])
        });
        self.answer(py, pending)
    }

    /// What an upgrade or a downgrade would do, which an empty database in memory is to find out.
    fn dry_run(
        &self,
        py: Python<'_>,
        connection: Py<PyAny>,
        scratch: Py<PyAny>,
        verb: &str,
        target: &str,
    ) -> PyResult<Answer> {
        self.raised.take();
        let [db, scratch] = &mut [connection, scratch].map(|one| self.connected(one));
        let plan = named("direction", verb)
            .and_then(|direction| self.core.0.dry_run(db, scratch, direction, target));
        self.answer(py, plan)
    }

    /// The differences between what the folder makes and a schema's text, found on two empty databases
    /// in memory.
    fn check(&self, py: Python<'_>, present: Py<PyAny>, wanted: Py<PyAny>, schema: &str) -> PyResult<Answer> {
        self.raised.take();
        let [present, wanted] = &mut [present, wanted].map(|one| self.connected(one));
        self.answer(py, self.core.0.check(present, wanted, schema))
    }

    /// What lies between the schemas of two databases; the options are JSON, or empty.
    #[pyo3(signature = (from, to, options, /))]
    fn diff(&self, py: Python<'_>, from: Py<PyAny>, to: Py<PyAny>, options: &str) -> PyResult<Answer> {
        self.raised.take();
        let [from, to] = &mut [from, to].map(|one| self.connected(one));
        let found = Options::from_json(options)
            .and_then(|options| self.core.0.diff(Side::Database(from), Side::Database(to), &options));
        self.answer(py, found)
    }

    /// Whether a database is what the folder makes, found on an empty database in memory.
    fn verify(&self, py: Python<'_>, connection: Py<PyAny>, scratch: Py<PyAny>) -> PyResult<Answer> {
        self.raised.take();
        let [db, scratch] = &mut [connection, scratch].map(|one| self.connected(one));
        self.answer(py, self.core.0.verify(db, scratch))
    }

    /// The fingerprint of a database's schema.
    fn fingerprint(&self, py: Python<'_>, connection: Py<PyAny>) -> PyResult<String> {
        let found = self.core.0.fingerprint(&mut self.connected(connection));
        found.map_err(|error| to_python(py, &error, &self.raised))
    }

    /// Makes limbeck's own tables, and answers whether any was missing.
    fn ensure_version(&self, py: Python<'_>, connection: Py<PyAny>) -> PyResult<bool> {
        let made = self.core.0.ensure_version(&mut self.connected(connection));
        made.map_err(|error| to_python(py, &error, &self.raised))
    }

    /// Raises unless the database is at every head.
    fn check_heads(&self, py: Python<'_>, connection: Py<PyAny>) -> PyResult<()> {
        let result = self.core.0.check_heads(&mut self.connected(connection));
        result.map_err(|error| to_python(py, &error, &self.raised))
    }

    /// The revisions that several others revise.
    fn branches(&self, py: Python<'_>) -> PyResult<Answer> {
        let points = self.graph(py)?.branch_points();
        let ids: Vec<&str> = points.iter().map(|(id, _)| *id).collect();
        self.answer(py, Ok(self.core.0.describe(&ids, &[])))
    }

    /// The script of a run over a range, which is run on an empty database in memory.
    fn sql(&self, py: Python<'_>, scratch: Py<PyAny>, verb: &str, range: &str) -> PyResult<String> {
        self.raised.take();
        let scratch = &mut self.connected(scratch);
        let text = named("direction", verb).and_then(|direction| self.core.0.sql(scratch, direction, range));
        text.map_err(|error| to_python(py, &error, &self.raised))
    }

    /// The revisions of a range, newest first.
    fn history(&self, py: Python<'_>, range: &str, rows: Vec<String>) -> PyResult<Answer> {
        self.answer(py, self.core.0.revisions(range, &rows))
    }

    /// What nothing follows; or, resolving dependencies, what nothing depends on either.
    fn heads(&self, py: Python<'_>, resolve_dependencies: bool) -> PyResult<Answer> {
        let graph = self.graph(py)?;
        let heads = if resolve_dependencies { graph.heads_resolving_dependencies() } else { graph.heads() };
        self.answer(py, Ok(self.core.0.describe(&heads, &[])))
    }

    /// The revisions that a target names.
    fn show(&self, py: Python<'_>, target: &str) -> PyResult<Answer> {
        let found = self.graph(py)?.resolve(target);
        self.answer(py, found.map(|found| self.core.0.describe(&found, &[])))
    }

    /// The heads that a merge of these targets revises.
    fn merge(&self, py: Python<'_>, targets: Vec<String>, splice: bool) -> PyResult<Vec<String>> {
        let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
        let found = self.graph(py)?.merge(&targets, splice);
        found
            .map(|found| found.into_iter().map(str::to_owned).collect())
            .map_err(|error| to_python(py, &error, &self.raised))
    }

    /// The revisions that revise this one.
    fn children(&self, py: Python<'_>, revision: &str) -> PyResult<Vec<String>> {
        Ok(self.graph(py)?.children(revision).into_iter().map(str::to_owned).collect())
    }

    /// The labels of the branches that a revision lies in.
    fn labels(&self, py: Python<'_>, revision: &str) -> PyResult<Vec<String>> {
        Ok(self.graph(py)?.labels(revision).into_iter().map(str::to_owned).collect())
    }

    /// Reads every body that is SQL.
    fn validate(&self, py: Python<'_>) -> PyResult<()> {
        self.core.0.validate().map_err(|error| to_python(py, &error, &self.raised))
    }
}

impl Migrator {
    fn graph(&self, py: Python<'_>) -> PyResult<&limbeck::graph::RevisionGraph> {
        self.core.0.graph().map_err(|error| to_python(py, &error, &self.raised))
    }

    fn connected(&self, connection: Py<PyAny>) -> Sqlite {
        Sqlite::new(connection, self.raised.clone(), self.used.clone())
    }

    fn run(
        &mut self,
        py: Python<'_>,
        connection: Py<PyAny>,
        on_event: Option<Py<PyAny>>,
        verb: impl FnOnce(&mut limbeck::Migrator<'static>, &mut Sqlite) -> limbeck::Result<Report>,
    ) -> PyResult<Answer> {
        self.on_event.set(on_event);
        self.raised.take();
        let mut db = self.connected(connection);
        let result = verb(&mut self.core.0, &mut db);
        self.on_event.set(None);
        self.answer(py, result)
    }

    fn answer(&self, py: Python<'_>, result: limbeck::Result<impl Serialize>) -> PyResult<Answer> {
        match result {
            Ok(value) => data(py, &value).map(Bound::unbind),
            Err(error) => Err(to_python(py, &error, &self.raised)),
        }
    }
}

/// Cancels runs from another thread, while the migrator itself is busy.
#[pyclass(frozen, module = "limbeck")]
pub struct CancelHandle(limbeck::CancelHandle);

#[pymethods]
impl CancelHandle {
    fn cancel(&self) {
        self.0.cancel();
    }

    fn reset(&self) {
        self.0.reset();
    }

    #[getter]
    fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// Hands an event to Python. Signals are looked for here, so that Ctrl-C reaches a long statement.
fn tell(listener: &OnEvent, raised: &Raised, event: &Event<'_>) -> ControlFlow<()> {
    let ask = |py: Python<'_>| -> PyResult<bool> {
        py.check_signals()?;
        let (Some(function), false) = (listener.get(py), *event == Event::Working) else { return Ok(true) };
        function.call1(py, (data(py, event)?,))?.extract(py)
    };
    match Python::attach(ask) {
        Ok(true) => ControlFlow::Continue(()),
        Ok(false) => ControlFlow::Break(()),
        Err(error) => {
            raised.keep(error);
            ControlFlow::Break(())
        }
    }
}

/// An option by its name, as the settings file spells it.
pub fn named<T: DeserializeOwned>(option: &str, name: &str) -> limbeck::Result<T> {
    serde_json::from_value(serde_json::Value::from(name))
        .map_err(|error| Error::new(ErrorKind::BadSetting, format!("{option} = {name:?}: {error}")))
}
