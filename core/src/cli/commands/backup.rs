//! `backup`, `backups`, `restore`.

use std::path::Path;

use serde_json::json;

use super::{migrator, open};
use crate::cli::Access;
use crate::cli::args::Args;
use crate::cli::output::{self, say};
use crate::cli::settings::{Settings, is_there};
use crate::{Backup, Error, ErrorKind, Migrator, Result};

pub fn backup(args: &Args, settings: &Settings) -> Result<()> {
    let mut migrator = migrator(settings)?.on_event(output::listener(args, settings));
    let backup = migrator.back_up(&mut *open(settings, Access::Change)?)?;
    if args.json {
        output::json(&backup);
    } else {
        say!("{}", line(&backup));
    }
    Ok(())
}

pub fn backups(args: &Args, settings: &Settings, compatible: bool) -> Result<()> {
    let migrator = migrator(settings)?;
    let mut all = listed(settings, &migrator)?;
    if compatible {
        all.retain(|backup| migrator.can_open(backup));
    }
    if args.json {
        output::json(&json!({ "backups": all }));
    } else {
        all.iter().for_each(|backup| say!("{}", line(backup)));
    }
    Ok(())
}

pub fn restore(args: &Args, settings: &Settings, file: Option<&Path>) -> Result<()> {
    let mut migrator = migrator(settings)?.on_event(output::listener(args, settings));
    let backup = match file {
        Some(file) => Backup::open(file)?,
        None => {
            let newest = listed(settings, &migrator)?.into_iter().find(|backup| migrator.can_open(backup));
            newest.ok_or_else(|| {
                Error::new(ErrorKind::NoBackup, "no backup is there that these migrations can open")
                    .with_hint("'limbeck backups' lists all; name one")
            })?
        }
    };
    // A database that is gone is made anew, now that there is what comes into it.
    let report = migrator.restore(&mut *open(settings, Access::Create)?, &backup)?;
    if args.json {
        output::json(&report);
        return Ok(());
    }
    report.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
    if let (false, Some(before)) = (args.quiet, &report.backup) {
        eprintln!("what was there is in {before}");
    }
    say!("restored {}", line(&backup));
    Ok(())
}

/// The database's backups. It may be gone: then the name that it had is all there is to ask, and looking
/// makes no new one.
fn listed(settings: &Settings, migrator: &Migrator<'_>) -> Result<Vec<Backup>> {
    let path = settings.database()?;
    match is_there(&path)? {
        true => migrator.backups(&mut *open(settings, Access::Look)?),
        false => migrator.backups_of(Path::new(&path)),
    }
}

/// `2026-02-03T12:00:00.000Z  0004  (1.0)  12345 bytes  backups/app.db…`
fn line(backup: &Backup) -> String {
    let app = backup.app_version.as_ref().map(|version| format!("  ({version})")).unwrap_or_default();
    let (heads, path) = (output::list(&backup.heads), backup.path.display());
    format!("{}  {heads}{app}  {} bytes  {path}", backup.taken_at, backup.bytes)
}
