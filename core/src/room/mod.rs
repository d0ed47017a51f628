//! How much room a volume has: the one question to the operating system. What is not known stands in
//! nobody's way. `sizes` is the other side: what a database takes.

pub(crate) mod sizes;

use std::fmt;
use std::path::Path;
#[cfg(any(unix, windows))]
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};

type Ask = dyn Fn(&Path) -> Option<u64> + Send + Sync;

/// Answers how many bytes are free where a path is. Nobody can be asked where there is no operating system.
#[derive(Clone)]
pub struct Room(Option<Arc<Ask>>);

impl Room {
    /// As this function says; `None` is not known.
    pub fn new(ask: impl Fn(&Path) -> Option<u64> + Send + Sync + 'static) -> Room {
        Room(Some(Arc::new(ask)))
    }

    /// How many bytes are free where a path is.
    pub fn free(&self, path: &Path) -> Option<u64> {
        self.0.as_ref().and_then(|ask| ask(path))
    }

    /// Whether there is somebody to ask.
    pub(crate) fn can_tell(&self) -> bool {
        self.0.is_some()
    }

    /// Fails if it is known that there are fewer bytes free than are needed; `what` takes them.
    ///
    /// Errors: [`ErrorKind::Full`].
    pub fn need(&self, path: &Path, bytes: u64, what: &str) -> Result<()> {
        match self.free(path) {
            Some(free) if free < bytes => Err(Error::new(
                ErrorKind::Full,
                format!("{what} takes {}, and {} has {} free", size(bytes), path.display(), size(free)),
            )
            .with_hint("free room there, then run it again: nothing was changed")),
            _ => Ok(()),
        }
    }

    /// As [`need`](Self::need) on two volumes at the same time, which may be one.
    pub fn need_both(&self, first: (&Path, u64), second: (&Path, u64), what: &str) -> Result<()> {
        if first.1 > 0 && second.1 > 0 && same_volume(first.0, second.0) {
            return self.need(first.0, first.1.saturating_add(second.1), what);
        }
        self.need(first.0, first.1, what)?;
        self.need(second.0, second.1, what)
    }

    /// Whether there may be fewer free: what needs a closer look.
    pub fn is_tight(&self, path: &Path, bytes: u64) -> bool {
        self.free(path).is_some_and(|free| free < bytes)
    }
}

impl Default for Room {
    /// As the operating system says.
    fn default() -> Room {
        #[cfg(any(unix, windows))]
        let room = Room::new(free);
        #[cfg(not(any(unix, windows)))]
        let room = Room(None);
        room
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Room")
    }
}

/// Whether two paths are on one volume, as far as that is known: what both take is then taken from it.
#[cfg(unix)]
pub fn same_volume(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |path| there(path).and_then(|path| path.metadata().ok()).map(|found| found.dev());
    device(a).is_some_and(|volume| device(b) == Some(volume))
}

/// Whether two paths are on one volume, as far as that is known: what both take is then taken from it.
#[cfg(windows)]
pub fn same_volume(a: &Path, b: &Path) -> bool {
    let volume = |path: &Path| {
        let whole = std::path::absolute(path).ok()?;
        whole.components().next().map(|first| first.as_os_str().to_ascii_lowercase())
    };
    volume(a).is_some_and(|first| volume(b) == Some(first))
}

/// Whether two paths are on one volume, as far as that is known: nobody knows here.
#[cfg(not(any(unix, windows)))]
pub fn same_volume(_: &Path, _: &Path) -> bool {
    false
}

/// Of a folder that is to be made, its next parent that is there; a relative one has the current folder above it.
#[cfg(any(unix, windows))]
fn there(path: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(path).ok()?;
    whole.ancestors().find(|path| path.exists()).map(Path::to_owned)
}

#[cfg(any(unix, windows))]
fn free(path: &Path) -> Option<u64> {
    there(path).and_then(|path| fs4::available_space(&path).ok())
}

/// Where SQLite puts files for sorting: <https://sqlite.org/tempfiles.html#temporary_file_storage_locations>.
#[cfg(any(unix, windows))]
pub fn temporary_folder() -> Option<PathBuf> {
    if cfg!(windows) {
        return Some(std::env::temp_dir());
    }
    let named = ["SQLITE_TMPDIR", "TMPDIR"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    let usual = ["/var/tmp", "/usr/tmp", "/tmp"].into_iter().map(PathBuf::from);
    named.chain(usual).find(|folder| folder.is_dir())
}

/// Where SQLite puts files for sorting: nowhere here.
#[cfg(not(any(unix, windows)))]
pub fn temporary_folder() -> Option<std::path::PathBuf> {
    None
}

/// `1.5 MB`
pub(crate) fn size(bytes: u64) -> String {
    let mut unit = 1;
    let mut name = "bytes";
    for larger in ["kB", "MB", "GB", "TB"] {
        if bytes / unit < 1000 {
            break;
        }
        (unit, name) = (unit * 1000, larger);
    }
    if unit == 1 {
        return format!("{bytes} bytes");
    }
    let tenths = bytes.saturating_add(unit / 20) / (unit / 10);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_lack_is_refused() {
        let at = |free: Option<u64>| Room::new(move |_| free).need(Path::new("/x"), 2_500_000, "a backup");
        assert!(at(None).is_ok() && at(Some(2_500_000)).is_ok());
        let error = at(Some(999)).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::Full, "a backup takes 2.5 MB, and /x has 999 bytes free")
        );
    }

    #[cfg(any(unix, windows))]
    #[test]
    fn what_two_take_of_one_volume_is_added() {
        let (here, below) = (std::env::temp_dir(), std::env::temp_dir().join("not/there/yet"));
        assert!(same_volume(&here, &below));
        let room = Room::new(|_| Some(1000));
        let both = |first, second| room.need_both((&here, first), (&below, second), "it");
        assert!(both(500, 500).is_ok() && both(0, 1000).is_ok());
        assert!(both(500, 501).unwrap_err().to_string().starts_with("it takes 1.0 kB"));
        assert!(both(0, 1001).is_err() && both(1001, 0).is_err());
    }

    #[test]
    fn sizes_in_words() {
        let all = [0, 999, 1000, 1049, 1050, 2_500_000, 999_949_999, 1_000_000_000, u64::MAX].map(size);
        let want = [
            "0 bytes",
            "999 bytes",
            "1.0 kB",
            "1.0 kB",
            "1.1 kB",
            "2.5 MB",
            "999.9 MB",
            "1.0 GB",
            "18446744.0 TB",
        ];
        assert_eq!(all, want);
    }

    #[cfg(any(unix, windows))]
    #[test]
    fn the_system_answers() {
        let room = Room::default();
        let here = std::env::temp_dir().join("not/there/yet");
        assert!(room.is_tight(&here, u64::MAX) && !room.is_tight(&here, 1));
        // One that is relative, and to be made.
        assert!(room.free(Path::new("backups-that-are-not-there")).is_some_and(|free| free > 0));
        assert!(temporary_folder().is_some());
    }
}
