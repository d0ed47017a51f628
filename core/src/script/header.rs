//! The comment lines that a file opens with → what it says of itself.
//!
//! Only those lines are read: a launch reads a thousand headers and no body.

use serde::Serialize;

use super::marker::is_marker;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::similar;

/// The keys of a header, as they are written.
const KEYS: [&str; 8] =
    ["revision", "revises", "branch_labels", "depends_on", "aliases", "also", "compatible", "created"];

/// What a header says; what it does not say is `None` or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Header {
    /// The revision's id. Without one it is what the file's name begins with.
    pub revision: Option<String>,
    /// What it revises. Present and empty: a base. Without it, the file before it by name.
    pub revises: Option<Vec<String>>,
    /// Labels of the branch that it begins.
    pub branch_labels: Vec<String>,
    /// What else has to be applied before it.
    pub depends_on: Vec<String>,
    /// Ids that it went by before.
    pub aliases: Vec<String>,
    /// Checksums of former texts that count as this one.
    pub also: Vec<String>,
    /// Whether older apps can use the database after it.
    pub compatible: Option<bool>,
    /// When it was made.
    pub created: Option<String>,
    /// What it does. Without one it is what the file's name ends with.
    pub message: Option<String>,
}

impl Header {
    /// Reads the comments before the first statement or marker.
    ///
    /// Errors: [`ErrorKind::BadDirective`] with the line.
    pub(super) fn read(text: &str) -> Result<Header> {
        let mut header = Header::default();
        let mut seen = Vec::new();
        for (line, comment) in comments(text) {
            match directive(comment) {
                Some(Directive::Known { key, value }) => {
                    if seen.contains(&key) {
                        return Err(bad(line, format!("'{key}:' stands twice"))
                            .with_hint("keep one of the two lines"));
                    }
                    seen.push(key);
                    header.set(key, value).map_err(|error| error.at_line(line))?;
                }
                Some(Directive::Misspelt { found, key }) => {
                    return Err(bad(line, format!("'{found}' is no key of a header"))
                        .with_hint(format!("write '{key}:'")));
                }
                None if header.message.is_none() && comment.contains(is_of_a_text) => {
                    header.message = Some(comment.to_owned());
                }
                None => {}
            }
        }
        Ok(header)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        match key {
            "revision" if value.is_empty() => {
                return Err(Error::new(ErrorKind::BadDirective, "'revision:' names no revision")
                    .with_hint("write the revision's id behind it, or delete the line"));
            }
            "revision" => self.revision = Some(value.to_owned()),
            "revises" => self.revises = Some(list(value)),
            "branch_labels" => self.branch_labels = list(value),
            "depends_on" => self.depends_on = list(value),
            "aliases" => self.aliases = list(value),
            "also" => self.also = checksums(value)?,
            "compatible" => self.compatible = Some(yes_or_no(value)?),
            _ => self.created = Some(value.to_owned()).filter(|value| !value.is_empty()),
        }
        Ok(())
    }
}

/// The text of each comment line before anything else, with its line. A block comment, such as a
/// licence, and blank lines are passed over; a marker of the body ends the header.
fn comments(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let mut rest = text;
    let mut line = 1;
    std::iter::from_fn(move || {
        loop {
            let length = match rest.as_bytes() {
                [b'-', b'-', ..] => rest.find('\n').unwrap_or(rest.len()),
                [b'/', b'*', ..] => 2 + rest[2..].find("*/")? + 2,
                [b'\t'..=b'\r' | b' ', ..] => 1,
                _ => return None,
            };
            let (passed, left) = rest.split_at(length);
            let at = line;
            line += passed.bytes().filter(|&byte| byte == b'\n').count() as u32;
            rest = left;
            if let Some(comment) = passed.strip_prefix("--") {
                // Dashes drawn as a line are no text.
                let comment = comment.trim_start_matches('-').trim();
                return (!is_marker(comment)).then_some((at, comment));
            }
        }
    })
}

/// A letter or a digit; beyond ASCII, what is no punctuation, sign or piece of a drawing: Unicode's own list
/// of letters is as large as a hundredth of what a browser downloads.
fn is_of_a_text(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '\u{c0}'..='\u{1fff}' | '\u{2c00}'..)
}

