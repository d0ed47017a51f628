//! One bad and one good case a rule, at least: long, because each rule has its rows in the same tables.

use super::*;
use crate::error::Result;
use crate::{Code, Migrator};

/// The table that most cases begin with.
const USERS: &str = "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, phone TEXT); \
                     CREATE TABLE other(id INTEGER PRIMARY KEY, user_id INTEGER, note TEXT);";

/// `code:line message`, of the files `1.sql`, `2.sql`, …
fn lint(texts: &[&str]) -> Vec<String> {
    let files: Vec<(String, &str)> =
        (1..).zip(texts).map(|(number, text)| (format!("{number}.sql"), *text)).collect();
    found(&files, &Levels::default())
        .unwrap()
        .iter()
        .map(|f| {
            let line = f.line.map(|line| line.to_string()).unwrap_or_default();
            assert!(!f.fix.is_empty() && !f.message.ends_with('.'), "{f:?}");
            format!("{}:{}:{line} {}", &f.rule.code()["lint.".len()..], f.revision, f.message)
        })
        .collect()
}

fn found<N: AsRef<str>>(files: &[(N, &str)], levels: &Levels) -> Result<Vec<Finding>> {
    Migrator::new(files)?.lint(&mut rusqlite::Connection::open_in_memory().unwrap(), None, levels)
}

/// An upgrade with a downgrade that brings everything back, as far as the rules can tell.
fn both(up: &str) -> String {
    format!("-- migrate:up\n{up}\n-- migrate:down\nSELECT 1;")
}

