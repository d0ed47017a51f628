//! Database → definitions: what is there, read from `sqlite_schema` and SQLite's own pragmas.

use std::borrow::Cow;
use std::sync::Arc;

use litemap::LiteMap;

use crate::alter::{Child, TableState};
use crate::db::{Database, Value, not_utf8};
use crate::error::{Error, ErrorKind, Result, accepted};
use crate::schema::{Object, ObjectKind, TableDef};
use crate::sql::{TokenType as T, lower, quote, same_name, tokens, unquote};

/// All objects of one schema, in the order in which they were made.
pub fn objects(db: &mut dyn Database, schema: &str) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    each_object(db, schema, |row| objects.push(row.object(schema)))?;
    for object in &objects {
        refuse_replaced(db, object)?;
    }
    Ok(objects)
}

/// What a row of `sqlite_schema` says.
struct Row<'r> {
    kind: ObjectKind,
    name: &'r str,
    table: &'r str,
    sql: Option<&'r str>,
}

impl Row<'_> {
    fn object(&self, schema: &str) -> Object {
        Object {
            schema: schema.to_owned(),
            kind: self.kind,
            name: self.name.to_owned(),
            table: self.table.to_owned(),
            sql: self.sql.map(str::to_owned),
        }
    }

    fn is(&self, object: &Object) -> bool {
        self.kind == object.kind
            && self.name == object.name
            && self.table == object.table
            && self.sql == object.sql.as_deref()
    }
}

