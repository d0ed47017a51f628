//! What a run's own DROP TABLE or DROP VIEW would leave dead: views, triggers and foreign keys that worked before the
//! statement and name what it drops. SQLite drops it without a word, and a rename before has taken them along:
//! "references to the table within trigger bodies and view definitions are also renamed", and those of foreign keys
//! (<https://sqlite.org/lang_altertable.html#altertabrename>).
//!
//! Looked at again before the run's last COMMIT: until then it may drop them too, or make anew what they need.

use std::sync::Arc;

use super::{Job, Run};
use crate::db::Database;
use crate::deed::Deed;
use crate::dependents::{Broken, Unsure, needing, still_there};
use crate::error::{Error, ErrorKind, Result};
use crate::inspect;
use crate::schema::{Object, ObjectKind};
use crate::script::Item;
use crate::sql::same_name;

/// What the statements of a transaction have put at stake.
#[derive(Debug, Default)]
pub(super) struct AtStake(Vec<Dropped>);

/// One DROP TABLE or DROP VIEW of something that others name.
#[derive(Debug)]
struct Dropped {
    /// Whether it is a view that is dropped.
    view: bool,
    name: String,
    statement: String,
    /// None in code.
    line: Option<u32>,
    revision: Option<String>,
    file: Option<String>,
    /// The views and triggers that need it, directly or through views.
    objects: Vec<Arc<Object>>,
    /// What of them did not compile before.
    before: Broken,
    /// What of that may have worked on another connection.
    unsure: Unsure,
    /// The tables with a foreign key to it.
    children: Vec<String>,
    /// The statement can no longer be taken back.
    committed: bool,
}

impl AtStake {
    /// Notes that all of it is committed: a later revision may still mend it.
    pub fn commit(&mut self) {
        self.0.iter_mut().for_each(|drop| drop.committed = true);
    }

    /// Tells in which step the statements stand that have been noted since it began.
    pub fn stand_in(&mut self, job: &Job) {
        for drop in self.0.iter_mut().rev().take_while(|drop| drop.revision.is_none()) {
            drop.revision.clone_from(&job.step.revision);
            match job.section() {
                Some(_) => drop.file.clone_from(&job.file),
                None => drop.line = None,
            }
        }
    }
}

/// Notes what a statement, about to run, could leave dead. One whose name no other text holds costs one query.
pub(super) fn note(run: &mut Run<'_, '_>, deed: &Deed, item: &Item) -> Result<()> {
    let (view, schema, name) = match deed {
        Deed::DropTable { schema, table } => (false, schema, table),
        Deed::DropView { schema, view } => (true, schema, view),
        _ => return Ok(()),
    };
    let own = |schema: &str| ["main", "temp"].iter().any(|own| same_name(own, schema));
    if run.options.replay || !schema.as_deref().is_none_or(own) || !is_named(run.db, name)? {
        return Ok(());
    }
    let all = inspect::with_temp(run.db, "main")?;
    let objects = needing(&all, name);
    let before = compile(run.db, &all, &objects)?;
    let unsure = Unsure::find(run.db, &all, &objects, ("main", ""), &before)?;
    let mut children: Vec<String> = Vec::new();
    if !view && run.db.has_table("main", name)? {
        let keys = inspect::foreign_keys(run.db, "main")?.into_iter();
        children.extend(keys.filter(|key| same_name(&key.parent, name)).map(|key| key.table));
        children.dedup();
    }
    run.at_stake.0.push(Dropped {
        view,
        name: name.clone(),
        statement: item.sql.clone(),
        line: Some(item.line),
        revision: None,
        file: None,
        objects,
        before,
        unsure,
        children,
        committed: false,
    });
    Ok(())
}

/// Refuses to commit what leaves dead what worked, and warns of it where the statement is committed already. What was
/// noted is forgotten.
///
/// Errors: [`ErrorKind::DependentBroken`] naming it, with the place of the statement.
pub(super) fn refuse(run: &mut Run<'_, '_>) -> Result<()> {
    let drops = std::mem::take(&mut run.at_stake.0);
    if drops.is_empty() {
        return Ok(());
    }
    let all = inspect::with_temp(run.db, "main")?;
    let keys = inspect::foreign_keys(run.db, "main")?;
    for drop in drops {
        let is = |object: &Object, was: &Object| {
            object.kind == was.kind && object.schema == was.schema && same_name(&object.name, &was.name)
        };
        let noted = |object: &&Arc<Object>| drop.objects.iter().any(|was| is(object, was));
        let left: Vec<Arc<Object>> = all.iter().filter(noted).map(Arc::clone).collect();
        let now = compile(run.db, &all, &left)?;
        let mut found = Vec::new();
        for object in &left {
            if let Some(message) = now.new_of(object, &drop.before) {
                found.push((placed(object), message.to_owned()));
            }
        }
        for (object, message) in unsure_dead(run, &drop, &all)? {
            let object = placed(&object);
            if !found.iter().any(|(told, _)| *told == object) {
                found.push((object, message));
            }
        }
        let mut dead: Vec<String> =
            found.into_iter().map(|(object, message)| format!("{object} ({message})")).collect();
        let points = |child: &str| {
            keys.iter().any(|key| same_name(&key.table, child) && same_name(&key.parent, &drop.name))
        };
        let mut children = drop.children.iter().filter(|child| points(child)).peekable();
        if children.peek().is_some() && !run.db.has_table("main", &drop.name)? {
            dead.extend(children.map(|child| format!("the foreign key of table {child}")));
        }
        match (dead.is_empty(), drop.committed) {
            (true, _) => {}
            (false, true) => run.warnings.push(refusal(drop, &dead).to_string()),
            (false, false) => return Err(refusal(drop, &dead)),
        }
    }
    Ok(())
}

