//! A launch with nothing to do: what is asked of the database, and what is read of the files.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use limbeck::script::{Digest, Header, Source, SourceFile};
use limbeck::{Code, Database, Error, ErrorKind, Migrator, Report, Result, TransactionMode, Value};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

const FILES: [(&str, &str); 3] = [
    ("1_notes.sql", "-- migrate:up\nCREATE TABLE notes(title);\n-- migrate:down\nDROP TABLE notes;"),
    (
        "2_body.sql",
        "-- migrate:up\nALTER TABLE notes ADD body;\n-- migrate:down\nALTER TABLE notes DROP body;",
    ),
    ("3_tags.sql", "-- migrate:up\nCREATE TABLE tags(name);\n-- migrate:down\nDROP TABLE tags;"),
];

/// Files that count how often they are read.
struct Counted<'a> {
    files: &'a [(&'a str, &'a str)],
    read: Rc<Cell<usize>>,
}

impl Source for Counted<'_> {
    fn files(&self) -> Result<Vec<SourceFile>> {
        self.read.set(self.read.get() + 1);
        self.files.files()
    }

    fn digest(&self) -> Option<Digest> {
        self.files.digest()
    }
}

/// A connection that keeps its statements.
struct Asked<'a>(&'a mut Connection, Vec<String>);

impl Database for Asked<'_> {
    fn execute(&mut self, sql: &str) -> Result<u64> {
        self.1.push(sql.to_owned());
        Database::execute(self.0, sql)
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&[Value]) -> Result<()>,
    ) -> Result<()> {
        self.1.push(sql.to_owned());
        self.0.query(sql, params, each)
    }

    fn in_transaction(&mut self) -> bool {
        self.0.in_transaction()
    }
}

/// What a launch was.
#[derive(Debug, PartialEq)]
enum Launch {
    /// One statement, and no file.
    Short,
    /// Nothing to do, found by reading the files, and nothing written.
    Long,
    /// Something was done.
    Run(usize),
}
use Launch::{Long, Run, Short};

fn launch(db: &mut Connection, files: &[(&str, &str)], target: &str) -> Result<Launch> {
    let alone = limbeck::Launch::new(files.digest().unwrap()).report(db, target);
    let found = launched(db, files, target, |migrator| migrator);
    // The question by itself knows of the short ones, and of no other.
    assert_eq!(alone?.is_some(), found.as_ref().is_ok_and(|found| *found == Short));
    found
}

fn launched(
    db: &mut Connection,
    files: &[(&str, &str)],
    target: &str,
    set: impl FnOnce(Migrator<'_>) -> Migrator<'_>,
) -> Result<Launch> {
    let read = Rc::new(Cell::new(0));
    let mut migrator = set(Migrator::new(Counted { files, read: Rc::clone(&read) })?);
    let changes = db.total_changes();
    let mut asked = Asked(db, Vec::new());
    let report: Report = migrator.upgrade(&mut asked, target)?;
    let statements = asked.1.len();
    if !report.is_empty() {
        return Ok(Run(report.steps.len()));
    }
    assert_eq!(db.total_changes(), changes, "a launch with nothing to do has written");
    assert_eq!(report.from, migrator.rows(db)?);
    Ok(if (statements, read.get()) == (1, 0) { Short } else { Long })
}

fn fresh() -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    assert_eq!(launch(&mut db, &FILES, "head").unwrap(), Run(3));
    db
}

#[test]
fn a_launch_with_nothing_to_do_asks_one_question_and_reads_no_file() {
    let mut db = fresh();
    for target in ["head", "heads"] {
        assert_eq!(launch(&mut db, &FILES, target).unwrap(), Short, "{target}");
    }
    let mut shuffled = FILES;
    shuffled.reverse();
    assert_eq!(launch(&mut db, &shuffled, "head").unwrap(), Short, "the order of a list does not count");
    assert_eq!(launch(&mut db, &FILES, "3").unwrap(), Long, "a target that needs the graph");
    let error = launch(&mut db, &FILES, "4").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownRevision);
}