#[test]
fn bad_and_good() {
    let other_schema = "CREATE TABLE made(a);";
    for (rule, bad, line, good) in [
        // lint.destructive_without_downgrade
        (
            "destructive_without_downgrade",
            "-- migrate:up\nDROP TABLE users;",
            2,
            "DROP TABLE IF EXISTS tmp; CREATE TABLE tmp(a); DROP TABLE tmp;",
        ),
        (
            "destructive_without_downgrade",
            "ALTER TABLE users\n DROP COLUMN phone;",
            2,
            "-- migrate:up\nALTER TABLE users DROP phone;\n-- migrate:down\nALTER TABLE users ADD phone TEXT;",
        ),
        (
            "destructive_without_downgrade",
            "SELECT 1;\nDROP TABLE IF EXISTS users; CREATE TABLE users(id INTEGER PRIMARY KEY, heading TEXT);",
            2,
            "-- migrate:up\nDROP TABLE IF EXISTS t; CREATE TABLE t(a); INSERT INTO t SELECT id FROM users; DELETE FROM t; DROP TABLE t;",
        ),
        (
            "destructive_without_downgrade",
            "ALTER TABLE users DROP COLUMN phone, ADD COLUMN phone TEXT;",
            1,
            "-- migrate:up\nALTER TABLE users ADD COLUMN x, ADD y; ALTER TABLE users DROP COLUMN x, DROP y;",
        ),
        (
            "destructive_without_downgrade",
            "-- migrate:up\nDELETE FROM users;\n-- migrate:down\n",
            2,
            "DELETE FROM users WHERE id < 0;",
        ),
        (
            "destructive_without_downgrade",
            "DROP TABLE other",
            1,
            "CREATE TABLE more AS SELECT 1 AS id, 2, 3 LIMIT 0; INSERT INTO more SELECT * FROM other; DROP TABLE other;",
        ),
        // lint.not_null_without_default
        (
            "not_null_without_default",
            "\nALTER TABLE users ADD COLUMN age INT NOT NULL;",
            2,
            "ALTER TABLE users ADD COLUMN age INT NOT NULL DEFAULT 0;",
        ),
        (
            "not_null_without_default",
            "ALTER TABLE users ADD COLUMN age INT NOT NULL DEFAULT NULL;",
            1,
            "CREATE TABLE new(a); ALTER TABLE new ADD b NOT NULL;",
        ),
        (
            "not_null_without_default",
            "ALTER TABLE users ADD COLUMN age INT NOT NULL DEFAULT (NULL);",
            1,
            "ALTER TABLE users ADD twice INT NOT NULL AS (id * 2);",
        ),
        // lint.not_null_without_fill
        (
            "not_null_without_fill",
            "ALTER TABLE users ALTER phone SET NOT NULL;",
            1,
            "UPDATE users SET phone = '' WHERE phone IS NULL; ALTER TABLE users ALTER phone SET NOT NULL;",
        ),
        (
            "not_null_without_fill",
            "UPDATE other SET note = '';\nALTER TABLE users ALTER phone SET NOT NULL;",
            2,
            "UPDATE Users SET (name, \"Phone\") = ('', ''); ALTER TABLE users RENAME phone TO tel, ALTER tel SET NOT NULL;",
        ),
        (
            "not_null_without_fill",
            "-- migrate:up\nALTER TABLE users ALTER name DROP NOT NULL;\n-- migrate:down\nALTER TABLE users ALTER name SET NOT NULL;",
            4,
            "-- migrate:up\nALTER TABLE users ALTER name DROP NOT NULL;\n-- migrate:down\nUPDATE users SET name = '' WHERE name IS NULL;\nALTER TABLE users ALTER name SET NOT NULL;",
        ),
        // lint.type_change_without_using
        (
            "type_change_without_using",
            "ALTER TABLE users ALTER phone TYPE INTEGER;",
            1,
            "ALTER TABLE users ALTER phone TYPE INTEGER USING CAST(phone AS INTEGER);",
        ),
        (
            "type_change_without_using",
            "ALTER TABLE other ALTER note TYPE VARCHAR(9),\n ALTER user_id TYPE TEXT;",
            2,
            "ALTER TABLE users ALTER phone TYPE VARCHAR(20);",
        ),
        (
            "type_change_without_using",
            "ALTER TABLE other ALTER user_id TYPE REAL;",
            1,
            "ALTER TABLE other ALTER user_id TYPE NUMERIC;",
        ),
        (
            "type_change_without_using",
            "ALTER TABLE users ALTER phone TYPE DATETIME",
            1,
            "CREATE TABLE any(v); ALTER TABLE users ALTER phone TYPE BLOB; ALTER TABLE other SET STRICT, ALTER note TYPE ANY",
        ),
        // lint.rename_in_use
        (
            "rename_in_use",
            "CREATE VIEW v AS SELECT phone FROM users;\n\nALTER TABLE users RENAME phone TO tel;",
            3,
            "CREATE VIEW v AS SELECT phone AS number FROM users; ALTER TABLE users RENAME phone TO tel;",
        ),
        (
            "rename_in_use",
            "CREATE VIEW v AS SELECT * FROM users; ALTER TABLE users RENAME phone TO tel;",
            1,
            "CREATE VIEW v(a) AS SELECT phone FROM users; ALTER TABLE users RENAME phone TO tel;",
        ),
        (
            "rename_in_use",
            "CREATE TRIGGER r AFTER UPDATE OF phone ON users BEGIN INSERT INTO other(note) VALUES ('phone'); END; ALTER TABLE users RENAME phone TO tel;",
            1,
            "CREATE TRIGGER r AFTER UPDATE OF phone ON users BEGIN INSERT INTO other(note) VALUES (new.phone); END; ALTER TABLE users RENAME phone TO tel;",
        ),
        (
            "rename_in_use",
            "CREATE TRIGGER r AFTER UPDATE ON users BEGIN INSERT INTO other(note) VALUES ('users'); END; ALTER TABLE users RENAME TO people;",
            1,
            "CREATE VIEW v AS SELECT id FROM users; ALTER TABLE users RENAME TO people;",
        ),
        (
            "rename_in_use",
            "CREATE VIRTUAL TABLE f USING fts5(name, content='users', content_rowid='id'); ALTER TABLE users RENAME name TO called;",
            1,
            "CREATE VIRTUAL TABLE f USING fts5(name, content='users', content_rowid=id); ALTER TABLE users RENAME phone TO tel;",
        ),
        (
            "rename_in_use",
            "CREATE VIRTUAL TABLE f USING fts5(name, content=users, content_rowid='id'); ALTER TABLE users RENAME TO people;",
            1,
            "CREATE VIRTUAL TABLE f USING fts5(users); ALTER TABLE users RENAME TO people;",
        ),
        // lint.drop_in_use
        (
            "drop_in_use",
            "CREATE VIRTUAL TABLE f USING fts5(name, content='users', content_rowid='id');\nALTER TABLE users DROP name;",
            2,
            "CREATE VIRTUAL TABLE f USING fts5(name, content='users', content_rowid='id'); ALTER TABLE users DROP phone;",
        ),
        (
            "drop_in_use",
            "CREATE VIRTUAL TABLE f USING fts5(note, content='other');\n\nDROP TABLE other;",
            3,
            "CREATE VIRTUAL TABLE f USING fts5(note, content='other'); DROP TABLE f; DROP TABLE other;",
        ),
        (
            "drop_in_use",
            "CREATE VIEW v AS SELECT note FROM other;\nDROP TABLE other;",
            2,
            "CREATE VIEW v AS SELECT note FROM other; DROP TABLE other; DROP VIEW v;",
        ),
        (
            "drop_in_use",
            "CREATE TRIGGER r AFTER INSERT ON users BEGIN INSERT INTO other(note) VALUES (NEW.name); END;\nDROP TABLE other;",
            2,
            "CREATE TRIGGER r AFTER INSERT ON other BEGIN INSERT INTO users(name) VALUES (1); END; DROP TABLE other;",
        ),
        // lint.forbidden_statement
        ("forbidden_statement", "\n\nVACUUM;", 3, "-- migrate:up transaction:false\nVACUUM;"),
        ("forbidden_statement", "PRAGMA foreign_keys = OFF;", 1, "PRAGMA user_version = 3;"),
        (
            "forbidden_statement",
            "PRAGMA journal_mode = WAL;",
            1,
            "-- migrate:up transaction:false\nPRAGMA journal_mode = WAL;",
        ),
        // lint.double_quoted_string
        (
            "double_quoted_string",
            "UPDATE users\nSET name = \"nobody\";",
            2,
            "UPDATE \"users\" SET \"name\" = 'nobody' WHERE \"users\".\"id\" = 1;",
        ),
        (
            "double_quoted_string",
            "CREATE TABLE n(a TEXT DEFAULT \"x\");",
            1,
            "CREATE TABLE \"n\"(\"a\" TEXT DEFAULT 'x', CHECK (\"a\" <> 'y'));",
        ),
        (
            "double_quoted_string",
            "CREATE TABLE n(a TEXT CHECK (a <> \"x\"));",
            1,
            "CREATE TABLE n(a TEXT CHECK (n.\"a\" <> 'x'));",
        ),
        (
            "double_quoted_string",
            "CREATE VIEW v AS\nSELECT name FROM users WHERE name = \"root\";",
            2,
            "CREATE VIEW v AS SELECT \"name\" AS \"called\" FROM \"users\" ORDER BY \"called\";",
        ),
        (
            "double_quoted_string",
            "CREATE TRIGGER r AFTER INSERT ON users BEGIN\n UPDATE other SET note = \"new\"; END;",
            2,
            "CREATE TRIGGER \"r\" AFTER INSERT ON \"users\" BEGIN UPDATE \"other\" SET \"note\" = new.\"name\"; END;",
        ),
        (
            "double_quoted_string",
            "CREATE INDEX i ON users(name) WHERE phone <> \"none\";",
            1,
            "CREATE INDEX \"i\" ON \"users\"(\"name\") WHERE \"phone\" <> 'none';",
        ),
        (
            "double_quoted_string",
            "ALTER TABLE users ADD kind TEXT DEFAULT \"x\";",
            1,
            "ALTER TABLE \"users\" ADD \"kind\" TEXT DEFAULT 'x';",
        ),
        (
            "double_quoted_string",
            "INSERT INTO users(name) VALUES (\"ann\");",
            1,
            "INSERT INTO users(\"name\") SELECT \"note\" FROM other;",
        ),
        // lint.non_constant_default
        (
            "non_constant_default",
            "ALTER TABLE users ADD made TEXT DEFAULT CURRENT_TIMESTAMP;",
            1,
            "ALTER TABLE users ADD made TEXT; ALTER TABLE users ALTER made SET DEFAULT CURRENT_TIMESTAMP;",
        ),
        (
            "non_constant_default",
            "ALTER TABLE users ADD made TEXT DEFAULT (datetime('now'));",
            1,
            "ALTER TABLE users ADD a TEXT DEFAULT (json('{}')), ADD b INT DEFAULT (1 + 1);",
        ),
        (
            "non_constant_default",
            "ALTER TABLE users ADD key BLOB NOT NULL DEFAULT (randomblob(16));",
            1,
            "CREATE TABLE n(a); ALTER TABLE n ADD b DEFAULT CURRENT_DATE;",
        ),
        // lint.fts_on_implicit_rowid
        (
            "fts_on_implicit_rowid",
            "CREATE TABLE d(a TEXT);\nCREATE VIRTUAL TABLE f USING fts5(a, content='d');",
            2,
            "CREATE TABLE d(k INTEGER PRIMARY KEY, a TEXT); CREATE VIRTUAL TABLE f USING fts5(a, content='d', content_rowid='k');",
        ),
        (
            "fts_on_implicit_rowid",
            "CREATE TABLE d(k INT PRIMARY KEY, a TEXT); CREATE VIRTUAL TABLE f USING fts4(content=\"d\", a);",
            1,
            "CREATE TABLE d(k INTEGER PRIMARY KEY, a TEXT); CREATE VIRTUAL TABLE f USING fts5(a, content=d);",
        ),
        (
            "fts_on_implicit_rowid",
            "CREATE TABLE d(a TEXT); CREATE VIRTUAL TABLE f USING fts5(a);\nCREATE TRIGGER r AFTER INSERT ON d BEGIN INSERT INTO f(rowid, a) VALUES (new.rowid, new.a); END;",
            2,
            "CREATE TABLE d(a TEXT, k INTEGER PRIMARY KEY); CREATE VIRTUAL TABLE f USING fts5(a); CREATE TRIGGER r AFTER INSERT ON d BEGIN INSERT INTO f(rowid, a) VALUES (new.rowid, new.a); END;",
        ),
        // lint.schema_and_data
        (
            "schema_and_data",
            "CREATE TABLE roles(name);\nUPDATE users SET name = trim(name);",
            2,
            "CREATE TABLE roles(name); INSERT INTO roles(name) VALUES ('admin');",
        ),
        (
            "schema_and_data",
            "ALTER TABLE users ADD a;\nDELETE FROM other WHERE id = 3;",
            2,
            "ALTER TABLE users ADD a; UPDATE users SET a = 1; UPDATE other SET note = (SELECT name FROM users WHERE id = user_id);",
        ),
        // lint.several_without_transaction
        (
            "several_without_transaction",
            "-- migrate:up transaction:false\nVACUUM;\nPRAGMA journal_mode = WAL;",
            3,
            "-- migrate:up transaction:false\nVACUUM;",
        ),
        // lint.postgresql
        (
            "postgresql",
            "CREATE TYPE mood AS ENUM ('sad');",
            1,
            "CREATE TABLE type(mood TEXT CHECK (mood IN ('sad')));",
        ),
        ("postgresql", "CREATE INDEX CONCURRENTLY i ON users(name);", 1, "CREATE INDEX i ON users(name);"),
        (
            "postgresql",
            "CREATE TABLE n(id SERIAL PRIMARY KEY);",
            1,
            "CREATE TABLE n(serial TEXT, do TEXT, now TEXT);",
        ),
        ("postgresql", "ALTER TABLE users ADD tags TEXT[];", 1, "ALTER TABLE users ADD [tags] TEXT;"),
        (
            "postgresql",
            "CREATE TABLE n(a DEFAULT (now()));",
            1,
            "CREATE TABLE now(a DEFAULT 'now()'); INSERT INTO now(a) VALUES ('x');",
        ),
        (
            "postgresql",
            "\nALTER TABLE users ADD settings TEXT DEFAULT '{}'::jsonb;",
            2,
            "ALTER TABLE users ADD settings TEXT DEFAULT '{}';",
        ),
        (
            "postgresql",
            "DO $$ BEGIN\nCREATE TYPE status AS ENUM ('a');\nEND $$;",
            1,
            "INSERT INTO users(name) VALUES ('$$ and a::b');",
        ),
        (
            "postgresql",
            "SELECT 1 FROM pg_indexes WHERE indexname = 'i';",
            1,
            "SELECT 1 FROM sqlite_schema WHERE name = 'pg_indexes';",
        ),
        (
            "postgresql",
            "UPDATE users SET name = 'x' WHERE name ILIKE 'y';",
            1,
            "UPDATE users SET name = 'x' WHERE name LIKE 'ILIKE';",
        ),
        ("postgresql", "UPDATE users SET name = E'a\\n';", 1, "UPDATE users AS e SET name = e.name;"),
        (
            "postgresql",
            "DROP TABLE other CASCADE;",
            1,
            "CREATE TABLE cascade(a); DROP TABLE IF EXISTS cascade;",
        ),
        (
            "postgresql",
            "CREATE TABLE n(id INT AUTO_INCREMENT PRIMARY KEY);",
            1,
            "CREATE TABLE n(a, auto_increment TEXT, engine TEXT DEFAULT '='); UPDATE n SET engine = auto_increment;",
        ),
        // lint.down_in_upgrade
        (
            "down_in_upgrade",
            "CREATE TABLE n(a);\n-- down\nDROP TABLE n;",
            3,
            "-- down\nCREATE TABLE n(a);\n-- down the list\nINSERT INTO n VALUES (1);\n-- down",
        ),
        // lint.rebuild_by_hand
        (
            "rebuild_by_hand",
            "CREATE TABLE n(id INTEGER PRIMARY KEY, name TEXT NOT NULL);\nINSERT INTO n SELECT id, name FROM users;\nDROP TABLE users;\nALTER TABLE n RENAME TO users;",
            3,
            "CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT); INSERT INTO people SELECT id, name FROM users; DROP TABLE users;",
        ),
        (
            "rebuild_by_hand",
            "ALTER TABLE users RENAME TO old;\nCREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT NOT NULL);\nINSERT INTO users SELECT id, name FROM old;\nDROP TABLE old;",
            4,
            "ALTER TABLE users RENAME TO old; INSERT INTO other(note) SELECT name FROM old; DROP TABLE old;",
        ),
        // lint.unreadable
        ("unreadable", "CREATE TABLE t(a);\nALTER TABLE t FROBNICATE a;", 2, other_schema),
        ("unreadable", "SELECT 'open", 1, other_schema),
        // lint.fails_when_replayed
        ("fails_when_replayed", "CREATE TABLE made(a);\nDROP TABLE nothing;", 2, other_schema),
        (
            "fails_when_replayed",
            "CREATE VIEW v AS SELECT phone FROM users;\nALTER TABLE users DROP phone;",
            2,
            "ALTER TABLE users ADD x;",
        ),
        // lint.bad_allow
        (
            "bad_allow",
            "-- limbeck:allow lint.nothing: why\nSELECT 1;",
            1,
            "-- limbeck:allow lint.type_change_without_using: because\nALTER TABLE users ALTER phone TYPE INTEGER;",
        ),
        (
            "bad_allow",
            "SELECT 1;\n-- limbeck:allow lint.type_change_without_using",
            2,
            "-- limbeck:allowed or not\nSELECT 1;",
        ),
    ] {
        let told = lint(&[USERS, bad]);
        let head = format!("{rule}:2:{line} ");
        assert!(told.iter().any(|told| told.starts_with(&head)), "{rule}, bad:\n{bad}\n{told:#?}");
        let down = if good.contains("migrate:up") { good.to_owned() } else { both(good) };
        let told = lint(&[USERS, &down]);
        let told: Vec<&String> = told.iter().filter(|told| told.starts_with(rule)).collect();
        assert!(told.is_empty(), "{rule}, good:\n{good}\n{told:#?}");
    }
}

