//! Whether there is room for what writes much, asked before it writes: a rebuild, a `CREATE INDEX`, a
//! `VACUUM`. On the database's volume, with its journal, and on SQLite's temporary one. Only what will
//! surely be needed counts.

use std::path::PathBuf;

use super::{Purpose, Run};
use crate::alter::{Draft, KeptIndex, TableState};
use crate::db::Database;
use crate::deed::{Deed, NewIndex};
use crate::error::Result;
use crate::room::sizes::{self, Journal};
use crate::room::{Room, temporary_folder};
use crate::schema::Object;
use crate::sql::same_name;

/// A full disk is found as soon, and a first launch asks nothing.
const SMALL: u64 = 256 << 10;

/// The new table, and in WAL mode the indexes that are made again: there all that is written is in the WAL until it is
/// committed, "the WAL file cannot be reset in the middle of a write transaction"
/// (<https://sqlite.org/wal.html#avoiding_excessively_large_wal_files>); elsewhere the pages of the old table
/// are free when the indexes are made.
///
/// Errors: [`ErrorKind::Full`](crate::ErrorKind::Full), naming the volume and what it lacks.
pub(super) fn for_rebuild(
    run: &mut Run<'_, '_>,
    state: &TableState,
    draft: &Draft,
    keep: &[KeptIndex],
) -> Result<()> {
    let Some(volumes) = Volumes::of(run)? else { return Ok(()) };
    if !same_name(&state.schema, "main") || may_shrink(state, draft) {
        return Ok(());
    }
    let (room, name) = (&run.options.room, state.table.name.as_str());
    let made = |index: &&Object| !keep.iter().any(|kept| kept.name == index.name);
    let indexes: Vec<String> = draft.indexes.iter().filter(made).map(|index| index.name.clone()).collect();
    // No table is larger than its database. Where that would find room, nothing needs to be counted.
    if room.is_tight(&volumes.database, volumes.whole) {
        let journal = Journal::of(run.db)?;
        let mut names = vec![name];
        if journal == Journal::Wal {
            names.extend(indexes.iter().map(String::as_str));
        }
        if let Some(bytes) = sizes::content(run.db, &names)? {
            let bytes = bytes.saturating_sub(volumes.reused(run.db, journal)?);
            room.need(&volumes.database, bytes, &format!("rebuilding table {name}"))?;
        }
    }
    if indexes.is_empty() || !volumes.temporary_is_tight(room) {
        return Ok(());
    }
    let sorted = sizes::sorted_in_memory(run.db)?;
    for index in &indexes {
        if let (Some(folder), Some(bytes)) = (&volumes.temporary, sizes::content(run.db, &[index])?)
            && bytes > sorted
        {
            room.need(folder, bytes, &format!("sorting index {index}"))?;
        }
    }
    Ok(())
}

/// For a statement of the author's own. Whatever it is, most take nothing that is known before.
///
/// Errors: as [`for_rebuild`].
pub(super) fn for_statement(run: &mut Run<'_, '_>, deed: &Deed) -> Result<()> {
    match deed {
        Deed::Vacuum => for_vacuum(run),
        Deed::CreateIndex(index) => for_index(run, index),
        _ => Ok(()),
    }
}

/// "The VACUUM command works by copying the contents of the database into a temporary database file and then overwriting
/// the original with the contents of the temporary file. When overwriting the original, a rollback journal
/// or write-ahead log WAL file is used [...]. This means that when VACUUMing a database, as much as twice the
/// size of the original database file is required in free disk space" (<https://sqlite.org/lang_vacuum.html>).
fn for_vacuum(run: &mut Run<'_, '_>) -> Result<()> {
    let Some(volumes) = Volumes::of(run)? else { return Ok(()) };
    let room = &run.options.room;
    if !volumes.any_is_tight(room) {
        return Ok(());
    }
    let Some(content) = sizes::all_content(run.db)? else { return Ok(()) };
    let journal = Journal::of(run.db)?;
    let beside = match journal {
        Journal::Nothing => 0,
        kept => content.saturating_sub(kept.there_already(&volumes.database)),
    };
    // What of the temporary database fits into its cache is not written.
    let aside = match &volumes.temporary {
        Some(_) if !sizes::temporary_in_memory(run.db)? => content.saturating_sub(sizes::cache(run.db)?),
        _ => 0,
    };
    volumes.need(room, beside, aside, "VACUUM")
}

/// The index on the database's volume; and where it is too large to be sorted in memory, the sorted
/// entries on the temporary one: they are there until all of it is written.
fn for_index(run: &mut Run<'_, '_>, index: &NewIndex) -> Result<()> {
    let Some(volumes) = Volumes::of(run)? else { return Ok(()) };
    let room = &run.options.room;
    if !volumes.any_is_tight(room) {
        return Ok(());
    }
    let Some(content) = sizes::new_index(&mut run.watched(), index)? else { return Ok(()) };
    let journal = Journal::of(run.db)?;
    let beside = content.saturating_sub(volumes.reused(run.db, journal)?);
    let aside = if content > sizes::sorted_in_memory(run.db)? { content } else { 0 };
    volumes.need(room, beside, aside, &format!("index {}", index.name))
}

/// Whether the new table may hold less than the old one: then nothing is sure.
fn may_shrink(state: &TableState, draft: &Draft) -> bool {
    let (old, new) = (&state.table, &draft.table);
    old.columns.iter().any(|column| {
        let kept = new.column(&column.name);
        kept.is_none_or(|kept| new.type_name(kept) != old.type_name(column) || kept.generated().is_some())
    })
}

/// Where a run writes.
struct Volumes {
    database: PathBuf,
    /// SQLite's temporary files.
    temporary: Option<PathBuf>,
    /// The database's size.
    whole: u64,
}

impl Volumes {
    /// Nothing where nothing is written: in memory, or to see what would be done; nor for a small database, nor
    /// where nobody knows.
    fn of(run: &mut Run<'_, '_>) -> Result<Option<Volumes>> {
        if run.options.purpose != Purpose::Live || !run.options.room.can_tell() {
            return Ok(None);
        }
        let whole = sizes::database(run.db)?;
        if whole < SMALL {
            return Ok(None);
        }
        let Some(database) = sizes::file(run.db)? else { return Ok(None) };
        Ok(Some(Volumes { database, temporary: temporary_folder(), whole }))
    }

    fn temporary_is_tight(&self, room: &Room) -> bool {
        self.temporary.as_ref().is_some_and(|folder| room.is_tight(folder, self.whole))
    }

    /// Whether twice the database might not fit: what needs a closer look.
    fn any_is_tight(&self, room: &Room) -> bool {
        room.is_tight(&self.database, self.whole.saturating_mul(2)) || self.temporary_is_tight(room)
    }

    /// What is written over, so that no file grows by it. In WAL mode all new pages go to the WAL, free ones
    /// of the database too.
    fn reused(&self, db: &mut dyn Database, journal: Journal) -> Result<u64> {
        match journal {
            Journal::Wal => Ok(journal.there_already(&self.database)),
            Journal::Rollback | Journal::Nothing => sizes::free_pages(db),
        }
    }

    fn need(&self, room: &Room, beside: u64, aside: u64, what: &str) -> Result<()> {
        match &self.temporary {
            Some(folder) => room.need_both((&self.database, beside), (folder, aside), what),
            None => room.need(&self.database, beside, what),
        }
    }
}
