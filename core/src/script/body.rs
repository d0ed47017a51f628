//! What a file does: its `up` and `down` sections, and the statements in them.

use super::forbidden;
use super::marker::{Marker, MarkerKind, markers, refuse_node_sqlite};
use crate::alter::{Action, Alteration};
use crate::error::{Error, ErrorKind, Result};
use crate::sql::{
    Foreign, LineCounter, Token, TokenType as T, foreign, groups, has_a_body_in_dollars, line_at, same_name,
    tokens, with_statement,
};

/// A file's two directions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// What the upgrade runs.
    pub up: Section,
    /// What the downgrade runs. `None`: the file has no `migrate:down`, and there is no way back.
    /// A section without items: the way back is to do nothing.
    pub down: Option<Section>,
}

/// One direction of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Whether it runs inside a transaction.
    pub transaction: bool,
    /// Its text as written, trimmed. A `transaction:false` section keeps its marker, so that
    /// [`Section::parse`] reads the same from it.
    pub sql: String,
    /// Its statements, in order.
    pub items: Vec<Item>,
}

/// A statement, or neighbouring `ALTER TABLE`s of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The statement without its semicolon; several are joined with `;` and a line end.
    pub sql: String,
    /// The line it begins on, counted from 1 in the file.
    pub line: u32,
    /// The query of a `migrate:unless`: if it returns a row, the item is passed over.
    pub unless: Option<String>,
    /// Who runs it.
    pub kind: ItemKind,
}

/// Who runs an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemKind {
    /// SQLite, as it is written.
    Sql,
    /// limbeck, in the cheapest safe way.
    Alter(Alteration),
}

impl Body {
    /// Reads a file's text. Without a marker all of it is `up`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadDirective`], [`ErrorKind::ForbiddenStatement`], [`ErrorKind::AlterSyntax`] and
    /// [`ErrorKind::SqlSyntax`], with the line.
    ///
    /// ```
    /// use limbeck::script::Body;
    ///
    /// let body = Body::parse("-- migrate:up\nCREATE TABLE t(a);\n-- migrate:down\nDROP TABLE t;").unwrap();
    /// assert_eq!(body.up.items[0].sql, "CREATE TABLE t(a)");
    /// assert_eq!(body.down.unwrap().items[0].line, 4);
    /// ```
    pub fn parse(text: &str) -> Result<Body> {
        let all = read_tokens(text)?;
        let markers = markers(text, &all)?;
        let part = |from, to| Part { text, tokens: &all, markers: &markers, from, to };
        let Some((up, down)) = directions(&markers)? else {
            refuse_node_sqlite(text, &all)?;
            return Ok(Body { up: part(0, text.len()).read()?, down: None });
        };
        if let Some(first) = all.first().filter(|first| first.start < up.start) {
            return Err(Error::new(ErrorKind::BadDirective, format!("SQL stands before '{}'", up.name()))
                .at_line(line_at(text, first.start))
                .with_hint("move it below the marker"));
        }
        let end = down.map_or(text.len(), |down| down.start);
        let before = part(up.start, end);
        if let Some(down) = down {
            before.ends_with_a_statement(down)?;
        }
        let up = before.read()?;
        let down = down.map(|down| part(down.start, text.len()).read()).transpose()?;
        Ok(Body { up, down })
    }
}

impl Section {
    /// Reads one direction by itself, such as a downgrade that a database has kept. Its text may
    /// open with its own marker, and its first line is counted as `first_line`.
    ///
    /// # Errors
    ///
    /// As [`Body::parse`].
    ///
    /// ```
    /// use limbeck::script::Section;
    ///
    /// let down = Section::parse("DROP TABLE t", 1).unwrap();
    /// assert_eq!(Section::parse(&down.sql, 1).unwrap(), down);
    /// ```
    pub fn parse(text: &str, first_line: u32) -> Result<Section> {
        let read = || {
            let all = read_tokens(text)?;
            let markers = markers(text, &all)?;
            let own = markers.first().filter(|first| first.place == 0 && first.transaction().is_some());
            let mut others = markers.iter().skip(usize::from(own.is_some()));
            if let Some(other) = others.find(|marker| marker.transaction().is_some()) {
                return Err(bad(other, &format!("'{}' inside a section", other.name()))
                    .with_hint("give the text of one direction only"));
            }
            let from = own.map_or(0, |own| own.start);
            Part { text, tokens: &all, markers: &markers, from, to: text.len() }.read()
        };
        let lines = first_line.saturating_sub(1);
        let mut section = read().map_err(|error| error.moved_down(lines))?;
        section.items.iter_mut().for_each(|item| item.line = item.line.saturating_add(lines));
        Ok(section)
    }
}

