//! A plan's steps with their scripts, ready to run.

use litemap::LiteMap;

use super::applied::Applied;
use super::launch::Files;
use crate::db::Database;
use crate::error::{Error, ErrorKind, Result};
use crate::execute::{self, Code, Job, JobBody, Options};
use crate::graph::{Plan, RevisionGraph, Step};
use crate::history::{Past, Record, Unfinished};
use crate::report::Direction;
use crate::script::{Script, Section};
use crate::set::Set;

/// The files and the graph that they make. Both are in load order, so that a revision's file is
/// found without a search.
#[derive(Clone, Copy)]
pub(super) struct Scripts<'s> {
    pub(super) all: &'s [Script],
    pub(super) graph: &'s RevisionGraph,
    /// The bodies of those that are code.
    pub(super) code: &'s [Code<'s>],
    /// Of the files, and of what the code says of itself.
    pub(super) digest: Files,
}

impl<'s> Scripts<'s> {
    /// The file of a revision, by its id or a former one.
    pub(super) fn get(&self, revision: &str) -> Option<&'s Script> {
        self.graph.position(revision).map(|at| &self.all[at])
    }

    /// Whether a version row is none of the folder's.
    pub(super) fn lack(&self, rows: &[String]) -> bool {
        rows.iter().any(|row| self.graph.get(row).is_none())
    }

    /// Whether a revision that is code can be taken back.
    pub(super) fn code_has_down(&self, script: &Script) -> bool {
        self.code.iter().any(|code| code.file.name == script.file && code.has_down())
    }

    /// A revision's id today; one that is not known keeps its own.
    pub(super) fn id<'r>(&'r self, revision: &'r str) -> &'r str {
        self.graph.get(revision).map_or(revision, |known| &known.id)
    }
}

/// The jobs of a plan's steps: their bodies are read, and refused where they must be.
pub(super) fn jobs(
    scripts: Scripts<'_>,
    options: &Options,
    db: &mut dyn Database,
    plan: &Plan,
) -> Result<Vec<Job>> {
    let begun = options.history().unfinished(db)?;
    let mut jobs = begun_before(scripts, begun.as_ref(), all(scripts, plan)?)?;
    let is_stamp = |job: &&mut Job| job.step.direction == Direction::Stamp && job.step.revision.is_some();
    if let Some(stamp) = jobs.iter_mut().find(is_stamp).filter(|_| options.keep_history) {
        stamp.below = taken(scripts, options, db, plan)?;
    }
    Ok(jobs)
}

/// What a stamp takes for applied beside the revisions that it names: those below them that were not below the
/// version rows before. One that the record has with the text of today is there already.
fn taken(scripts: Scripts<'_>, options: &Options, db: &mut dyn Database, plan: &Plan) -> Result<Vec<Job>> {
    let known: Vec<String> =
        plan.rows.iter().filter(|row| scripts.graph.get(row).is_some()).cloned().collect();
    let before: Set<&str> = scripts.graph.history(":current", &known)?.into_iter().collect();
    let pasts = options.history().pasts(db, false)?;
    let pasts: LiteMap<&str, &Past> = pasts.iter().map(|past| (scripts.id(&past.revision), past)).collect();
    let mut taken = Vec::new();
    let after = plan.rows_after(plan.steps.len());
    for revision in scripts.graph.history(":current", &after)?.into_iter().rev() {
        let is_named = plan.steps.iter().any(|step| step.revision.as_deref() == Some(revision));
        if is_named || before.contains(revision) {
            continue;
        }
        let job = job(scripts, &Step::stamp(Some(revision), Vec::new()))?;
        let is_recorded = pasts.get(revision).is_some_and(|past| match &job.checksum {
            Some(today) => past.text.as_ref().is_some_and(|(checksum, _)| checksum == today),
            None => past.applied,
        });
        if !is_recorded {
            taken.push(job);
        }
    }
    Ok(taken)
}

/// The same, where the record has just been read.
pub(super) fn jobs_after(applied: &Applied<'_>, plan: &Plan) -> Result<Vec<Job>> {
    begun_before(applied.scripts, applied.unfinished(), all(applied.scripts, plan)?)
}

fn begun_before(scripts: Scripts<'_>, begun: Option<&Unfinished>, mut jobs: Vec<Job>) -> Result<Vec<Job>> {
    refuse_unfinished(scripts, begun, &jobs)?;
    let former = begun.map(|begun| &begun.revision).filter(|name| scripts.id(name) != name.as_str());
    if let Some(name) = former
        && let Some(job) = jobs.iter_mut().find(|job| job.step.revision.as_deref() == Some(scripts.id(name)))
    {
        job.begun_as = Some(name.clone());
    }
    Ok(jobs)
}

