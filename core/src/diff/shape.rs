//! What a table is, however its `CREATE TABLE` spells it: two tables of one shape are the same to
//! SQLite. A rule of one column is the same beside the column and behind all columns.

use crate::alter::default_expression;
use crate::error::Result;
use crate::schema::{
    ColumnConstraint, ColumnDef, ColumnRule, ForeignKey, IndexedColumn, TableConstraint, TableDef, TableRule,
};
use crate::set::Set;
use crate::sql::{Normal, Token, TokenType as T, lower, quote, same_name, tokens};

/// A table's parts. Names are in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub columns: Vec<Column>,
    pub key: Option<Key>,
    /// `UNIQUE`, `CHECK` and foreign keys, each once.
    pub rules: Vec<Rule>,
    pub strict: bool,
    pub without_rowid: bool,
    pub autoincrement: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: Normal,
    /// In small letters; `binary` if none is named.
    pub collation: String,
    /// What happens to a NULL, in capitals, if none is allowed. Of the rowid's own column nothing is
    /// said, because it never holds one.
    pub not_null: Option<String>,
    pub default: Option<Normal>,
    /// The expression, and whether it is stored.
    pub generated: Option<(Normal, bool)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub name: Option<String>,
    pub columns: Vec<KeyColumn>,
    pub conflict: String,
    /// `INTEGER PRIMARY KEY DESC` beside its column, which is no rowid: only this spelling is that.
    pub no_rowid: bool,
    /// As a constraint of the table, without its name.
    pub sql: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyColumn {
    pub name: String,
    pub collation: String,
    pub descending: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub name: Option<String>,
    pub says: Says,
    /// The column beside which it stands.
    pub beside: Option<String>,
    /// How often it is said beyond once.
    pub repeated: usize,
    /// As a constraint of the table, without its name.
    pub sql: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    Unique { columns: Vec<KeyColumn>, conflict: String },
    Check(Normal),
    References(Reference),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub columns: Vec<String>,
    pub table: String,
    /// Empty for the parent's primary key.
    pub parents: Vec<String>,
    /// In capitals; what SQLite does without the word is left out.
    pub on_delete: String,
    pub on_update: String,
    pub matching: String,
    pub deferred: bool,
}

/// What SQLite does where no `ON CONFLICT` stands.
pub const ABORT: &str = "ABORT";

impl Shape {
    /// Errors: [`ErrorKind::SqlSyntax`](crate::ErrorKind::SqlSyntax) where an expression cannot be read.
    pub fn of(table: &TableDef) -> Result<Shape> {
        let key = key(table)?;
        // NOT NULL goes without saying: https://sqlite.org/withoutrowid.html, stricttables.html.
        let implied = table.options.without_rowid || table.options.strict;
        let in_key: Set<&str> =
            key.iter().flat_map(|key| &key.columns).map(|column| column.name.as_str()).collect();
        let rowid = table.rowid_alias();
        let mut columns = Vec::with_capacity(table.columns.len());
        for (at, column) in table.columns.iter().enumerate() {
            let mut shape = column_shape(table, column)?;
            if rowid == Some(at) {
                shape.not_null = None;
            } else if implied && in_key.contains(shape.name.as_str()) {
                shape.not_null.get_or_insert_with(|| ABORT.to_owned());
            }
            columns.push(shape);
        }
        Ok(Shape {
            columns,
            rules: rules(table)?,
            key,
            strict: table.options.strict,
            without_rowid: table.options.without_rowid,
            autoincrement: table.autoincrement(),
        })
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The names of the primary key's columns.
    pub fn key_columns(&self) -> Vec<String> {
        self.key.iter().flat_map(|key| &key.columns).map(|column| column.name.clone()).collect()
    }

    /// The foreign keys.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.rules.iter().filter_map(|rule| match &rule.says {
            Says::References(reference) => Some(reference),
            Says::Unique { .. } | Says::Check(_) => None,
        })
    }
}

fn expression(table: &TableDef, text: &str) -> Result<Normal> {
    Ok(Normal::new(text, |name| is_known(table, name))?.bare())
}

