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

/// A folder of backups. Several databases may share it, as long as their files have different names.
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

impl Backup {
    /// A backup by the path of its file, with what is known of it.
    ///
    /// Errors: [`ErrorKind::NoBackup`] where there is none that is complete.
    pub fn open(path: impl AsRef<Path>) -> Result<Backup> {
        let path = path.as_ref();
        known(&path.with_extension("json")).filter(|backup| backup.path == path).ok_or_else(|| {
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

    /// Those of a database, by the name of its file, newest first. What is not complete is left out.
    ///
    /// Errors: [`ErrorKind::BackupFailed`] for a folder that cannot be read; one that is not there has none.
    pub fn list(&self, database: &str) -> Result<Vec<Backup>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &self.folder, &error)),
        };
        let mut all = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| failed("read", &self.folder, &error))?.path();
            // Another process may be about to delete it.
            if let Some(backup) = known(&path).filter(|backup| backup.database == database) {
                all.push(backup);
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

    /// Gives a complete file its name, and tells of it.
    pub(super) fn finish(&self, partial: &Path, backup: &Backup) -> Result<Backup> {
        let path = partial.with_extension(BACKUP);
        let finish = || -> io::Result<()> {
            File::options().read(true).write(true).open(partial)?.sync_all()?;
            fs::rename(partial, &path)?;
            let name = path.file_name().map_or_else(PathBuf::new, PathBuf::from);
            let listed = Backup { path: name, ..backup.clone() };
            let json = serde_json::to_string_pretty(&listed).map_err(io::Error::other)?;
            let (new, catalogued) = (path.with_extension("json.partial"), path.with_extension("json"));
            let mut file = private().open(&new)?;
            file.write_all(json.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &catalogued)?;
            sync_folder(&path);
            Ok(())
        };
        finish().map_err(|error| failed("write", &path, &error))?;
        Ok(Backup { path, ..backup.clone() })
    }

    /// Deletes the oldest beyond those that are kept. `spared` stays in any case.
    pub(super) fn prune(&self, database: &str, spared: Option<&Path>) -> Result<()> {
        for old in self.list(database)?.into_iter().skip(self.keep) {
            if spared != Some(&*old.path) {
                // The large file first: what is left of a deletion that was cut short is small.
                let gone = fs::remove_file(&old.path)
                    .and_then(|()| fs::remove_file(old.path.with_extension("json")));
                if let Err(error) = gone
                    && error.kind() != io::ErrorKind::NotFound
                {
                    return Err(failed("delete", &old.path, &error));
                }
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

/// What a file of JSON tells of the backup beside it, if there is one.
fn known(json: &Path) -> Option<Backup> {
    if json.extension()? != "json" {
        return None;
    }
    let path = json.with_extension(BACKUP);
    let there = fs::metadata(&path).ok()?.is_file();
    let backup: Backup = serde_json::from_slice(&fs::read(json).ok()?).ok()?;
    there.then_some(Backup { path, ..backup })
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
