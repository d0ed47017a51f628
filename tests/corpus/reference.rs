//! The expected table, made by SQLite alone: created from the model's own text in an empty database,
//! filled from the old table, and looked at. What SQLite refuses there, limbeck must refuse.

use std::path::Path;

use limbeck::sql::literal;
use rusqlite::Connection;

use crate::change::{Model, names};
use crate::definition::{bare, quoted};
use crate::dump::{Content, lines, strings};
use crate::subject::Filled;

/// What a batch must lead to.
#[derive(Debug)]
pub enum Expected {
    /// No CREATE TABLE says that: the batch is not legal.
    Illegal,
    /// The rows do not obey, with SQLite's message.
    Breaks(String),
    Table {
        content: Content,
        /// What the pragmas say of columns, keys and foreign keys.
        pragmas: Vec<String>,
        /// What `integrity_check` says of it. SQLite 3.40 finds a NULL that is not there in a WITHOUT
        /// ROWID table whose key is not its first column.
        complaints: Vec<String>,
        /// Indexes that name a column which is no longer there.
        lost: Vec<String>,
    },
}

/// Makes the table `to` from the table `from` of the database in `file`, and
/// the indexes that `then` makes.
pub fn expect(filled: &Filled<'_>, file: &Path, from: &Model, to: &Model, then: &[String]) -> Expected {
    let db = Connection::open_in_memory().expect("memory opens");
    filled.register(&db);
    let attach = format!("ATTACH {} AS src", literal(&file.to_string_lossy()));
    // A database can only be attached to one of the same encoding.
    if db.execute_batch(&attach).is_err() {
        db.execute_batch("PRAGMA encoding = 'UTF-16'").expect("a pragma is set");
        db.execute_batch(&attach).expect("the database is attached");
    }
    db.execute_batch("PRAGMA foreign_keys = 0").expect("a pragma is set");
    if db.execute_batch(&to.definition.create()).is_err() {
        return Expected::Illegal;
    }
    if let Err(error) = db.execute_batch(&copy(from, to)) {
        return Expected::Breaks(error.to_string());
    }
    let gone = |column: &&crate::definition::Column| to.definition.column(&column.name).is_none();
    let gone: Vec<&str> = from.definition.columns.iter().filter(gone).map(|c| c.name.as_str()).collect();
    let mut lost = Vec::new();
    let named = "SELECT name, sql FROM src.sqlite_schema WHERE type = 'index' AND sql IS NOT NULL \
                 AND lower(tbl_name) = lower(?1) ORDER BY rowid";
    let mut statement = db.prepare(named).expect("the schema is read");
    let rows = statement.query_map([&from.table], |row| Ok((row.get(0)?, row.get(1)?)));
    let indexes: Vec<(String, String)> = rows.and_then(Iterator::collect).expect("the schema is read");
    for (name, sql) in indexes {
        if gone.iter().any(|column| names(&sql, column)) {
            lost.push(name);
        } else if let Err(error) = db.execute_batch(&unrenamed(&sql, from)) {
            return Expected::Breaks(error.to_string());
        }
    }
    for sql in then.iter().filter(|sql| !sql.to_uppercase().starts_with("CREATE TRIGGER")) {
        if let Err(error) = db.execute_batch(sql) {
            return Expected::Breaks(error.to_string());
        }
    }
    let complaints = strings(&db, "PRAGMA main.integrity_check");
    let table = &to.definition.name;
    Expected::Table {
        content: Content::read(&db, "main", table),
        pragmas: pragmas(&db, table),
        complaints,
        lost,
    }
}

/// Every row of the old table into the new one, with its rowid where both have one.
fn copy(from: &Model, to: &Model) -> String {
    let (old, new) = (&from.definition, &to.definition);
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (column, source) in new.columns.iter().zip(&to.sources) {
        if let (None, Some(source)) = (column.generated(), source) {
            pairs.push((quoted(&column.name), source.clone()));
        }
    }
    if !old.without_rowid
        && !new.without_rowid
        && new.alias().is_none()
        && let (Some(into), Some(name)) = (new.rowid(), old.rowid())
    {
        pairs.push((into.to_owned(), name.to_owned()));
    }
    let (into, values): (Vec<String>, Vec<String>) = pairs.into_iter().unzip();
    let source = format!("src.{}", quoted(&from.table));
    format!(
        "INSERT OR ABORT INTO main.{}({}) SELECT {} FROM {source} NOT INDEXED",
        quoted(&new.name),
        into.join(", "),
        values.join(", ")
    )
}

