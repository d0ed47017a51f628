//! The rules that a batch adds, asked before anything is written.

use super::counted;
use crate::alter::{Draft, TableState, new_parents, new_rules};
use crate::db::Database;
use crate::error::{Error, ErrorKind, Result, Violation};
use crate::inspect;

/// Lists the rows that break a rule to be, before anything is written.
pub(super) fn refuse_broken_rows(db: &mut dyn Database, state: &TableState, draft: &Draft) -> Result<()> {
    let mut parents = Vec::new();
    for parent in new_parents(state, draft) {
        match inspect::table(db, &state.schema, &parent) {
            Ok(found) => parents.extend(found.map(|found| found.table)),
            // What is no table is found when the key is checked.
            Err(error) if matches!(error.kind(), ErrorKind::UnknownTable | ErrorKind::SqlSyntax) => {}
            Err(error) => return Err(error),
        }
    }
    let new = new_rules(state, draft, &parents);
    if let Some(values) = &new.values {
        db.execute(&values.create)?;
        db.execute(&values.fill)?;
    }
    let mut violations = Vec::new();
    let mut broken = Vec::new();
    let mut any = false;
    for query in &new.any {
        any = any || db.any(query, &[])?;
    }
    for rule in new.rules.iter().filter(|_| any) {
        let count = db.integer(&rule.count, &[])?.unwrap_or(0);
        if count > 0 {
            violations.push(Violation {
                table: state.table.name.clone(),
                rule: rule.text.clone(),
                count: count as u64,
                keys: db.texts(&rule.keys, &[])?,
            });
            broken.push(rule);
        }
    }
    if let Some(values) = &new.values {
        db.execute(&values.drop)?;
    }
    let (Some(first), Some(rule)) = (violations.first(), broken.first()) else { return Ok(()) };
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
    Err(Error::new(kind, message).with_hint(&rule.hint).with_violations(violations))
}
