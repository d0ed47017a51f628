//! A file that somebody has made to do harm: what its schema calls is not run, what its catalogue says is
//! not believed, and each verb answers with an error at worst, and writes nothing then.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use limbeck::{Database, Direction, Error, ErrorKind, Migrator, Report};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

const MIGRATIONS: [(&str, &str); 3] = [
    (
        "0001_notes.sql",
        "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT); INSERT INTO notes(title) VALUES ('a'), ('b');
         CREATE TABLE files(id INTEGER PRIMARY KEY, note REFERENCES notes(id)); CREATE INDEX by_title ON notes(title)",
    ),
    (
        "0002_more.sql",
        "-- migrate:up\nALTER TABLE notes ADD size INT; UPDATE notes SET title = upper(title);
         INSERT INTO notes(title) VALUES ('c'); DELETE FROM notes WHERE title = 'B';
         -- migrate:down\nALTER TABLE notes DROP size;",
    ),
    (
        "0003_first.sql",
        "-- migrate:up\nALTER TABLE notes ALTER title FIRST, ALTER title SET NOT NULL;
         ALTER TABLE notes RENAME title TO name;
         -- migrate:down\nALTER TABLE notes RENAME name TO title; ALTER TABLE notes ALTER title DROP NOT NULL;",
    ),
];

/// A database at 0001, and a function of the app's that counts its calls.
fn app() -> (Connection, Arc<AtomicUsize>) {
    let mut db = Connection::open_in_memory().unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("act", 1, flags, move |call| {
        counted.fetch_add(1, Ordering::Relaxed);
        call.get::<rusqlite::types::Value>(0)
    })
    .unwrap();
    Migrator::new(MIGRATIONS).unwrap().upgrade(&mut db, "0001").unwrap();
    (db, calls)
}

/// All there is, which must be what it was after an error.
fn all(db: &Connection) -> Vec<String> {
    let mut all = Vec::new();
    let mut read = |sql: &str| {
        let Ok(mut statement) = db.prepare(sql) else { return };
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        while let Ok(Some(row)) = rows.next() {
            all.push(format!(
                "{sql}: {:?}",
                (0..columns).map(|at| row.get_ref(at).unwrap()).collect::<Vec<_>>()
            ));
        }
    };
    read("SELECT * FROM sqlite_master");
    for table in ["notes", "files", "limbeck_version", "limbeck_history", "other"] {
        read(&format!("SELECT * FROM {table} NOT INDEXED"));
    }
    all
}

fn upgrade(db: &mut Connection, trust: bool) -> Result<Report, Error> {
    Migrator::new(MIGRATIONS).unwrap().trust_schema(trust).upgrade(db, "head")
}

