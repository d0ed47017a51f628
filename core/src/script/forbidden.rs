//! Statements that a migration may not hold, refused when it is read and not in the middle of a run.
//!
//! Only what limbeck does itself, or what SQLite would silently ignore or refuse inside a
//! transaction, is listed: everything else is SQLite's to judge.

use crate::error::{Error, ErrorKind, Result};
use crate::sql::{Token, TokenType as T, unquote};

const OWN: &str = "move it to a revision of its own whose marker reads '-- migrate:up transaction:false'";
const ON_OPENING: &str = "set it where the app opens the connection";
const DELETE: &str = "delete it: limbeck sets it where it needs it";

/// Pragmas that do nothing, fail or do harm inside limbeck's transaction, by
/// <https://sqlite.org/pragma.html> where no other page is named: the name, what happens, the way out.
const PRAGMAS: [(&str, &str, &str); 11] = [
    // "Note also that the journal_mode cannot be changed while a transaction is active."
    ("journal_mode", "cannot be changed inside a transaction", OWN),
    // "This pragma is a no-op within a transaction; foreign key constraint enforcement may only be
    // enabled or disabled when there is no pending BEGIN or SAVEPOINT."
    (
        "foreign_keys",
        "does nothing inside a transaction",
        "delete it: limbeck switches foreign keys off around the migration and checks them before COMMIT",
    ),
    // An error, as SQLite's pragma.c has it: "Safety level may not be changed inside a transaction".
    ("synchronous", "cannot be changed inside a transaction", ON_OPENING),
    // The new size is remembered, and used at the next VACUUM.
    ("page_size", "does nothing before a VACUUM", OWN),
    // Between NONE and the others it changes in a new database only, or by VACUUM.
    ("auto_vacuum", "does nothing before a VACUUM", OWN),
    // "Once an encoding has been set for a database, it cannot be changed."
    ("encoding", "does nothing once the database has a table", ON_OPENING),
    // Fails with SQLITE_LOCKED: <https://sqlite.org/c3ref/wal_checkpoint_v2.html>.
    ("wal_checkpoint", "fails inside a transaction", OWN),
    // "Warning: misuse of this pragma can easily result in a corrupt database file."
    ("writable_schema", "can corrupt the database", DELETE),
    ("schema_version", "can corrupt the database", DELETE),
    ("legacy_alter_table", "changes what ALTER TABLE does", DELETE),
    // It would stop limbeck's own writes, the version row's among them.
    ("query_only", "stops the migration itself", ON_OPENING),
];

