//! A column's new type or collation in place: proved equal to a copy of every row.
//!
//! A copy converts each value by the new column's affinity. In place that is an `UPDATE` of the
//! values that the new affinity changes, which is the same only where nothing compares the column
//! on the way: no index, key, CHECK, generated column or foreign key. Where something does, every
//! row must have a value that the affinity leaves alone.

use super::draft::{Draft, Source};
use super::in_place::{Condition, Needs, indexed};
use super::table_state::TableState;
use crate::schema::{Affinity, ColumnRule, TableRule, mentions};
use crate::sql::{TokenType as T, quote, same_name, tokens};

/// Values written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// The column.
    pub column: String,
    /// The statement.
    pub update: String,
    /// What holds for a value that could be spelt otherwise afterwards, if any could.
    pub spelling: Option<String>,
}

/// `ALTER column TYPE …` after the text is edited, or why a copy is needed.
pub(super) fn set_type(
    name: &str,
    using: Option<&str>,
    state: &TableState,
    before: &Draft,
    after: &Draft,
) -> Result<Needs, String> {
    let (Some(old), Some(new)) = (before.table.column(name), after.table.column(name)) else {
        return Err("the column is not there".into());
    };
    if before.table.rowid_alias() != after.table.rowid_alias() {
        return Err("the column becomes the rowid, or ceases to be".into());
    }
    let mut needs = Needs { verify: before.table.options.strict, ..Needs::default() };
    if before.table.collation(old) != after.table.collation(new) {
        if before.table.options.without_rowid && in_primary_key(before, name) {
            return Err("rows are stored in the order of the key".into());
        }
        if stored_from(before, name) {
            return Err("a STORED column may depend on the collation".into());
        }
        (needs.reindex, needs.verify) = (true, true);
    }
    let (from, to) = (before.table.affinity(old), after.table.affinity(new));
    let integers = |affinity| matches!(affinity, Affinity::Integer | Affinity::Numeric);
    let same = from == to || (integers(from) && integers(to));
    // One that this batch frees of its expression is still computed when its values are converted.
    let was = state.table.column(name).is_some_and(|column| column.generated().is_some());
    let generated = was || old.generated().is_some();
    if using.is_none() && same {
        return if generated && from != to { Err("the column is generated".into()) } else { Ok(needs) };
    }
    if generated || before.table.options.strict || before.table.rowid_alias() == before.table.position(name) {
        return Err("every value has to be checked against the new type".into());
    }
    if compared(before, name) {
        return Err("a rule or an expression compares the column".into());
    }
    if old.default().is_some() {
        needs.conditions.push(Condition::FullRows { column: name.to_owned() });
    }
    let column = quote(name);
    if from == Affinity::Real {
        // "as an internal optimization, small floating point values with no fractional component
        // … are written to disk as integers": https://sqlite.org/datatype3.html#affinity
        needs.conditions.push(no_value(state, name, "'real'", "floating-point numbers"));
    }
    let changed = match (using, to) {
        (Some(expression), _) => {
            safe(expression, name, before)?;
            return convert(state, needs, before, name, &format!("({expression})"), String::new(), None);
        }
        (None, Affinity::Blob) => return Ok(needs),
        (None, Affinity::Text) => "'integer', 'real'",
        (None, Affinity::Integer | Affinity::Numeric) => "'text', 'real'",
        (None, Affinity::Real) => "'integer', 'text'",
    };
    if indexed(before, name) {
        needs.conditions.push(no_value(state, name, changed, "values to convert in an index"));
        (needs.reindex, needs.verify) = (true, true);
        return Ok(needs);
    }
    // A REAL column reads an integer as a floating-point number already: its type no longer tells.
    let which = match to {
        Affinity::Real => format!(" WHERE {column} IS NOT NULL"),
        _ => format!(" WHERE typeof({column}) IN ({changed})"),
    };
    convert(state, needs, before, name, &column, which, spelling(&column, to))
}

fn convert(
    state: &TableState,
    mut needs: Needs,
    before: &Draft,
    name: &str,
    value: &str,
    which: String,
    spelling: Option<String>,
) -> Result<Needs, String> {
    if indexed(before, name) {
        return Err("an index holds the values to convert".into());
    }
    let (table, column) = (state.qualified(), quote(name));
    needs.conversion = Some(Conversion {
        column: name.to_owned(),
        // OR FAIL keeps no journal of the statement: all is rolled back if it fails.
        update: format!("UPDATE OR FAIL {table} SET {column} = {value}{which}"),
        spelling,
    });
    Ok(needs)
}

fn no_value(state: &TableState, column: &str, types: &str, what: &str) -> Condition {
    Condition::NoRow {
        query: format!(
            "SELECT 1 FROM {} NOT INDEXED WHERE typeof({}) IN ({types}) LIMIT 1",
            state.qualified(),
            quote(column)
        ),
        otherwise: format!("column {column} holds {what}"),
    }
}

