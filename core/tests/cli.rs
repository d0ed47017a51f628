//! The `limbeck` command as a user meets it: what is typed, what is printed, what the exit status is.
//! Long, because each command has its tour here, on the same few folders.

use std::fs;
use std::process::{Command, Stdio};

mod project;

use project::{Project, text};

fn shop(name: &str) -> Project {
    Project::with(
        name,
        &[
            (
                &["-m", "create users", "--rev-id", "a100"],
                "CREATE TABLE users(id INTEGER PRIMARY KEY, email TEXT);",
                "DROP TABLE users;",
            ),
            (
                &["-m", "emails", "--rev-id", "a200"],
                "ALTER TABLE users ALTER email SET NOT NULL;",
                "ALTER TABLE users ALTER email DROP NOT NULL;",
            ),
            (&["-m", "add plans", "--rev-id", "a300"], "CREATE TABLE plans(name);", "DROP TABLE plans;"),
            (
                &[
                    "-m",
                    "begin billing",
                    "--rev-id",
                    "b100",
                    "--head",
                    "a200",
                    "--splice",
                    "--branch-label",
                    "billing",
                ],
                "CREATE TABLE invoices(id INTEGER PRIMARY KEY);",
                "DROP TABLE invoices;",
            ),
        ],
    )
}

#[test]
fn a_new_users_first_hour() {
    let project = shop("hour");
    assert_eq!(project.ok(&["heads"]), "a300 (head)\nb100 (billing) (head)\n");
    assert_eq!(
        project.ok(&["branches"]),
        "a200 (branchpoint)\n     -> a300 (head)\n     -> b100 (billing) (head)\n"
    );
    let told = project.refused(&["upgrade"]);
    assert_eq!(
        told,
        "error: two heads match target 'head': a300, b100 [graph.multiple_heads]\n \
         hint: name one, use 'heads', or join them with 'limbeck merge'\n"
    );
    let told = project.refused(&["revision", "-m", "more"]);
    assert!(told.contains("there are several heads to follow: a300, b100"), "{told}");
    let told = project.ok(&["merge", "-m", "merge billing", "--rev-id", "m100"]);
    assert_eq!(told, "Generating migrations/m100_merge_billing.sql ...  done\n");
    assert!(project.refused(&["merge", "-m", "again"]).contains("there is nothing to merge: m100"));

    let output = project.run(&["upgrade"]);
    let log = text(&output.stderr);
    assert!(log.ends_with("Running upgrade a300, b100 -> m100, merge billing\n"), "{log}");
    assert!(output.status.success() && output.stdout.is_empty());
    assert_eq!(project.ok(&["current"]), "m100 (billing) (head) (mergepoint)\n");
    assert_eq!(
        project.ok(&["history", "-i"]),
        "a300, b100 -> m100 (billing) (head) (mergepoint) (current), merge billing\n\
         a200 -> a300, add plans\n\
         a200 -> b100 (billing), begin billing\n\
         a100 -> a200 (branchpoint), emails\n\
         <base> -> a100, create users\n"
    );
    assert_eq!(
        project.ok(&["history", "-r", "a200:a300"]),
        "a200 -> a300, add plans\na100 -> a200 (branchpoint), emails\n"
    );
    assert!(project.ok(&["history", "-v", "-r", "a100:a100"]).starts_with("Rev: a100\nParent: <base>\nPath: migrations/a100_create_users.sql\n\n    create users\n\n    Revision ID: a100\n    Revises: \n    Create Date: "));
    assert!(
        project
            .ok(&["show", "head"])
            .starts_with("Rev: m100 (billing) (head) (mergepoint)\nMerges: a300, b100\n")
    );

    assert!(
        project.refused(&["downgrade", "-1"]).contains("name the revision to go back to, such as 'a300'")
    );
    project.ok(&["downgrade", "a200"]);
    assert_eq!(project.ok(&["current"]), "a200 (branchpoint)\n");
    let told = project.refused(&["current", "--check-heads"]);
    assert!(
        told.contains("the database is at a200, 3 revisions behind m100 [history.not_up_to_date]"),
        "{told}"
    );
    assert!(project.ok(&["status"]).contains("at          a100 -> a200 (branchpoint), emails\npending     "));
    project.ok(&["upgrade", "billing@head"]);
    project.ok(&["stamp", "base"]);
    assert_eq!(project.ok(&["current"]), "");
    let output = project.run(&["upgrade", "base"]);
    assert_eq!(text(&output.stderr), "nothing to do: the database is at <base>\n");
}

#[test]
fn dry_runs_and_scripts() {
    let project = shop("scripts");
    let told = project.ok(&["upgrade", "a200", "--plan"]);
    assert!(told.starts_with("apply a100, create users\n  CREATE TABLE users(id INTEGER PRIMARY KEY, email TEXT);\n\napply a200, emails\n  -- users: "), "{told}");
    assert!(told.ends_with("2 steps from <base> to a200; nothing was written\n"), "{told}");
    assert!(!project.0.join("app.db").exists(), "a plan makes no database");
    project.ok(&["upgrade", "a200", "-q"]);
    let before = fs::read(project.0.join("app.db")).unwrap();
    for arguments in [
        &["upgrade", "heads", "--plan"][..],
        &["downgrade", "base", "--plan"],
        &["upgrade", "current:heads", "--sql"],
    ] {
        assert!(!project.ok(arguments).is_empty());
        assert_eq!(fs::read(project.0.join("app.db")).unwrap(), before, "{arguments:?}");
    }
    assert!(project.ok(&["upgrade", "current:heads", "--sql"]).contains("-- For a database at a200:"));
    assert!(project.ok(&["downgrade", "a200:base", "--sql"]).contains("DROP TABLE users;"));
    assert!(project.refused(&["downgrade", "base", "--sql"]).contains("[graph.range_required]"));
    assert!(project.ok(&["stamp", "a100:a200", "--sql"]).contains("SET version_num = 'a200'"));
    assert!(
        project.ok(&["ensure_version", "--sql"]).contains("CREATE TABLE IF NOT EXISTS main.limbeck_version")
    );
    project.ok(&["-d", "other.db", "ensure_version"]);
    assert_eq!(project.ok(&["-d", "other.db", "ensure_version", "--json"]), "{\"made\":false}\n");
}

