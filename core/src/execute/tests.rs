//! Runs on a real SQLite, in memory: long, because each promise of a run has its test beside the others.

use rusqlite::Connection;

use crate::script::Section;
use crate::{ErrorKind, Migrator, RebuildMode, Way};

pub(super) const OLD: &str = "
PRAGMA foreign_keys = ON;
CREATE TABLE notes(
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- never given out twice
  title TEXT COLLATE NOCASE,
  body TEXT,
  size AS (length(body))
);
CREATE TABLE files(id INTEGER PRIMARY KEY, note REFERENCES notes(id) ON DELETE CASCADE);
CREATE TABLE log(what);
CREATE INDEX by_title ON notes(title DESC) WHERE title <> '';
CREATE TRIGGER noted AFTER INSERT ON notes BEGIN INSERT INTO log VALUES (new.title); END;
CREATE VIEW titles AS SELECT id, title FROM notes;
INSERT INTO notes(id, title, body) VALUES (1, 'a', 'x'), (2, 'b', NULL), (9, 'c', 'z');
DELETE FROM notes WHERE id = 9;
INSERT INTO files VALUES (1, 1), (2, 2);
ANALYZE;
";

pub(super) fn open(setup: &str) -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(setup).unwrap();
    db
}

pub(super) fn dump(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement = db.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
    rows.map(|row| row.unwrap().unwrap_or_default()).collect()
}

pub(super) fn everything(db: &Connection) -> Vec<String> {
    let mut all = dump(
        db,
        "SELECT name || ': ' || coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'limbeck%' AND name NOT LIKE 'sqlite_autoindex_limbeck%' ORDER BY type, name",
    );
    all.extend(dump(db, "SELECT 'note ' || rowid || quote(title) || quote(body) || quote(size) FROM notes"));
    all.extend(dump(db, "SELECT 'file ' || quote(id) || quote(note) FROM files"));
    all.extend(dump(db, "SELECT 'seq ' || name || seq FROM sqlite_sequence"));
    all.extend(dump(db, "SELECT 'stat ' || tbl || coalesce(idx, '') || stat FROM sqlite_stat1 ORDER BY 1"));
    all
}

#[test]
fn in_place_and_rebuild_keep_everything_and_end_equal() {
    let rebuilt = keeps_everything(RebuildMode::Always, (Way::Rebuild, 2));
    assert_eq!(keeps_everything(RebuildMode::Auto, (Way::InPlace, 0)), rebuilt);
}

#[test]
fn without_a_journal_nothing_runs() {
    let mut db = open(OLD);
    let before = everything(&db);
    db.pragma_update_and_check(None, "journal_mode", "off", |_| Ok(())).unwrap();
    let files = [("1_a.sql", "ALTER TABLE notes DROP COLUMN body CASCADE")];
    let error = Migrator::new(files).unwrap().upgrade(&mut db, "head").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Contract, "{error:?}");
    assert!(error.hint().unwrap().contains("journal_mode = DELETE"), "{error:?}");
    assert_eq!(everything(&db), before);
    assert_eq!(dump(&db, "SELECT foreign_keys || '' FROM pragma_foreign_keys"), ["1"]);
}

fn keeps_everything(mode: RebuildMode, way: (Way, u64)) -> Vec<String> {
    let mut db = open(OLD);
    let before = everything(&db);
    let migrations = [(
        "1_x.sql",
        "-- migrate:up\nALTER TABLE notes ALTER title SET DEFAULT 'new';\n-- migrate:down\nALTER TABLE notes ALTER title DROP DEFAULT;",
    )];
    let mut migrator = Migrator::new(migrations).unwrap().rebuild(mode);
    let report = migrator.upgrade(&mut db, "head").unwrap();
    assert_eq!((report.steps[0].alterations[0].way, report.steps[0].alterations[0].rows), way);
    let after = everything(&db);
    let changed: Vec<&String> = after.iter().filter(|line| !before.contains(line)).collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(changed[0].contains("title TEXT COLLATE NOCASE DEFAULT 'new',\n  body"), "{changed:?}");
    migrator.downgrade(&mut db, "base").unwrap();
    assert_eq!(everything(&db), before);
    assert_eq!(dump(&db, "PRAGMA integrity_check"), ["ok"]);
    let on: i64 = db.query_row("PRAGMA foreign_keys", [], |row| row.get(0)).unwrap();
    assert_eq!(on, 1, "the pragma is what it was");
    after
}

