//! A database that nothing is known of, or that something else has migrated halfway: which revision its
//! schema is, or is nearest to.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::rehearse::empty;
use super::verify::{graded, line};
use super::{First, Migrator, Planned, Side, run_quietly};
use crate::db::Database;
use crate::diff::{self, Diff, Difference, Grade};
use crate::error::{Error, ErrorKind, Result};
use crate::execute::{JobBody, Options};
use crate::graph::{RevisionGraph, Step};
use crate::operation::{self, Note, Operation};
use crate::report::Report;
use crate::schema::Object;
use crate::script::Section;

/// What a database's schema is, among those that the migrations make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recognised {
    /// The heads of the nearest one; none for the empty schema before the first.
    pub revisions: Vec<String>,
    /// Others with the same schema, whose migrations have left other rows: the schema does not tell which
    /// of them ran.
    pub also: Vec<Vec<String>>,
    /// What would make the database that schema: none where it is.
    pub differences: Vec<Difference>,
    /// The same as statements.
    pub operations: Vec<Operation>,
}

impl Recognised {
    /// Those with this fingerprint, among them first the one that the record names, or else the last.
    fn of(stages: &[Stage], fingerprint: &str, record: &[String]) -> Option<Recognised> {
        let mut same: Vec<&Stage> = stages.iter().filter(|stage| stage.fingerprint == fingerprint).collect();
        let first = match record {
            [] => None,
            record => same.iter().position(|stage| stage.rows == record),
        };
        let found = same.remove(first.unwrap_or(same.len().checked_sub(1)?));
        same.retain(|stage| stage.wrote != found.wrote);
        // The last of those between which nothing is done speaks for them.
        same.reverse();
        same.dedup_by_key(|stage| stage.wrote);
        same.reverse();
        let also = same.into_iter().map(|stage| stage.rows.clone()).collect();
        Some(Recognised { revisions: found.rows.clone(), also, ..Recognised::default() })
    }

    /// `0032`, or `0032, except: add index i of t (slight)`.
    pub fn title(&self) -> String {
        let name = if self.revisions.is_empty() { "<base>".to_owned() } else { self.revisions.join(", ") };
        match &self.differences[..] {
            [] => name,
            left => format!("{name}, except: {}", left.iter().map(line).collect::<Vec<_>>().join("; ")),
        }
    }

    /// Whether it is just the schema of these version rows.
    #[cfg(feature = "refinery")]
    pub(super) fn is(&self, rows: &[String]) -> bool {
        self.is_exact() && (self.revisions == rows || self.also.iter().any(|also| also == rows))
    }

    /// Whether it is just that schema.
    pub fn is_exact(&self) -> bool {
        self.differences.is_empty()
    }
}

impl Serialize for Recognised {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Recognised { revisions, also, differences, operations } = self;
        let mut whole = serializer.serialize_struct("Recognised", 4)?;
        whole.serialize_field("revisions", revisions)?;
        whole.serialize_field("also", also)?;
        whole.serialize_field("differences", &graded(differences))?;
        whole.serialize_field("operations", operations)?;
        whole.end()
    }
}

/// A schema on the way from nothing to the heads.
struct Stage {
    rows: Vec<String>,
    /// How many of the migrations up to it have statements: a merge has none.
    wrote: usize,
    objects: Vec<Object>,
    fingerprint: String,
}

