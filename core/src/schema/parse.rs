//! `CREATE TABLE` text → [`TableDef`]. SQLite's own grammar accepts the text first and says what is
//! in it; this file finds where, and refuses when the two disagree.

use sqlite3_parser::ast::{ColumnConstraint as AstColumnConstraint, CreateTableBody, Stmt, TabFlags};
use sqlite3_parser::dialect::TokenType as T;

use super::table::{
    ColumnConstraint, ColumnDef, ColumnRule, ForeignKey, IndexedColumn, Span, TableConstraint, TableDef,
    TableOptions, TableRule,
};
use crate::error::{Error, ErrorKind, Result};
use crate::sql::{Token, is_name, same_names, tokens, unquote, with_tokens};

impl TableDef {
    /// Reads a `CREATE TABLE` text.
    ///
    /// Errors: [`ErrorKind::SqlSyntax`] and [`ErrorKind::SqlTooDeep`] for what is no such text,
    /// a virtual table and `CREATE TABLE … AS` included.
    pub fn parse(sql: &str) -> Result<TableDef> {
        let all = tokens(sql)?;
        let outline = with_tokens(sql, &all, outline)?.ok_or_else(|| {
            Error::new(ErrorKind::SqlSyntax, "not a CREATE TABLE with columns").in_statement(sql)
        })?;
        let mut reader = Reader { tokens: &all, at: 0, sql };
        let table = reader.table(outline.options)?;
        if outline.agrees(&table) {
            Ok(table)
        } else {
            Err(Error::new(ErrorKind::SqlSyntax, "cannot tell the parts of this CREATE TABLE apart")
                .in_statement(sql))
        }
    }
}

impl TableDef {
    /// The definition that `sql` gives, where that is this one's text with a column more behind its last: only
    /// what is new is read. `None` where that may not be all there is to it; then it is to be read whole.
    pub fn with_last_column(&self, sql: &str) -> Option<TableDef> {
        const HEAD: &str = "CREATE TABLE t(a";
        let end = self.columns.last()?.span.end;
        let tail = &self.sql[self.body.end..];
        let body_end = sql.len().checked_sub(tail.len())?;
        let is_known = sql.get(..end)? == &self.sql[..end] && sql.get(body_end..)? == tail;
        // Of STRICT and of keys the grammar judges with all columns before it.
        if !is_known || !self.constraints.is_empty() || self.options.strict {
            return None;
        }
        // Blanks stand for what is known, so that each place is right.
        let blanks = " ".repeat(end.saturating_sub(HEAD.len()));
        let added = TableDef::parse(&[HEAD, &blanks, sql.get(end..body_end)?, ")"].concat()).ok()?;
        let [first, column] = &added.columns[..] else { return None };
        let is_key = |c: &ColumnConstraint| matches!(c.rule, ColumnRule::PrimaryKey { .. });
        if first.span.end != HEAD.len()
            || !added.constraints.is_empty()
            || column.constraints.iter().any(is_key)
        {
            return None;
        }
        let mut table = TableDef { sql: sql.to_owned(), body: self.body.start..body_end, ..self.clone() };
        table.columns.push(column.clone());
        debug_assert_eq!(TableDef::parse(sql).ok().as_ref(), Some(&table));
        Some(table)
    }
}

/// What SQLite's grammar sees: names and numbers, no places.
struct Outline {
    /// Each column's name and how many constraints it has.
    columns: Vec<(String, usize)>,
    constraints: usize,
    options: TableOptions,
}

