//! `lint.double_quoted_string`
//!
//! SQLite itself says what a word in double quotes is: where a text compiles as it stands and no
//! longer with the word in brackets, which are never a string, it was one.

use super::moment::Moment;
use super::{Findings, Rule};
use crate::db::Database;
use crate::deed::Deed;
use crate::error::Result;
use crate::reading::Statement;
use crate::schema::{Object, ObjectKind, TableDef};
use crate::sql::{Token, literal, quote, tokens, unquote};

/// Statements that change or read rows; nothing has run yet.
pub(super) fn rows(moment: &Moment<'_>, db: &mut dyn Database, findings: &mut Findings) {
    for statement in moment.statements {
        let changes = matches!(
            statement.deed,
            Deed::Insert { .. } | Deed::Update { .. } | Deed::Delete { .. } | Deed::Neither
        );
        let reads = statement.sql.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("SELECT"));
        if !changes || (matches!(statement.deed, Deed::Neither) && !reads) {
            continue;
        }
        let compiles = |sql: &str| db.execute(&format!("EXPLAIN {sql}")).is_ok();
        for word in strings(&statement.sql, compiles) {
            told(moment, statement, &word, None, findings);
        }
    }
}

/// What a statement has made or changed.
pub(super) fn objects(
    moment: &Moment<'_>,
    db: &mut dyn Database,
    new: &[&Object],
    findings: &mut Findings,
) -> Result<()> {
    for object in new {
        let Some(sql) = object.sql.as_deref().filter(|sql| sql.contains('"')) else { continue };
        let words = match object.kind {
            ObjectKind::Table => of_table(sql, db),
            ObjectKind::Index => strings(sql, |sql| within(db, &[&object.drop(), sql])),
            ObjectKind::View => strings(sql, |sql| {
                let select = format!("EXPLAIN SELECT * FROM main.{}", quote(&object.name));
                within(db, &[&object.drop(), sql, &select])
            }),
            ObjectKind::Trigger => {
                let fires = fires(db, object);
                strings(sql, |sql| {
                    let fires: Vec<&str> = fires.iter().map(String::as_str).collect();
                    within(db, &[&[&object.drop(), sql], &fires[..]].concat())
                })
            }
        };
        let mine = |word: &&String| {
            // A table that is altered keeps what it had: that was told when it was made.
            moment.statements.iter().any(|statement| statement.sql.contains(word.as_str()))
        };
        for word in words.iter().filter(mine) {
            let Some(statement) = moment.statements.iter().find(|s| s.sql.contains(word.as_str())) else {
                continue;
            };
            told(moment, statement, word, Some(object), findings);
        }
    }
    Ok(())
}

fn told(
    moment: &Moment<'_>,
    statement: &Statement,
    word: &str,
    object: Option<&Object>,
    findings: &mut Findings,
) {
    let inside = object.map(|object| format!(" in the {}", object.title())).unwrap_or_default();
    let text = unquote(word);
    findings.at(
        Rule::DoubleQuotedString,
        (moment.script, moment.side, statement),
        Some(&text),
        format!("{word}{inside} is no column, and is taken for a string"),
        format!("write {}, or the column that is meant", literal(&text)),
    );
}

/// The words in double quotes that are strings, by their spelling, each once.
fn strings(sql: &str, mut compiles: impl FnMut(&str) -> bool) -> Vec<String> {
    let all = tokens(sql).unwrap_or_default();
    let quoted: Vec<&Token<'_>> = all.iter().filter(|token| bracketed(token).is_some()).collect();
    if quoted.is_empty() || compiles(&with_brackets(sql, &quoted)) || !compiles(sql) {
        return Vec::new();
    }
    let mut found: Vec<String> = Vec::new();
    for token in &quoted {
        let known = found.iter().any(|word| word == token.text);
        if !known && !compiles(&with_brackets(sql, &[token])) {
            found.push(token.text.to_owned());
        }
    }
    found
}

fn bracketed(token: &Token<'_>) -> Option<String> {
    let name = unquote(token.text);
    (token.text.starts_with('"') && !name.contains(']')).then(|| format!("[{name}]"))
}

fn with_brackets(sql: &str, quoted: &[&Token<'_>]) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut done = 0;
    for token in quoted {
        text.push_str(&sql[done..token.start]);
        text.push_str(&bracketed(token).unwrap_or_else(|| token.text.to_owned()));
        done = token.end();
    }
    text.push_str(&sql[done..]);
    text
}

/// A table's CHECKs and generated columns are compiled with it; a DEFAULT in double quotes is a string
/// by the grammar.
fn of_table(sql: &str, db: &mut dyn Database) -> Vec<String> {
    let Ok(table) = TableDef::parse(sql) else { return Vec::new() };
    let mut found: Vec<String> = table
        .columns
        .iter()
        .filter_map(|column| Some(table.text(column.default()?).trim_matches(['(', ')', ' ']).to_owned()))
        .filter(|value| value.starts_with('"') && value.ends_with('"') && value.len() > 1)
        .collect();
    let head = table.name_span.start;
    let named = strings(sql, |sql| {
        // In `temp`, where the name is free; EXPLAIN makes nothing.
        let place = format!("EXPLAIN CREATE TABLE temp.{}", &sql[head.min(sql.len())..]);
        db.execute(&place).is_ok()
    });
    found.extend(named.into_iter().filter(|word| !table.name.eq(&unquote(word))));
    found.sort();
    found.dedup();
    found
}

/// The statements that compile a trigger of this table.
fn fires(db: &mut dyn Database, trigger: &Object) -> Vec<String> {
    let table = format!("main.{}", quote(&trigger.table));
    let sql = "SELECT name FROM pragma_table_info(?1, 'main')";
    let columns = db.texts(sql, &[trigger.table.as_str().into()]).unwrap_or_default();
    let sets: Vec<String> = columns.iter().map(|column| format!("{0} = {0}", quote(column))).collect();
    let mut all =
        vec![format!("EXPLAIN INSERT INTO {table} DEFAULT VALUES"), format!("EXPLAIN DELETE FROM {table}")];
    if !sets.is_empty() {
        all.push(format!("EXPLAIN UPDATE {table} SET {}", sets.join(", ")));
    }
    all
}

/// Whether these statements succeed, one after the other; whatever they do is taken back.
fn within(db: &mut dyn Database, statements: &[&str]) -> bool {
    db.taken_back(|db| statements.iter().try_for_each(|sql| db.execute(sql).map(drop))).is_ok()
}
