//! Several connections on one file: one applies what is to do, all succeed, those that read go on, and
//! whoever waits longer than its `busy_timeout` is told so.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, fs, thread};

use limbeck::{Backups, Database, ErrorKind, Event, Migrator, NewerDatabase, Report, Result};
use rusqlite::Connection;

const MIGRATIONS: [(&str, &str); 3] = [
    (
        "0001_notes.sql",
        "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT); INSERT INTO notes VALUES (1, 'a')",
    ),
    ("0002_first.sql", "ALTER TABLE notes ADD size INT; ALTER TABLE notes ALTER size FIRST"),
    ("0003_words.sql", "CREATE TABLE words(word); INSERT INTO words SELECT title FROM notes"),
];

/// With a revision that no transaction protects, and that no statement of may run twice.
const OUTSIDE: [(&str, &str); 3] = [
    MIGRATIONS[0],
    (
        "0002_outside.sql",
        "-- migrate:up transaction:false\nCREATE TABLE once(a);\nVACUUM;\nINSERT INTO once VALUES (1);\nCREATE INDEX by_title ON notes(title)",
    ),
    MIGRATIONS[2],
];

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("limbeck-together-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn open(&self, milliseconds: u64) -> Connection {
        let db = Connection::open(self.0.join("app.db")).unwrap();
        db.busy_timeout(Duration::from_millis(milliseconds)).unwrap();
        db
    }

    /// A database at this revision, or none.
    fn at(&self, journal: &str, revision: Option<&str>) {
        for file in fs::read_dir(&self.0).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
        if let Some(revision) = revision {
            let mut db = self.open(5000);
            db.execute_batch(&format!("PRAGMA journal_mode = {journal}; PRAGMA synchronous = OFF")).unwrap();
            upgrade(&MIGRATIONS, &mut db, revision).unwrap();
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn upgrade(files: &[(&str, &str)], db: &mut Connection, target: &str) -> Result<Report> {
    Migrator::new(files).unwrap().upgrade(db, target)
}

fn text(db: &Connection, sql: &str) -> String {
    db.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

const AT: &str = "SELECT group_concat(version_num) FROM limbeck_version";

#[test]
fn threads_apply_each_revision_once() {
    let folder = Folder::new("threads");
    for files in [&MIGRATIONS, &OUTSIDE] {
        for journal in ["DELETE", "WAL"] {
            for begin in [None, Some("0001"), Some("head")] {
                if begin == Some("head") && files == &OUTSIDE {
                    continue;
                }
                folder.at(journal, begin);
                let (start, steps) = (Barrier::new(8), AtomicUsize::new(0));
                thread::scope(|scope| {
                    for _ in 0..8 {
                        scope.spawn(|| {
                            let mut db = folder.open(30_000);
                            start.wait();
                            let report = upgrade(files, &mut db, "head")
                                .unwrap_or_else(|error| panic!("{journal} {begin:?}: {error:?}"));
                            assert_eq!(report.to, ["0003"], "{journal} {begin:?}");
                            steps.fetch_add(report.steps.len(), Ordering::Relaxed);
                        });
                    }
                });
                let db = folder.open(0);
                let want = [None, Some("0001"), Some("head")].iter().position(|at| *at == begin).unwrap();
                assert_eq!(steps.into_inner(), [3, 2, 0][want], "{journal} {begin:?}");
                let finished = "SELECT group_concat(revision) FROM limbeck_history WHERE state = 'finished'";
                assert_eq!(text(&db, finished), "0001,0002,0003", "{journal} {begin:?}");
                assert_eq!(text(&db, "PRAGMA integrity_check"), "ok");
                drop(db);
                // No lock files, and nothing else that limbeck would have to clear away.
                let mut left: Vec<_> =
                    fs::read_dir(&folder.0).unwrap().map(|file| file.unwrap().file_name()).collect();
                left.retain(|name| name != "app.db");
                assert!(left.is_empty(), "{left:?}");
            }
        }
    }
}

/// A snapshot that is open goes on showing what it showed.
#[test]
fn readers_of_a_wal_go_on() {
    let folder = Folder::new("readers");
    folder.at("WAL", Some("0001"));
    let reader = folder.open(0);
    reader.execute_batch("BEGIN; SELECT * FROM notes").unwrap();
    let columns = "SELECT group_concat(name) FROM pragma_table_info('notes')";
    assert_eq!(text(&reader, columns), "id,title");
    upgrade(&MIGRATIONS, &mut folder.open(0), "head").unwrap();
    assert_eq!(text(&reader, columns), "id,title");
    assert_eq!(text(&reader, AT), "0001");
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(text(&reader, columns), "size,id,title");
}

/// With a rollback journal COMMIT needs the readers to end: it waits for them, and says so in the end.
#[test]
fn a_reader_delays_the_commit_of_a_rollback_journal() {
    let folder = Folder::new("commit");
    folder.at("DELETE", Some("0001"));
    let reader = folder.open(0);
    reader.execute_batch("BEGIN; SELECT * FROM notes").unwrap();
    let mut db = folder.open(50);
    db.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    let error = upgrade(&MIGRATIONS, &mut db, "head").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked, "{error:?}");
    assert!(error.hint().unwrap().contains("busy_timeout"), "{error:?}");
    assert!(error.report().is_some_and(|report| report.steps.is_empty() && report.to == ["0001"]));
    assert!(!db.in_transaction());
    assert_eq!(text(&db, "SELECT foreign_keys || '' FROM pragma_foreign_keys"), "1");
    assert_eq!(text(&db, AT), "0001");
    assert_eq!(text(&reader, AT), "0001");
    db.busy_timeout(Duration::from_secs(30)).unwrap();
    let ends = thread::spawn(move || {
        thread::sleep(Duration::from_millis(200));
        reader.execute_batch("COMMIT").unwrap();
    });
    assert_eq!(upgrade(&MIGRATIONS, &mut db, "head").unwrap().to, ["0003"]);
    ends.join().unwrap();
}

#[test]
fn a_writer_that_does_not_end_is_said() {
    let folder = Folder::new("writer");
    for journal in ["DELETE", "WAL"] {
        folder.at(journal, Some("0001"));
        let writer = folder.open(0);
        writer.execute_batch("BEGIN IMMEDIATE; INSERT INTO notes VALUES (2, 'b')").unwrap();
        let mut db = folder.open(50);
        let error = upgrade(&MIGRATIONS, &mut db, "head").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked, "{journal}: {error:?}");
        // Nothing to do: no lock is asked for.
        assert!(upgrade(&MIGRATIONS[..1], &mut db, "head").unwrap().is_empty(), "{journal}");
        writer.execute_batch("COMMIT").unwrap();
        upgrade(&MIGRATIONS, &mut db, "head").unwrap();
        assert_eq!(text(&db, "SELECT count(*) || '' FROM words"), "2", "{journal}");
    }
}

/// What the caller reads may be old, and then cannot be written: SQLITE_BUSY_SNAPSHOT.
#[test]
fn a_stale_snapshot_of_the_callers_own() {
    let folder = Folder::new("snapshot");
    folder.at("WAL", Some("0001"));
    let mut db = folder.open(50);
    db.execute_batch("BEGIN; SELECT * FROM notes").unwrap();
    assert_eq!(text(&db, AT), "0001");
    folder.open(0).execute_batch("INSERT INTO notes VALUES (2, 'b')").unwrap();
    let error = upgrade(&MIGRATIONS, &mut db, "head").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(error.hint().unwrap().contains("BEGIN IMMEDIATE"), "{error:?}");
    assert!(db.in_transaction(), "it is the caller's");
    db.execute_batch("COMMIT; BEGIN IMMEDIATE").unwrap();
    upgrade(&MIGRATIONS, &mut db, "head").unwrap();
    db.execute_batch("COMMIT").unwrap();
}

/// A change of `journal_mode` does not wait for locks by itself.
#[test]
fn a_change_of_journal_mode_waits() {
    let folder = Folder::new("mode");
    let to = |mode: &str| {
        let text = format!("-- migrate:up transaction:false\nPRAGMA journal_mode = {mode}");
        [MIGRATIONS[0], ("0002_mode.sql", &*text.leak())]
    };
    for (before, after) in [("DELETE", "WAL"), ("WAL", "DELETE")] {
        folder.at(before, Some("0001"));
        let other = folder.open(0);
        other.execute_batch("BEGIN; SELECT * FROM notes").unwrap();
        let mut db = folder.open(100);
        let error = upgrade(&to(after), &mut db, "head").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked, "{error:?}");
        // With a rollback journal the note that the revision begins could not be committed either.
        assert_eq!(error.revision(), (before == "WAL").then_some("0002"), "{error:?}");
        assert_eq!(text(&db, AT), "0001");
        db.busy_timeout(Duration::from_secs(30)).unwrap();
        let ends = thread::spawn(move || {
            thread::sleep(Duration::from_millis(200));
            drop(other);
        });
        assert_eq!(upgrade(&to(after), &mut db, "head").unwrap().to, ["0002"], "to {after}");
        assert_eq!(text(&db, "PRAGMA journal_mode"), after.to_ascii_lowercase());
        ends.join().unwrap();
    }
}

