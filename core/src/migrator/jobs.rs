//! A plan's steps with their scripts, ready to run.

use crate::db::Database;
use crate::error::{Error, ErrorKind, Result};
use crate::execute::{self, Code, Job, JobBody, Options};
use crate::graph::{Plan, RevisionGraph, Step};
use crate::report::Direction;
use crate::script::Script;

/// The files and the graph that they make. Both are in load order, so that a revision's file is
/// found without a search.
pub(super) struct Scripts<'a> {
    pub(super) all: Vec<Script>,
    pub(super) graph: RevisionGraph,
    /// The bodies of those that are code.
    pub(super) code: Vec<Code<'a>>,
}

impl Scripts<'_> {
    /// The file of a revision, by its id or a former one.
    pub(super) fn get(&self, revision: &str) -> Option<&Script> {
        self.graph.position(revision).map(|at| &self.all[at])
    }

    /// Whether a revision that is code can be taken back.
    fn code_has_down(&self, script: &Script) -> bool {
        self.code.iter().any(|code| code.file.name == script.file && code.has_down())
    }

    /// A revision's id today; one that is not known keeps its own.
    fn id<'s>(&'s self, revision: &'s str) -> &'s str {
        self.graph.get(revision).map_or(revision, |known| &known.id)
    }
}

/// The jobs of a plan's steps: their bodies are read, and refused where they must be.
pub(super) fn jobs(
    scripts: &Scripts<'_>,
    options: &Options,
    db: &mut dyn Database,
    plan: &Plan,
) -> Result<Vec<Job>> {
    let jobs = plan.steps.iter().map(|step| job(scripts, step)).collect::<Result<Vec<_>>>()?;
    if let Some(begun) = options.history().unfinished(db)? {
        let goes_on = jobs.iter().any(|job| {
            job.step.revision.as_deref() == Some(scripts.id(&begun.revision))
                && (job.step.direction == Direction::Stamp || job.step.direction.as_str() == begun.direction)
        });
        if !goes_on {
            return Err(execute::unfinished(&begun));
        }
    }
    Ok(jobs)
}

fn job(scripts: &Scripts<'_>, step: &Step) -> Result<Job> {
    let script = step.revision.as_deref().and_then(|revision| scripts.get(revision));
    let verb = match step.direction {
        Direction::Up => "upgrade",
        Direction::Down => "downgrade",
        Direction::Stamp => "stamp_revision",
    };
    let mut text = format!("Running {verb} {} -> {}", step.from.join(", "), step.to.join(", "));
    let mut job = Job {
        step: step.clone(),
        text: String::new(),
        file: script.map(|script| script.file.clone()),
        revises: script.map(|script| script.revision.revises.clone()).unwrap_or_default(),
        body: JobBody::Nothing,
        checksum: None,
        downgrade: None,
    };
    if let (Some(script), Direction::Up | Direction::Down) = (script, step.direction) {
        if !script.revision.message.is_empty() {
            text = format!("{text}, {}", script.revision.message);
        }
        let down = |down: Option<JobBody>| {
            down.ok_or_else(|| {
                Error::new(
                    ErrorKind::NoDowngrade,
                    format!("revision {} has no downgrade", script.revision.id),
                )
                .in_revision(&script.revision.id)
                .in_file(&script.file)
                .with_hint("write one under '-- migrate:down', or restore a backup")
            })
        };
        if script.code {
            let there = step.direction == Direction::Up || scripts.code_has_down(script);
            job.body = down(there.then_some(JobBody::Code))?;
        } else if step.direction == Direction::Up {
            let body = script.body()?;
            job.checksum = Some(body.up.checksum());
            job.downgrade = body.down.as_ref().map(|down| down.sql.clone());
            job.body = JobBody::Sql(body.up);
        } else {
            job.body = down(script.body()?.down.map(JobBody::Sql))?;
        }
    }
    job.text = text;
    Ok(job)
}