/// Whether an expression over the table may mean this name: a column's, the table's own, the rowid's.
pub fn is_known(table: &TableDef, name: &str) -> bool {
    let rowid = || ["rowid", "_rowid_", "oid"].iter().any(|rowid| same_name(rowid, name));
    table.column(name).is_some() || same_name(&table.name, name) || rowid()
}

fn column_shape(table: &TableDef, column: &ColumnDef) -> Result<Column> {
    let kind = table.declared_type(column);
    let mut shape = Column {
        name: lower(&column.name),
        // Of a type in quotes anything may be left, a single quote too.
        kind: Normal::new(&kind, |_| true).or_else(|_| Normal::new(&quote(&kind), |_| true))?,
        collation: lower(&table.collation(column)),
        not_null: None,
        default: None,
        generated: None,
    };
    if let Some(value) = column.default() {
        shape.default = Some(expression(table, &default_expression(table.text(value)))?);
    }
    for constraint in &column.constraints {
        match &constraint.rule {
            ColumnRule::NotNull => shape.not_null = Some(conflict(table.text(&constraint.span))?),
            ColumnRule::Generated { expression: span, stored } => {
                shape.generated = Some((expression(table, table.text(span))?, *stored));
            }
            ColumnRule::PrimaryKey { .. }
            | ColumnRule::Null
            | ColumnRule::Unique
            | ColumnRule::Check(_)
            | ColumnRule::Default(_)
            | ColumnRule::Collate(_)
            | ColumnRule::References(_)
            | ColumnRule::Deferrable
            | ColumnRule::Bare => {}
        }
    }
    Ok(shape)
}

/// What a column's NOT NULL says of a conflict, where the text has one.
pub fn written_not_null(table: &TableDef, column: &ColumnDef) -> Option<String> {
    let not_null = column.constraints.iter().rev().find(|c| c.rule == ColumnRule::NotNull)?;
    conflict(table.text(&not_null.span)).ok()
}

/// What stands behind `ON CONFLICT`.
fn conflict(text: &str) -> Result<String> {
    let all = tokens(text)?;
    let at = all.iter().rposition(|token| token.kind == T::TK_CONFLICT);
    let way = at.and_then(|at| all.get(at + 1)).map(|token| token.text.to_ascii_uppercase());
    Ok(way.unwrap_or_else(|| ABORT.to_owned()))
}

fn on_conflict(way: &str) -> String {
    if way == ABORT { String::new() } else { format!(" ON CONFLICT {way}") }
}

/// The columns that a rule of the table lists.
fn key_columns(table: &TableDef, columns: &[IndexedColumn]) -> Result<Vec<KeyColumn>> {
    let descending = |column: &IndexedColumn| {
        table.sql[..column.end].rsplit(|c: char| !c.is_ascii_alphabetic()).next().is_some_and(|word| {
            // A column may be called so; then the word is all there is.
            word.eq_ignore_ascii_case("desc") && !is_all_of(table, column, word)
        })
    };
    Ok(columns
        .iter()
        .map(|column| KeyColumn {
            name: lower(&column.name),
            collation: column.collation.as_deref().map_or_else(|| collation(table, &column.name), lower),
            descending: descending(column),
        })
        .collect())
}

fn is_all_of(table: &TableDef, column: &IndexedColumn, word: &str) -> bool {
    let before = table.sql[..column.end - word.len()].trim_end();
    column.name.eq_ignore_ascii_case(word) && before.ends_with(['(', ','])
}

fn collation(table: &TableDef, column: &str) -> String {
    table.column(column).map_or_else(|| "binary".to_owned(), |column| lower(&table.collation(column)))
}

