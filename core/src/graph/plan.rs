//! Plans: what an upgrade or a downgrade does, revision by revision, and to which rows.
//!
//! The version rows are the applied revisions that are no ancestor of another applied one. Every
//! step keeps that true, so a run may stop after any of them.

use serde::Serialize;

use super::RevisionGraph;
use super::target::{Branch, Place, Target};
use super::walk::{Walk, wrong_way};
use crate::error::{Error, ErrorKind, Result};
use crate::report::Direction;

/// What a run would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The version rows before, sorted.
    pub rows: Vec<String>,
    /// What to do, in order.
    pub steps: Vec<Step>,
}

/// One revision applied, taken back or stamped, and the version rows that change with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The revision. `None` only for a stamp that merely removes rows.
    pub revision: Option<String>,
    /// What is done with it.
    pub direction: Direction,
    /// What the log line shows left of the arrow: what an applied revision revises, the revision
    /// that is taken back, or the rows that a stamp replaces.
    pub from: Vec<String>,
    /// What the log line shows right of the arrow: the revision that is applied or stamped, or what
    /// the one that is taken back revises.
    pub to: Vec<String>,
    /// The version rows to delete, sorted.
    pub delete: Vec<String>,
    /// The version rows to insert, sorted.
    pub insert: Vec<String>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The version rows after so many steps, sorted: after 0 those before the run, after
    /// `steps.len()` or more those at its end.
    pub fn rows_after(&self, steps: usize) -> Vec<String> {
        let mut rows: Vec<&String> = self.rows.iter().collect();
        for step in self.steps.iter().take(steps) {
            rows.retain(|row| !step.delete.contains(row));
            rows.extend(&step.insert);
        }
        rows.sort_unstable();
        rows.dedup();
        rows.into_iter().cloned().collect()
    }
}

impl RevisionGraph {
    /// The plan that applies a target and everything it needs.
    ///
    /// The target is one of [`resolve`](Self::resolve), or a walk: `+N` counts up from the version
    /// rows, `branch@+N` from the row on that branch (or else the highest applied revision on it,
    /// or else from base), `rev+N` and `rev-N` from what they name. What is applied already is left
    /// alone, so a target that is below the rows gives an empty plan.
    ///
    /// # Errors
    ///
    /// Those of [`resolve`](Self::resolve); `UnknownRevision` also for a row that the graph does not
    /// have, `AmbiguousCurrent` for `+N` with several rows, `AmbiguousWalk`, `RelativeOutOfRange`
    /// (`-N` too: it goes the wrong way), and `OverlappingRevisions` if one target or row is an
    /// ancestor of another.
    ///
    /// ```
    /// # use limbeck::graph::{Revision, RevisionGraph};
    /// let graph = RevisionGraph::new(vec![Revision::new("a1", &[]), Revision::new("b2", &["a1"])])?;
    /// let plan = graph.upgrade(&[], "+1")?;
    /// assert_eq!(plan.steps[0].revision.as_deref(), Some("a1"));
    /// assert_eq!(plan.rows_after(1), ["a1"]);
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn upgrade(&self, rows: &[String], target: &str) -> Result<Plan> {
        let current = self.rows(rows)?;
        let targets = self.upgrade_targets(&current, &Target::parse(target)?)?;
        self.apply(rows, &current, targets)
    }

    /// The plan that applies exactly this revision, by its id and whatever that would mean as a target, and everything
    /// it needs.
    ///
    /// # Errors
    ///
    /// `UnknownRevision` for a revision or a row that the graph does not have, and
    /// `OverlappingRevisions` if one row is an ancestor of another.
    ///
    /// ```
    /// # use limbeck::graph::{Revision, RevisionGraph};
    /// let graph = RevisionGraph::new(vec![Revision::new("head", &[]), Revision::new("b2", &["head"])])?;
    /// assert_eq!(graph.with(&[], "head")?.rows_after(9), ["head"]);
    /// assert_eq!(graph.upgrade(&[], "head")?.rows_after(9), ["b2"]);
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn with(&self, rows: &[String], revision: &str) -> Result<Plan> {
        let wanted = self.rows(&[revision.to_owned()])?;
        self.apply(rows, &self.rows(rows)?, wanted)
    }

    fn apply(&self, rows: &[String], current: &[usize], targets: Vec<usize>) -> Result<Plan> {
        self.refuse_overlap(&targets)?;
        self.refuse_overlap(current)?;
        let applied = self.parents.reach(current.iter().copied());
        let mut wanted = self.parents.reach(targets);
        for (wanted, applied) in wanted.iter_mut().zip(&applied) {
            *wanted &= !applied;
        }
        let mut is_row = vec![false; self.len()];
        current.iter().for_each(|&index| is_row[index] = true);

        let mut steps = Vec::new();
        for index in self.newest_first(&wanted).into_iter().rev() {
            // Only a parent can be a row that this revision hides: what is applied includes all its
            // ancestors, and any ancestor but a parent is below a parent already.
            let parents = self.parents.of(index).iter().copied();
            let hidden = parents.filter(|&parent| std::mem::take(&mut is_row[parent])).collect();
            is_row[index] = true;
            steps.push(self.step(index, Direction::Up, hidden, vec![index]));
        }
        Ok(self.plan(rows, steps))
    }