impl Migrator<'_> {
    /// Which revision a database's schema is, or which it is nearest to. The database is only read;
    /// `scratch` is an empty one in memory, into which the folder is replayed revision by revision.
    ///
    /// Nearest is where least is left to do, by [`Difference::grade`]; what would have to be dropped
    /// counts thrice, so that a migration that stopped halfway is taken for one to finish. Of several with
    /// the same schema it is the one that the version rows name, and else the last.
    ///
    /// Errors: those of [`upgrade`](Self::upgrade) for the folder.
    pub fn recognise(&self, db: &mut dyn Database, scratch: &mut dyn Database) -> Result<Recognised> {
        let scripts = self.folder.scripts()?;
        let mut known = self.history().rows(db)?;
        known.retain(|row| scripts.graph.get(row).is_some());
        let record = scripts.graph.newest(&known)?;
        self.recognised(db, scratch, &record)
    }

    /// The same, where these are the version rows.
    pub(super) fn recognised(
        &self,
        db: &mut dyn Database,
        scratch: &mut dyn Database,
        record: &[String],
    ) -> Result<Recognised> {
        let there = self.app_objects(db)?;
        let own = diff::fingerprint(&there)?;
        let stages = self.stages(scratch, record)?;
        if let Some(found) = Recognised::of(&stages, &own, record) {
            return Ok(found);
        }
        let mut nearest: Option<(usize, &Stage, Diff)> = None;
        for stage in &stages {
            let found = diff::compare(&there, &stage.objects, &diff::Options::default())?;
            let cost = found.differences.iter().map(cost).sum();
            if nearest.as_ref().is_none_or(|(least, ..)| cost <= *least) {
                nearest = Some((cost, stage, found));
            }
        }
        let Some((_, stage, found)) = nearest else { return Ok(Recognised::default()) };
        Ok(Recognised {
            differences: found.differences,
            operations: found.operations,
            ..Recognised::of(&stages, &stage.fingerprint, record).unwrap_or_default()
        })
    }

    /// Stamps a database with the revision that its schema is; with `finish`, first makes it that
    /// schema where something is missing, in the same transaction. Other than the migration itself,
    /// that fills in no rows.
    ///
    /// Version rows that are there stay. Where they name a revision with this schema there is nothing to
    /// do, or something to finish.
    ///
    /// Errors: [`ErrorKind::NothingToAdopt`] where it is no revision's schema and is not to be finished,
    /// or is the empty one, or that of several ([`Recognised::also`]: which of the migrations that only
    /// change rows have run, [`stamp`](Self::stamp) has to say), or where the version rows name a revision
    /// with another schema;
    /// [`ErrorKind::DatabaseNewer`] where they name one that the folder does not have;
    /// [`ErrorKind::WouldLose`] where finishing would drop what is there, or asks what only a person knows; those of [`recognise`](Self::recognise) and [`stamp`](Self::stamp).
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite")] {
    /// use limbeck::Migrator;
    ///
    /// let migrations = [
    ///     ("0001_notes.sql", "CREATE TABLE notes(title)"),
    ///     ("0002_index.sql", "ALTER TABLE notes ADD body; CREATE INDEX titles ON notes(title)"),
    /// ];
    /// let mut db = rusqlite::Connection::open_in_memory().unwrap();
    /// db.execute_batch("CREATE TABLE notes(title, body)").unwrap();
    /// let mut scratch = rusqlite::Connection::open_in_memory().unwrap();
    ///
    /// let (found, report) = Migrator::new(&migrations)?.adopt_schema(&mut db, &mut scratch, true)?;
    /// assert_eq!(found.title(), "0002, except: add index titles of notes (slight)");
    /// assert_eq!(report.to, ["0002"]);
    /// # }
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn adopt_schema(
        &mut self,
        db: &mut dyn Database,
        scratch: &mut dyn Database,
        finish: bool,
    ) -> Result<(Recognised, Report)> {
        let rows = self.version_rows(db)?;
        let found = self.recognise(db, scratch)?;
        if !rows.is_empty() && found.revisions != self.graph()?.newest(&rows)? {
            return Err(otherwise(&rows, &found));
        }
        if rows.is_empty() && !found.also.is_empty() {
            return Err(several(&found));
        }
        refuse(&found, finish)?;
        if found.is_exact() && !rows.is_empty() {
            return Ok((found, Report::nothing(rows)));
        }
        let Migrator { folder, options, listener, backups, .. } = self;
        let scripts = folder.scripts()?;
        let mut plan = scripts.graph.stamp_rows(&rows, &found.revisions)?;
        if plan.is_empty() {
            plan.steps.extend(found.revisions.last().map(|revision| stays(revision)));
        }
        let mut all = super::jobs::jobs(scripts, options, db, &plan)?;
        let section = Section::parse(&operation::script(&found.operations), 1)?;
        if let Some(job) = all.first_mut() {
            job.body = JobBody::Sql(section);
        }
        // Whoever was first has changed what was recognised.
        let mut again = |_: &mut dyn Database, _: &[String]| Err(changed());
        let first = First::new(backups.as_ref(), options);
        let planned = Planned { scripts, again: &mut again, first };
        let report = planned.run(db, &mut **listener, rows, all)?;
        Ok((found, report))
    }

    /// The schema after each step from nothing to the heads.
    ///
    /// The way leads over `record`, which in a folder with branches is not on every way.
    fn stages(&self, scratch: &mut dyn Database, record: &[String]) -> Result<Vec<Stage>> {
        empty(scratch)?;
        let scripts = self.folder.scripts()?;
        let plan = scripts.graph.upgrade(&[], "heads")?;
        let first = scripts.graph.history(":current", record)?.into_iter().rev();
        let rest = plan.steps.iter().filter_map(|step| step.revision.as_deref());
        let options = Options { replay: true, ..self.options.clone() };
        let mut wrote = 0;
        let mut stages = vec![self.stage(scratch, wrote)?];
        for revision in first.chain(rest) {
            let again = |graph: &RevisionGraph, rows: &[String]| graph.with(rows, revision);
            let plan = again(scripts.graph, &self.history().rows(scratch)?)?;
            if !plan.is_empty() {
                for step in &plan.steps {
                    wrote += usize::from(self.writes(step)?);
                }
                run_quietly(scripts, &options, scratch, plan, &again)?;
                stages.push(self.stage(scratch, wrote)?);
            }
        }
        Ok(stages)
    }

    /// Whether a step of an upgrade runs anything.
    fn writes(&self, step: &Step) -> Result<bool> {
        match step.revision.as_deref().and_then(|revision| self.script(revision)) {
            Some(script) => Ok(script.code || !script.body()?.up.items.is_empty()),
            None => Ok(false),
        }
    }

    fn stage(&self, scratch: &mut dyn Database, wrote: usize) -> Result<Stage> {
        let objects = self.schema(Side::Database(scratch))?;
        let rows = self.history().rows(scratch)?;
        Ok(Stage { rows, wrote, fingerprint: diff::fingerprint(&objects)?, objects })
    }
}

