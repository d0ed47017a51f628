//! Whether an app that does not have a revision can use the database after it: what its SQL tells.
//!
//! An older app goes on reading and writing what it knows. A new table, view or index, a column at
//! the end that may be NULL or has a default, leave it all that: it can. Whatever is dropped,
//! renamed, moved, retyped, tightened or loosened (it may then read what it does not expect), a
//! trigger on its tables, and rows of its tables that are written, do not, or might not: in doubt the
//! answer is no, and `-- compatible: yes` in the header says otherwise. What a revision makes itself,
//! it may also change: no older app knows it.
//!
//! Two things are taken for granted: an older app names the columns of its INSERTs, and it does not
//! change primary keys.

use sqlite3_parser::ast::{
    ColumnConstraint, CreateTableBody, NamedColumnConstraint, NamedTableConstraint, QualifiedName, Stmt,
    TableConstraint,
};

use super::body::{Item, ItemKind, Section};
use crate::alter::{Action, Alteration};
use crate::schema::{ColumnDef, ColumnRule, ForeignKey, Span, TableDef, TableRule};
use crate::set::Set;
use crate::sql::{Token, TokenType as T, is_name, same_name, tokens, unquote, with_statement};

/// What older apps cannot live with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// The line of the statement, counted from 1 in its file.
    pub line: u32,
    /// Why, in a few words: `notes: DROP COLUMN title`.
    pub why: String,
}

impl Section {
    /// The first statement that might break an app which does not have the revision; none if none does.
    ///
    /// ```
    /// use limbeck::script::Section;
    ///
    /// let why = |sql| Section::parse(sql, 1).unwrap().breaks_older_apps().map(|found| found.why);
    /// assert_eq!(why("ALTER TABLE notes ADD pinned INTEGER NOT NULL DEFAULT 0"), None);
    /// assert_eq!(why("ALTER TABLE notes DROP title").unwrap(), "notes: DROP COLUMN title");
    /// ```
    pub fn breaks_older_apps(&self) -> Option<Break> {
        let mut made = Made::default();
        self.items.iter().find_map(|item| Some(Break { line: item.line, why: made.by_item(item)? }))
    }
}

/// What the statements so far have made, and no older app knows. Names in small letters.
#[derive(Default)]
struct Made {
    objects: Set<String>,
    /// Table and column.
    columns: Set<(String, String)>,
}

/// Functions that every SQLite has, that fail for no value and change nothing.
const HARMLESS: &str = " abs avg cast coalesce count date datetime exists filter format glob hex ifnull iif \
    instr julianday last_insert_rowid length like lower ltrim max min nullif over printf quote random \
    randomblob replace round rtrim sign strftime substr substring sum time total trim typeof unicode \
    unixepoch upper ";

/// Pragmas that change nothing an app sees, also with a value.
const HARMLESS_PRAGMAS: [&str; 6] = [
    "optimize",
    "incremental_vacuum",
    "analysis_limit",
    "integrity_check",
    "quick_check",
    "foreign_key_check",
];

impl Made {
    /// Why this item breaks older apps, if it does; else what it makes is noted.
    fn by_item(&mut self, item: &Item) -> Option<String> {
        match &item.kind {
            ItemKind::Alter(alteration) => self.by_alteration(alteration),
            ItemKind::Sql => {
                let sql = &item.sql;
                let surely = item.unless.is_none();
                with_statement(sql, |statement| self.by_statement(statement, sql, surely))
                    .unwrap_or_else(|_| Some("a statement that limbeck cannot read".to_owned()))
            }
        }
    }

