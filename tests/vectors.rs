//! The revision-graph vectors: what Alembic answered, asked again of the graph.
//!
//! The lines are in `vectors/revisions.jsonl` under the directory that `LIMBECK_SHARED` names, or
//! `shared` beside the project. `vectors/README.md` there says what each field means and what must
//! be equal; this file checks that and no more.

mod model;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use limbeck::Error;
use limbeck::graph::{Plan, Revision, RevisionGraph};
use model::Model;
use serde_json::{Value, json};

/// Passes, or says what differs.
type Check = Result<(), String>;

#[test]
fn every_line_is_met() {
    let path = shared().join("vectors/revisions.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is not there; set LIMBECK_SHARED", path.display());
        return;
    };
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut same_order = (0, 0);
    let mut failures = Vec::new();
    for line in text.lines() {
        let vector: Value = serde_json::from_str(line).expect("a line is JSON");
        let (met, all) = counts.entry(string(&vector["command"])).or_default();
        *all += 1;
        match check(&vector, &mut same_order) {
            Ok(()) => *met += 1,
            Err(why) => failures.push(format!(
                "{}: {} {} from {}: {why}",
                vector["id"], vector["command"], vector["target"], vector["heads_in_db"]
            )),
        }
    }
    for (command, (met, all)) in &counts {
        println!("{command:12} {met:5} of {all}");
    }
    let (met, all) = counts.values().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    println!("{:12} {met:5} of {all}", "all");
    println!("where several orders are legal, {} of {} are Alembic's own", same_order.0, same_order.1);
    assert!(failures.is_empty(), "{} lines are not met:\n{}", failures.len(), failures.join("\n"));
}

fn shared() -> PathBuf {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    std::env::var_os("LIMBECK_SHARED").map_or_else(beside, PathBuf::from)
}

fn check(vector: &Value, same_order: &mut (usize, usize)) -> Check {
    let expect = &vector["expect"];
    match answer(vector) {
        Err(error) => check_error(vector, &error),
        Ok(_) if expect.get("error").is_some() => Err(format!("no error, but wanted {}", expect["error"])),
        Ok(Answer::Plain(got)) => check_plain(expect, &got),
        Ok(Answer::History(got)) => {
            check_order(vector, &strings(&expect["revisions"]), &got, true, same_order)
        }
        Ok(Answer::Plan(graph, plan)) => check_plan(vector, &graph, &plan, same_order),
    }
}

enum Answer {
    /// An answer to compare as JSON.
    Plain(Value),
    History(Vec<String>),
    Plan(Box<RevisionGraph>, Plan),
}

fn answer(vector: &Value) -> Result<Answer, Error> {
    let graph = RevisionGraph::new(revisions(vector))?;
    let rows = strings(&vector["heads_in_db"]);
    let target = string(&vector["target"]);
    let words: Vec<&str> = target.split_whitespace().collect();
    let option = |name: &str| vector["options"][name] == true;
    let plain = |ids: Vec<&str>| Ok(Answer::Plain(json!({ "revisions": ids })));
    match string(&vector["command"]).as_str() {
        "upgrade" => graph.upgrade(&rows, &target).map(|plan| Answer::Plan(Box::new(graph), plan)),
        "downgrade" => graph.downgrade(&rows, &target).map(|plan| Answer::Plan(Box::new(graph), plan)),
        "stamp" => {
            graph.stamp(&rows, &words, option("purge")).map(|plan| Answer::Plan(Box::new(graph), plan))
        }
        "history" => graph.history(&target, &rows).map(|ids| Answer::History(owned(&ids))),
        "heads" if option("resolve_dependencies") => plain(graph.heads_resolving_dependencies()),
        "heads" => plain(graph.heads()),
        "bases" => plain(graph.bases()),
        "branches" => {
            let branches = graph.branch_points();
            let branches: Vec<Value> = branches
                .iter()
                .map(|(id, children)| json!({ "revision": id, "children": children }))
                .collect();
            Ok(Answer::Plain(json!({ "branches": branches })))
        }
        "labels" => {
            let ids = graph.revisions().iter().map(|revision| revision.id.as_str());
            let labels: BTreeMap<&str, Vec<&str>> = ids.map(|id| (id, graph.labels(id))).collect();
            Ok(Answer::Plain(json!({ "labels": labels })))
        }
        "current" => plain(graph.current(&rows)?),
        "resolve" => plain(graph.resolve(&target)?),
        "merge_check" => {
            Ok(Answer::Plain(json!({ "down_revision": graph.merge(&words, option("splice"))? })))
        }
        other => panic!("the vectors have a new command: {other}"),
    }
}

fn revisions(vector: &Value) -> Vec<Revision> {
    let revision = |value: &Value| Revision {
        id: string(&value["revision"]),
        revises: strings(&value["down_revision"]),
        branch_labels: strings(&value["branch_labels"]),
        depends_on: strings(&value["depends_on"]),
        aliases: Vec::new(),
        message: String::new(),
    };
    vector["graph"].as_array().expect("a graph is a list").iter().map(revision).collect()
}

