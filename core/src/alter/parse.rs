//! `ALTER TABLE` text → [`Alteration`].

use super::action::{Action, Alteration, ConstraintRef, Position, TableOption};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::TableDef;
use crate::sql::{Token, TokenType as T, foreign, is_name, line_at, quote, tokens, unquote};

impl Alteration {
    /// Whether a statement is an `ALTER TABLE`, by its first two words.
    pub fn begins(sql: &str) -> bool {
        let mut words = sql.split_ascii_whitespace();
        let alter = words.next().is_some_and(|word| word.eq_ignore_ascii_case("ALTER"));
        // A comment may stand between the two words: the tokens say.
        alter && tokens(sql).is_ok_and(|all| all.get(1).is_some_and(|token| token.kind == T::TK_TABLE))
    }

    /// Reads one `ALTER TABLE` statement.
    ///
    /// Errors: [`ErrorKind::AlterSyntax`] with the line within the statement, [`ErrorKind::SqlTooDeep`], and
    /// [`ErrorKind::SqlSyntax`] where a part of it is no SQL.
    pub fn parse(sql: &str) -> Result<Alteration> {
        let all = tokens(sql)?;
        let mut reader = Reader { sql, tokens: &all };
        reader.keyword(T::TK_ALTER)?;
        reader.keyword(T::TK_TABLE)?;
        let if_exists = reader.words(&["IF", "EXISTS"]);
        let mut table = reader.name("a table")?;
        let mut schema = None;
        if reader.take(T::TK_DOT) {
            schema = Some(std::mem::replace(&mut table, reader.name("a table")?));
        }
        let mut actions = Vec::new();
        for mut part in reader.parts() {
            actions.push(part.action()?);
            if let Some(extra) = part.tokens.first() {
                return Err(part.unexpected(extra));
            }
        }
        Ok(Alteration { schema, table, if_exists, actions })
    }
}

/// The tokens that are still to be read, of the statement or of one action.
struct Reader<'t, 'a> {
    sql: &'a str,
    tokens: &'t [Token<'a>],
}

impl<'t, 'a> Reader<'t, 'a> {
    /// What is left, in parts at the commas outside parentheses.
    fn parts(&self) -> Vec<Reader<'t, 'a>> {
        let mut depth = 0i32;
        self.tokens
            .split(|token| {
                depth += i32::from(token.kind == T::TK_LP) - i32::from(token.kind == T::TK_RP);
                depth == 0 && token.kind == T::TK_COMMA
            })
            .map(|tokens| Reader { sql: self.sql, tokens })
            .collect()
    }

    fn next(&mut self, wanted: &str) -> Result<&'t Token<'a>> {
        let (first, rest) = self.tokens.split_first().ok_or_else(|| {
            Error::new(ErrorKind::AlterSyntax, format!("{wanted} is missing at the end"))
                .at_line(line_at(self.sql, self.sql.len()))
                .with_hint(GRAMMAR)
        })?;
        self.tokens = rest;
        Ok(first)
    }

    fn take(&mut self, kind: T) -> bool {
        let found = self.tokens.first().is_some_and(|token| token.kind == kind);
        self.tokens = &self.tokens[usize::from(found)..];
        found
    }

    fn keyword(&mut self, kind: T) -> Result<()> {
        let token = self.next("ALTER TABLE")?;
        if token.kind == kind { Ok(()) } else { Err(self.unexpected(token)) }
    }

    /// Takes these words if they all stand here.
    fn words(&mut self, words: &[&str]) -> bool {
        let found = words.len() <= self.tokens.len()
            && words.iter().zip(self.tokens).all(|(word, token)| token.is_word(word));
        self.tokens = &self.tokens[if found { words.len() } else { 0 }..];
        found
    }

    fn name(&mut self, wanted: &str) -> Result<String> {
        let token = self.next(wanted)?;
        if is_name(token) { Ok(unquote(token.text)) } else { Err(self.unexpected(token)) }
    }

