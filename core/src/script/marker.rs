//! The `-- migrate:` comments that divide a body, found between its tokens.

use crate::error::{Error, ErrorKind, Result};
use crate::graph::similar;
use crate::sql::{LineCounter, Token, TokenType as T, groups, tokens};

use super::header::is_marker;

/// One marker, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marker {
    pub(super) kind: MarkerKind,
    /// Byte offset of its `--`.
    pub(super) start: usize,
    /// Byte offset after its last byte, before the end of the line.
    pub(super) end: usize,
    /// How many tokens stand before it.
    pub(super) place: usize,
    pub(super) line: u32,
}

/// What a marker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MarkerKind {
    /// `migrate:up [transaction:false]`
    Up { transaction: bool },
    /// `migrate:down [transaction:false]`
    Down { transaction: bool },
    /// `migrate:unless query`
    Unless(String),
}

impl Marker {
    /// Whether the section that begins here runs in a transaction. `None`: no section begins.
    pub(super) fn transaction(&self) -> Option<bool> {
        match self.kind {
            MarkerKind::Up { transaction } | MarkerKind::Down { transaction } => Some(transaction),
            MarkerKind::Unless(_) => None,
        }
    }
}

impl MarkerKind {
    /// As it is written, without what follows.
    pub(super) fn name(&self) -> &'static str {
        match self {
            MarkerKind::Up { .. } => "migrate:up",
            MarkerKind::Down { .. } => "migrate:down",
            MarkerKind::Unless(_) => "migrate:unless",
        }
    }
}

/// The markers of a text, which these are the tokens of.
///
/// Errors: [`ErrorKind::BadDirective`] with the line.
pub(super) fn markers(text: &str, tokens: &[Token<'_>]) -> Result<Vec<Marker>> {
    let mut found = Vec::new();
    for Comment { start, end, place, line, text: comment } in comments(text, tokens) {
        if let Some(kind) = read(comment).map_err(|error| error.at_line(line))? {
            let end = start + text[start..end].trim_end().len();
            found.push(Marker { kind, start, end, place, line });
        }
    }
    Ok(found)
}

/// One `--` comment: what it says, and where it stands.
struct Comment<'a> {
    text: &'a str,
    start: usize,
    end: usize,
    /// How many tokens stand before it.
    place: usize,
    line: u32,
}

