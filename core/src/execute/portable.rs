//! What a run adds where its statements are printed for another connection
//! ([`Purpose::Script`]): the checks that a live run makes by looking, as SQL that fails.
//!
//! SQL has no IF. A row that breaks a CHECK stops the script, and the constraint's name, which
//! SQLite puts into its message, says why. For any other [`Purpose`] nothing here does anything.

use super::{Purpose, Run};
use crate::alter::TableState;
use crate::db::Database;
use crate::error::{Error, ErrorKind, Result};
use crate::inspect::is_sqlites;
use crate::script::{Item, ItemKind};
use crate::sql::{Token, TokenType as T, literal, quote, same_name, tokens, unquote};

/// A script is for a SQLite that is not known. This one is of 2022, and has DROP COLUMN.
pub(super) const SQLITE_VERSION: u32 = 3_038_000;

/// Tables whose dangling rows the script has counted in this transaction.
#[derive(Debug, Default)]
pub(super) struct Checks {
    counted: Vec<String>,
}

/// What becomes of a statement under `migrate:unless`.
pub(super) enum Unless {
    Skip,
    Run,
    /// This statement runs in its place: it asks the query itself.
    Instead(String),
}

/// The version to plan for.
pub(super) fn sqlite_version(run: &Run<'_, '_>) -> u32 {
    match run.options.purpose {
        Purpose::Script => run.version.min(SQLITE_VERSION),
        Purpose::Live | Purpose::Plan => run.version,
    }
}

/// The script stops where the database is at other revisions than it was printed for.
pub(super) fn check_rows(run: &mut Run<'_, '_>) -> Result<()> {
    let at = run.rows.join(", ");
    let place = if at.is_empty() { "<base>" } else { &at };
    let query = format!(
        "SELECT coalesce(group_concat(version_num, ', '), '') FROM \
         (SELECT version_num FROM main.{} ORDER BY version_num)",
        quote(&run.options.version_table)
    );
    check(
        run,
        &format!("this script is for a database at {place}"),
        &format!("found = {}", literal(&at)),
        &query,
    )
}

/// A rebuild knows the table from the folder: the script stops where the database has more of it.
pub(super) fn check_table(run: &mut Run<'_, '_>, state: &TableState) -> Result<()> {
    let name = literal(&state.table.name);
    let query = format!(
        "SELECT coalesce(group_concat(name, ', '), '') FROM \
         (SELECT name FROM pragma_table_xinfo({name}, {schema}) UNION ALL SELECT name FROM \
         (SELECT name FROM {qualified}.sqlite_master WHERE tbl_name = {name} COLLATE NOCASE \
         AND type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY type, name))",
        schema = literal(&state.schema),
        qualified = quote(&state.schema)
    );
    if run.options.purpose != Purpose::Script {
        return Ok(());
    }
    let found = run.db.texts(&query, &[])?.pop().unwrap_or_default();
    let title = format!("table {} has the columns, indexes and triggers of the migrations", state.table.name);
    check(run, &title, &format!("found = {}", literal(&found)), &query)
}

/// Counts what dangles already in the tables that were noted since, before they change.
pub(super) fn note_keys(run: &mut Run<'_, '_>) -> Result<()> {
    if run.options.purpose != Purpose::Script || !run.open.get() {
        return Ok(());
    }
    let fresh: Vec<String> =
        run.watch.noted().map(str::to_owned).filter(|table| !run.checks.counted.contains(table)).collect();
    for table in fresh {
        if run.checks.counted.is_empty() {
            run.db.execute("CREATE TEMP TABLE limbeck_dangling(rows)")?;
        }
        if run.db.has_table("main", &table)? {
            if run.version < 3_033_000 {
                let message = "a script that checks foreign keys needs SQLite 3.33 or newer";
                return Err(Error::new(ErrorKind::SqliteTooOld, message));
            }
            let table = literal(&table);
            let sql = format!(
                "INSERT INTO temp.limbeck_dangling SELECT count(*) FROM pragma_foreign_key_check({table}, 'main')"
            );
            run.db.execute(&sql)?;
        }
        run.checks.counted.push(table);
    }
    Ok(())
}

/// The script stops where more rows have no parent than before.
pub(super) fn check_keys(run: &mut Run<'_, '_>) -> Result<()> {
    if std::mem::take(&mut run.checks.counted).is_empty() {
        return Ok(());
    }
    let mut counts = Vec::new();
    for table in run.watch.noted().map(str::to_owned).collect::<Vec<_>>() {
        if run.db.has_table("main", &table)? {
            counts.push(format!(
                "(SELECT count(*) FROM pragma_foreign_key_check({}, 'main'))",
                literal(&table)
            ));
        }
    }
    if !counts.is_empty() {
        let query = format!(
            "SELECT {} - (SELECT coalesce(sum(rows), 0) FROM temp.limbeck_dangling)",
            counts.join(" + ")
        );
        check(run, "no row has lost its parent", "found <= 0", &query)?;
    }
    run.db.execute("DROP TABLE temp.limbeck_dangling")?;
    Ok(())
}

