//! All that can be seen of a database.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use limbeck::sql::{literal, quote};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// The objects by schema, type and name.
pub type Objects = BTreeMap<(String, String, String), Object>;

/// An object of `sqlite_schema`.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    pub table: String,
    pub sql: String,
}

/// A table's columns, and its rows: the rowid, a bar, and each value with its storage class.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    pub columns: Vec<String>,
    pub rows: Vec<String>,
}

/// A database, limbeck's own tables left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Dump {
    pub objects: Objects,
    /// The triggers in the order of their creation, in which they fire, by table.
    pub triggers: BTreeMap<String, Vec<String>>,
    /// `schema.table` → content, both kinds of statistics and the counters among them.
    pub contents: BTreeMap<String, Content>,
    /// What the checks answer.
    pub checks: BTreeSet<String>,
    /// What `foreign_key_check` answers: table, rowid, parent.
    pub dangling: Vec<String>,
    pub rows: usize,
}

impl Dump {
    pub fn take(db: &Connection) -> Dump {
        let mut dump = Dump {
            objects: BTreeMap::new(),
            triggers: BTreeMap::new(),
            contents: BTreeMap::new(),
            checks: BTreeSet::new(),
            dangling: Vec::new(),
            rows: 0,
        };
        for schema in ["main", "temp"] {
            dump.read_objects(db, schema);
            let tables = format!(
                "SELECT name FROM pragma_table_list WHERE schema = '{schema}' AND type IN ('table', 'shadow') \
                 AND name NOT LIKE 'limbeck%' AND name NOT LIKE 'sqlite%\\_schema' ESCAPE '\\'"
            );
            for table in strings(db, &tables) {
                let content = Content::read(db, schema, &table);
                dump.rows += content.rows.len();
                dump.contents.insert(format!("{schema}.{table}"), content);
            }
        }
        // What a check refuses to do it must refuse afterwards, too.
        let answers = |sql: &str| lines(db, sql).unwrap_or_else(|error| vec![error.to_string()]);
        for pragma in ["integrity_check", "user_version", "application_id", "encoding"] {
            let answers = answers(&format!("PRAGMA main.{pragma}"));
            dump.checks.extend(answers.into_iter().map(|line| format!("{pragma}: {line}")));
        }
        let foreign = "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check";
        dump.dangling = answers(foreign);
        dump.dangling.sort();
        dump
    }

    fn read_objects(&mut self, db: &Connection, schema: &str) {
        let sql = format!(
            "SELECT type, name, coalesce(sql, ''), tbl_name FROM {schema}.sqlite_schema \
             WHERE tbl_name NOT LIKE 'limbeck%' AND name <> 'sqlite_sequence' ORDER BY rowid"
        );
        let mut statement = db.prepare(&sql).expect("the schema is read");
        let mut rows = statement.query([]).expect("the schema is read");
        while let Some(row) = rows.next().expect("the schema is read") {
            let text = |at| row.get::<_, String>(at).expect("it is text");
            let (kind, name, sql, table) = (text(0), text(1), text(2), text(3));
            if kind == "trigger" {
                self.triggers.entry(format!("{schema} {table}")).or_default().push(name.clone());
            }
            self.objects.insert((schema.to_owned(), kind, name), Object { table, sql });
        }
    }

    /// The text of a table of `main`.
    pub fn text(&self, table: &str) -> &str {
        self.objects
            .get(&("main".to_owned(), "table".to_owned(), table.to_owned()))
            .map_or("", |object| &object.sql)
    }

    /// Where the other one differs.
    pub fn difference(&self, other: &Dump) -> Option<String> {
        maps(&self.objects, &other.objects)
            .or_else(|| maps(&self.triggers, &other.triggers))
            .or_else(|| maps(&self.contents, &other.contents))
            .or_else(|| {
                let new: Vec<&String> = self.checks.symmetric_difference(&other.checks).collect();
                (!new.is_empty()).then(|| format!("{new:?}"))
            })
            .or_else(|| {
                (self.dangling != other.dangling)
                    .then(|| format!("foreign_key_check was {:?}, is {:?}", self.dangling, other.dangling))
            })
    }
}

impl Content {
    pub fn read(db: &Connection, schema: &str, table: &str) -> Content {
        let columns = strings(
            db,
            &format!("SELECT name FROM pragma_table_xinfo({}, '{schema}') WHERE hidden <> 1", literal(table)),
        );
        let mut values: Vec<String> =
            columns.iter().map(|c| quote(c)).map(|c| format!("typeof({c}) || ':' || quote({c})")).collect();
        let with_rowid = format!(
            "SELECT 1 FROM pragma_table_list WHERE schema = '{schema}' AND name = {} AND NOT wr",
            literal(table)
        );
        if !strings(db, &with_rowid).is_empty() {
            let free = ["rowid", "_rowid_", "oid"]
                .into_iter()
                .find(|name| !columns.iter().any(|column| column.eq_ignore_ascii_case(name)));
            if let Some(rowid) = free.filter(|_| !table.starts_with("sqlite_")) {
                values.insert(0, format!("'rowid ' || {rowid} || ' |'"));
            }
        }
        let sql = format!("SELECT {} FROM {schema}.{} NOT INDEXED", values.join(", "), quote(table));
        let mut rows = lines(db, &sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        if table == "sqlite_sequence" {
            rows.retain(|row| !row.contains("'limbeck_"));
        }
        rows.sort();
        Content { columns, rows }
    }

    /// The same without rowids, where they are not the point.
    pub fn without_rowids(mut self) -> Content {
        for row in &mut self.rows {
            if let Some((_, values)) = row.split_once(" | ") {
                *row = values.to_owned();
            }
        }
        self.rows.sort();
        self
    }
}

pub fn maps<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    before: &BTreeMap<K, V>,
    after: &BTreeMap<K, V>,
) -> Option<String> {
    let keys: BTreeSet<&K> = before.keys().chain(after.keys()).collect();
    let key = keys.into_iter().find(|key| before.get(key) != after.get(key))?;
    let show = |map: &BTreeMap<K, V>| format!("{:?}", map.get(key)).chars().take(1500).collect::<String>();
    Some(format!("{key:?}\n  was {}\n  is  {}", show(before), show(after)))
}

/// Each row as one line.
pub fn lines(db: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = db.prepare(sql)?;
    let width = statement.column_count();
    let mut rows = statement.query([])?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        let mut line = String::new();
        for at in 0..width {
            let separator = if at == 0 { "" } else { " " };
            match row.get_ref(at)? {
                ValueRef::Text(text) => {
                    // Not all text of a real database is UTF-8.
                    let _ = match std::str::from_utf8(text) {
                        Ok(text) => write!(line, "{separator}{text}"),
                        Err(_) => write!(line, "{separator}{}", text.escape_ascii()),
                    };
                }
                other => {
                    let _ = write!(line, "{separator}{other:?}");
                }
            }
        }
        lines.push(line);
    }
    Ok(lines)
}

/// The first column of each row.
pub fn strings(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement = db.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let rows = statement.query_map([], |row| {
        let text = row.get_ref(0)?;
        Ok(match text {
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            other => format!("{other:?}"),
        })
    });
    rows.and_then(Iterator::collect).unwrap_or_else(|error| panic!("{sql}: {error}"))
}
