//! What a `CREATE TABLE` text means, asked of SQLite and of limbeck, in the same words.

use std::collections::BTreeSet;

use limbeck::schema::{ColumnDef, ColumnRule, IndexedColumn, TableDef, TableOptions, TableRule};
use rusqlite::{Connection, Row};

/// All that SQLite's pragmas say of a table. Names are in lower case where SQLite folds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub columns: Vec<Column>,
    /// UNIQUE and PRIMARY KEY: the columns with their collations. SQLite makes one index of equal ones.
    pub unique: BTreeSet<Vec<(String, String)>>,
    /// Parent, columns, and the parent's columns, in the order of the text.
    pub foreign_keys: Vec<(String, Vec<String>, Vec<String>)>,
    pub rowid_alias: bool,
    pub without_rowid: bool,
    pub strict: bool,
    pub autoincrement: bool,
}

/// A row of `table_xinfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub type_name: String,
    pub not_null: bool,
    pub default: Option<String>,
    /// The place in the primary key, from 1.
    pub key: usize,
    pub generated: Option<Stored>,
}

/// How a generated column is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    Yes,
    No,
}

/// Makes the table in a database of its own. The stored text and the facts, or why SQLite refuses.
pub fn ask(sql: &str) -> Result<(String, Facts), String> {
    let db = Connection::open_in_memory().expect("a database opens");
    let read = || -> rusqlite::Result<(String, Facts)> {
        db.execute_batch(sql)?;
        let first = "SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY rowid LIMIT 1";
        let (name, stored): (String, String) =
            db.query_row(first, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok((stored, facts(&db, &name)?))
    };
    read().map_err(|error| error.to_string())
}

fn facts(db: &Connection, table: &str) -> rusqlite::Result<Facts> {
    let columns: Vec<Column> = rows(db, "SELECT * FROM pragma_table_xinfo(?1)", table, |row| {
        let type_name: String = row.get("type")?;
        Ok(Column {
            name: row.get("name")?,
            // SQLite takes `GENERATED ALWAYS` for a part of the type, and cuts only those words off:
            // a comment before them stays, and a bracket that closes before the comment.
            type_name: match row.get::<_, i64>("hidden")? {
                0 => type_name,
                _ => without_comment(&type_name),
            },
            not_null: row.get("notnull")?,
            default: row.get("dflt_value")?,
            key: row.get::<_, u32>("pk")? as usize,
            generated: match row.get::<_, i64>("hidden")? {
                2 => Some(Stored::No),
                3 => Some(Stored::Yes),
                _ => None,
            },
        })
    })?;
    let (without_rowid, strict): (bool, bool) =
        db.query_row("SELECT wr, strict FROM pragma_table_list(?1)", [table], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let lists = "SELECT name, origin FROM pragma_index_list(?1) WHERE origin <> 'c'";
    let indexes = rows(db, lists, table, |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut unique = BTreeSet::new();
    for (index, _) in &indexes {
        let key = "SELECT coalesce(name, ''), coll FROM pragma_index_xinfo(?1) WHERE key";
        unique.insert(rows(db, key, index, |row| {
            Ok((lower(&row.get::<_, String>(0)?), lower(&row.get::<_, String>(1)?)))
        })?);
    }
    let mut foreign_keys: Vec<(String, Vec<String>, Vec<String>)> = Vec::new();
    let keys = "SELECT * FROM pragma_foreign_key_list(?1) ORDER BY id DESC, seq";
    rows(db, keys, table, |row| {
        if row.get::<_, i64>("seq")? == 0 {
            foreign_keys.push((row.get("table")?, Vec::new(), Vec::new()));
        }
        let last = foreign_keys.last_mut().expect("a key has a first column");
        last.1.push(lower(&row.get::<_, String>("from")?));
        last.2.extend(row.get::<_, Option<String>>("to")?);
        Ok(())
    })?;
    let counters = "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'";
    Ok(Facts {
        rowid_alias: !without_rowid
            && columns.iter().any(|column| column.key > 0)
            && !indexes.iter().any(|(_, origin)| origin == "pk"),
        autoincrement: db.query_row(counters, [], |row| row.get(0))?,
        columns,
        unique,
        foreign_keys,
        without_rowid,
        strict,
    })
}

/// What limbeck reads in the text.
pub fn read(table: &TableDef) -> Facts {
    // A column that the key lists twice counts twice, but where the key is the table.
    let listed = table.primary_key().into_iter().map(lower);
    let key = if table.options.without_rowid { distinct(listed) } else { listed.collect() };
    let implied = table.options.without_rowid || table.options.strict;
    let rowid = table.rowid_alias();
    let columns = table.columns.iter().enumerate().map(|(at, column)| {
        let place = key.iter().position(|name| *name == lower(&column.name));
        Column {
            name: column.name.clone(),
            type_name: match column.generated() {
                None => declared(table.declared_type(column)),
                Some(_) => without_comment(&table.declared_type(column)),
            },
            not_null: column.is_not_null() || (implied && place.is_some() && rowid != Some(at)),
            default: column.default().map(|span| default(table.text(span))),
            key: place.map_or(0, |place| place + 1),
            generated: column.generated().map(|(_, stored)| if stored { Stored::Yes } else { Stored::No }),
        }
    });
    Facts {
        columns: columns.collect(),
        unique: unique(table),
        foreign_keys: foreign_keys(table),
        rowid_alias: rowid.is_some(),
        without_rowid: table.options.without_rowid,
        strict: table.options.strict,
        autoincrement: table.autoincrement(),
    }
}

fn unique(table: &TableDef) -> BTreeSet<Vec<(String, String)>> {
    let own = |column: &ColumnDef| vec![(lower(&column.name), collation(table, &column.name))];
    let listed = |columns: &[IndexedColumn]| {
        let key = columns.iter().map(|column| {
            let collation = column.collation.as_deref().map(lower);
            (lower(&column.name), collation.unwrap_or_else(|| self::collation(table, &column.name)))
        });
        key.collect::<Vec<_>>()
    };
    let mut unique = BTreeSet::new();
    for column in &table.columns {
        for constraint in &column.constraints {
            if constraint.rule == ColumnRule::Unique
                || (column.is_primary_key() && table.rowid_alias().is_none())
            {
                unique.insert(own(column));
            }
        }
    }
    for constraint in &table.constraints {
        match &constraint.rule {
            TableRule::Unique(columns) => _ = unique.insert(listed(columns)),
            TableRule::PrimaryKey { columns, .. } if table.options.without_rowid => {
                // SQLite makes the key of an INTEGER PRIMARY KEY anew, without its collation.
                let with_rowid = TableDef { options: TableOptions::default(), ..table.clone() };
                unique.insert(match with_rowid.rowid_alias() {
                    Some(alias) => own(&table.columns[alias]),
                    None => distinct(listed(columns).into_iter()),
                });
            }
            TableRule::PrimaryKey { columns, .. } if table.rowid_alias().is_none() => {
                unique.insert(listed(columns));
            }
            TableRule::PrimaryKey { .. }
            | TableRule::ForeignKey { .. }
            | TableRule::Check(_)
            | TableRule::Bare => {}
        }
    }
    unique
}

fn foreign_keys(table: &TableDef) -> Vec<(String, Vec<String>, Vec<String>)> {
    let mut keys = Vec::new();
    for column in &table.columns {
        for constraint in &column.constraints {
            if let ColumnRule::References(parent) = &constraint.rule {
                keys.push((parent.table.clone(), vec![lower(&column.name)], parent.columns.clone()));
            }
        }
    }
    for constraint in &table.constraints {
        if let TableRule::ForeignKey { columns, parent } = &constraint.rule {
            let columns = columns.iter().map(|name| lower(name)).collect();
            keys.push((parent.table.clone(), columns, parent.columns.clone()));
        }
    }
    keys
}

/// A column's own collation: the last `COLLATE` holds.
fn collation(table: &TableDef, column: &str) -> String {
    let rules = table.column(column).into_iter().flat_map(|column| &column.constraints);
    let mut named = rules.filter_map(|constraint| match &constraint.rule {
        ColumnRule::Collate(name) => Some(lower(&limbeck::sql::unquote(table.text(name)))),
        _ => None,
    });
    named.next_back().unwrap_or_else(|| "binary".to_owned())
}

fn without_comment(type_name: &str) -> String {
    let end = [type_name.find("/*"), type_name.find("--")].into_iter().flatten().min();
    lower(type_name[..end.unwrap_or(type_name.len())].trim_end_matches([']', ' ', '\t', '\r', '\n', '\x0c']))
}

/// A type as SQLite shows it: its six own ones in capitals.
fn declared(text: String) -> String {
    let own = ["ANY", "BLOB", "INT", "INTEGER", "REAL", "TEXT"];
    own.into_iter().find(|own| own.eq_ignore_ascii_case(&text)).map_or(text, str::to_owned)
}

/// A default as SQLite shows it: without its outer parentheses and the blanks in them.
fn default(text: &str) -> String {
    let inside = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    inside.map_or(text, |text| text.trim_matches([' ', '\t', '\n', '\r', '\x0c'])).to_owned()
}

fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    items.fold(Vec::new(), |mut seen, item| {
        if !seen.contains(&item) {
            seen.push(item);
        }
        seen
    })
}

fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn rows<T>(
    db: &Connection,
    sql: &str,
    of: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    db.prepare(sql)?.query_map([of], read)?.collect()
}
