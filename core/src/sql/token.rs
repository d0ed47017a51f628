//! Tokens with their places in the text.

use std::borrow::Cow;

use sqlite3_parser::dialect::TokenType as T;
use sqlite3_parser::lexer::Scanner;
use sqlite3_parser::lexer::sql::{Error as LexError, Tokenizer};

use crate::error::{Error, ErrorKind, Result};

pub use sqlite3_parser::dialect::TokenType;

/// One token: what it is, how it is spelt, and where it begins.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    /// What SQLite's tokenizer calls it. Keywords that may be names (`KEY`, `DESC`, …) keep their own type.
    pub kind: TokenType,
    /// As it stands in the text, quotes included.
    pub text: &'a str,
    /// Byte offset of its first byte.
    pub start: usize,
}

impl Token<'_> {
    /// Byte offset after its last byte.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is this word, in any case and unquoted.
    pub fn is_word(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }
}

/// The tokens of a text, comments and blanks left out.
///
/// Errors: [`ErrorKind::SqlSyntax`] with the line where a literal, a bracket or a comment is not
/// closed, where a byte is no part of SQL, and where SQLite's own tokenizer would stop or read
/// otherwise.
pub fn tokens(whole: &str) -> Result<Vec<Token<'_>>> {
    // SQLite ends a text at U+0000 and says nothing of what stands behind it.
    if let Some(at) = whole.find('\0') {
        return Err(unreadable(whole, "the character U+0000", line_at(whole, at)));
    }
    let blanked = vertical_tabs_blanked(whole);
    let mut scanner = Scanner::new(Tokenizer::new());
    let mut all = Vec::with_capacity(whole.len() / 6);
    loop {
        match scanner.scan(&blanked) {
            Ok((_, None, _)) => return Ok(all),
            // The slice that comes with it lacks the `x'` of a blob: the places are right.
            Ok((start, Some((_, kind)), end)) => {
                let Some(text) = whole.get(start..end) else {
                    return Err(unreadable(whole, "a token splits a character", line_at(whole, start)));
                };
                let token = Token { kind, text, start };
                refuse_other_reading(&token, &whole[end..])
                    .map_err(|what| unreadable(whole, what, line_at(whole, start)))?;
                all.push(token);
            }
            Err(error) => return Err(syntax(whole, error)),
        }
    }
}

/// To SQLite a vertical tab is no blank where it begins what stands between two tokens, and is one behind
/// another blank (`CC_SPACE`, <https://sqlite.org/src/file/src/tokenize.c>); to the parser's tokenizer it never
/// is. The places stay, and what a string holds is taken from the text itself.
fn vertical_tabs_blanked(text: &str) -> Cow<'_, [u8]> {
    let mut bytes = Cow::Borrowed(text.as_bytes());
    for at in text.match_indices('\u{b}').map(|(at, _)| at).filter(|&at| at > 0) {
        if bytes[at - 1].is_ascii_whitespace() {
            bytes.to_mut()[at] = b' ';
        }
    }
    bytes
}

/// The same text with blanks for vertical tabs wherever it is none of these tokens.
pub(super) fn blanks_between<'a>(text: &'a str, tokens: &[Token<'a>]) -> Cow<'a, str> {
    if !text.contains('\u{b}') {
        return Cow::Borrowed(text);
    }
    let mut spelt = String::with_capacity(text.len());
    for token in tokens {
        spelt += &text[spelt.len()..token.start].replace('\u{b}', " ");
        spelt += token.text;
    }
    spelt += &text[spelt.len()..].replace('\u{b}', " ");
    Cow::Owned(spelt)
}

const BAD_PARAMETER: &str = "a bad parameter name";

/// What SQLite's own tokenizer would read otherwise, it must not be read at all: U+FEFF before a
/// word is blank to SQLite, and `$a::b(;)` is one parameter, as in Tcl.
fn refuse_other_reading(token: &Token<'_>, rest: &str) -> std::result::Result<(), &'static str> {
    if token.text.starts_with('\u{feff}') {
        return Err("a byte order mark (U+FEFF)");
    }
    let tcl = token.kind == T::TK_VARIABLE && token.text.starts_with(['$', '@', '#', ':']);
    if tcl && (rest.starts_with('(') || rest.starts_with("::")) {
        return Err(BAD_PARAMETER);
    }
    Ok(())
}

fn syntax(text: &str, error: LexError) -> Error {
    let (what, place) = match &error {
        LexError::UnrecognizedToken(p) => ("unrecognized token", p),
        LexError::UnterminatedLiteral(p) => ("a quote that is not closed", p),
        LexError::UnterminatedBracket(p) => ("a '[' that is not closed", p),
        LexError::UnterminatedBlockComment(p) => ("a '/*' comment that is not closed", p),
        LexError::BadVariableName(p) => (BAD_PARAMETER, p),
        LexError::BadNumber(p) => ("a bad number", p),
        LexError::ExpectedEqualsSign(p) => ("a '!' without '='", p),
        LexError::MalformedBlobLiteral(p) => ("a malformed blob literal", p),
        LexError::MalformedHexInteger(p) => ("a malformed hexadecimal number", p),
        _ => ("unreadable SQL", &None),
    };
    unreadable(text, what, place.as_ref().map_or(1, |p| p.line as u32))
}

fn unreadable(text: &str, what: &str, line: u32) -> Error {
    let near = text.lines().nth(line as usize - 1).unwrap_or_default().trim();
    let error = Error::new(ErrorKind::SqlSyntax, format!("{what} near: {}", shorten(near))).at_line(line);
    match what == BAD_PARAMETER && near.contains("::") {
        true => error.with_hint("write CAST(value AS type) for PostgreSQL's value::type"),
        false => error,
    }
}

/// At most 60 characters, for messages.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The line, counted from 1, of a byte offset.
pub fn line_at(text: &str, offset: usize) -> u32 {
    1 + text.as_bytes()[..offset.min(text.len())].iter().filter(|&&b| b == b'\n').count() as u32
}

/// What ends a statement in a script: behind a comment a semicolon by itself would belong to it.
pub fn semicolon(sql: &str) -> &'static str {
    let all = tokens(sql).unwrap_or_default();
    let end = all.last().map_or(0, Token::end);
    if sql[end..].contains("--") { "\n;" } else { ";" }
}

/// Whether two texts say the same: layout, comments, case of words and quotes of names aside.
pub fn same_text(a: &str, b: &str) -> bool {
    let (Ok(a), Ok(b)) = (tokens(a), tokens(b)) else { return false };
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| same_token(a, b))
}

