//! `CREATE TABLE` texts, read and edited: SQLite says whether limbeck is right. The seeds are fixed.

mod generate;
mod judge;
mod random;

use limbeck::schema::{Edits, TableDef};
use random::Random;

/// How many texts a test makes: more with `LIMBECK_ROUNDS`.
fn rounds(usual: usize) -> usize {
    std::env::var("LIMBECK_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[test]
fn limbeck_reads_what_sqlite_reads() {
    let mut random = Random(20260301);
    let (mut taken, all) = (0, rounds(3000));
    for _ in 0..all {
        let text = random.create().text;
        let Ok((stored, facts)) = judge::ask(&text) else { continue };
        taken += 1;
        for sql in [&text, &stored] {
            let table = TableDef::parse(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
            assert_eq!(judge::read(&table), facts, "\n{sql}");
            assert_eq!(Edits::default().apply(sql), *sql);
        }
    }
    assert!(taken * 2 > all, "SQLite took only {taken} of {all} texts");
}
