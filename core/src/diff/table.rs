//! One table against another: the actions that make the first the second, in an order in which each
//! finds what it needs.

use litemap::LiteMap;

use super::schema::{Schema, Table};
use super::shape::{ABORT, Column, Key, Reference, Rule, Says, written_not_null};
use crate::alter::{Action, ConstraintRef, Position, TableOption};
use crate::schema::{ColumnDef, ColumnRule, Edits, TableDef, expression_mentions, mentions};
use crate::set::Set;
use crate::sql::{TokenType as T, lower, quote, same_name, tokens, unquote};

/// The present table, renames done, and the wanted one.
#[derive(Clone, Copy)]
pub struct Pair<'p> {
    pub present: &'p Table<'p>,
    pub wanted: &'p Table<'p>,
    /// The schemas that they stand in, for the keys that foreign keys leave to their parents.
    pub schemas: (&'p Schema<'p>, &'p Schema<'p>),
    /// Whether the order of columns counts.
    pub column_order: bool,
}

impl Pair<'_> {
    /// What makes the present table the wanted one, renames of columns first.
    pub fn actions(&self) -> Vec<Action> {
        let mut all: Vec<Action> = Vec::new();
        let rename = |(from, to): &(String, String)| Action::RenameColumn {
            column: spelt(&self.present.definition, from),
            to: spelt(&self.wanted.definition, to),
        };
        all.extend(self.present.renamed.iter().map(rename));
        let (mut dropped, added, mut renamed) = self.rules();
        let (drop_key, add_key) = self.key(&mut renamed);
        all.append(&mut dropped);
        all.extend(drop_key);
        let (off, on) = self.options();
        all.extend(off);
        let (freed, bound, generated) = self.kept_columns();
        all.extend(freed);
        all.extend(bound);
        all.extend(self.places());
        all.extend(generated);
        all.extend(self.dropped_columns());
        all.extend(add_key);
        all.extend(added);
        all.extend(renamed);
        all.extend(on);
        all
    }

    /// The present columns that are not wanted: one that names another goes before that.
    fn dropped_columns(&self) -> Vec<Action> {
        let table = &self.present.definition;
        let gone = |column: &&Column| self.wanted.shape.column(&column.name).is_none();
        let mut left: Vec<&Column> = self.present.shape.columns.iter().filter(gone).collect();
        let names = |one: &Column, other: &Column| {
            let text = table.column(&one.name).map_or("", |column| table.text(&column.span));
            one.name != other.name && mentions(text, &other.name)
        };
        let mut order = Vec::with_capacity(left.len());
        while !left.is_empty() {
            // Where they name each other in a circle, SQLite has the last word.
            let free = left.iter().position(|one| !left.iter().any(|other| names(other, one))).unwrap_or(0);
            let column = spelt(table, &left.remove(free).name);
            order.push(Action::DropColumn { if_exists: false, column, cascade: false });
        }
        order
    }

    fn is_added(&self, column: &str) -> bool {
        self.present.shape.column(column).is_none()
    }

    /// Rules to drop, to add, to rename.
    fn rules(&self) -> (Vec<Action>, Vec<Action>, Vec<Action>) {
        let (present, wanted) = (&self.present.shape.rules, &self.wanted.shape.rules);
        let mut left: Vec<&Rule> = wanted.iter().collect();
        let mut take =
            |fits: &dyn Fn(&Rule) -> bool| left.iter().position(|rule| fits(rule)).map(|at| left.remove(at));
        let gone: Vec<&Rule> = present
            .iter()
            .filter(|old| {
                take(&|new| new.name == old.name && self.says_the_same(&old.says, &new.says)).is_none()
            })
            .collect();
        let (mut dropped, mut renamed) = (Vec::new(), Vec::new());
        for old in gone {
            let other_name = old.name.as_ref().filter(|name| named(&self.present.definition, name) == 1);
            if let Some(name) = other_name
                && let Some(new) = take(&|new| {
                    let free = |to: &String| named(&self.present.definition, to) == 0;
                    new.name.as_ref().is_some_and(free) && self.says_the_same(&old.says, &new.says)
                })
            {
                renamed.push(Action::RenameConstraint {
                    name: spelt_constraint(&self.present.definition, name),
                    to: spelt_constraint(&self.wanted.definition, new.name.as_deref().unwrap_or_default()),
                });
            } else if old.beside.as_ref().is_none_or(|column| self.wanted.shape.column(column).is_some()) {
                // One beside a column that goes, goes with it.
                dropped.extend(std::iter::repeat_n(self.drop_rule(old), 1 + old.repeated));
            }
        }
        // What has a name first: then fewer are left that the others could mean.
        let by_name = |action: &Action| {
            matches!(action, Action::DropConstraint { constraint: ConstraintRef::Named(_), .. })
        };
        dropped.sort_by_key(|action| !by_name(action));
        let beside_added = |rule: &&Rule| rule.beside.as_deref().is_some_and(|column| self.is_added(column));
        let added = left.into_iter().filter(|rule| !beside_added(rule));
        let added = added.map(|rule| add(&self.wanted.definition, rule.name.as_deref(), &rule.sql));
        (dropped, added.collect(), renamed)
    }

    fn says_the_same(&self, old: &Says, new: &Says) -> bool {
        if old == new {
            return true;
        }
        // `REFERENCES p` is about p's primary key.
        let resolved = |reference: &Reference, schema: &Schema<'_>| {
            let mut reference = reference.clone();
            if let Some(parent) = schema.table(&reference.table).filter(|_| reference.parents.is_empty()) {
                reference.parents = parent.shape.key_columns();
            }
            reference
        };
        match (old, new) {
            (Says::References(old), Says::References(new)) => {
                resolved(old, self.schemas.0) == resolved(new, self.schemas.1)
            }
            _ => false,
        }
    }

    /// The foreign keys that are not wanted, each with the table to which it points.
    pub fn gone_references(&self) -> impl Iterator<Item = (&String, &Rule)> {
        self.present.shape.rules.iter().filter_map(|rule| match &rule.says {
            Says::References(reference) => {
                let stays =
                    self.wanted.shape.rules.iter().any(|new| self.says_the_same(&rule.says, &new.says));
                (!stays).then_some((&reference.table, rule))
            }
            Says::Unique { .. } | Says::Check(_) => None,
        })
    }

    /// The action that drops a present rule: by its name where only it has that, else by what it says.
    pub fn drop_rule(&self, rule: &Rule) -> Action {
        let table = &self.present.definition;
        let now = |name: &str| {
            let to = self.present.renamed.iter().find(|(_, to)| to == name).map(|(from, _)| from.as_str());
            to.map_or_else(|| spelt(table, name), |_| spelt(&self.wanted.definition, name))
        };
        let constraint = match (&rule.name, &rule.says) {
            (Some(name), _) if named(table, name) == 1 => ConstraintRef::Named(spelt_constraint(table, name)),
            (_, Says::Unique { columns, .. }) => {
                ConstraintRef::Unique(columns.iter().map(|column| now(&column.name)).collect())
            }
            (_, Says::References(reference)) => {
                ConstraintRef::ForeignKey(reference.columns.iter().map(|column| now(column)).collect())
            }
            (_, Says::Check(_)) => {
                let check = rule.sql.get("CHECK".len()..).unwrap_or_default().trim_start();
                let renamed = self.present.renamed.iter().fold(check.to_owned(), |text, (from, to)| {
                    with_name(&text, from, &spelt(&self.wanted.definition, to))
                });
                ConstraintRef::Check(without_conflict(&renamed))
            }
        };
        Action::DropConstraint { if_exists: false, constraint }
    }

    /// What drops the primary key and what adds one.
    fn key(&self, renamed: &mut Vec<Action>) -> (Option<Action>, Option<Action>) {
        let (old, new) = (&self.present.shape.key, &self.wanted.shape.key);
        let drop = Action::DropConstraint { if_exists: false, constraint: ConstraintRef::PrimaryKey };
        if let (Some(old), Some(new)) = (old, new)
            && same_key(old, new)
        {
            match (&old.name, &new.name) {
                (old, new) if old == new => return (None, None),
                (Some(from), Some(to)) if named(&self.present.definition, from) == 1 => {
                    renamed.push(Action::RenameConstraint {
                        name: spelt_constraint(&self.present.definition, from),
                        to: spelt_constraint(&self.wanted.definition, to),
                    });
                    return (None, None);
                }
                _ => {}
            }
        }
        let added = new.as_ref().filter(|_| !self.key_comes_along());
        let added = added.map(|key| add(&self.wanted.definition, key.name.as_deref(), &key.sql));
        (old.is_some().then_some(drop), added)
    }

    fn key_is_made(&self) -> bool {
        match (&self.present.shape.key, &self.wanted.shape.key) {
            (Some(old), Some(new)) => !same_key(old, new) || old.name != new.name,
            (_, new) => new.is_some(),
        }
    }

    /// Whether an added column's own definition holds the key.
    fn key_comes_along(&self) -> bool {
        let table = &self.wanted.definition;
        table.columns.iter().any(|column| column.is_primary_key() && self.is_added(&lower(&column.name)))
    }

    /// Options to switch off first, and on last.
    fn options(&self) -> (Vec<Action>, Vec<Action>) {
        let (old, new) = (&self.present.shape, &self.wanted.shape);
        let mut off = Vec::new();
        let mut on = Vec::new();
        if old.autoincrement && (!new.autoincrement || self.key_is_made()) {
            off.push(TableOption::Autoincrement(false));
        }
        for (was, is, option) in [
            (old.without_rowid, new.without_rowid, TableOption::WithoutRowid as fn(bool) -> TableOption),
            (old.strict, new.strict, TableOption::Strict),
        ] {
            match (was, is) {
                (true, false) => off.push(option(false)),
                (false, true) => on.push(option(true)),
                _ => {}
            }
        }
        if new.autoincrement && (!old.autoincrement || self.key_is_made()) && !self.key_comes_along() {
            on.push(TableOption::Autoincrement(true));
        }
        let set = |options: Vec<TableOption>| options.into_iter().map(Action::SetOption).collect();
        (set(off), set(on))
    }

    /// What frees the columns that stay of something, what binds them to it, and what is computed from
    /// now on, maybe from a new column.
    fn kept_columns(&self) -> (Vec<Action>, Vec<Action>, Vec<Action>) {
        let (mut freed, mut bound, mut computed) = (Vec::new(), Vec::new(), Vec::new());
        for new in &self.wanted.shape.columns {
            let Some(old) = self.present.shape.column(&new.name) else { continue };
            let definition = wanted_column(self.wanted, &new.name);
            let column = definition.name.clone();
            if old.generated.is_some() && new.generated.is_none() {
                freed.push(Action::DropExpression { column: column.clone() });
            }
            if old.default.is_some() && new.default.is_none() && new.generated.is_none() {
                freed.push(Action::DropDefault { column: column.clone() });
            }
            self.null(new, definition, &mut freed, &mut bound);
            if old.kind != new.kind || old.collation != new.collation {
                let collation = (old.collation != new.collation).then(|| match definition.collation() {
                    Some(span) => unquote(self.wanted.definition.text(span)),
                    None => "BINARY".to_owned(),
                });
                bound.push(Action::SetType {
                    column: column.clone(),
                    type_name: self.wanted.definition.type_name(definition).to_owned(),
                    collation,
                    using: None,
                });
            }
            if let (Some(value), true) = (definition.default(), old.default != new.default) {
                let value = self.wanted.definition.text(value).to_owned();
                bound.push(Action::SetDefault { column: column.clone(), value });
            }
            if let (Some((span, stored)), true) = (definition.generated(), old.generated != new.generated) {
                let expression = self.wanted.definition.text(span).to_owned();
                computed.push(Action::SetGenerated { column, expression, stored });
            }
        }
        (freed, bound, computed)
    }

    /// NOT NULL, where the text has to say it: the rowid's own column never is, and a key of a STRICT
    /// or WITHOUT ROWID table never without the word.
    fn null(&self, new: &Column, definition: &ColumnDef, freed: &mut Vec<Action>, bound: &mut Vec<Action>) {
        let column = || definition.name.clone();
        let rowid = self.wanted.definition.rowid_alias();
        if rowid.is_some_and(|at| lower(&self.wanted.definition.columns[at].name) == new.name) {
            return;
        }
        let implied = |table: &Table<'_>, name: &str| {
            (table.shape.strict || table.shape.without_rowid)
                && table.shape.key_columns().iter().any(|key| key == name)
        };
        let was =
            self.present.renamed.iter().find(|(_, to)| *to == new.name).map_or(&new.name, |(from, _)| from);
        let table = &self.present.definition;
        let written = table.column(was).and_then(|column| written_not_null(table, column));
        match &new.not_null {
            None if written.is_some() || implied(self.present, &new.name) => {
                freed.push(Action::DropNotNull { column: column() });
            }
            None => {}
            Some(way) => {
                if written.as_ref() == Some(way) {
                    return;
                }
                // Without the option that implied it, the text says it, and nothing of a conflict.
                if written.is_some() || (way != ABORT && implied(self.present, &new.name)) {
                    freed.push(Action::DropNotNull { column: column() });
                }
                if !(implied(self.wanted, &new.name) && way == ABORT) {
                    let on_conflict = (way != ABORT).then(|| way.clone());
                    bound.push(Action::SetNotNull { column: column(), on_conflict });
                }
            }
        }
    }

    /// Columns to add and to move: in the wanted order, but for those whose expressions name another that is
    /// added, which come behind it.
    fn places(&self) -> Vec<Action> {
        let wanted = &self.wanted.shape.columns;
        let stays = if self.column_order { self.in_order() } else { Set::new() };
        let definition = |at: usize| wanted_column(self.wanted, &wanted[at].name);
        let added = |at: usize| self.is_added(&wanted[at].name);
        let moves = |at: usize| self.column_order && !stays.contains(wanted[at].name.as_str());
        let mut waiting: Vec<usize> = (0..wanted.len()).filter(|&at| added(at) || moves(at)).collect();
        let mut all = Vec::with_capacity(waiting.len());
        let names = |rule: &ColumnRule, other: usize| match rule {
            ColumnRule::Check(span) | ColumnRule::Generated { expression: span, .. } => {
                expression_mentions(self.wanted.definition.text(span), &wanted[other].name)
            }
            _ => false,
        };
        let needs = |at: usize, other: usize| {
            added(other) && definition(at).constraints.iter().any(|c| names(&c.rule, other))
        };
        while let Some(&first) = waiting.first() {
            let free =
                |&at: &usize| !added(at) || !waiting.iter().any(|&other| other != at && needs(at, other));
            let at = waiting.iter().copied().find(free).unwrap_or(first);
            let there = |at: &usize| !added(*at) || !waiting.contains(at);
            let place = || match (0..at).rfind(there) {
                None => Position::First,
                Some(before) => Position::After(definition(before).name.clone()),
            };
            let column = definition(at).name.clone();
            all.push(if added(at) {
                // At the end it needs no place: SQLite adds it there itself.
                let between = (at + 1..wanted.len()).any(|later| there(&later));
                Action::AddColumn {
                    if_not_exists: false,
                    column,
                    definition: self.wanted.definition.text(&definition(at).span).to_owned(),
                    position: (self.column_order && between).then(place),
                }
            } else {
                Action::MoveColumn { column, position: place() }
            });
            waiting.retain(|&other| other != at);
        }
        all
    }

    /// The most columns that are in the wanted order among each other already: they need not move.
    fn in_order(&self) -> Set<&str> {
        let places: LiteMap<&str, usize> =
            self.present.shape.columns.iter().enumerate().map(|(at, c)| (c.name.as_str(), at)).collect();
        let kept: Vec<(&str, usize)> = self
            .wanted
            .shape
            .columns
            .iter()
            .filter_map(|column| places.get(column.name.as_str()).map(|&at| (column.name.as_str(), at)))
            .collect();
        // The longest rising row, by the length of the longest that ends at each.
        let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(kept.len());
        for at in 0..kept.len() {
            let before =
                (0..at).filter(|&other| kept[other].1 < kept[at].1).max_by_key(|&other| best[other].0);
            best.push((before.map_or(1, |other| best[other].0 + 1), before));
        }
        let mut next = (0..kept.len()).max_by_key(|&at| best[at].0);
        let mut stays = Set::new();
        while let Some(at) = next {
            stays.insert(kept[at].0);
            next = best[at].1;
        }
        stays
    }
}

