//! Edits of a `CREATE TABLE` text: what is not named stays, comments and layout included.

use super::table::{Span, TableDef};

/// Replacements to make in one text, in any order, none overlapping.
#[derive(Debug, Default)]
pub struct Edits(Vec<(Span, String)>);

impl Edits {
    /// Replaces the bytes of `span`.
    pub fn replace(&mut self, span: Span, with: impl Into<String>) {
        self.0.push((span, with.into()));
    }

    /// Inserts before the byte at `at`.
    pub fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    /// Removes the bytes of `span`, and the blanks before it.
    pub fn remove(&mut self, text: &str, span: Span) {
        let start = text[..span.start].trim_end_matches([' ', '\t']).len();
        self.replace(start..span.end, "");
    }

    /// The text with every edit made.
    pub fn apply(mut self, text: &str) -> String {
        self.0.sort_by_key(|(span, _)| (span.start, span.end));
        let mut edited = String::with_capacity(text.len() + 64);
        let mut at = 0;
        for (span, with) in &self.0 {
            debug_assert!(at <= span.start, "edits overlap");
            join(&mut edited, &text[at..span.start.max(at)]);
            join(&mut edited, with);
            at = span.end.max(at);
        }
        join(&mut edited, &text[at..]);
        edited
    }
}

/// Appends a piece, with a blank where the two would otherwise read as one token: what stood between
/// them may be gone, and `DEFAULT'x'` needs none before another value does.
fn join(text: &mut String, piece: &str) {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
    if let (Some(last), Some(first)) = (text.chars().next_back(), piece.chars().next()) {
        let one_token = (word(last) && word(first)) || (last == first && "'\"`-".contains(last));
        if one_token {
            text.push(' ');
        }
    }
    text.push_str(piece);
}

/// The places of all items between the parentheses, columns first.
fn items(table: &TableDef) -> Vec<Span> {
    let columns = table.columns.iter().map(|column| column.span.clone());
    columns.chain(table.constraints.iter().map(|constraint| constraint.span.clone())).collect()
}

/// Adds an item after the last one. A comment behind that one stays with it.
pub fn append_item(table: &TableDef, item: &str) -> String {
    append(table, item, "")
}

fn append(table: &TableDef, item: &str, comment: &str) -> String {
    let item = &format!("{item}{}", ended(comment, table.sql[table.body.clone()].ends_with('\n')));
    let all = items(table);
    let last = all.last().expect("a table has a column").clone();
    let mut edits = Edits::default();
    let tail = &table.sql[last.end..table.body.end];
    let comments = tail.trim_ascii_end();
    edits.insert(last.end, ",");
    if comments.is_empty() {
        edits.insert(last.end, format!("{}{item}", layout(table, last.start)));
    } else {
        // A `--` comment ends with its line: what follows needs one of its own.
        let indent = layout(table, last.start);
        let indent = if indent.contains('\n') { indent } else { "\n" };
        edits.insert(last.end + comments.len(), format!("{indent}{item}"));
    }
    edits.apply(&table.sql)
}

/// Adds an item before the item at `at` (columns and constraints counted together).
pub fn insert_item(table: &TableDef, at: usize, item: &str) -> String {
    insert_with_comment(table, at, item, "")
}

/// Adds an item with a comment behind it before the item at `at`.
pub fn insert_with_comment(table: &TableDef, at: usize, item: &str, comment: &str) -> String {
    if at >= items(table).len() {
        return append(table, item, comment);
    }
    let next = comment_start(table, at);
    let layout = layout(table, next);
    let comment = ended(comment, layout.contains('\n'));
    let mut edits = Edits::default();
    edits.insert(next, format!("{item},{comment}{layout}"));
    edits.apply(&table.sql)
}

/// A comment to stand behind an item: `--` ends with its line.
fn ended(comment: &str, newline: bool) -> String {
    match comment {
        "" => String::new(),
        line if line.contains("--") && !newline => format!(" {line}\n"),
        other => format!(" {other}"),
    }
}

/// Takes the item at `at` out, with the comma and the comments that belong to it.
pub fn remove_item(table: &TableDef, at: usize) -> String {
    let all = items(table);
    let mut edits = Edits::default();
    if at + 1 < all.len() {
        // A comment on a line of its own is about what follows.
        edits.replace(all[at].start..comment_start(table, at + 1), "");
    } else {
        let end = comment_end(table, at);
        let before = at.checked_sub(1).map_or(table.body.start, |previous| all[previous].end);
        let gap = &table.sql[before..all[at].start];
        // Table constraints may stand without a comma between them.
        if let Some(comma) = comma_in(gap) {
            edits.replace(before + comma..before + comma + 1, "");
        }
        let kept = gap.trim_ascii_end();
        // A `--` comment of the item before must not swallow what follows.
        let comment = kept.rsplit('\n').next().is_some_and(|line| line.contains("--"));
        let alone = !comment || table.sql[end..].starts_with('\n');
        edits.replace(before + kept.len()..end, if alone { "" } else { "\n" });
    }
    edits.apply(&table.sql)
}