    /// The plan that takes back everything above a target.
    ///
    /// The target is a revision, `base`, `-N` counted down from the version row, or `rev-N` and
    /// `rev+N`. What depends on a revision that goes, goes with it. `branch@target` takes back that
    /// branch only, where the target has several.
    ///
    /// # Errors
    ///
    /// Those of [`resolve`](Self::resolve); `NotAncestor` if the target is not applied or nothing of
    /// that branch is above it, `AmbiguousCurrent` for `-N` with several rows, `AmbiguousWalk`,
    /// `RelativeOutOfRange` (`+N` too: it goes the wrong way), and `OverlappingRevisions` if one row
    /// is an ancestor of another.
    ///
    /// ```
    /// # use limbeck::graph::{Revision, RevisionGraph};
    /// let graph = RevisionGraph::new(vec![Revision::new("a1", &[]), Revision::new("b2", &["a1"])])?;
    /// let plan = graph.downgrade(&["b2".to_owned()], "-1")?;
    /// assert_eq!((&*plan.steps[0].from, &*plan.steps[0].to), (&["b2".to_owned()][..], &["a1".to_owned()][..]));
    /// assert_eq!(plan.rows_after(1), ["a1"]);
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn downgrade(&self, rows: &[String], target: &str) -> Result<Plan> {
        let current = self.rows(rows)?;
        let target = Target::parse(target)?;
        let (landing, branch) = self.downgrade_target(&current, &target)?;
        self.refuse_overlap(&current)?;
        let applied = self.parents.reach(current.iter().copied());
        let mut wanted = self.dependents.reach(self.above(landing, branch.as_ref(), &target)?);
        for (wanted, applied) in wanted.iter_mut().zip(&applied) {
            *wanted &= applied;
        }
        let goes = self.newest_first(&wanted);
        if let Some(landing) = landing
            && goes.is_empty()
            && !current.contains(&landing)
        {
            return Err(self.not_ancestor(&target, landing, applied[landing]));
        }

        Ok(self.plan(rows, self.take_back(goes, &applied)))
    }

    /// The plan that takes back exactly these applied revisions, and what stands on them.
    ///
    /// # Errors
    ///
    /// `UnknownRevision` for a revision or a row that the graph does not have, and
    /// `OverlappingRevisions` if one row is an ancestor of another.
    pub fn without(&self, rows: &[String], revisions: &[&str]) -> Result<Plan> {
        let current = self.rows(rows)?;
        self.refuse_overlap(&current)?;
        let named: Vec<String> = revisions.iter().map(|&revision| revision.to_owned()).collect();
        let applied = self.parents.reach(current.iter().copied());
        let mut wanted = self.dependents.reach(self.rows(&named)?);
        for (wanted, applied) in wanted.iter_mut().zip(&applied) {
            *wanted &= applied;
        }
        Ok(self.plan(rows, self.take_back(self.newest_first(&wanted), &applied)))
    }

    /// The steps down of these revisions, newest first, of all that are applied.
    fn take_back(&self, goes: Vec<usize>, applied: &[bool]) -> Vec<Step> {
        // How many applied revisions still stand on each: at none, it becomes a row.
        let mut standing: Vec<usize> = vec![0; self.len()];
        for index in (0..self.len()).filter(|&index| applied[index]) {
            self.parents.of(index).iter().for_each(|&parent| standing[parent] += 1);
        }
        let mut steps = Vec::with_capacity(goes.len());
        for index in goes {
            let mut shown = Vec::new();
            for &parent in self.parents.of(index) {
                standing[parent] -= 1;
                if standing[parent] == 0 {
                    shown.push(parent);
                }
            }
            steps.push(self.step(index, Direction::Down, vec![index], shown));
        }
        steps
    }

    fn upgrade_targets(&self, rows: &[usize], target: &Target<'_>) -> Result<Vec<usize>> {
        let branch = self.branch_of(target)?;
        let branch = branch.as_ref();
        let end = match target.place {
            Place::Relative { from: None, walk: Walk::Up(steps) } if steps > 0 => {
                let start = self.start_of_walk(rows, target, branch)?;
                self.walk_exactly(target, start, Walk::Up(steps), branch)?
            }
            Place::Relative { from: None, .. } => return Err(wrong_way(target, "upgrade")),
            Place::Relative { from: Some(_), walk } => self.walk_from_name(target, walk, branch)?,
            _ => return self.absolute(target, branch),
        };
        Ok(end.into_iter().collect())
    }

