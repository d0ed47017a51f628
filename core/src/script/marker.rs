//! The comments that divide a body, found between its tokens: `-- migrate:`, limbeck's and dbmate's, and
//! goose's `-- +goose` (<https://pressly.github.io/goose/documentation/annotations/>).

use crate::error::{Error, ErrorKind, Result};
use crate::graph::similar;
use crate::sql::{LineCounter, Token, TokenType as T, groups, tokens};

/// One marker, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marker {
    pub(super) kind: MarkerKind,
    /// In goose's spelling.
    pub(super) goose: bool,
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
    /// `+goose NO TRANSACTION`: of both directions, wherever it stands.
    NoTransaction,
    /// `+goose StatementBegin`: one statement, or several, to `StatementEnd`.
    StatementBegin,
    /// `+goose StatementEnd`: ends a statement as a semicolon does.
    StatementEnd,
}

impl Marker {
    /// Whether the section that begins here runs in a transaction. `None`: no section begins.
    pub(super) fn transaction(&self) -> Option<bool> {
        match self.kind {
            MarkerKind::Up { transaction } | MarkerKind::Down { transaction } => Some(transaction),
            MarkerKind::Unless(_)
            | MarkerKind::NoTransaction
            | MarkerKind::StatementBegin
            | MarkerKind::StatementEnd => None,
        }
    }

    /// Whether a statement may not go on behind it.
    pub(super) fn ends_statements(&self) -> bool {
        matches!(self.kind, MarkerKind::StatementBegin | MarkerKind::StatementEnd)
    }

    /// As it is written, without what follows.
    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            MarkerKind::Up { .. } if self.goose => "+goose Up",
            MarkerKind::Up { .. } => "migrate:up",
            MarkerKind::Down { .. } if self.goose => "+goose Down",
            MarkerKind::Down { .. } => "migrate:down",
            MarkerKind::Unless(_) => "migrate:unless",
            MarkerKind::NoTransaction => "+goose NO TRANSACTION",
            MarkerKind::StatementBegin => "+goose StatementBegin",
            MarkerKind::StatementEnd => "+goose StatementEnd",
        }
    }
}

/// The markers of a text, which these are the tokens of.
///
/// Errors: [`ErrorKind::BadDirective`] with the line.
pub(super) fn markers(text: &str, tokens: &[Token<'_>]) -> Result<Vec<Marker>> {
    let mut found = Vec::new();
    for Comment { start, end, place, line, text: comment, block } in comments(text, tokens) {
        if block {
            if !comment.contains('\n') && (is_marker(comment) || looks_like(comment).is_some()) {
                return Err(bad(format!("'/* {comment} */' is no marker"))
                    .with_hint("write it behind '--', on a line of its own")
                    .at_line(line));
            }
            continue;
        }
        if let Some(kind) = read(comment).map_err(|error| error.at_line(line))? {
            let end = start + text[start..end].trim_end().len();
            found.push(Marker { kind, goose: goose(comment).is_some(), start, end, place, line });
        }
    }
    statements_are_closed(&found)?;
    if let Some(line) = found.iter().find(|m| m.kind == MarkerKind::NoTransaction).map(|m| m.line) {
        for marker in &mut found {
            let (goose, name) = (marker.goose, marker.name());
            match &mut marker.kind {
                MarkerKind::Up { transaction } | MarkerKind::Down { transaction } if goose => {
                    *transaction = false;
                }
                MarkerKind::Up { transaction: true } | MarkerKind::Down { transaction: true } => {
                    return Err(bad(format!("'+goose NO TRANSACTION' beside '{name}'"))
                        .with_hint("write 'transaction:false' behind the markers instead")
                        .at_line(line));
                }
                MarkerKind::Up { transaction: false }
                | MarkerKind::Down { transaction: false }
                | MarkerKind::Unless(_)
                | MarkerKind::NoTransaction
                | MarkerKind::StatementBegin
                | MarkerKind::StatementEnd => {}
            }
        }
    }
    Ok(found)
}

/// Errors: [`ErrorKind::BadDirective`] for a `StatementBegin` without its end, or an end without it.
fn statements_are_closed(markers: &[Marker]) -> Result<()> {
    let open = |begin: &Marker| {
        bad("'+goose StatementBegin' without its end".to_owned())
            .with_hint("write '-- +goose StatementEnd' behind the statement")
            .at_line(begin.line)
    };
    let mut begun: Option<&Marker> = None;
    for marker in markers {
        begun = match (&marker.kind, begun) {
            (MarkerKind::StatementEnd, Some(_)) => None,
            (MarkerKind::StatementEnd, None) => {
                return Err(bad("'+goose StatementEnd' without its beginning".to_owned())
                    .with_hint("write '-- +goose StatementBegin' before the statement")
                    .at_line(marker.line));
            }
            (MarkerKind::StatementBegin | MarkerKind::Up { .. } | MarkerKind::Down { .. }, Some(begin)) => {
                return Err(open(begin));
            }
            (MarkerKind::StatementBegin, None) => Some(marker),
            (
                MarkerKind::Up { .. }
                | MarkerKind::Down { .. }
                | MarkerKind::Unless(_)
                | MarkerKind::NoTransaction,
                begun,
            ) => begun,
        };
    }
    begun.map_or(Ok(()), |begin| Err(open(begin)))
}

/// One comment: what it says, and where it stands.
struct Comment<'a> {
    text: &'a str,
    /// Between `/*` and `*/`.
    block: bool,
    start: usize,
    end: usize,
    /// How many tokens stand before it.
    place: usize,
    line: u32,
}

