//! What stands on the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Migrations for SQLite: a revision graph, upgrade and downgrade, and every ALTER TABLE.
#[derive(Debug, Parser)]
#[command(name = "limbeck", version, arg_required_else_help = true)]
pub struct Args {
    /// The settings file
    #[arg(short, long, global = true, value_name = "FILE", env = "LIMBECK_CONFIG")]
    pub config: Option<PathBuf>,
    /// The database: a path, or sqlite:///path
    #[arg(short, long, global = true, env = "LIMBECK_DATABASE")]
    pub database: Option<String>,
    /// The folder of migrations; before the command also -m
    #[arg(long, global = true, value_name = "DIR", env = "LIMBECK_MIGRATIONS")]
    pub migrations: Option<PathBuf>,
    // Behind `revision`, `-m` is the message, as Alembic's users type it.
    #[arg(short = 'm', value_name = "DIR", hide = true)]
    pub migrations_short: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress and no log lines
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// More detail
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands: Alembic's, and `status`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Begin: make a folder of migrations and a limbeck.toml
    Init {
        /// The folder
        #[arg(default_value = "migrations")]
        folder: PathBuf,
    },
    /// Write a new migration file
    Revision {
        /// What it does
        #[arg(short, long, default_value = "")]
        message: String,
        /// What it follows, instead of the head
        #[arg(long)]
        head: Option<String>,
        /// It may follow a revision that is no head, and begin a branch
        #[arg(long)]
        splice: bool,
        /// A label for the branch that it begins
        #[arg(long)]
        branch_label: Option<String>,
        /// Its id, instead of the time
        #[arg(long)]
        rev_id: Option<String>,
        /// What else has to be applied before it
        #[arg(long)]
        depends_on: Vec<String>,
    },
    /// Apply migrations up to a target
    #[command(
        after_help = "Targets: head, heads, +1, an id or its beginning, label@head\n\n  limbeck upgrade head"
    )]
    Upgrade {
        /// How far
        #[arg(default_value = "head", allow_negative_numbers = true)]
        target: String,
    },
    /// Take migrations back down to a target
    #[command(after_help = "Targets: base, -1, an id or its beginning\n\n  limbeck downgrade -1")]
    Downgrade {
        /// How far
        #[arg(allow_negative_numbers = true)]
        target: String,
    },
    /// Say which revision the database is at
    Current,
    /// List the heads
    Heads,
    /// List revisions, newest first
    History {
        /// A range low:high; either end may be empty
        #[arg(short, long, default_value = ":", allow_hyphen_values = true)]
        rev_range: String,
        /// Mark what the database is at
        #[arg(short, long)]
        indicate_current: bool,
    },
    /// Show one revision
    Show {
        /// Which
        revision: String,
    },
    /// Set the database's revision without running anything
    Stamp {
        /// Which
        #[arg(required = true)]
        revisions: Vec<String>,
        /// Forget what the database says, also what the folder does not know
        #[arg(long)]
        purge: bool,
    },
    /// Say where the database is, and what an upgrade would do
    Status,
}