fn each_object(db: &mut dyn Database, schema: &str, mut each: impl FnMut(Row<'_>)) -> Result<()> {
    let sql = format!("SELECT type, name, tbl_name, sql FROM {}.sqlite_master ORDER BY rowid", quote(schema));
    db.query(&sql, &[], &mut |row| {
        if let [Value::Text(kind), Value::Text(name), Value::Text(table), sql] = row {
            let kind = match kind.as_str() {
                "index" => ObjectKind::Index,
                "trigger" => ObjectKind::Trigger,
                "view" => ObjectKind::View,
                _ => ObjectKind::Table,
            };
            let sql = if let Value::Text(sql) = sql { Some(sql.as_str()) } else { None };
            each(Row { kind, name, table, sql });
        }
        Ok(())
    })
}

/// Bytes that are no UTF-8 reach some hosts, JavaScript among them, as U+FFFD. A text that was read so must
/// not be written back: it is asked for by that spelling, which SQLite compares byte by byte.
///
/// Errors: [`ErrorKind::Corrupt`], as from a backend that reads the bytes themselves.
fn refuse_replaced(db: &mut dyn Database, object: &Object) -> Result<()> {
    let replaced = |text: &str| text.contains('\u{fffd}');
    let sql = object.sql.as_deref();
    if !replaced(&object.name) && !sql.is_some_and(replaced) {
        return Ok(());
    }
    let there =
        format!("SELECT 1 FROM {}.sqlite_master WHERE name = ?1 AND sql IS ?2", quote(&object.schema));
    match db.any(&there, &[object.name.as_str().into(), sql.into()])? {
        true => Ok(()),
        false => Err(not_utf8(sql.unwrap_or(&object.name).as_bytes())),
    }
}

/// All objects of one schema, and of `temp`.
pub fn with_temp(db: &mut dyn Database, schema: &str) -> Result<Vec<Arc<Object>>> {
    with_temp_since(db, schema, &[])
}

/// The same, where `before` is what was there some time ago: what is as it was then is not made anew.
pub fn with_temp_since(
    db: &mut dyn Database,
    schema: &str,
    before: &[Arc<Object>],
) -> Result<Vec<Arc<Object>>> {
    let mut all = Vec::with_capacity(before.len() + 1);
    let temp = (!same_name(schema, "temp")).then_some("temp");
    for schema in [schema].into_iter().chain(temp) {
        // Both are in the order in which they were made: what has gone is passed over.
        let mut left = before.iter().filter(|object| object.schema == schema);
        let mut new = Vec::new();
        each_object(db, schema, |row| {
            let mut ahead = left.clone();
            if let Some(same) = ahead.find(|object| row.is(object)) {
                all.push(Arc::clone(same));
                left = ahead;
            } else {
                new.push(all.len());
                all.push(Arc::new(row.object(schema)));
            }
        })?;
        for at in new {
            refuse_replaced(db, &all[at])?;
        }
    }
    Ok(all)
}

/// The tables in which virtual tables keep what they hold. SQLite knows them apart since 3.37.
pub fn shadow_tables(db: &mut dyn Database) -> Result<Vec<String>> {
    let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'";
    Ok(accepted(db.texts(sql, &[]))?.unwrap_or_default())
}

/// Tables that other migration tools keep beside an app's own.
const RECORDS: [&str; 33] = [
    "alembic_version",
    "refinery_schema_history",
    "_sqlx_migrations",
    "schema_migrations",
    "__diesel_schema_migrations",
    "__drizzle_migrations",
    "_prisma_migrations",
    "d1_migrations",
    "django_migrations",
    "flyway_schema_history",
    "goose_db_version",
    "knex_migrations",
    "knex_migrations_lock",
    "kysely_migration",
    "kysely_migration_lock",
    // Rails, beside schema_migrations.
    "ar_internal_metadata",
    "_yoyo_log",
    "_yoyo_migration",
    "_yoyo_version",
    "yoyo_lock",
    "grdb_migrations",
    "room_master_table",
    "android_metadata",
    "SequelizeMeta",
    "mikro_orm_migrations",
    "typeorm_metadata",
    "aerich",
    "migratehistory",
    "__EFMigrationsHistory",
    "__EFMigrationsLock",
    "atlas_schema_revisions",
    "DATABASECHANGELOG",
    "DATABASECHANGELOGLOCK",
];

/// What the app has made: objects of no tool, limbeck included, no virtual table's inside, and not
/// SQLite's own.
pub fn app_objects(db: &mut dyn Database, version_table: &str) -> Result<Vec<Object>> {
    let all = objects(db, "main")?;
    app_objects_of(db, all, version_table)
}

/// The same, where the objects of `main` have just been read.
pub fn app_objects_of(
    db: &mut dyn Database,
    mut all: Vec<Object>,
    version_table: &str,
) -> Result<Vec<Object>> {
    // SQLite's answer opens every table and view.
    let shadows = if all.iter().any(Object::is_virtual) { shadow_tables(db)? } else { Vec::new() };
    all.retain(|object| {
        let is = |table: &str| same_name(&object.table, table);
        !is_sqlites(&object.name)
            && !is_sqlites(&object.table)
            && !is_limbecks(&object.table)
            && !is(version_table)
            && !RECORDS.iter().any(|record| is(record))
            && !shadows.iter().any(|shadow| is(shadow))
    });
    Ok(all)
}

fn is_limbecks(table: &str) -> bool {
    table.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("limbeck_"))
}

/// Whether a name is one that only SQLite itself may give.
pub fn is_sqlites(name: &str) -> bool {
    name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"))
}

/// Definitions by their tables' names: a text that was read before, and is still the same, is not read again.
#[derive(Debug, Default)]
pub struct Definitions(LiteMap<String, Arc<TableDef>>);

impl Definitions {
    /// Keeps one for the next time.
    pub fn keep(&mut self, table: &Arc<TableDef>) {
        self.0.insert(lower(&table.name), Arc::clone(table));
    }

    /// The definition in a table's text, kept for the next time.
    ///
    /// Errors: those of [`TableDef::parse`].
    pub fn of(&mut self, table: &Object, sql: &str) -> Result<Arc<TableDef>> {
        let definition = self.read(&table.name, sql)?;
        self.keep(&definition);
        Ok(definition)
    }

    fn read(&self, name: &str, sql: &str) -> Result<Arc<TableDef>> {
        match self.0.get(&lower(name)) {
            Some(known) if known.sql == sql => Ok(Arc::clone(known)),
            _ => TableDef::parse(sql).map(Arc::new),
        }
    }
}

