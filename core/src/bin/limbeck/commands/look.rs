//! `current`, `heads`, `history`, `show`, `status`: what only reads.

use limbeck::{Migrator, Result, RevisionInfo};
use serde_json::json;

use super::{look_at, migrator};
use crate::args::Args;
use crate::output;
use crate::settings::Settings;

pub fn current(args: &Args, settings: &Settings) -> Result<()> {
    let migrator = migrator(settings)?;
    let revisions = migrator.current(&mut look_at(settings)?)?;
    if args.json {
        output::json(&json!({ "heads": revisions }));
        return Ok(());
    }
    if args.verbose {
        println!("Current revision(s) for {}:", settings.database()?);
    }
    print(args, settings, &migrator, &revisions);
    Ok(())
}

pub fn heads(args: &Args, settings: &Settings) -> Result<()> {
    let migrator = migrator(settings)?;
    let revisions = migrator.describe(&migrator.graph().heads(), &[]);
    listed(args, &revisions, || print(args, settings, &migrator, &revisions));
    Ok(())
}

pub fn history(args: &Args, settings: &Settings, range: &str, indicate_current: bool) -> Result<()> {
    let migrator = migrator(settings)?;
    let asks = indicate_current || range.contains("current");
    let rows = if asks { migrator.rows(&mut look_at(settings)?)? } else { Vec::new() };
    let revisions = migrator.revisions(range, &rows)?;
    listed(args, &revisions, || {
        if args.verbose {
            print(args, settings, &migrator, &revisions);
        } else {
            revisions.iter().for_each(|info| println!("{}", output::history_line(info, indicate_current)));
        }
    });
    Ok(())
}

pub fn show(args: &Args, settings: &Settings, revision: &str) -> Result<()> {
    let migrator = migrator(settings)?;
    let revisions = migrator.describe(&migrator.graph().resolve(revision)?, &[]);
    listed(args, &revisions, || {
        revisions.iter().for_each(|info| println!("{}", block(settings, &migrator, info)));
    });
    Ok(())
}

pub fn status(args: &Args, settings: &Settings) -> Result<()> {
    let migrator = migrator(settings)?;
    let mut db = look_at(settings)?;
    let current = migrator.current(&mut db)?;
    let plan = migrator.pending(&mut db)?;
    let ids: Vec<&str> = plan.steps.iter().filter_map(|step| step.revision.as_deref()).collect();
    let pending = migrator.describe(&ids, &[]);
    if args.json {
        output::json(&json!({ "heads": current, "pending": pending }));
        return Ok(());
    }
    println!("database    {}", settings.database()?);
    println!("migrations  {}", settings.migrations.display());
    match &current[..] {
        [] => println!("at          <base>"),
        heads => heads.iter().for_each(|info| println!("at          {}", output::history_line(info, false))),
    }
    match &pending[..] {
        [] => println!("pending     none"),
        steps => steps.iter().for_each(|info| println!("pending     {}", output::history_line(info, false))),
    }
    Ok(())
}

fn listed(args: &Args, revisions: &[RevisionInfo], text: impl FnOnce()) {
    if args.json { output::json(&json!({ "revisions": revisions })) } else { text() }
}

/// A line a revision, or its block with `-v`.
fn print(args: &Args, settings: &Settings, migrator: &Migrator<'_>, revisions: &[RevisionInfo]) {
    for info in revisions {
        if args.verbose {
            println!("{}", block(settings, migrator, info));
        } else {
            println!("{}", output::marked(info, false));
        }
    }
}

fn block(settings: &Settings, migrator: &Migrator<'_>, info: &RevisionInfo) -> String {
    let children = migrator.graph().children(&info.revision);
    output::block(info, migrator.script(&info.revision), &settings.migrations, &children)
}
