//! The database's own record: which revisions are applied, and how they came to be.
//!
//! The version rows are the truth; history rows may be missing (an adopted or stamped database) and
//! are then simply not known. All is stamped by SQLite's clock.

use std::fmt;

use crate::db::{Database, Value};
use crate::error::{Error, ErrorKind, Result, accepted};
use crate::graph::Step;
use crate::script::Digest;
use crate::sql::{literal, quote};

/// The table of version rows, in Alembic's shape, unless the app names another.
pub const VERSION_TABLE: &str = "limbeck_version";

const HISTORY: &str = "\
CREATE TABLE IF NOT EXISTS limbeck_history (
    id INTEGER PRIMARY KEY,
    revision TEXT NOT NULL,
    revises TEXT NOT NULL,      -- what it revises, comma-separated
    depends_on TEXT,            -- what else it needs, comma-separated
    message TEXT,               -- what it does
    direction TEXT NOT NULL,    -- up, down, stamp
    state TEXT NOT NULL,        -- finished; started: a transaction:false revision under way
    applied_at TEXT NOT NULL,   -- UTC
    duration_ms INTEGER,
    checksum TEXT,              -- of the script that ran; while started, of the statements that are done
    app_version TEXT,
    compatible INTEGER,         -- whether apps without it can use the database, where known: 1, 0
    downgrade TEXT,             -- the script that undoes it
    downgrade_checksum TEXT,
    statements INTEGER,         -- how many of them are done, while started
    fingerprint TEXT,           -- of the whole schema after a run, where known
    files TEXT                  -- digests of the files and version rows, where a run left nothing to do
)";

/// What a launch looks that up with: a view or a virtual table, which might run anything, has no index.
const FILES_INDEX: &str = "CREATE INDEX IF NOT EXISTS main.limbeck_history_files \
                           ON limbeck_history(id, files) WHERE files IS NOT NULL";

const LAST_MARK: &str = "SELECT files FROM main.limbeck_history INDEXED BY limbeck_history_files \
                         WHERE files IS NOT NULL ORDER BY id DESC LIMIT 1";

/// One row of `limbeck_history` to be.
#[derive(Debug, Clone, Default)]
pub struct Entry<'a> {
    /// The revision.
    pub revision: &'a str,
    /// What it revises.
    pub revises: &'a [String],
    /// What else it needs.
    pub depends_on: &'a [String],
    /// What it does.
    pub message: &'a str,
    /// `up`, `down` or `stamp`.
    pub direction: &'a str,
    /// How long it took.
    pub duration_ms: Option<u64>,
    /// Of the script that ran.
    pub checksum: Option<String>,
    /// Of the app that ran it.
    pub app_version: Option<&'a str>,
    /// Whether apps that do not have it can use the database.
    pub compatible: Option<bool>,
    /// The script that undoes it, and its checksum.
    pub downgrade: Option<(&'a str, &'a str)>,
    /// Of the whole schema, on the last step of a run.
    pub fingerprint: Option<&'a str>,
    /// Of the files and version rows, where nothing is left to do.
    pub files: Option<&'a str>,
}

/// That with these files and these version rows nothing is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    files: Digest,
    rows: Digest,
}

impl Mark {
    /// Of the files, and of the rows that they were the last to be brought to.
    pub fn new(files: Digest, rows: &[String]) -> Mark {
        Mark { files, rows: rows.iter().fold(Digest::NONE, |all, row| all.with(row, "")) }
    }

    /// The number that the header keeps of it: the launch that meets it has read no rows.
    pub fn header(self) -> i32 {
        self.files.folded()
    }

    /// The number that was kept of the mark with this text.
    pub fn header_of(text: &str) -> Option<i32> {
        Digest::parse(text.get(..16)?).map(Digest::folded)
    }
}

/// As `limbeck_history` has it: both in hexadecimal.
impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.files, self.rows)
    }
}

/// What the database knows of a revision that is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place among all steps.
    pub id: i64,
    /// The revision.
    pub revision: String,
    /// What it revises.
    pub revises: Vec<String>,
    /// What else it needs.
    pub depends_on: Vec<String>,
    /// What it does.
    pub message: String,
    /// When it was applied or stamped.
    pub applied_at: String,
    /// Of the app that did so.
    pub app_version: Option<String>,
    /// Whether apps that do not have it can use the database.
    pub compatible: Option<bool>,
    /// The script that undoes it, and its checksum.
    pub downgrade: Option<(String, String)>,
}

