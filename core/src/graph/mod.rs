//! The revision graph: which revision follows which, and the plans that come of it.
//!
//! A graph is built once from [`Revision`]s, and everything that can be wrong with it is found
//! then. After that it answers: what a target stands for, what an upgrade, a downgrade or a stamp
//! would do ([`Plan`]), and what the history looks like. It knows no database: the version rows
//! are handed in, and the plan says which rows to delete and insert.
//!
//! ```
//! use limbeck::graph::{Revision, RevisionGraph};
//!
//! let graph = RevisionGraph::new(vec![
//!     Revision::new("0001aaaa", &[]),
//!     Revision::new("0002bbbb", &["0001aaaa"]),
//!     Revision::new("0003cccc", &["0002bbbb"]),
//! ])?;
//! let plan = graph.upgrade(&["0001aaaa".to_owned()], "head")?;
//! let revisions: Vec<_> = plan.steps.iter().filter_map(|step| step.revision.as_deref()).collect();
//! assert_eq!(revisions, ["0002bbbb", "0003cccc"]);
//! assert_eq!(plan.rows_after(2), ["0003cccc"]);
//! # Ok::<(), limbeck::Error>(())
//! ```

mod build;
mod edges;
mod history;
mod labels;
mod plan;
mod revision;
mod similar;
mod stamp;
mod target;
#[cfg(test)]
mod tests;
mod walk;

pub use plan::{Plan, Step};
pub use revision::Revision;
pub(crate) use similar::similar;

use std::sync::OnceLock;

use crate::error::{Error, ErrorKind, Result};
use build::Name;
use edges::Edges;
use labels::Labels;

/// The revisions and how they hang together.
///
/// | to | call |
/// |---|---|
/// | build | [`new`](Self::new) |
/// | look up | [`revisions`](Self::revisions), [`get`](Self::get), [`resolve`](Self::resolve) |
/// | see the shape | [`heads`](Self::heads), [`bases`](Self::bases), [`branch_points`](Self::branch_points), [`children`](Self::children), [`labels`](Self::labels) |
/// | plan | [`upgrade`](Self::upgrade), [`downgrade`](Self::downgrade), [`with`](Self::with), [`without`](Self::without), [`stamp`](Self::stamp), [`merge`](Self::merge) |
/// | list | [`history`](Self::history), [`current`](Self::current), [`newest`](Self::newest) |
///
/// A revision's *parents* are what it revises and what it depends on; most questions go by parents,
/// those about branches by `revises` alone.
#[derive(Debug, Clone)]
pub struct RevisionGraph {
    /// In load order. All else names a revision by its place here.
    revisions: Vec<Revision>,
    /// Every id, label and former id, sorted: one index for exact look-ups and for prefixes.
    names: Vec<Name>,
    /// What each revision revises, and who revises it.
    revises: Edges,
    children: Edges,
    /// The same with dependencies.
    parents: Edges,
    dependents: Edges,
    /// Found when they are first asked for.
    labels: OnceLock<Labels>,
}

impl RevisionGraph {
    /// How many revisions there are.
    pub fn len(&self) -> usize {
        self.revisions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.revisions.is_empty()
    }

    /// The revisions in load order.
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// The revision with exactly this id, or with this former one.
    pub fn get(&self, id: &str) -> Option<&Revision> {
        self.index(id).map(|index| &self.revisions[index])
    }

