//! Backups: taken, listed, restored. A backup, for C, is JSON: `{"database":…,"heads":[…],"app_version":…,
//! "taken_at":…,"bytes":…,"sha256":…,"problems":[…],"path":…}`.

use std::ffi::{c_char, c_int};

use limbeck::{Backup, Backups, Error, ErrorKind, Room};
use serde_json::json;

use crate::database::limbeck_database;
use crate::error::{enter, limbeck_error, put};
use crate::handle;
use crate::migrator::limbeck_migrator;
use crate::report::limbeck_report;
use crate::status::limbeck_status;
use crate::text::{Text, limbeck_text, text};

/// Backs the database up into a folder before the first write of each run, and keeps the last `keep`
/// backups of it (0: three). A run that finds nothing to do takes none. Where the database cannot be
/// backed up, it is not changed.
///
/// # Safety
///
/// `length` bytes of `folder` may be read. `error` is null or may be written. Any thread, one call at a
/// time with this migrator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_set_backups(
    migrator: *mut limbeck_migrator,
    folder: *const c_char,
    length: usize,
    keep: usize,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            let mut migrator = handle::hold(migrator, "migrator")?;
            let backups = Backups::new(text(folder, length, "folder")?);
            let backups = if keep == 0 { backups } else { backups.keep(keep) };
            migrator.set(|core| core.backup(backups))
        })
    }
}

/// Takes a backup now, and answers it as JSON.
///
/// Errors: the `LIMBECK_BACKUP_` ones, `LIMBECK_DATABASE_TRANSACTION_OPEN`, `LIMBECK_SETTINGS_INVALID`
/// where no folder is set.
///
/// # Safety
///
/// `backup` and `error` are null or may be written; a null `backup` is an error. The program owns what is
/// put there. The thread is one that may use the connection; one call at a time with this migrator and
/// with this database.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_back_up(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    backup: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            put(backup, "backup", || {
                let mut migrator = handle::hold(migrator, "migrator")?;
                let mut database = handle::hold(database, "database")?;
                let taken = migrator.core()?.back_up(&mut *database.core)?;
                Ok(limbeck_text(Text::new(json!(taken).to_string())))
            })
        })
    }
}

/// Whether the room on the volumes of the database, of the backups and of SQLite's temporary files is
/// looked at before a backup and before a table is rebuilt: 1, as it is from the start, or 0.
///
/// # Safety
///
/// `error` is null or may be written. Any thread, one call at a time with this migrator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_set_check_room(
    migrator: *mut limbeck_migrator,
    check: c_int,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of `error`.
    unsafe {
        enter(error, || {
            let room = if check == 0 { Room::new(|_| None) } else { Room::default() };
            handle::hold(migrator, "migrator")?.set(|core| core.room(room))
        })
    }
}

/// Looks at the database and at its SQLite for a bug report, as JSON, without rows and paths: damage, history,
/// what is pending, and what that would take. Nothing is changed, and what fails is told in it. It reads the
/// whole database.
///
/// # Safety
///
/// As `limbeck_migrator_back_up`. `scratch` is a second database: an empty one in memory, of the same SQLite.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_doctor(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    scratch: *mut limbeck_database,
    found: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            put(found, "found", || {
                let mut migrator = handle::hold(migrator, "migrator")?;
                let mut database = handle::hold(database, "database")?;
                let mut scratch = handle::hold(scratch, "scratch")?;
                let found = migrator.core_on(&scratch)?.doctor(&mut *database.core, &mut *scratch.core);
                Ok(limbeck_text(Text::new(json!(found).to_string())))
            })
        })
    }
}

/// The backups of this database, newest first, as a JSON list. The database is not read, and may be
/// damaged.
///
/// # Safety
///
/// As `limbeck_migrator_back_up`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_backups(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    backups: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            put(backups, "backups", || {
                let mut migrator = handle::hold(migrator, "migrator")?;
                let mut database = handle::hold(database, "database")?;
                let all = migrator.core()?.backups(&mut *database.core)?;
                Ok(limbeck_text(Text::new(json!(all).to_string())))
            })
        })
    }
}

/// The path of the newest backup whose revisions the migrations have all: one that this program can open.
///
/// Errors: `LIMBECK_BACKUP_NONE` where there is none.
///
/// # Safety
///
/// As `limbeck_migrator_back_up`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_newest_compatible_backup(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    path: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            put(path, "path", || {
                let mut migrator = handle::hold(migrator, "migrator")?;
                let mut database = handle::hold(database, "database")?;
                let newest = migrator.core()?.newest_compatible_backup(&mut *database.core)?;
                let none =
                    || Error::new(ErrorKind::NoBackup, "no backup is there that these migrations can open");
                let found = newest.ok_or_else(none)?;
                Ok(limbeck_text(Text::new(found.path.to_string_lossy().into_owned())))
            })
        })
    }
}

/// Puts a backup in the place of all that is in the open database, in one transaction. The backup is
/// checked before, the database afterwards; what is there now is backed up first. The backup stays.
///
/// Errors: `LIMBECK_BACKUP_DAMAGED` and `LIMBECK_BACKUP_NONE` before anything is written;
/// `LIMBECK_DATABASE_LOCKED` while another connection uses the database.
///
/// # Safety
///
/// `length` bytes of `path` may be read (`LIMBECK_NUL_TERMINATED`: up to its NUL). `report` and `error`
/// are null or may be written. The program owns what is put there. The thread is one that may use the
/// connection; one call at a time with this migrator and with this database.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_restore(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    path: *const c_char,
    length: usize,
    report: *mut *mut limbeck_report,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    let work = || {
        let mut migrator = handle::hold(migrator, "migrator")?;
        let mut database = handle::hold(database, "database")?;
        // SAFETY: the caller says so.
        let backup = Backup::open(unsafe { text(path, length, "path") }?)?;
        Ok(migrator.core()?.restore(&mut *database.core, &backup)?)
    };
    // SAFETY: the caller says so.
    unsafe {
        enter(error, || {
            if report.is_null() {
                return work().map(|_| ());
            }
            put(report, "report", || Ok(limbeck_report::new(&work()?)))
        })
    }
}
