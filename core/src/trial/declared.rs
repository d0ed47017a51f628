//! What a revision's texts say that they do to rows.

use std::collections::BTreeSet;

use crate::alter::Action;
use crate::deed::{Deed, Fires, of_trigger};
use crate::reading::Side;
use crate::schema::{Object, ObjectKind};
use crate::sql::{lower, same_name};

/// What is renamed, dropped and changed, by the words of the author. Names are in lowercase.
#[derive(Debug, Clone, Default)]
pub(crate) struct Declared {
    /// From, to; in order.
    tables: Vec<(String, String)>,
    /// Table, from, to; in order.
    columns: Vec<(String, String, String)>,
    dropped: BTreeSet<String>,
    /// Table and column.
    written: BTreeSet<(String, String)>,
    /// Tables of which any column may be written, by an INSERT that replaces.
    any: BTreeSet<String>,
    deleted: BTreeSet<String>,
    inserted: BTreeSet<String>,
    /// The body is code, and says nothing.
    silent: bool,
}

impl Declared {
    /// Adds a revision whose body is code, of which nothing is known.
    pub fn add_silent(&mut self) {
        self.silent = true;
    }

    /// Adds what one direction of a file says; `objects` are those around it, for the triggers that its
    /// statements fire.
    pub fn add(&mut self, side: &Side, objects: &[Object]) {
        for statement in &side.statements {
            self.deed(&statement.deed, objects, &mut BTreeSet::new());
        }
    }

    /// What a statement does, and the triggers that it fires, each once.
    fn deed(&mut self, deed: &Deed, objects: &[Object], fired: &mut BTreeSet<(String, Fires)>) {
        let (table, fires) = match deed {
            Deed::Alter(alteration) => return self.alter(&alteration.table, &alteration.actions),
            Deed::DropTable { table, .. } => {
                self.dropped.insert(lower(table));
                return;
            }
            Deed::Insert { table, replaces, .. } => {
                self.inserted.insert(lower(table));
                if *replaces {
                    self.any.insert(lower(table));
                }
                (table, Fires::Insert)
            }
            Deed::Update { table, columns, .. } => {
                self.written.extend(columns.iter().map(|column| (lower(table), lower(column))));
                (table, Fires::Update)
            }
            Deed::Delete { table, .. } => {
                self.deleted.insert(lower(table));
                (table, Fires::Delete)
            }
            Deed::CreateTable { .. }
            | Deed::CreateIndex(_)
            | Deed::DropIndex { .. }
            | Deed::Other { .. }
            | Deed::DropView { .. }
            | Deed::Vacuum
            | Deed::Neither => return,
        };
        if !fired.insert((lower(table), fires)) {
            return;
        }
        let on_it = |object: &&Object| object.kind == ObjectKind::Trigger && same_name(table, &object.table);
        for trigger in objects.iter().filter(on_it) {
            let Some((by, deeds)) = trigger.sql.as_deref().and_then(of_trigger) else { continue };
            if by == fires {
                deeds.iter().for_each(|deed| self.deed(deed, objects, fired));
            }
        }
    }

    fn alter(&mut self, table: &str, actions: &[Action]) {
        let mut table = lower(table);
        for action in actions {
            match action {
                Action::RenameTable { to } => {
                    self.tables.push((table, lower(to)));
                    table = lower(to);
                }
                Action::RenameColumn { column, to } => {
                    self.columns.push((table.clone(), lower(column), lower(to)));
                }
                Action::SetType { column, .. } | Action::SetGenerated { column, .. } => {
                    self.written.insert((table.clone(), lower(column)));
                }
                Action::AddColumn { .. }
                | Action::DropColumn { .. }
                | Action::RenameConstraint { .. }
                | Action::SetNotNull { .. }
                | Action::DropNotNull { .. }
                | Action::SetDefault { .. }
                | Action::DropDefault { .. }
                | Action::DropExpression { .. }
                | Action::MoveColumn { .. }
                | Action::AddConstraint { .. }
                | Action::DropConstraint { .. }
                | Action::SetOption(_) => {}
            }
        }
    }

    /// What a table is called afterwards.
    pub fn table(&self, name: &str) -> String {
        let mut now = lower(name);
        for (from, to) in &self.tables {
            if *from == now {
                now.clone_from(to);
            }
        }
        now
    }

    /// What a column is called afterwards.
    pub fn column(&self, table: &str, column: &str) -> String {
        let (before, after) = (lower(table), self.table(table));
        let mut now = lower(column);
        for (of, from, to) in &self.columns {
            if (*of == before || *of == after) && *from == now {
                now.clone_from(to);
            }
        }
        now
    }

    /// Whether the author says that this column's values change.
    pub fn writes(&self, table: &str, column: &str) -> bool {
        let tables = [lower(table), self.table(table)];
        let columns = [lower(column), self.column(table, column)];
        self.silent
            || tables.iter().any(|table| {
                self.any.contains(table)
                    || columns.iter().any(|column| self.written.contains(&(table.clone(), column.clone())))
            })
    }

    /// Whether the author says that rows go.
    pub fn deletes(&self, table: &str) -> bool {
        self.silent || self.deleted.contains(&lower(table)) || self.deleted.contains(&self.table(table))
    }

    /// Whether the author says that rows come.
    pub fn inserts(&self, table: &str) -> bool {
        self.silent || self.inserted.contains(&lower(table)) || self.inserted.contains(&self.table(table))
    }

    /// Whether the table itself goes.
    pub fn drops(&self, table: &str) -> bool {
        self.silent || self.dropped.contains(&lower(table))
    }
}
