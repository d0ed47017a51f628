//! From a list of revisions to a graph, or to what is wrong with the list.

use std::sync::OnceLock;

use super::edges::Edges;
use super::{Revision, RevisionGraph};
use crate::error::{Error, ErrorKind, Result};

/// The characters that targets are spelled with.
const RESERVED: [char; 4] = ['@', '-', '+', ':'];

/// An id, a label or a former id, by where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    /// The revision it names.
    pub(super) revision: usize,
    kind: NameKind,
}

/// What a name is to its revision, and which of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum NameKind {
    Id,
    Label(usize),
    Alias(usize),
}

impl Name {
    fn text(self, revisions: &[Revision]) -> &str {
        let revision = &revisions[self.revision];
        match self.kind {
            NameKind::Id => &revision.id,
            NameKind::Label(label) => &revision.branch_labels[label],
            NameKind::Alias(alias) => &revision.aliases[alias],
        }
    }

    fn is_label(self) -> bool {
        matches!(self.kind, NameKind::Label(_))
    }

    fn is_alias(self) -> bool {
        matches!(self.kind, NameKind::Alias(_))
    }
}

impl RevisionGraph {
    /// A graph of these revisions, which are in load order.
    ///
    /// # Errors
    ///
    /// `IllegalRevisionId`, `SelfLoop`, `DependencySelfLoop`, `DuplicateRevision`,
    /// `DuplicateBranchLabel`, `MissingReference`, `Cycle` and `DependencyCycle`. Each names the
    /// revision it was found in.
    ///
    /// ```
    /// use limbeck::graph::{Revision, RevisionGraph};
    ///
    /// let error = RevisionGraph::new(vec![Revision::new("b2", &["a1"])]).unwrap_err();
    /// assert_eq!(error.to_string(), "revision 'b2' revises 'a1', which is not there");
    /// ```
    pub fn new(revisions: Vec<Revision>) -> Result<RevisionGraph> {
        // First: where two files have one id, the second one follows the first, and seems to revise itself.
        let names = sort_names(&revisions)?;
        revisions.iter().try_for_each(check_alone)?;
        let empty = || Edges::with_capacity(0);
        let mut graph = RevisionGraph {
            revisions,
            names,
            revises: empty(),
            children: empty(),
            parents: empty(),
            dependents: empty(),
            labels: OnceLock::new(),
        };
        (graph.revises, graph.parents) = graph.link()?;
        graph.children = graph.revises.reversed();
        graph.dependents = graph.parents.reversed();
        graph.refuse_circles()?;
        Ok(graph)
    }

    /// The place of the revision with this id, or with this former one.
    pub(super) fn index(&self, id: &str) -> Option<usize> {
        self.name(id).filter(|name| !name.is_label()).map(|name| name.revision)
    }

    /// The id, label or former id that is spelled exactly so.
    pub(super) fn name(&self, text: &str) -> Option<Name> {
        let found = self.names.binary_search_by(|name| name.text(&self.revisions).cmp(text));
        found.ok().map(|place| self.names[place])
    }

    /// The ids and labels that begin so, sorted. A former id is known by the whole of it only.
    pub(super) fn names_with_prefix(&self, prefix: &str) -> impl Iterator<Item = (Name, &str)> {
        let first = self.names.partition_point(|name| name.text(&self.revisions) < prefix);
        self.names[first..]
            .iter()
            .map(|name| (*name, name.text(&self.revisions)))
            .take_while(move |(_, text)| text.starts_with(prefix))
            .filter(|(name, _)| !name.is_alias())
    }

