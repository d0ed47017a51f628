//! Who may know whom: data flows one way, and no module of the core looks back.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module of the core, and the modules that it may use.
const MAY_USE: &[(&str, &str)] = &[
    ("cancel", ""),
    ("report", ""),
    ("error", "report"),
    ("event", "report"),
    ("set", ""),
    ("sql", "error"),
    ("schema", "error sql"),
    ("alter", "error set sql schema"),
    ("operation", "sql schema alter"),
    ("diff", "error set sql schema alter operation"),
    ("deed", "sql alter"),
    ("graph", "error report"),
    ("script", "error set sql schema alter graph"),
    ("db", "error sql"),
    ("inspect", "error sql schema alter db"),
    ("dependents", "error sql schema alter db inspect"),
    ("proof", "error sql schema db inspect"),
    ("foreign_keys", "error sql schema deed db inspect"),
    ("history", "error sql graph script db"),
    ("room", "error sql deed db"),
    ("backup", "error event sql db history room"),
    (
        "execute",
        "error report event cancel sql schema alter deed diff graph script db inspect dependents proof foreign_keys \
         history backup room",
    ),
    ("reading", "error sql schema alter script deed"),
    ("invent", "error sql schema db inspect"),
    ("lint", "error sql schema alter graph script db inspect deed reading"),
    ("trial", "error sql schema alter script db diff inspect deed reading invent"),
    (
        "migrator",
        "error report event cancel set sql deed reading invent lint trial alter schema diff graph script db inspect execute \
         history operation backup room",
    ),
    ("guides", ""),
    ("cli", "error diff operation graph lint invent trial script db backup"),
];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The modules that a text names behind `crate::`, its tests left out.
fn used(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut modules = BTreeSet::new();
    for line in lines {
        for part in line.split("crate::").skip(1) {
            let module: String = part.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if !module.is_empty() {
                modules.insert(module);
            }
        }
    }
    modules
}

#[test]
fn no_module_looks_back() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in rust_files(&source) {
        let place = file.strip_prefix(&source).unwrap();
        let module = place.components().next().unwrap().as_os_str().to_string_lossy().replace(".rs", "");
        // `pages` has links of the documents alone.
        if matches!(module.as_str(), "lib" | "bin" | "pages") || place.ends_with("execute/tests.rs") {
            continue;
        }
        let (_, allowed) = MAY_USE
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("say in this test what the module {module} may use"));
        for used in used(&fs::read_to_string(&file).unwrap()) {
            if used != module && !allowed.split(' ').any(|name| name == used) {
                wrong.push(format!("{}: uses {used}", place.display()));
            }
        }
        seen.insert(module);
    }
    assert!(wrong.is_empty(), "modules look the wrong way:\n{}", wrong.join("\n"));
    assert_eq!(seen.len(), MAY_USE.len(), "a module of the list is gone");
}

#[test]
fn the_reader_of_this_test_sees_uses() {
    let found: Vec<String> =
        used("use crate::sql::x;\nfn f() { crate::schema::y() }\n// crate::db\n").into_iter().collect();
    assert_eq!(found, ["schema", "sql"]);
}
