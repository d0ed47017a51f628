//! The parts of a table's definition, each with its place in the text.

use std::ops::Range;

use super::affinity::Affinity;
use crate::sql::{same_name, unquote};

/// Bytes of the `CREATE` text.
pub type Span = Range<usize>;

/// A table as its `CREATE` text defines it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDef {
    /// The text itself.
    pub sql: String,
    /// The table's name, unquoted.
    pub name: String,
    /// Where the name stands (without a schema before it).
    pub name_span: Span,
    /// What stands between the outer parentheses.
    pub body: Span,
    /// In order.
    pub columns: Vec<ColumnDef>,
    /// In order.
    pub constraints: Vec<TableConstraint>,
    /// What stands behind the closing parenthesis.
    pub options: TableOptions,
}

/// The words behind the closing parenthesis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// `WITHOUT ROWID`
    pub without_rowid: bool,
    /// `STRICT`
    pub strict: bool,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDef {
    /// Unquoted.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// The whole definition.
    pub span: Span,
    /// Where the type stands, if there is one.
    pub type_span: Option<Span>,
    /// In order.
    pub constraints: Vec<ColumnConstraint>,
}

/// One constraint of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnConstraint {
    /// `CONSTRAINT name`, unquoted.
    pub name: Option<String>,
    /// Where that name stands.
    pub name_span: Option<Span>,
    /// The whole constraint, its name included.
    pub span: Span,
    /// What it demands.
    pub rule: ColumnRule,
}

/// What a column's constraint demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnRule {
    /// `PRIMARY KEY`
    PrimaryKey {
        /// `DESC`, which keeps an INTEGER column from becoming the rowid.
        descending: bool,
        /// `AUTOINCREMENT`, with its place.
        autoincrement: Option<Span>,
    },
    /// `NOT NULL`
    NotNull,
    /// `NULL`, which means nothing.
    Null,
    /// `UNIQUE`
    Unique,
    /// `CHECK (…)`: the parenthesised expression.
    Check(Span),
    /// `DEFAULT …`: the value, with its parentheses or its sign.
    Default(Span),
    /// `COLLATE name`: the name's place.
    Collate(Span),
    /// `REFERENCES …`
    References(ForeignKey),
    /// `[GENERATED ALWAYS] AS (…)`
    Generated {
        /// The parenthesised expression.
        expression: Span,
        /// `STORED`
        stored: bool,
    },
    /// `[NOT] DEFERRABLE …` that does not follow its `REFERENCES` at once.
    Deferrable,
    /// A `CONSTRAINT name` that nothing follows: SQLite accepts it.
    Bare,
}

/// Where a foreign key points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The parent table, unquoted.
    pub table: String,
    /// The parent's columns, unquoted; empty for its primary key.
    pub columns: Vec<String>,
}

/// One constraint of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableConstraint {
    /// `CONSTRAINT name`, unquoted.
    pub name: Option<String>,
    /// Where that name stands.
    pub name_span: Option<Span>,
    /// The whole constraint, its name included.
    pub span: Span,
    /// What it demands.
    pub rule: TableRule,
}

/// What a table's constraint demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableRule {
    /// `PRIMARY KEY (…)`
    PrimaryKey {
        /// The key's columns.
        columns: Vec<IndexedColumn>,
        /// `AUTOINCREMENT`, with its place.
        autoincrement: Option<Span>,
    },
    /// `UNIQUE (…)`
    Unique(Vec<IndexedColumn>),
    /// `CHECK (…)`: the parenthesised expression.
    Check(Span),
    /// `FOREIGN KEY (…) REFERENCES …`
    ForeignKey {
        /// The child's columns, unquoted.
        columns: Vec<String>,
        /// Where it points.
        parent: ForeignKey,
    },
    /// A `CONSTRAINT name` that nothing follows.
    Bare,
}

/// One column of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedColumn {
    /// Unquoted.
    pub name: String,
    /// Its collation in the key, if named there.
    pub collation: Option<String>,
    /// Where it ends.
    pub end: usize,
}

impl TableDef {
    /// The text of a part.
    pub fn text(&self, span: &Span) -> &str {
        &self.sql[span.clone()]
    }

    /// The column of this name, by SQLite's folding of case.
    pub fn column(&self, name: &str) -> Option<&ColumnDef> {
        self.columns.iter().find(|column| same_name(&column.name, name))
    }

