//! The number in the file's header, `user_version`, where the app has left it to limbeck.
//!
//! It is limbeck's where it is what the last mark of the history comes to: then it is taken back before
//! anything is done, also by a run that is not to keep it, and given anew by the last step.

use super::{Options, Purpose, Run};
use crate::db::Database;
use crate::error::{Error, ErrorKind, Result};
use crate::history::{Kept, Mark};

/// What stands there: 0, if nobody has put anything there.
pub(crate) fn read(db: &mut dyn Database) -> Result<i64> {
    Ok(db.integer("PRAGMA user_version", &[])?.unwrap_or(0))
}

/// Puts a number there: in the transaction that is open, like any other page of the file.
pub(super) fn write(db: &mut dyn Database, number: i32) -> Result<()> {
    db.execute(&format!("PRAGMA main.user_version = {number}")).map(|_| ())
}

/// Errors: [`ErrorKind::BadSetting`] where nothing would tell whose the number is.
pub(crate) fn refuse_without_history(options: &Options) -> Result<()> {
    match options.keep_history {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::BadSetting, "user_version cannot be kept without the history")
            .with_hint("keep both, or neither")),
    }
}

/// Errors: [`ErrorKind::UserVersionTaken`] where the number is somebody else's; `mark` is the history's last.
pub(crate) fn refuse_foreign(db: &mut dyn Database, mark: Option<&str>) -> Result<()> {
    match read(db)? {
        0 => Ok(()),
        number if is_limbecks(number, mark) => Ok(()),
        number => Err(Error::new(
            ErrorKind::UserVersionTaken,
            format!("user_version is {number}, which limbeck has not put there"),
        )
        .with_hint("leave keep_user_version off, or keep that number elsewhere and set it to 0")),
    }
}

/// Errors: [`ErrorKind::UserVersionTaken`] where the step that has just run has put a number of its own there, which the
/// mark would be written over, or which the next run would take for somebody else's.
pub(super) fn refuse_a_steps(run: &mut Run<'_, '_>) -> Result<()> {
    match run.options.purpose {
        Purpose::Live if run.options.keep_user_version => refuse_foreign(run.db, None),
        Purpose::Live | Purpose::Plan | Purpose::Script => Ok(()),
    }
}

fn is_limbecks(number: i64, mark: Option<&str>) -> bool {
    mark.and_then(Mark::header_of).is_some_and(|own| i64::from(own) == number)
}

/// Takes limbeck's number back: what it says is no longer true once a step has begun. `kept` is the record,
/// where that has been read.
pub(super) fn clear(run: &mut Run<'_, '_>, kept: Option<&Kept>) -> Result<()> {
    let keep = run.options.keep_user_version;
    if keep {
        refuse_without_history(run.options)?;
    }
    match run.options.purpose {
        // A twin is thrown away.
        Purpose::Plan => return Ok(()),
        // What the database has there is not known; with the setting it is limbeck's.
        Purpose::Script if keep => return write(run.db, 0),
        Purpose::Script => return Ok(()),
        Purpose::Live => {}
    }
    let number = read(run.db)?;
    if number == 0 {
        return Ok(());
    }
    let mark = match kept {
        Some(kept) => kept.mark.clone(),
        None => run.history().last_mark(run.db)?,
    };
    if keep {
        refuse_foreign(run.db, mark.as_deref())?;
    }
    if is_limbecks(number, mark.as_deref()) { write(run.db, 0) } else { Ok(()) }
}
