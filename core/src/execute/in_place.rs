//! The in-place way, run: conditions asked, the new text compiled before it is written, the result
//! compared with the plan. Whatever is not as planned is rolled back, and the table is rebuilt.

use super::alter::explained;
use super::{Purpose, Run, counted};
use crate::alter::{Action, Condition, Conversion, Draft, InPlace, Step, TableState};
use crate::db::{Database, Value};
use crate::error::{Error, ErrorKind, Result, accepted, refusal};
use crate::proof::Inventory;
use crate::schema::{Edits, TableDef};
use crate::sql::{quote, same_name, same_text};

/// What came of it.
pub(super) enum Outcome {
    /// It is done; so many values were written anew.
    Done(u64),
    /// Nothing has changed, and this is why.
    Refused(String),
}

/// Whether the connection lets `sqlite_schema` be edited. Only a prepared statement tells: the
/// pragma itself never fails (<https://sqlite.org/c3ref/c_dbconfig_defensive.html>).
pub(super) fn may_edit(run: &mut Run<'_, '_>) -> Result<bool> {
    // Older ones are not verified; for a script, an edit would go by rows and by the schema cookie
    // of this database.
    if run.version < 3_033_000 || run.options.purpose == Purpose::Script {
        return Ok(false);
    }
    if let Some(may) = run.may_edit {
        return Ok(may);
    }
    let may = run.db.probe(|db| {
        db.execute("PRAGMA writable_schema = 1")?;
        let compiled = accepted(db.execute("EXPLAIN UPDATE main.sqlite_master SET sql = sql WHERE 0"))?;
        db.execute("PRAGMA writable_schema = 0")?;
        Ok(compiled.is_some())
    })?;
    run.may_edit = Some(may);
    Ok(may)
}

/// Does the batch in place, or says why it cannot and leaves everything as it was.
pub(super) fn in_place(
    run: &mut Run<'_, '_>,
    state: &TableState,
    draft: &Draft,
    plan: &InPlace,
) -> Result<Outcome> {
    for condition in &plan.conditions {
        if let Some(why) = unmet(run, state, condition)? {
            return Ok(Outcome::Refused(why));
        }
    }
    let planned = match run.db.probe(|db| compiled(db, state, &draft.table.sql)) {
        Ok(planned) => planned,
        Err(error) if may_be_the_edit(&error) => return Ok(Outcome::Refused(error.to_string())),
        Err(error) => return Err(error),
    };
    if plan.converts() {
        // A savepoint would journal every page that the UPDATE writes a second time. If the edit
        // proves wrong after all, the whole run is rolled back.
        return steps(run, state, draft, plan, planned).map(Outcome::Done);
    }
    run.db.execute("SAVEPOINT limbeck_in_place")?;
    let result = steps(run, state, draft, plan, planned);
    run.db.execute("PRAGMA writable_schema = 0")?;
    match result {
        Ok(rows) => {
            run.db.execute("RELEASE limbeck_in_place")?;
            Ok(Outcome::Done(rows))
        }
        // Anything else is no answer to the question whether the edit is right.
        Err(error) if may_be_the_edit(&error) && run.db.in_transaction() => {
            run.db.undo("limbeck_in_place")?;
            Ok(Outcome::Refused(error.to_string()))
        }
        Err(error) => Err(error),
    }
}

fn may_be_the_edit(error: &Error) -> bool {
    refusal(error) || matches!(error.kind(), ErrorKind::ProofFailed | ErrorKind::Corrupt)
}