/// With `--json`, stdout is one object, whatever happens. A new command gets a row here.
#[test]
fn every_command_has_json() {
    let project = shop("json");
    fs::write(project.0.join("schema.sql"), "CREATE TABLE plans(name);\n").unwrap();
    let rows = [
        &["upgrade", "heads", "--plan"][..],
        &["upgrade", "heads"],
        &["upgrade", "heads", "--sql"],
        &["current"],
        &["heads"],
        &["history"],
        &["branches"],
        &["show", "a100"],
        &["status"],
        &["graph"],
        &["edit", "a100"],
        &["check"],
        &["check", "--schema", "schema.sql"],
        &["diff", "base", "heads"],
        &["verify"],
        &["lint"],
        &["test", "--rows", "2"],
        &["snapshot", "a100"],
        &["embed", "migrations", "-o", "migrations.c"],
        &["embed", "migrations"],
        &["schema", "head"],
        &["ensure_version"],
        &["downgrade", "b100@-1"],
        &["stamp", "heads"],
        &["merge"],
        &["revision"],
        &["init"],
        &["upgrade", "nowhere"],
        &["downgrade", "+1"],
        &["adopt"],
        &["--backups", "kept", "backup"],
        &["--backups", "kept", "backups"],
        &["--backups", "kept", "restore"],
        &["backups"],
        &["doctor"],
        &["-d", "nowhere/app.db", "upgrade"],
        &["-c", "nowhere.toml", "upgrade"],
    ];
    for arguments in rows {
        let output = project.run(&[arguments, &["--json"]].concat());
        let found: serde_json::Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", text(&output.stdout)));
        assert_eq!(text(&output.stdout).lines().count(), 1, "{arguments:?}");
        // Differences and findings are no error, and end with status 1.
        let told = found.get("error").is_some();
        let finds = ["check", "diff", "verify", "lint", "test"].contains(&arguments[0]);
        assert!(told != output.status.success() || (finds && !told), "{arguments:?}: {found}");
    }
    let help = project.ok(&["--help"]);
    let (_, commands) = help.split_once("Commands:\n").expect("the help lists the commands");
    let commands = commands.lines().take_while(|line| !line.is_empty());
    for command in commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next()) {
        // Texts for a shell; a line that goes on from the one above.
        let none = ["completions", "man", "help", ""].contains(&command);
        let tried = rows.iter().any(|row| row[if row[0].starts_with('-') { 2 } else { 0 }] == command);
        assert!(none || tried, "'limbeck {command} --json' has no row in this test");
    }
}

#[test]
fn backups_and_their_way_back() {
    let project = shop("backups");
    fs::write(
        project.0.join("limbeck.toml"),
        "database = \"app.db\"\nbackups = \"kept\"\nkeep_backups = 2\n",
    )
    .unwrap();
    assert!(project.refused(&["restore"]).contains("[backup.none]"));
    project.ok(&["upgrade", "a100"]);
    assert_eq!(project.ok(&["backups"]), "", "an empty database needs none");
    project.ok(&["upgrade", "a300"]);
    let list = project.ok(&["backups"]);
    assert!(
        list.lines().count() == 1 && list.contains("  a100  ") && list.contains("kept/app.db."),
        "{list}"
    );
    let taken = project.ok(&["backup"]);
    assert!(taken.contains("  a300  "), "{taken}");
    let restored = project.ok(&["restore", list.split_whitespace().last().unwrap()]);
    assert!(restored.starts_with("restored ") && restored.contains("  a100  "), "{restored}");
    assert_eq!(project.ok(&["current"]), "a100\n");
    // The newest that these migrations can open; the one that was restored has been spared.
    fs::remove_file(project.0.join("app.db")).unwrap();
    assert_eq!(project.ok(&["backups"]).lines().count(), 2);
    assert!(project.refused(&["restore", "no.backup"]).contains("[backup.none]"));
    assert!(!project.0.join("app.db").exists(), "to look makes no database");
    fs::write(
        project.0.join("app.db"),
        "Not a database, and longer than the header of one would have to be.",
    )
    .unwrap();
    assert_eq!(project.ok(&["backups"]).lines().count(), 2, "of what is no database any more");
    let told = text(&project.run(&["doctor"]).stdout);
    assert!(told.contains("NOT KNOWN    quick_check: ") && !told.contains("quick_check  ok"), "{told}");
    fs::remove_file(project.0.join("app.db")).unwrap();
    assert!(!project.ok(&["doctor"]).contains("WARNING"), "nothing there can be damaged");
    project.ok(&["restore"]);
    assert_eq!(project.ok(&["current"]), "a300 (head)\n");
    // A look for a bug report: nothing is wrong here, and no path is told.
    let told = project.ok(&["doctor"]);
    assert!(
        told.contains("quick_check  ok")
            && told.contains("pending      b100")
            && told.contains("backups      2"),
        "{told}"
    );
    assert!(!told.contains("app.db") && !told.contains("kept"), "{told}");
    for entry in fs::read_dir(project.0.join("migrations")).unwrap().flatten() {
        if entry.file_name().to_string_lossy().contains("a300") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    assert_eq!(project.ok(&["backups", "--compatible"]).lines().count(), 1);
    assert!(project.refused(&["upgrade", "heads"]).contains("[history.database_newer]"));
    project.ok(&["upgrade", "a200", "--newer-database", "take_down"]);
    assert_eq!(project.ok(&["current"]), "a200 (billing)\n");
    assert!(project.refused(&["restore", "app.db"]).contains("[backup.none]"));
    assert!(project.refused(&["--backups", "app.db", "backup"]).contains("[backup.failed]"));
}

#[test]
fn a_flag_then_the_environment_then_one_file() {
    let project = Project::new("settings");
    let database = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = project.command(&[arguments, &["status"]].concat());
        let output = command.envs(environment.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).lines().next().unwrap().trim_start_matches("database").trim().to_owned()
    };
    let file = |name: &str, text: &str| fs::write(project.0.join(name), text).unwrap();
    fs::create_dir_all(project.0.join("migrations/versions")).unwrap();
    // A .env is not read behind the user's back.
    file(".env", "DATABASE_URL=sqlite:///dotenv.db");
    file(
        "alembic.ini",
        "[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = sqlite:///ini.db\n",
    );
    assert_eq!(database(&[], &[]), "ini.db");
    file("pyproject.toml", "[project]\nname = \"x\"\n");
    assert_eq!(database(&[], &[]), "ini.db", "a pyproject.toml without [tool.limbeck] says nothing");
    file("pyproject.toml", "[project]\nname = \"x\"\n[tool.limbeck]\ndatabase = \"py.db\"\n");
    assert_eq!(database(&[], &[]), "py.db");
    file("limbeck.toml", "database = \"toml.db\"\n");
    assert_eq!(database(&[], &[]), "toml.db");
    assert_eq!(database(&[], &[("DATABASE_URL", "postgresql://me@host/x")]), "toml.db");
    let url = ("DATABASE_URL", "sqlite:///url.db");
    assert_eq!(database(&[], &[url]), "url.db");
    let own = ("LIMBECK_DATABASE", "own.db");
    assert_eq!(database(&[], &[url, own]), "own.db");
    assert_eq!(database(&["-d", "sqlite:///flag.db"], &[url, own]), "flag.db");
    assert_eq!(database(&["-c", "alembic.ini"], &[]), "ini.db");
    file("limbeck.toml", "databse = \"toml.db\"\n");
    let told = project.refused(&["status"]);
    assert!(told.contains("unknown field `databse`") && told.contains("at: limbeck.toml:1"), "{told}");
    for (setting, key, what) in [
        ("rebuild = true", "rebuild", "wanted string or table"),
        ("rebuild = 'often'", "rebuild", "unknown variant `often`"),
        ("keep_backups = 'x'", "keep_backups", "invalid type: string \"x\""),
    ] {
        file("limbeck.toml", &format!("database = 'app.db'\n{setting}\n"));
        let told = project.refused(&["status"]);
        assert!(told.contains(&format!("limbeck.toml: {key}: {what}")), "{told}");
        assert!(told.contains(&format!("hint: correct the value of '{key}'")), "{told}");
    }
    file("limbeck.toml", "database = \"postgresql://me:secret@host/x\"\n");
    let told = project.refused(&["status"]);
    assert!(told.contains("a postgresql database is none of SQLite's") && !told.contains("secret"), "{told}");
}