/// An older app waits for a newer one, and finds what it does not know.
#[test]
fn an_older_app_that_waited() {
    let folder = Folder::new("older");
    folder.at("WAL", Some("0001"));
    let writer = folder.open(0);
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let older = thread::scope(|scope| {
        let older = scope.spawn(|| upgrade(&MIGRATIONS[..2], &mut folder.open(30_000), "head"));
        thread::sleep(Duration::from_millis(200));
        writer.execute_batch("UPDATE limbeck_version SET version_num = '0003'; COMMIT").unwrap();
        older.join().unwrap()
    });
    let error = older.unwrap_err();
    assert_eq!((error.kind(), error.revision()), (ErrorKind::DatabaseNewer, Some("0003")), "{error:?}");
}

/// Of several that wait for each other each does all that comes before its own first write: the number in the
/// header, which the first has left there, says nothing of what the second has added.
#[test]
fn a_number_in_the_header_that_came_meanwhile() {
    let folder = Folder::new("header");
    folder.at("WAL", Some("0001"));
    let mut first = folder.open(0);
    first.execute_batch("BEGIN IMMEDIATE").unwrap();
    thread::scope(|scope| {
        let second = scope.spawn(|| upgrade(&MIGRATIONS, &mut folder.open(30_000), "head"));
        thread::sleep(Duration::from_millis(200));
        Migrator::new(&MIGRATIONS[..2]).unwrap().keep_user_version(true).upgrade(&mut first, "head").unwrap();
        assert_ne!(text(&first, "SELECT user_version || '' FROM pragma_user_version"), "0");
        first.execute_batch("COMMIT").unwrap();
        assert_eq!(second.join().unwrap().unwrap().to, ["0003"]);
    });
    assert_eq!(text(&first, "SELECT user_version || '' FROM pragma_user_version"), "0");
}

