//! One thing that differs: what a person reads, and what a build fails on.

use serde::Serialize;

use crate::alter::{Action, ConstraintRef, TableOption};
use crate::operation::alter_sql;
use crate::schema::ObjectKind;
use crate::sql::lower;

/// One thing that a migration would have to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What is to be done.
    pub kind: DifferenceKind,
    /// The table (or view) that the object belongs to; its own name for a table or view.
    pub table: String,
    /// The object's name: a column's, a constraint's or what it says, an index's.
    pub name: String,
    /// The statement that does it.
    pub sql: String,
    /// The `CREATE` text that is there, for people who look at a change.
    #[serde(skip)]
    pub present: Option<String>,
}

/// How much a difference matters to the rows and to those who read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Nothing is answered otherwise: an index that only makes quick, a column's place, a name of a rule.
    Slight,
    /// Other rows may be written, or other things happen: rules, defaults, triggers, views.
    Rule,
    /// Tables, columns or their types: statements of the app may fail.
    Data,
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $name:literal,)+) => {
        /// What a [`Difference`] asks for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum DifferenceKind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl DifferenceKind {
            /// Every kind there is.
            pub const ALL: &'static [DifferenceKind] = &[$(DifferenceKind::$kind),+];

            /// As JSON has it: `add_table`.
            pub fn as_str(self) -> &'static str {
                match self { $(DifferenceKind::$kind => $name),+ }
            }
        }
    };
}

kinds! {
    /// A wanted table is missing.
    AddTable = "add_table",
    /// A table is there that is not wanted.
    DropTable = "drop_table",
    /// A virtual table is defined otherwise.
    ChangeTable = "change_table",
    /// A table has another name, which was said.
    RenameTable = "rename_table",
    /// A wanted column is missing.
    AddColumn = "add_column",
    /// A column is there that is not wanted.
    DropColumn = "drop_column",
    /// A column has another name, which was said.
    RenameColumn = "rename_column",
    /// A column stands elsewhere.
    MoveColumn = "move_column",
    /// A column has another type or collation.
    ChangeType = "change_type",
    /// A column takes NULL and should not, or the other way round.
    ChangeNullable = "change_nullable",
    /// A column has another default.
    ChangeDefault = "change_default",
    /// A column is computed otherwise, or should be, or should not.
    ChangeGenerated = "change_generated",
    /// A key, UNIQUE, CHECK or foreign key is missing.
    AddConstraint = "add_constraint",
    /// A key, UNIQUE, CHECK or foreign key is there that is not wanted.
    DropConstraint = "drop_constraint",
    /// A constraint has another name.
    RenameConstraint = "rename_constraint",
    /// STRICT, WITHOUT ROWID or AUTOINCREMENT.
    ChangeOption = "change_option",
    /// A wanted index is missing.
    AddIndex = "add_index",
    /// An index is there that is not wanted.
    DropIndex = "drop_index",
    /// An index is defined otherwise.
    ChangeIndex = "change_index",
    /// A wanted trigger is missing.
    AddTrigger = "add_trigger",
    /// A trigger is there that is not wanted.
    DropTrigger = "drop_trigger",
    /// A trigger is defined otherwise.
    ChangeTrigger = "change_trigger",
    /// A wanted view is missing.
    AddView = "add_view",
    /// A view is there that is not wanted.
    DropView = "drop_view",
    /// A view is defined otherwise.
    ChangeView = "change_view",
}

impl Serialize for DifferenceKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl DifferenceKind {
    pub(super) fn add(kind: ObjectKind) -> DifferenceKind {
        match kind {
            ObjectKind::Table => DifferenceKind::AddTable,
            ObjectKind::Index => DifferenceKind::AddIndex,
            ObjectKind::Trigger => DifferenceKind::AddTrigger,
            ObjectKind::View => DifferenceKind::AddView,
        }
    }

    pub(super) fn change(kind: ObjectKind) -> DifferenceKind {
        match kind {
            ObjectKind::Table => DifferenceKind::ChangeTable,
            ObjectKind::Index => DifferenceKind::ChangeIndex,
            ObjectKind::Trigger => DifferenceKind::ChangeTrigger,
            ObjectKind::View => DifferenceKind::ChangeView,
        }
    }