/// Each place in which a schema can call a function.
#[test]
fn what_a_schema_calls_is_not_run() {
    for (place, schema) in [
        ("a trigger", "CREATE TRIGGER t AFTER UPDATE ON notes BEGIN SELECT act(1); END"),
        ("another trigger", "CREATE TRIGGER t AFTER INSERT ON notes WHEN act(1) BEGIN SELECT 1; END"),
        ("a CHECK", "CREATE TABLE other(a CHECK (act(a))); INSERT INTO other VALUES (1)"),
        ("a CHECK of the table", "CREATE TABLE other(a)"),
        ("a generated column", "CREATE TABLE other(a, b AS (act(a)))"),
        ("an index", "CREATE TABLE other(a); CREATE INDEX i ON other(act(a))"),
        ("a partial index", "CREATE TABLE other(a); CREATE INDEX i ON other(a) WHERE act(a)"),
        ("a default", "CREATE TABLE other(a, b DEFAULT (act(1)))"),
        ("a view", "CREATE VIEW v AS SELECT act(title) FROM notes"),
        (
            "a trigger over a view",
            "CREATE VIEW v AS SELECT act(1) AS a; CREATE TRIGGER t AFTER DELETE ON notes BEGIN SELECT a FROM v; END",
        ),
    ] {
        let (mut db, calls) = app();
        db.execute_batch(schema).unwrap();
        if place == "a CHECK of the table" {
            edit(
                &db,
                "UPDATE sqlite_master SET sql = replace(sql, 'title TEXT', 'title TEXT CHECK (act(title) IS NOT NULL)') WHERE name = 'notes'",
            );
        }
        calls.store(0, Ordering::Relaxed);
        let before = all(&db);
        let result = upgrade(&mut db, false);
        assert_eq!(calls.load(Ordering::Relaxed), 0, "{place}: it was called");
        if let Err(error) = result {
            assert_eq!(error.kind(), ErrorKind::UntrustedSchema, "{place}: {error:?}");
            assert!(error.to_string().contains("act()"), "{place}: {error}");
            assert!(error.hint().unwrap().contains("trust_schema"), "{place}: {error:?}");
            calls.store(0, Ordering::Relaxed);
            assert_eq!(all(&db), before, "{place}");
            // The app says that it knows the schema.
            upgrade(&mut db, true).unwrap_or_else(|error| panic!("{place}: {error:?}"));
        }
        let trusted: i64 = db.query_row("PRAGMA trusted_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(trusted, 1, "{place}: the setting is the app's again");
    }
}

/// What no app can mark as harmless, and what the advice comes to.
#[test]
fn a_search_in_a_view() {
    let run = |search: &str| {
        let view = format!("CREATE VIRTUAL TABLE f USING fts5(a); CREATE VIEW v AS SELECT a FROM {search}");
        let files = [("1.sql", view.as_str()), ("2.sql", "CREATE TABLE found AS SELECT * FROM v")];
        Migrator::new(files).unwrap().upgrade(&mut Connection::open_in_memory().unwrap(), "head")
    };
    let error = run("f WHERE f MATCH 'x'").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UntrustedSchema, "{error:?}");
    assert!(error.hint().unwrap().starts_with("write table = 'words', or FROM table('words')"), "{error:?}");
    run("f WHERE f = 'x'").unwrap();
    run("f('x')").unwrap();
}

/// SQLite renames nothing while a view does not compile; this one would, if it were trusted.
#[test]
fn a_rename_beside_a_view_that_is_not_trusted() {
    let (mut db, _) = app();
    db.execute_batch("CREATE VIEW v AS SELECT name FROM pragma_table_info('files')").unwrap();
    let error = upgrade(&mut db, false).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UntrustedSchema, "{error:?}");
    assert!(
        error.to_string().contains("pragma_table_info") && error.hint().unwrap().contains("trust_schema")
    );
    upgrade(&mut db, true).unwrap();
}

/// The names under which limbeck looks before anything else.
#[test]
fn a_version_table_that_is_none() {
    let endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS version_num FROM n";
    for view in [endless, "SELECT act('0001') AS version_num, 1 AS rowid"] {
        let (mut db, calls) = app();
        db.execute_batch(&format!("DROP TABLE limbeck_version; CREATE VIEW limbeck_version AS {view}"))
            .unwrap();
        let error = upgrade(&mut db, false).unwrap_err();
        assert_eq!(
            (error.kind(), calls.load(Ordering::Relaxed)),
            (ErrorKind::StatementFailed, 0),
            "{error:?}"
        );
        assert_eq!(error.to_string(), "limbeck_version is a view or a virtual table");
        let (mut db, calls) = app();
        let history = view.replace("version_num", "revision");
        db.execute_batch(&format!("DROP TABLE limbeck_history; CREATE VIEW limbeck_history AS {history}"))
            .unwrap();
        let error = upgrade(&mut db, false).unwrap_err();
        assert_eq!(calls.load(Ordering::Relaxed), 0);
        assert!(
            [ErrorKind::StatementFailed, ErrorKind::UntrustedSchema].contains(&error.kind()),
            "{error:?}"
        );
    }
    // Such as Alembic does not make, and one may have.
    let (mut db, _) = app();
    db.execute_batch("DROP TABLE limbeck_version; CREATE TABLE LIMBECK_VERSION(version_num); INSERT INTO limbeck_version VALUES ('0001')")
        .unwrap();
    assert_eq!(upgrade(&mut db, false).unwrap().from, ["0001"]);
}

