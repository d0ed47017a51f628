//! All rows of an app's tables, read at once.

use std::collections::BTreeMap;

use crate::db::{Database, Value};
use crate::error::{ErrorKind, Result};
use crate::schema::{Object, ObjectKind, TableDef};
use crate::sql::quote;

/// The rows of a database, by table.
#[derive(Debug, Default)]
pub(crate) struct Rows(BTreeMap<String, TableRows>);

/// The rows of one table.
#[derive(Debug)]
pub(super) struct TableRows {
    pub name: String,
    pub columns: Vec<String>,
    /// The columns of the primary key; none for a table without one.
    pub key: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

impl Rows {
    /// Reads the ordinary tables among these objects, each in the order of its keys or values.
    pub fn read(db: &mut dyn Database, objects: &[Object]) -> Result<Rows> {
        let mut all = BTreeMap::new();
        for object in objects.iter().filter(|object| object.kind == ObjectKind::Table) {
            let Ok(table) = TableDef::parse(object.sql.as_deref().unwrap_or_default()) else { continue };
            let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
            let list: Vec<String> = columns.iter().map(|name| quote(name)).collect();
            let rows = values(db, &list, &quote(&object.name))?;
            let key = table.primary_key().into_iter().map(str::to_owned).collect();
            let name = object.name.clone();
            all.insert(name.to_ascii_lowercase(), TableRows { name, columns, key, rows });
        }
        Ok(Rows(all))
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.values().map(|table| table.rows.len() as u64).sum()
    }

    pub(super) fn table(&self, name: &str) -> Option<&TableRows> {
        self.0.get(&name.to_ascii_lowercase())
    }

    pub(super) fn tables(&self) -> impl Iterator<Item = &TableRows> {
        self.0.values()
    }
}

/// The values of a table. A text that is not UTF-8, as SQL makes one of a blob, is read as its bytes.
fn values(db: &mut dyn Database, columns: &[String], table: &str) -> Result<Vec<Vec<Value>>> {
    match db.rows(&format!("SELECT {} FROM main.{table}", columns.join(", ")), &[]) {
        Err(error) if error.kind() == ErrorKind::Corrupt => {}
        read => return read,
    }
    let bytes = |name: &String| {
        format!("CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END, typeof({name})")
    };
    let columns: Vec<String> = columns.iter().map(bytes).collect();
    let rows = db.rows(&format!("SELECT {} FROM main.{table}", columns.join(", ")), &[])?;
    let value = |pair: &[Value]| match pair {
        [Value::Blob(bytes), Value::Text(kind)] if kind == "text" => {
            str::from_utf8(bytes).map_or_else(|_| Value::Blob(bytes.clone()), Value::from)
        }
        [value, ..] => value.clone(),
        [] => Value::Null,
    };
    Ok(rows.iter().map(|row| row.chunks(2).map(value).collect()).collect())
}

impl TableRows {
    pub fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name.eq_ignore_ascii_case(column))
    }
}
