//! The indexes that a rebuild need not make again, which is half of its work: where rowids and values stay,
//! an index holds of the new rows just what it holds of the old ones.
//!
//! They go over to the new table by an edit of `sqlite_schema`, as a rename takes them along. Which ones, is
//! decided by definitions; that each row has its entry, is asked of the database afterwards.

use super::draft::{Draft, Source};
use super::table_state::TableState;
use super::values::changed;
use crate::schema::{Object, TableDef};
use crate::sql::{literal, quote, same_name};

/// An index that goes over to the new table as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptIndex {
    /// Gives it to the new table: one row of `sqlite_schema`, behind the table's own, for SQLite reads them in
    /// order.
    pub edit: String,
    /// Answers how many entries it has: one for each row, unless it was damaged.
    pub entries: String,
    /// Makes it anew.
    pub reindex: String,
}

impl KeptIndex {
    pub(super) fn new(index: &Object) -> KeptIndex {
        let (schema, name) = (quote(&index.schema), quote(&index.name));
        let table = quote(&index.table);
        KeptIndex {
            edit: format!(
                "UPDATE {schema}.sqlite_master SET rowid = (SELECT max(rowid) + 1 FROM {schema}.sqlite_master), \
                 tbl_name = {}, sql = {} WHERE type = 'index' AND name = {}",
                literal(&index.table),
                literal(index.sql.as_deref().unwrap_or_default()),
                literal(&index.name)
            ),
            // Without a condition SQLite would count whichever index is the smallest.
            entries: format!("SELECT count(*) FROM {schema}.{table} INDEXED BY {name} WHERE 1"),
            reindex: format!("REINDEX {schema}.{name}"),
        }
    }
}

/// Which indexes of the draft hold what they held, if rows keep their rowids.
///
/// Not one that is partial or holds an expression: its entries cannot be told from its text and from how many
/// they are. Nor one of a generated column, which a copy computes anew, by what may be another function now.
pub(super) fn kept<'d>(state: &TableState, draft: &'d Draft) -> Vec<&'d Object> {
    let (old, new) = (&state.table, &draft.table);
    let key = |table: &TableDef| table.rowid_alias().map(|at| table.columns[at].name.to_ascii_lowercase());
    if key(old) != key(new) {
        return Vec::new();
    }
    let changed = changed(state, draft);
    let stays = |name: &str| {
        new.position(name).is_some_and(|at| {
            !changed[at]
                && new.columns[at].generated().is_none()
                && matches!(&draft.sources[at], Source::Column(from) if same_name(from, name))
        })
    };
    let columns = old.columns.iter().chain(&new.columns);
    let others: Vec<&str> = columns.map(|column| column.name.as_str()).filter(|name| !stays(name)).collect();
    let keeps = |index: &&Object| {
        state.indexes.contains(index)
            && !index.is_computed()
            && !others.iter().any(|name| index.mentions(name))
    };
    draft.indexes.iter().filter(keeps).collect()
}