/// What an edit in place must not be done on: each is rebuilt, and says why.
#[test]
fn rows_that_an_edit_would_change_are_copied() {
    for (setup, action, why, rows) in [
        (
            "CREATE TABLE t(a); INSERT INTO t VALUES (1); ALTER TABLE t ADD d DEFAULT 5;",
            "ALTER d SET DEFAULT 99",
            "read its DEFAULT from the text",
            "SELECT a || '|' || d FROM t",
        ),
        (
            "CREATE TABLE t(a); INSERT INTO t VALUES (1); ALTER TABLE t ADD d INT DEFAULT '5';",
            "ALTER d TYPE BLOB",
            "read its DEFAULT from the text",
            "SELECT a || '|' || quote(d) FROM t",
        ),
        (
            "CREATE TABLE t(a REAL); INSERT INTO t VALUES (1.0);",
            "ALTER a TYPE TEXT",
            "holds floating-point numbers",
            "SELECT quote(CAST(a AS TEXT)) FROM t",
        ),
        (
            "CREATE TABLE t(a TEXT UNIQUE); INSERT INTO t VALUES ('x');",
            "ALTER a TYPE INT",
            "holds values to convert in an index",
            "SELECT quote(a) FROM t WHERE a = 'x'",
        ),
    ] {
        let mut db = open(setup);
        let before = dump(&db, rows);
        let migrations = [("1.sql", format!("ALTER TABLE t {action}"))];
        let report = Migrator::new(&migrations).unwrap().upgrade(&mut db, "head").unwrap();
        let alteration = &report.steps[0].alterations[0];
        assert_eq!(alteration.way, Way::Rebuild, "{action}");
        assert!(alteration.why.as_deref().unwrap().contains(why), "{action}: {alteration:?}");
        assert_eq!(dump(&db, rows), before, "{action}");
        assert_eq!(dump(&db, "PRAGMA integrity_check"), ["ok"]);
    }
}

/// With SQLITE_DBCONFIG_DEFENSIVE nobody may edit `sqlite_schema`.
#[test]
fn a_defensive_connection_is_rebuilt() {
    let mut db = open(OLD);
    db.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).unwrap();
    let migrations = [("1.sql", "ALTER TABLE notes ALTER title SET DEFAULT 'new'")];
    let report = Migrator::new(migrations).unwrap().upgrade(&mut db, "head").unwrap();
    let alteration = &report.steps[0].alterations[0];
    assert_eq!(alteration.way, Way::Rebuild);
    assert!(alteration.why.as_deref().unwrap().contains("lets nobody edit sqlite_schema"), "{alteration:?}");
}

#[test]
fn a_failure_leaves_nothing() {
    for (sql, kind) in [
        ("ALTER TABLE notes ALTER body SET NOT NULL", ErrorKind::RowsBreakRule),
        ("ALTER TABLE notes DROP title", ErrorKind::StillNeeded),
        ("ALTER TABLE notes DROP id", ErrorKind::StillNeeded),
        ("ALTER TABLE notes DROP body", ErrorKind::StillNeeded),
        ("ALTER TABLE notes RENAME title TO body", ErrorKind::AlreadyExists),
        ("ALTER TABLE notes ADD CHECK (id < 2)", ErrorKind::RowsBreakRule),
        ("ALTER TABLE nowhere ADD a", ErrorKind::UnknownTable),
        ("ALTER TABLE titles ADD a", ErrorKind::UnknownTable),
        ("DELETE FROM notes WHERE id = 1", ErrorKind::ForeignKeyViolated),
        ("INSERT INTO nowhere VALUES (1)", ErrorKind::StatementFailed),
    ] {
        let mut db = open(OLD);
        let before = everything(&db);
        let migrations =
            [("1.sql", "CREATE TABLE fresh(a)".to_owned()), ("2.sql", format!("SELECT 1;\n{sql}"))];
        let error = Migrator::new(&migrations).unwrap().upgrade(&mut db, "head").unwrap_err();
        assert_eq!(error.kind(), kind, "{sql}: {error:?}");
        assert_eq!(everything(&db), before, "{sql}");
        assert!(dump(&db, "SELECT name FROM sqlite_master WHERE name LIKE 'limbeck%'").is_empty());
        if kind != ErrorKind::ForeignKeyViolated {
            assert_eq!(
                (error.file(), error.line(), error.revision()),
                (Some("2.sql"), Some(2), Some("2")),
                "{sql}"
            );
        }
    }
}

