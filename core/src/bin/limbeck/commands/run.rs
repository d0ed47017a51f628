//! `upgrade`, `downgrade`, `stamp`: what changes the database.

use limbeck::{Report, Result, Way};

use super::{migrator, open};
use crate::args::Args;
use crate::output;
use crate::settings::Settings;

pub fn upgrade(args: &Args, settings: &Settings, target: &str) -> Result<()> {
    let mut migrator = migrator(settings)?.on_event(output::listener(args));
    told(args, &migrator.upgrade(&mut open(settings, true)?, target)?)
}

pub fn downgrade(args: &Args, settings: &Settings, target: &str) -> Result<()> {
    let mut migrator = migrator(settings)?.on_event(output::listener(args));
    told(args, &migrator.downgrade(&mut open(settings, false)?, target)?)
}

pub fn stamp(args: &Args, settings: &Settings, revisions: &[String], purge: bool) -> Result<()> {
    let mut migrator = migrator(settings)?.on_event(output::listener(args));
    let targets: Vec<&str> = revisions.iter().map(String::as_str).collect();
    told(args, &migrator.stamp(&mut open(settings, true)?, &targets, purge)?)
}

fn told(args: &Args, report: &Report) -> Result<()> {
    if args.json {
        output::json(report);
        return Ok(());
    }
    for warning in &report.warnings {
        eprintln!("warning: {warning}");
    }
    if args.verbose {
        for (step, milliseconds) in report.steps.iter().zip(&report.timing.steps_ms) {
            eprintln!("{} took {milliseconds} ms", step.revision);
            for alteration in &step.alterations {
                let way = match alteration.way {
                    Way::Native => "SQLite's own ALTER".to_owned(),
                    Way::InPlace => "edited in place".to_owned(),
                    Way::Rebuild => format!("rebuilt, {} rows copied", alteration.rows),
                };
                let why = alteration.why.as_deref().map_or(String::new(), |why| format!(" ({why})"));
                eprintln!("  {}: {way}{why}", alteration.table);
            }
        }
    }
    if report.is_empty() && !args.quiet {
        eprintln!("nothing to do: the database is at {}", output::list(&report.to));
    }
    Ok(())
}
