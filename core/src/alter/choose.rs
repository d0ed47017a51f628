//! Which way an alteration goes: the cheapest that is provably safe.

use serde::{Deserialize, Serialize};

use super::action::Action;
use super::draft::Draft;
use super::in_place::{InPlace, in_place};
use super::native::native;
use super::table_state::TableState;
use crate::error::{Error, ErrorKind, Result};
use crate::sql::{quote, same_name};

/// Whether tables may be rebuilt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RebuildMode {
    /// Where nothing cheaper is provably right.
    #[default]
    Auto,
    /// Always, but for renames, which SQLite does itself.
    Always,
    /// Never: what needs one is refused.
    Never,
}

/// What the connection at hand can do.
#[derive(Debug, Clone, Copy)]
pub struct Capabilities {
    /// As `sqlite3_libversion_number()` has it: 3.45.1 is 3045001.
    pub version: u32,
    /// SQLite's DROP COLUMN would neither fail on a view or trigger that does not compile, nor
    /// rewrite another object's text.
    pub sound: bool,
    /// `sqlite_schema` may be edited: neither SQLITE_DBCONFIG_DEFENSIVE nor an authorizer forbids it.
    pub edit: bool,
    /// The caller's choice.
    pub rebuild: RebuildMode,
}

/// The way that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The table is already as it should be.
    Nothing,
    /// These statements, SQLite's own.
    Native(Vec<String>),
    /// The stored text is edited, if the rows allow it.
    InPlace(InPlace),
    /// A rebuild, and why nothing cheaper would do.
    Rebuild(String),
}

/// Applies a group of actions (see [`Alteration::groups`](super::Alteration::groups)) to the
/// definition and chooses the way: for each action SQLite's own, else in place; one action for
/// which neither will do makes it a rebuild of all.
///
/// Errors: the `alter.*` kinds; [`ErrorKind::RebuildRefused`] where a rebuild is needed and forbidden.
pub fn choose(state: &TableState, actions: &[Action], can: Capabilities) -> Result<(Draft, Choice)> {
    let mut draft = Draft::new(state);
    let mut plan = InPlace::default();
    let mut why = (can.rebuild == RebuildMode::Always).then(|| "rebuild = always".to_owned());
    for action in actions {
        let before = draft.clone();
        draft.apply(action)?;
        if action.is_rename() {
            return Ok((draft, Choice::Native(rename(state, action))));
        }
        if why.is_some() || same(&before, &draft) {
            continue;
        }
        match native(action, &before, &draft, can) {
            Ok(body) => plan.statement(format!("ALTER TABLE {} {body}", state.qualified())),
            Err(reason) => match in_place(action, state, &before, &draft, can) {
                Ok(needs) => plan.edit(needs, &draft.table.sql, format!("{action}: {reason}")),
                Err(also) => why = Some(format!("{action}: {reason}; {also}")),
            },
        }
    }
    if can.rebuild != RebuildMode::Always && draft.is_as(state) {
        return Ok((draft, Choice::Nothing));
    }
    let choice = match (why, plan.native()) {
        (Some(why), _) => Choice::Rebuild(why),
        (None, Some(statements)) if statements.is_empty() => Choice::Nothing,
        (None, Some(statements)) => Choice::Native(statements),
        (None, None) => Choice::InPlace(plan.finish(state, &draft)),
    };
    if let (Choice::Rebuild(why), RebuildMode::Never) = (&choice, can.rebuild) {
        return Err(rebuild_refused(&state.table.name, why));
    }
    Ok((draft, choice))
}

/// A rebuild is needed, and `rebuild = never`.
pub(crate) fn rebuild_refused(table: &str, why: &str) -> Error {
    let message = format!("table {table} would have to be rebuilt ({why}), and rebuild = never");
    Error::new(ErrorKind::RebuildRefused, message).with_hint("set rebuild = auto, or split the migration")
}

fn same(before: &Draft, after: &Draft) -> bool {
    before.table.sql == after.table.sql && before.sources == after.sources
}

