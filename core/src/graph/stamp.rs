//! Stamping: the version rows as they would be, without running anything.

use super::RevisionGraph;
use super::plan::{Plan, Step};
use super::target::{Branch, Place, Target};
use crate::error::{Error, Result};
use crate::report::Direction;

impl RevisionGraph {
    /// The plan that makes the version rows say that these targets are applied.
    ///
    /// A target replaces the rows above and below it and leaves those of other branches alone.
    /// `base` removes all rows, `branch@base` those of one branch. With `purge` every row goes, also
    /// one that the graph does not know.
    ///
    /// # Errors
    ///
    /// Those of [`resolve`](Self::resolve), `UnknownRevision` also for `+N` and `-N` (a stamp does
    /// not count) and, without `purge`, for a row that the graph does not have;
    /// `OverlappingRevisions` if one target is an ancestor of another.
    ///
    /// ```
    /// # use limbeck::graph::{Revision, RevisionGraph};
    /// let graph = RevisionGraph::new(vec![Revision::new("a1", &[]), Revision::new("b2", &["a1"])])?;
    /// let plan = graph.stamp(&["a1".to_owned()], &["head"], false)?;
    /// assert_eq!((&*plan.steps[0].delete, &*plan.steps[0].insert), (&["a1".to_owned()][..], &["b2".to_owned()][..]));
    /// let plan = graph.stamp(&["gone".to_owned()], &["base"], true)?;
    /// assert!(plan.rows_after(1).is_empty());
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn stamp(&self, rows: &[String], targets: &[&str], purge: bool) -> Result<Plan> {
        let mut wanted = Vec::new();
        let mut base_of = Vec::new();
        for text in targets {
            let target = Target::parse(text)?;
            let branch = self.branch_of(&target)?;
            wanted.extend(self.absolute(&target, branch.as_ref())?);
            if target.place == Place::Base {
                base_of.push(branch);
            }
        }
        let mut seen = vec![false; self.len()];
        wanted.retain(|&index| !std::mem::replace(&mut seen[index], true));
        self.refuse_overlap(&wanted)?;
        if purge {
            return Ok(self.purge(rows, &wanted));
        }
        let current = self.rows(rows)?;
        let mut is_row = vec![false; self.len()];
        current.iter().for_each(|&index| is_row[index] = true);
        let mut steps = Vec::new();
        self.unstamp(&current, &base_of, &mut is_row, &mut steps);
        self.restamp(&current, &wanted, &is_row, &mut steps);
        Ok(self.plan(rows, steps))
    }

    /// The plan that throws every row away and sets exactly these, by their ids.
    ///
    /// # Errors
    ///
    /// `UnknownRevision`, and `OverlappingRevisions` if one is an ancestor of another.
    pub fn stamp_rows(&self, rows: &[String], revisions: &[String]) -> Result<Plan> {
        let wanted = self.rows(revisions)?;
        self.refuse_overlap(&wanted)?;
        Ok(self.purge(rows, &wanted))
    }

    /// As [`stamp`](Self::stamp), where a revision was begun and never finished: a stamp of it, of what is below or above it, or of the
    /// base says what became of it; so does any stamp of one that the graph does not have. A last step that changes
    /// no row notes that.
    pub(crate) fn stamp_and_settle(
        &self,
        rows: &[String],
        targets: &[&str],
        purge: bool,
        begun: Option<&str>,
    ) -> Result<Plan> {
        let mut plan = self.stamp(rows, targets, purge)?;
        let Some(begun) = begun else { return Ok(plan) };
        let index = self.index(begun);
        let id = index.map_or(begun, |index| self.id(index)).to_owned();
        if plan.steps.iter().any(|step| step.revision.as_ref() == Some(&id)) {
            return Ok(plan);
        }
        let is_applied = |rows: &[String]| match index {
            Some(index) => Ok(self.parents.reach(self.rows(rows)?)[index]),
            None => Ok::<bool, Error>(false),
        };
        let stays = is_applied(&plan.rows_after(plan.steps.len()))?;
        let named = self.rows(&self.stamp(&[], targets, true)?.rows_after(targets.len()))?;
        let lineage = index.map(|index| self.full_lineage(index));
        let says = purge
            || targets.contains(&"base")
            || lineage.is_none_or(|lineage| named.iter().any(|&index| lineage[index]))
            || (!stays && is_applied(rows)?);
        if says {
            plan.steps.push(Step::settled(id, stays));
        }
        Ok(plan)
    }

