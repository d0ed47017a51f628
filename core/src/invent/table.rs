//! Rows of one table. SQLite judges each: what it refuses is drawn again, and what it names in its
//! message says which columns.

use super::Wish;
use super::random::Random;
use super::values::{Column, Style};
use crate::db::{Database, Value};
use crate::error::{ErrorKind, Result};
use crate::schema::{ColumnRule, ForeignKey, TableDef, TableRule, mentions};
use crate::sql::{quote, same_name, same_names};

/// How often a row is drawn before it is given up.
const TRIES: usize = 240;

/// The keys of a parent that are looked at.
const PARENTS: usize = 64;

/// A table that is to be filled.
pub(super) struct Table {
    pub definition: TableDef,
    columns: Vec<Column>,
    keys: Vec<Key>,
}

/// A foreign key: which of the columns hold it, and where it points.
struct Key {
    columns: Vec<usize>,
    parent: String,
    /// The parent's columns; empty for its primary key.
    to: Vec<String>,
}

/// What came of an attempt.
enum Verdict {
    Taken,
    /// SQLite's message.
    Refused(String),
}

impl Table {
    pub fn new(definition: TableDef) -> Table {
        let given: Vec<usize> = (0..definition.columns.len())
            .filter(|at| definition.columns[*at].generated().is_none())
            .collect();
        let columns: Vec<Column> = given.iter().map(|at| Column::new(&definition, *at)).collect();
        let place = |name: &str| columns.iter().position(|column| same_name(&column.name, name));
        let key = |from: Vec<&str>, parent: &ForeignKey| {
            let columns: Option<Vec<usize>> = from.into_iter().map(place).collect();
            Some(Key { columns: columns?, parent: parent.table.clone(), to: parent.columns.clone() })
        };
        let of_columns = definition.columns.iter().flat_map(|column| {
            column.constraints.iter().filter_map(|constraint| match &constraint.rule {
                ColumnRule::References(parent) => key(vec![&column.name], parent),
                _ => None,
            })
        });
        let of_table = definition.constraints.iter().filter_map(|constraint| match &constraint.rule {
            TableRule::ForeignKey { columns, parent } => {
                key(columns.iter().map(String::as_str).collect(), parent)
            }
            _ => None,
        });
        let keys = of_columns.chain(of_table).collect();
        Table { columns, keys, definition }
    }

    /// The tables that its rows point to, itself left out.
    pub fn parents(&self) -> impl Iterator<Item = &str> {
        let own = |key: &&Key| !same_name(&key.parent, &self.definition.name);
        self.keys.iter().filter(own).map(|key| key.parent.as_str())
    }

    /// Whether a row can point nowhere at all.
    pub fn may_begin(&self) -> bool {
        self.keys.iter().all(|key| key.columns.iter().any(|at| !self.columns[*at].not_null))
    }

    /// Points rows without a parent to one that is there now; what cannot be pointed goes. Answers how many
    /// went.
    pub fn close(&self, db: &mut dyn Database) -> Result<u64> {
        let table = quote(&self.definition.name);
        let parents = self.parent_keys(db)?;
        let sql = "SELECT rowid, fkid FROM pragma_foreign_key_check(?1, 'main')";
        let dangling = db.rows(sql, &[self.definition.name.as_str().into()]);
        let mut gone = 0;
        // SQLite cannot tell of a parent that is not there.
        for row in dangling.unwrap_or_default() {
            let [rowid @ Value::Integer(_), Value::Integer(number)] = &row[..] else { continue };
            let from = "SELECT \"from\" FROM pragma_foreign_key_list(?1, 'main') WHERE id = ?2 ORDER BY seq";
            let from = db.texts(from, &[self.definition.name.as_str().into(), (*number).into()])?;
            let is = |key: &&Key| {
                let names: Vec<&String> = key.columns.iter().map(|at| &self.columns[*at].name).collect();
                same_names(&names, &from)
            };
            let place = self.keys.iter().position(|key| is(&key));
            let sets: Vec<String> =
                from.iter().zip(2..).map(|(name, at)| format!("{} = ?{at}", quote(name))).collect();
            let update = format!("UPDATE OR ABORT main.{table} SET {} WHERE rowid = ?1", sets.join(", "));
            let pointed = place.is_some_and(|at| {
                parents[at].iter().any(|key| {
                    let values: Vec<Value> = std::iter::once(rowid.clone()).chain(key.clone()).collect();
                    db.query(&update, &values, &mut |_| Ok(())).is_ok()
                })
            });
            if !pointed {
                let delete = format!("DELETE FROM main.{table} WHERE rowid = ?1");
                db.query(&delete, std::slice::from_ref(rowid), &mut |_| Ok(()))?;
                gone += 1;
            }
        }
        Ok(gone)
    }

