//! A `CREATE TABLE` and the `ALTER TABLE`s behind it, applied action by action. SQLite says what
//! each text means.

#![no_main]

#[path = "../judge.rs"]
mod judge;

use libfuzzer_sys::fuzz_target;
use limbeck::ErrorKind;
use limbeck::alter::{Action, Alteration, ConstraintRef, Draft, TableState};
use limbeck::schema::TableDef;
use limbeck::sql::{TokenType as T, split, tokens};

fuzz_target!(|text: &str| {
    let Ok(statements) = split(text) else { return };
    let mut edited: Option<Edited> = None;
    for statement in statements.iter().take(40) {
        if let Ok(alteration) = Alteration::parse(statement.text) {
            if let Some(edited) = &mut edited {
                alteration.actions.iter().take(20).for_each(|action| edited.apply(action));
            }
        } else {
            edited = Edited::new(statement.text).or(edited);
        }
    }
});

/// A table on which actions are tried.
struct Edited {
    draft: Draft,
    /// Whether SQLite takes the text as it is now.
    accepted: bool,
}

impl Edited {
    fn new(sql: &str) -> Option<Edited> {
        let read = TableDef::parse(sql);
        let accepted = compare(sql, &read);
        let table = read.ok()?;
        let draft = Draft::new(&TableState {
            schema: "main".to_owned(),
            names: vec![table.name.clone()],
            table: table.into(),
            indexes: Vec::new(),
            triggers: Vec::new(),
            children: Vec::new(),
        });
        Some(Edited { draft, accepted })
    }

    fn apply(&mut self, action: &Action) {
        let mut draft = self.draft.clone();
        if draft.apply(action).is_err() {
            return;
        }
        assert_eq!(draft.sources.len(), draft.table.columns.len());
        let accepted = compare(&draft.table.sql, &Ok(TableDef::clone(&draft.table)));
        assert!(
            accepted || !self.accepted || may_fail(action),
            "{action}:\n{}\nbecame\n{}",
            self.draft.table.sql,
            draft.table.sql
        );
        *self = Edited { draft, accepted };
    }
}

/// Whether SQLite takes the text; if so, limbeck must have understood it.
fn compare(sql: &str, read: &limbeck::Result<TableDef>) -> bool {
    if !is_plain(sql) {
        return false;
    }
    let Ok((stored, facts)) = judge::ask(sql) else { return false };
    match read {
        Ok(table) => {
            assert_eq!(judge::read(table), facts, "{sql}");
            let stored = TableDef::parse(&stored).unwrap_or_else(|error| panic!("{error}: {stored}"));
            assert_eq!(judge::read(&stored), facts);
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::SqlTooDeep, "{error}: {sql}"),
    }
    true
}

/// Whether it is a `CREATE TABLE` with columns, of a database that is there.
fn is_plain(sql: &str) -> bool {
    let all = tokens(sql).expect("it was read before");
    all.len() > 3
        && all[0].kind == T::TK_CREATE
        && all[1].kind == T::TK_TABLE
        && !all.iter().any(|token| matches!(token.kind, T::TK_SELECT | T::TK_VALUES))
}

/// Whether SQLite may refuse what the action makes of a good text: because of what the caller's own
/// words mean, or because a rule of SQLite's stands against it, which a rebuild finds.
fn may_fail(action: &Action) -> bool {
    match action {
        Action::RenameColumn { .. }
        | Action::RenameConstraint { .. }
        | Action::RenameTable { .. }
        | Action::SetNotNull { on_conflict: None, .. }
        | Action::DropNotNull { .. }
        | Action::DropDefault { .. }
        | Action::MoveColumn { .. } => false,
        Action::DropConstraint { constraint, .. } => {
            matches!(constraint, ConstraintRef::PrimaryKey | ConstraintRef::Named(_))
        }
        Action::AddColumn { .. }
        | Action::DropColumn { .. }
        | Action::SetNotNull { .. }
        | Action::SetDefault { .. }
        | Action::SetType { .. }
        | Action::SetGenerated { .. }
        | Action::DropExpression { .. }
        | Action::AddConstraint { .. }
        | Action::SetOption(_) => true,
    }
}
