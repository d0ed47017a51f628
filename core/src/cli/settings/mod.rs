//! Settings: a flag, then the environment, then one file: `limbeck.toml`, or `[tool.limbeck]` in
//! `pyproject.toml`, or `alembic.ini`. Nothing else is read; a `.env` is not.

mod ini;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::lint::{Level, Levels, Rule};
use crate::script::{FILE_TEMPLATE, SLUG_LENGTH};
use crate::{Backups, Error, ErrorKind, QuickCheck, RebuildMode, Result, TransactionMode};
use serde::Deserialize;

use crate::cli::args::Args;
use crate::cli::{Host, Project};

/// The keys of `limbeck.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    database: Option<String>,
    migrations: Option<Locations>,
    /// Whether the folders within them are meant too: Alembic's `recursive_version_locations`.
    #[serde(skip)]
    recursive: bool,
    schema: Option<PathBuf>,
    snapshots: Option<PathBuf>,
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default)]
    column_order: bool,
    backups: Option<PathBuf>,
    keep_backups: Option<usize>,
    version_table: Option<String>,
    file_template: Option<String>,
    truncate_slug_length: Option<usize>,
    timezone: Option<String>,
    /// Whether `limbeck_history` is left out.
    #[serde(skip)]
    no_history: bool,
    #[serde(default)]
    rebuild: RebuildMode,
    #[serde(default)]
    transaction: TransactionMode,
    /// How much each rule of `limbeck lint` weighs.
    #[serde(default)]
    lint: BTreeMap<String, Level>,
    #[serde(default)]
    quick_check: QuickCheck,
    #[serde(default)]
    trust_schema: bool,
    #[serde(default)]
    keep_user_version: bool,
}

impl From<Project> for File {
    fn from(project: Project) -> File {
        let Project { migrations, database, version_table, keep_history, transaction } = project;
        File {
            migrations: Some(Locations::Several(migrations)),
            database,
            version_table,
            no_history: !keep_history,
            transaction,
            ..File::default()
        }
    }
}

/// One folder, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "migrations is a folder, or a list of folders")]
enum Locations {
    One(PathBuf),
    Several(Vec<PathBuf>),
}

/// `pyproject.toml`, of which one table is ours.
#[derive(Debug, Deserialize)]
struct PyProject {
    tool: Option<Tool>,
}

#[derive(Debug, Deserialize)]
struct Tool {
    limbeck: Option<File>,
}

/// What a command needs to know.
pub struct Settings<'h> {
    /// What opens databases.
    pub host: &'h dyn Host,
    database: Option<String>,
    /// The folders of migrations: at least one.
    pub migrations: Vec<PathBuf>,
    /// The file that tells the wanted schema.
    pub schema: Option<PathBuf>,
    /// The folder of databases of past releases.
    pub snapshots: PathBuf,
    /// The tables and views that are compared, if not all.
    pub include: Vec<String>,
    /// Those that are not.
    pub exclude: Vec<String>,
    /// Whether the order of columns counts.
    pub column_order: bool,
    /// The folder in which a backup is kept before each run.
    pub backups: Option<Backups>,
    /// The table of version rows, if not the usual one.
    pub version_table: Option<String>,
    /// How a new file is called.
    pub file_template: String,
    /// How much of a message goes into that.
    pub slug_length: usize,
    /// Of which place its time is.
    pub timezone: Option<String>,
    /// Whether `limbeck_history` is kept.
    pub keep_history: bool,
    /// Whether tables may be rebuilt.
    pub rebuild: RebuildMode,
    /// What a transaction holds.
    pub transaction: TransactionMode,
    /// How much each rule of `limbeck lint` weighs.
    pub lint: Levels,
    /// Whether the file is looked through before a run.
    pub quick_check: QuickCheck,
    /// Whether the schema may call functions of the app's.
    pub trust_schema: bool,
    /// Whether the number in the file's header is limbeck's.
    pub keep_user_version: bool,
}

