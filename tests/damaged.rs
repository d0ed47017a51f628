//! Files that are damaged, foreign or hostile: a clear error, no panic, and nothing written.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::{env, fs};

use limbeck::{Database, Error, ErrorKind, Migrator, RebuildMode, Report};
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
    let mut migrator = Migrator::new(&MIGRATIONS).unwrap().rebuild(RebuildMode::Auto);
    catch_unwind(AssertUnwindSafe(|| migrator.upgrade(db, "head"))).expect("no panic")
}

/// A healthy database at 0001, with rows on several pages of each kind.
fn healthy(path: &Path) -> Vec<u8> {
    let mut db = Connection::open(path).unwrap();
    db.execute_batch("PRAGMA page_size = 1024; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF").unwrap();
    Migrator::new(&MIGRATIONS).unwrap().upgrade(&mut db, "0001").unwrap();
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

#[test]
fn flipped_bytes() {
    let folder = Folder::new("flipped");
    let bytes = healthy(&folder.path());
    let mut random = Random(0xdada_5eed);
    let mut tally = std::collections::BTreeMap::<String, usize>::new();
    for round in 0..600 {
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
        let open = Database::in_transaction(&mut db);
        drop(db);
        assert!(!open, "round {round}: the transaction is open");
        match result {
            Ok(_) => *tally.entry("ok".into()).or_default() += 1,
            Err(error) => {
                let after = fs::read(folder.path()).unwrap();
                if after != damaged {
                    println!("round {round} WRITTEN {:?}", error);
                }
                let key = match error.kind() {
                    ErrorKind::Corrupt | ErrorKind::NotADatabase => error.code().to_owned(),
                    _ => format!("{error:?}"),
                };
                *tally.entry(key).or_default() += 1;
            }
        }
    }
    println!("{tally:#?}");
}