/// Refuses a statement that may not stand in a section with, or without, a transaction.
///
/// Errors: [`ErrorKind::ForbiddenStatement`], without the place.
pub(super) fn check(statement: &[Token<'_>], transaction: bool) -> Result<()> {
    let Some(first) = statement.first() else { return Ok(()) };
    let word = first.text.to_ascii_uppercase();
    match first.kind {
        T::TK_BEGIN | T::TK_COMMIT | T::TK_END | T::TK_ROLLBACK | T::TK_SAVEPOINT | T::TK_RELEASE => {
            Err(refused(format!("{word} in a migration")).with_hint(if transaction {
                "delete it: limbeck runs the revision in a transaction"
            } else {
                "delete it, or leave 'transaction:false' out: limbeck then runs the revision in a transaction"
            }))
        }
        T::TK_ALTER if !transaction && statement.get(1).is_some_and(|second| second.kind == T::TK_TABLE) => {
            Err(refused("ALTER TABLE in a migration without a transaction".to_owned())
                .with_hint("move it to a revision of its own, with a transaction"))
        }
        T::TK_VACUUM | T::TK_ATTACH | T::TK_DETACH if transaction => {
            Err(refused(format!("{word} inside a transaction")).with_hint(OWN))
        }
        T::TK_PRAGMA if transaction => pragma(&statement[1..]),
        T::TK_DOT => Err(shell_command()),
        _ => Ok(()),
    }
}

/// `[schema.]name [= value | (value)]`: reading is harmless, but for a checkpoint.
fn pragma(rest: &[Token<'_>]) -> Result<()> {
    let rest = if rest.get(1).is_some_and(|token| token.kind == T::TK_DOT) { &rest[2..] } else { rest };
    let Some((name, value)) = rest.split_first() else { return Ok(()) };
    let name = unquote(name.text).to_ascii_lowercase();
    match PRAGMAS.iter().find(|(pragma, _, _)| *pragma == name) {
        Some((pragma, why, hint)) if !value.is_empty() || *pragma == "wal_checkpoint" => {
            Err(refused(format!("PRAGMA {pragma} {why}")).with_hint(*hint))
        }
        _ => Ok(()),
    }
}

/// The error for a line that only a shell such as `sqlite3` or `psql` understands.
pub(super) fn shell_command() -> Error {
    refused("a shell's command, which is not SQL".to_owned())
        .with_hint("delete it: a migration holds SQL statements and comments only")
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::ForbiddenStatement, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::tokens;

    fn verdict(sql: &str, transaction: bool) -> Option<(String, String)> {
        let error = check(&tokens(sql).unwrap(), transaction).err()?;
        assert_eq!(error.kind(), ErrorKind::ForbiddenStatement);
        Some((error.to_string(), error.hint().expect("a hint").to_owned()))
    }

    #[test]
    fn refused_with_a_way_out() {
        let inside = "delete it: limbeck runs the revision in a transaction";
        for (sql, message, hint) in [
            ("BEGIN IMMEDIATE", "BEGIN in a migration", inside),
            ("commit", "COMMIT in a migration", inside),
            ("END TRANSACTION", "END in a migration", inside),
            ("ROLLBACK TO a", "ROLLBACK in a migration", inside),
            ("SAVEPOINT a", "SAVEPOINT in a migration", inside),
            ("RELEASE a", "RELEASE in a migration", inside),
            ("ATTACH 'x' AS y", "ATTACH inside a transaction", OWN),
            ("DETACH y", "DETACH inside a transaction", OWN),
            ("VACUUM INTO 'x'", "VACUUM inside a transaction", OWN),
            ("PRAGMA journal_mode = WAL", "PRAGMA journal_mode cannot be changed inside a transaction", OWN),
            (
                "PRAGMA main.Journal_Mode(wal)",
                "PRAGMA journal_mode cannot be changed inside a transaction",
                OWN,
            ),
            ("PRAGMA \"page_size\"=8192", "PRAGMA page_size does nothing before a VACUUM", OWN),
            ("PRAGMA wal_checkpoint", "PRAGMA wal_checkpoint fails inside a transaction", OWN),
            ("PRAGMA writable_schema=ON", "PRAGMA writable_schema can corrupt the database", DELETE),
            (
                "PRAGMA foreign_keys = OFF",
                "PRAGMA foreign_keys does nothing inside a transaction",
                "delete it: limbeck switches foreign keys off around the migration and checks them before COMMIT",
            ),
            (
                ".read other.sql",
                "a shell's command, which is not SQL",
                "delete it: a migration holds SQL statements and comments only",
            ),
        ] {
            assert_eq!(verdict(sql, true), Some((message.to_owned(), hint.to_owned())), "{sql}");
        }
    }

    #[test]
    fn allowed_in_a_transaction() {
        for sql in [
            "PRAGMA foreign_keys",
            "PRAGMA main.journal_mode",
            "PRAGMA user_version = 3",
            "PRAGMA incremental_vacuum(10)",
            "PRAGMA optimize",
            "PRAGMA",
            "PRAGMA x.",
            "ALTER TABLE t ADD a",
            "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
            "SELECT 'COMMIT'",
            "",
        ] {
            assert_eq!(verdict(sql, true), None, "{sql}");
        }
    }

    #[test]
    fn without_a_transaction() {
        for (sql, refused) in [
            ("VACUUM", false),
            ("PRAGMA journal_mode = WAL", false),
            ("ATTACH 'x' AS y", false),
            ("BEGIN", true),
            ("ROLLBACK", true),
            ("alter table t add a", true),
            (".read x", true),
        ] {
            assert_eq!(verdict(sql, false).is_some(), refused, "{sql}");
        }
    }
}
