//! What a `CREATE INDEX` makes, to be asked of rows before it runs.

use crate::sql::{TokenType as T, index_entries, is_name, quote, tokens, unquote};

/// A `CREATE INDEX` on a table of the database.
#[derive(Debug, PartialEq, Eq)]
pub struct NewIndex {
    /// Its name.
    pub name: String,
    /// Its table.
    pub table: String,
    /// Whether no two rows may be equal in what it lists.
    pub unique: bool,
    /// What it lists, as expressions, with the collations that it names.
    pub listed: Vec<String>,
    /// Of which rows, if it is partial.
    pub of: Option<String>,
}

impl NewIndex {
    /// Of a text that SQLite's grammar has accepted, in which the first parenthesis is that of the list.
    pub(super) fn read(name: String, table: String, unique: bool, sql: &str) -> Option<NewIndex> {
        let (entries, of) = index_entries(sql, &tokens(sql).ok()?)?;
        Some(NewIndex { name, table, unique, listed: entries.into_iter().map(expression).collect(), of })
    }
}

/// An entry as an expression: a string there is a column's name.
fn expression(entry: String) -> String {
    let all = tokens(&entry).unwrap_or_default();
    match &all[..] {
        [name] if is_name(name) => quote(&unquote(name.text)),
        [name, next, ..] if is_name(name) && next.kind == T::TK_COLLATE => {
            format!("{} {}", quote(&unquote(name.text)), &entry[next.start..])
        }
        _ => entry,
    }
}

#[cfg(test)]
mod tests {
    use crate::deed::Deed;

    #[test]
    fn what_an_index_lists() {
        let of = |sql: &str| match Deed::of(sql) {
            Deed::CreateIndex(index) => Some((index.name, index.table, index.unique, index.listed, index.of)),
            _ => None,
        };
        let (name, t, a) = ("i".to_owned(), "t".to_owned(), "a".to_owned());
        for (sql, unique, listed, rows) in [
            ("CREATE INDEX i ON t(a)", false, vec![a.clone()], None),
            ("CREATE UNIQUE INDEX IF NOT EXISTS main.i ON t('a' DESC)", true, vec![a.clone()], None),
            (
                "CREATE INDEX \"i\" ON [t]('a' COLLATE nocase ASC, lower(b, 1) DESC)",
                false,
                vec!["a COLLATE nocase".to_owned(), "lower(b, 1)".to_owned()],
                None,
            ),
            ("CREATE INDEX i ON t(a) WHERE b > 0", false, vec![a], Some(" b > 0".to_owned())),
        ] {
            assert_eq!(of(sql), Some((name.clone(), t.clone(), unique, listed, rows)), "{sql}");
        }
        for sql in
            ["CREATE TABLE t(a)", "CREATE INDEX aux.i ON t(a)", "CREATE INDEX i ON t(a", "CREATE INDEX", ""]
        {
            assert_eq!(of(sql), None, "{sql}");
        }
    }
}
