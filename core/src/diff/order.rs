//! The steps in an order in which each runs: what would break goes first and comes back last,
//! parents before their children, what is dropped at the end.

use litemap::LiteMap;

use super::fill::filled;
use super::schema::{Other, Schema, Table};
use super::table::Pair;
use crate::alter::{Action, ConstraintRef};
use crate::operation::{Change, Note, Operation};
use crate::schema::{Object, ObjectKind};
use crate::set::Set;
use crate::sql::lower;

/// A table that stays, with what is to be done to it.
pub struct Altered<'p> {
    pub pair: Pair<'p>,
    pub actions: Vec<Action>,
}

/// All that is to be done, before it has an order.
pub struct Work<'w> {
    pub present: &'w Schema<'w>,
    pub wanted: &'w Schema<'w>,
    /// Tables that are renamed: from, to, as they are spelt.
    pub renamed: Vec<(String, String)>,
    pub created: Vec<&'w Table<'w>>,
    pub dropped: Vec<&'w Table<'w>>,
    pub altered: Vec<Altered<'w>>,
    /// Virtual tables, indexes, views and triggers that go, come, or do both.
    pub gone: Vec<&'w Other<'w>>,
    pub come: Vec<&'w Other<'w>>,
}

impl Work<'_> {
    /// The steps.
    pub fn operations(&self) -> Vec<Operation> {
        let waiting = self.waiting();
        let mut all = Vec::new();
        let gone = |kind: ObjectKind| {
            let others = self.gone.iter().copied().filter(move |other| other.object.kind == kind);
            others.collect::<Vec<_>>()
        };
        for kind in [ObjectKind::Trigger, ObjectKind::View] {
            let mut dropped = gone(kind);
            dropped.extend(waiting.iter().copied().filter(|other| other.object.kind == kind));
            dropped.sort_by_key(|other| &other.name);
            all.extend(dropped.into_iter().map(|other| drop(other.object)));
        }
        // An index goes with its table, unless its name is needed before that.
        let tables: Set<&str> = self.dropped.iter().map(|table| table.name.as_str()).collect();
        let needed: Set<&str> = self.come.iter().map(|other| other.name.as_str()).collect();
        let goes_along = |index: &Other<'_>| {
            tables.contains(index.table.as_str()) && !needed.contains(index.name.as_str())
        };
        let indexes = gone(ObjectKind::Index).into_iter().filter(|index| !goes_along(index));
        all.extend(indexes.map(|index| drop(index.object)));
        let virtuals = gone(ObjectKind::Table);
        let (early, late): (Vec<&Other<'_>>, Vec<_>) =
            virtuals.into_iter().partition(|other| self.wanted.table(&other.name).is_some());
        all.extend(early.into_iter().map(|other| drop_table(other.object)));
        for (from, to) in &self.renamed {
            all.push(Operation::new(Change::RenameTable { table: from.clone(), to: to.clone() }));
        }
        let (first, dropped) = self.drops();
        all.extend(first.into_iter().map(|table| drop_table(table.object)));
        let mut actions: LiteMap<&str, Vec<Action>> =
            self.altered.iter().map(|a| (a.pair.wanted.name.as_str(), a.actions.clone())).collect();
        all.extend(self.released(&mut actions));
        all.extend(self.tables(actions));
        all.extend(dropped.into_iter().map(|table| drop_table(table.object)));
        all.extend(late.into_iter().map(|other| drop_table(other.object)));
        let again: Set<(ObjectKind, &str)> =
            waiting.iter().map(|other| (other.object.kind, other.name.as_str())).collect();
        let come: Set<(ObjectKind, &str)> =
            self.come.iter().map(|other| (other.object.kind, other.name.as_str())).collect();
        for kind in [ObjectKind::Table, ObjectKind::View, ObjectKind::Trigger] {
            let of_kind = self.wanted.others.iter().filter(|other| other.object.kind == kind);
            for other in of_kind {
                let key = (kind, other.name.as_str());
                if come.contains(&key) || again.contains(&key) {
                    all.push(create(other.object));
                }
            }
        }
        all
    }

    /// Views and triggers that stay, and would not compile while tables change: dropped first, and
    /// created anew at the end. SQLite renames nothing in a schema that does not compile.
    fn waiting(&self) -> Vec<&Other<'_>> {
        let touched = self.touched();
        if touched.is_empty() {
            return Vec::new();
        }
        let going: Set<(ObjectKind, &str)> =
            self.gone.iter().map(|other| (other.object.kind, other.name.as_str())).collect();
        let views = |others: &[&Other<'_>]| -> Vec<String> {
            let views = others.iter().filter(|other| other.object.kind == ObjectKind::View);
            views.map(|other| other.name.clone()).collect()
        };
        let mut missing: Set<String> = views(&self.gone).into_iter().collect();
        let mut candidates: Vec<&Other<'_>> = self.present.others.iter().collect();
        candidates.retain(|other| {
            matches!(other.object.kind, ObjectKind::View | ObjectKind::Trigger)
                && !going.contains(&(other.object.kind, other.name.as_str()))
        });
        let mut waiting = Vec::new();
        loop {
            let (hit, rest): (Vec<&Other<'_>>, Vec<_>) = candidates.into_iter().partition(|other| {
                is_touched(other, &touched) || other.text.all_names().any(|name| missing.contains(name))
            });
            if hit.is_empty() {
                return waiting;
            }
            missing.extend(views(&hit));
            waiting.extend(hit);
            candidates = rest;
        }
    }

    /// What happens to which table, as far as other texts may mind. By every name it has or had.
    fn touched(&self) -> LiteMap<String, Touch> {
        let mut touched: LiteMap<String, Touch> = LiteMap::new();
        let whole = || Touch { whole: true, ..Touch::default() };
        for (from, to) in &self.renamed {
            touched.insert(lower(from), whole());
            touched.insert(lower(to), whole());
        }
        touched.extend(self.dropped.iter().map(|table| (table.name.clone(), whole())));
        let virtuals = self.gone.iter().filter(|other| other.object.kind == ObjectKind::Table);
        touched.extend(virtuals.map(|other| (other.name.clone(), whole())));
        for Altered { pair, actions } in &self.altered {
            let touch = touched.entry(pair.wanted.name.clone()).or_default();
            touch.altered = true;
            for action in actions {
                match action {
                    Action::RenameColumn { column, to } => touch.columns.extend([lower(column), lower(to)]),
                    Action::DropColumn { column, .. } => _ = touch.columns.insert(lower(column)),
                    Action::AddColumn { .. }
                    | Action::MoveColumn { .. }
                    | Action::SetGenerated { .. }
                    | Action::DropExpression { .. } => touch.count = true,
                    Action::RenameConstraint { .. }
                    | Action::RenameTable { .. }
                    | Action::SetNotNull { .. }
                    | Action::DropNotNull { .. }
                    | Action::SetDefault { .. }
                    | Action::DropDefault { .. }
                    | Action::SetType { .. }
                    | Action::AddConstraint { .. }
                    | Action::DropConstraint { .. }
                    | Action::SetOption(_) => {}
                }
            }
        }
        touched
    }

    /// The tables to drop: those that go first, because they hold on to what a parent is to lose, and
    /// those that go last. Children go before their parents.
    fn drops(&self) -> (Vec<&Table<'_>>, Vec<&Table<'_>>) {
        let reduced = self.reduced();
        let mut dropped = parents_first(&self.dropped);
        dropped.reverse();
        dropped
            .into_iter()
            .partition(|table| table.shape.references().any(|reference| reduced.contains(&reference.table)))
    }

    /// Tables that lose columns or keys to which foreign keys may point.
    fn reduced(&self) -> Set<String> {
        let loses = |action: &Action| {
            matches!(
                action,
                Action::DropColumn { .. }
                    | Action::DropConstraint {
                        constraint: ConstraintRef::PrimaryKey
                            | ConstraintRef::Unique(_)
                            | ConstraintRef::Named(_),
                        ..
                    }
            )
        };
        let altered = self.altered.iter().filter(|altered| altered.actions.iter().any(loses));
        altered.map(|altered| altered.pair.wanted.name.clone()).collect()
    }

    /// Foreign keys that hold on to what a parent is to lose: they go before it, in a batch of their own.
    fn released(&self, actions: &mut LiteMap<&str, Vec<Action>>) -> Vec<Operation> {
        let reduced = self.reduced();
        let mut all = Vec::new();
        for Altered { pair, .. } in &self.altered {
            let holds = |table: &String| *table != pair.present.name && reduced.contains(table);
            let mut first = Vec::new();
            for rule in pair.gone_references().filter(|(table, _)| holds(table)).map(|(_, rule)| rule) {
                let release = pair.drop_rule(rule);
                if let Some(actions) = actions.get_mut(pair.wanted.name.as_str()) {
                    actions.retain(|action| *action != release);
                }
                first.extend(std::iter::repeat_n(release, 1 + rule.repeated));
            }
            if !first.is_empty() {
                let table = pair.wanted.definition.name.clone();
                all.push(Operation::new(Change::AlterTable { table, actions: first }));
            }
        }
        all
    }

    /// New tables with their indexes, then the others with theirs.
    fn tables(&self, mut actions: LiteMap<&str, Vec<Action>>) -> Vec<Operation> {
        let mut indexes: LiteMap<&str, Vec<&Object>> = LiteMap::new();
        for other in self.come.iter().filter(|other| other.object.kind == ObjectKind::Index) {
            indexes.entry(&other.table).or_default().push(other.object);
        }
        let mut all = Vec::new();
        for table in parents_first(&self.created) {
            all.push(create(table.object));
            all.extend(indexes.remove(table.name.as_str()).unwrap_or_default().into_iter().map(create));
        }
        let pairs: LiteMap<&str, &Pair<'_>> =
            self.altered.iter().map(|a| (a.pair.wanted.name.as_str(), &a.pair)).collect();
        let stay: Vec<&Table<'_>> = self.wanted.tables.iter().collect();
        for table in parents_first(&stay) {
            let name = table.name.as_str();
            if let (Some(pair), Some(actions)) = (pairs.get(name), actions.remove(name)) {
                all.extend(filled(pair, actions));
            }
            all.extend(indexes.remove(table.name.as_str()).unwrap_or_default().into_iter().map(create));
        }
        all
    }
}

