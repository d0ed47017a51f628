//! `check`, `diff` and `verify`: what lies between the migrations, a schema's file, and a database;
//! `schema` prints one of them.

use std::path::Path;

use anstyle::{AnsiColor, Style};
use serde_json::json;

use super::{look_at, migrator, read_folders, scratch, with_version_table};
use crate::cli::Access;
use crate::cli::args::{Args, Compare};
use crate::cli::output::{self, say};
use crate::cli::settings::Settings;
use crate::diff::{self, Diff, Filter, Grade, Proposal, Rename};
use crate::operation::{self, Change, Operation};
use crate::{Difference, Error, ErrorKind, Migrator, Result, Side};

const ADDED: Style = AnsiColor::Green.on_default();
const CHANGED: Style = AnsiColor::Yellow.on_default();
const DROPPED: Style = AnsiColor::Red.on_default();
const TABLE: Style = Style::new().bold();

/// How the flags and the settings file want it compared.
pub(super) fn options(settings: &Settings, compare: &Compare) -> Result<diff::Options> {
    let or = |flag: &[String], file: &[String]| if flag.is_empty() { file.to_vec() } else { flag.to_vec() };
    Ok(diff::Options {
        renames: compare.rename.iter().map(|text| Rename::parse(text)).collect::<Result<_>>()?,
        filter: Filter {
            include: or(&compare.include, &settings.include),
            exclude: or(&compare.exclude, &settings.exclude),
        },
        column_order: compare.column_order || settings.column_order,
    })
}

/// The wanted schema: its file's name, and its text.
pub(super) fn wanted(settings: &Settings, compare: &Compare) -> Result<(String, String)> {
    let Some(path) = compare.schema.as_deref().or(settings.schema.as_deref()) else {
        return Err(Error::new(ErrorKind::BadSetting, "no wanted schema is named")
            .with_hint("write '--schema schema.sql', or 'schema = \"schema.sql\"' in limbeck.toml"));
    };
    read(path)
}

fn read(path: &Path) -> Result<(String, String)> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Error::new(ErrorKind::SourceUnreadable, format!("cannot read '{file}': {error}"))
            .in_file(&file)
            .with_hint("name a file of CREATE statements, in UTF-8")
    })?;
    Ok((file, text))
}

/// An error of a migration names that one's file, any other that of the schema.
pub(super) fn placed(file: &str) -> impl Fn(Error) -> Error + '_ {
    move |error| {
        if error.revision().is_some() || error.file().is_some() { error } else { error.in_file(file) }
    }
}

/// Exit status 1 if there is any difference.
pub fn check(args: &Args, settings: &Settings, compare: &Compare) -> Result<u8> {
    let (file, text) = wanted(settings, compare)?;
    let options = options(settings, compare)?;
    let migrator = migrator(settings)?;
    let (mut present, mut other) = (scratch(settings)?, scratch(settings)?);
    let found = migrator
        .diff(
            Side::Revision { at: "heads", scratch: &mut *present },
            Side::Schema { sql: &text, scratch: &mut *other },
            &options,
        )
        .map_err(placed(&file))?;
    if args.json {
        output::json(&json!({ "differences": found.differences }));
    } else {
        told(&found.differences);
        match found.differences.len() {
            // Alembic's words.
            0 => say!("No new upgrade operations detected."),
            1 => say!("1 difference: write a migration for it"),
            count => say!("{count} differences: write migrations for them"),
        }
        proposed(&found.proposals);
    }
    Ok(u8::from(!found.is_empty()))
}

/// Exit status 1 if the database is not what the migrations make.
pub fn verify(args: &Args, settings: &Settings) -> Result<u8> {
    let found = migrator(settings)?.verify(&mut *look_at(settings)?, &mut *scratch(settings)?)?;
    if args.json {
        output::json(&found);
    } else {
        told(&found.differences);
        let at = output::list(&found.revisions);
        match found.differences.iter().map(Difference::grade).max() {
            None => say!("the schema is what the migrations make up to {at}"),
            Some(worst) => say!(
                "the schema is not what the migrations make up to {at}: {}",
                match worst {
                    Grade::Slight => "nothing is answered otherwise",
                    Grade::Rule => "rules differ",
                    Grade::Data => "tables or columns differ",
                }
            ),
        }
    }
    Ok(u8::from(!found.is_sound()))
}