/// What is not run is not passed over either.
#[test]
fn python_is_refused() {
    if std::env::var_os(project::COMMAND).is_some() {
        return; // Python's command runs it.
    }
    let project = Project::with("python", &[(&["-m", "first", "--rev-id", "0001"], "CREATE TABLE t(a)", "")]);
    fs::write(project.0.join("migrations/0002_slugs.py"), "def upgrade(step): ...\n").unwrap();
    let told = project.refused(&["history"]);
    assert!(told.contains("a migration is in Python: migrations/0002_slugs.py"), "{told}");
}

/// A folder that Alembic's ini leads to shares its table of version rows.
#[test]
fn gooses_go_is_refused() {
    let project = Project::with("goose", &[]);
    let write = |name: &str, text: &str| fs::write(project.0.join("migrations").join(name), text).unwrap();
    write("00001_a.sql", "-- +goose Up\nCREATE TABLE a(x);\n-- +goose Down\nDROP TABLE a;\n");
    write("embed.go", "package migrations");
    write("00002_rows_test.go", "package migrations");
    assert!(project.ok(&["upgrade", "--plan"]).contains("CREATE TABLE a(x)"));
    write("00002_rows.go", "package migrations");
    let told = project.refused(&["upgrade"]);
    assert!(told.contains("a migration is in Go: ") && told.contains("00002_rows.go"), "{told}");
    assert!(project.refused(&["embed", "migrations"]).contains("a migration is in Go: "));
}

#[test]
fn alembics_table() {
    let project = Project::new("alembic");
    fs::create_dir_all(project.0.join("db/versions")).unwrap();
    let ini = "[alembic]\nscript_location = db\nsqlalchemy.url = sqlite:///app.db\n\
               file_template = %%(year)d_%%(rev)s_%%(slug)s\ntruncate_slug_length = 8\n";
    fs::write(project.0.join("alembic.ini"), ini).unwrap();
    let told = project.ok(&["revision", "-m", "create the users", "--rev-id", "a1"]);
    assert!(
        told.starts_with("Generating db/versions/2") && told.ends_with("_a1_create.sql ...  done\n"),
        "{told}"
    );
    assert!(
        project
            .ok(&["upgrade", "--sql"])
            .contains("INSERT INTO main.alembic_version(version_num) VALUES ('a1')")
    );
}

/// Behind a command as before it, but where it is the message.
#[test]
fn the_short_name_of_the_folder() {
    let project = Project::new("short");
    fs::create_dir(project.0.join("folder")).unwrap();
    fs::write(
        project.0.join("folder/0001_t.sql"),
        "-- migrate:up\nCREATE TABLE t(a);\n-- migrate:down\nDROP TABLE t",
    )
    .unwrap();
    project.ok(&["-d", "app.db", "upgrade", "-m", "folder"]);
    project.ok(&["-d", "app.db", "downgrade", "-1", "-m", "folder"]);
    project.ok(&["-d", "app.db", "upgrade", "+1", "-mfolder"]);
    for command in ["current", "heads", "history", "status", "verify", "lint", "graph", "doctor", "check"] {
        let output = project.run(&["-d", "app.db", command, "-m", "folder"]);
        assert_ne!(output.status.code(), Some(2), "{command}");
    }
    project.ok(&["-m", "folder", "revision", "-m", "More", "--rev-id", "0002"]);
    assert!(project.0.join("folder/0002_more.sql").exists());
}

/// The folder that `init` makes is the one that `revision` writes to, or it says so.
#[test]
fn init_beside_settings() {
    let project = Project::new("init");
    fs::write(project.0.join("alembic.ini"), "[alembic]\nscript_location = old\n").unwrap();
    let told = project.ok(&["--migrations", "db/migs", "init"]);
    assert!(told.contains("migrations go to db/migs; settings are in limbeck.toml\n"), "{told}");
    assert!(told.contains("limbeck.toml goes before alembic.ini, which limbeck reads no longer"), "{told}");
    let told = project.ok(&["init", "other"]);
    assert!(told.contains("other is there, but migrations go to db/migs, as limbeck.toml says"), "{told}");
    let told = project.ok(&["init"]);
    assert!(told.contains("migrations go to db/migs; settings are in limbeck.toml, which is left"), "{told}");
    assert!(!told.contains("alembic.ini") && !project.0.join("migrations").exists());
}

/// A misspelt name makes no empty database.
#[test]
fn a_stamp_of_the_base_makes_no_database() {
    let project = shop("typo");
    let output = project.run(&["-d", "typo.db", "stamp", "base"]);
    assert!(output.status.success() && !project.0.join("typo.db").exists());
    assert!(text(&output.stderr).starts_with("nothing to do"), "{}", text(&output.stderr));
}

/// A path of which nobody can tell whether a database is there is none that is "not there yet".
#[cfg(unix)]
#[test]
fn a_database_that_cannot_be_looked_for() {
    let project = shop("hidden");
    let path = "limbeck.toml/app.db";
    for command in [
        &["current"][..],
        &["status"],
        &["upgrade", "heads", "--plan"],
        &["stamp", "base"],
        &["backups", "--backups", "backups"],
    ] {
        let output = project.run(&[&["-d", path], command].concat());
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        assert!(
            text(&output.stderr).contains("[database.cannot_open]"),
            "{command:?}: {}",
            text(&output.stderr)
        );
    }
}

