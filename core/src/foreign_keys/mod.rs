//! Foreign keys during a run: enforcement is off, so that no cascade fires by accident; what a run
//! leaves dangling fails it before COMMIT. Only tables whose keys could have changed are checked,
//! and only rows that dangle now and did not before count.

mod orphans;

use litemap::LiteMap;

use crate::db::Database;
use crate::deed::{Deed, in_main, of_trigger};
use crate::error::{Error, ErrorKind, Result, accepted, counted};
use crate::inspect::{self, KeyColumn};
use crate::sql::{quote, same_name};
use orphans::{Dangling, dangling, new_since, tell};

/// Where the statements stand that could leave rows of a table dangling; what is not the same for all is left out.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Place {
    revision: Option<String>,
    file: Option<String>,
    line: Option<u32>,
}

impl Place {
    fn join(&mut self, other: &Place) {
        if self.revision != other.revision {
            *self = Place::default();
        } else if self.line != other.line {
            self.line = None;
        }
    }

    /// An error with the place it comes from.
    fn of(error: Error, place: &Place) -> Error {
        error.placed(place.revision.as_deref(), place.file.as_deref(), place.line)
    }
}

/// Watches the tables of `main` whose keys a run could have changed.
#[derive(Debug, Default)]
pub struct Watch {
    /// What dangled before the run touched the table; an error where SQLite cannot tell.
    before: LiteMap<String, Result<Dangling, String>>,
    /// What runs now.
    place: Place,
    /// What has touched a table.
    touched_by: LiteMap<String, Place>,
    /// Tables of which nobody saw that anything wrote to them, in small letters.
    unseen: Vec<String>,
    /// What dangled in a table that was dropped, under the name that it had before the run.
    gone: LiteMap<String, Dangling>,
    /// New names of tables, with the old ones.
    renamed: Vec<(String, String)>,
    /// Tables whose rowids are no longer the same.
    renumbered: Vec<String>,
    /// The foreign keys of the schema, and the schema's version when they were read.
    keys: Option<(Option<i64>, Vec<KeyColumn>)>,
}

impl Watch {
    /// Notes which revision begins.
    pub fn begin(&mut self, revision: Option<&str>, file: Option<&str>) {
        self.place =
            Place { revision: revision.map(str::to_owned), file: file.map(str::to_owned), line: None };
    }

    /// Notes which of its statements begins, by its line.
    pub fn line(&mut self, line: u32) {
        self.place.line = Some(line);
    }

    /// Notes which tables a statement, about to run, could leave dangling.
    pub fn statement(&mut self, db: &mut dyn Database, deed: &Deed) -> Result<()> {
        if let Deed::DropIndex { index } = deed {
            return self.drop_index(db, index);
        }
        let Some(table) = written(deed) else { return Ok(()) };
        let keys = self.keys(db)?;
        if keys.is_empty() {
            return Ok(());
        }
        let is_child = keys.iter().any(|key| same_name(&key.table, table));
        // "If an ON CONFLICT clause is specified as part of the statement causing the trigger to fire, then conflict
        // handling policy of the outer statement is used instead": https://sqlite.org/lang_createtrigger.html
        let outer = replaces(deed);
        let mut tables = affected(db, keys, deed, outer)?;
        let mut pending = vec![table.to_owned()];
        let mut seen = Vec::new();
        while let Some(table) = pending.pop() {
            let name = table.to_ascii_lowercase();
            if seen.contains(&name) {
                continue;
            }
            seen.push(name);
            for deed in of_triggers(db, &table)? {
                tables.extend(affected(db, keys, &deed, outer || replaces(&deed))?);
                pending.extend(written(&deed).map(str::to_owned));
            }
        }
        self.touch(db, tables)?;
        match deed {
            Deed::DropTable { schema, table } if is_child && in_main(schema.as_deref()) => {
                self.drop_table(db, &table.to_ascii_lowercase())
            }
            _ => Ok(()),
        }
    }

    /// Notes what dangles in a table that is about to be dropped, where another that was written may take its
    /// place: a rebuild by hand.
    fn drop_table(&mut self, db: &mut dyn Database, table: &str) -> Result<()> {
        if !self.before.keys().any(|other| other != table) {
            return Ok(());
        }
        let noted = self.before.get_mut(table).map(|before| before.as_mut().map(std::mem::take));
        let dangling = match noted {
            Some(Ok(dangling)) => Ok(dangling),
            Some(Err(_)) => return Ok(()),
            None => dangling(db, table)?,
        };
        let old = self.renamed.iter().rev().find(|(to, _)| to == table).map(|(_, from)| from);
        let name = old.filter(|old| self.before.contains_key(*old)).map_or(table, String::as_str);
        if let Ok(dangling) = dangling
            && !dangling.orphans.is_empty()
        {
            // Of several that had the name, the first is what stood there before the run.
            self.gone.try_insert(name.to_owned(), dangling);
        }
        Ok(())
    }

