//! `revision` and `merge`: what writes migration files.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::graph::{Revision, RevisionGraph};
use crate::script::{file_name, new_file};
use crate::{Error, ErrorKind, Migrator, Result, Value};
use serde_json::json;

use super::{migrator, scratch};
use crate::cli::args::{Args, New};
use crate::cli::output::{self, say};
use crate::cli::settings::Settings;

pub fn revision(
    args: &Args,
    settings: &Settings,
    new: &New,
    head: Option<&str>,
    depends_on: &[String],
    version_path: Option<&Path>,
) -> Result<()> {
    let migrator = migrator(settings)?;
    let revises = parents(&migrator, head, new.splice)?;
    let folder = folder(settings, &migrator, version_path, &revises)?;
    // As it is written, an id or a label: what it begins to mean later is not for today to say.
    let depends_on = depends_on.iter().map(|name| depended_on(&migrator, name)).collect::<Result<_>>()?;
    write(args, settings, &migrator, new, &folder, revises, depends_on)
}

pub fn merge(args: &Args, settings: &Settings, revisions: &[String], new: &New) -> Result<()> {
    let migrator = migrator(settings)?;
    let named: Vec<&str> = revisions.iter().map(String::as_str).collect();
    let targets = if named.is_empty() { &["heads"][..] } else { &named[..] };
    let merged = migrator.graph().merge(targets, new.splice)?;
    if let [] | [_] = merged[..] {
        let message = format!("there is nothing to merge: {}", output::list(&owned(&merged)));
        return Err(
            Error::new(ErrorKind::NotAHead, message).with_hint("see 'limbeck heads' for what can be joined")
        );
    }
    let merged = owned(&merged);
    let folder = folder(settings, &migrator, None, &merged)?;
    write(args, settings, &migrator, new, &folder, merged, Vec::new())
}

fn owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

fn parents(migrator: &Migrator<'_>, head: Option<&str>, splice: bool) -> Result<Vec<String>> {
    let graph = migrator.graph();
    let found = match head {
        None if graph.is_empty() => Vec::new(),
        None => graph.resolve("head").map_err(|error| match error.kind() {
            ErrorKind::MultipleHeads => Error::new(
                ErrorKind::MultipleHeads,
                format!("there are several heads to follow: {}", graph.heads().join(", ")),
            )
            .with_hint("name one with --head, or join them with 'limbeck merge'"),
            _ => error,
        })?,
        Some(head) => graph.resolve(head)?,
    };
    if let Some(inner) = found.iter().find(|id| !graph.is_head(id)).filter(|_| !splice) {
        return Err(Error::new(ErrorKind::NotAHead, format!("revision '{inner}' is not a head"))
            .with_hint("add --splice to begin a branch from it"));
    }
    Ok(owned(&found))
}

/// Where a new file goes: the folder that is named, the only one, or that of the revision it follows.
fn folder(
    settings: &Settings,
    migrator: &Migrator<'_>,
    named: Option<&Path>,
    revises: &[String],
) -> Result<PathBuf> {
    let folders = &settings.migrations;
    let listed = || folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ");
    let bad = |what: String| Error::new(ErrorKind::BadSetting, what);
    if let Some(named) = named {
        // However it is spelt.
        let same = |folder: &&PathBuf| {
            folder.as_path() == named
                || matches!((folder.canonicalize(), named.canonicalize()), (Ok(a), Ok(b)) if a == b)
        };
        return folders.iter().find(same).cloned().ok_or_else(|| {
            bad(format!("'{}' is no folder of these migrations: {}", named.display(), listed()))
                .with_hint("name one of them, or add it to 'migrations' in the settings")
        });
    }
    if let [only] = &folders[..] {
        return Ok(only.clone());
    }
    let followed =
        revises.first().and_then(|id| migrator.script(id)).map(|script| settings.path(&script.file));
    followed.and_then(|path| path.parent().map(Path::to_owned)).ok_or_else(|| {
        bad(format!("there are several folders of migrations: {}", listed()))
            .with_hint("name one with --version-path")
    })
}

fn depended_on(migrator: &Migrator<'_>, name: &str) -> Result<String> {
    let is_label =
        migrator.graph().revisions().iter().any(|r| r.branch_labels.iter().any(|label| label == name));
    match migrator.graph().resolve(name)?[..] {
        [id] if !is_label => Ok(id.to_owned()),
        _ => Ok(name.to_owned()),
    }
}

fn write(
    args: &Args,
    settings: &Settings,
    migrator: &Migrator<'_>,
    new: &New,
    folder: &Path,
    revises: Vec<String>,
    depends_on: Vec<String>,
) -> Result<()> {
    let (id, created) = id_and_time(settings, migrator, new.rev_id.as_deref())?;
    let message = if new.message.is_empty() { "empty message".to_owned() } else { new.message.clone() };
    let revision = Revision {
        id: id.clone(),
        revises,
        branch_labels: new.branch_label.clone(),
        depends_on,
        aliases: Vec::new(),
        message,
    };
    let text = new_file(&revision, Some(&created), "", Some(""));
    let named = Revision { message: new.message.clone(), ..revision.clone() };
    let name = file_name(&settings.file_template, settings.slug_length, &named, &created)?;
    // What the graph would refuse, it refuses before the file is there.
    let all = migrator.graph().revisions().iter().cloned().chain([revision]).collect();
    RevisionGraph::new(all)?;
    let path = folder.join(name);
    write_new(&path, &text)?;
    if args.json {
        output::json(&json!({ "revision": id, "path": path }));
    } else {
        say!("Generating {} ...  done", path.display());
    }
    Ok(())
}

/// The revision's id and its time, by SQLite's clock. Where the id is taken, both move on by a second.
fn id_and_time(
    settings: &Settings,
    migrator: &Migrator<'_>,
    wanted: Option<&str>,
) -> Result<(String, String)> {
    let timezone = settings.timezone.as_deref().unwrap_or("utc");
    let zone = match timezone.to_ascii_lowercase().as_str() {
        "utc" => "+0 hours",
        "local" => "localtime",
        _ => {
            return Err(Error::new(ErrorKind::BadSetting, format!("the timezone '{timezone}' is not known"))
                .with_hint("set it to utc or local; TZ in the environment says where local is"));
        }
    };
    let mut db = scratch(settings)?;
    // One of these is free: there are more of them than revisions.
    for seconds in 0..=migrator.graph().len() {
        let sql =
            "SELECT strftime('%Y%m%d_%H%M%S', time), time FROM (SELECT datetime('now', ?1, ?2) AS time)";
        let found = db.rows(sql, &[format!("+{seconds} seconds").as_str().into(), zone.into()])?;
        let [Value::Text(id), Value::Text(created)] = &found.concat()[..] else {
            return Err(Error::new(ErrorKind::Contract, "strftime answers no text"));
        };
        let id = wanted.map_or_else(|| id.clone(), str::to_owned);
        if wanted.is_some() || migrator.graph().get(&id).is_none() {
            return Ok((id, created.clone()));
        }
    }
    Err(Error::new(ErrorKind::DuplicateRevision, "every id of this hour is taken")
        .with_hint("name one with --rev-id"))
}

/// Writes a file that must not be there yet.
pub(super) fn write_new(path: &Path, text: &str) -> Result<()> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| cannot_write(path, &error))
}

pub(super) fn cannot_write(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::CannotWrite, format!("cannot write {}: {error}", path.display()))
        .in_file(path.display().to_string())
        .with_hint("check that the folder exists and may be written, and that no such file is there")
}