fn cost(difference: &Difference) -> usize {
    let weight = match difference.grade() {
        Grade::Slight => 1,
        Grade::Rule => 10,
        Grade::Data => 100,
    };
    if difference.kind.as_str().starts_with("drop") { weight * 3 } else { weight }
}

fn refuse(found: &Recognised, finish: bool) -> Result<()> {
    if found.revisions.is_empty() {
        let message = match found.is_exact() {
            true => "there is nothing in the database yet".to_owned(),
            false => format!("the schema is like no revision's: {}", found.title()),
        };
        return Err(Error::new(ErrorKind::NothingToAdopt, message).with_hint(
            "write 'limbeck upgrade head' for a new database, or 'limbeck stamp' for one that you know",
        ));
    }
    if found.is_exact() {
        return Ok(());
    }
    if !finish {
        return Err(Error::new(ErrorKind::NothingToAdopt, format!("the schema is {}", found.title()))
            .with_hint(
                "add --finish to make the rest and stamp it, or see 'limbeck diff' and mend it by hand",
            ));
    }
    let notes = found.operations.iter().flat_map(|operation| &operation.notes);
    let unsafe_ones: Vec<&str> =
        notes.filter(|note| !matches!(note, Note::Remark(_))).map(Note::text).collect();
    if unsafe_ones.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::WouldLose,
        format!("finishing {} would lose or guess: {}", found.revisions.join(", "), unsafe_ones.join("; ")),
    )
    .with_hint("do it by hand, then adopt it"))
}