fn outline(statement: &Stmt<'_>) -> Option<Outline> {
    let Stmt::CreateTable {
        body: CreateTableBody::ColumnsAndConstraints { columns, constraints, flags },
        ..
    } = statement
    else {
        return None;
    };
    // `DEFERRABLE` after REFERENCES is a constraint of its own in the tree, and part of REFERENCES here.
    let count = |constraint: &&sqlite3_parser::ast::NamedColumnConstraint<'_>| {
        !matches!(constraint.constraint, AstColumnConstraint::Defer(_))
    };
    Some(Outline {
        columns: columns
            .iter()
            .map(|column| (unquote(column.col_name.0), column.constraints.iter().filter(count).count()))
            .collect(),
        constraints: constraints.map_or(0, <[_]>::len),
        options: TableOptions {
            without_rowid: flags.contains(TabFlags::WithoutRowid),
            strict: flags.contains(TabFlags::Strict),
        },
    })
}

impl Outline {
    fn agrees(&self, table: &TableDef) -> bool {
        let counted = |c: &&ColumnConstraint| !matches!(c.rule, ColumnRule::Bare | ColumnRule::Deferrable);
        let column = |((name, constraints), found): (&(String, usize), &ColumnDef)| {
            *name == found.name && *constraints == found.constraints.iter().filter(counted).count()
        };
        self.columns.len() == table.columns.len()
            && self.columns.iter().zip(&table.columns).all(column)
            && self.constraints == table.constraints.iter().filter(|c| c.rule != TableRule::Bare).count()
    }
}

/// Walks the tokens of a text that SQLite's grammar has accepted.
struct Reader<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
    sql: &'a str,
}

