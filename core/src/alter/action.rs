//! What an `ALTER TABLE` can ask for. A new action is a variant here; the compiler then lists every
//! place that must know it. It does not list `parse.rs`, which makes the variant, and the rules of
//! `lint`, which pick the actions that they look for.

use std::fmt;

use serde::Serialize;

use crate::set::Set;
use crate::sql::{quote, tokens, unquote};

/// One `ALTER TABLE`: a batch of actions on one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alteration {
    /// The schema before the dot, if there is one.
    pub schema: Option<String>,
    /// The table.
    pub table: String,
    /// `IF EXISTS`: no such table is no error.
    pub if_exists: bool,
    /// In order.
    pub actions: Vec<Action>,
}

/// Where a column goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// `FIRST`
    First,
    /// `AFTER column`
    After(String),
}

/// Which constraint is meant: by name, or by what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConstraintRef {
    /// `CONSTRAINT name`
    Named(String),
    /// `CHECK (expr)`, with its parentheses
    Check(String),
    /// `UNIQUE (columns)`
    Unique(Vec<String>),
    /// `FOREIGN KEY (columns)`
    ForeignKey(Vec<String>),
    /// `PRIMARY KEY`
    PrimaryKey,
}

/// A word behind the closing parenthesis of `CREATE TABLE`, or `AUTOINCREMENT` in it, on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TableOption {
    /// `SET STRICT`, `SET NOT STRICT`
    Strict(bool),
    /// `SET WITHOUT ROWID`, `SET WITH ROWID`
    WithoutRowid(bool),
    /// `SET AUTOINCREMENT`, `SET NOT AUTOINCREMENT`
    Autoincrement(bool),
}

/// One action. Names are unquoted; definitions and expressions are SQL text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs)] // The fields are the grammar's own words.
pub enum Action {
    /// `ADD [COLUMN] [IF NOT EXISTS] definition [FIRST | AFTER column]`
    AddColumn { if_not_exists: bool, column: String, definition: String, position: Option<Position> },
    /// `DROP [COLUMN] [IF EXISTS] column [CASCADE]`
    DropColumn { if_exists: bool, column: String, cascade: bool },
    /// `RENAME [COLUMN] column TO name`
    RenameColumn { column: String, to: String },
    /// `RENAME CONSTRAINT name TO name`
    RenameConstraint { name: String, to: String },
    /// `RENAME TO name`
    RenameTable { to: String },
    /// `ALTER column SET NOT NULL [ON CONFLICT …]`
    SetNotNull { column: String, on_conflict: Option<String> },
    /// `ALTER column DROP NOT NULL`
    DropNotNull { column: String },
    /// `ALTER column SET DEFAULT value`: a literal, or an expression in parentheses
    SetDefault { column: String, value: String },
    /// `ALTER column DROP DEFAULT`
    DropDefault { column: String },
    /// `ALTER column {[SET DATA] TYPE type | DROP TYPE} [COLLATE name] [USING expr]`; no type is an
    /// empty name
    SetType { column: String, type_name: String, collation: Option<String>, using: Option<String> },
    /// `ALTER column SET GENERATED (expression) [STORED|VIRTUAL]`
    SetGenerated { column: String, expression: String, stored: bool },
    /// `ALTER column DROP EXPRESSION`
    DropExpression { column: String },
    /// `ALTER column FIRST | AFTER column`
    MoveColumn { column: String, position: Position },
    /// `ADD [CONSTRAINT [IF NOT EXISTS] name] definition`; the definition holds the name
    AddConstraint { if_not_exists: bool, name: Option<String>, definition: String },
    /// `DROP constraint`
    DropConstraint { if_exists: bool, constraint: ConstraintRef },
    /// `SET option`
    SetOption(TableOption),
}

impl Action {
    /// Whether it is a rename that SQLite does itself, in the whole schema at once.
    pub fn is_rename(&self) -> bool {
        matches!(self, Action::RenameColumn { .. } | Action::RenameTable { .. })
    }
}

impl Alteration {
    /// The actions in groups that are done in one go: a rename of a column or of the table by
    /// itself, because SQLite rewrites whatever refers to it, and what stands between renames
    /// together. A rename is moved to the front where nothing before it uses either name, so that
    /// a batch rarely needs more than one rebuild.
    pub fn groups(&self) -> Vec<Vec<Action>> {
        let mut renames: Vec<Action> = Vec::new();
        let mut groups: Vec<Vec<Action>> = Vec::new();
        // What the actions in `groups` name; `None` once nothing may pass them.
        let mut named = Some(Set::new());
        for action in &self.actions {
            if !action.is_rename() {
                named = named.and_then(|names| with_names_of(action, names));
                match groups.last_mut() {
                    Some(group) if !group[0].is_rename() => group.push(action.clone()),
                    _ => groups.push(vec![action.clone()]),
                }
            } else if groups.is_empty() || named.as_ref().is_some_and(|names| may_pass(action, names)) {
                renames.push(action.clone());
            } else {
                named = None;
                groups.push(vec![action.clone()]);
            }
        }
        renames.into_iter().map(|rename| vec![rename]).chain(groups).collect()
    }
}