/// A text can be a key that is not UTF-8.
#[test]
fn rows_that_break_a_rule_are_told_whatever_their_keys_are() {
    let mut db = open(
        "CREATE TABLE t(k TEXT PRIMARY KEY, n) WITHOUT ROWID; INSERT INTO t VALUES (CAST(x'ff41' AS TEXT), NULL)",
    );
    let files = [("1_a.sql", "ALTER TABLE t ALTER n SET NOT NULL")];
    let error = Migrator::new(files).unwrap().upgrade(&mut db, "head").unwrap_err();
    assert_eq!((error.kind(), &error.violations()[0].keys[0][..]), (ErrorKind::RowsBreakRule, "'\u{fffd}A'"));
}

#[test]
fn a_database_that_was_there_before_is_told_of_adopt() {
    let files = [("1_notes.sql", "CREATE TABLE notes(a)"), ("2_again.sql", "CREATE TABLE log(a)")];
    let hint = |setup: &str, files: &[(&str, &str)]| {
        let error = Migrator::new(files).unwrap().upgrade(&mut open(setup), "head").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StatementFailed);
        error.hint().map(str::to_owned)
    };
    assert!(hint(OLD, &files).unwrap().contains("limbeck adopt"));
    // What the folder itself makes twice has nothing to do with it.
    assert_eq!(hint("", &[files[0], ("2_again.sql", "CREATE TABLE notes(a)")]), None);
}

#[test]
fn rebuild_never_refuses_and_always_rebuilds() {
    let migrations = [("1.sql", "ALTER TABLE notes ADD extra FIRST")];
    let mut db = open(OLD);
    let error =
        Migrator::new(migrations).unwrap().rebuild(RebuildMode::Never).upgrade(&mut db, "head").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RebuildRefused);
    let migrations = [("1.sql", "ALTER TABLE notes ADD extra")];
    let report =
        Migrator::new(migrations).unwrap().rebuild(RebuildMode::Always).upgrade(&mut db, "head").unwrap();
    assert_eq!(report.steps[0].alterations[0].way, Way::Rebuild);
}

/// The order of `sqlite_schema` tells: what is dropped and created stands last.
fn is_made_anew(setup: &str, enforced: bool) -> bool {
    let mut db = open(&format!(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE, b); CREATE INDEX i ON t(b); CREATE TABLE u(x); {setup}"
    ));
    if enforced {
        db.execute_batch("PRAGMA foreign_keys = ON; BEGIN").unwrap();
    }
    let before = everything_else(&db);
    let report = Migrator::new([("1.sql", "ALTER TABLE t ADD c DEFAULT 5")])
        .unwrap()
        .upgrade(&mut db, "head")
        .unwrap();
    let done = &report.steps[0].alterations[0];
    assert_eq!((done.way, done.rows), (Way::Native, 0), "{setup}");
    assert_eq!(everything_else(&db), before, "{setup}");
    let text = dump(&db, "SELECT sql FROM sqlite_master WHERE name = 't'");
    assert!(text[0].ends_with(", c DEFAULT 5)"), "{setup}: {text:?}");
    let place =
        |name| dump(&db, &format!("SELECT printf('%04d', rowid) FROM sqlite_master WHERE name = '{name}'"));
    place("t") > place("u")
}

