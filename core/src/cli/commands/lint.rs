//! `lint`: what in the migrations will hurt.

use std::collections::BTreeSet;

use anstyle::{AnsiColor, Style};
use serde_json::json;

use super::{open, scratch, unread};
use crate::cli::Access;
use crate::cli::args::Args;
use crate::cli::output::{self, paint, say};
use crate::cli::settings::Settings;
use crate::error::counted;
use crate::lint::{Finding, Level, Rule};
use crate::{Database, Result};

/// Exit status 1 if there is a finding of the level `error`.
pub fn lint(args: &Args, settings: &Settings, range: &str) -> Result<u8> {
    let migrator = unread(settings)?;
    // A database need not be there: a folder is linted in CI too.
    let there = settings.database_if_there()?.is_some();
    let mut live = if there { Some(open(settings, Access::Look)?) } else { None };
    let rows = match &mut live {
        Some(live) => migrator.rows(&mut **live)?,
        None => Vec::new(),
    };
    let wanted: BTreeSet<&str> = migrator.graph()?.history(range, &rows)?.into_iter().collect();
    let live: Option<&mut dyn Database> = match &mut live {
        Some(live) => Some(&mut **live),
        None => None,
    };
    let mut findings = migrator.lint(&mut *scratch(settings)?, live, &settings.lint)?;
    findings.retain(|finding| wanted.contains(finding.revision.as_str()));
    for finding in &mut findings {
        finding.file = settings.path(&finding.file).display().to_string();
    }
    if args.json {
        output::json(&json!({ "findings": findings }));
    } else {
        told(args, &findings, wanted.len());
    }
    Ok(u8::from(findings.iter().any(|finding| finding.level == Level::Error)))
}

fn told(args: &Args, findings: &[Finding], revisions: usize) {
    // Why a rule is there, each once.
    let mut explained = BTreeSet::new();
    for finding in findings {
        let Finding { rule, level, file, line, statement, message, reason, fix, revision: _ } = finding;
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        say!("{file}{line}: {}: {message} [{rule}]", paint(style(*level), level.as_str()));
        if args.quiet {
            continue;
        }
        if let Some(statement) = statement.as_deref().filter(|_| args.verbose) {
            say!("   sql: {}", statement.replace('\n', "\n        "));
        }
        if explained.insert(rule) {
            say!("   why: {reason}");
        }
        say!("   fix: {fix}");
    }
    let count = |wanted: Level| findings.iter().filter(|finding| finding.level == wanted).count();
    let counted = |count: usize, what: &str| counted(count as u64, what);
    if !args.quiet {
        say!(
            "{}, {} in {}",
            counted(count(Level::Error), "error"),
            counted(count(Level::Warn), "warning"),
            counted(revisions, "revision")
        );
    }
}

fn style(level: Level) -> Style {
    match level {
        Level::Error => AnsiColor::Red.on_default().bold(),
        Level::Warn | Level::Off => AnsiColor::Yellow.on_default(),
    }
}

/// The rules, with the levels that hold here.
pub fn rules(args: &Args, settings: &Settings) -> Result<()> {
    let level = |rule: Rule| settings.lint.of(rule);
    if args.json {
        let one = |rule: &Rule| json!({ "code": rule, "level": level(*rule), "reason": rule.reason() });
        let rules: Vec<_> = Rule::ALL.iter().map(one).collect();
        output::json(&json!({ "rules": rules }));
    } else {
        for &rule in Rule::ALL {
            say!("{rule} ({})\n    {}", paint(style(level(rule)), level(rule).as_str()), rule.reason());
        }
    }
    Ok(())
}
