//! `lint.forbidden_statement`, `lint.unreadable` and `lint.fails_when_replayed`: errors, told as findings.

use super::{Findings, Place, Rule, postgres};
use crate::error::{Error, ErrorKind};
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