/// All but the table's text and the order.
fn everything_else(db: &Connection) -> Vec<String> {
    let mut all = dump(
        db,
        "SELECT name || ': ' || coalesce(sql, '') FROM sqlite_master \
         WHERE name <> 't' AND name NOT LIKE '%limbeck%' UNION ALL \
         SELECT name || ': ' || sql FROM sqlite_temp_master ORDER BY 1",
    );
    all.extend(dump(db, "SELECT quote(id) || quote(a) || quote(b) FROM t ORDER BY id"));
    for (which, columns) in
        [("sqlite_sequence", "name || seq"), ("sqlite_stat1", "tbl || coalesce(idx, '') || stat")]
    {
        if !dump(db, &format!("SELECT name FROM sqlite_master WHERE name = '{which}'")).is_empty() {
            all.extend(dump(db, &format!("SELECT {columns} FROM {which} ORDER BY 1")));
        }
    }
    all
}

#[test]
fn a_column_is_added_by_drop_and_create_only_where_nothing_goes_with_the_table() {
    for (setup, enforced, wanted) in [
        ("", false, true),
        ("CREATE VIEW v AS SELECT a FROM t", false, true),
        // What does not compile already is not its doing.
        ("CREATE VIEW v AS SELECT gone FROM t", false, true),
        ("CREATE TRIGGER r AFTER INSERT ON u BEGIN DELETE FROM gone; END", false, true),
        ("PRAGMA foreign_keys = OFF; CREATE TABLE k(t REFERENCES t); INSERT INTO k VALUES (7)", false, true),
        ("CREATE TRIGGER r AFTER INSERT ON u BEGIN DELETE FROM t; END", false, true),
        ("", true, false),
        ("INSERT INTO t VALUES (1, 2, 3)", false, false),
        // One row that none of its indexes would show.
        ("INSERT INTO t VALUES (1, NULL, NULL)", false, false),
        ("CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END", false, false),
        ("CREATE TEMP TRIGGER r AFTER INSERT ON main.t BEGIN SELECT 1; END", false, false),
        ("INSERT INTO t VALUES (1, 2, 3); ANALYZE; DELETE FROM t", false, false),
        (
            "DROP TABLE t; CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a, b); DROP TABLE u; \
             CREATE TABLE u(x); INSERT INTO t VALUES (8, 1, 1); DELETE FROM t",
            false,
            false,
        ),
    ] {
        assert_eq!(is_made_anew(setup, enforced), wanted, "{setup}");
    }
}

/// SQLite reads a string in double quotes where the connection takes none in a new text.
#[test]
fn where_create_is_refused_sqlites_alter_does_it() {
    use rusqlite::config::DbConfig::{SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_DQS_DML};
    let mut db = open("CREATE TABLE t(a CHECK (a <> \"no name\")); CREATE TABLE u(x)");
    db.set_db_config(SQLITE_DBCONFIG_DQS_DDL, false).unwrap();
    db.set_db_config(SQLITE_DBCONFIG_DQS_DML, false).unwrap();
    Migrator::new([("1.sql", "ALTER TABLE t ADD c")]).unwrap().upgrade(&mut db, "head").unwrap();
    assert_eq!(
        dump(&db, "SELECT sql FROM sqlite_master WHERE name IN ('t', 'u') ORDER BY rowid"),
        ["CREATE TABLE t(a CHECK (a <> \"no name\"), c)", "CREATE TABLE u(x)"]
    );
}

#[test]
fn inside_the_callers_transaction() {
    let mut db = open(OLD);
    db.execute_batch("BEGIN").unwrap();
    let native = [("1.sql", "ALTER TABLE notes ADD extra")];
    Migrator::new(native).unwrap().upgrade(&mut db, "head").unwrap();
    // Foreign keys cannot be switched off here: the tables change places.
    let rebuild = [("1.sql", "ALTER TABLE notes ADD extra"), ("2.sql", "ALTER TABLE notes ALTER body FIRST")];
    let report = Migrator::new(rebuild).unwrap().upgrade(&mut db, "head").unwrap();
    assert_eq!(report.steps[0].alterations[0].way, Way::Rebuild);
    assert_eq!(dump(&db, "SELECT count(*) || '' FROM files"), ["2"], "nothing cascades");
    assert_eq!(dump(&db, "SELECT seq || '' FROM sqlite_sequence"), ["9"]);
    db.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).unwrap();
    let rebuild = [rebuild[0], rebuild[1], ("3.sql", "ALTER TABLE notes ALTER title FIRST")];
    let error = Migrator::new(rebuild).unwrap().upgrade(&mut db, "head").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TransactionOpen, "{error:?}");
    db.execute_batch("ROLLBACK").unwrap();
    assert_eq!(dump(&db, "SELECT count(*) || '' FROM files"), ["2"]);
}