pub fn wanted_column<'t>(table: &'t Table<'_>, name: &str) -> &'t ColumnDef {
    table.definition.column(name).expect("a shape has its table's columns")
}

fn same_key(old: &Key, new: &Key) -> bool {
    old.columns == new.columns && old.conflict == new.conflict && old.no_rowid == new.no_rowid
}

/// A column's name as the table writes it.
fn spelt(table: &TableDef, name: &str) -> String {
    table.column(name).map_or_else(|| name.to_owned(), |column| column.name.clone())
}

fn constraint_names(table: &TableDef) -> impl Iterator<Item = &String> {
    let columns = table.columns.iter().flat_map(|column| &column.constraints);
    let columns = columns.filter(|c| c.rule != ColumnRule::Bare).filter_map(|c| c.name.as_ref());
    columns.chain(table.constraints.iter().filter_map(|c| c.name.as_ref()))
}

/// How many constraints have this name.
fn named(table: &TableDef, name: &str) -> usize {
    let columns = table.columns.iter().flat_map(|column| &column.constraints).filter_map(|c| c.name.as_ref());
    let all = columns.chain(table.constraints.iter().filter_map(|c| c.name.as_ref()));
    all.filter(|own| same_name(own, name)).count()
}

fn spelt_constraint(table: &TableDef, name: &str) -> String {
    constraint_names(table).find(|own| same_name(own, name)).cloned().unwrap_or_else(|| name.to_owned())
}

