//! `ALTER TABLE … RENAME TO` of a virtual table: SQLite's own, by which the table's module renames what it
//! keeps in other tables (<https://sqlite.org/vtab.html#the_xrename_method>). It is all that can be altered
//! of one.

use std::sync::Arc;

use super::Run;
use super::alter::explained;
use crate::alter::Action;
use crate::dependents::Broken;
use crate::error::Result;
use crate::proof::Inventory;
use crate::report::{AlterationReport, Way};
use crate::schema::Object;
use crate::sql::{quote, same_name};

/// Renames the table, if it is a virtual one and that is what is asked. What names it follows, or it fails.
pub(super) fn rename(
    run: &mut Run<'_, '_>,
    before: &Inventory,
    schema: &str,
    table: &str,
    actions: &[Action],
) -> Result<Option<AlterationReport>> {
    let [Action::RenameTable { to }] = actions else { return Ok(None) };
    let is_it = |o: &&Arc<Object>| o.is_virtual() && same_name(&o.schema, schema);
    if !before.objects.iter().filter(is_it).any(|o| same_name(&o.name, table)) {
        return Ok(None);
    }
    let broken = Broken::find(run.db, &before.objects, schema, table)?;
    run.db.execute("PRAGMA legacy_alter_table = 0")?;
    run.execute(&format!("ALTER TABLE {}.{} RENAME TO {}", quote(schema), quote(table), quote(to)))
        .map_err(explained)?;
    let after = Inventory::read_since(run.db, schema, &before.objects)?;
    Broken::find(run.db, &after.objects, schema, to)?.nothing_new_since(&broken, table)?;
    run.known.read(schema, after);
    Ok(Some(AlterationReport { table: table.to_owned(), way: Way::Native, why: None, rows: 0 }))
}
