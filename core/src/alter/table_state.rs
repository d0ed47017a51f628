//! All that an alteration must know of one table, gathered before anything is decided.

use crate::schema::{Object, TableDef};

/// A table with what belongs to it and what points to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableState {
    /// `main`, `temp`, or the name of an attached database.
    pub schema: String,
    /// Its definition.
    pub table: TableDef,
    /// Its indexes that are written out, in the order of `sqlite_schema`.
    pub indexes: Vec<Object>,
    /// Its triggers, the temporary ones too.
    pub triggers: Vec<Object>,
    /// Foreign keys of any table of the schema, itself included, that point to it.
    pub children: Vec<Child>,
    /// The names of all objects of the schema.
    pub names: Vec<String>,
}

/// A foreign key that points to the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// The table that holds the key.
    pub table: String,
    /// The columns of the parent that it names; empty for the parent's primary key.
    pub columns: Vec<String>,
    /// Whether deleting a parent row would change child rows (CASCADE, SET NULL, SET DEFAULT).
    pub acts: bool,
}

impl TableState {
    /// A name beginning with `stem` that nothing in the schema has.
    pub fn unused_name(&self, stem: &str) -> String {
        let taken = |name: &str| self.names.iter().any(|other| other.eq_ignore_ascii_case(name));
        (0u32..)
            .map(|n| if n == 0 { stem.to_owned() } else { format!("{stem}_{n}") })
            .find(|name| !taken(name))
            .expect("a schema has fewer objects than u32 has numbers")
    }
}
