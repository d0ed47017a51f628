//! `edit`: a revision's file in the user's editor.

use std::io::IsTerminal;
use std::process;

use crate::{Error, ErrorKind, Result};
use serde_json::json;

use super::read;
use crate::cli::args::Args;
use crate::cli::output::{self, say};
use crate::cli::settings::Settings;

pub fn edit(args: &Args, settings: &Settings, revision: &str) -> Result<()> {
    // Bodies are not read: one that is refused may be the one to mend.
    let migrator = read(settings)?;
    let [id] = migrator.graph()?.resolve(revision)?[..] else {
        return Err(Error::new(ErrorKind::UnknownRevision, format!("'{revision}' names no single revision"))
            .with_hint("name one: see 'limbeck history'"));
    };
    let path = settings.path(migrator.script(id).map_or("", |script| &script.file));
    if args.json || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        // An editor would wait for somebody who is not there.
        if args.json {
            output::json(&json!({ "path": path }));
        } else {
            say!("{}", path.display());
        }
        return Ok(());
    }
    let command = ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok());
    let command = command.filter(|command| !command.trim().is_empty()).unwrap_or_else(|| "vi".to_owned());
    let mut words = command.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let failed = |what: String| {
        Error::new(ErrorKind::BadSetting, format!("the editor '{command}' {what}"))
            .with_hint(format!("set EDITOR, or open {} yourself", path.display()))
    };
    let status = process::Command::new(program)
        .args(words)
        .arg(&path)
        .status()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    if status.success() { Ok(()) } else { Err(failed(format!("ended with {status}"))) }
}
