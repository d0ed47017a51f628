//! Rows that break a new rule come back as data before the first write; rows that obey it do not.

use limbeck::{Error, ErrorKind, Migrator};
use rusqlite::Connection;

fn alter(setup: &str, statement: &str) -> (Connection, Result<limbeck::Report, Error>) {
    let mut db = Connection::open_in_memory().unwrap();
    db.execute_batch(setup).unwrap_or_else(|error| panic!("{setup}: {error}"));
    let result = Migrator::new([("1.sql", statement)]).unwrap().upgrade(&mut db, "head");
    (db, result)
}

const T: &str = "CREATE TABLE t(a, b TEXT, c INT)";
const ROWS: &str = "INSERT INTO t VALUES (1, 'x', 5), (2, 'X', 5), (NULL, '05', NULL)";

#[test]
fn rows_that_break_a_rule_are_listed() {
    let plain = format!("{T}; {ROWS}");
    let strict = format!("{T} STRICT; {ROWS}").replace("(a,", "(a ANY,");
    let parent = format!(
        "{plain}; CREATE TABLE p(id INTEGER PRIMARY KEY, n TEXT COLLATE NOCASE UNIQUE); INSERT INTO p VALUES (1, 'x')"
    );
    let keyed = "CREATE TABLE t(a INT, b TEXT, c, PRIMARY KEY (a, b)) WITHOUT ROWID; INSERT INTO t VALUES (1, 'k', NULL)";
    let generated = "CREATE TABLE t(a, b AS (a), c UNIQUE, CHECK (b <> 9)); INSERT INTO t(a, c) VALUES (1, '1'), (2, '01')";
    for (setup, actions, want) in [
        // NOT NULL
        (plain.as_str(), "ALTER a SET NOT NULL", "a NOT NULL: 1 (3)"),
        (&plain, "ADD d NOT NULL", "d NOT NULL: 3 (1 2 3)"),
        (&plain, "ADD d NOT NULL DEFAULT (NULL)", "d NOT NULL: 3 (1 2 3)"),
        (&plain, "ALTER b SET NOT NULL, ALTER b TYPE INT USING nullif(b, 'x')", "b NOT NULL: 1 (1)"),
        (&plain, "ALTER b SET GENERATED (a), ALTER b SET NOT NULL", "b NOT NULL: 1 (3)"),
        (&plain, "ADD d AS (a) NOT NULL", "d NOT NULL: 1 (3)"),
        (&plain, "ADD d AS (e) STORED NOT NULL, ADD e AS (a)", "d NOT NULL: 1 (3)"),
        (keyed, "ALTER c SET NOT NULL", "c NOT NULL: 1 (1, 'k')"),
        // UNIQUE
        (&plain, "ADD UNIQUE (c)", "UNIQUE (c): 2 (1 2)"),
        (&plain, "ADD d UNIQUE DEFAULT 1", "d UNIQUE: 3 (1 2 3)"),
        (&plain, "ADD d DEFAULT 1, ADD UNIQUE (d, c)", "UNIQUE (d, c): 2 (1 2)"),
        (&plain, "ADD UNIQUE (b COLLATE NOCASE)", "UNIQUE (b COLLATE NOCASE): 2 (1 2)"),
        (&plain, "ALTER b TYPE TEXT COLLATE NOCASE, ADD UNIQUE (b)", "UNIQUE (b): 2 (1 2)"),
        (&plain, "ALTER a TYPE INT USING 7, ADD PRIMARY KEY (a)", "PRIMARY KEY (a): 3 (1 2 3)"),
        (&plain, "ADD UNIQUE (b), ALTER b TYPE INT USING 1", "UNIQUE (b): 3 (1 2 3)"),
        (generated, "ALTER c TYPE INT", "c UNIQUE: 2 (1 2)"),
        (
            "CREATE TABLE t(a, b TEXT UNIQUE); INSERT INTO t VALUES (1, 'x'), (2, 'X')",
            "ALTER b TYPE TEXT COLLATE NOCASE",
            "b UNIQUE: 2 (1 2)",
        ),
        (
            "CREATE TABLE t(a, b TEXT PRIMARY KEY); INSERT INTO t VALUES (1, 'x'), (2, 'X')",
            "ALTER b TYPE TEXT COLLATE NOCASE",
            "b PRIMARY KEY: 2 (1 2)",
        ),
        (
            "CREATE TABLE t(a, b TEXT); CREATE UNIQUE INDEX i ON t(lower(b) DESC) WHERE a > 0; INSERT INTO t VALUES (1, 'x'), (2, 'y'), (0, 'X')",
            "ALTER b TYPE TEXT USING 'z'",
            "unique index i: 2 (1 2)",
        ),
        // A key
        (&plain, "SET WITHOUT ROWID, ADD PRIMARY KEY (a)", "a NOT NULL: 1 (3)"),
        (&strict, "ADD PRIMARY KEY (a)", "a NOT NULL: 1 (3)"),
        (
            "CREATE TABLE t(id INTEGER); INSERT INTO t VALUES (1), (NULL), ('x'), (1), (2.5)",
            "ADD PRIMARY KEY (id)",
            "id INTEGER PRIMARY KEY: 3 (2 3 5); PRIMARY KEY (id): 2 (1 4)",
        ),
        (
            "CREATE TABLE t(id TEXT); INSERT INTO t VALUES ('5'), ('5.0'), ('6')",
            "ALTER id TYPE INTEGER, ADD PRIMARY KEY (id)",
            "PRIMARY KEY (id): 2 (1 2)",
        ),
        // CHECK
        (&plain, "ADD CHECK (c > 5)", "CHECK (c > 5): 2 (1 2)"),
        (&plain, "ADD CHECK (t.c > 5)", "CHECK (t.c > 5): 2 (1 2)"),
        (&plain, "ADD d INT DEFAULT 0 CHECK (d > 0)", "CHECK (d > 0): 3 (1 2 3)"),
        (
            &plain,
            "ADD d TEXT DEFAULT 0 CHECK (typeof(d) = 'integer')",
            "CHECK (typeof(d) = 'integer'): 3 (1 2 3)",
        ),
        (
            &plain,
            "ADD d INT DEFAULT 3, ADD CONSTRAINT k CHECK (c < d)",
            "CONSTRAINT k CHECK (c < d): 2 (1 2)",
        ),
        (&plain, "ALTER b TYPE INT, ADD CHECK (b > '5')", "CHECK (b > '5'): 1 (3)"),
        (&plain, "ALTER b TYPE INT USING a, ADD CHECK (b <> 2)", "CHECK (b <> 2): 1 (2)"),
        (generated, "ALTER a TYPE INT USING a + 7", "CHECK (b <> 9): 1 (2)"),
        // STRICT
        (
            "CREATE TABLE t(a INT, b TEXT, c REAL, d BLOB); INSERT INTO t VALUES (1, 'x', 1, x''), ('x', x'', 'x', 'x')",
            "SET STRICT",
            "a INT STRICT: 1 (2); b TEXT STRICT: 1 (2); c REAL STRICT: 1 (2); d BLOB STRICT: 1 (2)",
        ),
        (&strict, "ALTER b TYPE INT", "b INT STRICT: 2 (1 2)"),
        (&strict, "ADD d INT DEFAULT 'x'", "d INT STRICT: 3 (1 2 3)"),
        // FOREIGN KEY
        (&parent, "ADD FOREIGN KEY (a) REFERENCES p", "FOREIGN KEY (a) REFERENCES p: 1 (2)"),
        (&parent, "ADD FOREIGN KEY (b) REFERENCES p(n)", "FOREIGN KEY (b) REFERENCES p(n): 1 (3)"),
        (&parent, "ADD d REFERENCES p DEFAULT 9", "d REFERENCES p: 3 (1 2 3)"),
        (
            &parent,
            "ADD UNIQUE (b), ADD FOREIGN KEY (a) REFERENCES t(b)",
            "FOREIGN KEY (a) REFERENCES t(b): 2 (1 2)",
        ),
    ] {
        let statement = format!("ALTER TABLE t {actions}");
        let (db, result) = alter(setup, &statement);
        let error = result.expect_err(&format!("{setup}: {actions}"));
        let found: Vec<String> = error
            .violations()
            .iter()
            .map(|v| format!("{}: {} ({})", v.rule, v.count, v.keys.join(" ")))
            .collect();
        let found = found.join("; ");
        assert!(
            matches!(error.kind(), ErrorKind::RowsBreakRule | ErrorKind::ForeignKeyViolated),
            "{setup}: {actions}: {error:?}"
        );
        assert_eq!(error.kind() == ErrorKind::ForeignKeyViolated, want.contains("REFERENCES"), "{actions}");
        assert_eq!(found, want, "{setup}: {actions}");
        let left: i64 =
            db.query_row("SELECT count(*) FROM temp.sqlite_master", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{actions}");
    }
}

#[test]
fn rows_that_obey_are_not_refused() {
    let plain = format!("{T}; {ROWS}");
    let parent = format!(
        "{plain}; CREATE TABLE p(id INTEGER PRIMARY KEY, n TEXT UNIQUE); INSERT INTO p VALUES (1, '1'), (2, '2'), (5, '5')"
    );
    for (setup, actions) in [
        (plain.as_str(), "ADD d NOT NULL DEFAULT 0"),
        (&plain, "ADD d NOT NULL DEFAULT (1 + 1)"),
        (&plain, "ADD d UNIQUE"),
        (&plain, "ADD id INTEGER PRIMARY KEY NOT NULL"),
        (&plain, "ADD UNIQUE (a), ADD CHECK (c <> 6)"),
        (&plain, "ALTER b TYPE INT, ADD CHECK (b IN ('05', 'x', 'X'))"),
        (&plain, "ALTER c TYPE TEXT, ADD CHECK (c = 5)"),
        (&plain, "ADD d TEXT DEFAULT 5 CHECK (d = 5)"),
        (&plain, "ALTER a TYPE INT USING coalesce(a, 0), ALTER a SET NOT NULL, ADD PRIMARY KEY (a)"),
        (&plain, "ALTER a DROP NOT NULL, ALTER c TYPE REAL"),
        (&parent, "ADD FOREIGN KEY (a) REFERENCES p(n), ADD FOREIGN KEY (c) REFERENCES p"),
        ("CREATE TABLE t(id INTEGER); INSERT INTO t VALUES ('5'), (6.0)", "ADD PRIMARY KEY (id)"),
        (
            "CREATE TABLE t(id TEXT, s INT); INSERT INTO t VALUES ('5', 1), ('6.0', 2)",
            "ALTER id TYPE INTEGER, ADD PRIMARY KEY (id)",
        ),
        ("CREATE TABLE t(a, b UNIQUE)", "ADD c UNIQUE DEFAULT 1"),
        (
            "CREATE TABLE t(a ANY, b REAL) STRICT; INSERT INTO t VALUES ('5', 5)",
            "ALTER b TYPE INT, ADD CHECK (typeof(a) = 'text'), ADD CHECK (a <> 7)",
        ),
        (
            "CREATE TABLE t(a INT, \"limbeck_key\", b AS (a + limbeck_key)); INSERT INTO t VALUES ('5', 1)",
            "ALTER a TYPE TEXT, ADD CHECK (b = 6), ADD CHECK (a = 5)",
        ),
        (
            "CREATE TABLE t(a CHECK (a > 0), b CHECK (b > 0)); PRAGMA ignore_check_constraints = 1; INSERT INTO t VALUES (0, 1); PRAGMA ignore_check_constraints = 0",
            "ALTER b TYPE TEXT",
        ),
    ] {
        let statement = format!("ALTER TABLE t {actions}");
        let (db, result) = alter(setup, &statement);
        result.unwrap_or_else(|error| panic!("{setup}: {actions}: {error:?}"));
        let left: i64 =
            db.query_row("SELECT count(*) FROM temp.sqlite_master", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{actions}");
    }
}

#[test]
fn other_schemas() {
    let setup = "ATTACH ':memory:' AS aux; CREATE TABLE t(a); CREATE TEMP TABLE limbeck_key(a);
        CREATE TABLE aux.t(a TEXT, b UNIQUE); INSERT INTO aux.t VALUES ('x', 1), ('5', 2);
        CREATE TABLE aux.child(x REFERENCES t(b)); CREATE TABLE aux.log(x);
        CREATE VIEW aux.v AS SELECT b FROM t; CREATE VIEW main.v AS SELECT a FROM t;
        CREATE TRIGGER aux.r AFTER INSERT ON log BEGIN UPDATE t SET b = 1; END;
        CREATE TEMP TABLE s(a TEXT); INSERT INTO s VALUES ('y'), ('6')";
    for (statement, want) in [
        ("ALTER TABLE aux.t ALTER a TYPE INT, ADD CHECK (typeof(a) = 'integer')", "t 1 1"),
        ("ALTER TABLE temp.s ALTER a TYPE INT, ADD CHECK (typeof(a) = 'integer')", "s 1 1"),
        (
            "ALTER TABLE aux.t ADD FOREIGN KEY (a) REFERENCES log(x), ADD UNIQUE (a), ADD CHECK (b < 2)",
            "t 1 2",
        ),
    ] {
        let (_, result) = alter(setup, statement);
        let error = result.expect_err(statement);
        let first = &error.violations()[0];
        assert_eq!(format!("{} {} {}", first.table, first.count, first.keys.join(" ")), want, "{statement}");
    }
    let (db, result) = alter(setup, "ALTER TABLE aux.t DROP b CASCADE");
    let report = result.unwrap();
    assert_eq!(
        report.warnings,
        [
            "dropped with column t.b: foreign key (x) of table child".to_owned(),
            "dropped with column t.b: view v, trigger r".to_owned(),
        ]
    );
    let left = "SELECT group_concat(name) FROM (SELECT name FROM aux.sqlite_master ORDER BY name)";
    let left: String = db.query_row(left, [], |row| row.get(0)).unwrap();
    assert_eq!(left, "child,log,t");
    assert_eq!(db.query_row("SELECT count(*) FROM main.v", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}