/// A text with its first names.
pub fn unrenamed(sql: &str, model: &Model) -> String {
    let mut sql = sql.to_owned();
    let table = (model.definition.name.clone(), model.table.clone());
    for (old, new) in model.renamed.iter().chain(std::iter::once(&table)) {
        if old != new {
            sql = sql.replace(&format!("\"{new}\""), new).replace(new, &quoted(old));
        }
    }
    sql
}

/// What SQLite's pragmas say of a table of `main`, names of automatic indexes left out.
pub fn pragmas(db: &Connection, table: &str) -> Vec<String> {
    let name = literal(table);
    let mut all = Vec::new();
    let mut ask = |sql: String| {
        let mut found = lines(db, &sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        found.sort();
        all.extend(found.iter().map(|line| bare(line)));
    };
    ask(format!(
        "SELECT 'column', cid, name, lower(type), \"notnull\", lower(dflt_value), pk, hidden \
         FROM pragma_table_xinfo({name}, 'main')"
    ));
    ask(format!(
        "SELECT DISTINCT 'index', CASE l.origin WHEN 'c' THEN l.name ELSE 'automatic' END, l.\"unique\", \
         l.partial, (SELECT group_concat(x.name || ' ' || x.coll || ' ' || x.desc) \
         FROM (SELECT * FROM pragma_index_xinfo(l.name, 'main') WHERE key ORDER BY seqno) AS x) \
         FROM pragma_index_list({name}, 'main') AS l"
    ));
    ask(format!(
        "SELECT 'key', group_concat(f.\"from\" || '>' || coalesce(f.\"to\", '')), lower(f.\"table\"), \
         f.on_update, f.on_delete, f.match FROM (SELECT * FROM pragma_foreign_key_list({name}, 'main') \
         ORDER BY id, seq) AS f GROUP BY f.id"
    ));
    ask(format!("SELECT 'options', wr, strict FROM pragma_table_list({name}) WHERE schema = 'main'"));
    all.sort();
    all
}

/// Compares what each index of a table holds with the table itself.
pub fn indexes_differ(db: &Connection, table: &str) -> Option<String> {
    let sql = format!("SELECT name FROM pragma_index_list({}, 'main') WHERE NOT partial", literal(table));
    for index in strings(db, &sql) {
        let sql = format!(
            "SELECT name FROM pragma_index_xinfo({}, 'main') WHERE key AND name IS NOT NULL",
            literal(&index)
        );
        let columns: Vec<String> = strings(db, &sql).iter().map(|column| quoted(column)).collect();
        if columns.is_empty() {
            continue;
        }
        let read = |how: &str| -> rusqlite::Result<Vec<String>> {
            let columns = columns.join(", ");
            let mut rows = lines(db, &format!("SELECT {columns} FROM main.{} {how}", quoted(table)))?;
            rows.sort();
            Ok(rows)
        };
        // SQLite answers "no query solution" where it cannot walk the index alone.
        if let Ok(rows) = read(&format!("INDEXED BY {}", quoted(&index)))
            && read("NOT INDEXED").ok().as_ref() != Some(&rows)
        {
            return Some(format!("index {index} holds other values than table {table}"));
        }
    }
    None
}

/// The comments in a text, which a change that takes nothing away keeps.
pub fn comments(sql: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else {
            let close = if first == '[' { ']' } else { first };
            let quote = "\"'`[".contains(first);
            let length = rest[first.len_utf8()..].find(close).filter(|_| quote).map(|end| end + 2);
            rest = &rest[length.unwrap_or(first.len_utf8())..];
            continue;
        };
        found.push(rest[..length].trim_end());
        rest = &rest[length..];
    }
    found
}

/// Whether a text of the schema says a column's name: the table's own behind the place where the column
/// is defined, as a constraint does.
pub fn mentioned(db: &Connection, table: &str, name: &str) -> bool {
    let own =
        format!("SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = {}", literal(table));
    let defined = |text: &String| {
        let at = text.to_ascii_lowercase().find(&name.to_ascii_lowercase())?;
        text.get(at + name.len()..).map(str::to_owned)
    };
    let mut texts: Vec<String> = strings(db, &own).iter().filter_map(defined).collect();
    let others =
        "SELECT sql FROM main.sqlite_schema WHERE sql IS NOT NULL AND NOT (type = 'table' AND name = ";
    texts.extend(strings(db, &format!("{others}{})", literal(table))));
    texts.extend(strings(db, "SELECT sql FROM temp.sqlite_schema WHERE sql IS NOT NULL"));
    texts.iter().any(|text| names(text, name))
}
