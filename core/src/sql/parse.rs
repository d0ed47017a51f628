//! SQLite's syntax tree of one statement, within bounds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sqlite3_parser::ast::{Cmd, Stmt};
use sqlite3_parser::dialect::TokenType as T;
use sqlite3_parser::lexer::sql::{Error as ParseError, Parser};
use sqlite3_parser::{Bump, FallibleIterator};

use super::token::{Token, blanks_between, is_name, shorten, tokens};
use crate::error::{Error, ErrorKind, Result};

/// SQLite's own default for SQLITE_MAX_EXPR_DEPTH: <https://sqlite.org/limits.html>. Far below
/// what would overflow the parser's stack.
const MAX_DEPTH: usize = 1000;

/// The parser copies all words of a type for each of them: what is longer than any type is refused.
const MAX_WORDS: usize = 100;

/// Hands the syntax tree of `sql`, which must be exactly one statement, to `read`.
///
/// Errors: [`ErrorKind::SqlSyntax`], [`ErrorKind::SqlTooDeep`].
pub(crate) fn with_statement<T>(sql: &str, read: impl FnOnce(&Stmt<'_>) -> T) -> Result<T> {
    with_tokens(sql, &tokens(sql)?, read)
}

/// The same, where its tokens have been read.
pub(crate) fn with_tokens<T>(
    sql: &str,
    tokens: &[Token<'_>],
    read: impl FnOnce(&Stmt<'_>) -> T,
) -> Result<T> {
    bounded(tokens)?;
    let spelt = blanks_between(sql, tokens);
    // The parser's own README says that it may panic; what is read from a file must not.
    catch_unwind(AssertUnwindSafe(|| {
        let bump = Bump::new();
        let mut parser = Parser::new(&bump, spelt.as_bytes());
        let statement = match parser.next().map_err(|error| syntax(sql, &error))? {
            Some(Cmd::Stmt(statement) | Cmd::Explain(statement) | Cmd::ExplainQueryPlan(statement)) => {
                statement
            }
            None => return Err(Error::new(ErrorKind::SqlSyntax, "an empty statement")),
        };
        match parser.next() {
            Ok(None) => Ok(read(&statement)),
            _ => Err(Error::new(ErrorKind::SqlSyntax, format!("more than one statement: {}", shorten(sql)))),
        }
    }))
    .unwrap_or_else(|_| Err(Error::new(ErrorKind::SqlSyntax, format!("cannot read: {}", shorten(sql)))))
}

fn bounded(tokens: &[Token<'_>]) -> Result<()> {
    let mut depth = 0usize;
    let mut words = 0usize;
    for token in tokens {
        words = if is_name(token) { words + 1 } else { 0 };
        if words > MAX_WORDS {
            let error = Error::new(ErrorKind::SqlTooDeep, format!("more than {MAX_WORDS} names in a row"));
            return Err(error.with_hint("write fewer words where the type stands"));
        }
        match token.kind {
            T::TK_LP => depth += 1,
            T::TK_RP => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(Error::new(
                ErrorKind::SqlTooDeep,
                format!("more than {MAX_DEPTH} nested parentheses"),
            )
            .with_hint("split the expression"));
        }
    }
    Ok(())
}

fn syntax(sql: &str, error: &ParseError) -> Error {
    let (what, line) = match error {
        ParseError::ParserError(what, place) => (what.to_string(), place.as_ref().map_or(1, |p| p.line)),
        other => (other.to_string(), 1),
    };
    Error::new(ErrorKind::SqlSyntax, what).at_line(line as u32).in_statement(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_within_bounds() {
        assert!(with_statement("SELECT 1", |s| matches!(s, Stmt::Select(_))).unwrap());
        let deep = format!("SELECT {}1{}", "(".repeat(5000), ")".repeat(5000));
        let wordy = format!("CREATE TABLE t(a {})", "int ".repeat(101));
        for (sql, kind) in [
            ("SELECT", ErrorKind::SqlSyntax),
            ("SELECT 1; SELECT 2", ErrorKind::SqlSyntax),
            ("", ErrorKind::SqlSyntax),
            (&deep, ErrorKind::SqlTooDeep),
            (&wordy, ErrorKind::SqlTooDeep),
        ] {
            assert_eq!(with_statement(sql, |_| ()).unwrap_err().kind(), kind, "{}", shorten(sql));
        }
    }
}