/// What a text may mind about a table.
#[derive(Default)]
struct Touch {
    /// It is renamed, or goes.
    whole: bool,
    altered: bool,
    /// Columns that go, or are renamed.
    columns: Set<String>,
    /// It has more columns than before, or others are written to.
    count: bool,
}

fn is_touched(other: &Other<'_>, touched: &LiteMap<String, Touch>) -> bool {
    let text = &other.text;
    let on = touched.get(&other.table).filter(|_| other.object.kind == ObjectKind::Trigger);
    on.is_some_and(|touch| touch.whole)
        || text.all_names().any(|name| {
            touched.get(name).is_some_and(|touch| {
                let positional = || {
                    text.behind("INTO")
                        .any(|(into, next)| (into == name && next != Some("(")) || next == Some("."))
                };
                let all = || text.takes_all() || positional();
                let column = || text.all_names().any(|name| touch.columns.contains(name));
                touch.whole
                    || (touch.altered && !touch.columns.is_empty() && (column() || all()))
                    || (touch.count && all())
            })
        })
}

fn drop(object: &Object) -> Operation {
    Operation::new(Change::Drop {
        object: object.kind,
        table: object.table.clone(),
        name: object.name.clone(),
    })
}

fn drop_table(object: &Object) -> Operation {
    drop(object).with(Note::Loses(format!("every row of {}", object.name)))
}