/// Nothing tells the revisions with this schema apart: to take the last would pass over what changes rows,
/// and to take the first would do it twice.
fn several(found: &Recognised) -> Error {
    let named = |rows: &[String], base: &str| match rows {
        [] => base.to_owned(),
        rows => rows.join(" "),
    };
    let also = |base: &str, between: &str| {
        found.also.iter().map(|rows| named(rows, base)).collect::<Vec<_>>().join(between)
    };
    let message = format!(
        "the schema is {}, and just as well that of {}: what lies between changes rows, or changes the schema and \
         changes it back, and may have run or not",
        found.title(),
        also("<base>", " and of ")
    );
    Error::new(ErrorKind::NothingToAdopt, message).with_hint(format!(
        "say what has run: 'limbeck stamp {}', or 'limbeck stamp {}', after which an upgrade runs the rest",
        also("base", "', 'limbeck stamp "),
        named(&found.revisions, "base")
    ))
}

/// The step that finishes a revision which the version rows name already.
fn stays(revision: &str) -> Step {
    Step { insert: Vec::new(), delete: Vec::new(), ..Step::stamp(Some(revision), vec![revision.to_owned()]) }
}

/// The version rows name a revision that has another schema.
fn otherwise(rows: &[String], found: &Recognised) -> Error {
    let message =
        format!("the database says that it is at {}, and its schema is {}", rows.join(", "), found.title());
    Error::new(ErrorKind::NothingToAdopt, message).with_hint(
        "look at it with 'limbeck verify', then say with 'limbeck stamp' which revision it is at, or mend the schema",
    )
}

fn changed() -> Error {
    Error::new(ErrorKind::NothingToAdopt, "the database has changed while it was looked at")
        .with_hint("adopt it again")
}

#[cfg(all(test, feature = "rusqlite"))]
mod tests {
    use rusqlite::Connection;

    use super::*;

    const FILES: [(&str, &str); 4] = [
        ("0001_a.sql", "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)"),
        ("0002_b.sql", "ALTER TABLE notes ADD body TEXT; CREATE INDEX titles ON notes(title)"),
        ("0003_rows.sql", "UPDATE notes SET body = ''"),
        ("0004_c.sql", "CREATE TABLE tags(note REFERENCES notes(id)); CREATE INDEX of_note ON tags(note)"),
    ];

