//! A folder in which the command runs, as a user would type it.
#![allow(dead_code)] // Each test uses a part of it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Names another program that carries the same command, such as the one of Python's wheel.
pub const COMMAND: &str = "LIMBECK_COMMAND";

/// A folder of its own to work in.
pub struct Project(pub PathBuf);

impl Project {
    pub fn new(name: &str) -> Project {
        let path = std::env::temp_dir().join(format!("limbeck-cli-{}-{name}", std::process::id()));
        fs::remove_dir_all(&path).ok();
        fs::create_dir_all(&path).unwrap();
        Project(path)
    }

    /// After `init`, with these revisions: (arguments of `revision`, up, down).
    pub fn with(name: &str, revisions: &[(&[&str], &str, &str)]) -> Project {
        let project = Project::new(name);
        project.ok(&["init", "-q"]);
        for (arguments, up, down) in revisions {
            project.revision(arguments, up, down);
        }
        project
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let program = std::env::var(COMMAND);
        let program = program.as_deref().unwrap_or(env!("CARGO_BIN_EXE_limbeck"));
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.0).stdin(Stdio::null());
        for (name, _) in std::env::vars() {
            if name.starts_with("LIMBECK_") || name.contains("COLOR") || name == "DATABASE_URL" {
                command.env_remove(name);
            }
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What it prints on stdout, if it succeeds.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// What it prints on stderr, if it is refused.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output.stdout));
        assert!(output.stdout.is_empty(), "{arguments:?}");
        text(&output.stderr)
    }

    /// Writes a file into the folder of migrations.
    pub fn file(&self, name: &str, text: &str) {
        fs::write(self.0.join("migrations").join(name), text).unwrap();
    }

    /// Writes a revision with the command, and its SQL under the markers.
    pub fn revision(&self, arguments: &[&str], up: &str, down: &str) {
        let told = self.ok(&[&["revision"], arguments].concat());
        let path = told.trim().strip_prefix("Generating ").unwrap().strip_suffix(" ...  done").unwrap();
        let path = self.0.join(path);
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replace("migrate:up\n", &format!("migrate:up\n{up}\n"));
        fs::write(&path, text.replace("migrate:down\n", &format!("migrate:down\n{down}\n"))).unwrap();
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
