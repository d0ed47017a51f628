//! `api.c` in every language and on every SQLite that there is here, and with what finds faults of
//! memory.

use std::process::Command;

use crate::support::{SANITIZED, Sqlite, compile, here, run, sqlites, there_is};

const C99: &[&str] = &["-std=c99", "-x", "c"];
const CPP17: &[&str] = &["-std=c++17", "-x", "c++"];

fn passes(name: &str, compiler: &[&str], sqlite: Sqlite) {
    let program = compile(name, compiler, &[here().join("tests/c/api.c")], sqlite);
    println!("{name}: {}", run(&mut Command::new(program)).trim());
}

#[test]
fn every_function_from_c99_and_cpp17() {
    for (c, cpp) in [("gcc", "g++"), ("clang", "clang++")] {
        for (compiler, standard) in [(c, C99), (cpp, CPP17)] {
            if !there_is(compiler) {
                eprintln!("skipped: there is no {compiler} here");
                continue;
            }
            for sqlite in sqlites() {
                passes(&format!("api-{compiler}-{sqlite:?}"), &[&[compiler], standard].concat(), sqlite);
            }
        }
    }
}

#[test]
fn nothing_for_the_sanitizers() {
    passes("api-sanitized", &SANITIZED, Sqlite::Amalgamation);
}

/// Lost handles are the program's own doing: what it leaks is not looked for.
#[test]
fn whatever_is_called_with() {
    let program = compile("fuzz", &SANITIZED, &[here().join("tests/c/fuzz.c")], Sqlite::Amalgamation);
    for seed in ["1", "2", "3"] {
        let mut command = Command::new(&program);
        let printed = run(command.args(["50000", seed]).env("ASAN_OPTIONS", "detect_leaks=0"));
        println!("seed {seed}: {}", printed.trim());
    }
}

#[test]
fn nothing_for_valgrind() {
    if !there_is("valgrind") {
        eprintln!("skipped: there is no valgrind here");
        return;
    }
    let source = here().join("tests/c/api.c");
    let program = compile("api-valgrind", &["cc", "-std=c99"], &[source], Sqlite::Amalgamation);
    let mut valgrind = Command::new("valgrind");
    // A table that lives as long as the process is found by a pointer into its middle: "possibly lost".
    let kinds = ["--show-leak-kinds=definite,indirect", "--errors-for-leak-kinds=definite,indirect"];
    valgrind.args(["-q", "--leak-check=full", "--error-exitcode=1"]).args(kinds);
    run(valgrind.arg(program));
}

/// In a loadable extension SQLite's names are macros, and the host's SQLite is the only one.
#[test]
fn inside_a_loadable_extension() {
    if !sqlites().contains(&Sqlite::System) {
        return;
    }
    let source = [here().join("tests/c/extension.c")];
    let shared = ["cc", "-std=c99", "-shared", "-fPIC"];
    let extension = compile("extension.so", &shared, &source, Sqlite::System);
    let host = compile("extension-host", &["cc", "-std=c99", "-DHOST"], &source, Sqlite::System);
    run(Command::new(host).arg(extension));
}

/// A program has one SQLite: its own.
#[test]
fn the_library_brings_no_sqlite() {
    let symbols = run(Command::new("nm").args(["-g", "--defined-only"]).arg(crate::support::library()));
    let own: Vec<&str> = symbols.lines().filter(|line| line.contains(" T sqlite3_")).collect();
    assert!(own.is_empty(), "{own:?}");
    assert!(symbols.contains(" T limbeck_migrator_upgrade"));
}

/// What the header declares is called in `api.c`.
#[test]
fn the_test_calls_every_function() {
    let header = std::fs::read_to_string(here().join("include/limbeck.h")).unwrap();
    let test = std::fs::read_to_string(here().join("tests/c/api.c")).unwrap();
    // What `bundled` adds is tested where it is written.
    let header = match header.split_once("#if defined(LIMBECK_BUNDLED)") {
        Some((before, behind)) => before.to_owned() + behind.split_once("#endif").expect("its end").1,
        None => header,
    };
    let code = header.lines().filter(|line| !line.trim_start().starts_with(['*', '/', '#']));
    let code: String = code.map(|line| format!("{line}\n")).collect();
    let words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '(');
    let mut count = 0;
    for (name, _) in words.filter(|word| word.starts_with("limbeck_")).filter_map(|word| word.split_once('('))
    {
        assert!(test.contains(&format!("{name}(")), "api.c never calls {name}");
        count += 1;
    }
    assert!(count > 40, "{count} functions");
}