/// The markers that divide a file; none if it has none.
fn directions(markers: &[Marker]) -> Result<Option<(&Marker, Option<&Marker>)>> {
    let mut cuts = markers.iter().filter(|marker| marker.transaction().is_some());
    let Some(up) = cuts.next() else { return Ok(None) };
    if !matches!(up.kind, MarkerKind::Up { .. }) {
        let (name, wanted) = (up.name(), if up.goose { "+goose Up" } else { "migrate:up" });
        return Err(bad(up, &format!("'{name}' without a '{wanted}' before it"))
            .with_hint(format!("begin the upgrade with '-- {wanted}', above the downgrade")));
    }
    let first = markers.iter().find(|marker| marker.kind != MarkerKind::NoTransaction);
    if let Some(first) = first.filter(|first| first.start < up.start) {
        return Err(bad(first, &format!("'{}' above '{}'", first.name(), up.name()))
            .with_hint("move it below the marker"));
    }
    let down = cuts.next();
    let again = down.filter(|down| matches!(down.kind, MarkerKind::Up { .. })).or_else(|| cuts.next());
    match again {
        Some(again) => Err(bad(again, &format!("'{}' stands twice", again.name()))
            .with_hint("keep one marker of each direction")),
        None => Ok(Some((up, down))),
    }
}

/// A stretch of a text that is one section; its marker, if it has one, stands at its beginning.
struct Part<'t, 'a> {
    text: &'a str,
    tokens: &'t [Token<'a>],
    markers: &'t [Marker],
    from: usize,
    to: usize,
}

impl<'t, 'a> Part<'t, 'a> {
    fn tokens(&self) -> &'t [Token<'a>] {
        let place = |offset| self.tokens.partition_point(|token| token.start < offset);
        &self.tokens[place(self.from)..place(self.to)]
    }

    fn read(&self) -> Result<Section> {
        let place = |offset| self.markers.partition_point(|marker| marker.start < offset);
        let (own, inside) = match &self.markers[place(self.from)..place(self.to)] {
            [own, inside @ ..] if own.transaction().is_some() => (Some(own), inside),
            inside => (None, inside),
        };
        let alone = inside.iter().find(|marker| own.is_none() && marker.kind == MarkerKind::NoTransaction);
        if let Some(alone) = alone {
            return Err(bad(alone, &format!("'{}' without '+goose Up'", alone.name()))
                .with_hint("write '-- +goose Up' above the upgrade"));
        }
        let transaction = own.and_then(Marker::transaction) != Some(false);
        let text = |from: usize| self.text[from..self.to].trim_ascii();
        let sql = match own {
            // Without a transaction the marker belongs to the text: it says so. goose's does not, and
            // what does may stand outside the section.
            Some(Marker { kind: MarkerKind::Up { transaction: false }, goose: true, end, .. }) => {
                format!("-- migrate:up transaction:false\n{}", text(*end)).trim_ascii_end().to_owned()
            }
            Some(Marker { kind: MarkerKind::Down { transaction: false }, goose: true, end, .. }) => {
                format!("-- migrate:down transaction:false\n{}", text(*end)).trim_ascii_end().to_owned()
            }
            Some(own) if !transaction => text(own.start).to_owned(),
            Some(own) => text(own.end).to_owned(),
            None => text(self.from).to_owned(),
        };
        Ok(Section { transaction, sql, items: self.items(inside, transaction)? })
    }

    /// The tokens of each statement. goose's `StatementEnd` ends one as a semicolon does.
    fn statements(&self) -> Vec<&'t [Token<'a>]> {
        let mut tokens = self.tokens();
        let mut all = Vec::new();
        for cut in self.markers.iter().filter(|marker| marker.ends_statements()) {
            let (before, after) = tokens.split_at(tokens.partition_point(|token| token.start < cut.start));
            all.extend(groups(before));
            tokens = after;
        }
        all.extend(groups(tokens));
        all
    }

    fn items(&self, markers: &[Marker], transaction: bool) -> Result<Vec<Item>> {
        let unless = |marker: &&Marker| matches!(marker.kind, MarkerKind::Unless(_));
        let mut markers = markers.iter().filter(unless).peekable();
        let mut lines = LineCounter::new(self.text);
        let mut items: Vec<Item> = Vec::new();
        let statements = self.statements();
        for (at, statement) in statements.iter().enumerate() {
            let (start, end) = (statement[0].start, statement[statement.len() - 1].end());
            let unless = markers.next_if(|marker| marker.start < start);
            if let Some(marker) = markers.next_if(|marker| marker.start < start) {
                return Err(
                    bad(marker, "two 'migrate:unless' for one statement").with_hint("join the queries")
                );
            }
            if let Some(marker) = markers.next_if(|marker| marker.start < end) {
                return Err(inside_a_statement(marker));
            }
            let unless = unless.and_then(|marker| match &marker.kind {
                MarkerKind::Unless(query) => Some(query.clone()),
                MarkerKind::Up { .. }
                | MarkerKind::Down { .. }
                | MarkerKind::NoTransaction
                | MarkerKind::StatementBegin
                | MarkerKind::StatementEnd => None,
            });
            let (sql, line) = (&self.text[start..end], lines.at(start));
            forbidden::check(statement, transaction).map_err(|error| {
                if let Some((body, what)) = in_dollars(&statements[..=at]) {
                    let sql = &self.text[body[0].start..body[body.len() - 1].end()];
                    let error = Error::new(error.kind(), what.to_string()).with_hint(what.fix);
                    return error.at_line(line_at(self.text, body[0].start)).in_statement(sql);
                }
                // A shell's command has no semicolon: what stands on the next line is not part of it.
                let shell = statement[0].kind == T::TK_DOT;
                let shown = if shell { sql.lines().next().unwrap_or(sql) } else { sql };
                error.at_line(line).in_statement(shown)
            })?;
            push(&mut items, Item { sql: sql.to_owned(), line, unless, kind: kind(statement, sql, line)? });
        }
        match markers.next() {
            Some(marker) => {
                Err(bad(marker, "no statement follows 'migrate:unless'")
                    .with_hint("move it above a statement"))
            }
            None => Ok(items),
        }
    }

    /// Refuses a section that this marker cuts off in the middle of a statement. The last statement
    /// needs no semicolon, as the last of a file needs none, if it can be read as it is.
    fn ends_with_a_statement(&self, marker: &Marker) -> Result<()> {
        let tokens = self.tokens();
        let Some(last) = self.statements().pop() else { return Ok(()) };
        let (start, end) = (last[0].start, last[last.len() - 1].end());
        let closed = tokens.last().is_some_and(|token| token.start >= end);
        let sql = &self.text[start..end];
        let whole = || match is_alter(last) {
            true => Alteration::parse(sql).is_ok(),
            // A shell's command is refused as such.
            false => last[0].kind == T::TK_DOT || with_statement(sql, |_| ()).is_ok(),
        };
        if closed || whole() { Ok(()) } else { Err(inside_a_statement(marker).in_statement(sql)) }
    }
}

