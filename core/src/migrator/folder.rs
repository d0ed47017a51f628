//! The files of a migrator: kept as they come, and read when something has to be known of them.

use std::sync::OnceLock;

use super::jobs::Scripts;
use super::launch::Files;
use crate::error::{Error, Result};
use crate::execute::Code;
use crate::graph::RevisionGraph;
use crate::history::Mark;
use crate::script::{self, Digest, Script, Source};

/// Files and code, of which nothing has been read as long as a digest was enough.
pub(super) struct Folder<'a> {
    source: Box<dyn Source + 'a>,
    digest: Files,
    code: Vec<Code<'a>>,
    read: OnceLock<(Vec<Script>, RevisionGraph)>,
}

impl<'a> Folder<'a> {
    /// Errors: [`ErrorKind::SourceUnreadable`](crate::ErrorKind::SourceUnreadable).
    pub fn new(source: impl Source + 'a, code: Vec<Code<'a>>) -> Result<Folder<'a>> {
        let (source, files): (Box<dyn Source + 'a>, Digest) = match source.digest() {
            Some(digest) => (Box::new(source), digest),
            None => {
                // What is said of the files holds for those that run, whatever happens on the disk.
                let files = source.files()?;
                let digest = files.iter().fold(Digest::NONE, |all, file| all.with(&file.name, &file.text));
                (Box::new(files), digest)
            }
        };
        let digest = code
            .iter()
            .fold(Files::new(files), |all, code| all.with_code(&code.file.name, &code.file.header));
        Ok(Folder { source, digest, code, read: OnceLock::new() })
    }

    /// The files' headers and the graph that they make.
    ///
    /// Errors: the `graph.*` kinds, [`ErrorKind::BadDirective`](crate::ErrorKind::BadDirective).
    pub fn scripts(&self) -> Result<Scripts<'_>> {
        let (all, graph) = match self.read.get() {
            Some(read) => read,
            None => {
                let code = self.code.iter().map(|code| code.file.clone()).collect();
                let all = script::read_with_code(&*self.source, code)?;
                let graph = RevisionGraph::new(all.iter().map(|script| script.revision.clone()).collect())
                    .map_err(|error| placed(error, &all))?;
                self.read.get_or_init(|| (all, graph))
            }
        };
        Ok(Scripts { all, graph, code: &self.code, digest: self.digest })
    }

    /// What a launch asks of them.
    pub fn digest(&self) -> Files {
        self.digest
    }
}

/// An error of the graph with the file of its revision, or with both where two have one id.
fn placed(error: Error, all: &[Script]) -> Error {
    let files: Vec<&str> = all
        .iter()
        .filter(|script| Some(script.revision.id.as_str()) == error.revision())
        .map(|script| script.file.as_str())
        .collect();
    match files[..] {
        [] => error,
        [file] => error.in_file(file),
        [.., last] => error.noting(&files.join(", ")).in_file(last),
    }
}

impl Scripts<'_> {
    /// What a database is marked with where these version rows leave nothing to do up to `heads`.
    ///
    /// That follows from the files and the rows alone: it is true whenever it is met with the same ones,
    /// whatever has happened meanwhile.
    pub(super) fn mark(&self, rows: &[String]) -> Option<Mark> {
        let done = self.graph.upgrade(rows, "heads").is_ok_and(|plan| plan.is_empty());
        done.then(|| self.digest.mark(rows, self.graph.heads().len() == 1))
    }
}
