//! What needs a column that is dropped, beyond the table itself: foreign keys of other tables,
//! views, triggers. With CASCADE it goes along, and is listed; without, it is named and nothing goes.

use std::sync::Arc;

use super::Run;
use super::alter::one_group;
use crate::alter::{Action, ConstraintRef, Draft, TableState};
use crate::dependents::{Broken, Unsure, needing};
use crate::error::{Error, ErrorKind, Result};
use crate::inspect;
use crate::report::AlterationReport;
use crate::schema::{Object, ObjectKind};
use crate::sql::{quote, same_name};

/// Drops the foreign keys of other tables that name a column which goes with CASCADE, by the road
/// that every alteration takes.
pub(super) fn release_children(
    run: &mut Run<'_, '_>,
    state: &TableState,
    actions: &[Action],
) -> Result<Vec<AlterationReport>> {
    let mut reports = Vec::new();
    let key = state.table.primary_key();
    for action in actions {
        let Action::DropColumn { column, cascade: true, .. } = action else { continue };
        if state.table.column(column).is_none() {
            continue;
        }
        let others = state.children.iter().filter(|child| !same_name(&child.table, &state.table.name));
        for child in others.filter(|child| child.names(column, &key)) {
            let before = run.inventory(&state.schema)?;
            let found = run.table(&before, &state.schema, &child.table)?;
            let Some(found) = found else { continue };
            // Another column of the same key may have taken it along already.
            let constraint = ConstraintRef::ForeignKey(child.from.clone());
            let drop = Action::DropConstraint { if_exists: true, constraint };
            if let Some(report) = one_group(run, &found, &[drop], before)? {
                reports.push(report);
                run.warnings.push(format!(
                    "dropped with column {}.{column}: {}",
                    state.table.name,
                    child.title()
                ));
            }
        }
    }
    Ok(reports)
}

/// Drops the views and triggers that no longer compile without the columns, and answers which.
///
/// Errors: [`ErrorKind::StillNeeded`] naming them, where the columns go without CASCADE, and in any case what names a
/// column and did not compile before already.
pub(super) fn drop_dependents(
    run: &mut Run<'_, '_>,
    state: &TableState,
    draft: &Draft,
    actions: &[Action],
    before: &Broken,
    unsure: &Unsure,
) -> Result<Vec<String>> {
    let gone = gone(state, draft, actions);
    let mut dropped = Vec::new();
    if gone.is_empty() {
        return Ok(dropped);
    }
    let columns: Vec<String> = gone.iter().map(|(column, _)| (*column).to_owned()).collect();
    let (schema, name) = (&state.schema, &state.table.name);
    let mut views = Vec::new();
    loop {
        let mut broken = Broken::new_objects(run.db, schema, name, &columns, before)?;
        if broken.is_empty() && unsure.may_lose() {
            let objects = inspect::with_temp(run.db, schema)?;
            broken = unsure.lost(run.db, &objects)?.into_iter().map(|(trigger, _)| trigger).collect();
        }
        if broken.is_empty() {
            break;
        }
        if gone.iter().any(|(_, cascade)| !cascade) {
            let needed: Vec<String> = broken.iter().map(placed).collect();
            let what = if columns.len() == 1 { "column" } else { "one of the columns" };
            let list = columns.join(", ");
            return Err(still_needed(format!("{what} {list} of {name} is needed by {}", needed.join(", "))));
        }
        for object in broken {
            views.extend((object.kind == ObjectKind::View).then(|| object.name.clone()));
            dropped.extend(drop_with_triggers(run, &object)?);
        }
    }
    refuse_doubtful(unsure, name, &columns, &views)?;
    Ok(dropped)
}

/// Tells what has gone along, once for all columns.
pub(super) fn warn(
    run: &mut Run<'_, '_>,
    state: &TableState,
    draft: &Draft,
    actions: &[Action],
    dropped: &[String],
) {
    if !dropped.is_empty() {
        let name = |(column, _): &(&str, bool)| format!("{}.{column}", state.table.name);
        let columns: Vec<String> = gone(state, draft, actions).iter().map(name).collect();
        run.warnings.push(format!("dropped with column {}: {}", columns.join(", "), dropped.join(", ")));
    }
}

