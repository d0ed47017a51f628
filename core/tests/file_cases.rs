//! The cases of tests/conformance/files, through the command.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};

#[path = "../../tests/conformance/interpreter.rs"]
mod interpreter;
mod project;
#[path = "../../tests/conformance/texts.rs"]
mod texts;

use interpreter::{Call, Surface};
use project::{Project, text};
use texts::texts;

#[test]
fn every_case() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance");
    let project = Project::new("files");
    let mut command = Command { project, connection: None };
    interpreter::all("Command", rusqlite::version(), &root, &std::env::temp_dir(), &mut command);
}

/// The command, and a connection of the test's own.
struct Command {
    project: Project,
    connection: Option<Connection>,
}

impl Surface for Command {
    fn sql(&mut self, file: &Path, sql: &str) -> Vec<String> {
        texts(self.connection.get_or_insert_with(|| Connection::open(file).unwrap()), sql)
    }

    fn close(&mut self) {
        self.connection = None;
    }

    fn run(&mut self, call: &Call<'_>) -> Result<Value, Value> {
        let folder = self.project.0.join("migrations");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        call.migrations.iter().for_each(|(name, text)| fs::write(folder.join(name), text).unwrap());
        let file = call.file.to_str().unwrap();
        let settings = call
            .backups
            .as_ref()
            .map(|(keep, folder)| format!("backups = '{}'\nkeep_backups = {keep}\n", folder.display()));
        fs::write(self.project.0.join("limbeck.toml"), settings.unwrap_or_default()).unwrap();
        let mut arguments = vec!["--json", "-d", file, "-m", "migrations"];
        let words = call.words.iter().map(String::as_str);
        arguments.extend(words.filter(|word| *word != "newest"));
        let output = self.project.run(&arguments);
        let found: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", text(&output.stderr)));
        if found.get("error").is_some() {
            return Err(found);
        }
        // The command's answers are objects.
        Ok(match call.words[0].as_str() {
            "current" => found["heads"].clone(),
            "backups" => found["backups"].clone(),
            _ => json!(found),
        })
    }
}