/// An item, and the comments that stand behind it on its line.
pub fn item_with_comment(table: &TableDef, at: usize) -> (String, String) {
    let item = items(table)[at].clone();
    let tail = &table.sql[item.end..comment_end(table, at)];
    let (before, after) = match comma_in(tail) {
        Some(comma) => (tail[..comma].trim_ascii(), tail[comma + 1..].trim_ascii()),
        None => (tail.trim_ascii(), ""),
    };
    let between = match (before, after) {
        ("", _) | (_, "") => "",
        (before, _) if before.contains("--") => "\n",
        _ => " ",
    };
    (table.text(&item).to_owned(), format!("{before}{between}{after}"))
}

/// Where the comments end that stand behind an item and its comma, on their line.
fn comment_end(table: &TableDef, at: usize) -> usize {
    let all = items(table);
    let end = all.get(at + 1).map_or(table.body.end, |next| next.start);
    all[at].end + line_end(&table.sql[all[at].end..end])
}

/// Where the comments begin that stand before an item on lines of their own, or the item itself.
fn comment_start(table: &TableDef, at: usize) -> usize {
    let next = items(table)[at].start;
    let after = match at.checked_sub(1) {
        Some(previous) => comment_end(table, previous),
        None => table.body.start + line_end(&table.sql[table.body.start..next]),
    };
    next - table.sql[after..next].trim_start().len()
}

/// Where the comma and the comments on the first line of a gap between items end.
fn line_end(gap: &str) -> usize {
    let mut done = comma_in(gap).map_or(0, |comma| comma + 1);
    loop {
        let rest = gap[done..].trim_start_matches([' ', '\t']);
        let start = gap.len() - rest.len();
        if rest.starts_with("--") {
            return rest.find('\n').map_or(gap.trim_ascii_end().len(), |newline| start + newline);
        }
        match rest.find("*/") {
            Some(close) if rest.starts_with("/*") => done = start + close + 2,
            _ => return done,
        }
    }
}

/// The comma between two items: the first one outside comments.
fn comma_in(gap: &str) -> Option<usize> {
    let tokens = crate::sql::tokens(gap).ok()?;
    tokens.iter().find(|token| token.text == ",").map(|token| token.start)
}

