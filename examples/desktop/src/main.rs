//! A notes app's launch: the migrations are in the binary, the user's database is brought up to
//! date, and whatever happens the notes are as before or as after.
//!
//! `notes [PATH]` launches; `notes --make-old [PATH]` first makes a database as version 1 of the
//! app left it, with 200,000 notes. `--release 2` launches an older version of the app, which has
//! fewer migrations: `notes`, then `notes --release 2`, tells what it meets and what it can do;
//! `--run-on`, `--take-down` and `--restore` are what a dialog's buttons would be. Before a launch changes
//! the notes they are backed up, into the folder `notes.db.backups`.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use limbeck::script::{Embedded, Source};
use limbeck::{Backups, Error, ErrorKind, Event, Migrator, NewerDatabase, Report, Way, embed_migrations};
use rusqlite::Connection;

static MIGRATIONS: Embedded = embed_migrations!("$CARGO_MANIFEST_DIR/migrations");

/// How many of the migrations each release of the app had.
const RELEASES: [usize; 4] = [1, 6, 7, 8];

/// What stands on the command line.
struct Options {
    path: String,
    make_old: bool,
    release: usize,
    newer: NewerDatabase,
    restore: bool,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        path: "notes.db".to_owned(),
        make_old: false,
        release: RELEASES.len(),
        newer: NewerDatabase::Refuse,
        restore: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--make-old" => options.make_old = true,
            "--run-on" => options.newer = NewerDatabase::RunOn,
            "--take-down" => options.newer = NewerDatabase::TakeDown,
            "--restore" => options.restore = true,
            "--release" => {
                let number = arguments.next().and_then(|number| number.parse().ok());
                options.release = number
                    .filter(|number| (1..=RELEASES.len()).contains(number))
                    .ok_or_else(|| format!("--release takes a number from 1 to {}", RELEASES.len()))?;
            }
            _ => options.path = argument,
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    match options().map_err(Into::into).and_then(|options| launch(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn launch(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let path = options.path.as_str();
    if options.make_old {
        if Path::new(path).exists() {
            return Err(format!("{path} is there already: remove it, or launch without --make-old").into());
        }
        make_version_1(path)?;
    }
    let mut db = Connection::open(path)?;
    db.busy_timeout(Duration::from_secs(5))?;

    let report = upgrade(&mut db, options).map_err(|error| explained(&error))?;
    tell(&report);
    look(&db)?;
    Ok(())
}

/// All that an app needs at launch.
fn upgrade(db: &mut Connection, options: &Options) -> limbeck::Result<Report> {
    let bar = ProgressBar::no_length().with_style(
        ProgressStyle::with_template("{msg} [{bar:30}] {human_pos} of {human_len}")
            .expect("the template is a constant")
            .progress_chars("=> "),
    );
    // A real app has all of its migrations: `Migrator::new(&MIGRATIONS)`.
    let mut migrator = Migrator::new(release(options.release)?)?
        .app_version(format!("{}.0.0", options.release))
        .newer_database(options.newer)
        .backup(Backups::new(format!("{}.backups", options.path)).keep(3))
        .on_event(|event| {
            match event {
                Event::StepStarted { text, step, of, .. } => bar.println(format!("{step}/{of} {text}")),
                Event::Copied { table, rows, of } => {
                    bar.set_length(*of);
                    bar.set_position(*rows);
                    bar.set_message(format!("  rewriting {table}"));
                }
                Event::Indexing { table, index, of } => {
                    bar.set_message(format!("  indexing {table}, {index}/{of}"))
                }
                Event::BackingUp { pages, of } | Event::Restoring { pages, of } => {
                    bar.set_length(*of);
                    bar.set_position(*pages);
                    bar.set_message("  copying pages");
                }
                _ => {}
            }
            ControlFlow::Continue(())
        });
    if options.restore
        && let Some(backup) = migrator.newest_compatible_backup(db)?
    {
        migrator.restore(db, &backup)?;
        bar.println(format!("restored the notes as they were at {}", backup.taken_at));
    }
    let report = migrator.upgrade(db, "head");
    bar.finish_and_clear();
    report
}

/// The migrations that a release of the app had.
fn release(number: usize) -> limbeck::Result<Vec<(String, String)>> {
    let files = Source::files(&MIGRATIONS)?.into_iter().take(RELEASES[number - 1]);
    Ok(files.map(|file| (file.name, file.text.into_owned())).collect())
}

/// What the user reads in place of their notes.
fn explained(error: &Error) -> String {
    let mut text = format!("your notes could not be opened, and are as they were: {error}\n");
    for newer in error.newer() {
        let by = newer.app_version.as_deref().unwrap_or("a newer version");
        let when = newer.applied_at.as_deref().unwrap_or("a time that is not known");
        text += &format!("  {} ({}): by {by}, at {when}\n", newer.revision, newer.message);
    }
    if error.kind() == ErrorKind::DatabaseNewer {
        let all = |fits: fn(&limbeck::NewerRevision) -> bool| error.newer().iter().all(fits);
        if all(|newer| newer.compatible == Some(true)) {
            text += "This version can use them as they are: --run-on\n";
        }
        if all(|newer| newer.has_downgrade) {
            text += "What the newer version has added can be taken away: --take-down\n";
        }
        text += "If there is a backup from before the newer version: --restore\n";
    } else if let Some(hint) = error.hint() {
        text += &format!("{hint}\n");
    }
    text
}

fn tell(report: &Report) {
    if !report.newer.is_empty() {
        let names: Vec<&str> = report.newer.iter().map(|newer| newer.message.as_str()).collect();
        println!("running on beside what a newer version has added: {}", names.join(", "));
    }
    if report.is_empty() {
        println!("nothing to do: the database is at {}", report.to.join(", "));
        return;
    }
    println!("brought from {} to {}:", report.from.join(", "), report.to.join(", "));
    for (step, milliseconds) in report.steps.iter().zip(&report.timing.steps_ms) {
        let how: Vec<String> = step
            .alterations
            .iter()
            .map(|alteration| match alteration.way {
                Way::Native => format!("{} altered by SQLite itself", alteration.table),
                Way::InPlace => format!("{} edited in place", alteration.table),
                Way::Rebuild => format!("{} rebuilt, {} rows copied", alteration.table, alteration.rows),
            })
            .collect();
        println!("  {}  {milliseconds:>5} ms  {}", step.revision, how.join("; "));
    }
    if let Some(backup) = &report.backup {
        println!("  the notes as they were are in {backup}");
    }
    for warning in &report.warnings {
        println!("  note: {warning}");
    }
}

/// What the user would miss first.
fn look(db: &Connection) -> rusqlite::Result<()> {
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
    println!(
        "{} notes, {} attachments, {} found by searching for 'limbeck', integrity {}",
        count("SELECT count(*) FROM notes")?,
        count("SELECT count(*) FROM attachments")?,
        count("SELECT count(*) FROM search WHERE search MATCH 'limbeck'")?,
        db.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0))?,
    );
    Ok(())
}

/// A database as version 1 of the app left it.
fn make_version_1(path: &str) -> Result<(), Box<dyn std::error::Error>> {
    println!("making a database of version 1 with 200,000 notes in {path} ...");
    let mut db = Connection::open(path)?;
    Migrator::new(&MIGRATIONS)?.app_version("1.0.0").upgrade(&mut db, "0001")?;
    db.execute_batch(
        "BEGIN;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200000)
         INSERT INTO notes(title, body, created)
         SELECT CASE WHEN i % 10 THEN 'Note ' || i END,
                'The text of note ' || i || CASE WHEN i % 1000 = 0 THEN ', which mentions limbeck' ELSE '' END,
                CASE WHEN i % 7 THEN datetime(1700000000 + i * 60, 'unixepoch') END
         FROM n;
         INSERT INTO attachments(note_id, name, bytes)
         SELECT id, 'photo.jpg', CAST(id * 37 % 100000 AS TEXT) FROM notes WHERE id % 4 = 0;
         -- The last note is gone, and its number is never given out again.
         DELETE FROM notes WHERE id = 200000;
         COMMIT;
         ANALYZE;",
    )?;
    Ok(())
}
