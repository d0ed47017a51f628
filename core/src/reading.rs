//! A file with what each of its statements does and where it stands: what rules and comparisons ask of a script.
//! Knows no database.

use crate::alter::{Action, Alteration};
use crate::deed::Deed;
use crate::error::Result;
use crate::schema::TableDef;
use crate::script::{Body, Script, Section};
use crate::sql::{same_name, split, tokens, unquote};

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
            deed: Deed::of(found.text),
        };
        let statements = all.into_iter().map(statement).collect();
        Ok(Side { file: file.to_owned(), transaction: section.transaction, statements })
    }

    /// Whether a table is made in this direction: it has no rows of a user's yet.
    pub fn makes(&self, table: &str) -> bool {
        makes(&self.statements, table)
    }

    /// The statements that alter a table, with each of their actions.
    pub fn actions(&self) -> impl Iterator<Item = (&Statement, &Alteration, &Action)> {
        actions(&self.statements)
    }
}

/// Whether one of the statements makes a table.
pub fn makes(statements: &[Statement], table: &str) -> bool {
    let made = |s: &Statement| matches!(&s.deed, Deed::CreateTable { table: made } if same_name(made, table));
    statements.iter().any(made)
}

/// Those of the statements that alter a table, with each of their actions.
pub fn actions(statements: &[Statement]) -> impl Iterator<Item = (&Statement, &Alteration, &Action)> {
    statements.iter().flat_map(|statement| {
        let alteration = match &statement.deed {
            Deed::Alter(alteration) => Some(alteration),
            _ => None,
        };
        alteration
            .into_iter()
            .flat_map(move |alter| alter.actions.iter().map(move |action| (statement, alter, action)))
    })
}

impl Statement {
    /// The columns and rules of the table that it makes, as far as they are written.
    pub fn definition(&self) -> Option<TableDef> {
        match &self.deed {
            Deed::CreateTable { .. } => TableDef::parse(&self.sql).ok(),
            _ => None,
        }
    }

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

/// Whether a text holds this name at all; a table stands before a parenthesis, as a function does.
pub fn holds(sql: &str, name: &str) -> bool {
    tokens(sql).is_ok_and(|all| all.iter().any(|token| same_name(&unquote(token.text), name)))
}
