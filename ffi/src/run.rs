//! The verbs: what changes a database, or says how it would.

use std::ffi::{c_char, c_int};

use limbeck::{Database, Direction, Migrator, Report, Side};
use serde_json::json;

use crate::database::limbeck_database;
use crate::error::{Failure, enter, limbeck_error, put};
use crate::handle;
use crate::migrator::limbeck_migrator;
use crate::report::limbeck_report;
use crate::status::limbeck_status;
use crate::text::{Text, limbeck_text, text};

/// What is done with revisions.
#[allow(non_camel_case_types)]
#[repr(C)]
pub enum limbeck_direction {
    /// They are applied.
    LIMBECK_UP = 0,
    /// They are taken back.
    LIMBECK_DOWN = 1,
    /// Only the version rows change.
    LIMBECK_STAMP = 2,
}

/// One run.
///
/// # Safety
///
/// `target` as in [`text`]; `report` and `error` are null or may be written.
unsafe fn run(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    (target, length): (*const c_char, usize),
    report: *mut *mut limbeck_report,
    error: *mut *mut limbeck_error,
    verb: impl FnOnce(&mut Migrator<'static>, &mut dyn Database, &str) -> limbeck::Result<Report>,
) -> limbeck_status {
    let work = || {
        let mut migrator = handle::hold(migrator, "migrator")?;
        let mut database = handle::hold(database, "database")?;
        // SAFETY: the caller says so.
        let target = unsafe { text(target, length, "target") }?;
        Ok(verb(migrator.core_on(&database)?, &mut *database.core, target)?)
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

/// Applies revisions up to a target: `head`, `heads`, `+1`, an id or its beginning, a label.
///
/// Where nothing is to do, that is one SELECT. Otherwise one write transaction is held from the first
/// step to the last (a savepoint inside the program's own), with `foreign_keys` off meanwhile, and set
/// back afterwards. On an error nothing has changed but what `report` in its JSON lists.
///
/// Errors: the `LIMBECK_GRAPH_` ones for the target; `LIMBECK_HISTORY_DATABASE_NEWER`,
/// `LIMBECK_HISTORY_CHANGED_REVISION` and `LIMBECK_HISTORY_UNFINISHED` before any write; all others of
/// the script, the SQL and the database for what happens on the way.
///
/// # Safety
///
/// `length` bytes of `target` may be read (`LIMBECK_NUL_TERMINATED`: up to its NUL). `report` and
/// `error` are null or may be written; the program owns what is put there, a report only after
/// `LIMBECK_OK`, an error only after all else. The thread is one that may use the connection; one call
/// at a time with this migrator and with this database.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_upgrade(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    target: *const c_char,
    length: usize,
    report: *mut *mut limbeck_report,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe { run(migrator, database, (target, length), report, error, |core, db, to| core.upgrade(db, to)) }
}

/// Takes revisions back down to a target: `base`, `-1`, an id.
///
/// Errors: as `limbeck_migrator_upgrade`, and `LIMBECK_SCRIPT_NO_DOWNGRADE` before any write.
///
/// # Safety
///
/// As `limbeck_migrator_upgrade`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_downgrade(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    target: *const c_char,
    length: usize,
    report: *mut *mut limbeck_report,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe { run(migrator, database, (target, length), report, error, |core, db, to| core.downgrade(db, to)) }
}

/// Sets the version rows and runs no script: for a database that is there already. `targets` are parted
/// by blanks. `purge` other than 0 throws the rows away first, also such as the folder does not know.
///
/// # Safety
///
/// As `limbeck_migrator_upgrade`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_stamp(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    targets: *const c_char,
    length: usize,
    purge: c_int,
    report: *mut *mut limbeck_report,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        run(migrator, database, (targets, length), report, error, |core, db, targets| {
            let targets: Vec<&str> = targets.split_whitespace().collect();
            core.stamp(db, &targets, purge != 0)
        })
    }
}

