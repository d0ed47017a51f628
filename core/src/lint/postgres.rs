//! `lint.postgresql`: what only PostgreSQL knows, with SQLite's way to the same end.

use super::{Findings, Place, Rule};
use crate::alter::Action;
use crate::deed::Deed;
use crate::error::Error;
use crate::reading::{Reading, Statement};
use crate::schema::TableDef;
use crate::script::Script;
use crate::sql::{Token, TokenType as T, split, tokens, unquote};

const NO_TYPES: &str =
    "declare the column TEXT with CHECK (column IN ('a', 'b')): SQLite has no types to create";
const NO_ROUTINES: &str = "register the function in the app, or write the statements in a trigger";
const NO_USERS: &str = "delete it: whoever may write the file may do everything";
const CATALOG: &str = "ask sqlite_schema, or pragma_table_info('table'), pragma_index_list('table')";
const UUID: &str = "write lower(hex(randomblob(16))), or make the value in the app";

/// How a statement begins, and what to write instead.
const BEGINNINGS: [(&str, &str); 26] = [
    ("CREATE TYPE", NO_TYPES),
    ("ALTER TYPE", NO_TYPES),
    ("DROP TYPE", NO_TYPES),
    ("CREATE DOMAIN", NO_TYPES),
    ("CREATE EXTENSION", "delete it: the app loads what extends SQLite when it opens the connection"),
    ("DROP EXTENSION", "delete it: the app loads what extends SQLite when it opens the connection"),
    ("CREATE SEQUENCE", "declare the key INTEGER PRIMARY KEY, which counts by itself"),
    ("ALTER SEQUENCE", "declare the key INTEGER PRIMARY KEY, which counts by itself"),
    ("DROP SEQUENCE", "delete it: SQLite has no sequences"),
    ("CREATE SCHEMA", "leave the schema out: each database is a file of its own"),
    ("DROP SCHEMA", "leave the schema out: each database is a file of its own"),
    ("CREATE FUNCTION", NO_ROUTINES),
    ("CREATE OR REPLACE", "write DROP … IF EXISTS and then CREATE"),
    ("CREATE PROCEDURE", NO_ROUTINES),
    ("DROP FUNCTION", NO_ROUTINES),
    ("CREATE MATERIALIZED", "make a table and triggers that keep it, or a plain view"),
    ("REFRESH MATERIALIZED", "make a table and triggers that keep it, or a plain view"),
    ("CREATE ROLE", NO_USERS),
    ("CREATE POLICY", NO_USERS),
    ("GRANT", NO_USERS),
    ("REVOKE", NO_USERS),
    ("COMMENT ON", "write an SQL comment inside the CREATE TABLE: it is kept"),
    ("TRUNCATE", "write DELETE FROM without a WHERE"),
    ("DO", "write its statements by themselves; '-- migrate:unless SELECT …' makes one conditional"),
    ("SET", "delete it: what holds for a connection is set where the app opens it"),
    ("COPY", "write INSERT statements, or load the rows from code"),
];

/// Words in a row anywhere in a statement.
const WORDS: [(&str, &str); 8] = [
    (
        "INDEX CONCURRENTLY",
        "leave CONCURRENTLY out: readers go on in WAL mode, and one writer is all there is",
    ),
    ("ILIKE", "write LIKE, which takes ASCII letters for the same in both cases"),
    ("DISTINCT ON", "write GROUP BY, or row_number() OVER (PARTITION BY …) = 1"),
    ("FOR UPDATE", "leave it out: the migration's transaction holds the only write lock"),
    ("AS IDENTITY", "declare the key INTEGER PRIMARY KEY, which counts by itself"),
    ("ON CONFLICT ON CONSTRAINT", "name the columns: ON CONFLICT (column)"),
    ("USING GIN", "leave USING out; for full text make an FTS5 table"),
    ("USING BTREE", "leave USING out: every index is a B-tree"),
];

