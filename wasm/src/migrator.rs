//! The core's verbs, a call each. Results are the core's own JSON, which `js/` reads into objects.

use std::cell::{Ref, RefCell};
use std::ops::ControlFlow;
use std::rc::Rc;

use js_sys::Function;
use limbeck::diff::{self, Filter, Rename};
use limbeck::{Error, ErrorKind, Event, Report, Side};
use limbeck_wasm_adapter::{Adapter, Chosen, Coded, Options, Raised, Sqlite, files, json, named, thrown};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::code;

/// What is told of a run's progress, while there is one.
type OnEvent = Rc<RefCell<Option<Function>>>;

/// A list of migrations, ready to be brought to databases.
#[wasm_bindgen]
pub struct Migrator {
    core: RefCell<limbeck::Migrator<'static>>,
    on_event: OnEvent,
    raised: Raised,
}

type Answer<T = String> = Result<T, JsValue>;

#[wasm_bindgen]
impl Migrator {
    /// `joined` and `lengths` are the migrations: see [`files`].
    #[wasm_bindgen(constructor)]
    pub fn new(joined: &str, lengths: &[u32], code: Vec<Coded>, options: &Options) -> Answer<Migrator> {
        let raised = Raised::default();
        let make = || -> limbeck::Result<limbeck::Migrator<'static>> {
            let code = code.iter().map(|coded| code::revision(coded, &raised)).collect();
            Ok(with(limbeck::Migrator::with_code(files(joined, lengths), code)?, options.chosen()?))
        };
        let core = make().map_err(|error| thrown(&error, &raised))?;
        let on_event = OnEvent::default();
        let (listener, kept) = (on_event.clone(), raised.clone());
        let core = RefCell::new(core.on_event(move |event| tell(&listener, &kept, event)));
        Ok(Migrator { core, on_event, raised })
    }

    pub fn upgrade(&self, db: Adapter, target: &str, on_event: Option<Function>) -> Answer {
        self.run(db, on_event, |core, db| core.upgrade(db, target))
    }

    pub fn downgrade(&self, db: Adapter, target: &str, on_event: Option<Function>) -> Answer {
        self.run(db, on_event, |core, db| core.downgrade(db, target))
    }

    pub fn stamp(
        &self,
        db: Adapter,
        targets: Vec<String>,
        purge: bool,
        on_event: Option<Function>,
    ) -> Answer {
        let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
        self.run(db, on_event, |core, db| core.stamp(db, &targets, purge))
    }

    pub fn current(&self, db: Adapter) -> Answer {
        self.answer(|core| core.current(&mut self.database(db)))
    }

    /// The revisions that an upgrade to `heads` would apply, in order.
    pub fn pending(&self, db: Adapter) -> Answer {
        self.answer(|core| {
            let plan = core.pending(&mut self.database(db))?;
            let ids: Vec<&str> = plan.steps.iter().filter_map(|step| step.revision.as_deref()).collect();
            Ok(core.describe(&ids, &[]))
        })
    }

    /// What an upgrade or a downgrade would do, which an empty database in memory is to find out.
    pub fn plan(&self, db: Adapter, scratch: Adapter, verb: &str, target: &str) -> Answer {
        self.answer(|core| {
            let direction = named("direction", verb)?;
            core.dry_run(&mut self.database(db), &mut self.database(scratch), direction, target)
        })
    }

    /// The differences between what the migrations make and a schema's text, found on two empty
    /// databases in memory.
    pub fn check(&self, present: Adapter, wanted: Adapter, schema: &str) -> Answer {
        self.answer(|core| core.check(&mut self.database(present), &mut self.database(wanted), schema))
    }

    /// What lies between the schemas of two databases.
    pub fn diff(
        &self,
        from: Adapter,
        to: Adapter,
        renames: Vec<String>,
        include: Vec<String>,
        exclude: Vec<String>,
        column_order: bool,
    ) -> Answer {
        self.answer(|core| {
            let renames = renames.iter().map(|text| Rename::parse(text)).collect::<limbeck::Result<_>>()?;
            let options = diff::Options { renames, filter: Filter { include, exclude }, column_order };
            let (from, to) = (&mut self.database(from), &mut self.database(to));
            core.diff(Side::Database(from), Side::Database(to), &options)
        })
    }

    /// Whether a database is what the migrations make, found on an empty one in memory.
    pub fn verify(&self, db: Adapter, scratch: Adapter) -> Answer {
        self.answer(|core| core.verify(&mut self.database(db), &mut self.database(scratch)))
    }

    /// What a developer wants to know of a database on a user's machine; an empty one in memory is to find
    /// out what is pending.
    pub fn doctor(&self, db: Adapter, scratch: Adapter) -> Answer {
        self.answer(|core| Ok(core.doctor(&mut self.database(db), &mut self.database(scratch))))
    }

    /// The fingerprint of a database's schema.
    pub fn fingerprint(&self, db: Adapter) -> Answer {
        self.answer(|core| core.fingerprint(&mut self.database(db)))
    }

    /// The script of a run over a range, which is run on an empty database in memory.
    pub fn sql(&self, scratch: Adapter, verb: &str, range: &str) -> Answer {
        self.answer(|core| core.sql(&mut self.database(scratch), named("direction", verb)?, range))
    }

    /// Makes limbeck's own tables, and answers whether any was missing.
    #[wasm_bindgen(js_name = ensureVersion)]
    pub fn ensure_version(&self, db: Adapter) -> Answer {
        self.answer(|core| core.ensure_version(&mut self.database(db)))
    }

    /// Throws unless the database is at every head.
    #[wasm_bindgen(js_name = checkHeads)]
    pub fn check_heads(&self, db: Adapter) -> Answer {
        self.answer(|core| core.check_heads(&mut self.database(db)))
    }

    /// The revisions of a range, newest first; with a database, where it is at is marked.
    pub fn history(&self, range: &str, db: Option<Adapter>) -> Answer {
        self.answer(|core| {
            let rows = match db {
                Some(db) => core.rows(&mut self.database(db))?,
                None => Vec::new(),
            };
            core.revisions(range, &rows)
        })
    }

    /// What nothing follows; or, resolving dependencies, what nothing depends on either.
    pub fn heads(&self, resolve_dependencies: bool) -> Answer {
        self.answer(|core| {
            let graph = core.graph()?;
            let heads =
                if resolve_dependencies { graph.heads_resolving_dependencies() } else { graph.heads() };
            Ok(core.describe(&heads, &[]))
        })
    }

    /// The revisions that several others revise.
    pub fn branches(&self) -> Answer {
        self.answer(|core| {
            let points = core.graph()?.branch_points();
            let ids: Vec<&str> = points.iter().map(|(id, _)| *id).collect();
            Ok(core.describe(&ids, &[]))
        })
    }

    /// The revisions that a target names.
    pub fn show(&self, target: &str) -> Answer {
        self.answer(|core| Ok(core.describe(&core.graph()?.resolve(target)?, &[])))
    }

    /// The heads that a merge of these targets would revise.
    pub fn merge(&self, targets: Vec<String>) -> Answer {
        let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
        self.answer(|core| {
            let heads = core.graph()?.merge(&targets, false)?;
            Ok(heads.into_iter().map(str::to_owned).collect::<Vec<_>>())
        })
    }

    /// Reads every body that is SQL.
    pub fn validate(&self) -> Answer {
        self.answer(|core| core.validate())
    }
}

