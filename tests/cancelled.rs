//! A run that is cancelled from elsewhere: in whichever phase, it ends as cancelled, and nothing has changed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;
use std::{env, fs, thread};

use limbeck::{Backups, Database, ErrorKind, Migrator};
use rusqlite::Connection;

const MIGRATIONS: [(&str, &str); 2] = [
    (
        "0001_notes.sql",
        "CREATE TABLE notes(id INTEGER PRIMARY KEY, parent REFERENCES notes(id), title TEXT, body TEXT);
         CREATE INDEX by_title ON notes(title); CREATE INDEX by_length ON notes(length(body))",
    ),
    (
        "0002_first.sql",
        "UPDATE notes SET parent = id - 1 WHERE id > 1;
         ALTER TABLE notes ALTER body FIRST, ALTER title SET NOT NULL, ADD UNIQUE (title, id);
         ANALYZE",
    ),
];

fn database(rows: u32) -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    Migrator::new(MIGRATIONS).unwrap().upgrade(&mut db, "0001").unwrap();
    db.execute_batch(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {rows})
         INSERT INTO notes SELECT i, NULL, 'title ' || i * 7919 % {rows}, hex(zeroblob(40)) FROM n"
    ))
    .unwrap();
    db
}

fn state(db: &Connection) -> String {
    let sql = "SELECT (SELECT group_concat(sql) FROM sqlite_master) || (SELECT version_num FROM limbeck_version) \
               || (SELECT count(*) || sum(length(title)) || total(parent) FROM notes)";
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The handle is switched at the n-th event, for each n: the run may end later, and does end.
#[test]
fn at_every_event() {
    let mut db = database(3_000);
    let before = state(&db);
    let mut phases = BTreeSet::new();
    for point in 0.. {
        let (left, seen) = (Cell::new(point), RefCell::new(String::new()));
        let migrator = Migrator::new(MIGRATIONS).unwrap();
        let cancel = migrator.cancel_handle();
        let mut migrator = migrator.on_event(|event| {
            if left.replace(left.get() - 1) == 0 {
                let event = serde_json::to_value(event).unwrap();
                *seen.borrow_mut() = event["event"].as_str().unwrap().to_owned();
                cancel.cancel();
            }
            ControlFlow::Continue(())
        });
        let result = migrator.upgrade(&mut db, "head");
        drop(migrator);
        if left.get() >= 0 {
            result.unwrap();
            break;
        }
        let seen = seen.into_inner();
        // Behind the last event of a run there is only COMMIT.
        match result {
            Ok(_) => {
                assert!(["step_finished", "proving", "working"].contains(&seen.as_str()), "after {seen}");
                db = database(3_000);
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Cancelled, "after {seen}: {error:?}");
                assert!(!db.in_transaction());
                assert_eq!(state(&db), before, "after {seen}");
            }
        }
        phases.insert(seen);
    }
    let all = ["checking", "copied", "indexing", "proving", "step_finished", "step_started", "working"];
    assert_eq!(phases.iter().map(String::as_str).collect::<Vec<_>>(), all);
}