/// Statements that fail unless what the query answers, `found`, fulfils a condition.
fn check(run: &mut Run<'_, '_>, title: &str, condition: &str, query: &str) -> Result<()> {
    if run.options.purpose != Purpose::Script {
        return Ok(());
    }
    let title = title.replace('"', "\"\"");
    run.db.execute(&format!(
        "CREATE TEMP TABLE limbeck_check(found, CONSTRAINT \"{title}\" CHECK ({condition}))"
    ))?;
    run.db.execute(&format!("INSERT INTO temp.limbeck_check {query}"))?;
    run.db.execute("DROP TABLE temp.limbeck_check")?;
    Ok(())
}

/// Whether a statement under `migrate:unless` runs. Without the rows, only a query that asks the
/// schema alone can be answered now.
pub(super) fn unless(run: &mut Run<'_, '_>, item: &Item, query: &str) -> Result<Unless> {
    if run.options.purpose == Purpose::Live || !asks_rows(run.db, query)? {
        return Ok(if run.db.any(query, &[])? { Unless::Skip } else { Unless::Run });
    }
    if run.options.purpose == Purpose::Plan {
        run.warnings.push(format!("runs only if the database answers no row: {query}"));
        return Ok(Unless::Run);
    }
    let conditional = match item.kind {
        ItemKind::Sql => conditional_insert(&item.sql, query)?,
        ItemKind::Alter(_) => None,
    };
    conditional.map(Unless::Instead).ok_or_else(|| {
        Error::new(
            ErrorKind::NotOffline,
            format!("whether this statement runs depends on the rows of the database: {query}"),
        )
        .with_hint("upgrade the database itself, without --sql, or write the condition into the statement")
    })
}

/// Whether a query names a table or view of the database, rather than `sqlite_schema` and pragmas.
fn asks_rows(db: &mut dyn Database, query: &str) -> Result<bool> {
    let mut names = db.texts("SELECT name FROM main.sqlite_master WHERE type IN ('table', 'view')", &[])?;
    names.retain(|name| !is_sqlites(name));
    let words = tokens(query)?;
    Ok(words.iter().any(|word| {
        names.iter().any(|name| same_name(name, &unquote(word.text)) && word.kind != T::TK_STRING)
    }))
}

/// An INSERT that inserts nothing if the query returns a row.
fn conditional_insert(sql: &str, query: &str) -> Result<Option<String>> {
    let all = tokens(sql)?;
    if !all.first().is_some_and(|first| matches!(first.kind, T::TK_INSERT | T::TK_REPLACE)) {
        return Ok(None);
    }
    let outside = outside_parentheses(&all);
    let body =
        outside.iter().position(|&at| matches!(all[at].kind, T::TK_VALUES | T::TK_SELECT | T::TK_WITH));
    let default = outside.iter().any(|&at| all[at].kind == T::TK_DEFAULT);
    let Some(body) = body.filter(|_| !default) else { return Ok(None) };
    let tail = outside[body..].iter().find(|&&at| {
        all[at].kind == T::TK_RETURNING
            || all[at].kind == T::TK_ON && all.get(at + 1).is_some_and(|next| next.is_word("CONFLICT"))
    });
    let from = all[outside[body]].start;
    let to = tail.map_or(sql.len(), |&at| all[at].start);
    let (head, body, tail) = (&sql[..from], sql[from..to].trim_end(), &sql[to..]);
    Ok(Some(
        format!("{head}SELECT * FROM (\n{body}\n) WHERE NOT EXISTS (\n{query}\n) {tail}")
            .trim_end()
            .to_owned(),
    ))
}

/// The places of the tokens that stand in no parentheses.
fn outside_parentheses(all: &[Token<'_>]) -> Vec<usize> {
    let mut depth = 0usize;
    let mut outside = Vec::new();
    for (at, token) in all.iter().enumerate() {
        match token.kind {
            T::TK_LP => depth += 1,
            T::TK_RP => depth = depth.saturating_sub(1),
            _ if depth == 0 => outside.push(at),
            _ => {}
        }
    }
    outside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inserts_with_a_condition() {
        for (sql, want) in [
            (
                "INSERT INTO t(a) VALUES (1), (2)",
                Some(
                    "INSERT INTO t(a) SELECT * FROM (\nVALUES (1), (2)\n) WHERE NOT EXISTS (\nSELECT 1 FROM t\n)",
                ),
            ),
            (
                "INSERT OR IGNORE INTO t SELECT a FROM u JOIN v ON u.x = v.x ON CONFLICT DO NOTHING",
                Some(
                    "INSERT OR IGNORE INTO t SELECT * FROM (\nSELECT a FROM u JOIN v ON u.x = v.x\n) \
                     WHERE NOT EXISTS (\nSELECT 1 FROM t\n) ON CONFLICT DO NOTHING",
                ),
            ),
            ("INSERT INTO t DEFAULT VALUES", None),
            ("UPDATE t SET a = 1", None),
        ] {
            assert_eq!(conditional_insert(sql, "SELECT 1 FROM t").unwrap().as_deref(), want);
        }
    }
}
