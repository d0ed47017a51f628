//! What a `CREATE TABLE` says, read from SQLite's own syntax tree and not by limbeck.

use std::fmt::{self, Display};

use sqlite3_parser::ast::fmt::ToTokens;
use sqlite3_parser::ast::{
    Cmd, ColumnConstraint, CreateTableBody, Name, NamedColumnConstraint, NamedTableConstraint, Stmt,
    TabFlags, TableConstraint,
};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator};

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    pub name: String,
    pub columns: Vec<Column>,
    pub rules: Vec<Rule>,
    pub strict: bool,
    pub without_rowid: bool,
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub type_name: String,
    pub rules: Vec<Rule>,
}

/// A constraint of a column or of the table, or a column's DEFAULT, COLLATE and the like.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub name: Option<String>,
    pub kind: Kind,
    /// As SQL, without the name.
    pub text: String,
    /// The columns of a key.
    pub columns: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    PrimaryKey { descending: bool, autoincrement: bool },
    NotNull,
    Null,
    Unique,
    Check,
    Default,
    Collate,
    ForeignKey,
    Generated { stored: bool },
}

struct Shown<'a, T>(&'a T);

impl<T: ToTokens> Display for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_fmt(f)
    }
}

impl Definition {
    pub fn read(sql: &str) -> Definition {
        let sql = &without_lonely_names(sql);
        let bump = Bump::new();
        let mut parser = Parser::new(&bump, sql.as_bytes());
        match parser.next() {
            Ok(Some(Cmd::Stmt(Stmt::CreateTable { tbl_name, body, .. }))) => {
                let CreateTableBody::ColumnsAndConstraints { columns, constraints, flags } = body else {
                    panic!("no stored text has a SELECT: {sql}");
                };
                let column = |c: &sqlite3_parser::ast::ColumnDefinition<'_>| {
                    let name = plain(&c.col_name);
                    let mut rules: Vec<Rule> = Vec::new();
                    for rule in c.constraints {
                        match (&rule.constraint, rules.last_mut()) {
                            // It stands apart in the syntax tree, and belongs to the REFERENCES before it.
                            (ColumnConstraint::Defer(defer), Some(key)) => {
                                key.text = format!("{} {}", key.text, Shown(defer));
                            }
                            _ => rules.push(column_rule(rule, &name)),
                        }
                    }
                    Column {
                        type_name: c.col_type.as_ref().map_or(String::new(), |t| Shown(t).to_string()),
                        rules,
                        name,
                    }
                };
                Definition {
                    name: plain(&tbl_name.name),
                    columns: columns.iter().map(column).collect(),
                    rules: constraints.into_iter().flatten().map(table_rule).collect(),
                    strict: flags.contains(TabFlags::Strict),
                    without_rowid: flags.contains(TabFlags::WithoutRowid),
                }
            }
            other => panic!("{sql}: {other:?}"),
        }
    }

    /// As a statement.
    pub fn create(&self) -> String {
        let columns = self.columns.iter().map(Column::sql);
        let items: Vec<String> = columns.chain(self.rules.iter().map(Rule::sql)).collect();
        let options = match (self.without_rowid, self.strict) {
            (false, false) => "",
            (true, false) => " WITHOUT ROWID",
            (false, true) => " STRICT",
            (true, true) => " WITHOUT ROWID, STRICT",
        };
        format!("CREATE TABLE {}({}){options}", quoted(&self.name), items.join(", "))
    }

    /// All of it in a form in which spelling and order of the rules do not count.
    pub fn shape(&self) -> Vec<String> {
        // The names of what is no constraint mean nothing.
        let spelt = |rule: &Rule| match rule.kind {
            Kind::Default | Kind::Collate | Kind::Null | Kind::Generated { .. } => bare(&rule.text),
            _ => bare(&rule.sql()),
        };
        let sorted = |rules: &[Rule]| {
            let mut rules: Vec<String> = rules.iter().map(spelt).collect();
            rules.sort();
            rules.join(" / ")
        };
        let column =
            |c: &Column| format!("{} {}: {}", c.name.to_lowercase(), bare(&c.type_name), sorted(&c.rules));
        let mut shape: Vec<String> = self.columns.iter().map(column).collect();
        shape.push(sorted(&self.rules));
        shape.push(format!("strict {}, without rowid {}", self.strict, self.without_rowid));
        shape
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Every rule of the table and of its columns.
    pub fn all_rules(&self) -> impl Iterator<Item = &Rule> {
        self.columns.iter().flat_map(|column| &column.rules).chain(&self.rules)
    }

    pub fn primary_key(&self) -> Option<&Rule> {
        self.all_rules().find(|rule| matches!(rule.kind, Kind::PrimaryKey { .. }))
    }

    pub fn in_key(&self, column: &str) -> bool {
        self.primary_key().is_some_and(|key| key.columns.iter().any(|c| c.eq_ignore_ascii_case(column)))
    }

    pub fn autoincrement(&self) -> bool {
        self.all_rules().any(|rule| matches!(rule.kind, Kind::PrimaryKey { autoincrement: true, .. }))
    }

    /// The column that is the rowid: <https://sqlite.org/lang_createtable.html#rowid>.
    pub fn alias(&self) -> Option<usize> {
        let key = self.primary_key().filter(|_| !self.without_rowid)?;
        let [column] = &key.columns[..] else { return None };
        let at = self.column(column)?;
        let on_column = self.columns[at].rules.contains(key);
        let descending = on_column && matches!(key.kind, Kind::PrimaryKey { descending: true, .. });
        let integer = bare(&self.columns[at].type_name).eq_ignore_ascii_case("INTEGER");
        (integer && !descending).then_some(at)
    }

    /// A name by which the rowid can be reached.
    pub fn rowid(&self) -> Option<&'static str> {
        ["rowid", "_rowid_", "oid"].into_iter().find(|name| self.column(name).is_none())
    }
}