/// One table with all that an alteration must know of it; `None` if there is no such table.
///
/// Errors: [`ErrorKind::UnknownTable`] for a view, a virtual table, or a table of SQLite's own;
/// [`ErrorKind::SqlSyntax`] where its stored text cannot be read.
pub fn table(db: &mut dyn Database, schema: &str, name: &str) -> Result<Option<TableState>> {
    let all = with_temp(db, schema)?;
    table_of(db, &all, &Definitions::default(), schema, name)
}

/// The same, where [`with_temp`] has just been read.
pub fn table_of(
    db: &mut dyn Database,
    all: &[Arc<Object>],
    known: &Definitions,
    schema: &str,
    name: &str,
) -> Result<Option<TableState>> {
    let objects = || all.iter().map(Arc::as_ref).filter(|o: &&Object| o.schema == schema);
    let Some(found) = objects()
        .find(|o| same_name(&o.name, name) && matches!(o.kind, ObjectKind::Table | ObjectKind::View))
    else {
        return Ok(None);
    };
    let sql = found.sql.as_deref().unwrap_or_default();
    let virtual_table = found.is_virtual();
    if found.kind == ObjectKind::View || virtual_table || is_sqlites(name) {
        let what = match (found.kind, virtual_table) {
            (ObjectKind::View, _) => "a view: drop it and create it anew",
            (_, true) => "a virtual table, of which only RENAME TO is there: drop it and create it anew",
            _ => "SQLite's own",
        };
        return Err(Error::new(
            ErrorKind::UnknownTable,
            format!("{name} is no ordinary table, it is {what}"),
        ));
    }
    let table = known.read(&found.name, sql)?;
    let mine = |o: &&Object| same_name(&o.table, &found.name);
    let indexes = objects().filter(|o| o.kind == ObjectKind::Index && o.sql.is_some()).filter(mine);
    let triggers = objects().filter(|o| o.kind == ObjectKind::Trigger).filter(mine);
    let mut triggers: Vec<Object> = triggers.cloned().collect();
    if !same_name(schema, "temp") {
        triggers.extend(temp_triggers(all, schema, &found.name));
    }
    Ok(Some(TableState {
        schema: schema.to_owned(),
        indexes: indexes.cloned().collect(),
        triggers,
        children: if may_have_foreign_keys(all) { children(db, schema, &found.name)? } else { Vec::new() },
        names: objects().map(|o| &o.name).filter(|name| is_reserved(name)).cloned().collect(),
        table,
    }))
}

/// Temporary triggers on a table of another schema: DROP TABLE takes them along.
fn temp_triggers(all: &[Arc<Object>], schema: &str, table: &str) -> Vec<Object> {
    let temp = || all.iter().map(Arc::as_ref).filter(|o: &&Object| o.schema == "temp");
    let shadowed = temp().any(|o| o.kind == ObjectKind::Table && same_name(&o.name, table));
    let on_it = |o: &&Object| {
        o.kind == ObjectKind::Trigger
            && same_name(&o.table, table)
            && match o.sql.as_deref().and_then(schema_of_trigger) {
                Some(written) => same_name(&written, schema),
                // Where a temporary table has the same name, it is that one's.
                None => !shadowed,
            }
    };
    temp().filter(on_it).cloned().collect()
}

/// The schema that a trigger's text has before the name of its table: a trigger may stand on another schema's table
/// only in `temp`.
fn schema_of_trigger(sql: &str) -> Option<String> {
    let all = tokens(sql).ok()?;
    let on = all.iter().position(|token| token.kind == T::TK_ON)?;
    match &all[on + 1..] {
        [schema, dot, ..] if dot.kind == T::TK_DOT => Some(unquote(schema.text)),
        _ => None,
    }
}

/// Whether a name begins as limbeck's own temporary names do, or as SQLite's.
pub fn is_reserved(name: &str) -> bool {
    is_sqlites(name) || name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("limbeck_"))
}

