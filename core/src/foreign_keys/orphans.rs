//! Rows that find no parent: which they are, and which of them did not dangle before. Knows no run.

use litemap::LiteMap;

use crate::db::{Database, Value, value_literal};
use crate::error::{ErrorKind, Result, Violation, counted, refusal};
use crate::sql::{quote, same_name};

/// Rows of one table that find no parent.
#[derive(Debug, Default)]
pub struct Dangling {
    /// One for each foreign key of a row.
    pub orphans: Vec<Orphan>,
    /// The columns of the table's primary key, in small letters; read only where a row dangles.
    key: Vec<String>,
}

impl Dangling {
    /// Follows a parent to its new name.
    pub fn rename_parent(&mut self, from: &str, to: &str) {
        for orphan in self.orphans.iter_mut().filter(|orphan| orphan.parent == from) {
            to.clone_into(&mut orphan.parent);
        }
    }
}

/// A row that finds no parent.
#[derive(Debug)]
pub struct Orphan {
    /// In small letters.
    parent: String,
    /// None in a WITHOUT ROWID table.
    rowid: Option<i64>,
    /// Its primary key, and the values that no parent has, as SQL literals; none where they could not be found out.
    values: Option<(String, String)>,
}

/// The rows of a table that find no parent, or SQLite's message where the parent has no fitting key.
pub fn dangling(db: &mut dyn Database, table: &str) -> Result<Result<Dangling, String>> {
    let sql = format!("PRAGMA main.foreign_key_check({})", quote(table));
    let mut found: Vec<(i64, Orphan)> = Vec::new();
    let read = db.query(&sql, &[], &mut |row| {
        if let [_, rowid, Value::Text(parent), id] = row {
            let number =
                |value: &Value| if let Value::Integer(number) = value { Some(*number) } else { None };
            let orphan = Orphan { parent: parent.to_ascii_lowercase(), rowid: number(rowid), values: None };
            found.push((number(id).unwrap_or(-1), orphan));
        }
        Ok(())
    });
    match read {
        Ok(()) => {}
        Err(error) if refusal(&error) => return Ok(Err(error.to_string())),
        Err(error) => return Err(error),
    }
    if found.is_empty() {
        return Ok(Ok(Dangling::default()));
    }
    found.sort_unstable_by_key(|(id, _)| *id);
    let columns =
        db.rows("SELECT name, pk FROM pragma_table_xinfo(?1, 'main') ORDER BY pk", &[table.into()])?;
    let mut dangling = Dangling::default();
    let mut names = Vec::new();
    for column in &columns {
        if let [Value::Text(name), Value::Integer(pk)] = &column[..] {
            names.push(name.as_str());
            if *pk > 0 {
                dangling.key.push(name.to_ascii_lowercase());
            }
        }
    }
    for same in found.chunk_by_mut(|(one, _), (next, _)| one == next) {
        let (id, first) = &same[0];
        let Some(rows) = described(db, table, *id, first, &names, &dangling.key)? else { continue };
        // SQLite's own answer stands, whatever this one says.
        if rows.len() == same.len() {
            for ((_, orphan), row) in same.iter_mut().zip(rows) {
                (orphan.rowid, orphan.values) = row;
            }
        }
    }
    dangling.orphans = found.into_iter().map(|(_, orphan)| orphan).collect();
    Ok(Ok(dangling))
}

/// A row's rowid, its primary key and its values of a foreign key.
type Row = (Option<i64>, Option<(String, String)>);