    fn by_statement(&mut self, statement: &Stmt<'_>, sql: &str, surely: bool) -> Option<String> {
        match statement {
            Stmt::CreateTable { .. }
            | Stmt::CreateVirtualTable { .. }
            | Stmt::CreateView { .. }
            | Stmt::CreateIndex { .. }
            | Stmt::CreateTrigger { .. } => self.by_create(statement, sql, surely),
            Stmt::DropTable { tbl_name, .. } => self.drop("TABLE", tbl_name),
            Stmt::DropView { view_name, .. } => self.drop("VIEW", view_name),
            Stmt::DropIndex { idx_name, .. } => self.drop("INDEX", idx_name),
            Stmt::DropTrigger { trigger_name, .. } => self.drop("TRIGGER", trigger_name),
            Stmt::Insert { tbl_name, .. } => self.writes("INSERT", tbl_name, None),
            Stmt::Delete { tbl_name, .. } => self.writes("DELETE", tbl_name, None),
            Stmt::Update { tbl_name, sets, .. } => {
                let names = sets.iter().flat_map(|set| set.col_names.iter());
                let columns: Vec<String> = names.map(|column| unquote(column.0)).collect();
                self.writes("UPDATE", tbl_name, Some(&columns))
            }
            Stmt::Pragma(pragma, value) => {
                let pragma = name(pragma);
                let harmless =
                    value.is_none() || HARMLESS_PRAGMAS.iter().any(|known| same_name(known, &pragma));
                (!harmless).then(|| format!("PRAGMA {pragma}"))
            }
            Stmt::Select(_) => (!harmless_calls(sql)).then(|| "SELECT that calls a function".to_owned()),
            Stmt::Analyze(_) | Stmt::Reindex { .. } | Stmt::Vacuum(_, None) => None,
            Stmt::AlterTable(..)
            | Stmt::Attach { .. }
            | Stmt::Detach(_)
            | Stmt::Begin(..)
            | Stmt::Commit(_)
            | Stmt::Release(_)
            | Stmt::Rollback { .. }
            | Stmt::Savepoint(_)
            | Stmt::Vacuum(_, Some(_)) => {
                Some(sql.split_ascii_whitespace().next().unwrap_or_default().to_ascii_uppercase())
            }
        }
    }

    fn by_create(&mut self, statement: &Stmt<'_>, sql: &str, surely: bool) -> Option<String> {
        match statement {
            Stmt::CreateTable { temporary, if_not_exists, tbl_name, body } => {
                let table = name(tbl_name);
                if !*temporary && !is_temp(tbl_name) && has_keys(body) {
                    let Ok(def) = TableDef::parse(sql) else {
                        return Some(format!("CREATE TABLE {table}: limbeck cannot read it"));
                    };
                    if let Some(why) = self.by_keys(&def) {
                        return Some(why);
                    }
                }
                self.note(table, surely && !if_not_exists)
            }
            Stmt::CreateVirtualTable { if_not_exists, tbl_name, .. } => {
                self.note(name(tbl_name), surely && !if_not_exists)
            }
            Stmt::CreateView { if_not_exists, view_name, .. } => {
                self.note(name(view_name), surely && !if_not_exists)
            }
            Stmt::CreateIndex { unique, if_not_exists, idx_name, tbl_name, .. } => {
                let (index, table) = (name(idx_name), unquote(tbl_name.0));
                if !self.has(&table) && (*unique || !harmless_index(sql)) {
                    let what = if *unique { "UNIQUE INDEX" } else { "INDEX" };
                    return Some(format!("{table}: CREATE {what} {index}"));
                }
                self.note(index, surely && !if_not_exists)
            }
            Stmt::CreateTrigger { temporary, if_not_exists, trigger_name, tbl_name, .. } => {
                let (trigger, table) = (name(trigger_name), name(tbl_name));
                if !*temporary && !is_temp(trigger_name) && !self.has(&table) {
                    return Some(format!("{table}: CREATE TRIGGER {trigger}"));
                }
                self.note(trigger, surely && !if_not_exists)
            }
            _ => None,
        }
    }

    fn by_alteration(&mut self, alteration: &Alteration) -> Option<String> {
        let table = &alteration.table;
        let unseen =
            self.has(table) || alteration.schema.as_ref().is_some_and(|name| same_name(name, "temp"));
        for action in &alteration.actions {
            if unseen {
                if let Action::RenameTable { to } = action {
                    self.note(to.clone(), true);
                }
            } else if !self.leaves_apps_alone(table, action) {
                return Some(format!("{table}: {action}"));
            }
            if let Action::AddColumn { if_not_exists: false, column, .. } = action {
                self.columns.insert((table.to_ascii_lowercase(), column.to_ascii_lowercase()));
            }
        }
        None
    }