#[test]
fn a_newer_database_and_a_changed_script_are_refused() {
    let both = [("1.sql", "CREATE TABLE a(x)"), ("2.sql", "CREATE TABLE b(x)")];
    let mut db = open("");
    Migrator::new(both).unwrap().app_version("2.0").upgrade(&mut db, "head").unwrap();
    let error = Migrator::new(&both[..1]).unwrap().upgrade(&mut db, "head").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DatabaseNewer);
    assert!(error.to_string().contains("version 2.0 of the app"), "{error}");
    let edited = [("1.sql", "CREATE TABLE a(y)"), both[1], ("3.sql", "CREATE TABLE c(x)")];
    let error = Migrator::new(edited).unwrap().upgrade(&mut db, "head").unwrap_err();
    assert_eq!((error.kind(), error.file()), (ErrorKind::ChangedRevision, Some("1.sql")));
}

#[test]
fn a_revision_without_a_transaction_goes_on_where_it_stopped() {
    let migrations = [("1.sql", "-- migrate:up transaction:false\nCREATE TABLE a(x);\nVACUUM")];
    let mut db = open("");
    Migrator::new(migrations).unwrap().upgrade(&mut db, "head").unwrap();
    assert_eq!(dump(&db, "SELECT state FROM limbeck_history ORDER BY id"), ["started", "finished"]);
    // As if the process had died after the first statement.
    db.execute_batch("DELETE FROM limbeck_history WHERE state = 'finished'; UPDATE limbeck_history SET statements = 1; DELETE FROM limbeck_version").unwrap();
    Migrator::new(migrations).unwrap().upgrade(&mut db, "head").unwrap();
    // Another target, while it is half done.
    db.execute_batch("DELETE FROM limbeck_history WHERE state = 'finished'; DELETE FROM limbeck_version")
        .unwrap();
    let other =
        [("0.sql", "-- revision: other\n-- revises:\n-- migrate:up\nCREATE TABLE b(x)"), migrations[0]];
    let error = Migrator::new(other).unwrap().upgrade(&mut db, "other").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unfinished);
    assert!(error.to_string().contains("2 statements of it are done"), "{error}");
    Migrator::new(migrations).unwrap().stamp(&mut db, &["1"], false).unwrap();
    assert!(Migrator::new(migrations).unwrap().upgrade(&mut db, "head").unwrap().is_empty());
}

/// A statement and the note that it is done stand and fall together, so that a run which died is never in
/// doubt. What SQLite refuses inside a transaction is harmless a second time.
#[test]
fn a_statement_outside_the_transaction_is_noted_with_its_effect() {
    let text = "-- migrate:up transaction:false\nCREATE TABLE a(x);\nINSERT INTO a VALUES (1);\nVACUUM;\nINSERT INTO nowhere VALUES (1)";
    let mut db = open("");
    let error = Migrator::new([("1.sql", text)]).unwrap().upgrade(&mut db, "head").unwrap_err();
    assert_eq!((error.kind(), error.line()), (ErrorKind::StatementFailed, Some(5)));
    assert_eq!(dump(&db, "SELECT state || statements FROM limbeck_history"), ["started3"]);
    let two = &Section::parse(text, 1).unwrap().beginnings()[2];
    db.execute_batch("CREATE TABLE nowhere(x)").unwrap();
    db.execute("UPDATE limbeck_history SET statements = 2, checksum = ?1", [two]).unwrap();
    Migrator::new([("1.sql", text)]).unwrap().upgrade(&mut db, "head").unwrap();
    assert_eq!(dump(&db, "SELECT (SELECT count(*) FROM a) || (SELECT count(*) FROM nowhere)"), ["11"]);
}

