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

use clap::Parser;

use crate::db::Database;
use crate::error::{ErrorKind, Result};
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
}

/// Runs the command with these arguments, the first of which is the program's own name. Results go to
/// stdout, all else to stderr.
///
/// Answers the exit status: 0 done, 1 refused or failed, 2 wrong usage, 130 cancelled.
pub fn run<A: Into<OsString> + Clone>(arguments: impl IntoIterator<Item = A>, host: &dyn Host) -> u8 {
    let args = match Args::try_parse_from(arguments) {
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
            output::error(&error, args.json);
            if error.kind() == ErrorKind::Cancelled { 130 } else { 1 }
        }
    }
}
