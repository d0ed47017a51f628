//! `current`, `heads`, `history`, `branches`, `show`, `status`: what only reads.

use crate::{Migrator, Result, RevisionInfo};
use serde_json::json;

use super::{look_at, migrator, scratch};
use crate::cli::args::Args;
use crate::cli::output::{self, say};
use crate::cli::settings::Settings;

pub fn current(args: &Args, settings: &Settings, check_heads: bool) -> Result<()> {
    let migrator = migrator(settings)?;
    let mut db = look_at(settings)?;
    if check_heads {
        migrator.check_heads(&mut *db)?;
    }
    let revisions = migrator.current(&mut *db)?;
    if args.json {
        output::json(&json!({ "heads": revisions }));
        return Ok(());
    }
    if args.verbose {
        say!("Current revision(s) for {}:", settings.database()?);
    }
    print(args, settings, &migrator, &revisions);
    Ok(())
}

pub fn heads(args: &Args, settings: &Settings, resolve_dependencies: bool) -> Result<()> {
    let migrator = migrator(settings)?;
    let graph = migrator.graph()?;
    let heads = if resolve_dependencies { graph.heads_resolving_dependencies() } else { graph.heads() };
    let revisions = migrator.describe(&heads, &[]);
    listed(args, &revisions, || print(args, settings, &migrator, &revisions));
    Ok(())
}

pub fn history(args: &Args, settings: &Settings, range: &str, indicate_current: bool) -> Result<()> {
    let migrator = migrator(settings)?;
    let asks = indicate_current || range.contains("current");
    let rows = if asks { migrator.rows(&mut *look_at(settings)?)? } else { Vec::new() };
    let revisions = migrator.revisions(range, &rows)?;
    listed(args, &revisions, || {
        if args.verbose {
            print(args, settings, &migrator, &revisions);
        } else {
            revisions.iter().for_each(|info| say!("{}", output::history_line(info, indicate_current)));
        }
    });
    Ok(())
}

pub fn branches(args: &Args, settings: &Settings) -> Result<()> {
    let migrator = migrator(settings)?;
    let points = migrator.graph()?.branch_points();
    let ids: Vec<&str> = points.iter().map(|(id, _)| *id).collect();
    let revisions = migrator.describe(&ids, &[]);
    listed(args, &revisions, || {
        for (info, (id, children)) in revisions.iter().zip(&points) {
            if args.verbose {
                say!("{}", block(settings, &migrator, info));
                continue;
            }
            say!("{}", output::marked(info, false));
            for child in migrator.describe(children, &[]) {
                say!("{:width$} -> {}", "", output::marked(&child, false), width = id.chars().count());
            }
        }
    });
    Ok(())
}

pub fn show(args: &Args, settings: &Settings, revision: &str) -> Result<()> {
    let migrator = migrator(settings)?;
    let revisions = migrator.describe(&migrator.graph()?.resolve(revision)?, &[]);
    listed(args, &revisions, || {
        revisions.iter().for_each(|info| say!("{}", block(settings, &migrator, info)));
    });
    Ok(())
}

pub fn status(args: &Args, settings: &Settings) -> Result<()> {
    let migrator = migrator(settings)?;
    let mut db = look_at(settings)?;
    let current = migrator.current(&mut *db)?;
    let plan = migrator.pending(&mut *db)?;
    let ids: Vec<&str> = plan.steps.iter().filter_map(|step| step.revision.as_deref()).collect();
    let pending = migrator.describe(&ids, &[]);
    let refused = migrator.refusals(&mut *db)?;
    if args.json {
        let refused: Vec<_> = refused.iter().map(|error| json!(error)["error"].take()).collect();
        output::json(&json!({ "heads": current, "pending": pending, "refused": refused }));
        return Ok(());
    }
    say!("database    {}", settings.database()?);
    settings.migrations.iter().for_each(|folder| say!("migrations  {}", folder.display()));
    match &current[..] {
        [] => say!("at          <base>"),
        heads => heads.iter().for_each(|info| say!("at          {}", output::history_line(info, false))),
    }
    match &pending[..] {
        [] => say!("pending     none"),
        steps => steps.iter().for_each(|info| say!("pending     {}", output::history_line(info, false))),
    }
    for error in &refused {
        say!("refused     {error} [{}]", error.code());
        if let Some(hint) = error.hint() {
            say!("            {hint}");
        }
    }
    Ok(())
}

pub fn doctor(args: &Args, settings: &Settings) -> Result<u8> {
    let sign = output::spinner(args, "looking through the database");
    let found = migrator(settings)?.doctor(&mut *look_at(settings)?, &mut *scratch(settings)?);
    // Before anything is printed beside it.
    if let Some(sign) = sign {
        sign.finish_and_clear();
    }
    if args.json {
        output::json(&found);
    } else {
        say!("{found}");
    }
    Ok(u8::from(!found.is_well()))
}

fn listed(args: &Args, revisions: &[RevisionInfo], text: impl FnOnce()) {
    if args.json { output::json(&json!({ "revisions": revisions })) } else { text() }
}

/// A line a revision, or its block with `-v`.
fn print(args: &Args, settings: &Settings, migrator: &Migrator<'_>, revisions: &[RevisionInfo]) {
    for info in revisions {
        if args.verbose {
            say!("{}", block(settings, migrator, info));
        } else {
            say!("{}", output::marked(info, false));
        }
    }
}

fn block(settings: &Settings, migrator: &Migrator<'_>, info: &RevisionInfo) -> String {
    // What is shown was found in the graph, so there is one.
    let children = migrator.graph().map(|graph| graph.children(&info.revision)).unwrap_or_default();
    let path = info.path.as_deref().map(|file| settings.path(file));
    output::block(info, migrator.script(&info.revision), path.as_deref(), &children)
}