    /// Notes the children of a table that is about to lose a unique index: "the parent key columns must be [...] the
    /// subject of a UNIQUE constraint or have a UNIQUE index" (<https://sqlite.org/foreignkeys.html#fk_indexes>).
    fn drop_index(&mut self, db: &mut dyn Database, index: &str) -> Result<()> {
        if self.keys(db)?.is_empty() {
            return Ok(());
        }
        let Some(parent) = inspect::text_holds(db, "index", index, "unique")? else { return Ok(()) };
        let keys = self.keys(db)?.iter().filter(|key| key.to.is_some() && same_name(&key.parent, &parent));
        let children: Vec<String> = keys.map(|key| key.table.clone()).collect();
        self.touch(db, children)
    }

    /// Refuses a DROP TABLE that would change rows of other tables, where keys are enforced: "If foreign key
    /// constraints are enabled when it is prepared, then the DROP TABLE command performs an implicit DELETE to
    /// remove all rows from the table before dropping it" (<https://sqlite.org/foreignkeys.html#fk_schemacommands>),
    /// and its actions fire. A rebuild by hand loses every child row so.
    ///
    /// Errors: [`ErrorKind::TransactionOpen`] naming both tables.
    pub fn refuse_cascade(&mut self, db: &mut dyn Database, deed: &Deed) -> Result<()> {
        let Deed::DropTable { schema, table } = deed else { return Ok(()) };
        if !in_main(schema.as_deref()) {
            return Ok(());
        }
        let acting =
            |key: &&KeyColumn| key.acts && same_name(&key.parent, table) && !same_name(&key.table, table);
        for ((child, _), set) in set(self.keys(db)?.iter().filter(acting)) {
            if db.any(&format!("SELECT 1 FROM main.{} WHERE {set}", quote(child)), &[])? {
                let message = format!(
                    "DROP TABLE {table} would delete or change rows of {child}: foreign keys act in the caller's own transaction"
                );
                return Err(Error::new(ErrorKind::TransactionOpen, message).with_hint(
                    "commit before calling limbeck, or set PRAGMA foreign_keys = OFF before your BEGIN",
                ));
            }
        }
        Ok(())
    }

    /// All foreign keys, read again only when the schema has changed.
    fn keys(&mut self, db: &mut dyn Database) -> Result<&[KeyColumn]> {
        let version = db.integer("PRAGMA main.schema_version", &[])?;
        if self.keys.as_ref().is_none_or(|(of, _)| *of != version) {
            self.keys = Some((version, inspect::foreign_keys(db, "main")?));
        }
        Ok(self.keys.as_ref().map_or(&[], |(_, keys)| keys))
    }

    /// Notes tables whose keys are about to change.
    pub fn touch(&mut self, db: &mut dyn Database, tables: impl IntoIterator<Item = String>) -> Result<()> {
        for table in tables {
            let table = table.to_ascii_lowercase();
            self.unseen.retain(|unseen| *unseen != table);
            match self.touched_by.get_mut(&table) {
                Some(place) => place.join(&self.place),
                None => _ = self.touched_by.insert(table.clone(), self.place.clone()),
            }
            if !self.before.contains_key(&table) {
                let dangling = dangling(db, &table)?;
                self.before.insert(table, dangling);
            }
        }
        Ok(())
    }

    /// Notes every table that has foreign keys, because what will write to them is not seen.
    pub fn everything(&mut self, db: &mut dyn Database) -> Result<()> {
        let tables: Vec<String> = self.keys(db)?.iter().map(|key| key.table.clone()).collect();
        let mut unseen: Vec<String> = tables.iter().map(|table| table.to_ascii_lowercase()).collect();
        unseen.retain(|table| self.unseen.contains(table) || !self.before.contains_key(table));
        self.touch(db, tables)?;
        self.unseen = unseen;
        Ok(())
    }

    /// Notes the tables with foreign keys that have come since [`everything`](Self::everything):
    /// nothing dangled in them before, since they were not there.
    pub fn new_tables(&mut self, db: &mut dyn Database) -> Result<()> {
        let tables: Vec<String> = self.keys(db)?.iter().map(|key| key.table.to_ascii_lowercase()).collect();
        for table in tables {
            // Those that are there already stay as they were noted.
            self.before.try_insert(table, Ok(Dangling::default()));
        }
        Ok(())
    }