/// Whether any text holds the word: SQLite's own answer, table by table, takes longer than all the rest.
fn may_have_foreign_keys(all: &[Arc<Object>]) -> bool {
    let tables = all.iter().filter(|o| o.kind == ObjectKind::Table);
    tables.filter_map(|o| o.sql.as_deref()).any(|sql| holds(sql, "references"))
}

/// Whether a text holds a word of small letters, by SQLite's folding of case.
fn holds(text: &str, word: &str) -> bool {
    // F is the rarest letter of REFERENCES, P that of REPLACE; a word without them is looked for by its first.
    let at = word.find(['f', 'p']).unwrap_or(0);
    let letter = word.as_bytes()[at];
    let starts = memchr::memchr2_iter(letter, letter.to_ascii_uppercase(), text.as_bytes());
    let mut words =
        starts.filter_map(|found| text.as_bytes().get(found.checked_sub(at)?..)?.get(..word.len()));
    words.any(|found| found.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether the text of what stands in `sqlite_schema` under this name holds a word of small letters; with the name
/// of its table.
pub fn text_holds(db: &mut dyn Database, kind: &str, name: &str, word: &str) -> Result<Option<String>> {
    let sql = "SELECT CAST(sql AS BLOB), tbl_name FROM main.sqlite_master WHERE type = ?1 AND name = ?2 COLLATE NOCASE";
    let mut table = None;
    db.query(sql, &[kind.into(), name.into()], &mut |row| {
        if let [Value::Blob(bytes), Value::Text(of)] = row
            && holds(&read(bytes), word)
        {
            table = Some(of.clone());
        }
        Ok(())
    })?;
    Ok(table)
}

/// A text that was asked for as its bytes, so that one that is not UTF-8 stops no run which needs nothing of it but
/// the ASCII words. The database's encoding may be UTF-16.
fn read(bytes: &[u8]) -> Cow<'_, str> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0, _, ..] => u16::from_be_bytes,
        [_, 0, ..] => u16::from_le_bytes,
        // That it is UTF-8 is found several times as fast as what of it is not.
        _ => return str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed),
    };
    let (pairs, _) = bytes.as_chunks::<2>();
    Cow::Owned(
        char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).map(|c| c.unwrap_or('\u{fffd}')).collect(),
    )
}

/// The foreign keys that point to a table, one entry a key.
fn children(db: &mut dyn Database, schema: &str, table: &str) -> Result<Vec<Child>> {
    let mut children: Vec<(i64, Child)> = Vec::new();
    for key in foreign_keys(db, schema)? {
        if !same_name(&key.parent, table) {
            continue;
        }
        match children.last_mut() {
            Some((id, child)) if *id == key.id && child.table == key.table => {
                child.from.push(key.from);
                child.columns.extend(key.to);
            }
            _ => children.push((
                key.id,
                Child {
                    table: key.table,
                    from: vec![key.from],
                    columns: key.to.into_iter().collect(),
                    acts: key.acts,
                },
            )),
        }
    }
    Ok(children.into_iter().map(|(_, child)| child).collect())
}

/// One column of one foreign key.
#[derive(Debug, Clone)]
pub struct KeyColumn {
    /// The table that holds the key.
    pub table: String,
    /// The key's number within that table.
    pub id: i64,
    /// The table that it points to.
    pub parent: String,
    /// The column of the child.
    pub from: String,
    /// The column of the parent; none for its primary key.
    pub to: Option<String>,
    /// Whether the column of the child is a generated one.
    pub from_computed: bool,
    /// Whether the column of the parent is a generated one, which no primary key has.
    pub to_computed: bool,
    /// Whether deleting or changing a parent row would change child rows.
    pub acts: bool,
}

