//! `lint.forbidden_statement`, `lint.unreadable`, `lint.fails_when_replayed`, and `lint.drop_in_use` of what a revision
//! leaves broken: errors, told as findings.

use super::{Findings, Place, Rule, postgres};
use crate::deed::Deed;
use crate::error::{Error, ErrorKind};
use crate::reading::Reading;
use crate::script::Script;

pub(super) fn look(script: &Script, error: &Error, findings: &mut Findings) {
    if postgres::unreadable(script, error, findings) {
        return;
    }
    let rule = match error.kind() {
        ErrorKind::ForbiddenStatement => Rule::ForbiddenStatement,
        _ => Rule::Unreadable,
    };
    tell(rule, script, error, findings);
}

/// The revision failed on a database that the revisions before it have made. What PostgreSQL alone knows
/// has been told with the way out.
pub(crate) fn failed(script: &Script, error: &Error, findings: &mut Findings) {
    let file = error.file().unwrap_or(&script.file);
    let told = |finding: &super::Finding| {
        finding.rule == Rule::Postgresql && finding.file == file && finding.line == error.line()
    };
    if findings.0.iter().any(told) {
        return;
    }
    tell(Rule::FailsWhenReplayed, script, error, findings);
}

/// Whether the revision failed because of a table or view that it drops, and others need: then that is told.
pub(crate) fn leaves_broken(script: &Script, error: &Error, findings: &mut Findings) -> bool {
    let drops = |sql| matches!(Deed::of(sql), Deed::DropTable { .. } | Deed::DropView { .. });
    let dropping = error.statement().filter(|sql| error.kind() == ErrorKind::DependentBroken && drops(sql));
    let (Some(sql), Ok(reading)) = (dropping, Reading::new(script)) else { return false };
    let Some(statement) = reading.up.statements.iter().find(|statement| statement.sql == sql) else {
        return false;
    };
    let fix = error.hint().unwrap_or_default();
    findings.at(Rule::DropInUse, (script, &reading.up, statement), None, error.to_string(), fix);
    true
}

fn tell(rule: Rule, script: &Script, error: &Error, findings: &mut Findings) {
    let place = Place {
        revision: &script.revision.id,
        file: error.file().unwrap_or(&script.file),
        line: error.line(),
        statement: error.statement(),
    };
    let fix = error.hint().unwrap_or("mend the statement, and look with 'limbeck lint' again");
    findings.add(rule, place, format!("{error} [{}]", error.code()), fix);
}
