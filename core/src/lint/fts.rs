//! `lint.fts_on_implicit_rowid`

use super::moment::{Moment, definition};
use super::{Findings, Rule};
use crate::reading::holds;
use crate::schema::{Object, ObjectKind};
use crate::sql::{TokenType as T, literal, same_name, tokens, unquote, with_statement};
use sqlite3_parser::ast::Stmt;

/// A full-text table that reads its text from another one.
pub(super) struct External {
    /// The table that it reads.
    pub content: String,
    /// By which of its columns a row is found.
    pub rowid: String,
    /// The columns that it reads, in lowercase.
    pub columns: Vec<String>,
}

/// What a virtual table reads elsewhere: `content='t'` of FTS4 and FTS5.
pub(super) fn external(object: &Object) -> Option<External> {
    let sql = object.sql.as_deref()?;
    let arguments: Vec<String> = with_statement(sql, |statement| match statement {
        Stmt::CreateVirtualTable { module_name, args: Some(args), .. }
            if ["fts5", "fts4"].iter().any(|module| same_name(module, &unquote(module_name.0))) =>
        {
            args.iter().map(|argument| (*argument).trim().to_owned()).collect()
        }
        _ => Vec::new(),
    })
    .ok()?;
    let mut found = External { content: String::new(), rowid: "rowid".to_owned(), columns: Vec::new() };
    for argument in &arguments {
        match argument.split_once('=').map(|(key, value)| (key.trim(), unquote(value.trim()))) {
            Some((key, value)) if key.eq_ignore_ascii_case("content") => found.content = value,
            Some((key, value)) if key.eq_ignore_ascii_case("content_rowid") => found.rowid = value,
            Some(_) => {}
            None => found.columns.extend(first_name(argument)),
        }
    }
    (!found.content.is_empty()).then_some(found)
}

fn first_name(argument: &str) -> Option<String> {
    Some(unquote(tokens(argument).ok()?.first()?.text).to_ascii_lowercase())
}

pub(super) fn look(moment: &Moment<'_>, new: &[&Object], after: &[Object], findings: &mut Findings) {
    for object in new {
        let found = match object.kind {
            ObjectKind::Table => external(object).map(|fts| (fts.content, fts.rowid, "the full-text table")),
            ObjectKind::Trigger => fed(object, after).map(|table| (table, "rowid".to_owned(), "the trigger")),
            ObjectKind::Index | ObjectKind::View => None,
        };
        let Some((content, rowid, what)) = found else { continue };
        let implicit = ["rowid", "_rowid_", "oid"].iter().any(|name| same_name(name, &rowid));
        let Some(table) = definition(after, &content) else { continue };
        if !implicit || table.options.without_rowid || table.rowid_alias().is_some() {
            continue;
        }
        let Some(statement) = moment.statements.first() else { continue };
        findings.at(
            Rule::FtsOnImplicitRowid,
            (moment.script, moment.side, statement),
            Some(&object.name),
            format!("{what} {} keeps rowids of {content}, which has no INTEGER PRIMARY KEY", object.name),
            format!(
                "give {content} a column 'id INTEGER PRIMARY KEY', and name it with content_rowid={} and in the triggers",
                literal("id")
            ),
        );
    }
}

/// The table of a trigger that hands its implicit rowid to a full-text table.
fn fed(trigger: &Object, after: &[Object]) -> Option<String> {
    let all = tokens(trigger.sql.as_deref()?).ok()?;
    let rowid = all.windows(3).any(|words| {
        (words[0].is_word("new") || words[0].is_word("old"))
            && words[1].kind == T::TK_DOT
            && ["rowid", "_rowid_", "oid"].iter().any(|name| same_name(name, &unquote(words[2].text)))
    });
    if !rowid {
        return None;
    }
    let is_fts = |object: &&Object| {
        object.kind == ObjectKind::Table
            && object.sql.as_deref().is_some_and(|sql| {
                let words: Vec<String> =
                    sql.split_ascii_whitespace().take(8).map(str::to_ascii_lowercase).collect();
                words.first().is_some_and(|word| word == "create")
                    && words.get(1).is_some_and(|word| word == "virtual")
                    && words.iter().any(|word| word.starts_with("fts"))
            })
    };
    let sql = trigger.sql.as_deref()?;
    let feeds = after.iter().filter(is_fts).any(|fts| holds(sql, &fts.name));
    feeds.then(|| trigger.table.clone())
}
