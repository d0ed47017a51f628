//! What lies between the schema that is there and the one that is wanted. Knows no database.
//!
//! Objects are compared one by one, by what their `CREATE` texts say: layout, comments, the case of
//! words and the quotes of names are no difference; another order of columns, or of what a column
//! says, is one.
//!
//! ```
//! use limbeck::diff::{self, DifferenceKind};
//! use limbeck::schema::{Object, ObjectKind};
//!
//! let table = |sql: &str| Object {
//!     schema: "main".into(),
//!     kind: ObjectKind::Table,
//!     name: "notes".into(),
//!     table: "notes".into(),
//!     sql: Some(sql.into()),
//! };
//! let present = [table("CREATE TABLE notes(title)")];
//! let same = diff::differences(&present, &[table("create table \"notes\" ( title ) -- theirs")]);
//! assert!(same.is_empty());
//! let found = diff::differences(&present, &[table("CREATE TABLE notes(title TEXT)")]);
//! assert_eq!(found[0].kind, DifferenceKind::ChangeTable);
//! ```

use std::collections::HashMap;

use serde::Serialize;

use crate::schema::{Object, ObjectKind};
use crate::sql::same_text;

/// One thing that a migration would have to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What is to be done.
    pub kind: DifferenceKind,
    /// The table (or view) that the object belongs to; its own name for a table or view.
    pub table: String,
    /// The object's name.
    pub name: String,
    /// The wanted `CREATE` text, or the `DROP`.
    pub sql: String,
    /// The `CREATE` text that is there, for people who look at a change.
    #[serde(skip)]
    pub present: Option<String>,
}

/// What a [`Difference`] asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DifferenceKind {
    /// A wanted table is missing.
    AddTable,
    /// A table is there that is not wanted.
    DropTable,
    /// A table is defined otherwise.
    ChangeTable,
    /// A wanted index is missing.
    AddIndex,
    /// An index is there that is not wanted.
    DropIndex,
    /// An index is defined otherwise.
    ChangeIndex,
    /// A wanted trigger is missing.
    AddTrigger,
    /// A trigger is there that is not wanted.
    DropTrigger,
    /// A trigger is defined otherwise.
    ChangeTrigger,
    /// A wanted view is missing.
    AddView,
    /// A view is there that is not wanted.
    DropView,
    /// A view is defined otherwise.
    ChangeView,
}

impl DifferenceKind {
    /// As JSON has it: `add_table`.
    pub fn as_str(self) -> &'static str {
        match self {
            DifferenceKind::AddTable => "add_table",
            DifferenceKind::DropTable => "drop_table",
            DifferenceKind::ChangeTable => "change_table",
            DifferenceKind::AddIndex => "add_index",
            DifferenceKind::DropIndex => "drop_index",
            DifferenceKind::ChangeIndex => "change_index",
            DifferenceKind::AddTrigger => "add_trigger",
            DifferenceKind::DropTrigger => "drop_trigger",
            DifferenceKind::ChangeTrigger => "change_trigger",
            DifferenceKind::AddView => "add_view",
            DifferenceKind::DropView => "drop_view",
            DifferenceKind::ChangeView => "change_view",
        }
    }

    fn add(kind: ObjectKind) -> DifferenceKind {
        match kind {
            ObjectKind::Table => DifferenceKind::AddTable,
            ObjectKind::Index => DifferenceKind::AddIndex,
            ObjectKind::Trigger => DifferenceKind::AddTrigger,
            ObjectKind::View => DifferenceKind::AddView,
        }
    }

    fn change(kind: ObjectKind) -> DifferenceKind {
        match kind {
            ObjectKind::Table => DifferenceKind::ChangeTable,
            ObjectKind::Index => DifferenceKind::ChangeIndex,
            ObjectKind::Trigger => DifferenceKind::ChangeTrigger,
            ObjectKind::View => DifferenceKind::ChangeView,
        }
    }

    fn drop(kind: ObjectKind) -> DifferenceKind {
        match kind {
            ObjectKind::Table => DifferenceKind::DropTable,
            ObjectKind::Index => DifferenceKind::DropIndex,
            ObjectKind::Trigger => DifferenceKind::DropTrigger,
            ObjectKind::View => DifferenceKind::DropView,
        }
    }
}