#[test]
fn every_rule_has_a_case() {
    let text = include_str!("tests.rs");
    for rule in Rule::ALL.iter().filter(|rule| **rule != Rule::ChangedRevision) {
        assert!(text.contains(&format!("// {}\n", rule.code())), "no case for {rule}");
    }
}

#[test]
fn levels_and_allowances() {
    let files = [
        ("1.sql", USERS),
        (
            "2.sql",
            "-- limbeck:allow lint.destructive_without_downgrade: nobody ever filled it\n\
             ALTER TABLE users DROP phone; ALTER TABLE users ALTER name SET NOT NULL;",
        ),
        ("3.sql", "ALTER TABLE users DROP name;"),
    ];
    let told = |levels: &Levels| -> Vec<(String, Level)> {
        let found = found(&files, levels).unwrap();
        found.iter().map(|f| (format!("{} {}", f.revision, f.rule), f.level)).collect()
    };
    let not_filled = "2 lint.not_null_without_fill".to_owned();
    let dropped = "3 lint.destructive_without_downgrade".to_owned();
    let mut levels = Levels::default();
    let both = [(not_filled, Level::Warn), (dropped.clone(), Level::Warn)];
    assert_eq!(told(&levels), both, "what one file allows, another may not");
    levels.set(Rule::NotNullWithoutFill, Level::Off);
    levels.set(Rule::DestructiveWithoutDowngrade, Level::Error);
    assert_eq!(told(&levels), [(dropped, Level::Error)]);
}

