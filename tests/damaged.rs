//! Files that are damaged, foreign or hostile: a clear error, no panic, and nothing written.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::{env, fs};

use limbeck::{Database, Error, ErrorKind, Migrator, QuickCheck, Report};
use rusqlite::Connection;

#[allow(dead_code, reason = "other tests pick")]
mod random;

use random::Random;

const MIGRATIONS: [(&str, &str); 4] = [
    (
        "0001_notes.sql",
        "CREATE TABLE notes(id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT, body TEXT);
         CREATE TABLE files(id INTEGER PRIMARY KEY, note REFERENCES notes(id));
         CREATE TABLE tags(note INT, name TEXT, PRIMARY KEY (note, name)) WITHOUT ROWID;
         CREATE INDEX by_title ON notes(title);
         CREATE VIEW titles AS SELECT title FROM notes;
         CREATE TRIGGER noted AFTER INSERT ON notes BEGIN INSERT INTO tags VALUES (new.id, 'new'); END;",
    ),
    (
        "0002_native.sql",
        "ALTER TABLE notes ADD pinned INT NOT NULL DEFAULT 0; UPDATE notes SET pinned = id % 2",
    ),
    (
        "0003_in_place.sql",
        "ALTER TABLE notes ALTER title SET DEFAULT 'x'; ALTER TABLE files ALTER note SET NOT NULL",
    ),
    ("0004_rebuild.sql", "ALTER TABLE notes ALTER body FIRST; ALTER TABLE tags SET WITH ROWID"),
];

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("limbeck-damaged-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn path(&self) -> PathBuf {
        self.0.join("app.db")
    }

    fn open(&self) -> Connection {
        let db = Connection::open(self.path()).unwrap();
        db.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        db
    }

    /// All files, by name.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(&self.0)
            .unwrap()
            .map(|file| file.unwrap().path())
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
            .collect();
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// An upgrade, which must not panic.
fn upgrade(db: &mut Connection) -> Result<Report, Error> {
    let mut migrator = Migrator::new(MIGRATIONS).unwrap();
    catch_unwind(AssertUnwindSafe(|| migrator.upgrade(db, "head"))).expect("no panic")
}

/// A healthy database at 0001, with rows on several pages of each kind.
fn healthy(path: &Path) -> Vec<u8> {
    let mut db = Connection::open(path).unwrap();
    db.execute_batch("PRAGMA page_size = 1024; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF").unwrap();
    Migrator::new(MIGRATIONS).unwrap().upgrade(&mut db, "0001").unwrap();
    db.execute_batch(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300)
         INSERT INTO notes(title, body) SELECT 'title ' || i, hex(zeroblob(i % 70)) FROM n;
         INSERT INTO notes(title, body) VALUES ('long', hex(zeroblob(4000)));
         INSERT INTO files SELECT id, id FROM notes;
         DELETE FROM notes WHERE id BETWEEN 20 AND 60; DELETE FROM files WHERE id BETWEEN 20 AND 60;
         DELETE FROM tags WHERE note BETWEEN 20 AND 60;
         ANALYZE;",
    )
    .unwrap();
    drop(db);
    fs::read(path).unwrap()
}

/// Whatever byte of whatever page: the run succeeds, where it meets no damage, or says what it met and
/// leaves every byte alone.
#[test]
fn flipped_bytes() {
    let folder = Folder::new("flipped");
    let bytes = healthy(&folder.path());
    let mut random = Random(0xdada_5eed);
    let mut tally = BTreeMap::<&str, usize>::new();
    for round in 0..300 {
        let mut damaged = bytes.clone();
        for _ in 0..=random.below(3) {
            // Every page as often as another, and its head as often as the rest of it.
            let page = random.below(bytes.len() / 1024) * 1024;
            let at = page + if random.once_in(2) { random.below(16) } else { random.below(1024) };
            damaged[at] ^= 1 << random.below(8);
        }
        fs::write(folder.path(), &damaged).unwrap();
        let Ok(mut db) = Connection::open(folder.path()) else { continue };
        let result = upgrade(&mut db);
        assert!(!Database::in_transaction(&mut db), "round {round}: the transaction is open");
        drop(db);
        let Err(error) = result else {
            *tally.entry("no error").or_default() += 1;
            continue;
        };
        assert!(
            error.hint().is_some() || error.kind() == ErrorKind::StatementFailed,
            "round {round}: {error:?}"
        );
        assert!(fs::read(folder.path()).unwrap() == damaged, "round {round}: written, with {error:?}");
        *tally.entry(error.code()).or_default() += 1;
    }
    println!("flipped bytes: {tally:?}");
    assert!(tally["database.corrupt"] > 100, "{tally:?}");
}