/// What would make the present schema the wanted one: first what is added or changed, in the order
/// in which it is wanted, then what is dropped, triggers, views and indexes before tables, by name.
///
/// Indexes that constraints make are part of their table.
pub fn differences(present: &[Object], wanted: &[Object]) -> Vec<Difference> {
    let (there, asked) = (by_name(present), by_name(wanted));
    let mut found = Vec::new();
    for object in wanted {
        let Some(sql) = &object.sql else { continue };
        match there.get(&key(object)).map(|there| there.sql.as_deref().unwrap_or_default()) {
            None => found.push(difference(DifferenceKind::add(object.kind), object, sql, None)),
            Some(now) if !same_text(now, sql) => {
                found.push(difference(DifferenceKind::change(object.kind), object, sql, Some(now)));
            }
            Some(_) => {}
        }
    }
    let mut dropped: Vec<&Object> =
        there.values().copied().filter(|o| !asked.contains_key(&key(o))).collect();
    // The order in which they were made is not the same after every way of altering a table.
    dropped.sort_by_cached_key(|object| (drop_order(object.kind), key(object)));
    let drop = |object: &Object| difference(DifferenceKind::drop(object.kind), object, &object.drop(), None);
    found.extend(dropped.into_iter().map(drop));
    found
}

/// What hangs on a table or view goes before it.
fn drop_order(kind: ObjectKind) -> u8 {
    match kind {
        ObjectKind::Trigger => 0,
        ObjectKind::View => 1,
        ObjectKind::Index => 2,
        ObjectKind::Table => 3,
    }
}

fn difference(kind: DifferenceKind, object: &Object, sql: &str, present: Option<&str>) -> Difference {
    Difference {
        kind,
        table: object.table.clone(),
        name: object.name.clone(),
        sql: sql.to_owned(),
        present: present.map(str::to_owned),
    }
}

fn by_name(objects: &[Object]) -> HashMap<(ObjectKind, String), &Object> {
    objects.iter().filter(|object| object.sql.is_some()).map(|object| (key(object), object)).collect()
}

/// SQLite takes ASCII letters for the same in both cases, and no others.
fn key(object: &Object) -> (ObjectKind, String) {
    (object.kind, object.name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: ObjectKind, name: &str, table: &str, sql: &str) -> Object {
        let sql = (!sql.is_empty()).then(|| sql.to_owned());
        Object { schema: "main".into(), kind, name: name.into(), table: table.into(), sql }
    }

    #[test]
    fn what_is_added_changed_and_dropped() {
        use ObjectKind::{Index, Table, Trigger, View};
        let present = [
            object(Table, "t", "t", "CREATE TABLE t(a, b)"),
            object(Table, "gone", "gone", "CREATE TABLE gone(a UNIQUE)"),
            object(Index, "sqlite_autoindex_gone_1", "gone", ""),
            object(Index, "g", "gone", "CREATE INDEX g ON gone(a)"),
            object(View, "v", "v", "CREATE VIEW v AS SELECT a FROM t"),
            object(Trigger, "r", "t", "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 'A'; END"),
            object(View, "x", "x", "CREATE VIEW x AS SELECT 1"),
        ];
        let wanted = [
            object(Table, "T", "T", "create table T(A , b /* the same */)"),
            object(Table, "x", "x", "CREATE TABLE x(a)"),
            object(Index, "i", "T", "CREATE INDEX i ON T(a)"),
            object(View, "v", "v", "CREATE VIEW v AS SELECT b FROM t"),
            object(Trigger, "r", "t", "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 'a'; END"),
        ];
        let found = differences(&present, &wanted);
        let shown: Vec<String> =
            found.iter().map(|d| format!("{} {} {}: {}", d.kind.as_str(), d.table, d.name, d.sql)).collect();
        assert_eq!(
            shown,
            [
                "add_table x x: CREATE TABLE x(a)",
                "add_index T i: CREATE INDEX i ON T(a)",
                "change_view v v: CREATE VIEW v AS SELECT b FROM t",
                "change_trigger t r: CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 'a'; END",
                "drop_view x x: DROP VIEW main.x",
                "drop_index gone g: DROP INDEX main.g",
                "drop_table gone gone: DROP TABLE main.gone",
            ]
        );
        assert_eq!(found[2].present.as_deref(), Some("CREATE VIEW v AS SELECT a FROM t"));
        assert!(differences(&present, &present).is_empty());
    }

    #[test]
    fn the_kinds_names_are_those_of_json() {
        for kind in [ObjectKind::Table, ObjectKind::Index, ObjectKind::Trigger, ObjectKind::View] {
            for (verb, kind_of) in [
                ("add", DifferenceKind::add(kind)),
                ("change", DifferenceKind::change(kind)),
                ("drop", DifferenceKind::drop(kind)),
            ] {
                let name = format!("{verb}_{}", kind.as_str());
                assert_eq!(kind_of.as_str(), name);
                assert_eq!(serde_json::to_value(kind_of).unwrap(), name.as_str());
            }
        }
    }
}
