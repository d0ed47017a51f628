//! What a run is given: one step of the plan, and what to run for it.

use crate::graph::Step;
use crate::history::Unfinished;
use crate::script::Section;

/// A step with its script, ready to run.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub step: Step,
    /// As Alembic logs it.
    pub text: String,
    pub file: Option<String>,
    /// What the revision revises.
    pub revises: Vec<String>,
    /// What else it needs.
    pub depends_on: Vec<String>,
    /// What the revision does.
    pub message: String,
    /// The former id under which it was begun and not finished, where it was.
    pub begun_as: Option<String>,
    /// What runs.
    pub body: JobBody,
    pub checksum: Option<String>,
    /// Whether apps that do not have the revision can use the database after it.
    pub compatible: Option<bool>,
    /// The script that undoes it, and its checksum.
    pub downgrade: Option<(String, String)>,
    /// Of a stamp: what is below its revision and is taken for applied with it. They are recorded, no more.
    pub below: Vec<Job>,
}

/// What a step runs.
#[derive(Debug, Clone)]
pub(crate) enum JobBody {
    /// Nothing: a stamp.
    Nothing,
    /// Statements.
    Sql(Section),
    /// The code of the revision, of which the run has been given all there is.
    Code,
}

impl Job {
    /// Whether it can go on with what is done of its revision.
    pub fn is_begun_by(&self, begun: &Unfinished) -> bool {
        match self.section() {
            Some(section) => begun.is_begun_by(&section.beginnings()),
            None => begun.statements == 0,
        }
    }

    pub fn section(&self) -> Option<&Section> {
        match &self.body {
            JobBody::Sql(section) => Some(section),
            JobBody::Nothing | JobBody::Code => None,
        }
    }
}
