//! A downgrade that a database has kept. Whoever can write the file can write it, so it may do less
//! than a file of the app's: change this database, and nothing else.
//!
//! SQLite's authorizer is not used for that: there is one a connection, which may be the app's, could
//! not be put back, and is not to be had on every host. What a script can reach is in its words: a
//! statement of another kind, a pragma, a function or a module that the app has registered.

use sqlite3_parser::ast::Stmt;

use super::body::{Item, ItemKind, Section};
use crate::error::{Error, ErrorKind, Result};
use crate::sql::{TokenType as T, is_name, same_name, tokens, unquote, with_statement};

/// Pragmas that a kept script may use. The others switch protection off, name files, or are the app's.
const PRAGMAS: [&str; 7] = [
    "user_version",
    "application_id",
    "optimize",
    "incremental_vacuum",
    "foreign_key_check",
    "integrity_check",
    "quick_check",
];

/// Modules whose tables hold what is in this database: <https://sqlite.org/vtablist.html>.
const MODULES: &str = " fts3 fts4 fts4aux fts5 fts5vocab generate_series geopoly json_each json_tree \
    pragma_foreign_key_list pragma_index_info pragma_index_list pragma_table_info pragma_table_list \
    pragma_table_xinfo rtree rtree_i32 ";

/// SQLite's functions, but for `load_extension`, `fts3_tokenizer` and those that tell of the build:
/// <https://sqlite.org/lang_corefunc.html>, `lang_aggfunc`, `windowfunctions`, `lang_datefunc`,
/// `lang_mathfunc`, `json1`, `fts3`, `fts5`, `rtree`, `geopoly`.
const FUNCTIONS: &str = " abs acos acosh asin asinh atan atan2 atanh avg bm25 ceil ceiling changes char coalesce \
    concat concat_ws cos cosh count cume_dist current_date current_time current_timestamp date datetime degrees \
    dense_rank exp first_value floor format geopoly_area geopoly_bbox geopoly_blob geopoly_contains_point \
    geopoly_json geopoly_overlap geopoly_within glob group_concat hex highlight if ifnull iif instr json \
    json_array json_array_length json_error_position json_extract json_group_array json_group_object json_insert \
    json_object json_patch json_pretty json_quote json_remove json_replace json_set json_type json_valid jsonb \
    jsonb_array jsonb_extract jsonb_group_array jsonb_group_object jsonb_insert jsonb_object jsonb_patch \
    jsonb_remove jsonb_replace jsonb_set julianday lag last_insert_rowid last_value lead length like likelihood \
    likely ln log log10 log2 lower ltrim match matchinfo max median min mod nth_value ntile nullif octet_length \
    offsets percent_rank percentile percentile_cont percentile_disc pi pow power printf quote radians random \
    randomblob rank replace round row_number rtrim sign sin sinh snippet soundex sqrt strftime string_agg substr \
    substring sum tan tanh time timediff total total_changes trim trunc typeof unhex unicode unistr \
    unistr_quote unixepoch unlikely upper zeroblob ";

/// A kept downgrade, read and found harmless as far as its text tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDowngrade {
    /// What it runs.
    pub section: Section,
    /// Names that might be functions, in small letters and sorted; one that the connection has registered must
    /// not run. SQLite's own are left out.
    pub called: Vec<String>,
    /// The same of the modules of virtual tables.
    pub named: Vec<String>,
}

impl StoredDowngrade {
    /// Reads a kept text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StoredScriptRefused`] if its checksum is another than the kept one, if it cannot be
    /// read, and if it holds anything but statements that change this database, in a transaction:
    /// `ATTACH`, `DETACH`, `VACUUM`, a pragma of no harmless kind, a virtual table of a module that is
    /// not SQLite's own, `transaction:false`.
    pub fn parse(revision: &str, text: &str, checksum: &str) -> Result<StoredDowngrade> {
        let place = |error: Error| error.in_revision(revision);
        let section = Section::parse(text, 1).map_err(|error| {
            let why = error.to_string();
            let refused = refused(revision, &why).at_line(error.line().unwrap_or(1));
            place(error.statement().map_or(refused.clone(), |sql| refused.in_statement(sql)))
        })?;
        if section.checksum() != checksum {
            return Err(place(refused(revision, "its checksum is not the one that was kept with it")));
        }
        if !section.transaction {
            return Err(place(refused(revision, "it runs outside a transaction")));
        }
        let mut found = StoredDowngrade { section, called: Vec::new(), named: Vec::new() };
        for item in &found.section.items {
            let at = |error: Error| place(error).at_line(item.line).in_statement(&item.sql);
            may_run(revision, item).map_err(at)?;
            let texts = [Some(item.sql.as_str()), item.unless.as_deref()];
            for text in texts.into_iter().flatten() {
                names(text, &mut found.called, &mut found.named).map_err(at)?;
            }
        }
        for names in [&mut found.called, &mut found.named] {
            names.sort_unstable();
            names.dedup();
        }
        Ok(found)
    }
}

/// The error for a kept script that must not run.
pub(crate) fn refused(revision: &str, why: &str) -> Error {
    let message =
        format!("the downgrade of revision {revision} that the database has kept must not run: {why}");
    Error::new(ErrorKind::StoredScriptRefused, message)
        .in_revision(revision)
        .with_hint("use the newer version of the app, or restore a backup")
}