/// All foreign keys of a schema, column by column.
pub fn foreign_keys(db: &mut dyn Database, schema: &str) -> Result<Vec<KeyColumn>> {
    // The list of one table's keys is a virtual table, which costs more than this to open. What a text holds is
    // not for SQLite to say: LIKE heeds PRAGMA case_sensitive_like, and an app may put any function in place
    // of like() and upper().
    let texts =
        format!("SELECT rowid, CAST(sql AS BLOB) FROM {}.sqlite_master WHERE type = 'table'", quote(schema));
    // One text of all: most schemas are known by one search through it.
    let (mut all, mut ends) = (String::new(), Vec::new());
    db.query(&texts, &[], &mut |row| {
        if let [Value::Integer(id), Value::Blob(bytes)] = row {
            all.push_str(&read(bytes));
            all.push('\n');
            ends.push((*id, all.len()));
        }
        Ok(())
    })?;
    if !holds(&all, "references") {
        return Ok(Vec::new());
    }
    let (mut children, mut computed) = (Vec::new(), Vec::new());
    let mut start = 0;
    for (id, end) in ends {
        let sql = &all[start..end];
        start = end;
        if sql.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("create virtual")) {
            continue;
        }
        if holds(sql, "references") {
            children.push(id.to_string());
        }
        if may_generate(sql) {
            computed.push(sql);
        }
    }
    if children.is_empty() {
        return Ok(Vec::new());
    }
    let computed = Computed::read(&computed);
    let sql = format!(
        "SELECT m.name, f.id, f.\"table\", f.\"from\", f.\"to\", f.on_delete, f.on_update \
         FROM {}.sqlite_master AS m, pragma_foreign_key_list(m.name, ?1) AS f \
         WHERE m.rowid IN ({}) ORDER BY m.rowid, f.id, f.seq",
        quote(schema),
        children.join(", ")
    );
    let mut keys = Vec::new();
    db.query(&sql, &[schema.into()], &mut |row| {
        let text = |at: usize| match &row[at] {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        let acts = |action: Option<String>| {
            action.is_some_and(|action| matches!(action.as_str(), "CASCADE" | "SET NULL" | "SET DEFAULT"))
        };
        if let (Some(table), Value::Integer(id), Some(parent), Some(from)) =
            (text(0), &row[1], text(2), text(3))
        {
            let to = text(4);
            keys.push(KeyColumn {
                from_computed: computed.has(&table, &from),
                to_computed: to.as_ref().is_some_and(|to| computed.has(&parent, to)),
                table,
                id: *id,
                parent,
                from,
                to,
                acts: acts(text(5)) || acts(text(6)),
            });
        }
        Ok(())
    })?;
    Ok(keys)
}

/// Whether a text may define a generated column: `AS` and a parenthesis, or a comment before it.
fn may_generate(sql: &str) -> bool {
    let of_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = sql.as_bytes();
    memchr::memchr2_iter(b's', b'S', bytes).any(|at| {
        let ahead = at.checked_sub(2).is_none_or(|before| !of_word(bytes[before]));
        let behind = bytes[at + 1..].trim_ascii_start().first();
        at > 0
            && bytes[at - 1].eq_ignore_ascii_case(&b'a')
            && ahead
            && matches!(behind, Some(b'(' | b'/' | b'-'))
    })
}

/// The generated columns of a schema.
struct Computed {
    /// (table, column).
    columns: Vec<(String, String)>,
    /// A text could not be read: any column may be one.
    any: bool,
}

impl Computed {
    fn read(texts: &[&str]) -> Computed {
        let mut computed = Computed { columns: Vec::new(), any: false };
        for sql in texts {
            match TableDef::parse(sql) {
                Ok(table) => {
                    let columns = table.columns.iter().filter(|column| column.generated().is_some());
                    computed.columns.extend(columns.map(|column| (lower(&table.name), lower(&column.name))));
                }
                Err(_) => computed.any = true,
            }
        }
        computed
    }

    fn has(&self, table: &str, column: &str) -> bool {
        let is = |(of, name): &(String, String)| same_name(of, table) && same_name(name, column);
        self.any || self.columns.iter().any(is)
    }
}

/// SQLite's version, as `sqlite3_libversion_number()` has it.
pub fn version(db: &mut dyn Database) -> Result<u32> {
    let text = db.texts("SELECT sqlite_version()", &[])?.pop().unwrap_or_default();
    let mut parts = text.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    Ok(next() * 1_000_000 + next() * 1000 + next())
}
