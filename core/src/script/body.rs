//! The body of a file: its two sections, and their statements.

use sha2::{Digest, Sha256};

use super::forbidden;
use super::marker::{Marker, MarkerKind, markers};
use crate::alter::{Action, Alteration};
use crate::error::{Error, ErrorKind, Result};
use crate::sql::{LineCounter, Token, TokenType as T, groups, tokens};

/// What a file runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// `migrate:up`, or the whole of a file without markers.
    pub up: Section,
    /// `migrate:down`. One without statements undoes by doing nothing; none at all cannot be undone.
    pub down: Option<Section>,
}

/// One direction of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Whether it runs in the transaction: unless its marker says `transaction:false`.
    pub transaction: bool,
    /// Its own text, marker included, as `limbeck_history` keeps it.
    pub sql: String,
    /// Its statements.
    pub items: Vec<Item>,
}

/// One statement, or several ALTERs that are one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// As it is written.
    pub sql: String,
    /// Where it begins in the file, counted from 1.
    pub line: u32,
    /// It runs only if this query returns no row.
    pub unless: Option<String>,
    /// Who understands it.
    pub kind: ItemKind,
}

/// Who understands a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemKind {
    /// SQLite: it is passed on as it is.
    Sql,
    /// limbeck.
    Alter(Alteration),
}

impl Body {
    /// Reads a file's text.
    ///
    /// Errors: as [`Script::body`](super::Script::body), with the line.
    pub fn parse(text: &str) -> Result<Body> {
        shell_lines(text)?;
        let all = tokens(text)?;
        let marks = markers(text, &all)?;
        let (directions, unless): (Vec<Marker>, Vec<Marker>) =
            marks.into_iter().partition(|mark| !matches!(mark.kind, MarkerKind::Unless(_)));
        let reader = Reader { text, tokens: &all, unless: &unless };
        let Some(first) = directions.first() else {
            let up = reader.section(true, 0, 0..all.len(), text.len())?;
            return Ok(Body { up, down: None });
        };
        if first.place > 0 {
            return Err(bad(1, "SQL stands before '-- migrate:up'").with_hint("move it below the marker"));
        }
        let end = |at: usize| {
            directions.get(at + 1).map_or((all.len(), text.len()), |next| (next.place, next.start))
        };
        let (mut up, mut down) = (None, None);
        for (at, mark) in directions.iter().enumerate() {
            let (place, offset) = end(at);
            let (slot, transaction) = match mark.kind {
                MarkerKind::Up { transaction } if down.is_none() => (&mut up, transaction),
                MarkerKind::Down { transaction } if up.is_some() => (&mut down, transaction),
                _ => return Err(bad(mark.line, "'migrate:up' has to stand before 'migrate:down'")),
            };
            if slot.is_some() {
                return Err(bad(mark.line, format!("'{}' stands twice", mark.kind.name())));
            }
            *slot = Some(reader.section(transaction, mark.start, mark.place..place, offset)?);
        }
        match up {
            Some(up) => Ok(Body { up, down }),
            None => Err(bad(1, "there is no '-- migrate:up'")),
        }
    }
}

/// A shell's command stands on a line of its own, and no tokenizer of SQL can read it.
fn shell_lines(text: &str) -> Result<()> {
    // Only what the tokenizer stumbles over, or takes for a name after a dot, is asked.
    let first = text.lines().position(|line| {
        line.starts_with('\\')
            || (line.starts_with('.') && line[1..].starts_with(|c: char| c.is_ascii_lowercase()))
    });
    let Some(at) = first else { return Ok(()) };
    let before: usize = text.split_inclusive('\n').take(at).map(str::len).sum();
    match tokens(&text[..before]) {
        Ok(_) => Err(forbidden::shell_command().at_line(at as u32 + 1)),
        Err(_) => Ok(()), // The line stands inside a string or a comment.
    }
}