/// The comments of a text, which these are the tokens of.
fn comments<'a>(text: &'a str, tokens: &[Token<'_>]) -> Vec<Comment<'a>> {
    let mut lines = LineCounter::new(text);
    let mut found = Vec::new();
    let mut from = 0;
    for place in 0..=tokens.len() {
        let to = tokens.get(place).map_or(text.len(), |token| token.start);
        let mut at = from;
        while let Some((start, end)) = next_comment(&text[..to], at) {
            let block = text[start..].starts_with("/*");
            let inner = text[start + 2..end].trim_start_matches('-');
            let comment = if block { inner.strip_suffix("*/").unwrap_or(inner) } else { inner }.trim();
            found.push(Comment { text: comment, block, start, end, place, line: lines.at(start) });
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
        Ok(all) => {
            let lines = comments(text, &all).into_iter().filter(|found| !found.block);
            lines.map(|found| (found.line, found.text)).collect()
        }
        Err(_) => (1..)
            .zip(text.lines())
            .filter_map(|(line, rest)| {
                Some((line, rest.trim_start().strip_prefix("--")?.trim_start_matches('-').trim()))
            })
            .collect(),
    }
}

/// The next comment in a gap between tokens, where only blanks and comments can stand.
fn next_comment(text: &str, mut at: usize) -> Option<(usize, usize)> {
    loop {
        match text.as_bytes()[at..] {
            [b'-', b'-', ..] => {
                return Some((at, text[at..].find('\n').map_or(text.len(), |length| at + length)));
            }
            [b'/', b'*', ..] => {
                return Some((
                    at,
                    text[at + 2..].find("*/").map_or(text.len(), |length| at + 2 + length + 2),
                ));
            }
            [] => return None,
            _ => at += 1,
        }
    }
}

/// A comment as a marker, if it is one.
fn read(comment: &str) -> Result<Option<MarkerKind>> {
    if let Some(words) = goose(comment) {
        return read_goose(words);
    }
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

/// Whether a comment is meant as a marker of the body, rightly spelled or not.
pub(super) fn is_marker(comment: &str) -> bool {
    comment.get(.."migrate:".len()).is_some_and(|start| start.eq_ignore_ascii_case("migrate:"))
        || goose(comment).is_some()
}

/// What stands behind `+goose`, if the comment is one of goose's.
fn goose(comment: &str) -> Option<&str> {
    let rest = comment.get(.."+goose".len()).filter(|start| start.eq_ignore_ascii_case("+goose"));
    rest.map(|start| &comment[start.len()..]).filter(|rest| rest.starts_with(char::is_whitespace))
}

/// "Annotations are case-insensitive".
fn read_goose(words: &str) -> Result<Option<MarkerKind>> {
    let words: Vec<String> = words.split_whitespace().map(str::to_ascii_lowercase).collect();
    let words = words.join(" ");
    Ok(Some(match words.as_str() {
        "up" => MarkerKind::Up { transaction: true },
        "down" => MarkerKind::Down { transaction: true },
        "no transaction" => MarkerKind::NoTransaction,
        "statementbegin" => MarkerKind::StatementBegin,
        "statementend" => MarkerKind::StatementEnd,
        "envsub off" => return Ok(None),
        "envsub on" => {
            return Err(bad(
                "'+goose ENVSUB ON' takes values from the environment, which limbeck does not".to_owned()
            )
            .with_hint("delete the line, and write the values"));
        }
        _ => {
            let known = ["up", "down", "statementbegin", "statementend", "no transaction"];
            let near = similar(&words, known.into_iter());
            return Err(bad(format!("'+goose {words}' is no marker of goose's")).with_hint(
                match near.first() {
                    Some(near) => format!("write '+goose {near}'"),
                    None => "use '+goose Up', 'Down', 'NO TRANSACTION', 'StatementBegin' or 'StatementEnd'"
                        .to_owned(),
                },
            ));
        }
    }))
}

/// Refuses the lines `-- Up` and `-- Down` with which node-sqlite divides a file, in one that has no other
/// markers: read as plain comments, they would have both directions run as one.
///
/// Errors: [`ErrorKind::BadDirective`] with the line.
pub(super) fn refuse_node_sqlite(text: &str, tokens: &[Token<'_>]) -> Result<()> {
    let all = comments(text, tokens);
    let says = |comment: &&Comment<'_>, word: &str| {
        !comment.block && comment.text.trim_end_matches('-').trim_end().eq_ignore_ascii_case(word)
    };
    let up = all.iter().find(|comment| comment.place == 0 && says(comment, "up"));
    let down = all.iter().find(|comment| comment.place > 0 && says(comment, "down"));
    match up.and(down) {
        None => Ok(()),
        Some(down) => Err(bad(format!("'-- {}' is no marker of limbeck's", down.text))
            .with_hint("write '-- migrate:down', and above the upgrade '-- migrate:up'")
            .at_line(down.line)),
    }
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
            (
                "-- +goose UP\n--  +goose  statementbegin\nSELECT 1\n-- +goose StatementEnd\n-- +goose envsub off",
                vec![(1, up.clone()), (2, MarkerKind::StatementBegin), (4, MarkerKind::StatementEnd)],
            ),
            (
                "-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose Down",
                vec![
                    (1, MarkerKind::NoTransaction),
                    (2, MarkerKind::Up { transaction: false }),
                    (3, MarkerKind::Down { transaction: false }),
                ],
            ),
            ("-- +goosebumps up", vec![]),
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
            ("goose Down", "'-- goose Down' is no marker", "write '-- migrate:down'"),
            ("+goose Dwon", "'+goose dwon' is no marker of goose's", "use '+goose Up'"),
            ("+goose StatementEn", "is no marker of goose's", "write '+goose statementend'"),
            ("+goose ENVSUB ON", "takes values from the environment", "write the values"),
            (
                "+goose StatementEnd",
                "'+goose StatementEnd' without its beginning",
                "'-- +goose StatementBegin'",
            ),
            (
                "+goose NO TRANSACTION\n-- migrate:up",
                "'+goose NO TRANSACTION' beside 'migrate:up'",
                "transaction:false",
            ),
            ("+goose StatementBegin", "'+goose StatementBegin' without its end", "'-- +goose StatementEnd'"),
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
