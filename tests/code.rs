//! Revisions whose body is code: they stand among the files, and the same is proved of them.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use limbeck::script::Header;
use limbeck::{Code, Database, Error, ErrorKind, Migrator};
use rusqlite::Connection;

const FILES: [(&str, &str); 2] = [
    (
        "0001_notes.sql",
        "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT);
         CREATE TABLE tags(note INTEGER REFERENCES notes(id), name TEXT);
         INSERT INTO notes VALUES (1, 'a'), (2, 'b'); INSERT INTO tags VALUES (1, 'x')",
    ),
    (
        "0003_more.sql",
        "-- migrate:up\nALTER TABLE notes ADD COLUMN after_code;\n-- migrate:down\nALTER TABLE notes DROP after_code",
    ),
];

fn text(db: &mut dyn Database, sql: &str) -> String {
    db.texts(sql, &[]).unwrap().join(" ")
}

const COLUMNS: &str = "SELECT name FROM pragma_table_info('notes') ORDER BY cid";

#[test]
fn code_runs_in_its_place_and_is_taken_back() {
    let mut db = Connection::open_in_memory().unwrap();
    let code = Code::new("0002_slugs.py", Header::default(), |step| {
        step.warn("made by hand");
        step.execute("ALTER TABLE notes ADD slug TEXT AFTER id; ALTER TABLE notes ALTER title SET NOT NULL")?;
        step.execute("UPDATE notes SET slug = 'n-' || id")
    })
    .down(|step| step.execute("ALTER TABLE notes DROP slug, ALTER title DROP NOT NULL"));
    let mut migrator = Migrator::with_code(FILES, vec![code]).unwrap();
    let report = migrator.upgrade(&mut db, "head").unwrap();
    assert_eq!(report.to, ["0003"]);
    assert_eq!(report.warnings, ["made by hand"]);
    let code = &report.steps[1];
    assert_eq!((code.revision.as_str(), code.alterations.len()), ("0002", 1), "one batch");
    assert_eq!(text(&mut db, COLUMNS), "id slug title after_code");
    assert!(migrator.upgrade(&mut db, "head").unwrap().is_empty());
    migrator.downgrade(&mut db, "0001").unwrap();
    assert_eq!(text(&mut db, COLUMNS), "id title");
    migrator.validate().unwrap();
}

/// An upgrade that must fail, and must leave nothing.
fn refused(code: Code<'_>) -> Error {
    let mut db = Connection::open_in_memory().unwrap();
    Migrator::new(&FILES[..1]).unwrap().upgrade(&mut db, "head").unwrap();
    let all = "SELECT group_concat(sql, ';') FROM sqlite_master UNION ALL SELECT group_concat(note) FROM tags \
               UNION ALL SELECT version_num FROM limbeck_version";
    let before = text(&mut db, all);
    let error = Migrator::with_code(FILES, vec![code]).unwrap().upgrade(&mut db, "head").unwrap_err();
    assert_eq!(text(&mut db, all), before);
    assert!(!db.in_transaction());
    assert_eq!((error.revision(), error.file()), (Some("0002"), Some("0002_slugs.py")), "{error:?}");
    error
}

fn code<'a>(body: impl Fn(&mut limbeck::CodeStep<'_>) -> limbeck::Result<()> + 'a) -> Code<'a> {
    Code::new("0002_slugs.py", Header::default(), body)
}

/// The app may catch a panic of its own, and go on: nothing half done is left, in its own transaction neither.
#[test]
fn what_panics_halfway_leaves_nothing() {
    let all = "SELECT group_concat(sql, ';') FROM sqlite_master UNION ALL SELECT foreign_keys FROM pragma_foreign_keys";
    for begin in ["", "BEGIN"] {
        let mut db = Connection::open_in_memory().unwrap();
        Migrator::new(&FILES[..1]).unwrap().upgrade(&mut db, "head").unwrap();
        db.execute_batch(&format!("PRAGMA foreign_keys = ON; {begin}")).unwrap();
        let before = (db.is_autocommit(), text(&mut db, all));
        let code = code(|step| {
            step.execute("CREATE TABLE half(a)")?;
            resume_unwind(Box::new("the app's"))
        });
        let mut migrator = Migrator::with_code(FILES, vec![code]).unwrap();
        let caught = catch_unwind(AssertUnwindSafe(|| migrator.upgrade(&mut db, "head").map(drop)));
        assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "the app's");
        assert_eq!((db.is_autocommit(), text(&mut db, all)), before);
    }
}

