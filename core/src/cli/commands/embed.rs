//! `embed`: a folder of migrations as one file, of C or of JSON, for programs without Rust.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::script::{Folders, Source, SourceFile};
use crate::{Error, ErrorKind, Migrator, Result};
use serde_json::json;

use super::new_file::cannot_write;
use super::{refuse_go, refuse_python};
use crate::cli::args::Args;
use crate::cli::output::{self, say};

/// Bytes on a line.
const WIDTH: usize = 24;

/// Writes C, where the list is to have a name there, else a manifest.
pub fn embed(args: &Args, folders: Vec<PathBuf>, file: Option<&Path>, name: Option<&str>) -> Result<()> {
    if let Some(name) = name.filter(|name| !is_c_name(name)) {
        return Err(Error::new(ErrorKind::BadSetting, format!("'{name}' is no name in C"))
            .with_hint("name the list with letters, digits and '_', as in --name app_migrations"));
    }
    // What is wrong anywhere is said when the program is built, not to its users.
    folders.iter().try_for_each(|folder| refuse_python(folder).and_then(|()| refuse_go(folder)))?;
    let source = Folders(folders);
    Migrator::new(&source)?.validate()?;
    let files = source.files()?;
    let text = match name {
        Some(name) => c_file(&files, name),
        None => manifest(&files),
    };
    match file {
        // A manifest is an object already.
        None if args.json && name.is_some() => {
            output::json(&json!({ "text": text, "migrations": files.len() }));
        }
        None => output::raw(&text),
        // An unchanged file keeps its time, so that nothing is compiled anew.
        Some(file) if fs::read(file).is_ok_and(|found| found == text.as_bytes()) => {}
        Some(file) => fs::write(file, text).map_err(|error| cannot_write(file, &error))?,
    }
    if let Some(file) = file {
        if args.json {
            output::json(&json!({ "file": file, "migrations": files.len() }));
        } else if !args.quiet {
            say!("{} holds {} migrations", file.display(), files.len());
        }
    }
    Ok(())
}

fn is_c_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}

/// What the npm package takes as migrations, a migration a line, so that a change reads as one.
fn manifest(files: &[SourceFile]) -> String {
    let line = |file: &SourceFile| format!("    {}", json!({ "name": file.name, "sql": file.text }));
    let lines: Vec<String> = files.iter().map(line).collect();
    format!("{{\n  \"limbeck\": 1,\n  \"migrations\": [\n{}\n  ]\n}}\n", lines.join(",\n"))
}

/// The file: the bytes of each text as numbers, because C99 promises string literals of 4,095 bytes
/// only, and no encoding.
fn c_file(files: &[SourceFile], name: &str) -> String {
    let mut text = format!(
        "/*\n * Written by `limbeck embed`: write it anew, do not edit it. A program declares\n *\n\
         \x20*     extern const limbeck_migration {name}[];\n\
         \x20*     extern const size_t {name}_count;\n *\n\
         \x20* and gives both to limbeck_migrator_from_memory.\n */\n\
         #include <limbeck.h>\n\n\
         #ifdef __cplusplus\nextern \"C\" {{\n#endif\n\
         extern const limbeck_migration {name}[];\nextern const size_t {name}_count;\n\
         #ifdef __cplusplus\n}}\n#endif\n"
    );
    for (index, file) in files.iter().enumerate() {
        array(&mut text, &format!("{name}_name_{index}"), &file.name);
        array(&mut text, &format!("{name}_text_{index}"), &file.text);
    }
    let _ = write!(text, "\nconst limbeck_migration {name}[] = {{\n");
    for (index, file) in files.iter().enumerate() {
        let (name_length, text_length) = (file.name.len(), file.text.len());
        let _ = writeln!(
            text,
            "    {{(const char *){name}_name_{index}, {name_length}, (const char *){name}_text_{index}, {text_length}}},"
        );
    }
    if files.is_empty() {
        // C has no arrays of length 0.
        text += "    {0, 0, 0, 0},\n";
    }
    let _ = write!(text, "}};\n\nconst size_t {name}_count = {};\n", files.len());
    text
}

fn array(text: &mut String, name: &str, bytes: &str) {
    let _ = write!(text, "\nstatic const unsigned char {name}[] = {{");
    for line in bytes.as_bytes().chunks(WIDTH) {
        let numbers: Vec<String> = line.iter().map(u8::to_string).collect();
        let _ = write!(text, "\n    {},", numbers.join(", "));
    }
    // A NUL behind it: never empty, and a debugger shows the text.
    *text += "\n    0};\n";
}
