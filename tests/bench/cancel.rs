//! How long a run goes on after it was cancelled: a table of a million rows (or as many as the argument
//! says) is rebuilt, indexed and checked, and another thread cancels at moments all over it. What is measured
//! ends when the call has returned, with all rolled back.
//!
//!     cargo run --release -p limbeck-tests --example cancel

use std::time::{Duration, Instant};
use std::{env, fs, thread};

use limbeck::{ErrorKind, Migrator, QuickCheck};
use rusqlite::Connection;

const MIGRATIONS: [(&str, &str); 2] = [
    (
        "0001_notes.sql",
        "CREATE TABLE notes(id INTEGER PRIMARY KEY, parent REFERENCES notes(id), title TEXT, body TEXT);
         CREATE INDEX by_title ON notes(title); CREATE INDEX by_parent ON notes(parent + 0)",
    ),
    (
        "0002_first.sql",
        "ALTER TABLE notes ALTER body FIRST, ALTER title SET NOT NULL, ADD UNIQUE (title, id)",
    ),
];

fn main() {
    let rows: u32 = env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    for journal in ["DELETE", "WAL"] {
        let path = env::temp_dir().join(format!("limbeck-cancel-{}.db", std::process::id()));
        let _ = fs::remove_file(&path);
        let mut db = Connection::open(&path).unwrap();
        db.execute_batch(&format!("PRAGMA journal_mode = {journal}")).unwrap();
        Migrator::new(MIGRATIONS).unwrap().upgrade(&mut db, "0001").unwrap();
        db.execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {rows})
             INSERT INTO notes SELECT i, nullif(i - 1, 0), 'title ' || i * 7919 % {rows}, hex(zeroblob(40)) FROM n"
        ))
        .unwrap();
        let mut migrator = Migrator::new(MIGRATIONS).unwrap().quick_check(QuickCheck::Always);
        let cancel = migrator.cancel_handle();
        let mut late = Vec::new();
        let mut after = Duration::from_millis(20);
        loop {
            cancel.reset();
            let canceller = {
                let cancel = cancel.clone();
                thread::spawn(move || {
                    thread::sleep(after);
                    cancel.cancel();
                    Instant::now()
                })
            };
            let result = migrator.upgrade(&mut db, "head");
            let ended = Instant::now();
            let cancelled = canceller.join().unwrap();
            match result {
                Ok(_) => break,
                Err(error) => assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}"),
            }
            late.push((ended.saturating_duration_since(cancelled), after));
            after = after * 5 / 4;
        }
        late.sort();
        let (last, at) = late[late.len() - 1];
        println!(
            "{journal}, {rows} rows: {} runs cancelled; it took {:?} in the middle, {last:?} at most (cancelled after {at:?})",
            late.len(),
            late[late.len() / 2].0
        );
        drop(db);
        let _ = fs::remove_file(&path);
    }
}
