//! The schemas, and databases made from them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use limbeck::sql::{split, tokens};
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};

use crate::dump::strings;
use crate::tally::Tally;

/// Rows that `fill.py` tries to put into each table.
const ROWS: &str = "5";

/// One schema: a file, or one part of `quirks.sql`.
pub struct Subject {
    pub name: String,
    file: PathBuf,
    quirk: Option<String>,
    text: String,
}

/// Hands each schema with a filled database to `examine`, on as many threads as there are cores,
/// and answers what it all came to; nothing where the corpus or python3 is missing.
pub fn each(examine: impl Fn(&Filled<'_>, &mut Tally) + Sync) -> Option<Tally> {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let corpus = shared().join("corpus");
    let Some(subjects) = subjects(&corpus) else {
        println!("skipped: {} is not there; set LIMBECK_SHARED", corpus.join("fill.py").display());
        return None;
    };
    if !Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no python3 to run fill.py with");
        return None;
    }
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let scratch = std::env::temp_dir().join(format!("limbeck-corpus-{}-{run}", std::process::id()));
    std::fs::create_dir_all(&scratch).expect("a directory can be made");
    let schemas = subjects.len();
    let queue = Mutex::new(subjects);
    let all = Mutex::new(Tally::default());
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let Some(subject) = queue.lock().expect("no worker panics").pop() else { break };
                    let mut tally = Tally::default();
                    let run = || examine(&Filled::make(&corpus, &scratch, &subject), &mut tally);
                    if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
                        let text = panic.downcast_ref::<String>().map_or("a panic", String::as_str);
                        tally.failures.push(format!("{}: {text}", subject.name));
                    }
                    all.lock().expect("no worker panics").add(tally);
                }
            });
        }
    });
    let _ = std::fs::remove_dir_all(&scratch);
    let tally = all.into_inner().expect("no worker panics");
    println!("{schemas} schemas, {} tables, {} rows", tally.tables, tally.rows);
    Some(tally)
}

fn shared() -> PathBuf {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    std::env::var_os("LIMBECK_SHARED").map_or_else(beside, PathBuf::from)
}

/// All schemas, the greatest last, where it is taken first; none where the folder is missing.
fn subjects(corpus: &Path) -> Option<Vec<Subject>> {
    if !corpus.join("fill.py").is_file() {
        return None;
    }
    let only = std::env::var("LIMBECK_CORPUS_ONLY").unwrap_or_default();
    let mut subjects = Vec::new();
    for entry in std::fs::read_dir(corpus).ok()? {
        let file = entry.expect("the folder can be read").path();
        if file.extension().is_none_or(|extension| extension != "sql") {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("a schema is UTF-8");
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if name != "quirks" {
            subjects.push(Subject { name, file, quirk: None, text });
            continue;
        }
        for part in text.split("\n-- quirk: ").skip(1) {
            let (quirk, text) = part.split_once('\n').expect("a quirk has statements");
            subjects.push(Subject {
                name: format!("quirk {}", quirk.trim()),
                file: file.clone(),
                quirk: Some(quirk.trim().to_owned()),
                text: text.to_owned(),
            });
        }
    }
    subjects.retain(|subject| subject.name.contains(&only));
    subjects.sort_by_key(|subject| subject.text.len());
    Some(subjects)
}

/// A schema's database with rows and statistics, from which working copies are made.
pub struct Filled<'s> {
    pub subject: &'s Subject,
    file: PathBuf,
    scratch: PathBuf,
}

impl<'s> Filled<'s> {
    fn make(corpus: &Path, scratch: &Path, subject: &'s Subject) -> Filled<'s> {
        let file = scratch.join(format!("{}.db", subject.name));
        let mut fill = Command::new("python3");
        fill.arg(corpus.join("fill.py")).arg(&subject.file).arg(&file).args(["--quiet", "--rows", ROWS]);
        if let Some(quirk) = &subject.quirk {
            fill.args(["--quirk", quirk]);
        }
        let output = fill.output().expect("python3 starts");
        assert!(output.status.success(), "fill.py: {}", String::from_utf8_lossy(&output.stderr));
        let filled = Filled { subject, file, scratch: scratch.to_owned() };
        let db = Connection::open(&filled.file).expect("the database opens");
        filled.register(&db);
        db.execute_batch("ANALYZE main").expect("ANALYZE runs");
        filled
    }

    /// The file of a working copy.
    pub fn file(&self, copy: &str) -> PathBuf {
        self.scratch.join(format!("{}.{copy}.db", self.subject.name))
    }

    /// A fresh working copy, with all that its schema needs of the connection.
    pub fn open(&self, copy: &str, journal: &str) -> Connection {
        let work = self.file(copy);
        for suffix in ["-wal", "-shm", "-journal"] {
            let mut left = work.clone().into_os_string();
            left.push(suffix);
            let _ = std::fs::remove_file(left);
        }
        std::fs::copy(&self.file, &work).expect("a file is copied");
        let db = Connection::open(&work).expect("the copy opens");
        self.register(&db);
        db.execute_batch("PRAGMA synchronous = OFF").expect("a pragma is set");
        db.pragma_update(None, "journal_mode", journal).expect("a pragma is set");
        // What is temporary has gone with the connection of fill.py.
        for statement in split(&self.subject.text).expect("the schema is SQL") {
            let words: Vec<String> = tokens(statement.text)
                .expect("a statement is SQL")
                .iter()
                .take(2)
                .map(|token| token.text.to_uppercase())
                .collect();
            if words == ["CREATE", "TEMP"] || words == ["CREATE", "TEMPORARY"] {
                db.execute_batch(statement.text).expect("a temporary object is made");
            }
        }
        db
    }

    /// Gives a connection the collations and functions that the schema names.
    pub fn register(&self, db: &Connection) {
        for line in self.subject.text.lines() {
            if let Some(name) = line.strip_prefix("-- needs-collation: ") {
                db.create_collation(name.trim(), |a, b| a.to_lowercase().cmp(&b.to_lowercase()))
                    .expect("a collation is registered");
            }
            if let Some(name) = line.strip_prefix("-- needs-function: ") {
                let name = name.split_whitespace().next().unwrap_or_default();
                let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
                let first = |context: &Context<'_>| {
                    Ok(if context.is_empty() { rusqlite::types::Value::Null } else { context.get(0)? })
                };
                db.create_scalar_function(name, -1, flags, first).expect("a function is registered");
            }
        }
    }
}

/// The tables that are neither virtual, nor shadows, nor SQLite's own.
pub fn ordinary_tables(db: &Connection) -> Vec<String> {
    strings(
        db,
        "SELECT m.name FROM main.sqlite_schema AS m JOIN pragma_table_list AS l \
         ON l.schema = 'main' AND l.name = m.name \
         WHERE m.type = 'table' AND l.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         ORDER BY m.rowid",
    )
}