#[test]
fn other_files_are_read() {
    let mut db = fresh();
    let mut edited = FILES;
    edited[2].1 = "-- migrate:up\nCREATE TABLE tags(name); -- a comment\n-- migrate:down\nDROP TABLE tags;";
    assert_eq!(launch(&mut db, &edited, "head").unwrap(), Long);
    assert_eq!(launch(&mut db, &edited, "head").unwrap(), Long, "which is not written down");
    let error = launch(&mut db, &FILES[..2], "head").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DatabaseNewer);
    let mut broken = FILES;
    broken[2].1 = "-- revises: nowhere";
    assert_eq!(launch(&mut db, &broken, "head").unwrap_err().kind(), ErrorKind::MissingReference);
    let more = [&FILES[..], &[("4_more.sql", "CREATE TABLE more(a)")]].concat();
    assert_eq!(launch(&mut db, &more, "head").unwrap(), Run(1));
    assert_eq!(launch(&mut db, &more, "head").unwrap(), Short);
    assert_eq!(launch(&mut db, &FILES, "head").unwrap_err().kind(), ErrorKind::DatabaseNewer);
}

#[test]
fn other_version_rows_are_looked_at() {
    let mut db = fresh();
    // Alembic, or a person: a row has moved, and no history tells of it.
    db.execute_batch("UPDATE limbeck_version SET version_num = '2'; DROP TABLE tags").unwrap();
    assert_eq!(launch(&mut db, &FILES, "head").unwrap(), Run(1));
    assert_eq!(launch(&mut db, &FILES, "head").unwrap(), Short);
    db.execute_batch("DELETE FROM limbeck_version; DROP TABLE notes; DROP TABLE tags").unwrap();
    assert_eq!(launch(&mut db, &FILES, "head").unwrap(), Run(3));
    // limbeck's own ways.
    let mut migrator = Migrator::new(FILES).unwrap();
    migrator.downgrade(&mut db, "1").unwrap();
    assert_eq!(launch(&mut db, &FILES, "+1").unwrap(), Run(1));
    assert_eq!(launch(&mut db, &FILES, "head").unwrap(), Run(1));
    migrator.downgrade(&mut db, "2").unwrap();
    migrator.stamp(&mut db, &["head"], false).unwrap();
    assert_eq!(launch(&mut db, &FILES, "head").unwrap(), Short, "a stamp leaves the digest too");
    assert_eq!(
        launched(&mut db, &FILES, "head", |m| m.version_table("other")).unwrap_err().kind(),
        ErrorKind::StatementFailed
    );
}

#[test]
fn without_a_record_the_files_are_read() {
    let mut db = fresh();
    assert_eq!(launched(&mut db, &FILES, "head", |m| m.keep_history(false)).unwrap(), Long);
    db.execute_batch("DELETE FROM limbeck_history").unwrap();
    assert_eq!(launch(&mut db, &FILES, "head").unwrap(), Long);
    db.execute_batch("DROP TABLE limbeck_history").unwrap();
    assert_eq!(launch(&mut db, &FILES, "head").unwrap(), Long);
}

#[test]
fn a_database_of_an_earlier_limbeck_gets_the_column_with_its_next_migration() {
    let mut db = Connection::open_in_memory().unwrap();
    launch(&mut db, &FILES[..2], "head").unwrap();
    db.execute_batch("DROP INDEX limbeck_history_files; ALTER TABLE limbeck_history DROP COLUMN files")
        .unwrap();
    assert_eq!(launch(&mut db, &FILES[..2], "head").unwrap(), Long);
    assert_eq!(launch(&mut db, &FILES, "head").unwrap(), Run(1));
    assert_eq!(launch(&mut db, &FILES, "head").unwrap(), Short);
}

#[test]
fn a_run_asks_a_whole_record_once_before_it_begins_and_once_in_its_transaction() {
    let mut db = Connection::open_in_memory().unwrap();
    launch(&mut db, &FILES[..2], "head").unwrap();
    let mut asked = Asked(&mut db, Vec::new());
    Migrator::new(FILES).unwrap().upgrade(&mut asked, "head").unwrap();
    let begins = asked.1.iter().position(|sql| sql == "BEGIN IMMEDIATE").unwrap();
    let writes = asked.1.iter().position(|sql| sql.starts_with("CREATE TABLE tags")).unwrap();
    let of_record = |all: &[String]| all.iter().filter(|sql| sql.contains("limbeck_")).count();
    // The launch's own question, and what each revision's last row says; then all that a run must know.
    assert_eq!(
        (of_record(&asked.1[..begins]), of_record(&asked.1[begins..writes])),
        (2, 1),
        "{:#?}",
        asked.1
    );
}