fn steps(
    run: &mut Run<'_, '_>,
    state: &TableState,
    draft: &Draft,
    plan: &InPlace,
    planned: Option<Facts>,
) -> Result<u64> {
    let mut rows = 0;
    let mut odd = 0;
    for (at, step) in plan.steps.iter().enumerate() {
        match step {
            Step::Statement(sql) => _ = run.execute(sql).map_err(explained)?,
            Step::Edit(text) => {
                // Counted before the edit: a REAL column shows no integer any more.
                if let Some(Step::Convert(conversion)) = plan.steps.get(at + 1) {
                    odd = oddly_spelt(run, state, conversion)?;
                }
                set_text(run.db, state, text)?;
            }
            Step::Convert(conversion) => rows += convert(run, state, conversion, odd)?,
        }
    }
    if plan.converts() {
        for trigger in &draft.triggers {
            run.execute(&trigger.create()?)?;
        }
    }
    let name = &state.table.name;
    if let Some(planned) = planned
        && Facts::read(run.db, &state.schema, name)? != planned
    {
        return Err(Error::new(
            ErrorKind::ProofFailed,
            "SQLite reads the edited text otherwise than planned",
        ));
    }
    let (schema, table) = (quote(&state.schema), quote(name));
    if plan.reindex {
        run.execute(&format!("REINDEX {schema}.{table}"))?;
    }
    if plan.verify {
        let db: &mut dyn Database = &mut run.watched();
        let found = db.texts(&format!("PRAGMA {schema}.quick_check({table})"), &[])?;
        if found.first().is_none_or(|first| first != "ok") {
            return Err(Error::new(ErrorKind::ProofFailed, format!("quick_check: {}", found.join("; "))));
        }
    }
    Ok(rows)
}

/// Why the condition is not met, if it is not.
fn unmet(run: &mut Run<'_, '_>, state: &TableState, condition: &Condition) -> Result<Option<String>> {
    let db: &mut dyn Database = &mut run.watched();
    match condition {
        Condition::NoRow { query, otherwise } => Ok(db.any(query, &[])?.then(|| otherwise.clone())),
        Condition::FullRows { column } => {
            let short = has_short_rows(db, state, column)?;
            Ok(short.then(|| {
                format!("rows from before column {column} was added read its DEFAULT from the text")
            }))
        }
    }
}

/// Whether a row does not store the column: under a DEFAULT that nobody can have stored, such a row
/// would read just that. All of it is rolled back.
fn has_short_rows(db: &mut dyn Database, state: &TableState, column: &str) -> Result<bool> {
    let Some(nonce) = db.texts("SELECT hex(randomblob(16))", &[])?.pop() else { return Ok(true) };
    let value = format!("x'{nonce}'");
    let mut probe = Draft::new(state);
    let action = Action::SetDefault { column: column.to_owned(), value: value.clone() };
    if probe.apply(&action).is_err() {
        return Ok(true);
    }
    let query =
        format!("SELECT 1 FROM {} NOT INDEXED WHERE {} IS {value} LIMIT 1", state.qualified(), quote(column));
    db.taken_back(|db| {
        let short = set_text(db, state, &probe.table.sql).and_then(|()| db.any(&query, &[]));
        db.execute("PRAGMA writable_schema = 0")?;
        short
    })
}

/// Writes the table's text. Every connection, this one too, goes on by the old text until the
/// schema cookie changes (<https://sqlite.org/pragma.html#pragma_schema_version>).
pub(super) fn set_text(db: &mut dyn Database, state: &TableState, text: &str) -> Result<()> {
    let schema = quote(&state.schema);
    db.execute("PRAGMA writable_schema = 1")?;
    let sql = format!("UPDATE {schema}.sqlite_master SET sql = ?1 WHERE type = 'table' AND name = ?2");
    db.query(&sql, &[text.into(), state.table.name.as_str().into()], &mut |_| Ok(()))?;
    if db.integer("SELECT changes()", &[])? != Some(1) {
        return Err(Error::new(ErrorKind::ProofFailed, "the table's row of sqlite_schema was not found"));
    }
    // With it on, SQLite would pass over what does not fit the text.
    db.execute("PRAGMA writable_schema = 0")?;
    reload(db, &state.schema)
}

/// SQLite's own ALTER may take a comment along with the words beside it, and puts new words in a layout
/// of its own: where its text says the same as the plan's, the plan's is kept.
pub(super) fn keep_comments(
    run: &mut Run<'_, '_>,
    state: &TableState,
    draft: &Draft,
    after: &mut Inventory,
) -> Result<()> {
    let planned = draft.table.sql.as_str();
    if let Some(stored) = after.text_of(&state.schema, &state.table.name)
        && stored != planned
        && same_text(stored, planned)
        && may_edit(run)?
    {
        set_text(run.db, state, planned)?;
        *after = Inventory::read(run.db, &state.schema)?;
    }
    Ok(())
}

