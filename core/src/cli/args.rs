//! What stands on the command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{
    Arg, Args as Group, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, ValueHint,
    value_parser,
};
use clap_complete::Shell;

use crate::NewerDatabase;

/// Migrations for SQLite: a revision graph, upgrade and downgrade, and every ALTER TABLE.
#[derive(Debug, Parser)]
#[command(
    name = "limbeck",
    version,
    arg_required_else_help = true,
    next_help_heading = "Options of every command",
    after_help = "From nothing to a first table:\n\n  \
        limbeck init\n  \
        limbeck revision -m \"create users\"    write its SQL under the markers\n  \
        limbeck upgrade head\n  \
        limbeck status\n\n\
        Settings: a flag, then LIMBECK_CONFIG, LIMBECK_DATABASE, LIMBECK_MIGRATIONS and DATABASE_URL,\n\
        then limbeck.toml, [tool.limbeck] in pyproject.toml, or alembic.ini."
)]
pub struct Args {
    /// The settings file: limbeck.toml, pyproject.toml or alembic.ini
    #[arg(short, long, global = true, value_name = "FILE", env = "LIMBECK_CONFIG", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// The database: a path, or sqlite:///path
    #[arg(short, long, global = true, env = "LIMBECK_DATABASE", value_hint = ValueHint::FilePath)]
    pub database: Option<String>,
    /// The folder of migrations; also -m, but behind revision and merge
    #[arg(long, global = true, value_name = "DIR", env = "LIMBECK_MIGRATIONS", value_hint = ValueHint::DirPath)]
    pub migrations: Option<PathBuf>,
    // Behind `revision`, `-m` is the message, as Alembic's users type it.
    #[arg(short = 'm', value_name = "DIR", hide = true)]
    pub migrations_short: Option<PathBuf>,
    /// Back the database up into this folder before anything is changed
    #[arg(long, global = true, value_name = "DIR", env = "LIMBECK_BACKUPS", value_hint = ValueHint::DirPath)]
    pub backups: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress and no log lines
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// More detail
    #[arg(short, long, global = true)]
    pub verbose: bool,
    // Typed by Alembic's users, whose env.py reads it.
    #[arg(short = 'x', global = true, hide = true, value_parser = no_env)]
    x: Option<String>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What would have no effect is not taken silently.
fn no_env(_: &str) -> Result<String, String> {
    Err("SQL files have no env.py that would read it; leave it out".to_owned())
}

/// Only `-1` and the like begin so: anything else is an option that is not there.
fn target(text: &str) -> Result<String, String> {
    match text.strip_prefix('-') {
        Some(rest) if !rest.starts_with(|c: char| c.is_ascii_digit()) => Err(match text {
            "--dry-run" => {
                "there is no such option: --plan says what would run, and --sql prints it".to_owned()
            }
            _ => "there is no such option".to_owned(),
        }),
        _ => Ok(text.to_owned()),
    }
}

/// The id of `-m` behind a command.
const MIGRATIONS_BEHIND: &str = "migrations_behind";

impl Args {
    /// Reads them. `-m` names the folder of migrations behind every command in which it is nothing else.
    pub fn read<A: Into<OsString> + Clone>(
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Args, clap::Error> {
        let command = Args::command().mut_subcommands(|command| {
            if command.get_arguments().any(|argument| argument.get_short() == Some('m')) {
                return command;
            }
            let folder = Arg::new(MIGRATIONS_BEHIND).short('m').value_name("DIR").hide(true);
            command.arg(folder.value_parser(value_parser!(PathBuf)))
        });
        let matches = command.try_get_matches_from(arguments)?;
        let mut args = Args::from_arg_matches(&matches)?;
        if let Some((_, behind)) = matches.subcommand()
            && let Ok(Some(folder)) = behind.try_get_one::<PathBuf>(MIGRATIONS_BEHIND)
        {
            args.migrations_short = Some(folder.clone());
        }
        Ok(args)
    }
}

fn newer_database(choice: &str) -> Result<NewerDatabase, String> {
    serde_json::from_value(choice.into()).map_err(|error| error.to_string())
}

/// The commands: Alembic's, and limbeck's own.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Begin: make a folder of migrations and a limbeck.toml
    #[command(after_help = "  limbeck init\n  limbeck init db/migrations")]
    Init {
        /// The folder; without it that of --migrations, or of the settings that are there, or 'migrations'
        #[arg(value_hint = ValueHint::DirPath)]
        folder: Option<PathBuf>,
    },
    /// Write a new migration file
    #[command(after_help = "  limbeck revision -m \"add phone\"\n  \
        limbeck revision --autogenerate -m \"add phone\" --schema schema.sql\n  \
        limbeck revision -m \"begin billing\" --head base --branch-label billing\n  \
        limbeck revision -m \"hot fix\" --head a1b2c3 --splice")]
    Revision {
        #[command(flatten)]
        new: New,
        /// What it follows, instead of the head: a revision, label@head, or base
        #[arg(long, allow_hyphen_values = true, value_parser = target)]
        head: Option<String>,
        /// What else has to be applied before it; several, or comma-separated
        #[arg(long, value_delimiter = ',')]
        depends_on: Vec<String>,
        /// The folder it goes to, where there are several; else that of the revision it follows
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        version_path: Option<PathBuf>,
        /// Write what lies between the migrations and the wanted schema
        #[arg(long)]
        autogenerate: bool,
        #[command(flatten)]
        compare: Compare,
    },
    /// Write a migration that joins heads
    #[command(after_help = "  limbeck merge -m \"merge billing\"     all heads\n  \
        limbeck merge a1b2c3 d4e5f6 -m \"join\"")]
    Merge {
        /// Which heads; all of them if none is named
        revisions: Vec<String>,
        #[command(flatten)]
        new: New,
    },
    /// Apply migrations up to a target
    #[command(after_help = "Targets: head, heads, +1, an id or its beginning, a1b2+1, label@head\n\n  \
        limbeck upgrade head\n  \
        limbeck upgrade +1 --plan            say what would run; write nothing\n  \
        limbeck upgrade head --sql           print a script for the sqlite3 shell, from the base\n  \
        limbeck upgrade a1b2:head --sql      the same from a revision, or from current:head")]
    Upgrade {
        /// How far
        #[arg(default_value = "head", allow_hyphen_values = true, value_parser = target)]
        target: String,
        #[command(flatten)]
        instead: Instead,
        /// For a database with revisions that the folder does not have: refuse, run_on, take_down
        #[arg(long, value_name = "CHOICE", value_parser = newer_database, default_value = "refuse", hide_default_value = true)]
        newer_database: NewerDatabase,
    },
    /// Take migrations back down to a target
    #[command(after_help = "Targets: base, -1, an id or its beginning, label@base\n\n  \
        limbeck downgrade -1\n  \
        limbeck downgrade base --plan\n  \
        limbeck downgrade head:base --sql    a script needs both ends")]
    Downgrade {
        /// How far
        #[arg(allow_hyphen_values = true, value_parser = target)]
        target: String,
        #[command(flatten)]
        instead: Instead,
    },
    /// Say which revision the database is at
    #[command(after_help = "  limbeck current\n  limbeck current --check-heads && echo up to date")]
    Current {
        /// Fail unless the database is at every head
        #[arg(long)]
        check_heads: bool,
    },
    /// List the heads: what nothing follows
    #[command(after_help = "  limbeck heads\n  limbeck heads -v        with file, date and message")]
    Heads {
        /// Leave out heads that another revision depends on
        #[arg(long)]
        resolve_dependencies: bool,
    },
    /// List revisions, newest first
    #[command(
        after_help = "  limbeck history\n  limbeck history -r a1b2: -i\n  limbeck history -r -3:current -v"
    )]
    History {
        /// A range low:high; either end may be empty, base, head, current, or relative
        #[arg(short, long, default_value = ":", hide_default_value = true, allow_hyphen_values = true, value_parser = target)]
        rev_range: String,
        /// Mark what the database is at
        #[arg(short, long)]
        indicate_current: bool,
    },
    /// List the revisions that several others follow
    #[command(after_help = "  limbeck branches\n  limbeck branches -v     with file, date and message")]
    Branches,
    /// Show one revision
    #[command(after_help = "  limbeck show head\n  limbeck show a1b2")]
    Show {
        /// Which
        #[arg(allow_hyphen_values = true, value_parser = target)]
        revision: String,
    },
    /// Draw the revisions and what the database is at
    #[command(after_help = "  limbeck graph\n  limbeck graph --format svg > graph.svg\n  \
        limbeck graph --format mermaid -r a1b2:")]
    Graph {
        /// In which form
        #[arg(short, long, default_value = "text")]
        format: Format,
        /// A range low:high, as for history
        #[arg(short, long, default_value = ":", hide_default_value = true, allow_hyphen_values = true, value_parser = target)]
        rev_range: String,
    },
    /// Say where the database is, and what an upgrade would do
    #[command(
        after_help = "Where an upgrade would refuse the database because an applied file has changed, or one came too\n\
        late, that is said.\n\n  limbeck status\n  limbeck -d app.db status --json"
    )]
    Status,
    /// Compare what the migrations make with the schema that is wanted
    #[command(
        after_help = "The migrations are replayed in memory; no database is looked at (for that: current --check-heads).\n\
        The wanted schema is a file of CREATE statements; layout, comments, quotes and case are no difference.\n\
        Exit status 0: no difference; 1: differences, which are printed.\n\n  \
        limbeck check --schema schema.sql\n  \
        limbeck check                        where limbeck.toml says schema = \"schema.sql\""
    )]
    Check {
        #[command(flatten)]
        compare: Compare,
    },
    /// Say what lies between two schemas: migrations, a file of CREATE statements, a database
    #[command(
        after_help = "A side is a revision, a folder, folder@revision, a file of CREATE statements, or a database.\n\
        The first is the heads of the folder, if it is not said, the second the wanted schema, or the database.\n\
        Exit status 0: no difference; 1: differences, which are printed.\n\n  \
        limbeck diff                         the folder and the wanted schema, or the database\n  \
        limbeck diff a1b2 head\n  \
        limbeck diff app.db schema.sql\n  \
        limbeck diff ../old/migrations@a1b2 app.db"
    )]
    Diff {
        /// What is there
        from: Option<String>,
        /// What is wanted
        to: Option<String>,
        #[command(flatten)]
        compare: Compare,
    },
    /// Print a schema as CREATE statements: the database's, or what the migrations make
    #[command(
        after_help = "Without a side it is the database's; it may be a revision, a folder, folder@revision, or a database.\n\
        The migrations are replayed in memory. SQLite's, limbeck's and other tools' tables are left out. Tables come\n\
        before what needs them, so the text makes the same schema again: check and --autogenerate take it.\n\n  \
        limbeck schema                       the database\n  \
        limbeck schema head > schema.sql     what the migrations make\n  \
        limbeck schema ../old/migrations@a1b2"
    )]
    Schema {
        /// Whose
        #[arg(allow_hyphen_values = true, value_parser = target)]
        of: Option<String>,
    },
    /// Look for what in the migrations will hurt
    #[command(
        after_help = "The migrations are read, and replayed in memory. Where a database is named and there, its record tells\n\
        which applied revisions have another text now. Exit status 1: a finding of the level 'error'.\n\
        Levels are set in limbeck.toml: [lint], type_change_without_using = \"off\", \"warn\" or \"error\".\n\
        A comment allows a rule in its file: -- limbeck:allow lint.rebuild_by_hand: why\n\n  \
        limbeck lint\n  \
        limbeck lint -r a1b2:          a1b2 and what came after it\n  \
        limbeck lint --rules           the rules, their levels and reasons"
    )]
    Lint {
        /// Only revisions of a range low:high, as for history
        #[arg(short, long, default_value = ":", hide_default_value = true, allow_hyphen_values = true, value_parser = target)]
        rev_range: String,
        /// List the rules
        #[arg(long)]
        rules: bool,
    },
    /// Try the migrations: up, down and up again, on invented rows
    #[command(
        after_help = "Each revision is applied, taken back and applied again, on an empty database and on rows that are invented for\n\
        the constraints of that moment, all of it in memory. What a downgrade does not bring back, though nobody has\n\
        written it down as lost, is a failure. Each old revision, and a copy of each database in the folder of\n\
        snapshots, goes to the heads and must have the schema of a fresh install. Exit status 1: a failure.\n\n  \
        limbeck test\n  \
        limbeck test -r a1b2: --seed 7     a1b2 and what came after it, on other rows"
    )]
    Test {
        /// Only revisions of a range low:high, as for history
        #[arg(short, long, default_value = ":", hide_default_value = true, allow_hyphen_values = true, value_parser = target)]
        rev_range: String,
        #[command(flatten)]
        rows: InventedRows,
        /// The folder of databases of past releases, instead of the settings'
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        snapshots: Option<PathBuf>,
    },
    /// Write the database of a release, which 'test' brings to the heads from then on
    #[command(
        after_help = "The database is made by the migrations, and filled with invented rows; or, with --copy, it is a copy of the\n\
        one that -d names. A file that is there is never written over.\n\n  \
        limbeck snapshot                     of the head\n  \
        limbeck snapshot a1b2 -o snapshots/1.4.db\n  \
        limbeck -d app.db snapshot --copy"
    )]
    Snapshot {
        /// Of which revision
        #[arg(default_value = "heads")]
        revision: String,
        /// Copy the database that -d names
        #[arg(long, conflicts_with_all = ["revision", "seed", "rows"])]
        copy: bool,
        #[command(flatten)]
        rows: InventedRows,
        /// The file; without it, one in the folder of snapshots, called after the revision
        #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
    },
    /// Set the database's revision without running anything
    #[command(
        after_help = "  limbeck stamp head\n  limbeck stamp --purge a1b2      also where the database says what is gone\n  \
        limbeck stamp a1b2:head --sql"
    )]
    Stamp {
        /// Which
        #[arg(required = true)]
        revisions: Vec<String>,
        /// Forget what the database says, also what the folder does not know
        #[arg(long)]
        purge: bool,
        /// Print the SQL instead
        #[arg(long, conflicts_with = "purge")]
        sql: bool,
        #[arg(long, hide = true, value_parser = no_env)]
        tag: Option<String>,
    },
    /// Go on with a database that something else has made: find which revision its schema is, and stamp that
    #[command(
        after_help = "Where refinery has migrated it, its table says what is applied, and the schema whether that is so. Elsewhere it is\n\
        compared with every revision's, as the folder makes them in memory. May be repeated: a record that is there\n\
        already is never written over.\n\n  \
        limbeck -d app.db --migrations migrations adopt\n  \
        limbeck adopt --finish               where a migration stopped halfway: make the rest"
    )]
    Adopt {
        /// Make what is missing for the nearest revision, if that loses nothing; take for applied what refinery has
        /// done and not recorded
        #[arg(long)]
        finish: bool,
    },
    /// Say whether the database's schema is what the migrations make
    #[command(
        after_help = "Exit status 0: it is; 1: what differs is printed, and how much it matters.\n\n  \
        limbeck verify\n  limbeck -d app.db verify --json"
    )]
    Verify,
    /// Make limbeck's own tables, and nothing else
    #[command(
        name = "ensure_version",
        alias = "ensure-version",
        after_help = "  limbeck ensure_version\n  limbeck ensure_version --sql"
    )]
    EnsureVersion {
        /// Print the SQL instead
        #[arg(long)]
        sql: bool,
    },
    /// Look at the database and its SQLite, for a bug report: no rows, no paths
    #[command(after_help = "Exit status 1 where something is wrong. Nothing is changed.\n\n  \
        limbeck doctor\n  limbeck doctor --json > report.json")]
    Doctor,
    /// Back the database up, into the folder that --backups or limbeck.toml names
    #[command(
        after_help = "Through SQLite, so that a WAL is in it; checked, and listed in a catalogue beside it.\n\n  \
        limbeck backup --backups backups\n  \
        limbeck backup                       where limbeck.toml says backups = \"backups\""
    )]
    Backup,
    /// List the database's backups, newest first
    #[command(
        after_help = "  limbeck backups\n  limbeck backups --compatible   those that these migrations can open"
    )]
    Backups {
        /// Only those whose revisions the folder has
        #[arg(long)]
        compatible: bool,
    },
    /// Put a backup in the database's place
    #[command(after_help = "What is there now is backed up first; the backup stays.\n\n  \
        limbeck restore                      the newest that these migrations can open\n  \
        limbeck restore backups/app.db.20260203T120000.000Z.1a2b3c4d.backup")]
    Restore {
        /// Which: a file that `limbeck backups` lists
        #[arg(value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
    },
    /// Open a revision's file in $VISUAL or $EDITOR
    #[command(
        after_help = "Where there is no terminal, its path is printed.\n\n  limbeck edit\n  limbeck edit a1b2"
    )]
    Edit {
        /// Which
        #[arg(default_value = "head", allow_hyphen_values = true, value_parser = target)]
        revision: String,
    },
    /// Write a folder as one file: of C, or a manifest for JavaScript
    #[command(after_help = "  limbeck embed migrations -o migrations.c\n  \
        limbeck embed migrations --manifest -o migrations.json\n\n\
        A program in C gives the list to limbeck_migrator_from_memory of limbeck.h; one in JavaScript gives the\n\
        imported manifest to migrate of the npm package.")]
    Embed {
        /// The folder, if not that of the settings
        #[arg(value_hint = ValueHint::DirPath)]
        folder: Option<PathBuf>,
        /// The file, which is written over; without it, the text is printed
        #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
        /// What the list is called in C
        #[arg(long, default_value = "migrations")]
        name: String,
        /// Write JSON: {"limbeck": 1, "migrations": [{"name", "sql"}, …]}
        #[arg(long, conflicts_with = "name")]
        manifest: bool,
    },
    /// Print the completions of a shell
    #[command(
        after_help = "  limbeck completions bash > ~/.local/share/bash-completion/completions/limbeck\n  \
        limbeck completions zsh > ~/.zfunc/_limbeck\n  \
        limbeck completions fish > ~/.config/fish/completions/limbeck.fish"
    )]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page, or write one a command into a folder
    #[command(after_help = "  limbeck man | man -l -\n  limbeck man ~/.local/share/man/man1")]
    Man {
        /// The folder
        #[arg(value_hint = ValueHint::DirPath)]
        folder: Option<PathBuf>,
    },
}

