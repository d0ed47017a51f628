//! The rebuild, as statements: SQLite's documented procedure
//! (<https://sqlite.org/lang_altertable.html#otheralter>) in the order that keeps the exact text.
//!
//! The old table is renamed away, the new one created under its own name, the rows copied, the old
//! one dropped; then come indexes (building them after the rows is several times faster, and some need
//! not be built at all: [`KeptIndex`]), the AUTOINCREMENT counter, statistics and triggers. That is
//! right only with `foreign_keys` off, because DROP TABLE is otherwise "an implicit DELETE FROM" that
//! cascades (<https://sqlite.org/foreignkeys.html#fk_schemacommands>), and with `legacy_alter_table`
//! on, because the rename would otherwise pull views, triggers and child tables along. The caller
//! sees to both.

use super::convert::{may_be_respelt, spelling};
use super::draft::{Draft, Source};
use super::keep::{Kept, KeptIndex};
use super::swap::Swap;
use super::table_state::TableState;
use super::values::default_expression;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Object, TableDef};
use crate::sql::{TokenType as T, literal, quote, same_name, tokens, unquote};

/// A rebuild's statements, in the order of the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuild {
    /// Drops the triggers, so that none fires while rows move.
    pub clear: Vec<String>,
    /// Puts the old rows aside and makes the new table.
    pub prepare: Vec<Preparation>,
    /// Copies the rows into the new table.
    pub copy: Copy,
    /// Gives the new table the AUTOINCREMENT counter of the old one, in place of what the copy has set.
    pub counter: Vec<String>,
    /// The tables change places then, where foreign keys are enforced.
    pub swap: Option<Swap>,
    /// The indexes that go over to the new table as they are.
    pub keep: Vec<KeptIndex>,
    /// Conditions on the old rows: where one holds, those indexes are made again after all.
    pub unsure: Vec<String>,
    /// Drops what was put aside.
    pub drop_old: String,
    /// Creates the other indexes again.
    pub indexes: Vec<String>,
    /// Creates the triggers again.
    pub triggers: Vec<String>,
}

/// A step before the rows are copied into the new table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preparation {
    /// One statement.
    Statement(String),
    /// Rows are copied aside.
    Copy(Copy),
}

/// Rows on their way from one table to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// Qualified and quoted.
    pub from: String,
    /// What the old table is called, quoted: USING may write `table.column`.
    pub called: String,
    /// Qualified and quoted.
    pub to: String,
    /// What the new table's columns are called, its rowid included, and what they get.
    pub columns: Vec<(String, String)>,
    /// The rowid's name in the new and in the old table, where rows keep it: then rows can be
    /// copied in windows.
    pub rowid: Option<(String, String)>,
    /// Columns whose values SQLite converts, and may spell otherwise.
    pub converted: Vec<Converted>,
}

/// A column whose values SQLite converts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// Its name in the new table.
    pub new: String,
    /// What holds at least for every old value that is spelt otherwise afterwards.
    pub may_be_respelt: String,
    /// What holds for a value of the old table that is spelt oddly.
    pub before: String,
    /// The same of the new table: so many fewer there are, so many are spelt otherwise.
    pub after: String,
}

impl Copy {
    /// The statement that copies all rows, or those that `condition` names.
    ///
    /// `OR ABORT`, because a column's own ON CONFLICT IGNORE or REPLACE would lose rows silently.
    pub fn insert(&self, condition: &str) -> String {
        let into: Vec<&str> = self.columns.iter().map(|(column, _)| column.as_str()).collect();
        let select: Vec<&str> = self.columns.iter().map(|(_, value)| value.as_str()).collect();
        let condition = if condition.is_empty() { String::new() } else { format!(" {condition}") };
        format!(
            "INSERT OR ABORT INTO {}({}) SELECT {} FROM {} AS {}{condition}",
            self.to,
            into.join(", "),
            select.join(", "),
            self.from,
            self.called
        )
    }
}