    /// The place of the column of this name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| same_name(&column.name, name))
    }

    /// A column's declared type, as it is spelt; empty if there is none.
    pub fn type_name(&self, column: &ColumnDef) -> &str {
        column.type_span.as_ref().map_or("", |span| self.text(span))
    }

    /// The collation of a column's values, in capitals.
    pub fn collation(&self, column: &ColumnDef) -> String {
        column.collation().map_or("BINARY".into(), |span| unquote(self.text(span)).to_ascii_uppercase())
    }

    /// What SQLite makes of a column's declared type.
    pub fn affinity(&self, column: &ColumnDef) -> Affinity {
        Affinity::of(&self.declared_type(column), self.options.strict)
    }

    /// A column's type as SQLite takes it: `GENERATED ALWAYS` at its end, or `ALWAYS` behind
    /// some other long word, is no part of it, and of a type that begins with a quote only what that quote holds counts (`sqlite3AddColumn`).
    pub fn declared_type(&self, column: &ColumnDef) -> String {
        let cut = |text: &str, word: &str| {
            let at = text.len().checked_sub(word.len())?;
            let (head, tail) = text.split_at_checked(at)?;
            tail.eq_ignore_ascii_case(word).then(|| head.trim_end_matches(is_blank).len())
        };
        let mut text = self.type_name(column);
        if text.len() >= "generated always".len()
            && let Some(length) = cut(text, "always")
        {
            text = &text[..length];
            text = cut(text, "generated").map_or(text, |length| &text[..length]);
        }
        let Some(quote @ ('"' | '\'' | '`' | '[')) = text.chars().next() else { return text.to_owned() };
        let inside = text[1..].strip_suffix(|_| true).unwrap_or_default();
        if text.len() > 2 && !inside.contains(['"', '\'', '`', '[']) {
            // `sqlite3DequoteToken`: the last character goes, whatever it is.
            return inside.to_owned();
        }
        first_quoted(&text[1..], if quote == '[' { ']' } else { quote })
    }

    /// Every CHECK, of a column or of the table: the whole constraint's place, its expression's place.
    pub fn checks(&self) -> impl Iterator<Item = (&Span, &Span)> {
        let columns =
            self.columns.iter().flat_map(|column| &column.constraints).filter_map(|c| match &c.rule {
                ColumnRule::Check(expression) => Some((&c.span, expression)),
                _ => None,
            });
        let all = columns.chain(self.constraints.iter().filter_map(|c| match &c.rule {
            TableRule::Check(expression) => Some((&c.span, expression)),
            _ => None,
        }));
        // One list: each caller's loop would otherwise be compiled into this whole chain once more.
        all.collect::<Vec<_>>().into_iter()
    }

    /// Where the expressions of generated columns stand.
    pub fn generated(&self) -> impl Iterator<Item = &Span> {
        self.columns.iter().filter_map(|column| column.generated()).map(|(expression, _)| expression)
    }

    /// Where expressions stand: CHECK, DEFAULT and generated columns.
    pub fn expressions(&self) -> impl Iterator<Item = &Span> {
        let columns =
            self.columns.iter().flat_map(|column| &column.constraints).filter_map(|c| match &c.rule {
                ColumnRule::Check(span) | ColumnRule::Default(span) => Some(span),
                ColumnRule::Generated { expression, .. } => Some(expression),
                ColumnRule::PrimaryKey { .. }
                | ColumnRule::NotNull
                | ColumnRule::Null
                | ColumnRule::Unique
                | ColumnRule::Collate(_)
                | ColumnRule::References(_)
                | ColumnRule::Deferrable
                | ColumnRule::Bare => None,
            });
        let all = columns.chain(self.constraints.iter().filter_map(|c| match &c.rule {
            TableRule::Check(span) => Some(span),
            TableRule::PrimaryKey { .. }
            | TableRule::Unique(_)
            | TableRule::ForeignKey { .. }
            | TableRule::Bare => None,
        }));
        all.collect::<Vec<_>>().into_iter()
    }

    /// The names of the primary key's columns, in key order; empty if there is no key.
    pub fn primary_key(&self) -> Vec<&str> {
        for constraint in &self.constraints {
            if let TableRule::PrimaryKey { columns, .. } = &constraint.rule {
                return columns.iter().map(|column| column.name.as_str()).collect();
            }
        }
        self.columns
            .iter()
            .filter(|column| column.is_primary_key())
            .map(|column| column.name.as_str())
            .collect()
    }

    /// The column that *is* the rowid. SQLite: "if a rowid table has a primary key that consists of
    /// a single column and the declared type of that column is "INTEGER" in any mixture of upper
    /// and lower case, then the column becomes an alias for the rowid"; the quirk of
    /// `INTEGER PRIMARY KEY DESC` on the column included: <https://sqlite.org/lang_createtable.html#rowid>.
    pub fn rowid_alias(&self) -> Option<usize> {
        if self.options.without_rowid {
            return None;
        }
        let [name] = self.primary_key()[..] else { return None };
        let at = self.position(name)?;
        let column = &self.columns[at];
        let descending = column
            .constraints
            .iter()
            .any(|c| matches!(c.rule, ColumnRule::PrimaryKey { descending: true, .. }));
        let integer = self.declared_type(column).eq_ignore_ascii_case("INTEGER");
        (integer && !descending).then_some(at)
    }

    /// Where `AUTOINCREMENT` stands, on the column or in the table's key.
    pub fn autoincrement_span(&self) -> Option<&Span> {
        let of_columns = self.columns.iter().flat_map(|c| &c.constraints).filter_map(|c| match &c.rule {
            ColumnRule::PrimaryKey { autoincrement, .. } => autoincrement.as_ref(),
            _ => None,
        });
        let of_table = self.constraints.iter().filter_map(|c| match &c.rule {
            TableRule::PrimaryKey { autoincrement, .. } => autoincrement.as_ref(),
            _ => None,
        });
        of_columns.chain(of_table).next()
    }

    /// `AUTOINCREMENT`, on the column or in the table's key.
    pub fn autoincrement(&self) -> bool {
        self.autoincrement_span().is_some()
    }

    /// A name by which SQL reaches the rowid: one of its three that no column has taken.
    pub fn rowid_name(&self) -> Option<&'static str> {
        if self.options.without_rowid {
            return None;
        }
        ["rowid", "_rowid_", "oid"].into_iter().find(|name| self.column(name).is_none())
    }
}

