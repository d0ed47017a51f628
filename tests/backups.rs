//! Backups on files: taken, catalogued, kept, restored, and whatever may go wrong with each.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use limbeck::db::CopyWay;
use limbeck::{Backup, Backups, Database, ErrorKind, Event, Migrator, NewerDatabase, Report, Result, Value};
use rusqlite::{Connection, ffi};

const FILES: [(&str, &str); 3] = [
    ("1_a.sql", "CREATE TABLE a(x)"),
    ("2_b.sql", "-- migrate:up\nALTER TABLE a ADD y;\n-- migrate:down\nALTER TABLE a DROP y;"),
    ("3_c.sql", "DELETE FROM a; ALTER TABLE a DROP x;"),
];

/// A folder of its own for each test.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("backups-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Place(folder)
    }

    fn open(&self) -> Connection {
        Connection::open(self.0.join("app.db")).unwrap()
    }

    /// A database at the first revision, of version 1 of the app.
    fn old(&self, mode: &str) -> Connection {
        let mut db = self.open();
        db.query_row(&format!("PRAGMA journal_mode = {mode}"), [], |_| Ok(())).unwrap();
        self.app(1).upgrade(&mut db, "head").unwrap();
        db.execute_batch("INSERT INTO a(x) SELECT value FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT 20000) SELECT printf('row %0120d', value) AS value FROM n)").unwrap();
        db
    }

    fn app(&self, release: usize) -> Migrator<'static> {
        Migrator::new(&FILES[..release])
            .unwrap()
            .app_version(format!("{release}.0"))
            .backup(Backups::new(self.0.join("backups")).keep(2))
    }

    /// The names of all files in the folder of backups.
    fn files(&self) -> Vec<String> {
        // One that was cancelled early has not made the folder.
        let entries = fs::read_dir(self.0.join("backups")).into_iter().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn rows(db: &Connection) -> i64 {
    db.query_row("SELECT count(*) FROM a", [], |row| row.get(0)).unwrap()
}

fn content(db: &Connection) -> String {
    let sql =
        "SELECT group_concat(sql, char(10)) || (SELECT group_concat(rowid || x) FROM a) FROM sqlite_master";
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_backup_is_restored_into_a_new_file_whatever_its_encoding() {
    for (of, into) in
        [("UTF-16le", ""), ("UTF-16be", ""), ("UTF-8", "UTF-16"), ("UTF-16be", "UTF-16le"), ("UTF-8", "")]
    {
        let place = Place::new(&format!("encoding-{of}-{into}"));
        let mut app = place.app(1);
        let mut old = place.open();
        old.execute_batch(&format!(
            "PRAGMA encoding = '{of}'; CREATE TABLE q(t); INSERT INTO q VALUES ('Grüße 𝄞')"
        ))
        .unwrap();
        app.upgrade(&mut old, "head").unwrap();
        let backup = app.back_up(&mut old).unwrap();
        drop(old);
        fs::remove_file(place.0.join("app.db")).unwrap();
        let mut db = place.open();
        if !into.is_empty() {
            db.execute_batch(&format!("PRAGMA encoding = '{into}'")).unwrap();
        }
        app.restore(&mut db, &backup).unwrap();
        let text: String = db.query_row("SELECT t FROM q", [], |row| row.get(0)).unwrap();
        let encoding: String = db.query_row("PRAGMA encoding", [], |row| row.get(0)).unwrap();
        assert_eq!((text.as_str(), encoding.as_str()), ("Grüße 𝄞", of));
        let other = Place::new(&format!("encoding-other-{of}-{into}"));
        let mut db = other.open();
        let its = if of == "UTF-8" { "UTF-16" } else { "UTF-8" };
        db.execute_batch(&format!("PRAGMA encoding = '{its}'; CREATE TABLE there(x)")).unwrap();
        let error = other.app(1).restore(&mut db, &backup).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BackupFailed, "{error:?}");
        db.execute_batch("SELECT x FROM there").unwrap();
    }
}

#[test]
fn a_run_is_backed_up_and_the_older_app_finds_its_way_home() {
    for mode in ["delete", "wal"] {
        let place = Place::new(&format!("home-{mode}"));
        let mut db = place.old(mode);
        let before = content(&db);
        let report = place.app(3).upgrade(&mut db, "head").unwrap();
        assert_eq!((rows(&db), report.to[0].as_str()), (0, "3"));
        let mut old = place.app(1);
        assert_eq!(old.upgrade(&mut db, "head").unwrap_err().kind(), ErrorKind::DatabaseNewer);
        let backup = old.newest_compatible_backup(&mut db).unwrap().unwrap();
        assert_eq!(report.backup.as_deref(), backup.path.to_str());
        assert_eq!((&backup.heads[..], backup.app_version.as_deref()), (&["1".to_owned()][..], Some("1.0")));
        // A reader that is in the middle of something keeps what it sees, or stands in the way.
        let reader = place.open();
        let report = old.restore(&mut db, &backup).unwrap();
        assert_eq!((report.from, report.to), (vec!["3".to_owned()], vec!["1".to_owned()]));
        assert_eq!((content(&db), content(&reader)), (before.clone(), before));
        let now: String = db.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        assert_eq!(now, mode);
        assert!(old.upgrade(&mut db, "head").unwrap().is_empty());
        // The newer state is in a backup of its own, and the older one is still there.
        let all = old.backups(&mut db).unwrap();
        assert_eq!(all.iter().map(|one| one.heads[0].as_str()).collect::<Vec<_>>(), ["3", "1"]);
        assert_eq!(place.app(3).restore(&mut db, &all[0]).unwrap().to, ["3"]);
    }
}

#[test]
fn nothing_to_do_and_an_empty_database_take_none() {
    let place = Place::new("none");
    let mut db = place.open();
    let report = place.app(1).upgrade(&mut db, "head").unwrap();
    assert_eq!((report.backup, place.0.join("backups").exists()), (None, false));
    assert!(place.app(1).upgrade(&mut db, "head").unwrap().is_empty());
    assert!(!place.0.join("backups").exists());
    assert_eq!(place.app(1).backups(&mut db).unwrap(), []);
}

#[test]
fn the_last_ones_are_kept_and_one_state_only_once() {
    let place = Place::new("keep");
    let mut db = place.old("wal");
    let first = place.app(1).back_up(&mut db).unwrap();
    assert_eq!(place.app(1).back_up(&mut db).unwrap(), first, "the same bytes");
    for count in 0..3 {
        db.execute("INSERT INTO a VALUES (?1)", [count]).unwrap();
        place.app(1).back_up(&mut db).unwrap();
    }
    let all = place.app(1).backups(&mut db).unwrap();
    assert!(all.len() == 2 && !all.contains(&first) && all[0].taken_at > all[1].taken_at, "{all:?}");
    assert_eq!(place.files().len(), 4, "a backup and its entry each: {:?}", place.files());
    // A run that fails again and again does not push the others out.
    let broken = [FILES[0], ("2_b.sql", "ALTER TABLE a ADD y NOT NULL")];
    for _ in 0..3 {
        let mut app = Migrator::new(broken).unwrap().backup(Backups::new(place.0.join("backups")).keep(2));
        app.upgrade(&mut db, "head").unwrap_err();
    }
    assert_eq!(place.app(1).backups(&mut db).unwrap(), all);
}

/// What is restored stays, however its path is written.
#[test]
fn the_one_that_is_restored_is_not_deleted_for_the_newer_ones() {
    let place = Place::new("spared");
    let mut db = place.old("delete");
    let spellings: [fn(&Path, &Path) -> PathBuf; 3] = [
        |_, path| path.to_owned(),
        |folder, path| folder.join("backups/../backups").join(path.file_name().unwrap()),
        |folder, path| {
            let link = folder.join("link.backup");
            #[cfg(unix)]
            std::os::unix::fs::symlink(path, &link).unwrap();
            #[cfg(unix)]
            std::os::unix::fs::symlink(path.with_extension("json"), link.with_extension("json")).unwrap();
            if cfg!(unix) { link } else { path.to_owned() }
        },
    ];
    for spelling in spellings {
        for count in 0..2 {
            db.execute("INSERT INTO a VALUES (?1)", [count]).unwrap();
            place.app(1).back_up(&mut db).unwrap();
        }
        db.execute("DELETE FROM a", []).unwrap();
        let oldest = place.app(1).backups(&mut db).unwrap().pop().unwrap();
        let backup = Backup::open(spelling(&place.0, &oldest.path)).unwrap();
        place.app(1).restore(&mut db, &backup).unwrap();
        assert!(rows(&db) > 0 && oldest.path.exists(), "{backup:?}");
    }
}

/// One folder of backups for the databases of several users, which have one name.
#[test]
fn a_database_of_the_same_name_elsewhere_has_its_own() {
    let place = Place::new("several");
    let migrator = |release| place.app(release);
    let file = |user: &str| place.0.join(user).join("app.db");
    for user in ["ada", "bob", "eve"] {
        fs::create_dir_all(place.0.join(user)).unwrap();
        let mut db = Connection::open(file(user)).unwrap();
        migrator(1).upgrade(&mut db, "head").unwrap();
        db.execute("INSERT INTO a VALUES (?1)", [user]).unwrap();
        migrator(2).upgrade(&mut db, "head").unwrap();
    }
    let whose = |user: &str| {
        let mut db = Connection::open(file(user)).unwrap();
        let newest = migrator(1).newest_compatible_backup(&mut db).unwrap().unwrap();
        migrator(1).restore(&mut db, &newest).unwrap();
        db.query_row("SELECT group_concat(x) FROM a", [], |row| row.get::<_, String>(0)).unwrap()
    };
    assert_eq!(["ada", "bob", "eve"].map(whose), ["ada", "bob", "eve"]);
    // Of one that is gone, and of one that was moved to where none was.
    let of = |user: &str| migrator(1).backups_of(&file(user)).unwrap();
    let (ada, bob) = (of("ada"), of("bob"));
    assert!(ada.iter().all(|backup| !bob.contains(backup)), "{ada:?} {bob:?}");
    fs::remove_file(file("ada")).unwrap();
    assert_eq!(of("ada"), ada);
    fs::create_dir_all(place.0.join("new home")).unwrap();
    fs::rename(file("bob"), file("new home")).unwrap();
    assert!(bob.iter().all(|backup| of("new home").contains(backup)));
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_one() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new("private");
    let mut db = place.old("delete");
    let backup = place.app(1).back_up(&mut db).unwrap();
    for (path, mode) in [
        (backup.path.clone(), 0o600),
        (backup.path.with_extension("json"), 0o600),
        (place.0.join("backups"), 0o700),
    ] {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let place = Place::new("damaged");
    let mut db = place.old("delete");
    let backup = place.app(1).back_up(&mut db).unwrap();
    db.execute_batch("DELETE FROM a").unwrap();
    let whole = fs::read(&backup.path).unwrap();
    let mut app = place.app(1);
    let mut refused = |bytes: &[u8], what: &str| {
        fs::write(&backup.path, bytes).unwrap();
        let error = app.restore(&mut db, &backup).unwrap_err();
        assert_eq!((error.kind(), rows(&db)), (ErrorKind::BackupDamaged, 0), "{what}: {error}");
    };
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    refused(&flipped, "one bit");
    refused(&whole[..whole.len() - 4096], "cut short");
    refused(b"", "empty");
    fs::write(&backup.path, &whole).unwrap();
    app.restore(&mut db, &backup).unwrap();
    assert_eq!(rows(&db), 20_000);
    fs::remove_file(&backup.path).unwrap();
    assert_eq!(app.restore(&mut db, &backup).unwrap_err().kind(), ErrorKind::BackupFailed);
    assert!(!app.backups(&mut db).unwrap().contains(&backup));
}

#[test]
fn cancelled_at_any_event_nothing_is_left() {
    let place = Place::new("cancel");
    let mut db = place.old("wal");
    let before = content(&db);
    let mut cancelled = 0;
    for stop in 1.. {
        let mut left = stop;
        let mut app = place.app(3).on_event(move |event| {
            left -= i32::from(!matches!(event, Event::StepFinished { .. }));
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match app.upgrade(&mut db, "head") {
            Ok(_) => break,
            Err(error) => assert_eq!((error.kind(), content(&db)), (ErrorKind::Cancelled, before.clone())),
        }
        cancelled += 1;
        assert!(place.files().iter().all(|name| !name.contains("partial")), "{:?}", place.files());
    }
    assert!(cancelled > 3, "{cancelled}");
    let backup = place.app(1).newest_compatible_backup(&mut db).unwrap().unwrap();
    let (mut stop, mut done) = (0, false);
    while !done {
        stop += 1;
        let mut left = stop;
        let mut app = place.app(3).on_event(move |event| {
            left -= i32::from(matches!(event, Event::Restoring { .. }));
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let now = db
            .query_row("SELECT version_num FROM limbeck_version", [], |row| row.get::<_, String>(0))
            .unwrap();
        assert_eq!(now, "3");
        done = app.restore(&mut db, &backup).is_ok();
    }
    assert!(stop > 1 && content(&db) == before);
}

/// What another connection writes between the backup and the lock is in the backup too.
#[test]
fn the_backup_is_what_the_run_begins_with() {
    let place = Place::new("between");
    let mut db = place.old("wal");
    let other = place.open();
    let mut writes = 0;
    let mut app = place.app(2).on_event(move |event| {
        if let Event::BackingUp { pages, of } = event
            && pages == of
            && writes < 2
        {
            writes += 1;
            other.execute("INSERT INTO a VALUES ('late')", []).unwrap();
        }
        ControlFlow::Continue(())
    });
    let report = app.upgrade(&mut db, "head").unwrap();
    let backup = Connection::open(report.backup.unwrap()).unwrap();
    assert_eq!((rows(&backup), rows(&db)), (20_002, 20_002));
}

#[test]
fn what_stands_in_the_way() {
    let place = Place::new("way");
    let mut db = place.old("delete");
    let no_folder = Migrator::new(FILES).unwrap().back_up(&mut db).unwrap_err();
    assert_eq!(no_folder.kind(), ErrorKind::BadSetting);
    db.execute_batch("BEGIN").unwrap();
    assert_eq!(place.app(2).upgrade(&mut db, "head").unwrap_err().kind(), ErrorKind::TransactionOpen);
    db.execute_batch("ROLLBACK").unwrap();
    fs::write(place.0.join("backups"), "a file").unwrap();
    let error = place.app(2).upgrade(&mut db, "head").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BackupFailed);
    let at: String = db.query_row("SELECT version_num FROM limbeck_version", [], |row| row.get(0)).unwrap();
    assert_eq!(at, "1", "what cannot be backed up is not changed");
    fs::remove_file(place.0.join("backups")).unwrap();
    // What a killed process has left, and another database's backups.
    let leave = |name: &str| fs::write(place.0.join("backups").join(name), "x").unwrap();
    fs::create_dir(place.0.join("backups")).unwrap();
    leave("app.db.20200101T101010.123Z.00000000.partial");
    leave("app.db.20200101T101010.123Z.00000000.partial-journal");
    leave("other.db.20200101T101010.123Z.00000000.partial");
    leave("app.db.20200101T101010.123Z.00000000.json");
    place.app(2).upgrade(&mut db, "head").unwrap();
    let files = place.files();
    assert!(
        files
            .iter()
            .filter(|name| name.contains("partial"))
            .eq(["other.db.20200101T101010.123Z.00000000.partial"]),
        "{files:?}"
    );
    assert_eq!(place.app(2).backups(&mut db).unwrap().len(), 1);
}

#[test]
fn taken_down_there_is_a_backup_of_what_was_there() -> Result<()> {
    let place = Place::new("down");
    let mut db = place.old("delete");
    place.app(2).upgrade(&mut db, "head")?;
    let report: Report = place.app(1).newer_database(NewerDatabase::TakeDown).upgrade(&mut db, "head")?;
    assert_eq!(report.to, ["1"]);
    let newest: Backup = place.app(1).backups(&mut db)?.remove(0);
    assert_eq!((report.backup.as_deref(), &newest.heads[0][..]), (newest.path.to_str(), "2"));
    Ok(())
}

/// A connection whose disk fails after a restore: what is read then cannot be.
struct Failing {
    db: Connection,
    restored: bool,
    found: Option<&'static str>,
}

impl Database for Failing {
    fn execute(&mut self, sql: &str) -> Result<u64> {
        Database::execute(&mut self.db, sql)
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&[Value]) -> Result<()>,
    ) -> Result<()> {
        match self.found.filter(|_| self.restored && sql.contains("quick_check")) {
            Some("") => Err(limbeck::db::error(266, "disk I/O error")),
            Some(line) => each(&[Value::from(line)]),
            None => Database::query(&mut self.db, sql, params, each),
        }
    }

    fn in_transaction(&mut self) -> bool {
        Database::in_transaction(&mut self.db)
    }

    fn copy_database(
        &mut self,
        way: CopyWay,
        file: &Path,
        step: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<()> {
        self.restored |= way == CopyWay::From;
        self.db.copy_database(way, file, step)
    }
}

#[test]
fn a_restore_whose_last_check_fails_tells_what_is_known() {
    for (found, kind, told) in [
        ("", ErrorKind::Io, "is restored, and the database cannot be looked at: disk I/O error"),
        ("failed to get page 8", ErrorKind::Io, "cannot be looked at: failed to get page 8"),
        ("Tree 3 page 7: wrong", ErrorKind::Corrupt, "the database has: Tree 3 page 7: wrong"),
    ] {
        let place = Place::new("last");
        let mut db = Failing { db: place.old("wal"), restored: false, found: None };
        let (before, mut app) = (content(&db.db), place.app(3));
        app.upgrade(&mut db, "head").unwrap();
        let backup = place.app(1).newest_compatible_backup(&mut db).unwrap().unwrap();
        db.found = Some(found);
        let error = app.restore(&mut db, &backup).unwrap_err();
        assert!(error.kind() == kind && error.to_string().contains(told), "{error}");
        let report = error.report().unwrap();
        assert_eq!((&report.from[..], &report.to[..]), (&["3".to_owned()][..], &["1".to_owned()][..]));
        // What was there is in the backup that the report names, and the one that was restored is as it was.
        let other = Backup::open(report.backup.as_ref().unwrap()).unwrap();
        assert_eq!((other.heads[0].as_str(), content(&db.db)), ("3", before));
        db.found = None;
        assert_eq!(app.restore(&mut db, &other).unwrap().to, ["3"]);
    }
}

#[test]
fn over_a_damaged_database_that_is_open() {
    for mode in ["delete", "wal"] {
        let place = Place::new(&format!("over-damaged-{mode}"));
        let mut db = place.old(mode);
        let before = content(&db);
        place.app(2).upgrade(&mut db, "head").unwrap();
        drop(db);
        // Every second page is nonsense, but the first, which says that it is a database.
        let path = place.0.join("app.db");
        let mut bytes = fs::read(&path).unwrap();
        for page in bytes.chunks_mut(4096).skip(1).step_by(2) {
            page.fill(0xee);
        }
        fs::write(&path, bytes).unwrap();
        let mut db = place.open();
        assert_eq!(place.app(3).upgrade(&mut db, "head").unwrap_err().kind(), ErrorKind::Corrupt);
        let backup = place.app(1).newest_compatible_backup(&mut db).unwrap().unwrap();
        let report = place.app(1).restore(&mut db, &backup).unwrap();
        assert!(report.warnings[0].starts_with("what was there is damaged") && report.backup.is_none());
        let now: String = db.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        assert_eq!((content(&db), now.as_str()), (before, mode));
        assert_eq!(place.app(3).upgrade(&mut db, "head").unwrap().to, ["3"]);
    }
}

#[test]
fn over_another_page_size_in_wal_mode() {
    let place = Place::new("page-size");
    let mut db = place.old("wal");
    let before = content(&db);
    place.app(2).upgrade(&mut db, "head").unwrap();
    let backup = place.app(1).newest_compatible_backup(&mut db).unwrap().unwrap();
    let resize = "PRAGMA journal_mode = delete; PRAGMA page_size = 1024; VACUUM; PRAGMA journal_mode = wal";
    db.execute_batch(resize).unwrap();
    // Another connection stands in the way, and nothing is changed.
    let reader = place.open();
    reader.query_row("SELECT count(*) FROM a", [], |_| Ok(())).unwrap();
    db.busy_timeout(std::time::Duration::ZERO).unwrap();
    let error = place.app(1).restore(&mut db, &backup).unwrap_err();
    let sizes = |db: &Connection| -> (i64, String) {
        let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
        match (one("PRAGMA page_size"), one("PRAGMA journal_mode")) {
            (rusqlite::types::Value::Integer(size), rusqlite::types::Value::Text(mode)) => (size, mode),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((error.kind(), sizes(&db)), (ErrorKind::Locked, (1024, "wal".to_owned())));
    drop(reader);
    assert_eq!(place.app(1).restore(&mut db, &backup).unwrap().to, ["1"]);
    assert_eq!((content(&db), sizes(&db)), (before, (4096, "wal".to_owned())));
}

/// A statement that is not at its end would keep the copy attached to the connection for good.
#[test]
fn an_open_statement_is_said() {
    let place = Place::new("statement");
    for mode in ["delete", "wal"] {
        let _ = fs::remove_file(place.0.join("app.db"));
        let mut db = place.old(mode);
        let backup = place.app(1).back_up(&mut db).unwrap();
        let files = place.files();
        let attached = |db: &Connection| -> i64 {
            db.query_row(
                "SELECT count(*) FROM pragma_database_list WHERE name NOT IN ('main', 'temp')",
                [],
                |row| row.get(0),
            )
            .unwrap()
        };
        for verb in ["back up", "upgrade", "restore"] {
            let mut statement = std::ptr::null_mut();
            // SAFETY: the connection is open, the text ends with a NUL, and the statement is finalized below.
            unsafe {
                let sql = c"SELECT x FROM a".as_ptr();
                ffi::sqlite3_prepare_v2(db.handle(), sql, -1, &mut statement, std::ptr::null_mut());
                assert_eq!(ffi::sqlite3_step(statement), ffi::SQLITE_ROW);
            }
            let error = match verb {
                "back up" => place.app(2).back_up(&mut db).map(drop),
                "upgrade" => place.app(2).upgrade(&mut db, "head").map(drop),
                _ => place.app(2).restore(&mut db, &backup).map(drop),
            }
            .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Locked, "{verb}: {error:?}");
            assert!(error.hint().unwrap().contains("cursor"), "{error:?}");
            // SAFETY: it was prepared above.
            unsafe { ffi::sqlite3_finalize(statement) };
            assert_eq!((attached(&db), place.files()), (0, files.clone()), "{verb}");
        }
        assert_eq!(place.app(2).upgrade(&mut db, "head").unwrap().to, ["2"], "{mode}");
        assert_eq!(place.app(1).restore(&mut db, &backup).unwrap().to, ["1"], "{mode}");
    }
}

/// A kill before the copy has its name leaves what is deleted a day later.
#[test]
fn what_was_cut_short_is_cleared_away() {
    let place = Place::new("cut");
    let mut db = place.old("wal");
    let backup = place.app(1).back_up(&mut db).unwrap();
    let folder = backup.path.parent().unwrap();
    let old = folder.join("app.db.20200101T000000.000Z.00112233");
    fs::rename(&backup.path, old.with_extension("00112233.partial")).unwrap();
    fs::rename(backup.path.with_extension("json"), old.with_extension("00112233.json")).unwrap();
    assert_eq!(place.app(1).backups(&mut db).unwrap(), []);
    let next = place.app(1).back_up(&mut db).unwrap();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(place.files(), [name(&next.path), name(&next.path.with_extension("json"))]);
}

/// A path is any bytes there.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_whose_name_is_no_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new("bytes");
    let inner = Place(place.0.join(std::ffi::OsStr::from_bytes(b"caf\xe9")));
    fs::create_dir_all(&inner.0).unwrap();
    let mut db = inner.open();
    let app = |release: usize| {
        Migrator::new(&FILES[..release]).unwrap().backup(Backups::new(place.0.join("backups")))
    };
    app(1).upgrade(&mut db, "head").unwrap();
    db.execute("INSERT INTO a VALUES (zeroblob(9000000))", []).unwrap();
    assert_eq!(app(3).upgrade(&mut db, "head").unwrap().to, ["3"]);
    let backup = app(1).newest_compatible_backup(&mut db).unwrap().unwrap();
    assert_eq!(app(1).restore(&mut db, &backup).unwrap().to, ["1"]);
    // The path of a backup is a text of SQL.
    let error = inner.app(2).upgrade(&mut db, "head").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BackupFailed, "{error:?}");
}