/// Edits the catalogue, as only a hostile hand does.
fn edit(db: &Connection, sql: &str) {
    use rusqlite::config::DbConfig;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false).unwrap();
    db.execute_batch("PRAGMA synchronous = OFF; PRAGMA writable_schema = ON").unwrap();
    db.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let _ = db.execute_batch("PRAGMA writable_schema = OFF; PRAGMA schema_version = 4711");
}

/// Each verb on each odd catalogue: no panic, no run without an end, and no change with an error.
#[test]
fn odd_catalogues() {
    let long = "x".repeat(200_000);
    let nested = format!("CREATE VIEW v AS SELECT {}1{}", "(".repeat(900), ")".repeat(900));
    let set = |what: &str| format!("UPDATE sqlite_master SET {what} WHERE name = 'files'");
    let text = |text: &str| set(&format!("sql = '{}'", text.replace('\'', "''")));
    let add = |values: &str| {
        format!("INSERT INTO sqlite_master(type, name, tbl_name, rootpage, sql) VALUES ({values})")
    };
    let edits = vec![
        set("sql = NULL"),
        set("sql = x'00ff80'"),
        set("sql = 7"),
        set("name = NULL"),
        set("tbl_name = NULL"),
        set("type = NULL"),
        set("type = 'relation'"),
        set("type = x'ff'"),
        set("name = CAST(x'ff80' AS TEXT)"),
        set("rootpage = 0"),
        set("rootpage = NULL"),
        set("rootpage = 999999"),
        set("rootpage = -5"),
        set("rootpage = 'two'"),
        set("rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'notes')"),
        set(&format!("name = '{long}', tbl_name = '{long}', sql = 'CREATE TABLE {long}(a)'")),
        set("tbl_name = 'nowhere'"),
        set("name = 'notes', tbl_name = 'notes'"),
        set("name = 'sqlite_files', tbl_name = 'sqlite_files'"),
        text(""),
        text(";"),
        text("CREATE TABLE files"),
        text("CREATE TABLE files("),
        text("CREATE TABLE files(a, a)"),
        text("CREATE TABLE other(a)"),
        text("CREATE TABLE files(a) GARBAGE"),
        text("SELECT 1"),
        text("DROP TABLE notes"),
        text("CREATE TABLE files AS SELECT 1"),
        text("CREATE TABLE files(a DEFAULT 'x' /* never ended"),
        set("sql = 'CREATE TABLE \"files' || char(0) || '\"(a)'"),
        text("CREATE VIRTUAL TABLE files USING nowhere(a)"),
        text("CREATE VIEW files AS SELECT * FROM files"),
        text("CREATE TABLE files(id INTEGER PRIMARY KEY, note REFERENCES files(nowhere) ON DELETE CASCADE)"),
        text("CREATE TABLE files(id INTEGER PRIMARY KEY, note AS (note))"),
        text(&format!(
            "CREATE TABLE files({})",
            (0..3000).map(|n| format!("c{n}")).collect::<Vec<_>>().join(", ")
        )),
        text(&format!("CREATE TABLE files(a CHECK ({}a{}))", "(".repeat(5000), ")".repeat(5000))),
        text(&format!("CREATE TABLE files(a CHECK ({}1))", "NOT ".repeat(20_000))),
        add("'view', 'v', 'v', 0, 'CREATE VIEW v AS SELECT * FROM v'"),
        add("'view', 'v', 'v', 0, 'CREATE VIEW v AS SELECT * FROM w'")
            + ";"
            + &add("'view', 'w', 'w', 0, 'CREATE VIEW w AS SELECT * FROM v'"),
        add(&format!("'view', 'v', 'v', 0, '{nested}'")),
        add("'view', 'v', 'v', 0, NULL"),
        add("'trigger', 't', 'notes', 0, NULL"),
        add("'trigger', 't', 'nowhere', 0, 'CREATE TRIGGER t AFTER INSERT ON nowhere BEGIN SELECT 1; END'"),
        add(
            "'trigger', 't', 'notes', 0, 'CREATE TRIGGER t AFTER UPDATE ON notes BEGIN UPDATE notes SET title = title; END'",
        ),
        add(
            "'trigger', 't', 'notes', 0, 'CREATE TRIGGER t AFTER UPDATE ON notes BEGIN DELETE FROM sqlite_master; END'",
        ),
        add(
            "'trigger', 't', 'notes', 0, 'CREATE TRIGGER t AFTER UPDATE ON notes BEGIN SELECT * FROM nowhere; END'",
        ),
        add(
            "'trigger', 't', 'limbeck_version', 0, 'CREATE TRIGGER t AFTER UPDATE ON limbeck_version BEGIN DELETE FROM limbeck_version; END'",
        ),
        add(
            "'trigger', 't', 'limbeck_version', 0, 'CREATE TRIGGER t BEFORE UPDATE ON limbeck_version BEGIN SELECT RAISE(IGNORE); END'",
        ),
        add("'index', 'i', 'notes', 2, 'CREATE INDEX i ON notes(nowhere)'"),
        add("'index', 'i', 'nowhere', 2, 'CREATE INDEX i ON nowhere(a)'"),
        add("'index', 'by_title', 'notes', 3, NULL"),
        add("'table', 'sqlite_stat1', 'sqlite_stat1', 3, 'CREATE TABLE sqlite_stat1(a)'"),
        add("'table', 'sqlite_sequence', 'sqlite_sequence', 3, 'CREATE TABLE sqlite_sequence(name)'"),
        "DELETE FROM sqlite_master WHERE name = 'files'".to_owned(),
        "DELETE FROM sqlite_master WHERE name = 'by_title'".to_owned(),
        "DELETE FROM sqlite_master".to_owned(),
        "UPDATE limbeck_history SET revision = x'ff', checksum = 7".to_owned(),
        "UPDATE limbeck_version SET version_num = x'00'".to_owned(),
        "UPDATE limbeck_version SET version_num = '../../etc/passwd'' OR 1'".to_owned(),
        format!("UPDATE limbeck_version SET version_num = '{long}'"),
        "INSERT INTO limbeck_version VALUES ('0002')".to_owned(),
    ];
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("limbeck-hostile-{}.db", std::process::id()));
    let bytes = app().0.serialize("main").unwrap().to_vec();
    for sql in edits {
        for verb in 0..6 {
            fs::write(&path, &bytes).unwrap();
            edit(&Connection::open(&path).unwrap(), &sql);
            let mut db = Connection::open(&path).unwrap();
            let _ = db.execute_batch("PRAGMA synchronous = OFF");
            let before = all(&db);
            let shown = &sql[..sql.len().min(160)];
            let asked = catch_unwind(AssertUnwindSafe(|| call(verb, &mut db)));
            let result = asked.unwrap_or_else(|_| panic!("verb {verb} panics: {shown}"));
            assert!(!Database::in_transaction(&mut db), "verb {verb}: {shown}");
            if let Err(error) = result {
                assert!(all(&db) == before, "verb {verb}: {shown}: changed, with {error:?}");
                assert_ne!(error.kind(), ErrorKind::Contract, "verb {verb}: {shown}: {error:?}");
            }
        }
    }
    fs::remove_file(&path).unwrap();
}

