//! The history: the revisions of a range, newest first.

use super::RevisionGraph;
use super::target::{Branch, Place, Target};
use super::walk::Walk;
use crate::error::{Error, ErrorKind, Result};

/// The lower end of a range.
struct Lower<'a> {
    text: &'a str,
    /// None for the base.
    revisions: Vec<usize>,
    branch: Option<Branch<'a>>,
}

impl RevisionGraph {
    /// The ids of the revisions of a range `low:high`, newest first, both ends included.
    ///
    /// Either end may be empty (the base, and all heads), `base`, `head`, `current` (the version
    /// rows), or relative: `-N` below the heads as the lower end, `+N` above the lower end as the
    /// upper one, and `rev+N` or `rev-N`. `branch@…` as the lower end keeps to that branch.
    ///
    /// # Errors
    ///
    /// `RangeRequired` without a `:`; `NotAncestor` if the lower end is not below the upper one;
    /// `OverlappingRevisions` if one end names several of which one is an ancestor of another;
    /// `UnknownRevision` also for a row that the graph does not have, if `current` is asked for;
    /// and what [`resolve`](Self::resolve) and [`upgrade`](Self::upgrade) say of targets.
    ///
    /// ```
    /// # use limbeck::graph::{Revision, RevisionGraph};
    /// let graph = RevisionGraph::new(vec![Revision::new("a1", &[]), Revision::new("b2", &["a1"])])?;
    /// assert_eq!(graph.history(":", &[])?, ["b2", "a1"]);
    /// assert_eq!(graph.history("current:head", &["b2".to_owned()])?, ["b2"]);
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn history(&self, range: &str, rows: &[String]) -> Result<Vec<&str>> {
        let ends = range.trim().split_once(':').filter(|(_, high)| !high.contains(':'));
        let (low, high) = ends.ok_or_else(|| {
            Error::new(ErrorKind::RangeRequired, format!("'{range}' is no range"))
                .with_hint("give 'low:high', 'low:' or ':high'")
        })?;
        let high = if high.is_empty() { "heads" } else { high };
        let lower = self.lower_end(low, rows)?;
        let mut upper = self.upper_end(high, &lower, rows)?;
        if let Some(branch) = &lower.branch {
            upper.retain(|&index| branch.lineage[index]);
        }
        self.refuse_overlap(&upper)?;
        let mut shown = self.parents.reach(upper);
        if let Some(&outside) = lower.revisions.iter().find(|&&index| !shown[index]) {
            return Err(not_below(low, high, self.id(outside)));
        }
        self.refuse_overlap(&lower.revisions)?;
        self.keep_above(&lower.revisions, &mut shown);
        Ok(self.ids(self.newest_first(&shown)))
    }

    /// Unmarks what is not one of these or a descendant of one. Above the base is everything.
    fn keep_above(&self, lower: &[usize], marked: &mut [bool]) {
        if lower.is_empty() {
            return;
        }
        // What a lower end depends on may be the child of another lower end, and is still below.
        let below = self.parents.reach(lower.iter().flat_map(|&index| self.parents.of(index)).copied());
        let above = self.children.reach(lower.iter().copied());
        for (index, marked) in marked.iter_mut().enumerate() {
            *marked &= above[index] && !below[index];
        }
    }

    fn lower_end<'a>(&self, text: &'a str, rows: &[String]) -> Result<Lower<'a>> {
        if text == "current" {
            return Ok(Lower { text, revisions: self.rows(rows)?, branch: None });
        }
        let target = Target::parse(if text.is_empty() { "base" } else { text })?;
        let branch = self.branch_of(&target)?;
        let revisions = match target.place {
            Place::Relative { from: None, walk: Walk::Down(steps) } => {
                let landed = self.below_heads(&target, steps, branch.as_ref())?;
                // The base is written out, not counted down to.
                let landed = landed.into_iter().collect::<Option<Vec<usize>>>();
                landed.ok_or_else(|| not_below(text, "heads", "base"))?
            }
            Place::Relative { from: Some(_), walk } => {
                self.walk_from_name(&target, walk, branch.as_ref())?.into_iter().collect()
            }
            _ => self.absolute(&target, branch.as_ref())?,
        };
        Ok(Lower { text, revisions, branch })
    }

    fn upper_end(&self, text: &str, lower: &Lower<'_>, rows: &[String]) -> Result<Vec<usize>> {
        if text == "current" {
            return self.rows(rows);
        }
        let target = Target::parse(text)?;
        let branch = self.branch_of(&target)?;
        let branch = branch.as_ref();
        let (start, walk) = match target.place {
            Place::Relative { from: None, walk: walk @ Walk::Up(1..) } => {
                (self.start_of_walk(&lower.revisions, &target, branch)?, walk)
            }
            Place::Relative { from: None, .. } => {
                let message = format!("'{text}' does not lead up from '{}'", lower.text);
                return Err(Error::new(ErrorKind::RelativeOutOfRange, message)
                    .with_hint("give the upper end as '+N', or name it"));
            }
            Place::Relative { from: Some(_), walk } => (self.named_start(&target, walk, branch)?, walk),
            _ => return self.absolute(&target, branch),
        };
        // A history ends where the graph does: it is no error to ask for more.
        let (end, _) = self.walk(&target, start, walk, branch)?;
        Ok(end.into_iter().collect())
    }
}

fn not_below(low: &str, high: &str, id: &str) -> Error {
    let id = if id == low { String::new() } else { format!(" ({id})") };
    Error::new(ErrorKind::NotAncestor, format!("'{low}'{id} is not below '{high}'"))
        .with_hint("name the older end first, as in 'base:head'")
}
