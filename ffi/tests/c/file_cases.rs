//! The cases of tests/conformance/files through C: `driver.c` again.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::conformance::Driver;
use crate::support::{self, SANITIZED};

#[path = "../../../tests/conformance/interpreter.rs"]
mod interpreter;

use interpreter::{Call, Surface};

#[test]
fn every_case_on_files() {
    for sqlite in support::sqlites() {
        let name = format!("files-{sqlite:?}").to_lowercase();
        let program =
            support::compile(&name, &SANITIZED, &[support::here().join("tests/c/driver.c")], sqlite);
        let folder = std::env::temp_dir().join(format!("limbeck-{name}-{}", std::process::id()));
        let mut driver = Driver::new(&program);
        driver.ask("open", "").unwrap();
        let version = driver.texts("SELECT sqlite_version()").remove(0);
        driver.ask("file", "").unwrap();
        let mut c = C { driver, open: false, folder };
        let root = support::here().join("../tests/conformance");
        interpreter::all("C", &version, &root, &std::env::temp_dir(), &mut c);
        fs::remove_dir_all(&c.folder).unwrap();
    }
}

struct C {
    driver: Driver,
    open: bool,
    /// The migrations of the call at hand.
    folder: PathBuf,
}

impl C {
    fn open(&mut self, file: &Path) {
        if !self.open {
            self.driver.ask("file", file.to_str().unwrap()).unwrap();
            self.open = true;
        }
    }
}

impl Surface for C {
    fn sql(&mut self, file: &Path, sql: &str) -> Vec<String> {
        self.open(file);
        self.driver.texts(sql)
    }

    fn close(&mut self) {
        self.driver.ask("file", "").unwrap();
        self.open = false;
    }

    fn run(&mut self, call: &Call<'_>) -> Result<Value, Value> {
        let _ = fs::remove_dir_all(&self.folder);
        fs::create_dir_all(&self.folder).unwrap();
        call.migrations.iter().for_each(|(name, text)| fs::write(self.folder.join(name), text).unwrap());
        let (keep, backups) = call.backups.clone().unwrap_or_default();
        self.driver.ask("set", &format!("keep={keep}")).unwrap();
        self.driver.ask("set", &format!("backups={}", backups.display())).unwrap();
        self.driver.ask("folder", self.folder.to_str().unwrap()).unwrap();
        self.open(&call.file);
        let read = |text: String| serde_json::from_str(&text).unwrap();
        self.driver.ask("run", &call.words.join(" ")).map(read).map_err(read)
    }
}