impl<'h> Settings<'h> {
    /// Reads them. Paths in a TOML file are relative to it.
    pub fn read(args: &Args, host: &'h dyn Host) -> Result<Settings<'h>> {
        let (file, base) = match (host.project()?, &args.config) {
            (Some(project), _) => (File::from(project), PathBuf::new()),
            (None, Some(path)) => (read_file(path)?.ok_or_else(|| no_table(path))?, folder(path)),
            (None, None) => found()?,
        };
        let url = || std::env::var("DATABASE_URL").ok().filter(|url| url.starts_with("sqlite"));
        let given =
            args.database.clone().or_else(url).map(|database| database_path(&database, Path::new("")));
        let database = given.or_else(|| file.database.as_deref().map(|text| database_path(text, &base)));
        let migrations = args.migrations_short.clone().or_else(|| args.migrations.clone());
        let in_file = match file.migrations {
            None => vec!["migrations".into()],
            Some(Locations::One(folder)) => vec![folder],
            Some(Locations::Several(folders)) => folders,
        };
        Ok(Settings {
            host,
            database: database.transpose()?,
            migrations: match migrations {
                Some(folder) => vec![folder],
                None => {
                    let folders = in_file.iter().map(|folder| base.join(folder));
                    distinct(
                        folders.flat_map(|folder| if file.recursive { within(folder) } else { vec![folder] }),
                    )?
                }
            },
            schema: file.schema.map(|schema| base.join(schema)),
            snapshots: base.join(file.snapshots.as_deref().unwrap_or(Path::new("snapshots"))),
            include: file.include,
            exclude: file.exclude,
            column_order: file.column_order,
            backups: args.backups.clone().or_else(|| Some(base.join(file.backups?))).map(|folder| {
                let backups = Backups::new(folder);
                file.keep_backups.map_or(backups.clone(), |count| backups.keep(count))
            }),
            version_table: file.version_table,
            file_template: file.file_template.unwrap_or_else(|| FILE_TEMPLATE.to_owned()),
            slug_length: file.truncate_slug_length.unwrap_or(SLUG_LENGTH),
            timezone: file.timezone,
            keep_history: !file.no_history,
            rebuild: file.rebuild,
            transaction: file.transaction,
            lint: levels(&file.lint)?,
            quick_check: file.quick_check,
            trust_schema: file.trust_schema,
            keep_user_version: file.keep_user_version,
        })
    }

    /// Where a revision's file lies.
    pub fn path(&self, file: &str) -> PathBuf {
        match &self.migrations[..] {
            [folder] => folder.join(file),
            // Of several, each file's name says which.
            _ => file.into(),
        }
    }

    /// The database's path.
    ///
    /// Errors: [`ErrorKind::BadSetting`] where nothing names it.
    pub fn database(&self) -> Result<String> {
        self.host.database(self.database.as_deref())?.ok_or_else(|| {
            Error::new(ErrorKind::BadSetting, "no database is named")
                .with_hint("write '-d app.db', or 'database = \"app.db\"' in limbeck.toml")
        })
    }

    /// The database's path if one is named and there: for what can do without.
    pub fn database_if_there(&self) -> Result<Option<String>> {
        match self.host.database(self.database.as_deref())? {
            Some(path) if is_there(&path)? && Path::new(&path).is_file() => Ok(Some(path)),
            _ => Ok(None),
        }
    }
}

/// Whether a database is there.
///
/// Errors: [`ErrorKind::CannotOpen`] where that cannot be told, such as in a folder that only somebody else may enter.
pub fn is_there(path: &str) -> Result<bool> {
    Path::new(path).try_exists().map_err(|error| {
        Error::new(ErrorKind::CannotOpen, format!("cannot open '{path}': {error}"))
            .with_hint("check that the path exists and may be read")
    })
}

/// Errors: [`ErrorKind::BadSetting`] for what is no rule.
fn levels(table: &BTreeMap<String, Level>) -> Result<Levels> {
    let mut levels = Levels::default();
    for (name, level) in table {
        let rule = Rule::find(name).ok_or_else(|| {
            Error::new(ErrorKind::BadSetting, format!("[lint] '{name}' is no rule"))
                .with_hint("name one of the rules that 'limbeck lint --rules' lists")
        })?;
        levels.set(rule, *level);
    }
    Ok(levels)
}

/// A folder and those within it. What a link leads to is not within it.
fn within(folder: PathBuf) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let inner = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut inner: Vec<PathBuf> = inner.map(|entry| entry.path()).collect();
    inner.sort();
    let mut all = vec![folder];
    all.extend(inner.into_iter().flat_map(within));
    all
}

/// Each folder once.
fn distinct(folders: impl Iterator<Item = PathBuf>) -> Result<Vec<PathBuf>> {
    let mut all: Vec<PathBuf> = Vec::new();
    for folder in folders {
        if !all.contains(&folder) {
            all.push(folder);
        }
    }
    if all.is_empty() {
        return Err(Error::new(ErrorKind::BadSetting, "no folder of migrations is named")
            .with_hint("write 'migrations = \"migrations\"', or several in a list"));
    }
    Ok(all)
}

/// The settings file of the current folder, and where its paths begin.
fn found() -> Result<(File, PathBuf)> {
    for name in ["limbeck.toml", "pyproject.toml", "alembic.ini"] {
        let path = Path::new(name);
        if path.exists()
            && let Some(file) = read_file(path)?
        {
            return Ok((file, PathBuf::new()));
        }
    }
    Ok((File::default(), PathBuf::new()))
}

/// Where the paths of a settings file begin: an `alembic.ini` has its own `%(here)s`.
fn folder(path: &Path) -> PathBuf {
    if is_ini(path) { PathBuf::new() } else { path.parent().unwrap_or(Path::new("")).to_owned() }
}

fn is_ini(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("ini") || end.eq_ignore_ascii_case("cfg"))
}

/// The folders of migrations that a settings file names; none where it cannot be read, or names none.
pub fn folders_in(path: &Path) -> Vec<PathBuf> {
    let folders = match read_file(path).ok().flatten().and_then(|file| file.migrations) {
        None => Vec::new(),
        Some(Locations::One(folder)) => vec![folder],
        Some(Locations::Several(folders)) => folders,
    };
    folders.into_iter().map(|inner| folder(path).join(inner)).collect()
}