/// What did not compile before, and no longer can; a warning of what nobody can tell of.
fn unsure_dead(run: &mut Run<'_, '_>, drop: &Dropped, all: &[Arc<Object>]) -> Result<Vec<(Object, String)>> {
    let mut dead = drop.unsure.lost(run.db, all)?;
    dead.extend(drop.unsure.without(run.db, all, &drop.name)?);
    for (object, why) in drop.unsure.doubtful() {
        let what = format!("{} {}", if drop.view { "view" } else { "table" }, drop.name);
        let told = dead.iter().any(|(dead, _)| dead.title() == object.title());
        if !told && still_there(all, object).is_some() && !is_there(all, &drop.name) {
            run.warnings.push(format!(
                "cannot tell whether {} works without {what}, which is dropped: {why}",
                placed(object)
            ));
        }
    }
    Ok(dead)
}

/// Whether there is a table or view of the name.
fn is_there(all: &[Arc<Object>], name: &str) -> bool {
    let of_kind = |o: &Object| matches!(o.kind, ObjectKind::Table | ObjectKind::View);
    all.iter().any(|o| of_kind(o) && same_name(&o.name, name))
}

fn refusal(drop: Dropped, dead: &[String]) -> Error {
    let word = if drop.view { "VIEW" } else { "TABLE" };
    let message = format!("DROP {word} {} would leave what needs it broken: {}", drop.name, dead.join("; "));
    let hint = match drop.view {
        true => "drop it or create it anew in the same revision",
        false => {
            "drop it or create it anew in the same revision, or change the table by ALTER TABLE, which keeps what names it"
        }
    };
    let error = Error::new(ErrorKind::DependentBroken, message).with_hint(hint).in_statement(&drop.statement);
    error.placed(drop.revision.as_deref(), drop.file.as_deref(), drop.line)
}

/// `trigger r of u`: its statements are what fails.
fn placed(object: &Object) -> String {
    match object.kind {
        ObjectKind::Trigger => format!("{} of {}", object.title(), object.table),
        _ => object.title(),
    }
}

/// Whether any view, any trigger of another table, or any other table holds the name at all.
fn is_named(db: &mut dyn Database, name: &str) -> Result<bool> {
    // In a text a quote in a name stands twice.
    let needle = name.split(['"', '\'', '`', ']']).max_by_key(|part| part.len()).unwrap_or_default();
    let of = |schema: &str| {
        format!(
            "SELECT 1 FROM {schema}.sqlite_master WHERE instr(lower(sql), lower(?2)) AND CASE type \
             WHEN 'view' THEN name <> ?1 COLLATE NOCASE WHEN 'trigger' THEN tbl_name <> ?1 COLLATE NOCASE \
             WHEN 'table' THEN name <> ?1 COLLATE NOCASE END"
        )
    };
    db.any(&format!("{} UNION ALL {} LIMIT 1", of("main"), of("temp")), &[name.into(), needle.into()])
}

/// What of these does not compile; a trigger is compiled by statements on what it stands on.
fn compile(db: &mut dyn Database, all: &[Arc<Object>], objects: &[Arc<Object>]) -> Result<Broken> {
    if objects.is_empty() {
        return Ok(Broken::default());
    }
    let on = |target: &Object| {
        let stands = |o: &Arc<Object>| o.kind == ObjectKind::Trigger && same_name(&o.table, &target.name);
        matches!(target.kind, ObjectKind::Table | ObjectKind::View) && objects.iter().any(stands)
    };
    let targets = all.iter().filter(|o| on(o) && !objects.contains(o));
    let asked: Vec<Arc<Object>> = objects.iter().chain(targets).map(Arc::clone).collect();
    Broken::find(db, &asked, "main", "")
}