/// An earlier limbeck left the sum of the whole script while it was under way, and of a downgrade none.
#[test]
fn half_done_by_an_earlier_limbeck() {
    let text = |last: &str| {
        format!("-- migrate:up transaction:false\nCREATE TABLE a(x);\nCREATE TABLE b(x);\n{last}")
    };
    let sum = Section::parse(&text("CREATE TABLE c(x)"), 1).unwrap().checksum();
    for (last, sum, kind) in [
        ("CREATE TABLE c(x)", Some(&sum), None),
        ("CREATE TABLE d(x)", Some(&sum), Some(ErrorKind::Unfinished)),
        ("CREATE TABLE c(x)", None, Some(ErrorKind::Unfinished)),
    ] {
        let mut db = open("");
        Migrator::new([("1.sql", text("bogus"))]).unwrap().upgrade(&mut db, "head").unwrap_err();
        db.execute("UPDATE limbeck_history SET checksum = ?1", [sum]).unwrap();
        let result = Migrator::new([("1.sql", text(last))]).unwrap().upgrade(&mut db, "head");
        assert_eq!(result.err().map(|error| error.kind()), kind, "{last} {sum:?}");
    }
}

#[test]
fn what_another_database_knows_is_told_in_sqlites_way() {
    for (sql, hint) in [
        ("CREATE TYPE mood AS ENUM ('a')", Some("declare the column TEXT")),
        (
            "CREATE TABLE t(id INTEGER PRIMARY KEY AUTO_INCREMENT)",
            Some("declare the key INTEGER PRIMARY KEY"),
        ),
        ("CREATE TABLE t(a) ENGINE=InnoDB", Some("leave out what stands behind")),
        ("CREATE TABLE t(a); DROP TABLE t CASCADE", Some("leave CASCADE out")),
        ("CREATE TABLE only(a); ALTER TABLE ONLY users ADD CHECK (a)", Some("leave ONLY out")),
        ("CREATE FUNCTION f() AS $body$\nBEGIN\nRETURN 1;\nEND;\n$body$", Some("register the function")),
        ("SELECT 1; BEGIN; SELECT 1", Some("delete it: limbeck runs")),
        ("SELEC 1", None),
        ("SELECT * FROM t WHERE a ILIKE 'x'", Some("write LIKE")),
        // Of another kind: the words have nothing to do with it.
        ("CREATE TABLE t(a CHECK (a > 1)); INSERT INTO t SELECT 0 FROM (SELECT 1 AS ilike)", None),
    ] {
        let error = Migrator::new([("1.sql", sql)]).unwrap().upgrade(&mut open(""), "head").unwrap_err();
        assert_eq!(error.hint().is_some(), hint.is_some(), "{sql}: {error:?}");
        let told = error.hint().unwrap_or_default();
        assert!(told.starts_with(hint.unwrap_or_default()), "{sql}: {error:?}");
    }
    let table = [(
        "1.sql",
        "CREATE TABLE only(a); ALTER TABLE only ADD b; ALTER TABLE main.only ADD c; DROP TABLE main.only",
    )];
    Migrator::new(table).unwrap().upgrade(&mut open(""), "head").unwrap();
}

/// What a cancelled run leaves is told with it.
#[test]
fn cancelled_outside_a_transaction() {
    let text = "-- migrate:up transaction:false\nCREATE TABLE a(x);\nVACUUM;\nCREATE TABLE b AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    let mut db = open("");
    let mut migrator = Migrator::new([("1.sql", text)]).unwrap().on_event(move |event| {
        if *event == crate::Event::Working {
            std::ops::ControlFlow::Break(())
        } else {
            std::ops::ControlFlow::Continue(())
        }
    });
    let error = migrator.upgrade(&mut db, "head").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.to_string(), "interrupted (2 statements before it are done and stay)");
    assert_eq!(error.hint(), Some("run it again when it may finish"));
}

