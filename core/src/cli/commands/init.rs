//! `init`: a folder and a settings file, and where the folder lies in a Cargo package, its build script.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use serde_json::json;

use super::new_file::{cannot_write, write_new};
use crate::cli::args::Args;
use crate::cli::output::{self, say};
use crate::cli::settings::{behind_limbeck_toml, folders_in};

pub fn init(args: &Args, folder: Option<&Path>) -> Result<()> {
    let settings = args.config.as_deref().unwrap_or(Path::new("limbeck.toml"));
    // Where a file is there already, its word counts: `revision` writes to the folder that it names.
    let named = if settings.exists() { folders_in(settings) } else { Vec::new() };
    let folder = folder
        .or(args.migrations_short.as_deref())
        .or(args.migrations.as_deref())
        .or(named.first().map(PathBuf::as_path))
        .unwrap_or(Path::new("migrations"));
    fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    let database = args.database.as_deref().unwrap_or("app.db");
    let text = format!(
        "# Paths are relative to this file.\ndatabase = {}\nmigrations = {}\n\n\
         # What 'limbeck check' compares with: a file of CREATE statements\n\
         # schema = \"schema.sql\"\n\
         # How a new file is called; tokens: rev slug year month day hour minute second epoch\n\
         # file_template = \"%(rev)s_%(slug)s\"\n",
        // A string of JSON is one of TOML.
        json!(database),
        json!(folder.to_string_lossy())
    );
    let written = !settings.exists();
    if written {
        write_new(settings, &text)?;
    }
    let script = build_script(folder)?;
    if args.json {
        output::json(&json!({
            "migrations": folder,
            "settings": settings,
            "written": written,
            "build_script": matches!(script, BuildScript::Written | BuildScript::HasLine),
        }));
    } else if !args.quiet {
        let kept = if written { "" } else { ", which is left as it was" };
        if named.is_empty() || named.iter().any(|named| named == folder) {
            say!("migrations go to {}; settings are in {}{kept}", folder.display(), settings.display());
        } else {
            let named: Vec<String> = named.iter().map(|named| named.display().to_string()).collect();
            let (folder, settings) = (folder.display(), settings.display());
            say!("{folder} is there, but migrations go to {}, as {settings} says{kept}", named.join(", "));
        }
        if let Some(other) = behind_limbeck_toml().filter(|_| written && args.config.is_none()) {
            say!("limbeck.toml goes before {other}, which limbeck reads no longer");
        }
        match script {
            BuildScript::NotNeeded | BuildScript::HasLine => {}
            BuildScript::Written => {
                say!("build.rs tells Cargo to compile the package anew when a migration comes");
            }
            BuildScript::Lacks(line) => {
                say!("for embed_migrations!, write into the package's build script: {line}");
            }
        }
        say!("next: limbeck revision -m \"create users\", write its SQL, limbeck upgrade head");
    }
    Ok(())
}

/// Whether Cargo compiles the package anew when a file is added to the folder.
enum BuildScript {
    /// No package is here.
    NotNeeded,
    HasLine,
    Written,
    /// The author's own script lacks this line.
    Lacks(String),
}

/// `embed_migrations!` has Cargo watch the files that it has found, and so a binary may hold yesterday's folder. "If the
/// path points to a directory, it will scan the entire directory for any modifications"
/// (<https://doc.rust-lang.org/cargo/reference/build-scripts.html#rerun-if-changed>).
fn build_script(folder: &Path) -> Result<BuildScript> {
    let manifest = fs::read_to_string("Cargo.toml").ok().and_then(|text| text.parse::<toml::Table>().ok());
    let Some(package) = manifest.as_ref().and_then(|manifest| manifest.get("package")) else {
        return Ok(BuildScript::NotNeeded);
    };
    let watched = format!("cargo:rerun-if-changed={}", folder.to_string_lossy().replace('\\', "/"));
    let line = format!("println!({:?});", watched.replace('{', "{{").replace('}', "}}"));
    let script = package.get("build").and_then(toml::Value::as_str).unwrap_or("build.rs");
    match fs::read_to_string(script) {
        Ok(text) if text.contains(&watched) => Ok(BuildScript::HasLine),
        Err(_) if !Path::new(script).exists() && package.get("build").is_none() => {
            write_new(
                Path::new(script),
                &format!("//! Has Cargo notice a new migration.\n\nfn main() {{\n    {line}\n}}\n"),
            )?;
            Ok(BuildScript::Written)
        }
        _ => Ok(BuildScript::Lacks(line)),
    }
}