/// What stands on the command line for a side.
enum Named {
    /// The folder of the settings, or another, and how far.
    Migrations {
        folder: Option<String>,
        at: String,
    },
    Database(String),
    Schema {
        file: String,
        text: String,
    },
}

/// Exit status 1 if there is any difference.
pub fn diff(
    args: &Args,
    settings: &Settings,
    sides: (Option<&str>, Option<&str>),
    compare: &Compare,
) -> Result<u8> {
    let options = options(settings, compare)?;
    let from = named(sides.0.unwrap_or("heads"))?;
    let to = match sides.1 {
        Some(text) => named(text)?,
        None if compare.schema.is_some() || settings.schema.is_some() => {
            let (file, text) = wanted(settings, compare)?;
            Named::Schema { file, text }
        }
        None => Named::Database(settings.database()?.to_owned()),
    };
    let found = between(settings, &from, &to, &options)?;
    if args.json {
        let Diff { differences, operations, proposals } = &found;
        output::json(
            &json!({ "differences": differences, "operations": operations, "proposals": proposals }),
        );
    } else {
        told(&found.differences);
        match found.differences.len() {
            0 => say!("no difference"),
            1 => say!("1 difference"),
            count => say!("{count} differences"),
        }
        proposed(&found.proposals);
    }
    Ok(u8::from(!found.is_empty()))
}

fn between(settings: &Settings, from: &Named, to: &Named, options: &diff::Options) -> Result<Diff> {
    let (mut one, mut two) = (opened(settings, from)?, opened(settings, to)?);
    let (of_one, of_two) = (reader(settings, from)?, reader(settings, to)?);
    let there = of_one.schema(side(from, &mut *one)).map_err(in_schema(from))?;
    let wanted = of_two.schema(side(to, &mut *two)).map_err(in_schema(to))?;
    diff::compare(&there, &wanted, options)
}

/// The migrator that knows a side's schema. Any knows that of a side which is no folder.
fn reader<'h>(settings: &Settings<'h>, side: &Named) -> Result<Migrator<'h>> {
    match side {
        Named::Migrations { folder: Some(folder), .. } => read_folders(settings, &[folder.into()]),
        Named::Migrations { folder: None, .. } => migrator(settings),
        Named::Database(_) | Named::Schema { .. } => {
            Ok(with_version_table(Migrator::new([("", ""); 0])?, settings))
        }
    }
}

/// The schema of one side; of the settings' database, if none is named.
pub fn schema(args: &Args, settings: &Settings, of: Option<&str>) -> Result<()> {
    let (of, mut db) = match of {
        Some(text) => {
            let of = named(text)?;
            let db = opened(settings, &of)?;
            (of, db)
        }
        None => (Named::Database(settings.database()?.to_owned()), look_at(settings)?),
    };
    let objects = reader(settings, &of)?.schema(side(&of, &mut *db)).map_err(in_schema(&of))?;
    // All of it is what an empty schema lacks, in an order in which each statement runs.
    let made = diff::compare(&[], &objects, &diff::Options::default())?.operations;
    if args.json {
        let object = |operation: &Operation| match &operation.change {
            Change::Create { object, table, name, sql } => {
                json!({ "kind": object, "table": table, "name": name, "sql": sql })
            }
            Change::Drop { .. }
            | Change::RenameTable { .. }
            | Change::AlterTable { .. }
            | Change::Fill { .. } => unreachable!("an empty schema lacks objects, and has none to change"),
        };
        output::json(&json!({ "objects": made.iter().map(object).collect::<Vec<_>>() }));
    } else {
        output::raw(&operation::script(&made));
    }
    Ok(())
}

