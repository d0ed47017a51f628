//! A folder in the binary whose digest the compiler has taken, so that a launch reads none of its texts.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use super::Digest;
use super::source::{OF_A_FOLDER, Source, SourceFile, is_migration, not_utf8, of_a_folder, sorted};
use crate::error::Result;
use folder::{Dir, DirEntry, File};

/// Puts the `*.sql` files that lie directly in a folder into the binary: an [`Embedded`](crate::script::Embedded).
/// The path is one for `include_dir!` of the crate of that name, which reads the folder; so it begins with
/// `$CARGO_MANIFEST_DIR`.
///
/// A file that changes is compiled anew. That Cargo notices a *new* one as well needs a `build.rs`, which prints
/// `cargo:rerun-if-changed=migrations`; `limbeck init` writes it.
///
/// ```
/// # #[cfg(feature = "rusqlite")] {
/// use limbeck::script::Embedded;
/// use limbeck::{Migrator, embed_migrations};
///
/// # const _: &str = stringify!(
/// static MIGRATIONS: Embedded = embed_migrations!("$CARGO_MANIFEST_DIR/migrations");
/// # );
/// # static MIGRATIONS: Embedded = embed_migrations!("$CARGO_MANIFEST_DIR/../examples/desktop/migrations");
///
/// let mut db = rusqlite::Connection::open_in_memory().unwrap();
/// Migrator::new(&MIGRATIONS)?.upgrade(&mut db, "head")?;
/// # }
/// # Ok::<(), limbeck::Error>(())
/// ```
#[macro_export]
macro_rules! embed_migrations {
    ($path:tt) => {{
        // `include_dir!` calls what it makes `include_dir::Dir`, `::File` and so on: here these are such as a constant
        // can read, for which the compiler has a word where it takes long.
        use $crate::script::embedded_folder as include_dir;
        #[allow(long_running_const_eval)]
        const EMBEDDED: $crate::script::Embedded =
            $crate::script::Embedded::new(include_dir::include_dir!($path));
        EMBEDDED
    }};
}

/// A folder of migrations in the binary, made by [`embed_migrations!`](crate::embed_migrations).
///
/// The compiler has taken the digest of its files, of the same bytes as it has put into the binary, so a launch with
/// nothing to do reads none of them. Of a [`Dir`](::include_dir::Dir), which is a [`Source`] as well, it reads all.
/// The compiler reads 512 KiB, in the order of the names, which takes it up to 4 seconds when a file has changed; what
/// follows is read at each launch.
pub struct Embedded {
    entries: &'static [DirEntry<'static>],
    /// Of the files before `rest`.
    digest: Digest,
    rest: &'static [DirEntry<'static>],
}

/// How many bytes of texts the compiler reads: it takes 7 seconds for a MiB.
const COMPILED: usize = 512 * 1024;

impl Embedded {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(folder: Dir<'static>) -> Embedded {
        let (mut digest, mut rest, mut bytes) = (Digest::NONE, folder.entries, 0);
        while let [entry, others @ ..] = rest {
            if let Some((name, text)) = migration(entry) {
                bytes += text.len();
                if bytes > COMPILED {
                    break;
                }
                digest = digest.with_bytes(name.as_bytes(), text);
            }
            rest = others;
        }
        Embedded { entries: folder.entries, digest, rest }
    }
}

impl Source for Embedded {
    fn files(&self) -> Result<Vec<SourceFile>> {
        let file = |(name, text): (&'static str, &'static [u8])| {
            let text = std::str::from_utf8(text).map_err(|_| not_utf8(Path::new(name)))?;
            Ok(SourceFile { name: name.to_owned(), text: Cow::Borrowed(text) })
        };
        for entry in self.entries {
            let DirEntry::Dir(Dir { entries }) = entry else { continue };
            let mut inner = entries.iter().filter_map(migration).map(|(name, _)| Path::new(name));
            let is_one = |path: &&Path| OF_A_FOLDER.iter().any(|file| path.ends_with(file));
            if let Some(path) = inner.find(is_one) {
                return Err(of_a_folder(path));
            }
        }
        Ok(sorted(self.entries.iter().filter_map(migration).map(file).collect::<Result<_>>()?))
    }

    fn digest(&self) -> Option<Digest> {
        let with = |all: Digest, (name, text): (&str, &[u8])| all.with_bytes(name.as_bytes(), text);
        Some(self.rest.iter().filter_map(migration).fold(self.digest, with))
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().filter_map(migration).map(|(name, _)| name)).finish()
    }
}

