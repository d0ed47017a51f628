//! What in a migration will hurt, found before a user finds it. Changes nothing.
//!
//! `texts` judges a file by its text alone; `Moments` one of its statements by the schema around
//! it, for which [`Migrator::lint`](crate::Migrator::lint) replays the folder. A rule is a file here,
//! or shares one with its family, and a variant of [`Rule`], which says why it is there.
//!
//! A comment allows a rule in its file, and has to say why:
//!
//! ```sql
//! -- limbeck:allow lint.destructive_without_downgrade: the cache is made anew at each launch
//! ```
//!
//! ```
//! # #[cfg(feature = "rusqlite")] {
//! use limbeck::Migrator;
//! use limbeck::lint::{Levels, Rule};
//!
//! let migrations = [
//!     ("0001_users.sql", "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT);"),
//!     ("0002_phone.sql", "-- migrate:up\nALTER TABLE users ADD phone TEXT NOT NULL;\n-- migrate:down\n"),
//! ];
//! let mut scratch = rusqlite::Connection::open_in_memory().unwrap();
//! let found = Migrator::new(&migrations)?.lint(&mut scratch, None, &Levels::default())?;
//! assert_eq!((found[0].rule, found[0].line), (Rule::NotNullWithoutDefault, Some(2)));
//! # }
//! # Ok::<(), limbeck::Error>(())
//! ```

mod allow;
mod by_hand;
mod defaults;
mod destructive;
mod fts;
mod in_use;
mod mixed;
mod moment;
mod not_null;
mod postgres;
mod rule;
mod strings;
#[cfg(all(test, feature = "rusqlite"))]
mod tests;
mod types;
mod unreadable;

pub(crate) use allow::allowed;
pub(crate) use moment::Moments;
pub use rule::{Finding, Level, Levels, Rule};
pub(crate) use unreadable::{failed, leaves_broken};

use std::collections::{BTreeSet, HashSet};

use crate::reading::{Reading, Side, Statement};
use crate::script::{Script, line_comments};

/// The findings of one folder, as they come.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Finding>);

/// What stands in one place: a file, a line, a statement.
pub(crate) struct Place<'a> {
    pub revision: &'a str,
    pub file: &'a str,
    pub line: Option<u32>,
    pub statement: Option<&'a str>,
}

impl Findings {
    /// Adds one. Its level is the rule's own until [`chosen`](Self::chosen) has been asked.
    pub fn add(&mut self, rule: Rule, place: Place<'_>, message: String, fix: impl Into<String>) {
        self.0.push(Finding {
            rule,
            level: rule.level(),
            revision: place.revision.to_owned(),
            file: place.file.to_owned(),
            line: place.line,
            statement: place.statement.map(str::to_owned),
            message,
            reason: rule.reason(),
            fix: fix.into(),
        });
    }

    /// A statement's finding.
    fn at(
        &mut self,
        rule: Rule,
        (script, side, statement): (&Script, &Side, &Statement),
        name: Option<&str>,
        message: String,
        fix: impl Into<String>,
    ) {
        let line = name.map_or(statement.line, |name| statement.line_of(name));
        let place = Place {
            revision: &script.revision.id,
            file: &side.file,
            line: Some(line),
            statement: Some(&statement.sql),
        };
        self.add(rule, place, message, fix);
    }

    /// Forgets what a file allows itself.
    pub fn allow(&mut self, revision: &str, rules: &BTreeSet<Rule>) {
        self.0.retain(|finding| finding.revision != revision || !rules.contains(&finding.rule));
    }

    /// Those that are to be told, with the levels that were chosen, in the order of the files and lines.
    pub fn chosen(self, levels: &Levels, order: &[&str]) -> Vec<Finding> {
        let mut told: Vec<Finding> = self.0;
        for finding in &mut told {
            finding.level = levels.of(finding.rule);
        }
        told.retain(|finding| finding.level != Level::Off);
        let place = |finding: &Finding| {
            let at = order.iter().position(|id| *id == finding.revision).unwrap_or(order.len());
            (at, finding.file.clone(), finding.line, finding.rule, finding.message.clone())
        };
        told.sort_by_cached_key(place);
        told.dedup();
        told
    }
}

/// What was done by revisions before, where a rule asks.
#[derive(Debug, Default)]
pub(crate) struct Earlier {
    /// Columns whose rows were given a value: table and column, in lowercase.
    filled: HashSet<(String, String)>,
    /// Tables that were made, in lowercase.
    made: HashSet<String>,
}

/// Judges files by their texts; they come in the order in which they run.
///
/// Answers whether the file can be read.
pub(crate) fn texts(script: &Script, earlier: &mut Earlier, findings: &mut Findings) -> bool {
    let reading = match Reading::new(script) {
        Ok(reading) => reading,
        Err(error) => {
            unreadable::look(script, &error, findings);
            return false;
        }
    };
    destructive::look(&reading, earlier, findings);
    not_null::look(&reading, earlier, findings);
    defaults::look(&reading, findings);
    mixed::look(&reading, findings);
    by_hand::look(&reading, findings);
    postgres::look(&reading, findings);
    without_transaction(&reading, findings);
    down_in_the_upgrade(&reading, findings);
    true
}

/// What a comment calls the downgrade, and runs in the upgrade.
fn down_in_the_upgrade(reading: &Reading<'_>, findings: &mut Findings) {
    if reading.sides().count() > 1 {
        return;
    }
    let says = |comment: &str| {
        let word = comment.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        word.eq_ignore_ascii_case("down") || word.eq_ignore_ascii_case("downgrade")
    };
    let lines = line_comments(&reading.script.text).into_iter().filter(|(_, comment)| says(comment));
    for (side, (line, comment)) in
        reading.sides().flat_map(|side| lines.clone().map(move |found| (side, found)))
    {
        let below = side.statements.iter().position(|statement| statement.line > line);
        if let Some(below) = below.filter(|below| *below > 0) {
            findings.at(
                Rule::DownInUpgrade,
                (reading.script, side, &side.statements[below]),
                None,
                format!("'-- {comment}' stands above it, and it runs in the upgrade"),
                "write '-- migrate:up' above the upgrade, and '-- migrate:down' there",
            );
        }
    }
}

fn without_transaction(reading: &Reading<'_>, findings: &mut Findings) {
    for side in reading.sides().filter(|side| !side.transaction && side.statements.len() > 1) {
        findings.at(
            Rule::SeveralWithoutTransaction,
            (reading.script, side, &side.statements[1]),
            None,
            format!("{} statements without a transaction", side.statements.len()),
            "give each a revision of its own, and leave 'transaction:false' to those that need it",
        );
    }
}