    fn database(sql: &str) -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(sql).unwrap();
        db
    }

    #[test]
    fn the_nearest_revision_is_named() {
        let notes = "CREATE TABLE \"Notes\"(id integer primary key, title text, body text);";
        for (sql, want, also) in [
            ("", "<base>", 0),
            ("CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)", "0001", 0),
            (&format!("{notes} CREATE INDEX titles ON notes(title)"), "0003", 1),
            (notes, "0003, except: add index titles of notes (slight)", 1),
            (
                &format!(
                    "{notes} CREATE INDEX titles ON notes(title); CREATE TABLE tags(note REFERENCES notes)"
                ),
                "0004, except: add index of_note of tags (slight)",
                0,
            ),
            (
                "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT, mine)",
                "0001, except: drop column mine of notes (data)",
                0,
            ),
        ] {
            let mut db = database(sql);
            let found = Migrator::new(FILES).unwrap().recognise(&mut db, &mut database("")).unwrap();
            assert_eq!((found.title().as_str(), found.also.len()), (want, also), "{sql}");
        }
    }

    #[test]
    fn it_is_stamped_or_finished_and_goes_on() {
        let mut db = database(
            "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT, body TEXT); INSERT INTO notes VALUES (1, 'a', 'b')",
        );
        let mut migrator = Migrator::new(FILES).unwrap();
        // Whether 0003 has changed the rows is not in the schema.
        for finish in [false, true] {
            let error = migrator.adopt_schema(&mut db, &mut database(""), finish).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NothingToAdopt);
            let told = "0003, except: add index titles of notes (slight), and just as well that of 0002: ";
            assert!(error.to_string().contains(told), "{error}");
            assert!(error.hint().unwrap().contains("'limbeck stamp 0002', or 'limbeck stamp 0003'"));
            assert!(migrator.rows(&mut db).unwrap().is_empty());
        }
        migrator.stamp(&mut db, &["0003"], false).unwrap();
        let (found, report) = migrator.adopt_schema(&mut db, &mut database(""), true).unwrap();
        assert_eq!((found.revisions, report.to), (vec!["0003".to_owned()], vec!["0003".to_owned()]));
        assert!(migrator.verify(&mut db, &mut database("")).unwrap().is_sound());
        assert!(migrator.adopt_schema(&mut db, &mut database(""), false).unwrap().1.is_empty(), "again");
        migrator.upgrade(&mut db, "head").unwrap();
        let body: String = db.query_row("SELECT body FROM notes", [], |row| row.get(0)).unwrap();
        assert_eq!(body, "b", "0003 was said to be done");
    }

    /// Of two with the same schema the database says which it is at, and what the other does to rows is not lost.
    #[test]
    fn a_record_is_not_written_over() {
        const ROWS: [(&str, &str); 3] = [
            ("0001_a.sql", "CREATE TABLE a(x); INSERT INTO a VALUES (1)"),
            ("0002_rows.sql", "UPDATE a SET x = x + 1"),
            ("0003_rows.sql", "UPDATE a SET x = x * 10"),
        ];
        let adopt = |files: &[(&str, &str)], db: &mut Connection, finish| {
            Migrator::new(files.to_vec()).unwrap().adopt_schema(db, &mut database(""), finish)
        };
        let mut db = database("");
        Migrator::new(ROWS).unwrap().upgrade(&mut db, "0001").unwrap();
        let (found, report) = adopt(&ROWS, &mut db, true).unwrap();
        assert_eq!((found.title().as_str(), found.also.len(), report.is_empty()), ("0001", 2, true));
        Migrator::new(ROWS).unwrap().upgrade(&mut db, "head").unwrap();
        let x: i64 = db.query_row("SELECT x FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!(x, 20);

        let error = adopt(&ROWS[..2], &mut db, true).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DatabaseNewer, "{error}");
        assert_eq!(Migrator::new(ROWS).unwrap().rows(&mut db).unwrap(), ["0003"]);
    }

    #[test]
    fn a_record_that_says_otherwise_is_told() {
        let mut migrator = Migrator::new(FILES).unwrap();
        let mut db = database("");
        migrator.upgrade(&mut db, "0001").unwrap();
        db.execute_batch("CREATE TABLE tags(note REFERENCES notes(id)); CREATE INDEX of_note ON tags(note)")
            .unwrap();
        db.execute_batch("ALTER TABLE notes ADD body TEXT; CREATE INDEX titles ON notes(title)").unwrap();
        for finish in [false, true] {
            let error = migrator.adopt_schema(&mut db, &mut database(""), finish).unwrap_err();
            assert_eq!(error.to_string(), "the database says that it is at 0001, and its schema is 0004");
            assert_eq!(error.kind(), ErrorKind::NothingToAdopt);
        }
        // What is missing for the revision that it says is made, and the row stays.
        migrator.stamp(&mut db, &["0004"], false).unwrap();
        db.execute_batch("DROP INDEX of_note").unwrap();
        assert!(migrator.adopt_schema(&mut db, &mut database(""), false).is_err());
        let (_, report) = migrator.adopt_schema(&mut db, &mut database(""), true).unwrap();
        assert_eq!((report.steps.len(), report.to), (1, vec!["0004".to_owned()]));
        assert!(migrator.verify(&mut db, &mut database("")).unwrap().is_sound());
    }

    /// Only what has statements may have run or not.
    #[test]
    fn a_merge_changes_nothing() {
        let files = [
            ("0001_a.sql", "CREATE TABLE a(x)"),
            ("0002_b.sql", "-- revises: 0001\n-- migrate:up\nCREATE TABLE b(x)"),
            ("0003_c.sql", "-- revises: 0001\n-- migrate:up\nCREATE TABLE c(x)"),
            ("0004_both.sql", "-- revises: 0002, 0003\n-- migrate:up\n"),
            ("0005_later.sql", "-- revises: 0004\n-- migrate:up\n-- nothing\n"),
        ];
        let mut db = database("CREATE TABLE a(x); CREATE TABLE b(x); CREATE TABLE c(x)");
        let mut migrator = Migrator::new(files).unwrap();
        let (found, report) = migrator.adopt_schema(&mut db, &mut database(""), false).unwrap();
        assert_eq!((found.also.len(), report.to), (0, vec!["0005".to_owned()]));
        // Made and dropped again: the schema of the beginning is that of the end.
        let files = [
            ("0001_a.sql", "CREATE TABLE a(x)"),
            ("0002_b.sql", "CREATE TABLE b(x)"),
            ("0003_c.sql", "DROP TABLE b"),
        ];
        let mut db = database("CREATE TABLE a(x)");
        let error =
            Migrator::new(files).unwrap().adopt_schema(&mut db, &mut database(""), false).unwrap_err();
        assert!(
            error.to_string().starts_with("the schema is 0003, and just as well that of 0001: "),
            "{error}"
        );
    }

    /// A branch that the straight way to the heads does not stop at.
    #[test]
    fn a_record_on_a_branch() {
        let files = [
            ("0001_a.sql", "CREATE TABLE a(x)"),
            ("0002_b.sql", "-- revises: 0001\n-- migrate:up\nCREATE TABLE b(x)"),
            ("0003_c.sql", "-- revises: 0001\n-- migrate:up\nCREATE TABLE c(x)"),
        ];
        for head in ["0002", "0003"] {
            let mut migrator = Migrator::new(files).unwrap();
            let mut db = database("");
            migrator.upgrade(&mut db, head).unwrap();
            let (found, report) = migrator.adopt_schema(&mut db, &mut database(""), false).unwrap();
            assert_eq!((found.title().as_str(), report.is_empty()), (head, true));
        }
    }

    #[test]
    fn nothing_is_lost_by_finishing() {
        let mut migrator = Migrator::new(FILES).unwrap();
        let mut db = database("CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT, mine)");
        let error = migrator.adopt_schema(&mut db, &mut database(""), true).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldLose);
        let error = migrator.adopt_schema(&mut database(""), &mut database(""), true).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NothingToAdopt);
    }

    /// What the last run left is known, and what has changed since is said at the next one.
    #[test]
    fn drift_is_named_and_graded() {
        let mut db = database("");
        Migrator::new(&FILES[..3]).unwrap().upgrade(&mut db, "head").unwrap();
        let left: String = db
            .query_row("SELECT fingerprint FROM limbeck_history WHERE fingerprint IS NOT NULL", [], |row| {
                row.get(0)
            })
            .unwrap();
        let mut migrator = Migrator::new(FILES).unwrap();
        assert_eq!(migrator.fingerprint(&mut db).unwrap(), left);
        db.execute_batch("DROP INDEX titles; CREATE TABLE extra(a)").unwrap();
        let found = migrator.verify(&mut db, &mut database("")).unwrap();
        assert_eq!(found.lines(), ["add index titles of notes (slight)", "drop table extra (data)"]);
        let report = migrator.upgrade(&mut db, "head").unwrap();
        assert!(report.warnings[0].contains("'limbeck verify'"), "{:?}", report.warnings);
        db.execute_batch("CREATE INDEX titles ON notes(title); DROP TABLE extra").unwrap();
        assert!(migrator.verify(&mut db, &mut database("")).unwrap().is_sound());
    }
}