/// Where the header answers the library names no revision: the command asks.
#[test]
fn where_the_header_answers() {
    let project = Project::new("header");
    fs::create_dir(project.0.join("migrations")).unwrap();
    fs::write(project.0.join("migrations/0001_t.sql"), "CREATE TABLE t(a)").unwrap();
    fs::write(project.0.join("limbeck.toml"), "database = 'app.db'\nkeep_user_version = true\n").unwrap();
    project.ok(&["upgrade"]);
    let told = project.run(&["upgrade"]);
    assert_eq!(text(&told.stderr), "nothing to do: the database is at 0001\n");
    assert!(project.ok(&["upgrade", "--json"]).starts_with(r#"{"from":["0001"],"to":["0001"],"steps":[]"#));
}

#[test]
fn new_files() {
    let project = shop("files");
    let template =
        "file_template = \"%(year)d%(month).2d%(day).2d_%(hour).2d%(minute).2d%(second).2d_%(slug)s\"\n";
    fs::write(project.0.join("limbeck.toml"), template).unwrap();
    let told = project.ok(&["revision", "--head", "base", "-m", "Add subscription fields", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&told).unwrap();
    let id = found["revision"].as_str().unwrap();
    assert_eq!(found["path"], format!("migrations/{id}_add_subscription_fields.sql"));
    // Twice in a second there are two ids.
    let again = project.ok(&["revision", "--head", "base", "-m", "Add subscription fields too"]);
    assert!(!again.contains(id), "{again}");

    let count = fs::read_dir(project.0.join("migrations")).unwrap().count();
    for (arguments, code) in [
        (&["--rev-id", "a100", "--head", "a300"][..], "graph.duplicate_revision"),
        (&["--rev-id", "a+b", "--head", "a300"], "graph.illegal_revision_id"),
        (&["--rev-id", "x", "--head", "a100"], "graph.not_a_head"),
        (&["--rev-id", "x", "--head", "nowhere"], "graph.unknown_revision"),
        (&["--rev-id", "x", "--head", "a300", "--depends-on", "nowhere"], "graph.unknown_revision"),
        (&["--rev-id", "x", "--head", "a300", "--branch-label", "billing"], "graph.duplicate_branch_label"),
    ] {
        let told = project.refused(&[&["revision", "-m", "x"], arguments].concat());
        assert!(told.contains(&format!("[{code}]")), "{arguments:?}: {told}");
    }
    fs::write(project.0.join("limbeck.toml"), "file_template = \"../%(slug)s\"\n").unwrap();
    assert!(project.refused(&["revision", "-m", "x", "--head", "a300"]).contains("[settings.invalid]"));
    assert_eq!(fs::read_dir(project.0.join("migrations")).unwrap().count(), count, "nothing was written");

    fs::write(project.0.join("limbeck.toml"), "").unwrap();
    project.ok(&["revision", "--rev-id", "c1", "--head", "b100", "--depends-on", "a30", "-m", "needs plans"]);
    assert!(project.ok(&["show", "c1"]).contains("Also depends on: a300\n"));
    assert!(
        project
            .ok(&["history", "-r", "b100:c1"])
            .starts_with("b100 (a300) -> c1 (billing) (head), needs plans\n")
    );
    let before = fs::read(project.0.join("limbeck.toml")).unwrap();
    assert!(project.ok(&["init"]).contains("which is left as it was"));
    assert_eq!(fs::read(project.0.join("limbeck.toml")).unwrap(), before);
}

/// Otherwise a binary that embeds the folder holds yesterday's.
#[test]
fn init_in_a_cargo_package() {
    let project = Project::new("package");
    let (manifest, script) = (project.0.join("Cargo.toml"), project.0.join("build.rs"));
    fs::write(&manifest, "[workspace]\n").unwrap();
    project.ok(&["init"]);
    assert!(!script.exists());

    fs::write(&manifest, "[package]\nname = 'app'\n").unwrap();
    assert!(project.ok(&["init", "db/{a}"]).contains("build.rs tells Cargo to compile the package anew"));
    let text = "//! Has Cargo notice a new migration.\n\nfn main() {\n    println!(\"cargo:rerun-if-changed=db/{{a}}\");\n}\n";
    assert_eq!(fs::read_to_string(&script).unwrap(), text);
    let line = "write into the package's build script: println!(\"cargo:rerun-if-changed=migrations\");\n";
    assert!(project.ok(&["init"]).contains(line));
    assert_eq!(fs::read_to_string(&script).unwrap(), text, "the author's own");
    assert!(project.ok(&["init", "--json"]).contains("\"build_script\":false"));

    fs::write(&script, text.replace("db/{{a}}", "migrations")).unwrap();
    assert!(!project.ok(&["init"]).contains("build script"));
    fs::write(&manifest, "[package]\nname = 'app'\nbuild = false\n").unwrap();
    fs::remove_file(&script).unwrap();
    assert!(project.ok(&["init"]).contains(line));
    assert!(!script.exists());
}

/// Its own line in the settings or a flag; status 1 is said without an error.
#[test]
fn check() {
    let project = shop("check");
    assert!(
        project
            .refused(&["check"])
            .ends_with("write '--schema schema.sql', or 'schema = \"schema.sql\"' in limbeck.toml\n")
    );
    let schema = |text: &str| fs::write(project.0.join("schema.sql"), text).unwrap();
    let same = "create table users (id integer primary key, email text not null);\n\
                create table plans (name); create table invoices (id integer primary key);\n";
    schema(same);
    let checked = ["check", "--schema", "schema.sql"];
    assert_eq!(project.ok(&checked), "No new upgrade operations detected.\n");
    assert_eq!(project.ok(&["check", "--schema", "schema.sql", "--json"]), "{\"differences\":[]}\n");
    fs::write(project.0.join("limbeck.toml"), "schema = \"schema.sql\"\n").unwrap();
    assert_eq!(project.ok(&["check"]), "No new upgrade operations detected.\n");

    schema(
        "CREATE TABLE users(id INTEGER PRIMARY KEY,\n  email TEXT);\nCREATE TABLE plans(name);\nCREATE INDEX names ON plans(name);\n",
    );
    let output = project.run(&checked);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(1), ""));
    assert_eq!(
        text(&output.stdout),
        "users\n  ~ change nullable email\n      ALTER TABLE users ALTER COLUMN email DROP NOT NULL\n\
         plans\n  + add index names\n      CREATE INDEX names ON plans(name)\n\
         invoices\n  - drop table\n      DROP TABLE invoices\n\
         3 differences: write migrations for them\n"
    );
    let output = project.run(&["check", "--json"]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["differences"][1]["kind"], "add_index");
    assert_eq!(output.status.code(), Some(1));

    schema("CREATE TABLE users(id);\n\nDROP TABLE users;\n");
    let told = project.refused(&["check"]);
    assert!(told.contains("[script.forbidden_statement]\n   at: schema.sql:3\n"), "{told}");
    fs::remove_file(project.0.join("schema.sql")).unwrap();
    assert!(project.refused(&["check"]).contains("[script.unreadable]"));
    assert!(!project.0.join("app.db").exists(), "no database is made");
    project.revision(&["--head", "a300", "--rev-id", "a400"], "DROP TABLE nothing;", "");
    schema(same);
    assert!(project.refused(&["check"]).contains("   at: a400.sql:"), "a migration's fault is its own");
}

/// What lies between the folder and the wanted schema is written, runs, and leaves nothing.
#[test]
fn autogenerate() {
    let project = shop("autogenerate");
    let schema = |text: &str| fs::write(project.0.join("schema.sql"), text).unwrap();
    let write = [
        "revision",
        "--autogenerate",
        "-m",
        "more",
        "--rev-id",
        "a400",
        "--head",
        "a300",
        "--splice",
        "--schema",
    ];
    let write = [&write[..], &["schema.sql"]].concat();
    schema(
        "create table users (id integer primary key, email text not null);\n\
            create table plans (name); create table invoices (id integer primary key);\n",
    );
    assert_eq!(project.ok(&write), "No new upgrade operations detected.\n");
    assert!(!project.0.join("migrations/a400_more.sql").exists());

    schema(
        "CREATE TABLE users(id INTEGER PRIMARY KEY, mail TEXT NOT NULL, age INT NOT NULL);\n\
            CREATE TABLE plans(name);\nCREATE TABLE invoices(id INTEGER PRIMARY KEY);\n",
    );
    let output = project.run(&write);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let told = text(&output.stderr);
    for part in [
        "Detected added column 'users.mail'\n",
        "Detected removed column 'users.email'\n",
        "to answer: look for QUESTION in the file\n",
        "maybe a rename, 94 % alike: --rename users.email:mail\n",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    fs::remove_file(project.0.join("migrations/a400_more.sql")).unwrap();
    let renamed = [&write[..], &["--rename", "users.email:mail"]].concat();
    assert!(project.ok(&renamed).starts_with("Generating "));
    let file = fs::read_to_string(project.0.join("migrations/a400_more.sql")).unwrap();
    assert!(
        file.contains(
            "-- migrate:up\n-- QUESTION: what do the rows that are there get in users.age? 0 is a guess\n\
             ALTER TABLE users\n  RENAME COLUMN email TO mail,\n  ADD COLUMN age INT NOT NULL DEFAULT 0,\n  \
             ALTER COLUMN age DROP DEFAULT;\n"
        ),
        "{file}"
    );
    assert!(file.contains("\n-- migrate:down\n"), "{file}");
    assert_eq!(project.ok(&["check", "--schema", "schema.sql"]), "No new upgrade operations detected.\n");
    project.ok(&["upgrade", "heads"]);
    assert_eq!(project.ok(&["diff", "heads", "app.db"]), "no difference\n");
    project.ok(&["downgrade", "base"]);
    let refused = project.refused(&[&write[..], &["--rename", "users.nothing:mail"]].concat());
    assert!(refused.contains("[diff.bad_rename]"), "{refused}");
}

/// A database that something else has made, halfway.
#[test]
fn adopted_and_verified() {
    let project = shop("verify");
    let db = || rusqlite::Connection::open(project.0.join("app.db")).unwrap();
    db().execute_batch("CREATE TABLE users(id INTEGER PRIMARY KEY, email TEXT NOT NULL)").unwrap();
    assert!(project.ok(&["adopt"]).starts_with("the schema is a200\n"));
    project.ok(&["upgrade", "heads"]);
    assert!(project.ok(&["verify"]).starts_with("the schema is what the migrations make up to "));

    db().execute_batch("CREATE INDEX mine ON users(email)").unwrap();
    let output = project.run(&["verify"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stdout).starts_with("users\n  - drop index mine\n      DROP INDEX mine\n"),
        "{}",
        text(&output.stdout)
    );
    assert!(text(&output.stdout).ends_with(": nothing is answered otherwise\n"));
    let output = project.run(&["downgrade", "base"]);
    assert!(
        text(&output.stderr).contains("warning: the schema is not as the run of "),
        "{}",
        text(&output.stderr)
    );
    let output = project.run(&["verify", "--json"]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["differences"], serde_json::json!([]));
    assert!(found["fingerprint"].as_str().is_some_and(|text| text.starts_with("2:")));

    db().execute_batch(
        "CREATE TABLE users(id INTEGER PRIMARY KEY, email TEXT NOT NULL); CREATE TABLE plans(name INT)",
    )
    .unwrap();
    let refused = project.refused(&["adopt"]);
    assert!(refused.contains("; change type name of plans (data) [history.nothing_to_adopt]"), "{refused}");
    assert!(refused.contains("--finish"), "{refused}");
    assert!(project.ok(&["adopt", "--finish"]).contains("; change type name of plans (data)\n"));
    assert!(project.run(&["verify"]).status.success());
}

/// What an upgrade would refuse of the files that the database has.
#[test]
fn status_tells_what_is_refused() {
    let project = Project::with("status", &[]);
    let write = |name: &str, text: &str| fs::write(project.0.join("migrations").join(name), text).unwrap();
    write("0001_a.sql", "CREATE TABLE a(x);\n");
    write("0003_c.sql", "CREATE TABLE c(x);\n");
    project.ok(&["upgrade", "-q"]);
    assert!(project.ok(&["status"]).ends_with("\npending     none\n"));
    assert!(project.ok(&["status", "--json"]).ends_with(",\"refused\":[]}\n"));
    write("0001_a.sql", "CREATE TABLE a(x, y);\n");
    write("0002_b.sql", "CREATE TABLE b(x);\n");
    let told = project.ok(&["status"]);
    let late = "\nrefused     revision 0002 stands before 0003, which is applied, and never ran itself [history.passed_over]\n";
    assert!(told.contains(late), "{told}");
    assert!(told.contains("\nrefused     revision 0001 was applied at "), "{told}");
    let told: serde_json::Value = serde_json::from_str(&project.ok(&["status", "--json"])).unwrap();
    let codes = ["history.passed_over", "history.changed_revision"];
    assert_eq!([&told["refused"][0]["code"], &told["refused"][1]["code"]], codes);
    assert!(project.refused(&["upgrade"]).contains(codes[0]));
}

/// refinery was killed between its second migration and the row that records it.
#[test]
fn adopted_where_refinery_stopped() {
    if std::env::var_os(project::COMMAND).is_some() {
        eprintln!("skipped: the wheel's command is without refinery, which weighs half a megabyte");
        return;
    }
    let project = Project::with("refinery", &[]);
    let first = "CREATE TABLE users(id INTEGER PRIMARY KEY, email TEXT);\n";
    fs::write(project.0.join("migrations/V1__users.sql"), first).unwrap();
    fs::write(project.0.join("migrations/V2__phone.sql"), "ALTER TABLE users ADD COLUMN phone TEXT;\n")
        .unwrap();
    let db = rusqlite::Connection::open(project.0.join("app.db")).unwrap();
    db.execute_batch(&format!(
        "{first} ALTER TABLE users ADD COLUMN phone TEXT; \
         CREATE TABLE refinery_schema_history(version INT4 PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), checksum VARCHAR(255)); \
         INSERT INTO refinery_schema_history VALUES (1, 'users', '2026-01-01T00:00:00Z', '6395814217249240944')"
    ))
    .unwrap();
    drop(db);
    let output = project.run(&["adopt"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = text(&output.stderr);
    assert!(told.contains("warning: refinery has recorded 1, and the schema is that of 2: "), "{told}");
    assert!(project.refused(&["upgrade"]).contains("has a column phone already"));
    project.ok(&["adopt", "--finish"]);
    assert!(text(&project.run(&["upgrade"]).stderr).contains("nothing to do: the database is at 2"));
}

/// Any two of a revision, a folder, a schema's file, a database.
#[test]
fn diff() {
    let project = shop("diff");
    project.ok(&["upgrade", "heads"]);
    fs::write(project.0.join("schema.sql"), "CREATE TABLE plans(name, price);\n").unwrap();
    assert_eq!(project.ok(&["diff"]), "no difference\n", "the folder and the database");
    assert_eq!(project.ok(&["diff", "migrations@heads", "app.db"]), "no difference\n");
    let output = project.run(&["diff", "app.db", "schema.sql", "--include", "pl*"]);
    assert_eq!(
        (output.status.code(), text(&output.stdout).as_str()),
        (Some(1), "plans\n  + add column price\n      ALTER TABLE plans ADD COLUMN price\n1 difference\n")
    );
    let output = project.run(&["diff", "schema.sql", "base", "--json"]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["operations"][0]["sql"], "DROP TABLE plans");
    assert_eq!(found["operations"][0]["notes"][0]["kind"], "loses");
    assert_eq!(found["differences"][0]["kind"], "drop_table");
    assert!(project.refused(&["diff", "nowhere", "app.db"]).contains("[graph.unknown_revision]"));
    fs::write(project.0.join("limbeck.toml"), "version_table = \"mine\"\n").unwrap();
    project.ok(&["-d", "other.db", "upgrade", "heads"]);
    assert_eq!(
        project.ok(&["diff", "heads", "other.db"]),
        "no difference\n",
        "limbeck's table by another name"
    );
}

/// What is printed makes the same schema again, whatever its objects are called.
#[test]
fn schema() {
    let project = Project::with(
        "schema",
        &[(
            &["--rev-id", "a100"],
            "CREATE TABLE zoo(id INTEGER PRIMARY KEY AUTOINCREMENT, keeper REFERENCES animal(id)); -- why\n\
             CREATE TABLE animal(id INTEGER PRIMARY KEY, name TEXT UNIQUE);\n\
             CREATE INDEX kept ON zoo(keeper) WHERE keeper > 1 -- some\n;\n\
             CREATE VIEW v AS SELECT name FROM animal;\nCREATE VIEW a AS SELECT * FROM v;\n\
             CREATE TRIGGER r INSTEAD OF INSERT ON v BEGIN DELETE FROM zoo; END;\n\
             CREATE VIRTUAL TABLE f USING fts5(name, content=animal);\nANALYZE;",
            "",
        )],
    );
    let made = project.ok(&["schema", "head"]);
    assert!(
        made.starts_with(
            "CREATE TABLE animal(id INTEGER PRIMARY KEY, name TEXT UNIQUE);\n\nCREATE TABLE zoo(id "
        ),
        "parents first: {made}"
    );
    assert_eq!(made.matches("CREATE ").count(), 7, "nothing of SQLite's or limbeck's: {made}");
    assert_eq!(project.ok(&["schema"]), "", "the database is empty");
    assert!(!project.0.join("app.db").exists(), "no database is made");
    project.ok(&["upgrade"]);
    assert_eq!(project.ok(&["schema"]), made);
    assert_eq!(project.ok(&["schema", "app.db"]), made);
    assert_eq!(project.ok(&["schema", "migrations@heads"]), made);
    assert_eq!(project.ok(&["schema", "base"]), "");

    fs::write(project.0.join("schema.sql"), &made).unwrap();
    assert_eq!(project.ok(&["check", "--schema", "schema.sql"]), "No new upgrade operations detected.\n");
    let found: serde_json::Value = serde_json::from_str(&project.ok(&["schema", "--json"])).unwrap();
    let index = &found["objects"][2];
    assert_eq!(
        (&index["kind"], &index["table"], &index["name"]),
        (&"index".into(), &"zoo".into(), &"kept".into())
    );
    assert_eq!(index["sql"], "CREATE INDEX kept ON zoo(keeper) WHERE keeper > 1");
    assert!(project.refused(&["schema", "nowhere"]).contains("[graph.unknown_revision]"));
}

#[test]
fn several_folders_are_one_graph() {
    let project = Project::new("folders");
    fs::create_dir_all(project.0.join("app")).unwrap();
    fs::create_dir_all(project.0.join("plugins/tags")).unwrap();
    let toml = "database = \"app.db\"\nmigrations = [\"app\", \"plugins/tags\", \"app/\"]\n";
    fs::write(project.0.join("limbeck.toml"), toml).unwrap();
    assert!(
        project
            .refused(&["revision", "-m", "x"])
            .contains("there are several folders of migrations: app, plugins/tags")
    );
    let told = project.refused(&["revision", "--version-path", "elsewhere"]);
    assert!(told.contains("'elsewhere' is no folder of these migrations: app, plugins/tags"), "{told}");
    project.revision(
        &["--version-path", "./app", "--rev-id", "a1", "-m", "users"],
        "CREATE TABLE users(a);",
        "",
    );
    project.revision(&["--rev-id", "a2", "-m", "more users"], "CREATE TABLE more(a);", "");
    let begin =
        ["--version-path", "plugins/tags", "--head", "base", "--branch-label", "tags", "--depends-on", "a1"];
    project.revision(&[&begin[..], &["--rev-id", "t1"]].concat(), "CREATE TABLE tags(a);", "");
    project.revision(&["--head", "tags@head", "--rev-id", "t2"], "CREATE TABLE taggings(a);", "");
    assert!(project.0.join("plugins/tags/t2.sql").exists(), "it goes to the folder of what it follows");
    // A plain file follows the one before it in its own folder.
    fs::write(project.0.join("plugins/tags/t3_plain.sql"), "CREATE TABLE plain(a);").unwrap();
    assert_eq!(project.ok(&["heads"]), "a2 (head)\nt3 (tags) (head)\n");
    assert!(project.ok(&["heads", "-v"]).contains("Parent: t2\nPath: plugins/tags/t3_plain.sql\n"));
    assert_eq!(project.ok(&["edit", "a2"]), "app/a2_more_users.sql\n");
    project.ok(&["upgrade", "heads"]);
    fs::write(project.0.join("plugins/tags/t3_plain.sql"), "CREATE TABLE another(a);").unwrap();
    fs::write(project.0.join("plugins/tags/t4_plain.sql"), "CREATE TABLE fourth(a);").unwrap();
    assert!(project.refused(&["upgrade", "heads"]).contains("   at: plugins/tags/t3_plain.sql\n"));

    let ini = "[alembic]\nscript_location = none\nsqlalchemy.url = sqlite:///app.db\n\
               version_locations = %(here)s/app:%(here)s/plugins/tags\npath_separator = :\n";
    fs::write(project.0.join("alembic.ini"), ini).unwrap();
    assert!(project.ok(&["-c", "alembic.ini", "heads"]).starts_with("a2 (head)\nt4 "));
    let ini = ini.replace("/app:%(here)s/plugins/tags", "/app:plugins\nrecursive_version_locations = true");
    fs::write(project.0.join("alembic.ini"), ini).unwrap();
    assert!(project.ok(&["-c", "alembic.ini", "heads"]).starts_with("a2 (head)\nt4 "));
    fs::write(project.0.join("limbeck.toml"), "migrations = []\n").unwrap();
    assert!(project.refused(&["heads"]).contains("no folder of migrations is named [settings.invalid]"));
}

#[test]
fn a_revisions_time() {
    let project = Project::with("time", &[]);
    let toml = |zone: &str| {
        let text = format!("timezone = \"{zone}\"\nfile_template = \"%(rev)s_%(hour).2d\"\n");
        fs::write(project.0.join("limbeck.toml"), text).unwrap();
    };
    let hour = |id: &str| {
        let mut command = project.command(&["revision", "--rev-id", id, "--json"]);
        let output = command.env("TZ", "XXX-12").output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let name = found["path"].as_str().unwrap().trim_end_matches(".sql").to_owned();
        name[name.len() - 2..].parse::<u32>().unwrap()
    };
    toml("UTC");
    let utc = hour("a1");
    toml("local");
    let local = hour("a2");
    // Twelve hours ahead; the clock may have struck between the two.
    assert!([12, 13].contains(&((local + 24 - utc) % 24)), "{utc} {local}");
    toml("Europe/Berlin");
    assert!(project.refused(&["revision", "--rev-id", "a3"]).contains("[settings.invalid]"));
}

/// A word of targets comes before a revision of that name, which is itself wherever limbeck means it.
#[test]
fn revisions_that_are_called_like_targets() {
    let project = Project::with("words", &[]);
    let write = |name: &str, text: &str| fs::write(project.0.join("migrations").join(name), text).unwrap();
    let down =
        |up: &str, table: &str| format!("-- migrate:up\n{up};\n-- migrate:down\nDROP TABLE {table};\n");
    write("base_tables.sql", &down("CREATE TABLE a(x, y)", "a"));
    write("head_office.sql", &down("CREATE TABLE b(x, y)", "b"));
    write(
        "tail.sql",
        &down("CREATE VIEW v AS SELECT * FROM a; ALTER TABLE b RENAME x TO z; CREATE TABLE c(x)", "c"),
    );
    assert!(project.ok(&["lint"]).ends_with("in 3 revisions\n"));
    for (target, at) in [("bas", "base"), ("hea", "head"), ("head", "tail")] {
        project.ok(&["upgrade", target, "-q"]);
        assert!(project.ok(&["current"]).starts_with(at), "{target}");
        project.ok(&["verify"]);
        assert!(project.ok(&["adopt"]).contains(at), "{target}");
    }
    project.ok(&["downgrade", "hea", "-q"]);
    assert_eq!(project.ok(&["current"]), "head\n");
    for word in ["base", "current", "head", "heads"] {
        let told = project.refused(&["revision", "--rev-id", word]);
        assert!(told.contains("[graph.illegal_revision_id]"), "{told}");
    }
}

#[test]
fn a_renumbered_revision_is_recognised() {
    let project = shop("alias");
    project.ok(&["upgrade", "a200", "-q"]);
    let old = project.0.join("migrations/a200_emails.sql");
    let renumbered =
        fs::read_to_string(&old).unwrap().replace("revision: a200\n", "revision: z200\n-- aliases: a200\n");
    fs::remove_file(old).unwrap();
    fs::write(project.0.join("migrations/a200_emails.sql"), renumbered).unwrap();
    assert_eq!(project.ok(&["current"]), "z200 (branchpoint)\n");
    assert!(project.ok(&["history", "-i"]).contains("a100 -> z200 (branchpoint) (current), emails\n"));
    project.ok(&["upgrade", "heads"]);
    project.ok(&["downgrade", "a100"]);
    assert_eq!(project.ok(&["current"]), "a100\n");
}

#[test]
fn pictures() {
    let project = shop("pictures");
    project.ok(&["upgrade", "a300", "-q"]);
    assert_eq!(
        project.ok(&["graph"]),
        "◉  a300 (head) (current)  add plans\n│ ○  b100 (billing) (head)  begin billing\n├─╯\n\
         ●  a200 (branchpoint)  emails\n●  a100  create users\n\n◉ current  ● applied  ○ not applied\n"
    );
    for (format, begins) in [("mermaid", "flowchart BT\n"), ("dot", "digraph "), ("svg", "<svg ")] {
        assert!(project.ok(&["graph", "--format", format]).starts_with(begins), "{format}");
    }
    // Without a database all the same.
    fs::remove_file(project.0.join("app.db")).unwrap();
    assert!(
        project
            .ok(&["graph", "-r", "a200:"])
            .ends_with("○  a200 (branchpoint)  emails\n\n◉ current  ● applied  ○ not applied\n")
    );
    assert!(!project.0.join("app.db").exists());
}

#[test]
fn colours_only_where_they_are_wanted() {
    let project = shop("colours");
    for (name, value, want) in [("", "", false), ("CLICOLOR_FORCE", "1", true), ("NO_COLOR", "1", false)] {
        let mut command = project.command(&["heads"]);
        if !name.is_empty() {
            command.env(name, value);
        }
        let found = command.output().unwrap().stdout;
        assert_eq!(found.contains(&0x1b), want, "{name}: {}", text(&found));
    }
}

#[test]
fn usage() {
    let project = Project::new("usage");
    assert_eq!(project.run(&["upgrad"]).status.code(), Some(2));
    assert_eq!(project.run(&["upgrade", "--sql", "--plan"]).status.code(), Some(2));
    // What env.py would read is not taken silently.
    for arguments in [
        &["upgrade", "head", "--tag", "x"][..],
        &["downgrade", "base", "--tag", "x"],
        &["stamp", "head", "--tag", "x"],
        &["-x", "a=b", "upgrade"],
    ] {
        let output = project.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            text(&output.stderr).contains("SQL files have no env.py that would read it"),
            "{arguments:?}"
        );
    }
    // Only -1 and the like begin so, and are no option.
    for arguments in [
        &["upgrade", "--dry-run"][..],
        &["downgrade", "--dry-run"],
        &["upgrade", "-n"],
        &["show", "--frob"],
        &["history", "-r", "--frob"],
        &["schema", "--frob"],
    ] {
        let output = project.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains("there is no such option"), "{arguments:?}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(project.ok(&["completions", shell]).contains("ensure_version"), "{shell}");
    }
    assert!(project.ok(&["man"]).contains(".TH limbeck 1"));
    project.ok(&["man", "pages"]);
    let pages = fs::read_dir(project.0.join("pages")).unwrap().count();
    let help = project.ok(&["--help"]);
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            line.split_whitespace().next().filter(|_| line.starts_with("  ") && !line.starts_with("   "))
        })
        .collect();
    // Its own page, and none for `help`.
    assert_eq!(pages, commands.len(), "{commands:?}");
    let guide = include_str!("../guides/command_line.md");
    for command in commands {
        assert!(
            command == "help" || guide.contains(&format!("`{command}`")),
            "guides/command_line.md says nothing of `{command}`"
        );
    }
}

/// `limbeck history | head -1` is no failure.
#[test]
fn a_reader_that_goes_away() {
    let project = shop("pipe");
    for arguments in [&["history"][..], &["completions", "bash"], &["upgrade", "heads", "--sql"]] {
        let mut child =
            project.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.stderr.is_empty(), "{arguments:?}: {}", text(&output.stderr));
    }
}

