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