/// Functions, which stand before a parenthesis.
const FUNCTIONS: [(&str, &str); 8] = [
    ("now", "write CURRENT_TIMESTAMP: a table with DEFAULT (now()) can be made, and no row inserted"),
    ("gen_random_uuid", UUID),
    ("uuid_generate_v4", UUID),
    ("nextval", "declare the key INTEGER PRIMARY KEY, which counts by itself"),
    ("setval", "update the row of sqlite_sequence, where the key is AUTOINCREMENT"),
    ("to_tsvector", "make an FTS5 table"),
    ("jsonb_build_object", "write json_object(…)"),
    ("create_hypertable", "delete it: SQLite has no partitions"),
];

/// Tables of PostgreSQL's catalog.
const TABLES: [&str; 6] =
    ["pg_indexes", "pg_constraint", "pg_class", "pg_type", "pg_attribute", "information_schema"];

/// Types that are more than a type to PostgreSQL.
const TYPES: [(&str, &str); 4] = [
    ("SERIAL", "write INTEGER PRIMARY KEY, which counts by itself: in a SERIAL column SQLite stores NULL"),
    (
        "BIGSERIAL",
        "write INTEGER PRIMARY KEY, which counts by itself: in a BIGSERIAL column SQLite stores NULL",
    ),
    (
        "SMALLSERIAL",
        "write INTEGER PRIMARY KEY, which counts by itself: in a SMALLSERIAL column SQLite stores NULL",
    ),
    ("[]", "keep a JSON array in a TEXT column with CHECK (json_valid(column)), or a table of its own"),
];

pub(super) fn look(reading: &Reading<'_>, findings: &mut Findings) {
    for side in reading.sides() {
        for statement in &side.statements {
            let all = tokens(&statement.sql).unwrap_or_default();
            let types = types(statement);
            for (what, fix) in found(&all).into_iter().chain(types) {
                let word = what.split(' ').next_back().unwrap_or(&what).trim_end_matches("()");
                findings.at(
                    Rule::Postgresql,
                    (reading.script, side, statement),
                    Some(word),
                    unknown(&what),
                    fix,
                );
            }
        }
    }
}

