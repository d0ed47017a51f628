//! What a statement does: the one reader of it, for a run, an estimate, rules and trials. Knows no script and
//! no database.

mod index;

use sqlite3_parser::ast::{
    InsertBody, Name, OneSelect, QualifiedName, ResolveType, Set, Stmt, TriggerCmd, TriggerEvent,
};

pub use index::NewIndex;

use crate::alter::Alteration;
use crate::sql::{same_name, unquote, with_statement};

/// What a statement does, as far as anyone asks. Names are unquoted, and without their schema where that is
/// not asked.
#[derive(Debug, PartialEq, Eq)]
pub enum Deed {
    CreateTable {
        table: String,
    },
    /// In the database itself.
    CreateIndex(NewIndex),
    /// Of the database itself, as far as its name tells.
    DropIndex {
        index: String,
    },
    /// A view, a trigger, a virtual table, an index elsewhere is made; a trigger or such an index is dropped.
    Other {
        table: Option<String>,
    },
    DropTable {
        /// The schema that is written before it.
        schema: Option<String>,
        table: String,
    },
    DropView {
        /// The schema that is written before it.
        schema: Option<String>,
        view: String,
    },
    Alter(Alteration),
    Insert {
        table: String,
        /// Its rows come from a query.
        selects: bool,
        /// Rows that are there may be changed or deleted for it.
        replaces: bool,
    },
    Update {
        table: String,
        columns: Vec<String>,
        /// Rows other than those that it names may be deleted for it.
        replaces: bool,
    },
    Delete {
        table: String,
        all: bool,
    },
    /// The database itself is written anew, not another file.
    Vacuum,
    /// No change of the schema, and none of an app's rows.
    Neither,
}

impl Deed {
    /// What a statement does. One that cannot be read does nothing that anyone knows: SQLite will judge it.
    pub fn of(sql: &str) -> Deed {
        if Alteration::begins(sql) {
            return Alteration::parse(sql).map_or(Deed::Neither, Deed::Alter);
        }
        with_statement(sql, |statement| of_statement(statement, sql)).unwrap_or(Deed::Neither)
    }
}

/// Whether a schema that is written before a name, or none, is the database itself.
pub fn in_main(schema: Option<&str>) -> bool {
    schema.is_none_or(|schema| same_name(schema, "main"))
}

/// Which kind of statement fires a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fires {
    Insert,
    Update,
    Delete,
}

/// What fires a trigger, and what it does then; none of a text that is no trigger's.
pub fn of_trigger(sql: &str) -> Option<(Fires, Vec<Deed>)> {
    let read = |statement: &Stmt<'_>| match statement {
        Stmt::CreateTrigger { event, commands, .. } => {
            let fires = match event {
                TriggerEvent::Delete => Fires::Delete,
                TriggerEvent::Insert => Fires::Insert,
                TriggerEvent::Update | TriggerEvent::UpdateOf(_) => Fires::Update,
            };
            Some((fires, commands.iter().map(of_command).collect()))
        }
        _ => None,
    };
    with_statement(sql, read).ok()?
}

fn of_command(command: &TriggerCmd<'_>) -> Deed {
    match command {
        TriggerCmd::Update { or_conflict, tbl_name, sets, .. } => {
            Deed::Update { table: table(tbl_name), columns: columns(sets), replaces: replaces(*or_conflict) }
        }
        TriggerCmd::Insert { or_conflict, tbl_name, upsert, .. } => Deed::Insert {
            table: table(tbl_name),
            selects: false,
            replaces: upsert.is_some() || replaces(*or_conflict),
        },
        TriggerCmd::Delete { tbl_name, .. } => Deed::Delete { table: table(tbl_name), all: false },
        TriggerCmd::Select(_) => Deed::Neither,
    }
}

fn of_statement(statement: &Stmt<'_>, sql: &str) -> Deed {
    match statement {
        Stmt::CreateTable { temporary: false, tbl_name, .. } => Deed::CreateTable { table: table(tbl_name) },
        Stmt::CreateIndex { unique, idx_name, tbl_name, .. } => {
            let on = unquote(tbl_name.0);
            let here = in_main(schema(idx_name).as_deref());
            match here.then(|| NewIndex::read(table(idx_name), on.clone(), *unique, sql)).flatten() {
                Some(index) => Deed::CreateIndex(index),
                None => Deed::Other { table: Some(on) },
            }
        }
        Stmt::CreateTrigger { tbl_name, .. } => Deed::Other { table: Some(table(tbl_name)) },
        Stmt::CreateVirtualTable { tbl_name, .. } => Deed::Other { table: Some(table(tbl_name)) },
        Stmt::CreateView { view_name, .. } => Deed::Other { table: Some(table(view_name)) },
        Stmt::DropIndex { idx_name, .. } if in_main(schema(idx_name).as_deref()) => {
            Deed::DropIndex { index: table(idx_name) }
        }
        Stmt::DropIndex { .. } | Stmt::DropTrigger { .. } => Deed::Other { table: None },
        Stmt::DropView { view_name, .. } => {
            Deed::DropView { schema: schema(view_name), view: table(view_name) }
        }
        Stmt::DropTable { tbl_name, .. } => {
            Deed::DropTable { schema: schema(tbl_name), table: table(tbl_name) }
        }
        Stmt::Insert { or_conflict, tbl_name, body, .. } => {
            let (selects, upsert) = match body {
                InsertBody::Select(select, upsert) => {
                    (!matches!(select.body.select, OneSelect::Values(_)), upsert.is_some())
                }
                InsertBody::DefaultValues => (false, false),
            };
            Deed::Insert { table: table(tbl_name), selects, replaces: upsert || replaces(*or_conflict) }
        }
        Stmt::Update { or_conflict, tbl_name, sets, .. } => {
            Deed::Update { table: table(tbl_name), columns: columns(sets), replaces: replaces(*or_conflict) }
        }
        Stmt::Delete { tbl_name, where_clause, limit, .. } => {
            Deed::Delete { table: table(tbl_name), all: where_clause.is_none() && limit.is_none() }
        }
        Stmt::Vacuum(schema, None) if in_main(schema.as_ref().map(|name| unquote(name.0)).as_deref()) => {
            Deed::Vacuum
        }
        _ => Deed::Neither,
    }
}

