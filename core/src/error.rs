//! The one error type: opaque, with a stable code, a sentence of advice, and the place.
//!
//! A message is lowercase, names the value and ends without a full stop; a hint is one imperative
//! sentence. Every kind has one code, which is the same on every surface:
//!
//! ```
//! use limbeck::{Error, ErrorKind};
//!
//! let error = Error::new(ErrorKind::MultipleHeads, "two heads match target 'head': a1f3, b77c")
//!     .with_hint("name one, use 'heads', or join them with 'limbeck merge'");
//! assert_eq!(error.code(), "graph.multiple_heads");
//! assert_eq!(error.to_string(), "two heads match target 'head': a1f3, b77c");
//! ```

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::report::{NewerRevision, Report};

/// A `Result` whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $code:literal,)+) => {
        /// What went wrong, without the particulars. Each kind has one stable [code](ErrorKind::code).
        ///
        #[cfg_attr(all(doc, feature = "bundled", feature = "include_dir", feature = "refinery"), doc = pages!(rules keys older outside never big search refinery))]
        #[doc = include_str!("../ERRORS.md")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[doc = $doc])+ #[doc = concat!("\n\nCode: `", $code, "`.")] $kind,)+
        }

        impl ErrorKind {
            /// Every kind there is, for tests that prove each is covered.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$kind),+];

            /// The stable code, such as `graph.multiple_heads`: the same on every surface.
            pub fn code(self) -> &'static str {
                match self { $(ErrorKind::$kind => $code),+ }
            }

            /// One line on when it happens: the text of the error index.
            pub fn about(self) -> &'static str {
                match self { $(ErrorKind::$kind => concat!($($doc),+).trim_ascii()),+ }
            }
        }
    };
}