fn create(object: &Object) -> Operation {
    Operation::new(Change::Create {
        object: object.kind,
        table: object.table.clone(),
        name: object.name.clone(),
        sql: object.sql.clone().unwrap_or_default(),
    })
}

/// Each table behind those to which its foreign keys point, else in the order in which they stand.
/// Where they point in a circle, the circle is cut somewhere.
fn parents_first<'t, 's>(tables: &[&'t Table<'s>]) -> Vec<&'t Table<'s>> {
    let places: LiteMap<&str, usize> =
        tables.iter().enumerate().map(|(at, table)| (table.name.as_str(), at)).collect();
    let parents: Vec<Vec<usize>> = tables
        .iter()
        .map(|table| {
            let parents = table.shape.references().filter_map(|r| places.get(r.table.as_str()).copied());
            parents.collect()
        })
        .collect();
    let mut begun = vec![false; tables.len()];
    let mut order = Vec::with_capacity(tables.len());
    for start in 0..tables.len() {
        // A walk without recursion: a chain may be as long as there are tables.
        let mut stack = vec![(start, 0)];
        if std::mem::replace(&mut begun[start], true) {
            continue;
        }
        while let Some((at, next)) = stack.last_mut() {
            match parents[*at].get(*next) {
                Some(&parent) => {
                    *next += 1;
                    if !std::mem::replace(&mut begun[parent], true) {
                        stack.push((parent, 0));
                    }
                }
                None => {
                    order.push(tables[*at]);
                    stack.pop();
                }
            }
        }
    }
    order
}
