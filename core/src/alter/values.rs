//! The values that rows will have: the ones that SQLite would store, asked for before anything is
//! written.

use super::draft::{Draft, Source};
use super::table_state::TableState;
use crate::schema::{Affinity, ColumnDef, ColumnRule, Span, TableDef, mentions};
use crate::sql::{TokenType as T, literal, quote, same_text, tokens, unquote};

/// A temporary table that holds the rows-to-be as SQLite itself makes them: affinity, collation,
/// defaults and generated columns are the new table's own, its rules are left out. No expression
/// over the old table gives that exactly: a CAST converts more than a column does, and a converted
/// value no longer compares as its column would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    /// Creates the temporary table.
    pub create: String,
    /// Fills it from the old table.
    pub fill: String,
    /// Drops it.
    pub drop: String,
    /// As it stands behind FROM: under the name of the altered table.
    pub from: String,
    /// The column that holds the old row's key as text.
    pub key: String,
}

impl Values {
    /// The columns that `needed` lists, and those that they are generated from. `first` takes one
    /// row only: enough where every row gets the same.
    pub fn new(state: &TableState, draft: &Draft, needed: &[usize], key: &str, first: bool) -> Values {
        let table = &draft.table;
        let name = state.unused_name("limbeck_values");
        let key_column = unused_column(table);
        let mut definitions = vec![quote(&key_column)];
        let (mut into, mut select) = (vec![quote(&key_column)], vec![key.to_owned()]);
        for at in with_origins(table, needed) {
            let column = &table.columns[at];
            definitions.push(definition(table, column));
            if column.generated().is_some() {
                continue;
            }
            let value = match &draft.sources[at] {
                Source::Column(old) | Source::Converted(old) => quote(old),
                Source::Expression(expression) => format!("({expression})"),
                Source::Default => continue,
            };
            into.push(quote(&column.name));
            select.push(value);
        }
        let temporary = format!("temp.{}", quote(&name));
        let old = quote(&state.table.name);
        Values {
            create: format!("CREATE TABLE {temporary}({})", definitions.join(", ")),
            fill: format!(
                "INSERT INTO {temporary}({}) SELECT {} FROM {}.{old} NOT INDEXED{}",
                into.join(", "),
                select.join(", "),
                quote(&state.schema),
                if first { " LIMIT 1" } else { "" }
            ),
            drop: format!("DROP TABLE {temporary}"),
            from: format!("{temporary} AS {old}"),
            key: quote(&key_column),
        }
    }
}

fn unused_column(table: &TableDef) -> String {
    let mut name = "limbeck_key".to_owned();
    while table.column(&name).is_some() {
        name.push('_');
    }
    name
}

