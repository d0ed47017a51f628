//! Rows for tables that have none: such as their constraints allow, and nobody has thought of.
//!
//! What the definitions tell (types, CHECKs, keys) makes the guesses, and SQLite itself is the judge
//! of each row: nothing here decides what a constraint means. The same seed invents the same rows.
//!
//! ```
//! # #[cfg(feature = "rusqlite")] {
//! use limbeck::invent::{self, Wish};
//!
//! let mut db = rusqlite::Connection::open_in_memory().unwrap();
//! db.execute_batch(
//!     "CREATE TABLE users(id INTEGER PRIMARY KEY, mail TEXT NOT NULL UNIQUE CHECK (mail LIKE '%@%'));
//!      CREATE TABLE orders(user_id INTEGER NOT NULL REFERENCES users, total CHECK (total > 100));
//!      CREATE TABLE never(a CHECK (0));",
//! )
//! .unwrap();
//! let invented = invent::rows(&mut db, &["users", "orders", "never"], &Wish { seed: 7, ..Wish::default() })?;
//! assert_eq!(invented.tables[0].table, "users");
//! assert!(invented.tables[1].rows > 3);
//! assert_eq!(invented.left_out[0].reason, "CHECK constraint failed: 0");
//! # }
//! # Ok::<(), limbeck::Error>(())
//! ```

mod clues;
mod random;
mod table;
#[cfg(all(test, feature = "rusqlite"))]
mod tests;
mod values;
mod virtual_table;

use serde::Serialize;

use crate::db::Database;
use crate::error::Result;
use crate::inspect;
use crate::schema::{ObjectKind, TableDef};
use crate::sql::{quote, same_name};
use table::Table;
use values::Style;

/// What kind of rows is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// Chooses among what is possible.
    pub seed: u64,
    /// How many rows each table gets.
    pub rows: usize,
    /// With NULLs, numbers at the edges, texts that trip, values of another type than the declared one;
    /// without, such rows as an app writes.
    pub odd: bool,
}

impl Default for Wish {
    fn default() -> Wish {
        Wish { seed: 1, rows: 8, odd: true }
    }
}

/// What came of a [`Wish`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Invented {
    /// The tables that got rows, in the order in which they were filled.
    pub tables: Vec<Filled>,
    /// The tables for which no row could be invented.
    pub left_out: Vec<LeftOut>,
}

/// A table that got rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Filled {
    /// The table.
    pub table: String,
    /// How many.
    pub rows: u64,
}

/// A table that got none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The table.
    pub table: String,
    /// What SQLite said of the last attempt.
    pub reason: String,
}

impl Invented {
    /// Notes rows that came later, or had to go.
    fn count(&mut self, table: &str, more: u64, gone: u64) {
        match self.tables.iter_mut().find(|filled| filled.table == table) {
            Some(filled) => filled.rows = (filled.rows + more).saturating_sub(gone),
            None if more > 0 => self.tables.push(Filled { table: table.to_owned(), rows: more }),
            None => {}
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }
}

/// Adds rows to these tables of `main`, parents before children. Triggers fire, as they do for an app. What
/// is inside of a virtual table, or SQLite's own, is left alone.
///
/// Works in savepoints; a transaction around it makes it fast.
///
/// Errors: `database.*`, and [`ErrorKind::SqlSyntax`](crate::ErrorKind::SqlSyntax) where a definition
/// cannot be read. A row that SQLite refuses is none.
pub fn rows(db: &mut dyn Database, tables: &[&str], wish: &Wish) -> Result<Invented> {
    const STYLES: [Style; 8] = [
        Style::Plain,
        Style::Nulls,
        Style::Odd,
        Style::Mixed,
        Style::Plain,
        Style::Odd,
        Style::Mixed,
        Style::Odd,
    ];
    let styles: Vec<Style> = STYLES.iter().copied().cycle().take(wish.rows).collect();
    let objects = inspect::objects(db, "main")?;
    let mut ordinary = Vec::new();
    let mut invented = Invented::default();
    let shadows = inspect::shadow_tables(db)?;
    let inner =
        |name: &str| shadows.iter().any(|shadow| same_name(shadow, name)) || inspect::is_sqlites(name);
    let wanted = |name: &str| !inner(name) && tables.iter().any(|table| same_name(table, name));
    for object in objects.iter().filter(|o| o.kind == ObjectKind::Table && wanted(&o.name)) {
        let sql = object.sql.as_deref().unwrap_or_default();
        if virtual_table::is_one(sql) {
            virtual_table::fill(db, object, &objects, wish, &mut invented);
        } else {
            ordinary.push(Table::new(TableDef::parse(sql)?));
        }
    }
    let ordinary = parents_first(ordinary);
    for (at, table) in ordinary.iter().enumerate() {
        // In a circle in which every key must point somewhere, the first rows point nowhere for a while.
        let later =
            |parent: &str| ordinary[at + 1..].iter().any(|other| same_name(&other.definition.name, parent));
        let opens = table.parents().any(later) && !table.may_begin();
        let (rows, refusal) = table.fill(db, &styles, wish, opens)?;
        let name = table.definition.name.clone();
        match refusal {
            Some(reason) if rows == 0 => invented.left_out.push(LeftOut { table: name, reason }),
            _ => invented.tables.push(Filled { table: name, rows }),
        }
        // Of a circle, the first could point nowhere yet.
        let closes = |first: &&Table| first.parents().any(|parent| same_name(parent, &table.definition.name));
        for first in ordinary[..at].iter().filter(closes) {
            let gone = first.close(db)?;
            let again = Wish { seed: !wish.seed, ..*wish };
            let (more, _) = first.fill(db, &styles[..styles.len().min(3)], &again, false)?;
            invented.count(&first.definition.name, more, gone);
        }
    }
    // What went may have been a parent.
    for table in ordinary.iter().chain(&ordinary) {
        let gone = table.close(db)?;
        invented.count(&table.definition.name, 0, gone);
    }
    let mut left_out = Vec::new();
    for left in invented.left_out {
        // One that has the only row that it takes is not left out.
        if !db.any(&format!("SELECT 1 FROM main.{}", quote(&left.table)), &[])? {
            left_out.push(left);
        }
    }
    invented.left_out = left_out;
    Ok(invented)
}

/// Those whose parents come before them first; in a circle, in the order in which they were made.
fn parents_first(mut tables: Vec<Table>) -> Vec<Table> {
    let mut sorted: Vec<Table> = Vec::new();
    while !tables.is_empty() {
        let waits = |table: &Table| {
            table.parents().any(|parent| tables.iter().any(|other| same_name(&other.definition.name, parent)))
        };
        let free = tables.iter().position(|table| !waits(table));
        // Of a circle, the one that can begin with a NULL: its keys all may be empty.
        let next = free.or_else(|| tables.iter().position(Table::may_begin)).unwrap_or(0);
        sorted.push(tables.remove(next));
    }
    sorted
}
