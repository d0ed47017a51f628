//! The status that every call answers: a number for each of the core's error codes.

use limbeck::ErrorKind;

/// How a call went. Each error code of limbeck has its number, which never changes; the code itself is
/// the name in small letters, with a full stop for the first underscore behind `LIMBECK_`:
/// `LIMBECK_GRAPH_MULTIPLE_HEADS` is `graph.multiple_heads`. A later library may answer numbers that
/// this header does not list.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum limbeck_status {
    /// It is done.
    LIMBECK_OK = 0,
    /// The call itself is wrong, and nothing was done: null, a freed handle, text that is not UTF-8.
    /// Its code is `c.misuse`.
    LIMBECK_C_MISUSE = 1,
    /// A fault in limbeck. A transaction that was begun may still be open: roll it back. Its code is
    /// `c.internal`.
    LIMBECK_C_INTERNAL = 2,

    /// No revision or branch label has this id or prefix.
    LIMBECK_GRAPH_UNKNOWN_REVISION = 101,
    /// The part before `@` names no branch label and no revision.
    LIMBECK_GRAPH_UNKNOWN_BRANCH = 102,
    /// Several revisions or labels begin with the given prefix.
    LIMBECK_GRAPH_AMBIGUOUS_PREFIX = 103,
    /// `branch@revision`, where the revision is not in that lineage.
    LIMBECK_GRAPH_NOT_IN_BRANCH = 104,
    /// One revision is needed and the target names several.
    LIMBECK_GRAPH_MULTIPLE_HEADS = 105,
    /// The target cannot be reached in this direction from where the database is.
    LIMBECK_GRAPH_NOT_ANCESTOR = 106,
    /// `+N` or `-N` walks off the graph, or goes the wrong way.
    LIMBECK_GRAPH_RELATIVE_OUT_OF_RANGE = 107,
    /// `+N` or `-N` meets a branch point or a merge and cannot choose.
    LIMBECK_GRAPH_AMBIGUOUS_WALK = 108,
    /// `+N` or `-N` while the database has several current revisions to start from.
    LIMBECK_GRAPH_AMBIGUOUS_CURRENT = 109,
    /// Two targets, or two version rows, of which one is the other's ancestor.
    LIMBECK_GRAPH_OVERLAPPING_REVISIONS = 110,
    /// `a:b` where one target is wanted.
    LIMBECK_GRAPH_RANGE_NOT_ALLOWED = 111,
    /// A range `a:b` is wanted.
    LIMBECK_GRAPH_RANGE_REQUIRED = 112,
    /// A merge names a revision that is not a head.
    LIMBECK_GRAPH_NOT_A_HEAD = 113,
    /// A merge names the same head twice.
    LIMBECK_GRAPH_DUPLICATE_HEADS = 114,
    /// Revisions revise each other in a circle.
    LIMBECK_GRAPH_CYCLE = 115,
    /// Revisions depend on each other in a circle.
    LIMBECK_GRAPH_DEPENDENCY_CYCLE = 116,
    /// A revision revises itself.
    LIMBECK_GRAPH_SELF_LOOP = 117,
    /// A revision depends on itself.
    LIMBECK_GRAPH_DEPENDENCY_SELF_LOOP = 118,
    /// `revises` or `depends_on` names a revision that is not there.
    LIMBECK_GRAPH_MISSING_REFERENCE = 119,
    /// Two files carry the same revision id.
    LIMBECK_GRAPH_DUPLICATE_REVISION = 120,
    /// A branch label is used twice, or is also a revision's id.
    LIMBECK_GRAPH_DUPLICATE_BRANCH_LABEL = 121,
    /// A revision id holds `@`, `-`, `+` or `:`, or is empty.
    LIMBECK_GRAPH_ILLEGAL_REVISION_ID = 122,
    /// The migrations cannot be read: a missing folder, a file that is not UTF-8.
    LIMBECK_SCRIPT_UNREADABLE = 201,
    /// A header line or a `migrate:` marker is not understood.
    LIMBECK_SCRIPT_BAD_DIRECTIVE = 202,
    /// A statement that a migration may not hold, such as `COMMIT` inside a transaction.
    LIMBECK_SCRIPT_FORBIDDEN_STATEMENT = 203,
    /// A downgrade is asked for and the revision has no `migrate:down`.
    LIMBECK_SCRIPT_NO_DOWNGRADE = 204,
    /// A script printed offline cannot say what depends on the rows of a database.
    LIMBECK_SCRIPT_NOT_OFFLINE = 205,
    /// A new file would overwrite one that is there, or cannot be written.
    LIMBECK_SCRIPT_CANNOT_WRITE = 206,
    /// SQL text is wanted of a revision whose body is code.
    LIMBECK_SCRIPT_BODY_IS_CODE = 207,
    /// The code of a revision failed, or did what it may not do.
    LIMBECK_SCRIPT_CODE_FAILED = 208,
    /// The SQL text cannot be read.
    LIMBECK_SQL_SYNTAX = 301,
    /// The SQL text is nested too deeply.
    LIMBECK_SQL_TOO_DEEP = 302,
    /// A statement failed in SQLite.
    LIMBECK_SQL_FAILED = 303,
    /// An `ALTER TABLE` that is not in the grammar.
    LIMBECK_ALTER_SYNTAX = 401,
    /// `ALTER TABLE` names a table that is not there, or something that is no ordinary table.
    LIMBECK_ALTER_UNKNOWN_TABLE = 402,
    /// `ALTER TABLE` names a column that is not there.
    LIMBECK_ALTER_UNKNOWN_COLUMN = 403,
    /// `ALTER TABLE` names a constraint that is not there.
    LIMBECK_ALTER_UNKNOWN_CONSTRAINT = 404,
    /// What is to be added is there already, with this or with another definition.
    LIMBECK_ALTER_ALREADY_EXISTS = 405,
    /// An index, constraint, trigger, view or foreign key needs what is to go.
    LIMBECK_ALTER_STILL_NEEDED = 406,
    /// Rows that are in the table break the new rule.
    LIMBECK_ALTER_ROWS_BREAK_RULE = 407,
    /// The change cannot be made without losing something.
    LIMBECK_ALTER_WOULD_LOSE = 408,
    /// The table would have to be rebuilt, and that is forbidden or impossible here.
    LIMBECK_ALTER_REBUILD_REFUSED = 409,
    /// This SQLite lacks what the change needs.
    LIMBECK_ALTER_SQLITE_TOO_OLD = 410,
    /// The proof before COMMIT found a difference that the plan does not name.
    LIMBECK_PROOF_DIFFERENCE = 501,
    /// A view, trigger or foreign key that worked before an alteration or a DROP no longer does.
    LIMBECK_PROOF_DEPENDENT_BROKEN = 502,
    /// The run left rows whose foreign key finds no parent.
    LIMBECK_PROOF_FOREIGN_KEY = 503,
    /// The database holds a revision that this folder does not have: a newer app wrote it.
    LIMBECK_HISTORY_DATABASE_NEWER = 601,
    /// The text of a revision that is applied has changed since.
    LIMBECK_HISTORY_CHANGED_REVISION = 602,
    /// The database is not at every head of the folder.
    LIMBECK_HISTORY_NOT_UP_TO_DATE = 603,
    /// A `transaction:false` revision was begun and never finished.
    LIMBECK_HISTORY_UNFINISHED = 604,
    /// Neither another tool's record nor the schema tells a revision to adopt, or limbeck's own names another.
    LIMBECK_HISTORY_NOTHING_TO_ADOPT = 605,
    /// A downgrade script that the database has kept is damaged, or does what such a script may not do.
    LIMBECK_HISTORY_STORED_SCRIPT_REFUSED = 606,
    /// A revision stands before one that is applied, and never ran itself: it came later.
    LIMBECK_HISTORY_PASSED_OVER = 607,
    /// The number in the file's header, which limbeck was to keep, is somebody else's.
    LIMBECK_HISTORY_USER_VERSION_TAKEN = 608,
    /// The database cannot be opened.
    LIMBECK_DATABASE_CANNOT_OPEN = 701,
    /// The file is not an SQLite database, or it is encrypted.
    LIMBECK_DATABASE_NOT_A_DATABASE = 702,
    /// Another connection holds the lock.
    LIMBECK_DATABASE_LOCKED = 703,
    /// The file or its folder cannot be written.
    LIMBECK_DATABASE_READ_ONLY = 704,
    /// The file is damaged.
    LIMBECK_DATABASE_CORRUPT = 705,
    /// No room is left on the volume, or in SQLite's temporary folder.
    LIMBECK_DATABASE_FULL = 706,
    /// The operating system reported an error.
    LIMBECK_DATABASE_IO = 707,
    /// The caller's own transaction is open and the work cannot be done inside it.
    LIMBECK_DATABASE_TRANSACTION_OPEN = 708,
    /// The backend, or the connection's state, does not do what limbeck relies on.
    LIMBECK_DATABASE_CONTRACT = 709,
    /// The schema calls a function, or uses a virtual table, that only a trusted schema may.
    LIMBECK_DATABASE_UNTRUSTED_SCHEMA = 710,
    /// A callback, a signal or another thread cancelled the run.
    LIMBECK_RUN_CANCELLED = 801,
    /// A setting is missing or not understood.
    LIMBECK_SETTINGS_INVALID = 901,
    /// A rename that a comparison of schemas was given cannot be taken.
    LIMBECK_DIFF_BAD_RENAME = 1001,
    /// The connection has no way to SQLite's backup API.
    LIMBECK_BACKUP_UNSUPPORTED = 1101,
    /// A backup could not be written or read.
    LIMBECK_BACKUP_FAILED = 1102,
    /// A backup is not what it was when it was taken.
    LIMBECK_BACKUP_DAMAGED = 1103,
    /// There is no backup that could be restored.
    LIMBECK_BACKUP_NONE = 1104,
}

