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
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
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
    let all = items(table);
    let last = all.last().expect("a table has a column").clone();
    let mut edits = Edits::default();
    let tail = &table.sql[last.end..table.body.end];
    let comments = tail.trim_end();
    edits.insert(last.end, ",");
    if comments.is_empty() {
        edits.insert(last.end, format!("{}{item}", layout(table, &last)));
    } else {
        // A `--` comment ends with its line: what follows needs one of its own.
        let indent = layout(table, &last);
        let indent = if indent.contains('\n') { indent } else { "\n" };
        edits.insert(last.end + comments.len(), format!("{indent}{item}"));
    }
    edits.apply(&table.sql)
}

/// Adds an item before the item at `at` (columns and constraints counted together).
pub fn insert_item(table: &TableDef, at: usize, item: &str) -> String {
    match items(table).get(at) {
        None => append_item(table, item),
        Some(next) => {
            let mut edits = Edits::default();
            edits.insert(next.start, format!("{item},{}", layout(table, next)));
            edits.apply(&table.sql)
        }
    }
}

/// Takes the item at `at` out, with the comma and the comments that belong to it.
pub fn remove_item(table: &TableDef, at: usize) -> String {
    let all = items(table);
    let mut edits = Edits::default();
    if let Some(next) = all.get(at + 1) {
        edits.replace(all[at].start..next.start, "");
    } else {
        let tail = &table.sql[all[at].end..table.body.end];
        let end = all[at].end + tail.trim_end().len();
        let before = at.checked_sub(1).map_or(table.body.start, |previous| all[previous].end);
        let gap = &table.sql[before..all[at].start];
        // Table constraints may stand without a comma between them.
        if let Some(comma) = comma_in(gap) {
            edits.replace(before + comma..before + comma + 1, "");
        }
        let kept = gap.trim_end();
        // A `--` comment of the item before must not swallow what follows.
        let comment = kept.rsplit('\n').next().is_some_and(|line| line.contains("--"));
        let alone = !comment || table.sql[end..].starts_with('\n');
        edits.replace(before + kept.len()..end, if alone { "" } else { "\n" });
    }
    edits.apply(&table.sql)
}

/// The comma between two items: the first one outside comments.
fn comma_in(gap: &str) -> Option<usize> {
    let tokens = crate::sql::tokens(gap).ok()?;
    tokens.iter().find(|token| token.text == ",").map(|token| token.start)
}

/// The blanks that stand before an item: a newline and its indent, or one space.
fn layout<'a>(table: &'a TableDef, item: &Span) -> &'a str {
    let before = &table.sql[table.body.start..item.start];
    let blanks = &before[before.trim_end().len()..];
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
    fn no_edit_is_the_identity() {
        assert_eq!(Edits::default().apply(LONG), LONG);
    }
}