/// At whichever event: all is as before.
#[test]
fn a_listener_can_cancel() {
    let migrations = [
        ("1.sql", "ALTER TABLE notes ALTER body FIRST, ADD CHECK (length(body) < 9)"),
        ("2.sql", "ALTER TABLE notes ALTER title SET DEFAULT 'x', ALTER title TYPE VARCHAR"),
    ];
    let mut points = 0;
    loop {
        let mut db = open(OLD);
        let before = everything(&db);
        let mut left = points;
        let mut migrator = Migrator::new(migrations).unwrap().on_event(move |_| {
            left -= 1;
            if left < 0 { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
        });
        match migrator.upgrade(&mut db, "head") {
            Err(error) => assert_eq!(error.kind(), ErrorKind::Cancelled),
            Ok(_) => break,
        }
        assert_eq!(everything(&db), before, "event {points}");
        points += 1;
    }
    assert!(points > 5, "{points} events only");
}

#[test]
fn a_name_without_a_constraint_names_no_other() {
    let table = "CREATE TABLE t(a CONSTRAINT lonely, b INT NOT NULL CONSTRAINT x CONSTRAINT y)";
    let mut db = open(table);
    let migrations = [(
        "1.sql",
        "-- migrate:up\nALTER TABLE t ALTER a SET DEFAULT 1, ALTER b SET DEFAULT 2;\n-- migrate:down\nALTER TABLE t ALTER a DROP DEFAULT, ALTER b DROP DEFAULT;",
    )];
    let text = |db: &Connection| dump(db, "SELECT sql FROM sqlite_master WHERE name = 't'");
    Migrator::new(migrations).unwrap().upgrade(&mut db, "head").unwrap();
    let after =
        "CREATE TABLE t(a DEFAULT 1 CONSTRAINT lonely, b INT NOT NULL DEFAULT 2 CONSTRAINT x CONSTRAINT y)";
    assert_eq!(text(&db), [after]);
    Migrator::new(migrations).unwrap().downgrade(&mut db, "base").unwrap();
    assert_eq!(text(&db), [table]);
}

/// A collation or function that this connection does not know: nothing can be copied, and what needs no
/// row read goes in place.
#[test]
fn what_cannot_be_compiled_here_is_edited_in_place() {
    let mut db = open(
        "CREATE TABLE t(a TEXT, b); INSERT INTO t VALUES ('x', 1); PRAGMA writable_schema = 1;
         UPDATE sqlite_master SET sql = 'CREATE TABLE t(a TEXT COLLATE odd, b CHECK (odd(b)))';
         PRAGMA writable_schema = RESET;",
    );
    let migrations = [("1.sql", "ALTER TABLE t ALTER b SET DEFAULT 5, RENAME CONSTRAINT none TO one")];
    let error = Migrator::new(migrations).unwrap().upgrade(&mut db, "head").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownConstraint);
    let migrations = [("1.sql", "ALTER TABLE t ALTER b SET DEFAULT 5")];
    let report = Migrator::new(migrations).unwrap().upgrade(&mut db, "head").unwrap();
    assert_eq!(report.steps[0].alterations[0].way, Way::InPlace);
    assert_eq!(
        dump(&db, "SELECT sql FROM sqlite_master WHERE name = 't'"),
        ["CREATE TABLE t(a TEXT COLLATE odd, b CHECK (odd(b)) DEFAULT 5)"]
    );
}

#[test]
fn attached_and_temporary_tables_are_altered_where_they_are() {
    for (schema, actions, way) in [
        ("aux", "ALTER a SET DEFAULT 7", Way::InPlace),
        ("aux", "ALTER b FIRST", Way::Rebuild),
        ("temp", "ALTER a SET DEFAULT 7", Way::InPlace),
        ("temp", "ALTER b FIRST", Way::Rebuild),
    ] {
        let mut db = open(&format!(
            "ATTACH ':memory:' AS aux; CREATE TABLE main.t(a, b); CREATE TABLE {schema}.t(a, b);
             CREATE INDEX {schema}.i ON t(b); INSERT INTO {schema}.t VALUES (1, 2);"
        ));
        let migrations = [("1.sql", format!("ALTER TABLE {schema}.t {actions}"))];
        let report = Migrator::new(&migrations).unwrap().upgrade(&mut db, "head").unwrap();
        assert_eq!(report.steps[0].alterations[0].way, way, "{schema} {actions}");
        assert_eq!(
            dump(&db, "SELECT sql FROM main.sqlite_master WHERE name = 't'"),
            ["CREATE TABLE t(a, b)"]
        );
        assert_eq!(dump(&db, &format!("SELECT a || b FROM {schema}.t INDEXED BY i WHERE b = 2")), ["12"]);
        let changed =
            format!("SELECT count(*) || '' FROM {schema}.sqlite_master WHERE sql = 'CREATE TABLE t(a, b)'");
        assert_eq!(dump(&db, &changed), ["0"], "{schema} {actions}");
    }
}