impl<'t, 'a> Reader<'t, 'a> {
    fn kind(&self) -> T {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> T {
        self.tokens.get(self.at + by).map_or(T::TK_EOF, |token| token.kind)
    }

    fn token(&mut self) -> Result<&'t Token<'a>> {
        let token = self.tokens.get(self.at).ok_or_else(|| self.lost())?;
        self.at += 1;
        Ok(token)
    }

    fn take(&mut self, kind: T) -> bool {
        let found = self.kind() == kind;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, kind: T) -> Result<&'t Token<'a>> {
        if self.kind() == kind { self.token() } else { Err(self.lost()) }
    }

    fn name(&mut self) -> Result<String> {
        Ok(unquote(self.token()?.text))
    }

    fn lost(&self) -> Error {
        let near = self.tokens.get(self.at).map_or("the end", |token| token.text);
        Error::new(ErrorKind::SqlSyntax, format!("near \"{near}\": cannot read this CREATE TABLE"))
            .in_statement(self.sql)
    }

    /// From the token at `first` to the last one read.
    fn since(&self, first: usize) -> Span {
        self.tokens[first].start..self.tokens[self.at - 1].end()
    }

    /// A parenthesised group, whole.
    fn group(&mut self) -> Result<Span> {
        let first = self.at;
        self.expect(T::TK_LP)?;
        let mut depth = 1;
        while depth > 0 {
            match self.token()?.kind {
                T::TK_LP => depth += 1,
                T::TK_RP => depth -= 1,
                _ => {}
            }
        }
        Ok(self.since(first))
    }

    fn table(&mut self, options: TableOptions) -> Result<TableDef> {
        while self.kind() != T::TK_LP {
            self.token()?;
        }
        let named = &self.tokens[self.at.checked_sub(1).ok_or_else(|| self.lost())?];
        let open = self.token()?.end();
        let mut columns = Vec::new();
        let mut constraints: Vec<TableConstraint> = Vec::new();
        loop {
            match self.kind() {
                T::TK_RP => break,
                T::TK_COMMA => self.at += 1,
                T::TK_CONSTRAINT | T::TK_PRIMARY | T::TK_UNIQUE | T::TK_CHECK | T::TK_FOREIGN => {
                    constraints.push(self.table_constraint()?);
                }
                _ => columns.push(self.column()?),
            }
        }
        Ok(TableDef {
            sql: self.sql.to_owned(),
            name: unquote(named.text),
            name_span: named.start..named.end(),
            body: open..self.token()?.start,
            columns,
            constraints,
            options,
        })
    }

    fn column(&mut self) -> Result<ColumnDef> {
        let first = self.at;
        let name = self.name()?;
        let name_span = self.since(first);
        let type_first = self.at;
        while self.tokens.get(self.at).is_some_and(is_name) && !self.at_generated() {
            self.at += 1;
        }
        if self.at > type_first && self.kind() == T::TK_LP {
            self.group()?;
        }
        let type_span = (self.at > type_first).then(|| self.since(type_first));
        let mut constraints = Vec::new();
        while !matches!(self.kind(), T::TK_COMMA | T::TK_RP | T::TK_EOF) {
            constraints.push(self.column_constraint()?);
        }
        Ok(ColumnDef { name, name_span, span: self.since(first), type_span, constraints })
    }

    fn at_generated(&self) -> bool {
        self.kind() == T::TK_GENERATED && self.ahead(1) == T::TK_ALWAYS && self.ahead(2) == T::TK_AS
    }

    /// `CONSTRAINT name`, if it stands here.
    fn constraint_name(&mut self) -> Result<(Option<String>, Option<Span>)> {
        if !self.take(T::TK_CONSTRAINT) {
            return Ok((None, None));
        }
        let first = self.at;
        let name = self.name()?;
        Ok((Some(name), Some(self.since(first))))
    }

    fn column_constraint(&mut self) -> Result<ColumnConstraint> {
        let first = self.at;
        let (name, name_span) = self.constraint_name()?;
        let rule = self.column_rule(name.is_some())?;
        Ok(ColumnConstraint { name, name_span, span: self.since(first), rule })
    }

    fn column_rule(&mut self, named: bool) -> Result<ColumnRule> {
        Ok(match self.kind() {
            T::TK_PRIMARY => {
                self.at += 1;
                self.expect(T::TK_KEY)?;
                let descending = self.take(T::TK_DESC);
                self.take(T::TK_ASC);
                self.on_conflict()?;
                ColumnRule::PrimaryKey { descending, autoincrement: self.autoincrement() }
            }
            T::TK_NOT | T::TK_DEFERRABLE if self.deferrable() => ColumnRule::Deferrable,
            T::TK_NOT => {
                self.at += 1;
                self.expect(T::TK_NULL)?;
                self.on_conflict()?;
                ColumnRule::NotNull
            }
            T::TK_NULL => {
                self.at += 1;
                self.on_conflict()?;
                ColumnRule::Null
            }
            T::TK_UNIQUE => {
                self.at += 1;
                self.on_conflict()?;
                ColumnRule::Unique
            }
            T::TK_CHECK => {
                self.at += 1;
                ColumnRule::Check(self.group()?)
            }
            T::TK_DEFAULT => {
                self.at += 1;
                ColumnRule::Default(self.default_value()?)
            }
            T::TK_COLLATE => {
                self.at += 1;
                let first = self.at;
                self.token()?;
                ColumnRule::Collate(self.since(first))
            }
            T::TK_REFERENCES => ColumnRule::References(self.references()?),
            T::TK_GENERATED | T::TK_AS => self.generated()?,
            _ if named => ColumnRule::Bare,
            _ => return Err(self.lost()),
        })
    }

    fn autoincrement(&mut self) -> Option<Span> {
        let first = self.at;
        self.take(T::TK_AUTOINCR).then(|| self.since(first))
    }

    fn on_conflict(&mut self) -> Result<()> {
        if self.kind() == T::TK_ON && self.ahead(1) == T::TK_CONFLICT {
            self.at += 2;
            self.token()?;
        }
        Ok(())
    }

    /// `DEFAULT` takes a group, or a value that may be signed.
    fn default_value(&mut self) -> Result<Span> {
        if self.kind() == T::TK_LP {
            return self.group();
        }
        let first = self.at;
        if matches!(self.kind(), T::TK_PLUS | T::TK_MINUS) {
            self.at += 1;
        }
        self.token()?;
        Ok(self.since(first))
    }

    fn generated(&mut self) -> Result<ColumnRule> {
        if self.take(T::TK_GENERATED) {
            self.expect(T::TK_ALWAYS)?;
        }
        self.expect(T::TK_AS)?;
        let expression = self.group()?;
        let kind = self.tokens.get(self.at);
        let stored = kind.is_some_and(|token| token.is_word("STORED"));
        if stored || kind.is_some_and(|token| token.is_word("VIRTUAL")) {
            self.at += 1;
        }
        Ok(ColumnRule::Generated { expression, stored })
    }

    /// `[NOT] DEFERRABLE [INITIALLY …]`, if it stands here.
    fn deferrable(&mut self) -> bool {
        match (self.kind(), self.ahead(1)) {
            (T::TK_NOT, T::TK_DEFERRABLE) => self.at += 2,
            (T::TK_DEFERRABLE, _) => self.at += 1,
            _ => return false,
        }
        if self.kind() == T::TK_INITIALLY {
            self.at += 2;
        }
        true
    }

    /// `REFERENCES table [(columns)]` with its actions, `MATCH` and `DEFERRABLE`.
    fn references(&mut self) -> Result<ForeignKey> {
        self.expect(T::TK_REFERENCES)?;
        let table = self.name()?;
        let columns = if self.kind() == T::TK_LP { self.columns()? } else { Vec::new() };
        let columns = columns.into_iter().map(|column| column.name).collect();
        loop {
            match (self.kind(), self.ahead(1)) {
                (T::TK_ON, T::TK_DELETE | T::TK_UPDATE) => {
                    self.at += 2;
                    match self.token()?.kind {
                        T::TK_SET | T::TK_NO => _ = self.token()?,
                        _ => {}
                    }
                }
                (T::TK_ON, T::TK_INSERT) => self.at += 3,
                (T::TK_MATCH, _) => self.at += 2,
                _ if self.deferrable() => {}
                _ => return Ok(ForeignKey { table, columns }),
            }
        }
    }

    /// `(column [COLLATE name] [ASC|DESC], …)`, an `AUTOINCREMENT` inside included.
    fn columns(&mut self) -> Result<Vec<IndexedColumn>> {
        self.expect(T::TK_LP)?;
        let mut columns = Vec::new();
        loop {
            let first = self.at;
            let name = self.name()?;
            let collation = if self.take(T::TK_COLLATE) { Some(self.name()?) } else { None };
            while !matches!(self.kind(), T::TK_COMMA | T::TK_RP | T::TK_AUTOINCR) {
                self.token()?;
            }
            let end = self.since(first).end;
            columns.push(IndexedColumn { name, collation, end });
            while !matches!(self.kind(), T::TK_COMMA | T::TK_RP) {
                self.token()?;
            }
            if self.token()?.kind == T::TK_RP {
                return Ok(columns);
            }
        }
    }

    fn table_constraint(&mut self) -> Result<TableConstraint> {
        let first = self.at;
        let (name, name_span) = self.constraint_name()?;
        let rule = match self.kind() {
            T::TK_PRIMARY => {
                self.at += 1;
                self.expect(T::TK_KEY)?;
                let group = self.at;
                let columns = self.columns()?;
                let autoincrement = self.tokens[group..self.at]
                    .iter()
                    .find(|token| token.kind == T::TK_AUTOINCR)
                    .map(|token| token.start..token.end());
                self.on_conflict()?;
                TableRule::PrimaryKey { columns, autoincrement }
            }
            T::TK_UNIQUE => {
                self.at += 1;
                let columns = self.columns()?;
                self.on_conflict()?;
                TableRule::Unique(columns)
            }
            T::TK_CHECK => {
                self.at += 1;
                let expression = self.group()?;
                self.on_conflict()?;
                TableRule::Check(expression)
            }
            T::TK_FOREIGN => {
                self.at += 1;
                self.expect(T::TK_KEY)?;
                let columns = self.columns()?.into_iter().map(|column| column.name).collect();
                TableRule::ForeignKey { columns, parent: self.references()? }
            }
            _ if name.is_some() => TableRule::Bare,
            _ => return Err(self.lost()),
        };
        Ok(TableConstraint { name, name_span, span: self.since(first), rule })
    }
}

impl TableConstraint {
    /// The names of the columns that the constraint lists; none for a CHECK.
    pub fn columns(&self) -> Vec<&str> {
        match &self.rule {
            TableRule::PrimaryKey { columns, .. } | TableRule::Unique(columns) => {
                columns.iter().map(|column| column.name.as_str()).collect()
            }
            TableRule::ForeignKey { columns, .. } => columns.iter().map(String::as_str).collect(),
            TableRule::Check(_) | TableRule::Bare => Vec::new(),
        }
    }

