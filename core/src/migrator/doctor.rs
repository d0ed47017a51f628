//! What a developer wants to know of a database that is on a user's machine, in one piece that the user
//! can attach to a report: no rows, no paths, no names but those of the schema and of revisions.

use std::fmt;

use serde::Serialize;

use super::Migrator;
use super::estimate::{self, Estimate, VolumeEstimate};
use super::newer::Met;
use crate::db::{Database, Value, value_literal};
use crate::error::Result;
use crate::inspect;
use crate::report::NewerRevision;
use crate::room::sizes;

/// A database and its SQLite, looked at and not changed. What cannot be found out is absent, and
/// `failures` say why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Doctor {
    /// limbeck's version.
    pub limbeck: String,
    /// The app's version, if it has told.
    pub app_version: Option<String>,
    /// SQLite's version.
    pub sqlite: String,
    /// How it was compiled.
    pub compile_options: Vec<String>,
    /// Known faults of this version that can do harm.
    pub known_faults: Vec<KnownFault>,
    /// The connection's and the database's switches, by name.
    pub settings: Vec<Setting>,
    /// What the settings mean for what a run promises; nothing where all is well.
    pub warnings: Vec<String>,
    /// The database's size in bytes.
    pub bytes: u64,
    /// Of which so many are free pages: what `VACUUM` would give back.
    pub free_bytes: u64,
    /// What `PRAGMA quick_check` finds; nothing, in a sound one.
    pub problems: Vec<String>,
    /// Rows without a parent that are there already: table, parent, how many.
    pub violations: Vec<OldViolation>,
    /// The version rows.
    pub heads: Vec<String>,
    /// The heads of the folder.
    pub wanted: Vec<String>,
    /// What the database has and the folder does not.
    pub newer: Vec<NewerRevision>,
    /// What an upgrade would apply, in order.
    pub pending: Vec<String>,
    /// What that would do and take, table by table and volume by volume.
    pub plan: Option<Estimate>,
    /// The last steps, newest first.
    pub history: Vec<PastStep>,
    /// How many backups there are, where a folder for them is named, and when the newest was taken.
    pub backups: Option<(usize, Option<String>)>,
    /// What could not be found out, and why.
    pub failures: Vec<String>,
}

/// A fault of SQLite's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownFault {
    /// What happens.
    pub what: &'static str,
    /// The version that does not have it.
    pub fixed_in: &'static str,
    /// Where SQLite tells of it.
    pub source: &'static str,
}

/// A switch and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The pragma.
    pub name: &'static str,
    /// As SQLite answers.
    pub value: String,
}

/// Rows without a parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OldViolation {
    /// The table that holds them.
    pub table: String,
    /// The table that lacks their parents.
    pub parent: String,
    /// How many there are.
    pub rows: u64,
}

/// One row of `limbeck_history`, without its script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PastStep {
    /// The revision.
    pub revision: String,
    /// `up`, `down` or `stamp`.
    pub direction: String,
    /// `finished`, or `started`.
    pub state: String,
    /// In UTC.
    pub applied_at: String,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// Of the app that ran it.
    pub app_version: Option<String>,
}

/// Each fault with the versions that have it: from the first, up to but without the second.
const FAULTS: [(&[(u32, u32)], KnownFault); 2] = [
    (
        &[(3_007_000, 3_044_006), (3_045_000, 3_050_007), (3_051_000, 3_051_003)],
        KnownFault {
            what: "two connections that write or checkpoint at the same instant can damage a database in WAL mode",
            fixed_in: "3.51.3",
            source: "https://sqlite.org/wal.html#walresetbug",
        },
    ),
    (
        &[(3_035_000, 3_035_005)],
        KnownFault {
            what: "ALTER TABLE DROP COLUMN can damage the table",
            fixed_in: "3.35.5",
            source: "https://sqlite.org/releaselog/3_35_5.html",
        },
    ),
];

