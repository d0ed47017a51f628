//! The `limbeck` command as a library: settings and arguments in, one call of the library, text or JSON out.
//! It opens no database: its [`Host`] does, so that the command runs on whichever SQLite the host has.
//!
//! ```no_run
//! # use limbeck::{Database, Result, cli};
//! struct Mine;
//!
//! impl cli::Host for Mine {
//!     fn open(&self, path: &str, access: cli::Access) -> Result<Box<dyn Database>> {
//!         # todo!()
//!         // …
//!     }
//!     fn scratch(&self) -> Result<Box<dyn Database>> {
//!         # todo!()
//!         // …
//!     }
//! }
//!
//! std::process::exit(cli::run(std::env::args_os(), &Mine).into());
//! ```

mod args;
mod commands;
mod output;
mod picture;
mod settings;

use std::ffi::OsString;
use std::path::PathBuf;

use crate::db::Database;
use crate::error::{Error, ErrorKind, Result};
use crate::{Code, TransactionMode};
use args::Args;

/// What a database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To be read: what would write fails (`PRAGMA query_only`). It is there.
    Look,
    /// To be changed; one that is not there is no new one.
    Change,
    /// To be changed, and made where it is not there.
    Create,
}

/// What a settings file would say, from a host that has read one of its own kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The folders of migrations.
    pub migrations: Vec<PathBuf>,
    /// The database: a path, or `sqlite:///path`.
    pub database: Option<String>,
    /// The table of version rows, if not limbeck's own.
    pub version_table: Option<String>,
    /// Whether `limbeck_history` is kept: not in a database that another tool looks after too.
    pub keep_history: bool,
    /// What a transaction holds.
    pub transaction: TransactionMode,
}

/// What the command asks of the program that it runs in.
pub trait Host {
    /// Opens the database at a path, which may be `:memory:`, waiting some seconds where it is locked.
    ///
    /// Errors: [`ErrorKind::CannotOpen`], which names the path.
    fn open(&self, path: &str, access: Access) -> Result<Box<dyn Database>>;

    /// An empty database in memory, of the same SQLite.
    fn scratch(&self) -> Result<Box<dyn Database>>;

    /// Whether somebody has pressed Ctrl-C: asked at every event of a run, which then rolls back. A
    /// host whose databases notice by themselves need not say.
    fn cancelled(&self) -> bool {
        false
    }

    /// The project, where the host has read its settings itself. Flags and the environment come before it.
    fn project(&self) -> Result<Option<Project>> {
        Ok(None)
    }

    /// The path of the database, which a flag or the settings may have named. Asked by what needs it.
    fn database(&self, named: Option<&str>) -> Result<Option<String>> {
        Ok(named.map(str::to_owned))
    }

    /// The revisions of these folders that are code of the host's language, and which the host runs.
    /// `None` if it runs none: Python files are refused then, not passed over.
    fn code(&self, folders: &[PathBuf]) -> Result<Option<Vec<Code<'static>>>> {
        let _ = folders;
        Ok(None)
    }

    /// Told of the error that ends the command. Answers what is printed of it, which may be nothing.
    fn failed(&self, error: Error) -> Option<Error> {
        Some(error)
    }
}

/// Runs the command with these arguments, the first of which is the program's own name. Results go to
/// stdout, all else to stderr.
///
/// Answers the exit status: 0 done, 1 refused or failed, 2 wrong usage, 130 cancelled.
pub fn run<A: Into<OsString> + Clone>(arguments: impl IntoIterator<Item = A>, host: &dyn Host) -> u8 {
    let args = match Args::read(arguments) {
        Ok(args) => args,
        Err(usage) => {
            // A reader that is gone has seen enough.
            let _ = usage.print();
            return u8::from(usage.use_stderr()) * 2;
        }
    };
    match commands::run(&args, host) {
        Ok(status) => status,
        Err(error) => {
            let Some(error) = host.failed(error) else { return 1 };
            output::error(&error, args.json);
            if error.kind() == ErrorKind::Cancelled { 130 } else { 1 }
        }
    }
}
