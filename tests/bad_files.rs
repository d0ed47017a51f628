//! Files that cannot be upgraded: each gives one clear error, and stays as it is.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use limbeck::{Error, ErrorKind, Migrator};
use rusqlite::{Connection, OpenFlags};

const MIGRATIONS: [(&str, &str); 2] = [
    (
        "1_t.sql",
        "CREATE TABLE t(a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000) INSERT INTO t SELECT hex(randomblob(20)) FROM n",
    ),
    ("2_default.sql", "ALTER TABLE t ALTER a SET DEFAULT 1"),
];

/// A file of its own in the system's temporary folder.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> File {
        let path = std::env::temp_dir().join(format!("limbeck-{}-{name}.db", std::process::id()));
        let _ = fs::remove_file(&path);
        File(path)
    }

    fn at_revision_1(name: &str) -> File {
        let file = File::new(name);
        Migrator::new(MIGRATIONS).unwrap().upgrade(&mut Connection::open(&file.0).unwrap(), "1").unwrap();
        file
    }

    /// Fails to upgrade, and proves that no byte of the file has changed.
    fn refused(&self, mut db: Connection) -> Error {
        let before = fs::read(&self.0).unwrap();
        db.busy_timeout(Duration::from_millis(50)).unwrap();
        let error = Migrator::new(MIGRATIONS).unwrap().upgrade(&mut db, "head").unwrap_err();
        drop(db);
        assert!(fs::read(&self.0).unwrap() == before, "the file has changed");
        assert!(error.hint().is_some(), "no hint: {error:?}");
        error
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn not_a_database() {
    let file = File::new("foreign");
    fs::write(&file.0, "this is a letter to my aunt, and no database at all\n".repeat(100)).unwrap();
    assert_eq!(file.refused(Connection::open(&file.0).unwrap()).kind(), ErrorKind::NotADatabase);
}

#[test]
fn an_empty_file_is_an_empty_database() {
    let file = File::new("empty");
    fs::write(&file.0, "").unwrap();
    let mut db = Connection::open(&file.0).unwrap();
    assert_eq!(Migrator::new(MIGRATIONS).unwrap().upgrade(&mut db, "head").unwrap().to, ["2"]);
}

#[test]
fn read_only() {
    let file = File::at_revision_1("readonly");
    let db = Connection::open_with_flags(&file.0, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    assert_eq!(file.refused(db).kind(), ErrorKind::ReadOnly);
}

#[test]
fn locked() {
    let file = File::at_revision_1("locked");
    let other = Connection::open(&file.0).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(file.refused(Connection::open(&file.0).unwrap()).kind(), ErrorKind::Locked);
    other.execute_batch("ROLLBACK").unwrap();
    let mut db = Connection::open(&file.0).unwrap();
    assert_eq!(Migrator::new(MIGRATIONS).unwrap().upgrade(&mut db, "head").unwrap().to, ["2"]);
}

#[test]
fn truncated() {
    let file = File::at_revision_1("truncated");
    let bytes = fs::read(&file.0).unwrap();
    fs::write(&file.0, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(file.refused(Connection::open(&file.0).unwrap()).kind(), ErrorKind::Corrupt);
}

#[test]
fn overwritten_in_the_middle() {
    let file = File::at_revision_1("damaged");
    let mut bytes = fs::read(&file.0).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 20_000].fill(0x5a);
    fs::write(&file.0, &bytes).unwrap();
    assert_eq!(file.refused(Connection::open(&file.0).unwrap()).kind(), ErrorKind::Corrupt);
}
