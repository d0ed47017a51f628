//! Tables of the database that the connection hides: "If no schema is specified as part of the object name, then the TEMP
//! database is searched first" (<https://sqlite.org/lang_naming.html>). A migration's own SQL then goes to another
//! table than on every other connection.

use super::{Purpose, Run};
use crate::deed::Deed;
use crate::error::Result;
use crate::sql::{TokenType as T, same_name, tokens, unquote};

/// Reads which tables and views of `main` are hidden as a run begins: what it makes itself is meant.
pub(super) fn read(run: &mut Run<'_, '_>) -> Result<()> {
    if run.options.purpose != Purpose::Live {
        return Ok(());
    }
    // To read `temp` opens it, and the next `PRAGMA wal_checkpoint` behind a change to WAL is then refused.
    if run.db.any("SELECT 1 FROM pragma_database_list WHERE name = 'temp'", &[])? {
        run.hidden = run.db.texts(
            "SELECT m.name FROM temp.sqlite_master t JOIN main.sqlite_master m ON m.name = t.name COLLATE NOCASE \
             WHERE t.type IN ('table', 'view') AND m.type IN ('table', 'view')",
            &[],
        )?;
    }
    Ok(())
}

/// Warns, once for each, where a statement names one that is hidden without its schema.
pub(super) fn warn(run: &mut Run<'_, '_>, sql: &str, deed: &Deed) {
    if run.hidden.is_empty() || matches!(deed, Deed::CreateTable { .. }) {
        return;
    }
    let Ok(all) = tokens(sql) else { return };
    let is_named = |name: &String| {
        all.iter().enumerate().any(|(at, token)| {
            let qualified = at.checked_sub(1).is_some_and(|before| all[before].kind == T::TK_DOT);
            !qualified && !token.text.starts_with('\'') && same_name(&unquote(token.text), name)
        })
    };
    let (named, left) = std::mem::take(&mut run.hidden).into_iter().partition(is_named);
    run.hidden = left;
    let named: Vec<String> = named;
    run.warnings.extend(named.iter().map(|name| {
        format!(
            "temp.{name} hides main.{name}: a statement that names it without its schema went to temp.{name}"
        )
    }));
}
