//! `init` and `revision`: what writes files.

use std::fs;
use std::io::Write;
use std::path::Path;

use limbeck::graph::Revision;
use limbeck::script::{new_file, slug};
use limbeck::{Error, ErrorKind, Migrator, Result};
use serde_json::json;

use super::migrator;
use crate::args::{Args, Command};
use crate::output;
use crate::settings::Settings;

pub fn init(args: &Args, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    let settings = Path::new("limbeck.toml");
    let text = format!(
        "# Paths are relative to this file.\ndatabase = \"app.db\"\nmigrations = {:?}\n",
        folder.to_string_lossy()
    );
    let written = !settings.exists();
    if written {
        write_new(settings, &text)?;
    }
    if args.json {
        output::json(&json!({ "migrations": folder, "settings": settings, "written": written }));
    } else if !args.quiet {
        println!("migrations go to {}; settings are in {}", folder.display(), settings.display());
        println!("next: limbeck revision -m \"create users\", write its SQL, limbeck upgrade head");
    }
    Ok(())
}

pub fn revision(args: &Args, settings: &Settings) -> Result<()> {
    let Command::Revision { message, head, splice, branch_label, rev_id, depends_on } = &args.command else {
        return Ok(());
    };
    let migrator = migrator(settings)?;
    let revises = parents(&migrator, head.as_deref(), *splice)?;
    let (id, created) = id_and_time(&migrator, rev_id.as_deref())?;
    let labels: Vec<String> = branch_label.iter().cloned().collect();
    // What the graph would refuse, it refuses before the file is there.
    let new = Revision {
        id: id.clone(),
        revises,
        branch_labels: labels,
        depends_on: depends_on.clone(),
        message: if message.is_empty() { "empty message".to_owned() } else { message.clone() },
    };
    let text = new_file(&new, Some(&created), "", Some(""));
    let all = migrator.graph().revisions().iter().cloned().chain([new]).collect();
    limbeck::graph::RevisionGraph::new(all)?;
    let slug = slug(message);
    let name = if slug.is_empty() { format!("{id}.sql") } else { format!("{id}_{slug}.sql") };
    let path = settings.migrations.join(name);
    write_new(&path, &text)?;
    if args.json {
        output::json(&json!({ "revision": id, "path": path }));
    } else {
        println!("Generating {} ...  done", path.display());
    }
    Ok(())
}

fn parents(migrator: &Migrator<'_>, head: Option<&str>, splice: bool) -> Result<Vec<String>> {
    let graph = migrator.graph();
    let found = match head {
        Some("base") => Vec::new(),
        Some(head) => graph.resolve(head)?,
        None if graph.is_empty() => Vec::new(),
        None => graph.resolve("head")?,
    };
    if let Some(inner) = found.iter().find(|id| !graph.is_head(id)).filter(|_| !splice) {
        return Err(Error::new(ErrorKind::NotAHead, format!("revision {inner} is not a head"))
            .with_hint("write --splice to begin a branch from it"));
    }
    Ok(found.into_iter().map(str::to_owned).collect())
}

/// The revision's id and its time, by SQLite's clock. An id that is taken moves on by a second.
fn id_and_time(migrator: &Migrator<'_>, wanted: Option<&str>) -> Result<(String, String)> {
    let clock = |sql: &str| -> Result<String> {
        rusqlite::Connection::open_in_memory()
            .and_then(|db| db.query_row(sql, [], |row| row.get(0)))
            .map_err(|error| Error::new(ErrorKind::StatementFailed, error.to_string()))
    };
    let created = clock("SELECT datetime('now')")?;
    if let Some(id) = wanted {
        return Ok((id.to_owned(), created));
    }
    for seconds in 0.. {
        let id = clock(&format!("SELECT strftime('%Y%m%d_%H%M%S', 'now', '+{seconds} seconds')"))?;
        if migrator.graph().get(&id).is_none() {
            return Ok((id, created));
        }
    }
    Err(Error::new(ErrorKind::DuplicateRevision, "every id is taken"))
}

/// Writes a file that must not be there yet.
fn write_new(path: &Path, text: &str) -> Result<()> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::CannotWrite, format!("cannot write {}: {error}", path.display()))
        .in_file(path.display().to_string())
        .with_hint("check that the folder exists and may be written, and that no such file is there")
}