/// The `--` comments of a text, which these are the tokens of.
fn comments<'a>(text: &'a str, tokens: &[Token<'_>]) -> Vec<Comment<'a>> {
    let mut lines = LineCounter::new(text);
    let mut found = Vec::new();
    let mut from = 0;
    for place in 0..=tokens.len() {
        let to = tokens.get(place).map_or(text.len(), |token| token.start);
        let mut at = from;
        while let Some((start, end)) = next_line_comment(&text[..to], at) {
            let comment = text[start + 2..end].trim_start_matches('-').trim();
            found.push(Comment { text: comment, start, end, place, line: lines.at(start) });
            at = end;
        }
        from = tokens.get(place).map_or(to, Token::end);
    }
    found
}

/// The line of each `--` comment of a file, and what it says. Of a text that is no SQL, the lines that
/// begin with one.
pub(crate) fn line_comments(text: &str) -> Vec<(u32, &str)> {
    match tokens(text) {
        Ok(all) => comments(text, &all).into_iter().map(|found| (found.line, found.text)).collect(),
        Err(_) => (1..)
            .zip(text.lines())
            .filter_map(|(line, rest)| {
                Some((line, rest.trim_start().strip_prefix("--")?.trim_start_matches('-').trim()))
            })
            .collect(),
    }
}

/// The next `--` comment in a gap between tokens, where only blanks and comments can stand.
fn next_line_comment(text: &str, mut at: usize) -> Option<(usize, usize)> {
    loop {
        match text.as_bytes()[at..] {
            [b'-', b'-', ..] => {
                return Some((at, text[at..].find('\n').map_or(text.len(), |length| at + length)));
            }
            [b'/', b'*', ..] => at += 2 + text[at + 2..].find("*/")? + 2,
            [] => return None,
            _ => at += 1,
        }
    }
}

/// A comment as a marker, if it is one.
fn read(comment: &str) -> Result<Option<MarkerKind>> {
    if !is_marker(comment) {
        return match looks_like(comment) {
            Some(direction) => Err(bad(format!("'-- {comment}' is no marker of limbeck's"))
                .with_hint(format!("write '-- migrate:{direction}'"))),
            None => Ok(None),
        };
    }
    let rest = &comment["migrate:".len()..];
    let (word, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let kind = match word.to_ascii_lowercase().as_str() {
        "up" => MarkerKind::Up { transaction: transaction("up", rest)? },
        "down" => MarkerKind::Down { transaction: transaction("down", rest)? },
        "unless" => MarkerKind::Unless(query(rest)?),
        "batch" => {
            return Err(bad("'migrate:batch' is not supported yet".to_owned())
                .with_hint("delete the line: the statement then runs in one piece"));
        }
        _ => {
            let near = similar(word, ["up", "down", "unless"].into_iter());
            return Err(bad(format!("'migrate:{word}' is no marker")).with_hint(match near.first() {
                Some(near) => format!("write 'migrate:{near}'"),
                None => "use 'migrate:up', 'migrate:down' or 'migrate:unless <query>'".to_owned(),
            }));
        }
    };
    Ok(Some(kind))
}

/// `up` or `down` where a comment means it in another tool's or in a mistaken spelling: read as
/// plain comments, they would have both directions run as one.
pub(super) fn looks_like(comment: &str) -> Option<&'static str> {
    let word = comment.trim_start_matches(['+', '@']);
    let (word, rest) = word.split_at(word.find(|c: char| !c.is_ascii_alphabetic())?);
    let rest = rest.trim_start_matches([':', ';', '=', ' ', '\t']);
    let direction = ["up", "down"].into_iter().find(|direction| direction.eq_ignore_ascii_case(rest))?;
    (!similar(word, ["migrate", "migration", "goose"].into_iter()).is_empty()).then_some(direction)
}

/// What stands behind `up` or `down`.
fn transaction(direction: &str, options: &str) -> Result<bool> {
    let mut transaction = true;
    for option in options.split_whitespace() {
        transaction = match option {
            "transaction:true" => true,
            "transaction:false" => false,
            _ => {
                return Err(bad(format!("'{option}' is no option of 'migrate:{direction}'"))
                    .with_hint("write 'transaction:false', or nothing"));
            }
        };
    }
    Ok(transaction)
}

/// What stands behind `unless`: one query.
fn query(text: &str) -> Result<String> {
    let hint = "write a query behind it: '-- migrate:unless SELECT 1 FROM t WHERE …'";
    let all = tokens(text)
        .map_err(|error| bad(format!("'migrate:unless' cannot be read: {error}")).with_hint(hint))?;
    match groups(&all).as_slice() {
        [query] if matches!(query[0].kind, T::TK_SELECT | T::TK_WITH | T::TK_VALUES) => {
            Ok(text[query[0].start..query[query.len() - 1].end()].to_owned())
        }
        [] => Err(bad("'migrate:unless' has no query".to_owned()).with_hint(hint)),
        _ => Err(bad(format!("'migrate:unless {}' is not one query", text.trim())).with_hint(hint)),
    }
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::BadDirective, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(u32, MarkerKind)> {
        let all = tokens(text).unwrap();
        markers(text, &all).unwrap().into_iter().map(|marker| (marker.line, marker.kind)).collect()
    }

    #[test]
    fn only_comments_between_tokens_are_markers() {
        let up = MarkerKind::Up { transaction: true };
        let down = MarkerKind::Down { transaction: true };
        for (text, want) in [
            ("-- migrate:up\nSELECT 1;\n-- migrate:down\n", vec![(1, up.clone()), (3, down.clone())]),
            ("--migrate:up\r\nSELECT 1;\r\n--  migrate:down  ", vec![(1, up.clone()), (3, down.clone())]),
            ("-- migrate:UP transaction:true", vec![(1, up.clone())]),
            ("-- migrate:down transaction:false", vec![(1, MarkerKind::Down { transaction: false })]),
            ("SELECT '\n-- migrate:down\n'", vec![]),
            ("SELECT \"\n-- migrate:down\n\"", vec![]),
            ("/*\n-- migrate:down\n*/ SELECT 1 /* -- migrate:up */", vec![]),
            ("/* a */ -- b /* c\n/* d\n */ -- migrate:up", vec![(3, up.clone())]),
            ("SELECT 1 -- migrate:down", vec![(1, down)]),
            ("-- to migrate: up and away\n-- migrates\n-- set up:\n-- up", vec![]),
            (
                "-- migrate:unless SELECT ';' FROM t; -- why",
                vec![(1, MarkerKind::Unless("SELECT ';' FROM t".into()))],
            ),
        ] {
            assert_eq!(found(text), want, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named_with_its_line() {
        for (comment, message, hint) in [
            ("migrate:dwon", "'migrate:dwon' is no marker", "use 'migrate:up', 'migrate:down' or"),
            ("migrate:unles SELECT 1", "'migrate:unles' is no marker", "write 'migrate:unless'"),
            ("migrate: up", "'migrate:' is no marker", "use 'migrate:up'"),
            ("migrate:batch 500", "'migrate:batch' is not supported yet", "delete the line"),
            ("migrate:up now", "'now' is no option of 'migrate:up'", "write 'transaction:false'"),
            ("migrate:unless", "'migrate:unless' has no query", "write a query"),
            (
                "migrate:unless DELETE FROM t",
                "'migrate:unless DELETE FROM t' is not one query",
                "write a query",
            ),
            ("migrate:unless SELECT 1; SELECT 2", "is not one query", "write a query"),
            ("migrate:unless SELECT 'x", "'migrate:unless' cannot be read: ", "write a query"),
            ("migrate down", "'-- migrate down' is no marker", "write '-- migrate:down'"),
            ("migrat:up", "'-- migrat:up' is no marker", "write '-- migrate:up'"),
            ("+goose Down", "'-- +goose Down' is no marker", "write '-- migrate:down'"),
            ("+migrate Up", "'-- +migrate Up' is no marker", "write '-- migrate:up'"),
        ] {
            let text = format!("SELECT 1;\n-- {comment}\nSELECT 2;");
            let error = markers(&text, &tokens(&text).unwrap()).unwrap_err();
            assert_eq!((error.kind(), error.line()), (ErrorKind::BadDirective, Some(2)), "{comment}");
            assert!(error.to_string().contains(message), "{error}");
            assert!(error.hint().unwrap().contains(hint), "{comment}: {:?}", error.hint());
        }
    }
}
