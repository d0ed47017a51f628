//! What is disturbed: databases, the migrations that they get, and the operations on them.

use std::path::{Path, PathBuf};
use std::{env, fs};

use limbeck::{Backups, Migrator, Report, Result, TransactionMode};
use rusqlite::Connection;

/// Every way that an ALTER can take, all kinds of objects, and rows that dangled before.
const MIGRATIONS: [(&str, &str); 6] = [
    (
        "0001_notes.sql",
        "CREATE TABLE notes(
           id INTEGER PRIMARY KEY AUTOINCREMENT, -- never given out twice
           title TEXT COLLATE NOCASE, body TEXT, size AS (length(body)));
         CREATE TABLE files(id INTEGER PRIMARY KEY, note REFERENCES notes(id) ON DELETE CASCADE);
         CREATE TABLE tags(note INT, name TEXT, PRIMARY KEY (note, name)) WITHOUT ROWID;
         CREATE TABLE log(what);
         CREATE INDEX by_name ON tags(name);
         CREATE INDEX by_title ON notes(title DESC) WHERE title <> ''; -- made again by a rebuild
         CREATE INDEX by_both ON notes(body, title); -- kept by it
         CREATE TRIGGER noted AFTER INSERT ON notes BEGIN INSERT INTO log VALUES (new.title); END;
         CREATE VIEW titles AS SELECT id, title FROM notes;",
    ),
    (
        "0002_native.sql",
        "-- migrate:up
         ALTER TABLE notes ADD COLUMN pinned INT NOT NULL DEFAULT 0;
         UPDATE notes SET pinned = 1 WHERE id % 2;
         ALTER TABLE tags ADD COLUMN since TEXT; -- at the first launch it has no rows, and is made anew
         -- migrate:down
         ALTER TABLE tags DROP COLUMN since;
         ALTER TABLE notes DROP COLUMN pinned;",
    ),
    (
        "0003_in_place.sql",
        "-- migrate:up
         UPDATE notes SET title = 'untitled' WHERE title IS NULL;
         ALTER TABLE notes ALTER title SET NOT NULL, ALTER title SET DEFAULT 'untitled';
         -- migrate:down
         ALTER TABLE notes ALTER title DROP NOT NULL, ALTER title DROP DEFAULT;",
    ),
    (
        "0004_rebuild.sql",
        "-- migrate:up
         ALTER TABLE notes ALTER body FIRST, ADD CHECK (pinned IN (0, 1));
         -- migrate:down
         ALTER TABLE notes DROP CHECK (pinned IN (0, 1)), ALTER body SET DATA TYPE TEXT AFTER title;",
    ),
    (
        "0005_table.sql",
        "-- migrate:up
         CREATE TABLE words(word TEXT PRIMARY KEY, times INT);
         INSERT INTO words SELECT title, count(*) FROM notes GROUP BY 1;
         CREATE INDEX by_times ON words(times);
         -- migrate:down
         DROP TABLE words;",
    ),
    (
        "0006_key.sql",
        "-- migrate:up
         ALTER TABLE tags ALTER note TYPE INTEGER, ALTER note SET NOT NULL, SET WITH ROWID;
         -- migrate:down
         ALTER TABLE tags SET WITHOUT ROWID, ALTER note TYPE INT, ALTER note DROP NOT NULL;",
    ),
];

/// A revision that no transaction protects, between two that one does.
const OUTSIDE: [(&str, &str); 3] = [
    ("0001_notes.sql", MIGRATIONS[0].1),
    (
        "0002_outside.sql",
        "-- migrate:up transaction:false\nVACUUM;\nCREATE INDEX by_body ON notes(body);\nPRAGMA user_version = 7;\nANALYZE",
    ),
    ("0003_more.sql", "CREATE TABLE more(a); INSERT INTO more SELECT id FROM notes"),
];

/// One thing that an app asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The first launch: there is no file.
    Install,
    Upgrade,
    Downgrade,
    Stamp,
    /// With a revision that says `transaction:false`.
    Outside,
    /// An upgrade that takes a backup first, and keeps one.
    BackedUp,
    /// A backup takes the place of what is there, which is backed up first.
    Restore,
}

/// An operation on a database.
#[derive(Debug, Clone)]
pub struct Scene {
    pub operation: Operation,
    /// `DELETE` or `WAL`.
    pub journal: &'static str,
    pub mode: TransactionMode,
    /// Rows of the largest table.
    pub rows: usize,
    /// Pages that SQLite keeps in memory; few, so that a run spills them into the file before its end.
    pub cache: i32,
}

impl Scene {
    pub fn name(&self) -> String {
        let mode = match self.mode {
            TransactionMode::PerUpgrade => "per_upgrade",
            TransactionMode::PerRevision => "per_revision",
        };
        let Scene { operation, journal, rows, cache, .. } = self;
        format!("{operation:?} {journal} {mode} {rows} rows cache {cache}").to_lowercase()
    }