fn key(table: &TableDef) -> Result<Option<Key>> {
    for constraint in &table.constraints {
        if let TableRule::PrimaryKey { columns, .. } = &constraint.rule {
            return Ok(Some(Key {
                name: constraint.name.as_deref().map(lower),
                columns: key_columns(table, columns)?,
                conflict: conflict(table.text(&constraint.span))?,
                no_rowid: false,
                sql: without_autoincrement(table, constraint),
            }));
        }
    }
    for column in &table.columns {
        for constraint in &column.constraints {
            if let ColumnRule::PrimaryKey { descending, .. } = constraint.rule {
                let way = conflict(table.text(&constraint.span))?;
                let order = if descending { " DESC" } else { "" };
                let integer = table.declared_type(column).eq_ignore_ascii_case("INTEGER");
                return Ok(Some(Key {
                    name: constraint.name.as_deref().map(lower),
                    sql: format!("PRIMARY KEY ({}{order}){}", quote(&column.name), on_conflict(&way)),
                    columns: vec![KeyColumn {
                        name: lower(&column.name),
                        collation: collation(table, &column.name),
                        descending,
                    }],
                    conflict: way,
                    no_rowid: integer && descending && !table.options.without_rowid,
                }));
            }
        }
    }
    Ok(None)
}

fn without_autoincrement(table: &TableDef, constraint: &TableConstraint) -> String {
    let TableRule::PrimaryKey { autoincrement: Some(span), .. } = &constraint.rule else {
        return unnamed(table.text(&constraint.span)).to_owned();
    };
    let text = &table.sql[constraint.span.start..span.start];
    format!("{}{}", unnamed(text).trim_end(), &table.sql[span.end..constraint.span.end])
}

/// A constraint without the `CONSTRAINT name` before it.
fn unnamed(text: &str) -> &str {
    match tokens(text).unwrap_or_default()[..] {
        [constraint, _, rule, ..] if constraint.kind == T::TK_CONSTRAINT => &text[rule.start..],
        _ => text,
    }
}

fn rules(table: &TableDef) -> Result<Vec<Rule>> {
    let mut all: Vec<Rule> = Vec::new();
    for column in &table.columns {
        for constraint in &column.constraints {
            if constraint.rule == ColumnRule::Deferrable {
                defer(&mut all, table.text(&constraint.span))?;
            }
            all.extend(rule_beside(table, column, constraint)?);
        }
    }
    for constraint in &table.constraints {
        let text = unnamed(table.text(&constraint.span));
        let says = match &constraint.rule {
            TableRule::Unique(columns) => {
                Says::Unique { columns: key_columns(table, columns)?, conflict: conflict(text)? }
            }
            TableRule::Check(span) => Says::Check(expression(table, table.text(span))?),
            TableRule::ForeignKey { columns, parent } => {
                Says::References(reference(columns.iter().map(|c| lower(c)).collect(), parent, text)?)
            }
            TableRule::PrimaryKey { .. } | TableRule::Bare => continue,
        };
        let name = constraint.name.as_deref().map(lower);
        all.push(Rule { name, says, beside: None, repeated: 0, sql: text.to_owned() });
    }
    Ok(each_once(all))
}

fn each_once(all: Vec<Rule>) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::with_capacity(all.len());
    for rule in all {
        match rules.iter_mut().find(|first| first.name == rule.name && first.says == rule.says) {
            Some(first) => {
                first.repeated += 1;
                // Once beside its column and once behind all: only the latter needs a word to go.
                first.beside = first.beside.take().filter(|_| rule.beside.is_some());
            }
            None => rules.push(rule),
        }
    }
    rules
}

fn rule_beside(table: &TableDef, column: &ColumnDef, constraint: &ColumnConstraint) -> Result<Option<Rule>> {
    let text = unnamed(table.text(&constraint.span));
    let (says, sql) = match &constraint.rule {
        ColumnRule::Unique => {
            let way = conflict(text)?;
            let sql = format!("UNIQUE ({}){}", quote(&column.name), on_conflict(&way));
            let columns = vec![KeyColumn {
                name: lower(&column.name),
                collation: collation(table, &column.name),
                descending: false,
            }];
            (Says::Unique { columns, conflict: way }, sql)
        }
        ColumnRule::Check(span) => {
            (Says::Check(expression(table, table.text(span))?), format!("CHECK {}", table.text(span)))
        }
        ColumnRule::References(parent) => {
            let sql = format!("FOREIGN KEY ({}) {text}", quote(&column.name));
            (Says::References(reference(vec![lower(&column.name)], parent, text)?), sql)
        }
        ColumnRule::PrimaryKey { .. }
        | ColumnRule::NotNull
        | ColumnRule::Null
        | ColumnRule::Default(_)
        | ColumnRule::Collate(_)
        | ColumnRule::Generated { .. }
        | ColumnRule::Deferrable
        | ColumnRule::Bare => return Ok(None),
    };
    let name = constraint.name.as_deref().map(lower);
    Ok(Some(Rule { name, says, beside: Some(lower(&column.name)), repeated: 0, sql }))
}

