//! Renames: those that are taken, and those that look likely. None is ever guessed.

use serde::Serialize;

use super::schema::{Schema, Table};
use super::shape::Column;
use crate::error::{Error, ErrorKind, Result};
use crate::set::Set;
use crate::sql::lower;

/// `old:new` for a table, `table.old:new` for a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rename {
    /// The table of a column, by its old or its new name; none for a table itself.
    pub table: Option<String>,
    /// The name now.
    pub from: String,
    /// The name wanted.
    pub to: String,
}

/// A rename that would explain what is gone and what has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// What to take, if it is right.
    #[serde(flatten)]
    pub rename: Rename,
    /// How much is alike, in percent.
    pub likeness: u8,
}

impl Rename {
    /// Reads `old:new` and `table.old:new`, as `--rename` has it.
    ///
    /// Errors: [`ErrorKind::BadRename`].
    ///
    /// ```
    /// use limbeck::diff::Rename;
    ///
    /// let rename = Rename::parse("users.mail:email")?;
    /// assert_eq!((rename.table.as_deref(), &*rename.from, &*rename.to), (Some("users"), "mail", "email"));
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Rename> {
        let bad = || {
            Error::new(ErrorKind::BadRename, format!("'{text}' is no rename"))
                .with_hint("write old:new for a table, table.old:new for a column")
        };
        let (from, to) = text.split_once(':').ok_or_else(bad)?;
        let (table, from) = match from.split_once('.') {
            Some((table, column)) => (Some(table.to_owned()), column),
            None => (None, from),
        };
        if from.is_empty()
            || to.is_empty()
            || table.as_ref().is_some_and(String::is_empty)
            || to.contains(':')
        {
            return Err(bad());
        }
        Ok(Rename { table, from: from.to_owned(), to: to.to_owned() })
    }

    /// The same the other way round.
    #[must_use]
    pub fn reversed(&self) -> Rename {
        Rename { table: self.table.clone(), from: self.to.clone(), to: self.from.clone() }
    }
}

impl std::fmt::Display for Rename {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(table) = &self.table {
            write!(f, "{table}.")?;
        }
        write!(f, "{}:{}", self.from, self.to)
    }
}

/// Renames what is there, so that only the rest differs. Answers the tables, as they are spelt.
///
/// Errors: [`ErrorKind::BadRename`] where the old name is not there or stays, or the new one is there
/// already or not wanted.
pub fn take(
    present: &mut Schema<'_>,
    wanted: &Schema<'_>,
    renames: &[Rename],
) -> Result<Vec<(String, String)>> {
    let mut tables = Vec::new();
    for rename in renames.iter().filter(|rename| rename.table.is_none()) {
        let (from, to) = (lower(&rename.from), lower(&rename.to));
        let Some(old) = present.table(&from) else { return Err(refused(rename, "there is no such table")) };
        let Some(new) = wanted.table(&to) else {
            return Err(refused(rename, "no table of the new name is wanted"));
        };
        if wanted.has(&from) {
            return Err(refused(rename, "the old name is still wanted"));
        }
        if present.has(&to) {
            return Err(refused(rename, "the new name is there already"));
        }
        tables.push((old.object.name.clone(), new.object.name.clone()));
        present.rename_table(&from, &to);
    }
    for rename in renames {
        let Some(table) = &rename.table else { continue };
        let (from, to) = (lower(&rename.from), lower(&rename.to));
        let moved = tables.iter().find(|(old, _)| old.eq_ignore_ascii_case(table));
        let name = lower(moved.map_or(table, |(_, new)| new));
        let (Some(old), Some(new)) = (present.table(&name), wanted.table(&name)) else {
            return Err(refused(rename, "the table is not on both sides"));
        };
        if old.shape.column(&from).is_none() || new.shape.column(&to).is_none() {
            return Err(refused(rename, "there is no such column, or none of the new name is wanted"));
        }
        if new.shape.column(&from).is_some() || old.shape.column(&to).is_some() {
            return Err(refused(rename, "the old name is still wanted, or the new one is there already"));
        }
        present.rename_column(&name, &from, &to);
    }
    Ok(tables)
}