    /// Its place among [`revisions`](Self::revisions), found without a search through them.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.index(id)
    }

    /// The ids of the revisions that revise this one, sorted. None for an id that is not there.
    pub fn children(&self, id: &str) -> Vec<&str> {
        self.index(id)
            .map(|index| self.sorted_ids(self.children.of(index).iter().copied()))
            .unwrap_or_default()
    }

    /// The ids of the revisions that no other revises, in load order.
    pub fn heads(&self) -> Vec<&str> {
        self.ids(self.ends(&self.children))
    }

    /// The [`heads`](Self::heads) that no other revision depends on either: what `heads` stands for.
    pub fn heads_resolving_dependencies(&self) -> Vec<&str> {
        self.ids(self.ends(&self.dependents))
    }

    /// The ids of the revisions that revise no other, in load order.
    pub fn bases(&self) -> Vec<&str> {
        self.ids(self.ends(&self.revises))
    }

    /// Each revision that several others revise, in load order, with their ids, sorted.
    pub fn branch_points(&self) -> Vec<(&str, Vec<&str>)> {
        (0..self.len())
            .filter(|&index| self.children.of(index).len() > 1)
            .map(|index| (self.id(index), self.sorted_ids(self.children.of(index).iter().copied())))
            .collect()
    }

    /// Whether no other revision revises this one.
    pub fn is_head(&self, id: &str) -> bool {
        self.index(id).is_some_and(|index| self.children.of(index).is_empty())
    }

    /// Whether several revisions revise this one.
    pub fn is_branch_point(&self, id: &str) -> bool {
        self.index(id).is_some_and(|index| self.children.of(index).len() > 1)
    }

    /// Whether this revision revises several others.
    pub fn is_merge_point(&self, id: &str) -> bool {
        self.index(id).is_some_and(|index| self.revises.of(index).len() > 1)
    }

    /// The branch labels that cover this revision, sorted.
    ///
    /// A label covers the descendants of the revision that carries it. Where one line without a
    /// branch point or a merge leads from this revision up to a head, the labels along that line
    /// cover it too.
    ///
    /// ```
    /// # use limbeck::graph::{Revision, RevisionGraph};
    /// let tip = Revision { branch_labels: vec!["billing".into()], ..Revision::new("b2", &["a1"]) };
    /// let graph = RevisionGraph::new(vec![Revision::new("a1", &[]), tip])?;
    /// assert_eq!(graph.labels("a1"), ["billing"]);
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn labels(&self, id: &str) -> Vec<&str> {
        let Some(index) = self.index(id) else { return Vec::new() };
        let labels = self.labels.get_or_init(|| self.covering_labels());
        labels.of(index).iter().map(|label| label.text(&self.revisions)).collect()
    }

    /// The ids of the applied revisions without an applied child, sorted.
    ///
    /// These are the version rows, and what they imply: the last revision of a branch that is
    /// applied only because another depends on it has no row of its own.
    ///
    /// # Errors
    ///
    /// `UnknownRevision` if a row names a revision that is not in the graph.
    ///
    /// ```
    /// # use limbeck::graph::{Revision, RevisionGraph};
    /// let app = Revision { depends_on: vec!["core1".into()], ..Revision::new("app1", &[]) };
    /// let graph = RevisionGraph::new(vec![Revision::new("core1", &[]), app])?;
    /// assert_eq!(graph.current(&["app1".to_owned()])?, ["app1", "core1"]);
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn current(&self, rows: &[String]) -> Result<Vec<&str>> {
        Ok(self.sorted_ids(self.current_indices(&self.rows(rows)?)))
    }

    /// Of these revisions, those on which no other of them stands, sorted: what the version rows are
    /// where all of them are applied.
    ///
    /// # Errors
    ///
    /// `UnknownRevision`.
    pub fn newest(&self, revisions: &[String]) -> Result<Vec<String>> {
        let all = self.rows(revisions)?;
        let below = self.parents.reach(all.iter().flat_map(|&index| self.parents.of(index)).copied());
        let mut newest = self.ids(all.into_iter().filter(|&index| !below[index]));
        newest.sort_unstable();
        newest.dedup();
        Ok(newest.into_iter().map(str::to_owned).collect())
    }

    /// What a merge of these targets would revise, in their order; of none, all heads. With `splice` they need
    /// not be heads.
    ///
    /// # Errors
    ///
    /// `NotAHead` and `DuplicateHeads`, and those of [`resolve`](Self::resolve).
    ///
    /// ```
    /// # use limbeck::graph::{Revision, RevisionGraph};
    /// let graph = RevisionGraph::new(vec![
    ///     Revision::new("a1", &[]),
    ///     Revision::new("b2", &["a1"]),
    ///     Revision::new("c3", &["a1"]),
    /// ])?;
    /// assert_eq!(graph.merge(&["heads"], false)?, ["b2", "c3"]);
    /// assert_eq!(graph.merge(&[], false)?, ["b2", "c3"]);
    /// assert_eq!(graph.merge(&["a1"], false).unwrap_err().code(), "graph.not_a_head");
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn merge(&self, targets: &[&str], splice: bool) -> Result<Vec<&str>> {
        let targets = if targets.is_empty() { &["heads"] } else { targets };
        let mut seen = vec![false; self.len()];
        let mut merged = Vec::new();
        for target in targets {
            for index in self.resolve_indices(target)? {
                if std::mem::replace(&mut seen[index], true) {
                    let message = format!("revision '{}' is named twice", self.id(index));
                    return Err(Error::new(ErrorKind::DuplicateHeads, message)
                        .with_hint("name every head once, or use 'heads'"));
                }
                merged.push(index);
            }
        }
        match merged.iter().find(|&&index| !splice && !self.children.of(index).is_empty()) {
            Some(&index) => {
                let message = format!("revision '{}' is not a head", self.id(index));
                Err(Error::new(ErrorKind::NotAHead, message)
                    .with_hint("name heads, or use '--splice' to start a branch from it"))
            }
            None => Ok(self.ids(merged)),
        }
    }

    /// The applied revisions without an applied child.
    fn current_indices(&self, rows: &[usize]) -> Vec<usize> {
        let applied = self.parents.reach(rows.iter().copied());
        (0..self.len())
            .filter(|&index| applied[index] && !self.children.of(index).iter().any(|&child| applied[child]))
            .collect()
    }

    /// The nodes that these edges do not leave, in load order.
    fn ends(&self, edges: &Edges) -> Vec<usize> {
        (0..self.len()).filter(|&index| edges.of(index).is_empty()).collect()
    }

    fn id(&self, index: usize) -> &str {
        &self.revisions[index].id
    }

    fn ids(&self, indices: impl IntoIterator<Item = usize>) -> Vec<&str> {
        indices.into_iter().map(|index| self.id(index)).collect()
    }

    fn sorted_ids(&self, indices: impl IntoIterator<Item = usize>) -> Vec<&str> {
        let mut ids = self.ids(indices);
        ids.sort_unstable();
        ids
    }
}
