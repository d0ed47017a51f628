//! Backups: one before each run, if asked for, and what brings one back.

use std::path::Path;

use super::Migrator;
use crate::backup::{self, Backup, Backups, Origin, Taken};
use crate::db::Database;
use crate::error::{Error, ErrorKind, Result, cancelled};
use crate::event::Listener;
use crate::execute::{Before, Options};
use crate::report::Report;

/// Where a backup before each run goes, and what takes it: a pointer, so that a program which names no
/// folder is linked without any of it.
pub(super) struct Wanted {
    folder: Backups,
    take: TakeFn,
}

/// Takes one of a database with these version rows; none where it has others.
type TakeFn =
    fn(&mut dyn Database, &mut Listener<'_>, &Options, &Backups, &[String]) -> Result<Option<Taken>>;

/// Backups.
impl<'a> Migrator<'a> {
    /// Backs the database up before the first write of each run: through SQLite's backup API on the
    /// app's own connection, checked (`PRAGMA quick_check`, and the same revisions), synced to the disk,
    /// in a file that nobody else may read, with what is known of it in one of JSON beside it. A run
    /// that finds nothing to do takes none, nor does one that begins with an empty database; where the
    /// newest has the same bytes, it is the backup. What cannot be backed up is not changed.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite")] {
    /// use limbeck::{Backups, Migrator};
    ///
    /// # let folder = std::env::temp_dir().join(format!("limbeck-doc-{}", std::process::id()));
    /// # let _ = std::fs::remove_dir_all(&folder);
    /// let new = [("0001_notes.sql", "CREATE TABLE notes(title, body)"), ("0002_x.sql", "ALTER TABLE notes DROP body")];
    /// let mut db = rusqlite::Connection::open_in_memory().unwrap();
    /// let mut old_app = Migrator::new(&new[..1])?.app_version("1.0").backup(Backups::new(&folder));
    /// let mut new_app = Migrator::new(&new)?.app_version("2.0").backup(Backups::new(&folder));
    /// old_app.upgrade(&mut db, "head")?;
    /// db.execute_batch("INSERT INTO notes VALUES ('first', '')").unwrap();
    /// new_app.upgrade(&mut db, "head")?;
    ///
    /// // The older app again: there is a backup that it can open.
    /// assert!(old_app.upgrade(&mut db, "head").is_err());
    /// let backup = old_app.newest_compatible_backup(&mut db)?.unwrap();
    /// assert_eq!((backup.heads[0].as_str(), backup.app_version.as_deref()), ("0001", Some("1.0")));
    /// assert_eq!(old_app.restore(&mut db, &backup)?.to, ["0001"]);
    /// assert!(old_app.upgrade(&mut db, "head")?.is_empty());
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # }
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    #[must_use]
    pub fn backup(mut self, backups: Backups) -> Self {
        self.backups = Some(Wanted { folder: backups, take: before_run });
        self
    }

    /// Takes a backup now.
    ///
    /// The database: read in one snapshot, which readers and, in WAL mode, writers do not notice.
    ///
    /// Errors: [`ErrorKind::BadSetting`] where [`backup`](Self::backup) has named no folder;
    /// [`ErrorKind::TransactionOpen`] inside the caller's transaction; [`ErrorKind::Locked`] while a statement on the same
    /// connection is not at its end; [`ErrorKind::BackupUnsupported`],
    /// [`ErrorKind::BackupFailed`], [`ErrorKind::Full`], [`ErrorKind::Cancelled`]: nothing is left of it.
    pub fn back_up(&mut self, db: &mut dyn Database) -> Result<Backup> {
        let backups = self.folder_of_backups()?.clone();
        let history = self.options.history();
        let any = &mut |_: &[String]| Ok(());
        Ok(backup::take(db, &mut *self.listener, history, &backups, None, &self.options.room, any)?.backup)
    }

    /// The backups of this database, by its file, newest first. The database is not read, and may be damaged.
    ///
    /// Errors: [`ErrorKind::BadSetting`], [`ErrorKind::BackupFailed`] for a folder that cannot be read.
    pub fn backups(&self, db: &mut dyn Database) -> Result<Vec<Backup>> {
        let database = backup::origin(db)?;
        self.folder_of_backups()?.list_of(&database)
    }

    /// The backups of a database whose file is gone, by the path that it had: to look makes no new one.
    ///
    /// Errors: as [`backups`](Self::backups).
    pub fn backups_of(&self, file: &Path) -> Result<Vec<Backup>> {
        self.folder_of_backups()?.list_of(&Origin::of_file(file))
    }

    /// The newest backup whose revisions the folder has all: one that this app can open.
    ///
    /// Errors: as [`backups`](Self::backups) and [`graph`](Self::graph).
    pub fn newest_compatible_backup(&self, db: &mut dyn Database) -> Result<Option<Backup>> {
        self.folder.scripts()?;
        Ok(self.backups(db)?.into_iter().find(|backup| self.can_open(backup)))
    }

    /// Whether the folder has all of a backup's revisions; one that cannot be read has none.
    pub fn can_open(&self, backup: &Backup) -> bool {
        self.folder.scripts().is_ok_and(|scripts| !scripts.lack(&backup.heads))
    }

    /// Puts a backup in the place of all that is in the open database: through SQLite's backup API, in one
    /// transaction, so that a failure or a kill at any instant leaves the database as it was. The backup
    /// is checked before, the database afterwards; the backup stays. What is there now is backed up
    /// first, unless it is empty or damaged.
    ///
    /// Warning: what was written since the backup was taken is then in that other backup only.
    ///
    /// Errors: [`ErrorKind::BackupDamaged`], [`ErrorKind::TransactionOpen`], and those of
    /// [`back_up`](Self::back_up) before anything is written; [`ErrorKind::NotADatabase`] for a file
    /// that is none, or is encrypted: restore into a new file then; [`ErrorKind::Locked`] while another
    /// connection uses the database. After one of [`ErrorKind::Corrupt`] and [`ErrorKind::Io`] that carries a
    /// report, the backup is in its place, and what was there before is in the report's own backup; but the disk
    /// does not give back what was written.
    pub fn restore(&mut self, db: &mut dyn Database, backup: &Backup) -> Result<Report> {
        let backups = self.folder_of_backups()?.clone();
        let mut report = Report::default();
        let before = match self.before_restoring(db, &backups, backup) {
            Ok(before) => before,
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                report.warnings.push(format!("what was there is damaged, and was not backed up: {error}"));
                None
            }
            Err(error) => return Err(error),
        };
        if let Some(before) = before {
            report.from.clone_from(&before.heads);
            report.backup = Some(before.path.display().to_string());
        }
        backup::restore(db, &mut *self.listener, self.options.history(), backup)?;
        report.to.clone_from(&backup.heads);
        match backup::check_restored(db, &mut *self.listener, self.options.history(), backup) {
            Ok(()) => Ok(report),
            Err(error) => Err(error.with_report(report)),
        }
    }

    fn before_restoring(
        &mut self,
        db: &mut dyn Database,
        backups: &Backups,
        spared: &Backup,
    ) -> Result<Option<Backup>> {
        if is_empty(db)? {
            return Ok(None);
        }
        let history = self.options.history();
        let (spared, room, any) = (Some(&*spared.path), &self.options.room, &mut |_: &[String]| Ok(()));
        let taken = backup::take(db, &mut *self.listener, history, backups, spared, room, any)?;
        Ok(Some(taken.backup))
    }

    pub(super) fn folder_of_backups(&self) -> Result<&Backups> {
        self.backups.as_ref().map(|wanted| &wanted.folder).ok_or_else(|| {
            Error::new(ErrorKind::BadSetting, "no folder for backups is named")
                .with_hint("give the migrator a folder for backups, or the command '--backups DIR'")
        })
    }
}

