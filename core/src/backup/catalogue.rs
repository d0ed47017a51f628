//! The folder of backups: one file a backup, and what is known of it in one of JSON beside it. Knows
//! no database.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind, Result, cancelled};
use crate::sql::hex;

/// What a backup's file ends with; what is known of it ends with `.json`, what is not yet one with
/// `.partial`.
const BACKUP: &str = "backup";

/// A folder of backups. Several databases may share it: each has its own, also where their files have the same name
/// in different folders. A database that was moved keeps those that were taken where it was.
///
/// ```
/// use limbeck::Backups;
///
/// let backups = Backups::new("backups").keep(5);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backups {
    folder: PathBuf,
    keep: usize,
}

/// One backup: an SQLite database by itself, in a file that only its owner may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// The name of the database's file, without its folder.
    pub database: String,
    /// The version rows, sorted.
    pub heads: Vec<String>,
    /// Of the app that brought the database there, where that is known.
    pub app_version: Option<String>,
    /// When it was taken, in UTC, by SQLite's clock.
    pub taken_at: String,
    /// How large it is.
    pub bytes: u64,
    /// The SHA-256 of its file, in hexadecimal.
    pub sha256: String,
    /// What `PRAGMA quick_check` finds in it, and found in the database: nothing, in a sound one.
    pub problems: Vec<String>,
    /// Its file; in the catalogue itself the name alone, for the folder may move.
    pub path: PathBuf,
}

/// What the catalogue keeps of a backup.
#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    backup: Backup,
    /// Where the database was; earlier ones lack it.
    #[serde(default)]
    origin: Option<String>,
}

/// Whose backups: a database by its file.
#[derive(Debug)]
pub(crate) struct Origin {
    /// The name of the file, without its folder.
    pub name: String,
    path: Option<String>,
}

impl Origin {
    /// Of a database whose file may be gone.
    pub fn of_file(file: &Path) -> Origin {
        let name = file.file_name().unwrap_or_default();
        let folder = |file: PathBuf| fs::canonicalize(file.parent()?).ok().map(|folder| folder.join(name));
        let path = fs::canonicalize(file).ok().or_else(|| std::path::absolute(file).ok().and_then(folder));
        let path = path.and_then(|path| path.to_str().map(str::to_owned));
        Origin { name: name.to_string_lossy().into_owned(), path }
    }

    /// Of a database in memory.
    pub fn of_memory() -> Origin {
        Origin { name: "memory".to_owned(), path: None }
    }

    /// Whether a backup is one of another database with the same name: one that is still there.
    fn is_not(&self, entry: &Entry) -> bool {
        let (Some(own), Some(of)) = (&self.path, &entry.origin) else { return false };
        own != of && Path::new(of).exists()
    }
}

impl Backup {
    /// A backup by the path of its file, with what is known of it.
    ///
    /// Errors: [`ErrorKind::NoBackup`] where there is none that is complete.
    pub fn open(path: impl AsRef<Path>) -> Result<Backup> {
        let path = path.as_ref();
        let entry = known(&path.with_extension("json")).map(|entry| entry.backup);
        entry.filter(|backup| backup.path == path).ok_or_else(|| {
            Error::new(
                ErrorKind::NoBackup,
                format!("{} is no backup, or its catalogue entry is gone", path.display()),
            )
            .with_hint("name one of those that 'limbeck backups' lists")
        })
    }
}

impl Backups {
    /// A folder, which is made when the first backup is taken. The last three of a database are kept.
    pub fn new(folder: impl Into<PathBuf>) -> Backups {
        Backups { folder: folder.into(), keep: 3 }
    }

    /// How many of a database are kept; at least one. The oldest is deleted when a newer one is complete,
    /// and not before.
    #[must_use]
    pub fn keep(self, count: usize) -> Backups {
        Backups { keep: count.max(1), ..self }
    }

    /// Those of all databases whose file has this name, newest first. What is not complete is left out.
    ///
    /// Errors: [`ErrorKind::BackupFailed`] for a folder that cannot be read; one that is not there has none.
    pub fn list(&self, database: &str) -> Result<Vec<Backup>> {
        self.entries(database, |_| true)
    }

