//! A folder looked at for what will hurt. Its texts are read in the order in which they run, and it
//! is replayed, so that each statement can be judged by the schema of its moment.

use std::cell::RefCell;

use super::jobs::Scripts;
use super::rehearse::empty;
use super::{Migrator, run_quietly};
use crate::db::Database;
use crate::error::{Error, Result};
use crate::execute::{Code, CodeStep, Options};
use crate::graph::RevisionGraph;
use crate::lint::{self, Earlier, Finding, Findings, Levels, Moments, Place, Rule};
use crate::script::{Header, Script};

/// What runs in place of a revision's own text.
type Upgrade<'a> = Box<dyn Fn(&mut CodeStep<'_>) -> Result<()> + 'a>;

impl Migrator<'_> {
    /// What in the folder will hurt: traps of SQLite, patterns that fail or lose rows at a user's, each
    /// with its place, the reason and the way out. In the order in which the revisions run.
    ///
    /// `scratch` is an empty database in memory, of the app's own kind, into which the folder is
    /// replayed; where a revision fails there, that is a finding, and those behind it are judged by
    /// their texts alone. `live`, a database that the folder has migrated, is read only: its record
    /// tells which applied revisions have another text now. A comment in a file allows a rule there
    /// ([`lint`](crate::lint)), and `levels` says how much each weighs.
    ///
    /// Errors: the `graph.*` kinds; [`ErrorKind::Contract`](crate::ErrorKind::Contract) where `scratch`
    /// is not empty; `database.*`. What is wrong with a file is a finding.
    pub fn lint(
        &self,
        scratch: &mut dyn Database,
        live: Option<&mut dyn Database>,
        levels: &Levels,
    ) -> Result<Vec<Finding>> {
        empty(scratch)?;
        let all = self.folder.scripts()?;
        let plan = all.graph.upgrade(&[], "heads")?;
        let order: Vec<&str> = plan.steps.iter().filter_map(|step| step.revision.as_deref()).collect();
        let scripts: Vec<&Script> = order.iter().filter_map(|id| all.get(id)).collect();
        let mut findings = Findings::default();
        let mut earlier = Earlier::default();
        let mut readable = Vec::new();
        for script in &scripts {
            readable.push(script.code || lint::texts(script, &mut earlier, &mut findings));
        }
        let good = readable.iter().take_while(|readable| **readable).count();
        let mut findings = self.replay_for_lint(scratch, &scripts[..good], findings)?;
        if let Some(live) = live {
            self.changed_revisions(live, &mut findings)?;
        }
        for script in scripts.iter().filter(|script| !script.code) {
            let rules = lint::allowed(script, &mut findings);
            findings.allow(&script.revision.id, &rules);
        }
        Ok(findings.chosen(levels, &order))
    }

    /// Runs every revision on the scratch database, statement by statement, with the rules between.
    fn replay_for_lint(
        &self,
        scratch: &mut dyn Database,
        scripts: &[&Script],
        findings: Findings,
    ) -> Result<Findings> {
        let findings = RefCell::new(findings);
        let folder = self.folder.scripts()?;
        let (mut all, mut bodies) = (folder.all.to_vec(), Vec::new());
        for script in &mut all {
            let Some(original) = folder.get(&script.revision.id) else { continue };
            let body: Upgrade<'_> = if original.code {
                let code = folder.code.iter().find(|code| code.file.name == original.file);
                Box::new(move |step| code.map_or(Ok(()), |code| code.upgrade(step)))
            } else if original.body().is_ok_and(|body| body.up.transaction) {
                let findings = &findings;
                Box::new(move |step| judged(original, step, findings))
            } else {
                // What needs no transaction runs as it is.
                continue;
            };
            script.code = true;
            bodies.push(Code::new(&script.file, Header::default(), body));
        }
        let watched = Scripts { all: &all, code: &bodies, ..folder };
        let leaving = Options { replay: true, ..self.options.clone() };
        for script in scripts {
            let id = script.revision.id.as_str();
            let rows = self.history().rows(scratch)?;
            let again = |graph: &RevisionGraph, rows: &[String]| graph.with(rows, id);
            let plan = again(folder.graph, &rows)?;
            if plan.is_empty() {
                continue;
            }
            let mut done = run_quietly(watched, &self.options, scratch, plan.clone(), &again);
            if let Err(error) = &done
                && lint::leaves_broken(script, error, &mut findings.borrow_mut())
            {
                // What it finds a second time is told once.
                done = run_quietly(watched, &leaving, scratch, plan, &again);
            }
            if let Err(error) = done {
                lint::failed(script, &error, &mut findings.borrow_mut());
                break;
            }
        }
        drop(bodies);
        Ok(findings.into_inner())
    }

    /// The applied revisions that have another text now.
    fn changed_revisions(&self, live: &mut dyn Database, findings: &mut Findings) -> Result<()> {
        let mut rows = self.history().rows(live)?;
        let graph = self.graph()?;
        rows.retain(|row| graph.get(row).is_some());
        for changed in self.applied(live)?.changed(&rows)? {
            let script = changed.script;
            let place =
                Place { revision: &script.revision.id, file: &script.file, line: None, statement: None };
            let error: Error = changed.error();
            let fix = error.hint().unwrap_or_default().to_owned();
            findings.add(Rule::ChangedRevision, place, error.to_string(), fix);
        }
        Ok(())
    }
}

/// The upgrade of one file, each statement judged before and after it has run.
fn judged(script: &Script, step: &mut CodeStep<'_>, findings: &RefCell<Findings>) -> Result<()> {
    let moments = Moments::of(script)?;
    for (item, statements) in moments.items() {
        if let Some(query) = &item.unless
            && step.database()?.any(query, &[])?
        {
            continue;
        }
        let moment = moments.before(step.database()?, statements, &mut findings.borrow_mut())?;
        step.execute(&item.sql).map_err(|error| error.at_line(item.line))?;
        moment.after(step.database()?, &mut findings.borrow_mut())?;
    }
    Ok(())
}
