//! The proof before COMMIT: what is in the database before and after an alteration differs by what
//! the plan says, and by nothing else.

use std::sync::Arc;

use litemap::LiteMap;

use crate::db::{Database, Value};
use crate::error::{Error, ErrorKind, Result};
use crate::inspect;
use crate::schema::{Object, ObjectKind, TableDef};
use crate::sql::{quote, same_name, same_text, tokens, unquote};

/// All that is in a schema, and in `temp`: every object with its text, the AUTOINCREMENT counters,
/// the statistics.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// The schema's, then those of `temp`.
    pub objects: Vec<Arc<Object>>,
    /// `sqlite_sequence`: table → last number.
    pub sequences: LiteMap<String, i64>,
    /// `sqlite_stat1` and `sqlite_stat4`: (which, table, index) → how many rows.
    statistics: LiteMap<(String, String, String), i64>,
}

/// What a plan says will be different.
#[derive(Debug, Default)]
pub struct Change {
    /// The schema of the table that is altered.
    pub schema: String,
    /// The table that is altered.
    pub table: String,
    /// Its text afterwards.
    pub text: String,
    /// Whether limbeck itself writes that text; SQLite may write it in another layout.
    pub exact: bool,
    /// Its columns afterwards.
    pub columns: Vec<String>,
    /// Indexes and triggers that go.
    pub dropped: Vec<String>,
    /// A name that SQLite replaces by another wherever it means the same.
    pub renamed: Option<(String, String)>,
    /// Whether that name is the table's own.
    pub table_renamed: bool,
    /// Whether the table gains or loses AUTOINCREMENT.
    pub renumbered: bool,
}

impl Inventory {
    /// Reads it: one pass over `sqlite_schema`, the counters and the statistics. Locks nothing.
    pub fn read(db: &mut dyn Database, schema: &str) -> Result<Inventory> {
        Inventory::read_since(db, schema, &[])
    }

    /// The same, where `before` is what was there some time ago, so that most of it is known.
    pub fn read_since(db: &mut dyn Database, schema: &str, before: &[Arc<Object>]) -> Result<Inventory> {
        let objects = inspect::with_temp_since(db, schema, before)?;
        let mut inventory = Inventory { objects, ..Inventory::default() };
        let of_sqlite = |o: &&Arc<Object>| o.schema == schema && inspect::is_sqlites(&o.name);
        let tables: Vec<Arc<Object>> = inventory.objects.iter().filter(of_sqlite).cloned().collect();
        let has = |name: &str| tables.iter().any(|o| o.kind == ObjectKind::Table && o.name == name);
        if has("sqlite_sequence") {
            for row in db.rows(&format!("SELECT name, seq FROM {}.sqlite_sequence", quote(schema)), &[])? {
                if let [Value::Text(name), Value::Integer(seq)] = &row[..] {
                    inventory.sequences.insert(name.to_ascii_lowercase(), *seq);
                }
            }
        }
        for which in STATISTICS {
            if has(which) {
                let sql = format!(
                    "SELECT lower(tbl), lower(coalesce(idx, '')), count(*) FROM {}.{which} GROUP BY 1, 2",
                    quote(schema)
                );
                for row in db.rows(&sql, &[])? {
                    if let [Value::Text(table), Value::Text(index), Value::Integer(count)] = &row[..] {
                        let key = ((*which).to_owned(), table.clone(), index.clone());
                        inventory.statistics.insert(key, *count);
                    }
                }
            }
        }
        Ok(inventory)
    }

    /// The text of a table.
    pub fn text_of(&self, schema: &str, table: &str) -> Option<&str> {
        let is_it =
            |o: &&Arc<Object>| o.kind == ObjectKind::Table && o.schema == schema && same_name(&o.name, table);
        self.objects.iter().find(is_it)?.sql.as_deref()
    }

    /// Whether there is any view or trigger.
    pub fn has_dependents(&self) -> bool {
        self.objects.iter().any(|object| matches!(object.kind, ObjectKind::View | ObjectKind::Trigger))
    }