/// The columns that go, and whether what needs them goes along. One that was not there, or is there again, is not
/// gone.
fn gone<'a>(state: &TableState, draft: &Draft, actions: &'a [Action]) -> Vec<(&'a str, bool)> {
    let is_gone = |name: &str| state.table.column(name).is_some() && draft.table.column(name).is_none();
    let drops = actions.iter().filter_map(|action| match action {
        Action::DropColumn { column, cascade, .. } if is_gone(column) => Some((column.as_str(), *cascade)),
        _ => None,
    });
    drops.collect()
}

/// Refuses where what did not compile before may need what is gone: on the app's own connection it may work.
fn refuse_doubtful(unsure: &Unsure, table: &str, columns: &[String], views: &[String]) -> Result<()> {
    for (object, why) in unsure.doubtful() {
        let alone = [Arc::new(object.clone())];
        let view = views.iter().find(|view| !needing(&alone, view).is_empty());
        let view = view.map(|view| format!("view {view}"));
        let column = columns.iter().find(|column| object.mentions(column));
        if let Some(gone) = column.map(|column| format!("column {column} of {table}")).or(view) {
            let message = format!("cannot tell whether {} needs {gone}: {why}", placed(object));
            return Err(Error::new(ErrorKind::StillNeeded, message).with_hint(
                "register what it uses, set trust_schema where the file is the app's own, or drop it before the ALTER TABLE and create it anew after it",
            ));
        }
    }
    Ok(())
}

/// DROP VIEW takes the view's INSTEAD OF triggers along.
fn drop_with_triggers(run: &mut Run<'_, '_>, object: &Object) -> Result<Vec<String>> {
    let mut dropped = vec![object.title()];
    if object.kind == ObjectKind::View {
        for schema in [object.schema.as_str(), "temp"] {
            let all = inspect::objects(run.db, schema)?.into_iter();
            let on_it = |o: &Object| o.kind == ObjectKind::Trigger && same_name(&o.table, &object.name);
            dropped.extend(all.filter(on_it).map(|trigger| trigger.title()));
        }
    }
    let kind = object.kind.as_str().to_ascii_uppercase();
    run.db.execute(&format!("DROP {kind} {}.{}", quote(&object.schema), quote(&object.name)))?;
    dropped.dedup();
    Ok(dropped)
}

/// `trigger r of table u`: it may stand on another table.
fn placed(object: &Object) -> String {
    match object.kind {
        ObjectKind::Trigger => format!("{} of table {}", object.title(), object.table),
        _ => object.title(),
    }
}

/// The same refusal whichever way a column would have gone.
pub(super) fn still_needed(message: String) -> Error {
    Error::new(ErrorKind::StillNeeded, message).with_hint(
        "drop that before the ALTER TABLE, and create it anew after it, or write DROP COLUMN … CASCADE",
    )
}

#[cfg(all(test, feature = "rusqlite"))]
mod tests {
    use rusqlite::Connection;
    use rusqlite::config::DbConfig;

    use crate::{ErrorKind, Migrator};