/// `needed`, and what generated columns among them are made from, in the order of the table.
fn with_origins(table: &TableDef, needed: &[usize]) -> Vec<usize> {
    let mut all = needed.to_vec();
    let mut next = 0;
    while let Some(&at) = all.get(next) {
        next += 1;
        if let Some((span, _)) = table.columns[at].generated() {
            let expression = table.text(span);
            let origins = (0..table.columns.len())
                .filter(|&other| mentions(expression, &table.columns[other].name) && !all.contains(&other));
            all.extend(origins.collect::<Vec<_>>());
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// What makes a column's values, and none of its rules.
fn definition(table: &TableDef, column: &ColumnDef) -> String {
    let affinity = table.affinity(column);
    // In a STRICT table ANY is no affinity; here it would be NUMERIC.
    let type_name = if affinity == Affinity::Blob { "" } else { table.type_name(column) };
    let mut text = format!("{} {type_name}", quote(&column.name));
    for constraint in &column.constraints {
        let makes = matches!(
            constraint.rule,
            ColumnRule::Collate(_) | ColumnRule::Default(_) | ColumnRule::Generated { .. }
        );
        if makes {
            text.push(' ');
            text.push_str(table.text(&constraint.span));
        }
    }
    text
}

/// Which columns of the draft may hold other values than before, or compare otherwise.
pub(super) fn changed(state: &TableState, draft: &Draft) -> Vec<bool> {
    let (old, new) = (&state.table, &draft.table);
    let columns = new.columns.iter().zip(&draft.sources).enumerate();
    let mut changed: Vec<bool> = columns.map(|(at, pair)| column_changes(old, new, at, pair)).collect();
    // What is generated from a changed column changes, and so on.
    let generated = (0..new.columns.len()).filter_map(|at| Some((at, new.columns[at].generated()?.0)));
    let generated: Vec<(usize, &Span)> = generated.collect();
    for _ in &generated {
        for &(at, expression) in &generated {
            let mentioned = |other: usize| mentions(new.text(expression), &new.columns[other].name);
            changed[at] |= (0..new.columns.len()).any(|other| changed[other] && mentioned(other));
        }
    }
    changed
}

fn column_changes(
    old: &TableDef,
    new: &TableDef,
    at: usize,
    (column, source): (&ColumnDef, &Source),
) -> bool {
    let (Source::Column(from) | Source::Converted(from)) = source else { return true };
    // As a rule it stands where it stood.
    let in_place = old.columns.get(at).filter(|was| was.name == *from);
    let Some(was) = in_place.or_else(|| old.column(from)) else { return true };
    if old.options == new.options && old.text(&was.span) == new.text(&column.span) {
        return false;
    }
    let expression = match (was.generated(), column.generated()) {
        (Some((before, _)), Some((after, _))) => !same_text(old.text(before), new.text(after)),
        (before, after) => before.is_none() && after.is_some(),
    };
    // To INTEGER and to NUMERIC the same is converted.
    let class = |affinity| if affinity == Affinity::Integer { Affinity::Numeric } else { affinity };
    expression
        || class(old.affinity(was)) != class(new.affinity(column))
        || old.collation(was) != new.collation(column)
}

/// A column's default as an expression. Behind DEFAULT a bare word and a word in double quotes are
/// strings; elsewhere they would be a column.
pub(crate) fn default_expression(text: &str) -> String {
    let word = match &tokens(text).unwrap_or_default()[..] {
        [word] => (word.kind, word.text),
        _ => return text.to_owned(),
    };
    match word {
        (T::TK_STRING | T::TK_INTEGER | T::TK_FLOAT | T::TK_BLOB | T::TK_NULL | T::TK_CTIME_KW, text) => {
            text.to_owned()
        }
        (_, text) if text.eq_ignore_ascii_case("true") => "1".to_owned(),
        (_, text) if text.eq_ignore_ascii_case("false") => "0".to_owned(),
        (_, text) => literal(&unquote(text)),
    }
}

/// An expression's value as a column of that affinity would store it. The comparison gives text
/// NUMERIC affinity, so that it is equal to its CAST just where a column would convert it
/// (<https://sqlite.org/datatype3.html#type_conversions_prior_to_comparison>).
pub(super) fn as_stored(expression: &str, affinity: Affinity) -> String {
    if is_of(expression, affinity) {
        return expression.to_owned();
    }
    // A subquery without FROM is computed once, random() too.
    let of = |value: &str, from: String| format!("(SELECT {value} FROM (SELECT {from} AS v))");
    let read = of(
        "CASE WHEN typeof(v) = 'text' AND CAST(v AS NUMERIC) = +v THEN CAST(v AS NUMERIC) ELSE v END",
        expression.to_owned(),
    );
    let number = of(
        "CASE WHEN typeof(v) = 'real' AND CAST(v AS INTEGER) = v AND v > -9223372036854775808 \
         THEN CAST(v AS INTEGER) ELSE v END",
        read,
    );
    match affinity {
        Affinity::Blob => expression.to_owned(),
        Affinity::Numeric | Affinity::Integer => number,
        Affinity::Real => of("CASE typeof(v) WHEN 'integer' THEN CAST(v AS REAL) ELSE v END", number),
        Affinity::Text => of(
            "CASE WHEN typeof(v) IN ('integer', 'real') THEN CAST(v AS TEXT) ELSE v END",
            expression.to_owned(),
        ),
    }
}

/// Whether it is a literal that a column of that affinity stores as it is.
fn is_of(expression: &str, affinity: Affinity) -> bool {
    let kind = literal_kind(expression);
    match kind {
        Some(T::TK_NULL | T::TK_BLOB) => true,
        Some(T::TK_STRING) => affinity == Affinity::Text,
        Some(T::TK_INTEGER) => matches!(affinity, Affinity::Integer | Affinity::Numeric),
        _ => false,
    }
}

/// Which literal an expression is, a sign before it aside; none if it is more than that.
pub(super) fn literal_kind(expression: &str) -> Option<T> {
    let all = tokens(expression).ok()?;
    let literal = match &all[..] {
        [sign, number] if matches!(sign.kind, T::TK_PLUS | T::TK_MINUS) => number,
        [literal] => literal,
        _ => return None,
    };
    let is = [T::TK_NULL, T::TK_BLOB, T::TK_STRING, T::TK_INTEGER, T::TK_FLOAT].contains(&literal.kind);
    is.then_some(literal.kind)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Values that types hold, convert and spell in different ways, as SQL.
    pub const LITERALS: &[&str] = &[
        "NULL",
        "0",
        "-1",
        "9007199254740993",
        "9223372036854775807",
        "-9223372036854775808",
        "1.0",
        "-0.0",
        "0.1",
        "1e15",
        "1e16",
        "1e18",
        "9223372036854775807.0",
        "-9223372036854775808.0",
        "1e19",
        "1e300",
        "9e999",
        "''",
        "'abc'",
        "'5'",
        "'007'",
        "' 5 '",
        "'5.0'",
        "'5.5'",
        "'1e3'",
        "'1e-3'",
        "'5x'",
        "'0x1F'",
        "'-0'",
        "'+7'",
        "'.5'",
        "'5.'",
        "'1e400'",
        "'9007199254740993'",
        "'9223372036854775807'",
        "'9223372036854775808'",
        "'-9223372036854775809'",
        "'9223372036854775807.0'",
        "'1e15'",
        "'1e16'",
        "'1.0e+16'",
        "'-9223372036854775808.0'",
        "'1e19'",
        "'inf'",
        "'nan'",
        "'é'",
        "x''",
        "x'35'",
        "'5' || char(0)",
        "char(160) || '5'",
        "'0.1'",
        "'123456789012345678901234567890'",
        "'100000000000000000000'",
        "140737488355328",
        "'140737488355328'",
    ];

    #[test]
    fn defaults_as_expressions() {
        for (default, want) in [
            ("5", "5"),
            ("-5", "-5"),
            ("'a'", "'a'"),
            ("word", "'word'"),
            ("\"it's\"", "'it''s'"),
            ("[a b]", "'a b'"),
            ("TRUE", "1"),
            ("false", "0"),
            ("null", "null"),
            ("CURRENT_DATE", "CURRENT_DATE"),
            ("x'00'", "x'00'"),
            ("(1 + 1)", "(1 + 1)"),
        ] {
            assert_eq!(default_expression(default), want, "{default}");
        }
    }

    #[cfg(feature = "rusqlite")]
    #[test]
    fn values_are_those_that_a_column_stores() {
        let db = rusqlite::Connection::open_in_memory().unwrap();
        for (type_name, affinity) in [
            ("TEXT", Affinity::Text),
            ("NUMERIC", Affinity::Numeric),
            ("INTEGER", Affinity::Integer),
            ("REAL", Affinity::Real),
            ("", Affinity::Blob),
        ] {
            db.execute_batch(&format!("DROP TABLE IF EXISTS c; CREATE TABLE c(a {type_name})")).unwrap();
            for value in LITERALS {
                let stored = "SELECT typeof(a) || quote(a) FROM c WHERE rowid = (SELECT max(rowid) FROM c)";
                db.execute_batch(&format!("INSERT INTO c VALUES ({value})")).unwrap();
                let want: String = db.query_row(stored, [], |row| row.get(0)).unwrap();
                let asked = as_stored(value, affinity);
                let sql = format!("SELECT typeof(a) || quote(a) FROM (SELECT {asked} AS a)");
                let found: String = db.query_row(&sql, [], |row| row.get(0)).unwrap();
                assert_eq!(found, want, "{value} as {type_name}");
            }
        }
    }
}