/// `ADD [CONSTRAINT name] …`
fn add(table: &TableDef, name: Option<&str>, sql: &str) -> Action {
    let name = name.map(|name| spelt_constraint(table, name));
    let definition = match &name {
        Some(name) => format!("CONSTRAINT {} {sql}", quote(name)),
        None => sql.to_owned(),
    };
    Action::AddConstraint { if_not_exists: false, name, definition }
}

/// A text with another name for a column.
fn with_name(text: &str, from: &str, to: &str) -> String {
    let Ok(all) = tokens(text) else { return text.to_owned() };
    let mut edits = Edits::default();
    for (at, token) in all.iter().enumerate() {
        let string = token.kind == T::TK_STRING && token.text.starts_with('\'');
        let called = all.get(at + 1).is_some_and(|next| next.kind == T::TK_LP);
        if !string && !called && same_name(&unquote(token.text), from) {
            edits.replace(token.start..token.end(), quote(to));
        }
    }
    edits.apply(text)
}

/// A CHECK's expression without the `ON CONFLICT` that may stand behind it.
fn without_conflict(text: &str) -> String {
    let Ok(all) = tokens(text) else { return text.to_owned() };
    let mut depth = 0;
    let end = all.iter().find(|token| {
        depth += i32::from(token.kind == T::TK_LP) - i32::from(token.kind == T::TK_RP);
        depth == 0
    });
    end.map_or(text, |end| &text[..end.end()]).to_owned()
}