    /// Adds rows, and answers how many; with the last refusal where there were fewer than wished. `open`: they
    /// may point nowhere until [`close`](Self::close).
    pub fn fill(
        &self,
        db: &mut dyn Database,
        styles: &[Style],
        wish: &Wish,
        open: bool,
    ) -> Result<(u64, Option<String>)> {
        let mut random = Random::new(wish.seed, &self.definition.name);
        let name = quote(&self.definition.name);
        let there = db.integer(&format!("SELECT count(*) FROM main.{name}"), &[])?.unwrap_or_default();
        let dangling = if open { None } else { self.dangling(db) };
        let (mut rows, mut refusal) = (0, None);
        for (number, style) in styles.iter().enumerate() {
            let style = if wish.odd { *style } else { Style::Plain };
            let count = there + 1 + number as i64;
            match self.row(db, style, count, &dangling, &mut random)? {
                Verdict::Taken => rows += 1,
                Verdict::Refused(message) => refusal = Some(message),
            }
        }
        Ok((rows, refusal))
    }

    fn row(
        &self,
        db: &mut dyn Database,
        style: Style,
        count: i64,
        dangling: &Option<usize>,
        random: &mut Random,
    ) -> Result<Verdict> {
        let parents = self.parent_keys(db)?;
        let mut values = self.draw(style, count, random);
        self.point(&mut values, &parents, style, random);
        let mut last = String::new();
        for attempt in 1..=TRIES {
            db.execute("SAVEPOINT limbeck_row")?;
            let verdict = self.insert(db, &values, dangling)?;
            let taken = matches!(verdict, Verdict::Taken);
            if !taken {
                db.execute("ROLLBACK TO limbeck_row")?;
            }
            db.execute("RELEASE limbeck_row")?;
            let Verdict::Refused(message) = verdict else { return Ok(Verdict::Taken) };
            // A style that the table does not take is eased.
            let style = match style {
                Style::Nulls | Style::Odd if attempt > TRIES / 3 => Style::Mixed,
                style => style,
            };
            let count = count + 1000 * attempt as i64;
            match self.named(&message) {
                Some(columns) if attempt % 8 != 0 => {
                    for at in columns {
                        values[at] = self.columns[at].value(style, count, random);
                    }
                }
                _ => values = self.draw(style, count, random),
            }
            self.point(&mut values, &parents, style, random);
            last = message;
        }
        Ok(Verdict::Refused(last))
    }

    fn draw(&self, style: Style, count: i64, random: &mut Random) -> Vec<Value> {
        self.columns.iter().map(|column| column.value(style, count, random)).collect()
    }

    /// Points each foreign key to a row that is there, or nowhere.
    fn point(&self, values: &mut [Value], parents: &[Vec<Vec<Value>>], style: Style, random: &mut Random) {
        for (key, rows) in self.keys.iter().zip(parents) {
            let nullable = key.columns.iter().find(|at| !self.columns[**at].not_null);
            let nowhere = match style {
                Style::Plain => false,
                Style::Nulls => true,
                Style::Odd | Style::Mixed => random.once_in(3),
            };
            if let (Some(at), true) = (nullable, nowhere || rows.is_empty()) {
                values[*at] = Value::Null;
            } else if let Some(row) = random.pick(rows) {
                for (at, value) in key.columns.iter().zip(row) {
                    values[*at] = value.clone();
                }
            } else if same_name(&key.parent, &self.definition.name) {
                self.point_to_itself(key, values);
            }
        }
    }

    /// The first row of a table may only be its own parent.
    fn point_to_itself(&self, key: &Key, values: &mut [Value]) {
        let primary = self.definition.primary_key();
        let to: Vec<&str> =
            if key.to.is_empty() { primary } else { key.to.iter().map(String::as_str).collect() };
        for (at, name) in key.columns.iter().zip(to) {
            if let Some(from) = self.columns.iter().position(|column| same_name(&column.name, name)) {
                values[*at] = values[from].clone();
            }
        }
    }

