//! Pictures of the revision graph: where each revision stands is found once, for all forms.

pub mod dot;
pub mod mermaid;
pub mod svg;
pub mod text;

use std::collections::HashMap;

use crate::RevisionInfo;

/// Revisions newest first, a row each, in lanes.
pub struct Picture {
    pub nodes: Vec<Node>,
    /// How many lanes there are.
    pub lanes: usize,
}

/// One revision in its place.
pub struct Node {
    pub info: RevisionInfo,
    pub lane: usize,
    /// The lanes that end here, coming from children: this node's own and others.
    pub ends: Vec<usize>,
    /// To each revision that it revises, in the picture.
    pub parents: Vec<Edge>,
    /// The rows of what it depends on, in the picture.
    pub depends_on: Vec<usize>,
    /// The lanes that pass by.
    pub passing: Vec<usize>,
    /// Whether the database has it.
    pub applied: bool,
}

/// A line down to an older revision.
pub struct Edge {
    pub row: usize,
    /// The lane in which it runs.
    pub lane: usize,
}

impl Picture {
    /// Lays out revisions, each of which stands before those that it revises. `current` are those
    /// that the database is at.
    pub fn new(revisions: Vec<RevisionInfo>, current: &[&str]) -> Picture {
        let rows: HashMap<String, usize> =
            revisions.iter().enumerate().map(|(row, info)| (info.revision.clone(), row)).collect();
        let labelled = labelled(&revisions);
        // Which row each lane leads to.
        let mut lanes: Vec<Option<usize>> = Vec::new();
        let mut nodes = Vec::with_capacity(revisions.len());
        let mut applied = vec![false; revisions.len()];
        for (row, mut info) in revisions.into_iter().enumerate() {
            info.current = current.contains(&info.revision.as_str());
            applied[row] |= info.current;
            let ends: Vec<usize> = (0..lanes.len()).filter(|&lane| lanes[lane] == Some(row)).collect();
            ends.iter().for_each(|&lane| lanes[lane] = None);
            let lane = ends.first().copied().unwrap_or_else(|| free(&mut lanes));
            let passing = (0..lanes.len()).filter(|&lane| lanes[lane].is_some()).collect();
            // The first parent goes on in the same lane.
            lanes[lane] = Some(row);
            let mut parents = Vec::new();
            for parent in info.revises.iter().filter_map(|id| rows.get(id)) {
                let lane = if parents.is_empty() { lane } else { free(&mut lanes) };
                lanes[lane] = Some(*parent);
                parents.push(Edge { row: *parent, lane });
                applied[*parent] |= applied[row];
            }
            if parents.is_empty() {
                lanes[lane] = None;
            }
            let needs = |name: &String| rows.get(name).or_else(|| labelled.get(name)).copied();
            let depends_on: Vec<usize> = info.depends_on.iter().filter_map(needs).collect();
            depends_on.iter().for_each(|&needed| applied[needed] |= applied[row]);
            nodes.push(Node { lane, ends, parents, depends_on, passing, applied: applied[row], info });
        }
        Picture { nodes, lanes: lanes.len() }
    }

    /// The revisions, in order.
    pub fn revisions(&self) -> Vec<&RevisionInfo> {
        self.nodes.iter().map(|node| &node.info).collect()
    }
}

/// The row of the revision that begins each label: the last one, newest first, that has it.
fn labelled(revisions: &[RevisionInfo]) -> HashMap<String, usize> {
    let labels = revisions.iter().enumerate();
    labels.flat_map(|(row, info)| info.branch_labels.iter().map(move |label| (label.clone(), row))).collect()
}

fn free(lanes: &mut Vec<Option<usize>>) -> usize {
    lanes.iter().position(Option::is_none).unwrap_or_else(|| {
        lanes.push(None);
        lanes.len() - 1
    })
}

impl Node {
    /// What stands in parentheses behind a revision.
    pub fn marks(&self) -> Vec<&str> {
        let info = &self.info;
        let marks = [
            (info.head, "head"),
            (info.current, "current"),
            (info.branch_point, "branchpoint"),
            (info.merge_point, "mergepoint"),
        ];
        marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Two branches that are merged, one of which the database has, and a dependency.
    pub fn picture() -> Picture {
        let info = |id: &str, revises: &[&str]| RevisionInfo {
            revision: id.to_owned(),
            revises: revises.iter().map(|&id| id.to_owned()).collect(),
            message: format!("make {id} <&\"it's\">"),
            ..RevisionInfo::default()
        };
        let merge = RevisionInfo { head: true, merge_point: true, ..info("e5", &["c3", "d4"]) };
        let d4 = RevisionInfo { depends_on: vec!["x1".into()], ..info("d4", &["b2"]) };
        let b2 =
            RevisionInfo { branch_point: true, branch_labels: vec!["shop".into()], ..info("b2", &["a1"]) };
        Picture::new(vec![merge, d4, info("x1", &[]), info("c3", &["b2"]), b2, info("a1", &[])], &["c3"])
    }

    #[test]
    fn lanes() {
        let picture = picture();
        let places: Vec<_> =
            picture.nodes.iter().map(|node| (node.info.revision.as_str(), node.lane)).collect();
        assert_eq!(places, [("e5", 0), ("d4", 1), ("x1", 2), ("c3", 0), ("b2", 0), ("a1", 0)]);
        assert_eq!(
            (picture.lanes, &*picture.nodes[4].ends, &*picture.nodes[1].depends_on),
            (3, &[0, 1][..], &[2][..])
        );
        let applied: Vec<bool> = picture.nodes.iter().map(|node| node.applied).collect();
        assert_eq!(applied, [false, false, false, true, true, true]);
    }
}