#[test]
fn a_finding_as_data() {
    let found = found(&[("1_a.sql", "DROP TABLE\n t;")], &Levels::default()).unwrap();
    let json = serde_json::to_value(&found).unwrap();
    let keys: Vec<&str> = json[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["code", "level", "revision", "file", "line", "statement", "message", "reason", "fix"]);
    assert_eq!(json[0]["code"], "lint.fails_when_replayed");
    assert_eq!(json[1]["code"], "lint.destructive_without_downgrade");
    assert_eq!((&json[1]["level"], &json[1]["line"]), (&"warn".into(), &2.into()));
    assert_eq!(json[1]["statement"], "DROP TABLE\n t");
}

#[test]
fn a_construct_of_postgresql_is_told_once() {
    let told = lint(&[USERS, "CREATE INDEX CONCURRENTLY i ON users(name);"]);
    assert_eq!(told, ["postgresql:2:1 INDEX CONCURRENTLY is PostgreSQL's, and SQLite does not know it"]);
}

/// The texts behind a file that cannot be read, and behind a revision that fails, are judged still.
#[test]
fn one_bad_file_hides_no_other() {
    for broken in ["VACUUM;", "DROP TABLE nothing;"] {
        let told = lint(&[USERS, broken, "\nALTER TABLE users ADD a NOT NULL;"]);
        assert!(told.iter().any(|told| told.starts_with("not_null_without_default:3:2")), "{told:?}");
    }
}