/// What a statement holds of PostgreSQL's.
fn found(all: &[Token<'_>]) -> Vec<(String, &'static str)> {
    let mut hits = Vec::new();
    for (words, fix) in BEGINNINGS {
        if begins(all, words) {
            hits.push((words.to_owned(), fix));
        }
    }
    for (at, token) in all.iter().enumerate() {
        let rest = &all[at..];
        let after_dot = at > 0 && all[at - 1].kind == T::TK_DOT;
        for (words, fix) in WORDS.iter().filter(|(words, _)| !after_dot && begins(rest, words)) {
            hits.push(((*words).to_owned(), *fix));
        }
        let called = rest.get(1).is_some_and(|next| next.kind == T::TK_LP);
        for (name, fix) in FUNCTIONS.iter().filter(|(name, _)| called && token.is_word(name)) {
            // A table of this name may be made or filled: `INSERT INTO now(a)`. And an app may have a
            // function now(), but not for a default that any other program meets.
            let before = |kinds: &[T]| at > 0 && kinds.contains(&all[at - 1].kind);
            let named = before(&[T::TK_INTO, T::TK_TABLE, T::TK_EXISTS, T::TK_ON]);
            let default = all[at.saturating_sub(2)..at].iter().any(|token| token.kind == T::TK_DEFAULT);
            let named = named || (*name == "now" && !default);
            if !named {
                hits.push((format!("{name}()"), *fix));
            }
        }
        if TABLES.iter().any(|table| unquote(token.text).eq_ignore_ascii_case(table))
            && token.kind != T::TK_STRING
        {
            hits.push((token.text.to_owned(), CATALOG));
        }
        let string = rest.get(1).filter(|next| next.kind == T::TK_STRING);
        if token.is_word("INTERVAL") && string.is_some() {
            hits.push(("INTERVAL".to_owned(), "write datetime(column, '+1 day')"));
        }
        if token.is_word("E") && string.is_some_and(|string| string.start == token.end()) {
            hits.push(("E".to_owned(), "write the character itself, or || char(10)"));
        }
        if token.is_word("ARRAY") && rest.get(1).is_some_and(|next| next.text.starts_with('[')) {
            hits.push(("ARRAY".to_owned(), "write json_array(…)"));
        }
    }
    hits
}

fn begins(all: &[Token<'_>], words: &str) -> bool {
    let mut tokens = all.iter();
    words.split(' ').all(|word| tokens.next().is_some_and(|token| token.is_word(word)))
}

/// Types that only PostgreSQL understands, of the columns that a statement makes.
fn types(statement: &Statement) -> Vec<(String, &'static str)> {
    let of = |table: &TableDef| -> Vec<(String, &'static str)> {
        let kinds = table.columns.iter().map(|column| table.type_name(column).to_owned());
        kinds
            .filter_map(|name| {
                let is = |kind: &str| match kind {
                    "[]" => name.ends_with(']') && name.contains('['),
                    _ => name.eq_ignore_ascii_case(kind),
                };
                TYPES.iter().find(|(kind, _)| is(kind)).map(|(_, fix)| (name.clone(), *fix))
            })
            .collect()
    };
    match &statement.deed {
        Deed::CreateTable { .. } => statement.definition().map(|table| of(&table)).unwrap_or_default(),
        Deed::Alter(alteration) => {
            let mut all = Vec::new();
            for action in &alteration.actions {
                let definition = match action {
                    Action::AddColumn { definition, .. } => definition.clone(),
                    Action::SetType { column, type_name, .. } => {
                        format!("{} {type_name}", crate::sql::quote(column))
                    }
                    _ => continue,
                };
                let table = TableDef::parse(&format!("CREATE TABLE t({definition}\n)"));
                all.extend(table.map(|table| of(&table)).unwrap_or_default());
            }
            all
        }
        _ => Vec::new(),
    }
}

/// Looks at a file that cannot be read. Answers whether that is for something of PostgreSQL's: a cast with
/// `::`, a body in `$$`, whose own semicolons and `END` are taken for the file's.
pub(super) fn unreadable(script: &Script, error: &Error, findings: &mut Findings) -> bool {
    let file = error.file().unwrap_or(&script.file);
    let text = match &script.down {
        Some(down) if down.name == file => &*down.text,
        _ => &*script.text,
    };
    let mut tell = |line: u32, statement: &str, what: &str, fix: &str| {
        let revision = &script.revision.id;
        let place = Place { revision, file, line: Some(line), statement: Some(statement) };
        findings.add(Rule::Postgresql, place, unknown(what), fix);
    };
    let mut is_the_cause = false;
    match split(text) {
        Ok(statements) => {
            for statement in statements {
                let all = tokens(statement.text).unwrap_or_default();
                is_the_cause |= all.iter().any(|token| token.text == "$$");
                for (what, fix) in found(&all) {
                    tell(statement.line, statement.text, &what, fix);
                }
            }
        }
        Err(_) => {
            let Some(line) = error.line() else { return false };
            let near = text.lines().nth(line as usize - 1).unwrap_or_default();
            if outside_strings(near).contains("::") {
                is_the_cause = true;
                tell(line, near.trim(), "::", "write the literal by itself, or CAST(value AS TYPE)");
            }
        }
    }
    is_the_cause
}

/// A line without its strings and comments, as far as one line tells.
fn outside_strings(line: &str) -> String {
    let code: String = line.split('\'').step_by(2).collect();
    code.split("--").next().unwrap_or_default().to_owned()
}

fn unknown(what: &str) -> String {
    format!("{what} is PostgreSQL's, and SQLite does not know it")
}
