//! What comes of a run on a database that does not do what it is told.

use rusqlite::Connection;

use super::tests::{OLD, dump, everything, open};
use crate::db::{Database, Value};
use crate::script::Header;
use crate::{Code, CodeStep, Error, ErrorKind, Migrator, RebuildMode, Result};

/// Passes everything on, but for what sabotages the plan.
struct Saboteur {
    db: Connection,
    sabotage: Sabotage,
}

#[derive(Clone, Copy, PartialEq)]
enum Sabotage {
    /// A statement that begins so is not run.
    Swallows(&'static str),
    /// Says that `foreign_keys` is off although it is on.
    Lies,
    /// Does not answer what `foreign_keys` is, and leaves it on, as where an authorizer ignores it.
    Ignores,
    /// A statement with these words rolls all back, and fails as if SQLite refused it.
    RollsBack(&'static str),
    /// All is rolled back after so many statements inside the transaction, and none of them says it.
    Ends(usize),
}

impl Saboteur {
    fn ends(&mut self) -> crate::Result<()> {
        match &mut self.sabotage {
            Sabotage::Ends(left) if Database::in_transaction(&mut self.db) => {
                *left = left.wrapping_sub(1);
                if *left == 0 { Database::execute(&mut self.db, "ROLLBACK").map(drop) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }
}

impl Database for Saboteur {
    fn execute(&mut self, sql: &str) -> crate::Result<u64> {
        match self.sabotage {
            Sabotage::Swallows(start) if sql.starts_with(start) => Ok(0),
            Sabotage::Lies | Sabotage::Ignores if sql.starts_with("PRAGMA foreign_keys") => Ok(0),
            Sabotage::RollsBack(words) if sql.contains(words) => {
                Database::execute(&mut self.db, "ROLLBACK")?;
                Err(crate::db::error(1, "error in index i after drop column: no such table: main.t"))
            }
            _ => {
                let changed = Database::execute(&mut self.db, sql)?;
                self.ends()?;
                Ok(changed)
            }
        }
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&[Value]) -> crate::Result<()>,
    ) -> crate::Result<()> {
        if self.sabotage == Sabotage::Lies && sql.starts_with("PRAGMA foreign_keys") {
            return each(&[Value::Integer(0)]);
        }
        if self.sabotage == Sabotage::Ignores && sql.starts_with("PRAGMA foreign_keys") {
            return Ok(());
        }
        Database::query(&mut self.db, sql, params, each)?;
        self.ends()
    }

    fn in_transaction(&mut self) -> bool {
        Database::in_transaction(&mut self.db)
    }
}

#[test]
fn a_sabotaged_plan_is_rolled_back_by_the_proof() {
    let migrations = [("1.sql", "ALTER TABLE notes ALTER body FIRST")];
    for (sabotage, what) in [
        (Sabotage::Swallows("CREATE TRIGGER"), "trigger noted is gone"),
        (Sabotage::Swallows("CREATE INDEX"), "index by_title is gone"),
        (Sabotage::Lies, "rows of the tables that refer to it would change"),
    ] {
        let db = open(OLD);
        let before = everything(&db);
        let mut saboteur = Saboteur { db, sabotage };
        let error = Migrator::new(migrations).unwrap().upgrade(&mut saboteur, "head").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ProofFailed, "{error:?}");
        assert!(error.to_string().contains(what), "{error}");
        assert_eq!(everything(&saboteur.db), before, "{what}");
    }
}

#[test]
fn keys_of_which_nobody_can_tell_count_as_enforced() {
    for (sql, kind) in
        [("DROP TABLE notes", Some(ErrorKind::TransactionOpen)), ("ALTER TABLE notes ALTER body FIRST", None)]
    {
        let db = open(OLD);
        let files = |db: &Connection| dump(db, "SELECT quote(id) || quote(note) FROM files");
        let before = files(&db);
        let mut saboteur = Saboteur { db, sabotage: Sabotage::Ignores };
        let mut migrator = Migrator::new([("1.sql", sql)]).unwrap().rebuild(RebuildMode::Always);
        let found = migrator.upgrade(&mut saboteur, "head");
        assert_eq!(found.err().map(|error| error.kind()), kind, "{sql}");
        assert_eq!(files(&saboteur.db), before, "{sql}");
    }
}

/// ALTER TABLE answers a disk that cannot be read while it looks at the new schema as if it refused.
#[test]
fn an_error_that_ends_the_transaction_is_no_answer() {
    let migrations = [("1.sql", "ALTER TABLE t DROP COLUMN b; ALTER TABLE t RENAME a TO c")];
    for words in ["DROP COLUMN a", "DROP COLUMN b", "RENAME"] {
        let db = open("CREATE TABLE t(a, b); CREATE INDEX i ON t(a); INSERT INTO t VALUES (1, 2)");
        let all = "SELECT group_concat(sql) || (SELECT group_concat(a || b) FROM t) FROM sqlite_master";
        let before = dump(&db, all);
        let mut saboteur = Saboteur { db, sabotage: Sabotage::RollsBack(words) };
        let error = Migrator::new(migrations).unwrap().upgrade(&mut saboteur, "head").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{words}: {error:?}");
        assert!(error.to_string().contains("has rolled the transaction back (error in index i"), "{error}");
        assert_eq!(dump(&saboteur.db, all), before, "{words}");
    }
}

/// SQLite can roll back by itself within a statement that succeeds: nothing that follows is committed.
#[test]
fn a_transaction_that_ends_silently_leaves_nothing() {
    let migrations = [(
        "1.sql",
        "ALTER TABLE notes ADD COLUMN pinned INT NOT NULL DEFAULT 0; ALTER TABLE notes ALTER title SET DEFAULT 'new';
         UPDATE notes SET body = 'changed'; ALTER TABLE notes ALTER body FIRST; ALTER TABLE notes DROP COLUMN pinned",
    )];
    for rebuild in [RebuildMode::Auto, RebuildMode::Always] {
        let mut migrator = Migrator::new(migrations).unwrap().rebuild(rebuild);
        let mut statements = 1;
        loop {
            let db = open(OLD);
            let before = everything(&db);
            let mut saboteur = Saboteur { db, sabotage: Sabotage::Ends(statements) };
            match migrator.upgrade(&mut saboteur, "head") {
                Ok(_) => break,
                Err(error) => assert_eq!(error.kind(), ErrorKind::Io, "statement {statements}: {error:?}"),
            }
            assert_eq!(everything(&saboteur.db), before, "statement {statements}");
            statements += 1;
        }
        assert!(statements > 60, "{statements}");
    }
}

/// A row could be left without a parent, and nobody would say it.
#[test]
fn what_cannot_be_checked_is_not_written() {
    let lacks = "PRAGMA foreign_keys = OFF; CREATE TABLE p(k TEXT PRIMARY KEY);
        CREATE TABLE c(id INTEGER PRIMARY KEY, k TEXT REFERENCES p(k)); INSERT INTO c VALUES (1, NULL);
        PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = 'CREATE TABLE p(k TEXT COLLATE mine PRIMARY KEY)' WHERE name = 'p';
        PRAGMA writable_schema = RESET";
    let mismatch = "PRAGMA foreign_keys = OFF; CREATE TABLE p(k TEXT);
        CREATE TABLE c(id INTEGER PRIMARY KEY, k TEXT REFERENCES p(k))";
    let refused = "the foreign keys of c cannot be checked: no such collation sequence: mine";
    for (schema, sql, want) in [
        (lacks, "INSERT INTO c VALUES (9, 'nobody')", Some(refused)),
        (lacks, "INSERT INTO c VALUES (9, 'nobody'); ALTER TABLE c RENAME TO c2; DELETE FROM c2", None),
        (lacks, "INSERT INTO c VALUES (9, NULL)", None),
        (mismatch, "INSERT INTO c VALUES (9, 'nobody')", None),
    ] {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(schema).unwrap();
        let found = Migrator::new([("1.sql", sql)]).unwrap().upgrade(&mut db, "head");
        match want {
            None => assert_eq!(found.unwrap().warnings.len(), 1, "{sql}"),
            Some(message) => {
                let error = found.unwrap_err();
                assert_eq!((error.kind(), error.line()), (ErrorKind::ForeignKeyViolated, Some(1)), "{sql}");
                assert_eq!(error.to_string(), message);
            }
        }
        // Of what code does nobody sees which tables it writes.
        let code = Code::new("1", Header::default(), |step| {
            step.database()?.execute("CREATE TABLE other(a)").map(drop)
        });
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(schema).unwrap();
        db.execute_batch("INSERT INTO c VALUES (8, 'old')").unwrap();
        let no_files: [(&str, &str); 0] = [];
        let report = Migrator::with_code(no_files, vec![code]).unwrap().upgrade(&mut db, "head").unwrap();
        assert_eq!(report.warnings.len(), 1, "{sql}");
    }
}

/// Not the disk is to blame; and what the code did next is not run outside the transaction.
#[test]
fn code_that_ends_the_transaction_is_told_of() {
    type Next = fn(&mut CodeStep<'_>) -> Result<()>;
    let nexts: [Next; 3] = [
        |_| Ok(()),
        |step| step.execute("CREATE TABLE outside(a)"),
        |_| Err(Error::new(ErrorKind::Contract, "of the code's own")),
    ];
    for (at, next) in nexts.into_iter().enumerate() {
        let code = Code::new("2_code", Header::default(), move |step| {
            step.execute("CREATE TABLE inside(a)")?;
            step.database()?.execute("COMMIT")?;
            next(step)
        });
        let mut db = open(OLD);
        let mut migrator = Migrator::with_code([("1_a.sql", "CREATE TABLE a(x)")], vec![code]).unwrap();
        let error = migrator.upgrade(&mut db, "head").unwrap_err();
        let own = at == 2;
        assert_eq!(error.kind(), if own { ErrorKind::Contract } else { ErrorKind::CodeFailed }, "{error}");
        assert!(error.to_string().contains("ended the transaction"), "{error}");
        assert!(error.hint().unwrap().contains("what is left of the run"), "{error}");
        let warned = error.report().unwrap().warnings.iter().any(|each| each.contains("may be committed"));
        assert_eq!(warned, at > 0);
        let outside = dump(&db, "SELECT name FROM sqlite_master WHERE name = 'outside'");
        assert!(outside.is_empty(), "{outside:?}");
    }
}
