//! What the pending plan takes: for each step the tables that it writes anew, and for each volume the room
//! that all of it needs. Found on a twin without rows, and by counting what the database has.

use serde::Serialize;

use super::Migrator;
use crate::db::Database;
use crate::deed::Deed;
use crate::error::{Error, Result, accepted, counted};
use crate::execute::TransactionMode;
use crate::graph::RevisionGraph;
use crate::inspect;
use crate::report::{Direction, DryStep, Way};
use crate::room::sizes::{self, Journal};
use crate::room::{same_volume, size, temporary_folder};
use crate::sql::{quote, same_name};

/// What an upgrade to `heads` would do and take. What its rows do to it, only the run finds: an edit in
/// place that they do not allow becomes a rebuild.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// The steps, in order.
    pub steps: Vec<StepEstimate>,
    /// The first revision of which nothing is said, because it is code, which is not run to find out.
    pub beyond: Option<String>,
    /// What each volume needs at most, as far as tables tell: what statements insert is not known.
    pub volumes: Vec<VolumeEstimate>,
}

/// One revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepEstimate {
    /// Its id.
    pub revision: String,
    /// How many statements would run, without limbeck's own record.
    pub statements: usize,
    /// What is done with tables that are there.
    pub tables: Vec<TableEstimate>,
}

/// What is done with a table that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableEstimate {
    /// Its name.
    pub table: String,
    /// What is done.
    pub work: Work,
    /// Why a cheaper way is not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Its rows.
    pub rows: Option<u64>,
    /// The pages of it and of its indexes, of which a change may write all; of an index its own. Nothing,
    /// where no page is written for its size, or where SQLite cannot count them.
    pub bytes: Option<u64>,
}

/// What is done with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// SQLite's own `ALTER TABLE`.
    Native,
    /// Its text is edited.
    InPlace,
    /// Its text is edited, and the values of a column are written anew.
    Convert,
    /// It is made anew, and its rows are copied.
    Rebuild,
    /// A statement of the author's changes rows: all of them, for all that is known.
    Write,
    /// An index is made.
    Index,
    /// The whole database is written anew, by `VACUUM`.
    Vacuum,
}

impl Work {
    /// As the JSON spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Work::Native => "native",
            Work::InPlace => "in_place",
            Work::Convert => "convert",
            Work::Rebuild => "rebuild",
            Work::Write => "write",
            Work::Index => "index",
            Work::Vacuum => "vacuum",
        }
    }
}

/// A volume, and what is written to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VolumeEstimate {
    /// `database`, `temporary`, `backups`: several, where they are on one volume.
    pub holds: Vec<&'static str>,
    /// So many bytes at most at one time.
    pub needed: u64,
    /// So many bytes are free; nothing, where that is not known.
    pub free: Option<u64>,
}

impl VolumeEstimate {
    /// Whether there may be too little.
    pub fn lacks(&self) -> bool {
        self.free.is_some_and(|free| free < self.needed)
    }

    /// For people: `database, temporary: 31.2 MB needed, 20.1 GB free`.
    pub(super) fn line(&self) -> String {
        let free = self.free.map_or("?".to_owned(), size);
        format!("{}: {} needed, {free} free", self.holds.join(", "), size(self.needed))
    }
}

impl StepEstimate {
    /// For people, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        let statements = counted(self.statements as u64, "statement");
        let mut lines = vec![format!("{}: {statements}", self.revision)];
        for found in &self.tables {
            let rows = found.rows.map(|rows| format!(", {rows} rows")).unwrap_or_default();
            let bytes = found.bytes.map(|bytes| format!(", {}", size(bytes))).unwrap_or_default();
            let why = found.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
            lines.push(format!("  {} {}{rows}{bytes}{why}", found.work.as_str(), found.table));
        }
        lines
    }
}

