//! What the record says of the files that have run, against the folder: one that has another text now, and
//! one that came too late, between two that a database has, where no upgrade will ever look.

use litemap::LiteMap;

use super::Migrator;
use super::jobs::Scripts;
#[cfg(feature = "command")]
use super::jobs::refuse_half_done;
use crate::db::Database;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Plan, Step};
use crate::history::{Past, Unfinished};
use crate::report::Direction;
use crate::script::Script;
use crate::set::Set;

/// The record's last word on each revision, beside the folder.
pub(super) struct Applied<'m> {
    pub(super) scripts: Scripts<'m>,
    pasts: Vec<Past>,
}

/// An applied script that has another text now.
pub(super) struct Changed<'m> {
    pub script: &'m Script,
    /// Of the text that was applied.
    checksum: String,
    when: String,
}

impl Migrator<'_> {
    /// What an upgrade would refuse of the applied revisions, of which the folder knows all: those that have another text
    /// now or cannot be read, one that was passed over, and one whose downgrade is half done. Reads only.
    #[cfg(feature = "command")]
    pub(crate) fn refusals(&self, db: &mut dyn Database) -> Result<Vec<Error>> {
        let rows = self.version_rows(db)?;
        let applied = self.applied(db)?;
        let mut found: Vec<Error> = applied.refuse_passed_over(&rows).err().into_iter().collect();
        let half_down = applied.unfinished().filter(|begun| begun.direction == "down");
        found.extend(refuse_half_done(half_down).err());
        let mut unreadable = Vec::new();
        let changed = applied.compared(&rows, &mut |error| unreadable.push(error))?;
        found.extend(changed.iter().map(Changed::error));
        found.append(&mut unreadable);
        Ok(found)
    }

    /// Reads the record.
    pub(super) fn applied(&self, db: &mut dyn Database) -> Result<Applied<'_>> {
        self.applied_as(db, false)
    }

    /// The same, where the launch may have found that the record is `there`.
    pub(super) fn applied_as(&self, db: &mut dyn Database, there: bool) -> Result<Applied<'_>> {
        Ok(Applied { scripts: self.folder.scripts()?, pasts: self.history().pasts(db, there)? })
    }
}

impl<'m> Applied<'m> {
    /// Errors: [`ErrorKind::ChangedRevision`] if a script that these version rows say is applied has another
    /// text now; those of [`Script::checksum`].
    pub fn refuse_changed(&self, rows: &[String]) -> Result<()> {
        let mut unreadable = None;
        let changed = self.compared(rows, &mut |error| unreadable = Some(error))?;
        changed.first().map_or(unreadable.map_or(Ok(()), Err), |changed| Err(changed.error()))
    }

    /// As [`refuse_changed`](Self::refuse_changed), where nothing is to run: of a file that cannot be read nothing is known.
    pub fn refuse_known_changes(&self, rows: &[String]) -> Result<()> {
        self.compared(rows, &mut |_| ())?.first().map_or(Ok(()), |changed| Err(changed.error()))
    }

    /// The revision that was begun last and not finished, if there is one.
    pub fn unfinished(&self) -> Option<&Unfinished> {
        self.pasts.iter().rev().find_map(|past| past.unfinished.as_ref())
    }

    /// The scripts that these version rows say are applied, and that have another text now.
    pub fn changed(&self, rows: &[String]) -> Result<Vec<Changed<'m>>> {
        let mut unreadable = None;
        let changed = self.compared(rows, &mut |error| unreadable = Some(error))?;
        unreadable.map_or(Ok(changed), Err)
    }

    /// A warning for each revision that a plan takes back and that ran in another text: the way back is that of the new
    /// text, which may not know what the old one has made.
    pub fn taken_back_otherwise(&self, plan: &Plan) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for changed in self.compared(&plan.rows, &mut |_| ())? {
            let revision = &changed.script.revision.id;
            let goes =
                |step: &Step| step.direction == Direction::Down && step.revision.as_ref() == Some(revision);
            if plan.steps.iter().any(goes) {
                found.push(format!(
                    "revision {revision} was applied in another text: what takes it back is the downgrade of today's"
                ));
            }
        }
        Ok(found)
    }

    /// The same; whoever asks hears of those that cannot be read.
    fn compared(&self, rows: &[String], unreadable: &mut dyn FnMut(Error)) -> Result<Vec<Changed<'m>>> {
        if self.pasts.is_empty() {
            return Ok(Vec::new());
        }
        let applied: Set<&str> = self.scripts.graph.history(":current", rows)?.into_iter().collect();
        // A revision may have been recorded under a former id: what came last counts.
        let mut last: LiteMap<&str, (&Script, &(String, String))> = LiteMap::new();
        for past in &self.pasts {
            if let Some(text) = &past.text
                && let Some(script) = self.scripts.get(&past.revision)
                && !script.code
                && applied.contains(script.revision.id.as_str())
            {
                last.insert(&script.file, (script, text));
            }
        }
        let mut found = Vec::new();
        for (_, (script, (checksum, when))) in last {
            match script.checksum() {
                Ok(today) if today == *checksum || script.also.contains(checksum) => {}
                Ok(_) => found.push(Changed { script, checksum: checksum.clone(), when: when.clone() }),
                Err(error) => unreadable(error),
            }
        }
        Ok(found)
    }

    /// A plain file follows the one before it by name. Where its name puts it before one that has run, the
    /// version rows say that it is applied too, and the record says that it is not: the one behind it ran
    /// without it, after another one that is still there. (Where that is not, files were joined into one.)
    ///
    /// Errors: [`ErrorKind::PassedOver`].
    pub fn refuse_passed_over(&self, rows: &[String]) -> Result<()> {
        let Applied { scripts, pasts } = self;
        if pasts.is_empty() {
            return Ok(());
        }
        let known: LiteMap<&str, _> = pasts.iter().map(|past| (scripts.id(&past.revision), past)).collect();
        for revision in scripts.graph.history(":current", rows)? {
            let Some((script, past)) =
                scripts.get(revision).zip(known.get(revision)).filter(|(_, past)| past.applied)
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

impl Changed<'_> {
    pub fn error(&self) -> Error {
        let Changed { script, checksum, when } = self;
        let revision = &script.revision.id;
        Error::new(
            ErrorKind::ChangedRevision,
            format!("revision {revision} was applied at {when} and has another text now"),
        )
        .in_revision(revision)
        .in_file(&script.file)
        .with_hint(format!("put the old text back, or declare it with '-- also: {checksum}'"))
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
