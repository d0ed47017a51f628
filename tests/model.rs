//! The rule about version rows, worked out the slow way, to compare with.

use std::collections::{BTreeSet, HashMap, HashSet};

use limbeck::graph::RevisionGraph;

/// All that each revision stands on.
pub struct Model {
    ancestors: HashMap<String, HashSet<String>>,
}

impl Model {
    /// From what the revisions declare, and from nothing that the graph makes of it.
    pub fn new(graph: &RevisionGraph) -> Model {
        let mut names = HashMap::new();
        for revision in graph.revisions() {
            for name in revision.branch_labels.iter().chain([&revision.id]) {
                names.insert(name.as_str(), revision);
            }
        }
        let mut ancestors = HashMap::new();
        for revision in graph.revisions() {
            let mut found = HashSet::new();
            let mut todo = vec![revision];
            while let Some(next) = todo.pop() {
                for name in next.revises.iter().chain(&next.depends_on) {
                    let parent = names[name.as_str()];
                    if found.insert(parent.id.clone()) {
                        todo.push(parent);
                    }
                }
            }
            ancestors.insert(revision.id.clone(), found);
        }
        Model { ancestors }
    }

    /// Whether the one stands on the other.
    pub fn is_ancestor(&self, lower: &str, upper: &str) -> bool {
        self.ancestors[upper].contains(lower)
    }

    /// The rows and all they stand on.
    pub fn applied(&self, rows: &[String]) -> BTreeSet<String> {
        rows.iter().flat_map(|row| self.ancestors[row].iter().chain([row])).cloned().collect()
    }

    /// Those applied revisions that are no ancestor of another, sorted.
    pub fn rows(&self, applied: &BTreeSet<String>) -> Vec<String> {
        let hidden: HashSet<&String> = applied.iter().flat_map(|id| &self.ancestors[id]).collect();
        applied.iter().filter(|id| !hidden.contains(id)).cloned().collect()
    }
}
