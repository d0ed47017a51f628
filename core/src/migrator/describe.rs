//! What is known of revisions, as data for people and for `--json`. Nothing here writes.

use serde::Serialize;

use super::Migrator;
use crate::db::Database;
use crate::error::{Error, ErrorKind, Result};

/// One revision, for people and for `--json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RevisionInfo {
    /// Its id.
    pub revision: String,
    /// What it follows.
    pub revises: Vec<String>,
    /// The labels of the branches that it is on.
    pub branch_labels: Vec<String>,
    /// What else has to be applied before it.
    pub depends_on: Vec<String>,
    /// What it does; empty where the folder does not have it.
    pub message: String,
    /// Nothing follows it.
    pub head: bool,
    /// Several revisions follow it.
    pub branch_point: bool,
    /// It follows several revisions.
    pub merge_point: bool,
    /// The database is at it.
    pub current: bool,
    /// Its file; none where the folder does not have it.
    pub path: Option<String>,
}

impl Migrator<'_> {
    /// What the database is at. Reads only; a row that the folder does not know is answered too.
    pub fn current(&self, db: &mut dyn Database) -> Result<Vec<RevisionInfo>> {
        let rows = self.history().rows(db)?;
        // A row that the graph does not know is shown too: it is what the caller has to see.
        let shown = self.graph()?.current(&rows).map(|found| found.into_iter().map(str::to_owned).collect());
        let shown: Vec<String> = shown.unwrap_or(rows);
        let ids: Vec<&str> = shown.iter().map(String::as_str).collect();
        Ok(self.describe(&ids, &shown))
    }

    /// The revisions of a range `low:high`, newest first; `rows` are the database's version rows,
    /// where it has been asked.
    pub fn revisions(&self, range: &str, rows: &[String]) -> Result<Vec<RevisionInfo>> {
        Ok(self.describe(&self.graph()?.history(range, rows)?, rows))
    }

    /// The database's version rows, whether the folder knows them or not. Reads only.
    pub fn rows(&self, db: &mut dyn Database) -> Result<Vec<String>> {
        self.history().rows(db)
    }

    /// What is known of these revisions; of a folder that cannot be read, as of one that lacks them all.
    pub fn describe(&self, revisions: &[&str], rows: &[String]) -> Vec<RevisionInfo> {
        let scripts = self.folder.scripts().ok();
        let describe = |id: &&str| {
            let Some((graph, script)) = scripts.and_then(|all| Some((all.graph, all.get(id)?))) else {
                let current = rows.iter().any(|row| row == id);
                return RevisionInfo { revision: (*id).to_owned(), current, ..RevisionInfo::default() };
            };
            let revision = &script.revision;
            let at = |row: &String| graph.get(row).is_some_and(|known| known.id == revision.id);
            RevisionInfo {
                revision: revision.id.clone(),
                revises: revision.revises.clone(),
                branch_labels: graph.labels(id).into_iter().map(str::to_owned).collect(),
                depends_on: revision.depends_on.clone(),
                message: revision.message.clone(),
                head: graph.is_head(id),
                branch_point: graph.is_branch_point(id),
                merge_point: graph.is_merge_point(id),
                current: rows.iter().any(at),
                path: Some(script.file.clone()),
            }
        };
        revisions.iter().map(describe).collect()
    }

    /// Fails unless the database is at every head, and so has nothing left to apply. Reads only.
    ///
    /// Errors: [`ErrorKind::NotUpToDate`], and those of the version rows.
    pub fn check_heads(&self, db: &mut dyn Database) -> Result<()> {
        let rows = self.version_rows(db)?;
        let pending = self.graph()?.upgrade(&rows, "heads")?.steps.len();
        if pending == 0 {
            return Ok(());
        }
        let at = if rows.is_empty() { "the base".to_owned() } else { rows.join(", ") };
        let behind = if pending == 1 { "1 revision".to_owned() } else { format!("{pending} revisions") };
        let message =
            format!("the database is at {at}, {behind} behind {}", self.graph()?.heads().join(", "));
        Err(Error::new(ErrorKind::NotUpToDate, message).with_hint("run 'limbeck upgrade heads'"))
    }
}
