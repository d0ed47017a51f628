//! `snapshot`: the database of a release, kept for `test`.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{migrator, open};
use crate::cli::Access;
use crate::cli::args::{Args, InventedRows};
use crate::cli::output::{self, say};
use crate::cli::settings::Settings;
use crate::db::CopyWay;
use crate::invent::{Invented, Wish};
use crate::{Error, ErrorKind, Result};

/// Makes one from the folder, with invented rows.
pub fn make(
    args: &Args,
    settings: &Settings,
    revision: &str,
    rows: &InventedRows,
    output: Option<&Path>,
) -> Result<()> {
    let mut migrator = migrator(settings)?;
    let heads: Vec<String> = migrator.graph()?.upgrade(&[], revision)?.rows_after(usize::MAX);
    let target = New::at(settings, &heads, output)?;
    let mut db = settings.host.open(&target.under_way(), Access::Create)?;
    migrator.upgrade(&mut *db, revision)?;
    let wish = Wish { seed: rows.seed, rows: rows.rows, odd: true };
    let invented = migrator.invent(&mut *db, &wish)?;
    drop(db);
    target.finish()?;
    told(args, &target.path, &heads, Some(&invented));
    Ok(())
}

/// Copies the database that the settings name.
pub fn copy(args: &Args, settings: &Settings, output: Option<&Path>) -> Result<()> {
    let migrator = migrator(settings)?;
    let mut db = open(settings, Access::Look)?;
    let heads = migrator.rows(&mut *db)?;
    let target = New::at(settings, &heads, output)?;
    let file = target.under_way();
    fs::File::create(&file).map_err(|error| cannot_write(&target.path, &error))?;
    let go_on = &mut |_, _| match settings.host.cancelled() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    db.copy_database(CopyWay::Into, Path::new(&file), go_on)?;
    drop(db);
    target.finish()?;
    told(args, &target.path, &heads, None);
    Ok(())
}

/// A file that is to be: it has its name once it is whole.
struct New {
    path: PathBuf,
    finished: std::cell::Cell<bool>,
}

impl New {
    /// Errors: [`ErrorKind::CannotWrite`] where there is one already.
    fn at(settings: &Settings, heads: &[String], output: Option<&Path>) -> Result<New> {
        let name = if heads.is_empty() { "base".to_owned() } else { heads.join("-") };
        let path = output.map_or_else(|| settings.snapshots.join(format!("{name}.db")), Path::to_owned);
        if path.exists() {
            let message = format!("{} is there already", path.display());
            return Err(Error::new(ErrorKind::CannotWrite, message)
                .in_file(path.display().to_string())
                .with_hint("name another file with -o: the database of a release is written once"));
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|error| cannot_write(&path, &error))?;
        }
        let new = New { path, finished: false.into() };
        let _ = fs::remove_file(new.under_way());
        Ok(new)
    }

    fn under_way(&self) -> String {
        format!("{}.new", self.path.display())
    }

    fn finish(&self) -> Result<()> {
        fs::rename(self.under_way(), &self.path).map_err(|error| cannot_write(&self.path, &error))?;
        self.finished.set(true);
        Ok(())
    }
}

impl Drop for New {
    fn drop(&mut self) {
        if !self.finished.get() {
            let _ = fs::remove_file(self.under_way());
        }
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::CannotWrite, format!("cannot write {}: {error}", path.display()))
        .in_file(path.display().to_string())
        .with_hint("name another file with -o")
}

fn told(args: &Args, path: &Path, heads: &[String], invented: Option<&Invented>) {
    let path = path.display().to_string();
    if args.json {
        output::json(&json!({ "path": path, "revisions": heads, "invented": invented }));
        return;
    }
    say!("{path}: at {}", output::list(heads));
    for left in invented.iter().flat_map(|invented| &invented.left_out) {
        say!("  no row for {}: {}", left.table, left.reason);
    }
}
