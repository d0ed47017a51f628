//! Programs in C, compiled and linked with the library as a program without Rust does it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

/// One compile at a time: two tests may want the same file.
static COMPILING: Mutex<()> = Mutex::new(());

/// Whose SQLite a program uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sqlite {
    /// `-lsqlite3`
    System,
    /// `sqlite3.c`, as the crate libsqlite3-sys brings it.
    Amalgamation,
}

/// With what finds faults of memory, and of C.
pub const SANITIZED: [&str; 6] =
    ["cc", "-std=c99", "-x", "c", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// The `ffi` folder.
pub fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where tests may leave files.
pub fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// Runs a command that must succeed, and answers what it prints.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}\n{err}", output.status);
    out.into_owned()
}

/// Whether there is such a program.
pub fn there_is(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// The static library, without features: built as a packager builds it.
pub fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let target = scratch().parent().expect("the target folder");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        run(Command::new(cargo)
            .args(["build", "-q", "-p", "limbeck-ffi", "--target-dir"])
            .arg(target)
            .current_dir(here()));
        target.join("debug/liblimbeck_ffi.a")
    })
}

/// The folder of the amalgamation.
pub fn amalgamation() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let metadata =
            run(Command::new(cargo).args(["metadata", "--format-version", "1"]).current_dir(here()));
        let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        let sys = packages.iter().find(|package| package["name"] == "libsqlite3-sys");
        let manifest = sys.expect("rusqlite brings it")["manifest_path"].as_str().unwrap();
        Path::new(manifest).with_file_name("sqlite3")
    })
}

/// The amalgamation, compiled.
fn amalgamation_object() -> &'static Path {
    static OBJECT: OnceLock<PathBuf> = OnceLock::new();
    OBJECT.get_or_init(|| {
        let source = amalgamation().join("sqlite3.c");
        let size = std::fs::metadata(&source).unwrap().len();
        // As libsqlite3-sys compiles it, as far as it decides what limbeck finds.
        let object = scratch().join(format!("sqlite3-{size}.o"));
        if !object.exists() {
            let part = object.with_extension("part");
            run(Command::new("cc")
                .args(["-O1", "-c", "-w", "-DSQLITE_ENABLE_FTS5", "-DSQLITE_ENABLE_RTREE"])
                .args(["-DSQLITE_ENABLE_DBSTAT_VTAB", "-DSQLITE_ENABLE_STAT4", "-DSQLITE_SOUNDEX"])
                .arg(&source)
                .arg("-o")
                .arg(&part));
            std::fs::rename(part, &object).unwrap();
        }
        object
    })
}

/// Which of the two there are here. The amalgamation always is.
pub fn sqlites() -> Vec<Sqlite> {
    let probe = scratch().join("probe.c");
    std::fs::write(&probe, "#include <sqlite3.h>\nint main(void) { return !sqlite3_libversion(); }\n")
        .unwrap();
    let mut command = Command::new("cc");
    command.arg(&probe).arg("-o").arg(scratch().join("probe")).arg("-lsqlite3");
    if command.output().is_ok_and(|output| output.status.success()) {
        vec![Sqlite::Amalgamation, Sqlite::System]
    } else {
        eprintln!("skipped: nothing links with -lsqlite3 here (Debian: apt install libsqlite3-dev)");
        vec![Sqlite::Amalgamation]
    }
}

/// Compiles `sources` with `compiler` (`["gcc", "-std=c99"]`) into a program of this name.
pub fn compile(name: &str, compiler: &[&str], sources: &[PathBuf], sqlite: Sqlite) -> PathBuf {
    let library = library();
    let object = (sqlite == Sqlite::Amalgamation).then(amalgamation_object);
    let _one = COMPILING.lock().unwrap_or_else(PoisonError::into_inner);
    let program = scratch().join(name);
    let mut command = Command::new(compiler[0]);
    command
        .args(&compiler[1..])
        .args(["-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"])
        .arg(here().join("include"))
        .args(sources);
    // Objects and archives have names that say what they are, also to g++ -x c++.
    command.args(["-x", "none"]);
    match object {
        Some(object) => command.arg("-isystem").arg(amalgamation()).arg(object).arg(library),
        None => command.arg(library).arg("-lsqlite3"),
    };
    run(command.args(["-lpthread", "-ldl", "-lm", "-o"]).arg(&program));
    program
}
