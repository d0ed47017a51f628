//! A case for each thing that is detected: the two schemas, rows, and what is written for them, up and
//! down. They stand in `detected.txt`; `LIMBECK_BLESS=1` writes the halves `up` and `down`: read them.

use std::collections::BTreeMap;
use std::path::Path;

use limbeck::RebuildMode;
use limbeck::diff::{Options, Rename};

use crate::pair::{End, made, objects, proved};

/// The parts of a case by their names.
type Case = BTreeMap<String, String>;

fn read(text: &str) -> Vec<(String, Case)> {
    let mut cases = Vec::new();
    for part in text.split("=== ").skip(1) {
        let (name, body) = part.split_once('\n').unwrap();
        let mut case = Case::new();
        for piece in body.split("--- ").skip(1) {
            let (title, content) = piece.split_once('\n').unwrap();
            case.insert(title.trim().to_owned(), content.trim_end().to_owned());
        }
        cases.push((name.to_owned(), case));
    }
    cases
}

fn print(cases: &[(String, Case)]) -> String {
    let mut text = String::new();
    for (name, case) in cases {
        text += &format!("=== {name}\n");
        for title in ["from", "rows", "to", "renames", "options", "up", "down"] {
            if let Some(content) = case.get(title) {
                text += &format!("--- {title}\n{content}{}", if content.is_empty() { "" } else { "\n" });
            }
        }
        text.push('\n');
    }
    text
}

fn options(case: &Case) -> Options {
    let renames = case.get("renames").map_or("", String::as_str).split_whitespace();
    Options {
        renames: renames.map(|text| Rename::parse(text).unwrap()).collect(),
        column_order: case.get("options").is_some_and(|options| options.contains("column_order")),
        ..Options::default()
    }
}

#[test]
fn each_is_written_and_runs_both_ways() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("diff/detected.txt");
    let bless = std::env::var_os("LIMBECK_BLESS").is_some();
    let mut cases = read(&std::fs::read_to_string(&file).unwrap());
    assert!(cases.len() > 40, "the cases are read");
    let mut wrong = Vec::new();
    for (name, case) in &mut cases {
        let (from, options) = (case["from"].clone(), options(case));
        let to = objects(&made(&case["to"]));
        for rebuild in [RebuildMode::Auto, RebuildMode::Always] {
            let mut db = made(&from);
            let rows = case.get("rows").map_or("", String::as_str);
            db.execute_batch(rows).unwrap_or_else(|error| panic!("{name}: {error}: {rows}"));
            let (up, down) = match proved(&mut db, &to, &options, rebuild) {
                Ok(written) => written,
                Err(End::Refused(_, why) | End::Left(why)) => {
                    wrong.push(format!("{name}: {why}"));
                    continue;
                }
            };
            let alike = name.starts_with("nothing");
            wrong.extend((alike && !up.is_empty()).then(|| format!("{name}: {up}")));
            for (title, is) in [("up", &up), ("down", &down)] {
                let is = is.trim_end().to_owned();
                if bless {
                    case.insert(title.to_owned(), is);
                } else if case.get(title) != Some(&is) {
                    wrong.push(format!("{name}, {title}:\n{is}"));
                }
            }
        }
    }
    if bless {
        std::fs::write(&file, print(&cases)).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