impl Column {
    pub fn sql(&self) -> String {
        let mut sql = quoted(&self.name);
        for part in std::iter::once(self.type_name.clone()).chain(self.rules.iter().map(Rule::sql)) {
            if !part.is_empty() {
                sql.push(' ');
                sql.push_str(&part);
            }
        }
        sql
    }

    /// Gives the last rule of a kind another text, or adds one: of several DEFAULTs or COLLATEs
    /// SQLite takes the last.
    pub fn set_last(&mut self, kind: Kind, text: String) {
        match self.rules.iter_mut().rfind(|rule| rule.kind == kind) {
            Some(rule) => rule.text = text,
            None => self.rules.push(Rule::new(None, kind, text, &[&self.name])),
        }
    }

    pub fn rule(&self, wanted: impl Fn(Kind) -> bool) -> Option<&Rule> {
        self.rules.iter().find(|rule| wanted(rule.kind))
    }

    pub fn has(&self, kind: Kind) -> bool {
        self.rule(|k| k == kind).is_some()
    }

    pub fn generated(&self) -> Option<&Rule> {
        self.rule(|kind| matches!(kind, Kind::Generated { .. }))
    }
}

impl Rule {
    pub fn new(name: Option<&str>, kind: Kind, text: impl Into<String>, columns: &[&str]) -> Rule {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Rule { name: name.map(str::to_owned), kind, text: text.into(), columns }
    }

    pub fn sql(&self) -> String {
        match &self.name {
            Some(name) => format!("CONSTRAINT {} {}", quoted(name), self.text),
            None => self.text.clone(),
        }
    }
}

/// The text without each `CONSTRAINT name` that no constraint follows: the syntax tree would give
/// the name to the next one, even to that of another column.
fn without_lonely_names(sql: &str) -> String {
    let tokens = limbeck::sql::tokens(sql).expect("a stored text is SQL");
    let mut kept = sql.to_owned();
    for three in tokens.windows(3).rev() {
        let lonely = three[2].is_word("CONSTRAINT") || [",", ")"].contains(&three[2].text);
        if three[0].is_word("CONSTRAINT") && lonely {
            kept.replace_range(three[0].start..three[1].end(), "");
        }
    }
    kept
}

fn column_rule(rule: &NamedColumnConstraint<'_>, column: &str) -> Rule {
    let kind = match &rule.constraint {
        ColumnConstraint::PrimaryKey { order, auto_increment, .. } => Kind::PrimaryKey {
            descending: matches!(order, Some(sqlite3_parser::ast::SortOrder::Desc)),
            autoincrement: *auto_increment,
        },
        ColumnConstraint::NotNull { nullable: true, .. } => Kind::Null,
        ColumnConstraint::NotNull { nullable: false, .. } => Kind::NotNull,
        ColumnConstraint::Unique(_) => Kind::Unique,
        ColumnConstraint::Check(_) => Kind::Check,
        ColumnConstraint::Default(_) => Kind::Default,
        ColumnConstraint::Collate { .. } => Kind::Collate,
        ColumnConstraint::ForeignKey { .. } | ColumnConstraint::Defer(_) => Kind::ForeignKey,
        ColumnConstraint::Generated { typ, .. } => {
            let stored = typ.as_ref().is_some_and(|word| word.0.eq_ignore_ascii_case("STORED"));
            Kind::Generated { stored }
        }
    };
    Rule {
        name: rule.name.as_ref().map(plain),
        kind,
        text: Shown(&rule.constraint).to_string(),
        columns: vec![column.to_owned()],
    }
}

fn table_rule(rule: &NamedTableConstraint<'_>) -> Rule {
    let sorted = |columns: &[sqlite3_parser::ast::SortedColumn<'_>]| -> Vec<String> {
        columns.iter().map(|c| unquoted(c.expr.to_string().split(" COLLATE ").next().unwrap_or(""))).collect()
    };
    let (kind, columns) = match &rule.constraint {
        TableConstraint::PrimaryKey { columns, auto_increment, .. } => {
            (Kind::PrimaryKey { descending: false, autoincrement: *auto_increment }, sorted(columns))
        }
        TableConstraint::Unique { columns, .. } => (Kind::Unique, sorted(columns)),
        TableConstraint::Check(..) => (Kind::Check, Vec::new()),
        TableConstraint::ForeignKey { columns, .. } => {
            (Kind::ForeignKey, columns.iter().map(|c| plain(&c.col_name)).collect())
        }
    };
    let text = Shown(&rule.constraint).to_string();
    Rule { name: rule.name.as_ref().map(plain), kind, text, columns }
}

fn plain(name: &Name<'_>) -> String {
    unquoted(name.0)
}

fn unquoted(text: &str) -> String {
    let inner = || text.get(1..text.len() - 1).unwrap_or_default();
    match text.chars().next() {
        Some('[') => inner().to_owned(),
        Some(c @ ('"' | '`' | '\'')) => inner().replace(&format!("{c}{c}"), &c.to_string()),
        _ => text.to_owned(),
    }
}

/// A name as SQL, always quoted.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Text without blanks and quotes, in small letters: what a rename may change is not in it.
pub fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !"\"'`[]".contains(*c)).collect::<String>().to_lowercase()
}
