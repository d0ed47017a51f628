//! Rows before against rows after.

use std::collections::{BTreeMap, BTreeSet};

use super::rows::TableRows;
use super::{Declared, RowShown, Rows, RowsKind, Stage, Trouble};
use crate::db::{Value, value_literal};
use crate::error::counted;

/// Two states of a database, and what lies between.
pub(crate) struct Comparison<'a> {
    pub stage: Stage,
    pub on: RowsKind,
    pub before: &'a Rows,
    pub after: &'a Rows,
    /// What was said of the way there.
    pub declared: &'a Declared,
    /// Of a round trip: the rows half way, and what was said of the way back.
    pub by_way_of: Option<(&'a Rows, &'a Declared)>,
}

/// What a comparison finds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub failures: Vec<Trouble>,
    pub notes: Vec<Trouble>,
}

/// What one table's rows did.
struct Changes {
    lost: Vec<RowShown>,
    new: Vec<RowShown>,
    changed: Vec<(RowShown, Vec<String>)>,
}

impl Comparison<'_> {
    /// Compares every table that is there throughout, column by column.
    pub fn found(&self) -> Found {
        let mut found = Found::default();
        for table in self.before.tables() {
            self.table(table, &mut found);
        }
        found
    }

    fn table(&self, before: &TableRows, found: &mut Found) {
        let name = &before.name;
        let there = self.by_way_of.is_some();
        let after_name = if there { name.to_ascii_lowercase() } else { self.declared.table(name) };
        let Some(after) = self.after.table(&after_name) else {
            // A schema that lacks it is told as such, where it should be there.
            return;
        };
        if after.rows.is_empty() && !before.rows.is_empty() && self.declared.drops(name) {
            let message = format!("{name} is dropped: its {} do not come back", rows(before.rows.len()));
            found.notes.push(Trouble::plain(self.stage, self.on, message, None));
            return;
        }
        let mut columns = self.columns(before, after);
        let says = |column: &str| self.either(|declared| declared.writes(name, column));
        let key =
            key(before, &columns).filter(|key| !key.iter().any(|at| says(&before.columns[columns[*at].0])));
        if key.is_none() {
            // What is known by nothing but its values is known by those that stay.
            columns.retain(|(at, _)| !says(&before.columns[*at]));
        }
        // Where no column stays as it is, each row is like any other, and is counted.
        self.judge(name, changes(before, after, &columns, key), found);
    }

    /// Whether one of the texts on the way says so.
    fn either(&self, ask: impl Fn(&Declared) -> bool) -> bool {
        ask(self.declared) || self.by_way_of.is_some_and(|(_, back)| ask(back))
    }

    /// The columns that are there throughout: their places before and after.
    fn columns(&self, before: &TableRows, after: &TableRows) -> Vec<(usize, usize)> {
        let name = &before.name;
        // A table that goes and comes back has been copied by hand: all of it is looked at.
        let half = self.by_way_of.and_then(|(half, _)| half.table(&self.declared.table(name)));
        let throughout =
            |column: &str| half.is_none_or(|half| half.place(&self.declared.column(name, column)).is_some());
        let called = |column: &str| match self.by_way_of {
            None => self.declared.column(name, column),
            Some(_) => column.to_owned(),
        };
        (0..before.columns.len())
            .filter(|at| throughout(&before.columns[*at]))
            .filter_map(|at| Some((at, after.place(&called(&before.columns[at]))?)))
            .collect()
    }

    fn judge(&self, name: &str, changes: Changes, found: &mut Found) {
        let Changes { lost, new, changed } = changes;
        let tell = |list: &mut Vec<Trouble>, message: String, row: Option<RowShown>| {
            list.push(Trouble::plain(self.stage, self.on, message, row));
        };
        let verb = self.stage.as_str();
        // What an upgrade says and does is its purpose; that a downgrade does not bring it back, is a note.
        let done = self.by_way_of.is_none();
        if let Some(row) = lost.first() {
            let message = format!("the {verb} loses {} of {name}", rows(lost.len()));
            // A downgrade may say what it deletes; the rows that were there before are lost all the same.
            let said = self.declared.deletes(name);
            tell(if said { &mut found.notes } else { &mut found.failures }, message, Some(row.clone()));
        }
        if let Some(row) = new.first() {
            let message = format!("the {verb} leaves {} in {name} that were not there", rows(new.len()));
            match self.either(|declared| declared.inserts(name)) {
                true if done => {}
                true => tell(&mut found.notes, message, Some(row.clone())),
                false => tell(&mut found.failures, message, Some(row.clone())),
            }
        }
        let mut told: BTreeSet<&str> = BTreeSet::new();
        for (row, columns) in &changed {
            for column in columns {
                if !told.insert(column) {
                    continue;
                }
                let count = changed.iter().filter(|(_, columns)| columns.contains(column)).count();
                match self.either(|declared| declared.writes(name, column)) {
                    true if done => {}
                    true => {
                        let message =
                            format!("the {verb} does not bring back {} of {name}.{column}", values(count));
                        tell(&mut found.notes, message, Some(row.clone()));
                    }
                    false => {
                        let message = format!("the {verb} changes {name}.{column} in {}", rows(count));
                        tell(&mut found.failures, message, Some(row.clone()));
                    }
                }
            }
        }
    }
}

