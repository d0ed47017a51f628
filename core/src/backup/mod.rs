//! Backups: a copy of the database before it is changed, and its way back.
//!
//! Both ways go through SQLite's backup API on the app's own connection, so that no WAL is missed and
//! no live file is written over. Not `VACUUM INTO`: it "may change the ROWIDs of tables that do not have
//! an explicit INTEGER PRIMARY KEY" (<https://sqlite.org/lang_vacuum.html>). `catalogue` is the folder.

mod catalogue;

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use crate::db::{CopyWay, Database, Value, unreadable};
use crate::error::{Error, ErrorKind, Result, cancelled};
use crate::event::{Event, Listener};
use crate::history::History;
use crate::room::Room;
use crate::room::sizes::{self, Journal};
use crate::sql::{literal, quote};

pub(crate) use catalogue::Origin;
pub use catalogue::{Backup, Backups};

/// What a backup's file is called while it is looked at.
const ATTACHED: &str = "limbeck_backup";

/// A backup that has just been taken.
pub(crate) struct Taken {
    pub backup: Backup,
    /// `PRAGMA data_version` of what it is a copy of: another one later says that the database was
    /// changed by another connection since.
    pub data_version: Option<i64>,
}

/// Whose backups those of this database are.
pub(crate) fn origin(db: &mut dyn Database) -> Result<Origin> {
    Ok(sizes::file(db)?.map_or_else(Origin::of_memory, |file| Origin::of_file(&file)))
}

/// Copies the database, checks the copy, gives it its name, and deletes the oldest beyond those that
/// are kept, but not `spared`. One whose newest backup has the same bytes is not copied twice.
/// `accept` is told the version rows of the snapshot before anything of it is copied, and may refuse it.
///
/// Errors: [`ErrorKind::TransactionOpen`], [`ErrorKind::BackupUnsupported`], [`ErrorKind::BackupFailed`],
/// [`ErrorKind::Cancelled`], that of `accept` and SQLite's own, after each of which nothing is left of it.
pub(crate) fn take(
    db: &mut dyn Database,
    listener: &mut Listener<'_>,
    history: History<'_>,
    backups: &Backups,
    spared: Option<&Path>,
    room: &Room,
    accept: &mut dyn FnMut(&[String]) -> Result<()>,
) -> Result<Taken> {
    refuse_busy(db, "a backup is taken")?;
    let database = origin(db)?;
    let name = "SELECT strftime('%Y%m%dT%H%M%fZ', 'now') || '.' || lower(hex(randomblob(4)))";
    let name = db.texts(name, &[])?.pop().unwrap_or_default();
    let stale = "SELECT strftime('%Y%m%dT%H%M%S', 'now', '-1 day')";
    let stale = db.texts(stale, &[])?.pop().unwrap_or_default();
    room.need(backups.folder(), sizes::database(db)?, "a backup")?;
    let partial = backups.begin(&database.name, &name, &stale)?;
    let _partial = Partial(&partial);
    let (backup, data_version) = copy_checked(db, listener, history, &database.name, &partial, accept)?;
    let newest = backups.list_of(&database)?.into_iter().next();
    let backup = match newest.filter(|newest| same_bytes(newest, &backup, listener)) {
        Some(newest) => newest,
        None => backups.finish(&partial, &backup, &database)?,
    };
    backups.prune(&database, spared)?;
    Ok(Taken { backup, data_version })
}

/// A file that may become a backup. It is deleted at the end, where it has not got a backup's name.
struct Partial<'a>(&'a Path);

impl Drop for Partial<'_> {
    fn drop(&mut self) {
        catalogue::abandon(self.0);
    }
}

/// Whether an older backup still is what this one is.
fn same_bytes(newest: &Backup, backup: &Backup, listener: &mut Listener<'_>) -> bool {
    let mut tick = || listener(&Event::Working);
    (newest.bytes, &newest.sha256, &newest.heads) == (backup.bytes, &backup.sha256, &backup.heads)
        && catalogue::digest(&newest.path, &mut tick).is_ok_and(|(_, sha256)| sha256 == backup.sha256)
}

/// Copies the database into a file, and looks whether that is a sound copy.
fn copy_checked(
    db: &mut dyn Database,
    listener: &mut Listener<'_>,
    history: History<'_>,
    database: &str,
    file: &Path,
    accept: &mut dyn FnMut(&[String]) -> Result<()>,
) -> Result<(Backup, Option<i64>)> {
    // One snapshot for all that is copied and said of it.
    let copy = |db: &mut dyn Database| {
        let heads = history.rows(db)?;
        accept(&heads)?;
        copy_snapshot(db, listener, history, heads, database, file)
    };
    let (mut backup, data_version) = between("BEGIN", "COMMIT", db, copy)?;
    backup.problems = attached(db, file, |db| {
        // One file by itself, whatever the database's mode is.
        db.execute(&format!("PRAGMA {ATTACHED}.journal_mode = DELETE"))?;
        let problems = quick_check(db, listener, ATTACHED)?;
        let same = history.rows_of(db, ATTACHED)? == backup.heads
            && (problems.is_empty() || problems == quick_check(db, listener, "main")?);
        if same { Ok(problems) } else { Err(not_the_same(&problems)) }
    })?;
    (backup.bytes, backup.sha256) = catalogue::digest(file, &mut || listener(&Event::Working))?;
    Ok((backup, data_version))
}

