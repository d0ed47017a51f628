//! Texts that are long, or deep, in each way that a reader could take the square of their length for.

/// One text a way, each of about this many bytes.
pub fn of_length(length: usize) -> Vec<String> {
    let many = |piece: &str| piece.repeat(length / piece.len());
    vec![
        many("("),
        many("a,"),
        many(";"),
        many("'"),
        many("/*"),
        many("--\n"),
        many("-- migrate:unless SELECT 1\n"),
        many("SELECT 1;"),
        many("EXPLAIN "),
        format!("{}CREATE TRIGGER r{}", many("EXPLAIN "), many(";")),
        format!("CREATE {}TRIGGER r{}", many("TEMP "), many(";")),
        format!("CREATE TRIGGER r AFTER INSERT ON t BEGIN {}END;", many("SELECT 1;")),
        format!("CREATE TABLE t({}a)", many("a INT,\n")),
        format!("CREATE TABLE t(a {})", many("CHECK(1)")),
        format!("CREATE TABLE t(a {})", many("CONSTRAINT c ")),
        format!("CREATE TABLE t(a {})", many("INT ")),
        format!("CREATE TABLE t(a DEFAULT ({}1))", many("- ")),
        format!("CREATE TABLE t(a CHECK({}1))", many("NOT ")),
        format!("CREATE TABLE t(a CHECK({}))", many("CASE WHEN ")),
        format!("CREATE TABLE t(a CHECK({}1))", many("1+")),
        format!("CREATE TABLE t(a CHECK(a IN ({}1)))", many("1,")),
        format!("CREATE TABLE t(a, {}CHECK(1))", many("CONSTRAINT c UNIQUE(a) ")),
        format!("ALTER TABLE t ADD COLUMN a DEFAULT {}", many("(")),
        format!("ALTER TABLE t {}DROP COLUMN z", many("DROP COLUMN a, ")),
        format!("ALTER TABLE t {}ADD z", many("RENAME a TO b, ADD c, ")),
        format!("ALTER TABLE t ADD CHECK ({}1)", many("NOT ")),
        format!("\"{}\"", many("\"\"")),
        many("-- revision: a\n"),
        many("é"),
        format!("-- migrate:up\n{};\n-- migrate:down\nSELECT 1;", many("INSERT INTO t VALUES (1);\n")),
        format!("-- migrate:up\n{};", many("/* a comment */ -- and one\n")),
        format!("-- migrate:up\n{};", many("ALTER TABLE t ADD a;\n")),
        format!("-- migrate:up\n{};", many("SELECT (1, 'x') /*\n*/ ,\n")),
        many("CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END;\n"),
    ]
}