/// What JavaScript imports: the names and the very texts.
#[test]
fn a_folder_as_a_manifest() {
    let project = shop("manifest");
    fs::write(
        project.0.join("migrations/b200_wörds.sql"),
        "-- revises: b100\nSELECT 'é\"\\\u{1}', '*/';\r\n",
    )
    .unwrap();
    let told = project.ok(&["embed", "--manifest", "-o", "migrations.json"]);
    assert_eq!(told, "migrations.json holds 5 migrations\n");
    let written = fs::read_to_string(project.0.join("migrations.json")).unwrap();
    assert_eq!(project.ok(&["embed", "--manifest"]), written);
    let manifest: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(manifest["limbeck"], 1);
    let migrations = manifest["migrations"].as_array().unwrap();
    let names: Vec<_> = migrations.iter().map(|migration| migration["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted() && names.contains(&"b200_wörds.sql"), "{names:?}");
    for (name, migration) in names.iter().zip(migrations) {
        let text = fs::read_to_string(project.0.join("migrations").join(name)).unwrap();
        assert_eq!(migration["sql"], text);
    }
    // Without a folder that of the settings, also where there is one of the usual name.
    fs::create_dir(project.0.join("other")).unwrap();
    fs::write(project.0.join("other/0001_x.sql"), "SELECT 1;").unwrap();
    fs::write(project.0.join("limbeck.toml"), "migrations = \"other\"").unwrap();
    assert!(project.ok(&["embed", "--manifest"]).contains("0001_x.sql"));
    assert_eq!(project.ok(&["--migrations", "migrations", "embed", "--manifest"]), written);
    fs::remove_dir_all(project.0.join("migrations")).unwrap();
    fs::create_dir(project.0.join("migrations")).unwrap();
    fs::remove_file(project.0.join("limbeck.toml")).unwrap();
    let empty: serde_json::Value = serde_json::from_str(&project.ok(&["embed", "--manifest"])).unwrap();
    assert_eq!(empty["migrations"], serde_json::json!([]));
}

/// A folder becomes a file that a C compiler and a C++ compiler take without a warning.
#[test]
fn a_folder_as_a_file_of_c() {
    let project = shop("embed");
    fs::write(project.0.join("migrations/b200_wörds.sql"), "-- revises: b100\nSELECT 'é\"\\??/', '*/';\r\n")
        .unwrap();
    let told = project.ok(&["embed", "-o", "migrations.c"]);
    assert_eq!(told, "migrations.c holds 5 migrations\n");
    let file = project.0.join("migrations.c");
    let written = fs::read_to_string(&file).unwrap();
    assert_eq!(project.ok(&["embed"]), written);
    let time = fs::metadata(&file).unwrap().modified().unwrap();
    project.ok(&["embed", "-o", "migrations.c"]);
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), time, "an unchanged file is left alone");
    fs::write(
        project.0.join("main.c"),
        "#include \"migrations.c\"\n#include <stdio.h>\nint main(void) {\n  size_t i;\n\
         for (i = 0; i < migrations_count; ++i)\n\
         fwrite(migrations[i].text, 1, migrations[i].text_length, stdout);\n  return 0;\n}\n",
    )
    .unwrap();
    let header = concat!(env!("CARGO_MANIFEST_DIR"), "/../ffi/include");
    let mut names: Vec<_> =
        fs::read_dir(project.0.join("migrations")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let texts: Vec<Vec<u8>> = names.iter().map(|path| fs::read(path).unwrap()).collect();
    for (standard, language) in [("-std=c99", "c"), ("-std=c++17", "c++")] {
        let compiled = Command::new("cc")
            .args([standard, "-x", language, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", header])
            .args(["main.c", "-o", "embedded"])
            .current_dir(&project.0)
            .output()
            .unwrap();
        assert!(compiled.status.success(), "{}", text(&compiled.stderr));
        let printed = Command::new(project.0.join("embedded")).output().unwrap();
        assert_eq!(printed.stdout, texts.concat());
    }
    fs::write(project.0.join("migrations/b300_bad.sql"), "-- revises: b200\nCOMMIT;").unwrap();
    assert!(project.refused(&["embed", "-o", "other.c"]).contains("script.forbidden_statement"));
    assert!(!project.0.join("other.c").exists());
    assert!(project.refused(&["embed", "--name", "a-b"]).contains("no name in C"));
}
