//! Files that came too late: between two that a database has, where no upgrade will ever look.

use std::collections::HashMap;

use super::Migrator;
use crate::db::Database;
use crate::error::{Error, ErrorKind, Result};

impl Migrator<'_> {
    /// A plain file follows the one before it by name. Where its name puts it before one that has run, the
    /// version rows say that it is applied too, and the record says that it is not: the one behind it ran
    /// without it, after another one that is still there. (Where that is not, files were joined into one.)
    ///
    /// Errors: [`ErrorKind::PassedOver`].
    pub(super) fn refuse_passed_over(&self, db: &mut dyn Database, rows: &[String]) -> Result<()> {
        let pasts = self.history().pasts(db)?;
        if pasts.is_empty() {
            return Ok(());
        }
        let scripts = self.folder.scripts()?;
        let known: HashMap<&str, _> = pasts.iter().map(|past| (scripts.id(&past.revision), past)).collect();
        for revision in scripts.graph.history(":current", rows)? {
            let Some((script, past)) =
                scripts.get(revision).zip(known.get(revision)).filter(|(_, past)| past.up)
            else {
                continue;
            };
            let after: Vec<&str> = past.after.iter().map(|name| scripts.id(name)).collect();
            if after.iter().any(|name| scripts.get(name).is_none()) {
                continue;
            }
            let now = script.revision.revises.iter().chain(&script.revision.depends_on);
            for name in now.map(|name| scripts.id(name)) {
                if !after.contains(&name) && !known.contains_key(name) {
                    return Err(passed_over(name, revision, scripts.get(name).map_or("", |late| &late.file)));
                }
            }
        }
        Ok(())
    }
}

fn passed_over(late: &str, revision: &str, file: &str) -> Error {
    Error::new(
        ErrorKind::PassedOver,
        format!("revision {late} stands before {revision}, which is applied, and never ran itself"),
    )
    .in_revision(late)
    .in_file(file)
    .with_hint("name its file behind the last one, or say in its header what it revises and join the two heads with 'limbeck merge'")
}
