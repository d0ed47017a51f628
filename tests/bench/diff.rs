//! How a comparison of schemas grows: `cargo bench -p limbeck-tests --bench diff` prints milliseconds for
//! 500 tables and their multiples, and the power of the number of tables that they grow with.

use std::time::Instant;

use limbeck::diff::{self, Options};
use limbeck::schema::{Object, ObjectKind};

const SIZES: [usize; 3] = [500, 1_000, 2_000];
/// Of several tries the fastest is taken: the others were disturbed.
const TRIES: usize = 5;
/// Memory caches alone take a line to about 1.3.
const STEEPEST: f64 = 1.6;

fn object(kind: ObjectKind, name: String, table: &str, sql: String) -> Object {
    Object { schema: "main".into(), kind, name, table: table.into(), sql: Some(sql) }
}

/// Tables of ten columns, each with a parent, two indexes, a view and a trigger; every `changed`th has
/// another column, type and index.
fn schema(tables: usize, changed: usize) -> Vec<Object> {
    let mut all = Vec::with_capacity(tables * 5);
    for number in 0..tables {
        let name = format!("table_{number}");
        let other = number % changed == 0;
        let (kind, more) = if other { ("TEXT", ", extra INT DEFAULT 0") } else { ("VARCHAR(20)", "") };
        let parent = format!("table_{}", number / 2);
        all.push(object(
            ObjectKind::Table,
            name.clone(),
            &name,
            format!(
                "CREATE TABLE {name}(id INTEGER PRIMARY KEY, parent INT REFERENCES {parent}(id) ON DELETE CASCADE, \
                 a {kind} NOT NULL, b TEXT DEFAULT 'x', c REAL CHECK (c > 0), d INT UNIQUE, e TEXT COLLATE NOCASE, \
                 f BLOB, g AS (a || b), h DATE{more}, CONSTRAINT named_{number} CHECK (d IS NOT 5))"
            ),
        ));
        let order = if other { " DESC" } else { "" };
        all.push(object(
            ObjectKind::Index,
            format!("i_{number}"),
            &name,
            format!("CREATE INDEX i_{number} ON {name}(a{order}, b)"),
        ));
        all.push(object(
            ObjectKind::Index,
            format!("p_{number}"),
            &name,
            format!("CREATE INDEX p_{number} ON {name}(lower(e)) WHERE c IS NOT NULL"),
        ));
        let view = format!("view_{number}");
        let sql =
            format!("CREATE VIEW {view} AS SELECT t.a, p.b FROM {name} t JOIN {parent} p ON p.id = t.parent");
        all.push(object(ObjectKind::View, view.clone(), &view, sql));
        let body = format!("UPDATE {name} SET b = new.a WHERE id = new.id");
        let sql = format!("CREATE TRIGGER r_{number} AFTER INSERT ON {name} BEGIN {body}; END");
        all.push(object(ObjectKind::Trigger, format!("r_{number}"), &name, sql));
    }
    all
}

fn fastest(work: impl Fn()) -> f64 {
    let time = |_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64() * 1e3
    };
    (0..TRIES).map(time).fold(f64::INFINITY, f64::min)
}

fn main() {
    let compared = |from: &[Object], to: &[Object]| {
        std::hint::black_box(diff::compare(from, to, &Options::default()).unwrap());
    };
    type Work<'w> = (&'w str, Box<dyn Fn(usize) -> f64 + 'w>);
    let works: [Work<'_>; 5] = [
        (
            "nothing differs",
            Box::new(|n| {
                let all = schema(n, usize::MAX);
                fastest(|| compared(&all, &all))
            }),
        ),
        (
            "every tenth differs",
            Box::new(|n| {
                let (from, to) = (schema(n, usize::MAX), schema(n, 10));
                fastest(|| compared(&from, &to))
            }),
        ),
        (
            "every one differs",
            Box::new(|n| {
                let (from, to) = (schema(n, usize::MAX), schema(n, 1));
                fastest(|| compared(&from, &to))
            }),
        ),
        (
            "all are new",
            Box::new(|n| {
                let to = schema(n, 10);
                fastest(|| compared(&[], &to))
            }),
        ),
        (
            "fingerprint",
            Box::new(|n| {
                let all = schema(n, 10);
                fastest(|| drop(std::hint::black_box(diff::fingerprint(&all).unwrap())))
            }),
        ),
    ];
    println!("{:20} {:>10} {:>10} {:>10}   power", "milliseconds", SIZES[0], SIZES[1], SIZES[2]);
    let mut slow = Vec::new();
    for (name, work) in works {
        let times = SIZES.map(&work);
        let power = (times[2] / times[0]).ln() / (SIZES[2] as f64 / SIZES[0] as f64).ln();
        println!("{name:20} {:>10.1} {:>10.1} {:>10.1}   {power:.2}", times[0], times[1], times[2]);
        slow.extend((power > STEEPEST).then_some(name));
    }
    assert!(slow.is_empty(), "grows faster than it should: {slow:?}");
}
