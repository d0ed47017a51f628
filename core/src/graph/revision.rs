//! What the graph is built from: one revision, as its file declares it.

/// One revision: its id, and the names it gives to and takes from others.
///
/// ```
/// use limbeck::graph::Revision;
///
/// let merge = Revision { message: "join".into(), ..Revision::new("d4", &["b2", "c3"]) };
/// assert_eq!(merge.revises, ["b2", "c3"]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revision {
    /// The id: not empty, and without `@`, `-`, `+` and `:`, which targets are spelled with.
    pub id: String,
    /// The ids of the revisions it follows: none for a base, several for a merge.
    pub revises: Vec<String>,
    /// The names it gives to its branch.
    pub branch_labels: Vec<String>,
    /// The ids or labels of revisions of other branches that must be applied before it.
    pub depends_on: Vec<String>,
    /// Ids that it went by before: a database that says one of them is at this revision.
    pub aliases: Vec<String>,
    /// What it does, in a line.
    pub message: String,
}

impl Revision {
    /// A revision with this id that follows these, and nothing else said.
    pub fn new(id: impl Into<String>, revises: &[&str]) -> Revision {
        Revision {
            id: id.into(),
            revises: revises.iter().map(|id| (*id).to_owned()).collect(),
            ..Revision::default()
        }
    }
}