/// The settings file of the current folder that a `limbeck.toml` there goes before.
pub fn behind_limbeck_toml() -> Option<&'static str> {
    ["pyproject.toml", "alembic.ini"]
        .into_iter()
        .find(|name| Path::new(name).exists() && !matches!(read_file(Path::new(name)), Ok(None)))
}

/// `None` for a `pyproject.toml` that says nothing of limbeck.
fn read_file(path: &Path) -> Result<Option<File>> {
    let bad = |what: String| Error::new(ErrorKind::BadSetting, what).in_file(path.display().to_string());
    let text = std::fs::read_to_string(path).map_err(|error| {
        bad(format!("cannot read {}: {error}", path.display())).with_hint("name a settings file with -c")
    })?;
    if is_ini(path) {
        return ini::read(&text, path).map(Some);
    }
    let toml_error = |error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let key = text.lines().nth(line - 1).and_then(|line| line.split_once('=')).map(|(key, _)| key.trim());
        if let Some(key) = key.filter(|_| !error.message().starts_with("unknown field")) {
            let what = format!("{}: {key}: {}", path.display(), error.message().trim_end());
            return bad(what).at_line(line as u32).with_hint(format!("correct the value of '{key}'"));
        }
        bad(format!("{}: {}", path.display(), error.message())).at_line(line as u32).with_hint(
            "use database, migrations, schema, snapshots, include, exclude, column_order, backups, keep_backups, version_table, file_template, truncate_slug_length, timezone, rebuild, transaction, quick_check, trust_schema, keep_user_version, and a table lint",
        )
    };
    if path.file_name().is_some_and(|name| name == "pyproject.toml") {
        let project: PyProject = toml::from_str(&text).map_err(toml_error)?;
        return Ok(project.tool.and_then(|tool| tool.limbeck));
    }
    toml::from_str(&text).map(Some).map_err(toml_error)
}

fn no_table(path: &Path) -> Error {
    Error::new(ErrorKind::BadSetting, format!("{} has no [tool.limbeck]", path.display()))
        .in_file(path.display().to_string())
        .with_hint("write one with database and migrations in it")
}

/// `sqlite:///relative`, `sqlite:////absolute` (as SQLAlchemy has them, with any driver), or a path.
///
/// Errors: [`ErrorKind::BadSetting`] for the URL of another database.
fn database_path(text: &str, base: &Path) -> Result<String> {
    let path = match text.split_once(':') {
        Some((scheme, rest)) if scheme == "sqlite" || scheme.starts_with("sqlite+") => {
            let path = rest.strip_prefix("///").or_else(|| rest.strip_prefix("//")).unwrap_or(rest);
            // What follows is for the driver.
            path.split('?').next().unwrap_or(path)
        }
        Some((_, rest)) if rest.starts_with("//") => {
            // A password may stand in it: only the kind is named.
            let kind = text.split(':').next().unwrap_or_default();
            return Err(Error::new(ErrorKind::BadSetting, format!("a {kind} database is none of SQLite's"))
                .with_hint("limbeck migrates SQLite: write a path, or sqlite:///path"));
        }
        Some(("file", _)) => {
            return Err(Error::new(ErrorKind::BadSetting, format!("'{text}' is a URI, and no path"))
                .with_hint("write a path, or sqlite:///path"));
        }
        _ => text,
    };
    match path {
        // SQLite would take no name for a database of its own that is gone at the end.
        "" if path.len() == text.len() => {
            Err(Error::new(ErrorKind::BadSetting, "the database's name is empty")
                .with_hint("write '-d app.db', or 'database = \"app.db\"' in limbeck.toml"))
        }
        "" | ":memory:" => Ok(":memory:".to_owned()),
        _ => Ok(base.join(path).to_string_lossy().into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_urls() {
        for (text, want) in [
            ("sqlite:///app.db", "app.db"),
            ("sqlite:////tmp/app.db", "/tmp/app.db"),
            ("sqlite+pysqlite:///app.db?timeout=5", "app.db"),
            ("sqlite:app.db", "app.db"),
            ("sqlite://", ":memory:"),
            ("app.db", "app.db"),
            ("C:\\data\\app.db", "C:\\data\\app.db"),
        ] {
            assert_eq!(database_path(text, Path::new("")).unwrap(), want);
        }
        assert_eq!(database_path("sqlite:///app.db", Path::new("/p")).unwrap(), "/p/app.db");
        assert_eq!(database_path("", Path::new("")).unwrap_err().kind(), ErrorKind::BadSetting);
        for uri in ["file:app.db", "file:app.db?mode=ro"] {
            let error = database_path(uri, Path::new("/p")).unwrap_err();
            assert_eq!(
                (error.kind(), error.hint()),
                (ErrorKind::BadSetting, Some("write a path, or sqlite:///path"))
            );
        }
        let error = database_path("postgresql://me:secret@host/db", Path::new("")).unwrap_err();
        assert!(error.kind() == ErrorKind::BadSetting && !error.to_string().contains("secret"));
    }
}
