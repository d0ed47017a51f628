use super::*;
use crate::report::Direction;

/// Revisions as `id<revises,…~depends_on,…#label,…=alias,…`, in load order.
fn revisions(text: &str) -> Vec<Revision> {
    text.split_whitespace().map(revision).collect()
}

fn revision(text: &str) -> Revision {
    let mut revision = Revision::default();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest[1..].find(['<', '~', '#', '=']).map_or(rest.len(), |end| end + 1);
        let (part, after) = rest.split_at(end);
        let names = || part[1..].split(',').map(str::to_owned).collect();
        match part.as_bytes()[0] {
            b'<' => revision.revises = names(),
            b'~' => revision.depends_on = names(),
            b'#' => revision.branch_labels = names(),
            b'=' => revision.aliases = names(),
            _ => revision.id = part.to_owned(),
        }
        rest = after;
    }
    revision
}

fn graph(text: &str) -> RevisionGraph {
    RevisionGraph::new(revisions(text)).unwrap()
}

fn rows(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

const SHOP: &str = "shop01 cart01<shop01#carts cart02<cart01 user01<shop01#users user02<user01";

#[test]
fn broken_graphs() {
    let table = [
        ("a1 b2<b2", "graph.self_loop", "revision 'b2' revises itself", "b2"),
        ("a1 b2<a1~b2", "graph.dependency_self_loop", "revision 'b2' depends on itself", "b2"),
        ("a1 no@1<a1", "graph.illegal_revision_id", "revision id 'no@1' holds '@'", "no@1"),
        ("a1 b2<a1 b2<a1", "graph.duplicate_revision", "revision 'b2' is there twice", "b2"),
        (
            "a1#x b2#x",
            "graph.duplicate_branch_label",
            "branch label 'x' of revision 'b2' is taken by revision 'a1'",
            "b2",
        ),
        (
            "a1#b2 b2<a1",
            "graph.duplicate_branch_label",
            "branch label 'b2' of revision 'a1' is also a revision's id",
            "a1",
        ),
        ("b2<a1", "graph.missing_reference", "revision 'b2' revises 'a1', which is not there", "b2"),
        ("a1#x b2<x", "graph.missing_reference", "revision 'b2' revises 'x', which is not there", "b2"),
        ("a1~b2", "graph.missing_reference", "revision 'a1' depends on 'b2', which is not there", "a1"),
        (
            "a1 b2<a1,d4 c3<b2 d4<c3 e5<d4",
            "graph.cycle",
            "revisions revise each other in a circle: b2 -> d4 -> c3 -> b2",
            "b2",
        ),
        (
            "a1~b2 b2<a1",
            "graph.dependency_cycle",
            "revisions depend on each other in a circle: a1 -> b2 -> a1",
            "a1",
        ),
        ("a1#x~x", "graph.dependency_cycle", "revisions depend on each other in a circle: a1 -> a1", "a1"),
    ];
    for (text, code, message, revision) in table {
        let error = RevisionGraph::new(revisions(text)).unwrap_err();
        assert_eq!(
            (error.code(), &*error.to_string(), error.revision()),
            (code, message, Some(revision)),
            "{text}"
        );
        assert!(error.hint().is_some(), "{text}");
    }
    let error = RevisionGraph::new(vec![Revision::default()]).unwrap_err();
    assert_eq!(error.to_string(), "a revision has an empty id");
}

#[test]
fn the_shape() {
    let graph = graph("a1 b2<a1 c3<a1 d4<b2,c3 core1 app1~core1 a1b<a1,a1");
    assert_eq!(graph.heads(), ["d4", "core1", "app1", "a1b"]);
    assert_eq!(graph.heads_resolving_dependencies(), ["d4", "app1", "a1b"]);
    assert_eq!(graph.bases(), ["a1", "core1", "app1"]);
    assert_eq!(graph.branch_points(), [("a1", vec!["a1b", "b2", "c3"])]);
    assert_eq!((graph.children("a1"), graph.children("zz")), (vec!["a1b", "b2", "c3"], vec![]));
    assert!(graph.is_head("d4") && !graph.is_head("a1") && !graph.is_head("zz"));
    assert!(graph.is_branch_point("a1") && graph.is_merge_point("d4") && !graph.is_merge_point("a1b"));
    assert!(graph.get("a1").is_some() && graph.get("a").is_none());
    assert_eq!(graph.current(&rows("d4 app1")).unwrap(), ["app1", "core1", "d4"]);
}

#[test]
fn nothing_at_all() {
    let graph = graph("");
    assert!(graph.is_empty() && graph.heads().is_empty() && graph.bases().is_empty());
    assert!(graph.upgrade(&[], "heads").unwrap().is_empty());
    assert!(graph.downgrade(&[], "base").unwrap().is_empty());
    assert!(graph.stamp(&[], &["head"], false).unwrap().is_empty());
    assert!(graph.history(":", &[]).unwrap().is_empty());
    assert_eq!(graph.upgrade(&[], "+1").unwrap_err().kind(), ErrorKind::RelativeOutOfRange);
}

#[test]
fn targets_that_fail() {
    let graph = graph(SHOP);
    let table = [
        (
            "cart",
            "graph.ambiguous_prefix",
            "three names begin with 'cart': cart01, cart02, carts",
            "give more characters, or the whole id",
        ),
        (
            "user03",
            "graph.unknown_revision",
            "no revision or branch label is called 'user03'",
            "did you mean 'user01' or 'user02' or 'users'?",
        ),
        (
            "nosuchrev",
            "graph.unknown_revision",
            "no revision or branch label is called 'nosuchrev'",
            "see 'limbeck history' for what there is",
        ),
        ("", "graph.unknown_revision", "the target is empty", "name a revision, 'head' or 'base'"),
        (
            "uesrs@head",
            "graph.unknown_branch",
            "no branch label or revision is called 'uesrs'",
            "did you mean 'users'?",
        ),
        (
            "users@cart01",
            "graph.not_in_branch",
            "revision 'cart01' is not in branch 'users'",
            "leave out the branch, or name a revision of it",
        ),
        (
            "head",
            "graph.multiple_heads",
            "two heads match target 'head': cart02, user02",
            "name one, use 'heads', or join them with 'limbeck merge'",
        ),
        ("a:b", "graph.range_not_allowed", "'a:b' is a range", "name one target; ranges are for the history"),
        (
            "+2",
            "graph.ambiguous_walk",
            "'+2' has several ways from revision 'shop01': cart01, user01",
            "put a branch before it, as in 'cart01@+2', or name the revision",
        ),
        (
            "users@+4",
            "graph.relative_out_of_range",
            "'users@+4' ends at revision 'user02' after 3 of 4 steps",
            "take fewer steps, or name the revision",
        ),
        (
            "-1",
            "graph.relative_out_of_range",
            "'-1' does not lead up from the current revision",
            "give upgrade a number of steps with '+', such as '+1'",
        ),
    ];
    for (target, code, message, hint) in table {
        let error = graph.upgrade(&[], target).unwrap_err();
        assert_eq!(
            (error.code(), &*error.to_string(), error.hint()),
            (code, message, Some(hint)),
            "{target}"
        );
    }
}

#[test]
fn rows_that_fail() {
    let graph = graph(SHOP);
    let table = [
        (
            "gone99",
            "heads",
            "graph.unknown_revision",
            "the database is at revision 'gone99', which is not there",
        ),
        (
            "cart01 user01",
            "+1",
            "graph.ambiguous_current",
            "'+1' could count from two revisions: cart01, user01",
        ),
        (
            "shop01 cart01",
            "heads",
            "graph.overlapping_revisions",
            "revision 'shop01' is an ancestor of revision 'cart01'",
        ),
    ];
    for (text, target, code, message) in table {
        let error = graph.upgrade(&rows(text), target).unwrap_err();
        assert_eq!((error.code(), &*error.to_string()), (code, message), "{text} {target}");
    }
    let error = graph.downgrade(&rows("cart01 user01"), "-1").unwrap_err();
    assert_eq!(error.hint(), Some("put the branch before it, as in 'cart01@-1'"));
    let error = graph.downgrade(&rows("shop01"), "cart01").unwrap_err();
    assert_eq!(error.to_string(), "revision 'cart01' is not applied, so 'cart01' is no way down");
    let error = graph.downgrade(&rows("cart01 shop01"), "base").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OverlappingRevisions);
}

