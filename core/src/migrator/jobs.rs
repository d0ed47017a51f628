//! A plan's steps with their scripts, ready to run.

use crate::db::Database;
use crate::error::{Error, ErrorKind, Result};
use crate::execute::{self, Job, Options};
use crate::graph::{Plan, RevisionGraph, Step};
use crate::history::History;
use crate::report::Direction;
use crate::script::{Script, Section};

/// The files and the graph that they make. Both are in load order, so that a revision's file is
/// found without a search.
pub(super) struct Scripts {
    pub(super) all: Vec<Script>,
    pub(super) graph: RevisionGraph,
}

impl Scripts {
    /// The file of a revision, by its id or a former one.
    pub(super) fn get(&self, revision: &str) -> Option<&Script> {
        self.graph.position(revision).map(|at| &self.all[at])
    }

    /// A revision's id today; one that is not known keeps its own.
    fn id<'s>(&'s self, revision: &'s str) -> &'s str {
        self.graph.get(revision).map_or(revision, |known| &known.id)
    }
}

/// The jobs of a plan's steps: their bodies are read, and refused where they must be.
pub(super) fn jobs(
    scripts: &Scripts,
    options: &Options,
    db: &mut dyn Database,
    plan: &Plan,
) -> Result<Vec<Job>> {
    let jobs = plan.steps.iter().map(|step| job(scripts, step)).collect::<Result<Vec<_>>>()?;
    if let Some(begun) = History::new(&options.version_table).unfinished(db)? {
        let goes_on = jobs.iter().any(|job| {
            job.step.revision.as_deref() == Some(scripts.id(&begun.revision))
                && (job.step.direction == Direction::Stamp || job.step.direction.as_str() == begun.direction)
        });
        if !goes_on {
            return Err(execute::unfinished(&begun.revision, begun.statements));
        }
    }
    Ok(jobs)
}

fn job(scripts: &Scripts, step: &Step) -> Result<Job> {
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
        section: None,
        checksum: None,
        downgrade: None,
    };
    if let (Some(script), Direction::Up | Direction::Down) = (script, step.direction) {
        if !script.revision.message.is_empty() {
            text = format!("{text}, {}", script.revision.message);
        }
        let body = script.body()?;
        let down = |down: Option<Section>| {
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
        if step.direction == Direction::Up {
            job.checksum = Some(body.up.checksum());
            job.downgrade = body.down.as_ref().map(|down| down.sql.clone());
            job.section = Some(body.up);
        } else {
            job.section = Some(down(body.down)?);
        }
    }
    job.text = text;
    Ok(job)
}
