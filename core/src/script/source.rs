//! Where files come from: a folder, the binary itself, or a list in memory.

use std::borrow::Cow;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Digest;
use crate::error::{Error, ErrorKind, Result};

/// A place that migrations are read from.
///
/// A source gives texts by name and knows nothing of what is in them. Each call reads anew.
///
/// ```
/// use limbeck::script::Source;
///
/// let source = [("0002_more.sql", "DROP TABLE t"), ("0001_first.sql", "CREATE TABLE t(a)")];
/// assert_eq!(source.files().unwrap()[0].name, "0001_first.sql");
/// ```
pub trait Source {
    /// Every file, sorted by name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SourceUnreadable`] naming what cannot be read.
    fn files(&self) -> Result<Vec<SourceFile>>;

    /// The digest of these same files, where it is had without making the list: a launch with nothing to
    /// do needs no more. None where it is not, which is the default: then the files are read at once.
    fn digest(&self) -> Option<Digest> {
        None
    }
}

/// One file of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The file's name. Where a source has several folders, its folder and `/` stand before it; "the
    /// file before it" is one of the same folder.
    pub name: String,
    /// All of it.
    pub text: Cow<'static, str>,
}

impl<S: Source + ?Sized> Source for &S {
    fn files(&self) -> Result<Vec<SourceFile>> {
        (**self).files()
    }

    fn digest(&self) -> Option<Digest> {
        (**self).digest()
    }
}

/// Files that were read before, as they are.
impl Source for Vec<SourceFile> {
    fn files(&self) -> Result<Vec<SourceFile>> {
        Ok(sorted(self.clone()))
    }

    fn digest(&self) -> Option<Digest> {
        Some(self.iter().fold(Digest::NONE, |all, file| all.with(&file.name, &file.text)))
    }
}

/// Names and texts, as they are: every pair is a migration, whatever its name ends with.
impl<N: AsRef<str>, T: AsRef<str>> Source for [(N, T)] {
    fn files(&self) -> Result<Vec<SourceFile>> {
        let file = |(name, text): &(N, T)| SourceFile {
            name: name.as_ref().to_owned(),
            text: Cow::Owned(text.as_ref().to_owned()),
        };
        Ok(sorted(self.iter().map(file).collect()))
    }

    fn digest(&self) -> Option<Digest> {
        Some(self.iter().fold(Digest::NONE, |all, (name, text)| all.with(name.as_ref(), text.as_ref())))
    }
}

impl<N: AsRef<str>, T: AsRef<str>, const LENGTH: usize> Source for [(N, T); LENGTH] {
    fn files(&self) -> Result<Vec<SourceFile>> {
        self.as_slice().files()
    }

    fn digest(&self) -> Option<Digest> {
        self.as_slice().digest()
    }
}

impl<N: AsRef<str>, T: AsRef<str>> Source for Vec<(N, T)> {
    fn files(&self) -> Result<Vec<SourceFile>> {
        self.as_slice().files()
    }

    fn digest(&self) -> Option<Digest> {
        self.as_slice().digest()
    }
}

/// The `*.sql` files that lie directly in a folder on disk.
///
/// Names that begin with a dot are left out: editors and macOS put companions of a file there.
///
/// ```no_run
/// use limbeck::script::{self, Folder};
///
/// for script in script::read(&Folder("migrations".into()))? {
///     println!("{} {}", script.revision.id, script.revision.message);
/// }
/// # Ok::<(), limbeck::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(pub PathBuf);

/// Several [`Folder`]s whose revisions make one graph. Where it is one, it is as that alone.
///
/// A file that does not say what it revises follows the one before it in its own folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders(pub Vec<PathBuf>);

