//! The actions of a batch leave the rows that they would leave one after another.

use limbeck::{Migrator, RebuildMode};
use rusqlite::Connection;

const SETUP: &str = "CREATE TABLE t(a TEXT, b AS (a || 'b')); INSERT INTO t VALUES ('007'), ('x'), (NULL)";

/// All rows and the definition, after each of the statements.
fn after(statements: &[String], mode: RebuildMode) -> Vec<String> {
    let mut db = Connection::open_in_memory().unwrap();
    db.execute_batch(SETUP).unwrap();
    let names: Vec<String> = (1..=statements.len()).map(|n| format!("{n:02}.sql")).collect();
    let files: Vec<(&str, &str)> =
        names.iter().map(String::as_str).zip(statements.iter().map(String::as_str)).collect();
    let result = Migrator::new(&files).unwrap().rebuild(mode).upgrade(&mut db, "head");
    result.unwrap_or_else(|error| panic!("{statements:?}: {error:?}"));
    // New rows too: their defaults are the last ones.
    db.execute_batch("INSERT OR IGNORE INTO t DEFAULT VALUES").unwrap();
    let columns =
        "SELECT group_concat('quote(\"' || name || '\")', '||''|''||') FROM pragma_table_xinfo('t')";
    let columns: String = db.query_row(columns, [], |row| row.get(0)).unwrap();
    let sql = format!("SELECT {columns} FROM t UNION ALL SELECT sql FROM sqlite_master WHERE name = 't'");
    let mut statement = db.prepare(&sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn a_batch_is_its_actions_one_after_another() {
    for actions in [
        &["ADD c INT DEFAULT 5", "ALTER c DROP DEFAULT"][..],
        &["ADD c INT NOT NULL DEFAULT 5", "ALTER c DROP DEFAULT"],
        &["ADD c INT DEFAULT 5", "ALTER c SET DEFAULT 6"],
        &["ADD c INT DEFAULT 5", "ALTER c DROP DEFAULT", "ALTER c SET DEFAULT 6"],
        &["ADD c INT", "ALTER c SET DEFAULT 6"],
        &["ADD c DEFAULT word", "ALTER c DROP DEFAULT"],
        &["ADD c DEFAULT \"a\"", "ALTER c DROP DEFAULT"],
        &["ADD c DEFAULT true", "ALTER c DROP DEFAULT"],
        &["ADD c TEXT DEFAULT 5", "ALTER c DROP DEFAULT"],
        &["ADD c TEXT DEFAULT '007'", "ALTER c TYPE INT"],
        &["ADD c INT DEFAULT '007'", "ALTER c TYPE TEXT"],
        &["ADD c INT DEFAULT '007'", "ALTER c TYPE TEXT COLLATE NOCASE"],
        &["ADD c REAL DEFAULT 5", "ALTER c TYPE TEXT", "ALTER c SET DEFAULT 'x'"],
        &["ADD c INT DEFAULT 5", "ALTER c SET GENERATED (a)"],
        &["ADD c INT DEFAULT 5", "ALTER c SET GENERATED (a)", "ALTER c DROP EXPRESSION"],
        &["ADD c AS (a || 'c')", "ALTER c DROP EXPRESSION"],
        &["ADD c INT DEFAULT 5 FIRST", "ALTER c DROP DEFAULT", "ALTER c AFTER a"],
        &["ADD c INT DEFAULT 5", "ALTER c TYPE TEXT USING c || 'x'"],
        &["ADD c INT DEFAULT 5", "ALTER a TYPE TEXT USING c"],
        &["ALTER a TYPE INT", "ALTER a TYPE TEXT"],
        &["ALTER a TYPE INT", "ALTER a TYPE TEXT COLLATE NOCASE", "ALTER a SET DEFAULT 1"],
        &["ALTER a TYPE INT USING a || '1'", "ALTER a TYPE TEXT"],
        &["ALTER a TYPE INT USING a || '1'", "ALTER a TYPE TEXT USING a || '1'"],
        &["ALTER a TYPE TEXT USING a || '1'", "ALTER b DROP EXPRESSION"],
        &["ALTER b DROP EXPRESSION", "ALTER a TYPE TEXT USING a || '1'"],
        &["ALTER b SET GENERATED (a || 'c') STORED", "ALTER b DROP EXPRESSION"],
        &["DROP COLUMN b", "ADD b DEFAULT 1", "ALTER b DROP DEFAULT"],
    ] {
        let batch = vec![format!("ALTER TABLE t {}", actions.join(", "))];
        let single: Vec<String> = actions.iter().map(|action| format!("ALTER TABLE t {action}")).collect();
        let want = after(&single, RebuildMode::Auto);
        for mode in [RebuildMode::Auto, RebuildMode::Always] {
            assert_eq!(after(&batch, mode), want, "{actions:?} {mode:?}");
        }
    }
}