/// What holds for values whose text is not the text of their number, and for numbers of which their text is not the
/// whole. Some of them, `'abc'`, stay as they are: the number of those that hold it before and do not after is
/// what was lost.
///
/// The unary plus takes the affinity away, which would make '007' equal 7.
pub(super) fn spelling(column: &str, to: Affinity) -> Option<String> {
    let text = |as_type| {
        format!(
            "typeof({column}) = 'text' AND ('' || CAST({column} AS {as_type})) COLLATE BINARY <> +{column}"
        )
    };
    match to {
        // 1.0e+16, or 10000000000000000.0: a large whole number becomes an integer in a column, and not in a CAST.
        // Before it what nearly always decides: with it the whole takes less than half the time.
        Affinity::Integer | Affinity::Numeric => Some(format!(
            "{} AND (({}) OR (typeof({column}) = 'text' AND (instr({column}, 'e') OR instr({column}, '.0')) \
             AND typeof(CAST({column} AS NUMERIC)) = 'real' \
             AND CAST(CAST({column} AS NUMERIC) AS INTEGER) = CAST({column} AS NUMERIC) \
             AND CAST({column} AS NUMERIC) > -9223372036854775808))",
            may_be_respelt(column, to)?,
            text("NUMERIC")
        )),
        Affinity::Real => Some(format!(
            "({}) OR (typeof({column}) = 'integer' AND CAST({column} AS REAL) IS NOT {column})",
            text("REAL")
        )),
        Affinity::Text => Some(cut_short(column)),
        Affinity::Blob => None,
    }
}

/// SQLite before 3.53 writes 15 digits of the 17 that a floating-point number may need, and no version reads
/// an infinity back.
fn cut_short(column: &str) -> String {
    format!("typeof({column}) = 'real' AND CAST(CAST({column} AS TEXT) AS REAL) IS NOT {column}")
}

/// What holds at least for every value that a copy would spell otherwise, if any could be: quicker to ask than
/// [`spelling`], and enough to know that there is none.
pub(super) fn may_be_respelt(column: &str, to: Affinity) -> Option<String> {
    match to {
        Affinity::Integer | Affinity::Numeric => Some(format!(
            // The comparison first: it nearly always decides, and typeof() is a function's call for each row.
            "CAST(CAST({column} AS INTEGER) AS TEXT) COLLATE BINARY <> +{column} AND typeof({column}) = 'text'"
        )),
        Affinity::Real => Some(format!(
            "typeof({column}) = 'text' OR (typeof({column}) = 'integer' AND CAST({column} AS REAL) IS NOT {column})"
        )),
        Affinity::Text => Some(cut_short(column)),
        Affinity::Blob => None,
    }
}

/// What holds for a value that its own column's type would convert: an edit of the schema can leave such values
/// behind. To copy one is to change it, and what an index holds is the value before.
pub(super) fn is_misfit(column: &str, of: Affinity) -> Option<String> {
    // Numbers sort before texts. The unary plus takes the affinity away; that of the CAST is then applied to
    // the text (https://sqlite.org/datatype3.html#type_conversions_prior_to_comparison).
    let number_in_text = format!("(+{column} >= '' AND +{column} = CAST({column} AS NUMERIC))");
    match of {
        Affinity::Text => Some(format!("+{column} < ''")),
        Affinity::Real => Some(number_in_text),
        Affinity::Integer | Affinity::Numeric => Some(format!(
            "{number_in_text} OR (typeof({column}) = 'real' AND {column} = CAST({column} AS INTEGER))"
        )),
        Affinity::Blob => None,
    }
}

/// An expression gives the same over the edited table as over the old one if nothing in it asks for
/// an affinity: comparisons do (<https://sqlite.org/datatype3.html#type_conversions_prior_to_comparison>).
fn safe(expression: &str, column: &str, before: &Draft) -> Result<(), String> {
    let compares = |kind| {
        matches!(
            kind,
            T::TK_EQ
                | T::TK_NE
                | T::TK_LT
                | T::TK_LE
                | T::TK_GT
                | T::TK_GE
                | T::TK_IS
                | T::TK_IN
                | T::TK_BETWEEN
                | T::TK_CASE
                | T::TK_SELECT
                | T::TK_LIKE_KW
                | T::TK_MATCH
                | T::TK_ISNULL
                | T::TK_NOTNULL
        )
    };
    let all = tokens(expression).map_err(|error| error.to_string())?;
    if all.iter().any(|token| compares(token.kind)) {
        return Err("USING compares, and would compare otherwise under the new type".into());
    }
    let others = before.table.columns.iter().zip(&before.sources);
    let mut others =
        others.filter(|(other, _)| !same_name(&other.name, column) && mentions(expression, &other.name));
    if others.any(|(other, source)| !matches!(source, Source::Column(_)) || other.generated().is_some()) {
        return Err("USING needs a column that this batch changes, or a generated one".into());
    }
    Ok(())
}

/// Whether a CHECK, a generated column, an index's expression or condition, or a foreign key uses
/// the column. Too careful at worst.
fn compared(draft: &Draft, name: &str) -> bool {
    let table = &draft.table;
    let mut spans = table.generated().chain(table.checks().map(|(_, expression)| expression));
    spans.any(|span| mentions(table.text(span), name))
        || draft.indexes.iter().any(|index| index.mentions(name) && index.is_computed())
        || in_foreign_key(draft, name)
}