impl Source for Folders {
    fn files(&self) -> Result<Vec<SourceFile>> {
        let Folders(folders) = self;
        if let [folder] = &folders[..] {
            return Folder(folder.clone()).files();
        }
        let mut files = Vec::new();
        for folder in folders {
            let path = folder
                .to_str()
                .ok_or_else(|| unreadable(folder, "the name is not UTF-8").with_hint("rename the folder"))?;
            for file in Folder(folder.clone()).files()? {
                let name = format!("{}/{}", path.trim_end_matches('/'), file.name);
                files.push(SourceFile { name, ..file });
            }
        }
        Ok(sorted(files))
    }
}

impl Source for Folder {
    fn files(&self) -> Result<Vec<SourceFile>> {
        let Folder(folder) = self;
        let entries = fs::read_dir(folder).map_err(|error| no_folder(folder, &error))?;
        let (mut files, mut bytes) = (Vec::new(), Vec::new());
        for entry in entries {
            let entry = entry.map_err(|error| no_folder(folder, &error))?;
            let path = entry.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !is_migration(name.as_bytes()) {
                if !name.starts_with('.') && matches!(kind(&entry), Kind::Folder) {
                    let file = OF_A_FOLDER.iter().map(|file| path.join(file)).find(|file| file.is_file());
                    file.map_or(Ok(()), |file| Err(of_a_folder(&file)))?;
                }
                continue;
            }
            match kind(&entry) {
                Kind::File => {}
                Kind::Folder => continue,
                Kind::Other => {
                    return Err(unreadable(&path, "it is no regular file")
                        .with_hint("move it out of the folder of migrations, or write a file in its place"));
                }
            }
            if path.file_name().is_some_and(|name| name.to_str().is_none()) {
                return Err(unreadable(&path, "the name is not UTF-8").with_hint("rename the file"));
            }
            bytes.clear();
            read(&path, &mut bytes).map_err(|error| {
                unreadable(&path, &error.to_string())
                    .with_hint("check that the file is there and may be read")
            })?;
            let text = str::from_utf8(&bytes).map_err(|error| {
                let lines = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
                not_utf8(&path).at_line(lines as u32 + 1)
            })?;
            files.push(SourceFile { name: name.into_owned(), text: Cow::Owned(text.to_owned()) });
        }
        // Of one folder: no name has a part before it.
        files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }
}

/// What lies in a folder, or what a link there leads to.
enum Kind {
    File,
    Folder,
    /// A pipe, a socket, a device: to read one may never end.
    Other,
}

/// Only of a link the disk has to be asked. What cannot be told is read as a file, and fails as one.
fn kind(entry: &fs::DirEntry) -> Kind {
    let found = match entry.file_type() {
        Ok(kind) if kind.is_symlink() => fs::metadata(entry.path()).map(|found| found.file_type()),
        kind => kind,
    };
    match found {
        Ok(kind) if kind.is_dir() => Kind::Folder,
        Ok(kind) if !kind.is_file() => Kind::Other,
        _ => Kind::File,
    }
}

/// Reads a file into a buffer that those before it have widened. Without `take` each would be asked for its length first,
/// which takes as long as to read it.
fn read(path: &Path, bytes: &mut Vec<u8>) -> io::Result<usize> {
    fs::File::open(path)?.take(u64::MAX).read_to_end(bytes)
}

/// What diesel, rusqlite_migration, Prisma and Drizzle 1 write into a folder of its own for each migration.
pub(super) const OF_A_FOLDER: [&str; 2] = ["up.sql", "migration.sql"];

/// It must not be passed over, as if it were not there.
pub(super) fn of_a_folder(file: &Path) -> Error {
    let folder = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    // A revision's id is what stands before the first `_`, and has no `-`: diesel's begins with a date.
    let name = match folder.split_once('_') {
        Some((id, name)) if id.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => {
            format!("{}_{name}", id.replace('-', ""))
        }
        _ => folder.replace('-', "_"),
    };
    let hint = match file.ends_with("up.sql") {
        true => format!("copy it to {name}.up.sql, and its down.sql to {name}.down.sql, in the folder above"),
        false => format!("copy it to {name}.sql, in the folder above"),
    };
    let file = file.display().to_string();
    let message = format!("a migration is in a folder of its own: {file}");
    Error::new(ErrorKind::SourceUnreadable, message).in_file(file).with_hint(hint)
}

