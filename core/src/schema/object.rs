//! Indexes, triggers and views, as text: limbeck keeps them, and rarely needs to understand them.

use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::sql::{Token, TokenType as T, is_name, quote, same_name, tokens, unquote};

/// What a row of `sqlite_schema` describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// An ordinary or virtual table.
    Table,
    /// An index, written out or made by a constraint.
    Index,
    /// A trigger.
    Trigger,
    /// A view.
    View,
}

impl ObjectKind {
    /// SQLite's word for it, as `sqlite_schema.type` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            ObjectKind::Table => "table",
            ObjectKind::Index => "index",
            ObjectKind::Trigger => "trigger",
            ObjectKind::View => "view",
        }
    }
}

/// One row of `sqlite_schema`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// `main`, `temp`, or the name of an attached database.
    pub schema: String,
    /// What it is.
    pub kind: ObjectKind,
    /// Its name.
    pub name: String,
    /// The table (or view) that it belongs to; its own name for a table or view.
    pub table: String,
    /// Its `CREATE` text; none for the index of a constraint.
    pub sql: Option<String>,
}

impl Object {
    /// `index i`, `trigger r`: for messages.
    pub fn title(&self) -> String {
        format!("{} {}", self.kind.as_str(), self.name)
    }

    /// Whether it is a virtual table.
    pub fn is_virtual(&self) -> bool {
        let virtual_text =
            |sql: &str| sql.get(..14).is_some_and(|head| head.eq_ignore_ascii_case("CREATE VIRTUAL"));
        self.kind == ObjectKind::Table && self.sql.as_deref().is_some_and(virtual_text)
    }

    /// Its text with its schema before its name, which `sqlite_schema` does not store.
    pub fn create(&self) -> Result<String> {
        let sql = self.sql.as_deref().unwrap_or_default();
        let all = tokens(sql)?;
        let name = all
            .iter()
            .position(|t| matches!(t.kind, T::TK_INDEX | T::TK_TRIGGER | T::TK_TABLE | T::TK_VIEW))
            .and_then(|at| all.get(at + 1))
            .ok_or_else(|| {
                Error::new(ErrorKind::Corrupt, format!("the stored text of {} is no CREATE", self.title()))
                    .in_statement(sql)
            })?;
        Ok(format!("{}{}.{}", &sql[..name.start], quote(&self.schema), &sql[name.start..]))
    }

    /// The statement that drops it.
    pub fn drop(&self) -> String {
        format!(
            "DROP {} {}.{}",
            self.kind.as_str().to_ascii_uppercase(),
            quote(&self.schema),
            quote(&self.name)
        )
    }

    /// Whether an index is partial or holds an expression: more than columns with their collations.
    pub fn is_computed(&self) -> bool {
        let Some(Ok(all)) = self.sql.as_deref().map(tokens) else { return true };
        let listed = all.iter().position(|t| t.kind == T::TK_LP).map_or(0, |at| at + 1);
        let mut rest = all[listed..].iter().rev();
        rest.next().is_none_or(|last| last.kind != T::TK_RP)
            || !rest
                .all(|t| matches!(t.kind, T::TK_COMMA | T::TK_COLLATE | T::TK_ASC | T::TK_DESC) || is_name(t))
    }

    /// The collations that an index names.
    pub fn collations(&self) -> Vec<String> {
        let all = self.sql.as_deref().and_then(|sql| tokens(sql).ok()).unwrap_or_default();
        let named = all.windows(2).filter(|pair| pair[0].kind == T::TK_COLLATE);
        named.map(|pair| unquote(pair[1].text)).collect()
    }

    /// Whether an index lists every row's value of a column first.
    pub fn leads_with(&self, column: &str) -> bool {
        let Some(Ok(all)) = self.sql.as_deref().map(tokens) else { return false };
        let Some(open) = all.iter().position(|t| t.kind == T::TK_LP) else { return false };
        let partial = all.iter().any(|t| t.kind == T::TK_WHERE);
        let alone = all
            .get(open + 2)
            .is_some_and(|t| matches!(t.kind, T::TK_COMMA | T::TK_RP | T::TK_ASC | T::TK_DESC));
        !partial && alone && same_name(&unquote(all[open + 1].text), column)
    }

    /// Whether its text uses this name at all: a table, a column, in whichever quotes. May be too
    /// careful, never too careless.
    pub fn mentions(&self, name: &str) -> bool {
        self.sql.as_deref().is_some_and(|sql| mentions(sql, name))
    }

    /// Whether an index lists a column, or an expression or its condition needs it. Its own name and
    /// its table's are not meant, nor is a string; but `ON t('a')` lists the column.
    pub fn needs_column(&self, column: &str) -> bool {
        let Some(Ok(all)) = self.sql.as_deref().map(tokens) else { return true };
        let Some(open) = all.iter().position(|t| t.kind == T::TK_LP) else { return true };
        let (mut depth, mut listing) = (0usize, true);
        (open..all.len()).any(|at| {
            match all[at].kind {
                T::TK_LP => depth += 1,
                T::TK_RP => depth = depth.saturating_sub(1),
                _ => {}
            }
            listing &= depth > 0;
            is_used(&all, at, column) && (!is_string(&all, at) || (listing && depth == 1))
        })
    }

    /// Whether its text holds the name in double quotes, which SQLite reads as a *string* once the
    /// column is gone: <https://sqlite.org/quirks.html#dblquote>.
    pub fn double_quotes(&self, name: &str) -> bool {
        self.sql.as_deref().is_some_and(|sql| double_quotes(sql, name))
    }
}