    /// The tables that were noted and whose keys SQLite can check.
    pub fn noted(&self) -> impl Iterator<Item = &str> {
        self.before.iter().filter(|(_, before)| before.is_ok()).map(|(table, _)| table.as_str())
    }

    /// Follows a table to its new name.
    pub fn rename(&mut self, from: &str, to: &str) {
        let (from, to) = (from.to_ascii_lowercase(), to.to_ascii_lowercase());
        if let Some(before) = self.before.remove(&from) {
            self.before.insert(to.clone(), before);
        }
        if let Some(mut place) = self.touched_by.remove(&from) {
            if let Some(other) = self.touched_by.remove(&to) {
                place.join(&other);
            }
            self.touched_by.insert(to.clone(), place);
        }
        for table in self.renumbered.iter_mut().chain(&mut self.unseen).filter(|table| **table == from) {
            table.clone_from(&to);
        }
        let noted = (&mut self.before).into_iter().filter_map(|(_, before)| before.as_mut().ok());
        for dangling in noted.chain((&mut self.gone).into_iter().map(|(_, gone)| gone)) {
            dangling.rename_parent(&from, &to);
        }
        self.renamed.push((to, from));
    }

    /// Notes that a table's rows no longer have the rowids they had.
    pub fn renumber(&mut self, table: &str) {
        self.renumbered.push(table.to_ascii_lowercase());
    }

    /// Whether any row of a table has a value that a parent must have.
    fn has_keys(&mut self, db: &mut dyn Database, table: &str) -> Result<bool> {
        let sets = set(self.keys(db)?.iter().filter(|key| same_name(&key.table, table)));
        let any: Vec<String> = sets.into_iter().map(|(_, set)| format!("({set})")).collect();
        let any = db.any(&format!("SELECT 1 FROM main.{} WHERE {}", quote(table), any.join(" OR ")), &[]);
        // Where the rows cannot be read either, there may be one.
        Ok(accepted(any)?.unwrap_or(true))
    }

    /// Checks every table that was noted, and forgets them. Answers a warning for each table with
    /// rows that dangled before already.
    ///
    /// Errors: [`ErrorKind::ForeignKeyViolated`] with the rows; without, where SQLite cannot check a table that was
    /// written, because the connection lacks something.
    pub fn check(&mut self, db: &mut dyn Database) -> Result<Vec<String>> {
        let mut warnings = Vec::new();
        let mut violations = Vec::new();
        let renumbered = std::mem::take(&mut self.renumbered);
        let unseen = std::mem::take(&mut self.unseen);
        let gone = std::mem::take(&mut self.gone);
        let touched_by = std::mem::take(&mut self.touched_by);
        self.renamed.clear();
        for (table, before) in std::mem::take(&mut self.before) {
            if !db.has_table("main", &table)? {
                continue;
            }
            match (before, dangling(db, &table)?) {
                (Err(_), Err(message)) => {
                    // A mismatch is the schema's own fault: with keys enforced the app could not write either.
                    let schemas = message.starts_with("foreign key mismatch");
                    if !schemas && !unseen.contains(&table) && self.has_keys(db, &table)? {
                        let error = cannot_check(&table, &message);
                        return Err(touched_by.get(&table).into_iter().fold(error, Place::of));
                    }
                    warnings.push(format!("foreign keys of {table} cannot be checked: {message}"))
                }
                (Ok(_), Err(message)) => {
                    let error = Error::new(
                        ErrorKind::ForeignKeyViolated,
                        format!("the foreign keys of {table} no longer work: {message}"),
                    )
                    .with_hint(
                        "a parent needs a PRIMARY KEY or UNIQUE on just the columns that are referenced",
                    );
                    return Err(touched_by.get(&table).into_iter().fold(error, Place::of));
                }
                (before, Ok(after)) => {
                    let before = before.unwrap_or_default();
                    let new = new_since(&before, &after, renumbered.contains(&table), gone.get(&table));
                    tell(&table, &after, &new, &mut violations, &mut warnings);
                }
            }
        }
        if violations.is_empty() {
            return Ok(warnings);
        }
        let listed = violations.iter().map(|v| match v.keys.first() {
            Some(key) => format!("{} of {} ({}; first: {key})", counted(v.count, "row"), v.table, v.rule),
            None => format!("{} of {} ({})", counted(v.count, "row"), v.table, v.rule),
        });
        let listed = listed.collect::<Vec<_>>().join(", ");
        let mut places = violations.iter().filter_map(|v| touched_by.get(&v.table));
        let place = places.next().cloned().map(|mut place| {
            places.for_each(|other| place.join(other));
            place
        });
        let mut hint =
            "delete or repair those rows in the same revision: no cascade fires during a migration"
                .to_owned();
        for parent in violations.iter().filter_map(|v| v.rule.strip_prefix("REFERENCES ")) {
            if !db.has_table("main", parent)? {
                hint = format!(
                    "there is no table {parent}: make it, drop the foreign key, or delete or repair those rows in the same revision"
                );
                break;
            }
        }
        let error = Error::new(
            ErrorKind::ForeignKeyViolated,
            format!("the migration would leave {listed} without a parent"),
        )
        .with_hint(hint)
        .with_violations(violations);
        Err(place.iter().fold(error, Place::of))
    }
}