/// A `DEFERRABLE` that stands apart is about the foreign key before it, whichever column has that
/// (`sqlite3DeferForeignKey`).
fn defer(rules: &mut [Rule], text: &str) -> Result<()> {
    let last = rules.iter_mut().rev().find(|rule| matches!(rule.says, Says::References(_)));
    if let Some(Rule { says: Says::References(reference), sql, .. }) = last {
        reference.deferred = deferred(&tokens(text)?);
        sql.push_str(&format!(" {text}"));
    }
    Ok(())
}

fn deferred(all: &[Token<'_>]) -> bool {
    let at = all.iter().rposition(|token| token.kind == T::TK_DEFERRABLE);
    at.is_some_and(|at| {
        let not = at > 0 && all[at - 1].kind == T::TK_NOT;
        !not && all.get(at + 2).is_some_and(|token| token.is_word("DEFERRED"))
    })
}

fn reference(columns: Vec<String>, parent: &ForeignKey, text: &str) -> Result<Reference> {
    let all = tokens(text)?;
    let from = all.iter().position(|token| token.kind == T::TK_REFERENCES).unwrap_or(0);
    let clauses = &all[from..];
    let action = |which: T| {
        let at = (1..clauses.len())
            .rev()
            .find(|&at| clauses[at].kind == which && clauses[at - 1].kind == T::TK_ON)?;
        let word = clauses.get(at + 1)?.text.to_ascii_uppercase();
        Some(match word.as_str() {
            // "NO ACTION" is what happens without the words: https://sqlite.org/foreignkeys.html#fk_actions
            "NO" => String::new(),
            "SET" => format!("SET {}", clauses.get(at + 2)?.text.to_ascii_uppercase()),
            _ => word,
        })
    };
    let matching = clauses.iter().position(|token| token.kind == T::TK_MATCH);
    let matching = matching.and_then(|at| clauses.get(at + 1)).map(|token| token.text.to_ascii_uppercase());
    Ok(Reference {
        columns,
        table: lower(&parent.table),
        parents: parent.columns.iter().map(|column| lower(column)).collect(),
        on_delete: action(T::TK_DELETE).unwrap_or_default(),
        on_update: action(T::TK_UPDATE).unwrap_or_default(),
        // "parses MATCH clauses …, but does not enforce them": all are as SIMPLE is.
        matching: matching.filter(|way| way != "SIMPLE").unwrap_or_default(),
        deferred: deferred(clauses),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(body: &str) -> Shape {
        let table =
            TableDef::parse(&format!("CREATE TABLE t{body}")).unwrap_or_else(|e| panic!("{body}: {e}"));
        let mut shape = Shape::of(&table).unwrap();
        // How it is spelt is no part of the comparison.
        shape.key.iter_mut().for_each(|key| key.sql.clear());
        shape.rules.iter_mut().for_each(|rule| (rule.sql.clear(), rule.beside = None, rule.repeated = 0).0);
        shape
    }

    #[test]
    fn tables_are_compared_by_what_they_mean() {
        for (one, other, want) in [
            ("(a UNIQUE)", "(a, UNIQUE (a))", true),
            ("(a UNIQUE UNIQUE)", "(a UNIQUE)", true),
            ("(a CHECK (a > 0))", "(a, CHECK ((\"A\" > 0)))", true),
            ("(a, CHECK (a <> \"x\"))", "(a, CHECK (a <> 'x'))", true),
            ("(a PRIMARY KEY)", "(a, PRIMARY KEY (a ASC))", true),
            ("(a INTEGER PRIMARY KEY)", "(a INTEGER NOT NULL, PRIMARY KEY (a))", true),
            ("(a INT PRIMARY KEY)", "(a INT NOT NULL PRIMARY KEY)", false),
            ("(a INT PRIMARY KEY) WITHOUT ROWID", "(a INT NOT NULL PRIMARY KEY) WITHOUT ROWID", true),
            ("(a INTEGER PRIMARY KEY DESC)", "(a INTEGER, PRIMARY KEY (a DESC))", false),
            ("(a TEXT PRIMARY KEY DESC)", "(a TEXT, PRIMARY KEY (a DESC))", true),
            ("(a INTEGER PRIMARY KEY AUTOINCREMENT)", "(a INTEGER, PRIMARY KEY (a AUTOINCREMENT))", true),
            ("(a REFERENCES p(x))", "(a, FOREIGN KEY (a) REFERENCES P(X) ON DELETE NO ACTION)", true),
            ("(a REFERENCES p(x))", "(a REFERENCES p(x) ON DELETE CASCADE)", false),
            ("(a REFERENCES p DEFERRABLE)", "(a REFERENCES p)", true),
            ("(a REFERENCES p DEFERRABLE INITIALLY DEFERRED)", "(a REFERENCES p NOT NULL, b)", false),
            (
                "(a REFERENCES p NOT NULL DEFERRABLE INITIALLY DEFERRED)",
                "(a NOT NULL REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
                true,
            ),
            ("(a REFERENCES p NOT DEFERRABLE INITIALLY DEFERRED)", "(a REFERENCES p)", true),
            ("(a DEFAULT 1)", "(a DEFAULT (1))", true),
            ("(a DEFAULT true)", "(a DEFAULT 1)", true),
            ("(a DEFAULT x)", "(a DEFAULT 'x')", true),
            ("(a DEFAULT 'x')", "(a DEFAULT 'X')", false),
            ("(a DEFAULT CURRENT_TIMESTAMP)", "(a DEFAULT (CURRENT_TIMESTAMP))", true),
            ("(a COLLATE BINARY)", "(a)", true),
            ("(a COLLATE nocase, UNIQUE (a))", "(a COLLATE NOCASE, UNIQUE (a COLLATE NOCASE))", true),
            ("(a, UNIQUE (a COLLATE NOCASE))", "(a, UNIQUE (a))", false),
            ("(a, UNIQUE (a DESC))", "(a, UNIQUE (a))", false),
            ("(\"desc\", UNIQUE (\"desc\"))", "([desc] UNIQUE)", true),
            ("(a NOT NULL ON CONFLICT ABORT)", "(a NOT NULL)", true),
            ("(a NOT NULL ON CONFLICT FAIL)", "(a NOT NULL)", false),
            ("(a VARCHAR(10))", "(a varchar ( 10 ))", true),
            ("(a VARCHAR(10))", "(a VARCHAR(11))", false),
            ("(a CONSTRAINT k UNIQUE)", "(a UNIQUE)", false),
            ("(a CONSTRAINT n NOT NULL)", "(a NOT NULL)", true),
            ("(a AS (1))", "(a GENERATED ALWAYS AS (1) VIRTUAL)", true),
            ("(a INT) STRICT", "(a INT)", false),
        ] {
            assert_eq!(shape(one) == shape(other), want, "{one} / {other}");
        }
    }

    #[test]
    fn rules_are_told_as_constraints_of_the_table() {
        let table = TableDef::parse(
            "CREATE TABLE t(a CONSTRAINT k UNIQUE ON CONFLICT FAIL CHECK (a), \"b c\" REFERENCES p(x) NOT NULL NOT DEFERRABLE, PRIMARY KEY (a AUTOINCREMENT))",
        )
        .unwrap();
        let shape = Shape::of(&table).unwrap();
        let rules: Vec<&str> = shape.rules.iter().map(|rule| rule.sql.as_str()).collect();
        assert_eq!(
            rules,
            [
                "UNIQUE (a) ON CONFLICT FAIL",
                "CHECK (a)",
                "FOREIGN KEY (\"b c\") REFERENCES p(x) NOT DEFERRABLE"
            ]
        );
        assert_eq!(shape.key.unwrap().sql, "PRIMARY KEY (a)");
    }
}