impl Migrator<'_> {
    /// What an upgrade from these rows to `heads` would take. Code is not run.
    pub(super) fn estimate(
        &self,
        db: &mut dyn Database,
        scratch: &mut dyn Database,
        rows: &[String],
    ) -> Result<Estimate> {
        let whole = self.graph()?.upgrade(rows, "heads")?;
        let is_code = |revision: &str| self.script(revision).is_some_and(|script| script.code);
        let until = whole.steps.iter().position(|step| step.revision.as_deref().is_some_and(is_code));
        let beyond = until.and_then(|at| whole.steps[at].revision.clone());
        let plan = |graph: &RevisionGraph, rows: &[String]| {
            let mut plan = graph.upgrade(rows, "heads")?;
            plan.steps.truncate(until.unwrap_or(plan.steps.len()));
            Ok(plan)
        };
        let dry = self.rehearsed(db, scratch, Direction::Up, &plan)?;
        let mut steps = Vec::new();
        for step in &dry.steps {
            let tables = tables(db, step)?;
            steps.push(StepEstimate {
                revision: step.revision.clone(),
                statements: step.statements.len(),
                tables,
            });
        }
        let volumes = self.volumes(db, &steps)?;
        Ok(Estimate { steps, beyond, volumes })
    }

    /// What each volume needs for these steps.
    fn volumes(&self, db: &mut dyn Database, steps: &[StepEstimate]) -> Result<Vec<VolumeEstimate>> {
        let Some(file) = sizes::file(db)? else { return Ok(Vec::new()) };
        if steps.is_empty() {
            return Ok(Vec::new());
        }
        let whole = sizes::database(db)?;
        let taken = match self.options.transaction {
            TransactionMode::PerUpgrade => {
                let all: Vec<&TableEstimate> = steps.iter().flat_map(|step| &step.tables).collect();
                beside(db, &all, whole)?
            }
            TransactionMode::PerRevision => {
                let mut most = 0;
                for step in steps {
                    most = most.max(beside(db, &step.tables.iter().collect::<Vec<_>>(), whole)?);
                }
                most
            }
        };
        let journal = Journal::of(db)?;
        let taken = taken.saturating_sub(journal.there_already(&file));
        let mut all = vec![("database", file, taken)];
        if let Some(folder) = temporary_folder() {
            let tables: Vec<&TableEstimate> = steps.iter().flat_map(|step| &step.tables).collect();
            all.push(("temporary", folder, aside(db, &tables)?));
        }
        if let Ok(backups) = self.folder_of_backups() {
            all.push(("backups", backups.folder().to_owned(), whole));
        }
        let mut volumes: Vec<(std::path::PathBuf, VolumeEstimate)> = Vec::new();
        for (what, path, needed) in all {
            match volumes.iter_mut().find(|(other, _)| same_volume(other, &path)) {
                Some((_, volume)) => {
                    volume.holds.push(what);
                    volume.needed = volume.needed.saturating_add(needed);
                }
                None => {
                    let free = self.options.room.free(&path);
                    volumes.push((path, VolumeEstimate { holds: vec![what], needed, free }));
                }
            }
        }
        Ok(volumes.into_iter().map(|(_, volume)| volume).collect())
    }
}

/// What one transaction takes where the database is. A rebuild needs the new table beside the old one, whose
/// pages are free then; the journal has what was in pages that are written over, or, in WAL mode, all that is
/// written, which the checkpoint puts into the database afterwards.
fn beside(db: &mut dyn Database, tables: &[&TableEstimate], whole: u64) -> Result<u64> {
    let sum = |of: &dyn Fn(Work) -> bool| {
        tables
            .iter()
            .filter(|found| of(found.work))
            .filter_map(|found| found.bytes)
            .fold(0u64, u64::saturating_add)
    };
    let rebuilt = sum(&|work| work == Work::Rebuild);
    let copies = tables.iter().filter(|found| found.work == Work::Rebuild);
    let largest = copies.filter_map(|found| found.bytes).max().unwrap_or(0);
    let indexes = sum(&|work| work == Work::Index);
    let written = sum(&|work| matches!(work, Work::Convert | Work::Write));
    let grows = largest.saturating_add(indexes).saturating_sub(sizes::free_pages(db)?);
    let vacuum = if tables.iter().any(|found| found.work == Work::Vacuum) { whole } else { 0 };
    let kept = match Journal::of(db)? {
        Journal::Nothing => 0,
        Journal::Rollback => (written.saturating_add(rebuilt - largest)).max(vacuum),
        Journal::Wal => (written.saturating_add(rebuilt).saturating_add(indexes)).max(vacuum),
    };
    Ok(grows.saturating_add(kept))
}