/// A database cut off, at the end of a page or within one.
#[test]
fn truncated() {
    let folder = Folder::new("truncated");
    let bytes = healthy(&folder.path());
    for length in (0..bytes.len()).step_by(700).skip(1) {
        fs::write(folder.path(), &bytes[..length]).unwrap();
        let error = upgrade(&mut folder.open()).unwrap_err();
        let expected = [ErrorKind::Corrupt, ErrorKind::NotADatabase];
        assert!(expected.contains(&error.kind()), "{length} bytes: {error:?}");
        assert_eq!(fs::read(folder.path()).unwrap().len(), length);
    }
}

/// What is no database at all, and what is one in an odd state.
#[test]
fn other_files() {
    let folder = Folder::new("other");
    let mut random = Random(0xc1f3_4e55);
    let encrypted: Vec<u8> = (0..8192).map(|_| random.below(256) as u8).collect();
    for (what, bytes) in [
        ("encrypted", encrypted),
        ("an image", [b"\x89PNG\r\n\x1a\n".to_vec(), vec![7; 3000]].concat()),
        ("a short text", b"notes\n".to_vec()),
        ("a long text", "notes\n".repeat(1000).into_bytes()),
        ("zeros", vec![0; 4096]),
        ("half a header", b"SQLite format 3\0\x10\0\x01\x01".to_vec()),
        ("a header and nonsense", [b"SQLite format 3\0".to_vec(), vec![0xee; 5000]].concat()),
    ] {
        fs::write(folder.path(), &bytes).unwrap();
        let error = upgrade(&mut folder.open()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotADatabase, "{what}: {error:?}");
        assert!(error.hint().unwrap().contains("encrypted"), "{error:?}");
        assert_eq!(folder.files(), [("app.db".to_owned(), bytes)], "{what}");
    }
    // An empty file is an empty database.
    fs::write(folder.path(), b"").unwrap();
    assert_eq!(upgrade(&mut folder.open()).unwrap().to, ["0004"]);
}

/// Another tool's database, with tables of the same names.
#[test]
fn a_foreign_database() {
    let folder = Folder::new("foreign");
    folder.open().execute_batch("CREATE TABLE notes(guid TEXT); INSERT INTO notes VALUES ('x')").unwrap();
    let before = folder.files();
    let error = upgrade(&mut folder.open()).unwrap_err();
    assert_eq!(
        (error.kind(), error.file(), error.line()),
        (ErrorKind::StatementFailed, Some("0001_notes.sql"), Some(1))
    );
    assert!(error.to_string().contains("notes already exists"), "{error}");
    assert_eq!(folder.files(), before);
    let newer = "CREATE TABLE limbeck_version(version_num); INSERT INTO limbeck_version VALUES ('theirs')";
    folder.open().execute_batch(newer).unwrap();
    assert_eq!(upgrade(&mut folder.open()).unwrap_err().kind(), ErrorKind::DatabaseNewer);
}

/// What a process that died leaves beside the database is taken in; what is lost from beside it is lost.
#[test]
fn a_journal_or_a_wal_left_behind() {
    let folder = Folder::new("left");
    let with = |end: &str| PathBuf::from(format!("{}{end}", folder.path().display()));
    let take = |from: &Folder| {
        for (name, bytes) in from.files() {
            fs::write(folder.0.join(name), bytes).unwrap();
        }
    };
    for journal in ["DELETE", "WAL"] {
        let other = Folder::new("dying");
        healthy(&other.path());
        let writer = other.open();
        writer.execute_batch(&format!("PRAGMA journal_mode = {journal}; PRAGMA cache_size = 2")).unwrap();
        // Its pages are in the file, or in the WAL, before it commits; so is what it commits in a WAL.
        if journal == "WAL" {
            writer
                .execute_batch("UPDATE files SET note = NULL WHERE id = 1; UPDATE notes SET body = 'mine'")
                .unwrap();
        }
        writer.execute_batch("BEGIN; UPDATE notes SET body = hex(zeroblob(300))").unwrap();
        take(&other);
        assert!(with(if journal == "WAL" { "-wal" } else { "-journal" }).exists());
        let _ = fs::remove_file(with("-shm"));
        let mut db = folder.open();
        if journal == "WAL" {
            let error = upgrade(&mut db).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::RowsBreakRule, "what was committed is there: {error:?}");
            db.execute_batch("UPDATE files SET note = 1 WHERE note IS NULL").unwrap();
        }
        assert_eq!(upgrade(&mut db).unwrap().to, ["0004"], "{journal}");
        let long: i64 = db
            .query_row("SELECT count(*) FROM notes WHERE length(body) = 600", [], |row| row.get(0))
            .unwrap();
        assert_eq!(long, 0, "{journal}: what was not committed is not there");
        drop(db);
        // Without its WAL it is what it was at the last checkpoint.
        take(&other);
        if journal == "WAL" {
            fs::remove_file(with("-wal")).unwrap();
            assert_eq!(upgrade(&mut folder.open()).unwrap().to, ["0004"]);
        }
    }
}