    /// Those of one database, newest first.
    ///
    /// Errors: as [`list`](Self::list).
    pub(crate) fn list_of(&self, database: &Origin) -> Result<Vec<Backup>> {
        self.entries(&database.name, |entry| !database.is_not(entry))
    }

    fn entries(&self, database: &str, is_wanted: impl Fn(&Entry) -> bool) -> Result<Vec<Backup>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &self.folder, &error)),
        };
        let mut all = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| failed("read", &self.folder, &error))?.path();
            // Another process may be about to delete it.
            if let Some(entry) =
                known(&path).filter(|entry| entry.backup.database == database && is_wanted(entry))
            {
                all.push(entry.backup);
            }
        }
        all.sort_by(|a, b| (&b.taken_at, &b.path).cmp(&(&a.taken_at, &a.path)));
        Ok(all)
    }

    /// Where the folder is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// An empty file for a backup that is to be, which nobody else may read, by its whole path.
    /// `name` tells the time, and what is older than `stale` and was never finished is deleted.
    pub(super) fn begin(&self, database: &str, name: &str, stale: &str) -> Result<PathBuf> {
        let folder =
            std::path::absolute(&self.folder).map_err(|error| failed("find", &self.folder, &error))?;
        make_folder(&folder).map_err(|error| failed("make", &folder, &error))?;
        self.delete_unfinished(database, stale);
        let path = folder.join(format!("{database}.{name}.partial"));
        private().open(&path).map_err(|error| failed("make", &path, &error))?;
        Ok(path)
    }

    /// Tells of a complete file, and gives it its name: in this order, so that what ends it in between leaves a small
    /// file that tells of nothing, and no whole copy that nobody knows of.
    pub(super) fn finish(&self, partial: &Path, backup: &Backup, origin: &Origin) -> Result<Backup> {
        let path = partial.with_extension(BACKUP);
        let (new, catalogued) = (path.with_extension("json.partial"), path.with_extension("json"));
        let finish = || -> io::Result<()> {
            File::options().read(true).write(true).open(partial).and_then(sync)?;
            let name = path.file_name().map_or_else(PathBuf::new, PathBuf::from);
            let listed = Backup { path: name, ..backup.clone() };
            let entry = Entry { backup: listed, origin: origin.path.clone() };
            let json = serde_json::to_string_pretty(&entry).map_err(io::Error::other)?;
            let mut file = private().open(&new)?;
            file.write_all(json.as_bytes())?;
            sync(file)?;
            fs::rename(&new, &catalogued)?;
            fs::rename(partial, &path)?;
            sync_folder(&path);
            Ok(())
        };
        finish().map_err(|error| {
            for told in [&new, &catalogued] {
                let _ = fs::remove_file(told);
            }
            failed("write", &path, &error)
        })?;
        Ok(Backup { path, ..backup.clone() })
    }

    /// Deletes the oldest beyond those that are kept. `spared` stays in any case, and what cannot be deleted now, because
    /// something has it open on Windows, can be later: the new one is there.
    pub(super) fn prune(&self, database: &Origin, spared: Option<&Path>) -> Result<()> {
        for old in self.list_of(database)?.into_iter().skip(self.keep) {
            if !spared.is_some_and(|spared| is_same_file(spared, &old.path)) {
                // The large file first: what is left of a deletion that was cut short is small.
                let _ = fs::remove_file(&old.path)
                    .and_then(|()| fs::remove_file(old.path.with_extension("json")));
            }
        }
        Ok(())
    }

    /// What processes that were killed have left behind. What cannot be deleted now, can be later.
    fn delete_unfinished(&self, database: &str, stale: &str) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let rest = name.strip_prefix(database).and_then(|rest| rest.strip_prefix('.'));
            if let Some((time, end)) = rest.and_then(|rest| rest.split_once('.'))
                && time.len() == stale.len()
                && time < stale
                && (end.ends_with(".partial") || end.contains(".partial-"))
            {
                let _ = fs::remove_file(entry.path());
                // What told of it already.
                if let Some(name) = name.strip_suffix(".partial") {
                    let _ = fs::remove_file(self.folder.join(format!("{name}.json")));
                }
            }
        }
    }
}

