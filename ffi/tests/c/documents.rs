//! What README shows of C compiles without a warning, and brings a database up to date.

use std::process::Command;

use crate::support::{Sqlite, compile, run, scratch};

const MAIN: &str = r#"
int main(void) {
    static const limbeck_migration migrations[] = {
        {"0001_notes.sql", LIMBECK_NUL_TERMINATED, "CREATE TABLE notes(title TEXT)", LIMBECK_NUL_TERMINATED},
        {"0002_titles.sql", LIMBECK_NUL_TERMINATED, "ALTER TABLE notes ALTER title SET NOT NULL", LIMBECK_NUL_TERMINATED}};
    sqlite3 *connection;
    if (sqlite3_open(":memory:", &connection) || launch(connection, migrations, 2)) return 1;
    /* The title may not be missing now. */
    return sqlite3_exec(connection, "INSERT INTO notes VALUES (NULL)", NULL, NULL, NULL) != SQLITE_CONSTRAINT;
}
"#;

#[test]
fn what_readme_shows() {
    let readme = include_str!("../../../README.md");
    let blocks: Vec<&str> =
        readme.split("```c\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)).collect();
    let [block] = blocks[..] else {
        panic!("README has {} blocks of C: run each of them here", blocks.len())
    };
    let source = scratch().join("readme.c");
    std::fs::write(&source, format!("{block}{MAIN}")).unwrap();
    let program = compile("readme", &["cc", "-std=c99"], &[source], Sqlite::Amalgamation);
    run(&mut Command::new(program));
}