/// Pragmas that are read. None of them tells where anything is, or what is in a row.
const SETTINGS: [&str; 16] = [
    "journal_mode",
    "synchronous",
    "locking_mode",
    "foreign_keys",
    "recursive_triggers",
    "trusted_schema",
    "busy_timeout",
    "page_size",
    "page_count",
    "freelist_count",
    "auto_vacuum",
    "encoding",
    "temp_store",
    "cache_size",
    "user_version",
    "application_id",
];

/// One part of the examination.
type Look<'a> = dyn Fn(&mut Doctor, &mut dyn Database) -> Result<()> + 'a;

/// So much of the history is told.
const STEPS: u32 = 50;

impl Migrator<'_> {
    /// Looks at a database and at its SQLite, and changes nothing; what fails is told, and the rest goes
    /// on. `quick_check` and the check of foreign keys read the whole database. `scratch`, an empty database
    /// in memory, becomes a twin of it without rows, on which the pending plan runs.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite")] {
    /// use limbeck::Migrator;
    ///
    /// let migrations = [("0001_notes.sql", "CREATE TABLE notes(title)")];
    /// let mut db = rusqlite::Connection::open_in_memory().unwrap();
    /// let mut scratch = rusqlite::Connection::open_in_memory().unwrap();
    /// let found = Migrator::new(&migrations)?.doctor(&mut db, &mut scratch);
    /// assert_eq!((found.pending, found.problems.len()), (vec!["0001".to_owned()], 0));
    /// assert_eq!(found.plan.unwrap().steps[0].statements, 1);
    /// # }
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn doctor(&self, db: &mut dyn Database, scratch: &mut dyn Database) -> Doctor {
        let mut found = Doctor {
            limbeck: env!("CARGO_PKG_VERSION").to_owned(),
            app_version: self.options.app_version.clone(),
            ..Doctor::default()
        };
        let parts: [(&str, &Look<'_>); 6] = [
            ("SQLite", &|found, db| sqlite(found, db)),
            ("settings", &|found, db| settings(found, db)),
            ("revisions", &|found, db| self.revisions_of(found, db)),
            ("history", &|found, db| history(found, db)),
            ("foreign keys", &|found, db| violations(found, db)),
            ("quick_check", &|found, db| {
                let lines = db.texts("PRAGMA main.quick_check", &[])?;
                found.problems = lines.into_iter().filter(|line| line != "ok").collect();
                Ok(())
            }),
        ];
        for (what, look) in parts {
            if let Err(error) = look(&mut found, db) {
                found.failures.push(format!("{what}: {error} [{}]", error.code()));
            }
        }
        if found.newer.is_empty() {
            match self.estimate(db, scratch, &found.heads) {
                Ok(plan) => found.plan = Some(plan),
                Err(error) => found.failures.push(estimate::told(&error)),
            }
        }
        if self.backups.is_some() {
            match self.backups(db) {
                Ok(all) => {
                    found.backups = Some((all.len(), all.into_iter().next().map(|newest| newest.taken_at)))
                }
                // The message would name the folder.
                Err(error) => found.failures.push(format!("backups: [{}]", error.code())),
            }
        }
        found
    }

    fn revisions_of(&self, found: &mut Doctor, db: &mut dyn Database) -> Result<()> {
        // Known of a file that cannot be read, too.
        let scripts = self.folder.scripts()?;
        found.wanted = scripts.graph.heads().into_iter().map(str::to_owned).collect();
        found.heads = self.history().rows(db)?;
        if scripts.lack(&found.heads) {
            found.newer = Met::new(&self.options, scripts.graph, db, &found.heads)?.newer();
            return Ok(());
        }
        let plan = scripts.graph.upgrade(&found.heads, "heads")?;
        found.pending = plan.steps.into_iter().filter_map(|step| step.revision).collect();
        Ok(())
    }
}