#[cfg(all(test, feature = "rusqlite"))]
mod tests {
    use rusqlite::Connection;

    use crate::script::Header;
    use crate::{Code, ErrorKind, Migrator, TransactionMode};

    const FIRST: (&str, &str) = (
        "1.sql",
        r#"CREATE TABLE t(a); CREATE TABLE "l""o`g's"(a);
           CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO "l""o`g's"(a) VALUES (1); END"#,
    );

    #[test]
    fn a_drop_in_code_is_told_by_its_statement() {
        let drop = r#"DROP TABLE IF EXISTS main."l""o`g's""#;
        let code = Code::new("2", Header::default(), |step| step.execute(drop));
        let mut db = Connection::open_in_memory().unwrap();
        let mut migrator = Migrator::with_code([FIRST], vec![code]).unwrap();
        let error = migrator.upgrade(&mut db, "head").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DependentBroken);
        assert_eq!((error.revision(), error.statement()), (Some("2"), Some(drop)));
        assert_eq!((error.file(), error.line()), (None, None));
    }

    #[test]
    fn what_is_temporary_is_looked_at_too() {
        for (temp, left) in [
            ("CREATE TEMP VIEW v AS SELECT a FROM t", Some("view v")),
            ("CREATE TEMP TABLE t(a); CREATE TEMP VIEW v AS SELECT a FROM t", None),
            (
                "CREATE TABLE u(a); CREATE TEMP TRIGGER r AFTER DELETE ON u BEGIN DELETE FROM t; END",
                Some("trigger r of u"),
            ),
            ("CREATE TEMP TRIGGER r AFTER DELETE ON t BEGIN DELETE FROM t; END", None),
        ] {
            let mut db = Connection::open_in_memory().unwrap();
            let files = [("1.sql", "CREATE TABLE t(a)"), ("2.sql", "DROP TABLE main.t")];
            let mut migrator = Migrator::new(files).unwrap().transaction(TransactionMode::PerRevision);
            migrator.upgrade(&mut db, "1").unwrap();
            db.execute_batch(temp).unwrap();
            let found = migrator.upgrade(&mut db, "head").map(drop).map_err(|error| error.to_string());
            match left {
                Some(left) => assert!(found.unwrap_err().contains(left), "{temp}"),
                None => assert_eq!(found, Ok(()), "{temp}"),
            }
        }
    }

    #[test]
    fn what_did_not_compile_before_is_looked_at_by_itself() {
        let first = "CREATE TABLE t(a, b); CREATE TABLE x(a); CREATE TABLE u(a);
            CREATE TRIGGER u_slug AFTER INSERT ON u BEGIN INSERT INTO t VALUES (slug(new.a), 1); END;";
        for (text, left) in [
            ("CREATE VIEW v AS SELECT slug(t.a) FROM t, x", Some("view v (no such table: main.x)")),
            (
                "CREATE VIEW v AS SELECT slug(a), (SELECT a FROM x) FROM t",
                Some("view v (no such table: main.x)"),
            ),
            ("CREATE VIEW v AS SELECT slug(a) AS x FROM t", None),
            (
                "CREATE TRIGGER u_x AFTER INSERT ON u BEGIN INSERT INTO x VALUES (new.a); END",
                Some("trigger u_x of u (no such table: main.x)"),
            ),
            ("CREATE VIEW v AS SELECT a FROM x, gone", None),
        ] {
            let first = format!("{first}{text}");
            let files = [
                ("1.sql", first.as_str()),
                ("2.sql", "DROP TABLE x"),
                ("3.sql", "DROP TABLE IF EXISTS x; CREATE TABLE x(a)"),
            ];
            let mut db = Connection::open_in_memory().unwrap();
            let mut migrator = Migrator::new(files).unwrap().transaction(TransactionMode::PerRevision);
            migrator.upgrade(&mut db, "1").unwrap();
            let found = migrator.upgrade(&mut db, "2").map(|report| report.warnings);
            match left {
                Some(left) => assert!(found.unwrap_err().to_string().contains(left), "{text}"),
                None => assert!(found.is_ok(), "{text}: {found:?}"),
            }
        }
        let first =
            format!("{first} CREATE TRIGGER u_x AFTER INSERT ON u BEGIN SELECT slug(1); DELETE FROM x; END");
        let mut db = Connection::open_in_memory().unwrap();
        let files = [("1.sql", first.as_str()), ("2.sql", "DROP TABLE x")];
        let mut migrator = Migrator::new(files).unwrap();
        let warnings = migrator.upgrade(&mut db, "head").unwrap().warnings;
        let doubt = "cannot tell whether trigger u_x of u works without table x, which is dropped: no such function: slug";
        assert_eq!(warnings, [doubt]);
    }
}
