//! What a `CREATE INDEX` lists. It is asked of rows in the author's own words, of which SQLite's tree does not say
//! where they stand: so by tokens.

use crate::sql::{Token, TokenType as T, is_name, quote, tokens, unquote};

/// A `CREATE INDEX` on a table of the database.
#[derive(Debug, PartialEq, Eq)]
pub struct NewIndex {
    /// Its name.
    pub name: String,
    /// Its table.
    pub table: String,
    /// What it lists, as expressions.
    pub listed: Vec<String>,
    /// Of which rows, if it is partial.
    pub of: Option<String>,
}

impl NewIndex {
    /// Of a text that SQLite's grammar has accepted, in which the first parenthesis is that of the list.
    pub(super) fn read(name: String, table: String, sql: &str) -> Option<NewIndex> {
        let all = tokens(sql).ok()?;
        let open = all.iter().position(|token| token.kind == T::TK_LP)?;
        let (mut depth, mut begin) = (0usize, open + 1);
        let mut listed = Vec::new();
        for (place, token) in all.iter().enumerate().skip(open) {
            match token.kind {
                T::TK_LP => depth += 1,
                T::TK_RP => depth = depth.checked_sub(1)?,
                _ => {}
            }
            if depth == 0 || (depth == 1 && token.kind == T::TK_COMMA) {
                listed.push(expression(sql, all.get(begin..place)?)?);
                begin = place + 1;
            }
            if depth == 0 {
                break;
            }
        }
        let of = all.get(begin).filter(|token| token.kind == T::TK_WHERE);
        Some(NewIndex { name, table, listed, of: of.map(|token| sql[token.end()..].to_owned()) })
    }
}

/// One entry of an index's list without its order; a string there is a column's name.
fn expression(sql: &str, entry: &[Token<'_>]) -> Option<String> {
    let ordered = matches!(entry.last()?.kind, T::TK_ASC | T::TK_DESC) && entry.len() > 1;
    let entry = &entry[..entry.len() - usize::from(ordered)];
    let (first, last) = (entry.first()?, entry.last()?);
    let named = is_name(first) && entry.get(1).is_none_or(|next| next.kind == T::TK_COLLATE);
    Some(if named { quote(&unquote(first.text)) } else { sql[first.start..last.end()].to_owned() })
}

#[cfg(test)]
mod tests {
    use crate::deed::Deed;

    #[test]
    fn what_an_index_lists() {
        let of = |sql: &str| match Deed::of(sql) {
            Deed::CreateIndex(index) => Some((index.name, index.table, index.listed, index.of)),
            _ => None,
        };
        let (name, t, a) = ("i".to_owned(), "t".to_owned(), "a".to_owned());
        for (sql, listed, rows) in [
            ("CREATE INDEX i ON t(a)", vec![a.clone()], None),
            ("CREATE UNIQUE INDEX IF NOT EXISTS main.i ON t('a' DESC)", vec![a.clone()], None),
            (
                "CREATE INDEX \"i\" ON [t](a COLLATE nocase ASC, lower(b, 1) DESC)",
                vec![a.clone(), "lower(b, 1)".to_owned()],
                None,
            ),
            ("CREATE INDEX i ON t(a) WHERE b > 0", vec![a], Some(" b > 0".to_owned())),
        ] {
            assert_eq!(of(sql), Some((name.clone(), t.clone(), listed, rows)), "{sql}");
        }
        for sql in
            ["CREATE TABLE t(a)", "CREATE INDEX aux.i ON t(a)", "CREATE INDEX i ON t(a", "CREATE INDEX", ""]
        {
            assert_eq!(of(sql), None, "{sql}");
        }
    }
}