/// Has every connection read the schema anew.
pub(super) fn reload(db: &mut dyn Database, schema: &str) -> Result<()> {
    let schema = quote(schema);
    let cookie = db.integer(&format!("PRAGMA {schema}.schema_version"), &[])?.unwrap_or(0);
    db.execute(&format!("PRAGMA {schema}.schema_version = {}", cookie.wrapping_add(1) & 0x7fff_ffff))?;
    db.read_schemas()
}

/// How many values could be spelt otherwise after the conversion.
fn oddly_spelt(run: &mut Run<'_, '_>, state: &TableState, conversion: &Conversion) -> Result<i64> {
    let Some(holds) = &conversion.spelling else { return Ok(0) };
    let sql = format!("SELECT count(*) FROM {} NOT INDEXED WHERE {holds}", state.qualified());
    let db: &mut dyn Database = &mut run.watched();
    Ok(db.integer(&sql, &[])?.unwrap_or(0))
}

/// Writes the values anew; so many of them were spelt oddly before the edit.
fn convert(run: &mut Run<'_, '_>, state: &TableState, conversion: &Conversion, odd: i64) -> Result<u64> {
    let rows = run.execute(&conversion.update)?;
    let lost = if odd > 0 { odd - oddly_spelt(run, state, conversion)? } else { 0 };
    if lost > 0 {
        run.warnings.push(respelt(lost as u64, &state.table.name, &quote(&conversion.column)));
    }
    Ok(rows)
}

/// `'007'` is 7 as a number: the value is kept, its spelling is not.
pub(super) fn respelt(count: u64, table: &str, column: &str) -> String {
    format!("spelt otherwise in the new type: {} of {table}.{column}", counted(count, "value"))
}

/// What SQLite understands of a table.
#[derive(Debug, PartialEq)]
struct Facts {
    columns: Vec<Vec<Value>>,
    /// Those of constraints.
    indexes: Vec<Vec<Value>>,
    foreign_keys: Vec<Vec<Value>>,
}

impl Facts {
    fn read(db: &mut dyn Database, schema: &str, table: &str) -> Result<Facts> {
        let params = [table.into(), schema.into()];
        Ok(Facts {
            columns: db.rows("SELECT * FROM pragma_table_xinfo(?1, ?2)", &params)?,
            indexes: db.rows(
                "SELECT l.name, l.\"unique\", l.origin, i.seqno, i.cid, i.name, i.desc, i.coll, i.key \
                 FROM pragma_index_list(?1, ?2) AS l, pragma_index_xinfo(l.name, ?2) AS i \
                 WHERE l.origin <> 'c' ORDER BY 1, 4",
                &params,
            )?,
            foreign_keys: db.rows("SELECT * FROM pragma_foreign_key_list(?1, ?2)", &params)?,
        })
    }
}

/// Compiles the text as a table of the same name in `temp`, which is dropped at once because it
/// hides the real one, and answers what SQLite makes of it. Nothing, where that name is taken, or
/// where the text that is there does not compile either: a function or collation is not registered
/// on this connection.
fn compiled(db: &mut dyn Database, state: &TableState, text: &str) -> Result<Option<Facts>> {
    let name = state.table.name.as_str();
    let taken = "SELECT 1 FROM temp.sqlite_master WHERE name = ?1 COLLATE NOCASE";
    if same_name(&state.schema, "temp") || db.any(taken, &[name.into()])? {
        return Ok(None);
    }
    match compile(db, name, text) {
        Ok(facts) => Ok(Some(facts)),
        Err(error) => match compile(db, name, &state.table.sql) {
            Err(before) if before.to_string() == error.to_string() => Ok(None),
            _ => Err(error),
        },
    }
}

fn compile(db: &mut dyn Database, name: &str, text: &str) -> Result<Facts> {
    let parsed = TableDef::parse(text)?;
    let mut edits = Edits::default();
    edits.insert(parsed.name_span.start, "temp.");
    if let Some(word) = parsed.autoincrement_span() {
        // It would leave a temp.sqlite_sequence behind, which hides the real one.
        edits.remove(text, word.clone());
    }
    db.execute(&edits.apply(text))?;
    let facts = Facts::read(db, "temp", name);
    db.execute(&format!("DROP TABLE temp.{}", quote(name)))?;
    facts
}
