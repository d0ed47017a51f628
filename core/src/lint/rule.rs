//! The rules: a code, how much each weighs, and why it is there, in SQLite's own words.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The rule is not looked at.
    Off,
    /// To be read by a person.
    Warn,
    /// To be mended before a release: `limbeck lint` fails.
    Error,
}

impl Level {
    /// As settings and JSON spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Off => "off",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $rule:ident = $name:literal, $level:ident;)+) => {
        /// What `limbeck lint` looks for.
        ///
        #[doc = include_str!("../../LINT.md")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[doc = $doc])+ #[doc = concat!("\n\nCode: `lint.", $name, "`.")] $rule,)+
        }

        impl Rule {
            /// Every rule there is.
            pub const ALL: &'static [Rule] = &[$(Rule::$rule),+];

            /// The stable code, such as `lint.type_change_without_using`.
            pub fn code(self) -> &'static str {
                match self { $(Rule::$rule => concat!("lint.", $name)),+ }
            }

            /// How much it weighs where nobody says otherwise.
            pub fn level(self) -> Level {
                match self { $(Rule::$rule => Level::$level),+ }
            }

            /// Why it is there, with the page that says so.
            pub fn reason(self) -> &'static str {
                match self { $(Rule::$rule => concat!($($doc),+).trim_ascii()),+ }
            }
        }
    };
}

rules! {
    /// What is dropped is gone for whoever has upgraded, and without a `migrate:down` not even its
    /// place comes back.
    DestructiveWithoutDowngrade = "destructive_without_downgrade", Warn;
    /// "If a NOT NULL constraint is specified, then the column must have a default value other than
    /// NULL" (<https://sqlite.org/lang_altertable.html>): the upgrade fails wherever the table has a row.
    NotNullWithoutDefault = "not_null_without_default", Error;
    /// A column becomes NOT NULL and nothing has filled it: the upgrade fails wherever a row holds a
    /// NULL, and only at the user who has that row.
    NotNullWithoutFill = "not_null_without_fill", Warn;
    /// "When text data is inserted into a NUMERIC column, the storage class of the text is converted to
    /// INTEGER or REAL" (<https://sqlite.org/datatype3.html>): '007' becomes 7, and nothing tells.
    TypeChangeWithoutUsing = "type_change_without_using", Warn;
    /// SQLite rewrites names in views and triggers (<https://sqlite.org/lang_altertable.html>). It does
    /// not keep the name of a view's own column, nor does it look into strings or into the columns that an
    /// FTS table reads from another one.
    RenameInUse = "rename_in_use", Warn;
    /// Of the table that a full-text table reads its text from "its columns must be the same as or a superset
    /// of those defined for the FTS table" (<https://sqlite.org/fts3.html>). SQLite drops one all the same, and
    /// from then on a query that wants the text fails, and so does 'rebuild'. Nor does it look for the views, triggers
    /// and foreign keys that name what is dropped: a trigger fails every write from then on, and a run refuses it.
    DropInUse = "drop_in_use", Error;
    /// What SQLite ignores or refuses inside a transaction, or what limbeck does itself: the file is
    /// refused by every command that would run it.
    ForbiddenStatement = "forbidden_statement", Error;
    /// SQLite reads a word in double quotes as a string "if it does not match any valid identifier"
    /// (<https://sqlite.org/quirks.html#dblquote>): a misspelt column becomes a text, a text becomes a column
    /// once there is one of that name, and a build with `SQLITE_DQS=0` refuses both.
    DoubleQuotedString = "double_quoted_string", Warn;
    /// "The column may not have a default value of CURRENT_TIME, CURRENT_DATE, CURRENT_TIMESTAMP, or an
    /// expression in parentheses" (<https://sqlite.org/lang_altertable.html>) where there are rows: limbeck
    /// copies the whole table for it, and every old row gets the value of the moment of the upgrade.
    NonConstantDefault = "non_constant_default", Warn;
    /// "The VACUUM command may change the ROWIDs for entries in any tables that do not have an explicit
    /// INTEGER PRIMARY KEY" (<https://sqlite.org/lang_vacuum.html>): the full-text index then answers with
    /// other rows.
    FtsOnImplicitRowid = "fts_on_implicit_rowid", Warn;
    /// A change of rows that has nothing to do with the change of the schema beside it: neither can be
    /// taken back, tried or skipped alone, and the schema waits for the rows.
    SchemaAndData = "schema_and_data", Warn;
    /// A revision that the database has applied has another text now: those who have upgraded and those
    /// who will do so get different databases.
    ChangedRevision = "changed_revision", Error;
    /// Without a transaction what ran before a failure stays: half a revision.
    SeveralWithoutTransaction = "several_without_transaction", Warn;
    /// SQL of PostgreSQL or MySQL, which SQLite does not know; what it does accept, such as `SERIAL` for a type or
    /// `now()` in a default, it does not understand.
    Postgresql = "postgresql", Error;
    /// "Remember the format of all indexes, triggers, and views associated with table X"
    /// (<https://sqlite.org/lang_altertable.html#otheralter>): DROP TABLE takes them along, and the
    /// counter of AUTOINCREMENT too.
    RebuildByHand = "rebuild_by_hand", Warn;
    /// The file cannot be read as a migration: every command that would run it fails.
    Unreadable = "unreadable", Error;
    /// The revision fails on a new database, made by the revisions before it.
    FailsWhenReplayed = "fails_when_replayed", Error;
    /// A `limbeck:allow` that allows nothing: it names no rule, or does not say why.
    BadAllow = "bad_allow", Error;
    /// A comment line that says `down`, and is no marker: what stands below it runs in the upgrade, and may
    /// take back at once what stands above.
    DownInUpgrade = "down_in_upgrade", Warn;
}