    pub(super) fn drop(kind: ObjectKind) -> DifferenceKind {
        match kind {
            ObjectKind::Table => DifferenceKind::DropTable,
            ObjectKind::Index => DifferenceKind::DropIndex,
            ObjectKind::Trigger => DifferenceKind::DropTrigger,
            ObjectKind::View => DifferenceKind::DropView,
        }
    }
}

impl Difference {
    /// What an action of an `ALTER TABLE` tells.
    pub(super) fn of(table: &str, action: &Action) -> Difference {
        let (kind, name) = match action {
            Action::AddColumn { column, .. } => (DifferenceKind::AddColumn, column.clone()),
            Action::DropColumn { column, .. } => (DifferenceKind::DropColumn, column.clone()),
            Action::RenameColumn { to, .. } => (DifferenceKind::RenameColumn, to.clone()),
            Action::RenameConstraint { to, .. } => (DifferenceKind::RenameConstraint, to.clone()),
            Action::RenameTable { to } => (DifferenceKind::RenameTable, to.clone()),
            Action::SetNotNull { column, .. } | Action::DropNotNull { column } => {
                (DifferenceKind::ChangeNullable, column.clone())
            }
            Action::SetDefault { column, .. } | Action::DropDefault { column } => {
                (DifferenceKind::ChangeDefault, column.clone())
            }
            Action::SetType { column, .. } => (DifferenceKind::ChangeType, column.clone()),
            Action::SetGenerated { column, .. } | Action::DropExpression { column } => {
                (DifferenceKind::ChangeGenerated, column.clone())
            }
            Action::MoveColumn { column, .. } => (DifferenceKind::MoveColumn, column.clone()),
            Action::AddConstraint { name, definition, .. } => {
                (DifferenceKind::AddConstraint, name.clone().unwrap_or_else(|| definition.clone()))
            }
            Action::DropConstraint { constraint, .. } => {
                let name = match constraint {
                    ConstraintRef::Named(name) => name.clone(),
                    other => other.to_string(),
                };
                (DifferenceKind::DropConstraint, name)
            }
            Action::SetOption(option) => {
                let name = match option {
                    TableOption::Strict(_) => "STRICT",
                    TableOption::WithoutRowid(_) => "WITHOUT ROWID",
                    TableOption::Autoincrement(_) => "AUTOINCREMENT",
                };
                (DifferenceKind::ChangeOption, name.to_owned())
            }
        };
        let sql = alter_sql(table, std::slice::from_ref(action));
        Difference { kind, table: table.to_owned(), name, sql, present: None }
    }

    /// How much it matters: a missing index is less than a missing column.
    pub fn grade(&self) -> Grade {
        match self.kind {
            DifferenceKind::AddTable
            | DifferenceKind::DropTable
            | DifferenceKind::ChangeTable
            | DifferenceKind::RenameTable
            | DifferenceKind::AddColumn
            | DifferenceKind::DropColumn
            | DifferenceKind::RenameColumn
            | DifferenceKind::ChangeType
            | DifferenceKind::ChangeGenerated => Grade::Data,
            DifferenceKind::ChangeNullable
            | DifferenceKind::ChangeDefault
            | DifferenceKind::AddConstraint
            | DifferenceKind::DropConstraint
            | DifferenceKind::ChangeOption
            | DifferenceKind::AddTrigger
            | DifferenceKind::DropTrigger
            | DifferenceKind::ChangeTrigger
            | DifferenceKind::AddView
            | DifferenceKind::DropView
            | DifferenceKind::ChangeView => Grade::Rule,
            DifferenceKind::AddIndex | DifferenceKind::DropIndex | DifferenceKind::ChangeIndex => {
                let unique = |sql: &str| lower(sql).starts_with("create unique");
                let rule = unique(&self.sql) || self.present.as_deref().is_some_and(unique);
                if rule { Grade::Rule } else { Grade::Slight }
            }
            DifferenceKind::MoveColumn | DifferenceKind::RenameConstraint => Grade::Slight,
        }
    }
}