    /// Whether it lists just these columns, in this order.
    pub fn is_over(&self, names: &[String]) -> bool {
        same_names(&self.columns(), names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(sql: &str) -> Vec<String> {
        let table = TableDef::parse(sql).unwrap();
        let columns = table.columns.iter().map(|column| {
            let constraints: Vec<&str> = column.constraints.iter().map(|c| table.text(&c.span)).collect();
            format!("{}|{}|{}", column.name, table.type_name(column), constraints.join("|"))
        });
        let constraints = table.constraints.iter().map(|c| table.text(&c.span).to_owned());
        columns.chain(constraints).collect()
    }

    #[test]
    fn every_part_is_found() {
        let table = [
            ("CREATE TABLE t(a)", vec!["a||"]),
            (
                "CREATE TABLE t(a INT NOT NULL DEFAULT -1, b VARCHAR(10, 2) COLLATE NOCASE UNIQUE ON CONFLICT IGNORE)",
                vec![
                    "a|INT|NOT NULL|DEFAULT -1",
                    "b|VARCHAR(10, 2)|COLLATE NOCASE|UNIQUE ON CONFLICT IGNORE",
                ],
            ),
            (
                "CREATE TABLE t(\"a b\" unsigned big int CONSTRAINT n PRIMARY KEY DESC ON CONFLICT FAIL, [c] DEFAULT (1+(2)) CHECK (c > ')'))",
                vec![
                    "a b|unsigned big int|CONSTRAINT n PRIMARY KEY DESC ON CONFLICT FAIL",
                    "c||DEFAULT (1+(2))|CHECK (c > ')')",
                ],
            ),
            (
                "CREATE TABLE t(a REFERENCES p(x) ON DELETE SET NULL ON UPDATE NO ACTION MATCH FULL NOT DEFERRABLE INITIALLY DEFERRED NOT NULL, b DEFAULT NULL NULL)",
                vec![
                    "a||REFERENCES p(x) ON DELETE SET NULL ON UPDATE NO ACTION MATCH FULL NOT DEFERRABLE INITIALLY DEFERRED|NOT NULL",
                    "b||DEFAULT NULL|NULL",
                ],
            ),
            (
                "CREATE TABLE t(a INT GENERATED ALWAYS AS (b*2) STORED NOT NULL, b AS (1) VIRTUAL, c AS (2), d generated)",
                vec![
                    "a|INT|GENERATED ALWAYS AS (b*2) STORED|NOT NULL",
                    "b||AS (1) VIRTUAL",
                    "c||AS (2)",
                    "d|generated|",
                ],
            ),
            (
                "CREATE TABLE t(a, b, CHECK(a) CONSTRAINT k UNIQUE(b) PRIMARY KEY (a, b DESC) ON CONFLICT ABORT, FOREIGN KEY (a, b) REFERENCES p ON DELETE CASCADE)",
                vec![
                    "a||",
                    "b||",
                    "CHECK(a)",
                    "CONSTRAINT k UNIQUE(b)",
                    "PRIMARY KEY (a, b DESC) ON CONFLICT ABORT",
                    "FOREIGN KEY (a, b) REFERENCES p ON DELETE CASCADE",
                ],
            ),
            (
                "CREATE TABLE t(a CONSTRAINT x CONSTRAINT y NOT NULL CONSTRAINT z)",
                vec!["a||CONSTRAINT x|CONSTRAINT y NOT NULL|CONSTRAINT z"],
            ),
            (
                "CREATE TABLE t(a REFERENCES p NOT NULL DEFERRABLE INITIALLY DEFERRED DEFAULT b NOT DEFERRABLE)",
                vec!["a||REFERENCES p|NOT NULL|DEFERRABLE INITIALLY DEFERRED|DEFAULT b|NOT DEFERRABLE"],
            ),
            ("CREATE TABLE 'it''s'(key key, \"desc\" text -- why\n)", vec!["key|key|", "desc|text|"]),
        ];
        for (sql, want) in table {
            assert_eq!(parts(sql), want, "{sql}");
        }
    }

    #[test]
    fn what_is_the_rowid() {
        for (sql, want) in [
            ("CREATE TABLE t(a, id INTEGER PRIMARY KEY)", Some(1)),
            ("CREATE TABLE t(id integer, PRIMARY KEY (ID DESC))", Some(0)),
            ("CREATE TABLE t(id \"INTEGER\" PRIMARY KEY)", Some(0)),
            ("CREATE TABLE t(id 'integer' \"key\" PRIMARY KEY)", Some(0)),
            ("CREATE TABLE t(id INTEGER GENERATED ALWAYS PRIMARY KEY)", Some(0)),
            ("CREATE TABLE t(id INTEGER ALWAYS PRIMARY KEY)", None),
            ("CREATE TABLE t(id INTEGER PRIMARY KEY DESC)", None),
            ("CREATE TABLE t(id INT PRIMARY KEY)", None),
            ("CREATE TABLE t(id INTEGER PRIMARY KEY) WITHOUT ROWID", None),
            ("CREATE TABLE t(a INTEGER, b, PRIMARY KEY (a, b))", None),
        ] {
            assert_eq!(TableDef::parse(sql).unwrap().rowid_alias(), want, "{sql}");
        }
        assert_eq!(TableDef::parse("CREATE TABLE t(rowid, OID)").unwrap().rowid_name(), Some("_rowid_"));
    }

    #[test]
    fn of_several_the_last_holds() {
        let table = TableDef::parse("CREATE TABLE t(a DEFAULT 1 NOT NULL DEFAULT 2)").unwrap();
        assert_eq!(table.text(table.columns[0].default().unwrap()), "2");
    }

    #[test]
    fn types_are_read_as_sqlite_reads_them() {
        for (written, want) in [
            ("VARCHAR(10)", "VARCHAR(10)"),
            ("[a type](3)", "a type](3"),
            ("\"a\" [x]", "a"),
            ("\"a\"\"b\" c", "a\"b"),
            ("INT generated  always", "INT"),
            ("somehow_made always", "somehow_made"),
            ("generated always", ""),
            ("always", "always"),
        ] {
            let table = TableDef::parse(&format!("CREATE TABLE t(a {written})")).unwrap();
            assert_eq!(table.declared_type(&table.columns[0]), want, "{written}");
        }
    }

    #[test]
    fn options_and_names() {
        let table = TableDef::parse(
            "CREATE TABLE aux.\"a.b\"(id INTEGER PRIMARY KEY AUTOINCREMENT) STRICT, WITHOUT rowid",
        )
        .unwrap();
        assert_eq!(table.options, TableOptions { without_rowid: true, strict: true });
        assert_eq!((table.name.as_str(), table.text(&table.name_span)), ("a.b", "\"a.b\""));
        assert!(table.autoincrement());
    }

    #[test]
    fn other_texts_are_refused() {
        for sql in [
            "CREATE TABLE t AS SELECT 1",
            "CREATE VIRTUAL TABLE t USING fts5(a)",
            "SELECT 1",
            "CREATE TABLE t(",
            "",
        ] {
            assert_eq!(TableDef::parse(sql).unwrap_err().kind(), ErrorKind::SqlSyntax, "{sql}");
        }
    }
}
