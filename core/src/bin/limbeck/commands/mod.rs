//! One file a command, or a few that share their shape.

mod begin;
mod look;
mod run;

use std::time::Duration;

use limbeck::script::Folder;
use limbeck::{Error, ErrorKind, Migrator, Result};
use rusqlite::{Connection, OpenFlags};

use crate::args::{Args, Command};
use crate::settings::Settings;

/// Runs what the arguments say.
pub fn run(args: &Args) -> Result<()> {
    let settings = Settings::read(args)?;
    match &args.command {
        Command::Init { folder } => begin::init(args, folder),
        Command::Revision { .. } => begin::revision(args, &settings),
        Command::Upgrade { target } => run::upgrade(args, &settings, target),
        Command::Downgrade { target } => run::downgrade(args, &settings, target),
        Command::Stamp { revisions, purge } => run::stamp(args, &settings, revisions, *purge),
        Command::Current => look::current(args, &settings),
        Command::Heads => look::heads(args, &settings),
        Command::History { rev_range, indicate_current } => {
            look::history(args, &settings, rev_range, *indicate_current)
        }
        Command::Show { revision } => look::show(args, &settings, revision),
        Command::Status => look::status(args, &settings),
    }
}

/// The folder, every file of it read: what is wrong anywhere is said at once.
fn migrator(settings: &Settings) -> Result<Migrator<'static>> {
    let migrator = Migrator::new(&Folder(settings.migrations.clone()))?
        .rebuild(settings.rebuild)
        .transaction(settings.transaction);
    migrator.validate()?;
    Ok(match &settings.version_table {
        Some(table) => migrator.version_table(table),
        None => migrator,
    })
}

/// Opens the database to look at it. One that is not there yet is an empty one, and not made.
fn look_at(settings: &Settings) -> Result<Connection> {
    let path = settings.database()?;
    if std::path::Path::new(path).exists() {
        return open(settings, false);
    }
    eprintln!("{path} is not there yet");
    Connection::open_in_memory().map_err(|error| Error::new(ErrorKind::CannotOpen, error.to_string()))
}

/// Opens the database; only a run that writes may make a new file.
fn open(settings: &Settings, create: bool) -> Result<Connection> {
    let path = settings.database()?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let flags = if create { flags | OpenFlags::SQLITE_OPEN_CREATE } else { flags };
    let cannot = |error: rusqlite::Error| {
        Error::new(ErrorKind::CannotOpen, format!("cannot open '{path}': {error}"))
            .with_hint("check that the path exists and may be written")
    };
    let connection = Connection::open_with_flags(path, flags).map_err(cannot)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(cannot)?;
    Ok(connection)
}