fn may_run(revision: &str, item: &Item) -> Result<()> {
    if matches!(item.kind, ItemKind::Alter(_)) {
        return Ok(());
    }
    let no = |what: String| Err(refused(revision, &what));
    let verdict = with_statement(&item.sql, |statement| match statement {
        Stmt::CreateTable { .. }
        | Stmt::CreateView { .. }
        | Stmt::CreateIndex { .. }
        | Stmt::CreateTrigger { .. }
        | Stmt::DropTable { .. }
        | Stmt::DropView { .. }
        | Stmt::DropIndex { .. }
        | Stmt::DropTrigger { .. }
        | Stmt::Insert { .. }
        | Stmt::Update { .. }
        | Stmt::Delete { .. }
        | Stmt::Select(_)
        | Stmt::Analyze(_)
        | Stmt::Reindex { .. } => Ok(()),
        Stmt::CreateVirtualTable { module_name, .. } => {
            let module = unquote(module_name.0);
            if is_listed(MODULES, &module) {
                Ok(())
            } else {
                no(format!("a virtual table of the module {module}"))
            }
        }
        Stmt::Pragma(pragma, _) => {
            let pragma = unquote(pragma.name.0);
            let known = PRAGMAS.iter().any(|known| same_name(known, &pragma));
            if known { Ok(()) } else { no(format!("PRAGMA {pragma}")) }
        }
        Stmt::AlterTable(..)
        | Stmt::Attach { .. }
        | Stmt::Detach(_)
        | Stmt::Vacuum(..)
        | Stmt::Begin(..)
        | Stmt::Commit(_)
        | Stmt::Release(_)
        | Stmt::Rollback { .. }
        | Stmt::Savepoint(_) => {
            no(item.sql.split_ascii_whitespace().next().unwrap_or_default().to_ascii_uppercase())
        }
    });
    // What the parser cannot read, it cannot judge.
    verdict.unwrap_or_else(|error| no(error.to_string()))
}

/// Every name of a text that might be a function's, or a module's.
fn names(text: &str, called: &mut Vec<String>, named: &mut Vec<String>) -> Result<()> {
    let all = tokens(text)?;
    for (at, token) in all.iter().enumerate() {
        let string = token.kind == T::TK_STRING && token.text.starts_with('\'');
        if !is_name(token) {
            continue;
        }
        let name = unquote(token.text).to_ascii_lowercase();
        // A string calls nothing, but SQLite takes one for a name where it wants a name.
        let before_call = all.get(at + 1).is_some_and(|next| next.kind == T::TK_LP);
        if before_call && !is_listed(FUNCTIONS, &name) {
            called.push(name.clone());
        }
        if !string && !is_listed(MODULES, &name) {
            named.push(name);
        }
        // `'fsdir'` may stand for a table's name too.
        else if string && before_from(&all, at) && !is_listed(MODULES, &unquote(token.text)) {
            named.push(unquote(token.text).to_ascii_lowercase());
        }
    }
    Ok(())
}

/// Whether a string stands where a table's name may.
fn before_from(all: &[crate::sql::Token<'_>], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| all[before].kind) else { return false };
    matches!(
        before,
        T::TK_FROM | T::TK_JOIN | T::TK_INTO | T::TK_UPDATE | T::TK_COMMA | T::TK_DOT | T::TK_TABLE
    )
}

fn is_listed(list: &str, name: &str) -> bool {
    list.contains(&format!(" {} ", name.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(sql: &str) -> Result<StoredDowngrade> {
        let checksum = Section::parse(sql, 1).map_or_else(|_| String::new(), |section| section.checksum());
        StoredDowngrade::parse("0002", sql, &checksum)
    }

    #[test]
    fn what_changes_this_database_may_run() {
        for (sql, called) in [
            ("DROP TABLE tags; DROP INDEX i; ANALYZE; REINDEX", ""),
            ("ALTER TABLE notes DROP COLUMN a, ALTER b TYPE TEXT USING upper(b)", ""),
            (
                "CREATE TABLE t(a VARCHAR(10)); INSERT INTO t(a) SELECT json_extract(x, '$') FROM json_each('[]')",
                "json_each t varchar",
            ),
            ("CREATE VIRTUAL TABLE s USING fts5(a)", "fts5"),
            ("PRAGMA user_version = 2", ""),
            ("UPDATE t SET a = mine(b) WHERE \"load_extension\"('x')", "load_extension mine"),
            ("-- migrate:unless SELECT hidden()\nDELETE FROM t", "hidden"),
            ("CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT load_extension('x'); END", "load_extension"),
        ] {
            let found = parse(sql).unwrap();
            assert_eq!(found.called.join(" "), called, "{sql}");
        }
        let found = parse("INSERT INTO sqlite_dbpage SELECT x FROM 'fsdir'").unwrap();
        assert_eq!(found.named, ["fsdir", "sqlite_dbpage", "x"]);
    }

    #[test]
    fn anything_else_is_refused() {
        for (sql, part) in [
            ("ATTACH 'x' AS y", "ATTACH"),
            ("DETACH y", "DETACH"),
            ("VACUUM INTO 'x'", "VACUUM"),
            ("COMMIT", "COMMIT"),
            ("PRAGMA writable_schema = 1", "writable_schema"),
            ("PRAGMA trusted_schema = 1", "PRAGMA trusted_schema"),
            ("PRAGMA temp_store_directory = 'x'", "PRAGMA temp_store_directory"),
            ("CREATE VIRTUAL TABLE z USING zipfile('x')", "the module zipfile"),
            ("-- migrate:up transaction:false\nVACUUM", "outside a transaction"),
            ("DROP TABLE 'x", "not closed"),
            ("FROB", "FROB"),
        ] {
            let error = parse(sql).unwrap_err();
            assert_eq!(
                (error.kind(), error.revision()),
                (ErrorKind::StoredScriptRefused, Some("0002")),
                "{sql}"
            );
            assert!(error.to_string().contains(part), "{sql}: {error}");
        }
        let error = StoredDowngrade::parse("0002", "DROP TABLE t", "00").unwrap_err();
        assert!(error.to_string().ends_with("its checksum is not the one that was kept with it"), "{error}");
    }
}
