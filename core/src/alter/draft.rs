//! Actions applied to a table's definition: text in, text out. What an action does not name stays.

use std::sync::Arc;

use super::action::{Action, Position, TableOption};
use super::constraint;
use super::rules::foreign_keys;
use super::same::same_column;
use super::table_state::{Child, TableState};
use super::values::{as_stored, default_expression};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{
    Affinity, ColumnDef, ColumnRule, Edits, Object, Span, TableDef, TableOptions, TableRule, insert_item,
    insert_with_comment, item_with_comment, remove_item,
};
use crate::sql::{quote, same_name, same_names, same_text, unquote};

/// Where the rows of the new table get a column's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// From this column of the old table.
    Column(String),
    /// From this column of the old table, whose type has changed: SQLite converts on insertion.
    Converted(String),
    /// From this expression over the old table's columns.
    Expression(String),
    /// From the new column's own default.
    Default,
}

/// The way out where a name is taken.
pub(crate) const OTHER_NAME: &str = "choose another name, or rename or drop what has it first";

/// A table's definition as the actions so far have made it.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The definition.
    pub table: Arc<TableDef>,
    /// One for each column, generated ones included.
    pub sources: Vec<Source>,
    /// The indexes that are left.
    pub indexes: Vec<Object>,
    /// The triggers that are left.
    pub triggers: Vec<Object>,
    /// What a reader should know.
    pub warnings: Vec<String>,
    children: Vec<Child>,
}

impl Draft {
    /// The table as it is.
    pub fn new(state: &TableState) -> Draft {
        Draft {
            table: Arc::clone(&state.table),
            sources: state.table.columns.iter().map(|column| Source::Column(column.name.clone())).collect(),
            indexes: state.indexes.clone(),
            triggers: state.triggers.clone(),
            warnings: Vec::new(),
            children: state.children.clone(),
        }
    }

    /// Whether table and rows are as they were.
    pub(super) fn is_as(&self, state: &TableState) -> bool {
        let own = |(source, column): (&Source, &ColumnDef)| matches!(source, Source::Column(from) if *from == column.name);
        self.table.sql == state.table.sql
            && self.sources.iter().zip(&state.table.columns).all(own)
            && self.indexes == state.indexes
            && self.triggers == state.triggers
    }

    /// Applies one action.
    ///
    /// Errors: the `alter.*` kinds, before anything is written. Renames of the table or of a column
    /// are SQLite's own business and change nothing here.
    pub fn apply(&mut self, action: &Action) -> Result<()> {
        match action {
            Action::AddColumn { if_not_exists, column, definition, position } => {
                self.add_column(*if_not_exists, column, definition, position.as_ref())
            }
            Action::DropColumn { if_exists, column, cascade } => {
                self.drop_column(*if_exists, column, *cascade)
            }
            Action::RenameColumn { column, to } => {
                self.column(column)?;
                match self.table.column(to) {
                    Some(found) if !same_name(column, to) => {
                        Err(self.exists("column", &found.name).with_hint(OTHER_NAME))
                    }
                    _ => Ok(()),
                }
            }
            Action::RenameTable { .. } => Ok(()),
            Action::RenameConstraint { name, to } => constraint::rename(self, name, to),
            Action::SetNotNull { column, on_conflict } => self.set_not_null(column, on_conflict.as_deref()),
            Action::DropNotNull { column } => {
                self.drop_column_rules(column, |rule| *rule == ColumnRule::NotNull)
            }
            Action::SetDefault { column, value } => self.set_default(column, value),
            Action::DropDefault { column } => {
                self.settle_default(column)?;
                self.drop_column_rules(column, |rule| matches!(rule, ColumnRule::Default(_)))
            }
            Action::SetType { column, type_name, collation, using } => {
                self.set_type(column, type_name, collation.as_deref(), using.as_deref())
            }
            Action::SetGenerated { column, expression, stored } => {
                self.set_generated(column, expression, *stored)
            }
            Action::DropExpression { column } => {
                if self.column(column)?.generated().is_none() {
                    return Err(Error::new(
                        ErrorKind::UnknownConstraint,
                        format!("column {} of {} is not generated", column, self.table.name),
                    ));
                }
                self.drop_column_rules(column, |rule| matches!(rule, ColumnRule::Generated { .. }))
            }
            Action::MoveColumn { column, position } => self.move_column(column, position),
            Action::AddConstraint { if_not_exists, name, definition } => {
                constraint::add(self, *if_not_exists, name.as_deref(), definition)
            }
            Action::DropConstraint { if_exists, constraint } => {
                constraint::drop(self, *if_exists, constraint)
            }
            Action::SetOption(option) => self.set_option(*option),
        }
    }