fn copy_snapshot(
    db: &mut dyn Database,
    listener: &mut Listener<'_>,
    history: History<'_>,
    heads: Vec<String>,
    database: &str,
    file: &Path,
) -> Result<(Backup, Option<i64>)> {
    let backup = Backup {
        database: database.to_owned(),
        heads,
        app_version: history.last_app_version(db)?,
        taken_at: db.texts("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')", &[])?.pop().unwrap_or_default(),
        bytes: 0,
        sha256: String::new(),
        problems: Vec::new(),
        path: file.to_owned(),
    };
    let data_version = data_version(db)?;
    let mut tell = |pages, of| listener(&Event::BackingUp { pages, of });
    db.copy_database(CopyWay::Into, file, &mut tell)?;
    Ok((backup, data_version))
}

/// A number that is another one once another connection has changed the database:
/// <https://sqlite.org/pragma.html#pragma_data_version>.
pub(crate) fn data_version(db: &mut dyn Database) -> Result<Option<i64>> {
    db.integer("PRAGMA main.data_version", &[])
}

/// Puts a backup in the place of all that is in the database, in one transaction of SQLite's. The backup stays.
///
/// Errors: [`ErrorKind::BackupDamaged`], [`ErrorKind::TransactionOpen`] and [`ErrorKind::Locked`] before anything is written;
/// SQLite's own, after which the database is as it was.
pub(crate) fn restore(
    db: &mut dyn Database,
    listener: &mut Listener<'_>,
    history: History<'_>,
    backup: &Backup,
) -> Result<()> {
    refuse_busy(db, "a backup is restored")?;
    let shown = backup.path.display();
    let damaged = |why: &str| {
        Error::new(ErrorKind::BackupDamaged, format!("the backup {shown} is damaged: {why}"))
            .with_hint("restore another one")
    };
    let found = catalogue::digest(&backup.path, &mut || listener(&Event::Working))?;
    if found != (backup.bytes, backup.sha256.clone()) {
        return Err(damaged("its bytes are not those that were written"));
    }
    let file = std::path::absolute(&backup.path).unwrap_or_else(|_| backup.path.clone());
    take_encoding(db, backup)?;
    let page_size = attached(db, &file, |db| {
        let sound = quick_check(db, listener, ATTACHED)? == backup.problems;
        let same = history.rows_of(db, ATTACHED)? == backup.heads;
        if sound && same {
            db.integer(&format!("PRAGMA {ATTACHED}.page_size"), &[])
        } else {
            Err(damaged("it is not at the revisions that it is catalogued with"))
        }
    })?;
    let mut tell = |pages, of| listener(&Event::Restoring { pages, of });
    let mut copy = |db: &mut dyn Database| db.copy_database(CopyWay::From, &file, &mut tell);
    if db.integer("PRAGMA main.page_size", &[])? != page_size && Journal::of(db)? == Journal::Wal {
        outside_wal_mode(db, copy)
    } else {
        copy(db)
    }
}

/// Gives a database without a schema the encoding of the backup: "The database file that is being attached must use
/// the same text encoding as the main database" (<https://sqlite.org/lang_attach.html>), and so must what is restored, on a
/// connection that has read another.
///
/// Errors: [`ErrorKind::BackupFailed`] where the database has another encoding already.
fn take_encoding(db: &mut dyn Database, backup: &Backup) -> Result<()> {
    let Some(wanted) = catalogue::encoding(&backup.path)? else { return Ok(()) };
    let read =
        |db: &mut dyn Database| Ok::<_, Error>(db.texts("PRAGMA encoding", &[])?.pop().unwrap_or_default());
    let found = read(db)?;
    if found == wanted {
        return Ok(());
    }
    if !db.any("SELECT 1 FROM main.sqlite_master LIMIT 1", &[])? {
        db.execute(&format!("PRAGMA encoding = {}", literal(wanted)))?;
        if read(db)? == wanted {
            return Ok(());
        }
    }
    let message = format!("the backup {} has {wanted}, and the database has {found}", backup.path.display());
    Err(Error::new(ErrorKind::BackupFailed, message)
        .with_hint("move the database's file away, open a new one in its place, and restore into that"))
}

/// "If the destination database is in WAL mode, and the page sizes differ, the copy fails" with
/// `SQLITE_READONLY` (<https://sqlite.org/c3ref/backup_finish.html>): so it leaves that mode meanwhile, which
/// needs that no other connection is open.
fn outside_wal_mode(db: &mut dyn Database, copy: impl FnOnce(&mut dyn Database) -> Result<()>) -> Result<()> {
    between("PRAGMA main.journal_mode = DELETE", "PRAGMA main.journal_mode = WAL", db, copy)
}