const INDEXED: &str = "
CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b TEXT);
CREATE INDEX by_a ON t(a);
CREATE INDEX by_b ON t(b);
INSERT INTO t VALUES (1, 'x', '1'), (2, 'y', '2'), (5, 'z', '5');
";

/// `by_b` holds converted values, so it is made anew; `by_a` is where it was.
#[test]
fn a_rebuild_keeps_an_index_of_values_that_stay() {
    let mut db = open(INDEXED);
    let place = |db: &Connection| dump(db, "SELECT '' || rootpage FROM sqlite_master WHERE name = 'by_a'");
    let before = place(&db);
    let mut indexed = Vec::new();
    let migrations = [("1.sql", "ALTER TABLE t ALTER b TYPE INTEGER, ADD c FIRST")];
    let report = Migrator::new(migrations)
        .unwrap()
        .on_event(|event| {
            indexed.extend(match event {
                crate::Event::Indexing { index, of, .. } => Some((*index, *of)),
                _ => None,
            });
            std::ops::ControlFlow::Continue(())
        })
        .upgrade(&mut db, "head")
        .unwrap();
    assert_eq!(report.steps[0].alterations[0].way, Way::Rebuild);
    assert_eq!(indexed, [(1, 1)]);
    assert_eq!(place(&db), before);
    assert_eq!(dump(&db, "PRAGMA integrity_check"), ["ok"]);
    assert_eq!(dump(&db, "SELECT c || a FROM t INDEXED BY by_a WHERE a = 'y'"), [""]);
    let texts = "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 't' ORDER BY name";
    assert_eq!(dump(&db, texts), ["CREATE INDEX by_a ON t(a)", "CREATE INDEX by_b ON t(b)"]);
}

/// It would be found before the run, if the file were looked through.
#[test]
fn a_rebuild_repairs_an_index_that_lacks_entries() {
    let mut db = open(INDEXED);
    db.execute_batch(
        // By the smallest one SQLite counts the rows.
        "CREATE INDEX by_id ON t(id);
         CREATE TEMP TABLE aside AS SELECT * FROM main.sqlite_master WHERE name = 'by_a';
         PRAGMA writable_schema = 1;
         DELETE FROM main.sqlite_master WHERE name = 'by_a';
         PRAGMA schema_version = 100;
         INSERT INTO t VALUES (7, 'w', '7');
         INSERT INTO main.sqlite_master SELECT * FROM aside;
         PRAGMA schema_version = 101;
         PRAGMA writable_schema = 0;
         DROP TABLE aside;",
    )
    .unwrap();
    assert_ne!(dump(&db, "PRAGMA integrity_check"), ["ok"]);
    let migrations = [("1.sql", "ALTER TABLE t ADD c FIRST")];
    let mut migrator = Migrator::new(migrations).unwrap().quick_check(crate::QuickCheck::Never);
    migrator.upgrade(&mut db, "head").unwrap();
    assert_eq!(dump(&db, "PRAGMA integrity_check"), ["ok"]);
    assert_eq!(dump(&db, "SELECT '' || count(*) FROM t"), ["4"]);
}

/// A number that an edit of the schema has left in a column of texts is copied as a text.
#[test]
fn a_rebuild_keeps_no_index_of_a_value_that_its_column_would_convert() {
    let mut db = open(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a); CREATE INDEX by_a ON t(a); INSERT INTO t VALUES (1, 'x'), (2, 7)",
    );
    db.execute_batch(
        "PRAGMA writable_schema = 1;
         UPDATE sqlite_master SET sql = 'CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT)' WHERE name = 't';
         PRAGMA writable_schema = RESET",
    )
    .unwrap();
    Migrator::new([("1.sql", "ALTER TABLE t ADD c FIRST")]).unwrap().upgrade(&mut db, "head").unwrap();
    assert_eq!(dump(&db, "PRAGMA integrity_check"), ["ok"]);
    assert_eq!(dump(&db, "SELECT typeof(a) FROM t INDEXED BY by_a WHERE a = '7'"), ["text"]);
}