/// A step as `+revision`, `-revision` or `=revision`, then the rows it deletes and inserts.
fn shown(plan: &Plan) -> Vec<String> {
    let step = |step: &Step| {
        let sign = match step.direction {
            Direction::Up => '+',
            Direction::Down => '-',
            Direction::Stamp => '=',
        };
        let revision = step.revision.as_deref().unwrap_or_default();
        format!("{sign}{revision} {} -> {}", step.delete.join(","), step.insert.join(","))
    };
    plan.steps.iter().map(step).collect()
}

#[test]
fn plans() {
    let diamond = graph("a1 b2<a1 c3<a1 d4<b2,c3");
    assert_eq!(
        shown(&diamond.upgrade(&[], "head").unwrap()),
        ["+a1  -> a1", "+c3 a1 -> c3", "+b2  -> b2", "+d4 b2,c3 -> d4"]
    );
    assert_eq!(
        shown(&diamond.downgrade(&rows("d4"), "a1").unwrap()),
        ["-d4 d4 -> b2,c3", "-b2 b2 -> ", "-c3 c3 -> a1"]
    );
    let app = graph("core1 core2<core1 app1 app2<app1~core1");
    assert_eq!(
        shown(&app.upgrade(&[], "app2").unwrap()),
        ["+core1  -> core1", "+app1  -> app1", "+app2 app1,core1 -> app2"]
    );
    assert_eq!(
        shown(&app.downgrade(&rows("app2 core2"), "core2-1").unwrap()),
        ["-core2 core2 -> "],
        "core1 stays below app2 without a row"
    );
    let shop = graph(SHOP);
    assert_eq!(
        shown(&shop.downgrade(&rows("cart02 user01"), "users@shop01").unwrap()),
        ["-user01 user01 -> "]
    );
}