#[test]
fn what_fails_halfway_leaves_nothing() {
    let error = refused(code(|step| {
        step.execute("ALTER TABLE notes ADD slug TEXT")?;
        Err(Error::new(ErrorKind::CodeFailed, "no more"))
    }));
    assert_eq!(error.to_string(), "no more");
    let error = refused(code(|step| step.execute("SELECT 1; COMMIT")));
    assert_eq!((error.kind(), error.statement()), (ErrorKind::ForbiddenStatement, Some("COMMIT")));
    let error = refused(code(|step| step.execute("INSERT INTO nowhere VALUES (1)")));
    assert_eq!(error.statement(), Some("INSERT INTO nowhere VALUES (1)"));
    let error = refused(code(|step| step.execute("-- migrate:up transaction:false\nVACUUM")));
    assert_eq!(error.kind(), ErrorKind::ForbiddenStatement);
}

#[test]
fn rows_written_past_limbeck_are_checked_too() {
    for (table, make) in
        [("tags", "SELECT 1"), ("marks", "CREATE TABLE marks(note INTEGER REFERENCES notes(id), name)")]
    {
        let mut db = Connection::open_in_memory().unwrap();
        let code = code(move |step| {
            let db = step.database()?;
            db.execute(make)?;
            db.execute(&format!("INSERT INTO {table} VALUES (9, 'y')")).map(|_| ())
        });
        let error = Migrator::with_code(FILES, vec![code]).unwrap().upgrade(&mut db, "head").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForeignKeyViolated, "{error:?}");
        assert_eq!(error.violations()[0].table, table);
    }
}

#[test]
fn code_that_commits_is_found_out() {
    let mut db = Connection::open_in_memory().unwrap();
    let code = code(|step| step.database()?.execute("COMMIT").map(|_| ()));
    let error = Migrator::with_code(FILES, vec![code]).unwrap().upgrade(&mut db, "head").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CodeFailed);
}

#[test]
fn code_without_a_way_back_is_not_taken_back() {
    let mut db = Connection::open_in_memory().unwrap();
    let mut migrator = Migrator::with_code(FILES, vec![code(|_| Ok(()))]).unwrap();
    migrator.upgrade(&mut db, "head").unwrap();
    let error = migrator.downgrade(&mut db, "base").unwrap_err();
    assert_eq!((error.kind(), error.file()), (ErrorKind::NoDowngrade, Some("0002_slugs.py")));
    let error = migrator.script("0002").unwrap().body().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BodyIsCode);
}

#[test]
fn a_file_shared_with_alembic_gets_no_table_but_the_version_table() {
    let mut db = Connection::open_in_memory().unwrap();
    let vacuum = ("0004_vacuum.sql", "-- migrate:up transaction:false\nVACUUM");
    let tables = "SELECT name FROM sqlite_master WHERE name LIKE '%\\_%' ESCAPE '\\' AND type = 'table'";
    for (files, want) in [
        (FILES.to_vec(), "alembic_version"),
        // How far such a revision came must be known, whatever was asked for.
        ([&FILES[..], &[vacuum]].concat(), "alembic_version limbeck_history"),
    ] {
        let mut migrator =
            Migrator::new(&files).unwrap().version_table("alembic_version").keep_history(false);
        migrator.upgrade(&mut db, "head").unwrap();
        assert_eq!(text(&mut db, tables), want);
    }
    assert_eq!(text(&mut db, "SELECT revision || state FROM limbeck_history"), "0004started 0004finished");
}