impl Section {
    /// Reads one direction by itself, such as a downgrade that a database keeps.
    ///
    /// Errors: as [`Body::parse`].
    pub fn parse(text: &str) -> Result<Section> {
        let all = tokens(text)?;
        let (directions, unless): (Vec<Marker>, Vec<Marker>) =
            markers(text, &all)?.into_iter().partition(|mark| !matches!(mark.kind, MarkerKind::Unless(_)));
        let transaction = directions.first().is_none_or(|mark| match mark.kind {
            MarkerKind::Up { transaction } | MarkerKind::Down { transaction } => transaction,
            MarkerKind::Unless(_) => true,
        });
        Reader { text, tokens: &all, unless: &unless }.section(transaction, 0, 0..all.len(), text.len())
    }

    /// The SHA-256, in hexadecimal, of what the section says: its tokens with keywords in capitals,
    /// its conditions, and whether it runs in the transaction. Layout, comments and line endings do
    /// not count, so that a reformatted file is not a changed one.
    ///
    /// A database keeps that of `migrate:up` only: a downgrade may be mended after it was released.
    pub fn checksum(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update(text.as_bytes());
            hash.update([0]);
        };
        add(if self.transaction { "transaction" } else { "no transaction" });
        for item in &self.items {
            for text in item.unless.iter().chain([&item.sql]) {
                for token in tokens(text).unwrap_or_default() {
                    match token.kind {
                        T::TK_ID | T::TK_STRING | T::TK_BLOB | T::TK_VARIABLE => add(token.text),
                        _ => add(&token.text.to_ascii_uppercase()),
                    }
                }
                add(";");
            }
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

struct Reader<'t, 'a> {
    text: &'a str,
    tokens: &'t [Token<'a>],
    unless: &'t [Marker],
}

impl Reader<'_, '_> {
    /// The statements among the tokens of `places`; the section's text goes from `start` to `end`.
    fn section(
        &self,
        transaction: bool,
        start: usize,
        places: std::ops::Range<usize>,
        end: usize,
    ) -> Result<Section> {
        let mut lines = LineCounter::new(self.text);
        let mut conditions =
            self.unless.iter().filter(|mark| mark.start >= start && mark.start < end).peekable();
        let mut items: Vec<Item> = Vec::new();
        for group in groups(&self.tokens[places]) {
            let (first, last) = (group[0].start, group[group.len() - 1].end());
            let sql = &self.text[first..last];
            let line = lines.at(first);
            let mut unless = None;
            while let Some(mark) = conditions.next_if(|mark| mark.start < first) {
                if unless.is_some() {
                    return Err(bad(mark.line, "two 'migrate:unless' stand before one statement"));
                }
                unless = condition(mark);
            }
            if let Some(mark) = conditions.peek().filter(|mark| mark.start < last) {
                return Err(bad(mark.line, "'migrate:unless' stands inside a statement")
                    .with_hint("move it before the statement"));
            }
            forbidden::check(group, transaction).map_err(|error| error.at_line(line).in_statement(sql))?;
            let item = Item { sql: sql.to_owned(), line, unless, kind: kind(group, sql, line)? };
            if !items.last_mut().is_some_and(|before| join(before, &item)) {
                items.push(item);
            }
        }
        if let Some(mark) = conditions.next() {
            return Err(bad(mark.line, "no statement follows 'migrate:unless'"));
        }
        Ok(Section { transaction, sql: self.text[start..end].trim().to_owned(), items })
    }
}

fn condition(mark: &Marker) -> Option<String> {
    match &mark.kind {
        MarkerKind::Unless(query) => Some(query.clone()),
        MarkerKind::Up { .. } | MarkerKind::Down { .. } => None,
    }
}

fn kind(group: &[Token<'_>], sql: &str, line: u32) -> Result<ItemKind> {
    match group {
        [alter, table, ..] if alter.kind == T::TK_ALTER && table.kind == T::TK_TABLE => {
            Alteration::parse(sql)
                .map(ItemKind::Alter)
                .map_err(|error| error.moved_down(line - 1).at_line(line).in_statement(sql))
        }
        _ => Ok(ItemKind::Sql),
    }
}

/// Neighbouring ALTERs of one table are one batch: at most one rebuild.
fn join(before: &mut Item, item: &Item) -> bool {
    let (ItemKind::Alter(first), ItemKind::Alter(second)) = (&mut before.kind, &item.kind) else {
        return false;
    };
    let same = first.schema == second.schema
        && first.table == second.table
        && first.if_exists == second.if_exists
        && before.unless.is_none()
        && item.unless.is_none()
        && !first.actions.iter().any(|action| matches!(action, Action::RenameTable { .. }));
    if same {
        first.actions.extend(second.actions.iter().cloned());
        before.sql = format!("{};\n{}", before.sql, item.sql);
    }
    same
}

fn bad(line: u32, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::BadDirective, message).at_line(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(section: &Section) -> Vec<String> {
        section.items.iter().map(|item| format!("{}:{}", item.line, item.sql.replace('\n', " "))).collect()
    }

    #[test]
    fn sections_and_their_statements() {
        let body = Body::parse(
            "-- x\n\n-- migrate:up\nCREATE TABLE t(a);\nSELECT 2\n-- migrate:down transaction:false\nVACUUM;",
        )
        .unwrap();
        assert_eq!(shown(&body.up), ["4:CREATE TABLE t(a)", "5:SELECT 2"]);
        let down = body.down.unwrap();
        assert_eq!((shown(&down), down.transaction), (vec!["7:VACUUM".to_owned()], false));
        assert_eq!(Section::parse(&down.sql).unwrap().items.len(), 1);
        assert!(!Section::parse(&down.sql).unwrap().transaction);

        let body = Body::parse("SELECT 1").unwrap();
        assert_eq!((shown(&body.up), body.down), (vec!["1:SELECT 1".to_owned()], None));
        let body = Body::parse("-- migrate:up\nSELECT 1;\n-- migrate:down\n").unwrap();
        assert_eq!(body.down.map(|down| down.items.len()), Some(0));
    }

    #[test]
    fn neighbouring_alters_of_a_table_are_one_batch() {
        let items = |text: &str| shown(&Body::parse(text).unwrap().up);
        assert_eq!(
            items(
                "ALTER TABLE t ADD a;\nALTER TABLE t ADD b;\nALTER TABLE u ADD a;\nSELECT 1;\nALTER TABLE u ADD b"
            ),
            [
                "1:ALTER TABLE t ADD a; ALTER TABLE t ADD b",
                "3:ALTER TABLE u ADD a",
                "4:SELECT 1",
                "5:ALTER TABLE u ADD b"
            ]
        );
        assert_eq!(items("ALTER TABLE t RENAME TO u; ALTER TABLE t ADD b").len(), 2);
    }

    #[test]
    fn conditions_go_with_the_next_statement() {
        let body = Body::parse("SELECT 0;\n-- migrate:unless SELECT 1 FROM t\nSELECT 1;\nSELECT 2").unwrap();
        let unless: Vec<Option<&str>> = body.up.items.iter().map(|item| item.unless.as_deref()).collect();
        assert_eq!(unless, [None, Some("SELECT 1 FROM t"), None]);
    }

    #[test]
    fn what_is_out_of_place_is_named_with_its_line() {
        for (text, line) in [
            ("SELECT 1;\n-- migrate:up\nSELECT 2", 1),
            ("-- migrate:down\nSELECT 1", 1),
            ("-- migrate:up\n-- migrate:up", 2),
            ("-- migrate:up\n-- migrate:down\n-- migrate:up", 3),
            ("SELECT 1;\n-- migrate:unless SELECT 1", 2),
            ("SELECT 1,\n-- migrate:unless SELECT 1\n2", 2),
        ] {
            let error = Body::parse(text).unwrap_err();
            assert_eq!(
                (error.kind(), error.line()),
                (ErrorKind::BadDirective, Some(line)),
                "{text}: {error}"
            );
        }
        let error = Body::parse("SELECT 1;\n\nALTER TABLE t\nMODIFY a").unwrap_err();
        assert_eq!((error.kind(), error.line()), (ErrorKind::AlterSyntax, Some(4)));
        let error = Body::parse("SELECT 1;\n.read x\n").unwrap_err();
        assert_eq!((error.kind(), error.line()), (ErrorKind::ForbiddenStatement, Some(2)));
    }
}