/// A newer app may be first while an older one waits for it: what the older one has chosen for a newer database holds
/// then, too.
#[test]
fn what_is_chosen_for_a_newer_app_that_was_first() {
    let folder = Folder::new("chosen");
    let newer = [
        MIGRATIONS[0],
        ("0002_b.sql", "CREATE TABLE b(x)"),
        ("0003_c.sql", "-- migrate:up\nCREATE TABLE c(x);\n-- migrate:down\nDROP TABLE c;"),
    ];
    for (choice, at) in [(NewerDatabase::RunOn, "0003"), (NewerDatabase::TakeDown, "0002")] {
        folder.at("WAL", Some("0001"));
        let mut first = folder.open(0);
        first.execute_batch("BEGIN IMMEDIATE").unwrap();
        let report = thread::scope(|scope| {
            let older = scope.spawn(|| {
                let mut older = Migrator::new(&newer[..2]).unwrap().newer_database(choice);
                older.upgrade(&mut folder.open(30_000), "head")
            });
            thread::sleep(Duration::from_millis(200));
            upgrade(&newer, &mut first, "head").unwrap();
            first.execute_batch("COMMIT").unwrap();
            older.join().unwrap()
        });
        assert_eq!(report.unwrap_or_else(|error| panic!("{choice:?}: {error:?}")).to, [at]);
        assert_eq!(text(&first, AT), at);
    }
}

/// Who waited for another process finds nothing to do: the backup from before stays the one that is kept.
#[test]
fn who_waited_backs_up_nothing() {
    let folder = Folder::new("waited");
    let backups = || Backups::new(folder.0.join("backups")).keep(1);
    for journal in ["DELETE", "WAL"] {
        let _ = fs::remove_dir_all(folder.0.join("backups"));
        folder.at(journal, Some("0001"));
        let applying = AtomicUsize::new(0);
        let run = |apply: bool| {
            let told = |event: &Event<'_>| {
                if matches!(event, Event::StepStarted { .. }) && applying.fetch_add(1, Ordering::Relaxed) == 0
                {
                    thread::sleep(Duration::from_millis(500));
                }
                ControlFlow::Continue(())
            };
            while !apply && applying.load(Ordering::Relaxed) == 0 {
                thread::sleep(Duration::from_millis(5));
            }
            let mut migrator = Migrator::new(MIGRATIONS).unwrap().backup(backups()).on_event(told);
            migrator.upgrade(&mut folder.open(30_000), "head").unwrap()
        };
        let steps: usize = thread::scope(|scope| {
            let all: Vec<_> =
                [true, false, false].map(|apply| scope.spawn(move || run(apply).steps.len())).into();
            all.into_iter().map(|one| one.join().unwrap()).sum()
        });
        let kept = Migrator::new(MIGRATIONS).unwrap().backup(backups()).backups(&mut folder.open(0)).unwrap();
        let heads: Vec<_> = kept.iter().map(|backup| backup.heads.join(",")).collect();
        assert_eq!((steps, heads), (2, vec!["0001".to_owned()]), "{journal}");
    }
}
