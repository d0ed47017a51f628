//! What a run has read of the database already, so that it reads as little as it can again.

use std::sync::Arc;

use super::Run;
use crate::alter::TableState;
use crate::db::Database;
use crate::error::Result;
use crate::inspect::{self, Definitions};
use crate::proof::Inventory;
use crate::schema::{Object, TableDef};

#[derive(Default)]
pub(super) struct Known {
    /// What the last alteration has left behind, and in which schema, as long as nothing has run since.
    now: Option<(String, Inventory)>,
    /// What it has left behind: most of that is there still, whatever has run since.
    earlier: Vec<Arc<Object>>,
    /// Of the tables that this run has read.
    definitions: Definitions,
}

impl Known {
    /// All of a schema has been read.
    pub(super) fn read(&mut self, schema: &str, there: Inventory) {
        self.earlier.clone_from(&there.objects);
        self.unchanged(schema, there);
    }

    /// An alteration has been proved.
    pub(super) fn altered(&mut self, schema: &str, after: Inventory, table: &Arc<TableDef>) {
        self.definitions.keep(table);
        self.read(schema, after);
    }

    /// An alteration had nothing to do.
    pub(super) fn unchanged(&mut self, schema: &str, there: Inventory) {
        self.now = Some((schema.to_owned(), there));
    }

    /// Something else has run, or may have.
    pub(super) fn forget(&mut self) {
        self.now = None;
    }

    /// The definition in a table's text.
    pub(super) fn definition(&mut self, table: &Object, sql: &str) -> Result<Arc<TableDef>> {
        self.definitions.of(table, sql)
    }

    /// The objects of `main`.
    pub(super) fn main_objects(&self, db: &mut dyn Database) -> Result<Vec<Object>> {
        match &self.now {
            Some((schema, there)) if schema == "main" => {
                let objects = there.objects.iter().map(Arc::as_ref);
                Ok(objects.filter(|object| object.schema == "main").cloned().collect())
            }
            _ => inspect::objects(db, "main"),
        }
    }
}

impl Run<'_, '_> {
    /// What is in a schema now.
    pub(super) fn inventory(&mut self, schema: &str) -> Result<Inventory> {
        match self.known.now.take() {
            Some((of, there)) if of == schema => Ok(there),
            _ => Inventory::read_since(self.db, schema, &self.known.earlier),
        }
    }

    /// A table of a schema that has just been read.
    pub(super) fn table(
        &mut self,
        there: &Inventory,
        schema: &str,
        name: &str,
    ) -> Result<Option<TableState>> {
        inspect::table_of(self.db, &there.objects, &self.known.definitions, schema, name)
    }
}