/// The status of a kind of error.
pub(crate) fn status(kind: ErrorKind) -> limbeck_status {
    use {ErrorKind as K, limbeck_status as S};
    match kind {
        K::UnknownRevision => S::LIMBECK_GRAPH_UNKNOWN_REVISION,
        K::UnknownBranch => S::LIMBECK_GRAPH_UNKNOWN_BRANCH,
        K::AmbiguousPrefix => S::LIMBECK_GRAPH_AMBIGUOUS_PREFIX,
        K::NotInBranch => S::LIMBECK_GRAPH_NOT_IN_BRANCH,
        K::MultipleHeads => S::LIMBECK_GRAPH_MULTIPLE_HEADS,
        K::NotAncestor => S::LIMBECK_GRAPH_NOT_ANCESTOR,
        K::RelativeOutOfRange => S::LIMBECK_GRAPH_RELATIVE_OUT_OF_RANGE,
        K::AmbiguousWalk => S::LIMBECK_GRAPH_AMBIGUOUS_WALK,
        K::AmbiguousCurrent => S::LIMBECK_GRAPH_AMBIGUOUS_CURRENT,
        K::OverlappingRevisions => S::LIMBECK_GRAPH_OVERLAPPING_REVISIONS,
        K::RangeNotAllowed => S::LIMBECK_GRAPH_RANGE_NOT_ALLOWED,
        K::RangeRequired => S::LIMBECK_GRAPH_RANGE_REQUIRED,
        K::NotAHead => S::LIMBECK_GRAPH_NOT_A_HEAD,
        K::DuplicateHeads => S::LIMBECK_GRAPH_DUPLICATE_HEADS,
        K::Cycle => S::LIMBECK_GRAPH_CYCLE,
        K::DependencyCycle => S::LIMBECK_GRAPH_DEPENDENCY_CYCLE,
        K::SelfLoop => S::LIMBECK_GRAPH_SELF_LOOP,
        K::DependencySelfLoop => S::LIMBECK_GRAPH_DEPENDENCY_SELF_LOOP,
        K::MissingReference => S::LIMBECK_GRAPH_MISSING_REFERENCE,
        K::DuplicateRevision => S::LIMBECK_GRAPH_DUPLICATE_REVISION,
        K::DuplicateBranchLabel => S::LIMBECK_GRAPH_DUPLICATE_BRANCH_LABEL,
        K::IllegalRevisionId => S::LIMBECK_GRAPH_ILLEGAL_REVISION_ID,
        K::SourceUnreadable => S::LIMBECK_SCRIPT_UNREADABLE,
        K::BadDirective => S::LIMBECK_SCRIPT_BAD_DIRECTIVE,
        K::ForbiddenStatement => S::LIMBECK_SCRIPT_FORBIDDEN_STATEMENT,
        K::NoDowngrade => S::LIMBECK_SCRIPT_NO_DOWNGRADE,
        K::NotOffline => S::LIMBECK_SCRIPT_NOT_OFFLINE,
        K::CannotWrite => S::LIMBECK_SCRIPT_CANNOT_WRITE,
        K::BodyIsCode => S::LIMBECK_SCRIPT_BODY_IS_CODE,
        K::CodeFailed => S::LIMBECK_SCRIPT_CODE_FAILED,
        K::SqlSyntax => S::LIMBECK_SQL_SYNTAX,
        K::SqlTooDeep => S::LIMBECK_SQL_TOO_DEEP,
        K::StatementFailed => S::LIMBECK_SQL_FAILED,
        K::AlterSyntax => S::LIMBECK_ALTER_SYNTAX,
        K::UnknownTable => S::LIMBECK_ALTER_UNKNOWN_TABLE,
        K::UnknownColumn => S::LIMBECK_ALTER_UNKNOWN_COLUMN,
        K::UnknownConstraint => S::LIMBECK_ALTER_UNKNOWN_CONSTRAINT,
        K::AlreadyExists => S::LIMBECK_ALTER_ALREADY_EXISTS,
        K::StillNeeded => S::LIMBECK_ALTER_STILL_NEEDED,
        K::RowsBreakRule => S::LIMBECK_ALTER_ROWS_BREAK_RULE,
        K::WouldLose => S::LIMBECK_ALTER_WOULD_LOSE,
        K::RebuildRefused => S::LIMBECK_ALTER_REBUILD_REFUSED,
        K::SqliteTooOld => S::LIMBECK_ALTER_SQLITE_TOO_OLD,
        K::ProofFailed => S::LIMBECK_PROOF_DIFFERENCE,
        K::DependentBroken => S::LIMBECK_PROOF_DEPENDENT_BROKEN,
        K::ForeignKeyViolated => S::LIMBECK_PROOF_FOREIGN_KEY,
        K::DatabaseNewer => S::LIMBECK_HISTORY_DATABASE_NEWER,
        K::ChangedRevision => S::LIMBECK_HISTORY_CHANGED_REVISION,
        K::PassedOver => S::LIMBECK_HISTORY_PASSED_OVER,
        K::NotUpToDate => S::LIMBECK_HISTORY_NOT_UP_TO_DATE,
        K::Unfinished => S::LIMBECK_HISTORY_UNFINISHED,
        K::NothingToAdopt => S::LIMBECK_HISTORY_NOTHING_TO_ADOPT,
        K::CannotOpen => S::LIMBECK_DATABASE_CANNOT_OPEN,
        K::NotADatabase => S::LIMBECK_DATABASE_NOT_A_DATABASE,
        K::Locked => S::LIMBECK_DATABASE_LOCKED,
        K::ReadOnly => S::LIMBECK_DATABASE_READ_ONLY,
        K::Corrupt => S::LIMBECK_DATABASE_CORRUPT,
        K::Full => S::LIMBECK_DATABASE_FULL,
        K::Io => S::LIMBECK_DATABASE_IO,
        K::TransactionOpen => S::LIMBECK_DATABASE_TRANSACTION_OPEN,
        K::Contract => S::LIMBECK_DATABASE_CONTRACT,
        K::Cancelled => S::LIMBECK_RUN_CANCELLED,
        K::BadSetting => S::LIMBECK_SETTINGS_INVALID,
        K::BackupUnsupported => S::LIMBECK_BACKUP_UNSUPPORTED,
        K::BackupFailed => S::LIMBECK_BACKUP_FAILED,
        K::BackupDamaged => S::LIMBECK_BACKUP_DAMAGED,
        K::NoBackup => S::LIMBECK_BACKUP_NONE,
        K::StoredScriptRefused => S::LIMBECK_HISTORY_STORED_SCRIPT_REFUSED,
        K::BadRename => S::LIMBECK_DIFF_BAD_RENAME,
        K::UntrustedSchema => S::LIMBECK_DATABASE_UNTRUSTED_SCHEMA,
        K::UserVersionTaken => S::LIMBECK_HISTORY_USER_VERSION_TAKEN,
        // The compiler asks for it, and the test below finds a kind that comes here.
        _ => S::LIMBECK_C_INTERNAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_has_the_status_of_its_name() {
        let mut numbers = HashSet::new();
        for kind in ErrorKind::ALL {
            let status = status(*kind);
            let name = format!("LIMBECK_{}", kind.code().replace('.', "_").to_uppercase());
            assert_eq!(format!("{status:?}"), name, "give {} a number in status.rs", kind.code());
            assert!(numbers.insert(status as i32) && status as i32 >= 100, "{name}");
        }
    }
}