fn sqlite(found: &mut Doctor, db: &mut dyn Database) -> Result<()> {
    found.sqlite = db.texts("SELECT sqlite_version()", &[])?.pop().unwrap_or_default();
    let version = inspect::version(db)?;
    let has = |ranges: &[(u32, u32)]| ranges.iter().any(|(from, to)| (*from..*to).contains(&version));
    found.known_faults =
        FAULTS.iter().filter(|(ranges, _)| has(ranges)).map(|(_, fault)| fault.clone()).collect();
    found.compile_options = db.texts("PRAGMA compile_options", &[])?;
    Ok(())
}

fn settings(found: &mut Doctor, db: &mut dyn Database) -> Result<()> {
    let mut number = |name: &str| -> Result<u64> {
        let value = db.integer(&format!("PRAGMA main.{name}"), &[])?;
        Ok(value.map_or(0, |value| value.max(0) as u64))
    };
    let page = number("page_size")?;
    found.bytes = page * number("page_count")?;
    found.free_bytes = page * number("freelist_count")?;
    // What is in memory ends with its process.
    let on_disk = sizes::file(db)?.is_some();
    for name in SETTINGS {
        // A build without one answers nothing.
        if let Some(value) = db.rows(&format!("PRAGMA {name}"), &[])?.pop().and_then(|mut row| row.pop()) {
            let value = match value {
                Value::Text(text) => text,
                Value::Integer(number) => number.to_string(),
                other => value_literal(&other),
            };
            if let Some(why) = risk(name, &value).filter(|_| on_disk) {
                found.warnings.push(why.to_owned());
            }
            found.settings.push(Setting { name, value });
        }
    }
    Ok(())
}

/// What a setting takes away of what is promised: core/SAFETY.md.
fn risk(name: &str, value: &str) -> Option<&'static str> {
    match (name, value.to_ascii_lowercase().as_str()) {
        ("journal_mode", "off") => {
            Some("journal_mode = off: SQLite takes nothing back, and a run is refused")
        }
        ("journal_mode", "memory") => {
            Some("journal_mode = memory: a run that is killed can damage the database")
        }
        ("synchronous", "0") => Some("synchronous = off: a power cut can damage the database"),
        _ => None,
    }
}

fn history(found: &mut Doctor, db: &mut dyn Database) -> Result<()> {
    if !crate::history::is_there(db)? {
        return Ok(());
    }
    let sql = format!(
        "SELECT revision, direction, state, applied_at, duration_ms, app_version FROM main.limbeck_history \
         ORDER BY id DESC LIMIT {STEPS}"
    );
    for row in db.rows(&sql, &[])? {
        let text = |at: usize| match row.get(at) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        found.history.push(PastStep {
            revision: text(0).unwrap_or_default(),
            direction: text(1).unwrap_or_default(),
            state: text(2).unwrap_or_default(),
            applied_at: text(3).unwrap_or_default(),
            duration_ms: match row.get(4) {
                Some(Value::Integer(milliseconds)) => Some(*milliseconds),
                _ => None,
            },
            app_version: text(5),
        });
    }
    Ok(())
}

fn violations(found: &mut Doctor, db: &mut dyn Database) -> Result<()> {
    let sql = "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2";
    for row in db.rows(sql, &[])? {
        if let [Value::Text(table), Value::Text(parent), Value::Integer(rows)] = &row[..] {
            let (table, parent, rows) = (table.clone(), parent.clone(), (*rows).max(0) as u64);
            found.violations.push(OldViolation { table, parent, rows });
        }
    }
    Ok(())
}

impl Doctor {
    /// Whether nothing is wrong with the database. What its SQLite is known for is told, and is no fault of it.
    pub fn is_well(&self) -> bool {
        self.warnings.is_empty()
            && self.problems.is_empty()
            && self.violations.is_empty()
            && self.newer.is_empty()
            && !self.volumes().any(VolumeEstimate::lacks)
            && self.failures.is_empty()
    }

