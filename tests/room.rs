//! A full disk: seen before the first write where that is sure, and survived where it is not.

use std::fs;
use std::path::{Path, PathBuf};

use limbeck::{Backups, ErrorKind, Migrator, Room, TransactionMode};
use rusqlite::Connection;

const FILES: [(&str, &str); 2] = [
    (
        "1_t.sql",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000)
         INSERT INTO t SELECT i, 'row ' || i, hex(randomblob(50)) FROM n;
         CREATE INDEX t_a ON t(a);",
    ),
    ("2_rebuild.sql", "ALTER TABLE t ALTER b FIRST"),
];

fn place(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("room-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn app(release: usize) -> Migrator<'static> {
    Migrator::new(&FILES[..release]).unwrap()
}

fn content(db: &Connection) -> String {
    let sql = "SELECT group_concat(sql, char(10)) || (SELECT sum(id) || max(a) || count(b) FROM t) FROM sqlite_master";
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn what_will_not_fit_is_refused_before_it_is_begun() {
    let folder = place("refused");
    let mut db = Connection::open(folder.join("app.db")).unwrap();
    app(1).upgrade(&mut db, "head").unwrap();
    let before = content(&db);
    let tight = Room::new(|_| Some(10_000));
    let error = app(2).room(tight.clone()).upgrade(&mut db, "head").unwrap_err();
    assert_eq!((error.kind(), content(&db)), (ErrorKind::Full, before.clone()));
    let told = error.to_string();
    assert!(told.contains("rebuilding table t takes ") && told.contains("10.0 kB free"), "{told}");
    let error =
        app(2).room(tight).backup(Backups::new(folder.join("backups"))).upgrade(&mut db, "head").unwrap_err();
    assert!(error.kind() == ErrorKind::Full && error.to_string().starts_with("a backup takes "), "{error}");
    assert!(!folder.join("backups").exists() && content(&db) == before);
    // Free pages of the database are used again; what may shrink might fit; what is not known may be.
    let dropped = [FILES[0], ("2_x.sql", "ALTER TABLE t ALTER a FIRST, DROP b")];
    let half = Room::new(|_| Some(100_000));
    Migrator::new(dropped).unwrap().room(half).upgrade(&mut db, "head").unwrap();
    let mut db = Connection::open_in_memory().unwrap();
    app(2).room(Room::new(|_| Some(0))).upgrade(&mut db, "head").unwrap();
}

#[test]
fn when_the_room_is_all_used_the_run_is_rolled_back_and_can_be_repeated() {
    for mode in [TransactionMode::PerUpgrade, TransactionMode::PerRevision] {
        for journal in ["delete", "wal"] {
            let folder = place(&format!("full-{journal}-{mode:?}"));
            let mut db = Connection::open(folder.join("app.db")).unwrap();
            db.query_row(&format!("PRAGMA journal_mode = {journal}"), [], |_| Ok(())).unwrap();
            app(1).upgrade(&mut db, "head").unwrap();
            let before = content(&db);
            let pages: i64 = db.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
            for more in [0, 1, 20, 100] {
                db.query_row(&format!("PRAGMA max_page_count = {}", pages + more), [], |_| Ok(())).unwrap();
                let error = app(2).transaction(mode).upgrade(&mut db, "head").unwrap_err();
                assert_eq!(
                    (error.kind(), content(&db)),
                    (ErrorKind::Full, before.clone()),
                    "{journal} {more}"
                );
                let check: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
                assert_eq!(check, "ok");
            }
            db.query_row("PRAGMA max_page_count = 1073741823", [], |_| Ok(())).unwrap();
            assert_eq!(app(2).transaction(mode).upgrade(&mut db, "head").unwrap().to, ["2"]);
        }
    }
}

/// 20,000 rows, 100 bytes in each of two columns.
const LARGE: (&str, &str) = (
    "1_t.sql",
    "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b TEXT);
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000)
     INSERT INTO t SELECT i, hex(randomblob(50)), hex(randomblob(50)) FROM n;
     CREATE INDEX t_a ON t(a)",
);

fn large(name: &str, journal: &str) -> Connection {
    let db = Connection::open(place(name).join("app.db")).unwrap();
    db.query_row(&format!("PRAGMA journal_mode = {journal}"), [], |_| Ok(())).unwrap();
    let mut db = db;
    Migrator::new([LARGE]).unwrap().upgrade(&mut db, "head").unwrap();
    db
}

/// One revision more, on a disk with so much room.
fn next(db: &mut Connection, sql: &str, free: u64) -> Result<limbeck::Report, limbeck::Error> {
    let files = [LARGE, ("2_next.sql", sql)];
    Migrator::new(files).unwrap().room(Room::new(move |_| Some(free))).upgrade(db, "head")
}

fn refused(db: &mut Connection, sql: &str, free: u64, told: &str) {
    let before = content(db);
    let error = next(db, sql, free).unwrap_err();
    assert_eq!((error.kind(), content(db)), (ErrorKind::Full, before), "{error}");
    assert!(error.to_string().contains(told) && error.revision() == Some("2"), "{error}");
    let begun = "SELECT count(*) FROM limbeck_history WHERE revision = '2'";
    assert_eq!(db.query_row(begun, [], |row| row.get(0)), Ok(0));
}

#[test]
fn an_index_of_the_authors_own() {
    for journal in ["delete", "wal"] {
        let mut db = large(&format!("index-{journal}"), journal);
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        // 2 MB of text: what is sorted fits into no cache of 1 MB.
        db.execute_batch("PRAGMA cache_size = 10").unwrap();
        refused(&mut db, "CREATE INDEX t_b ON t(b)", 1_900_000, "index t_b takes ");
        refused(&mut db, "CREATE UNIQUE INDEX IF NOT EXISTS t_b ON t(b, a)", 3_900_000, "index t_b takes ");
        // A tenth of the rows; an index that is there; what limbeck does not understand.
        let few = "CREATE INDEX t_b ON t(b) WHERE id <= 2000; CREATE INDEX IF NOT EXISTS t_a ON t(a);
                   CREATE TEMP TABLE x(y); CREATE INDEX temp.x_y ON x(y)";
        assert_eq!(next(&mut db, few, 1_000_000).unwrap().to, ["2"]);
    }
}

#[test]
fn in_wal_mode_all_that_is_written_is_beside_the_database() {
    // The table holds 4.1 MB, its index 2.1.
    let sql = "ALTER TABLE t ALTER b FIRST";
    assert_eq!(next(&mut large("wal-not", "delete"), sql, 5_000_000).unwrap().to, ["2"]);
    let mut db = large("wal", "wal");
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    refused(&mut db, sql, 4_000_000, "rebuilding table t takes 4.");
    // The index is kept; where it has to be made again, it is written too.
    assert_eq!(next(&mut db, sql, 5_000_000).unwrap().to, ["2"]);
    let made_again = "DROP INDEX t_a; CREATE INDEX t_a ON t(lower(a))";
    let mut db = large("wal-made", "wal");
    db.execute_batch(made_again).unwrap();
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    refused(&mut db, sql, 5_000_000, "rebuilding table t takes 6.");
    // What the WAL takes already is written over.
    let mut db = large("wal-there", "wal");
    db.execute_batch(made_again).unwrap();
    assert_eq!(next(&mut db, sql, 5_000_000).unwrap().to, ["2"]);
}

#[test]
fn a_vacuum_takes_twice_the_database() {
    let sql = "-- migrate:up transaction:false\nVACUUM";
    for journal in ["delete", "wal"] {
        let mut db = large(&format!("vacuum-{journal}"), journal);
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        refused(&mut db, sql, 6_000_000, "VACUUM takes ");
        assert_eq!(next(&mut db, sql, 14_000_000).unwrap().to, ["2"]);
    }
}
