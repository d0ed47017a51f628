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
    // The first Ctrl-C asks a run to stop; a second one kills, as it does without the handler: the
    // database rolls back all the same.
    let _ = ctrlc::set_handler(|| {
        if CANCELLED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    match commands::run(&args) {
        Ok(status) => status,
        Err(error) => {
            output::error(&error, args.json);
            ExitCode::from(if error.kind() == ErrorKind::Cancelled { 130 } else { 1 })
        }
    }
}