/// The name and the text of what is a migration.
const fn migration(entry: &DirEntry<'static>) -> Option<(&'static str, &'static [u8])> {
    match entry {
        DirEntry::File(File { path, text }) if is_migration(path.as_bytes()) => Some((path, text)),
        DirEntry::File(_) | DirEntry::Dir(_) => None,
    }
}

/// What [`embed_migrations!`](crate::embed_migrations) has in place of the crate `include_dir`, for the words of that
/// crate's macro: its own types do not let a constant see what is in them.
#[doc(hidden)]
pub mod folder {
    use std::time::Duration;

    pub use ::include_dir::include_dir;

    pub enum DirEntry<'a> {
        Dir(Dir<'a>),
        File(File<'a>),
    }

    pub struct Dir<'a> {
        pub(super) entries: &'a [DirEntry<'a>],
    }

    impl<'a> Dir<'a> {
        pub const fn new(_path: &'a str, entries: &'a [DirEntry<'a>]) -> Dir<'a> {
            Dir { entries }
        }
    }

    /// A file's path is one within the folder.
    pub struct File<'a> {
        pub(super) path: &'a str,
        pub(super) text: &'a [u8],
    }

    impl<'a> File<'a> {
        pub const fn new(path: &'a str, text: &'a [u8]) -> File<'a> {
            File { path, text }
        }

        /// Said where another crate of the program has switched on include_dir's feature `metadata`.
        pub const fn with_metadata(self, _: Metadata) -> File<'a> {
            self
        }
    }

    /// When a file was read, made, changed: nothing for a migration.
    pub struct Metadata;

    impl Metadata {
        pub const fn new(_: Duration, _: Duration, _: Duration) -> Metadata {
            Metadata
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    const fn file(path: &'static str, text: &'static [u8]) -> DirEntry<'static> {
        DirEntry::File(File::new(path, text))
    }

    #[test]
    fn it_has_the_migrations_of_the_folder_alone() {
        static FILES: Embedded = Embedded::new(Dir::new(
            "",
            &[
                DirEntry::Dir(Dir::new("deep", &[file("deep/c.sql", b"SELECT 3")])),
                file("._a.sql", b"\xff"),
                file("b.sql", b"SELECT 2"),
                file("a.SQL", b"SELECT 1"),
                file("notes.txt", b"\xff"),
            ],
        ));
        let files = FILES.files().unwrap();
        assert_eq!(files.iter().map(|file| &*file.name).collect::<Vec<_>>(), ["a.SQL", "b.sql"]);
        assert!(matches!(files[0].text, Cow::Borrowed("SELECT 1")));
        assert_eq!(FILES.digest(), files.digest());
        assert_eq!(format!("{FILES:?}"), r#"["b.sql", "a.SQL"]"#);

        static DEEP: [DirEntry<'static>; 1] = [file("0001_a/up.sql", b"SELECT 1")];
        static FOLDERS: Embedded = Embedded::new(Dir::new("", &[DirEntry::Dir(Dir::new("0001_a", &DEEP))]));
        let error = FOLDERS.files().unwrap_err();
        assert_eq!((error.kind(), error.file()), (ErrorKind::SourceUnreadable, Some("0001_a/up.sql")));

        static BAD: Embedded = Embedded::new(Dir::new("", &[file("a.sql", b"\xff")]));
        let error = BAD.files().unwrap_err();
        assert_eq!((error.kind(), error.file()), (ErrorKind::SourceUnreadable, Some("a.sql")));
    }

    #[test]
    fn what_would_take_the_compiler_long_is_read_at_the_launch() {
        static LONG: [u8; COMPILED] = [b' '; COMPILED];
        static FILES: Embedded = Embedded::new(Dir::new(
            "",
            &[file("1.sql", b"SELECT 1"), file("2.sql", &LONG), file("3.sql", b"")],
        ));
        assert_eq!((FILES.digest, FILES.rest.len()), (Digest::NONE.with("1.sql", "SELECT 1"), 2));
        assert_eq!(FILES.digest(), FILES.files().unwrap().digest());
    }

    /// As the macro has it where another crate has switched that feature on.
    #[test]
    fn times_of_files_are_no_part_of_them() {
        use std::time::Duration;
        const READ: File = File::new("1.sql", b"").with_metadata(folder::Metadata::new(
            Duration::ZERO,
            Duration::ZERO,
            Duration::ZERO,
        ));
        assert_eq!((READ.path, READ.text), ("1.sql", &b""[..]));
    }
}