fn refused(rename: &Rename, why: &str) -> Error {
    Error::new(ErrorKind::BadRename, format!("cannot take the rename {rename}: {why}"))
        .with_hint("leave it out to see what differs without it")
}

/// Alike enough to ask.
const LIKELY: u8 = 65;

/// What looks like a rename, of two schemas of which those that are taken are done. Each name once.
pub fn proposals(present: &Schema<'_>, wanted: &Schema<'_>) -> Vec<Proposal> {
    let gone: Vec<&Table<'_>> = present.tables.iter().filter(|table| !wanted.has(&table.name)).collect();
    let come: Vec<&Table<'_>> = wanted.tables.iter().filter(|table| !present.has(&table.name)).collect();
    let columns = |table: &Table<'_>| -> Set<String> {
        table.shape.columns.iter().map(|column| format!("{} {}", column.name, column.kind)).collect()
    };
    let sets: Vec<Set<String>> = come.iter().map(|table| columns(table)).collect();
    let mut pairs = Vec::new();
    for old in gone {
        let own = columns(old);
        for (new, other) in come.iter().zip(&sets) {
            let shared = own.iter().filter(|column| other.contains(*column)).count();
            let likeness = percent(2 * shared, own.len() + other.len());
            let rename = Rename { table: None, from: old.object.name.clone(), to: new.object.name.clone() };
            pairs.extend((likeness >= LIKELY).then_some(Proposal { rename, likeness }));
        }
    }
    let mut all = each_once(pairs);
    for new in &wanted.tables {
        let Some(old) = present.table(&new.name) else { continue };
        let mut pairs = Vec::new();
        for gone in old.shape.columns.iter().filter(|column| new.shape.column(&column.name).is_none()) {
            for come in new.shape.columns.iter().filter(|column| old.shape.column(&column.name).is_none()) {
                let likeness = alike(gone, come);
                let spelt = |table: &Table<'_>, name: &str| {
                    table
                        .definition
                        .column(name)
                        .map_or_else(|| name.to_owned(), |column| column.name.clone())
                };
                let rename = Rename {
                    table: Some(new.object.name.clone()),
                    from: spelt(old, &gone.name),
                    to: spelt(new, &come.name),
                };
                pairs.extend((likeness >= LIKELY).then_some(Proposal { rename, likeness }));
            }
        }
        all.extend(each_once(pairs));
    }
    all
}

/// The most alike first; a name that is taken is taken.
fn each_once(mut pairs: Vec<Proposal>) -> Vec<Proposal> {
    pairs.sort_by_key(|pair| std::cmp::Reverse(pair.likeness));
    let (mut from, mut to) = (Set::new(), Set::new());
    pairs.retain(|pair| {
        let free = !from.contains(&pair.rename.from) && !to.contains(&pair.rename.to);
        if free {
            from.insert(pair.rename.from.clone());
            to.insert(pair.rename.to.clone());
        }
        free
    });
    pairs
}

fn percent(part: usize, whole: usize) -> u8 {
    u8::try_from(part * 100 / whole.max(1)).unwrap_or(100)
}

/// Half of it is the definition, half the name.
fn alike(old: &Column, new: &Column) -> u8 {
    let same = [
        old.kind == new.kind,
        old.kind == new.kind && old.generated == new.generated,
        old.not_null == new.not_null,
        old.default == new.default && old.collation == new.collation,
    ];
    let definition = percent(same.iter().filter(|same| **same).count(), same.len());
    (definition + percent(2 * shared(&old.name, &new.name), old.name.len() + new.name.len())) / 2
}

/// How many letters two names share in the same order.
fn shared(a: &str, b: &str) -> usize {
    let b: Vec<u8> = b.bytes().collect();
    let mut row = vec![0; b.len() + 1];
    for letter in a.bytes() {
        let mut diagonal = 0;
        for (at, other) in b.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if letter == *other { diagonal + 1 } else { above.max(row[at]) };
            diagonal = above;
        }
    }
    row[b.len()]
}