#[test]
fn in_the_order_of_the_graph_and_with_branches() {
    let told = lint(&[
        "-- revision: b\n-- revises: a\nUPDATE users SET phone = ''; ALTER TABLE users ALTER name SET NOT NULL;",
        &format!("-- revision: a\n-- revises:\n{USERS}"),
        "-- revision: c\n-- revises: a\nCREATE TABLE c(a);",
        "-- revision: d\n-- revises: b, c\nALTER TABLE users ALTER phone SET NOT NULL;",
    ]);
    assert_eq!(
        told,
        ["not_null_without_fill:b:3 users.name becomes NOT NULL, and no UPDATE before has given it a value"]
    );
}

#[test]
fn pairs_name_the_file_of_the_downgrade() {
    let files = [("1_a.up.sql", USERS), ("1_a.down.sql", "\nCREATE INDEX CONCURRENTLY i ON users(name);")];
    let found = found(&files, &Levels::default()).unwrap();
    assert_eq!((&*found[0].file, found[0].line, found[0].rule), ("1_a.down.sql", Some(2), Rule::Postgresql));
}

mod on_a_database {
    use rusqlite::Connection;

    use super::*;
    use crate::script::Header;

    /// Conditions are asked, code runs, and what needs no transaction runs without one.
    #[test]
    fn the_replay_is_a_run() {
        let files = [
            ("1.sql", USERS),
            ("2.sql", "-- migrate:up transaction:false\nVACUUM;"),
            (
                "3.sql",
                "-- migrate:up\n-- migrate:unless SELECT 1 FROM sqlite_schema WHERE name = 'users'\nCREATE TABLE users(a);",
            ),
            ("5.sql", "ALTER TABLE coded ADD a;"),
        ];
        let code = Code::new("4_code", Header::default(), |step| step.execute("CREATE TABLE coded(b)"));
        let mut scratch = Connection::open_in_memory().unwrap();
        let found = Migrator::with_code(files, vec![code])
            .unwrap()
            .lint(&mut scratch, None, &Levels::default())
            .unwrap();
        assert_eq!(found, []);
        let tables: i64 = scratch
            .query_row("SELECT count(*) FROM sqlite_schema WHERE name IN ('users', 'coded')", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(tables, 2);
    }

    #[test]
    fn what_is_applied_and_has_changed() {
        let files = [("1.sql", USERS), ("2.sql", "ALTER TABLE users ADD a;"), ("3.sql", "SELECT 1;")];
        let mut db = Connection::open_in_memory().unwrap();
        Migrator::new(files).unwrap().upgrade(&mut db, "2").unwrap();
        let edited = [("1.sql", USERS), ("2.sql", "ALTER TABLE users ADD b;"), ("3.sql", "SELECT 2;")];
        let mut lint = |files: &[(&str, &str)]| {
            let mut scratch = Connection::open_in_memory().unwrap();
            Migrator::new(files).unwrap().lint(&mut scratch, Some(&mut db), &Levels::default()).unwrap()
        };
        assert_eq!(lint(&files), []);
        let found = lint(&edited);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].rule, &*found[0].file), (Rule::ChangedRevision, "2.sql"));
        assert!(found[0].fix.contains("-- also: "), "{}", found[0].fix);
    }
}

