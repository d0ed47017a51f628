//! Settings: flag, then environment, then `limbeck.toml`. Nothing else is read.

use std::path::{Path, PathBuf};

use limbeck::{Error, ErrorKind, RebuildMode, Result, TransactionMode};
use serde::Deserialize;

use crate::args::Args;

/// The keys of `limbeck.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    database: Option<String>,
    migrations: Option<PathBuf>,
    version_table: Option<String>,
    #[serde(default)]
    rebuild: RebuildMode,
    #[serde(default)]
    transaction: TransactionMode,
}

/// What a command needs to know.
#[derive(Debug)]
pub struct Settings {
    database: Option<String>,
    /// The folder of migrations.
    pub migrations: PathBuf,
    /// The table of version rows, if not the usual one.
    pub version_table: Option<String>,
    /// Whether tables may be rebuilt.
    pub rebuild: RebuildMode,
    /// What a transaction holds.
    pub transaction: TransactionMode,
}

impl Settings {
    /// Reads them. Paths in the file are relative to it.
    pub fn read(args: &Args) -> Result<Settings> {
        let usual = Path::new("limbeck.toml");
        let path = args.config.as_deref().or_else(|| usual.exists().then_some(usual));
        let (file, base) = match path {
            Some(path) => (read_file(path)?, path.parent().unwrap_or(Path::new("")).to_owned()),
            None => (File::default(), PathBuf::new()),
        };
        let url = || std::env::var("DATABASE_URL").ok().filter(|url| url.starts_with("sqlite:"));
        let from_file = || {
            file.database.as_ref().map(|database| {
                let path = database_path(database);
                if path == ":memory:" { path } else { base.join(path).to_string_lossy().into_owned() }
            })
        };
        let database =
            args.database.clone().or_else(url).map(|database| database_path(&database)).or_else(from_file);
        let migrations = args
            .migrations_short
            .clone()
            .or_else(|| args.migrations.clone())
            .unwrap_or_else(|| base.join(file.migrations.as_deref().unwrap_or(Path::new("migrations"))));
        Ok(Settings {
            database,
            migrations,
            version_table: file.version_table,
            rebuild: file.rebuild,
            transaction: file.transaction,
        })
    }

    /// The database's path.
    ///
    /// Errors: [`ErrorKind::BadSetting`] where nothing names it.
    pub fn database(&self) -> Result<&str> {
        self.database.as_deref().ok_or_else(|| {
            Error::new(ErrorKind::BadSetting, "no database is named")
                .with_hint("write '-d app.db', or 'database = \"app.db\"' in limbeck.toml")
        })
    }
}

fn read_file(path: &Path) -> Result<File> {
    let bad = |what: String| Error::new(ErrorKind::BadSetting, what).in_file(path.display().to_string());
    let text = std::fs::read_to_string(path)
        .map_err(|error| bad(format!("cannot read {}: {error}", path.display())))?;
    toml::from_str(&text).map_err(|error| {
        bad(format!("{}: {}", path.display(), error.message()))
            .with_hint("use database, migrations, version_table, rebuild, transaction")
    })
}

/// `sqlite:///relative`, `sqlite:////absolute` (as SQLAlchemy has them), or a path.
fn database_path(text: &str) -> String {
    let path = text.strip_prefix("sqlite:///").or_else(|| text.strip_prefix("sqlite://"));
    path.or_else(|| text.strip_prefix("sqlite:")).unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_urls() {
        for (text, want) in [
            ("sqlite:///app.db", "app.db"),
            ("sqlite:////tmp/app.db", "/tmp/app.db"),
            ("sqlite:app.db", "app.db"),
            ("app.db", "app.db"),
        ] {
            assert_eq!(database_path(text), want);
        }
    }
}
