//! `test`: every revision tried, and the databases of past releases.

use std::fs;
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};

use super::{migrator, scratch};
use crate::cli::args::{Args, InventedRows};
use crate::cli::output::{self, paint, say};
use crate::cli::settings::Settings;
use crate::db::CopyWay;
use crate::invent::LeftOut;
use crate::trial::{RowShown, SnapshotTested, TestOptions, Tested, Trouble};
use crate::{Error, ErrorKind, Migrator, Result};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const NOTE: Style = AnsiColor::Yellow.on_default();

/// Exit status 1 if anything failed.
pub fn test(
    args: &Args,
    settings: &Settings,
    range: &str,
    rows: &InventedRows,
    folder: Option<&Path>,
) -> Result<u8> {
    let migrator = migrator(settings)?;
    let databases = databases(folder.unwrap_or(&settings.snapshots), folder.is_some())?;
    let bar = bar(args);
    let mut progress = |at: usize, of: usize, revision: &str| {
        if let Some(bar) = &bar {
            bar.set_length(of as u64);
            bar.set_position(at as u64 - 1);
            bar.set_message(revision.to_owned());
        }
        if settings.host.cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = TestOptions { seed: rows.seed, rows: rows.rows, range: range.to_owned() };
    let result = migrator.test(&mut || scratch(settings), &options, &mut progress);
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    let mut tested = result?;
    for path in &databases {
        tested.snapshots.push(release(&migrator, settings, path)?);
    }
    if args.json {
        output::json(&tested);
    } else {
        told(args, settings, &tested);
    }
    Ok(u8::from(!tested.is_good()))
}

fn bar(args: &Args) -> Option<ProgressBar> {
    let style = ProgressStyle::with_template("  testing [{bar:30}] {pos}/{len} {msg}")
        .expect("the template is a constant")
        .progress_chars("=> ");
    (!args.quiet && std::io::stderr().is_terminal()).then(|| ProgressBar::new(0).with_style(style))
}

/// The databases of past releases, by name. A folder that is not there has none, unless it was asked for.
fn databases(folder: &Path, asked: bool) -> Result<Vec<PathBuf>> {
    let cannot = |error: std::io::Error| {
        Error::new(ErrorKind::SourceUnreadable, format!("cannot read {}: {error}", folder.display()))
            .in_file(folder.display().to_string())
            .with_hint("name the folder of snapshots, which 'limbeck snapshot' writes")
    };
    if !asked && !folder.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        let is = |end: &str| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(end));
        if ["db", "sqlite", "sqlite3"].into_iter().any(is) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Tests a copy in memory: the file itself stays what it was.
fn release(migrator: &Migrator<'_>, settings: &Settings, path: &Path) -> Result<SnapshotTested> {
    let name = path.display().to_string();
    let mut db = scratch(settings)?;
    db.copy_database(CopyWay::From, path, &mut |_, _| ControlFlow::Continue(()))
        .map_err(|error| error.in_file(&name))?;
    migrator.test_snapshot(&mut || scratch(settings), &name, &mut *db)
}

fn told(args: &Args, settings: &Settings, tested: &Tested) {
    let show = |what: String, failures: &[Trouble], notes: &[Trouble], left_out: &[LeftOut]| {
        if args.quiet && failures.is_empty() {
            return;
        }
        let verdict = if failures.is_empty() { paint(GOOD, "ok") } else { paint(BAD, "FAILED") };
        say!("{verdict} {what}");
        failures.iter().for_each(|trouble| explain(settings, "failure", BAD, trouble));
        if !args.quiet {
            notes.iter().for_each(|trouble| explain(settings, "note", NOTE, trouble));
            left_out.iter().for_each(|left| {
                let reason = one_line(&left.reason);
                say!("   {}: no row for {} could be invented: {reason}", paint(NOTE, "note"), left.table);
            });
        }
    };
    for of in &tested.revisions {
        let down = if of.downgrade { "" } else { ", no downgrade" };
        let file = settings.path(&of.file).display().to_string();
        let what = format!("{file}: {} rows in {} tables{down}", of.rows, of.tables);
        show(what, &of.failures, &of.notes, &of.left_out);
    }
    for of in &tested.snapshots {
        let what = format!("{}: {} rows, from {}", of.name, of.rows, output::list(&of.from));
        show(what, &of.failures, &of.notes, &[]);
    }
    let failed = tested.revisions.iter().filter(|of| !of.failures.is_empty()).count()
        + tested.snapshots.iter().filter(|of| !of.failures.is_empty()).count();
    say!(
        "{} revisions and {} snapshots, {failed} failed (--seed {})",
        tested.revisions.len(),
        tested.snapshots.len(),
        tested.seed
    );
}

fn explain(settings: &Settings, word: &str, style: Style, trouble: &Trouble) {
    let Trouble { stage: _, on, message, row, differences, error } = trouble;
    say!("   {}: {}: {message}", paint(style, word), on.as_str());
    let at = error.as_ref().and_then(|error| Some((error.file()?, error.line()?)));
    if let Some((file, line)) = at {
        say!("      at {}:{line}", settings.path(file).display());
    }
    if let Some(row) = row {
        first_row(row);
    }
    for difference in differences {
        say!("      {} {}", difference.kind.as_str().replace('_', " "), difference.name);
        if let Some(present) = &difference.present {
            say!("        is:     {present}");
        }
        say!("        wanted: {}", difference.sql);
    }
}

/// Table, row, and what is in it before and after.
fn first_row(row: &RowShown) {
    let RowShown { table, key, columns, before, after } = row;
    let known = key.as_ref().map(|key| format!(" where {key}")).unwrap_or_default();
    say!("      such as in {table}{known}:");
    for (at, column) in columns.iter().enumerate() {
        let value = |values: &Option<Vec<String>>| match values.as_ref().and_then(|values| values.get(at)) {
            Some(value) => short(value),
            None => "(no row)".to_owned(),
        };
        match (value(before), value(after)) {
            // The key says already which row it is.
            (old, new) if old == new && key.is_some() => {}
            (old, new) if old == new => say!("        {column}: {old}"),
            (old, new) => say!("        {column}: {old} -> {}", paint(BAD, &new)),
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn short(value: &str) -> String {
    match value.char_indices().nth(60) {
        Some((end, _)) => format!("{}… ({} characters)", &value[..end], value.chars().count()),
        None => value.to_owned(),
    }
}
