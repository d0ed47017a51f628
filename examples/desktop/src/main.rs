//! A notes app's launch: the migrations are in the binary, the user's database is brought up to
//! date, and whatever happens the notes are as before or as after.
//!
//! `notes [PATH]` launches; `notes --make-old [PATH]` first makes a database as version 1 of the
//! app left it, with 200,000 notes.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use include_dir::{Dir, include_dir};
use indicatif::{ProgressBar, ProgressStyle};
use limbeck::{Event, Migrator, Report, Way};
use rusqlite::Connection;

static MIGRATIONS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/migrations");

fn main() -> ExitCode {
    let mut make_old = false;
    let mut path = "notes.db".to_owned();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--make-old" => make_old = true,
            _ => path = argument,
        }
    }
    match launch(&path, make_old) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn launch(path: &str, make_old: bool) -> Result<(), Box<dyn std::error::Error>> {
    if make_old {
        if Path::new(path).exists() {
            return Err(format!("{path} is there already: remove it, or launch without --make-old").into());
        }
        make_version_1(path)?;
    }
    let mut db = Connection::open(path)?;
    db.busy_timeout(Duration::from_secs(5))?;

    let report = upgrade(&mut db).map_err(|error| {
        let hint = error.hint().map(|hint| format!("\n{hint}")).unwrap_or_default();
        format!("your notes could not be opened, and are as they were: {error}{hint}")
    })?;
    tell(&report);
    look(&db)?;
    Ok(())
}

/// All that an app needs at launch.
fn upgrade(db: &mut Connection) -> limbeck::Result<Report> {
    let bar = ProgressBar::no_length().with_style(
        ProgressStyle::with_template("{msg} [{bar:30}] {human_pos} of {human_len}")
            .expect("the template is a constant")
            .progress_chars("=> "),
    );
    let report = Migrator::new(&MIGRATIONS)?
        .app_version(env!("CARGO_PKG_VERSION"))
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
                _ => {}
            }
            ControlFlow::Continue(())
        })
        .upgrade(db, "head");
    bar.finish_and_clear();
    report
}

fn tell(report: &Report) {
    if report.is_empty() {
        println!("nothing to do: the database is at {}", report.to.join(", "));
        return;
    }
    println!("upgraded from {} to {}:", report.from.join(", "), report.to.join(", "));
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