fn in_schema(side: &Named) -> impl Fn(Error) -> Error + '_ {
    move |error| match side {
        Named::Schema { file, .. } => placed(file)(error),
        Named::Migrations { .. } | Named::Database(_) => error,
    }
}

fn opened(settings: &Settings, side: &Named) -> Result<Box<dyn crate::Database>> {
    match side {
        Named::Database(path) => settings.host.open(path, Access::Look),
        Named::Migrations { .. } | Named::Schema { .. } => scratch(settings),
    }
}

fn side<'s>(named: &'s Named, db: &'s mut dyn crate::Database) -> Side<'s> {
    match named {
        Named::Migrations { at, .. } => Side::Revision { at, scratch: db },
        Named::Schema { text, .. } => Side::Schema { sql: text, scratch: db },
        Named::Database(_) => Side::Database(db),
    }
}

/// A folder, `folder@revision`, a database, a file of CREATE statements; all else is a revision.
fn named(text: &str) -> Result<Named> {
    let folder =
        |folder: &str, at: &str| Named::Migrations { folder: Some(folder.to_owned()), at: at.to_owned() };
    if let Some((path, at)) = text.rsplit_once('@').filter(|(path, _)| Path::new(path).is_dir()) {
        return Ok(folder(path, at));
    }
    let path = Path::new(text);
    if path.is_dir() {
        return Ok(folder(text, "heads"));
    }
    if !path.is_file() {
        return Ok(Named::Migrations { folder: None, at: text.to_owned() });
    }
    if is_database(path) {
        return Ok(Named::Database(text.to_owned()));
    }
    let (file, text) = read(path)?;
    Ok(Named::Schema { file, text })
}

/// By its first bytes (<https://sqlite.org/fileformat2.html#magic_header_string>); an empty file is an
/// empty database, unless it is called `.sql`. One that is encrypted is told by its name.
fn is_database(path: &Path) -> bool {
    use std::io::Read;
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(16).read_to_end(&mut head));
    let called = |names: &[&str]| {
        path.extension().is_some_and(|end| names.iter().any(|name| end.eq_ignore_ascii_case(name)))
    };
    match read {
        Ok(16) if head == b"SQLite format 3\0" => true,
        Ok(0) => !called(&["sql"]),
        _ => called(&["db", "sqlite", "sqlite3", "db3"]),
    }
}

/// The differences, table by table, in the order in which each table comes first.
pub(super) fn told(differences: &[Difference]) {
    let mut tables: Vec<&str> = Vec::new();
    for difference in differences {
        if !tables.iter().any(|table| table.eq_ignore_ascii_case(&difference.table)) {
            tables.push(&difference.table);
        }
    }
    for table in tables {
        say!("{}", output::paint(TABLE, table));
        differences.iter().filter(|found| found.table.eq_ignore_ascii_case(table)).for_each(tell);
    }
}

fn tell(difference: &Difference) {
    let Difference { kind, table, name, sql, present } = difference;
    let (verb, object) = kind.as_str().split_once('_').unwrap_or((kind.as_str(), ""));
    let (sign, style) = match verb {
        "add" => ("+", ADDED),
        "drop" => ("-", DROPPED),
        _ => ("~", CHANGED),
    };
    let named = if table.eq_ignore_ascii_case(name) && object == "table" { "" } else { name };
    say!("  {}", output::paint(style, format!("{sign} {verb} {object} {named}").trim_end()));
    let lines = |style: Style, sign: &str, sql: &str| {
        sql.lines().for_each(|line| say!("      {}", output::paint(style, &format!("{sign}{line}"))));
    };
    match present.as_deref().filter(|_| verb == "change") {
        Some(present) => {
            lines(DROPPED, "- ", present);
            lines(ADDED, "+ ", sql);
        }
        None => lines(Style::new(), "", sql),
    }
}

/// Renames that were not said, with the words that say them.
pub(super) fn proposed(proposals: &[Proposal]) {
    for Proposal { rename, likeness } in proposals {
        anstream::eprintln!("maybe a rename, {likeness} % alike: --rename {rename}");
    }
}
