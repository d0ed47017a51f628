//! Migration files: a folder of texts → scripts, each a revision with what it runs.
//!
//! Headers are read at once, because the graph needs them; a body only when it is asked for, because
//! a launch that finds nothing to do must not pay for it. Knows no database.
//!
//! ```
//! use limbeck::script;
//!
//! let scripts = script::read(&[("0001_users.sql", "CREATE TABLE users(id INTEGER PRIMARY KEY)")])?;
//! assert_eq!(scripts[0].revision.id, "0001");
//! assert_eq!(scripts[0].body()?.up.items.len(), 1);
//! # Ok::<(), limbeck::Error>(())
//! ```

mod body;
mod forbidden;
mod header;
mod marker;
mod source;
mod write;

use std::borrow::Cow;

pub use body::{Body, Item, ItemKind, Section};
pub use source::{Folder, Source, SourceFile};
pub use write::{NewFile, slug};

use crate::error::Result;
use crate::graph::Revision;
use header::Header;

/// One migration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// What the graph needs to know.
    pub revision: Revision,
    /// The file's name.
    pub file: String,
    /// When it was written, as its header says.
    pub created: Option<String>,
    /// Former ids.
    pub aliases: Vec<String>,
    /// Checksums of former texts that count as this one.
    pub also: Vec<String>,
    /// Whether older apps can use the database afterwards, where the header says so.
    pub compatible: Option<bool>,
    /// All of it.
    pub text: Cow<'static, str>,
}

impl Script {
    /// What it runs.
    ///
    /// Errors: [`ErrorKind::BadDirective`](crate::ErrorKind::BadDirective),
    /// [`ErrorKind::ForbiddenStatement`](crate::ErrorKind::ForbiddenStatement),
    /// [`ErrorKind::AlterSyntax`](crate::ErrorKind::AlterSyntax) and
    /// [`ErrorKind::SqlSyntax`](crate::ErrorKind::SqlSyntax), with revision, file and line.
    pub fn body(&self) -> Result<Body> {
        Body::parse(&self.text).map_err(|error| error.in_revision(&self.revision.id).in_file(&self.file))
    }

    /// The SHA-256 of what its `migrate:up` says: see [`Section::checksum`].
    pub fn checksum(&self) -> Result<String> {
        Ok(self.body()?.up.checksum())
    }
}

/// Reads every file of a source, in the order of their names.
///
/// Errors: those of the source, and [`ErrorKind::BadDirective`](crate::ErrorKind::BadDirective) with
/// file and line.
pub fn read(source: &dyn Source) -> Result<Vec<Script>> {
    let mut scripts: Vec<Script> = Vec::new();
    for file in source.files()? {
        let script = one(file, scripts.last())?;
        scripts.push(script);
    }
    Ok(scripts)
}

fn one(mut file: SourceFile, before: Option<&Script>) -> Result<Script> {
    // A byte order mark is no part of the text.
    if let Some(text) = file.text.strip_prefix('\u{feff}') {
        file.text = Cow::Owned(text.to_owned());
    }
    let header = Header::read(&file.text).map_err(|error| error.in_file(&file.name))?;
    let stem = file.name.strip_suffix(".sql").unwrap_or(&file.name);
    let (id, words) = stem.split_once('_').unwrap_or((stem, ""));
    // No such line: the file before it by name.
    let follows = || before.map(|script| script.revision.id.clone()).into_iter().collect();
    Ok(Script {
        revision: Revision {
            id: header.revision.unwrap_or_else(|| id.to_owned()),
            revises: header.revises.unwrap_or_else(follows),
            branch_labels: header.branch_labels,
            depends_on: header.depends_on,
            message: header.message.unwrap_or_else(|| words.replace('_', " ")),
        },
        file: file.name,
        created: header.created,
        aliases: header.aliases,
        also: header.also,
        compatible: header.compatible,
        text: file.text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn plain_files_follow_each_other() {
        let scripts = read(&[
            ("0002_add_phone.sql", "ALTER TABLE users ADD phone"),
            ("0001_initial.sql", "CREATE TABLE users(id)"),
            ("0003.sql", "-- Tags\n-- revision: tags\n-- revises:\nSELECT 1"),
        ])
        .unwrap();
        let seen: Vec<(&str, Vec<String>, &str)> = scripts
            .iter()
            .map(|s| (s.revision.id.as_str(), s.revision.revises.clone(), s.revision.message.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                ("0001", vec![], "initial"),
                ("0002", vec!["0001".to_owned()], "add phone"),
                ("tags", vec![], "Tags")
            ]
        );
    }

    #[test]
    fn errors_name_file_and_line() {
        let error = read(&[("a.sql", "-- revison: x")]).unwrap_err();
        assert_eq!(
            (error.kind(), error.file(), error.line()),
            (ErrorKind::BadDirective, Some("a.sql"), Some(1))
        );
        let scripts = read(&[("a.sql", "SELECT 1;\n\nCOMMIT;")]).unwrap();
        let error = scripts[0].body().unwrap_err();
        assert_eq!(
            (error.kind(), error.file(), error.line()),
            (ErrorKind::ForbiddenStatement, Some("a.sql"), Some(3))
        );
        assert_eq!(error.revision(), Some("a"));
    }

    #[test]
    fn a_checksum_is_over_what_is_said() {
        let sum = |text: &'static str| read(&[("1.sql", text)]).unwrap()[0].checksum().unwrap();
        let one = sum("CREATE TABLE t(a TEXT);\nDROP TABLE u;");
        assert_eq!(
            one,
            sum(
                "-- migrate:up\r\ncreate  table t(a TEXT); -- why\r\n\r\nDROP TABLE u\r\n-- migrate:down\nSELECT 1"
            )
        );
        assert_ne!(one, sum("CREATE TABLE t(a TEXT); DROP TABLE v"));
        assert_ne!(
            one,
            sum("CREATE TABLE t(A TEXT); DROP TABLE u"),
            "a name's spelling is kept in the schema"
        );
        assert_eq!(one.len(), 64);
    }
}
