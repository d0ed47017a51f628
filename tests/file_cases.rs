//! The cases of conformance/files, in Rust: files in whichever state, and backups.

use std::path::Path;

use limbeck::{Backup, Backups, Error, ErrorKind, Migrator};
use rusqlite::Connection;
use serde_json::{Value, json};

#[path = "conformance/interpreter.rs"]
mod interpreter;
#[path = "conformance/texts.rs"]
mod texts;

use interpreter::{Call, Surface};
use texts::texts;

#[test]
fn every_case() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    interpreter::all("Rust", rusqlite::version(), &root, temporary, &mut Rust::default());
}

#[derive(Default)]
struct Rust {
    connection: Option<Connection>,
}

impl Rust {
    fn open(&mut self, file: &Path) -> &mut Connection {
        self.connection.get_or_insert_with(|| Connection::open(file).unwrap())
    }
}

impl Surface for Rust {
    fn sql(&mut self, file: &Path, sql: &str) -> Vec<String> {
        texts(self.open(file), sql)
    }

    fn close(&mut self) {
        self.connection = None;
    }

    fn run(&mut self, call: &Call<'_>) -> Result<Value, Value> {
        let db = self.open(&call.file);
        run(db, call).map_err(|error| serde_json::from_str(&error.to_json()).unwrap())
    }
}

fn run(db: &mut Connection, call: &Call<'_>) -> Result<Value, Error> {
    let mut migrator = Migrator::new(call.migrations)?;
    if let Some((keep, folder)) = &call.backups {
        migrator = migrator.backup(Backups::new(folder).keep(*keep));
    }
    let words: Vec<&str> = call.words.iter().map(String::as_str).collect();
    match &words[..] {
        ["upgrade", target] => migrator.upgrade(db, target).map(|report| json!(report)),
        ["downgrade", target] => migrator.downgrade(db, target).map(|report| json!(report)),
        ["current"] => migrator.current(db).map(|heads| json!(heads)),
        ["doctor"] => Ok(json!(migrator.doctor(db, &mut Connection::open_in_memory().unwrap()))),
        ["backup"] => migrator.back_up(db).map(|backup| json!(backup)),
        ["backups"] => migrator.backups(db).map(|all| json!(all)),
        ["restore", "newest"] => {
            let newest = migrator.newest_compatible_backup(db)?;
            let newest = newest.ok_or_else(|| Error::new(ErrorKind::NoBackup, "no backup is there"))?;
            migrator.restore(db, &newest).map(|report| json!(report))
        }
        ["restore", path] => migrator.restore(db, &Backup::open(path)?).map(|report| json!(report)),
        _ => panic!("run: {words:?}"),
    }
}