fn table(name: &QualifiedName<'_>) -> String {
    unquote(name.name.0)
}

fn schema(name: &QualifiedName<'_>) -> Option<String> {
    name.db_name.as_ref().map(|schema| unquote(schema.0))
}

fn columns(sets: &[Set<'_>]) -> Vec<String> {
    let name = |name: &Name<'_>| unquote(name.0);
    sets.iter().flat_map(|set| set.col_names.iter().map(name)).collect()
}

fn replaces(conflict: Option<ResolveType>) -> bool {
    matches!(conflict, Some(ResolveType::Replace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_statement_writes() {
        let table = || "t u".to_owned();
        let insert = |selects, replaces| Deed::Insert { table: table(), selects, replaces };
        let update = |columns: &[&str], replaces| {
            let columns = columns.iter().map(|&column| column.to_owned()).collect();
            Deed::Update { table: table(), columns, replaces }
        };
        let delete = |all| Deed::Delete { table: table(), all };
        let drop =
            |schema: Option<&str>| Deed::DropTable { schema: schema.map(str::to_owned), table: table() };
        for (sql, want) in [
            ("INSERT INTO \"t u\" VALUES (1)", insert(false, false)),
            ("INSERT INTO main.[t u] SELECT 1", insert(true, false)),
            ("INSERT INTO \"t u\" DEFAULT VALUES", insert(false, false)),
            ("INSERT OR IGNORE INTO \"t u\" VALUES (1)", insert(false, false)),
            ("REPLACE INTO \"t u\" VALUES (1)", insert(false, true)),
            ("INSERT OR REPLACE INTO \"t u\" SELECT 1", insert(true, true)),
            ("INSERT INTO \"t u\" VALUES (1) ON CONFLICT DO UPDATE SET a = 1", insert(false, true)),
            ("UPDATE OR IGNORE main.\"t u\" SET a = 1, (\"b\", c) = (1, 2)", update(&["a", "b", "c"], false)),
            ("WITH x AS (SELECT 1) UPDATE \"t u\" SET a = 1", update(&["a"], false)),
            ("UPDATE OR REPLACE \"t u\" SET a = 1", update(&["a"], true)),
            ("DELETE FROM \"t u\"", delete(true)),
            ("DELETE FROM main.\"t u\" WHERE a", delete(false)),
            ("DROP TABLE IF EXISTS \"t u\"", drop(None)),
            ("DROP TABLE temp.\"t u\"", drop(Some("temp"))),
            ("CREATE TABLE \"t u\"(a)", Deed::CreateTable { table: table() }),
            ("CREATE TEMP TABLE t(a)", Deed::Neither),
            ("DROP INDEX main.\"i\"", Deed::DropIndex { index: "i".to_owned() }),
            ("DROP INDEX temp.i", Deed::Other { table: None }),
            (
                "DROP VIEW IF EXISTS temp.v",
                Deed::DropView { schema: Some("temp".to_owned()), view: "v".to_owned() },
            ),
            ("VACUUM", Deed::Vacuum),
            ("vacuum /* all */ \"main\"", Deed::Vacuum),
            ("VACUUM aux", Deed::Neither),
            ("VACUUM INTO 'a.db'", Deed::Neither),
            ("SELECT 1", Deed::Neither),
            ("UPDATE", Deed::Neither),
            ("DELETE FROM", Deed::Neither),
            ("'", Deed::Neither),
        ] {
            assert_eq!(Deed::of(sql), want, "{sql}");
        }
        assert!(matches!(Deed::of("CREATE INDEX i ON t(a)"), Deed::CreateIndex(index) if index.table == "t"));
        assert!(
            matches!(Deed::of("ALTER TABLE t DROP a"), Deed::Alter(alteration) if alteration.table == "t")
        );
    }

    #[test]
    fn what_a_trigger_does() {
        let sql = "CREATE TRIGGER r AFTER UPDATE OF a ON t BEGIN \
                   INSERT OR REPLACE INTO u VALUES (1); DELETE FROM v; SELECT 1; END";
        let insert = Deed::Insert { table: "u".to_owned(), selects: false, replaces: true };
        let delete = Deed::Delete { table: "v".to_owned(), all: false };
        assert_eq!(of_trigger(sql), Some((Fires::Update, vec![insert, delete, Deed::Neither])));
        assert_eq!(of_trigger("DELETE FROM t"), None);
    }
}
