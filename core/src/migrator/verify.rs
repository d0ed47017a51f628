//! The truth at run time: whether a database is what the migrations make.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::Migrator;
use super::rehearse::empty;
use crate::db::Database;
use crate::diff::{self, Difference};
use crate::error::Result;

/// What was found of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// The version rows: where it says it is.
    pub revisions: Vec<String>,
    /// Of its schema as it is.
    pub fingerprint: String,
    /// What would make it what the migrations make: none where nothing has drifted.
    pub differences: Vec<Difference>,
}

impl Verified {
    /// Whether it is what the migrations make.
    pub fn is_sound(&self) -> bool {
        self.differences.is_empty()
    }

    /// One line each: `missing: add index i of t (slight)`.
    pub fn lines(&self) -> Vec<String> {
        self.differences.iter().map(line).collect()
    }
}

/// `add index i of t (slight)`
pub(super) fn line(difference: &Difference) -> String {
    let Difference { kind, table, name, .. } = difference;
    let of = if table.eq_ignore_ascii_case(name) { String::new() } else { format!(" of {table}") };
    let grade = serde_json::to_string(&difference.grade()).unwrap_or_default();
    format!("{} {name}{of} ({})", kind.as_str().replace('_', " "), grade.trim_matches('"'))
}

/// The differences with how much each matters.
impl Serialize for Verified {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Verified { revisions, fingerprint, differences } = self;
        let mut whole = serializer.serialize_struct("Verified", 3)?;
        whole.serialize_field("revisions", revisions)?;
        whole.serialize_field("fingerprint", fingerprint)?;
        whole.serialize_field("differences", &graded(differences))?;
        whole.end()
    }
}

#[derive(Serialize)]
pub(super) struct Graded<'d> {
    #[serde(flatten)]
    difference: &'d Difference,
    grade: diff::Grade,
}

pub(super) fn graded(differences: &[Difference]) -> Vec<Graded<'_>> {
    differences.iter().map(|difference| Graded { difference, grade: difference.grade() }).collect()
}

impl Migrator<'_> {
    /// Whether a database is what the migrations make up to its version rows: each difference named,
    /// and graded by how much it matters. The database is only read; `scratch` is an empty one in
    /// memory, of the app's own kind, into which the folder is replayed. Not part of a launch, unless
    /// the app calls it.
    ///
    /// Errors: [`ErrorKind::DatabaseNewer`](crate::ErrorKind::DatabaseNewer) for a row that the folder
    /// does not know; those of [`upgrade`](Self::upgrade) for the folder.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite")] {
    /// use limbeck::{Migrator, diff::Grade};
    ///
    /// let migrations = [("0001_notes.sql", "CREATE TABLE notes(title); CREATE INDEX titles ON notes(title)")];
    /// let mut db = rusqlite::Connection::open_in_memory().unwrap();
    /// let mut migrator = Migrator::new(&migrations)?;
    /// migrator.upgrade(&mut db, "head")?;
    /// db.execute_batch("DROP INDEX titles").unwrap();
    ///
    /// let found = migrator.verify(&mut db, &mut rusqlite::Connection::open_in_memory().unwrap())?;
    /// assert_eq!(found.differences[0].sql, "CREATE INDEX titles ON notes(title)");
    /// assert_eq!(found.differences[0].grade(), Grade::Slight);
    /// # }
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn verify(&self, db: &mut dyn Database, scratch: &mut dyn Database) -> Result<Verified> {
        let revisions = self.version_rows(db)?;
        let there = self.app_objects(db)?;
        empty(scratch)?;
        self.replay_to(scratch, &revisions)?;
        let wanted = self.app_objects(scratch)?;
        let differences = diff::compare(&there, &wanted, &diff::Options::default())?.differences;
        Ok(Verified { revisions, fingerprint: diff::fingerprint(&there)?, differences })
    }

    /// The fingerprint of a database's schema: equal for two that differ in nothing that
    /// [`diff`](Self::diff) tells. The last step of each run leaves it in `limbeck_history`.
    pub fn fingerprint(&self, db: &mut dyn Database) -> Result<String> {
        diff::fingerprint(&self.app_objects(db)?)
    }
}
