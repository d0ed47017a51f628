//! `check`: what the migrations make, against the schema that is wanted.

use std::path::Path;

use crate::{Difference, Error, ErrorKind, Result};
use serde_json::json;

use super::{migrator, scratch};
use crate::cli::args::Args;
use crate::cli::output::{self, say};
use crate::cli::settings::Settings;

/// Exit status 1 if there is any difference.
pub fn check(args: &Args, settings: &Settings, schema: Option<&Path>) -> Result<u8> {
    let Some(path) = schema.or(settings.schema.as_deref()) else {
        return Err(Error::new(ErrorKind::BadSetting, "no wanted schema is named")
            .with_hint("write '--schema schema.sql', or 'schema = \"schema.sql\"' in limbeck.toml"));
    };
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Error::new(ErrorKind::SourceUnreadable, format!("cannot read '{file}': {error}"))
            .in_file(&file)
            .with_hint("name a file of CREATE statements, in UTF-8")
    })?;
    let migrator = migrator(settings)?;
    // An error of a migration names that one's file.
    let differences = migrator
        .check(&mut *scratch(settings)?, &mut *scratch(settings)?, &text)
        .map_err(|error| if error.revision().is_some() { error } else { error.in_file(&file) })?;
    if args.json {
        output::json(&json!({ "differences": differences }));
    } else {
        told(&differences);
    }
    Ok(u8::from(!differences.is_empty()))
}

fn told(differences: &[Difference]) {
    for Difference { kind, table, name, sql, present } in differences {
        let of = if table.eq_ignore_ascii_case(name) { String::new() } else { format!(" of {table}") };
        say!("{} {}{of}", kind.as_str().replace('_', " "), output::paint(output::REVISION, name));
        let lines = |sign: &str, sql: &str| sql.lines().for_each(|line| say!("  {sign} {line}"));
        if let Some(present) = present {
            lines("-", present);
        }
        lines(if kind.as_str().starts_with("drop") { " " } else { "+" }, sql);
    }
    match differences.len() {
        // Alembic's words.
        0 => say!("No new upgrade operations detected."),
        1 => say!("1 difference: write a migration for it"),
        count => say!("{count} differences: write migrations for them"),
    }
}
