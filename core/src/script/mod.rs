//! Migration files as text: where they come from, what their headers and bodies say, new ones.
//! Knows no database.
//!
//! A file is read in two steps. [`read`] reads every header, which is all that a revision graph
//! needs; a [`Body`] is read when its revision is about to run.
//!
//! ```sql
//! -- Add subscription fields to users
//! --
//! -- revision: 20250115_143022
//! -- revises: b80c16c4db24
//!
//! -- migrate:up
//! ALTER TABLE users ADD COLUMN plan TEXT NOT NULL DEFAULT 'free' AFTER email;
//!
//! -- migrate:down
//! ALTER TABLE users DROP COLUMN plan;
//! ```
//!
//! Lines of the header, all optional: `revision`, `revises` (several make a merge, none a base),
//! `branch_labels`, `depends_on`, `aliases` (former ids), `also` (checksums of former texts that
//! count as this one), `compatible` (yes or no) and `created`. Markers of the body: `migrate:up` and
//! `migrate:down`, each with `transaction:false` if SQLite wants none, and `migrate:unless <query>`,
//! which passes over the next statement if the query returns a row. goose's markers are read as well.
//!
//! ```
//! use limbeck::script;
//!
//! let scripts = script::read(&[
//!     ("0001_users.sql", "CREATE TABLE users(name);"),
//!     ("0002_user_phone.sql", "-- migrate:up\nALTER TABLE users ADD phone;\n-- migrate:down\n"),
//! ]).unwrap();
//! assert_eq!(scripts[1].revision.revises, ["0001"]);
//! assert_eq!(scripts[1].revision.message, "user phone");
//! assert!(scripts[0].body().unwrap().down.is_none());
//! ```

mod body;
mod checksum;
mod compatible;
mod digest;
#[cfg(feature = "include_dir")]
mod embedded;
mod file_name;
mod forbidden;
mod formats;
mod header;
mod joined;
mod marker;
mod source;
mod stored;
#[cfg(test)]
mod tests;
mod write;

use std::borrow::Cow;

pub use body::{Body, Item, ItemKind, Section};
pub use compatible::Break;
pub use digest::Digest;
#[cfg(feature = "include_dir")]
pub use embedded::{Embedded, folder as embedded_folder};
pub use file_name::{FILE_TEMPLATE, SLUG_LENGTH, file_name};
pub use header::Header;
pub use joined::Joined;
pub(crate) use marker::line_comments;
#[cfg(feature = "refinery")]
pub(crate) use source::base;
pub use source::{Folder, Folders, Source, SourceFile};
pub use stored::StoredDowngrade;
pub(crate) use stored::refused as stored_script_refused;
pub use write::{new_file, slug};

use crate::error::{Error, ErrorKind, Result};
use crate::graph::Revision;
use formats::Found;

/// One file: what its header says, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Its place in the graph.
    pub revision: Revision,
    /// The file's name, as its source has it.
    pub file: String,
    /// When it was made, as its header has it.
    pub created: Option<String>,
    /// Checksums of former texts that count as this one.
    pub also: Vec<String>,
    /// Whether older apps can use the database after it, where the header says so.
    pub compatible: Option<bool>,
    /// All of the file, without a byte order mark.
    pub text: Cow<'static, str>,
    /// The file that takes it back, where that is one of its own.
    pub down: Option<SourceFile>,
    /// The text is a program's: who migrates has its body as code, and it has no [`Body`] to read.
    pub code: bool,
}

/// A file whose body is code: what it says of itself was read by who can read its language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeFile {
    /// The file's name, without its folder.
    pub name: String,
    /// What it says of itself.
    pub header: Header,
    /// All of it, to be shown; never read.
    pub text: Cow<'static, str>,
}

impl Script {
    /// Reads the header of a file; `before` is the file before it by name.
    fn new(found: Found, before: Option<&Script>) -> Result<Script> {
        let Found { file, down, named } = found;
        let text = without_mark(file.text);
        let header = Header::read(&text).map_err(|error| error.in_file(&file.name))?;
        let file = CodeFile { name: file.name, header, text };
        let script = Script::with_header(file, named, false, before)?;
        Ok(Script { down: down.map(|down| SourceFile { text: without_mark(down.text), ..down }), ..script })
    }

    fn with_header(
        file: CodeFile,
        named: Option<(String, String)>,
        code: bool,
        before: Option<&Script>,
    ) -> Result<Script> {
        let CodeFile { name: file_name, header, text } = file;
        let stem = match file_name.rsplit_once('.') {
            Some((stem, _)) if code => stem,
            _ => stem(&file_name),
        };
        let (first, rest) = stem.split_once('_').unwrap_or((stem, ""));
        let (named_id, named_message) = named.unzip();
        let id = header.revision.or(named_id).unwrap_or_else(|| first.to_owned());
        if id.is_empty() {
            return Err(Error::new(ErrorKind::BadDirective, format!("'{file_name}' names no revision"))
                .with_hint("write '-- revision: <id>' at its top, or begin the file's name with the id")
                .in_file(file_name));
        }
        if id.contains(',') {
            let message = format!("the id '{id}' holds ',', which parts ids in headers and in the database");
            return Err(Error::new(ErrorKind::BadDirective, message)
                .with_hint("write '-- revision: <id>' at its top, with letters, digits, '_' and '.'")
                .in_file(file_name));
        }
        let message = header.message.or(named_message).unwrap_or_else(|| {
            let after_id = stem.strip_prefix(&id).and_then(|rest| rest.strip_prefix('_'));
            after_id.unwrap_or(rest).replace('_', " ").trim().to_owned()
        });
        let revises = match (header.revises, before) {
            (Some(revises), _) => revises,
            (None, Some(before)) => {
                refuse_wrong_order(&before.file, &file_name)?;
                vec![before.revision.id.clone()]
            }
            (None, None) => Vec::new(),
        };
        Ok(Script {
            revision: Revision {
                id,
                revises,
                branch_labels: header.branch_labels,
                depends_on: header.depends_on,
                aliases: header.aliases,
                message,
            },
            created: header.created,
            also: header.also,
            compatible: header.compatible,
            file: file_name,
            text,
            code,
            down: None,
        })
    }

