//! Which views and triggers compile: asked before and after an alteration, because SQLite's own
//! `ALTER TABLE` lets several kinds of damage pass unnoticed.

use std::collections::BTreeMap;

use crate::alter::TableState;
use crate::db::Database;
use crate::error::{Error, ErrorKind, Result};
use crate::inspect;
use crate::schema::{Object, ObjectKind};
use crate::sql::{quote, same_name};

/// What does not compile, with SQLite's message.
#[derive(Debug, Clone, Default)]
pub struct Broken(BTreeMap<String, String>);

impl Broken {
    /// Compiles every view and every trigger of a schema and of `temp`, and statements on `table`.
    ///
    /// A trigger is compiled with a statement that would fire it: each of the three kinds shows only
    /// its own triggers. Nothing runs: `EXPLAIN` compiles only.
    pub fn find(db: &mut dyn Database, schema: &str, table: &str) -> Result<Broken> {
        let mut objects = inspect::objects(db, schema)?;
        if !same_name(schema, "temp") {
            objects.extend(inspect::objects(db, "temp")?);
        }
        let mut broken = BTreeMap::new();
        for view in objects.iter().filter(|o| o.kind == ObjectKind::View) {
            compile(db, &mut broken, view.title(), &format!("SELECT * FROM {}", qualified(view)));
        }
        let has_triggers = |o: &Object| {
            objects.iter().any(|t| t.kind == ObjectKind::Trigger && same_name(&t.table, &o.name))
        };
        for target in objects.iter().filter(|o| matches!(o.kind, ObjectKind::Table | ObjectKind::View)) {
            let altered = same_name(&target.schema, schema) && same_name(&target.name, table);
            if altered || has_triggers(target) {
                compile_statements(db, &mut broken, target, altered)?;
            }
        }
        Ok(Broken(broken))
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
    db.execute("SAVEPOINT limbeck_probe")?;
    let mut run = || {
        db.execute(&format!("CREATE TABLE {probe}(a, b)"))?;
        db.execute(&format!("ALTER TABLE {probe} DROP COLUMN a"))?;
        db.execute(&format!("DROP TABLE {probe}"))?;
        Ok::<_, Error>(db.texts(&all, &[])? == before)
    };
    // Where it fails it is none that could be used.
    let keeps = run().unwrap_or(false);
    db.execute("ROLLBACK TO limbeck_probe")?;
    db.execute("RELEASE limbeck_probe")?;
    Ok(keeps)
}

fn qualified(object: &Object) -> String {
    format!("{}.{}", quote(&object.schema), quote(&object.name))
}

fn compile(db: &mut dyn Database, broken: &mut BTreeMap<String, String>, what: String, sql: &str) {
    if let Err(error) = db.execute(&format!("EXPLAIN {sql}")) {
        broken.insert(what, error.to_string());
    }
}

fn compile_statements(
    db: &mut dyn Database,
    broken: &mut BTreeMap<String, String>,
    target: &Object,
    altered: bool,
) -> Result<()> {
    let name = qualified(target);
    // The altered table may change its name.
    let on = if altered { "the altered table".to_owned() } else { target.title() };
    compile(db, broken, format!("INSERT into {on}"), &format!("INSERT INTO {name} DEFAULT VALUES"));
    compile(db, broken, format!("DELETE from {on}"), &format!("DELETE FROM {name}"));
    let sql = "SELECT name FROM pragma_table_info(?1, ?2)";
    let columns = db.texts(sql, &[target.name.as_str().into(), target.schema.as_str().into()]);
    let sets: Vec<String> =
        columns.unwrap_or_default().iter().map(|c| format!("{0} = {0}", quote(c))).collect();
    if !sets.is_empty() {
        compile(db, broken, format!("UPDATE of {on}"), &format!("UPDATE {name} SET {}", sets.join(", ")));
    }
    Ok(())
}