/// Deletes a file that did not become a backup, with what SQLite may have put beside it.
pub(super) fn abandon(partial: &Path) {
    for end in ["", "-journal", "-wal", "-shm"] {
        let mut path = partial.as_os_str().to_owned();
        path.push(end);
        let _ = fs::remove_file(path);
    }
}

/// Whether two paths lead to one file, however they are written. A backup's name is nearly sure to be no other's.
fn is_same_file(a: &Path, b: &Path) -> bool {
    a.file_name() == b.file_name()
        || fs::canonicalize(a).is_ok_and(|a| fs::canonicalize(b).is_ok_and(|b| a == b))
}

/// What a file of JSON tells of the backup beside it, if there is one.
fn known(json: &Path) -> Option<Entry> {
    if json.extension()? != "json" {
        return None;
    }
    let path = json.with_extension(BACKUP);
    let there = fs::metadata(&path).ok()?.is_file();
    let Entry { backup, origin } = serde_json::from_slice(&fs::read(json).ok()?).ok()?;
    there.then_some(Entry { backup: Backup { path, ..backup }, origin })
}

/// A file's size and the SHA-256 of all of it; `tick` is asked on the way.
///
/// Errors: [`ErrorKind::Cancelled`], [`ErrorKind::BackupFailed`].
pub(super) fn digest(path: &Path, tick: &mut dyn FnMut() -> ControlFlow<()>) -> Result<(u64, String)> {
    let cannot = |error: io::Error| failed("read", path, &error);
    let mut file = File::open(path).map_err(cannot)?;
    let (mut bytes, mut hash, mut buffer) = (0, Sha256::new(), vec![0; 1 << 20]);
    loop {
        let read = file.read(&mut buffer).map_err(cannot)?;
        if read == 0 {
            return Ok((bytes, hex(&hash.finalize())));
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
        if tick().is_break() {
            return Err(cancelled());
        }
    }
}

/// The text encoding of a database file, from its header (<https://sqlite.org/fileformat2.html#enc>), as `PRAGMA encoding`
/// calls it; none where that says nothing, or is encrypted.
pub(super) fn encoding(path: &Path) -> Result<Option<&'static str>> {
    let cannot = |error: io::Error| failed("read", path, &error);
    let mut header = Vec::new();
    File::open(path).map_err(cannot)?.take(100).read_to_end(&mut header).map_err(cannot)?;
    if !header.starts_with(b"SQLite format 3\0") {
        return Ok(None);
    }
    Ok(match header.get(56..60) {
        Some([0, 0, 0, 1]) => Some("UTF-8"),
        Some([0, 0, 0, 2]) => Some("UTF-16le"),
        Some([0, 0, 0, 3]) => Some("UTF-16be"),
        _ => None,
    })
}

/// A new file that only its owner may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// macOS asks the disk itself (`F_FULLFSYNC`), which network shares do not support there. SQLite goes on without it, too
/// (`full_fsync` in `os_unix.c`), and has synced the copy in its own way.
fn sync(file: File) -> io::Result<()> {
    const ENOTSUP: i32 = 45;
    match file.sync_all() {
        Err(error) if cfg!(target_vendor = "apple") && error.raw_os_error() == Some(ENOTSUP) => Ok(()),
        synced => synced,
    }
}

/// A new name is safe when its folder is. Where a folder cannot be synced, the system does it when it likes:
/// SQLite does not insist either (`unixSync` in `os_unix.c`).
fn sync_folder(path: &Path) {
    if cfg!(unix)
        && let Some(folder) = path.parent()
    {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

fn failed(verb: &str, path: &Path, error: &io::Error) -> Error {
    let message = format!("cannot {verb} {}: {error}", path.display());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::new(ErrorKind::Full, message)
            .with_hint("free room where the backups are, then run it again"),
        _ => Error::new(ErrorKind::BackupFailed, message)
            .with_hint("name a folder for backups that may be read and written"),
    }
}
