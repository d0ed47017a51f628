//! Any text, read as a migration file, as statements, as an `ALTER TABLE`. SQLite says where
//! statements end.

#![no_main]

#[path = "../statements.rs"]
mod statements;

use std::cell::OnceCell;

use libfuzzer_sys::fuzz_target;
use limbeck::alter::Alteration;
use limbeck::script::{self, Body, Section};
use limbeck::sql;
use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

thread_local! {
    static DB: OnceCell<Connection> = const { OnceCell::new() };
}

fuzz_target!(|text: &str| {
    let _ = script::read(&[("0001_a.sql", text)]);
    if let Ok(body) = Body::parse(text) {
        for section in [Some(&body.up), body.down.as_ref()].into_iter().flatten() {
            let again = Section::parse(&section.sql, 1).expect("a section reads alone");
            let items =
                |section: &Section| section.items.iter().map(|item| item.sql.clone()).collect::<Vec<_>>();
            assert_eq!(items(&again), items(section));
            section.checksum();
        }
    }
    if let Ok(statements) = sql::split(text) {
        for statement in &statements {
            printed_alike(statement.text);
        }
    }
    DB.with(|db| split_as_sqlite(db.get_or_init(open), text));
});

/// An `ALTER TABLE` that is read is printed as one that says the same.
fn printed_alike(text: &str) {
    let Ok(alteration) = Alteration::parse(text) else { return };
    for action in &alteration.actions {
        let printed = format!("ALTER TABLE t {action}");
        let again = Alteration::parse(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
        assert_eq!(again.actions, [action.clone()], "{printed}");
    }
}

/// A database to compile statements in, with a schema to name, in which nothing runs. Some pragmas
/// run when they are compiled: none is allowed.
fn open() -> Connection {
    let mut db = Connection::open_in_memory().expect("a database opens");
    db.execute_batch("CREATE TABLE t(a, b); CREATE VIEW v AS SELECT a FROM t; CREATE INDEX i ON t(a)")
        .expect("the schema is made");
    db.authorizer(Some(|context: AuthContext<'_>| match context.action {
        AuthAction::Pragma { .. } | AuthAction::Attach { .. } | AuthAction::Detach { .. } => {
            Authorization::Deny
        }
        _ => Authorization::Allow,
    }))
    .expect("an authorizer is set");
    db
}

fn split_as_sqlite(db: &Connection, text: &str) {
    // SQLite ends a text at U+0000, and takes U+000B for a blank among blanks: limbeck refuses both.
    if text.contains(['\0', '\x0b']) {
        return;
    }
    let Some(theirs) = statements::taken_apart(db, text) else { return };
    match sql::split(text) {
        Ok(ours) => {
            assert_eq!(ours.len(), theirs.len());
            for (ours, theirs) in ours.iter().zip(&theirs) {
                assert!(theirs.start <= ours.start && ours.start + ours.text.len() <= theirs.end);
            }
        }
        // What SQLite takes, and limbeck rather refuses.
        Err(error) => {
            let message = error.to_string();
            let refused = ["comment that is not closed", "byte order mark", "a bad parameter name"];
            assert!(refused.iter().any(|what| message.contains(what)), "{message}");
        }
    }
}