/// For each foreign key, by its table and number, what holds for a row that must have a parent.
fn set<'k>(keys: impl Iterator<Item = &'k KeyColumn>) -> LiteMap<(&'k str, i64), String> {
    let mut sets: LiteMap<(&str, i64), String> = LiteMap::new();
    for key in keys {
        let set = sets.entry((&key.table, key.id)).or_default();
        *set += &format!("{}{} IS NOT NULL", if set.is_empty() { "" } else { " AND " }, quote(&key.from));
    }
    sets
}

fn cannot_check(table: &str, message: &str) -> Error {
    Error::new(ErrorKind::ForeignKeyViolated, format!("the foreign keys of {table} cannot be checked: {message}"))
        .with_hint("register the collations and functions of its parents, and let the connection read them, before calling limbeck")
}

/// The table whose rows a statement writes. DDL but for DROP TABLE writes none.
fn written(deed: &Deed) -> Option<&str> {
    match deed {
        Deed::Insert { table, .. }
        | Deed::Update { table, .. }
        | Deed::Delete { table, .. }
        | Deed::DropTable { table, .. } => Some(table),
        Deed::CreateTable { .. }
        | Deed::CreateIndex(_)
        | Deed::DropIndex { .. }
        | Deed::Other { .. }
        | Deed::DropView { .. }
        | Deed::Alter(_)
        | Deed::Vacuum
        | Deed::Neither => None,
    }
}

/// What the triggers of a table do. Whether they fire is not asked.
fn of_triggers(db: &mut dyn Database, table: &str) -> Result<Vec<Deed>> {
    let mut all = Vec::new();
    for schema in ["main", "temp"] {
        let texts = format!(
            "SELECT sql FROM {schema}.sqlite_master WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE"
        );
        for sql in db.texts(&texts, &[table.into()])? {
            all.extend(of_trigger(&sql).into_iter().flat_map(|(_, deeds)| deeds));
        }
    }
    Ok(all)
}

/// Which tables a write could leave dangling: the table itself as a child, or those that point to it.
fn affected(db: &mut dyn Database, keys: &[KeyColumn], deed: &Deed, replaces: bool) -> Result<Vec<String>> {
    let Some(table) = written(deed) else { return Ok(Vec::new()) };
    let has = |columns: &[String], one: &str| columns.iter().any(|column| same_name(column, one));
    let deletes = match deed {
        Deed::Insert { .. } | Deed::Update { .. } => replaces || replaces_by_rule(db, keys, table)?,
        _ => true,
    };
    // "If a table contains a column of type INTEGER PRIMARY KEY, then that column becomes an alias for the ROWID":
    // https://sqlite.org/rowidtable.html
    let rowid = matches!(deed, Deed::Update { columns, .. }
        if ["rowid", "_rowid_", "oid"].iter().any(|alias| has(columns, alias)));
    let dangles = |key: &&KeyColumn| {
        let (child, parent) = match deed {
            Deed::Insert { .. } => (true, false),
            // The parent's primary key may be any column, the rowid too: too careful at worst.
            Deed::Update { columns, .. } => (
                key.from_computed || rowid || has(columns, &key.from),
                key.to_computed || rowid || key.to.as_ref().is_none_or(|to| has(columns, to)),
            ),
            _ => (false, true),
        };
        (child && same_name(&key.table, table)) || ((parent || deletes) && same_name(&key.parent, table))
    };
    Ok(keys.iter().filter(dangles).map(|key| key.table.clone()).collect())
}

fn replaces(deed: &Deed) -> bool {
    matches!(deed, Deed::Insert { replaces: true, .. } | Deed::Update { replaces: true, .. })
}

/// Whether a rule of a parent may replace its rows: "REPLACE [...] deletes pre-existing rows that are causing the
/// constraint violation" (<https://sqlite.org/lang_conflict.html>).
fn replaces_by_rule(db: &mut dyn Database, keys: &[KeyColumn], table: &str) -> Result<bool> {
    Ok(keys.iter().any(|key| same_name(&key.parent, table))
        && inspect::text_holds(db, "table", table, "replace")?.is_some())
}
