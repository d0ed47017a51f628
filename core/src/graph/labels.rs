//! Which branch labels cover which revision, found for all of them in one walk.

use super::{Revision, RevisionGraph};

/// For each revision the labels that cover it. Revisions of one branch share a set.
#[derive(Debug, Clone)]
pub(super) struct Labels {
    set_of: Vec<usize>,
    sets: Vec<Vec<Label>>,
}

/// A label by where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    revision: usize,
    label: usize,
}

impl Label {
    pub(super) fn text(self, revisions: &[Revision]) -> &str {
        &revisions[self.revision].branch_labels[self.label]
    }
}

impl Labels {
    /// The labels of one revision, sorted by their text.
    pub(super) fn of(&self, index: usize) -> &[Label] {
        &self.sets[self.set_of[index]]
    }
}

impl RevisionGraph {
    /// See [`labels`](Self::labels) for what covers what.
    pub(super) fn covering_labels(&self) -> Labels {
        let mut labels = Labels { set_of: vec![0; self.len()], sets: vec![Vec::new()] };
        for index in self.newest_first(&vec![true; self.len()]).into_iter().rev() {
            labels.set_of[index] = self.inherited(index, &mut labels);
        }
        // Up a line that ends in a head: what covers the head covers the line.
        for head in self.ends(&self.children) {
            let mut at = head;
            while self.dependents.of(at).len() <= 1 && self.revises.of(at).len() <= 1 {
                labels.set_of[at] = labels.set_of[head];
                match self.revises.of(at) {
                    [parent] if self.children.of(*parent).len() == 1 => at = *parent,
                    _ => break,
                }
            }
        }
        labels
    }

    /// The set of a revision whose parents have theirs: a new one only where it differs.
    fn inherited(&self, index: usize, labels: &mut Labels) -> usize {
        let own = 0..self.revisions[index].branch_labels.len();
        let mut parents: Vec<usize> =
            self.revises.of(index).iter().map(|&parent| labels.set_of[parent]).collect();
        parents.sort_unstable();
        parents.dedup();
        match (own.is_empty(), &parents[..]) {
            (true, []) => 0,
            (true, [one]) => *one,
            _ => {
                let mut set: Vec<Label> = own.map(|label| Label { revision: index, label }).collect();
                set.extend(parents.iter().flat_map(|&parent| &labels.sets[parent]));
                set.sort_unstable_by_key(|label| label.text(&self.revisions));
                set.dedup();
                labels.sets.push(set);
                labels.sets.len() - 1
            }
        }
    }
}
