//! An older app meets a newer database: refused, run on, taken down.

use limbeck::{Database, ErrorKind, Migrator, NewerDatabase, NewerRevision, Report, Result, script};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

const FILES: [(&str, &str); 4] = [
    ("1_a.sql", "CREATE TABLE a(x); INSERT INTO a VALUES (1)"),
    ("2_b.sql", "-- migrate:up\nCREATE TABLE b(x);\n-- migrate:down\nDROP TABLE b;"),
    ("3_c.sql", "-- migrate:up\nALTER TABLE a ADD c;\n-- migrate:down\nALTER TABLE a DROP c;"),
    ("4_d.sql", "-- migrate:up\nALTER TABLE a DROP x;\n-- migrate:down\nALTER TABLE a ADD x FIRST;"),
];

fn at(files: &[(&str, &str)]) -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    Migrator::new(files).unwrap().app_version("2.0").upgrade(&mut db, "heads").unwrap();
    db
}

fn open(files: &[(&str, &str)], choice: NewerDatabase, db: &mut Connection) -> Result<Report> {
    Migrator::new(files).unwrap().app_version("1.0").newer_database(choice).upgrade(db, "heads")
}

fn names(newer: &[NewerRevision]) -> String {
    newer.iter().map(|one| one.revision.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn above_the_floor_it_runs_on_and_below_it_does_not() {
    let mut db = at(&FILES[..3]);
    let report = open(&FILES[..1], NewerDatabase::RunOn, &mut db).unwrap();
    assert_eq!((names(&report.newer).as_str(), report.is_empty(), &report.to[0][..]), ("2 3", true, "3"));
    let mut db = at(&FILES);
    let error = open(&FILES[..1], NewerDatabase::RunOn, &mut db).unwrap_err();
    assert_eq!((error.kind(), names(error.newer()).as_str()), (ErrorKind::DatabaseNewer, "2 3 4"));
    assert!(error.to_string().ends_with("revision 4 is not compatible with older apps"), "{error}");
    // The header says otherwise, either way.
    let yes = FILES[3].1.replace("-- migrate:up", "-- compatible: yes\n-- migrate:up");
    let mut db = at(&[&FILES[..3], &[("4_d.sql", yes.as_str())]].concat());
    assert_eq!(open(&FILES[..3], NewerDatabase::RunOn, &mut db).unwrap().newer.len(), 1);
    let mut db = at(&[&FILES[..1], &[("2_b.sql", "-- compatible: no\nCREATE TABLE b(x)")]].concat());
    open(&FILES[..1], NewerDatabase::RunOn, &mut db).unwrap_err();
}

#[test]
fn a_stamp_leaves_the_floor_unknown() {
    let mut db = at(&FILES[..1]);
    Migrator::new(FILES).unwrap().stamp(&mut db, &["3"], false).unwrap();
    for (choice, kind, part) in [
        (NewerDatabase::RunOn, ErrorKind::DatabaseNewer, "is not known"),
        (NewerDatabase::TakeDown, ErrorKind::NoDowngrade, "revision 3 has no downgrade"),
    ] {
        let error = open(&FILES[..1], choice, &mut db).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(part), "{error}");
    }
}

/// Of two heads one is known, the other is not; both stand on what is known.
#[test]
fn several_heads() {
    let app =
        [("1_a.sql", "-- revises:\nCREATE TABLE a(x)"), ("2_b.sql", "-- revises: 1\nCREATE TABLE b(x)")];
    let plugin = [
        (
            "3_c.sql",
            "-- revises: 1\n-- migrate:up\nALTER TABLE a ADD c;\n-- migrate:down\nALTER TABLE a DROP c",
        ),
        ("4_m.sql", "-- revises: 2, 3\n-- migrate:up\n-- migrate:down\n"),
    ];
    let both = [&app[..], &plugin[..1]].concat();
    let mut db = at(&both);
    assert_eq!(names(&open(&app, NewerDatabase::RunOn, &mut db).unwrap().newer), "3");
    assert_eq!(open(&app, NewerDatabase::TakeDown, &mut db).unwrap().to, ["2"]);
    let mut db = at(&[&app[..], &plugin[..]].concat());
    assert_eq!(names(&open(&app, NewerDatabase::RunOn, &mut db).unwrap().newer), "3 4");
    assert_eq!(open(&app, NewerDatabase::TakeDown, &mut db).unwrap().to, ["2"]);
    // It lacks what the older app wants.
    let mut db = at(&[app[0], plugin[0]]);
    let error = open(&app, NewerDatabase::RunOn, &mut db).unwrap_err();
    assert!(error.to_string().ends_with("; and it lacks revision 2"), "{error}");
    assert_eq!(open(&app, NewerDatabase::TakeDown, &mut db).unwrap().to, ["2"]);
}

#[test]
fn taken_down_it_is_as_the_older_app_left_it() {
    let mut db = at(&FILES);
    let report = open(&FILES[..1], NewerDatabase::TakeDown, &mut db).unwrap();
    let steps: Vec<&str> = report.steps.iter().map(|step| step.revision.as_str()).collect();
    assert_eq!((steps, report.to), (vec!["4", "3", "2"], vec!["1".to_owned()]));
    let db: &mut dyn Database = &mut db;
    assert_eq!(
        db.texts("SELECT sql FROM sqlite_master WHERE name IN ('a', 'b')", &[]).unwrap(),
        ["CREATE TABLE a(x)"]
    );
    let by = "SELECT group_concat(app_version) FROM limbeck_history WHERE direction = 'down'";
    assert_eq!(db.texts(by, &[]).unwrap(), ["1.0,1.0,1.0"]);
}

#[test]
fn a_kept_script_reaches_nothing_of_the_apps() {
    let refused = |db: &mut Connection, down: &str, part: &str| {
        let checksum =
            script::Section::parse(down, 1).map_or_else(|_| String::new(), |section| section.checksum());
        let update =
            "UPDATE limbeck_history SET downgrade = ?1, downgrade_checksum = ?2 WHERE revision = '2'";
        rusqlite::Connection::execute(db, update, [down, &checksum]).unwrap();
        let error = open(&FILES[..1], NewerDatabase::TakeDown, db).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoredScriptRefused, "{down}");
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(db.query_row("SELECT count(*) FROM b", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    };
    let mut db = at(&FILES[..2]);
    db.create_scalar_function("wipe", 0, FunctionFlags::SQLITE_UTF8, |_| Ok(1)).unwrap();
    refused(&mut db, "SELECT wipe()", "it uses the function wipe");
    refused(&mut db, "SELECT load_extension('x')", "it uses the function load_extension");
    refused(&mut db, "SELECT name FROM dbstat", "it uses the module dbstat");
    refused(&mut db, "PRAGMA writable_schema = 1", "writable_schema");
    db.execute_batch("ATTACH ':memory:' AS other").unwrap();
    refused(&mut db, "DROP TABLE b", "other databases are attached");
    db.execute_batch(
        "DETACH other; UPDATE limbeck_history SET downgrade = 'DROP TABLE a' WHERE revision = '2'",
    )
    .unwrap();
    let error = open(&FILES[..1], NewerDatabase::TakeDown, &mut db).unwrap_err();
    assert!(error.to_string().contains("checksum"), "{error}");
    db.execute_batch("UPDATE limbeck_history SET downgrade = NULL WHERE revision = '2'").unwrap();
    let error = open(&FILES[..1], NewerDatabase::TakeDown, &mut db).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoDowngrade);
}