impl Rebuild {
    /// The statements that turn `state` into `draft`. None of them holds anything of the rows, so that
    /// they can be printed and run elsewhere. `edit`: `sqlite_schema` may be edited.
    ///
    /// Errors: [`ErrorKind::WouldLose`] where the rowids cannot be reached by SQL.
    pub fn new(state: &TableState, draft: &Draft, edit: bool) -> Result<Rebuild> {
        let schema = quote(&state.schema);
        let old_name = quote(&state.unused_name("limbeck_old"));
        let aside = format!("{schema}.{old_name}");
        let table = format!("{schema}.{}", quote(&state.table.name));
        let create = create(state, draft);
        let keeps_counter = state.table.autoincrement() && draft.table.autoincrement();
        let mut prepare = Vec::new();
        let copied_aside = qualifies_itself(state);
        if copied_aside {
            // Renaming is out: SQLite would not find `t.a` in the old table's own CHECK.
            prepare.push(Preparation::Statement(plain_twin(state, &aside)));
            prepare.push(Preparation::Copy(copy_aside(state, &table, &aside)?));
            if keeps_counter {
                prepare.push(Preparation::Statement(counter_aside(state, &schema)));
            }
            prepare.push(Preparation::Statement(format!("DROP TABLE {table}")));
        } else {
            prepare.push(Preparation::Statement(format!("ALTER TABLE {table} RENAME TO {old_name}")));
        }
        prepare.push(Preparation::Statement(create));
        let mut copy = copy(state, draft, &aside, &table)?;
        if let (true, Some((_, from)), Some(rowid)) =
            (copied_aside, &mut copy.rowid, state.table.rowid_name())
        {
            // In the twin the key is an ordinary column; the rowid is still the rowid.
            *from = rowid.to_owned();
        }
        let may_keep = edit && !copied_aside && copy.rowid.is_some();
        let kept = if may_keep { Kept::of(state, draft) } else { Kept::default() };
        let made = draft.indexes.iter().filter(|index| !kept.indexes.contains(index));
        Ok(Rebuild {
            clear: state.triggers.iter().map(Object::drop).collect(),
            prepare,
            copy,
            counter: if keeps_counter { counter_back(state, &schema) } else { Vec::new() },
            swap: None,
            keep: kept.indexes.iter().map(|index| KeptIndex::new(index)).collect(),
            unsure: kept.unsure,
            drop_old: format!("DROP TABLE {aside}"),
            indexes: made.map(Object::create).collect::<Result<_>>()?,
            triggers: draft.triggers.iter().map(|trigger| trigger.create()).collect::<Result<_>>()?,
        })
    }

    /// The same while foreign keys are enforced (see [`Swap`]).
    ///
    /// Errors: as [`new`](Self::new); [`ErrorKind::TransactionOpen`] where the text names its own table.
    pub fn enforced(state: &TableState, draft: &Draft) -> Result<Rebuild> {
        let new = &draft.table;
        if names_itself(new, new.generated().map(|span| new.text(span))) {
            let name = &state.table.name;
            return Err(Error::new(
                ErrorKind::TransactionOpen,
                format!("table {name} names itself in a generated column, and foreign_keys cannot be switched off here to rebuild it"),
            )
            .with_hint("commit before calling limbeck"));
        }
        let mut plan = Rebuild::new(state, draft, false)?;
        let schema = quote(&state.schema);
        let (fresh, aside) = (state.unused_name("limbeck_new"), state.unused_name("limbeck_old"));
        let swap = Swap::new(state, draft, &fresh, &aside)?;
        // An index that stayed would belong to the new table afterwards.
        plan.clear.extend(state.indexes.iter().map(Object::drop));
        plan.prepare = vec![Preparation::Statement(swap.create.clone())];
        let name = |name: &str| format!("{schema}.{}", quote(name));
        plan.copy = copy(state, draft, &name(&state.table.name), &name(&fresh))?;
        // The swap sees to it.
        plan.counter.clear();
        plan.swap = Some(swap);
        Ok(plan)
    }
}

/// Keeps the counter over `DROP TABLE`, which would take it along; a rename does so by itself.
fn counter_aside(state: &TableState, schema: &str) -> String {
    let (name, old) = (literal(&state.table.name), literal(&state.unused_name("limbeck_old")));
    format!(
        "INSERT INTO {schema}.sqlite_sequence(name, seq) \
         SELECT {old}, seq FROM {schema}.sqlite_sequence WHERE name = {name} COLLATE NOCASE"
    )
}

/// The copy has set the counter to the greatest rowid; what was given out before counts as well.
fn counter_back(state: &TableState, schema: &str) -> Vec<String> {
    let (name, old) = (literal(&state.table.name), literal(&state.unused_name("limbeck_old")));
    let sequence = format!("{schema}.sqlite_sequence");
    vec![
        format!("DELETE FROM {sequence} WHERE name = {name} COLLATE NOCASE"),
        format!("UPDATE {sequence} SET name = {name} WHERE name = {old}"),
    ]
}

/// The new table's text, its schema put before its name.
pub(super) fn create(state: &TableState, draft: &Draft) -> String {
    let table = &draft.table;
    let (head, tail) = table.sql.split_at(table.name_span.start);
    format!("{head}{}.{tail}", quote(&state.schema))
}