fn all(scripts: Scripts<'_>, plan: &Plan) -> Result<Vec<Job>> {
    plan.steps.iter().map(|step| job(scripts, step)).collect()
}

/// Errors: [`ErrorKind::Unfinished`] where nothing is to do and a revision is half done: a downgrade, or an upgrade
/// beyond the target. One of which no statement is done has changed nothing.
pub(super) fn refuse_half_done(begun: Option<&Unfinished>) -> Result<()> {
    begun.filter(|begun| begun.statements > 0).map_or(Ok(()), |begun| Err(execute::unfinished(begun)))
}

/// Errors: [`ErrorKind::Unfinished`] where a revision was begun and these jobs do not go on with it, or not
/// with what is done of it.
pub(super) fn refuse_unfinished(
    scripts: Scripts<'_>,
    begun: Option<&Unfinished>,
    jobs: &[Job],
) -> Result<()> {
    let Some(begun) = begun else { return Ok(()) };
    let goes_on = jobs.iter().find(|job| {
        job.step.revision.as_deref() == Some(scripts.id(&begun.revision))
            && (job.step.is_noted() || job.step.direction.as_str() == begun.direction)
    });
    match goes_on {
        None => Err(execute::unfinished(begun)),
        Some(job) if job.step.is_noted() || job.is_begun_by(begun) => Ok(()),
        Some(job) => Err(execute::begun_otherwise(begun, job.file.as_deref())),
    }
}

fn job(scripts: Scripts<'_>, step: &Step) -> Result<Job> {
    let Some(script) = step.revision.as_deref().and_then(|revision| scripts.get(revision)) else {
        return Ok(bare(step, ""));
    };
    let revision = &script.revision;
    let moves = !step.is_noted();
    let mut job = Job {
        file: Some(script.file.clone()),
        revises: revision.revises.clone(),
        depends_on: revision.depends_on.clone(),
        compatible: script.compatible.filter(|_| step.direction != Direction::Down),
        ..bare(step, if moves { &revision.message } else { "" })
    };
    job.message.clone_from(&revision.message);
    match step.direction {
        // A file that cannot be read may be stamped.
        Direction::Stamp if !script.code => job.checksum = script.checksum().ok(),
        Direction::Stamp => {}
        Direction::Down if step.is_noted() => {}
        Direction::Up if script.code => job.body = JobBody::Code,
        Direction::Up => {
            let body = script.body()?;
            job.checksum = Some(body.up.checksum());
            job.compatible = job.compatible.or_else(|| Some(body.up.breaks_older_apps().is_none()));
            job.downgrade = body.down.map(|down| {
                let checksum = down.checksum();
                (down.sql, checksum)
            });
            job.body = JobBody::Sql(body.up);
        }
        Direction::Down => {
            let down = if script.code {
                scripts.code_has_down(script).then_some(JobBody::Code)
            } else {
                script.body()?.down.map(JobBody::Sql)
            };
            job.body = down.ok_or_else(|| no_downgrade(&revision.id).in_file(&script.file))?;
        }
    }
    Ok(job)
}

/// The job of a revision that only the database knows: its downgrade, as it was kept.
pub(super) fn stored_job(step: &Step, record: &Record, down: Section) -> Job {
    Job {
        revises: record.revises.clone(),
        depends_on: record.depends_on.clone(),
        body: JobBody::Sql(down),
        ..bare(step, &record.message)
    }
}

/// A job that runs nothing yet.
fn bare(step: &Step, message: &str) -> Job {
    let verb = match step.direction {
        Direction::Up => "upgrade",
        Direction::Down if !step.is_noted() => "downgrade",
        Direction::Down | Direction::Stamp => "stamp_revision",
    };
    let mut text = format!("Running {verb} {} -> {}", step.from.join(", "), step.to.join(", "));
    if !message.is_empty() {
        text = format!("{text}, {message}");
    }
    Job {
        step: step.clone(),
        text,
        file: None,
        revises: Vec::new(),
        depends_on: Vec::new(),
        message: message.to_owned(),
        begun_as: None,
        body: JobBody::Nothing,
        checksum: None,
        compatible: None,
        downgrade: None,
        below: Vec::new(),
    }
}

pub(super) fn no_downgrade(revision: &str) -> Error {
    Error::new(ErrorKind::NoDowngrade, format!("revision {revision} has no downgrade"))
        .in_revision(revision)
        .with_hint("write one under '-- migrate:down', or restore a backup")
}
