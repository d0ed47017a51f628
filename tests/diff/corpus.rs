//! Real schemas: none differs from itself, and one is made the other, both ways.

use std::path::PathBuf;

use limbeck::RebuildMode;
use limbeck::diff::{self, Options};
use limbeck::sql::{split, tokens};
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};

use crate::pair::{End, objects, proved};

/// Name and text of each; none where the corpus is missing.
fn schemas() -> Vec<(String, String)> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("LIMBECK_SHARED").map_or_else(beside, PathBuf::from).join("corpus");
    let only = std::env::var("LIMBECK_CORPUS_ONLY").unwrap_or_default();
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if file.extension().is_some_and(|extension| extension == "sql") && name.contains(&only) {
            let text = std::fs::read_to_string(&file).unwrap();
            for (at, part) in text.split("\n-- quirk: ").enumerate() {
                let part = if at == 0 { part } else { part.split_once('\n').unwrap().1 };
                all.push((format!("{name} {at}"), part.to_owned()));
            }
        }
    }
    all.sort();
    all
}

/// A database with what the schemas need of a connection.
fn empty(texts: &[&str]) -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.pragma_update(None, "foreign_keys", false).unwrap();
    for line in texts.iter().flat_map(|text| text.lines()) {
        if let Some(name) = line.strip_prefix("-- needs-collation: ") {
            db.create_collation(name.trim(), |a, b| a.to_lowercase().cmp(&b.to_lowercase())).unwrap();
        }
        if let Some(name) = line.strip_prefix("-- needs-function: ") {
            let name = name.split_whitespace().next().unwrap_or_default();
            let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
            let first = |context: &Context<'_>| {
                Ok(if context.is_empty() { rusqlite::types::Value::Null } else { context.get(0)? })
            };
            db.create_scalar_function(name, -1, flags, first).unwrap();
        }
    }
    db
}

/// Makes the objects of a text that stand in the file itself.
fn fill(db: &Connection, text: &str) {
    for statement in split(text).unwrap() {
        let words: Vec<String> =
            tokens(statement.text).unwrap().iter().take(2).map(|token| token.text.to_uppercase()).collect();
        let temporary = words.get(1).is_some_and(|word| word.starts_with("TEMP"));
        if words[0] == "CREATE" && !temporary {
            // Some are about a temporary table, or about a module that is not built in.
            let _ = db.execute_batch(statement.text);
        }
    }
}

#[test]
fn one_real_schema_is_made_another() {
    let all = schemas();
    if all.is_empty() {
        println!("skipped: the corpus is not there; set LIMBECK_SHARED");
        return;
    }
    let mut wrong = Vec::new();
    for (at, (name, text)) in all.iter().enumerate() {
        let (other, next) = &all[(at + 1) % all.len()];
        let (mut db, wanted) = (empty(&[text, next]), empty(&[text, next]));
        fill(&db, text);
        fill(&wanted, next);
        let (here, there) = (objects(&db), objects(&wanted));
        let same = diff::compare(&here, &here, &Options::default()).unwrap();
        if !same.is_empty() || !same.operations.is_empty() {
            wrong.push(format!("{name} differs from itself: {:?}", same.differences));
        }
        if let Err(End::Refused(_, why) | End::Left(why)) =
            proved(&mut db, &there, &Options::default(), RebuildMode::Auto)
        {
            wrong.push(format!("{name} to {other}: {why}"));
        }
    }
    println!("{} schemas", all.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}