    /// The column, or the error that it is not there.
    pub(super) fn column(&self, name: &str) -> Result<&ColumnDef> {
        self.table.column(name).ok_or_else(|| {
            let columns: Vec<&str> = self.table.columns.iter().map(|column| column.name.as_str()).collect();
            Error::new(ErrorKind::UnknownColumn, format!("table {} has no column {name}", self.table.name))
                .with_hint(format!("name one of its columns: {}", columns.join(", ")))
        })
    }

    fn position_of(&self, name: &str) -> Result<usize> {
        self.column(name)?;
        Ok(self.table.position(name).expect("the column was just found"))
    }

    pub(super) fn exists(&self, what: &str, name: &str) -> Error {
        Error::new(ErrorKind::AlreadyExists, format!("table {} has a {what} {name} already", self.table.name))
    }

    /// Takes a new text for the table, which SQLite's grammar must accept.
    pub(super) fn set_text(&mut self, sql: &str) -> Result<()> {
        let table = TableDef::parse(sql).map_err(|error| {
            Error::new(ErrorKind::AlterSyntax, format!("the change makes no CREATE TABLE: {error}"))
                .in_statement(sql)
        })?;
        self.table = Arc::new(table);
        Ok(())
    }

    pub(super) fn edit(&mut self, edits: Edits) -> Result<()> {
        let sql = edits.apply(&self.table.sql);
        self.set_text(&sql)
    }

    fn index_of(&self, position: Option<&Position>) -> Result<usize> {
        Ok(match position {
            None => self.table.columns.len(),
            Some(Position::First) => 0,
            Some(Position::After(column)) => self.position_of(column)? + 1,
        })
    }

    fn add_column(
        &mut self,
        if_not_exists: bool,
        name: &str,
        definition: &str,
        position: Option<&Position>,
    ) -> Result<()> {
        if let Some(found) = self.table.column(name) {
            let wanted = TableDef::parse(&format!("CREATE TABLE t({definition}\n)"))?;
            let same = |wanted| same_column(&self.table, found, wanted, &wanted.columns[0]);
            if if_not_exists && same(&wanted) {
                return Ok(());
            }
            let is = self.table.text(&found.span);
            let hint = format!("it is defined as '{is}'; change it with ALTER COLUMN");
            return Err(self.exists("column", name).with_hint(hint));
        }
        // "If an identifier in double quotes does not match any valid identifier, it is treated as a
        // string literal" (https://sqlite.org/quirks.html#dblquote): the new column would capture it.
        let indexes = self.indexes.iter().find(|index| index.double_quotes(name)).map(Object::title);
        let quotes = |span| crate::schema::double_quotes(self.table.text(span), name);
        if self.table.expressions().any(quotes) || indexes.is_some() {
            let place = indexes.unwrap_or_else(|| format!("table {}", self.table.name));
            return Err(Error::new(
                ErrorKind::WouldLose,
                format!(
                    "{place} uses the string \"{name}\" in double quotes, which would become the new column"
                ),
            )
            .with_hint(format!("write it as '{name}', in single quotes, first")));
        }
        let at = self.index_of(position)?;
        let sql = insert_item(&self.table, at, definition);
        match self.table.with_last_column(&sql) {
            Some(table) => self.table = Arc::new(table),
            None => self.set_text(&sql)?,
        }
        self.sources.insert(at, Source::Default);
        Ok(())
    }

    fn drop_column(&mut self, if_exists: bool, name: &str, cascade: bool) -> Result<()> {
        if if_exists && self.table.column(name).is_none() {
            return Ok(());
        }
        let at = self.position_of(name)?;
        if self.table.columns.len() == 1 {
            return Err(Error::new(
                ErrorKind::WouldLose,
                format!("{name} is the only column of {}", self.table.name),
            )
            .with_hint("drop the table instead"));
        }
        constraint::release_column(self, name, cascade)?;
        let sql = remove_item(&self.table, at);
        self.set_text(&sql)?;
        self.sources.remove(at);
        Ok(())
    }

    /// Foreign keys of other tables, and of this one, that name the column as their parent.
    pub(super) fn children_of(&self, column: &str) -> Vec<&Child> {
        let key = self.table.primary_key();
        let own = foreign_keys(&self.table);
        // One of its own may have gone before, in the same batch.
        let is_there = |child: &&Child| {
            !same_name(&child.table, &self.table.name)
                || own.iter().any(|(_, from, _)| same_names(from, &child.from))
        };
        self.children.iter().filter(|child| child.names(column, &key)).filter(is_there).collect()
    }