/// The rows that `foreign_key_check` counts for one foreign key, with their keys, which it does not tell.
fn described(
    db: &mut dyn Database,
    table: &str,
    id: i64,
    first: &Orphan,
    names: &[&str],
    key: &[String],
) -> Result<Option<Vec<Row>>> {
    let pairs = "SELECT \"from\", coalesce(\"to\", (SELECT name FROM pragma_table_info(f.\"table\", 'main') WHERE pk = seq + 1)) \
                 FROM pragma_foreign_key_list(?1, 'main') AS f WHERE id = ?2 ORDER BY seq";
    let pairs = db.rows(pairs, &[table.into(), id.into()])?;
    let is_free = |alias: &&&str| !names.iter().any(|name| same_name(name, alias));
    let rowid = ["rowid", "_rowid_", "oid"].iter().find(is_free);
    let rowid = match (first.rowid, rowid) {
        (Some(_), Some(alias)) => format!("c.{alias}"),
        (Some(_), None) => return Ok(None),
        (None, _) => "NULL".to_owned(),
    };
    let (mut columns, mut set, mut finds) = (vec![rowid], Vec::new(), Vec::new());
    columns.extend(key.iter().map(|column| format!("c.{}", quote(column))));
    for pair in &pairs {
        let Value::Text(from) = &pair[0] else { return Ok(None) };
        let from = quote(from);
        columns.push(format!("c.{from}"));
        set.push(format!("c.{from} IS NOT NULL"));
        if let Value::Text(to) = &pair[1] {
            // "the parent key column's affinity is applied to the child key value", and its collation counts
            // (https://sqlite.org/foreignkeys.html#fk_indexes): so does the left one here, and `+` takes the other's
            // affinity away.
            finds.push(format!("p.{} = +c.{from}", quote(to)));
        }
    }
    let mut sql =
        format!("SELECT {} FROM main.{} AS c WHERE {}", columns.join(", "), quote(table), set.join(" AND "));
    if db.has_table("main", &first.parent)? {
        if finds.len() != pairs.len() {
            return Ok(None);
        }
        let parent = quote(&first.parent);
        sql += &format!(" AND NOT EXISTS (SELECT 1 FROM main.{parent} AS p WHERE {})", finds.join(" AND "));
    }
    let literals = |values: &[Value]| values.iter().map(value_literal).collect::<Vec<_>>().join(", ");
    let mut rows = Vec::new();
    let read = db.query(&sql, &[], &mut |row| {
        let rowid = if let Value::Integer(rowid) = row[0] { Some(rowid) } else { None };
        let (key, values) = row[1..].split_at(key.len());
        rows.push((rowid, Some((literals(key), literals(values)))));
        Ok(())
    });
    match read {
        Ok(()) => Ok(Some(rows)),
        // A text that is not UTF-8 is told as damage, and can be no key here.
        Err(error) if refusal(&error) || error.kind() == ErrorKind::Corrupt => Ok(None),
        Err(error) => Err(error),
    }
}

/// Those that dangle now and did not before. `renumbered`: the rows no longer have the rowids that they had. `gone`:
/// what dangled in a table of this name, which was dropped: a row is one of those if it has the same key and misses
/// the same parent.
pub fn new_since<'a>(
    before: &Dangling,
    after: &'a Dangling,
    renumbered: bool,
    gone: Option<&Dangling>,
) -> Vec<&'a Orphan> {
    let is: Vec<&Orphan> = after.orphans.iter().collect();
    let has_rowids = is.iter().copied().chain(&before.orphans).all(|orphan| orphan.rowid.is_some());
    let new = if has_rowids && !renumbered {
        left(before, is, |orphan| orphan.rowid.unwrap_or_default().to_string())
    } else if same_key(before, after) {
        left(before, is, Orphan::key)
    } else {
        // As many as before, whichever they are.
        left(before, is, |_| String::new())
    };
    match gone {
        Some(gone) if same_key(gone, after) => left(gone, new, Orphan::key_and_values),
        _ => new,
    }
}

impl Orphan {
    /// Its key, in which 1 and '1' are the same: the column may have another type now.
    fn key(&self) -> String {
        self.values.as_ref().map(|(key, _)| key.replace('\'', "")).unwrap_or_default()
    }

    fn key_and_values(&self) -> String {
        self.values.as_ref().map(|(key, values)| format!("{key}; {values}")).unwrap_or_default()
    }
}

/// Whether the rows of both can be told apart by the same primary key.
fn same_key(before: &Dangling, after: &Dangling) -> bool {
    let all = before.orphans.iter().chain(&after.orphans);
    !after.key.is_empty() && before.key == after.key && all.into_iter().all(|orphan| orphan.values.is_some())
}