    /// Puts each wanted revision in the place of the rows above and below it.
    fn restamp(&self, rows: &[usize], wanted: &[usize], is_row: &[bool], steps: &mut Vec<Step>) {
        // A row goes with the first revision that it is above or below, so that no two rows ever
        // overlap on the way.
        let below = self.parents.first_reach(wanted);
        let above = self.dependents.first_reach(wanted);
        let mut replaced = vec![Vec::new(); wanted.len()];
        for &row in rows.iter().filter(|&&row| is_row[row]) {
            if let Some(place) = below[row].into_iter().chain(above[row]).min()
                && wanted[place] != row
            {
                replaced[place].push(row);
            }
        }
        for (&index, replaced) in wanted.iter().zip(&replaced) {
            let stays = is_row[index];
            if !stays || !replaced.is_empty() {
                steps.push(Step::stamp((!stays).then(|| self.id(index)), self.owned(replaced)));
            }
        }
    }

    /// Removes the rows that stand for a base, of one branch or of all.
    fn unstamp(
        &self,
        rows: &[usize],
        branches: &[Option<Branch<'_>>],
        is_row: &mut [bool],
        steps: &mut Vec<Step>,
    ) {
        for branch in branches {
            let lineage = branch.as_ref().map(|branch| self.full_lineage(branch.revision));
            for &row in rows {
                if lineage.as_ref().is_none_or(|lineage| lineage[row]) && std::mem::take(&mut is_row[row]) {
                    steps.push(Step::stamp(None, self.owned(&[row])));
                }
            }
        }
    }

    /// Every row goes but those that are wanted; the rows need not be known.
    fn purge(&self, rows: &[String], wanted: &[usize]) -> Plan {
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        rows.dedup();
        let mut is_wanted = vec![false; self.len()];
        wanted.iter().for_each(|&index| is_wanted[index] = true);
        let mut stays = vec![false; self.len()];
        let mut steps = Vec::new();
        for row in &rows {
            match self.index(row).filter(|&index| is_wanted[index] && self.id(index) == row) {
                Some(index) => stays[index] = true,
                None => steps.push(Step::stamp(None, vec![row.clone()])),
            }
        }
        for &index in wanted.iter().filter(|&&index| !stays[index]) {
            steps.push(Step::stamp(Some(self.id(index)), Vec::new()));
        }
        Plan { rows, steps }
    }

    /// A revision with its ancestors and descendants, dependencies included.
    fn full_lineage(&self, index: usize) -> Vec<bool> {
        let mut lineage = self.parents.reach([index]);
        let above = self.dependents.reach([index]);
        lineage.iter_mut().zip(above).for_each(|(marked, above)| *marked |= above);
        lineage
    }
}

impl Step {
    /// That a revision which was begun is applied, or is not.
    fn settled(revision: String, applied: bool) -> Step {
        let of = |here: bool| if here { vec![revision.clone()] } else { Vec::new() };
        Step {
            direction: if applied { Direction::Stamp } else { Direction::Down },
            from: of(!applied),
            to: of(applied),
            delete: Vec::new(),
            insert: Vec::new(),
            revision: Some(revision),
        }
    }

    /// Whether it runs nothing, and is but noted.
    pub(crate) fn is_noted(&self) -> bool {
        self.direction == Direction::Stamp || (self.delete.is_empty() && self.insert.is_empty())
    }

    /// A row in the place of others.
    pub(crate) fn stamp(revision: Option<&str>, mut replaced: Vec<String>) -> Step {
        replaced.sort_unstable();
        let insert: Vec<String> = revision.iter().map(|&id| id.to_owned()).collect();
        Step {
            revision: revision.map(str::to_owned),
            direction: Direction::Stamp,
            from: replaced.clone(),
            to: insert.clone(),
            delete: replaced,
            insert,
        }
    }
}
