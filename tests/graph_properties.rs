//! What must hold on any graph, tried on random ones. The seeds are fixed: a failure repeats.

mod model;

use limbeck::Direction;
use limbeck::graph::{Plan, Revision, RevisionGraph};
use model::Model;

/// Numbers that look random, by xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// A graph of up to 24 revisions with branches, merges, several bases, dependencies and labels,
    /// loaded in any order.
    fn graph(&mut self) -> RevisionGraph {
        let mut revisions: Vec<Revision> = Vec::new();
        for number in 0..self.below(25) {
            let mut revision = Revision::new(format!("{:04x}", number * 2741 % 65536), &[]);
            // Mostly the newest few, so that there are lines as well as bushes.
            for _ in 0..[0, 1, 1, 1, 1, 2][self.below(6)].min(number) {
                let parent = number - 1 - self.below(number.min(4));
                revision.revises.push(revisions[parent].id.clone());
            }
            if number > 0 && self.below(5) == 0 {
                let parent = &revisions[self.below(number)];
                revision.depends_on.push(parent.branch_labels.first().unwrap_or(&parent.id).clone());
            }
            if self.below(6) == 0 {
                revision.branch_labels.push(format!("label{number}"));
            }
            revisions.push(revision);
        }
        for place in (1..revisions.len()).rev() {
            revisions.swap(place, self.below(place + 1));
        }
        RevisionGraph::new(revisions).expect("a parent is always older")
    }

    /// Something that may be a target.
    fn target(&mut self, graph: &RevisionGraph) -> String {
        let mut ids = vec!["label", "é"];
        ids.extend(graph.revisions().iter().map(|revision| revision.id.as_str()));
        let mut text = String::new();
        if self.below(3) == 0 {
            text += &format!("{}@", self.pick(&ids));
        }
        text += match self.below(4) {
            0 => self.pick(&["head", "heads", "base", "current", "", ":", "@", "+", "-"]),
            1 => "",
            _ => self.pick(&ids),
        };
        if self.below(3) == 0 {
            text += &format!("{}{}", self.pick(&["+", "-"]), self.below(4));
        }
        text
    }
}

/// Follows a plan step by step with the model beside it.
fn check(graph: &RevisionGraph, plan: &Plan) {
    let model = Model::new(graph);
    let mut applied = model.applied(&plan.rows);
    for (place, step) in plan.steps.iter().enumerate() {
        let revision = step.revision.as_deref().expect("a revision moves");
        let moved = match step.direction {
            Direction::Up => applied.insert(revision.to_owned()),
            Direction::Down => applied.remove(revision),
            Direction::Stamp => panic!("nothing was stamped"),
        };
        assert!(moved, "{revision} is where it was: {graph:?}");
        assert_eq!(plan.rows_after(place + 1), model.rows(&applied), "after {revision}: {graph:?}");
    }
}

#[test]
fn up_to_the_heads_and_down_again() {
    let mut random = Random(20260101);
    for _ in 0..2000 {
        let graph = random.graph();
        let up = graph.upgrade(&[], "heads").unwrap();
        check(&graph, &up);
        assert_eq!(up.steps.len(), graph.len());
        let mut heads = graph.heads_resolving_dependencies();
        heads.sort_unstable();
        let top = up.rows_after(up.steps.len());
        assert_eq!(top, heads);
        let down = graph.downgrade(&top, "base").unwrap();
        check(&graph, &down);
        assert_eq!(down.steps.len(), graph.len());
        assert!(down.rows_after(down.steps.len()).is_empty());
    }
}

#[test]
fn a_run_may_stop_anywhere() {
    let mut random = Random(77);
    for _ in 0..1000 {
        let graph = random.graph();
        let up = graph.upgrade(&[], "heads").unwrap();
        let done = random.below(up.steps.len() + 1);
        let rest = graph.upgrade(&up.rows_after(done), "heads").unwrap();
        assert_eq!(rest.steps.len(), up.steps.len() - done, "{graph:?}");
        let back = graph.downgrade(&up.rows_after(done), "base").unwrap();
        assert_eq!(back.steps.len(), done, "{graph:?}");
        check(&graph, &rest);
        check(&graph, &back);
    }
}

#[test]
fn any_target_gives_a_sound_plan_or_an_error() {
    let mut random = Random(4711);
    let mut sound = 0;
    for _ in 0..4000 {
        let graph = random.graph();
        let model = Model::new(&graph);
        let all = graph.upgrade(&[], "heads").unwrap();
        let rows = all.rows_after(random.below(all.steps.len() + 1));
        let target = random.target(&graph);
        for plan in [graph.upgrade(&rows, &target), graph.downgrade(&rows, &target)].into_iter().flatten() {
            check(&graph, &plan);
            sound += 1;
        }
        if let Ok(plan) = graph.stamp(&rows, &[&target, &random.target(&graph)], random.below(2) == 0) {
            for steps in 0..=plan.steps.len() {
                let rows = plan.rows_after(steps);
                assert_eq!(model.rows(&model.applied(&rows)), rows, "stamp {target}: {graph:?}");
            }
            sound += 1;
        }
        if let Ok(shown) = graph.history(&format!("{target}:{}", random.target(&graph)), &rows) {
            for (place, newer) in shown.iter().enumerate() {
                assert!(!shown[place..].iter().any(|older| model.is_ancestor(newer, older)), "{shown:?}");
            }
        }
        let _ = graph.resolve(&target);
        let _ = graph.merge(&[&target], random.below(2) == 0);
        assert!(graph.current(&rows).is_ok());
    }
    assert!(sound > 2000, "only {sound} targets were any");
}
