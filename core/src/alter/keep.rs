//! The indexes that a rebuild need not make again, which is half of its work: where rowids and values stay,
//! an index holds of the new rows just what it holds of the old ones.
//!
//! They go over to the new table by an edit of `sqlite_schema`, as a rename takes them along. Which ones, is
//! decided by definitions; that no value is one that a copy would change, is asked of the rows
//! before, and that each row has its entry, afterwards. Where not, they are made again after all.

use super::convert::is_misfit;
use super::draft::{Draft, Source};
use super::table_state::TableState;
use super::values::changed;
use crate::schema::{NamesUsed, Object, TableDef};
use crate::sql::{literal, quote, same_name};

/// An index that goes over to the new table as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptIndex {
    /// Its name.
    pub name: String,
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
        let (schema, table, name) = (quote(&index.schema), quote(&index.table), quote(&index.name));
        KeptIndex {
            name: index.name.clone(),
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

/// The indexes that a rebuild keeps.
#[derive(Debug, Default)]
pub(super) struct Kept<'d> {
    pub indexes: Vec<&'d Object>,
    /// Conditions on the old rows; where one holds, none can be kept.
    pub unsure: Vec<String>,
}

impl<'d> Kept<'d> {
    /// Which indexes of the draft hold what they held, if rows keep their rowids.
    ///
    /// Not one that is partial or holds an expression: its entries cannot be told from its text and from how
    /// many they are. Nor one of a generated column, which a copy computes anew, by what may be another function
    /// now; or in the order of an app's own collation, which may be another, too.
    pub fn of(state: &TableState, draft: &'d Draft) -> Kept<'d> {
        let (old, new) = (&state.table, &draft.table);
        let key =
            |table: &TableDef| table.rowid_alias().map(|at| table.columns[at].name.to_ascii_lowercase());
        if key(old) != key(new) {
            return Kept::default();
        }
        let changed = changed(state, draft);
        let stays = |name: &str| {
            new.position(name).is_some_and(|at| {
                let column = &new.columns[at];
                !changed[at]
                    && column.generated().is_none()
                    && is_sqlites_order(&new.collation(column))
                    && matches!(&draft.sources[at], Source::Column(from) | Source::Converted(from) if same_name(from, name))
            })
        };
        let columns = old.columns.iter().chain(&new.columns);
        let others: Vec<&str> =
            columns.map(|column| column.name.as_str()).filter(|name| !stays(name)).collect();
        let may_stay = |index: &&Object| {
            state.indexes.contains(index)
                && !index.is_computed()
                && index.collations().iter().all(|name| is_sqlites_order(name))
        };
        let candidates = draft.indexes.iter().filter(may_stay);
        let mut kept: Vec<(&Object, NamesUsed)> = candidates
            .map(|index| (index, NamesUsed::of(index.sql.as_deref().unwrap_or_default())))
            .collect();
        kept.retain(|(_, used)| !others.iter().any(|name| used.has(name)));
        let listed = new.columns.iter().filter(|c| kept.iter().any(|(_, used)| used.has(&c.name)));
        let rowid = new.rowid_alias().map(|at| &new.columns[at]);
        let others = listed.filter(|column| rowid != Some(column));
        let unsure = others.filter_map(|c| is_misfit(&quote(&c.name), new.affinity(c))).collect();
        Kept { indexes: kept.into_iter().map(|(index, _)| index).collect(), unsure }
    }
}

/// Whether a collation is one of SQLite's own (<https://sqlite.org/datatype3.html#collating_sequences>).
pub(super) fn is_sqlites_order(collation: &str) -> bool {
    ["BINARY", "NOCASE", "RTRIM"].iter().any(|own| same_name(own, collation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alter::{Alteration, Capabilities, Rebuild, RebuildMode, choose};
    use crate::schema::ObjectKind;

    fn kept_of(table: &str, index: &str, actions: &str, edit: bool) -> bool {
        let state = TableState {
            schema: "main".into(),
            table: TableDef::parse(table).unwrap().into(),
            indexes: vec![Object {
                schema: "main".into(),
                kind: ObjectKind::Index,
                name: "i".into(),
                table: "t".into(),
                sql: Some(format!("CREATE INDEX i ON t{index}")),
            }],
            triggers: Vec::new(),
            children: Vec::new(),
            names: vec!["t".into()],
        };
        let alteration = Alteration::parse(&format!("ALTER TABLE t {actions}")).unwrap();
        let can = Capabilities { version: 3_040_001, sound: true, edit: true, rebuild: RebuildMode::Always };
        let (draft, _) = choose(&state, &alteration.actions, can).unwrap();
        let plan = Rebuild::new(&state, &draft, edit).unwrap();
        assert_eq!(plan.keep.len() + plan.indexes.len(), 1);
        plan.keep.len() == 1
    }

    #[test]
    fn an_index_is_kept_where_it_holds_what_it_held() {
        let plain = "CREATE TABLE t(id INTEGER PRIMARY KEY, a INT, b TEXT, c AS (a))";
        for (table, index, actions, want) in [
            (plain, "(a DESC, b COLLATE NOCASE)", "ALTER a SET NOT NULL", true),
            (plain, "(b, id)", "ALTER a TYPE TEXT, ADD d FIRST, ADD CHECK (a > b)", true),
            (plain, "(a)", "ALTER a TYPE NUMERIC", true),
            (plain, "(b)", "SET AUTOINCREMENT", true),
            (plain, "(b)", "DROP PRIMARY KEY", false),
            (plain, "(a)", "ALTER a TYPE TEXT", false),
            (plain, "(a)", "ALTER a TYPE INT USING a + 1", false),
            (plain, "(a, b)", "ALTER b TYPE TEXT COLLATE NOCASE", false),
            (plain, "(a) WHERE b > 1", "ALTER a SET NOT NULL", false),
            (plain, "(abs(a))", "ALTER a SET NOT NULL", false),
            (plain, "(c)", "ALTER b SET NOT NULL", false),
            (plain, "(b COLLATE mine)", "ALTER a SET NOT NULL", false),
            ("CREATE TABLE t(a, b COLLATE mine)", "(b)", "ALTER a SET NOT NULL", false),
            ("CREATE TABLE t(a, b COLLATE mine)", "(a)", "ALTER a SET NOT NULL", true),
            ("CREATE TABLE t(a)", "(a)", "ADD id INTEGER PRIMARY KEY", false),
            ("CREATE TABLE t(a PRIMARY KEY, b)", "(b)", "SET WITHOUT ROWID", false),
            ("CREATE TABLE t(a PRIMARY KEY, b) WITHOUT ROWID", "(b)", "ALTER b SET NOT NULL", false),
            ("CREATE TABLE t(a CHECK (t.a > 0), b)", "(b)", "ALTER b SET NOT NULL", false),
        ] {
            assert_eq!(kept_of(table, index, actions, true), want, "{table}, {index}: {actions}");
            assert!(!kept_of(table, index, actions, false), "{table}, {index}: {actions}");
        }
    }
}