    /// For each foreign key, keys that the parent has. One that SQLite cannot follow has none.
    fn parent_keys(&self, db: &mut dyn Database) -> Result<Vec<Vec<Vec<Value>>>> {
        let mut all = Vec::new();
        for key in &self.keys {
            let to = if key.to.is_empty() { primary_key(db, &key.parent)? } else { key.to.clone() };
            let names: Vec<String> = to.iter().map(|name| quote(name)).collect();
            let known: Vec<String> = names.iter().map(|name| format!("{name} IS NOT NULL")).collect();
            let sql = format!(
                "SELECT {} FROM main.{} WHERE {} LIMIT {PARENTS}",
                names.join(", "),
                quote(&key.parent),
                known.join(" AND ")
            );
            let fits = names.len() == key.columns.len() && !names.is_empty();
            all.push(if fits { db.rows(&sql, &[]).unwrap_or_default() } else { Vec::new() });
        }
        Ok(all)
    }

    fn insert(&self, db: &mut dyn Database, values: &[Value], dangling: &Option<usize>) -> Result<Verdict> {
        let names: Vec<String> = self.columns.iter().map(|column| quote(&column.name)).collect();
        let marks: Vec<String> = (1..=names.len()).map(|number| format!("?{number}")).collect();
        let table = format!("main.{}", quote(&self.definition.name));
        // OR ABORT: a column's own ON CONFLICT could leave the row out, or throw another one away.
        let sql = if names.is_empty() {
            format!("INSERT OR ABORT INTO {table} DEFAULT VALUES")
        } else {
            format!("INSERT OR ABORT INTO {table}({}) VALUES ({})", names.join(", "), marks.join(", "))
        };
        match db.query(&sql, values, &mut |_| Ok(())) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::StatementFailed => {
                return Ok(Verdict::Refused(error.to_string()));
            }
            Err(error) => return Err(error),
        }
        if db.integer("SELECT changes()", &[])? == Some(0) {
            return Ok(Verdict::Refused("a trigger leaves the row out".to_owned()));
        }
        if dangling.is_some_and(|before| self.dangling(db).is_some_and(|now| now > before)) {
            return Ok(Verdict::Refused("FOREIGN KEY constraint failed".to_owned()));
        }
        Ok(Verdict::Taken)
    }

    /// How many of its rows have no parent; `None` where SQLite cannot tell.
    fn dangling(&self, db: &mut dyn Database) -> Option<usize> {
        if self.keys.is_empty() {
            return None;
        }
        let sql = format!("PRAGMA main.foreign_key_check({})", quote(&self.definition.name));
        db.rows(&sql, &[]).ok().map(|rows| rows.len())
    }

    /// The columns that SQLite's message means: `UNIQUE constraint failed: t.a, t.b`,
    /// `CHECK constraint failed: age >= 18`, `cannot store TEXT value in INTEGER column t.a`.
    fn named(&self, message: &str) -> Option<Vec<usize>> {
        let what = match message.split_once("constraint failed: ") {
            Some((kind, what)) if kind.starts_with("CHECK") => {
                let expressions = self.definition.checks().map(|(whole, expression)| {
                    (self.definition.text(whole), self.definition.text(expression))
                });
                // By its name or its text; SQLite leaves the parentheses out.
                let meant: Vec<&str> = expressions
                    .filter(|(whole, expression)| expression.contains(what) || mentions(whole, what))
                    .map(|(_, expression)| expression)
                    .collect();
                return self.places(|column| meant.iter().any(|text| mentions(text, &column.name)));
            }
            Some((_, what)) => what,
            None => message.rsplit_once(" column ").map_or("", |(_, what)| what),
        };
        let names: Vec<&str> =
            what.split(", ").filter_map(|name| name.split_once('.').map(|(_, name)| name)).collect();
        self.places(|column| names.iter().any(|name| same_name(name, &column.name)))
    }

    fn places(&self, is: impl Fn(&Column) -> bool) -> Option<Vec<usize>> {
        let found: Vec<usize> = (0..self.columns.len()).filter(|at| is(&self.columns[*at])).collect();
        (!found.is_empty()).then_some(found)
    }
}

fn primary_key(db: &mut dyn Database, table: &str) -> Result<Vec<String>> {
    db.texts("SELECT name FROM pragma_table_info(?1, 'main') WHERE pk > 0 ORDER BY pk", &[table.into()])
}