kinds! {
    /// No revision or branch label has this id or prefix.
    UnknownRevision = "graph.unknown_revision",
    /// The part before `@` names no branch label and no revision.
    UnknownBranch = "graph.unknown_branch",
    /// Several revisions or labels begin with the given prefix.
    AmbiguousPrefix = "graph.ambiguous_prefix",
    /// `branch@revision`, where the revision is not in that lineage.
    NotInBranch = "graph.not_in_branch",
    /// One revision is needed and the target names several.
    MultipleHeads = "graph.multiple_heads",
    /// The target cannot be reached in this direction from where the database is.
    NotAncestor = "graph.not_ancestor",
    /// `+N` or `-N` walks off the graph, or goes the wrong way.
    RelativeOutOfRange = "graph.relative_out_of_range",
    /// `+N` or `-N` meets a branch point or a merge and cannot choose.
    AmbiguousWalk = "graph.ambiguous_walk",
    /// `+N` or `-N` while the database has several current revisions to start from.
    AmbiguousCurrent = "graph.ambiguous_current",
    /// Two targets, or two version rows, of which one is the other's ancestor.
    OverlappingRevisions = "graph.overlapping_revisions",
    /// `a:b` where one target is wanted.
    RangeNotAllowed = "graph.range_not_allowed",
    /// A range `a:b` is wanted.
    RangeRequired = "graph.range_required",
    /// A merge names a revision that is not a head.
    NotAHead = "graph.not_a_head",
    /// A merge names the same head twice.
    DuplicateHeads = "graph.duplicate_heads",
    /// Revisions revise each other in a circle.
    Cycle = "graph.cycle",
    /// Revisions depend on each other in a circle.
    DependencyCycle = "graph.dependency_cycle",
    /// A revision revises itself.
    SelfLoop = "graph.self_loop",
    /// A revision depends on itself.
    DependencySelfLoop = "graph.dependency_self_loop",
    /// `revises` or `depends_on` names a revision that is not there.
    MissingReference = "graph.missing_reference",
    /// Two files carry the same revision id.
    DuplicateRevision = "graph.duplicate_revision",
    /// A branch label is used twice, or is also a revision's id.
    DuplicateBranchLabel = "graph.duplicate_branch_label",
    /// A revision id holds `@`, `-`, `+` or `:`, or is empty.
    IllegalRevisionId = "graph.illegal_revision_id",

    /// The migrations cannot be read: a missing folder, a file that is not UTF-8.
    SourceUnreadable = "script.unreadable",
    /// A header line or a `migrate:` marker is not understood.
    BadDirective = "script.bad_directive",
    /// A statement that may not stand there, such as `COMMIT` in a migration, or `INSERT` in a schema.
    ForbiddenStatement = "script.forbidden_statement",
    /// SQL text is wanted of a revision whose body is code.
    BodyIsCode = "script.body_is_code",
    /// The code of a revision failed, or did what it may not do.
    CodeFailed = "script.code_failed",
    /// A downgrade is asked for and the revision has no `migrate:down`.
    NoDowngrade = "script.no_downgrade",
    /// A script printed offline cannot say what depends on the rows of a database.
    NotOffline = "script.not_offline",
    /// A new file would overwrite one that is there, or cannot be written.
    CannotWrite = "script.cannot_write",

    /// The SQL text cannot be read.
    SqlSyntax = "sql.syntax",
    /// The SQL text is nested too deeply.
    SqlTooDeep = "sql.too_deep",
    /// A statement failed in SQLite.
    StatementFailed = "sql.failed",

    /// An `ALTER TABLE` that is not in the grammar.
    AlterSyntax = "alter.syntax",
    /// `ALTER TABLE` names a table that is not there, or something that is no ordinary table.
    UnknownTable = "alter.unknown_table",
    /// `ALTER TABLE` names a column that is not there.
    UnknownColumn = "alter.unknown_column",
    /// `ALTER TABLE` names a constraint that is not there.
    UnknownConstraint = "alter.unknown_constraint",
    /// What is to be added is there already, with this or with another definition.
    AlreadyExists = "alter.already_exists",
    /// An index, constraint, trigger, view or foreign key needs what is to go.
    StillNeeded = "alter.still_needed",
    /// Rows that are in the table break the new rule.
    RowsBreakRule = "alter.rows_break_rule",
    /// The change cannot be made without losing something.
    WouldLose = "alter.would_lose",
    /// The table would have to be rebuilt, and that is forbidden or impossible here.
    RebuildRefused = "alter.rebuild_refused",
    /// This SQLite lacks what the change needs.
    SqliteTooOld = "alter.sqlite_too_old",

    /// The proof before COMMIT found a difference that the plan does not name.
    ProofFailed = "proof.difference",
    /// A view, trigger or foreign key that worked before an alteration or a DROP no longer does.
    DependentBroken = "proof.dependent_broken",
    /// The run left rows whose foreign key finds no parent.
    ForeignKeyViolated = "proof.foreign_key",

    /// The database holds a revision that this folder does not have: a newer app wrote it.
    DatabaseNewer = "history.database_newer",
    /// The text of a revision that is applied has changed since.
    ChangedRevision = "history.changed_revision",
    /// A revision stands before one that is applied, and never ran itself: it came later.
    PassedOver = "history.passed_over",
    /// The database is not at every head of the folder.
    NotUpToDate = "history.not_up_to_date",
    /// Neither another tool's record nor the schema tells a revision to adopt, or limbeck's own names another.
    NothingToAdopt = "history.nothing_to_adopt",
    /// A `transaction:false` revision was begun and never finished.
    Unfinished = "history.unfinished",

    /// The database cannot be opened.
    CannotOpen = "database.cannot_open",
    /// The file is not an SQLite database, or it is encrypted.
    NotADatabase = "database.not_a_database",
    /// Another connection holds the lock.
    Locked = "database.locked",
    /// The file or its folder cannot be written.
    ReadOnly = "database.read_only",
    /// The file is damaged.
    Corrupt = "database.corrupt",
    /// No room is left on the volume, or in SQLite's temporary folder.
    Full = "database.full",
    /// The operating system reported an error.
    Io = "database.io",
    /// The caller's own transaction is open and the work cannot be done inside it.
    TransactionOpen = "database.transaction_open",
    /// The backend, or the connection's state, does not do what limbeck relies on.
    Contract = "database.contract",
    /// A callback, a signal or another thread cancelled the run.
    Cancelled = "run.cancelled",

    /// A setting is missing or not understood.
    BadSetting = "settings.invalid",

    /// A downgrade script that the database has kept is damaged, or does what such a script may not do.
    StoredScriptRefused = "history.stored_script_refused",

    /// A rename that a comparison of schemas was given cannot be taken.
    BadRename = "diff.bad_rename",
    /// The connection has no way to SQLite's backup API.
    BackupUnsupported = "backup.unsupported",
    /// A backup could not be written or read.
    BackupFailed = "backup.failed",
    /// A backup is not what it was when it was taken.
    BackupDamaged = "backup.damaged",
    /// There is no backup that could be restored.
    NoBackup = "backup.none",

    /// The schema calls a function, or uses a virtual table, that only a trusted schema may.
    UntrustedSchema = "database.untrusted_schema",

    /// The number in the file's header, which limbeck was to keep, is somebody else's.
    UserVersionTaken = "history.user_version_taken",
}

/// Rows that break a rule, as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The table that holds the rows.
    pub table: String,
    /// The rule, as SQL: `phone NOT NULL`.
    pub rule: String,
    /// How many rows break it.
    pub count: u64,
    /// The first of them, by rowid or primary key, as SQL literals.
    pub keys: Vec<String>,
}