    const SCHEMA: &str =
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, c); CREATE TABLE u(id INTEGER PRIMARY KEY, a);
        CREATE TABLE log(x); INSERT INTO t VALUES (1, 2, 3, 4);";

    fn drop_b(db: &mut Connection, cascade: &str) -> crate::Result<Vec<String>> {
        let sql = format!("ALTER TABLE t DROP COLUMN b{cascade}");
        Migrator::new([("1.sql", sql.as_str())]).unwrap().upgrade(db, "head").map(|report| report.warnings)
    }

    #[test]
    fn what_did_not_compile_before_may_need_a_column() {
        for (text, refused) in [
            (
                "CREATE VIEW v AS SELECT slug(a) AS s, b FROM t",
                Some("view v needs column b of t: no such function: slug"),
            ),
            ("CREATE VIEW v AS SELECT slug(a) AS s, c FROM t", None),
            ("CREATE VIEW v AS SELECT *, slug(a) AS s FROM t", None),
            (
                "CREATE VIEW v AS SELECT a, b COLLATE mine AS b FROM t ORDER BY 2",
                Some("no such collation sequence: mine"),
            ),
            (
                "CREATE VIEW w AS SELECT *, slug(a) FROM t; CREATE VIEW v AS SELECT b FROM w",
                Some("view v needs column b"),
            ),
            ("CREATE VIEW v AS SELECT b, zz FROM t", None),
            ("CREATE VIEW v AS SELECT b FROM t, gone", None),
            ("CREATE VIEW v AS SELECT b FROM t, gone(1)", Some("view v needs column b")),
            (
                "CREATE TRIGGER r AFTER DELETE ON u BEGIN UPDATE t SET b = slug(old.a); END",
                Some("trigger r of table u needs column b of t: no such function: slug"),
            ),
            // As GeoPackage's triggers do: a column is needed where it is named.
            ("CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO log VALUES (slug(new.a)); END", None),
            ("CREATE TRIGGER r AFTER DELETE ON u BEGIN INSERT INTO t(a) VALUES (slug(1)); END", None),
            ("CREATE TRIGGER r AFTER DELETE ON u BEGIN SELECT b FROM t, gone; END", None),
        ] {
            for cascade in ["", " CASCADE"] {
                let mut db = super::super::tests::open(&format!("{SCHEMA}{text}"));
                match (drop_b(&mut db, cascade), refused) {
                    (Ok(_), None) => {}
                    (Err(error), Some(part)) => {
                        assert_eq!(error.kind(), ErrorKind::StillNeeded, "{text}");
                        assert!(
                            error.to_string().contains(&format!("cannot tell whether {part}"))
                                || error.to_string().contains(part),
                            "{text}: {error}"
                        );
                    }
                    (found, _) => panic!("{text}: {found:?}"),
                }
            }
        }
    }

    #[test]
    fn a_trigger_is_not_hidden_by_another_that_does_not_compile() {
        for other in ["INSERT INTO log VALUES (slug(new.a))", "DELETE FROM gone"] {
            let text = format!(
                "{SCHEMA} CREATE TRIGGER u_other AFTER INSERT ON u BEGIN {other}; END;
                 CREATE TRIGGER u_t AFTER INSERT ON u BEGIN UPDATE t SET b = new.a WHERE id = new.id; END;
                 CREATE TRIGGER u_c AFTER INSERT ON u BEGIN UPDATE t SET c = new.a WHERE id = new.id; END"
            );
            let mut db = super::super::tests::open(&text);
            let error = drop_b(&mut db, "").unwrap_err();
            assert_eq!(error.to_string(), "column b of t is needed by trigger u_t of table u");
            assert_eq!(drop_b(&mut db, " CASCADE").unwrap(), ["dropped with column t.b: trigger u_t"]);
        }
    }

    #[test]
    fn what_a_view_that_goes_along_leaves_without_it_is_refused() {
        let text =
            format!("{SCHEMA} CREATE VIEW y AS SELECT b AS d FROM t; CREATE VIEW v AS SELECT slug(d) FROM y");
        let error = drop_b(&mut super::super::tests::open(&text), " CASCADE").unwrap_err();
        assert_eq!(error.to_string(), "cannot tell whether view v needs view y: no such function: slug");
    }

    #[test]
    fn views_and_triggers_that_are_switched_off_are_not_forgotten() {
        for (which, text, part) in [
            (
                DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW,
                "CREATE VIEW v AS SELECT b FROM t",
                "view v needs column b of t: access to view \"v\" prohibited",
            ),
            (
                DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER,
                "CREATE TRIGGER r AFTER INSERT ON u BEGIN UPDATE t SET b = 1; END",
                "trigger r of table u needs column b of t: triggers are switched off",
            ),
        ] {
            for cascade in ["", " CASCADE"] {
                let mut db = super::super::tests::open(&format!("{SCHEMA}{text}"));
                db.set_db_config(which, false).unwrap();
                let error = drop_b(&mut db, cascade).unwrap_err();
                assert_eq!(error.to_string(), format!("cannot tell whether {part}"));
            }
        }
    }
}