#[test]
fn log_lines() {
    let diamond = graph("a1 b2<a1 c3<a1 d4<c3,b2");
    let up = diamond.upgrade(&rows("b2 c3"), "head").unwrap();
    assert_eq!((up.steps[0].from.join(", "), up.steps[0].to.join(", ")), ("c3, b2".into(), "d4".into()));
    let down = diamond.downgrade(&rows("d4"), "b2").unwrap();
    assert_eq!((down.steps[0].from.join(", "), down.steps[0].to.join(", ")), ("d4".into(), "c3, b2".into()));
    let base = diamond.downgrade(&rows("a1"), "base").unwrap();
    assert_eq!((base.steps[0].from.join(", "), base.steps[0].to.join(", ")), ("a1".into(), "".into()));
}

#[test]
fn stamps() {
    let graph = graph(SHOP);
    let table: [(&str, &[&str], bool, &[&str]); 9] = [
        ("", &["heads"], false, &["=cart02  -> cart02", "=user02  -> user02"]),
        ("shop01", &["heads"], false, &["=cart02 shop01 -> cart02", "=user02  -> user02"]),
        ("cart02 user02", &["cart01"], false, &["=cart01 cart02 -> cart01"]),
        ("cart02 user02", &["shop01"], false, &["=shop01 cart02,user02 -> shop01"]),
        ("cart02 user02", &["users@base"], false, &["= user02 -> "]),
        ("cart02", &["cart02"], false, &[]),
        // Rows that overlap are put right.
        ("shop01 cart02", &["cart02"], false, &["= shop01 -> "]),
        ("gone99 cart02", &["cart02", "user01"], true, &["= gone99 -> ", "=user01  -> user01"]),
        ("gone99", &["base"], true, &["= gone99 -> "]),
    ];
    for (text, targets, purge, want) in table {
        assert_eq!(shown(&graph.stamp(&rows(text), targets, purge).unwrap()), want, "{text} {targets:?}");
    }
    let error = graph.stamp(&[], &["cart01", "cart02"], false).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OverlappingRevisions);
}

