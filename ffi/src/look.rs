//! What only reads: revisions, as JSON. Each list is `[{"revision":…,"revises":[…],"branch_labels":[…],
//! "depends_on":[…],"message":…,"head":…,"branch_point":…,"merge_point":…,"current":…,"path":…}]`.

use std::ffi::{c_char, c_int};

use limbeck::{Migrator, RevisionInfo};
use serde_json::json;

use crate::database::limbeck_database;
use crate::error::{Failure, enter, limbeck_error, put};
use crate::handle;
use crate::migrator::limbeck_migrator;
use crate::status::limbeck_status;
use crate::text::{Text, limbeck_text, text};

/// A list of revisions, for C.
///
/// # Safety
///
/// `revisions` and `error` are null or may be written.
unsafe fn listed(
    migrator: *mut limbeck_migrator,
    revisions: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
    list: impl FnOnce(&Migrator<'static>) -> Result<Vec<RevisionInfo>, Failure>,
) -> limbeck_status {
    // SAFETY: the caller says so.
    unsafe {
        enter(error, || {
            put(revisions, "revisions", || {
                let mut migrator = handle::hold(migrator, "migrator")?;
                Ok(limbeck_text(Text::new(json!(list(migrator.core()?)?).to_string())))
            })
        })
    }
}

/// What the database is at, as JSON: a list of revisions, also such as the folder does not know.
///
/// # Safety
///
/// `revisions` and `error` are null or may be written; a null `revisions` is an error. The program owns
/// what is put there. The thread is one that may use the connection; one call at a time with this
/// migrator and with this database.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_current(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    revisions: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        listed(migrator, revisions, error, |core| {
            Ok(core.current(&mut *handle::hold(database, "database")?.core)?)
        })
    }
}

/// What an upgrade to `heads` would apply, in order.
///
/// # Safety
///
/// As `limbeck_migrator_current`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_pending(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    revisions: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        listed(migrator, revisions, error, |core| {
            let plan = core.pending(&mut *handle::hold(database, "database")?.core)?;
            let ids: Vec<&str> = plan.steps.iter().filter_map(|step| step.revision.as_deref()).collect();
            Ok(core.describe(&ids, &[]))
        })
    }
}

/// Fails with `LIMBECK_HISTORY_NOT_UP_TO_DATE` unless the database is at every head.
///
/// # Safety
///
/// `error` is null or may be written. Threads as `limbeck_migrator_current`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_check_heads(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            let mut migrator = handle::hold(migrator, "migrator")?;
            let mut database = handle::hold(database, "database")?;
            Ok(migrator.core()?.check_heads(&mut *database.core)?)
        })
    }
}

/// The heads: what nothing follows. `resolve_dependencies` other than 0 leaves out those that another
/// revision depends on.
///
/// # Safety
///
/// `revisions` and `error` are null or may be written; a null `revisions` is an error. The program owns
/// what is put there. Any thread, one call at a time with this migrator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_heads(
    migrator: *mut limbeck_migrator,
    resolve_dependencies: c_int,
    revisions: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        listed(migrator, revisions, error, |core| {
            let graph = core.graph()?;
            let all = resolve_dependencies == 0;
            Ok(core.describe(&if all { graph.heads() } else { graph.heads_resolving_dependencies() }, &[]))
        })
    }
}

/// The revisions that several others follow.
///
/// # Safety
///
/// As `limbeck_migrator_heads`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_branches(
    migrator: *mut limbeck_migrator,
    revisions: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        listed(migrator, revisions, error, |core| {
            let points = core.graph()?.branch_points();
            let ids: Vec<&str> = points.iter().map(|(id, _)| *id).collect();
            Ok(core.describe(&ids, &[]))
        })
    }
}

/// The revisions of a range `low:high`, newest first; either end may be empty, `base`, `head`,
/// `current`, or relative. `database` may be null where the range does not say `current`; no revision is
/// marked `current` then.
///
/// # Safety
///
/// `length` bytes of `range` may be read (`LIMBECK_NUL_TERMINATED`: up to its NUL). All else as
/// `limbeck_migrator_current`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_history(
    migrator: *mut limbeck_migrator,
    database: *mut limbeck_database,
    range: *const c_char,
    length: usize,
    revisions: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        listed(migrator, revisions, error, |core| {
            let range = text(range, length, "range")?;
            let rows = match database.is_null() {
                true => Vec::new(),
                false => core.rows(&mut *handle::hold(database, "database")?.core)?,
            };
            Ok(core.revisions(range, &rows)?)
        })
    }
}

/// One revision, or several that a target such as `heads` names.
///
/// # Safety
///
/// `length` bytes of `target` may be read. All else as `limbeck_migrator_heads`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_show(
    migrator: *mut limbeck_migrator,
    target: *const c_char,
    length: usize,
    revisions: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        listed(migrator, revisions, error, |core| {
            Ok(core.describe(&core.graph()?.resolve(text(target, length, "target")?)?, &[]))
        })
    }
}

/// What a merge of these heads, parted by blanks, would revise: a JSON list of ids. None named: all heads.
///
/// # Safety
///
/// `length` bytes of `targets` may be read. All else as `limbeck_migrator_heads`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_migrator_merge(
    migrator: *mut limbeck_migrator,
    targets: *const c_char,
    length: usize,
    revises: *mut *mut limbeck_text,
    error: *mut *mut limbeck_error,
) -> limbeck_status {
    // SAFETY: the caller says so of each.
    unsafe {
        enter(error, || {
            put(revises, "revises", || {
                let mut migrator = handle::hold(migrator, "migrator")?;
                let targets: Vec<&str> = text(targets, length, "targets")?.split_whitespace().collect();
                let revises = migrator.core()?.graph()?.merge(&targets, false)?;
                Ok(limbeck_text(Text::new(json!(revises).to_string())))
            })
        })
    }
}
