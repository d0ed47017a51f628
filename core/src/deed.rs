//! What each statement of a file does, and where it stands: what rules and comparisons ask of a script.
//! Knows no database.

use sqlite3_parser::ast::{
    CreateTableBody, InsertBody, Name, OneSelect, QualifiedName, Set, Stmt, TriggerCmd, TriggerEvent,
};

use crate::alter::{Action, Alteration};
use crate::error::Result;
use crate::schema::TableDef;
use crate::script::{Body, Script, Section};
use crate::sql::{same_name, split, tokens, unquote, with_statement};

/// A file, taken apart for the rules.
pub struct Reading<'a> {
    pub script: &'a Script,
    pub up: Side,
    pub down: Option<Side>,
}

/// One direction of a file.
pub struct Side {
    /// The file that it stands in.
    pub file: String,
    pub transaction: bool,
    pub statements: Vec<Statement>,
}

/// One statement.
pub struct Statement {
    pub line: u32,
    pub sql: String,
    pub deed: Deed,
}

/// What a statement does, as far as a rule asks. Names are unquoted.
pub enum Deed {
    CreateTable {
        table: String,
        columns: Option<TableDef>,
    },
    /// An index, a view, a trigger, a virtual table: made or dropped.
    Other {
        table: Option<String>,
    },
    DropTable {
        table: String,
    },
    Alter(Alteration),
    Insert {
        table: String,
        selects: bool,
    },
    Update {
        table: String,
        columns: Vec<String>,
    },
    Delete {
        table: String,
        all: bool,
    },
    /// No change of the schema, and none of an app's rows.
    Neither,
}

impl<'a> Reading<'a> {
    /// Reads a file's body.
    ///
    /// Errors: those of [`Script::body`].
    pub fn new(script: &'a Script) -> Result<Reading<'a>> {
        let body: Body = script.body()?;
        let down_file = script.down.as_ref().map_or(&script.file, |down| &down.name);
        let down = body.down.as_ref().map(|down| Side::new(down_file, down)).transpose()?;
        Ok(Reading { script, up: Side::new(&script.file, &body.up)?, down })
    }

    /// Both directions.
    pub fn sides(&self) -> impl Iterator<Item = &Side> {
        std::iter::once(&self.up).chain(&self.down)
    }
}

impl Side {
    fn new(file: &str, section: &Section) -> Result<Side> {
        let all = split(&section.sql)?;
        // Lines of the section, counted in its file.
        let below = match (section.items.first(), all.first()) {
            (Some(item), Some(first)) => item.line.saturating_sub(first.line),
            _ => 0,
        };
        let statement = |found: crate::sql::Statement<'_>| Statement {
            line: found.line + below,
            sql: found.text.to_owned(),
            deed: deed(found.text),
        };
        let statements = all.into_iter().map(statement).collect();
        Ok(Side { file: file.to_owned(), transaction: section.transaction, statements })
    }

    /// Whether a table is made in this direction: it has no rows of a user's yet.
    pub fn makes(&self, table: &str) -> bool {
        self.statements
            .iter()
            .any(|s| matches!(&s.deed, Deed::CreateTable { table: made, .. } if same_name(made, table)))
    }

    /// The statements that alter a table, with each of their actions.
    pub fn actions(&self) -> impl Iterator<Item = (&Statement, &Alteration, &Action)> {
        self.statements.iter().flat_map(|statement| {
            let alteration = match &statement.deed {
                Deed::Alter(alteration) => Some(alteration),
                _ => None,
            };
            alteration
                .into_iter()
                .flat_map(move |alter| alter.actions.iter().map(move |action| (statement, alter, action)))
        })
    }
}

impl Statement {
    /// Whether its text holds this name, in whichever quotes.
    pub fn mentions(&self, name: &str) -> bool {
        holds(&self.sql, name)
    }

    /// The line of the first token that is this name; that of the statement if there is none.
    pub fn line_of(&self, name: &str) -> u32 {
        let all = tokens(&self.sql).unwrap_or_default();
        let at = all.iter().find(|token| same_name(&unquote(token.text), name));
        self.line + at.map_or(0, |token| crate::sql::line_at(&self.sql, token.start) - 1)
    }
}