impl ColumnDef {
    /// Where a further constraint goes: before a `CONSTRAINT name` at the end that nothing follows,
    /// which would otherwise become its name.
    pub fn rules_end(&self) -> usize {
        let bare = self.constraints.iter().rev().take_while(|c| c.rule == ColumnRule::Bare).count();
        match (bare, self.constraints.len() - bare) {
            (0, _) => self.span.end,
            (_, 0) => self.type_span.as_ref().unwrap_or(&self.name_span).end,
            (_, last) => self.constraints[last - 1].span.end,
        }
    }

    /// `PRIMARY KEY` on the column itself.
    pub fn is_primary_key(&self) -> bool {
        self.constraints.iter().any(|c| matches!(c.rule, ColumnRule::PrimaryKey { .. }))
    }

    /// `NOT NULL` on the column itself.
    pub fn is_not_null(&self) -> bool {
        self.constraints.iter().any(|c| c.rule == ColumnRule::NotNull)
    }

    /// The expression's place and whether it is `STORED`, for a generated column.
    pub fn generated(&self) -> Option<(&Span, bool)> {
        self.constraints.iter().find_map(|c| match &c.rule {
            ColumnRule::Generated { expression, stored } => Some((expression, *stored)),
            _ => None,
        })
    }

    /// The value's place, if there is a `DEFAULT`. Of several, SQLite takes the last.
    pub fn default(&self) -> Option<&Span> {
        self.constraints.iter().rev().find_map(|c| match &c.rule {
            ColumnRule::Default(value) => Some(value),
            _ => None,
        })
    }

    /// The name's place, if there is a `COLLATE`; of several SQLite takes the last.
    pub fn collation(&self) -> Option<&Span> {
        self.constraints.iter().rev().find_map(|c| match &c.rule {
            ColumnRule::Collate(name) => Some(name),
            _ => None,
        })
    }
}

/// What stands before the closing quote, doubled ones made single.
fn first_quoted(mut rest: &str, close: char) -> String {
    let mut inside = String::new();
    while let Some(at) = rest.find(close) {
        inside.push_str(&rest[..at]);
        if !rest[at + 1..].starts_with(close) {
            break;
        }
        inside.push(close);
        rest = &rest[at + 2..];
    }
    inside
}

/// What SQLite's tokenizer passes over.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}
