//! Counting steps: where `+N` and `-N` begin, and where they lead. By `revises` alone.

use super::RevisionGraph;
use super::target::{Branch, Place, Target, count};
use crate::error::{Error, ErrorKind, Result};

/// So many steps one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    Up(u64),
    Down(u64),
}

impl RevisionGraph {
    /// Where `+N` begins: at the one row; on a branch without a row, at the highest applied
    /// revision on it; and else at the base, which is `None`.
    pub(super) fn start_of_walk(
        &self,
        rows: &[usize],
        target: &Target<'_>,
        branch: Option<&Branch<'_>>,
    ) -> Result<Option<usize>> {
        let mut starts = rows.to_vec();
        if let Some(branch) = branch {
            starts.retain(|&row| branch.lineage[row]);
            if starts.is_empty() {
                let mut on_branch = self.parents.reach(rows.iter().copied());
                on_branch.iter_mut().zip(&branch.lineage).for_each(|(on, inside)| *on &= inside);
                let highest =
                    |&index: &usize| !self.dependents.of(index).iter().any(|&dependent| on_branch[dependent]);
                starts = (0..self.len()).filter(|&index| on_branch[index]).filter(highest).collect();
            }
        }
        match starts.as_slice() {
            [] => Ok(None),
            [start] => Ok(Some(*start)),
            several => Err(self.ambiguous_current(target, several)),
        }
    }

    /// Where `rev+N` or `rev-N` leads.
    pub(super) fn walk_from_name(
        &self,
        target: &Target<'_>,
        walk: Walk,
        branch: Option<&Branch<'_>>,
    ) -> Result<Option<usize>> {
        let start = self.named_start(target, walk, branch)?;
        self.walk_exactly(target, start, walk, branch)
    }

    /// What `rev+N` or `rev-N` counts from. Upwards the branch only chooses the way.
    pub(super) fn named_start(
        &self,
        target: &Target<'_>,
        walk: Walk,
        branch: Option<&Branch<'_>>,
    ) -> Result<Option<usize>> {
        let Place::Relative { from: Some(name), .. } = target.place else { return Ok(None) };
        let within = branch.filter(|_| matches!(walk, Walk::Down(_)));
        self.single(&Target::parse(name)?, within)
    }

    /// Where `-N` begins: at the one row, or the one current revision on the branch.
    pub(super) fn start_of_return(
        &self,
        rows: &[usize],
        target: &Target<'_>,
        branch: Option<&Branch<'_>>,
    ) -> Result<usize> {
        let mut starts = rows.to_vec();
        if let Some(branch) = branch {
            starts.retain(|&row| branch.lineage[row]);
            if starts.is_empty() {
                starts = self.current_indices(rows);
                starts.retain(|&index| branch.lineage[index]);
            }
        }
        match starts.as_slice() {
            [start] => Ok(*start),
            [] => {
                let message = format!("'{}' counts down from the base", target.text);
                Err(Error::new(ErrorKind::RelativeOutOfRange, message)
                    .with_hint("upgrade first: nothing is applied there"))
            }
            several => Err(self.ambiguous_current(target, several)),
        }
    }

    /// What `-N` stands for where there are no rows to count from: counted from each head.
    /// `None` is the base.
    pub(super) fn below_heads(
        &self,
        target: &Target<'_>,
        steps: u64,
        branch: Option<&Branch<'_>>,
    ) -> Result<Vec<Option<usize>>> {
        let heads = if branch.is_some() { self.branch_heads(branch) } else { self.ends(&self.dependents) };
        let walk = Walk::Down(steps);
        let landed = heads.into_iter().map(|head| self.walk_exactly(target, Some(head), walk, None));
        let mut landed = landed.collect::<Result<Vec<_>>>()?;
        landed.sort_unstable();
        landed.dedup();
        Ok(landed)
    }

