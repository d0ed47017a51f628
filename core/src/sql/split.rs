//! A text of several statements, taken apart.

use sqlite3_parser::dialect::TokenType as T;

use super::token::{Token, tokens};
use crate::error::Result;

/// One statement, without its semicolon and without the comments around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement<'a> {
    /// From the first token to the last; comments between them stay.
    pub text: &'a str,
    /// Byte offset in the whole text.
    pub start: usize,
    /// Line in the whole text, counted from 1.
    pub line: u32,
}

/// The statements of a text, in order. A trigger's body does not end the statement.
///
/// Errors: [`ErrorKind::SqlSyntax`](crate::ErrorKind::SqlSyntax) as in [`tokens`].
pub fn split(text: &str) -> Result<Vec<Statement<'_>>> {
    let tokens = tokens(text)?;
    let mut lines = LineCounter::new(text);
    Ok(groups(&tokens)
        .into_iter()
        .map(|group| {
            let (start, end) = (group[0].start, group[group.len() - 1].end());
            Statement { text: &text[start..end], start, line: lines.at(start) }
        })
        .collect())
}

/// The tokens of each statement, semicolons left out.
pub(crate) fn groups<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let mut groups = Vec::new();
    let (mut first, mut opening) = (0, Opening::Start);
    for (at, token) in tokens.iter().enumerate() {
        if token.kind == T::TK_SEMI && opening.ends(&tokens[first..at]) {
            groups.push(&tokens[first..at]);
            (first, opening) = (at + 1, Opening::Start);
        } else {
            opening = opening.followed_by(token.kind);
        }
    }
    groups.push(&tokens[first..]);
    groups.retain(|group| !group.is_empty());
    groups
}

/// What the words at the front of a statement have told.
#[derive(Clone, Copy, PartialEq)]
enum Opening {
    /// Nothing, or `EXPLAIN [QUERY PLAN]`.
    Start,
    /// `CREATE [TEMP]`
    Create,
    /// `CREATE [TEMP] TRIGGER`
    Trigger,
    /// No trigger.
    Other,
}

impl Opening {
    fn followed_by(self, kind: T) -> Opening {
        match (self, kind) {
            (Opening::Start, T::TK_EXPLAIN | T::TK_QUERY | T::TK_PLAN) => Opening::Start,
            (Opening::Start, T::TK_CREATE) | (Opening::Create, T::TK_TEMP) => Opening::Create,
            (Opening::Create, T::TK_TRIGGER) | (Opening::Trigger, _) => Opening::Trigger,
            _ => Opening::Other,
        }
    }

    /// Whether a semicolon after these tokens ends the statement. As `sqlite3_complete()` has it
    /// (<https://sqlite.org/c3ref/complete.html>): a `CREATE TRIGGER` ends at `; END ;` only.
    fn ends(self, tokens: &[Token<'_>]) -> bool {
        self != Opening::Trigger
            || matches!(tokens, [.., semi, end] if semi.kind == T::TK_SEMI && end.kind == T::TK_END)
    }
}

/// Counts lines forward only, so that a long file is read once.
pub(crate) struct LineCounter<'a> {
    text: &'a str,
    offset: usize,
    line: u32,
}

impl<'a> LineCounter<'a> {
    pub(crate) fn new(text: &'a str) -> LineCounter<'a> {
        LineCounter { text, offset: 0, line: 1 }
    }

    /// The line of an offset, which is not before the one asked for last.
    pub(crate) fn at(&mut self, offset: usize) -> u32 {
        let passed = &self.text.as_bytes()[self.offset..offset];
        self.line += passed.iter().filter(|&&b| b == b'\n').count() as u32;
        self.offset = offset;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        split(text).unwrap().iter().map(|s| s.text).collect()
    }

    #[test]
    fn statements_end_where_sqlite_ends_them() {
        let trigger =
            "CREATE TEMP TRIGGER r AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM u; END";
        let both = format!("{trigger}; SELECT 1");
        let explained = format!("EXPLAIN QUERY PLAN {trigger}");
        for (text, want) in [
            ("", vec![]),
            (" -- nothing\n;;", vec![]),
            ("SELECT ';' ; SELECT 2 -- x;\n;", vec!["SELECT ';'", "SELECT 2"]),
            ("SELECT 1", vec!["SELECT 1"]),
            ("SELECT /* ; */ 1;", vec!["SELECT /* ; */ 1"]),
            (&both, vec![trigger, "SELECT 1"]),
            (&explained, vec![&explained]),
        ] {
            assert_eq!(texts(text), want, "{text}");
        }
    }

    #[test]
    fn lines_are_counted_from_one() {
        let lines: Vec<u32> = split("a;\n\nb;c;\n/*\n*/d").unwrap().iter().map(|s| s.line).collect();
        assert_eq!(lines, [1, 3, 3, 5]);
    }
}
