//! Which views and triggers compile: asked before and after an alteration, because SQLite's own
//! `ALTER TABLE` lets several kinds of damage pass unnoticed.

mod unsure;

use std::sync::Arc;

use litemap::LiteMap;

use crate::alter::TableState;
use crate::db::Database;
use crate::error::{Error, ErrorKind, Result, accepted, refusal};
use crate::inspect;
use crate::schema::{Edits, Object, ObjectKind};
use crate::sql::{TokenType as T, quote, same_name, tokens, unquote};

pub use unsure::{Unsure, needing, still_there};

/// What does not compile, with SQLite's message.
#[derive(Debug, Clone, Default)]
pub struct Broken(LiteMap<String, String>);

impl Broken {
    /// Compiles every view and every trigger of a schema and of `temp`, and statements on `table`.
    ///
    /// A trigger is compiled with a statement that would fire it: each of the three kinds shows only
    /// its own triggers. Nothing runs: `EXPLAIN` compiles only.
    ///
    /// `objects` is what [`inspect::with_temp`] has just read.
    pub fn find(db: &mut dyn Database, objects: &[Arc<Object>], schema: &str, table: &str) -> Result<Broken> {
        Broken::find_without(db, objects, schema, table, &[])
    }

    /// The same, when columns of the table are gone. Where one stands in double quotes, SQLite now
    /// takes it for a string (<https://sqlite.org/quirks.html#dblquote>): that does not count as
    /// compiling.
    fn find_without(
        db: &mut dyn Database,
        objects: &[Arc<Object>],
        schema: &str,
        table: &str,
        gone: &[String],
    ) -> Result<Broken> {
        let objects = || objects.iter().map(Arc::as_ref);
        let mut broken = LiteMap::new();
        for view in objects().filter(|o| o.kind == ObjectKind::View) {
            compile(db, &mut broken, view.title(), &format!("SELECT * FROM {}", qualified(view)))?;
            if let Some(select) = view.sql.as_deref().and_then(|sql| without_strings(sql, gone)) {
                compile(db, &mut broken, view.title(), &select)?;
            }
        }
        let quoted = |o: &&Object| {
            o.kind == ObjectKind::Trigger
                && o.mentions(table)
                && gone.iter().any(|name| o.double_quotes(name))
        };
        for trigger in objects().filter(quoted) {
            // Its body cannot be compiled by itself: too careful where it means a string.
            broken.insert(trigger.title(), "it has the column's name in double quotes".to_owned());
        }
        let triggers: Vec<&Object> = objects().filter(|o| o.kind == ObjectKind::Trigger).collect();
        let has_triggers = |o: &Object| triggers.iter().any(|trigger| same_name(&trigger.table, &o.name));
        let others_look = !triggers.is_empty() || db.integer("PRAGMA foreign_keys", &[])? != Some(0);
        for target in objects().filter(|o: &&Object| matches!(o.kind, ObjectKind::Table | ObjectKind::View)) {
            let altered = same_name(&target.schema, schema) && same_name(&target.name, table);
            if altered || has_triggers(target) {
                compile_statements(db, &mut broken, target, altered, others_look)?;
            }
        }
        Ok(Broken(broken))
    }

    /// The views and triggers that compiled `before` and do not now. Of views over views, and of
    /// triggers that fire others, those that break by themselves: what needs them is found when
    /// they are gone.
    pub fn new_objects(
        db: &mut dyn Database,
        schema: &str,
        table: &str,
        gone: &[String],
        before: &Broken,
    ) -> Result<Vec<Object>> {
        let all = inspect::with_temp(db, schema)?;
        let objects = || all.iter().map(Arc::as_ref);
        let now = Broken::find_without(db, &all, schema, table, gone)?;
        let new = |what: &str| now.0.contains_key(what) && !before.0.contains_key(what);
        let named: Vec<Object> = objects().filter(|o| new(&o.title())).cloned().collect();
        if !named.is_empty() {
            return Ok(named);
        }
        let suspect = |trigger: &&Object| {
            let on = |o: &&Object| same_name(&o.name, &trigger.table) && o.kind != ObjectKind::Index;
            let mut targets = objects().filter(on).filter(|o| o.kind != ObjectKind::Trigger);
            let altered = same_name(&trigger.table, table);
            trigger.kind == ObjectKind::Trigger
                && (targets
                    .any(|target| STATEMENTS.iter().any(|kind| new(&format!("{kind} {}", target.title()))))
                    || (altered && STATEMENTS.iter().any(|kind| new(&format!("{kind} {ALTERED}")))))
        };
        let suspects: Vec<Object> = objects().filter(suspect).cloned().collect();
        let mut found = Vec::new();
        for trigger in &suspects {
            let alone = db.taken_back(|db| {
                for other in suspects.iter().filter(|other| *other != trigger) {
                    db.execute(&format!("DROP TRIGGER {}", qualified(other)))?;
                }
                let left = inspect::with_temp(db, schema)?;
                Broken::find_without(db, &left, schema, table, gone)
            })?;
            if alone.0.keys().any(|what| !before.0.contains_key(what)) {
                found.push(trigger.clone());
            }
        }
        Ok(found)
    }