/// Whether a foreign key, of this table or to it, uses the column.
pub(super) fn in_foreign_key(draft: &Draft, name: &str) -> bool {
    let table = &draft.table;
    let own = table
        .column(name)
        .is_some_and(|column| column.constraints.iter().any(|c| matches!(c.rule, ColumnRule::References(_))));
    let listed = table.constraints.iter().any(|c| {
        matches!(c.rule, TableRule::ForeignKey { .. })
            && c.columns().iter().any(|other| same_name(other, name))
    });
    own || listed || !draft.children_of(name).is_empty()
}

/// Whether a STORED column may be computed from the column, by way of VIRTUAL ones too.
pub(super) fn stored_from(draft: &Draft, name: &str) -> bool {
    let mut generated = draft.table.columns.iter().filter_map(|column| column.generated());
    generated.clone().any(|(_, stored)| stored)
        && generated.any(|(expression, _)| mentions(draft.table.text(expression), name))
}

fn in_primary_key(draft: &Draft, name: &str) -> bool {
    draft.table.primary_key().iter().any(|key| same_name(key, name))
}

#[cfg(all(test, feature = "rusqlite"))]
mod tests {
    use super::*;
    use crate::alter::values::tests::LITERALS;

    #[test]
    fn what_is_spelt_otherwise_is_foreseen() {
        let db = rusqlite::Connection::open_in_memory().unwrap();
        let types = ["TEXT", "TEXT COLLATE NOCASE", "NUMERIC", "INTEGER", "REAL", "BLOB"];
        let of = |name: &str| Affinity::of(name.split(' ').next().unwrap_or_default(), false);
        for (from, to) in types.iter().flat_map(|from| types.map(|to| (*from, to))) {
            let or_none = |condition: Option<String>| condition.unwrap_or_else(|| "0".to_owned());
            let (holds, may) = (or_none(spelling("a", of(to))), or_none(may_be_respelt("a", of(to))));
            db.execute_batch(&format!(
                "DROP TABLE IF EXISTS o; CREATE TABLE o(a {from}); DROP TABLE IF EXISTS n; CREATE TABLE n(a {to})"
            ))
            .unwrap();
            for value in LITERALS {
                db.execute_batch(&format!(
                    "DELETE FROM o; INSERT INTO o VALUES ({value}); DELETE FROM n; INSERT INTO n SELECT a FROM o"
                ))
                .unwrap();
                let ask = |sql: &str| db.query_row(sql, [], |row| row.get::<_, bool>(0)).unwrap();
                let lost = ask(
                    "SELECT CASE WHEN typeof(o.a) = 'real' AND typeof(n.a) = 'text' THEN CAST(n.a AS REAL) IS NOT o.a \
                     ELSE +n.a IS NOT +o.a AND CAST(n.a AS TEXT) IS NOT CAST(o.a AS TEXT) END FROM o, n",
                );
                let (odd, still) = (
                    ask(&format!("SELECT coalesce(({holds}), 0) FROM o")),
                    ask(&format!("SELECT coalesce(({holds}), 0) FROM n")),
                );
                assert_eq!(odd && !still, lost, "{value} as {from} to {to}");
                let foreseen = ask(&format!("SELECT coalesce(({may}), 0) FROM o"));
                assert!(foreseen || !lost, "{value} as {from} to {to}");
            }
        }
    }

    /// Each literal under each type, as an edit of the schema leaves it there: a copy changes no other value than a
    /// misfit, in no way that an index would show.
    #[test]
    fn a_misfit_is_what_a_copy_would_change() {
        let db = rusqlite::Connection::open_in_memory().unwrap();
        for declared in ["TEXT", "NUMERIC", "INTEGER", "REAL", "BLOB"] {
            let of = Affinity::of(declared, false);
            let condition = is_misfit("a", of).unwrap_or_else(|| "0".to_owned());
            for value in LITERALS.iter().chain(&["'2026-11-22'", "'abc'", "''"]) {
                db.execute_batch(&format!(
                    "DROP TABLE IF EXISTS m; DROP TABLE IF EXISTS n; CREATE TABLE m(a); CREATE TABLE n(a {declared}); \
                     INSERT INTO m VALUES ({value}); PRAGMA writable_schema = 1; \
                     UPDATE sqlite_master SET sql = 'CREATE TABLE m(a {declared})' WHERE name = 'm'; \
                     PRAGMA writable_schema = RESET; INSERT INTO n SELECT a FROM m"
                ))
                .unwrap();
                let ask = |sql: &str| db.query_row(sql, [], |row| row.get::<_, bool>(0)).unwrap();
                let changed = ask("SELECT typeof(n.a) <> typeof(m.a) OR +n.a IS NOT +m.a FROM m, n");
                let found = ask(&format!("SELECT coalesce({condition}, 0) FROM m"));
                assert!(found || !changed, "{value} in {declared}");
                // Too careful only with a whole number that 64 bits just hold, and that stays a REAL.
                assert!(changed || !found || value.contains("9223372036854775808"), "{value} in {declared}");
            }
        }
    }
}
