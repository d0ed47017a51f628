//! The licences of what limbeck is built from: all are on the list of `.deny.toml`, and those whose licence asks for it
//! travel with what is handed out in binary form, in a file THIRD-PARTY. `LIMBECK_BLESS=1` writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What is handed out in binary form: the folder, and the features it may be built with.
const BINARIES: &[(&str, &str, &str)] = &[
    ("ffi", "limbeck-ffi", "bundled"),
    ("python-bindings", "limbeck-python", ""),
    ("wasm", "limbeck-wasm", ""),
];

/// The alternatives of a licence expression, each of which has to be met: `(MIT OR Apache-2.0) AND Unicode-3.0`.
fn alternatives(expression: &str) -> Vec<Vec<String>> {
    let parts = expression.split(" AND ").map(|part| {
        let part = part.trim().trim_start_matches('(').trim_end_matches(')');
        part.replace('/', " OR ").split(" OR ").map(|name| name.trim().to_owned()).collect()
    });
    parts.collect()
}

/// The licence that is taken, of each part: Apache-2.0, of which one text does for all, or the first on the list.
fn taken(expression: &str, allowed: &[String]) -> Option<Vec<String>> {
    let one = |names: Vec<String>| {
        let apache = names.iter().find(|name| *name == "Apache-2.0");
        apache.or_else(|| names.iter().find(|name| allowed.contains(name))).cloned()
    };
    alternatives(expression).into_iter().map(one).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What `.deny.toml` allows to all.
fn allowed() -> Vec<String> {
    names(&licenses()["allow"])
}

/// What it allows to one crate, which is in no binary.
fn exceptions() -> Vec<(String, Vec<String>)> {
    let list = licenses()["exceptions"].as_array().unwrap().clone();
    list.iter().map(|one| (one["crate"].as_str().unwrap().to_owned(), names(&one["allow"]))).collect()
}

fn licenses() -> toml::Value {
    let text = fs::read_to_string(root().join(".deny.toml")).unwrap();
    toml::from_str::<toml::Value>(&text).unwrap()["licenses"].clone()
}

fn names(list: &toml::Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The packages of the lock file by `name version`.
fn packages() -> BTreeMap<String, Value> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--all-features", "--locked"]))
            .unwrap();
    let all = metadata["packages"].as_array().unwrap();
    let named = all.iter().map(|package| {
        let text = |name: &str| package[name].as_str().unwrap();
        (format!("{} {}", text("name"), text("version")), package.clone())
    });
    named.collect()
}

#[test]
fn every_licence_is_on_the_list() {
    let allowed = allowed();
    let packages = packages();
    assert!(packages.len() > 50, "{} packages", packages.len());
    for (name, package) in packages {
        let licence = package["license"].as_str().unwrap_or("none");
        if exceptions().iter().any(|(one, more)| package["name"] == **one && taken(licence, more).is_some()) {
            continue;
        }
        assert!(taken(licence, &allowed).is_some(), "{name}: {licence} is not on the list in .deny.toml");
    }
    for (expression, want) in [
        ("MIT", Some(vec!["MIT"])),
        ("MIT/Apache-2.0", Some(vec!["Apache-2.0"])),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", Some(vec!["Apache-2.0", "Unicode-3.0"])),
        ("Unlicense OR MIT", Some(vec!["MIT"])),
        ("GPL-3.0", None),
        ("MIT AND GPL-3.0", None),
        ("none", None),
    ] {
        let want: Option<Vec<String>> = want.map(|names| names.into_iter().map(str::to_owned).collect());
        assert_eq!(taken(expression, &allowed), want, "{expression}");
    }
}

/// cargo, npm and maturin pack what is in a folder, and no link that leads out of it.
#[test]
fn every_package_has_limbecks_own_licences() {
    for folder in ["core", "ffi", "python-bindings", "wasm"] {
        for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let there = fs::read(root().join(folder).join(name)).unwrap_or_default();
            assert!(there == fs::read(root().join(name)).unwrap(), "copy {name} into {folder}/");
        }
    }
}

#[test]
fn binaries_carry_the_licences_of_what_is_in_them() {
    let (allowed, packages) = (allowed(), packages());
    for (folder, package, features) in BINARIES {
        let found = third_party(package, features, &packages, &allowed);
        let path = root().join(folder).join("THIRD-PARTY");
        if std::env::var_os("LIMBECK_BLESS").is_some_and(|value| value == "1") {
            fs::write(&path, &found).unwrap();
        }
        let there = fs::read_to_string(&path).unwrap_or_default();
        assert!(there == found, "run LIMBECK_BLESS=1 cargo test -p limbeck-tests --test licences");
    }
}

/// The text of THIRD-PARTY: on every platform, and without what only builds.
fn third_party(
    package: &str,
    features: &str,
    packages: &BTreeMap<String, Value>,
    allowed: &[String],
) -> String {
    let tree = cargo(&[
        "tree",
        "--locked",
        "-p",
        package,
        "--features",
        features,
        "--target",
        "all",
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
        "--no-dedupe",
        "--format",
        "{p}",
    ]);
    // `name v1.2.3`, and behind it where it comes from, if not from the registry.
    let names: BTreeSet<String> = tree
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some(format!("{} {}", words.next()?, words.next()?.strip_prefix('v')?))
        })
        .collect();
    let mut apache = String::new();
    let mut others: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in &names {
        let package = &packages[name];
        if package["source"].is_null() {
            continue;
        }
        for licence in taken(package["license"].as_str().unwrap(), allowed).unwrap() {
            if licence == "Apache-2.0" {
                apache += &format!("    {name}\n");
            } else {
                others.entry(text_of(package, &licence)).or_default().push(name.clone());
            }
        }
    }
    let mut text = format!(
        "What {package} is built from besides limbeck itself, and under which licences it is used.\n\n\
         Under the Apache License, version 2.0 (LICENSE-APACHE), as the standard library of Rust:\n\n{apache}"
    );
    for (licence, names) in others {
        let line = "-".repeat(100);
        text += &format!("\n{line}\n{}\n\n{}\n", names.join(", "), licence.trim());
    }
    text
}

/// A crate's own text of a licence, in which its copyright stands.
fn text_of(package: &Value, licence: &str) -> String {
    let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let named = |file: &&PathBuf| {
        let name = file.file_name().unwrap().to_string_lossy().to_uppercase();
        name.starts_with("LICEN") || name.starts_with("COPYING")
    };
    let short = licence.split('-').next().unwrap().to_uppercase();
    let mut files: Vec<&PathBuf> = files.iter().filter(named).collect();
    files.sort_by_key(|file| !file.to_string_lossy().to_uppercase().ends_with(&short));
    match files.first() {
        Some(file) => fs::read_to_string(file).unwrap().replace("\r\n", "\n"),
        None => panic!("{}: no text of its licence is in the crate", package["name"]),
    }
}