/// What the record says last of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The revision.
    pub revision: String,
    /// Whether its script ran, or a stamp took it for run, and was not taken back since.
    pub applied: bool,
    /// What had to be there before it, then.
    pub after: Vec<String>,
    /// The checksum of that script, and when it was; a stamp of an earlier limbeck has kept none.
    pub text: Option<(String, String)>,
    /// Where it was begun and not finished.
    pub unfinished: Option<Unfinished>,
}

/// A `transaction:false` revision that was begun and not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The revision.
    pub revision: String,
    /// `up` or `down`.
    pub direction: String,
    /// How many of its statements are done.
    pub statements: usize,
    /// Of those statements. A limbeck that did not note it yet has left that of the whole script instead,
    /// and of a downgrade none.
    pub checksum: Option<String>,
}

impl Unfinished {
    /// Whether what is done is what a section, whose [`beginnings`](crate::script::Section::beginnings)
    /// these are, begins with: it can go on behind it.
    pub fn is_begun_by(&self, beginnings: &[String]) -> bool {
        let done = self.checksum.as_ref();
        self.statements == 0
            || done.is_some() && (done == beginnings.get(self.statements) || done == beginnings.last())
    }
}

/// What a run has to know of the record once its transaction is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The version rows, sorted.
    pub rows: Vec<String>,
    /// The last mark that a run has left.
    pub mark: Option<String>,
    /// The fingerprint with which the last run left the schema, and when.
    pub left: Option<(String, String)>,
}

/// Reads and writes the record.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    version_table: &'a str,
    /// Whether finished steps are recorded.
    keep: bool,
}