    /// The text of all that is left, which must be something.
    fn rest(&mut self, wanted: &str) -> Result<&'a str> {
        let first = self.next(wanted)?;
        let last = self.tokens.last().unwrap_or(first);
        self.tokens = &[];
        Ok(&self.sql[first.start..last.end()])
    }

    /// The text up to one of these words outside parentheses; they stay.
    fn until(&mut self, words: &[&str], wanted: &str) -> Result<&'a str> {
        let mut depth = 0i32;
        let end = self.tokens.iter().position(|token| {
            depth += i32::from(token.kind == T::TK_LP) - i32::from(token.kind == T::TK_RP);
            depth == 0 && words.iter().any(|word| token.is_word(word))
        });
        let (part, rest) = self.tokens.split_at(end.unwrap_or(self.tokens.len()));
        let text = Reader { sql: self.sql, tokens: part }.rest(wanted)?;
        self.tokens = rest;
        Ok(text)
    }

    fn unexpected(&self, token: &Token<'_>) -> Error {
        let error = Error::new(
            ErrorKind::AlterSyntax,
            format!("near \"{}\": not in limbeck's ALTER TABLE", token.text),
        )
        .at_line(line_at(self.sql, token.start));
        match token.text.to_ascii_uppercase().as_str() {
            "MODIFY" | "CHANGE" => error.with_hint("write 'ALTER COLUMN c TYPE …', 'RENAME COLUMN a TO b'"),
            ":" => error.with_hint("write CAST(x AS type): '::' is PostgreSQL's"),
            "VALIDATE" | "VALID" => error.with_hint("leave it out: rows are always checked"),
            "OWNER" | "ENABLE" | "DISABLE" | "CLUSTER" | "INHERIT" | "EXCLUDE" => {
                error.with_hint("leave it out: SQLite has nothing like it")
            }
            _ => {
                let all = tokens(self.sql).unwrap_or_default();
                error.with_hint(foreign(&all).first().map_or(GRAMMAR, |found| found.fix))
            }
        }
    }

    fn action(&mut self) -> Result<Action> {
        let token = self.next("an action")?;
        match token.kind {
            T::TK_ADD => self.add(),
            T::TK_DROP => self.drop(),
            T::TK_RENAME => self.rename(),
            T::TK_ALTER => self.alter_column(),
            T::TK_SET => self.set_option(),
            _ => Err(self.unexpected(token)),
        }
    }

    fn add(&mut self) -> Result<Action> {
        let constraint = [T::TK_CONSTRAINT, T::TK_CHECK, T::TK_UNIQUE, T::TK_FOREIGN, T::TK_PRIMARY];
        if self.tokens.first().is_some_and(|token| constraint.contains(&token.kind)) {
            return self.add_constraint();
        }
        self.take(T::TK_COLUMNKW);
        let if_not_exists = self.words(&["IF", "NOT", "EXISTS"]);
        let mut definition = Reader { sql: self.sql, tokens: self.tokens };
        let mut position = None;
        match self.tokens {
            [_, .., after, column] if after.is_word("AFTER") && is_name(column) => {
                position = Some(Position::After(unquote(column.text)));
                definition.tokens = &self.tokens[..self.tokens.len() - 2];
            }
            // `ADD c FIRST` is a column c at the front, as in MySQL.
            [_, .., first] if first.is_word("FIRST") => {
                position = Some(Position::First);
                definition.tokens = &self.tokens[..self.tokens.len() - 1];
            }
            _ => {}
        }
        self.tokens = &[];
        let definition = definition.rest("a column definition")?.to_owned();
        let table = self.understood(&format!("CREATE TABLE t({definition}\n)"))?;
        match &table.columns[..] {
            [column] if table.constraints.is_empty() => {
                Ok(Action::AddColumn { if_not_exists, column: column.name.clone(), definition, position })
            }
            _ => Err(Error::new(ErrorKind::AlterSyntax, format!("not one column definition: {definition}"))),
        }
    }

    fn add_constraint(&mut self) -> Result<Action> {
        let mut name = None;
        let mut if_not_exists = false;
        let mut prefix = String::new();
        if self.take(T::TK_CONSTRAINT) {
            if_not_exists = self.words(&["IF", "NOT", "EXISTS"]);
            let text = self.tokens.first().map_or("", |token| token.text);
            prefix = format!("CONSTRAINT {text} ");
            name = Some(self.name("a constraint's name")?);
        }
        if let Some(not) = self.tokens.iter().find(|token| token.is_word("VALID")) {
            return Err(self.unexpected(not));
        }
        let definition = format!("{prefix}{}", self.rest("a constraint")?);
        let table = self.understood(&format!("CREATE TABLE t(a, {definition}\n)"))?;
        if table.constraints.len() != 1 || table.columns.len() != 1 {
            return Err(Error::new(
                ErrorKind::AlterSyntax,
                format!("not one table constraint: {definition}"),
            ));
        }
        Ok(Action::AddConstraint { if_not_exists, name, definition })
    }

    /// Reads a part of the statement as SQLite would inside a CREATE TABLE.
    fn understood(&self, create: &str) -> Result<TableDef> {
        TableDef::parse(create).map_err(|error| {
            if error.kind() == ErrorKind::SqlTooDeep {
                return error;
            }
            Error::new(ErrorKind::AlterSyntax, error.to_string())
                .at_line(line_at(self.sql, self.tokens.first().map_or(0, |token| token.start)))
        })
    }

    fn drop(&mut self) -> Result<Action> {
        let named = |constraint| Ok(Action::DropConstraint { if_exists: false, constraint });
        if self.take(T::TK_CONSTRAINT) {
            let if_exists = self.words(&["IF", "EXISTS"]);
            let constraint = ConstraintRef::Named(self.name("a constraint's name")?);
            return Ok(Action::DropConstraint { if_exists, constraint });
        }
        if self.take(T::TK_CHECK) {
            return named(ConstraintRef::Check(self.rest("an expression")?.to_owned()));
        }
        if self.take(T::TK_UNIQUE) {
            return named(ConstraintRef::Unique(self.columns()?));
        }
        if self.words(&["FOREIGN", "KEY"]) {
            return named(ConstraintRef::ForeignKey(self.columns()?));
        }
        if self.words(&["PRIMARY", "KEY"]) {
            return named(ConstraintRef::PrimaryKey);
        }
        self.take(T::TK_COLUMNKW);
        let if_exists = self.words(&["IF", "EXISTS"]);
        let column = self.name("a column")?;
        let cascade = self.words(&["CASCADE"]);
        if !cascade {
            self.words(&["RESTRICT"]);
        }
        Ok(Action::DropColumn { if_exists, column, cascade })
    }

    fn columns(&mut self) -> Result<Vec<String>> {
        let text = self.rest("a list of columns")?;
        let table = self.understood(&format!("CREATE TABLE t(a, UNIQUE {text}\n)"))?;
        Ok(table.constraints[0].columns().into_iter().map(str::to_owned).collect())
    }

    fn rename(&mut self) -> Result<Action> {
        if self.take(T::TK_TO) {
            return Ok(Action::RenameTable { to: self.name("the new name")? });
        }
        let constraint = self.take(T::TK_CONSTRAINT);
        if !constraint {
            self.take(T::TK_COLUMNKW);
        }
        let from = self.name("a name")?;
        let token = self.next("TO")?;
        if token.kind != T::TK_TO {
            return Err(self.unexpected(token));
        }
        let to = self.name("the new name")?;
        Ok(if constraint {
            Action::RenameConstraint { name: from, to }
        } else {
            Action::RenameColumn { column: from, to }
        })
    }

    fn alter_column(&mut self) -> Result<Action> {
        self.take(T::TK_COLUMNKW);
        let column = self.name("a column")?;
        if self.words(&["SET", "NOT", "NULL"]) {
            let on_conflict = match self.words(&["ON", "CONFLICT"]) {
                true => Some(self.next("a conflict clause")?.text.to_ascii_uppercase()),
                false => None,
            };
            return Ok(Action::SetNotNull { column, on_conflict });
        }
        if self.words(&["DROP", "NOT", "NULL"]) {
            return Ok(Action::DropNotNull { column });
        }
        if self.words(&["SET", "DEFAULT"]) {
            let value = self.default_value()?;
            return Ok(Action::SetDefault { column, value });
        }
        if self.words(&["DROP", "DEFAULT"]) {
            return Ok(Action::DropDefault { column });
        }
        if self.words(&["DROP", "EXPRESSION"]) {
            return Ok(Action::DropExpression { column });
        }
        if self.words(&["DROP", "TYPE"]) {
            return self.set_type(column, String::new());
        }
        if self.words(&["SET", "DATA", "TYPE"]) || self.words(&["TYPE"]) {
            let type_name = self.until(&["COLLATE", "USING"], "a type")?.to_owned();
            return self.set_type(column, type_name);
        }
        if self.words(&["SET", "GENERATED"]) {
            self.words(&["ALWAYS", "AS"]);
            let stored = self.tokens.last().is_some_and(|token| token.is_word("STORED"));
            let expression = self.until(&["STORED", "VIRTUAL"], "an expression in parentheses")?.to_owned();
            self.tokens = &self.tokens[self.tokens.len().min(1)..];
            self.understood(&format!("CREATE TABLE t({} AS {expression}\n)", quote(&column)))?;
            return Ok(Action::SetGenerated { column, expression, stored });
        }
        match self.position()? {
            Some(position) => Ok(Action::MoveColumn { column, position }),
            None => {
                let token = self.next("what to change")?;
                Err(self.unexpected(token))
            }
        }
    }

    fn position(&mut self) -> Result<Option<Position>> {
        if self.words(&["FIRST"]) {
            return Ok(Some(Position::First));
        }
        if self.words(&["AFTER"]) {
            return Ok(Some(Position::After(self.name("a column")?)));
        }
        Ok(None)
    }

    /// What may stand behind DEFAULT; an expression gets the parentheses that SQLite wants.
    fn default_value(&mut self) -> Result<String> {
        let text = self.rest("a value")?;
        if TableDef::parse(&format!("CREATE TABLE t(a DEFAULT {text}\n)"))
            .is_ok_and(|table| table.columns.len() == 1 && table.columns[0].constraints.len() == 1)
        {
            return Ok(text.to_owned());
        }
        let wrapped = format!("({text})");
        self.understood(&format!("CREATE TABLE t(a DEFAULT {wrapped}\n)"))?;
        Ok(wrapped)
    }

    fn set_type(&mut self, column: String, type_name: String) -> Result<Action> {
        let collation = match self.words(&["COLLATE"]) {
            true => Some(self.name("a collation")?),
            false => None,
        };
        let using = match self.words(&["USING"]) {
            true => Some(self.rest("an expression")?.to_owned()),
            false => None,
        };
        let table = self.understood(&format!("CREATE TABLE t(a {type_name}\n)"))?;
        if table.columns.len() != 1 || !table.columns[0].constraints.is_empty() {
            return Err(Error::new(ErrorKind::AlterSyntax, format!("not a type: {type_name}"))
                .with_hint("set constraints by actions of their own: 'ALTER c SET NOT NULL'"));
        }
        Ok(Action::SetType { column, type_name, collation, using })
    }

    fn set_option(&mut self) -> Result<Action> {
        let option = [
            (&["STRICT"][..], TableOption::Strict(true)),
            (&["NOT", "STRICT"], TableOption::Strict(false)),
            (&["WITHOUT", "ROWID"], TableOption::WithoutRowid(true)),
            (&["WITH", "ROWID"], TableOption::WithoutRowid(false)),
            (&["AUTOINCREMENT"], TableOption::Autoincrement(true)),
            (&["NOT", "AUTOINCREMENT"], TableOption::Autoincrement(false)),
        ];
        for (words, option) in option {
            if self.words(words) {
                return Ok(Action::SetOption(option));
            }
        }
        let token = self.next("a table option")?;
        Err(self.unexpected(token))
    }
}

