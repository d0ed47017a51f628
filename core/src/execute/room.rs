//! Whether there is room for a rebuild, asked before its first row is copied: the new table on the
//! database's volume, the sorting of its largest index on SQLite's temporary one. Only what will surely
//! be needed counts.

use std::path::PathBuf;

use super::{Purpose, Run};
use crate::alter::{Draft, TableState};
use crate::db::{Database, Value};
use crate::error::{Result, accepted};
use crate::room;
use crate::sql::same_name;

/// More than that SQLite does not sort in memory (`SQLITE_MAX_PMASZ` in `vdbesort.c`).
const SORTED_IN_MEMORY: u64 = 1 << 29;

/// Errors: [`ErrorKind::Full`](crate::ErrorKind::Full), naming the volume and what it lacks.
pub(super) fn for_rebuild(
    run: &mut Run<'_, '_>,
    state: &TableState,
    draft: &Draft,
    indexes: usize,
) -> Result<()> {
    if run.options.purpose != Purpose::Live || !same_name(&state.schema, "main") {
        return Ok(());
    }
    let Some(file) = database_file(run.db)? else { return Ok(()) };
    let whole = room::database_bytes(run.db)?;
    let (room, name) = (&run.options.room, &state.table.name);
    // No table is larger than its database. Where that would find room, nothing needs to be counted.
    if room.is_tight(&file, whole)
        && !may_shrink(state, draft)
        && let Some(bytes) = payload(run.db, "name = ?1", name)?
    {
        let reused = if is_wal(run.db)? { 0 } else { free_pages(run.db)? };
        room.need(&file, bytes.saturating_sub(reused), &format!("rebuilding table {name}"))?;
    }
    let Some(folder) = room::temporary_folder() else { return Ok(()) };
    if indexes == 0 || !room.is_tight(&folder, whole) || sorts_in_memory(run.db)? {
        return Ok(());
    }
    let of_table = "name IN (SELECT name FROM main.sqlite_master WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL)";
    match payload(run.db, of_table, name)? {
        Some(bytes) if bytes > SORTED_IN_MEMORY && !may_shrink(state, draft) => {
            room.need(&folder, bytes, &format!("sorting an index of table {name}"))
        }
        _ => Ok(()),
    }
}

/// Whether the new table may hold less than the old one: then nothing is sure.
fn may_shrink(state: &TableState, draft: &Draft) -> bool {
    let (old, new) = (&state.table, &draft.table);
    old.columns.iter().any(|column| {
        let kept = new.column(&column.name);
        kept.is_none_or(|kept| new.type_name(kept) != old.type_name(column) || kept.generated().is_some())
    })
}

/// The bytes of the largest table or index of those that the condition names, as far as SQLite counts
/// them: <https://sqlite.org/dbstat.html>.
fn payload(db: &mut dyn Database, condition: &str, name: &str) -> Result<Option<u64>> {
    let sql = format!(
        "SELECT max(bytes) FROM (SELECT sum(payload) AS bytes FROM dbstat('main') WHERE {condition} GROUP BY name)"
    );
    // A build without dbstat does not know.
    let bytes = accepted(db.integer(&sql, &[Value::from(name)]))?.unwrap_or_default();
    Ok(bytes.and_then(|bytes| u64::try_from(bytes).ok()))
}

fn database_file(db: &mut dyn Database) -> Result<Option<PathBuf>> {
    let file = db.texts("SELECT file FROM pragma_database_list WHERE name = 'main'", &[])?.pop();
    Ok(file.filter(|file| !file.is_empty()).map(PathBuf::from))
}

/// In WAL mode all new pages go to the WAL, free ones of the database too.
fn is_wal(db: &mut dyn Database) -> Result<bool> {
    Ok(db.texts("PRAGMA main.journal_mode", &[])?.iter().any(|mode| mode.eq_ignore_ascii_case("wal")))
}

fn free_pages(db: &mut dyn Database) -> Result<u64> {
    let page = db.integer("PRAGMA main.page_size", &[])?.unwrap_or_default();
    let free = db.integer("PRAGMA main.freelist_count", &[])?.unwrap_or_default();
    Ok(u64::try_from(page.saturating_mul(free)).unwrap_or(0))
}

/// <https://sqlite.org/pragma.html#pragma_temp_store>
fn sorts_in_memory(db: &mut dyn Database) -> Result<bool> {
    let compiled = db.texts("PRAGMA compile_options", &[])?;
    let has = |option: &str| compiled.iter().any(|one| one == option);
    let chosen = db.integer("PRAGMA temp_store", &[])?.unwrap_or_default();
    Ok(has("TEMP_STORE=3") || chosen == 2 || (chosen == 0 && has("TEMP_STORE=2")))
}