/// The blanks that stand before a place: a newline and its indent, or one space.
fn layout(table: &TableDef, at: usize) -> &str {
    let before = &table.sql[table.body.start..at];
    let blanks = &before[before.trim_ascii_end().len()..];
    match blanks.rfind('\n') {
        Some(newline) => &blanks[newline..],
        None => " ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "CREATE TABLE t(\n  a INT, -- first\n  b INT -- second\n)";

    fn edited(sql: &str, edit: impl Fn(&TableDef) -> String) -> String {
        let text = edit(&TableDef::parse(sql).unwrap());
        TableDef::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        text
    }

    #[test]
    fn items_are_added_in_the_layout_that_is_there() {
        for (sql, at, want) in [
            ("CREATE TABLE t(a,b)", 9, "CREATE TABLE t(a,b, c)"),
            ("CREATE TABLE t(a, b)", 0, "CREATE TABLE t(c, a, b)"),
            ("CREATE TABLE t(a, b)", 1, "CREATE TABLE t(a, c, b)"),
            (LONG, 9, "CREATE TABLE t(\n  a INT, -- first\n  b INT, -- second\n  c\n)"),
            (LONG, 1, "CREATE TABLE t(\n  a INT, -- first\n  c,\n  b INT -- second\n)"),
            (LONG, 0, "CREATE TABLE t(\n  c,\n  a INT, -- first\n  b INT -- second\n)"),
            ("CREATE TABLE t(a -- x\n)", 9, "CREATE TABLE t(a, -- x\nc\n)"),
            ("CREATE TABLE t(a /* x */)", 9, "CREATE TABLE t(a, /* x */\nc)"),
        ] {
            assert_eq!(edited(sql, |table| insert_item(table, at, "c")), want, "{sql}");
        }
    }

    #[test]
    fn items_are_taken_out_with_their_comments() {
        for (sql, at, want) in [
            ("CREATE TABLE t(a, b, c)", 0, "CREATE TABLE t(b, c)"),
            ("CREATE TABLE t(a, b, c)", 1, "CREATE TABLE t(a, c)"),
            ("CREATE TABLE t(a, b, c)", 2, "CREATE TABLE t(a, b)"),
            (LONG, 0, "CREATE TABLE t(\n  b INT -- second\n)"),
            (LONG, 1, "CREATE TABLE t(\n  a INT -- first\n)"),
            ("CREATE TABLE t(a, -- x\n b)", 1, "CREATE TABLE t(a -- x\n)"),
            ("CREATE TABLE t(a /* x */, b)", 1, "CREATE TABLE t(a /* x */)"),
            ("CREATE TABLE t(a, CHECK(a) UNIQUE(a))", 2, "CREATE TABLE t(a, CHECK(a))"),
            ("CREATE TABLE t(a, CHECK(a) UNIQUE(a))", 1, "CREATE TABLE t(a, UNIQUE(a))"),
        ] {
            assert_eq!(edited(sql, |table| remove_item(table, at)), want, "{sql}");
        }
    }

    #[test]
    fn pieces_do_not_grow_together() {
        let sql = "CREATE TABLE t(a TEXT DEFAULT'x'NOT NULL)";
        let mut edits = Edits::default();
        edits.replace(29..32, "x'00'");
        assert_eq!(edits.apply(sql), "CREATE TABLE t(a TEXT DEFAULT x'00'NOT NULL)");
        let mut edits = Edits::default();
        edits.remove(sql, 22..32);
        assert_eq!(edits.apply(sql), "CREATE TABLE t(a TEXT NOT NULL)");
    }

    #[test]
    fn a_comment_is_about_the_item_before_it_or_below_it() {
        for (sql, at, item, comment, rest) in [
            (LONG, 0, "a INT", "-- first", "CREATE TABLE t(\n  b INT -- second\n)"),
            (LONG, 1, "b INT", "-- second", "CREATE TABLE t(\n  a INT -- first\n)"),
            ("CREATE TABLE t(a /* x */, b)", 0, "a", "/* x */", "CREATE TABLE t(b)"),
            ("CREATE TABLE t(a, b)", 0, "a", "", "CREATE TABLE t(b)"),
            ("CREATE TABLE t(a /* x\n y */, b)", 0, "a", "/* x\n y */", "CREATE TABLE t(b)"),
            ("CREATE TABLE t(a, /* x\n y */ -- z\n b)", 0, "a", "/* x\n y */ -- z", "CREATE TABLE t(b)"),
            ("CREATE TABLE t(a, b -- y\n -- z\n)", 1, "b", "-- y", "CREATE TABLE t(a\n -- z\n)"),
            ("CREATE TABLE t(a -- x\n, /* y */\n b)", 0, "a", "-- x\n/* y */", "CREATE TABLE t(b)"),
            ("CREATE TABLE t(a,\n -- the b\n b)", 0, "a", "", "CREATE TABLE t(-- the b\n b)"),
            ("CREATE TABLE t(\n a, -- x\n /* y */ b)", 0, "a", "-- x", "CREATE TABLE t(\n /* y */ b)"),
        ] {
            let table = TableDef::parse(sql).unwrap();
            assert_eq!(item_with_comment(&table, at), (item.to_owned(), comment.to_owned()), "{sql}");
            assert_eq!(edited(sql, |table| remove_item(table, at)), rest, "{sql}");
        }
        for (sql, at, want) in [
            ("CREATE TABLE t(a, b)", 0, "CREATE TABLE t(c, -- x\n a, b)"),
            ("CREATE TABLE t(a, b)", 9, "CREATE TABLE t(a, b, c -- x\n)"),
            ("CREATE TABLE t( -- t\n -- a\n a)", 0, "CREATE TABLE t( -- t\n c, -- x\n -- a\n a)"),
            ("CREATE TABLE t(a, -- a\n -- b\n b)", 1, "CREATE TABLE t(a, -- a\n c, -- x\n -- b\n b)"),
            (LONG, 1, "CREATE TABLE t(\n  a INT, -- first\n  c, -- x\n  b INT -- second\n)"),
            (LONG, 9, "CREATE TABLE t(\n  a INT, -- first\n  b INT, -- second\n  c -- x\n)"),
        ] {
            assert_eq!(edited(sql, |table| insert_with_comment(table, at, "c", "-- x")), want, "{sql}");
        }
    }

    #[test]
    fn no_edit_is_the_identity() {
        assert_eq!(Edits::default().apply(LONG), LONG);
    }
}