    /// Whether an action on a table that older apps know leaves them alone.
    fn leaves_apps_alone(&self, table: &str, action: &Action) -> bool {
        match action {
            Action::AddColumn { definition, position: None, .. } => {
                let text = format!("CREATE TABLE t({definition})");
                TableDef::parse(&text).is_ok_and(|def| match &def.columns[..] {
                    [column] => self.column_leaves_apps_alone(table, &def, column),
                    _ => false,
                })
            }
            // Rows that are there keep their values, and such a value could have been written before.
            Action::SetDefault { value, .. } => harmless_calls(value),
            Action::RenameConstraint { .. } => true,
            // `SELECT *` has another order.
            Action::AddColumn { position: Some(_), .. } | Action::MoveColumn { .. } => false,
            Action::DropColumn { .. }
            | Action::RenameColumn { .. }
            | Action::RenameTable { .. }
            | Action::SetNotNull { .. }
            | Action::DropNotNull { .. }
            | Action::DropDefault { .. }
            | Action::SetType { .. }
            | Action::SetGenerated { .. }
            | Action::DropExpression { .. }
            | Action::AddConstraint { .. }
            | Action::DropConstraint { .. }
            | Action::SetOption(_) => false,
        }
    }

    /// Whether rows can still be written by who does not name the column.
    fn column_leaves_apps_alone(&self, table: &str, def: &TableDef, column: &ColumnDef) -> bool {
        let default = column.default().map(|span| def.text(span));
        let value = default.is_some_and(|text| !text.eq_ignore_ascii_case("NULL"));
        column.constraints.iter().all(|constraint| match &constraint.rule {
            ColumnRule::NotNull => value,
            ColumnRule::Unique => !value,
            ColumnRule::Default(span) => harmless_calls(def.text(span)),
            // That a default which is a value obeys its own rule is taken for granted.
            ColumnRule::Check(span) => {
                names_only(def.text(span), &column.name)
                    && (value || holds_for_null(def.text(span), &column.name))
            }
            ColumnRule::Collate(span) => is_built_in_collation(def.text(span)),
            // A parent's row that older apps delete must not be held back, nor take theirs along.
            ColumnRule::References(key) => {
                self.has(&key.table) && !same_name(&key.table, table)
                    || !value && on_delete(def, &constraint.span) == OnDelete::SetNull
            }
            ColumnRule::PrimaryKey { .. } | ColumnRule::Generated { .. } => false,
            ColumnRule::Null | ColumnRule::Deferrable | ColumnRule::Bare => true,
        })
    }

    /// Whether a new table's foreign keys let older apps delete the parents' rows.
    fn by_keys(&self, def: &TableDef) -> Option<String> {
        let free = |key: &ForeignKey, span: &Span, columns: &[&str]| {
            let not_null = |name: &&str| {
                let column = def.column(name);
                column.is_none_or(|column| column.is_not_null() || def.primary_key().contains(name))
            };
            self.has(&key.table)
                || same_name(&key.table, &def.name)
                || match on_delete(def, span) {
                    OnDelete::Cascade => true,
                    OnDelete::SetNull => !columns.iter().any(not_null),
                    OnDelete::Other => false,
                }
        };
        let holds =
            |key: &ForeignKey| Some(format!("{}: a foreign key of {} holds its rows", key.table, def.name));
        for column in &def.columns {
            for constraint in &column.constraints {
                if let ColumnRule::References(key) = &constraint.rule
                    && !free(key, &constraint.span, &[&column.name])
                {
                    return holds(key);
                }
            }
        }
        for constraint in &def.constraints {
            if let TableRule::ForeignKey { columns, parent } = &constraint.rule {
                let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
                if !free(parent, &constraint.span, &columns) {
                    return holds(parent);
                }
            }
        }
        None
    }

    /// Rows that older apps know; `columns` are those that an UPDATE sets.
    fn writes(&self, verb: &str, table: &QualifiedName<'_>, columns: Option<&[String]>) -> Option<String> {
        let name = name(table);
        let is_new = |column: &String| {
            self.columns.contains(&(name.to_ascii_lowercase(), column.to_ascii_lowercase()))
        };
        let unseen =
            is_temp(table) || self.has(&name) || columns.is_some_and(|columns| columns.iter().all(is_new));
        (!unseen).then(|| format!("{name}: {verb}"))
    }

