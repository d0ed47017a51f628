//! What lies between the schema that is there and the one that is wanted: `Schema × Schema →
//! operations`. Knows no database.
//!
//! Both sides are what their `CREATE` texts mean: quotes, case, layout and comments are no
//! difference, nor whether a rule stands beside its column or behind all columns. The order of
//! columns is one only if that is asked for.
//!
//! | room | its job |
//! |---|---|
//! | `shape` | what a table means, however it is spelt |
//! | `schema` | all objects of one side, and what renames make of them |
//! | `table` | one table against another → actions |
//! | `fill` | a batch made safe on rows |
//! | `order` | the steps in an order in which each runs |
//! | `fingerprint` | a schema in a few letters |
//! | `rename` | renames that are taken, and those that look likely |
//!
//! ```
//! use limbeck::diff::{self, Options};
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
//! let same = diff::compare(&present, &[table("create table \"notes\" ( title ) -- theirs")], &Options::default())?;
//! assert!(same.is_empty());
//! let found = diff::compare(&present, &[table("CREATE TABLE notes(title TEXT)")], &Options::default())?;
//! assert_eq!(found.operations[0].sql(), "ALTER TABLE notes ALTER COLUMN title TYPE TEXT");
//! # Ok::<(), limbeck::Error>(())
//! ```

mod difference;
mod fill;
mod fingerprint;
mod order;
mod pattern;
mod rename;
mod schema;
mod shape;
mod table;

use std::collections::BTreeMap;

use litemap::LiteMap;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::alter::Action;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::{Operation, drop_sql};
use crate::schema::{Object, ObjectKind};
use crate::set::Set;
use crate::sql::lower;
pub use difference::{Difference, DifferenceKind, Grade};
pub use fingerprint::fingerprint;
pub(crate) use fingerprint::{differ, fingerprint_by};
use order::{Altered, Work};
pub use pattern::Filter;
pub use rename::{Proposal, Rename};
use schema::{Other, Schema};
use table::Pair;

/// How two schemas are compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Renames to take: what is not among them is a drop and an addition.
    pub renames: Vec<Rename>,
    /// Which tables and views are looked at.
    pub filter: Filter,
    /// Whether columns that stand elsewhere are moved: SQLite moves them by writing every row anew.
    pub column_order: bool,
}

/// As JSON has them.
#[derive(Default, Deserialize)]
#[serde(default)]
struct JsonOptions {
    renames: Vec<String>,
    include: Vec<String>,
    exclude: Vec<String>,
    column_order: bool,
    #[serde(flatten)]
    unknown: BTreeMap<String, IgnoredAny>,
}

impl Options {
    /// Reads `{"renames": ["users.mail:email"], "include": [], "exclude": ["tmp_*"], "column_order": true}`,
    /// each of which may be left out, as the whole may be.
    ///
    /// Errors: [`ErrorKind::BadSetting`] and [`ErrorKind::BadRename`].
    ///
    /// ```
    /// use limbeck::diff::Options;
    ///
    /// let options = Options::from_json(r#"{"renames": ["users.mail:email"]}"#)?;
    /// assert_eq!(options.renames[0].to, "email");
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Options> {
        if text.trim().is_empty() {
            return Ok(Options::default());
        }
        let wrong = |message: String| {
            Error::new(ErrorKind::BadSetting, message)
                .with_hint("give renames, include, exclude, column_order")
        };
        let JsonOptions { renames, include, exclude, column_order, unknown } = serde_json::from_str(text)
            .map_err(|error| wrong(format!("cannot read the options of a comparison: {error}")))?;
        if let Some(name) = unknown.into_keys().next() {
            return Err(wrong(format!("a comparison has no option '{name}'")));
        }
        let renames = renames.iter().map(|text| Rename::parse(text)).collect::<Result<_>>()?;
        Ok(Options { renames, filter: Filter { include, exclude }, column_order })
    }

    /// The same for the way back.
    #[must_use]
    pub fn reversed(&self) -> Options {
        Options { renames: self.renames.iter().map(Rename::reversed).collect(), ..self.clone() }
    }
}

/// What lies between two schemas.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// What differs, thing by thing: first what is added or changed, in the order in which it is
    /// wanted, then what is dropped.
    pub differences: Vec<Difference>,
    /// What makes the present schema the wanted one, step by step.
    pub operations: Vec<Operation>,
    /// Renames that would explain some of it, and were not said.
    pub proposals: Vec<Proposal>,
}

impl Diff {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.differences.is_empty()
    }
}

/// What would make the present schema the wanted one.
///
/// Indexes that constraints make are part of their table, and so are those and the triggers of a
/// table that goes. Objects without a text are passed over.
///
/// Errors: [`ErrorKind::BadRename`],
/// [`ErrorKind::SqlSyntax`] for a text that cannot be read.
pub fn compare(present: &[Object], wanted: &[Object], options: &Options) -> Result<Diff> {
    let (there, asked) = (taken(present, &options.filter), taken(wanted, &options.filter));
    let mut present = Schema::read(&there)?;
    let wanted = Schema::read(&asked)?;
    let renamed = rename::take(&mut present, &wanted, &options.renames)?;
    let proposals = rename::proposals(&present, &wanted);
    let work = work(&present, &wanted, renamed, options.column_order);
    let differences = differences(&work, &asked);
    Ok(Diff { differences, operations: work.operations(), proposals })
}