    /// Which tables of ANALYZE hold rows.
    pub fn statistics_tables(&self) -> Vec<&'static str> {
        let holds = |which: &&&str| self.statistics.keys().any(|(table, _, _)| table == **which);
        STATISTICS.iter().filter(holds).copied().collect()
    }

    /// Proves that `self`, read after the change, is `before` with just `change` made.
    ///
    /// Errors: [`ErrorKind::ProofFailed`], naming every object that differs.
    pub fn prove(&self, before: &Inventory, change: &Change) -> Result<()> {
        let mut differences = Vec::new();
        let mut expected: LiteMap<_, &Object> = LiteMap::new();
        let (was, is) = without_what_stays(&before.objects, &self.objects, change);
        for object in was {
            if is_made_by_constraint(object, &change.table) || change.drops(object) {
                continue;
            }
            expected.insert(change.key(object), object);
        }
        for object in is {
            let made = is_made_by_constraint(object, change.table_after());
            match expected.remove(&key(object)) {
                Some(was) => differences.extend(change.differs(was, object)),
                None if made || SQLITES_OWN.contains(&object.name.as_str()) => {}
                None => differences.push(format!("{} has appeared", object.title())),
            }
        }
        differences.extend(expected.values().map(|object| format!("{} is gone", object.title())));
        differences.extend(self.counters_differ(before, change));
        if differences.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::ProofFailed,
            format!(
                "altering table {} would change more than it says: {}",
                change.table,
                differences.join("; ")
            ),
        )
        .with_hint("report this: nothing was changed"))
    }

    fn counters_differ(&self, before: &Inventory, change: &Change) -> Vec<String> {
        let mut differences = Vec::new();
        let (was, is) = (change.table.to_ascii_lowercase(), change.table_after().to_ascii_lowercase());
        let mut sequences = before.sequences.clone();
        if let Some(seq) = sequences.remove(&was) {
            sequences.insert(is.clone(), seq);
        }
        let mut found = self.sequences.clone();
        if change.renumbered {
            sequences.remove(&is);
            found.remove(&is);
        }
        if sequences != found {
            differences.push("AUTOINCREMENT counters differ".to_owned());
        }
        let kept = |(_, table, index): &(String, String, String)| {
            *table != was && *table != is
                || !change.dropped.iter().any(|title| same_name(title, &format!("index {index}")))
        };
        let renamed = |(which, table, index): &(String, String, String)| {
            // The key of a WITHOUT ROWID table is called like the table.
            let now = |name: &String| if *name == was { is.clone() } else { name.clone() };
            (which.clone(), now(table), if *table == was { now(index) } else { index.clone() })
        };
        let wanted: LiteMap<_, _> = before
            .statistics
            .iter()
            .filter(|(key, _)| kept(key))
            .map(|(key, n)| (renamed(key), *n))
            .collect();
        // Statistics of a constraint's own index go with the constraint.
        let written = |key: &(String, String, String)| !key.2.starts_with("sqlite_autoindex_");
        let only = |map: LiteMap<(String, String, String), i64>| -> LiteMap<_, _> {
            map.into_iter().filter(|(key, _)| written(key)).collect()
        };
        if only(wanted) != only(self.statistics.clone()) {
            differences.push("statistics of ANALYZE differ".to_owned());
        }
        differences
    }
}

/// The tables of ANALYZE: <https://sqlite.org/fileformat2.html#the_sqlite_stat1_table>.
const STATISTICS: &[&str] = &["sqlite_stat1", "sqlite_stat4"];

/// Tables that SQLite makes by itself when they are first needed, and keeps.
const SQLITES_OWN: &[&str] = &["sqlite_sequence"];

/// What is left of two lists without the objects that are in both, in the same order, and of which the plan
/// says nothing: of a large schema, most.
fn without_what_stays<'a>(
    before: &'a [Arc<Object>],
    after: &'a [Arc<Object>],
    change: &Change,
) -> (Vec<&'a Object>, Vec<&'a Object>) {
    let mut left = before.iter().map(Arc::as_ref);
    let (mut was, mut is) = (Vec::new(), Vec::new());
    for object in after.iter().map(Arc::as_ref) {
        let planned = same_name(&object.table, &change.table) || change.drops(object);
        let same = |earlier: &Object| std::ptr::eq(earlier, object) || earlier == object;
        match if planned { None } else { left.clone().position(same) } {
            Some(passed) => {
                was.extend(left.by_ref().take(passed));
                left.next();
            }
            None => is.push(object),
        }
    }
    was.extend(left);
    (was, is)
}

/// By what an object is found again: no two of a schema and kind have the same name.
type Key = (String, ObjectKind, String);

fn key(object: &Object) -> Key {
    (object.schema.clone(), object.kind, object.name.to_ascii_lowercase())
}

fn is_made_by_constraint(object: &Object, table: &str) -> bool {
    object.kind == ObjectKind::Index && object.sql.is_none() && same_name(&object.table, table)
}

impl Change {
    fn table_after(&self) -> &str {
        match &self.renamed {
            Some((_, to)) if self.table_renamed => to,
            _ => &self.table,
        }
    }

    /// Where an object is to be found afterwards.
    fn key(&self, object: &Object) -> Key {
        let (schema, kind, name) = key(object);
        if self.table_renamed && self.is_the_table(object) {
            return (schema, kind, self.table_after().to_ascii_lowercase());
        }
        (schema, kind, name)
    }

    /// Whether an object goes.
    fn drops(&self, object: &Object) -> bool {
        !self.dropped.is_empty() && self.dropped.contains(&object.title())
    }

    fn is_the_table(&self, object: &Object) -> bool {
        object.kind == ObjectKind::Table
            && same_name(&object.schema, &self.schema)
            && same_name(&object.name, &self.table)
    }