    /// Reads what the file does.
    ///
    /// # Errors
    ///
    /// As [`Body::parse`], with the revision and the file; [`ErrorKind::BodyIsCode`].
    pub fn body(&self) -> Result<Body> {
        if self.code {
            let message = format!("revision {} is code, and has no SQL to read", self.revision.id);
            return Err(Error::new(ErrorKind::BodyIsCode, message)
                .with_hint("run it from the program that brings its code")
                .in_revision(&self.revision.id)
                .in_file(&self.file));
        }
        let read = || {
            let mut body = Body::parse(&self.text)?;
            if let Some(down) = &self.down {
                let text = formats::refuse_markers(down, body.down.is_some())?;
                body.down = Some(Section::parse(&text, 1).map_err(|error| error.in_file(&down.name))?);
            }
            Ok(body)
        };
        read().map_err(|error: Error| error.in_revision(&self.revision.id).in_file(&self.file))
    }

    /// What an app that does not have the revision might not live with after it; none where its header
    /// says that older apps can. Of code, which cannot be read, only its header tells.
    ///
    /// # Errors
    ///
    /// As [`Script::body`].
    pub fn breaks_older_apps(&self) -> Result<Option<Break>> {
        let said = |why: &str| Ok(Some(Break { line: 1, why: why.to_owned() }));
        match self.compatible {
            Some(true) => Ok(None),
            Some(false) => said("its header says so"),
            None if self.code => said("its body is code"),
            None => Ok(self.body()?.up.breaks_older_apps()),
        }
    }

    /// The [checksum](Section::checksum) of the upgrade. The downgrade is not part of it: the database
    /// keeps the text of the one that belongs to what was applied, so that one that is added or
    /// mended later changes nothing for those who have upgraded.
    ///
    /// # Errors
    ///
    /// As [`Script::body`].
    pub fn checksum(&self) -> Result<String> {
        Ok(self.body()?.up.checksum())
    }
}

/// Every file's header, in the order of the files' names. A file that does not say what it revises
/// follows the one before it in its folder.
///
/// # Errors
///
/// [`ErrorKind::SourceUnreadable`], and [`ErrorKind::BadDirective`] with file and line; also where
/// the order of the names is not that of the numbers they begin with.
///
/// ```
/// use limbeck::script;
///
/// let error = script::read(&[("a.sql", "-- first\n-- revise: b")]).unwrap_err();
/// assert_eq!(error.hint(), Some("write 'revises:'"));
/// assert_eq!((error.file(), error.line()), (Some("a.sql"), Some(2)));
/// ```
pub fn read(source: &dyn Source) -> Result<Vec<Script>> {
    read_with_code(source, Vec::new())
}

/// As [`read`], with files of another language among those of the source's first folder, in the order
/// of all names.
pub fn read_with_code(source: &dyn Source, code: Vec<CodeFile>) -> Result<Vec<Script>> {
    enum File {
        Sql(Found),
        Code(CodeFile),
    }
    let name = |file: &File| match file {
        File::Sql(found) => found.file.name.clone(),
        File::Code(code) => code.name.clone(),
    };
    let mut folders: Vec<Vec<File>> = Vec::new();
    for files in source::by_folder(source.files()?) {
        folders.push(formats::recognised(files)?.into_iter().map(File::Sql).collect());
    }
    if folders.is_empty() {
        folders.push(Vec::new());
    }
    for code in code {
        let files = &mut folders[0];
        let place = files.iter().position(|file| name(file) > code.name).unwrap_or(files.len());
        files.insert(place, File::Code(code));
    }
    let mut scripts: Vec<Script> = Vec::new();
    for files in folders {
        let first = scripts.len();
        for file in files {
            let before = scripts[first..].last();
            let script = match file {
                File::Sql(file) => Script::new(file, before)?,
                File::Code(file) => Script::with_header(file, None, true, before)?,
            };
            scripts.push(script);
        }
    }
    Ok(scripts)
}

/// Refuses `10_x.sql` before `9_y.sql`: sorted as text, they would run in the wrong order.
fn refuse_wrong_order(before: &str, file: &str) -> Result<()> {
    match (number(before), number(file)) {
        (Some(earlier), Some(later)) if (earlier.len(), earlier) > (later.len(), later) => {
            Err(Error::new(ErrorKind::BadDirective, format!("'{file}' comes after '{before}' by name"))
                .with_hint("fill the numbers up with zeros to one length, or write '-- revises:' lines")
                .in_file(file))
        }
        _ => Ok(()),
    }
}

/// The digits that a name begins with, if they are all of its first word, without leading zeros.
fn number(name: &str) -> Option<&str> {
    let word = stem(name).split(['_', '.']).next()?;
    let digits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| word.trim_start_matches('0'))
}

fn stem(name: &str) -> &str {
    let name = source::base(name);
    formats::end(name, ".up.sql").or(formats::end(name, ".sql")).unwrap_or(name)
}

/// Without U+FEFF at the front, which some editors put there and SQL knows nothing of.
fn without_mark(text: Cow<'static, str>) -> Cow<'static, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Cow::Owned(text) => Cow::Owned(match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        }),
    }
}
