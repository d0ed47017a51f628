//! `init`: a folder and a settings file.

use std::fs;
use std::path::Path;

use crate::Result;
use serde_json::json;

use super::new_file::{cannot_write, write_new};
use crate::cli::args::Args;
use crate::cli::output::{self, say};

pub fn init(args: &Args, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    let settings = args.config.as_deref().unwrap_or(Path::new("limbeck.toml"));
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
    if args.json {
        output::json(&json!({ "migrations": folder, "settings": settings, "written": written }));
    } else if !args.quiet {
        let kept = if written { "" } else { ", which is left as it was" };
        say!("migrations go to {}; settings are in {}{kept}", folder.display(), settings.display());
        say!("next: limbeck revision -m \"create users\", write its SQL, limbeck upgrade head");
    }
    Ok(())
}