    fn volumes(&self) -> impl Iterator<Item = &VolumeEstimate> {
        self.plan.iter().flat_map(|plan| &plan.volumes)
    }
}

/// For people: a line a fact.
impl fmt::Display for Doctor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |all: &[String]| if all.is_empty() { "none".to_owned() } else { all.join(", ") };
        writeln!(f, "limbeck      {}", self.limbeck)?;
        if let Some(version) = &self.app_version {
            writeln!(f, "app          {version}")?;
        }
        let unknown = |part: &str| self.failures.iter().any(|failure| failure.starts_with(part));
        if !unknown("SQLite: ") {
            writeln!(f, "SQLite       {}", self.sqlite)?;
        }
        for fault in &self.known_faults {
            writeln!(f, "FAULT        {}: fixed in {}, {}", fault.what, fault.fixed_in, fault.source)?;
        }
        if !unknown("settings: ") {
            writeln!(f, "size         {} bytes, of which {} are free", self.bytes, self.free_bytes)?;
        }
        for line in &self.warnings {
            writeln!(f, "WARNING      {line}")?;
        }
        match &self.problems[..] {
            [] if unknown("quick_check: ") => {}
            [] => writeln!(f, "quick_check  ok")?,
            lines => lines.iter().try_for_each(|line| writeln!(f, "DAMAGE       {line}"))?,
        }
        for found in &self.violations {
            writeln!(
                f,
                "ORPHANS      {} rows of {} without a parent in {}",
                found.rows, found.table, found.parent
            )?;
        }
        writeln!(f, "at           {}", list(&self.heads))?;
        writeln!(f, "folder at    {}", list(&self.wanted))?;
        for newer in &self.newer {
            let by = newer.app_version.as_deref().unwrap_or("?");
            let when = newer.applied_at.as_deref().unwrap_or("?");
            writeln!(f, "NEWER        {} by {by} at {when}", newer.revision)?;
        }
        writeln!(f, "pending      {}", list(&self.pending))?;
        self.fmt_plan(f)?;
        for line in &self.failures {
            writeln!(f, "NOT KNOWN    {line}")?;
        }
        for setting in &self.settings {
            writeln!(f, "setting      {} = {}", setting.name, setting.value)?;
        }
        for step in &self.history {
            let took = step.duration_ms.map(|ms| format!(", {ms} ms")).unwrap_or_default();
            let app = step.app_version.as_ref().map(|version| format!(", {version}")).unwrap_or_default();
            let PastStep { revision, direction, state, applied_at, .. } = step;
            writeln!(f, "history      {applied_at} {direction} {revision} {state}{took}{app}")?;
        }
        write!(f, "compiled     {}", self.compile_options.join(" "))
    }
}

impl Doctor {
    /// What the pending plan takes, and what there is to take it from.
    fn fmt_plan(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(plan) = &self.plan {
            let lines = plan.steps.iter().flat_map(|step| step.lines());
            lines.into_iter().try_for_each(|line| writeln!(f, "plan         {line}"))?;
            if let Some(revision) = &plan.beyond {
                writeln!(f, "plan         {revision}: code, which is not run here")?;
            }
        }
        for volume in self.volumes() {
            let what = if volume.lacks() { "NO ROOM" } else { "room" };
            writeln!(f, "{what:<12} {}", volume.line())?;
        }
        if let Some((count, newest)) = &self.backups {
            writeln!(
                f,
                "backups      {count}{}",
                newest.as_ref().map(|at| format!(", the newest of {at}")).unwrap_or_default()
            )?;
        }
        Ok(())
    }
}

