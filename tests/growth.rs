//! How the work on a graph and on a text grows: `cargo bench -p limbeck-tests --bench growth` prints
//! times, and the power of the number of revisions, or of bytes, that they grow with: 1 is linear, 2
//! is the square.

mod long_texts;

use std::time::{Duration, Instant};

use limbeck::Migrator;
use limbeck::alter::Alteration;
use limbeck::graph::{Revision, RevisionGraph};
use limbeck::schema::TableDef;
use limbeck::script::{self, Body};
use limbeck::sql::split;
use rusqlite::Connection;

const SIZES: [usize; 3] = [2_500, 10_000, 40_000];
/// A text's, in bytes.
const LENGTHS: [usize; 3] = [1 << 16, 1 << 18, 1 << 20];
/// Memory caches alone take a line to about 1.3.
const STEEPEST: f64 = 1.6;
/// Of several tries the fastest is taken: the others were disturbed.
const TRIES: usize = 5;

type Shape = fn(usize) -> Vec<Revision>;
type Work = fn(&[Revision], &RevisionGraph);

fn main() {
    let shapes: [(&str, Shape); 3] = [("line", line), ("bush", bush), ("ladder", ladder)];
    let works: [(&str, Work); 6] = [
        ("build", |revisions, _| drop(RevisionGraph::new(revisions.to_vec()).unwrap())),
        ("upgrade", |_, graph| drop(graph.upgrade(&[], "heads").unwrap())),
        ("downgrade", |_, graph| drop(graph.downgrade(&top(graph), "base").unwrap())),
        ("history", |_, graph| drop(graph.history(":", &[]).unwrap())),
        ("stamp", |_, graph| drop(graph.stamp(&[], &["heads"], false).unwrap())),
        ("labels", |_, graph| {
            let graph = graph.clone();
            assert!(graph.revisions().iter().map(|r| graph.labels(&r.id).len()).sum::<usize>() > 0);
        }),
    ];
    let mut slow = Vec::new();
    title(&SIZES);
    for (shape, make) in shapes {
        let graphs: Vec<(Vec<Revision>, RevisionGraph)> =
            SIZES.iter().map(|&size| (make(size), RevisionGraph::new(make(size)).unwrap())).collect();
        for (work, run) in works {
            let times: Vec<Duration> =
                graphs.iter().map(|(revisions, graph)| fastest(|| run(revisions, graph))).collect();
            print_and_judge(&format!("{shape} {work}"), &times, &SIZES, &mut slow);
        }
    }
    let times: Vec<Duration> = SIZES[..2].iter().map(|&size| whole_run(size)).collect();
    print_and_judge("line, a whole run", &times, &SIZES, &mut slow);
    title(&LENGTHS);
    let texts: Vec<Vec<String>> = LENGTHS.iter().map(|&length| long_texts::of_length(length)).collect();
    for at in 0..texts[0].len() {
        let times: Vec<Duration> = texts.iter().map(|texts| fastest(|| read(&texts[at]))).collect();
        let name: String = texts[0][at].chars().take(20).flat_map(char::escape_debug).collect();
        print_and_judge(&name, &times, &LENGTHS, &mut slow);
    }
    assert!(slow.is_empty(), "grows faster than it should: {slow:?}");
}

/// Everything that reads a text, whatever it answers.
fn read(text: &str) {
    drop((split(text), TableDef::parse(text), Body::parse(text)));
    drop(script::read(&[("0001_a.sql", text)]));
    drop(Alteration::parse(text).map(|alteration| alteration.groups()));
}

fn title(sizes: &[usize; 3]) {
    println!("{:40} {:>10} {:>10} {:>10}   power", "milliseconds", sizes[0], sizes[1], sizes[2]);
}

fn print_and_judge(name: &str, times: &[Duration], sizes: &[usize; 3], slow: &mut Vec<String>) {
    let milliseconds: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
    let columns: Vec<String> = milliseconds.iter().map(|time| format!("{time:>10.2}")).collect();
    let last = milliseconds.len() - 1;
    // Below a tenth of a millisecond the clock says little.
    let grown = milliseconds[last] / milliseconds[0].max(0.1);
    let power = grown.ln() / (sizes[last] as f64 / sizes[0] as f64).ln();
    println!("{name:40} {:32}   {power:.2}", columns.join(" "));
    if power > STEEPEST {
        slow.push(name.to_owned());
    }
}

fn fastest(run: impl Fn()) -> Duration {
    (0..TRIES)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

fn top(graph: &RevisionGraph) -> Vec<String> {
    graph.heads_resolving_dependencies().into_iter().map(str::to_owned).collect()
}

fn id(number: usize) -> String {
    format!("{number:06}")
}

/// Each follows the one before it.
fn line(size: usize) -> Vec<Revision> {
    let revision = |number: usize| match number {
        0 => Revision { branch_labels: vec!["all".into()], ..Revision::new(id(0), &[]) },
        _ => Revision::new(id(number), &[&id(number - 1)]),
    };
    (0..size).map(revision).collect()
}

/// All follow the first.
fn bush(size: usize) -> Vec<Revision> {
    let revision = |number: usize| match number {
        0 => Revision { branch_labels: vec!["all".into()], ..Revision::new(id(0), &[]) },
        _ => Revision::new(id(number), &[&id(0)]),
    };
    (0..size).map(revision).collect()
}

/// Every third merges the two before it, which begin at the merge before.
fn ladder(size: usize) -> Vec<Revision> {
    let revision = |number: usize| match number {
        0 => Revision { branch_labels: vec!["all".into()], ..Revision::new(id(0), &[]) },
        _ if number.is_multiple_of(3) => Revision::new(id(number), &[&id(number - 2), &id(number - 1)]),
        _ => Revision::new(id(number), &[&id(number - number % 3)]),
    };
    (0..size).map(revision).collect()
}

/// Reads a folder of so many files, runs them all, and once more with nothing to do.
fn whole_run(size: usize) -> Duration {
    let files: Vec<(String, String)> = (0..size)
        .map(|number| (format!("{}_x.sql", id(number)), format!("PRAGMA user_version = {number}")))
        .collect();
    let start = Instant::now();
    let mut db = Connection::open_in_memory().unwrap();
    let mut migrator = Migrator::new(&files).unwrap();
    assert_eq!(migrator.upgrade(&mut db, "head").unwrap().steps.len(), size);
    assert!(migrator.upgrade(&mut db, "head").unwrap().is_empty());
    start.elapsed()
}
