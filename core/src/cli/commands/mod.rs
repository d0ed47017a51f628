//! One file a command, or a few that share their shape.

mod backup;
mod change;
mod compare;
mod edit;
mod embed;
mod graph;
mod init;
mod lint;
mod look;
mod new_file;
mod shell;
mod snapshot;
mod trial;

use std::path::{Path, PathBuf};

use crate::script::Folders;
use crate::{Database, Direction, Error, ErrorKind, Migrator, NewerDatabase, Result};

use crate::cli::args::{Args, Command};
use crate::cli::settings::{Settings, is_there};
use crate::cli::{Access, Host};

/// Runs what the arguments say, and answers the exit status.
pub fn run(args: &Args, host: &dyn Host) -> Result<u8> {
    // Not all need settings: those that do not work where they are broken.
    let settings = || Settings::read(args, host);
    match &args.command {
        Command::Init { folder } => init::init(args, folder.as_deref()),
        Command::Completions { shell } => shell::completions(*shell),
        Command::Man { folder } => shell::man(folder.as_deref()),
        Command::Embed { folder, output, name, manifest } => {
            let folders =
                folder.as_ref().map_or_else(|| Ok(settings()?.migrations), |one| Ok(vec![one.clone()]));
            embed::embed(args, folders?, output.as_deref(), (!manifest).then_some(name))
        }
        Command::Revision { new, head, depends_on, version_path, autogenerate, compare } => {
            let place = new_file::Place {
                head: head.as_deref(),
                depends_on,
                version_path: version_path.as_deref(),
                compare: autogenerate.then_some(compare),
            };
            new_file::revision(args, &settings()?, new, &place)
        }
        Command::Merge { revisions, new } => new_file::merge(args, &settings()?, revisions, new),
        Command::Upgrade { target, instead, newer_database } => {
            change::migrate(args, &settings()?, Direction::Up, target, instead, *newer_database)
        }
        Command::Downgrade { target, instead } => {
            change::migrate(args, &settings()?, Direction::Down, target, instead, NewerDatabase::Refuse)
        }
        Command::Stamp { revisions, purge, sql, .. } => {
            change::stamp(args, &settings()?, revisions, *purge, *sql)
        }
        Command::Backup => backup::backup(args, &settings()?),
        Command::Backups { compatible } => backup::backups(args, &settings()?, *compatible),
        Command::Restore { file } => backup::restore(args, &settings()?, file.as_deref()),
        Command::Doctor => return look::doctor(args, &settings()?),
        Command::Adopt { finish } => change::adopt(args, &settings()?, *finish),
        Command::Verify => return compare::verify(args, &settings()?),
        Command::EnsureVersion { sql } => change::ensure_version(args, &settings()?, *sql),
        Command::Current { check_heads } => look::current(args, &settings()?, *check_heads),
        Command::Heads { resolve_dependencies } => look::heads(args, &settings()?, *resolve_dependencies),
        Command::History { rev_range, indicate_current } => {
            look::history(args, &settings()?, rev_range, *indicate_current)
        }
        Command::Branches => look::branches(args, &settings()?),
        Command::Show { revision } => look::show(args, &settings()?, revision),
        Command::Status => look::status(args, &settings()?),
        Command::Check { compare } => return compare::check(args, &settings()?, compare),
        Command::Diff { from, to, compare } => {
            return compare::diff(args, &settings()?, (from.as_deref(), to.as_deref()), compare);
        }
        Command::Schema { of } => compare::schema(args, &settings()?, of.as_deref()),
        Command::Lint { rules: true, .. } => lint::rules(args, &settings()?),
        Command::Lint { rev_range, .. } => return lint::lint(args, &settings()?, rev_range),
        Command::Test { rev_range, rows, snapshots } => {
            return trial::test(args, &settings()?, rev_range, rows, snapshots.as_deref());
        }
        Command::Snapshot { copy: true, output, .. } => snapshot::copy(args, &settings()?, output.as_deref()),
        Command::Snapshot { revision, rows, output, .. } => {
            snapshot::make(args, &settings()?, revision, rows, output.as_deref())
        }
        Command::Graph { format, rev_range } => graph::graph(args, &settings()?, *format, rev_range),
        Command::Edit { revision } => edit::edit(args, &settings()?, revision),
    }
    .map(|()| 0)
}