/// Makes limbeck's own tables where they are missing; `made`, if not null, is set to 1 if any was, else
/// to 0.
///
/// # Safety
///
/// `made` and `error` are null or may be written. Threads as `limbeck_migrator_upgrade`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_ensure_version(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    made: *mut c_int,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            let mut migrator = handle::hold(migrator, "migrator")?;
            let mut database = handle::hold(database, "database")?;
            let any = migrator.core()?.ensure_version(&mut *database.core)?;
            if !made.is_null() {
                made.write(any.into());
            }
            Ok(())
        })
    }
}

fn direction(number: c_int) -> Result<Direction, Failure> {
    match number {
        0 => Ok(Direction::Up),
        1 => Ok(Direction::Down),
        2 => Ok(Direction::Stamp),
        other => Err(Failure::misuse(format!("{other} is no limbeck_direction"))),
    }
}

/// What an upgrade, or with `LIMBECK_DOWN` a downgrade, would do, as JSON: steps, statements, and the way
/// each ALTER would take. `database` is only read.
///
/// Errors: as `limbeck_migrator_upgrade` before its first write.
///
/// # Safety
///
/// `scratch` is a second database: an empty one in memory, of the same SQLite. `length` bytes of
/// `target` may be read. `plan` and `error` are null or may be written; a null `plan` is an error. The
/// program owns what is put there. Threads as `limbeck_migrator_upgrade`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_plan(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    scratch: *mut limbeck_database,
    direction: c_int,
    target: *const c_char,
    length: usize,
    plan: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            put(plan, "plan", || {
                let mut migrator = handle::hold(migrator, "migrator")?;
                let mut database = handle::hold(database, "database")?;
                let mut scratch = handle::hold(scratch, "scratch")?;
                let direction = self::direction(direction)?;
                let target = text(target, length, "target")?;
                let core = migrator.core_on(&scratch)?;
                let dry = core.dry_run(&mut *database.core, &mut *scratch.core, direction, target)?;
                Ok(limbeck_text(Text::new(json!(dry).to_string())))
            })
        })
    }
}

/// The script that takes a database over a range `from:to`, for the `sqlite3` shell. No database is
/// needed but `scratch`, an empty one in memory, on which the range runs.
///
/// Errors: as `limbeck_migrator_upgrade`; `LIMBECK_GRAPH_RANGE_REQUIRED` for a downgrade without `from`;
/// `LIMBECK_SCRIPT_NOT_OFFLINE` for what asks the rows.
///
/// # Safety
///
/// `length` bytes of `range` may be read. `sql` and `error` are null or may be written; a null `sql` is
/// an error. The program owns what is put there. Threads as `limbeck_migrator_upgrade`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_sql(
    migrator: *mut limbeck_migrator,
    scratch: *mut limbeck_database,
    direction: c_int,
    range: *const c_char,
    length: usize,
    sql: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            put(sql, "sql", || {
                let mut migrator = handle::hold(migrator, "migrator")?;
                let mut scratch = handle::hold(scratch, "scratch")?;
                let direction = self::direction(direction)?;
                let range = text(range, length, "range")?;
                let core = migrator.core_on(&scratch)?;
                Ok(limbeck_text(Text::new(core.sql(&mut *scratch.core, direction, range)?)))
            })
        })
    }
}

/// How the wanted schema, plain CREATE statements, differs from the one that the migrations make, as JSON:
/// a list of `{"kind", "table", "name", "sql"}`, empty if it does not.
///
/// Errors: as `limbeck_migrator_upgrade` for the migrations; `LIMBECK_SCRIPT_FORBIDDEN_STATEMENT` and
/// `LIMBECK_SQL_FAILED`, each with its line, for the text.
///
/// # Safety
///
/// `present` and `wanted` are two empty databases in memory, of the program's own SQLite; both are written.
/// `length` bytes of `schema` may be read. `differences` and `error` are null or may be written; a null
/// `differences` is an error. The program owns what is put there. Threads as `limbeck_migrator_upgrade`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_check(
    migrator: *mut limbeck_migrator,
    present: *mut limbeck_database,
    wanted: *mut limbeck_database,
    schema: *const c_char,
    length: usize,
    differences: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            put(differences, "differences", || {
                let mut migrator = handle::hold(migrator, "migrator")?;
                let mut present = handle::hold(present, "present")?;
                let mut wanted = handle::hold(wanted, "wanted")?;
                let schema = text(schema, length, "schema")?;
                let core = migrator.core_on(&present)?;
                let found = core.check(&mut *present.core, &mut *wanted.core, schema)?;
                Ok(limbeck_text(Text::new(json!(found).to_string())))
            })
        })
    }
}

