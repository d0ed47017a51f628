//! The `limbeck` command as a process among others: killed at any moment, interrupted, started several
//! times at once. `LIMBECK_KILL_SECONDS` says how long processes are killed (10).

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use rusqlite::Connection;

const MIGRATIONS: [(&str, &str); 4] = [
    (
        "0001_notes.sql",
        "CREATE TABLE notes(id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT, body TEXT);
         CREATE INDEX by_title ON notes(title);
         CREATE VIEW titles AS SELECT title FROM notes;",
    ),
    (
        "0002_native.sql",
        "ALTER TABLE notes ADD pinned INT NOT NULL DEFAULT 0; UPDATE notes SET pinned = id % 2",
    ),
    (
        "0003_rebuild.sql",
        "UPDATE notes SET title = 'untitled' WHERE title IS NULL;
         ALTER TABLE notes ALTER title SET NOT NULL, ALTER body FIRST",
    ),
    (
        "0004_words.sql",
        "CREATE TABLE words(word PRIMARY KEY); INSERT INTO words SELECT DISTINCT title FROM notes",
    ),
];

/// A folder with the migrations, and databases beside it.
struct Project(PathBuf);

impl Project {
    fn new(name: &str) -> Project {
        let path = env::temp_dir().join(format!("limbeck-processes-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("migrations")).unwrap();
        for (file, text) in MIGRATIONS {
            fs::write(path.join("migrations").join(file), text).unwrap();
        }
        Project(path)
    }

    fn database(&self) -> PathBuf {
        self.0.join("app.db")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_limbeck"));
        let settings = env::vars().map(|(name, _)| name).filter(|name| name.starts_with("LIMBECK_"));
        settings.for_each(|name| _ = command.env_remove(name));
        command.args(["-d", "app.db", "-m", "migrations"]).args(arguments).current_dir(&self.0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn upgrade(&self, mode: &str) -> Command {
        fs::write(self.0.join("limbeck.toml"), format!("transaction = \"{mode}\"\n")).unwrap();
        self.command(&["upgrade", "head"])
    }

    fn to(&self, revision: &str) {
        let output = self.command(&["upgrade", revision]).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }

    /// A database at 0001 with rows.
    fn old(&self, journal: &str, rows: usize) {
        self.remove();
        Connection::open(self.database())
            .unwrap()
            .execute_batch(&format!("PRAGMA journal_mode = {journal}"))
            .unwrap();
        self.to("0001");
        let db = Connection::open(self.database()).unwrap();
        db.execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {rows})
             INSERT INTO notes(title, body) SELECT CASE WHEN i % 5 THEN 'title ' || i % 70 END, hex(randomblob(40)) FROM n"
        ))
        .unwrap();
    }

    fn remove(&self) {
        for end in ENDS {
            let _ = fs::remove_file(self.0.join(format!("app.db{end}")));
        }
    }

    /// Copies the database with what stands beside it.
    fn copy(&self, from: &str, to: &str) {
        for end in ENDS {
            let _ = fs::remove_file(self.0.join(format!("{to}{end}")));
            let from = self.0.join(format!("{from}{end}"));
            if from.exists() {
                fs::copy(from, self.0.join(format!("{to}{end}"))).unwrap();
            }
        }
    }
}

const ENDS: [&str; 4] = ["", "-journal", "-wal", "-shm"];

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// All that is in a database, but for the times in the history.
fn state(path: &Path) -> String {
    let db = Connection::open(path).unwrap();
    assert_eq!(lines(&db, "PRAGMA integrity_check"), ["ok"]);
    let mut all = lines(&db, "SELECT type || name || coalesce(sql, '') FROM sqlite_master ORDER BY 1");
    for table in lines(&db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1") {
        let columns = lines(
            &db,
            &format!(
                "SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}') WHERE name NOT IN ('applied_at', 'duration_ms', 'fingerprint')"
            ),
        );
        all.extend(lines(
            &db,
            &format!("SELECT '{table} ' || {} FROM {table} ORDER BY 1", columns.join(" || '|' || ")),
        ));
    }
    all.join("\n")
}

fn lines(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement = db.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(|row| row.unwrap_or_else(|error| panic!("{sql}: {error}"))).collect()
}

/// Numbers that look random, and repeat: by xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }
}