impl<'a> History<'a> {
    /// The record, with the version rows in this table.
    pub fn new(version_table: &'a str, keep: bool) -> History<'a> {
        History { version_table, keep }
    }

    /// The version rows, sorted, and the last mark that a run has left: in one SELECT, which is all that
    /// a launch with nothing to do asks. None where an earlier limbeck, or none, has kept the record.
    pub fn launch(&self, db: &mut dyn Database) -> Result<Option<(Vec<String>, Option<String>)>> {
        if !self.keep {
            return Ok(None);
        }
        let (mut rows, mut files) = (Vec::new(), None);
        let sql = format!("SELECT version_num, ({LAST_MARK}) FROM {}", self.indexed("main")?);
        let read = accepted(db.query(&sql, &[], &mut |row| {
            if let [Value::Text(row), last] = row {
                rows.push(row.clone());
                files = match last {
                    Value::Text(last) => Some(last.clone()),
                    _ => None,
                };
            }
            Ok(())
        }))?;
        rows.sort();
        Ok(read.map(|()| (rows, files)))
    }

    /// What a run has to know, in one SELECT that compiles only where all of the record is there, as
    /// [`prepare`](Self::prepare) would make it. None where a part is missing, or nothing is applied.
    pub fn kept(&self, db: &mut dyn Database) -> Result<Option<Kept>> {
        if !self.keep {
            return Ok(None);
        }
        const LAST: &str = "FROM main.limbeck_history ORDER BY id DESC LIMIT 1";
        let sql = format!(
            "SELECT version_num, ({LAST_MARK}), (SELECT fingerprint {LAST}), (SELECT applied_at {LAST}) FROM {}",
            self.indexed("main")?
        );
        let Some(found) = accepted(db.rows(&sql, &[]))? else { return Ok(None) };
        let text = |value: &Value| if let Value::Text(text) = value { Some(text.clone()) } else { None };
        let Some([_, mark, fingerprint, when]) = found.first().map(Vec::as_slice) else { return Ok(None) };
        let (mark, left) = (text(mark), text(fingerprint).zip(text(when)));
        let mut rows: Vec<String> = found.iter().filter_map(|row| text(row.first()?)).collect();
        rows.sort();
        Ok(Some(Kept { rows, mark, left }))
    }

    /// The last mark that a run has left, where the record is one that can be asked.
    pub fn last_mark(&self, db: &mut dyn Database) -> Result<Option<String>> {
        Ok(accepted(db.texts(LAST_MARK, &[]))?.and_then(|mut found| found.pop()))
    }

    /// The table of version rows, as SQL. Whoever reads, makes or writes it asks here for its name.
    ///
    /// Errors: [`ErrorKind::BadSetting`] for a name that it cannot have; SQLite itself would take an empty one.
    fn table(&self, schema: &str) -> Result<String> {
        let name = self.version_table;
        if name.is_empty() || name.eq_ignore_ascii_case("limbeck_history") {
            let message = format!("version_table = '{name}' is no name for the table of version rows");
            return Err(Error::new(ErrorKind::BadSetting, message)
                .with_hint("name a table of its own, or none for limbeck_version"));
        }
        Ok(format!("{schema}.{}", quote(name)))
    }

    /// That table, by the index of its key, which a view or a virtual table does not have: a
    /// hostile file's may run anything, and this is read before anything else. The order is the index's own:
    /// SQLite 3.31 finds no query solution without a reason to use it.
    fn indexed(&self, schema: &str) -> Result<String> {
        let index = quote(&format!("sqlite_autoindex_{}_1", self.version_table));
        Ok(format!("{} INDEXED BY {index} ORDER BY version_num", self.table(schema)?))
    }

    /// The version rows, sorted; none where the table is not there.
    pub fn rows(&self, db: &mut dyn Database) -> Result<Vec<String>> {
        self.rows_of(db, "main")
    }

    /// The version rows of an attached database.
    pub fn rows_of(&self, db: &mut dyn Database, schema: &str) -> Result<Vec<String>> {
        let sql = format!("SELECT version_num FROM {}", self.indexed(schema)?);
        let mut rows = match accepted(db.texts(&sql, &[]))? {
            Some(rows) => rows,
            None if self.has_version_table(db, schema)? => {
                db.texts(&format!("SELECT version_num FROM {}", self.table(schema)?), &[])?
            }
            None => Vec::new(),
        };
        rows.sort();
        Ok(rows)
    }

    /// Errors: [`ErrorKind::StatementFailed`] where the name is something else's.
    fn has_version_table(&self, db: &mut dyn Database, schema: &str) -> Result<bool> {
        let sql = format!(
            "SELECT type = 'table' AND sql NOT BETWEEN 'CREATE VIRTUAL' AND 'CREATE VIRTUAM' \
             FROM {schema}.sqlite_master WHERE name = ?1 COLLATE NOCASE AND type IN ('table', 'view')"
        );
        match db.integer(&sql, &[self.version_table.into()])? {
            Some(0) => Err(Error::new(
                ErrorKind::StatementFailed,
                format!("{} is a view or a virtual table", self.version_table),
            )
            .with_hint("drop it, or name another table for the version rows (version_table)")),
            found => Ok(found.is_some()),
        }
    }

    /// Makes the two tables where they are missing.
    pub fn prepare(&self, db: &mut dyn Database) -> Result<()> {
        // Alembic's own text, so that it finds what it would have made.
        db.execute(&format!(
            "CREATE TABLE IF NOT EXISTS {} (\n    version_num VARCHAR(32) NOT NULL, \n    CONSTRAINT {} PRIMARY KEY (version_num)\n)",
            self.table("main")?,
            quote(&format!("{}_pkc", self.version_table))
        ))?;
        if self.keep { self.prepare_history(db) } else { Ok(()) }
    }

    fn prepare_history(&self, db: &mut dyn Database) -> Result<()> {
        db.execute(&HISTORY.replace("limbeck_history", "main.limbeck_history"))?;
        // Earlier versions of limbeck have made it without.
        if !db.any("SELECT 1 FROM pragma_table_info('limbeck_history') WHERE name = 'files'", &[])? {
            db.execute("ALTER TABLE main.limbeck_history ADD COLUMN files TEXT")?;
        }
        db.execute(FILES_INDEX)?;
        Ok(())
    }

    /// Changes the version rows as a step says.
    ///
    /// Errors: [`ErrorKind::ProofFailed`] if a row that the step replaces is not there.
    pub fn move_rows(&self, db: &mut dyn Database, step: &Step) -> Result<()> {
        let table = self.table("main")?;
        let gone = |row: &str| {
            let message = format!("the version row {row} is gone from {}", self.version_table);
            Error::new(ErrorKind::ProofFailed, message)
        };
        if let ([from], [to]) = (&step.delete[..], &step.insert[..]) {
            let (from_text, to) = (literal(from), literal(to));
            let sql = format!("UPDATE {table} SET version_num = {to} WHERE version_num = {from_text}");
            return if db.execute(&sql)? == 1 { Ok(()) } else { Err(gone(from)) };
        }
        for row in &step.delete {
            if db.execute(&format!("DELETE FROM {table} WHERE version_num = {}", literal(row)))? != 1 {
                return Err(gone(row));
            }
        }
        for row in &step.insert {
            db.execute(&format!("INSERT INTO {table}(version_num) VALUES ({})", literal(row)))?;
        }
        Ok(())
    }

    /// Writes a finished row, if rows are kept or this one was started.
    pub fn record(&self, db: &mut dyn Database, entry: &Entry<'_>) -> Result<()> {
        if !self.keep && self.unfinished(db)?.is_none() {
            return Ok(());
        }
        self.write(db, entry, "finished")
    }

    /// Writes a started row, for a revision that no transaction protects.
    pub fn start(&self, db: &mut dyn Database, entry: &Entry<'_>) -> Result<()> {
        self.prepare_history(db)?;
        // A launch must not take the last mark's word for it while a downgrade is half done.
        self.write(db, &Entry { files: Some(""), ..entry.clone() }, "started")
    }

    /// Has a revision that was begun under a former id go on under the one that it has now.
    pub fn rename_started(&self, db: &mut dyn Database, former: &str, revision: &str) -> Result<()> {
        let sql = "UPDATE main.limbeck_history SET revision = ?2 WHERE revision = ?1 AND state = 'started'";
        run(db, sql, &[former.into(), revision.into()])
    }

    /// Notes that so many statements of a started revision are done, and their checksum.
    pub fn advance(
        &self,
        db: &mut dyn Database,
        revision: &str,
        statements: usize,
        checksum: &str,
    ) -> Result<()> {
        let sql = "UPDATE main.limbeck_history SET statements = ?1, checksum = ?3 WHERE id = \
                   (SELECT max(id) FROM main.limbeck_history WHERE revision = ?2) AND state = 'started' \
                   AND coalesce(statements, 0) < ?1";
        run(db, sql, &[Value::Integer(statements as i64), revision.into(), checksum.into()])
    }

    fn write(&self, db: &mut dyn Database, entry: &Entry<'_>, state: &str) -> Result<()> {
        let sql = "INSERT INTO main.limbeck_history(revision, revises, depends_on, message, direction, state, \
                   applied_at, duration_ms, checksum, app_version, compatible, downgrade, downgrade_checksum, \
                   statements, fingerprint, files) VALUES (?1, ?2, ?3, ?4, ?5, ?6, \
                   strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
        let (downgrade, downgrade_checksum) = entry.downgrade.unzip();
        let params = [
            entry.revision.into(),
            entry.revises.join(", ").as_str().into(),
            entry.depends_on.join(", ").as_str().into(),
            entry.message.into(),
            entry.direction.into(),
            state.into(),
            entry.duration_ms.map(|ms| ms as i64).into(),
            entry.checksum.as_deref().into(),
            entry.app_version.into(),
            entry.compatible.map(i64::from).into(),
            downgrade.into(),
            downgrade_checksum.into(),
            (state == "started").then_some(0i64).into(),
            entry.fingerprint.into(),
            entry.files.into(),
        ];
        run(db, sql, &params)
    }

    /// The version of the app that ran the last step, where that is known.
    pub fn last_app_version(&self, db: &mut dyn Database) -> Result<Option<String>> {
        if !is_there(db)? {
            return Ok(None);
        }
        let sql = "SELECT app_version FROM main.limbeck_history ORDER BY id DESC LIMIT 1";
        Ok(db.texts(sql, &[])?.pop())
    }

    /// The fingerprint with which the last run left the schema, and when; none where it left none.
    pub fn fingerprint(&self, db: &mut dyn Database) -> Result<Option<(String, String)>> {
        if !is_there(db)? {
            return Ok(None);
        }
        let sql = "SELECT fingerprint, applied_at FROM main.limbeck_history ORDER BY id DESC LIMIT 1";
        Ok(db.rows(sql, &[])?.pop().and_then(|row| match &row[..] {
            [Value::Text(fingerprint), Value::Text(when)] => Some((fingerprint.clone(), when.clone())),
            _ => None,
        }))
    }

    /// The revision that was begun and not finished, if there is one.
    pub fn unfinished(&self, db: &mut dyn Database) -> Result<Option<Unfinished>> {
        if !is_there(db)? {
            return Ok(None);
        }
        let sql = "SELECT revision, direction, coalesce(statements, 0), checksum FROM main.limbeck_history AS s \
                   WHERE state = 'started' AND NOT EXISTS (SELECT 1 FROM main.limbeck_history AS f \
                   WHERE f.revision = s.revision AND f.id > s.id) ORDER BY id DESC LIMIT 1";
        Ok(db.rows(sql, &[])?.pop().and_then(|row| match &row[..] {
            [Value::Text(revision), Value::Text(direction), done, checksum] => {
                Some(unfinished(revision, direction, done, checksum))
            }
            _ => None,
        }))
    }

    /// What is done of a revision, if it was begun and not finished.
    pub fn started(&self, db: &mut dyn Database, revision: &str) -> Result<Option<Unfinished>> {
        Ok(self.unfinished(db)?.filter(|begun| begun.revision == revision))
    }

    /// What each revision's last row says, in the order of the rows. `there`: [`launch`](Self::launch) has
    /// just found the record.
    pub fn pasts(&self, db: &mut dyn Database, there: bool) -> Result<Vec<Past>> {
        if !there && !is_there(db)? {
            return Ok(Vec::new());
        }
        let sql = "SELECT revision, direction, revises, depends_on, state, checksum, applied_at, statements \
                   FROM main.limbeck_history \
                   WHERE id IN (SELECT max(id) FROM main.limbeck_history GROUP BY revision) ORDER BY id";
        let mut all = Vec::new();
        for row in db.rows(sql, &[])? {
            let [Value::Text(revision), Value::Text(direction), revises, needs, rest @ ..] = &row[..] else {
                continue;
            };
            let applied = direction != "down";
            let text = match rest {
                [Value::Text(state), Value::Text(checksum), Value::Text(when), _]
                    if applied && state == "finished" =>
                {
                    Some((checksum.clone(), when.clone()))
                }
                _ => None,
            };
            let unfinished = match rest {
                [Value::Text(state), checksum, _, done] if state == "started" => {
                    Some(unfinished(revision, direction, done, checksum))
                }
                _ => None,
            };
            let after = [revises, needs].into_iter().flat_map(list).collect();
            all.push(Past { revision: revision.clone(), applied, after, text, unfinished });
        }
        Ok(all)
    }

    /// What is known of a revision that the version rows say is applied: its last row that is no
    /// downgrade. None where it came without one, such as by Alembic.
    pub fn applied(&self, db: &mut dyn Database, revision: &str) -> Result<Option<Record>> {
        if !is_there(db)? {
            return Ok(None);
        }
        let sql = "SELECT id, revises, depends_on, message, applied_at, app_version, compatible, downgrade, \
                   downgrade_checksum FROM main.limbeck_history \
                   WHERE revision = ?1 AND direction <> 'down' AND state = 'finished' ORDER BY id DESC LIMIT 1";
        Ok(db.rows(sql, &[revision.into()])?.pop().and_then(|row| record(revision, &row)))
    }
}

fn unfinished(revision: &str, direction: &str, done: &Value, checksum: &Value) -> Unfinished {
    Unfinished {
        revision: revision.to_owned(),
        direction: direction.to_owned(),
        statements: if let Value::Integer(done) = done { usize::try_from(*done).unwrap_or(0) } else { 0 },
        checksum: if let Value::Text(checksum) = checksum { Some(checksum.clone()) } else { None },
    }
}

/// A row, whoever wrote it; one that is none of limbeck's tells nothing.
fn record(revision: &str, row: &[Value]) -> Option<Record> {
    let text = |at: usize| match row.get(at) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let Some(Value::Integer(id)) = row.first() else { return None };
    Some(Record {
        id: *id,
        revision: revision.to_owned(),
        revises: row.get(1).map(list).unwrap_or_default(),
        depends_on: row.get(2).map(list).unwrap_or_default(),
        message: text(3).unwrap_or_default(),
        applied_at: text(4)?,
        app_version: text(5),
        compatible: match row.get(6) {
            Some(Value::Integer(yes)) => Some(*yes == 1),
            _ => None,
        },
        downgrade: text(7).zip(text(8)),
    })
}

/// The names of a comma-separated list.
fn list(value: &Value) -> Vec<String> {
    let Value::Text(all) = value else { return Vec::new() };
    all.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn run(db: &mut dyn Database, sql: &str, params: &[Value]) -> Result<()> {
    db.query(sql, params, &mut |_| Ok(()))
}

/// SQLite's clock, in milliseconds since some day.
pub fn clock(db: &mut dyn Database) -> Result<u64> {
    let sql = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)";
    Ok(db.integer(sql, &[])?.map_or(0, |ms| ms.max(0) as u64))
}

/// Whether there is a `limbeck_history`: an app may keep none, and a database of Alembic has none.
pub fn is_there(db: &mut dyn Database) -> Result<bool> {
    db.has_table("main", "limbeck_history")
}

#[cfg(all(test, feature = "rusqlite"))]
mod tests;