    /// Why a view no longer compiles that did `before`, or a statement on what a trigger stands on.
    pub fn new_of(&self, object: &Object, before: &Broken) -> Option<&str> {
        let of = |what: &str| self.0.get(what).filter(|_| !before.0.contains_key(what)).map(String::as_str);
        if object.kind == ObjectKind::View {
            return of(&object.title());
        }
        let kinds = [ObjectKind::Table, ObjectKind::View];
        let mut all = kinds.iter().flat_map(|kind| STATEMENTS.iter().map(move |verb| (kind, verb)));
        all.find_map(|(kind, verb)| of(&format!("{verb} {} {}", kind.as_str(), object.table)))
    }

    /// Whether everything compiles.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Errors: [`ErrorKind::DependentBroken`] naming what compiled `before` and does not now.
    pub fn nothing_new_since(&self, before: &Broken, table: &str) -> Result<()> {
        let new: Vec<String> = self
            .0
            .iter()
            .filter(|(what, _)| !before.0.contains_key(*what))
            .map(|(what, message)| format!("{what}: {message}"))
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::DependentBroken,
            format!("altering table {table} would break {}", new.join("; ")),
        )
        .with_hint("drop what would break before the ALTER TABLE, and create it anew after it"))
    }
}

/// The statements that show a table's triggers, as they are called here.
const STATEMENTS: &[&str] = &["INSERT into", "DELETE from", "UPDATE of"];

/// The altered table may change its name.
const ALTERED: &str = "the altered table";

/// A view's SELECT with the names in brackets that it has in double quotes: never a string.
fn without_strings(sql: &str, names: &[String]) -> Option<String> {
    let all = tokens(sql).ok()?;
    let mut depth = 0;
    let body = all.iter().position(|token| {
        depth += i32::from(token.kind == T::TK_LP) - i32::from(token.kind == T::TK_RP);
        depth == 0 && token.kind == T::TK_AS
    })?;
    let start = all.get(body + 1)?.start;
    let mut edits = Edits::default();
    let mut any = false;
    for token in &all[body + 1..] {
        let name = unquote(token.text);
        let gone = names.iter().any(|gone| same_name(gone, &name)) && !name.contains(']');
        if token.text.starts_with('"') && gone {
            edits.replace(token.start - start..token.end() - start, format!("[{name}]"));
            any = true;
        }
    }
    any.then(|| edits.apply(&sql[start..]))
}

/// Whether SQLite's DROP COLUMN leaves all other texts alone: on whichever table, it turns each
/// `"text"` of the whole schema that is no name into `'text'`
/// (<https://sqlite.org/quirks.html#dblquote>). Tried on an empty table, and rolled back.
pub fn drop_column_keeps(db: &mut dyn Database, table: &TableState) -> Result<bool> {
    let schema = quote(&table.schema);
    let probe = format!("{schema}.{}", quote(&table.unused_name("limbeck_probe")));
    let all = format!(
        "SELECT type || name || coalesce(sql, '') FROM {schema}.sqlite_master \
         UNION ALL SELECT type || name || coalesce(sql, '') FROM temp.sqlite_master ORDER BY 1"
    );
    let before = db.texts(&all, &[])?;
    let keeps = db.taken_back(|db| {
        db.execute(&format!("CREATE TABLE {probe}(a, b)"))?;
        db.execute(&format!("ALTER TABLE {probe} DROP COLUMN a"))?;
        db.execute(&format!("DROP TABLE {probe}"))?;
        Ok(db.texts(&all, &[])? == before)
    });
    // Where SQLite refuses it is none that could be used.
    Ok(accepted(keeps)?.unwrap_or(false))
}

fn qualified(object: &Object) -> String {
    format!("{}.{}", quote(&object.schema), quote(&object.name))
}

fn compile(
    db: &mut dyn Database,
    broken: &mut LiteMap<String, String>,
    what: String,
    sql: &str,
) -> Result<()> {
    match db.execute(&format!("EXPLAIN {sql}")) {
        Ok(_) => Ok(()),
        Err(error) if refusal(&error) => {
            broken.insert(what, error.to_string());
            Ok(())
        }
        Err(error) => Err(error),
    }
}

fn compile_statements(
    db: &mut dyn Database,
    broken: &mut LiteMap<String, String>,
    target: &Object,
    altered: bool,
    others_look: bool,
) -> Result<()> {
    let name = qualified(target);
    let on = if altered { ALTERED.to_owned() } else { target.title() };
    compile(db, broken, format!("INSERT into {on}"), &format!("INSERT INTO {name} DEFAULT VALUES"))?;
    // DELETE and UPDATE compile nothing else of a table than INSERT does (all its CHECKs, generated columns
    // and indexes) but triggers, and keys that are enforced.
    if !others_look {
        return Ok(());
    }
    compile(db, broken, format!("DELETE from {on}"), &format!("DELETE FROM {name}"))?;
    let sql = "SELECT name FROM pragma_table_info(?1, ?2)";
    let columns = db.texts(sql, &[target.name.as_str().into(), target.schema.as_str().into()]);
    let sets: Vec<String> =
        accepted(columns)?.unwrap_or_default().iter().map(|c| format!("{0} = {0}", quote(c))).collect();
    if !sets.is_empty() {
        compile(db, broken, format!("UPDATE of {on}"), &format!("UPDATE {name} SET {}", sets.join(", ")))?;
    }
    Ok(())
}