/// Who runs a statement that begins on this line of its file.
fn kind(tokens: &[Token<'_>], sql: &str, line: u32) -> Result<ItemKind> {
    if !is_alter(tokens) {
        return Ok(ItemKind::Sql);
    }
    Alteration::parse(sql)
        .map(ItemKind::Alter)
        .map_err(|error| error.moved_down(line.saturating_sub(1)).at_line(line).in_statement(sql))
}

/// A routine of another database, whose body's statements are taken for the file's own.
fn in_dollars<'s, 't>(statements: &[&'s [Token<'t>]]) -> Option<(&'s [Token<'t>], Foreign)> {
    let mut bodies = statements.iter().copied().filter(|all| has_a_body_in_dollars(all));
    bodies.find_map(|all| Some((all, foreign(all).into_iter().next()?)))
}

/// As [`Alteration::begins`], of tokens that are there already.
fn is_alter(tokens: &[Token<'_>]) -> bool {
    matches!(tokens, [alter, table, ..] if alter.kind == T::TK_ALTER && table.kind == T::TK_TABLE)
}

/// Adds an item, to the one before if both alter one table and one batch can do both.
fn push(items: &mut Vec<Item>, item: Item) {
    if let (Some(last), ItemKind::Alter(later)) = (items.last_mut(), &item.kind)
        && let ItemKind::Alter(earlier) = &mut last.kind
        && last.unless.is_none()
        && item.unless.is_none()
        && same_table(earlier, later)
    {
        earlier.actions.extend_from_slice(&later.actions);
        last.sql.push_str(";\n");
        last.sql.push_str(&item.sql);
    } else {
        items.push(item);
    }
}

/// Whether two alterations name one table in the same words, and the first leaves it its name.
fn same_table(earlier: &Alteration, later: &Alteration) -> bool {
    let schema = match (&earlier.schema, &later.schema) {
        (Some(a), Some(b)) => same_name(a, b),
        (None, None) => true,
        _ => false,
    };
    schema
        && same_name(&earlier.table, &later.table)
        && earlier.if_exists == later.if_exists
        && !earlier.actions.iter().any(|action| matches!(action, Action::RenameTable { .. }))
}

/// The tokens; a line that only a shell understands often has none, and is named as what it is.
fn read_tokens(text: &str) -> Result<Vec<Token<'_>>> {
    tokens(text).map_err(|error| {
        let Some(line) = error.line() else { return error };
        let near = text.lines().nth(line as usize - 1).unwrap_or_default().trim();
        let command = near
            .strip_prefix(['.', '\\'])
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
        match command {
            true => forbidden::shell_command().at_line(line).in_statement(near),
            false => error,
        }
    })
}

fn inside_a_statement(marker: &Marker) -> Error {
    bad(marker, &format!("'{}' in the middle of a statement", marker.name()))
        .with_hint("end the statement before it with ';'")
}

fn bad(marker: &Marker, message: &str) -> Error {
    Error::new(ErrorKind::BadDirective, message).at_line(marker.line)
}