#[test]
fn histories() {
    let graph = graph(SHOP);
    let table: [(&str, &str, &[&str]); 7] = [
        (":carts@head", "", &["cart02", "cart01", "shop01"]),
        ("carts@base:", "", &["cart02", "cart01", "shop01"]),
        ("current:heads", "cart01 user02", &["cart02", "cart01", "user02"]),
        (":current", "user01", &["user01", "shop01"]),
        ("users@-1:", "", &["user02", "user01"]),
        ("cart01:+9", "", &["cart02", "cart01"]),
        ("cart02-1:cart02", "", &["cart02", "cart01"]),
    ];
    for (range, text, want) in table {
        assert_eq!(graph.history(range, &rows(text)).unwrap(), want, "{range}");
    }
    assert_eq!(graph.history("cart01:user02", &[]).unwrap_err().kind(), ErrorKind::NotAncestor);
    assert_eq!(graph.history("a:b:c", &[]).unwrap_err().kind(), ErrorKind::RangeRequired);
}

/// A database that says a former id is at the revision, and says the new id once its row moves.
#[test]
fn former_ids() {
    let graph = graph("0001=old1 0002<old1=old2,older2 0003<0002");
    assert_eq!(graph.resolve("old2").unwrap(), ["0002"]);
    assert_eq!(graph.current(&rows("old2")).unwrap(), ["0002"]);
    let plan = graph.upgrade(&rows("old2"), "head").unwrap();
    assert_eq!((&*plan.rows, &*plan.steps[0].delete), (&rows("old2")[..], &rows("old2")[..]));
    assert_eq!(plan.rows_after(1), ["0003"]);
    let plan = graph.downgrade(&rows("older2"), "base").unwrap();
    assert_eq!(plan.steps[0].from, ["0002"]);
    assert_eq!((plan.rows_after(1), plan.rows_after(2)), (rows("0001"), Vec::new()));
    // Both spellings at once go together.
    assert_eq!(graph.upgrade(&rows("0002 old2"), "head").unwrap().rows_after(1), ["0003"]);
    assert!(graph.upgrade(&rows("old2"), "old2").unwrap().is_empty());
    assert_eq!(graph.stamp(&rows("old2"), &["0002"], true).unwrap().rows_after(2), ["0002"]);
    // Only the whole of it is known.
    assert_eq!(graph.resolve("olde").unwrap_err().kind(), ErrorKind::UnknownRevision);
    for text in ["a1 b2<a1=a1", "a1#x b2<a1=x", "a1=y b2<a1=y", "a1=a1"] {
        let error = RevisionGraph::new(revisions(text)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DuplicateRevision, "{text}: {error}");
    }
}

/// A line must not overflow the stack, and a bush must not take its size squared.
#[test]
fn ten_thousand() {
    const MANY: usize = 10_000;
    let id = |number: usize| format!("{number:06}");
    let line = |number: usize| match number {
        0 => Revision { branch_labels: vec!["all".into()], ..Revision::new(id(0), &[]) },
        _ => Revision::new(id(number), &[&id(number - 1)]),
    };
    let bush = |number: usize| match number {
        0 => Revision { branch_labels: vec!["all".into()], ..Revision::new(id(0), &[]) },
        _ => Revision::new(id(number), &[&id(0)]),
    };
    let mut merged: Vec<Revision> = (0..MANY).map(bush).collect();
    merged.push(Revision { revises: (1..MANY).map(id).collect(), ..Revision::new("merge", &[]) });
    for revisions in [(0..MANY).map(line).collect(), (0..MANY).map(bush).collect(), merged] {
        let graph = RevisionGraph::new(revisions).unwrap();
        let up = graph.upgrade(&[], "heads").unwrap();
        assert_eq!(up.steps.len(), graph.len());
        let top = up.rows_after(up.steps.len());
        assert_eq!(top.len(), graph.heads().len());
        assert_eq!(graph.downgrade(&top, "base").unwrap().steps.len(), graph.len());
        assert_eq!(graph.history(":", &top).unwrap().len(), graph.len());
        assert!(graph.stamp(&top, &["heads"], false).unwrap().is_empty());
        let labels = graph.revisions().iter().map(|revision| graph.labels(&revision.id).len());
        assert_eq!(labels.sum::<usize>(), graph.len());
    }
    let mut circle: Vec<Revision> = (0..MANY).map(line).collect();
    circle[0].revises.push(id(MANY - 1));
    assert_eq!(RevisionGraph::new(circle).unwrap_err().kind(), ErrorKind::Cycle);
}