fn same_token(a: &Token<'_>, b: &Token<'_>) -> bool {
    let quoted = |token: &Token<'_>| token.text.starts_with(['"', '[', '`']);
    if quoted(a) || quoted(b) {
        // A name; an unquoted word may be more than that.
        let named = |token: &Token<'_>| quoted(token) || (is_name(token) && !is_value(token));
        return named(a)
            && named(b)
            && super::ident::unquote(a.text).eq_ignore_ascii_case(&super::ident::unquote(b.text));
    }
    a.kind == b.kind && (a.text == b.text || (a.kind != T::TK_STRING && a.text.eq_ignore_ascii_case(b.text)))
}

/// A string, or a word that is a value where an expression is meant.
pub(super) fn is_value(token: &Token<'_>) -> bool {
    matches!(token.kind, T::TK_STRING | T::TK_CTIME_KW) || token.is_word("true") || token.is_word("false")
}

/// Whether a token may stand for a name: an identifier, a string, or a keyword that SQLite lets
/// fall back to one. Whether it *is* one, the grammar around it says.
pub fn is_name(token: &Token<'_>) -> bool {
    matches!(token.kind, T::TK_ID | T::TK_STRING | T::TK_JOIN_KW | T::TK_INDEXED)
        || (token.text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
            && !is_literal(token)
            && !super::ident::is_reserved(token.text))
}

fn is_literal(token: &Token<'_>) -> bool {
    matches!(token.kind, T::TK_BLOB | T::TK_INTEGER | T::TK_FLOAT | T::TK_VARIABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_stands_behind_a_comment() {
        for (sql, want) in [
            ("SELECT 1", ";"),
            ("SELECT 1 -- one", "\n;"),
            ("SELECT '--'", ";"),
            ("CREATE INDEX \"a--b\" ON t(c) WHERE c > 0", ";"),
            ("SELECT '-- one' -- two\n", "\n;"),
            ("SELECT 1 /* one */", ";"),
            ("-- none", "\n;"),
            ("SELECT ' -- not readable", "\n;"),
        ] {
            assert_eq!(semicolon(sql), want, "{sql}");
        }
    }

    #[test]
    fn places_are_those_of_the_text() {
        let text = "SELECT [a b], \"c\"\"d\", 'e''f', x'00' /* é */ -- end\n FROM `t`;";
        let spelt: Vec<&str> = tokens(text).unwrap().iter().map(|t| t.text).collect();
        assert_eq!(
            spelt,
            ["SELECT", "[a b]", ",", "\"c\"\"d\"", ",", "'e''f'", ",", "x'00'", "FROM", "`t`", ";"]
        );
        for token in tokens(text).unwrap() {
            assert_eq!(&text[token.start..token.end()], token.text);
        }
    }

    #[test]
    fn texts_are_compared_by_what_they_say() {
        for (a, b, want) in [
            ("a  text NOT null -- x", "[A] TEXT not NULL", true),
            ("DEFAULT 'x'", "DEFAULT 'X'", false),
            ("DEFAULT 1", "DEFAULT 1.0", false),
            ("a b", "a", false),
            ("\"x\"", "'x'", false),
            ("\"x\"", "[X]", true),
            ("\"null\"", "null", false),
            ("\"true\"", "true", false),
        ] {
            assert_eq!(same_text(a, b), want, "{a} / {b}");
        }
    }

    #[test]
    fn what_is_not_closed_is_named_with_its_line() {
        for (text, line) in [
            ("a\n'b", 2),
            ("a\n\n\"b", 3),
            ("[x", 1),
            ("/* x", 1),
            ("a !b", 1),
            ("a\n\u{feff}b", 2),
            ("$a(;)", 1),
            ("a\n'\0'", 2),
        ] {
            let error = tokens(text).unwrap_err();
            assert_eq!((error.kind(), error.line()), (ErrorKind::SqlSyntax, Some(line)), "{text}");
        }
    }
}