    fn migrations(&self) -> &'static [(&'static str, &'static str)] {
        if self.operation == Operation::Outside { &OUTSIDE } else { &MIGRATIONS }
    }

    fn migrator(&self) -> Migrator<'static> {
        Migrator::new(self.migrations()).expect("they can be read").transaction(self.mode).app_version("2.0")
    }

    /// What it is about.
    pub fn run(&self, db: &mut Connection) -> Result<Report> {
        let folder = db.path().and_then(|path| Path::new(path).parent()).expect("it is a file").to_owned();
        let mut migrator = self.migrator();
        match self.operation {
            Operation::Install | Operation::Upgrade | Operation::Outside => migrator.upgrade(db, "head"),
            Operation::Downgrade => migrator.downgrade(db, "0001"),
            Operation::Stamp => migrator.stamp(db, &["head"], false),
            Operation::BackedUp => migrator.backup(backups(&folder)).upgrade(db, "head"),
            Operation::Restore => {
                let kept = Backups::new(folder.join("kept")).list("before.db")?;
                migrator.backup(backups(&folder)).restore(db, &kept[0])
            }
        }
    }

    /// Makes the database as it is before.
    pub fn prepare(&self, path: &Path) {
        if self.operation == Operation::Install {
            return;
        }
        let mut db = Connection::open(path).unwrap();
        let down = matches!(self.operation, Operation::Downgrade | Operation::Restore);
        let to = if down { "head" } else { "0001" };
        let mode = format!(
            "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA journal_mode = {}",
            self.journal
        );
        db.execute_batch(&mode).unwrap();
        self.migrator().upgrade(&mut db, "0001").unwrap();
        db.execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {})
             INSERT INTO notes(title, body) SELECT CASE WHEN i % 5 THEN 'title ' || i % 7 END, hex(zeroblob(i % 90)) FROM n;
             INSERT INTO files SELECT id, id FROM notes WHERE id % 3;
             INSERT INTO files VALUES (1000001, 1000001);
             INSERT INTO tags SELECT id, 'tag' FROM notes WHERE id % 4 = 1;
             DELETE FROM notes WHERE id = {};
             ANALYZE;",
            self.rows, self.rows
        ))
        .unwrap();
        if self.operation == Operation::Restore {
            let kept = Backups::new(path.with_file_name("kept"));
            self.migrator().backup(kept).back_up(&mut db).unwrap();
        }
        self.migrator().upgrade(&mut db, to).unwrap();
    }

    /// Every state in which the database may be found: before, and after each transaction.
    pub fn states(&self, path: &Path) -> Vec<String> {
        let mut states = vec![crate::judge::state(&system(path))];
        let each = self.mode == TransactionMode::PerRevision || self.operation == Operation::Outside;
        if each && !matches!(self.operation, Operation::Stamp | Operation::Restore) {
            let mut db = self.open(path);
            let down = self.operation == Operation::Downgrade;
            let revisions = self.migrations().iter().map(|(name, _)| &name[..4]);
            let mut revisions: Vec<&str> = revisions.collect();
            if down {
                revisions.reverse();
                revisions.remove(0);
            }
            for revision in revisions {
                let mut migrator = self.migrator();
                let done = if down {
                    migrator.downgrade(&mut db, revision)
                } else {
                    migrator.upgrade(&mut db, revision)
                };
                if !done.unwrap().is_empty() {
                    states.push(crate::judge::state(&db));
                }
            }
        } else {
            self.run(&mut self.open(path)).unwrap();
            states.push(crate::judge::state(&system(path)));
        }
        states
    }

    /// Opens it as the app does, over the VFS that may fail.
    pub fn open(&self, path: &Path) -> Connection {
        self.try_open(path).unwrap()
    }

    pub fn try_open(&self, path: &Path) -> rusqlite::Result<Connection> {
        let db = Connection::open(path)?;
        if self.operation == Operation::Install {
            db.pragma_update(None, "journal_mode", self.journal)?;
        }
        db.execute_batch(&format!("PRAGMA foreign_keys = ON; PRAGMA cache_size = {}", self.cache))?;
        Ok(db)
    }
}

/// Where backups go that an operation takes: one is kept, so that each deletes the one before.
pub fn backups(folder: &Path) -> Backups {
    Backups::new(folder.join("backups")).keep(1)
}

/// Opens it over the system's own VFS, as the next launch does, and the tests to look.
pub fn system(path: &Path) -> Connection {
    let db =
        Connection::open_with_flags_and_vfs(path, Default::default(), crate::vfs::system().as_str()).unwrap();
    db.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF").unwrap();
    db
}

/// A folder for one scene, empty.
pub fn folder(name: &str) -> PathBuf {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("limbeck-fault-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// Copies a database with what stands beside it. What is beside the copy goes.
pub fn copy(from: &Path, to: &Path) {
    for end in ["", "-journal", "-wal", "-shm"] {
        let with = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        let _ = fs::remove_file(with(to));
        if with(from).exists() {
            fs::copy(with(from), with(to)).unwrap();
        }
    }
}