/// What limbeck's calls fail with.
///
/// Nothing is in the database that was not there before, unless [`report`](Error::report) says
/// which steps were committed before the failure.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    revision: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    statement: Option<String>,
    violations: Vec<Violation>,
    newer: Vec<NewerRevision>,
    report: Option<Report>,
}

impl Error {
    /// An error of this kind. The message is lowercase, names the value, and has no full stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            hint: None,
            revision: None,
            file: None,
            line: None,
            statement: None,
            violations: Vec::new(),
            newer: Vec::new(),
            report: None,
        }))
    }

    /// With one imperative sentence on what to do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hint.get_or_insert(hint.into());
        self
    }

    /// With something in brackets behind its message.
    #[must_use]
    pub(crate) fn noting(mut self, what: &str) -> Error {
        self.0.message = format!("{} ({what})", self.0.message);
        self
    }

    /// Something of the run was committed before: its hint no longer says that nothing was changed.
    #[must_use]
    pub(crate) fn not_alone(mut self) -> Error {
        self.0.hint = self.0.hint.map(|hint| hint.replace(NOTHING_CHANGED, ""));
        self
    }

    /// With the revision it happened in, unless an inner place has said so already.
    #[must_use]
    pub fn in_revision(mut self, revision: impl Into<String>) -> Error {
        self.0.revision.get_or_insert(revision.into());
        self
    }

    /// With the file it happened in, unless an inner place has said so already.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Error {
        self.0.file.get_or_insert(file.into());
        self
    }

    /// With the line, counted from 1, unless an inner place has said so already.
    #[must_use]
    pub fn at_line(mut self, line: u32) -> Error {
        self.0.line.get_or_insert(line);
        self
    }

    /// With as much of its place as is known, unless an inner one has said so already.
    #[must_use]
    pub(crate) fn placed(mut self, revision: Option<&str>, file: Option<&str>, line: Option<u32>) -> Error {
        let inner = &mut self.0;
        inner.revision = inner.revision.take().or_else(|| revision.map(str::to_owned));
        inner.file = inner.file.take().or_else(|| file.map(str::to_owned));
        inner.line = inner.line.or(line);
        self
    }

    /// With its line, if it has one, counted in a text in which its own begins after `lines` others.
    #[must_use]
    pub(crate) fn moved_down(mut self, lines: u32) -> Error {
        self.0.line = self.0.line.map(|line| line.saturating_add(lines));
        self
    }

    /// With the statement, unless an inner place has said so already.
    #[must_use]
    pub fn in_statement(mut self, statement: impl Into<String>) -> Error {
        self.0.statement.get_or_insert(statement.into());
        self
    }

    /// With the rows that break a rule.
    #[must_use]
    pub fn with_violations(mut self, violations: Vec<Violation>) -> Error {
        self.0.violations = violations;
        self
    }

    /// With the revisions that the database has and the app does not.
    #[must_use]
    pub fn with_newer(mut self, newer: Vec<NewerRevision>) -> Error {
        self.0.newer = newer;
        self
    }

    /// With the report of what was committed before.
    #[must_use]
    pub fn with_report(mut self, report: Report) -> Error {
        self.0.report = Some(report);
        self
    }

    /// What went wrong, to match on.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The stable code, such as `graph.multiple_heads`.
    pub fn code(&self) -> &'static str {
        self.0.kind.code()
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The revision it happened in.
    pub fn revision(&self) -> Option<&str> {
        self.0.revision.as_deref()
    }

    /// The file it happened in.
    pub fn file(&self) -> Option<&str> {
        self.0.file.as_deref()
    }

    /// The line in that file, counted from 1.
    pub fn line(&self) -> Option<u32> {
        self.0.line
    }

    /// The statement it happened in.
    pub fn statement(&self) -> Option<&str> {
        self.0.statement.as_deref()
    }

    /// The rows that break a rule, rule by rule.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// Of [`ErrorKind::DatabaseNewer`]: what the database has and the app does not, in the order in which
    /// it was applied.
    pub fn newer(&self) -> &[NewerRevision] {
        &self.0.newer
    }

    /// What was committed before the failure. `None` if the run had not begun.
    pub fn report(&self) -> Option<&Report> {
        self.0.report.as_ref()
    }

    /// The error as one line of JSON: `{"error":{…},"report":{…}}`.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an error holds strings and numbers only")
    }
}

/// What many a hint ends with.
const NOTHING_CHANGED: &str = ": nothing was changed";

/// `1 row`, `3 rows`.
pub(crate) fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Whoever was asked whether to go on has said no.
pub(crate) fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "cancelled")
}

