//! Whether the folder makes the schema that is wanted. No database of a user's is looked at.

use std::ops::ControlFlow;

use super::rehearse::empty;
use super::{Migrator, run};
use crate::db::Database;
use crate::diff::{self, Difference};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::RevisionGraph;
use crate::history::VERSION_TABLE;
use crate::inspect;
use crate::schema::Object;
use crate::sql::{Token, TokenType as T, same_name, split, tokens, unquote};

/// Tables that migration tools keep beside an app's own.
const RECORDS: [&str; 6] = [
    VERSION_TABLE,
    "limbeck_history",
    "alembic_version",
    "refinery_schema_history",
    "_sqlx_migrations",
    "schema_migrations",
];

impl Migrator<'_> {
    /// What is missing in the folder: the differences between the schema that its migrations make
    /// and the wanted one, a text of `CREATE` statements.
    ///
    /// `present` and `wanted` are two empty databases in memory, of the app's own kind: the folder
    /// is replayed into the first up to all its heads, the text runs in the second, and their
    /// objects are compared by [`diff::differences`]. SQLite's tables, those of virtual tables, and
    /// those in which limbeck, Alembic, refinery, sqlx and dbmate keep their record are left alone.
    ///
    /// Errors: those of [`upgrade`](Self::upgrade) for the folder; [`ErrorKind::ForbiddenStatement`]
    /// with the line where the text holds anything but `CREATE`; [`ErrorKind::StatementFailed`] with
    /// the line where SQLite refuses it.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite")] {
    /// use limbeck::Migrator;
    ///
    /// let migrations = [("0001_notes.sql", "CREATE TABLE notes(title)")];
    /// let mut scratch = || rusqlite::Connection::open_in_memory().unwrap();
    /// let wanted = "CREATE TABLE notes(title); CREATE INDEX titles ON notes(title);";
    /// let found = Migrator::new(&migrations)?.check(&mut scratch(), &mut scratch(), wanted)?;
    /// assert_eq!((found[0].kind.as_str(), &*found[0].name), ("add_index", "titles"));
    /// # }
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn check(
        &self,
        present: &mut dyn Database,
        wanted: &mut dyn Database,
        schema: &str,
    ) -> Result<Vec<Difference>> {
        empty(wanted)?;
        make(wanted, schema)?;
        empty(present)?;
        let again = |graph: &RevisionGraph, rows: &[String]| graph.upgrade(rows, "heads");
        let plan = again(self.graph(), &[])?;
        if !plan.is_empty() {
            // A live run: the rows of a fresh install are all there.
            run(&self.scripts, &self.options, &mut |_| ControlFlow::Continue(()), present, plan, &again)?;
        }
        Ok(diff::differences(&self.app_objects(present)?, &self.app_objects(wanted)?))
    }

    /// What the app has made: objects of no tool, no virtual table's inside, and not SQLite's own.
    fn app_objects(&self, db: &mut dyn Database) -> Result<Vec<Object>> {
        let shadows = inspect::shadow_tables(db)?;
        let mut objects = inspect::objects(db, "main")?;
        objects.retain(|object| {
            let is = |table: &str| same_name(&object.table, table);
            !inspect::is_sqlites(&object.name)
                && !inspect::is_sqlites(&object.table)
                && !is(&self.options.version_table)
                && !RECORDS.iter().any(|record| is(record))
                && !shadows.iter().any(|shadow| is(shadow))
        });
        Ok(objects)
    }
}

/// Runs the `CREATE` statements of a text. What would tell nothing of a schema is refused.
fn make(db: &mut dyn Database, schema: &str) -> Result<()> {
    // U+FEFF, which some editors put there.
    for statement in split(schema.strip_prefix('\u{feff}').unwrap_or(schema))? {
        let placed = |error: Error| error.at_line(statement.line).in_statement(statement.text);
        let refused = |what: &str, hint: &str| {
            let error = Error::new(ErrorKind::ForbiddenStatement, format!("{what} in a schema"));
            Err(placed(error.with_hint(hint)))
        };
        let words = tokens(statement.text)?;
        if let Some(first) = words.first().filter(|first| first.kind != T::TK_CREATE) {
            return refused(first.text, "delete it: a schema is told by CREATE statements only");
        }
        if is_sqlites(&words) {
            continue;
        }
        db.execute(statement.text).map_err(placed)?;
        if db.any("SELECT 1 FROM temp.sqlite_master", &[])? {
            return refused("a temporary object", "delete it: no database file holds it");
        }
    }
    Ok(())
}

