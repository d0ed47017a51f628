//! A database that is newer than the app: what is known of it, and the three things that an app can do.

use litemap::LiteMap;
use serde::{Deserialize, Serialize};

use super::jobs::{self, Scripts};
use crate::db::{Database, Value};
use crate::error::{Error, ErrorKind, Result};
use crate::execute::{Job, Options};
use crate::graph::{Plan, Revision, RevisionGraph};
use crate::history::Record;
use crate::report::NewerRevision;
use crate::script::{StoredDowngrade, stored_script_refused};

/// What an app does with a database that has revisions which its own folder does not: a newer version
/// of the app was there. In every case nothing is written before it is decided, and
/// [`Error::newer`] or [`Report::newer`](crate::Report::newer) tells what was met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewerDatabase {
    /// [`ErrorKind::DatabaseNewer`].
    #[default]
    Refuse,
    /// Use it as it is, where each of those revisions leaves older apps working, as its SQL or its
    /// header tells; refuse it elsewhere. Nothing is written.
    RunOn,
    /// Take those revisions back with the downgrade scripts that the database has kept. What they
    /// throw away is gone: ask the user, and keep a backup. The scripts come with the file, so they
    /// may only change this database: no `ATTACH`, no files, no functions or modules of the app's;
    /// where SQLite cannot list those (`PRAGMA function_list`), nothing runs.
    TakeDown,
}

/// What was met.
pub(super) struct Met {
    /// Those revisions of which the database has a record.
    records: LiteMap<String, Record>,
    /// Those of which it has none.
    bare: Vec<String>,
    /// What they stand on in the folder, and the version rows that it knows.
    below: Vec<String>,
}

impl Met {
    /// What stands between the version rows and the folder. Reads only.
    pub fn new(
        options: &Options,
        graph: &RevisionGraph,
        db: &mut dyn Database,
        rows: &[String],
    ) -> Result<Met> {
        let mut met = Met { records: LiteMap::new(), bare: Vec::new(), below: Vec::new() };
        let mut stack = rows.to_vec();
        while let Some(revision) = stack.pop() {
            if graph.get(&revision).is_some() {
                met.below.push(revision);
            } else if !met.records.contains_key(&revision) && !met.bare.contains(&revision) {
                match options.history().applied(db, &revision)? {
                    Some(record) => {
                        stack.extend(record.revises.iter().chain(&record.depends_on).cloned());
                        met.records.insert(revision, record);
                    }
                    None => met.bare.push(revision),
                }
            }
        }
        met.below.sort();
        met.below.dedup();
        Ok(met)
    }

    /// What those revisions stand on in the folder, and the version rows that it knows.
    pub fn below(&self) -> &[String] {
        &self.below
    }

    /// As data, in the order in which they were applied.
    pub fn newer(&self) -> Vec<NewerRevision> {
        let mut records: Vec<&Record> = self.records.values().collect();
        records.sort_by_key(|record| record.id);
        let unknown = |revision: &String| NewerRevision {
            revision: revision.clone(),
            message: String::new(),
            applied_at: None,
            app_version: None,
            compatible: None,
            has_downgrade: false,
        };
        let known = records.into_iter().map(|record| NewerRevision {
            revision: record.revision.clone(),
            message: record.message.clone(),
            applied_at: Some(record.applied_at.clone()),
            app_version: record.app_version.clone(),
            compatible: record.compatible,
            has_downgrade: record.downgrade.is_some(),
        });
        self.bare.iter().map(unknown).chain(known).collect()
    }

    /// What an app that runs on takes for the version rows.
    ///
    /// Errors: [`ErrorKind::DatabaseNewer`] where a revision might not leave older apps working.
    pub fn above_floor(&self, graph: &RevisionGraph) -> Result<Vec<String>> {
        let newer = self.newer();
        match newer.iter().find(|revision| revision.compatible != Some(true)) {
            None => graph.newest(&self.below),
            Some(NewerRevision { revision, compatible: Some(_), .. }) => {
                Err(self.error(&format!("; revision {revision} is not compatible with older apps")))
            }
            Some(NewerRevision { revision, .. }) => {
                Err(self
                    .error(&format!("; whether revision {revision} leaves older apps working is not known")))
            }
        }
    }