impl Rule {
    /// The rule of a code; `lint.` may be left out.
    pub fn find(code: &str) -> Option<Rule> {
        let code = code.strip_prefix("lint.").unwrap_or(code);
        Rule::ALL.iter().copied().find(|rule| rule.code()["lint.".len()..] == *code)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// The levels that someone has chosen; every other rule keeps its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels(BTreeMap<Rule, Level>);

impl Levels {
    /// Sets a rule's level.
    pub fn set(&mut self, rule: Rule, level: Level) {
        self.0.insert(rule, level);
    }

    /// A rule's level.
    pub fn of(&self, rule: Rule) -> Level {
        self.0.get(&rule).copied().unwrap_or(rule.level())
    }
}

/// One thing that a rule has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule; in JSON its code.
    #[serde(rename = "code")]
    pub rule: Rule,
    /// How much it weighs.
    pub level: Level,
    /// The revision.
    pub revision: String,
    /// The file.
    pub file: String,
    /// The line, counted from 1, where there is one to name.
    pub line: Option<u32>,
    /// The statement, where it is one statement's.
    pub statement: Option<String>,
    /// What was found: lowercase, names the value, no full stop.
    pub message: String,
    /// Why that is a trap, with the page that says so.
    pub reason: &'static str,
    /// What to write instead: one imperative sentence.
    pub fix: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_with_and_without_their_family() {
        for &rule in Rule::ALL {
            let code = rule.code();
            assert_eq!(Rule::find(code), Some(rule));
            assert_eq!(Rule::find(&code["lint.".len()..]), Some(rule));
            assert!(rule.reason().len() > 40, "{code} gives no reason");
        }
        assert_eq!(Rule::find("lint.nothing"), None);
        assert_eq!(Rule::find(""), None);
    }

    /// LINT.md is the index: a row for every rule with its level, and no other.
    #[test]
    fn every_rule_is_in_the_index() {
        let rows: Vec<Vec<&str>> = include_str!("../../LINT.md")
            .lines()
            .filter(|line| line.starts_with("| `lint."))
            .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
            .collect();
        let listed: Vec<(String, &str)> =
            rows.iter().map(|row| (row[0].trim_matches('`').to_owned(), row[1])).collect();
        let known: Vec<(String, &str)> =
            Rule::ALL.iter().map(|rule| (rule.code().to_owned(), rule.level().as_str())).collect();
        assert_eq!(listed, known);
        assert!(rows.iter().all(|row| row.len() == 4), "{rows:?}");
    }
}
