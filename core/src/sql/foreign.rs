//! What only PostgreSQL or MySQL knows, with SQLite's way to the same end.

use std::fmt;

use super::{Token, TokenType as T, unquote};

/// A construct of another database in a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// As it is written.
    pub what: String,
    whose: &'static str,
    /// SQLite's way, as one imperative sentence.
    pub fix: &'static str,
}

impl Foreign {
    pub fn postgresql(what: String, fix: &'static str) -> Foreign {
        Foreign { what, whose: "PostgreSQL", fix }
    }

    fn mysql(what: &str, fix: &'static str) -> Foreign {
        Foreign { what: what.to_owned(), whose: "MySQL", fix }
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}'s, and SQLite does not know it", self.what, self.whose)
    }
}

const NO_TYPES: &str =
    "declare the column TEXT with CHECK (column IN ('a', 'b')): SQLite has no types to create";
const NO_ROUTINES: &str = "register the function in the app, or write the statements in a trigger";
const NO_USERS: &str = "delete it: whoever may write the file may do everything";
const CATALOG: &str = "ask sqlite_schema, or pragma_table_info('table'), pragma_index_list('table')";
const UUID: &str = "write lower(hex(randomblob(16))), or make the value in the app";

/// How a statement begins, and what to write instead: the first that fits.
const BEGINNINGS: [(&str, &str); 28] = [
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
    ("CREATE OR REPLACE FUNCTION", NO_ROUTINES),
    ("CREATE OR REPLACE PROCEDURE", NO_ROUTINES),
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

/// What a statement holds of another database's.
pub(crate) fn foreign(all: &[Token<'_>]) -> Vec<Foreign> {
    let first = BEGINNINGS.iter().find(|(words, _)| begins(all, words)).copied();
    let first = first.into_iter().chain(of_a_table(all));
    let mut hits: Vec<(String, &'static str)> = first.map(|(words, fix)| (words.to_owned(), fix)).collect();
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
    let hits = hits.into_iter().map(|(what, fix)| Foreign::postgresql(what, fix));
    hits.chain(mysql(all)).collect()
}

/// `ALTER TABLE ONLY name …`, `DROP … name CASCADE`.
fn of_a_table(all: &[Token<'_>]) -> Option<(&'static str, &'static str)> {
    let actions = ["ADD", "DROP", "RENAME", "ALTER", "SET"];
    if begins(all, "ALTER TABLE ONLY") {
        // Else it is a table of that name.
        let named = all.get(3).is_some_and(|token| {
            token.kind != T::TK_DOT && !actions.iter().any(|action| token.is_word(action))
        });
        return named.then_some(("ALTER TABLE ONLY", "leave ONLY out: no table inherits from another"));
    }
    let drops = ["DROP TABLE", "DROP VIEW", "DROP INDEX", "DROP TRIGGER"];
    let last = all.last().filter(|_| all.len() > 3 && drops.iter().any(|words| begins(all, words)))?;
    // `DROP TABLE main.cascade`, `DROP TABLE IF EXISTS cascade`.
    let before = &all[all.len() - 2];
    let named = before.kind == T::TK_DOT || before.kind == T::TK_EXISTS;
    match last {
        _ if named => None,
        last if last.is_word("CASCADE") => Some((
            "CASCADE",
            "leave CASCADE out, and drop the views that need it first: indexes and triggers go with their table",
        )),
        last if last.is_word("RESTRICT") => Some(("RESTRICT", "leave RESTRICT out")),
        _ => None,
    }
}

/// What MySQL knows of a table.
fn mysql(all: &[Token<'_>]) -> Vec<Foreign> {
    if !begins(all, "CREATE TABLE") && !begins(all, "ALTER TABLE") {
        return Vec::new();
    }
    let mut hits = Vec::new();
    for pair in all.windows(2) {
        // What begins an entry of the list is a column's name.
        let names = matches!(pair[0].kind, T::TK_LP | T::TK_COMMA | T::TK_ADD | T::TK_COLUMNKW | T::TK_TO);
        if pair[1].is_word("AUTO_INCREMENT") && !names {
            let fix = "declare the key INTEGER PRIMARY KEY, which counts by itself";
            hits.push(Foreign::mysql("AUTO_INCREMENT", fix));
        }
        if pair[0].is_word("ENGINE") && pair[1].kind == T::TK_EQ {
            hits.push(Foreign::mysql("ENGINE", "leave out what stands behind the closing parenthesis"));
        }
    }
    hits
}

fn begins(all: &[Token<'_>], words: &str) -> bool {
    let mut tokens = all.iter();
    words.split(' ').all(|word| tokens.next().is_some_and(|token| token.is_word(word)))
}

/// Whether it holds what PostgreSQL writes around a body, `$$` or `$name$`, whose own semicolons and `END`
/// are taken for the file's.
pub(crate) fn has_a_body_in_dollars(all: &[Token<'_>]) -> bool {
    all.iter().any(|token| token.text.len() > 1 && token.text.starts_with('$') && token.text.ends_with('$'))
}