/// What lies between the schemas of two databases, which are only read, as JSON:
/// `{"differences": [...], "operations": [...], "proposals": [...]}`, all empty if they are the same. A
/// folder's schema is that of a database in memory which it was upgraded on.
///
/// `options` is JSON, and may be null: `{"renames": ["old:new", "table.old:new"], "include": [], "exclude": [],
/// "column_order": false}`.
///
/// Errors: `LIMBECK_SETTINGS_INVALID` and `LIMBECK_DIFF_BAD_RENAME` for the options.
///
/// # Safety
///
/// `from` and `to` are two databases. `length` bytes of `options` may be read. `diff` and `error` are null or
/// may be written; a null `diff` is an error. The program owns what is put there. Threads as
/// `limbeck_migrator_upgrade`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_diff(
    migrator: *mut limbeck_migrator,
    from: *mut limbeck_database,
    to: *mut limbeck_database,
    options: *const c_char,
    length: usize,
    diff: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            put(diff, "diff", || {
                let mut migrator = handle::hold(migrator, "migrator")?;
                let mut from = handle::hold(from, "from")?;
                let mut to = handle::hold(to, "to")?;
                let options = if options.is_null() { "" } else { text(options, length, "options")? };
                let options = limbeck::diff::Options::from_json(options)?;
                let core = migrator.core_on(&from)?;
                let found =
                    core.diff(Side::Database(&mut *from.core), Side::Database(&mut *to.core), &options)?;
                Ok(limbeck_text(Text::new(json!(found).to_string())))
            })
        })
    }
}

/// Whether a database is what the migrations make up to where it says it is, as JSON: `{"revisions": [...],
/// "fingerprint": "2:...", "differences": [{"kind", "table", "name", "sql", "grade"}]}`, where a grade is
/// `slight`, `rule` or `data`. The database is only read.
///
/// Errors: `LIMBECK_HISTORY_DATABASE_NEWER`; as `limbeck_migrator_upgrade` for the migrations.
///
/// # Safety
///
/// `scratch` is an empty database in memory, of the program's own SQLite; it is written. `verified` and
/// `error` are null or may be written; a null `verified` is an error. The program owns what is put there.
/// Threads as `limbeck_migrator_upgrade`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_verify(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    scratch: *mut limbeck_database,
    verified: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            put(verified, "verified", || {
                let mut migrator = handle::hold(migrator, "migrator")?;
                let mut database = handle::hold(database, "database")?;
                let mut scratch = handle::hold(scratch, "scratch")?;
                let core = migrator.core_on(&database)?;
                let found = core.verify(&mut *database.core, &mut *scratch.core)?;
                Ok(limbeck_text(Text::new(json!(found).to_string())))
            })
        })
    }
}

/// The fingerprint of a database's schema, which is only read: equal for two that `limbeck_migrator_diff`
/// finds the same. The last step of each run leaves it in `limbeck_history`.
///
/// # Safety
///
/// `fingerprint` and `error` are null or may be written; a null `fingerprint` is an error. The program owns
/// what is put there. Threads as `limbeck_migrator_upgrade`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_fingerprint(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    fingerprint: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            put(fingerprint, "fingerprint", || {
                let mut migrator = handle::hold(migrator, "migrator")?;
                let mut database = handle::hold(database, "database")?;
                let core = migrator.core_on(&database)?;
                Ok(limbeck_text(Text::new(core.fingerprint(&mut *database.core)?)))
            })
        })
    }
}