#[cfg(all(test, feature = "rusqlite"))]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::{Backups, Room, Work};

    fn empty() -> Connection {
        Connection::open_in_memory().unwrap()
    }

    #[test]
    fn what_is_pending_and_what_it_takes() {
        let files = [
            (
                "1_a.sql",
                "CREATE TABLE a(id INTEGER PRIMARY KEY, b TEXT, c TEXT); CREATE INDEX a_b ON a(b); CREATE TABLE x(y)",
            ),
            ("2_order.sql", "ALTER TABLE a ALTER c FIRST; ALTER TABLE x ALTER y SET DEFAULT 1"),
            (
                "3_type.sql",
                "ALTER TABLE x ALTER y TYPE INTEGER; UPDATE a SET b = 'n'; CREATE INDEX a_c ON a(c)",
            ),
            ("4_new.sql", "CREATE TABLE n(m); UPDATE n SET m = 1; ALTER TABLE x ADD z"),
            ("5_small.sql", "-- migrate:up transaction:false\nVACUUM"),
        ];
        let folder = std::env::temp_dir().join(format!("limbeck-doctor-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut db = Connection::open(folder.join("app.db")).unwrap();
        Migrator::new(files).unwrap().upgrade(&mut db, "1").unwrap();
        let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9000) \
                    INSERT INTO a(b, c) SELECT hex(randomblob(50)), hex(randomblob(50)) FROM n; INSERT INTO x VALUES (7)";
        db.execute_batch(rows).unwrap();
        let tight = Room::new(|_| Some(100_000));
        let migrator = Migrator::new(files).unwrap().room(tight).backup(Backups::new(folder.join("backups")));
        let (before, bytes) = (db.total_changes(), std::fs::read(folder.join("app.db")).unwrap());
        let found = migrator.doctor(&mut db, &mut empty());
        assert_eq!((db.total_changes(), std::fs::read(folder.join("app.db")).unwrap()), (before, bytes));
        assert!(found.failures.is_empty() && !found.is_well(), "{:?}", found.failures);
        let text = found.to_string();
        let plan = found.plan.unwrap();
        let works: Vec<(&str, &str, Work, Option<u64>, bool)> = plan
            .steps
            .iter()
            .flat_map(|step| step.tables.iter().map(|one| (&*step.revision, one)))
            .map(|(revision, one)| (revision, &*one.table, one.work, one.rows, one.bytes.is_some()))
            .collect();
        assert_eq!(
            works,
            [
                ("2", "a", Work::Rebuild, Some(9000), true),
                ("2", "x", Work::InPlace, Some(1), false),
                ("3", "x", Work::Convert, Some(1), true),
                ("3", "a", Work::Write, Some(9000), true),
                ("3", "a", Work::Index, Some(9000), true),
                ("4", "x", Work::Native, Some(1), false),
                ("5", "main", Work::Vacuum, None, true),
            ]
        );
        let size = found.bytes;
        let needed: u64 = plan.volumes.iter().map(|volume| volume.needed).sum();
        // The copy, the journal of what is written over, the index; the VACUUM's copy; the backup.
        assert!(needed > 3 * size && needed < 6 * size, "{needed} of {size}: {:?}", plan.volumes);
        let holds: Vec<&str> = plan.volumes.iter().flat_map(|volume| volume.holds.clone()).collect();
        assert_eq!(holds, ["database", "temporary", "backups"]);
        assert!(
            text.contains("plan         2: ") && text.contains("plan           rebuild a, 9000 rows, "),
            "{text}"
        );
        assert!(text.contains("NO ROOM") && text.contains("100.0 kB free"), "{text}");
        assert!(!text.contains(folder.to_str().unwrap()), "{text}");
        drop(db);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_plan_that_fails_is_told() {
        let files =
            [("1_a.sql", "CREATE TABLE a(b)"), ("2_b.sql", "ALTER TABLE gone ADD c"), ("3_c.sql", "CREATE")];
        let mut db = empty();
        Migrator::new(&files[..1]).unwrap().upgrade(&mut db, "head").unwrap();
        let found = Migrator::new(&files[..2]).unwrap().doctor(&mut db, &mut empty());
        let told = "plan: revision 2: there is no table gone [alter.unknown_table]";
        assert_eq!(
            (&found.pending[..], &found.failures[..]),
            (&["2".to_owned()][..], &[told.to_owned()][..])
        );
        let found = Migrator::new(files).unwrap().doctor(&mut db, &mut empty());
        assert!(found.failures.len() == 1 && found.plan.is_none(), "{found:?}");
        // A scratch database that is none.
        let mut used = empty();
        used.execute_batch("CREATE TABLE x(y)").unwrap();
        let found = Migrator::new(&files[..2]).unwrap().doctor(&mut db, &mut used);
        assert!(found.failures[0].ends_with("[database.contract]"), "{:?}", found.failures);
    }

    #[test]
    fn code_is_not_run_to_find_out() {
        let files = [("1_a.sql", "CREATE TABLE a(b)"), ("3_c.sql", "DROP TABLE a")];
        let header = crate::script::Header::default();
        let code = crate::Code::new("2_code", header, |_| panic!("code has run"));
        let migrator = Migrator::with_code(files, vec![code]).unwrap();
        let found = migrator.doctor(&mut empty(), &mut empty());
        let plan = found.plan.unwrap();
        assert_eq!((plan.steps.len(), plan.beyond.as_deref(), found.pending.len()), (1, Some("2"), 3));
    }

    #[test]
    fn what_is_wrong_is_told_and_nothing_else() {
        let files = [
            ("1_a.sql", "CREATE TABLE a(id INTEGER PRIMARY KEY); CREATE TABLE b(a REFERENCES a)"),
            ("2_b.sql", "SELECT 1"),
        ];
        let mut db = Connection::open_in_memory().unwrap();
        Migrator::new(files).unwrap().app_version("2.0").upgrade(&mut db, "1").unwrap();
        db.execute_batch("PRAGMA foreign_keys = OFF; INSERT INTO b VALUES (77123), (77124)").unwrap();
        let before = db.total_changes();
        let found = Migrator::new(files).unwrap().doctor(&mut db, &mut empty());
        assert_eq!((&found.heads[..], &found.pending[..]), (&["1".to_owned()][..], &["2".to_owned()][..]));
        assert_eq!(found.violations, [OldViolation { table: "b".into(), parent: "a".into(), rows: 2 }]);
        assert_eq!(
            found.warnings, [""; 0],
            "journal_mode = memory takes nothing away from what is in memory"
        );
        assert!(risk("journal_mode", "MEMORY").is_some() && risk("journal_mode", "wal").is_none());
        assert_eq!((found.history.len(), found.failures.len(), found.problems.len()), (1, 0, 0));
        assert!(found.bytes > 0 && !found.is_well() && db.total_changes() == before);
        let text = found.to_string();
        assert!(
            text.contains("ORPHANS      2 rows of b without a parent in a") && !text.contains("77123"),
            "{text}"
        );
        // An older folder.
        let found = Migrator::new(&files[1..]).unwrap().doctor(&mut db, &mut empty());
        assert_eq!(found.newer[0].app_version.as_deref(), Some("2.0"));
    }

    #[test]
    fn versions_with_faults() {
        let names = |version: u32| {
            let has = |ranges: &[(u32, u32)]| ranges.iter().any(|(from, to)| (*from..*to).contains(&version));
            FAULTS
                .iter()
                .filter(|(ranges, _)| has(ranges))
                .map(|(_, fault)| fault.fixed_in)
                .collect::<Vec<_>>()
        };
        for (version, want) in [
            (3_006_023, &[][..]),
            (3_034_001, &["3.51.3"]),
            (3_035_004, &["3.51.3", "3.35.5"]),
            (3_044_006, &[]),
            (3_046_000, &["3.51.3"]),
            (3_050_007, &[]),
            (3_051_002, &["3.51.3"]),
            (3_051_003, &[]),
            (3_053_000, &[]),
        ] {
            assert_eq!(names(version), want, "{version}");
        }
    }
}
