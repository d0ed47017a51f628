//! What a database takes, and what SQLite writes beside it for a piece of work: asked of SQLite, never
//! guessed. `None` is not known: a build without `dbstat` (<https://sqlite.org/dbstat.html>) counts no
//! table.

use std::path::{Path, PathBuf};

use crate::db::{Database, Value};
use crate::deed::NewIndex;
use crate::error::{Result, accepted};
use crate::sql::{literal, quote};

/// Where the database is; nowhere, if it is in memory.
pub fn file(db: &mut dyn Database) -> Result<Option<PathBuf>> {
    // The pragma itself, where its function would read the schema first: the file may be no database.
    let listed = match db.rows("PRAGMA database_list", &[]) {
        Ok(listed) => listed,
        // A path need not be UTF-8, and then is none of the texts that a backend reads.
        Err(error) => {
            let sql = "SELECT seq, name, CAST(file AS BLOB) FROM pragma_database_list";
            db.rows(sql, &[]).map_err(|_| error)?
        }
    };
    let main = listed.into_iter().find_map(|row| match <[Value; 3]>::try_from(row) {
        Ok([_, Value::Text(name), file]) if name == "main" => Some(file),
        _ => None,
    });
    let file = match main {
        Some(Value::Text(file)) => Some(PathBuf::from(file)),
        Some(Value::Blob(file)) => path(file),
        _ => None,
    };
    Ok(file.filter(|file| !file.as_os_str().is_empty()))
}

/// A path of any bytes.
#[cfg(unix)]
fn path(bytes: Vec<u8>) -> Option<PathBuf> {
    let path: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(bytes);
    Some(path.into())
}

/// A path, which is text where this is no Unix.
#[cfg(not(unix))]
fn path(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// The whole database, free pages too.
pub fn database(db: &mut dyn Database) -> Result<u64> {
    Ok(number(db, "page_size")?.saturating_mul(number(db, "page_count")?))
}

/// Its free pages, which are used before the file grows.
pub fn free_pages(db: &mut dyn Database) -> Result<u64> {
    Ok(number(db, "page_size")?.saturating_mul(number(db, "freelist_count")?))
}

fn number(db: &mut dyn Database, name: &str) -> Result<u64> {
    Ok(db.integer(&format!("PRAGMA main.{name}"), &[])?.map_or(0, |value| value.max(0) as u64))
}

/// What a transaction writes beside the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journal {
    /// The pages that are there, as they were, before they are changed.
    Rollback,
    /// Each page that is changed or new: "the WAL file for a single transaction should be proportional in
    /// size to the transaction itself" (<https://sqlite.org/wal.html#avoiding_excessively_large_wal_files>).
    Wal,
    /// Nothing: it is in memory, or off.
    Nothing,
}

impl Journal {
    /// By the `journal_mode`.
    pub fn of(db: &mut dyn Database) -> Result<Journal> {
        let mode = db.texts("PRAGMA main.journal_mode", &[])?.pop().unwrap_or_default();
        Ok(match mode.to_ascii_lowercase().as_str() {
            "wal" => Journal::Wal,
            "memory" | "off" => Journal::Nothing,
            _ => Journal::Rollback,
        })
    }

    /// What its file takes already, which is written over: a WAL begins anew in its old file once all of it
    /// is in the database, and `journal_mode = PERSIST` keeps the journal's.
    pub fn there_already(self, database: &Path) -> u64 {
        let suffix = match self {
            Journal::Rollback => "-journal",
            Journal::Wal => "-wal",
            Journal::Nothing => return 0,
        };
        let mut beside = database.as_os_str().to_owned();
        beside.push(suffix);
        std::fs::metadata(beside).map_or(0, |found| found.len())
    }
}

/// The content of these tables and indexes: less than their pages take, and what a copy surely holds too.
pub fn content(db: &mut dyn Database, names: &[&str]) -> Result<Option<u64>> {
    let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
    summed(db, "payload", &format!("name IN ({})", names.join(", ")))
}

/// The content of all of them.
pub fn all_content(db: &mut dyn Database) -> Result<Option<u64>> {
    summed(db, "payload", "1")
}

/// The pages of a table and of its indexes.
pub fn table(db: &mut dyn Database, name: &str) -> Result<Option<u64>> {
    let name = literal(name);
    let own = format!(
        "name IN (SELECT name FROM main.sqlite_master WHERE tbl_name = {name} COLLATE NOCASE AND rootpage > 0)"
    );
    summed(db, "pgsize", &own)
}