/// `CREATE TABLE sqlite_sequence(name,seq)`: the shell's `.schema` prints it, and only SQLite makes it.
fn is_sqlites(statement: &[Token<'_>]) -> bool {
    matches!(statement, [_, table, name, ..]
        if table.kind == T::TK_TABLE && inspect::is_sqlites(&unquote(name.text)))
}

#[cfg(all(test, feature = "rusqlite"))]
mod tests {
    use rusqlite::Connection;

    use super::*;

    fn check(migrations: &[(&str, &str)], wanted: &str) -> Result<Vec<String>> {
        let scratch = || Connection::open_in_memory().unwrap();
        let found = Migrator::new(migrations)?.check(&mut scratch(), &mut scratch(), wanted)?;
        Ok(found
            .iter()
            .map(|difference| format!("{} {}", difference.kind.as_str(), difference.name))
            .collect())
    }

    #[test]
    fn what_tools_and_sqlite_keep_is_left_alone() {
        let mine = [
            ("1.sql", "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a UNIQUE); ANALYZE;"),
            ("2.sql", "CREATE VIRTUAL TABLE f USING fts5(a);"),
        ];
        // As `.schema` prints it.
        let wanted = "\u{feff}CREATE TABLE sqlite_sequence(name,seq);\n\
            CREATE TABLE IF NOT EXISTS \"t\"(id INTEGER PRIMARY KEY AUTOINCREMENT, a UNIQUE);\n\
            CREATE TABLE sqlite_stat1(tbl,idx,stat);\n\
            CREATE VIRTUAL TABLE f USING fts5(a)\n/* f(a) */;\n\
            CREATE TABLE alembic_version(version_num); CREATE INDEX x ON alembic_version(version_num);";
        assert_eq!(check(&mine, wanted).unwrap(), [] as [&str; 0]);
        assert_eq!(check(&mine, "").unwrap(), ["drop_table f", "drop_table t"]);
        assert_eq!(check(&[], "CREATE TABLE t(a)").unwrap(), ["add_table t"]);
    }

    /// What a fresh install would be, rows and all.
    #[test]
    fn a_condition_is_asked_of_the_rows_that_the_folder_makes() {
        let mine = [
            ("1.sql", "CREATE TABLE t(a); INSERT INTO t VALUES (1);"),
            ("2.sql", "-- migrate:up\n-- migrate:unless SELECT 1 FROM t\nCREATE TABLE other(a);"),
        ];
        assert_eq!(check(&mine, "CREATE TABLE t(a)").unwrap(), [] as [&str; 0]);
        let broken = [mine[0], ("2.sql", "ALTER TABLE t ADD CHECK (a > 1)")];
        assert_eq!(check(&broken, "").unwrap_err().kind(), ErrorKind::RowsBreakRule);
    }

    #[test]
    fn scratch_databases_are_empty_ones() {
        let (mut empty, mut full) =
            (Connection::open_in_memory().unwrap(), Connection::open_in_memory().unwrap());
        full.execute_batch("CREATE TABLE precious(a)").unwrap();
        let migrator = Migrator::new(&[("1.sql", "CREATE TABLE t(a)")]).unwrap();
        for error in [migrator.check(&mut full, &mut empty, ""), migrator.check(&mut empty, &mut full, "")] {
            assert_eq!(error.unwrap_err().kind(), ErrorKind::Contract);
        }
        assert_eq!(inspect::objects(&mut full, "main").unwrap().len(), 1);
    }

    #[test]
    fn a_schema_is_told_by_create() {
        for (wanted, kind, line) in [
            ("CREATE TABLE t(a);\nINSERT INTO t VALUES (1);", ErrorKind::ForbiddenStatement, 2),
            ("\nCREATE TEMP TABLE t(a);", ErrorKind::ForbiddenStatement, 2),
            ("\nCREATE VIEW temp.v AS SELECT 1;", ErrorKind::ForbiddenStatement, 2),
            (";;\nCREATE", ErrorKind::StatementFailed, 2),
            (".read x", ErrorKind::ForbiddenStatement, 1),
            ("EXPLAIN CREATE TABLE t(a)", ErrorKind::ForbiddenStatement, 1),
            ("\n\nCREATE TABLE t(a,);", ErrorKind::StatementFailed, 3),
            ("CREATE TABLE t(a);\n'", ErrorKind::SqlSyntax, 2),
        ] {
            let error = check(&[], wanted).unwrap_err();
            assert_eq!((error.kind(), error.line()), (kind, Some(line)), "{error}");
        }
    }
}
