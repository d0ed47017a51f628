//! What a `CREATE INDEX` lists, in the author's own words: SQLite's tree does not say where they stand.

use super::token::{Token, TokenType as T};

/// The entries of an index's list without their order, and the WHERE of a partial one. `all` are the tokens of the
/// text, in which the first parenthesis is that of the list.
pub(crate) fn index_entries(sql: &str, all: &[Token<'_>]) -> Option<(Vec<String>, Option<String>)> {
    let open = all.iter().position(|token| token.kind == T::TK_LP)?;
    let (mut depth, mut begin) = (0, open + 1);
    let mut entries = Vec::new();
    for (at, token) in all.iter().enumerate().skip(open) {
        match token.kind {
            T::TK_LP => depth += 1,
            T::TK_RP => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && token.kind == T::TK_COMMA) {
            entries.push(without_order(sql, &all[begin..at])?);
            begin = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    let condition = all.get(begin).filter(|token| token.kind == T::TK_WHERE);
    Some((entries, condition.map(|token| sql[token.end()..].to_owned())))
}

fn without_order(sql: &str, entry: &[Token<'_>]) -> Option<String> {
    let entry = match entry {
        // By itself such a word is a column's name.
        [rest @ .., last] if !rest.is_empty() && matches!(last.kind, T::TK_ASC | T::TK_DESC) => rest,
        all => all,
    };
    Some(sql[entry.first()?.start..entry.last()?.end()].to_owned())
}