/// SIGKILL, or TerminateProcess: at whichever moment, the database is as before or as after.
#[test]
fn a_killed_upgrade_leaves_the_database_as_before_or_as_after() {
    let seconds = env::var("LIMBECK_KILL_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let project = Project::new("killed");
    let mut random = Random(0x0dd_ba11);
    let (mut kills, mut hot, mut between) = (0, 0, 0);
    let modes = [
        ("DELETE", "per_upgrade"),
        ("DELETE", "per_revision"),
        ("WAL", "per_upgrade"),
        ("WAL", "per_revision"),
    ];
    for (journal, mode) in modes {
        project.old(journal, 4000);
        project.copy("app.db", "before.db");
        let mut states = vec![state(&project.database())];
        let targets: &[&str] = if mode == "per_revision" { &["0002", "0003", "0004"] } else { &["0004"] };
        for revision in targets {
            project.to(revision);
            states.push(state(&project.database()));
        }
        project.copy("before.db", "app.db");
        let started = Instant::now();
        assert!(project.upgrade(mode).output().unwrap().status.success());
        let whole = started.elapsed();
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(seconds) / modes.len() as u32 {
            project.copy("before.db", "app.db");
            let mut child = project.upgrade(mode).spawn().unwrap();
            std::thread::sleep(Duration::from_micros(random.below(whole.as_micros() as u64 * 11 / 10)));
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            let size =
                |end: &str| fs::metadata(project.0.join(format!("app.db{end}"))).map_or(0, |file| file.len());
            hot += usize::from(size("-journal") > 0 || size("-wal") > 0);
            let found = state(&project.database());
            let at = states.iter().position(|state| *state == found);
            let at = at
                .unwrap_or_else(|| panic!("{journal}, {mode}: in no state that it may be in, kill {kills}"));
            between += usize::from(at != 0 && at + 1 != states.len());
            let output = project.upgrade(mode).output().unwrap();
            assert!(output.status.success(), "{journal}, {mode}: {}", text(&output.stderr));
            assert_eq!(
                state(&project.database()),
                states[states.len() - 1],
                "{journal}, {mode}: the next run"
            );
        }
    }
    println!("{kills} kills, {hot} with a journal or WAL left, {between} between two revisions");
    assert!(hot > 0, "no kill came while the database was being changed");
}

/// Waits for all, and answers what each said.
fn finished(children: Vec<Child>) -> Vec<Output> {
    children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
}

/// Whatever is there at first: one applies each revision, and all succeed.
#[test]
fn many_at_once_apply_each_revision_once() {
    const PROCESSES: usize = 8;
    let project = Project::new("at-once");
    for journal in ["DELETE", "WAL"] {
        for mode in ["per_upgrade", "per_revision"] {
            for begin in ["nothing", "empty", "old", "current"] {
                project.remove();
                match begin {
                    "nothing" => {}
                    // What an app leaves that has set the mode first.
                    "empty" => Connection::open(project.database())
                        .unwrap()
                        .execute_batch(&format!("PRAGMA journal_mode = {journal}"))
                        .unwrap(),
                    _ => project.old(journal, 500),
                }
                if begin == "current" {
                    project.to("head");
                }
                let children = (0..PROCESSES).map(|_| project.upgrade(mode).spawn().unwrap()).collect();
                let mut ran = Vec::new();
                for output in finished(children) {
                    let told = text(&output.stderr);
                    assert!(output.status.success(), "{journal}, {mode}, {begin}: {told}");
                    ran.extend(
                        told.lines().filter(|line| line.starts_with("Running upgrade")).map(str::to_owned),
                    );
                }
                let db = Connection::open(project.database()).unwrap();
                let history = lines(&db, "SELECT revision FROM limbeck_history ORDER BY id");
                assert_eq!(history, ["0001", "0002", "0003", "0004"], "{journal}, {mode}, {begin}");
                assert_eq!(lines(&db, "SELECT version_num FROM limbeck_version"), ["0004"]);
                assert_eq!(lines(&db, "PRAGMA integrity_check"), ["ok"]);
                let want = match begin {
                    "old" => 3,
                    "current" => 0,
                    _ => 4,
                };
                assert_eq!(ran.len(), want, "{journal}, {mode}, {begin}: {ran:?}");
            }
        }
    }
}

/// Ctrl-C: status 130, and nothing has changed.
#[cfg(unix)]
#[test]
fn an_interrupted_upgrade_changes_nothing() {
    let project = Project::new("interrupted");
    project.old("DELETE", 100);
    let endless = "CREATE TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    fs::write(project.0.join("migrations/0005_endless.sql"), endless).unwrap();
    let before = state(&project.database());
    let mut child = project.upgrade("per_upgrade").spawn().unwrap();
    // It has begun once its journal is there.
    let deadline = Instant::now() + Duration::from_secs(60);
    while !project.0.join("app.db-journal").exists() {
        assert!(Instant::now() < deadline && child.try_wait().unwrap().is_none(), "it does not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("[run.cancelled]"), "{}", text(&output.stderr));
    assert_eq!(state(&project.database()), before);
}
