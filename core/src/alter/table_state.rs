//! All that an alteration must know of one table, gathered before anything is decided.

use std::sync::Arc;

use crate::schema::{Object, TableDef};
use crate::sql::{quote, same_name};

/// A table with what belongs to it and what points to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableState {
    /// `main`, `temp`, or the name of an attached database.
    pub schema: String,
    /// Its definition.
    pub table: Arc<TableDef>,
    /// Its indexes that are written out, in the order of `sqlite_schema`.
    pub indexes: Vec<Object>,
    /// Its triggers, the temporary ones too.
    pub triggers: Vec<Object>,
    /// Foreign keys of any table of the schema, itself included, that point to it.
    pub children: Vec<Child>,
    /// The names in the schema that begin as limbeck's own temporary names do (`limbeck_`), or as
    /// SQLite's.
    pub names: Vec<String>,
}

/// A foreign key that points to the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// The table that holds the key.
    pub table: String,
    /// Its columns there.
    pub from: Vec<String>,
    /// The columns of the parent that it names; empty for the parent's primary key.
    pub columns: Vec<String>,
    /// Whether deleting a parent row would change child rows (CASCADE, SET NULL, SET DEFAULT).
    pub acts: bool,
}

impl Child {
    /// Whether it needs a column of the parent, whose primary key is `key`.
    pub fn names(&self, column: &str, key: &[&str]) -> bool {
        let named = self.columns.iter().any(|name| same_name(name, column));
        named || (self.columns.is_empty() && key.iter().any(|name| same_name(name, column)))
    }

    /// For a message.
    pub fn title(&self) -> String {
        let columns: Vec<String> = self.from.iter().map(|name| quote(name)).collect();
        format!("foreign key ({}) of table {}", columns.join(", "), self.table)
    }
}

impl TableState {
    /// The table as a statement names it: with its schema, both quoted.
    pub fn qualified(&self) -> String {
        format!("{}.{}", quote(&self.schema), quote(&self.table.name))
    }

    /// A name beginning with `stem`, one of limbeck's own, that nothing in the schema has.
    pub fn unused_name(&self, stem: &str) -> String {
        let taken = |name: &str| self.names.iter().any(|other| other.eq_ignore_ascii_case(name));
        (0u32..)
            .map(|n| if n == 0 { stem.to_owned() } else { format!("{stem}_{n}") })
            .find(|name| !taken(name))
            .expect("a schema has fewer objects than u32 has numbers")
    }
}
