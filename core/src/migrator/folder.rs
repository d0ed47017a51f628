//! The files of a migrator: kept as they come, and read when something has to be known of them.

use std::sync::OnceLock;

use super::jobs::Scripts;
use crate::error::Result;
use crate::execute::Code;
use crate::graph::RevisionGraph;
use crate::history::Mark;
use crate::script::{self, Digest, Script, Source};

/// What a digest is of, beside the files: to be counted up where what a graph or a plan comes to may differ
/// for files that were there before.
const RULES: &str = "1";

/// Files and code, of which nothing has been read as long as a digest was enough.
pub(super) struct Folder<'a> {
    source: Box<dyn Source + 'a>,
    digest: Digest,
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
        let digest = code.iter().fold(files.with("\0rules", RULES), |all, code| {
            all.with(&code.file.name, &format!("{:?}", code.file.header))
        });
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
                let graph = RevisionGraph::new(all.iter().map(|script| script.revision.clone()).collect())?;
                self.read.get_or_init(|| (all, graph))
            }
        };
        Ok(Scripts { all, graph, code: &self.code, digest: self.digest })
    }

    /// Whether a mark says that nothing is to do up to a target.
    pub fn is_done(&self, mark: &str, rows: &[String], target: &str) -> bool {
        self.states(target).any(|files| Mark::new(files, rows).to_string() == mark)
    }

    /// Whether the number in the header says so.
    pub fn is_done_by_header(&self, header: i64, target: &str) -> bool {
        self.states(target).any(|files| i64::from(files.folded()) == header)
    }

    fn states(&self, target: &str) -> impl Iterator<Item = Digest> {
        let (one, several) = (target == "head" || target == "heads", target == "heads");
        let files = self.digest;
        [one.then(|| state(files, true)), several.then(|| state(files, false))].into_iter().flatten()
    }
}

impl Scripts<'_> {
    /// What a database is marked with where these version rows leave nothing to do up to `heads`.
    ///
    /// That follows from the files and the rows alone: it is true whenever it is met with the same ones,
    /// whatever has happened meanwhile.
    pub(super) fn mark(&self, rows: &[String]) -> Option<Mark> {
        let done = self.graph.upgrade(rows, "heads").is_ok_and(|plan| plan.is_empty());
        done.then(|| Mark::new(state(self.digest, self.graph.heads().len() == 1), rows))
    }
}

/// Files whose heads are one, so that `head` and `heads` are the same, or several.
fn state(files: Digest, one: bool) -> Digest {
    files.with("\0heads", if one { "one" } else { "several" })
}