/// Looks whether what is in the database after a restore is what the backup has.
///
/// Errors: [`ErrorKind::Corrupt`] where it is something else, and whatever the reading of it fails with.
pub(crate) fn check_restored(
    db: &mut dyn Database,
    listener: &mut Listener<'_>,
    history: History<'_>,
    backup: &Backup,
) -> Result<()> {
    let shown = backup.path.display();
    // It is done: to cancel would take nothing back.
    let mut told = |event: &Event<'_>| {
        let _ = listener(event);
        ControlFlow::Continue(())
    };
    let mut look = |db: &mut dyn Database| {
        let problems = quick_check(db, &mut told, "main")?;
        Ok((history.rows(db)?, problems))
    };
    let (heads, problems) = look(db).map_err(|error: Error| {
        let message = format!("{shown} is restored, and the database cannot be looked at: {error}");
        Error::new(error.kind(), message)
            .with_hint("check the disk, then restore it again: the backup is as it was")
    })?;
    if problems == backup.problems && heads == backup.heads {
        return Ok(());
    }
    let what = problems.first().map_or("other revisions than the backup", String::as_str);
    Err(Error::new(ErrorKind::Corrupt, format!("after {shown} was restored, the database has: {what}"))
        .with_hint("check the disk, then restore it again: the backup is as it was"))
}

/// Errors: [`ErrorKind::TransactionOpen`] inside the caller's own transaction; [`ErrorKind::Locked`] where a statement of
/// the caller's is not at its end: the file that is looked at beside the database could not be detached, now or later,
/// because a read transaction ends with the last statement that reads.
fn refuse_busy(db: &mut dyn Database, what: &str) -> Result<()> {
    if db.in_transaction() {
        let message = format!("{what} outside a transaction");
        return Err(
            Error::new(ErrorKind::TransactionOpen, message).with_hint("commit before calling limbeck")
        );
    }
    // The one question to which SQLite answers that: NULL is the name of no file, which it finds wrong next
    // (`sqlite3RunVacuum`, <https://sqlite.org/src/file/src/vacuum.c>).
    match db.execute("VACUUM main INTO NULL") {
        Err(error) if error.to_string().contains("SQL statements in progress") => {
            let message = format!("{what} while no statement reads, and one on this connection does");
            Err(Error::new(ErrorKind::Locked, message)
                .with_hint("read its rows to the end, or close its cursor, before calling limbeck"))
        }
        _ => Ok(()),
    }
}

/// Looks at a file on the app's own connection, which has its key, functions and collations.
fn attached<T>(
    db: &mut dyn Database,
    file: &Path,
    look: impl FnOnce(&mut dyn Database) -> Result<T>,
) -> Result<T> {
    let Some(path) = file.to_str() else {
        return Err(Error::new(ErrorKind::BackupFailed, format!("{} is not UTF-8", file.display()))
            .with_hint("name a folder for backups whose path is UTF-8"));
    };
    between(&format!("ATTACH {} AS {ATTACHED}", literal(path)), &format!("DETACH {ATTACHED}"), db, look)
}

/// Does something between two statements, the second of which runs on every path, also where who listens panics.
///
/// Errors: the first that is met.
fn between<T>(
    before: &str,
    after: &str,
    db: &mut dyn Database,
    work: impl FnOnce(&mut dyn Database) -> Result<T>,
) -> Result<T> {
    db.execute(before)?;
    let done = catch_unwind(AssertUnwindSafe(|| work(db)));
    let ended = db.execute(after);
    let done = done.unwrap_or_else(|panic| resume_unwind(panic));
    done.and_then(|value| ended.map(|_| value))
}

/// What is wrong with a database; nothing, with a sound one.
fn quick_check(db: &mut dyn Database, listener: &mut Listener<'_>, schema: &str) -> Result<Vec<String>> {
    if listener(&Event::Checking).is_break() {
        return Err(cancelled());
    }
    let mut lines = Vec::new();
    let sql = format!("PRAGMA {}.quick_check", quote(schema));
    db.query_watched(
        &sql,
        &[],
        &mut |row| {
            if let Some(Value::Text(line)) = row.first() {
                if let Some(error) = unreadable(line) {
                    return Err(error);
                }
                lines.push(line.replace(&format!("in database {schema}"), "in database"));
            }
            Ok(())
        },
        &mut || listener(&Event::Working),
    )?;
    lines.retain(|line| line != "ok");
    Ok(lines)
}

fn not_the_same(problems: &[String]) -> Error {
    let what = problems.first().map_or("other revisions than the database", String::as_str);
    Error::new(ErrorKind::BackupFailed, format!("the copy is not what the database is: it has {what}"))
        .with_hint("check the disk on which the backups are")
}