/// What guides of Alembic show as the safe way, and what an app's folder looks like.
#[test]
fn good_patterns_raise_no_alarm() {
    let users = "CREATE TABLE users(id INTEGER PRIMARY KEY, email TEXT, first_name TEXT, last_name TEXT, \
                 old_category TEXT); CREATE TABLE orders(id INTEGER PRIMARY KEY, total NUMERIC); \
                 CREATE TABLE old_table(col1 INTEGER PRIMARY KEY, col2 TEXT, col3 TEXT);";
    for (up, down) in [
        (
            "ALTER TABLE users ADD COLUMN plan TEXT NOT NULL DEFAULT 'free';",
            "ALTER TABLE users DROP COLUMN plan;",
        ),
        (
            "ALTER TABLE users ADD COLUMN phone TEXT; UPDATE users SET phone = '' WHERE phone IS NULL; \
             ALTER TABLE users ALTER phone SET NOT NULL;",
            "ALTER TABLE users DROP COLUMN phone;",
        ),
        (
            "ALTER TABLE users ADD full_name TEXT; UPDATE users SET full_name = first_name || ' ' || last_name; \
             ALTER TABLE users ALTER full_name SET NOT NULL; ALTER TABLE users DROP first_name, DROP last_name;",
            "ALTER TABLE users ADD first_name TEXT, ADD last_name TEXT; \
             UPDATE users SET first_name = full_name, last_name = ''; ALTER TABLE users DROP full_name;",
        ),
        (
            "ALTER TABLE users ADD category TEXT; UPDATE users SET category = CASE WHEN old_category = 'JS' \
             THEN 'JavaScript' ELSE coalesce(old_category, '') END; ALTER TABLE users ALTER category SET NOT NULL;",
            "ALTER TABLE users DROP category;",
        ),
        (
            "ALTER TABLE users ADD level VARCHAR(50) NOT NULL DEFAULT 'free', ADD ends DATETIME; \
             UPDATE users SET level = 'free' WHERE level IS NULL; ALTER TABLE users ALTER level DROP DEFAULT;",
            "ALTER TABLE users DROP ends, DROP level;",
        ),
        (
            "CREATE TABLE new_name(col1 INTEGER PRIMARY KEY, col2 TEXT NOT NULL UNIQUE, \
             col3 DATETIME NOT NULL DEFAULT (CURRENT_TIMESTAMP)); \
             INSERT INTO new_name(col1, col2, col3) SELECT col1, col2, col3 FROM old_table; DROP TABLE old_table;",
            "ALTER TABLE new_name RENAME TO old_table;",
        ),
        (
            "ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0), ADD user_id INTEGER, \
             ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;",
            "ALTER TABLE orders DROP CONSTRAINT fk, DROP user_id, DROP CONSTRAINT positive;",
        ),
        (
            "CREATE UNIQUE INDEX by_email ON users(lower(email)) WHERE email IS NOT NULL;",
            "DROP INDEX by_email;",
        ),
        (
            "ALTER TABLE users RENAME COLUMN email TO address;",
            "ALTER TABLE users RENAME COLUMN address TO email;",
        ),
        ("UPDATE users SET email = lower(email) WHERE email <> lower(email);", ""),
        (
            "CREATE TABLE roles(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE); \
             INSERT INTO roles(name) VALUES ('admin'), ('guest'); \
             CREATE TRIGGER r AFTER DELETE ON users BEGIN DELETE FROM roles WHERE id = old.id; END;",
            "DROP TRIGGER r; DROP TABLE roles;",
        ),
    ] {
        let file = format!("-- migrate:up\n{up}\n-- migrate:down\n{down}");
        assert_eq!(lint(&[users, &file]), [] as [&str; 0], "{up}");
    }
}