    /// The error; `why` goes on after the message.
    pub fn error(&self, why: &str) -> Error {
        let newer = self.newer();
        let names: Vec<&str> = newer.iter().map(|revision| revision.revision.as_str()).collect();
        let (last, many) = (newer.last(), if names.len() == 1 { "revision" } else { "revisions" });
        let how = match last.map(|last| (&last.applied_at, &last.app_version)) {
            Some((Some(when), Some(app))) => format!(", applied by version {app} of the app at {when}"),
            Some((Some(when), None)) => format!(", applied at {when}"),
            _ => String::new(),
        };
        let list = names.join(", ");
        let error = Error::new(
            ErrorKind::DatabaseNewer,
            format!("the database is at {many} {list}, which these migrations do not have{how}{why}"),
        )
        .with_hint(format!(
            "use the newer version of the app or the folder that has it, choose another --newer-database, or restore a backup ('limbeck restore'); if it is gone for good, 'limbeck stamp --purge' sets another than {list}"
        ));
        match names.last() {
            Some(last) => error.in_revision(*last).with_newer(newer),
            None => error,
        }
    }

    /// The jobs that take those revisions back, and the version rows after them.
    ///
    /// Errors: [`ErrorKind::DatabaseNewer`] where the database has no record of one,
    /// [`ErrorKind::NoDowngrade`], [`ErrorKind::StoredScriptRefused`].
    pub fn take_down(
        &self,
        scripts: Scripts<'_>,
        db: &mut dyn Database,
        rows: &[String],
    ) -> Result<(Vec<Job>, Vec<String>)> {
        if let Some(bare) = self.bare.first() {
            return Err(self.error(&format!("; of {bare} the database has no record")));
        }
        let revision = |record: &Record| Revision {
            depends_on: record.depends_on.clone(),
            message: record.message.clone(),
            revises: record.revises.clone(),
            ..Revision::new(&record.revision, &[])
        };
        let all =
            scripts.graph.revisions().iter().cloned().chain(self.records.values().map(revision)).collect();
        let ids: Vec<&str> = self.records.keys().map(String::as_str).collect();
        let plan: Plan = RevisionGraph::new(all)?.without(rows, &ids)?;
        let mut jobs = Vec::new();
        for step in &plan.steps {
            let record = step.revision.as_ref().and_then(|revision| self.records.get(revision));
            // What stands on them is no revision of the folder: a folder has all that its own stand on.
            let Some(record) = record else { return Err(self.error("; the folder has what stands on them")) };
            let (text, checksum) =
                record.downgrade.as_ref().ok_or_else(|| no_stored_downgrade(&record.revision))?;
            let stored = StoredDowngrade::parse(&record.revision, text, checksum)?;
            refuse_registered(db, &record.revision, &stored)?;
            jobs.push(jobs::stored_job(step, record, stored.section));
        }
        let after = plan.rows_after(plan.steps.len());
        Ok((jobs, after))
    }
}

/// All that leads from version rows to a target: down from what the folder does not know, then up.
pub(super) fn take_down(
    scripts: Scripts<'_>,
    options: &Options,
    db: &mut dyn Database,
    rows: &[String],
    target: &str,
) -> Result<Vec<Job>> {
    let met = Met::new(options, scripts.graph, db, rows)?;
    let (mut jobs, below) = met.take_down(scripts, db, rows)?;
    let plan = scripts.graph.upgrade(&below, target)?;
    jobs.extend(jobs::jobs(scripts, options, db, &plan)?);
    Ok(jobs)
}

/// Its author has written none, and who meets it here cannot.
fn no_stored_downgrade(revision: &str) -> Error {
    Error::new(ErrorKind::NoDowngrade, format!("revision {revision} has no downgrade"))
        .in_revision(revision)
        .with_hint("use the newer version of the app, or restore a backup ('limbeck restore')")
}

/// Refuses a script that could reach what the app has registered, or another database.
fn refuse_registered(db: &mut dyn Database, revision: &str, stored: &StoredDowngrade) -> Result<()> {
    let others = "SELECT 1 FROM pragma_database_list WHERE name NOT IN ('main', 'temp')";
    if db.any(others, &[])? {
        return Err(stored_script_refused(revision, "other databases are attached, which it could change")
            .with_hint("detach them before limbeck runs"));
    }
    for (list, names, what) in [
        ("pragma_function_list", &stored.called, "function"),
        ("pragma_module_list", &stored.named, "module"),
    ] {
        // Each list names something in every build that has it.
        let lists = db.any(&format!("SELECT 1 FROM {list}"), &[]).unwrap_or(false);
        for name in names {
            if !lists {
                return Err(stored_script_refused(
                    revision,
                    &format!("this SQLite does not say whether {name} is a {what} of the app's"),
                ));
            }
            let registered = format!("SELECT 1 FROM {list} WHERE name = ?1 COLLATE NOCASE");
            if db.any(&registered, &[Value::from(name.as_str())])? {
                return Err(stored_script_refused(revision, &format!("it uses the {what} {name}")));
            }
        }
    }
    Ok(())
}