    fn differs(&self, was: &Object, is: &Object) -> Option<String> {
        let (Some(old), Some(new)) = (&was.sql, &is.sql) else {
            return (was.sql != is.sql).then(|| format!("{} has another text", was.title()));
        };
        if let Some((from, to)) = &self.renamed {
            if !is_renamed(old, new, from, to) {
                return Some(format!("{} has another text", was.title()));
            }
            let has_it = |table: TableDef| table.columns.iter().any(|column| column.name == *to);
            return (self.is_the_table(was)
                && !self.table_renamed
                && !TableDef::parse(new).is_ok_and(has_it))
            .then(|| format!("column {from} of table {} has kept its name", was.name));
        }
        if !self.is_the_table(was) {
            return (old != new).then(|| format!("{} has another text", was.title()));
        }
        if self.text == *new {
            return None;
        }
        if self.exact {
            return Some(format!("table {} has another text than planned", was.name));
        }
        let columns: Option<Vec<String>> = TableDef::parse(new)
            .ok()
            .map(|table| table.columns.into_iter().map(|column| column.name).collect());
        (columns.as_ref() != Some(&self.columns))
            .then(|| format!("table {} has other columns than planned", was.name))
    }
}

/// Whether `new` is `old` with one name replaced. SQLite quotes as it likes, turns `"text"` into
/// `'text'` on the way, and puts a key's new name where a text says `rowid`.
fn is_renamed(old: &str, new: &str, from: &str, to: &str) -> bool {
    if same_text(old, new) {
        return true;
    }
    let (Ok(old), Ok(new)) = (tokens(old), tokens(new)) else { return false };
    old.len() == new.len()
        && old.iter().zip(&new).all(|(old, new)| {
            let (was, is) = (unquote(old.text), unquote(new.text));
            let may_be = |name: &str| same_name(&was, name);
            let renamed = may_be(from) || ["rowid", "_rowid_", "oid"].into_iter().any(may_be);
            same_name(&was, &is) || (renamed && same_name(&is, to))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(objects: &[(ObjectKind, &str, &str, Option<&str>)]) -> Inventory {
        let mut inventory = Inventory::default();
        for (kind, name, table, sql) in objects {
            let object = Object {
                schema: "main".into(),
                kind: *kind,
                name: (*name).into(),
                table: (*table).into(),
                sql: sql.map(str::to_owned),
            };
            inventory.objects.push(object.into());
        }
        inventory
    }

    const BEFORE: &[(ObjectKind, &str, &str, Option<&str>)] = &[
        (ObjectKind::Table, "t", "t", Some("CREATE TABLE t(a)")),
        (ObjectKind::Index, "i", "t", Some("CREATE INDEX i ON t(a)")),
        (ObjectKind::Index, "sqlite_autoindex_t_1", "t", None),
        (ObjectKind::View, "v", "v", Some("CREATE VIEW v AS SELECT a FROM t WHERE a = \"x\"")),
    ];

    #[test]
    fn any_difference_is_named() {
        let change = Change {
            schema: "main".into(),
            table: "t".into(),
            text: "CREATE TABLE t(a NOT NULL)".into(),
            exact: true,
            ..Change::default()
        };
        let mut after = BEFORE.to_vec();
        after[0].3 = Some("CREATE TABLE t(a NOT NULL)");
        after.remove(2);
        inventory(&after).prove(&inventory(BEFORE), &change).unwrap();

        after.remove(1);
        after[1].3 = Some("CREATE VIEW v AS SELECT 1");
        after.push((ObjectKind::Table, "u", "u", Some("CREATE TABLE u(a)")));
        let mut after = inventory(&after);
        after.sequences.insert("x".into(), 1);
        let error = after.prove(&inventory(BEFORE), &change).unwrap_err();
        for part in ["index i is gone", "view v has another text", "table u has appeared", "counters differ"]
        {
            assert!(error.to_string().contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn a_rename_may_change_names_and_nothing_else() {
        let change = Change {
            schema: "main".into(),
            table: "t".into(),
            renamed: Some(("t".into(), "u".into())),
            table_renamed: true,
            ..Change::default()
        };
        let mut after = BEFORE.to_vec();
        after[0] = (ObjectKind::Table, "u", "u", Some("CREATE TABLE \"u\"(a)"));
        after[1] = (ObjectKind::Index, "i", "u", Some("CREATE INDEX i ON \"u\"(a)"));
        after[2] = (ObjectKind::Index, "sqlite_autoindex_u_1", "u", None);
        after[3].3 = Some("CREATE VIEW v AS SELECT a FROM \"u\" WHERE a = 'x'");
        inventory(&after).prove(&inventory(BEFORE), &change).unwrap();
        after[3].3 = Some("CREATE VIEW v AS SELECT a FROM \"u\" WHERE a = 'y'");
        assert!(inventory(&after).prove(&inventory(BEFORE), &change).is_err());
    }
}