/// Those that are no more of `before`, told apart by the parent and by what `by` answers.
fn left<'a>(before: &Dangling, is: Vec<&'a Orphan>, by: impl Fn(&Orphan) -> String) -> Vec<&'a Orphan> {
    let name = |orphan: &Orphan| (orphan.parent.clone(), by(orphan));
    let mut names: Vec<(String, String)> = before.orphans.iter().map(name).collect();
    names.sort_unstable();
    let runs = names.chunk_by(|one, next| one == next);
    let mut was: LiteMap<(String, String), usize> = runs.map(|same| (same[0].clone(), same.len())).collect();
    let mut new = is;
    new.retain(|orphan| match was.get_mut(&name(orphan)) {
        Some(n) if *n > 0 => {
            *n -= 1;
            false
        }
        _ => true,
    });
    new
}

/// Adds what there is to say of a table, parent by parent.
pub fn tell(
    table: &str,
    after: &Dangling,
    new: &[&Orphan],
    violations: &mut Vec<Violation>,
    warnings: &mut Vec<String>,
) {
    let mut parents: Vec<&String> = after.orphans.iter().map(|orphan| &orphan.parent).collect();
    parents.sort_unstable();
    parents.dedup();
    for parent in parents {
        let new: Vec<&&Orphan> = new.iter().filter(|orphan| orphan.parent == *parent).collect();
        if new.is_empty() {
            let all = after.orphans.iter().filter(|orphan| orphan.parent == *parent).count();
            warnings.push(format!(
                "{} of {table} had no parent in {parent} before, and have none now",
                counted(all as u64, "row")
            ));
            continue;
        }
        let key = |orphan: &&&Orphan| match (orphan.rowid, &orphan.values) {
            (Some(rowid), _) => Some(rowid.to_string()),
            (None, Some((key, _))) => Some(key.clone()),
            (None, None) => None,
        };
        violations.push(Violation {
            table: table.to_owned(),
            rule: format!("REFERENCES {parent}"),
            count: new.len() as u64,
            keys: new.iter().filter_map(key).take(5).collect(),
        });
    }
}

#[cfg(all(test, feature = "rusqlite"))]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// Whatever the types and collations of parent and child are, the query finds the rows that SQLite does.
    #[test]
    fn each_row_is_found_with_its_key() {
        let values = "(1), (2), (3.5), (4.0), ('1'), ('01'), ('5.0'), ('a'), ('A'), ('b '), (x'61'), (x'31'), (NULL), ('é')";
        for parent in [
            "k INTEGER PRIMARY KEY)",
            "k TEXT PRIMARY KEY)",
            "k REAL UNIQUE)",
            "k NUMERIC UNIQUE)",
            "k UNIQUE)",
            "k TEXT COLLATE NOCASE UNIQUE)",
            "k TEXT COLLATE RTRIM PRIMARY KEY) WITHOUT ROWID",
        ] {
            for child in ["c INT", "c TEXT", "c REAL", "c", "c TEXT COLLATE NOCASE"] {
                for end in ["", " WITHOUT ROWID"] {
                    let mut db = Connection::open_in_memory().unwrap();
                    // Only whole numbers fit the rowid.
                    let more =
                        if parent.contains("INTEGER") { "(3)" } else { "('01'), ('A'), ('b'), (x'61')" };
                    db.execute_batch(&format!(
                        "PRAGMA foreign_keys = OFF; CREATE TABLE p({parent};
                         INSERT OR IGNORE INTO p VALUES (1), (4), (5), {more};
                         CREATE TABLE t(id TEXT PRIMARY KEY, {child}, d REFERENCES nope, e INT REFERENCES t(id),
                             FOREIGN KEY (c) REFERENCES p(k)){end};
                         WITH v(a) AS (VALUES {values})
                         INSERT INTO t SELECT row_number() OVER (), a, a, row_number() OVER () + 7 FROM v"
                    ))
                    .unwrap();
                    let dangling = dangling(&mut db, "t").unwrap().unwrap();
                    let told = |parent: &str| {
                        let of = dangling.orphans.iter().filter(|orphan| orphan.parent == parent);
                        of.map(|orphan| orphan.values.is_some()).collect::<Vec<_>>()
                    };
                    assert_eq!(told("nope"), [true; 13], "{parent}, {child}{end}");
                    assert_eq!(told("t"), [true; 7], "{parent}, {child}{end}");
                    assert!(
                        told("p").len() > 3 && told("p").iter().all(|told| *told),
                        "{parent}, {child}{end}"
                    );
                    assert!(dangling.orphans.iter().all(|orphan| orphan.rowid.is_none() != end.is_empty()));
                }
            }
        }
    }
}