fn check_error(vector: &Value, error: &Error) -> Check {
    let expect = &vector["expect"];
    let code = error.code().trim_start_matches("graph.");
    // Before an `@` Alembic itself says now one, now the other.
    let unknown = ["unknown_revision", "unknown_branch"];
    let branch = string(&vector["target"]).contains('@');
    let alike = |want: &str| want == code || (branch && unknown.contains(&want) && unknown.contains(&code));
    let wanted = ["error", "or_error"].into_iter().filter_map(|field| expect[field].as_str());
    if wanted.clone().any(alike) {
        return well_spoken(error);
    }
    let wanted: Vec<&str> = wanted.collect();
    Err(format!("{error:?}, but wanted {wanted:?}, {}", expect["alembic_cause"]))
}

/// Every error of the graph keeps to the form of messages and hints.
fn well_spoken(error: &Error) -> Check {
    let message = error.to_string();
    let hint = error.hint().unwrap_or_default();
    if message.starts_with(char::is_uppercase)
        || message.ends_with('.')
        || hint.is_empty()
        || hint.ends_with('.')
    {
        return Err(format!("an ill-formed error: {error:?}"));
    }
    Ok(())
}

fn check_plain(expect: &Value, got: &Value) -> Check {
    for (member, got) in got.as_object().expect("an answer is an object") {
        let (mut want, mut got) = (expect[member].clone(), got.clone());
        if member == "branches" {
            for list in [&mut want, &mut got] {
                list.as_array_mut().expect("branches are a list").sort_by_key(|branch| branch.to_string());
            }
        }
        if want != got {
            return Err(format!("{member}: {got}, but wanted {want}"));
        }
    }
    Ok(())
}

fn check_plan(vector: &Value, graph: &RevisionGraph, plan: &Plan, same_order: &mut (usize, usize)) -> Check {
    let expect = &vector["expect"];
    let rows: Vec<Vec<String>> = (1..=plan.steps.len()).map(|steps| plan.rows_after(steps)).collect();
    let after = plan.rows_after(plan.steps.len());
    if after != strings(&expect["heads_after"]) {
        return Err(format!("ends with rows {after:?}, but wanted {}", expect["heads_after"]));
    }
    if vector["command"] == "stamp" {
        return Ok(());
    }
    check_rows(vector, graph, plan, &rows)?;
    let steps = expect["steps"].as_array().expect("steps are a list");
    let want: Vec<String> = steps.iter().map(|step| string(&step["revision"])).collect();
    let got: Vec<String> = plan.steps.iter().filter_map(|step| step.revision.clone()).collect();
    check_order(vector, &want, &got, vector["command"] == "downgrade", same_order)?;
    if want == got {
        for (step, rows) in steps.iter().zip(&rows) {
            if strings(&step["rows"]) != *rows {
                return Err(format!("rows {rows:?} after {}, but wanted {}", step["revision"], step["rows"]));
            }
        }
    }
    Ok(())
}

/// After every step the rows are those applied revisions that are no ancestor of another.
fn check_rows(vector: &Value, graph: &RevisionGraph, plan: &Plan, rows: &[Vec<String>]) -> Check {
    let model = Model::new(graph);
    let mut applied = model.applied(&strings(&vector["heads_in_db"]));
    for (step, rows) in plan.steps.iter().zip(rows) {
        let revision = step.revision.clone().expect("upgrade and downgrade name the revision");
        let changed = match vector["command"] == "upgrade" {
            true => applied.insert(revision.clone()),
            false => applied.remove(&revision),
        };
        let want = model.rows(&applied);
        if !changed || *rows != want {
            return Err(format!("rows {rows:?} after {revision}, but {want:?} are applied and on top"));
        }
    }
    Ok(())
}

fn check_order(
    vector: &Value,
    want: &[String],
    got: &[String],
    newest_first: bool,
    same_order: &mut (usize, usize),
) -> Check {
    let differ = || Err(format!("{got:?}, but wanted {want:?}"));
    if vector["expect"]["order"] == "total" {
        return if want == got { Ok(()) } else { differ() };
    }
    if vector["expect"]["order"] != "partial" {
        return Err(format!("the order is {}", vector["expect"]["order"]));
    }
    same_order.0 += usize::from(want == got);
    same_order.1 += 1;
    let set = |ids: &[String]| ids.iter().cloned().collect::<BTreeSet<_>>();
    if set(want) != set(got) || want.len() != got.len() {
        return differ();
    }
    let graph = RevisionGraph::new(revisions(vector)).expect("an answer has a graph");
    let model = Model::new(&graph);
    let mut oldest_first = got.to_vec();
    if newest_first {
        oldest_first.reverse();
    }
    for (place, id) in oldest_first.iter().enumerate() {
        if let Some(late) = oldest_first[place..].iter().find(|later| model.is_ancestor(later, id)) {
            return Err(format!("{id} comes on the wrong side of {late} in {got:?}"));
        }
    }
    Ok(())
}

fn string(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().map(|list| list.iter().map(string).collect()).unwrap_or_default()
}

fn owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}