/// The `*.sql` files that lie directly in a folder that `include_dir!` put into the binary. A launch reads all of them,
/// and none of those that [`embed_migrations!`](crate::embed_migrations) did.
#[cfg(feature = "include_dir")]
impl Source for include_dir::Dir<'static> {
    fn files(&self) -> Result<Vec<SourceFile>> {
        let file = |(name, file): InDir| {
            let text = file.contents_utf8().ok_or_else(|| not_utf8(file.path()))?;
            let name = String::from_utf8_lossy(name).into_owned();
            Ok(SourceFile { name, text: Cow::Borrowed(text) })
        };
        let mut inner = self.dirs().flat_map(|dir| OF_A_FOLDER.map(|name| dir.path().join(name)));
        if let Some(file) = inner.find(|path| self.contains(path)) {
            return Err(of_a_folder(&file));
        }
        Ok(sorted(in_dir(self).map(file).collect::<Result<_>>()?))
    }

    /// Each launch takes it of all files: so nothing here looks whether they are UTF-8, which
    /// [`files`](Source::files) does.
    fn digest(&self) -> Option<Digest> {
        let with = |all: Digest, (name, file): InDir| all.with_bytes(name, file.contents());
        Some(in_dir(self).fold(Digest::NONE, with))
    }
}

/// A file in the binary, and its name.
#[cfg(feature = "include_dir")]
type InDir = (&'static [u8], &'static include_dir::File<'static>);

#[cfg(feature = "include_dir")]
fn in_dir(dir: &include_dir::Dir<'static>) -> impl Iterator<Item = InDir> {
    let folder = dir.path().as_os_str().as_encoded_bytes();
    include_dir::Dir::files(dir)
        .map(move |file| {
            let path = file.path().as_os_str().as_encoded_bytes();
            // A path in the binary has slashes on every system. To look for its last one takes longer.
            match path.split_at_checked(folder.len()) {
                Some((before, [b'/', name @ ..])) if before == folder => (name, file),
                _ => (path, file),
            }
        })
        .filter(|(name, _)| is_migration(name))
}

/// Whether a file's name says that it is a migration.
pub(super) const fn is_migration(name: &[u8]) -> bool {
    matches!(name, [first, .., b'.', b's' | b'S', b'q' | b'Q', b'l' | b'L'] if *first != b'.')
}

/// In the order that "the file before it" is meant in, folder by folder.
pub(super) fn sorted(mut files: Vec<SourceFile>) -> Vec<SourceFile> {
    files.sort_by(|a, b| parts(&a.name).cmp(&parts(&b.name)));
    files
}

/// The files of each folder, sorted.
pub(super) fn by_folder(files: Vec<SourceFile>) -> Vec<Vec<SourceFile>> {
    let mut folders: Vec<Vec<SourceFile>> = Vec::new();
    for file in sorted(files) {
        match folders.last_mut() {
            Some(folder) if parts(&folder[0].name).0 == parts(&file.name).0 => folder.push(file),
            _ => folders.push(vec![file]),
        }
    }
    folders
}

/// A name without its folder.
pub(crate) fn base(name: &str) -> &str {
    parts(name).1
}

/// The folder and what follows it.
fn parts(name: &str) -> (&str, &str) {
    name.rsplit_once('/').unwrap_or(("", name))
}

fn no_folder(folder: &Path, error: &io::Error) -> Error {
    unreadable(folder, &error.to_string()).with_hint("name the folder that holds the migrations")
}

pub(super) fn not_utf8(path: &Path) -> Error {
    unreadable(path, "it is not UTF-8").with_hint("save the file as UTF-8")
}

fn unreadable(path: &Path, why: &str) -> Error {
    let path = path.display().to_string();
    Error::new(ErrorKind::SourceUnreadable, format!("cannot read '{path}': {why}")).in_file(path)
}

#[cfg(test)]
mod tests {
    use super::super::Joined;
    use super::*;

    /// A folder of its own below the system's temporary one.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str, files: &[(&str, &[u8])]) -> Scratch {
            let path = std::env::temp_dir().join(format!("limbeck-{}-{name}", std::process::id()));
            fs::create_dir_all(path.join("folder.sql")).unwrap();
            for (name, bytes) in files {
                fs::write(path.join(name), bytes).unwrap();
            }
            Scratch(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    fn names(source: &dyn Source) -> Vec<String> {
        source.files().unwrap().into_iter().map(|file| file.name).collect()
    }

    #[test]
    fn every_source_gives_the_same_files_in_the_same_order() {
        let pairs = [("b.sql", "SELECT 2"), ("a.sql", "SELECT 1"), ("C.SQL", "SELECT 3")];
        let bytes = pairs.map(|(name, text)| (name, text.as_bytes()));
        let mut beside = bytes.to_vec();
        beside.extend([("README.md", &b"\xff"[..]), ("._a.sql", b"\xff"), ("sql", b"\xff")]);
        let folder = Scratch::new("order", &beside);
        let owned: Vec<(String, String)> =
            pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let folder = Folder(folder.0.clone());
        let mut joined = Joined::default();
        pairs.iter().for_each(|(name, text)| joined.push(name, text));
        let sources: [&dyn Source; 5] = [&pairs, &owned, &pairs.as_slice(), &joined, &folder];
        for source in sources {
            assert_eq!(names(source), ["C.SQL", "a.sql", "b.sql"]);
            assert_eq!(source.files().unwrap()[1].text, "SELECT 1");
            assert!(source.digest().is_none_or(|digest| Some(digest) == source.files().unwrap().digest()));
        }
    }

    #[cfg(feature = "include_dir")]
    #[test]
    fn an_embedded_folder_is_not_copied() {
        use include_dir::{Dir, DirEntry, File};
        static DIR: Dir<'static> = Dir::new(
            "",
            &[
                DirEntry::File(File::new("b.sql", b"SELECT 2")),
                DirEntry::File(File::new("a.sql", b"SELECT 1")),
                DirEntry::File(File::new("notes.txt", b"\xff")),
                DirEntry::File(File::new("._a.sql", b"\xff")),
                DirEntry::Dir(Dir::new("deep", &[DirEntry::File(File::new("deep/c.SQL", b""))])),
            ],
        );
        assert_eq!(names(&DIR), ["a.sql", "b.sql"]);
        let deep = DIR.get_dir("deep").unwrap();
        assert_eq!(names(deep), ["c.SQL"]);
        assert_eq!(deep.digest(), Some(Digest::NONE.with("c.SQL", "")));
        assert!(matches!(Source::files(&DIR).unwrap()[0].text, Cow::Borrowed("SELECT 1")));
        assert_eq!(DIR.digest(), Source::files(&DIR).unwrap().digest());
        static BAD: Dir<'static> = Dir::new("", &[DirEntry::File(File::new("a.sql", b"\xff"))]);
        assert_eq!(Source::files(&BAD).unwrap_err().kind(), ErrorKind::SourceUnreadable);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_what_it_leads_to() {
        let scratch = Scratch::new("links", &[("first.txt", b"SELECT 1")]);
        let Scratch(path) = &scratch;
        for (of, name) in [("first.txt", "0001_first.sql"), ("folder.sql", "0002_folder.sql")] {
            std::os::unix::fs::symlink(path.join(of), path.join(name)).unwrap();
        }
        assert_eq!(names(&Folder(path.clone())), ["0001_first.sql"]);
    }

    /// To open a pipe waits for a writer; a socket stands for it here, which the standard library can make.
    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_named() {
        let scratch = Scratch::new("special", &[("0001_first.sql", b"SELECT 1")]);
        let Scratch(path) = &scratch;
        let _socket = std::os::unix::net::UnixListener::bind(path.join("socket")).unwrap();
        std::os::unix::fs::symlink(path.join("socket"), path.join("0002_link.sql")).unwrap();
        for name in ["0002_link.sql", "0003_socket.sql"] {
            let error = Folder(path.clone()).files().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::SourceUnreadable);
            assert!(error.to_string().ends_with(&format!("{name}': it is no regular file")), "{error}");
            fs::remove_file(path.join(name)).ok();
            fs::rename(path.join("socket"), path.join("0003_socket.sql")).ok();
        }
        assert_eq!(names(&Folder(path.clone())), ["0001_first.sql"]);
    }

    #[test]
    fn several_folders() {
        let (app, plugin) =
            (Scratch::new("app", &[("1.sql", b"a")]), Scratch::new("plug", &[("1.sql", b"b")]));
        let (app, plugin) = (app.0.clone(), plugin.0.clone());
        assert_eq!(names(&Folders(vec![app.clone()])), ["1.sql"]);
        let want = [format!("{}/1.sql", app.display()), format!("{}/1.sql", plugin.display())];
        assert_eq!(names(&Folders(vec![plugin, app.join("")])), want);
        // A folder's files stand together, whatever the order of the whole names.
        let listed = [("a/b/1.sql", ""), ("a/c.sql", ""), ("a/a.sql", ""), ("z.sql", "")];
        assert_eq!(names(&listed), ["z.sql", "a/a.sql", "a/c.sql", "a/b/1.sql"]);
    }

    #[test]
    fn a_folder_for_each_migration_is_refused() {
        let scratch = Scratch::new("folders", &[("0001_first.sql", b"SELECT 1")]);
        let Scratch(path) = &scratch;
        fs::create_dir_all(path.join("meta")).unwrap();
        assert_eq!(names(&Folder(path.clone())), ["0001_first.sql"]);
        for (folder, file, hint) in [
            (
                "2024-01-01-000000_users",
                "up.sql",
                "copy it to 20240101000000_users.up.sql, and its down.sql to ",
            ),
            ("01-friend", "up.sql", "copy it to 01_friend.up.sql"),
            (
                "20240101000000_init",
                "migration.sql",
                "copy it to 20240101000000_init.sql, in the folder above",
            ),
        ] {
            fs::create_dir_all(path.join(folder)).unwrap();
            fs::write(path.join(folder).join(file), "SELECT 2").unwrap();
            let error = Folder(path.clone()).files().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::SourceUnreadable);
            assert!(error.hint().unwrap().starts_with(hint), "{error}");
            fs::remove_dir_all(path.join(folder)).unwrap();
        }
        #[cfg(feature = "include_dir")]
        {
            use include_dir::{Dir, DirEntry, File};
            static INNER: [DirEntry<'static>; 1] = [DirEntry::File(File::new("1_a/up.sql", b""))];
            static DIR: Dir<'static> = Dir::new("", &[DirEntry::Dir(Dir::new("1_a", &INNER))]);
            assert_eq!(Source::files(&DIR).unwrap_err().kind(), ErrorKind::SourceUnreadable);
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = Scratch::new("bytes", &[("a.sql", b"SELECT 1;\nSELECT '\xff'")]);
        for (path, message, line, hint) in [
            (folder.0.clone(), "a.sql': it is not UTF-8", Some(2), "save the file as UTF-8"),
            (folder.0.join("none"), "none': ", None, "name the folder that holds the migrations"),
        ] {
            let error = Folder(path).files().unwrap_err();
            assert_eq!((error.kind(), error.line()), (ErrorKind::SourceUnreadable, line), "{error}");
            assert!(error.to_string().contains(message), "{error}");
            assert_eq!(error.hint(), Some(hint));
        }
    }
}