/// Whether SQLite refused the statement itself: that answers a question. Any other failure (the disk, a
/// lock, a cancelled run) answers none.
pub(crate) fn refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::StatementFailed | ErrorKind::UntrustedSchema)
}

/// SQLite has ended the transaction by itself, after an error that may have been taken for an answer.
pub(crate) fn rolled_back(why: Option<&Error>) -> Error {
    let why = why.map(|why| format!(" ({})", why.0.message)).unwrap_or_default();
    Error::new(ErrorKind::Io, format!("SQLite has rolled the transaction back{why}"))
        .with_hint("check the disk, then run it again: nothing was changed")
}

/// The error of limbeck's own statement after which the transaction is gone: no refusal, for those leave it open
/// (<https://sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction>). An ALTER TABLE whose
/// look at the new schema cannot read the disk says that an object is missing.
pub(crate) fn no_refusal(error: Error) -> Error {
    if refusal(&error) { rolled_back(Some(&error)) } else { error }
}

/// `None` where SQLite refused the statement itself.
pub(crate) fn accepted<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Err(error) if refusal(&error) => Ok(None),
        other => other.map(Some),
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            code: &'a str,
            message: &'a str,
            hint: Option<&'a str>,
            revision: Option<&'a str>,
            file: Option<&'a str>,
            line: Option<u32>,
            statement: Option<&'a str>,
            violations: &'a [Violation],
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            newer: &'a [NewerRevision],
        }
        let inner = &self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(
            "error",
            &Body {
                code: inner.kind.code(),
                message: &inner.message,
                hint: inner.hint.as_deref(),
                revision: inner.revision.as_deref(),
                file: inner.file.as_deref(),
                line: inner.line,
                statement: inner.statement.as_deref(),
                violations: &inner.violations,
                newer: &inner.newer,
            },
        )?;
        if let Some(report) = &inner.report {
            map.serialize_entry("report", report)?;
        }
        map.end()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

/// As a developer meets it in a log or an `unwrap`: the code, the message, the place, the advice.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        write!(f, "{}: {}", inner.kind.code(), inner.message)?;
        match (&inner.file, inner.line) {
            (Some(file), Some(line)) => write!(f, " ({file}:{line})")?,
            (Some(file), None) => write!(f, " ({file})")?,
            (None, Some(line)) => write!(f, " (line {line})")?,
            (None, None) => {}
        }
        if let Some(hint) = &inner.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_and_well_formed() {
        let mut seen = HashSet::new();
        for kind in ErrorKind::ALL {
            let code = kind.code();
            assert!(seen.insert(code), "{code} stands twice");
            let (area, name) = code.split_once('.').expect(code);
            for part in [area, name] {
                assert!(!part.is_empty());
                assert!(part.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{code}");
            }
            assert!(kind.about().ends_with('.'), "{code} has no line of documentation");
        }
    }

    /// ERRORS.md is the index: a row for every kind, with a way out, and no other.
    #[test]
    fn every_code_is_in_the_docs() {
        let rows: Vec<Vec<&str>> = include_str!("../ERRORS.md")
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
            .collect();
        assert_eq!(rows.len(), ErrorKind::ALL.len());
        for (row, kind) in rows.iter().zip(ErrorKind::ALL) {
            let code = format!("`{}`", kind.code());
            let [found, about, way_out] = row[..] else { panic!("{row:?}") };
            assert_eq!((found, about), (code.as_str(), kind.about()));
            assert!(way_out.len() > 10, "{code} has no way out");
        }
    }

    #[test]
    fn the_inner_place_wins() {
        let error = Error::new(ErrorKind::SqlSyntax, "x").at_line(3).at_line(9).in_file("a").in_file("b");
        assert_eq!((error.line(), error.file()), (Some(3), Some("a")));
    }

    #[test]
    fn json_has_every_member() {
        let error = Error::new(ErrorKind::RowsBreakRule, "2 rows have no phone")
            .with_hint("fill them first")
            .with_violations(vec![Violation {
                table: "users".into(),
                rule: "phone NOT NULL".into(),
                count: 2,
                keys: vec!["1".into(), "7".into()],
            }])
            .with_report(Report::default());
        assert_eq!(
            error.to_json(),
            concat!(
                r#"{"error":{"code":"alter.rows_break_rule","message":"2 rows have no phone","#,
                r#""hint":"fill them first","revision":null,"file":null,"line":null,"statement":null,"#,
                r#""violations":[{"table":"users","rule":"phone NOT NULL","count":2,"keys":["1","7"]}]},"#,
                r#""report":{"from":[],"to":[],"steps":[],"warnings":[],"timing":{"total_ms":0,"steps_ms":[]}}}"#
            )
        );
    }
}