const GRAMMAR: &str = "use ADD, DROP, RENAME, ALTER COLUMN or SET, as in limbeck's ALTER TABLE grammar";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_read_and_printed_alike() {
        for actions in [
            "ADD COLUMN a TEXT NOT NULL DEFAULT 'x, y' CHECK (a IN ('p', 'q'))",
            "ADD COLUMN IF NOT EXISTS a DECIMAL(10, 2) AFTER b",
            "ADD COLUMN a INT FIRST",
            "ADD COLUMN first",
            "ADD COLUMN a INT CONSTRAINT after UNIQUE",
            "ADD COLUMN after INT",
            "ADD COLUMN after FIRST",
            "DROP COLUMN a",
            "DROP COLUMN IF EXISTS \"a b\" CASCADE",
            "RENAME COLUMN a TO b",
            "RENAME CONSTRAINT a TO b",
            "RENAME TO \"order\"",
            "ALTER COLUMN a SET NOT NULL",
            "ALTER COLUMN a SET NOT NULL ON CONFLICT REPLACE",
            "ALTER COLUMN a DROP NOT NULL",
            "ALTER COLUMN a SET DEFAULT -1",
            "ALTER COLUMN a SET DEFAULT (datetime('now'))",
            "ALTER COLUMN a DROP DEFAULT",
            "ALTER COLUMN a TYPE VARCHAR(10)",
            "ALTER COLUMN a TYPE TEXT COLLATE NOCASE USING CAST(a AS TEXT)",
            "ALTER COLUMN a DROP TYPE",
            "ALTER COLUMN a DROP TYPE COLLATE NOCASE USING CAST(a AS TEXT)",
            "ALTER COLUMN a SET GENERATED (b * 2) STORED",
            "ALTER COLUMN a SET GENERATED (b || ',') VIRTUAL",
            "ALTER COLUMN a DROP EXPRESSION",
            "ALTER COLUMN a FIRST",
            "ALTER COLUMN a AFTER b",
            "ADD CHECK (a > 0)",
            "ADD CONSTRAINT k UNIQUE (a, b)",
            "ADD CONSTRAINT IF NOT EXISTS k FOREIGN KEY (a) REFERENCES p(x) ON DELETE CASCADE",
            "ADD CONSTRAINT IF NOT EXISTS \"K\" CHECK (a > 0)",
            "ADD PRIMARY KEY (a, b)",
            "DROP CONSTRAINT k",
            "DROP CONSTRAINT IF EXISTS k",
            "DROP CHECK (a > 0)",
            "DROP UNIQUE (a, b)",
            "DROP FOREIGN KEY (a)",
            "DROP PRIMARY KEY",
            "SET STRICT",
            "SET NOT STRICT",
            "SET WITHOUT ROWID",
            "SET WITH ROWID",
            "SET AUTOINCREMENT",
            "SET NOT AUTOINCREMENT",
            "ADD COLUMN a, DROP COLUMN b, ALTER COLUMN c SET DEFAULT (1 + 2)",
        ] {
            let sql = format!("ALTER TABLE t {actions}");
            let read = Alteration::parse(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
            let printed: Vec<String> = read.actions.iter().map(ToString::to_string).collect();
            assert_eq!(printed.join(", "), actions);
        }
    }

    #[test]
    fn short_and_other_spellings() {
        for (sql, want) in [
            ("alter table t add a", "ADD COLUMN a"),
            ("ALTER TABLE t DROP a RESTRICT", "DROP COLUMN a"),
            ("ALTER TABLE t RENAME a TO b", "RENAME COLUMN a TO b"),
            ("ALTER TABLE t ALTER a SET DATA TYPE INT", "ALTER COLUMN a TYPE INT"),
            ("ALTER TABLE t ALTER a SET DEFAULT 1 + 1", "ALTER COLUMN a SET DEFAULT (1 + 1)"),
            ("ALTER TABLE t ALTER a SET GENERATED ALWAYS AS (1)", "ALTER COLUMN a SET GENERATED (1) VIRTUAL"),
            ("ALTER TABLE t ADD a -- why\n TEXT", "ADD COLUMN a -- why\n TEXT"),
        ] {
            assert_eq!(Alteration::parse(sql).unwrap().actions[0].to_string(), want, "{sql}");
        }
        let read = Alteration::parse("ALTER TABLE IF EXISTS aux.\"T 1\" SET STRICT").unwrap();
        assert_eq!((read.schema.as_deref(), read.table.as_str(), read.if_exists), (Some("aux"), "T 1", true));
        assert!(Alteration::begins("alter /* x */ TABLE t SET STRICT"));
        assert!(!Alteration::begins("ALTERNATIVE TABLE"));
    }

    #[test]
    fn what_is_not_in_the_grammar_says_where_and_what_instead() {
        for (sql, line, hint) in [
            ("ALTER TABLE t\nMODIFY COLUMN a INT", 2, "ALTER COLUMN c TYPE"),
            ("ALTER TABLE t OWNER TO me", 1, "nothing like it"),
            ("ALTER TABLE t ADD CONSTRAINT k CHECK (a) NOT VALID", 1, "leave it out"),
            ("ALTER TABLE t ALTER a", 1, "grammar"),
            ("ALTER TABLE t", 1, "grammar"),
            ("ALTER TABLE t DROP a b", 1, "grammar"),
        ] {
            let error = Alteration::parse(sql).unwrap_err();
            assert_eq!((error.kind(), error.line()), (ErrorKind::AlterSyntax, Some(line)), "{sql}: {error}");
            assert!(error.hint().unwrap().contains(hint), "{sql}: {:?}", error.hint());
        }
        for sql in [
            "ALTER TABLE t ADD a INT, CHECK (a)",
            "ALTER TABLE t ALTER a TYPE INT NOT NULL",
            "ALTER TABLE t ADD",
            "ALTER TABLE t ADD CONSTRAINT k",
            "ALTER TABLE t ALTER a SET DEFAULT",
            "ALTER TABLE t ALTER a TYPE INT USING",
            "ALTER TABLE t ADD a) STRICT; (b",
        ] {
            assert_eq!(Alteration::parse(sql).unwrap_err().kind(), ErrorKind::AlterSyntax, "{sql}");
        }
    }

    #[test]
    fn renames_go_first_where_they_may() {
        let groups = |actions: &str| -> Vec<String> {
            let read = Alteration::parse(&format!("ALTER TABLE t {actions}")).unwrap();
            read.groups()
                .iter()
                .map(|group| group.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
                .collect()
        };
        assert_eq!(
            groups("ALTER a SET NOT NULL, RENAME b TO c, DROP d"),
            ["RENAME COLUMN b TO c", "ALTER COLUMN a SET NOT NULL, DROP COLUMN d"]
        );
        assert_eq!(
            groups("ALTER a SET NOT NULL, RENAME a TO b, DROP d"),
            ["ALTER COLUMN a SET NOT NULL", "RENAME COLUMN a TO b", "DROP COLUMN d"]
        );
        assert_eq!(groups("ADD a, RENAME TO u"), ["ADD COLUMN a", "RENAME TO u"]);
    }
}