/// Who listens panics at the n-th event, the backup's among them: the app hears of it, and finds its connection as it was.
#[test]
fn by_a_panic() {
    let folder = env::temp_dir().join(format!("limbeck-panics-{}", std::process::id()));
    let mut db = database(3_000);
    db.execute_batch("PRAGMA foreign_keys = ON; PRAGMA legacy_alter_table = ON").unwrap();
    let switches = |db: &Connection| {
        let sql = "SELECT group_concat(foreign_keys || legacy_alter_table || trusted_schema || name) \
                   FROM pragma_foreign_keys, pragma_legacy_alter_table, pragma_trusted_schema, pragma_database_list WHERE name <> 'temp'";
        db.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap()
    };
    let before = (state(&db), switches(&db));
    let mut phases = BTreeSet::new();
    for point in 0.. {
        let (mut left, mut seen) = (point, String::new());
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let mut migrator =
                Migrator::new(MIGRATIONS).unwrap().backup(Backups::new(&folder)).on_event(|event| {
                    left -= 1;
                    if left < 0 {
                        seen = serde_json::to_value(event).unwrap()["event"].as_str().unwrap().to_owned();
                        resume_unwind(Box::new("the app's"));
                    }
                    ControlFlow::Continue(())
                });
            migrator.upgrade(&mut db, "head").map(drop)
        }));
        match caught {
            Ok(done) => {
                assert!(done.is_ok() && left >= 0, "after {seen}: {done:?}");
                break;
            }
            Err(panic) => assert_eq!(*panic.downcast::<&str>().unwrap(), "the app's"),
        }
        assert!(!db.in_transaction(), "after {seen}");
        assert_eq!((state(&db), switches(&db)), before, "after {seen}");
        let partial = |name: &str| name.contains(".partial");
        let files = fs::read_dir(&folder).into_iter().flatten();
        let left =
            files.filter(|file| partial(&file.as_ref().unwrap().file_name().to_string_lossy())).count();
        assert_eq!(left, 0, "copies after {seen}");
        phases.insert(seen);
    }
    fs::remove_dir_all(&folder).unwrap();
    let all = [
        "backing_up",
        "checking",
        "copied",
        "indexing",
        "proving",
        "step_finished",
        "step_started",
        "working",
    ];
    assert_eq!(phases.iter().map(String::as_str).collect::<Vec<_>>(), all);
}

#[test]
fn by_another_thread() {
    let path = env::temp_dir().join(format!("limbeck-cancelled-{}.db", std::process::id()));
    let _ = fs::remove_file(&path);
    let endless = "CREATE TABLE all_of_them AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    let mut migrator = Migrator::new([("0001_endless.sql", endless)]).unwrap();
    let mut db = Connection::open(&path).unwrap();
    let cancel = migrator.cancel_handle();
    let thread = {
        let cancel = cancel.clone();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            cancel.cancel();
        })
    };
    assert_eq!(migrator.upgrade(&mut db, "head").unwrap_err().kind(), ErrorKind::Cancelled);
    thread.join().unwrap();
    // It stays so until it is said otherwise; what has nothing to do is no run.
    assert_eq!(migrator.upgrade(&mut db, "head").unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(migrator.downgrade(&mut db, "base").unwrap().is_empty());
    cancel.reset();
    assert!(!cancel.is_cancelled());
    drop(db);
    fs::remove_file(&path).unwrap();
}

/// One for all is enough for a logger: it is the process's.
struct Lines(std::sync::Mutex<Vec<String>>);

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        if record.target() == "limbeck" && thread::current().name() == Some("the_app_has_a_logger") {
            self.0.lock().unwrap().push(format!("{} {}", record.level(), record.args()));
        }
    }

    fn flush(&self) {}
}

static LINES: Lines = Lines(std::sync::Mutex::new(Vec::new()));

#[test]
fn the_app_has_a_logger() {
    log::set_logger(&LINES).unwrap();
    log::set_max_level(log::LevelFilter::Debug);
    let mut db = database(10);
    let mut scratch = Connection::open_in_memory().unwrap();
    LINES.0.lock().unwrap().clear();
    let mut migrator = Migrator::new(MIGRATIONS).unwrap();
    migrator.dry_run(&mut db, &mut scratch, limbeck::Direction::Up, "head").unwrap();
    assert!(LINES.0.lock().unwrap().is_empty(), "nothing has run");
    db.execute_batch(
        "PRAGMA foreign_keys = OFF; UPDATE notes SET parent = 99 WHERE id = 1; PRAGMA foreign_keys = ON",
    )
    .unwrap();
    migrator.upgrade(&mut db, "head").unwrap();
    let lines = LINES.0.lock().unwrap().join("\n");
    for line in [
        "INFO Running upgrade 0001 -> 0002, first",
        "DEBUG copied 10 of 10 rows of notes",
        "WARN 1 row of notes had no parent",
    ] {
        assert!(lines.contains(line), "{line}:\n{lines}");
    }
}