fn copy(state: &TableState, draft: &Draft, from: &str, to: &str) -> Result<Copy> {
    let mut columns = Vec::new();
    let mut converted = Vec::new();
    for (column, source) in draft.table.columns.iter().zip(&draft.sources) {
        if column.generated().is_some() {
            continue; // "cannot INSERT into generated column"
        }
        let name = quote(&column.name);
        match source {
            Source::Column(old) => columns.push((name, quote(old))),
            Source::Converted(old) => {
                let (new, old) = (name.clone(), quote(old));
                columns.push((name, old.clone()));
                let to = draft.table.affinity(column);
                if let (Some(may_be_respelt), Some(before), Some(after)) =
                    (may_be_respelt(&old, to), spelling(&old, to), spelling(&new, to))
                {
                    converted.push(Converted { new, may_be_respelt, before, after });
                }
            }
            Source::Expression(expression) => columns.push((name, format!("({expression})"))),
            Source::Default => {}
        }
    }
    let rowid = kept_rowid(state, draft)?;
    if let Some((new, old)) = &rowid
        && draft.table.rowid_alias().is_none_or(|key| draft.sources[key] == Source::Default)
    {
        // "INSERT INTO n SELECT * FROM t" would number the rows anew.
        columns.insert(0, (new.clone(), old.clone()));
    }
    if columns.is_empty() {
        // No value stays: the rows do, with the defaults of new columns.
        let new = draft.table.columns.iter().find(|column| column.generated().is_none());
        columns.extend(new.map(|column| {
            let default = column.default().map(|span| default_expression(draft.table.text(span)));
            (quote(&column.name), default.unwrap_or_else(|| "NULL".to_owned()))
        }));
    }
    let called = quote(&state.table.name);
    Ok(Copy { from: from.to_owned(), called, to: to.to_owned(), columns, rowid, converted })
}

/// Every row as it is, into the [`plain_twin`].
fn copy_aside(state: &TableState, from: &str, to: &str) -> Result<Copy> {
    let table = &state.table;
    let mut columns: Vec<(String, String)> =
        table.columns.iter().map(|column| (quote(&column.name), quote(&column.name))).collect();
    let mut rowid = None;
    if !table.options.without_rowid {
        let name = table.rowid_name().ok_or_else(|| unreachable_rowid(table))?;
        columns.insert(0, (name.to_owned(), name.to_owned()));
        rowid = Some((name.to_owned(), name.to_owned()));
    }
    let called = quote(&table.name);
    Ok(Copy { from: from.to_owned(), called, to: to.to_owned(), columns, rowid, converted: Vec::new() })
}

/// The rowid's name in the new and in the old table, where the rows keep theirs.
fn kept_rowid(state: &TableState, draft: &Draft) -> Result<Option<(String, String)>> {
    let (old, new) = (&state.table, &draft.table);
    if old.options.without_rowid || new.options.without_rowid {
        return Ok(None);
    }
    if let Some(key) = new.rowid_alias() {
        // The key's own values become the rowids: the old ones if the same column was the key, or if
        // the key is a new column, which says what was there without a name.
        let same = match (&draft.sources[key], old.rowid_alias()) {
            (Source::Column(from), Some(old_key)) => same_name(from, &old.columns[old_key].name),
            (Source::Default, Some(_)) => true,
            (Source::Default, None) => old.rowid_name().is_some(),
            _ => false,
        };
        if !same {
            return Ok(None);
        }
    }
    // A key column is the rowid, under its own name.
    let name = |table: &TableDef| match table.rowid_alias() {
        Some(key) => Ok(quote(&table.columns[key].name)),
        None => table.rowid_name().map(str::to_owned).ok_or_else(|| unreachable_rowid(table)),
    };
    Ok(Some((name(new)?, name(old)?)))
}

fn unreachable_rowid(table: &TableDef) -> Error {
    Error::new(
        ErrorKind::WouldLose,
        format!(
            "table {} has columns named rowid, _rowid_ and oid, so its rowids cannot be copied",
            table.name
        ),
    )
    .with_hint("rename one of these columns first")
}

/// Whether the table's own text, or that of an index, says `t.column`.
fn qualifies_itself(state: &TableState) -> bool {
    let table = &state.table;
    let indexes = state.indexes.iter().filter_map(|index| index.sql.as_deref());
    let spans = table.generated().chain(table.checks().map(|(_, expression)| expression));
    names_itself(table, spans.map(|span| table.text(span)).chain(indexes))
}

fn names_itself<'t>(table: &TableDef, mut texts: impl Iterator<Item = &'t str>) -> bool {
    texts.any(|text| {
        tokens(text).is_ok_and(|all| {
            all.windows(2)
                .any(|pair| pair[1].kind == T::TK_DOT && same_name(&unquote(pair[0].text), &table.name))
        })
    })
}