impl Migrator {
    fn database(&self, adapter: Adapter) -> Sqlite {
        Sqlite::new(adapter, &self.raised)
    }

    fn run(
        &self,
        db: Adapter,
        on_event: Option<Function>,
        verb: impl FnOnce(&mut limbeck::Migrator<'static>, &mut Sqlite) -> limbeck::Result<Report>,
    ) -> Answer {
        let Ok(mut core) = self.core.try_borrow_mut() else { return Err(self.busy()) };
        self.raised.take();
        self.on_event.replace(on_event);
        let result = verb(&mut core, &mut self.database(db));
        self.on_event.replace(None);
        self.told(result.map(|report| report.to_json()))
    }

    fn answer<T: Serialize>(
        &self,
        ask: impl FnOnce(&limbeck::Migrator<'static>) -> limbeck::Result<T>,
    ) -> Answer {
        let core = self.idle()?;
        self.told(ask(&core).map(|found| json(&found)))
    }

    // What is the same for each type of answer is compiled once.
    fn idle(&self) -> Answer<Ref<'_, limbeck::Migrator<'static>>> {
        let core = self.core.try_borrow().map_err(|_| self.busy())?;
        self.raised.take();
        Ok(core)
    }

    fn told(&self, answer: limbeck::Result<String>) -> Answer {
        answer.map_err(|error| thrown(&error, &self.raised))
    }

    fn busy(&self) -> JsValue {
        let error = Error::new(ErrorKind::TransactionOpen, "this migrator is running already")
            .with_hint("call it when the run is over, or make another one");
        thrown(&error, &Raised::default())
    }
}

/// Hands an event over, as JSON. What is answered says whether to go on.
fn tell(listener: &OnEvent, raised: &Raised, event: &Event<'_>) -> ControlFlow<()> {
    let Some(function) = listener.borrow().clone() else { return ControlFlow::Continue(()) };
    match function.call1(&JsValue::NULL, &json(event).into()) {
        Ok(answer) if answer.is_truthy() => ControlFlow::Continue(()),
        Ok(_) => ControlFlow::Break(()),
        Err(error) => {
            raised.keep(error);
            ControlFlow::Break(())
        }
    }
}

/// The core with what the app has chosen.
fn with(mut core: limbeck::Migrator<'static>, chosen: Chosen) -> limbeck::Migrator<'static> {
    if let Some(version) = chosen.app_version {
        core = core.app_version(version);
    }
    if let Some(table) = chosen.version_table {
        core = core.version_table(table);
    }
    if let Some(mode) = chosen.rebuild {
        core = core.rebuild(mode);
    }
    if let Some(mode) = chosen.transaction {
        core = core.transaction(mode);
    }
    if let Some(choice) = chosen.newer_database {
        core = core.newer_database(choice);
    }
    if let Some(when) = chosen.quick_check {
        core = core.quick_check(when);
    }
    core.trust_schema(chosen.trust_schema).keep_user_version(chosen.keep_user_version)
}
