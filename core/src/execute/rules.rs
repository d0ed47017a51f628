//! The rules that a batch adds, asked before anything is written.

use super::counted;
use crate::alter::{
    Alteration, Draft, NewRules, TableState, independent, new_parents, new_rules, unique_index,
};
use crate::db::{Database, Value};
use crate::deed::{NewIndex, in_main};
use crate::error::{Error, ErrorKind, Result, Violation, accepted};
use crate::inspect;

/// Lists the rows that break a rule to be, before anything is written.
pub(super) fn refuse_broken_rows(db: &mut dyn Database, state: &TableState, draft: &Draft) -> Result<()> {
    let new = asked(db, state, draft)?;
    if let Some(values) = &new.values {
        db.execute(&values.create)?;
        db.execute(&values.fill)?;
    }
    let broken = broken(db, &state.table.name, &new)?;
    if let Some(values) = &new.values {
        db.execute(&values.drop)?;
    }
    broken.map_or(Ok(()), Err)
}

/// What an alteration would be refused for if it ran now, where reading alone tells that: not of values that it
/// changes, nor behind its first group, nor of tables that are not `untouched` by what runs before it.
pub(crate) fn broken_rows(
    db: &mut dyn Database,
    alteration: &Alteration,
    untouched: &dyn Fn(&str) -> bool,
) -> Result<Option<Error>> {
    let here = in_main(alteration.schema.as_deref());
    let Some(group) = alteration.groups().into_iter().next().filter(|_| here) else { return Ok(None) };
    if !untouched(&alteration.table) {
        return Ok(None);
    }
    // What is wrong with the alteration itself, its own run tells.
    let Ok(Some(state)) = inspect::table(db, "main", &alteration.table) else { return Ok(None) };
    let mut draft = Draft::new(&state);
    let mut group = group[..independent(&state.table, &group)].iter();
    if group.any(|action| draft.apply(action).is_err()) {
        return Ok(None);
    }
    let new = asked(db, &state, &draft)?;
    if new.values.is_some() || !new_parents(&state, &draft).iter().all(|parent| untouched(parent)) {
        return Ok(None);
    }
    Ok(accepted(broken(db, &state.table.name, &new))?.flatten())
}

/// What a unique index would be refused for if it were made now, where that can be told.
pub(crate) fn equal_rows(db: &mut dyn Database, index: &NewIndex) -> Result<Option<Error>> {
    let named = "SELECT 1 FROM main.sqlite_master WHERE type = 'index' AND name = ?1 COLLATE NOCASE";
    if !index.unique || db.has_table("temp", &index.table)? || db.any(named, &[index.name.as_str().into()])? {
        return Ok(None);
    }
    let Ok(Some(state)) = inspect::table(db, "main", &index.table) else { return Ok(None) };
    let rule = unique_index(&state, &index.name, index.listed.clone(), index.of.clone());
    Ok(accepted(broken(db, &state.table.name, &rule))?.flatten())
}

/// SQLite's refusal of a unique index, with the rows that are equal.
pub(super) fn with_equal_rows(db: &mut dyn Database, index: &NewIndex, error: Error) -> Error {
    let refused = index.unique
        && error.kind() == ErrorKind::StatementFailed
        && error.to_string().contains("UNIQUE constraint failed");
    match refused.then(|| equal_rows(db, index)) {
        Some(Ok(Some(found))) => found,
        // Why they could not be listed is not what happened.
        _ => error,
    }
}

/// The keys of rows, as they are told. In a text that is not UTF-8, U+FFFD stands for what is not.
fn keys(db: &mut dyn Database, query: &str) -> Result<Vec<String>> {
    match db.texts(query, &[]) {
        Err(error) if error.kind() == ErrorKind::Corrupt => {}
        keys => return keys,
    }
    let mut keys = Vec::new();
    db.query(&format!("WITH k(told) AS ({query}) SELECT CAST(told AS BLOB) FROM k"), &[], &mut |row| {
        if let [Value::Blob(bytes)] = row {
            keys.push(String::from_utf8_lossy(bytes).into_owned());
        }
        Ok(())
    })?;
    Ok(keys)
}

fn asked(db: &mut dyn Database, state: &TableState, draft: &Draft) -> Result<NewRules> {
    let mut parents = Vec::new();
    for parent in new_parents(state, draft) {
        match inspect::table(db, &state.schema, &parent) {
            Ok(found) => parents.extend(found.map(|found| found.table)),
            // What is no table is found when the key is checked.
            Err(error) if matches!(error.kind(), ErrorKind::UnknownTable | ErrorKind::SqlSyntax) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(new_rules(state, draft, &parents))
}

/// The refusal with the rows of a table that break rules, if any do.
fn broken(db: &mut dyn Database, table: &str, new: &NewRules) -> Result<Option<Error>> {
    let mut any = false;
    for query in &new.any {
        any = any || db.any(query, &[])?;
    }
    let mut violations = Vec::new();
    let mut broken = Vec::new();
    for rule in new.rules.iter().filter(|_| any) {
        let count = db.integer(&rule.count, &[])?.unwrap_or(0);
        if count > 0 {
            violations.push(Violation {
                table: table.to_owned(),
                rule: rule.text.clone(),
                count: count as u64,
                keys: keys(db, &rule.keys)?,
            });
            broken.push(rule);
        }
    }
    let (Some(first), Some(rule)) = (violations.first(), broken.first()) else { return Ok(None) };
    let message = format!(
        "{} of table {} would break {} (first: {})",
        counted(first.count, "row"),
        first.table,
        first.rule,
        first.keys.join("; ")
    );
    let kind = match broken.iter().all(|rule| rule.foreign_key) {
        true => ErrorKind::ForeignKeyViolated,
        false => ErrorKind::RowsBreakRule,
    };
    Ok(Some(Error::new(kind, message).with_hint(&rule.hint).with_violations(violations)))
}