fn call(verb: usize, db: &mut Connection) -> Result<(), Error> {
    let mut migrator = Migrator::new(MIGRATIONS).unwrap();
    let mut scratch = Connection::open_in_memory().unwrap();
    match verb {
        0 => migrator.upgrade(db, "head").map(|_| ()),
        1 => migrator.downgrade(db, "base").map(|_| ()),
        2 => migrator.stamp(db, &["head"], false).map(|_| ()),
        3 => migrator.dry_run(db, &mut scratch, Direction::Up, "head").map(|_| ()),
        4 => migrator.current(db).map(|_| ()),
        _ => migrator.stamp(db, &["head"], true).map(|_| ()),
    }
}

/// What a table's text holds is not asked of functions, for which an app may have its own, nor lost in an
/// encoding.
#[test]
fn foreign_keys_are_seen_whatever_reads_the_schema() {
    for how in ["functions", "UTF-16le", "UTF-16be"] {
        let mut db = Connection::open_in_memory().unwrap();
        if how.starts_with("UTF") {
            db.execute_batch(&format!("PRAGMA encoding = '{how}'")).unwrap();
        }
        if how == "functions" {
            for (name, arguments) in [("like", 2), ("like", 3), ("upper", 1), ("lower", 1), ("instr", 2)] {
                db.create_scalar_function(name, arguments, FunctionFlags::SQLITE_UTF8, |_| Ok(0)).unwrap();
            }
        }
        db.execute_batch(
            "create table p(id integer primary key, m, n int as (m) unique); insert into p values (1, 10), (2, 20);
             create table c(p int references p(id)); insert into c(p) values (1), (2);
             create table d(n int references p(n)); insert into d values (10), (20)",
        )
        .unwrap();
        for (sql, table) in [
            ("DELETE FROM p WHERE id = 2", "c"),
            ("UPDATE p SET rowid = 77 WHERE id = 2", "c"),
            ("UPDATE p SET m = 77 WHERE id = 2", "d"),
        ] {
            let error = Migrator::new([("1.sql", sql)]).unwrap().upgrade(&mut db, "head").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ForeignKeyViolated, "{how}: {sql}: {error}");
            assert_eq!(error.violations()[0].table, table, "{how}: {sql}");
        }
    }
}