fn summed(db: &mut dyn Database, what: &str, condition: &str) -> Result<Option<u64>> {
    let sql = format!("SELECT sum({what}) FROM dbstat('main') WHERE {condition}");
    // A build without dbstat does not know.
    Ok(accepted(db.integer(&sql, &[]))?.flatten().and_then(|bytes| u64::try_from(bytes).ok()))
}

/// Whether what SQLite would write to temporary files stays in memory:
/// <https://sqlite.org/pragma.html#pragma_temp_store>.
pub fn temporary_in_memory(db: &mut dyn Database) -> Result<bool> {
    let compiled = db.texts("PRAGMA compile_options", &[])?;
    let has = |option: &str| compiled.iter().any(|one| one == option);
    let chosen = db.integer("PRAGMA temp_store", &[])?.unwrap_or_default();
    Ok(has("TEMP_STORE=3") || (chosen == 2 && !has("TEMP_STORE=0")) || (chosen == 0 && has("TEMP_STORE=2")))
}

/// How much SQLite sorts for an index before it writes to a temporary file. `vdbesort.c`: "if (a) at least
/// one value is already in memory and (b) the new value will not fit in memory", which holds as much as the
/// page cache, up to 512 MB, and 250 pages at least
/// (<https://sqlite.org/c3ref/c_config_covering_index_scan.html#sqliteconfigpmasz>).
pub fn sorted_in_memory(db: &mut dyn Database) -> Result<u64> {
    if temporary_in_memory(db)? {
        return Ok(u64::MAX);
    }
    let page = number(db, "page_size")?;
    Ok(cache(db)?.min(1 << 29).max(page.saturating_mul(250)))
}

/// The page cache of the database.
pub fn cache(db: &mut dyn Database) -> Result<u64> {
    let size = db.integer("PRAGMA main.cache_size", &[])?.unwrap_or_default();
    // "If the argument N is negative, then the number of cache pages is adjusted to be a number of pages that
    // would use approximately abs(N*1024) bytes of memory": https://sqlite.org/pragma.html#pragma_cache_size
    let unit = if size < 0 { 1024 } else { number(db, "page_size")? };
    Ok(size.unsigned_abs().saturating_mul(unit))
}

/// What the entries of a new index hold at least: the text and the blobs of every row, and a byte for each value's type.
/// Reads the table, as making the index does.
pub fn new_index(db: &mut dyn Database, index: &NewIndex) -> Result<Option<u64>> {
    let named = "SELECT 1 FROM main.sqlite_master WHERE type = 'index' AND name = ?1 COLLATE NOCASE";
    if !db.has_table("main", &index.table)?
        || db.has_table("temp", &index.table)?
        || db.any(named, &[index.name.as_str().into()])?
    {
        return Ok(None);
    }
    let texts: Vec<String> = index
        .listed
        .iter()
        .map(|value| {
            format!(
                "CASE WHEN typeof({value}) IN ('text', 'blob') THEN length(CAST({value} AS BLOB)) ELSE 0 END"
            )
        })
        .collect();
    // An entry is at least its own length, the header's, the types' and the rowid's:
    // https://sqlite.org/fileformat2.html#record_format
    let row = index.listed.len() + 3;
    let rows = index.of.as_ref().map_or(String::new(), |rows| format!(" WHERE {rows}"));
    let sql = format!(
        "SELECT count(*) * {row} + coalesce(sum({}), 0) FROM main.{}{rows}",
        texts.join(" + "),
        quote(&index.table)
    );
    Ok(accepted(db.integer(&sql, &[]))?.flatten().and_then(|bytes| u64::try_from(bytes).ok()))
}

#[cfg(all(test, feature = "rusqlite"))]
mod tests {
    use super::*;
    use crate::deed::Deed;

    #[test]
    fn an_index_takes_no_less_than_is_said() {
        let mut db = rusqlite::Connection::open_in_memory().unwrap();
        let text = "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b); \
                    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000) \
                    INSERT INTO t SELECT i, printf('%030d', i), CASE WHEN i % 2 THEN i ELSE x'00ff' END FROM n;";
        db.execute_batch(text).unwrap();
        let index = |sql| match Deed::of(sql) {
            Deed::CreateIndex(index) => index,
            _ => panic!("{sql}"),
        };
        for sql in ["CREATE INDEX i ON t(a)", "CREATE INDEX i ON t(b, a DESC) WHERE id > 100"] {
            let said = new_index(&mut db, &index(sql)).unwrap().unwrap();
            db.execute_batch(sql).unwrap();
            let found = content(&mut db, &["i"]).unwrap().unwrap();
            assert!(said <= found && found - said < found / 4, "{sql}: {said} of {found}");
            assert_eq!(new_index(&mut db, &index(sql)).unwrap(), None);
            db.execute_batch("DROP INDEX i").unwrap();
        }
    }
}