#[test]
fn what_cannot_be_written() {
    let folder = Folder::new("read-only");
    healthy(&folder.path());
    let before = folder.files();
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let error = upgrade(&mut Connection::open_with_flags(folder.path(), flags).unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly, "{error:?}");
    let mut db = folder.open();
    db.execute_batch("PRAGMA query_only = 1").unwrap();
    assert_eq!(upgrade(&mut db).unwrap_err().kind(), ErrorKind::ReadOnly);
    // To look needs no writing, nor does a launch with nothing to do.
    let migrator = Migrator::new(MIGRATIONS).unwrap();
    assert_eq!(migrator.current(&mut db).unwrap().len(), 1);
    assert!(Migrator::new(&MIGRATIONS[..1]).unwrap().upgrade(&mut db, "head").unwrap().is_empty());
    drop(db);
    assert_eq!(folder.files(), before);
}

/// A row that a CHECK or a NOT NULL should not have let in is no damage.
#[test]
fn odd_values_are_no_damage() {
    let folder = Folder::new("values");
    healthy(&folder.path());
    let db = folder.open();
    db.execute_batch(
        "CREATE TABLE odd(a INT NOT NULL, b INT CHECK (b > 0), c AS (a + 1)); PRAGMA ignore_check_constraints = 1;
         INSERT INTO odd VALUES (1, -1); PRAGMA writable_schema = 1;
         UPDATE sqlite_master SET sql = replace(sql, 'b INT', 'b INT NOT NULL') WHERE name = 'odd';
         INSERT INTO odd VALUES (2, 5); PRAGMA writable_schema = RESET; PRAGMA ignore_check_constraints = 0;",
    )
    .unwrap();
    drop(db);
    upgrade(&mut folder.open()).unwrap();
}

#[test]
fn whether_the_file_is_looked_through_is_chosen() {
    let folder = Folder::new("chosen");
    healthy(&folder.path());
    // A page on the list of free ones, which no statement of these will miss.
    folder
        .open()
        .execute_batch("CREATE TABLE gone AS SELECT hex(zeroblob(3000)) AS x; DROP TABLE gone")
        .unwrap();
    let mut bytes = fs::read(folder.path()).unwrap();
    assert!(bytes[39] > 1, "there are free pages");
    bytes[39] += 1;
    let native = [MIGRATIONS[0], ("0002_words.sql", "CREATE VIEW words AS SELECT 1")];
    for (when, found) in [(QuickCheck::Auto, true), (QuickCheck::Always, true), (QuickCheck::Never, false)] {
        fs::write(folder.path(), &bytes).unwrap();
        let mut db = folder.open();
        let mut migrator = Migrator::new(native).unwrap().quick_check(when);
        match migrator.upgrade(&mut db, "head") {
            Ok(_) => assert!(!found, "{when:?}"),
            Err(error) => {
                assert!(found && error.kind() == ErrorKind::Corrupt, "{when:?}: {error:?}");
                assert!(error.to_string().starts_with("the file is damaged: "), "{error}");
                drop(db);
                assert!(fs::read(folder.path()).unwrap() == bytes);
            }
        }
        // A launch that has nothing to do does not look.
        let nothing =
            Migrator::new(&native[..1]).unwrap().quick_check(when).upgrade(&mut folder.open(), "0001");
        assert!(!found || nothing.unwrap().is_empty());
    }
}