    fn set_not_null(&mut self, name: &str, on_conflict: Option<&str>) -> Result<()> {
        if self.column(name)?.is_not_null() {
            return Ok(());
        }
        self.drop_column_rules(name, |rule| *rule == ColumnRule::Null)?;
        let conflict = on_conflict.map_or(String::new(), |way| format!(" ON CONFLICT {way}"));
        self.add_column_rule(name, &format!("NOT NULL{conflict}"))
    }

    fn add_column_rule(&mut self, name: &str, rule: &str) -> Result<()> {
        let mut edits = Edits::default();
        edits.insert(self.column(name)?.rules_end(), format!(" {rule}"));
        self.edit(edits)
    }

    fn drop_column_rules(&mut self, name: &str, which: impl Fn(&ColumnRule) -> bool) -> Result<()> {
        let mut edits = Edits::default();
        for constraint in self.column(name)?.constraints.iter().filter(|c| which(&c.rule)) {
            edits.remove(&self.table.sql, constraint.span.clone());
        }
        self.edit(edits)
    }

    fn set_default(&mut self, name: &str, value: &str) -> Result<()> {
        let column = self.column(name)?;
        if column.generated().is_some() {
            return Err(Error::new(
                ErrorKind::AlterSyntax,
                format!("column {name} is generated: it has no default"),
            ));
        }
        self.settle_default(name)?;
        match self.column(name)?.default().cloned() {
            Some(span) => self.replace(span, value),
            None => self.add_column_rule(name, &format!("DEFAULT {value}")),
        }
    }

    fn replace(&mut self, span: Span, with: &str) -> Result<()> {
        let mut edits = Edits::default();
        edits.replace(span, with);
        self.edit(edits)
    }

    fn set_type(
        &mut self,
        name: &str,
        type_name: &str,
        collation: Option<&str>,
        using: Option<&str>,
    ) -> Result<()> {
        let at = self.position_of(name)?;
        let strict = self.table.options.strict;
        let same = self.table.affinity(&self.table.columns[at]) == Affinity::of(&unquote(type_name), strict);
        if !same && using.is_none() {
            self.settle(at);
        }
        let column = &self.table.columns[at];
        let mut edits = Edits::default();
        match &column.type_span {
            Some(span) if type_name.is_empty() => edits.remove(&self.table.sql, span.clone()),
            None if type_name.is_empty() => {}
            Some(span) => edits.replace(span.clone(), type_name),
            None => edits.insert(column.name_span.end, format!(" {type_name}")),
        }
        if let Some(collation) = collation {
            match column.collation().cloned() {
                Some(span) if same_name(&unquote(self.table.text(&span)), collation) => {}
                Some(span) => edits.replace(span, quote(collation)),
                None => edits.insert(column.rules_end(), format!(" COLLATE {}", quote(collation))),
            }
        }
        self.edit(edits)?;
        match using {
            Some(expression) => self.sources[at] = Source::Expression(expression.to_owned()),
            None => {
                if let Source::Column(from) = &self.sources[at] {
                    self.sources[at] = Source::Converted(from.clone());
                }
            }
        }
        Ok(())
    }

    /// Rows that are there get the default that a new column has now, not a later one.
    fn settle_default(&mut self, name: &str) -> Result<()> {
        let at = self.position_of(name)?;
        if self.sources[at] == Source::Default {
            self.settle(at);
        }
        Ok(())
    }

    /// Makes an earlier action's value an expression, stored as the column's present type has it:
    /// the actions of a batch do what they would do one after another.
    fn settle(&mut self, at: usize) {
        let column = &self.table.columns[at];
        let value = match &self.sources[at] {
            _ if column.generated().is_some() => return,
            Source::Column(_) => return,
            Source::Converted(from) => quote(from),
            Source::Expression(expression) => format!("({expression})"),
            Source::Default => {
                column.default().map_or("NULL".to_owned(), |span| default_expression(self.table.text(span)))
            }
        };
        self.sources[at] = Source::Expression(as_stored(&value, self.table.affinity(column)));
    }

    fn set_generated(&mut self, name: &str, expression: &str, stored: bool) -> Result<()> {
        let column = self.column(name)?;
        if let Some((span, is_stored)) = column.generated()
            && is_stored == stored
            && same_text(self.table.text(span), expression)
        {
            return Ok(());
        }
        // A generated column "may not have a default value": https://sqlite.org/gencol.html#limitations
        self.drop_column_rules(name, |rule| {
            matches!(rule, ColumnRule::Generated { .. } | ColumnRule::Default(_))
        })?;
        let kind = if stored { "STORED" } else { "VIRTUAL" };
        self.add_column_rule(name, &format!("GENERATED ALWAYS AS {expression} {kind}"))
    }