/// A table with the same columns, types and collations, and nothing else.
fn plain_twin(state: &TableState, name: &str) -> String {
    let table = &state.table;
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let collation = column.collation().map(|span| format!(" COLLATE {}", table.text(span)));
            format!("{} {}{}", quote(&column.name), table.type_name(column), collation.unwrap_or_default())
        })
        .collect();
    format!("CREATE TABLE {name}({})", columns.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alter::{Alteration, Capabilities, RebuildMode, choose};
    use crate::schema::ObjectKind;

    fn object(kind: ObjectKind, schema: &str, name: &str, sql: &str) -> Object {
        Object { schema: schema.into(), kind, name: name.into(), table: "t".into(), sql: Some(sql.into()) }
    }

    fn rebuild(table: &str, actions: &str) -> Rebuild {
        let state = TableState {
            schema: "main".into(),
            table: TableDef::parse(table).unwrap().into(),
            indexes: vec![object(ObjectKind::Index, "main", "i", "CREATE INDEX i ON t(a DESC) WHERE a > 0")],
            triggers: vec![object(
                ObjectKind::Trigger,
                "temp",
                "r",
                "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
            )],
            children: Vec::new(),
            names: vec!["t".into(), "LIMBECK_OLD".into()],
        };
        let alteration = Alteration::parse(&format!("ALTER TABLE t {actions}")).unwrap();
        let can = Capabilities { version: 3_040_001, sound: true, edit: true, rebuild: RebuildMode::Always };
        let (draft, _) = choose(&state, &alteration.actions, can).unwrap();
        Rebuild::new(&state, &draft, true).unwrap()
    }

    #[test]
    fn statements_in_order() {
        let all = rebuild(
            "CREATE TABLE t(a INT, -- the a\n b AS (a * 2))",
            "ALTER a SET NOT NULL, ADD c DEFAULT 1 FIRST",
        );
        let text = |statement: &str| Preparation::Statement(statement.to_owned());
        assert_eq!(all.clear, ["DROP TRIGGER temp.r"]);
        assert_eq!(
            all.prepare,
            [
                text("ALTER TABLE main.t RENAME TO limbeck_old_1"),
                text("CREATE TABLE main.t(c DEFAULT 1, a INT NOT NULL, -- the a\n b AS (a * 2))"),
            ]
        );
        assert_eq!(
            all.copy.insert("WHERE rowid > 5"),
            "INSERT OR ABORT INTO main.t(rowid, a) SELECT rowid, a FROM main.limbeck_old_1 AS t WHERE rowid > 5"
        );
        assert_eq!(all.drop_old, "DROP TABLE main.limbeck_old_1");
        assert_eq!(all.indexes, ["CREATE INDEX main.i ON t(a DESC) WHERE a > 0"]);
        assert_eq!(all.triggers, ["CREATE TRIGGER temp.r AFTER INSERT ON t BEGIN SELECT 1; END"]);
    }

    #[test]
    fn rowids_are_kept_wherever_they_mean_the_same() {
        for (table, actions, want) in [
            ("CREATE TABLE t(a)", "ALTER a SET NOT NULL", Some(("rowid", "rowid"))),
            ("CREATE TABLE t(a, rowid)", "ALTER a SET NOT NULL", Some(("_rowid_", "_rowid_"))),
            ("CREATE TABLE t(id INTEGER PRIMARY KEY, a)", "ALTER a SET NOT NULL", Some(("id", "id"))),
            ("CREATE TABLE t(id INTEGER PRIMARY KEY, a)", "DROP PRIMARY KEY", Some(("rowid", "id"))),
            ("CREATE TABLE t(a)", "ADD id INTEGER PRIMARY KEY", Some(("id", "rowid"))),
            ("CREATE TABLE t(rowid, oid, _rowid_)", "ADD id INTEGER PRIMARY KEY", None),
            ("CREATE TABLE t(id INTEGER, a)", "ADD PRIMARY KEY (id)", None),
            ("CREATE TABLE t(a PRIMARY KEY)", "SET WITHOUT ROWID", None),
            ("CREATE TABLE t(a PRIMARY KEY) WITHOUT ROWID", "SET WITH ROWID", None),
        ] {
            let rowid = rebuild(table, actions).copy.rowid;
            assert_eq!(rowid, want.map(|(to, from)| (to.to_owned(), from.to_owned())), "{table} {actions}");
        }
    }

    #[test]
    fn a_table_that_names_itself_is_copied_aside() {
        let all = rebuild(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE CHECK (t.a > 0))",
            "ALTER a SET NOT NULL",
        );
        assert!(
            matches!(&all.prepare[0], Preparation::Statement(s) if s == "CREATE TABLE main.limbeck_old_1(id INTEGER, a TEXT COLLATE NOCASE)")
        );
        assert!(
            matches!(&all.prepare[1], Preparation::Copy(copy) if copy.insert("") == "INSERT OR ABORT INTO main.limbeck_old_1(rowid, id, a) SELECT rowid, id, a FROM main.t AS t")
        );
        assert!(matches!(&all.prepare[2], Preparation::Statement(s) if s == "DROP TABLE main.t"));
    }
}
