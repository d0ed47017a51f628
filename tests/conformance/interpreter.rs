//! Runs the cases of `files/` on a surface: conformance/README.md tells what a step is. Shared by the drivers that
//! are written in Rust; it knows no limbeck.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// What a driver does for a case. `app.db` is in the case's folder, beside `backups`.
pub trait Surface {
    /// Runs statements past limbeck on the open connection, opened if need be, and answers the first column of
    /// what the last one returns.
    fn sql(&mut self, file: &Path, sql: &str) -> Vec<String>;

    /// Closes the connection, if it is open.
    fn close(&mut self);

    /// Makes a call: what it answers as JSON, or the error as `Error::to_json` writes it.
    fn run(&mut self, call: &Call<'_>) -> Result<Value, Value>;
}

/// A call of a case.
pub struct Call<'c> {
    /// As the case words it, `@1` and its like already paths.
    pub words: Vec<String>,
    /// The database.
    pub file: PathBuf,
    /// The files of this release.
    pub migrations: &'c [(String, String)],
    /// How many backups are kept, and where, if any are taken.
    pub backups: Option<(usize, PathBuf)>,
}

/// Runs every case in a folder of its own, and writes down what came of it, for tests/surfaces.
pub fn all(name: &str, sqlite: &str, root: &Path, temporary: &Path, surface: &mut dyn Surface) {
    let folder = root.join("files");
    let files: Vec<(String, String)> = listed(&folder.join("migrations"))
        .into_iter()
        .map(|path| {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    let cases: Vec<PathBuf> = listed(&folder).into_iter().filter(|path| path.is_file()).collect();
    assert!(cases.len() >= 20, "{} cases", cases.len());
    let mut failures = Vec::new();
    let mut record = format!("{}\n", json!({"surface": name, "sqlite": sqlite}));
    for path in &cases {
        let case = path.file_stem().unwrap().to_str().unwrap();
        let place = temporary.join(format!("limbeck-files-{name}-{sqlite}-{}-{case}", std::process::id()));
        let _ = fs::remove_dir_all(&place);
        fs::create_dir_all(&place).unwrap();
        let made: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let mut told = Vec::new();
        for step in made["steps"].as_array().unwrap() {
            if let Err(failure) = take(step, &made["options"], &files, &place, surface, &mut told) {
                failures.push(format!("{case}: {step}: {failure}"));
                break;
            }
        }
        record += &format!("{}\n", json!({"case": case, "place": place, "steps": told}));
        surface.close();
        fs::remove_dir_all(&place).unwrap();
    }
    let records = root.join("../../target/conformance/files");
    fs::create_dir_all(&records).unwrap();
    fs::write(records.join(format!("{}-{sqlite}.jsonl", name.to_lowercase())), record).unwrap();
    let count = failures.len();
    assert!(failures.is_empty(), "{} cases, {count} failures:\n\n{}", cases.len(), failures.join("\n\n"));
}

/// `told` gets what a statement or a call answers.
fn take(
    step: &Value,
    options: &Value,
    files: &[(String, String)],
    place: &Path,
    surface: &mut dyn Surface,
    told: &mut Vec<Value>,
) -> Result<(), String> {
    let file = place.join("app.db");
    if let Some(words) = step["files"].as_array() {
        words.iter().for_each(|word| handle(word.as_str().unwrap(), place, surface));
        return Ok(());
    }
    if let Some(sql) = step["sql"].as_str() {
        let found = surface.sql(&file, sql);
        told.push(json!({"ok": found}));
        let same = step["expect"].is_null() || step["expect"] == Value::from(found.clone());
        return if same { Ok(()) } else { Err(format!("found {found:?}")) };
    }
    let words = step["run"].as_str().unwrap().split(' ');
    let words = words.map(|word| match word.starts_with('@') {
        true => named(word, place).to_str().unwrap().to_owned(),
        false => word.to_owned(),
    });
    let release = step["release"].as_u64().map_or(files.len(), |count| count as usize);
    let backups = options["backups"].as_u64().map(|keep| (keep as usize, place.join("backups")));
    let call = Call { words: words.collect(), file, migrations: &files[..release], backups };
    let before = fs::read(&call.file).unwrap_or_default();
    let answer = surface.run(&call);
    told.push(match &answer {
        Ok(found) => json!({"ok": found}),
        // That none is there is no error of the library's: each driver has its own words.
        Err(error) if error["error"]["code"] == "backup.none" => json!({"error": {"code": "backup.none"}}),
        Err(error) => error.clone(),
    });
    match (answer, step["error"].as_str()) {
        (Ok(found), None) if within(&step["expect"], &found) => Ok(()),
        (Ok(found), _) => Err(format!("found {found}")),
        (Err(error), None) => Err(format!("fails: {error}")),
        (Err(error), Some(code)) => {
            let error = &error["error"];
            let part = step["message"].as_str().unwrap_or_default();
            if error["code"] != code || !error["message"].as_str().unwrap_or_default().contains(part) {
                return Err(format!("another error: {error}"));
            }
            if fs::read(&call.file).unwrap_or_default() != before {
                return Err("it has written to the file".to_owned());
            }
            Ok(())
        }
    }
}

/// `close`, `cut NAME LENGTH`, `write NAME AT HEX`, `copy FROM TO`, `delete NAME`.
fn handle(word: &str, place: &Path, surface: &mut dyn Surface) {
    let words: Vec<&str> = word.split(' ').collect();
    match &words[..] {
        ["close"] => surface.close(),
        ["cut", name, length] => {
            let file =
                fs::OpenOptions::new().write(true).create(true).truncate(false).open(named(name, place));
            file.unwrap().set_len(length.parse().unwrap()).unwrap();
        }
        ["write", name, at, hex] => {
            let (path, at) = (named(name, place), at.parse::<usize>().unwrap());
            let mut bytes = fs::read(&path).unwrap();
            for (place, pair) in hex.as_bytes().chunks(2).enumerate() {
                let text = std::str::from_utf8(pair).unwrap();
                bytes[at + place] = u8::from_str_radix(text, 16).unwrap();
            }
            fs::write(&path, bytes).unwrap();
        }
        ["copy", from, to] => _ = fs::copy(named(from, place), named(to, place)).unwrap(),
        // The last connection may have taken it along.
        ["delete", name] => _ = fs::remove_file(named(name, place)),
        _ => panic!("files: {word}"),
    }
}

/// A file of the case's folder; `@1` is the newest backup.
fn named(name: &str, place: &Path) -> PathBuf {
    let Some(number) = name.strip_prefix('@') else { return place.join(name) };
    let mut all = listed(&place.join("backups"));
    all.retain(|path| path.extension().is_some_and(|end| end == "backup"));
    // Their names tell the time.
    all.reverse();
    all[number.parse::<usize>().unwrap() - 1].clone()
}

/// Whether all that is wanted is there; of lists, as many.
fn within(want: &Value, found: &Value) -> bool {
    match (want, found) {
        (Value::Object(want), Value::Object(_)) => want.iter().all(|(name, want)| within(want, &found[name])),
        (Value::Array(want), Value::Array(found)) => {
            want.len() == found.len() && want.iter().zip(found).all(|(want, found)| within(want, found))
        }
        _ => want == found,
    }
}

fn listed(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}