fn values(count: usize) -> String {
    if count == 1 { "1 value".to_owned() } else { format!("{count} values") }
}

fn rows(count: usize) -> String {
    counted(count as u64, "row")
}

/// The places, among these columns, of the primary key, where it is there throughout and tells rows apart:
/// outside of WITHOUT ROWID and STRICT a key may be NULL, in many rows.
fn key(before: &TableRows, columns: &[(usize, usize)]) -> Option<Vec<usize>> {
    let places: Option<Vec<usize>> = before
        .key
        .iter()
        .map(|name| columns.iter().position(|(at, _)| before.columns[*at].eq_ignore_ascii_case(name)))
        .collect();
    let places = places.filter(|places| !places.is_empty())?;
    let null = |row: &Vec<Value>| places.iter().any(|at| row[columns[*at].0] == Value::Null);
    (!before.rows.iter().any(null)).then_some(places)
}

/// What the rows of a table did, known by their key or else by all that they hold.
fn changes(
    before: &TableRows,
    after: &TableRows,
    columns: &[(usize, usize)],
    key: Option<Vec<usize>>,
) -> Changes {
    let (left, right): (Vec<usize>, Vec<usize>) = columns.iter().copied().unzip();
    let old: Vec<Vec<String>> = shown(&before.rows, &left);
    let new: Vec<Vec<String>> = shown(&after.rows, &right);
    let names: Vec<String> = left.iter().map(|at| before.columns[*at].clone()).collect();
    let show = |key: Option<String>, old: Option<&Vec<String>>, new: Option<&Vec<String>>| RowShown {
        table: before.name.clone(),
        key,
        columns: names.clone(),
        before: old.cloned(),
        after: new.cloned(),
    };
    let mut changes = Changes { lost: Vec::new(), new: Vec::new(), changed: Vec::new() };
    match key {
        Some(key) => {
            let by_key = |rows: &'_ [Vec<String>]| -> BTreeMap<Vec<String>, Vec<String>> {
                let of = |row: &Vec<String>| key.iter().map(|at| row[*at].clone()).collect();
                rows.iter().map(|row| (of(row), row.clone())).collect()
            };
            let (old, new) = (by_key(&old), by_key(&new));
            let said = |values: &[String]| {
                let pairs = key.iter().zip(values).map(|(at, value)| format!("{} = {value}", names[*at]));
                Some(pairs.collect::<Vec<_>>().join(", "))
            };
            for (key, row) in &old {
                match new.get(key) {
                    None => changes.lost.push(show(said(key), Some(row), None)),
                    Some(now) if now != row => {
                        let differ = (0..row.len()).filter(|at| row[*at] != now[*at]);
                        let columns = differ.map(|at| names[at].clone()).collect();
                        changes.changed.push((show(said(key), Some(row), Some(now)), columns));
                    }
                    Some(_) => {}
                }
            }
            let added = new.iter().filter(|(key, _)| !old.contains_key(*key));
            changes.new.extend(added.map(|(key, row)| show(said(key), None, Some(row))));
        }
        None => without_key(&old, &new, &names, &show, &mut changes),
    }
    changes
}

/// Shows a row: its key, its values before and after.
type Show<'s> = dyn Fn(Option<String>, Option<&Vec<String>>, Option<&Vec<String>>) -> RowShown + 's;

/// As many rows of each kind as before. Where as many went as came, they have changed.
fn without_key(
    old: &[Vec<String>],
    new: &[Vec<String>],
    names: &[String],
    show: &Show<'_>,
    changes: &mut Changes,
) {
    let mut counts: BTreeMap<&Vec<String>, i64> = BTreeMap::new();
    old.iter().for_each(|row| *counts.entry(row).or_default() -= 1);
    new.iter().for_each(|row| *counts.entry(row).or_default() += 1);
    let many = |sign: i64| {
        counts.iter().flat_map(move |(row, count)| {
            let times = (count * sign).max(0) as usize;
            std::iter::repeat_n(*row, times)
        })
    };
    let (mut gone, mut come) = (many(-1).collect::<Vec<_>>(), many(1).collect::<Vec<_>>());
    for _ in 0..gone.len().min(come.len()) {
        let (Some(row), Some(now)) = (gone.pop(), come.pop()) else { break };
        let differ = (0..row.len()).filter(|at| row[*at] != now[*at]);
        let columns = differ.map(|at| names[at].clone()).collect();
        changes.changed.push((show(None, Some(row), Some(now)), columns));
    }
    changes.lost.extend(gone.into_iter().map(|row| show(None, Some(row), None)));
    changes.new.extend(come.into_iter().map(|row| show(None, None, Some(row))));
}

/// The values at these places, as literals: what compares as they are kept, their types included.
fn shown(rows: &[Vec<Value>], places: &[usize]) -> Vec<Vec<String>> {
    rows.iter().map(|row| places.iter().map(|at| value_literal(&row[*at])).collect()).collect()
}
