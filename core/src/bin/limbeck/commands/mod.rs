//! One file a command, or a few that share their shape.

mod edit;
mod embed;
mod graph;
mod init;
mod look;
mod new_file;
mod run;
mod shell;

use std::time::Duration;

use limbeck::script::Folder;
use limbeck::{Direction, Error, ErrorKind, Migrator, Result};
use rusqlite::{Connection, OpenFlags};

use crate::args::{Args, Command};
use crate::settings::Settings;

/// Runs what the arguments say.
pub fn run(args: &Args) -> Result<()> {
    match &args.command {
        // These need no settings, and work where those are broken.
        Command::Init { folder } => return init::init(args, folder),
        Command::Completions { shell } => return shell::completions(*shell),
        Command::Man { folder } => return shell::man(folder.as_deref()),
        Command::Embed { folder, output, name } => {
            return embed::embed(args, folder, output.as_deref(), name);
        }
        _ => {}
    }
    let settings = &Settings::read(args)?;
    match &args.command {
        Command::Init { .. } | Command::Completions { .. } | Command::Man { .. } | Command::Embed { .. } => {
            Ok(())
        }
        Command::Revision { new, head, depends_on } => {
            new_file::revision(args, settings, new, head.as_deref(), depends_on)
        }
        Command::Merge { revisions, new } => new_file::merge(args, settings, revisions, new),
        Command::Upgrade { target, instead } => run::run(args, settings, Direction::Up, target, instead),
        Command::Downgrade { target, instead } => run::run(args, settings, Direction::Down, target, instead),
        Command::Stamp { revisions, purge, sql } => run::stamp(args, settings, revisions, *purge, *sql),
        Command::EnsureVersion { sql } => run::ensure_version(args, settings, *sql),
        Command::Current { check_heads } => look::current(args, settings, *check_heads),
        Command::Heads { resolve_dependencies } => look::heads(args, settings, *resolve_dependencies),
        Command::History { rev_range, indicate_current } => {
            look::history(args, settings, rev_range, *indicate_current)
        }
        Command::Branches => look::branches(args, settings),
        Command::Show { revision } => look::show(args, settings, revision),
        Command::Status => look::status(args, settings),
        Command::Graph { format, rev_range } => graph::graph(args, settings, *format, rev_range),
        Command::Edit { revision } => edit::edit(args, settings, revision),
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
    if !std::path::Path::new(path).exists() {
        eprintln!("{path} is not there yet");
        return scratch();
    }
    let connection = open(settings, false)?;
    connection.pragma_update(None, "query_only", true).map_err(|error| failed(&error))?;
    Ok(connection)
}

/// An empty database in memory.
fn scratch() -> Result<Connection> {
    Connection::open_in_memory().map_err(|error| failed(&error))
}

fn failed(error: &rusqlite::Error) -> Error {
    Error::new(ErrorKind::CannotOpen, error.to_string())
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