    /// Walks, and fails where the graph ends first.
    pub(super) fn walk_exactly(
        &self,
        target: &Target<'_>,
        start: Option<usize>,
        walk: Walk,
        branch: Option<&Branch<'_>>,
    ) -> Result<Option<usize>> {
        match self.walk(target, start, walk, branch)? {
            (place, 0) => Ok(place),
            (place, left) => {
                let end =
                    place.map_or("the base".to_owned(), |index| format!("revision '{}'", self.id(index)));
                let (Walk::Up(steps) | Walk::Down(steps)) = walk;
                let message =
                    format!("'{}' ends at {end} after {} of {steps} steps", target.text, steps - left);
                Err(Error::new(ErrorKind::RelativeOutOfRange, message)
                    .with_hint("take fewer steps, or name the revision"))
            }
        }
    }

    /// Walks by `revises` alone: where it ends, and how many steps were left. `None` is the base.
    pub(super) fn walk(
        &self,
        target: &Target<'_>,
        start: Option<usize>,
        walk: Walk,
        branch: Option<&Branch<'_>>,
    ) -> Result<(Option<usize>, u64)> {
        let bases = if start.is_none() { self.ends(&self.revises) } else { Vec::new() };
        let (Walk::Up(steps) | Walk::Down(steps)) = walk;
        let up = matches!(walk, Walk::Up(_));
        let (mut at, mut left) = (start, steps);
        while left > 0 {
            let ways: &[usize] = match (at, up) {
                (None, true) => &bases,
                (None, false) => break,
                (Some(index), true) => self.children.of(index),
                (Some(index), false) => self.revises.of(index),
            };
            let mut inside =
                ways.iter().copied().filter(|&way| !up || branch.is_none_or(|branch| branch.lineage[way]));
            match (inside.next(), inside.next()) {
                (None, _) if up => break,
                (None, _) => at = None,
                (Some(only), None) => at = Some(only),
                (Some(one), Some(two)) => {
                    let ways: Vec<usize> = [one, two].into_iter().chain(inside).collect();
                    return Err(self.ambiguous_walk(target, at, &ways, up));
                }
            }
            left -= 1;
        }
        Ok((at, left))
    }

    fn ambiguous_walk(&self, target: &Target<'_>, at: Option<usize>, ways: &[usize], up: bool) -> Error {
        let at = at.map_or("the base".to_owned(), |index| format!("revision '{}'", self.id(index)));
        let ways = self.sorted_ids(ways.iter().copied());
        let steps = target.text.rsplit('@').next().unwrap_or_default();
        let hint = match up {
            true => format!("put a branch before it, as in '{}@{steps}', or name the revision", ways[0]),
            false => format!("name the revision to go back to, such as '{}'", ways[0]),
        };
        let ways = ways.join(", ");
        Error::new(ErrorKind::AmbiguousWalk, format!("'{}' has several ways from {at}: {ways}", target.text))
            .with_hint(hint)
    }

    fn ambiguous_current(&self, target: &Target<'_>, rows: &[usize]) -> Error {
        let rows = self.sorted_ids(rows.iter().copied());
        let steps = target.text.rsplit('@').next().unwrap_or_default();
        let message = format!(
            "'{}' could count from {} revisions: {}",
            target.text,
            count(rows.len()),
            rows.join(", ")
        );
        Error::new(ErrorKind::AmbiguousCurrent, message)
            .with_hint(format!("put the branch before it, as in '{}@{steps}'", rows[0]))
    }
}

/// `-N` given to an upgrade, `+N` to a downgrade, or no steps at all.
pub(super) fn wrong_way(target: &Target<'_>, command: &str) -> Error {
    let (what, sign) = if command == "upgrade" { ("up", '+') } else { ("down", '-') };
    let message = format!("'{}' does not lead {what} from the current revision", target.text);
    Error::new(ErrorKind::RelativeOutOfRange, message)
        .with_hint(format!("give {command} a number of steps with '{sign}', such as '{sign}1'"))
}
