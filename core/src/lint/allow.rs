//! `-- limbeck:allow lint.rule: why`, and `lint.bad_allow`

use std::collections::BTreeSet;

use super::{Findings, Place, Rule};
use crate::script::{Script, line_comments};

/// The rules that a file allows itself. What is not understood is a finding.
pub(crate) fn allowed(script: &Script, findings: &mut Findings) -> BTreeSet<Rule> {
    let mut rules = BTreeSet::new();
    let down = script.down.as_ref().map(|down| (down.name.as_str(), &*down.text));
    for (file, text) in std::iter::once((script.file.as_str(), &*script.text)).chain(down) {
        for (line, comment) in line_comments(text) {
            let Some(rest) = directive(comment) else { continue };
            let (code, why) = rest.split_once(':').unwrap_or((rest, ""));
            let (code, why) = (code.trim(), why.trim());
            let mut bad = |message: String, fix: String| {
                let revision = &script.revision.id;
                let place = Place { revision, file, line: Some(line), statement: None };
                findings.add(Rule::BadAllow, place, message, fix);
            };
            match Rule::find(code) {
                None => bad(format!("'{code}' is no rule"), known(code)),
                Some(rule) if !why.chars().any(char::is_alphanumeric) => bad(
                    format!("{rule} is allowed without a reason"),
                    format!("say why behind it: '-- limbeck:allow {rule}: …'"),
                ),
                Some(rule) => {
                    rules.insert(rule);
                }
            }
        }
    }
    rules
}

/// What stands behind `limbeck:allow`, if a comment is one.
fn directive(comment: &str) -> Option<&str> {
    let start = "limbeck:allow";
    let head = comment.get(..start.len())?;
    let rest = &comment[start.len()..];
    (head.eq_ignore_ascii_case(start) && rest.chars().next().is_none_or(char::is_whitespace))
        .then(|| rest.trim())
}

fn known(code: &str) -> String {
    let short = code.strip_prefix("lint.").unwrap_or(code);
    let all = Rule::ALL.iter().map(|rule| &rule.code()["lint.".len()..]);
    match crate::graph::similar(short, all).first() {
        Some(near) => format!("write 'lint.{near}'"),
        None => "name one of the rules that 'limbeck lint --rules' lists".to_owned(),
    }
}