/// What a new file is given.
#[derive(Debug, Group)]
pub struct New {
    /// What it does
    #[arg(short, long, default_value = "", hide_default_value = true)]
    pub message: String,
    /// It may follow a revision that is no head, and begin a branch
    #[arg(long)]
    pub splice: bool,
    /// A label for the branch; several, or comma-separated
    #[arg(long, value_delimiter = ',')]
    pub branch_label: Vec<String>,
    /// Its id, instead of the time
    #[arg(long)]
    pub rev_id: Option<String>,
}

/// How two schemas are compared.
#[derive(Debug, Default, Group)]
pub struct Compare {
    /// The wanted schema: a file of CREATE statements
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub schema: Option<PathBuf>,
    /// A table or column that has another name now: old:new, table.old:new; several, or comma-separated
    #[arg(long, value_name = "OLD:NEW", value_delimiter = ',')]
    pub rename: Vec<String>,
    /// Only these tables and views; * and ? stand for letters
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub include: Vec<String>,
    /// None of these tables and views
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub exclude: Vec<String>,
    /// The order of columns counts too
    #[arg(long)]
    pub column_order: bool,
}

/// What is done in place of the run.
#[derive(Debug, Group)]
pub struct Instead {
    /// Print a script for the sqlite3 shell; the target may be a range from:to
    #[arg(long)]
    pub sql: bool,
    // Typed by Alembic's users, whose env.py reads it.
    #[arg(long, hide = true, value_parser = no_env)]
    tag: Option<String>,
    /// Say what would run on this database, and write nothing
    #[arg(long, conflicts_with = "sql")]
    pub plan: bool,
}

/// Which rows are invented.
#[derive(Debug, Group)]
pub struct InventedRows {
    /// Chooses among possible rows: the same seed invents the same
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many rows each table gets
    #[arg(long, default_value_t = 8, value_name = "NUMBER")]
    pub rows: usize,
}

/// How `graph` draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For the terminal
    Text,
    /// For Markdown that knows Mermaid
    Mermaid,
    /// For Graphviz
    Dot,
    /// A picture by itself
    Svg,
}
