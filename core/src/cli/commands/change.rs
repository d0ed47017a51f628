//! `upgrade`, `downgrade`, `stamp`, `adopt`, `ensure_version`: what changes the database, or says how it would.

use crate::{AlterationReport, Database, Direction, DryRun, Migrator, NewerDatabase, Report, Result, Way};
use serde_json::json;

use super::{look_at, migrator, open, scratch};
use crate::cli::Access;
use crate::cli::args::{Args, Instead};
use crate::cli::output::{self, say};
use crate::cli::settings::Settings;

pub fn migrate(
    args: &Args,
    settings: &Settings,
    direction: Direction,
    target: &str,
    instead: &Instead,
    newer: NewerDatabase,
) -> Result<()> {
    let migrator = migrator(settings)?.newer_database(newer);
    let mut migrator = migrator.on_event(output::listener(args, settings));
    if instead.sql {
        return sql(args, settings, &migrator, direction, target);
    }
    if instead.plan {
        let dry = migrator.dry_run(&mut *look_at(settings)?, &mut *scratch(settings)?, direction, target)?;
        planned(args, &migrator, &dry);
        return Ok(());
    }
    let access = if direction == Direction::Up { Access::Create } else { Access::Change };
    let mut db = open(settings, access)?;
    let mut report = match direction {
        Direction::Up => migrator.upgrade(&mut *db, target)?,
        _ => migrator.downgrade(&mut *db, target)?,
    };
    // With `keep_user_version` the header may have answered, which names no revision.
    if settings.keep_user_version && report.is_empty() && report.to.is_empty() {
        report.to = migrator.rows(&mut *db)?;
        report.from.clone_from(&report.to);
    }
    told(args, &drifted(settings, &migrator, &mut *db, report));
    Ok(())
}

/// A report that says too where the database is now something else than the migrations make.
fn drifted(
    settings: &Settings,
    migrator: &Migrator<'_>,
    db: &mut dyn Database,
    mut report: Report,
) -> Report {
    // What was done is done: where the folder cannot be replayed, nothing is known.
    if !report.is_empty()
        && let Ok(found) = scratch(settings).and_then(|mut scratch| migrator.verify(db, &mut *scratch))
    {
        let lines = found.lines().into_iter();
        report
            .warnings
            .extend(lines.map(|line| format!("the schema has drifted from the migrations: {line}")));
    }
    report
}

pub fn stamp(args: &Args, settings: &Settings, revisions: &[String], purge: bool, print: bool) -> Result<()> {
    let mut migrator = migrator(settings)?.on_event(output::listener(args, settings));
    if print {
        return sql(args, settings, &migrator, Direction::Stamp, &revisions.join(" "));
    }
    let targets: Vec<&str> = revisions.iter().map(String::as_str).collect();
    // A database that is not there is at the base, and none is made to say so.
    if settings.database_if_there()?.is_none() && migrator.graph()?.stamp(&[], &targets, purge)?.is_empty() {
        told(args, &Report::nothing(Vec::new()));
        return Ok(());
    }
    let mut db = open(settings, Access::Create)?;
    let report = migrator.stamp(&mut *db, &targets, purge)?;
    told(args, &drifted(settings, &migrator, &mut *db, report));
    Ok(())
}

pub fn adopt(args: &Args, settings: &Settings, finish: bool) -> Result<()> {
    let mut migrator = migrator(settings)?.on_event(output::listener(args, settings));
    let mut db = open(settings, Access::Change)?;
    // Without it, refinery's table is not read, and the schema tells alone.
    #[cfg(feature = "refinery")]
    match migrator.adopt_compared(&mut *db, &mut *scratch(settings)?, finish) {
        // There is no table of refinery's.
        Err(error) if error.kind() == crate::ErrorKind::NothingToAdopt => {}
        adopted => {
            told(args, &adopted?);
            return Ok(());
        }
    }
    let (found, report) = migrator.adopt_schema(&mut *db, &mut *scratch(settings)?, finish)?;
    if args.json {
        output::json(&json!({ "recognised": found, "report": report }));
        return Ok(());
    }
    say!("the schema is {}", output::paint(output::REVISION, &found.title()));
    told(args, &report);
    Ok(())
}

pub fn ensure_version(args: &Args, settings: &Settings, print: bool) -> Result<()> {
    let migrator = migrator(settings)?;
    if print {
        printed(args, &migrator.ensure_version_sql(&mut *scratch(settings)?)?);
        return Ok(());
    }
    let made = migrator.ensure_version(&mut *open(settings, Access::Create)?)?;
    if args.json {
        output::json(&json!({ "made": made }));
    } else if !args.quiet && !made {
        eprintln!("nothing to do: the tables are there");
    }
    Ok(())
}

/// The script of a range. Only one that begins at `current` looks at the database.
fn sql(
    args: &Args,
    settings: &Settings,
    migrator: &Migrator<'_>,
    direction: Direction,
    range: &str,
) -> Result<()> {
    let range = match range.strip_prefix("current:") {
        Some(to) => format!("{}:{to}", migrator.rows(&mut *look_at(settings)?)?.join(",")),
        None => range.to_owned(),
    };
    printed(args, &migrator.sql(&mut *scratch(settings)?, direction, &range)?);
    Ok(())
}

fn printed(args: &Args, script: &str) {
    if args.json { output::json(&json!({ "sql": script })) } else { output::raw(script) }
}

fn planned(args: &Args, migrator: &Migrator<'_>, dry: &DryRun) {
    if args.json {
        output::json(dry);
        return;
    }
    for step in &dry.steps {
        let verb = if step.direction == Direction::Up { "apply" } else { "take back" };
        let message = migrator.script(&step.revision).map_or("", |script| &script.revision.message);
        say!("{verb} {}, {message}", output::paint(output::REVISION, &step.revision));
        step.alterations.iter().for_each(|alteration| say!("  -- {}", way(alteration)));
        for statement in &step.statements {
            say!("  {};", statement.replace('\n', "\n  "));
        }
        if let Some(why) = &step.breaks_older_apps {
            say!("  -- older apps might not live with it: {why}");
        }
        say!("");
    }
    dry.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
    match &dry.steps[..] {
        [] => say!("nothing to do: the database is at {}", output::list(&dry.to)),
        steps => say!(
            "{} from {} to {}; nothing was written",
            if steps.len() == 1 { "1 step".to_owned() } else { format!("{} steps", steps.len()) },
            output::list(&dry.from),
            output::list(&dry.to)
        ),
    }
}

/// `notes: rebuilt, 200 rows copied (why)`
fn way(alteration: &AlterationReport) -> String {
    let way = match alteration.way {
        Way::Native => "SQLite's own ALTER".to_owned(),
        Way::InPlace => "an edit in place".to_owned(),
        Way::Rebuild => format!("a rebuild, {} rows copied", alteration.rows),
    };
    let why = alteration.why.as_deref().map_or(String::new(), |why| format!(" ({why})"));
    format!("{}: {way}{why}", alteration.table)
}

fn told(args: &Args, report: &Report) {
    if args.json {
        output::json(report);
        return;
    }
    for warning in &report.warnings {
        eprintln!("warning: {warning}");
    }
    if args.verbose {
        for (step, milliseconds) in report.steps.iter().zip(&report.timing.steps_ms) {
            eprintln!("{} took {milliseconds} ms", step.revision);
            step.alterations.iter().for_each(|alteration| eprintln!("  {}", way(alteration)));
        }
    }
    if report.is_empty() && !args.quiet {
        eprintln!("nothing to do: the database is at {}", output::list(&report.to));
    }
}