/// A comment line that reads `word: text`, where the word is a key or is meant as one.
pub(super) enum Directive<'a> {
    Known {
        key: &'static str,
        value: &'a str,
    },
    /// With the colon, or whatever stands there.
    Misspelt {
        found: &'a str,
        key: &'static str,
    },
}

/// The directive that a comment is. Any other `word: text` is an ordinary comment.
pub(super) fn directive(comment: &str) -> Option<Directive<'_>> {
    if let Some(misspelt) = of_alembic(comment) {
        return Some(misspelt);
    }
    let (word, value) = comment.split_once(':')?;
    let word = word.trim_end();
    if word.is_empty() || !word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
        return None;
    }
    if let Some(key) = KEYS.into_iter().find(|key| key.eq_ignore_ascii_case(word)) {
        return Some(Directive::Known { key, value: value.trim() });
    }
    // `create:` and `related:` are ordinary words, and nothing hangs on `created:`.
    let near = similar(word, KEYS.into_iter().filter(|key| *key != "created"));
    let found = &comment[..comment.len() - value.len()];
    near.first().map(|key| Directive::Misspelt { found, key })
}

/// What stands in Alembic's Python and docstrings, such as `down_revision = …` and `Revision ID: …`, where
/// it can be no prose.
fn of_alembic(comment: &str) -> Option<Directive<'_>> {
    let at = comment.find([':', '='])?;
    let (found, value) = (&comment[..=at], comment[at + 1..].trim());
    let assigned = found.ends_with('=');
    let one_word = !value.is_empty() && !value.contains(char::is_whitespace);
    let ids = || {
        value.split(',').all(|id| id.trim().chars().any(|c| c.is_ascii_digit()) && !id.trim().contains(' '))
    };
    let key = match found[..at].trim_end().to_ascii_lowercase().as_str() {
        "down_revision" => "revises",
        "revision id" if one_word => "revision",
        "revision" if assigned && one_word => "revision",
        "revises" if assigned && one_word => "revises",
        "branch_labels" if assigned => "branch_labels",
        "depends_on" if assigned => "depends_on",
        "depends" if !assigned && ids() => "depends_on",
        _ => return None,
    };
    Some(Directive::Misspelt { found, key })
}

