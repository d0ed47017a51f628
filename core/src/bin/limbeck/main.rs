//! The `limbeck` command: settings and arguments in, one call of the library, text or JSON out.

mod args;
mod commands;
mod output;
mod picture;
mod settings;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use limbeck::ErrorKind;

use args::Args;

/// Set by Ctrl-C; asked at every event of a run.
static CANCELLED: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    let args = Args::parse();
    // Without the handler, Ctrl-C kills: the database rolls back all the same.
    let _ = ctrlc::set_handler(|| CANCELLED.store(true, Ordering::Relaxed));
    match commands::run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error, args.json);
            ExitCode::from(if error.kind() == ErrorKind::Cancelled { 130 } else { 1 })
        }
    }
}