fn taken(objects: &[Object], filter: &Filter) -> Vec<Object> {
    objects.iter().filter(|object| object.sql.is_some() && filter.takes(&object.table)).cloned().collect()
}

fn work<'w>(
    present: &'w Schema<'w>,
    wanted: &'w Schema<'w>,
    renamed: Vec<(String, String)>,
    column_order: bool,
) -> Work<'w> {
    let mut altered = Vec::new();
    let mut created = Vec::new();
    for table in &wanted.tables {
        let Some(old) = present.table(&table.name) else {
            created.push(table);
            continue;
        };
        let pair = Pair { present: old, wanted: table, schemas: (present, wanted), column_order };
        let actions = pair.actions();
        if !actions.is_empty() {
            altered.push(Altered { pair, actions });
        }
    }
    let dropped = present.tables.iter().filter(|table| wanted.table(&table.name).is_none()).collect();
    let (there, asked) = (by_key(present.others.iter()), by_key(wanted.others.iter()));
    let same = |one: &Other<'_>, all: &ByKey<'_>| {
        all.get(&one.key()).is_some_and(|two| two.text == one.text && two.table == one.table)
    };
    Work {
        renamed,
        created,
        dropped,
        altered,
        gone: present.others.iter().filter(|other| !same(other, &asked)).collect(),
        come: wanted.others.iter().filter(|other| !same(other, &there)).collect(),
        present,
        wanted,
    }
}

/// Virtual tables, indexes, views and triggers, to be found.
type ByKey<'o> = LiteMap<(ObjectKind, String), &'o Other<'o>>;

fn by_key<'o>(others: impl Iterator<Item = &'o Other<'o>>) -> ByKey<'o> {
    others.map(|other| (other.key(), other)).collect()
}

/// What differs: in the order in which it is wanted, then by name what is not wanted.
fn differences(work: &Work<'_>, wanted: &[Object]) -> Vec<Difference> {
    let mut found = Vec::new();
    for (from, to) in &work.renamed {
        found.push(Difference::of(from, &Action::RenameTable { to: to.clone() }));
    }
    let mut altered: LiteMap<&str, &Altered<'_>> = LiteMap::new();
    altered.extend(work.altered.iter().map(|altered| (altered.pair.wanted.name.as_str(), altered)));
    let (gone, come) = (by_key(work.gone.iter().copied()), by_key(work.come.iter().copied()));
    let created: LiteMap<&str, &Object> =
        work.created.iter().map(|table| (table.name.as_str(), table.object)).collect();
    for object in wanted {
        let name = lower(&object.name);
        let key = (object.kind, name.clone());
        if let Some(other) = come.get(&key) {
            let now = gone.get(&key).map(|now| now.object);
            let kind = if now.is_some() {
                DifferenceKind::change(object.kind)
            } else {
                DifferenceKind::add(object.kind)
            };
            found.push(difference(kind, other.object, now));
        } else if object.kind == ObjectKind::Table && created.contains_key(name.as_str()) {
            found.push(difference(DifferenceKind::AddTable, object, None));
        } else if let Some(altered) = altered.get(name.as_str()).filter(|_| object.kind == ObjectKind::Table)
        {
            let table = &altered.pair.wanted.definition.name;
            found.extend(altered.actions.iter().map(|action| Difference::of(table, action)));
        }
    }
    found.extend(dropped(work));
    found
}

fn dropped(work: &Work<'_>) -> Vec<Difference> {
    let come: Set<(ObjectKind, String)> = work.come.iter().map(|other| other.key()).collect();
    let stays = |other: &Other<'_>| come.contains(&other.key());
    let views = work.gone.iter().filter(|other| other.is_relation() && !stays(other));
    let relations: Set<&str> = work
        .dropped
        .iter()
        .map(|table| table.name.as_str())
        .chain(views.map(|view| view.name.as_str()))
        .collect();
    let others = work.gone.iter().filter(|other| !stays(other));
    let others = others.filter(|other| other.is_relation() || !relations.contains(other.table.as_str()));
    let others = others.map(|other| other.object);
    let mut objects: Vec<&Object> = others.chain(work.dropped.iter().map(|table| table.object)).collect();
    // The order in which they were made is not the same after every way of altering a table.
    let order = |kind: ObjectKind| match kind {
        ObjectKind::Trigger => 0,
        ObjectKind::View => 1,
        ObjectKind::Index => 2,
        ObjectKind::Table => 3,
    };
    objects.sort_by_cached_key(|object| (order(object.kind), lower(&object.name)));
    let drop = |object: &Object| Difference {
        sql: drop_sql(object.kind, &object.name),
        present: object.sql.clone(),
        ..difference(DifferenceKind::drop(object.kind), object, None)
    };
    objects.into_iter().map(drop).collect()
}

fn difference(kind: DifferenceKind, object: &Object, present: Option<&Object>) -> Difference {
    Difference {
        kind,
        table: object.table.clone(),
        name: object.name.clone(),
        sql: object.sql.clone().unwrap_or_default(),
        present: present.and_then(|object| object.sql.clone()),
    }
}
