//! `lint`, `test` and `snapshot` as a user meets them.

use std::fs;

mod project;

use project::{Project, text};

/// A folder with one revision that fails on rows and one that loses a column for good.
fn careless(name: &str) -> Project {
    let project = Project::new(name);
    fs::create_dir(project.0.join("migrations")).unwrap();
    for (file, text) in [
        ("0001_users.sql", "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, fax TEXT);"),
        (
            "0002_phone.sql",
            "-- migrate:up\nALTER TABLE users ADD phone TEXT NOT NULL;\n-- migrate:down\nALTER TABLE users DROP phone;",
        ),
        ("0003_fax.sql", "\nALTER TABLE users DROP fax;"),
    ] {
        fs::write(project.0.join("migrations").join(file), text).unwrap();
    }
    project
}

#[test]
fn lint_names_place_reason_and_fix() {
    let project = careless("lint");
    let output = project.run(&["lint"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(
        told.starts_with(
            "migrations/0002_phone.sql:2: error: users.phone is NOT NULL and has no DEFAULT [lint.not_null_without_default]\n   \
             why: \"If a NOT NULL constraint is specified"
        ),
        "{told}"
    );
    assert!(told.contains("   fix: add a DEFAULT; or add phone without NOT NULL"), "{told}");
    assert!(told.contains("migrations/0003_fax.sql:2: warn: DROP COLUMN fax of users"), "{told}");
    assert!(told.ends_with("1 error, 1 warning in 3 revisions\n"), "{told}");
    let range = project.ok(&["lint", "-r", "0003:", "-q"]);
    assert_eq!(range.lines().count(), 1, "{range}");
}

#[test]
fn lint_as_json_with_levels_from_the_settings() {
    let project = careless("lint-json");
    let findings = |arguments: &[&str]| {
        let output = project.run(arguments);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let codes: Vec<String> = json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| {
                format!("{} {}", finding["code"].as_str().unwrap(), finding["level"].as_str().unwrap())
            })
            .collect();
        (output.status.code(), codes)
    };
    let (status, codes) = findings(&["lint", "--json"]);
    assert_eq!(status, Some(1));
    assert_eq!(codes, ["lint.not_null_without_default error", "lint.destructive_without_downgrade warn"]);
    fs::write(
        project.0.join("limbeck.toml"),
        "[lint]\nnot_null_without_default = \"off\"\n\"lint.destructive_without_downgrade\" = \"error\"\n",
    )
    .unwrap();
    assert_eq!(
        findings(&["lint", "--json"]),
        (Some(1), vec!["lint.destructive_without_downgrade error".to_owned()])
    );
    let file = project.0.join("migrations/0003_fax.sql");
    fs::write(
        &file,
        "-- limbeck:allow lint.destructive_without_downgrade: no fax since 1999\nALTER TABLE users DROP fax;",
    )
    .unwrap();
    assert_eq!(findings(&["lint", "--json"]), (Some(0), vec![]));
    fs::write(project.0.join("limbeck.toml"), "[lint]\nnot_nul = \"off\"\n").unwrap();
    let told = project.refused(&["lint"]);
    assert!(told.contains("'not_nul' is no rule [settings.invalid]"), "{told}");
    fs::write(project.0.join("limbeck.toml"), "[lint]\npostgresql = \"loud\"\n").unwrap();
    assert!(project.refused(&["lint"]).contains("limbeck.toml"), "what is no level");
}

#[test]
fn lint_reads_files_that_no_other_command_takes() {
    let project = careless("lint-unreadable");
    fs::write(project.0.join("migrations/0004_vacuum.sql"), "\nVACUUM;").unwrap();
    let told = text(&project.run(&["lint", "-q"]).stdout);
    assert!(told.contains("migrations/0004_vacuum.sql:2: error: VACUUM inside a transaction"), "{told}");
}

#[test]
fn lint_asks_the_database_which_revisions_have_changed() {
    let project = careless("lint-changed");
    fs::remove_file(project.0.join("migrations/0002_phone.sql")).unwrap();
    project.ok(&["-d", "app.db", "upgrade", "-q"]);
    fs::write(
        project.0.join("migrations/0001_users.sql"),
        "CREATE TABLE users(id INTEGER PRIMARY KEY, fax TEXT);",
    )
    .unwrap();
    let output = project.run(&["-d", "app.db", "lint", "-q"]);
    let told = text(&output.stdout);
    assert!(told.starts_with("migrations/0001_users.sql: error: revision 0001 was applied at "), "{told}");
    assert_eq!(output.status.code(), Some(1));
    // Without it, nobody knows.
    assert!(!project.ok(&["lint", "-q"]).contains("0001"));
    assert!(project.ok(&["-d", "none.db", "lint", "-q"]).contains("0003"));
    assert!(!project.0.join("none.db").exists());
}

#[test]
fn lint_lists_its_rules() {
    let project = careless("lint-rules");
    let told = project.ok(&["lint", "--rules"]);
    assert!(told.contains("lint.rebuild_by_hand (warn)\n    \"Remember the format"), "{told}");
    let json: serde_json::Value = serde_json::from_str(&project.ok(&["lint", "--rules", "--json"])).unwrap();
    assert_eq!(json["rules"][0]["level"], "warn");
}

/// A folder that is right but for what a test adds.
fn careful(name: &str) -> Project {
    let project = Project::new(name);
    fs::create_dir(project.0.join("migrations")).unwrap();
    let base = "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, age INT CHECK (age > 3));\n\
                CREATE TABLE posts(id INTEGER PRIMARY KEY, user_id INT REFERENCES users(id), body TEXT);";
    project.file("0001_base.sql", base);
    project.file(
        "0002_names.sql",
        "-- migrate:up\nUPDATE users SET name = 'x' WHERE name IS NULL;\nALTER TABLE users ALTER name SET NOT NULL;\n\
         -- migrate:down\nALTER TABLE users ALTER name DROP NOT NULL;",
    );
    project
}

#[test]
fn test_passes_what_is_right_and_shows_what_is_not() {
    let project = careful("test");
    let told = project.ok(&["test"]);
    assert!(told.starts_with("ok migrations/0001_base.sql: 0 rows in 0 tables, no downgrade\nok migrations/0002_names.sql: 16 rows in 2 tables\n"), "{told}");
    assert!(told.contains("note: on odd rows: the downgrade does not bring back "), "{told}");
    assert!(told.ends_with("2 revisions and 0 snapshots, 0 failed (--seed 1)\n"), "{told}");
    assert_eq!(
        project.ok(&["test", "-q", "--seed", "9"]),
        "2 revisions and 0 snapshots, 0 failed (--seed 9)\n"
    );

    project.file(
        "0003_tags.sql",
        "-- migrate:up\nCREATE TABLE tags(t);\n-- migrate:down\nDROP TABLE tags;\nDELETE FROM posts WHERE id = (SELECT max(id) FROM posts);",
    );
    let output = project.run(&["test", "-r", "0003:"]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.starts_with("FAILED migrations/0003_tags.sql: 16 rows in 2 tables\n"), "{told}");
    assert!(
        told.contains(
            "   failure: on odd rows: the downgrade loses 1 row of posts\n      such as in posts where id = "
        ),
        "{told}"
    );
    assert!(told.contains("        user_id: ") && told.contains(" -> (no row)\n"), "{told}");
    assert!(told.ends_with("1 revisions and 0 snapshots, 1 failed (--seed 1)\n"), "{told}");
    let json: serde_json::Value = serde_json::from_slice(&project.run(&["test", "--json"]).stdout).unwrap();
    assert_eq!(json["seed"], 1);
    assert_eq!(json["revisions"][2]["failures"][0]["row"]["table"], "posts");
    assert_eq!(json["revisions"][2]["failures"][0]["on"], "odd");
}

#[test]
fn snapshots_are_written_once_and_tested_from_then_on() {
    let project = careful("snapshot");
    assert_eq!(project.ok(&["snapshot"]), "snapshots/0002.db: at 0002\n");
    let told = project.refused(&["snapshot"]);
    assert!(told.contains("snapshots/0002.db is there already [script.cannot_write]"), "{told}");
    project.ok(&["snapshot", "0001", "-o", "snapshots/1.0.db", "--seed", "4", "--rows", "3"]);
    let before = fs::read(project.0.join("snapshots/1.0.db")).unwrap();
    let told = project.ok(&["test"]);
    assert!(
        told.contains("ok snapshots/0002.db: 16 rows, from 0002\nok snapshots/1.0.db: 6 rows, from 0001\n"),
        "{told}"
    );
    assert!(told.contains("2 revisions and 2 snapshots, 0 failed"), "{told}");
    assert!(fs::read(project.0.join("snapshots/1.0.db")).unwrap() == before, "the file has changed");
    assert_eq!(fs::read_dir(project.0.join("snapshots")).unwrap().count(), 2);

    // A released migration is edited: whoever has that release meets it.
    project.file("0001_base.sql", "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, age INT);");
    let output = project.run(&["test", "-r", "0002:", "-q"]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("FAILED snapshots/1.0.db") && told.contains("has another text now"), "{told}");
}

#[test]
fn a_snapshot_may_be_a_copy() {
    let project = careful("copy");
    project.ok(&["-d", "app.db", "upgrade", "-q"]);
    let json: serde_json::Value =
        serde_json::from_str(&project.ok(&["-d", "app.db", "snapshot", "--copy", "--json"])).unwrap();
    assert_eq!((&json["path"], &json["revisions"][0]), (&"snapshots/0002.db".into(), &"0002".into()));
    assert!(project.ok(&["test"]).contains("ok snapshots/0002.db: 0 rows, from 0002\n"));
    assert!(project.refused(&["test", "--snapshots", "nowhere"]).contains("nowhere"));
}