#[test]
fn a_view_that_only_a_trusted_schema_may_read_keeps_its_column() {
    for cascade in ["", " CASCADE"] {
        let mut db = Connection::open_in_memory().unwrap();
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        db.create_scalar_function("slug", 1, flags, |call| call.get::<String>(0)).unwrap();
        db.execute_batch(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b TEXT); CREATE TABLE u(id INTEGER PRIMARY KEY, a TEXT);
             CREATE TABLE log(x); CREATE VIEW v AS SELECT slug(a) AS s, b FROM t;
             CREATE TRIGGER u_slug AFTER INSERT ON u BEGIN INSERT INTO log VALUES (slug(new.a)); END;
             CREATE TRIGGER u_t AFTER INSERT ON u BEGIN UPDATE t SET b = new.a WHERE id = new.id; END;",
        )
        .unwrap();
        let sql = format!("ALTER TABLE t DROP COLUMN b{cascade}");
        let files = [("1.sql", sql.as_str())];
        let error = Migrator::new(files).unwrap().upgrade(&mut db, "head").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StillNeeded, "{error:?}");
        db.execute_batch("SELECT * FROM v; INSERT INTO u VALUES (1, 'x')").unwrap();
        // With a schema that is trusted it is known what needs the column.
        let trusted = Migrator::new(files).unwrap().trust_schema(true).upgrade(&mut db, "head");
        match cascade {
            "" => assert_eq!(trusted.unwrap_err().kind(), ErrorKind::StillNeeded),
            _ => assert_eq!(trusted.unwrap().warnings, ["dropped with column t.b: view v, trigger u_t"]),
        }
        db.execute_batch("INSERT INTO u VALUES (2, 'x')").unwrap();
    }
}