fn before_run(
    db: &mut dyn Database,
    listener: &mut Listener<'_>,
    options: &Options,
    backups: &Backups,
    rows: &[String],
) -> Result<Option<Taken>> {
    let mut moved = false;
    let same = &mut |found: &[String]| {
        moved = found != rows;
        if moved { Err(cancelled()) } else { Ok(()) }
    };
    match backup::take(db, listener, options.history(), backups, None, &options.room, same) {
        Err(_) if moved => Ok(None),
        taken => taken.map(Some),
    }
}

/// What comes before the first write of a run: a backup, if asked for.
pub(super) struct First<'a> {
    backups: Option<&'a Wanted>,
    pub options: &'a Options,
    taken: Option<Backup>,
}

impl<'a> First<'a> {
    pub fn new(backups: Option<&'a Wanted>, options: &'a Options) -> First<'a> {
        First { backups, options, taken: None }
    }

    /// As [`Planner::first`](crate::execute::Planner::first).
    pub fn back_up(
        &mut self,
        db: &mut dyn Database,
        listener: &mut Listener<'_>,
        rows: &[String],
    ) -> Result<Before> {
        let Some(Wanted { folder, take }) = self.backups else { return Ok(Before::Any) };
        if is_empty(db)? {
            return Ok(Before::Any);
        }
        let Some(found) = take(db, listener, self.options, folder, rows)? else { return Ok(Before::Moved) };
        self.taken = Some(found.backup);
        Ok(found.data_version.map_or(Before::Any, Before::Seen))
    }

    /// The backup's path.
    pub fn taken(self) -> Option<String> {
        self.taken.map(|backup| backup.path.display().to_string())
    }
}

/// Whether there is nothing to lose.
fn is_empty(db: &mut dyn Database) -> Result<bool> {
    Ok(!db.any("SELECT 1 FROM main.sqlite_master", &[])?)
}
