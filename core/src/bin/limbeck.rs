//! The `limbeck` command on rusqlite's SQLite: [`limbeck::cli`] is the rest of it.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use limbeck::cli::{self, Access, Host};
use limbeck::{Database, Error, ErrorKind, Result};
use rusqlite::{Connection, OpenFlags};

/// Set by Ctrl-C.
static CANCELLED: AtomicBool = AtomicBool::new(false);

struct Rusqlite;

impl Host for Rusqlite {
    fn open(&self, path: &str, access: Access) -> Result<Box<dyn Database>> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let flags = match access {
            Access::Create => flags | OpenFlags::SQLITE_OPEN_CREATE,
            Access::Look | Access::Change => flags,
        };
        let cannot = |error: rusqlite::Error| {
            Error::new(ErrorKind::CannotOpen, format!("cannot open '{path}': {error}"))
                .with_hint("check that the path exists and may be written")
        };
        let connection = Connection::open_with_flags(path, flags).map_err(cannot)?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(cannot)?;
        connection.pragma_update(None, "query_only", access == Access::Look).map_err(cannot)?;
        Ok(Box::new(connection))
    }

    fn scratch(&self) -> Result<Box<dyn Database>> {
        let connection = Connection::open_in_memory();
        Ok(Box::new(connection.map_err(|error| Error::new(ErrorKind::CannotOpen, error.to_string()))?))
    }

    fn cancelled(&self) -> bool {
        CANCELLED.load(Ordering::Relaxed)
    }
}

fn main() -> ExitCode {
    // The first Ctrl-C asks a run to stop; a second one kills, as it does without the handler: the
    // database rolls back all the same.
    let _ = ctrlc::set_handler(|| {
        if CANCELLED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    cli::run(std::env::args_os(), &Rusqlite).into()
}