    fn drop(&mut self, kind: &str, object: &QualifiedName<'_>) -> Option<String> {
        let name = name(object);
        let unseen = is_temp(object) || self.objects.remove(&name.to_ascii_lowercase());
        (!unseen).then(|| format!("DROP {kind} {name}"))
    }

    /// Notes what was made; what may have been there before is not new.
    fn note(&mut self, name: String, new: bool) -> Option<String> {
        if new {
            self.objects.insert(name.to_ascii_lowercase());
        }
        None
    }

    fn has(&self, name: &str) -> bool {
        self.objects.contains(&name.to_ascii_lowercase())
    }
}

fn name(name: &QualifiedName<'_>) -> String {
    unquote(name.name.0)
}

fn is_temp(name: &QualifiedName<'_>) -> bool {
    name.db_name.as_ref().is_some_and(|schema| same_name(&unquote(schema.0), "temp"))
}

/// Whether a new table has a foreign key.
fn has_keys(body: &CreateTableBody<'_>) -> bool {
    let CreateTableBody::ColumnsAndConstraints { columns, constraints, .. } = body else { return false };
    let of_column =
        |c: &NamedColumnConstraint<'_>| matches!(c.constraint, ColumnConstraint::ForeignKey { .. });
    let of_table = |c: &NamedTableConstraint<'_>| matches!(c.constraint, TableConstraint::ForeignKey { .. });
    columns.iter().any(|column| column.constraints.iter().any(of_column))
        || constraints.is_some_and(|all| all.iter().any(of_table))
}

/// What happens to a child when its parent is deleted.
#[derive(PartialEq, Eq)]
enum OnDelete {
    Cascade,
    SetNull,
    Other,
}

fn on_delete(def: &TableDef, constraint: &Span) -> OnDelete {
    let all = tokens(def.text(constraint)).unwrap_or_default();
    // Of several, SQLite takes the last.
    let last = all.windows(2).rposition(|two| two[0].kind == T::TK_ON && two[1].kind == T::TK_DELETE);
    let word = |ahead: usize| last.and_then(|at| all.get(at + ahead)).map(|token| token.kind);
    match (word(2), word(3)) {
        (Some(T::TK_CASCADE), _) => OnDelete::Cascade,
        (Some(T::TK_SET), Some(T::TK_NULL)) => OnDelete::SetNull,
        _ => OnDelete::Other,
    }
}

fn is_built_in_collation(name: &str) -> bool {
    ["BINARY", "NOCASE", "RTRIM"].iter().any(|known| same_name(known, &unquote(name)))
}

/// Whether an older app can keep an index up to date: what it calls and compares with is there.
fn harmless_index(sql: &str) -> bool {
    let Ok(all) = tokens(sql) else { return false };
    // Behind `ON table`, whose parenthesis is no call.
    let on = all.iter().position(|token| token.kind == T::TK_ON).map_or(0, |on| on + 2);
    let mut collations = all.windows(2).filter(|two| two[0].kind == T::TK_COLLATE);
    calls_are_harmless(&all[on.min(all.len())..]) && collations.all(|two| is_built_in_collation(two[1].text))
}

fn harmless_calls(sql: &str) -> bool {
    tokens(sql).is_ok_and(|all| calls_are_harmless(&all))
}

fn calls_are_harmless(all: &[Token<'_>]) -> bool {
    let mut calls = all.windows(2).filter(|two| two[1].kind == T::TK_LP && is_name(&two[0]));
    calls.all(|two| is_harmless(two[0].text))
}

fn is_harmless(function: &str) -> bool {
    HARMLESS.contains(&format!(" {} ", unquote(function).to_ascii_lowercase()))
}

/// Whether an expression names no other column than this one.
fn names_only(expression: &str, column: &str) -> bool {
    let Ok(all) = tokens(expression) else { return false };
    let next = |at: usize| all.get(at + 1).map(|token| token.kind);
    all.iter().enumerate().all(|(at, token)| {
        let literal = token.kind == T::TK_STRING && token.text.starts_with('\'');
        let word = matches!(token.kind, T::TK_LIKE_KW | T::TK_MATCH | T::TK_END | T::TK_CTIME_KW)
            || token.is_word("true")
            || token.is_word("false");
        !is_name(token)
            || literal
            || word
            || (next(at) == Some(T::TK_LP) && is_harmless(token.text))
            || same_name(&unquote(token.text), column)
    })
}

/// Functions among the harmless ones that answer NULL where they are given one.
const STRICT: &str = " abs cast date datetime filter glob instr julianday length like lower ltrim max min \
    nullif over replace round rtrim sign strftime substr substring time trim unicode unixepoch upper ";

/// Without the parentheses around the whole.
fn without_parentheses<'t, 'a>(all: &'t [Token<'a>]) -> &'t [Token<'a>] {
    let mut depth = 0i32;
    let closed = all.iter().position(|token| {
        depth += i32::from(token.kind == T::TK_LP) - i32::from(token.kind == T::TK_RP);
        depth == 0
    });
    match all {
        [open, inner @ .., _] if open.kind == T::TK_LP && closed == Some(all.len() - 1) => {
            without_parentheses(inner)
        }
        _ => all,
    }
}