/// Whether `sql` uses `name` as a name. A function's or a collation's name is not meant.
pub(crate) fn mentions(sql: &str, name: &str) -> bool {
    NamesUsed::of(sql).has(name)
}

/// What a text uses as a name, be it a column's or not; none where it cannot be read.
pub(crate) struct NamesUsed(Option<Vec<String>>);

impl NamesUsed {
    pub(crate) fn of(sql: &str) -> NamesUsed {
        let used = |all: Vec<Token<'_>>| {
            let places = (0..all.len()).filter(|&at| may_be_used(&all, at));
            places.map(|at| unquote(all[at].text)).collect()
        };
        NamesUsed(tokens(sql).ok().map(used))
    }

    /// Whether a name is among them. May be too careful, never too careless.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|used| used.iter().any(|one| same_name(one, name)))
    }
}

/// Whether an expression uses `name` as a name: what stands in single quotes is a string there, but
/// behind a dot (<https://sqlite.org/lang_keywords.html>).
pub(crate) fn expression_mentions(expression: &str, name: &str) -> bool {
    let Ok(all) = tokens(expression) else { return true };
    (0..all.len()).any(|at| is_used(&all, at, name) && !is_string(&all, at))
}

fn is_used(all: &[Token<'_>], at: usize, name: &str) -> bool {
    is_that_name(&all[at], name) && may_be_used(all, at)
}

/// Whether what stands there is not a function's name, nor a collation's.
fn may_be_used(all: &[Token<'_>], at: usize) -> bool {
    all.get(at + 1).is_none_or(|next| next.kind != T::TK_LP || all[at].text.starts_with('"'))
        && at.checked_sub(1).is_none_or(|before| all[before].kind != T::TK_COLLATE)
}

fn is_string(all: &[Token<'_>], at: usize) -> bool {
    all[at].text.starts_with('\'') && at.checked_sub(1).is_none_or(|before| all[before].kind != T::TK_DOT)
}

/// Whether `sql` holds `"name"`.
pub(crate) fn double_quotes(sql: &str, name: &str) -> bool {
    if !sql.contains('"') {
        return false;
    }
    let Ok(all) = tokens(sql) else { return true };
    all.iter().any(|token| token.text.starts_with('"') && same_name(&unquote(token.text), name))
}

fn is_that_name(token: &Token<'_>, name: &str) -> bool {
    // A single-quoted token may be a name too, where the grammar wants one.
    same_name(&unquote(token.text), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(schema: &str, sql: &str) -> Object {
        Object {
            schema: schema.into(),
            kind: ObjectKind::Index,
            name: "i".into(),
            table: "t".into(),
            sql: Some(sql.into()),
        }
    }

    #[test]
    fn the_schema_is_put_back() {
        assert_eq!(
            object("aux", "CREATE UNIQUE INDEX [i] ON t(a)").create().unwrap(),
            "CREATE UNIQUE INDEX aux.[i] ON t(a)"
        );
        assert_eq!(
            object("temp", "CREATE TRIGGER r AFTER INSERT ON main.t BEGIN SELECT 1; END").create().unwrap(),
            "CREATE TRIGGER temp.r AFTER INSERT ON main.t BEGIN SELECT 1; END"
        );
        assert_eq!(object("main", "no").create().unwrap_err().kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn what_an_index_holds() {
        for (sql, want) in [
            ("CREATE INDEX i ON t(a, \"b c\" COLLATE nocase DESC)", false),
            ("CREATE INDEX i ON t(a) WHERE a > 0", true),
            ("CREATE INDEX i ON t(lower(a))", true),
            ("CREATE INDEX i ON t(a + 1)", true),
            ("CREATE INDEX i ON t((a))", true),
        ] {
            assert_eq!(object("main", sql).is_computed(), want, "{sql}");
        }
        for (sql, want) in [
            ("CREATE INDEX i ON t(\"A\")", true),
            ("CREATE INDEX i ON t(a DESC, b)", true),
            ("CREATE INDEX i ON t(b, a)", false),
            ("CREATE INDEX i ON t(a || b)", false),
            ("CREATE INDEX i ON t(a COLLATE nocase)", false),
            ("CREATE INDEX i ON t(a) WHERE a > 0", false),
        ] {
            assert_eq!(object("main", sql).leads_with("a"), want, "{sql}");
        }
    }

    #[test]
    fn what_an_index_needs() {
        for (sql, want) in [
            ("CREATE INDEX a ON t(b)", false),
            ("CREATE INDEX i ON a(b)", false),
            ("CREATE INDEX i ON t(b, 'A')", true),
            ("CREATE INDEX i ON t(coalesce(b, 'a'))", false),
            ("CREATE INDEX i ON t(b) WHERE b IN ('a')", false),
            ("CREATE INDEX i ON t(b) WHERE \"a\" > 0", true),
            ("CREATE INDEX i ON t(b COLLATE a)", false),
            ("CREATE INDEX i ON t(lower(a))", true),
        ] {
            assert_eq!(object("main", sql).needs_column("a"), want, "{sql}");
        }
        for (expression, want) in
            [("b = 'a'", false), ("t.'a' = 1", true), ("[a] > 0", true), ("a(b)", false)]
        {
            assert_eq!(expression_mentions(expression, "a"), want, "{expression}");
        }
    }

    #[test]
    fn what_a_text_mentions() {
        let index = object("main", "CREATE INDEX i ON t(lower(\"A\"), b COLLATE c) WHERE d > 'e'");
        for (name, want) in
            [("a", true), ("B", true), ("c", false), ("d", true), ("e", true), ("lower", false), ("x", false)]
        {
            assert_eq!(index.mentions(name), want, "{name}");
        }
        assert!(index.double_quotes("a") && !index.double_quotes("b"));
    }
}