fn list(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn checksums(value: &str) -> Result<Vec<String>> {
    let sums = list(value);
    match sums.iter().find(|sum| sum.len() != 64 || !sum.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        Some(bad) => Err(Error::new(ErrorKind::BadDirective, format!("'also: {bad}' is no checksum"))
            .with_hint("write the 64 hexadecimal digits of the former text's checksum")),
        None => Ok(sums.iter().map(|sum| sum.to_ascii_lowercase()).collect()),
    }
}

fn yes_or_no(value: &str) -> Result<bool> {
    match value {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(Error::new(ErrorKind::BadDirective, format!("'compatible: {value}' is neither yes nor no"))
            .with_hint("write 'compatible: yes' or 'compatible: no'")),
    }
}

fn bad(line: u32, message: String) -> Error {
    Error::new(ErrorKind::BadDirective, message).at_line(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_everything() {
        let sum = "ab".repeat(32);
        let text = format!(
            "-- Add plans\n--\n-- revision: 2025_1\n-- revises: a1, b2\n-- branch_labels: billing\n\
             -- depends_on: c3\n-- aliases: old\n-- also: {sum}\n-- compatible: no\n\
             -- created: 2025-01-15 14:30:22\n-- note: a word of our own\n\n-- migrate:up\n-- revises: z\nSELECT 1;"
        );
        let want = Header {
            revision: Some("2025_1".into()),
            revises: Some(vec!["a1".into(), "b2".into()]),
            branch_labels: vec!["billing".into()],
            depends_on: vec!["c3".into()],
            aliases: vec!["old".into()],
            also: vec![sum],
            compatible: Some(false),
            created: Some("2025-01-15 14:30:22".into()),
            message: Some("Add plans".into()),
        };
        assert_eq!(Header::read(&text).unwrap(), want);
        assert_eq!(Header::read(&text.replace('\n', "\r\n")).unwrap(), want);
    }

    #[test]
    fn what_counts_as_the_header() {
        for (text, revision, message) in [
            ("", None, None),
            ("CREATE TABLE t(a);\n-- revision: x", None, None),
            ("\n\n--revision:x\n--\n-- Later", Some("x"), Some("Later")),
            ("-- revision : x\nSELECT 1", Some("x"), None),
            ("/* A licence;\n-- revision: no */\n-- Users\n-- revision: x", Some("x"), Some("Users")),
            ("-- ======\n-------\n-- Fix: rounding", None, Some("Fix: rounding")),
            ("/*/ -- not yet */ -- Users", None, Some("Users")),
            ("-- migrate:up\n-- Not a message", None, None),
            ("-- see https://example.org", None, Some("see https://example.org")),
            ("-- created: table users", None, None),
            ("-- related: 12", None, Some("related: 12")),
            ("-- depends: on the weather", None, Some("depends: on the weather")),
            ("-- Depends: nothing", None, Some("Depends: nothing")),
            ("-- revision = number of the text", None, Some("revision = number of the text")),
            ("-- Revision ID: one of ours", None, Some("Revision ID: one of ours")),
            ("-- Revision: x", Some("x"), None),
            ("\n\u{b}-- Users", None, Some("Users")),
            ("/* never closed", None, None),
        ] {
            let header = Header::read(text).unwrap();
            assert_eq!(
                (header.revision.as_deref(), header.message.as_deref()),
                (revision, message),
                "{text}"
            );
        }
        assert_eq!(Header::read("-- revises:").unwrap().revises, Some(vec![]));
        assert_eq!(Header::read("-- revision: x").unwrap().revises, None);
    }

    #[test]
    fn what_is_not_understood_is_named_with_its_line() {
        for (text, line, message, hint) in [
            ("-- m\n-- revise: a", 2, "'revise:' is no key of a header", "write 'revises:'"),
            ("-- reviess: a", 1, "'reviess:' is no key of a header", "write 'revises:'"),
            ("\r\n-- revison: a", 2, "'revison:' is no key of a header", "write 'revision:'"),
            ("-- branch-label: a", 1, "'branch-label:' is no key of a header", "write 'branch_labels:'"),
            ("-- depend_on: a", 1, "'depend_on:' is no key of a header", "write 'depends_on:'"),
            ("-- alias: a", 1, "'alias:' is no key of a header", "write 'aliases:'"),
            ("-- down_revision: a", 1, "'down_revision:' is no key of a header", "write 'revises:'"),
            ("-- down_revision = None", 1, "'down_revision =' is no key of a header", "write 'revises:'"),
            ("-- depends: a1, 0003", 1, "'depends:' is no key of a header", "write 'depends_on:'"),
            ("-- revision = 'x1'", 1, "'revision =' is no key of a header", "write 'revision:'"),
            ("-- Revision ID: x1", 1, "'Revision ID:' is no key of a header", "write 'revision:'"),
            (
                "-- branch_labels = None",
                1,
                "'branch_labels =' is no key of a header",
                "write 'branch_labels:'",
            ),
            ("-- revises: a\n-- revises: b", 2, "'revises:' stands twice", "keep one of the two lines"),
            (
                "-- revision:\n",
                1,
                "'revision:' names no revision",
                "write the revision's id behind it, or delete the line",
            ),
            (
                "-- compatible: maybe",
                1,
                "'compatible: maybe' is neither yes nor no",
                "write 'compatible: yes' or 'compatible: no'",
            ),
            (
                "-- also: abc",
                1,
                "'also: abc' is no checksum",
                "write the 64 hexadecimal digits of the former text's checksum",
            ),
        ] {
            let error = Header::read(text).unwrap_err();
            assert_eq!((error.kind(), error.line()), (ErrorKind::BadDirective, Some(line)), "{text}");
            assert_eq!((error.to_string().as_str(), error.hint()), (message, Some(hint)));
        }
    }
}