/// The names with those that an action's text holds; `None` if it cannot be read.
fn with_names_of(action: &Action, mut names: Set<String>) -> Option<Set<String>> {
    let text = action.to_string();
    names.extend(tokens(&text).ok()?.iter().map(|token| unquote(token.text).to_ascii_lowercase()));
    Some(names)
}

/// Whether `rename` may be done before actions that use these names.
fn may_pass(rename: &Action, names: &Set<String>) -> bool {
    let Action::RenameColumn { column, to } = rename else {
        return false;
    };
    ![column, to].into_iter().any(|name| names.contains(&name.to_ascii_lowercase()))
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::First => f.write_str("FIRST"),
            Position::After(column) => write!(f, "AFTER {}", quote(column)),
        }
    }
}

impl fmt::Display for ConstraintRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |columns: &[String]| columns.iter().map(|c| quote(c)).collect::<Vec<_>>().join(", ");
        match self {
            ConstraintRef::Named(name) => write!(f, "CONSTRAINT {}", quote(name)),
            ConstraintRef::Check(expression) => write!(f, "CHECK {expression}"),
            ConstraintRef::Unique(columns) => write!(f, "UNIQUE ({})", list(columns)),
            ConstraintRef::ForeignKey(columns) => write!(f, "FOREIGN KEY ({})", list(columns)),
            ConstraintRef::PrimaryKey => f.write_str("PRIMARY KEY"),
        }
    }
}

impl fmt::Display for TableOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TableOption::Strict(true) => "STRICT",
            TableOption::Strict(false) => "NOT STRICT",
            TableOption::WithoutRowid(true) => "WITHOUT ROWID",
            TableOption::WithoutRowid(false) => "WITH ROWID",
            TableOption::Autoincrement(true) => "AUTOINCREMENT",
            TableOption::Autoincrement(false) => "NOT AUTOINCREMENT",
        })
    }
}

/// In the grammar that [`Alteration::parse`] reads.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alter = |f: &mut fmt::Formatter<'_>, column: &str| write!(f, "ALTER COLUMN {} ", quote(column));
        match self {
            Action::AddColumn { if_not_exists, column: _, definition, position } => {
                write!(f, "ADD COLUMN {}{definition}", if *if_not_exists { "IF NOT EXISTS " } else { "" })?;
                position.as_ref().map_or(Ok(()), |position| write!(f, " {position}"))
            }
            Action::DropColumn { if_exists, column, cascade } => {
                let (exists, cascade) =
                    (if *if_exists { "IF EXISTS " } else { "" }, if *cascade { " CASCADE" } else { "" });
                write!(f, "DROP COLUMN {exists}{}{cascade}", quote(column))
            }
            Action::RenameColumn { column, to } => {
                write!(f, "RENAME COLUMN {} TO {}", quote(column), quote(to))
            }
            Action::RenameConstraint { name, to } => {
                write!(f, "RENAME CONSTRAINT {} TO {}", quote(name), quote(to))
            }
            Action::RenameTable { to } => write!(f, "RENAME TO {}", quote(to)),
            Action::SetNotNull { column, on_conflict } => {
                alter(f, column)?;
                f.write_str("SET NOT NULL")?;
                on_conflict.as_ref().map_or(Ok(()), |way| write!(f, " ON CONFLICT {way}"))
            }
            Action::DropNotNull { column } => {
                alter(f, column)?;
                f.write_str("DROP NOT NULL")
            }
            Action::SetDefault { column, value } => {
                alter(f, column)?;
                write!(f, "SET DEFAULT {value}")
            }
            Action::DropDefault { column } => {
                alter(f, column)?;
                f.write_str("DROP DEFAULT")
            }
            Action::SetType { column, type_name, collation, using } => {
                alter(f, column)?;
                match type_name.as_str() {
                    "" => f.write_str("DROP TYPE")?,
                    name => write!(f, "TYPE {name}")?,
                }
                if let Some(name) = collation {
                    write!(f, " COLLATE {}", quote(name))?;
                }
                using.as_ref().map_or(Ok(()), |expression| write!(f, " USING {expression}"))
            }
            Action::SetGenerated { column, expression, stored } => {
                alter(f, column)?;
                write!(f, "SET GENERATED {expression} {}", if *stored { "STORED" } else { "VIRTUAL" })
            }
            Action::DropExpression { column } => {
                alter(f, column)?;
                f.write_str("DROP EXPRESSION")
            }
            Action::MoveColumn { column, position } => {
                alter(f, column)?;
                write!(f, "{position}")
            }
            Action::AddConstraint { if_not_exists, name, definition } => match name {
                Some(_) if *if_not_exists => {
                    // The definition begins with `CONSTRAINT name`; the condition goes between.
                    let name =
                        crate::sql::tokens(definition).ok().and_then(|all| all.get(1).map(|t| t.start));
                    write!(f, "ADD CONSTRAINT IF NOT EXISTS {}", &definition[name.unwrap_or(0)..])
                }
                _ => write!(f, "ADD {definition}"),
            },
            Action::DropConstraint { if_exists, constraint } => match constraint {
                ConstraintRef::Named(name) if *if_exists => {
                    write!(f, "DROP CONSTRAINT IF EXISTS {}", quote(name))
                }
                _ => write!(f, "DROP {constraint}"),
            },
            Action::SetOption(option) => write!(f, "SET {option}"),
        }
    }
}