#[test]
fn several_heads() {
    let files = [("1.sql", "SELECT 1"), ("2.sql", "-- revises: 1"), ("3.sql", "-- revises: 1")];
    let mut db = Connection::open_in_memory().unwrap();
    assert_eq!(launch(&mut db, &files, "heads").unwrap(), Run(3));
    assert_eq!(launch(&mut db, &files, "heads").unwrap(), Short);
    assert_eq!(launch(&mut db, &files, "head").unwrap_err().kind(), ErrorKind::MultipleHeads);
    // Two heads and one row: what a row depends on is none.
    let files = [("1.sql", "-- revises:"), ("2.sql", "-- revises:\n-- depends_on: 1")];
    let mut db = Connection::open_in_memory().unwrap();
    assert_eq!(launch(&mut db, &files, "heads").unwrap(), Run(2));
    assert_eq!(launch(&mut db, &files, "heads").unwrap(), Short);
    assert_eq!(launch(&mut db, &files, "head").unwrap_err().kind(), ErrorKind::MultipleHeads);
}

#[test]
fn revisions_of_their_own_transactions() {
    let files = [FILES[0], ("2.sql", "-- migrate:up transaction:false\nVACUUM")];
    for mode in [TransactionMode::PerUpgrade, TransactionMode::PerRevision] {
        let mut db = Connection::open_in_memory().unwrap();
        assert_eq!(launched(&mut db, &files, "head", |m| m.transaction(mode)).unwrap(), Run(2));
        assert_eq!(launch(&mut db, &files, "head").unwrap(), Short);
    }
    // What was finished before a failure is not all.
    let files = [FILES[0], ("2.sql", "CREATE TABLE notes(a)")];
    let mut db = Connection::open_in_memory().unwrap();
    for _ in 0..2 {
        let error =
            launched(&mut db, &files, "head", |m| m.transaction(TransactionMode::PerRevision)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StatementFailed);
    }
}

#[test]
fn code_counts_by_what_it_says_of_itself() {
    let ran = Cell::new(0);
    let launch = |db: &mut Connection, header: Header| -> Result<usize> {
        let code = Code::new("4_code", header, |_| {
            ran.set(ran.get() + 1);
            Ok::<(), Error>(())
        });
        let mut asked = Asked(db, Vec::new());
        Migrator::with_code(FILES, vec![code])?.upgrade(&mut asked, "head")?;
        Ok(asked.1.len())
    };
    let mut db = fresh();
    launch(&mut db, Header::default()).unwrap();
    assert_eq!((launch(&mut db, Header::default()).unwrap(), ran.get()), (1, 1));
    let other = Header { revision: Some("5".to_owned()), ..Header::default() };
    assert_eq!(launch(&mut db, other).unwrap_err().kind(), ErrorKind::DatabaseNewer);
}

/// A file from elsewhere: the launch asks no view.
#[test]
fn a_view_in_place_of_the_history_is_not_asked() {
    let mut db = fresh();
    let called = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&called);
    db.create_scalar_function("harm", 0, FunctionFlags::SQLITE_UTF8, move |_| {
        seen.store(true, Ordering::Relaxed);
        Ok(1)
    })
    .unwrap();
    db.execute_batch(
        "DROP TABLE limbeck_history; CREATE VIEW limbeck_history AS SELECT harm() AS id, 'x' AS files",
    )
    .unwrap();
    assert_eq!(launch(&mut db, &FILES, "head").unwrap(), Long);
    assert!(!called.load(Ordering::Relaxed));
}

