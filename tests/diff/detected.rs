//! A case for each thing that is detected: the two schemas, and what is written for them.

use limbeck::RebuildMode;
use limbeck::diff::{Options, Rename};

use crate::pair::{made, objects, proved, written};

/// Renames, the present schema, rows for it, the wanted schema, and what is written.
struct Case {
    renames: &'static [&'static str],
    from: &'static str,
    rows: &'static str,
    to: &'static str,
    up: &'static str,
}

const fn case(from: &'static str, rows: &'static str, to: &'static str, up: &'static str) -> Case {
    Case { renames: &[], from, rows, to, up }
}

const CASES: &[Case] = &[
    // Nothing.
    case(
        "CREATE TABLE t(a INT NOT NULL UNIQUE)",
        "",
        "create table [T](\"A\" int not null /* x */, unique (a))",
        "",
    ),
    // Tables.
    case("", "", "CREATE TABLE t(a)", "CREATE TABLE t(a);\n"),
    case(
        "CREATE TABLE t(a)",
        "INSERT INTO t VALUES (1)",
        "",
        "-- LOSES DATA: every row of t\nDROP TABLE t;\n",
    ),
    // Columns.
    case(
        "CREATE TABLE t(a)",
        "INSERT INTO t VALUES (1)",
        "CREATE TABLE t(a, b TEXT)",
        "ALTER TABLE t ADD COLUMN b TEXT;\n",
    ),
    case(
        "CREATE TABLE t(a, b)",
        "INSERT INTO t VALUES (1, 2)",
        "CREATE TABLE t(a)",
        "-- LOSES DATA: the values of t.b\nALTER TABLE t DROP COLUMN b;\n",
    ),
    // Types and collations.
    case(
        "CREATE TABLE t(a INT, b VARCHAR(5))",
        "INSERT INTO t VALUES (1, 'x')",
        "CREATE TABLE t(a TEXT COLLATE NOCASE, b VARCHAR(6))",
        "-- t.a becomes TEXT: values are converted where that loses nothing, others stay; USING says otherwise\n\
         ALTER TABLE t\n  ALTER COLUMN a TYPE TEXT COLLATE NOCASE,\n  ALTER COLUMN b TYPE VARCHAR(6);\n",
    ),
    case(
        "CREATE TABLE t(a INT COLLATE NOCASE)",
        "INSERT INTO t VALUES (1)",
        "CREATE TABLE t(a)",
        "-- t.a becomes no type: values are converted where that loses nothing, others stay; USING says otherwise\n\
         ALTER TABLE t ALTER COLUMN a DROP TYPE COLLATE BINARY;\n",
    ),
];

fn options(case: &Case) -> Options {
    Options {
        renames: case.renames.iter().map(|text| Rename::parse(text).unwrap()).collect(),
        ..Options::default()
    }
}

#[test]
fn each_is_written_and_runs_both_ways() {
    for case in CASES {
        let to = objects(&made(case.to));
        let found = written(&objects(&made(case.from)), &to, &options(case));
        assert_eq!(found.up, case.up, "\n{}\n{}", case.from, case.to);
        for rebuild in [RebuildMode::Auto, RebuildMode::Always] {
            let mut db = made(case.from);
            db.execute_batch(case.rows).unwrap_or_else(|error| panic!("{error}: {}", case.rows));
            proved(&mut db, &to, &options(case), rebuild)
                .unwrap_or_else(|error| panic!("{error:?}\n{}\n{}\n{}", case.from, found.up, found.down));
        }
    }
}
