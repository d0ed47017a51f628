//! What a revision's text says, in 64 hexadecimal digits.

use std::borrow::Cow;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use super::body::{Item, Section};
use crate::set::Set;
use crate::sql::{groups, hex, tokens};

/// SQLite's keywords (<https://sqlite.org/lang_keywords.html>), written alike in any case. The list
/// is frozen: databases hold the sums that it makes, and with one word more they would differ.
const KEYWORDS: &str = "\
    ABORT ACTION ADD AFTER ALL ALTER ALWAYS ANALYZE AND AS ASC ATTACH AUTOINCREMENT BEFORE BEGIN \
    BETWEEN BY CASCADE CASE CAST CHECK COLLATE COLUMN COMMIT CONFLICT CONSTRAINT CREATE CROSS \
    CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP DATABASE DEFAULT DEFERRABLE DEFERRED DELETE \
    DESC DETACH DISTINCT DO DROP EACH ELSE END ESCAPE EXCEPT EXCLUDE EXCLUSIVE EXISTS EXPLAIN FAIL \
    FILTER FIRST FOLLOWING FOR FOREIGN FROM FULL GENERATED GLOB GROUP GROUPS HAVING IF IGNORE \
    IMMEDIATE IN INDEX INDEXED INITIALLY INNER INSERT INSTEAD INTERSECT INTO IS ISNULL JOIN KEY LAST \
    LEFT LIKE LIMIT MATCH MATERIALIZED NATURAL NO NOT NOTHING NOTNULL NULL NULLS OF OFFSET ON OR \
    ORDER OTHERS OUTER OVER PARTITION PLAN PRAGMA PRECEDING PRIMARY QUERY RAISE RANGE RECURSIVE \
    REFERENCES REGEXP REINDEX RELEASE RENAME REPLACE RESTRICT RETURNING RIGHT ROLLBACK ROW ROWS \
    SAVEPOINT SELECT SET TABLE TEMP TEMPORARY THEN TIES TO TRANSACTION TRIGGER UNBOUNDED UNION \
    UNIQUE UPDATE USING VACUUM VALUES VIEW VIRTUAL WHEN WHERE WINDOW WITH WITHOUT";

static KEYWORD_SET: LazyLock<Set<&str>> = LazyLock::new(|| KEYWORDS.split(' ').collect());

/// Between tokens, and after a statement: no token holds them bare.
const TOKEN_END: &[u8] = b"\x1f";
const STATEMENT_END: &[u8] = b"\x1e";
/// After a `migrate:unless` query.
const QUERY_END: &[u8] = b"\x1d";

impl Section {
    /// The SHA-256, in hexadecimal, of the section's tokens, of its `migrate:unless` queries, and of
    /// whether it runs in a transaction. Comments, layout, the line ends of a checkout, the case of
    /// keywords and how neighbouring `ALTER TABLE`s are joined do not count.
    ///
    /// ```
    /// use limbeck::script::Section;
    ///
    /// let sum = |text| Section::parse(text, 1).unwrap().checksum();
    /// assert_eq!(sum("create table t(a) -- why"), sum("CREATE TABLE t (\r\n  a\r\n);"));
    /// assert_ne!(sum("create table t(a)"), sum("create table t(A)"));
    /// ```
    pub fn checksum(&self) -> String {
        let mut hash = self.hash();
        self.items.iter().for_each(|item| add_item(&mut hash, item));
        hex(&hash.finalize())
    }

    /// The checksums of its first statements: of none, of the first, of the first two, and so on, the last
    /// one being [`checksum`](Self::checksum).
    pub(crate) fn beginnings(&self) -> Vec<String> {
        let mut hash = self.hash();
        let mut all = vec![hex(&hash.clone().finalize())];
        for item in &self.items {
            add_item(&mut hash, item);
            all.push(hex(&hash.clone().finalize()));
        }
        all
    }

    fn hash(&self) -> Sha256 {
        let mut hash = Sha256::new();
        hash.update(if self.transaction { "transaction" } else { "no transaction" });
        hash.update(STATEMENT_END);
        hash
    }
}

fn add_item(hash: &mut Sha256, item: &Item) {
    if let Some(query) = &item.unless {
        add(hash, query, QUERY_END);
    }
    add(hash, &item.sql, STATEMENT_END);
}

fn add(hash: &mut Sha256, sql: &str, end: &[u8]) {
    // What was read has tokens; an item that somebody made by hand may have none.
    let Ok(all) = tokens(sql) else {
        hash.update(sql);
        return hash.update(end);
    };
    for statement in groups(&all) {
        for token in statement {
            hash.update(spelling(token.text).as_bytes());
            hash.update(TOKEN_END);
        }
        hash.update(end);
    }
}

/// One spelling of a token. Names keep theirs: a name's case is kept in the schema.
fn spelling(token: &str) -> Cow<'_, str> {
    if token.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let upper = token.to_ascii_uppercase();
        return if KEYWORD_SET.contains(upper.as_str()) { upper.into() } else { token.into() };
    }
    if token.contains("\r\n") { token.replace("\r\n", "\n").into() } else { token.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(text: &str) -> String {
        Section::parse(text, 1).unwrap().checksum()
    }

    #[test]
    fn what_counts_and_what_does_not() {
        for (a, b, same) in [
            ("SELECT 1", "select /* x */ 1;;\n-- end", true),
            ("SELECT 'a\nb'", "SELECT\r\n'a\r\nb'", true),
            ("SELECT 'a'", "SELECT 'A'", false),
            ("SELECT a", "SELECT \"a\"", false),
            ("SELECT 1; SELECT 2", "SELECT 2; SELECT 1", false),
            ("SELECT ab", "SELECT a b", false),
            ("ALTER TABLE t ADD a; ALTER TABLE t ADD b", "alter table t add a;\n\nalter table t add b", true),
            ("ALTER TABLE t ADD a; ALTER TABLE t ADD b", "ALTER TABLE t ADD a, ADD b", false),
            ("-- migrate:unless SELECT 1\nSELECT 2", "SELECT 2", false),
            ("-- migrate:unless SELECT 1\nSELECT 2", "SELECT 1; SELECT 2", false),
            ("-- migrate:unless SELECT 1\nSELECT 2", "-- migrate:unless select  1;\nSELECT 2;", true),
            ("-- migrate:up\nVALUES(1)", "VALUES(1)", true),
            ("-- migrate:up transaction:false\nVALUES(1)", "VALUES(1)", false),
        ] {
            assert_eq!(sum(a) == sum(b), same, "{a} / {b}");
        }
    }

    /// Databases hold these sums: they may never change.
    #[test]
    fn the_sums_are_frozen() {
        for (text, want) in [
            ("", "67126f7282a194f6206d89a8ab5a1f75096425c153e04bc127c9b2bcd695becb"),
            (
                "create table T(a integer primary key, b text default x'00' collate nocase)",
                "534c370e034e8cca24eaf5cdaabdb3abdc4693b26135e200dfffa12bb2348924",
            ),
            (
                "-- migrate:unless SELECT 1 FROM t\nINSERT INTO t VALUES ('é', 1.5e3, ?1, $x)",
                "af29e6f51e3dad92057171352778c00ba714625122c808f3b8c32a35002fcaa0",
            ),
        ] {
            assert_eq!(sum(text), want, "{text}");
        }
    }
}