#[test]
fn a_folder_on_disk_is_read_once() {
    let path = std::env::temp_dir().join(format!("limbeck-launch-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    for (name, text) in FILES {
        std::fs::write(path.join(name), text).unwrap();
    }
    let mut db = Connection::open_in_memory().unwrap();
    let mut migrator = Migrator::new(limbeck::script::Folder(path.clone())).unwrap();
    // What was read is what runs.
    std::fs::remove_dir_all(&path).unwrap();
    assert_eq!(migrator.upgrade(&mut db, "head").unwrap().steps.len(), 3);
    assert_eq!(launch(&mut db, &FILES, "head").unwrap(), Short, "it is the same from a list");
    let gone = Migrator::new(limbeck::script::Folder(path)).err().unwrap();
    assert_eq!(gone.kind(), ErrorKind::SourceUnreadable);
}

fn user_version(db: &Connection) -> i64 {
    db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

fn by_header(db: &mut Connection, files: &[(&str, &str)], target: &str) -> Result<Launch> {
    let read = Rc::new(Cell::new(0));
    let source = Counted { files, read: Rc::clone(&read) };
    let mut asked = Asked(db, Vec::new());
    let report = Migrator::new(source)?.keep_user_version(true).upgrade(&mut asked, target)?;
    Ok(match (report.steps.len(), asked.1.len(), read.get()) {
        (0, 1, 0) => {
            assert!(report.from.is_empty() && report.to.is_empty());
            Short
        }
        (0, ..) => Long,
        (steps, ..) => Run(steps),
    })
}

#[test]
fn the_header_answers() {
    let mut db = Connection::open_in_memory().unwrap();
    assert_eq!(by_header(&mut db, &FILES, "2").unwrap(), Run(2));
    assert_eq!(user_version(&db), 0, "not at the heads");
    assert_eq!(by_header(&mut db, &FILES, "head").unwrap(), Run(1));
    let number = user_version(&db);
    assert!(number > 0);
    for target in ["head", "heads"] {
        assert_eq!(by_header(&mut db, &FILES, target).unwrap(), Short);
    }
    assert_eq!(by_header(&mut db, &FILES, "3").unwrap(), Long);
    let mut edited = FILES;
    edited[0].0 = "1_other.sql";
    assert_eq!(by_header(&mut db, &edited, "head").unwrap(), Long);
    assert_eq!(user_version(&db), number, "a launch with nothing to do writes nothing");
    assert_eq!(by_header(&mut db, &FILES, "head").unwrap(), Short);
}

#[test]
fn whoever_moves_the_rows_takes_the_number_back() {
    let mut db = Connection::open_in_memory().unwrap();
    by_header(&mut db, &FILES, "head").unwrap();
    // Also without the setting, as the command of a developer may be.
    Migrator::new(FILES).unwrap().downgrade(&mut db, "-1").unwrap();
    assert_eq!(user_version(&db), 0);
    assert_eq!(by_header(&mut db, &FILES, "head").unwrap(), Run(1));
    Migrator::new(FILES).unwrap().keep_user_version(true).downgrade(&mut db, "base").unwrap();
    assert_eq!(user_version(&db), 0);
    Migrator::new(FILES).unwrap().keep_user_version(true).stamp(&mut db, &["head"], false).unwrap();
    assert_eq!(by_header(&mut db, &FILES, "head").unwrap(), Short);
    Migrator::new(FILES).unwrap().stamp(&mut db, &["2"], true).unwrap();
    assert_eq!(user_version(&db), 0);
    // What fails changes nothing.
    let failing = [&FILES[..], &[("4.sql", "CREATE TABLE notes(a)")]].concat();
    let mut db = Connection::open_in_memory().unwrap();
    by_header(&mut db, &FILES, "head").unwrap();
    let before = user_version(&db);
    assert_eq!(by_header(&mut db, &failing, "head").unwrap_err().kind(), ErrorKind::StatementFailed);
    assert_eq!(user_version(&db), before);
}

#[test]
fn a_number_of_the_apps_own_is_refused() {
    let mut db = fresh();
    db.execute_batch("PRAGMA user_version = 12").unwrap();
    for target in ["head", "3", "+1"] {
        let error = by_header(&mut db, &FILES, target).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UserVersionTaken, "{target}");
    }
    let mut migrator = Migrator::new(FILES).unwrap().keep_user_version(true);
    assert_eq!(migrator.downgrade(&mut db, "base").unwrap_err().kind(), ErrorKind::UserVersionTaken);
    Migrator::new(FILES).unwrap().downgrade(&mut db, "2").unwrap();
    assert_eq!(user_version(&db), 12, "what is not limbeck's is left alone");
    let mut migrator = Migrator::new(FILES).unwrap().keep_user_version(true).keep_history(false);
    assert_eq!(migrator.upgrade(&mut db, "head").unwrap_err().kind(), ErrorKind::BadSetting);
}