/// The migrations, every file of them read: what is wrong anywhere is said at once.
fn migrator<'h>(settings: &Settings<'h>) -> Result<Migrator<'h>> {
    let migrator = unread(settings)?;
    migrator.validate()?;
    Ok(migrator)
}

/// The migrations, of which the headers are read, with the settings.
fn unread<'h>(settings: &Settings<'h>) -> Result<Migrator<'h>> {
    let migrator = read(settings)?
        .rebuild(settings.rebuild)
        .transaction(settings.transaction)
        .keep_history(settings.keep_history)
        .quick_check(settings.quick_check)
        .trust_schema(settings.trust_schema)
        .keep_user_version(settings.keep_user_version);
    let migrator = match &settings.backups {
        Some(backups) => migrator.backup(backups.clone()),
        None => migrator,
    };
    Ok(with_version_table(migrator, settings))
}

/// The migrator that knows which table is limbeck's own.
fn with_version_table<'h>(migrator: Migrator<'h>, settings: &Settings) -> Migrator<'h> {
    match &settings.version_table {
        Some(table) => migrator.version_table(table),
        None => migrator,
    }
}

/// The folders and the host's code in them. Bodies are not read.
fn read<'h>(settings: &Settings<'h>) -> Result<Migrator<'h>> {
    read_folders(settings, &settings.migrations)
}

fn read_folders<'h>(settings: &Settings<'h>, folders: &[PathBuf]) -> Result<Migrator<'h>> {
    let source = Folders(folders.to_vec());
    folders.iter().try_for_each(|folder| refuse_go(folder))?;
    if let Some(code) = settings.host.code(folders)? {
        return Migrator::with_code(source, code);
    }
    folders.iter().try_for_each(|folder| refuse_python(folder))?;
    Migrator::new(source)
}

/// What is not run must not be passed over, as if it were not there.
fn refuse_python(folder: &Path) -> Result<()> {
    let python =
        |path: &Path| path.extension().is_some_and(|end| end == "py") && !path.ends_with("__init__.py");
    let mut files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    match files.find(|entry| python(&entry.path())) {
        None => Ok(()),
        Some(file) => {
            let path = file.path().display().to_string();
            let message = format!("a migration is in Python: {path}");
            Err(Error::new(ErrorKind::SourceUnreadable, message).in_file(path).with_hint(
                "run it with the command of limbeck's Python package; this command reads SQL files",
            ))
        }
    }
}

/// goose's migrations may be in Go, `00002_rows.go`: they too must not be passed over.
fn refuse_go(folder: &Path) -> Result<()> {
    let go = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_digit())
            && name.ends_with(".go")
            && !name.ends_with("_test.go")
    };
    let mut files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    match files.find(|entry| entry.file_name().to_str().is_some_and(go)) {
        None => Ok(()),
        Some(file) => {
            let path = file.path().display().to_string();
            let message = format!("a migration is in Go: {path}");
            Err(Error::new(ErrorKind::SourceUnreadable, message)
                .in_file(path)
                .with_hint("write what it does as SQL, or as code in a Rust, C or Python program"))
        }
    }
}

/// Opens the database to look at it. One that is not there yet is an empty one, and not made.
fn look_at(settings: &Settings) -> Result<Box<dyn Database>> {
    let path = settings.database()?;
    if !is_there(&path)? {
        eprintln!("{path} is not there yet");
        return scratch(settings);
    }
    open(settings, Access::Look)
}

/// Opens the database.
fn open(settings: &Settings, access: Access) -> Result<Box<dyn Database>> {
    settings.host.open(&settings.database()?, access)
}

/// An empty database in memory.
fn scratch(settings: &Settings) -> Result<Box<dyn Database>> {
    settings.host.scratch()
}