/// Whether a CHECK surely lets the NULL of a column pass: "If the result is zero … then a constraint violation
/// has occurred. If the CHECK expression evaluates to NULL, or any other non-zero value, it is not"
/// (<https://sqlite.org/lang_createtable.html#ckconst>). Whatever is computed from NULL is NULL, but for a few.
fn holds_for_null(expression: &str, column: &str) -> bool {
    let Ok(all) = tokens(expression) else { return false };
    let all = without_parentheses(&all);
    let mut depth = 0i32;
    let terms: Vec<&[Token<'_>]> = all
        .split(|token| {
            depth += i32::from(token.kind == T::TK_LP) - i32::from(token.kind == T::TK_RP);
            depth == 0 && token.kind == T::TK_OR
        })
        .collect();
    let is_null = |term: &&[Token<'_>]| match *term {
        [name, is, null] => {
            same_name(&unquote(name.text), column) && is.kind == T::TK_IS && null.kind == T::TK_NULL
        }
        [name, is] => same_name(&unquote(name.text), column) && is.kind == T::TK_ISNULL,
        _ => false,
    };
    let looks_at_null = |kind: T| matches!(kind, T::TK_IS | T::TK_ISNULL | T::TK_NOTNULL | T::TK_CASE);
    let next = |at: usize| all.get(at + 1).map(|token| token.kind);
    terms.iter().any(is_null)
        || all.iter().enumerate().all(|(at, token)| {
            let not_null = token.kind == T::TK_NOT && next(at) == Some(T::TK_NULL);
            let called = next(at) == Some(T::TK_LP) && is_name(token);
            let strict = || STRICT.contains(&format!(" {} ", unquote(token.text).to_ascii_lowercase()));
            !looks_at_null(token.kind) && !not_null && (!called || strict())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(sql: &str) -> Option<String> {
        Section::parse(sql, 1).unwrap().breaks_older_apps().map(|found| found.why)
    }

    #[test]
    fn what_leaves_older_apps_working() {
        for sql in [
            "",
            "CREATE TABLE tags(id INTEGER PRIMARY KEY, note REFERENCES notes ON UPDATE CASCADE ON DELETE CASCADE)",
            "CREATE TABLE tags(note, parent REFERENCES tags, FOREIGN KEY (note) REFERENCES notes ON DELETE SET NULL)",
            "CREATE TABLE a(b); CREATE TABLE c(d REFERENCES A); INSERT INTO a VALUES (1); DROP TABLE c",
            "CREATE TABLE copy AS SELECT * FROM notes",
            "CREATE VIRTUAL TABLE search USING fts5(title, content='notes')",
            "CREATE TABLE a(b); CREATE UNIQUE INDEX i ON a(b); CREATE TRIGGER r AFTER INSERT ON a BEGIN SELECT 1; END;\
             DROP TRIGGER r; DROP INDEX i; ALTER TABLE a RENAME TO b; ALTER TABLE b DROP COLUMN b",
            "CREATE TEMP TABLE scratch(a); UPDATE temp.scratch SET a = 1",
            "CREATE VIEW v AS SELECT my_function(1)",
            "CREATE INDEX i ON notes(title COLLATE NOCASE DESC, lower(body)) WHERE title LIKE 'a%'",
            "ALTER TABLE notes ADD a",
            "ALTER TABLE notes ADD a UNIQUE, ADD b INTEGER NOT NULL DEFAULT 0 CHECK (b IN (0, 1) AND length(b) < 2)",
            "ALTER TABLE notes ADD a DEFAULT CURRENT_TIMESTAMP, ADD b TEXT NOT NULL DEFAULT (hex(randomblob(16)))",
            "ALTER TABLE notes ADD a DEFAULT 'x' CHECK (CASE WHEN a LIKE 'x' THEN TRUE ELSE FALSE END)",
            "ALTER TABLE notes ADD a CHECK (a IN ('x', 'y') AND length(a) > 0), ADD b DEFAULT NULL CHECK (NOT b < 3)",
            "ALTER TABLE notes ADD a CHECK (a IS NULL OR typeof(a) = 'text'), ADD b CHECK (b > 1 OR b ISNULL)",
            "ALTER TABLE notes ADD a NOT NULL DEFAULT 'x' CHECK (a IS NOT NULL)",
            "ALTER TABLE notes ADD folder REFERENCES folders ON DELETE SET NULL",
            "CREATE TABLE f(id INTEGER PRIMARY KEY); ALTER TABLE notes ADD f NOT NULL DEFAULT 1 REFERENCES f",
            "ALTER TABLE notes ADD slug; UPDATE notes SET slug = lower(title), SLUG = 1",
            "ALTER TABLE notes ALTER title SET DEFAULT 'x', RENAME CONSTRAINT a TO b",
            "ANALYZE; REINDEX; PRAGMA optimize; PRAGMA user_version; SELECT count(*) FROM notes",
            "-- migrate:up transaction:false\nVACUUM",
        ] {
            assert_eq!(why(sql), None, "{sql}");
        }
    }

    #[test]
    fn what_older_apps_might_not_live_with() {
        for (sql, want) in [
            ("DROP TABLE notes", "DROP TABLE notes"),
            ("CREATE TABLE IF NOT EXISTS a(b); DROP TABLE a", "DROP TABLE a"),
            ("-- migrate:unless SELECT 1\nCREATE TABLE a(b);\nDROP TABLE a", "DROP TABLE a"),
            ("CREATE TABLE n(a); DROP TABLE n; DROP TABLE IF EXISTS n", "DROP TABLE n"),
            ("DROP VIEW IF EXISTS v", "DROP VIEW v"),
            ("DROP INDEX i", "DROP INDEX i"),
            ("DROP TRIGGER r", "DROP TRIGGER r"),
            ("CREATE UNIQUE INDEX i ON notes(a)", "notes: CREATE UNIQUE INDEX i"),
            ("CREATE INDEX i ON notes(mine(a))", "notes: CREATE INDEX i"),
            ("CREATE INDEX i ON notes(a) WHERE json_valid(a)", "notes: CREATE INDEX i"),
            ("CREATE INDEX i ON notes(a COLLATE german)", "notes: CREATE INDEX i"),
            ("CREATE TRIGGER r AFTER INSERT ON notes BEGIN SELECT 1; END", "notes: CREATE TRIGGER r"),
            ("CREATE TABLE t(a REFERENCES notes)", "notes: a foreign key of t holds its rows"),
            (
                "CREATE TABLE t(a REFERENCES notes ON DELETE RESTRICT)",
                "notes: a foreign key of t holds its rows",
            ),
            (
                "CREATE TABLE t(a NOT NULL REFERENCES notes ON DELETE SET NULL)",
                "notes: a foreign key of t holds its rows",
            ),
            (
                "CREATE TABLE t(a, FOREIGN KEY (a) REFERENCES notes ON DELETE CASCADE ON DELETE NO ACTION)",
                "notes: a foreign key of t holds its rows",
            ),
            (
                "CREATE TABLE t(a REFERENCES notes ON UPDATE CASCADE)",
                "notes: a foreign key of t holds its rows",
            ),
            ("ALTER TABLE notes ADD a AFTER b", "notes: ADD COLUMN a AFTER b"),
            ("ALTER TABLE notes ADD a NOT NULL", "notes: ADD COLUMN a NOT NULL"),
            ("ALTER TABLE notes ADD a NOT NULL DEFAULT NULL", "notes: ADD COLUMN a NOT NULL DEFAULT NULL"),
            ("ALTER TABLE notes ADD a UNIQUE DEFAULT 1", "notes: ADD COLUMN a UNIQUE DEFAULT 1"),
            ("ALTER TABLE notes ADD a CHECK (a IS NOT NULL)", "notes: ADD COLUMN a CHECK (a IS NOT NULL)"),
            ("ALTER TABLE notes ADD a CHECK (a NOT NULL)", "notes: ADD COLUMN a CHECK (a NOT NULL)"),
            (
                "ALTER TABLE notes ADD a CHECK (a NOTNULL AND a > 0)",
                "notes: ADD COLUMN a CHECK (a NOTNULL AND a > 0)",
            ),
            (
                "ALTER TABLE notes ADD a CHECK (typeof(a) = 'text')",
                "notes: ADD COLUMN a CHECK (typeof(a) = 'text')",
            ),
            (
                "ALTER TABLE notes ADD a CHECK (CASE WHEN a LIKE 'x' THEN TRUE ELSE FALSE END)",
                "notes: ADD COLUMN a CHECK (CASE WHEN a LIKE 'x' THEN TRUE ELSE FALSE END)",
            ),
            (
                "ALTER TABLE notes ADD a CHECK ((a IS NULL OR a > 1) AND a IS NOT NULL)",
                "notes: ADD COLUMN a CHECK ((a IS NULL OR a > 1) AND a IS NOT NULL)",
            ),
            ("ALTER TABLE notes ADD a CHECK (a < b)", "notes: ADD COLUMN a CHECK (a < b)"),
            ("ALTER TABLE notes ADD a DEFAULT (mine())", "notes: ADD COLUMN a DEFAULT (mine())"),
            ("ALTER TABLE notes ADD a AS (b + 1)", "notes: ADD COLUMN a AS (b + 1)"),
            ("ALTER TABLE notes ADD a REFERENCES f", "notes: ADD COLUMN a REFERENCES f"),
            (
                "ALTER TABLE notes ADD a REFERENCES f ON DELETE CASCADE",
                "notes: ADD COLUMN a REFERENCES f ON DELETE CASCADE",
            ),
            ("ALTER TABLE notes ADD a COLLATE german", "notes: ADD COLUMN a COLLATE german"),
            ("ALTER TABLE notes ADD b, DROP a", "notes: DROP COLUMN a"),
            ("ALTER TABLE notes RENAME a TO b", "notes: RENAME COLUMN a TO b"),
            ("ALTER TABLE notes RENAME TO texts", "notes: RENAME TO texts"),
            ("ALTER TABLE notes ALTER a SET NOT NULL", "notes: ALTER COLUMN a SET NOT NULL"),
            ("ALTER TABLE notes ALTER a DROP NOT NULL", "notes: ALTER COLUMN a DROP NOT NULL"),
            ("ALTER TABLE notes ALTER a TYPE INT", "notes: ALTER COLUMN a TYPE INT"),
            ("ALTER TABLE notes ADD UNIQUE (a)", "notes: ADD UNIQUE (a)"),
            ("ALTER TABLE notes ALTER a FIRST", "notes: ALTER COLUMN a FIRST"),
            ("ALTER TABLE notes SET STRICT", "notes: SET STRICT"),
            ("UPDATE notes SET title = ''", "notes: UPDATE"),
            ("ALTER TABLE notes ADD a; UPDATE notes SET a = 1, title = ''", "notes: UPDATE"),
            ("INSERT INTO notes VALUES (1)", "notes: INSERT"),
            ("WITH n AS (SELECT 1) DELETE FROM notes", "notes: DELETE"),
            ("PRAGMA user_version = 3", "PRAGMA user_version"),
            ("SELECT AddGeometryColumn('notes')", "SELECT that calls a function"),
            ("-- migrate:up transaction:false\nATTACH 'x' AS y", "ATTACH"),
            (
                "CREATE TABLE new(a); INSERT INTO new SELECT a FROM notes; DROP TABLE notes; ALTER TABLE new RENAME TO notes",
                "DROP TABLE notes",
            ),
        ] {
            assert_eq!(why(sql).as_deref(), Some(want), "{sql}");
        }
    }

    #[test]
    fn the_line_is_that_of_the_statement() {
        let section = Section::parse("CREATE TABLE a(b);\n\nDROP TABLE c;", 10).unwrap();
        assert_eq!(section.breaks_older_apps().map(|found| found.line), Some(12));
    }
}