    /// Every id and label, sorted.
    pub(super) fn all_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().filter(|name| !name.is_alias()).map(|name| name.text(&self.revisions))
    }

    /// What every revision revises, and the same with what it depends on.
    fn link(&self) -> Result<(Edges, Edges)> {
        let mut revises = Edges::with_capacity(self.len());
        let mut parents = Edges::with_capacity(self.len());
        // Who named a revision last: a merge of ten thousand must not search its list for each.
        let mut named_by = vec![usize::MAX; self.len()];
        let mut ends = Vec::new();
        for (index, revision) in self.revisions.iter().enumerate() {
            ends.clear();
            for id in &revision.revises {
                let parent = self.index(id).ok_or_else(|| self.missing(revision, "revises", id))?;
                if std::mem::replace(&mut named_by[parent], index) != index {
                    ends.push(parent);
                }
            }
            revises.push(&ends);
            for name in &revision.depends_on {
                let found = self.name(name).ok_or_else(|| self.missing(revision, "depends on", name))?;
                if std::mem::replace(&mut named_by[found.revision], index) != index {
                    ends.push(found.revision);
                }
            }
            parents.push(&ends);
        }
        Ok((revises, parents))
    }

    fn missing(&self, revision: &Revision, verb: &str, name: &str) -> Error {
        let message = format!("revision '{}' {verb} '{name}', which is not there", revision.id);
        let hint = match self.name(name) {
            Some(label) => format!("revise '{}', which carries that label", self.id(label.revision)),
            None => match self.near(name) {
                Some(near) => near,
                None => "add the missing file, or correct the header".to_owned(),
            },
        };
        Error::new(ErrorKind::MissingReference, message).with_hint(hint).in_revision(&revision.id)
    }

    fn refuse_circles(&self) -> Result<()> {
        let Some(mut circle) = self.parents.circle(&self.dependents) else { return Ok(()) };
        let mut kind = ErrorKind::DependencyCycle;
        let mut what = "revisions depend on each other";
        if let Some(revising) = self.revises.circle(&self.children) {
            (kind, what, circle) = (ErrorKind::Cycle, "revisions revise each other", revising);
        }
        let first = circle[0];
        circle.push(first);
        let message = format!("{what} in a circle: {}", self.ids(circle).join(" -> "));
        Err(Error::new(kind, message)
            .with_hint("correct one of these headers so that one revision comes first")
            .in_revision(self.id(first)))
    }
}

/// What can be wrong with a revision whatever the others are.
fn check_alone(revision: &Revision) -> Result<()> {
    let id = &revision.id;
    if revision.revises.contains(id) {
        let message = format!("revision '{id}' revises itself");
        return Err(Error::new(ErrorKind::SelfLoop, message)
            .with_hint("name the revision before it, or none")
            .in_revision(id));
    }
    if revision.depends_on.contains(id) {
        let message = format!("revision '{id}' depends on itself");
        return Err(Error::new(ErrorKind::DependencySelfLoop, message)
            .with_hint("remove the dependency")
            .in_revision(id));
    }
    let message = match id.chars().find(|c| RESERVED.contains(c)) {
        Some(reserved) => format!("revision id '{id}' holds '{reserved}'"),
        None if id.is_empty() => "a revision has an empty id".to_owned(),
        None => return Ok(()),
    };
    Err(Error::new(ErrorKind::IllegalRevisionId, message)
        .with_hint("use letters, digits, '_' and '.'")
        .in_revision(id))
}

/// Every id, label and former id in order, each once.
fn sort_names(revisions: &[Revision]) -> Result<Vec<Name>> {
    let mut names = Vec::with_capacity(revisions.len());
    for (revision, declared) in revisions.iter().enumerate() {
        let labels = (0..declared.branch_labels.len()).map(NameKind::Label);
        let aliases = (0..declared.aliases.len()).map(NameKind::Alias);
        let kinds = std::iter::once(NameKind::Id).chain(labels).chain(aliases);
        names.extend(kinds.map(|kind| Name { revision, kind }));
    }
    // Equal names stand id first, then as loaded, so that the error names the later one.
    let rank = |name: &Name| match name.kind {
        NameKind::Id => 0,
        NameKind::Label(_) => 1,
        NameKind::Alias(_) => 2,
    };
    names.sort_unstable_by_key(|name| (name.text(revisions), rank(name), name.revision));
    let mut duplicates = names.windows(2).filter(|pair| pair[0].text(revisions) == pair[1].text(revisions));
    match duplicates.next() {
        None => Ok(names),
        Some(pair) => Err(duplicate(revisions, pair[0], pair[1])),
    }
}

fn duplicate(revisions: &[Revision], first: Name, second: Name) -> Error {
    let text = second.text(revisions);
    let (owner, other) = (&revisions[second.revision].id, &revisions[first.revision].id);
    let (kind, message, hint) = match (first.kind, second.kind) {
        (_, NameKind::Id) => (
            ErrorKind::DuplicateRevision,
            format!("revision '{text}' is there twice"),
            "give one of the two files a new id",
        ),
        (NameKind::Id, NameKind::Label(_)) => (
            ErrorKind::DuplicateBranchLabel,
            format!("branch label '{text}' of revision '{owner}' is also a revision's id"),
            "rename the label",
        ),
        (_, NameKind::Label(_)) => (
            ErrorKind::DuplicateBranchLabel,
            format!("branch label '{text}' of revision '{owner}' is taken by revision '{other}'"),
            "give every branch its own label",
        ),
        (_, NameKind::Alias(_)) => (
            ErrorKind::DuplicateRevision,
            format!("alias '{text}' of revision '{owner}' also names revision '{other}'"),
            "delete the alias: an old database could mean either revision",
        ),
    };
    Error::new(kind, message).with_hint(hint).in_revision(owner)
}
