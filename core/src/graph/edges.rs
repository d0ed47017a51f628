//! Adjacency in two flat vectors, and what can be reached over it. Knows numbers only.
//!
//! Every walk keeps its own stack: a line of revisions may be longer than the thread's.

/// The edges that leave each node, in the order they were given.
#[derive(Debug, Clone)]
pub(super) struct Edges {
    /// Where each node's edges begin in `ends`; one more entry closes the last node.
    starts: Vec<usize>,
    ends: Vec<usize>,
}

impl Edges {
    /// No nodes yet; room for so many.
    pub(super) fn with_capacity(nodes: usize) -> Edges {
        let mut starts = Vec::with_capacity(nodes + 1);
        starts.push(0);
        Edges { starts, ends: Vec::with_capacity(nodes) }
    }

    /// Adds the next node with its edges.
    pub(super) fn push(&mut self, ends: &[usize]) {
        self.ends.extend_from_slice(ends);
        self.starts.push(self.ends.len());
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Where the edges of a node lead.
    pub(super) fn of(&self, node: usize) -> &[usize] {
        &self.ends[self.starts[node]..self.starts[node + 1]]
    }

    /// The same edges the other way round; each node's in ascending order.
    pub(super) fn reversed(&self) -> Edges {
        let mut starts = vec![0; self.len() + 1];
        for &end in &self.ends {
            starts[end + 1] += 1;
        }
        for node in 0..self.len() {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut ends = vec![0; self.ends.len()];
        for node in 0..self.len() {
            for &end in self.of(node) {
                ends[next[end]] = node;
                next[end] += 1;
            }
        }
        Edges { starts, ends }
    }

    /// Marks these nodes and all that can be reached from them.
    pub(super) fn reach(&self, from: impl IntoIterator<Item = usize>) -> Vec<bool> {
        let mut marked = vec![false; self.len()];
        let mut stack = Vec::new();
        for node in from {
            if !std::mem::replace(&mut marked[node], true) {
                stack.push(node);
            }
        }
        while let Some(node) = stack.pop() {
            for &end in self.of(node) {
                if !std::mem::replace(&mut marked[end], true) {
                    stack.push(end);
                }
            }
        }
        marked
    }

    /// For each node the place in `from` of the first node that reaches it, if one does.
    pub(super) fn first_reach(&self, from: &[usize]) -> Vec<Option<usize>> {
        let mut first = vec![None; self.len()];
        let mut stack = Vec::new();
        for (place, &node) in from.iter().enumerate() {
            stack.push(node);
            while let Some(node) = stack.pop() {
                if first[node].is_none() {
                    first[node] = Some(place);
                    stack.extend_from_slice(self.of(node));
                }
            }
        }
        first
    }

    /// A circle, if there is one: nodes of which each leads to the next, and the last to the first.
    pub(super) fn circle(&self, reversed: &Edges) -> Option<Vec<usize>> {
        let mut open: Vec<usize> = (0..self.len()).map(|node| self.of(node).len()).collect();
        let mut free: Vec<usize> = (0..self.len()).filter(|&node| open[node] == 0).collect();
        while let Some(node) = free.pop() {
            for &before in reversed.of(node) {
                open[before] -= 1;
                if open[before] == 0 {
                    free.push(before);
                }
            }
        }
        // Whatever is still open leads to something open, so following it must come back.
        let mut at = (0..self.len()).find(|&node| open[node] > 0)?;
        let mut place = vec![None; self.len()];
        let mut path = Vec::new();
        loop {
            if let Some(first) = place[at] {
                return Some(path.split_off(first));
            }
            place[at] = Some(path.len());
            path.push(at);
            at = *self.of(at).iter().find(|&&end| open[end] > 0)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(lists: &[&[usize]]) -> Edges {
        let mut edges = Edges::with_capacity(lists.len());
        for list in lists {
            edges.push(list);
        }
        edges
    }

    #[test]
    fn reversing_twice_is_the_same() {
        let diamond = edges(&[&[], &[0], &[0], &[1, 2]]);
        let up = diamond.reversed();
        assert_eq!((up.of(0), up.of(3)), (&[1, 2][..], &[][..]));
        let down = up.reversed();
        for node in 0..4 {
            assert_eq!(down.of(node), diamond.of(node));
        }
    }

    #[test]
    fn circles() {
        let check = |lists: &[&[usize]], want: Option<&[usize]>| {
            let edges = edges(lists);
            assert_eq!(edges.circle(&edges.reversed()).as_deref(), want, "{lists:?}");
        };
        check(&[], None);
        check(&[&[], &[0], &[0, 1]], None);
        check(&[&[0]], Some(&[0]));
        check(&[&[], &[3], &[1], &[2, 0]], Some(&[1, 3, 2]));
        // Node 0 leads into the circle without being on it.
        check(&[&[1], &[2], &[1]], Some(&[1, 2]));
    }
}
