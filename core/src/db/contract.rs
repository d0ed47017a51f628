//! The test that every [`Database`] must pass.
//!
//! ```
//! # #[cfg(feature = "rusqlite")] {
//! let mut db = rusqlite::Connection::open_in_memory().unwrap();
//! limbeck::db::contract::check(&mut db).unwrap();
//! # }
//! ```

use std::fmt::Display;

use super::literals::value_literal;
use super::{Database, Value};
use crate::error::{Error, ErrorKind, Result};

/// Tests an implementation of [`Database`] on an *empty* database that may be written to.
///
/// Errors: [`ErrorKind::Contract`], naming the rule that is broken.
pub fn check(db: &mut dyn Database) -> Result<()> {
    values_survive(db)?;
    parameters_are_bound(db)?;
    transactions_are_the_callers(db)?;
    statements_run_to_their_end(db)?;
    errors_are_told_apart(db)
}

fn broken(rule: &str, found: impl Display) -> Error {
    Error::new(ErrorKind::Contract, format!("{rule}; found {found}"))
}

fn expect<T: PartialEq + Display>(found: T, wanted: T, rule: &str) -> Result<()> {
    if found == wanted { Ok(()) } else { Err(broken(rule, found)) }
}

fn expect_row(found: &[Vec<Value>], wanted: &[Value], rule: &str) -> Result<()> {
    match found {
        [row] if row == wanted => Ok(()),
        _ => {
            let values: Vec<String> = found.iter().flatten().map(value_literal).collect();
            Err(broken(rule, values.join(", ")))
        }
    }
}

fn values_survive(db: &mut dyn Database) -> Result<()> {
    let sql = "SELECT NULL, 9223372036854775807, -9223372036854775808, 9007199254740993, 1.0, 'a' || char(0) || 'é', x'00ff'";
    let wanted = [
        Value::Null,
        Value::Integer(i64::MAX),
        Value::Integer(i64::MIN),
        Value::Integer(9007199254740993),
        Value::Real(1.0),
        Value::Text("a\0é".into()),
        Value::Blob(vec![0, 255]),
    ];
    expect_row(&db.rows(sql, &[])?, &wanted, "values are read exactly, integers with 64 bits")
}

fn parameters_are_bound(db: &mut dyn Database) -> Result<()> {
    let values = [
        Value::Null,
        Value::Integer(9007199254740993),
        Value::Real(1.0),
        Value::Text("a\0b".into()),
        Value::Blob(vec![0, 255]),
    ];
    let rows = db.rows(
        "SELECT typeof(?1), typeof(?2), typeof(?3), typeof(?4), typeof(?5), ?1, ?2, ?3, ?4, ?5",
        &values,
    )?;
    let mut wanted: Vec<Value> = ["null", "integer", "real", "text", "blob"].map(Value::from).into();
    wanted.extend(values);
    expect_row(&rows, &wanted, "parameters keep their storage class and value")
}

fn transactions_are_the_callers(db: &mut dyn Database) -> Result<()> {
    let rule = "no implicit BEGIN and no implicit COMMIT";
    expect(db.in_transaction(), false, "an idle connection is not in a transaction")?;
    db.execute("CREATE TABLE limbeck_contract(a INTEGER PRIMARY KEY, b)")?;
    expect(
        db.execute("INSERT INTO limbeck_contract VALUES (1, 'x'), (2, 'y')")?,
        2,
        "execute answers the rows changed",
    )?;
    expect(db.in_transaction(), false, rule)?;
    db.execute("BEGIN IMMEDIATE")?;
    expect(db.in_transaction(), true, "in_transaction is true after BEGIN")?;
    db.execute("CREATE TABLE limbeck_contract_2(a)")?;
    db.execute("DELETE FROM limbeck_contract")?;
    db.execute("SAVEPOINT s")?;
    db.execute("RELEASE s")?;
    expect(db.in_transaction(), true, rule)?;
    db.execute("ROLLBACK")?;
    expect(db.in_transaction(), false, "in_transaction is false after ROLLBACK")?;
    expect(
        db.integer("SELECT count(*) FROM limbeck_contract", &[])?.unwrap_or_default(),
        2,
        "ROLLBACK takes DDL and rows back",
    )?;
    expect(db.any("SELECT 1 FROM sqlite_master WHERE name = 'limbeck_contract_2'", &[])?, false, rule)?;
    db.execute("DROP TABLE limbeck_contract")?;
    Ok(())
}

fn statements_run_to_their_end(db: &mut dyn Database) -> Result<()> {
    db.execute("CREATE TABLE limbeck_contract(a)")?;
    db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100) INSERT INTO limbeck_contract SELECT i FROM n")?;
    db.execute("SELECT a FROM limbeck_contract")?;
    let mut seen = 0;
    db.query("SELECT a FROM limbeck_contract ORDER BY a", &[], &mut |_| {
        seen += 1;
        Ok(())
    })?;
    expect(seen, 100, "query hands over every row")?;
    // An unfinished SELECT would lock the table: <https://sqlite.org/rescode.html#locked>.
    db.execute("DROP TABLE limbeck_contract")
        .map_err(|error| broken("a statement is finished before the next", error))?;
    Ok(())
}

fn errors_are_told_apart(db: &mut dyn Database) -> Result<()> {
    match db.execute("SELECT * FROM limbeck_nowhere") {
        Err(error)
            if error.kind() == ErrorKind::StatementFailed
                && error.to_string().contains("limbeck_nowhere") => {}
        other => return Err(no_such_error("a failing statement gives SQLite's own message", other.err())),
    }
    let stop = Error::new(ErrorKind::Cancelled, "stop");
    let mut stop = Some(stop);
    match db.query("SELECT 1", &[], &mut |_| Err(stop.take().expect("one row"))) {
        Err(error) if error.kind() == ErrorKind::Cancelled => Ok(()),
        other => Err(no_such_error("an error of the row callback is handed on", other.err())),
    }
}

fn no_such_error(rule: &str, found: Option<Error>) -> Error {
    broken(rule, found.map_or_else(|| "no error".to_owned(), |error| error.to_string()))
}