    /// The revision that a downgrade ends at, which `None` says is the base, and the branch it keeps to.
    fn downgrade_target<'a>(
        &'a self,
        rows: &[usize],
        target: &Target<'a>,
    ) -> Result<(Option<usize>, Option<Branch<'a>>)> {
        let branch = self.branch_of(target)?;
        let landing = match target.place {
            Place::Relative { from: None, walk: Walk::Down(steps) } if steps > 0 => {
                let start = self.start_of_return(rows, target, branch.as_ref())?;
                let landing = self.walk_exactly(target, Some(start), Walk::Down(steps), None)?;
                // Of a branch point's branches, only the one the row is on is to go.
                let branch = branch.map_or_else(|| self.branch(self.id(start)), Ok)?;
                return Ok((landing, Some(branch)));
            }
            Place::Relative { from: None, .. } => return Err(wrong_way(target, "downgrade")),
            Place::Relative { from: Some(_), walk } => self.walk_from_name(target, walk, branch.as_ref())?,
            // The branch says what goes, not where the target is: `users@shop01` may lie below it.
            _ => self.single(target, None)?,
        };
        Ok((landing, branch))
    }

    /// The revisions right above where a downgrade ends, those of the branch if there are several.
    fn above(
        &self,
        landing: Option<usize>,
        branch: Option<&Branch<'_>>,
        target: &Target<'_>,
    ) -> Result<Vec<usize>> {
        let mut above =
            landing.map_or_else(|| self.ends(&self.revises), |index| self.children.of(index).to_vec());
        if let Some(branch) = branch
            && above.len() > 1
        {
            let line = self.revises.reach([branch.revision]);
            above.retain(|&index| line[index]);
            if above.is_empty() {
                let message =
                    format!("branch '{}' has nothing right above target '{}'", branch.name, target.text);
                return Err(Error::new(ErrorKind::NotAncestor, message)
                    .with_hint("name a revision below the branch, or leave out the branch"));
            }
        }
        Ok(above)
    }

    /// These revisions, each before all it stands on; else a branch at a time, as loaded.
    pub(super) fn newest_first(&self, wanted: &[bool]) -> Vec<usize> {
        let mut standing: Vec<usize> = vec![0; self.len()];
        for index in (0..self.len()).filter(|&index| wanted[index]) {
            self.parents.of(index).iter().for_each(|&parent| standing[parent] += 1);
        }
        let mut ready: Vec<usize> =
            (0..self.len()).rev().filter(|&index| wanted[index] && standing[index] == 0).collect();
        let mut ordered = Vec::new();
        while let Some(index) = ready.pop() {
            ordered.push(index);
            // The first parent comes off the stack first, so that a line is followed to its end.
            for &parent in self.parents.of(index).iter().rev() {
                standing[parent] -= 1;
                if standing[parent] == 0 && wanted[parent] {
                    ready.push(parent);
                }
            }
        }
        ordered
    }

    /// Fails if one of these is an ancestor of another.
    pub(super) fn refuse_overlap(&self, indices: &[usize]) -> Result<()> {
        if indices.len() < 2 {
            return Ok(());
        }
        let below = self.parents.reach(indices.iter().flat_map(|&index| self.parents.of(index)).copied());
        let Some(&lower) = indices.iter().find(|&&index| below[index]) else { return Ok(()) };
        let above = self.dependents.reach(self.dependents.of(lower).iter().copied());
        let upper = indices.iter().find(|&&index| above[index]).map_or("another", |&index| self.id(index));
        let message = format!("revision '{}' is an ancestor of revision '{upper}'", self.id(lower));
        Err(Error::new(ErrorKind::OverlappingRevisions, message)
            .with_hint(format!("name only '{upper}'; if these are version rows, stamp it with '--purge'")))
    }

    fn not_ancestor(&self, target: &Target<'_>, landing: usize, applied: bool) -> Error {
        let why = if applied { "has nothing of its own branch above it" } else { "is not applied" };
        let message = format!("revision '{}' {why}, so '{}' is no way down", self.id(landing), target.text);
        Error::new(ErrorKind::NotAncestor, message)
            .with_hint("name a revision below one of those that 'limbeck current' shows")
    }

    fn step(&self, index: usize, direction: Direction, mut delete: Vec<usize>, insert: Vec<usize>) -> Step {
        let own = self.id(index).to_owned();
        let revises = self.owned(self.revises.of(index));
        let (from, to) = match direction {
            Direction::Down => (vec![own.clone()], revises),
            Direction::Up | Direction::Stamp => (revises, vec![own.clone()]),
        };
        delete.sort_unstable();
        let (mut delete, mut insert) = (self.owned(&delete), self.owned(&insert));
        delete.sort_unstable();
        insert.sort_unstable();
        Step { revision: Some(own), direction, from, to, delete, insert }
    }

    /// The steps, whose rows are spelled as the database has them: one may hold a former id.
    pub(super) fn plan(&self, rows: &[String], mut steps: Vec<Step>) -> Plan {
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        rows.dedup();
        for row in &rows {
            let id = self.index(row).map_or(row.as_str(), |index| self.id(index));
            if id == row {
                continue;
            }
            if let Some(step) = steps.iter_mut().find(|step| step.delete.iter().any(|gone| gone == id)) {
                step.delete.retain(|gone| gone != id || rows.iter().any(|row| row == id));
                step.delete.push(row.clone());
                step.delete.sort_unstable();
            }
        }
        Plan { rows, steps }
    }

    pub(super) fn owned(&self, indices: &[usize]) -> Vec<String> {
        indices.iter().map(|&index| self.id(index).to_owned()).collect()
    }
}