/// What SQLite's temporary files take at one time: the entries of the largest index that does not fit into
/// the cache, or a copy of the database.
fn aside(db: &mut dyn Database, tables: &[&TableEstimate]) -> Result<u64> {
    if sizes::temporary_in_memory(db)? {
        return Ok(0);
    }
    let sorted = sizes::sorted_in_memory(db)?;
    let each = tables.iter().filter_map(|found| match found.work {
        Work::Index => found.bytes.filter(|bytes| *bytes > sorted),
        // Its largest index is no larger than it.
        Work::Rebuild => found.bytes.filter(|bytes| *bytes > sorted),
        Work::Vacuum => found.bytes,
        Work::Native | Work::InPlace | Work::Convert | Work::Write => None,
    });
    Ok(each.max().unwrap_or(0))
}

/// What a step does with tables that are there.
fn tables(db: &mut dyn Database, step: &DryStep) -> Result<Vec<TableEstimate>> {
    let mut found: Vec<TableEstimate> = Vec::new();
    for alteration in &step.alterations {
        let work = match alteration.way {
            Way::Native => Work::Native,
            Way::InPlace => Work::InPlace,
            Way::Rebuild => Work::Rebuild,
        };
        let bytes = if work == Work::Rebuild { sizes::table(db, &alteration.table)? } else { None };
        let (table, why) = (alteration.table.clone(), alteration.why.clone());
        found.push(TableEstimate { rows: rows(db, &table)?, table, work, why, bytes });
    }
    for sql in &step.statements {
        let deed = Deed::of(sql);
        let Some((work, name)) = work(&deed) else { continue };
        match found.iter_mut().find(|known| same_name(&known.table, name)) {
            // A conversion is an UPDATE; what a rebuild runs is part of it.
            Some(known) if work == Work::Write && known.work == Work::InPlace => {
                known.work = Work::Convert;
                known.bytes = sizes::table(db, name)?;
                continue;
            }
            Some(known) if known.work == Work::Rebuild || known.work == work => continue,
            _ => {}
        }
        let rows = rows(db, name)?;
        let bytes = match &deed {
            Deed::Vacuum => Some(sizes::database(db)?),
            Deed::CreateIndex(index) => sizes::new_index(db, index)?,
            _ if rows.is_some() => sizes::table(db, name)?,
            _ => None,
        };
        if rows.is_some() || work == Work::Vacuum {
            found.push(TableEstimate { table: name.to_owned(), work, why: None, rows, bytes });
        }
    }
    Ok(found)
}

/// The rows of a table; nothing, where it is one that the run itself makes.
fn rows(db: &mut dyn Database, table: &str) -> Result<Option<u64>> {
    let sql = format!("SELECT count(*) FROM main.{}", quote(table));
    if !db.has_table("main", table)? {
        return Ok(None);
    }
    Ok(accepted(db.integer(&sql, &[]))?.flatten().map(|rows| rows.max(0) as u64))
}

/// The work of a statement whose size is that of a table, and the table. An INSERT writes as much as it is given.
fn work(deed: &Deed) -> Option<(Work, &str)> {
    match deed {
        Deed::Vacuum => Some((Work::Vacuum, "main")),
        Deed::CreateIndex(index) => Some((Work::Index, &index.table)),
        Deed::Update { table, .. } | Deed::Delete { table, .. } => {
            (!inspect::is_sqlites(table)).then_some((Work::Write, table))
        }
        _ => None,
    }
}

/// Where an error of the plan is, if it says so.
pub(super) fn told(error: &Error) -> String {
    let place = error.revision().map(|revision| format!("revision {revision}: ")).unwrap_or_default();
    format!("plan: {place}{error} [{}]", error.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_writes_a_table() {
        for (sql, want) in [
            ("UPDATE main.t SET a = 1", Some((Work::Write, "t"))),
            ("DELETE FROM t WHERE a", Some((Work::Write, "t"))),
            ("UPDATE sqlite_sequence SET seq = 1", None),
            ("CREATE INDEX i ON t(a)", Some((Work::Index, "t"))),
            ("VACUUM", Some((Work::Vacuum, "main"))),
            ("INSERT INTO t SELECT 1", None),
        ] {
            assert_eq!(work(&Deed::of(sql)), want, "{sql}");
        }
    }
}
