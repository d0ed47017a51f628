//! What the drivers in Rust read of a database.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// The first column of every row, as text.
pub fn texts(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement = db.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let mut rows = statement.query([]).unwrap();
    let mut all = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        all.push(match row.get_ref(0).unwrap() {
            ValueRef::Integer(value) => value.to_string(),
            other => other.as_str().unwrap().to_owned(),
        });
    }
    all
}