    fn move_column(&mut self, name: &str, position: &Position) -> Result<()> {
        let from = self.position_of(name)?;
        // Where it stands already, or behind itself.
        let before = self.index_of(Some(position))?;
        if before == from || before == from + 1 {
            return Ok(());
        }
        let (definition, comment) = item_with_comment(&self.table, from);
        let sql = remove_item(&self.table, from);
        self.set_text(&sql)?;
        let source = self.sources.remove(from);
        let to = self.index_of(Some(position))?;
        let sql = insert_with_comment(&self.table, to, &definition, &comment);
        self.set_text(&sql)?;
        self.sources.insert(to, source);
        Ok(())
    }

    fn set_option(&mut self, option: TableOption) -> Result<()> {
        let mut options = self.table.options;
        match option {
            TableOption::Strict(on) => options.strict = on,
            TableOption::WithoutRowid(on) => options.without_rowid = on,
            TableOption::Autoincrement(on) => return self.set_autoincrement(on),
        }
        if options == self.table.options {
            return Ok(());
        }
        self.keep_implied_not_null(options)?;
        self.convert_any(options);
        let mut words = Vec::new();
        words.extend(options.without_rowid.then_some("WITHOUT ROWID"));
        words.extend(options.strict.then_some("STRICT"));
        let tail = self.table.body.end + 1..self.table.sql.len();
        let words = words.join(", ");
        self.replace(tail, &if words.is_empty() { words } else { format!(" {words}") })
    }

    /// "The behavior of ANY is slightly different in a STRICT table": there it converts nothing, elsewhere
    /// '007' becomes 7 (<https://sqlite.org/stricttables.html#the_any_datatype>).
    fn convert_any(&mut self, options: TableOptions) {
        let after = TableDef { options, ..TableDef::clone(&self.table) };
        for at in 0..self.table.columns.len() {
            let column = &self.table.columns[at];
            if self.table.affinity(column) == after.affinity(column) {
                continue;
            }
            self.settle(at);
            if let Source::Column(from) = &self.sources[at] {
                self.sources[at] = Source::Converted(from.clone());
            }
        }
    }

    /// "NOT NULL is enforced on every column of the PRIMARY KEY in a WITHOUT ROWID table"
    /// (<https://sqlite.org/withoutrowid.html>), and in a STRICT one: without the word, the rule is
    /// written out, or it would be lost.
    fn keep_implied_not_null(&mut self, options: TableOptions) -> Result<()> {
        let implied = |options: TableOptions| options.without_rowid || options.strict;
        let after = TableDef { options, ..TableDef::clone(&self.table) };
        if implied(options) || !implied(self.table.options) || after.rowid_alias().is_some() {
            return Ok(());
        }
        let key: Vec<String> = self.table.primary_key().into_iter().map(str::to_owned).collect();
        key.iter().try_for_each(|column| self.set_not_null(column, None))
    }

    fn set_autoincrement(&mut self, on: bool) -> Result<()> {
        if self.table.autoincrement() == on {
            return Ok(());
        }
        let mut edits = Edits::default();
        let mut done = false;
        for constraint in self.table.columns.iter().flat_map(|column| &column.constraints) {
            if let ColumnRule::PrimaryKey { autoincrement, .. } = &constraint.rule {
                done = true;
                match autoincrement {
                    Some(span) => edits.remove(&self.table.sql, span.clone()),
                    None => edits.insert(constraint.span.end, " AUTOINCREMENT"),
                }
            }
        }
        for constraint in &self.table.constraints {
            if let TableRule::PrimaryKey { columns, autoincrement } = &constraint.rule {
                done = true;
                match (autoincrement, columns.last()) {
                    (Some(span), _) => edits.remove(&self.table.sql, span.clone()),
                    (None, Some(column)) => edits.insert(column.end, " AUTOINCREMENT"),
                    (None, None) => {}
                }
            }
        }
        // "The AUTOINCREMENT keyword … is only allowed on an INTEGER PRIMARY KEY":
        // https://sqlite.org/autoinc.html
        if !done || (on && self.table.rowid_alias().is_none()) {
            return Err(Error::new(
                ErrorKind::UnknownConstraint,
                format!("table {} has no INTEGER PRIMARY KEY to number", self.table.name),
            ));
        }
        self.edit(edits)
    }
}