/// A rename, which SQLite carries through the whole schema.
fn rename(state: &TableState, action: &Action) -> Vec<String> {
    let table = state.qualified();
    match action {
        Action::RenameColumn { column, to } => {
            vec![format!("ALTER TABLE {table} RENAME COLUMN {} TO {}", quote(column), quote(to))]
        }
        Action::RenameTable { to } if *to == state.table.name => Vec::new(),
        // SQLite refuses `t` to `T`: "there is already another table or index with this name".
        Action::RenameTable { to } if same_name(to, &state.table.name) => {
            let between = quote(&state.unused_name("limbeck_rename"));
            let schema = quote(&state.schema);
            vec![
                format!("ALTER TABLE {table} RENAME TO {between}"),
                format!("ALTER TABLE {schema}.{between} RENAME TO {}", quote(to)),
            ]
        }
        Action::RenameTable { to } => vec![format!("ALTER TABLE {table} RENAME TO {}", quote(to))],
        other => unreachable!("{other} is no rename"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alter::{Alteration, Condition, Step};
    use crate::schema::TableDef;

    fn state(sql: &str) -> TableState {
        TableState {
            schema: "main".into(),
            table: TableDef::parse(sql).unwrap().into(),
            indexes: Vec::new(),
            triggers: Vec::new(),
            children: Vec::new(),
            names: vec!["t".into()],
        }
    }

    fn in_words(plan: &InPlace) -> String {
        let conditions = plan.conditions.iter().map(|condition| match condition {
            Condition::NoRow { query, .. } => format!("unless {}", query.split(" WHERE ").nth(1).unwrap()),
            Condition::FullRows { column } => format!("no short {column}"),
        });
        let steps = plan.steps.iter().map(|step| match step {
            Step::Statement(sql) => sql.clone(),
            Step::Edit(_) => "edit".into(),
            Step::Convert(conversion) => conversion.update.clone(),
        });
        let after = [("reindex", plan.reindex), ("verify", plan.verify)];
        let after = after.iter().filter(|(_, wanted)| *wanted).map(|(what, _)| (*what).to_owned());
        conditions.chain(steps).chain(after).collect::<Vec<_>>().join("; ")
    }

    fn way(table: &str, actions: &str, version: u32) -> String {
        let alteration = Alteration::parse(&format!("ALTER TABLE t {actions}")).unwrap();
        let can = Capabilities { version, sound: true, edit: true, rebuild: RebuildMode::Auto };
        match choose(&state(table), &alteration.groups()[0], can) {
            Ok((_, Choice::Nothing)) => "nothing".into(),
            Ok((_, Choice::Native(statements))) => statements.join("; "),
            Ok((_, Choice::InPlace(plan))) => in_words(&plan),
            Ok((_, Choice::Rebuild(why))) => {
                format!("rebuild: {}", why.rsplit("; ").next().unwrap_or_default())
            }
            Err(error) => format!("{}: {error}", error.code()),
        }
    }

    #[test]
    fn the_cheapest_way_that_is_right() {
        let t = "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT NOT NULL, b UNIQUE, c CONSTRAINT k CHECK (c > 0), v AS (a))";
        for (actions, version, want) in [
            ("ADD d", 3_033_000, "ALTER TABLE main.t ADD COLUMN d"),
            ("ADD d NOT NULL DEFAULT 1", 3_033_000, "ALTER TABLE main.t ADD COLUMN d NOT NULL DEFAULT 1"),
            ("ADD d CHECK (d)", 3_037_000, "rebuild: the record has no place for the column"),
            ("ADD d CHECK (d)", 3_038_000, "ALTER TABLE main.t ADD COLUMN d CHECK (d)"),
            ("ADD d UNIQUE", 3_054_000, "rebuild: the record has no place for the column"),
            ("ADD d DEFAULT CURRENT_DATE", 3_054_000, "rebuild: the record has no place for the column"),
            ("ADD d FIRST", 3_054_000, "rebuild: the record has no place for the column"),
            ("ADD d AS (a || c) FIRST", 3_054_000, "edit"),
            ("ADD d AFTER v", 3_054_000, "ALTER TABLE main.t ADD COLUMN d"),
            ("ADD IF NOT EXISTS a text not null", 3_054_000, "nothing"),
            ("DROP c", 3_035_004, "rebuild: the record stores the column"),
            ("DROP c", 3_035_005, "ALTER TABLE main.t DROP COLUMN c"),
            ("DROP b", 3_054_000, "rebuild: the record stores the column"),
            ("DROP v", 3_033_000, "edit"),
            ("ALTER b SET NOT NULL", 3_052_000, "edit; verify"),
            ("ALTER b SET NOT NULL", 3_053_000, "ALTER TABLE main.t ALTER COLUMN b SET NOT NULL"),
            ("ALTER a SET NOT NULL", 3_053_000, "nothing"),
            ("ADD CHECK (a)", 3_053_000, "edit; verify"),
            ("ADD CHECK (a)", 3_054_000, "ALTER TABLE main.t ADD CHECK (a)"),
            ("DROP CONSTRAINT k", 3_052_000, "edit"),
            ("DROP CONSTRAINT k", 3_053_000, "ALTER TABLE main.t DROP CONSTRAINT k"),
            ("DROP UNIQUE (b)", 3_054_000, "rebuild: the constraint keeps an index of its own"),
            ("ADD FOREIGN KEY (a) REFERENCES u", 3_054_000, "edit"),
            ("ADD PRIMARY KEY (a)", 3_054_000, "alter.already_exists: table t has a primary key already"),
            ("ALTER a SET DEFAULT 1", 3_054_000, "no short a; edit"),
            ("ADD d, ALTER a SET DEFAULT 1", 3_054_000, "no short a; ALTER TABLE main.t ADD COLUMN d; edit"),
            ("ADD d, ALTER d SET DEFAULT 1", 3_054_000, "rebuild: this batch gives the column its values"),
            ("ALTER a DROP NOT NULL, ADD CHECK (c < 9), RENAME CONSTRAINT k TO l", 3_040_000, "edit; verify"),
            ("ALTER v AFTER id", 3_054_000, "edit"),
            ("ALTER c AFTER id", 3_054_000, "rebuild: the record keeps its columns in order"),
            ("ALTER v SET GENERATED (c) VIRTUAL", 3_054_000, "edit; reindex; verify"),
            (
                "ALTER v SET GENERATED (c) STORED",
                3_054_000,
                "rebuild: values that are stored have to be written",
            ),
            ("SET WITHOUT ROWID", 3_054_000, "rebuild: rows are stored in another way"),
            (
                "RENAME TO T",
                3_054_000,
                "ALTER TABLE main.t RENAME TO limbeck_rename; ALTER TABLE main.limbeck_rename RENAME TO T",
            ),
            ("RENAME a TO b", 3_054_000, "alter.already_exists: table t has a column b already"),
            ("DROP id", 3_054_000, "alter.still_needed: column id of t is needed by the primary key"),
        ] {
            assert_eq!(way(t, actions, version), want, "{actions}");
        }
    }

    #[test]
    fn a_type_changes_in_place_where_that_is_a_copys_equal() {
        let t = "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, i INT UNIQUE, r REAL, n NUMERIC DEFAULT 1, \
                 c TEXT CHECK (c <> ''), k TEXT UNIQUE, s AS (c) STORED)";
        for (actions, want) in [
            ("ALTER a TYPE VARCHAR(20)", "edit"),
            ("ALTER i TYPE DECIMAL", "edit"),
            ("ALTER a TYPE INT", "edit; UPDATE OR FAIL main.t SET a = a WHERE typeof(a) IN ('text', 'real')"),
            ("ALTER a TYPE REAL", "edit; UPDATE OR FAIL main.t SET a = a WHERE a IS NOT NULL"),
            ("ALTER a TYPE BLOB", "edit"),
            ("ALTER a TYPE INT USING substr(a, 2)", "edit; UPDATE OR FAIL main.t SET a = (substr(a, 2))"),
            (
                "ALTER a TYPE INT USING a = '1'",
                "rebuild: USING compares, and would compare otherwise under the new type",
            ),
            (
                "ALTER n TYPE TEXT",
                "no short n; edit; UPDATE OR FAIL main.t SET n = n WHERE typeof(n) IN ('integer', 'real')",
            ),
            (
                "ALTER r TYPE TEXT",
                "unless typeof(r) IN ('real') LIMIT 1; edit; UPDATE OR FAIL main.t SET r = r WHERE typeof(r) IN ('integer', 'real')",
            ),
            ("ALTER i TYPE TEXT", "unless typeof(i) IN ('integer', 'real') LIMIT 1; edit; reindex; verify"),
            ("ALTER c TYPE INT", "rebuild: a rule or an expression compares the column"),
            ("ALTER k TYPE TEXT COLLATE NOCASE", "edit; reindex; verify"),
            ("ALTER c TYPE TEXT COLLATE NOCASE", "rebuild: a STORED column may depend on the collation"),
            ("ALTER id TYPE INT", "rebuild: the column becomes the rowid, or ceases to be"),
            ("ALTER id TYPE integer", "edit"),
        ] {
            assert_eq!(way(t, actions, 3_054_000), want, "{actions}");
        }
    }
}
