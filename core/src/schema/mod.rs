//! What a `CREATE TABLE` text says, with the place of every part, and edits that leave the rest of
//! the text as it is. Pure: knows no database.
//!
//! ```
//! use limbeck::schema::TableDef;
//!
//! let table = TableDef::parse("CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT NOT NULL /* shown */)").unwrap();
//! assert_eq!(table.columns[1].name, "name");
//! assert_eq!(table.rowid_alias(), Some(0));
//! ```

mod affinity;
mod edit;
mod object;
mod parse;
mod table;

pub use affinity::Affinity;
pub use edit::{Edits, append_item, insert_item, insert_with_comment, item_with_comment, remove_item};
pub(crate) use object::{NamesUsed, double_quotes, expression_mentions, mentions};
pub use object::{Object, ObjectKind};
pub use table::{
    ColumnConstraint, ColumnDef, ColumnRule, ForeignKey, IndexedColumn, Span, TableConstraint, TableDef,
    TableOptions, TableRule,
};
