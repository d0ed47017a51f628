//! The Rust of README.md, as doctests. `migrations` here is the folder that it embeds.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[test]
fn the_folder_is_the_one_that_readme_shows() {
    let readme = include_str!("../README.md");
    for file in ["0001_notes.sql", "0002_titles.sql"] {
        let shown =
            readme.split_once(&format!("-- migrations/{file}\n")).unwrap().1.split_once("```").unwrap().0;
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(file);
        if std::env::var_os("LIMBECK_BLESS").is_some() {
            std::fs::write(&path, shown).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), shown, "LIMBECK_BLESS=1 writes it");
    }
}

#[test]
fn what_readme_shows() {
    // Compiled above, and run here: it opens the app's file, which is none in memory.
    let migrations = limbeck::script::Folder(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations").into());
    let mut db = rusqlite::Connection::open_in_memory().unwrap();
    let report =
        limbeck::Migrator::new(&migrations).unwrap().app_version("2.0").upgrade(&mut db, "head").unwrap();
    assert_eq!(report.to, ["0002"]);
}
