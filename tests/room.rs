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
    Migrator::new(&dropped).unwrap().room(half).upgrade(&mut db, "head").unwrap();
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