/// Which kind of statement fires a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fires {
    Insert,
    Update,
    Delete,
}

/// What fires a trigger, and what it does then; none of a text that is no trigger's.
pub fn of_trigger(sql: &str) -> Option<(Fires, Vec<Deed>)> {
    let read = |statement: &Stmt<'_>| match statement {
        Stmt::CreateTrigger { event, commands, .. } => {
            let fires = match event {
                TriggerEvent::Delete => Fires::Delete,
                TriggerEvent::Insert => Fires::Insert,
                TriggerEvent::Update | TriggerEvent::UpdateOf(_) => Fires::Update,
            };
            Some((fires, commands.iter().map(of_command).collect()))
        }
        _ => None,
    };
    with_statement(sql, read).ok()?
}

fn of_command(command: &TriggerCmd<'_>) -> Deed {
    match command {
        TriggerCmd::Update { tbl_name, sets, .. } => {
            Deed::Update { table: unquote(tbl_name.name.0), columns: columns(sets) }
        }
        TriggerCmd::Insert { tbl_name, .. } => {
            Deed::Insert { table: unquote(tbl_name.name.0), selects: false }
        }
        TriggerCmd::Delete { tbl_name, .. } => Deed::Delete { table: unquote(tbl_name.name.0), all: false },
        TriggerCmd::Select(_) => Deed::Neither,
    }
}

fn columns(sets: &[Set<'_>]) -> Vec<String> {
    let name = |name: &Name<'_>| unquote(name.0);
    sets.iter().flat_map(|set| set.col_names.iter().map(name)).collect()
}

/// Whether a text holds this name at all; a table stands before a parenthesis, as a function does.
pub fn holds(sql: &str, name: &str) -> bool {
    tokens(sql).is_ok_and(|all| all.iter().any(|token| same_name(&unquote(token.text), name)))
}

/// What a statement does. One that cannot be read does nothing that a rule knows: SQLite will judge it.
fn deed(sql: &str) -> Deed {
    if Alteration::begins(sql) {
        return Alteration::parse(sql).map_or(Deed::Neither, Deed::Alter);
    }
    with_statement(sql, |statement| of_statement(statement, sql)).unwrap_or(Deed::Neither)
}

fn of_statement(statement: &Stmt<'_>, sql: &str) -> Deed {
    let table = |name: &QualifiedName<'_>| unquote(name.name.0);
    match statement {
        Stmt::CreateTable { temporary: false, tbl_name, body, .. } => Deed::CreateTable {
            table: table(tbl_name),
            columns: match body {
                CreateTableBody::ColumnsAndConstraints { .. } => TableDef::parse(sql).ok(),
                CreateTableBody::AsSelect(_) => None,
            },
        },
        Stmt::CreateIndex { tbl_name, .. } => Deed::Other { table: Some(unquote(tbl_name.0)) },
        Stmt::CreateTrigger { tbl_name, .. } => Deed::Other { table: Some(table(tbl_name)) },
        Stmt::CreateVirtualTable { tbl_name, .. } => Deed::Other { table: Some(table(tbl_name)) },
        Stmt::CreateView { view_name, .. } => Deed::Other { table: Some(table(view_name)) },
        Stmt::DropIndex { .. } | Stmt::DropTrigger { .. } | Stmt::DropView { .. } => {
            Deed::Other { table: None }
        }
        Stmt::DropTable { tbl_name, .. } => Deed::DropTable { table: table(tbl_name) },
        Stmt::Insert { tbl_name, body, .. } => {
            let selects = match body {
                InsertBody::Select(select, _) => !matches!(select.body.select, OneSelect::Values(_)),
                InsertBody::DefaultValues => false,
            };
            Deed::Insert { table: table(tbl_name), selects }
        }
        Stmt::Update { tbl_name, sets, .. } => {
            Deed::Update { table: table(tbl_name), columns: columns(sets) }
        }
        Stmt::Delete { tbl_name, where_clause, limit, .. } => {
            Deed::Delete { table: table(tbl_name), all: where_clause.is_none() && limit.is_none() }
        }
        _ => Deed::Neither,
    }
}
