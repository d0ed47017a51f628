//! Values of one column: such as an app writes, and such as nobody expects.

use super::clues::clues;
use super::random::Random;
use crate::db::Value;
use crate::schema::{Affinity, ColumnDef, TableDef, mentions};
use crate::sql::{TokenType as T, tokens, unquote};

/// How a row is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// As an app would write it: no NULL, no surprise.
    Plain,
    /// NULL wherever it may stand.
    Nulls,
    /// What is allowed, and not expected.
    Odd,
    /// Of each something.
    Mixed,
}

/// Integers at the edges: of 32 bits, of what a double can hold, of 64 bits.
const INTEGERS: [i64; 9] = [
    0,
    -1,
    127,
    2_147_483_648,
    -2_147_483_649,
    9_007_199_254_740_993,
    -9_007_199_254_740_993,
    i64::MAX,
    i64::MIN,
];

const REALS: [f64; 8] =
    [0.0, -0.5, 0.1, 1e15, 1e-300, 1.797_693_134_862_315_7e308, 3.0, 123_456_789.123_456_79];

/// Texts that trip: empty, blank, quotes, line ends, U+0000, other scripts, combining marks, right to
/// left, beyond the basic plane, what looks like a number or like SQL.
const TEXTS: [&str; 18] = [
    "",
    " ",
    "O'Brien",
    "say \"hi\"",
    "two\nlines\r\n",
    "a\0b",
    "naïve",
    "e\u{301}",
    "日本語",
    "عربى",
    "🦀🇺🇳",
    "007",
    "1e3",
    " 5 ",
    "-0",
    "NULL",
    "x'00'",
    "'; DROP TABLE t; --",
];

/// One column that a row gives a value to.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub name: String,
    pub not_null: bool,
    /// It is the rowid.
    pub rowid: bool,
    affinity: Affinity,
    /// The type's name, in capitals.
    type_name: String,
    strict: bool,
    /// What the CHECKs that name it, and its own DEFAULT, tell.
    clues: Vec<Value>,
    /// What an app would write.
    looks: Looks,
}

/// What an app keeps in a column, by its type and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looks {
    Truth,
    Moment,
    Day,
    Json,
    Any,
}

impl Column {
    pub fn new(table: &TableDef, at: usize) -> Column {
        let column = &table.columns[at];
        let type_name = table.declared_type(column).to_ascii_uppercase();
        let rowid = table.rowid_alias() == Some(at);
        let keyed = table.options.without_rowid && table.primary_key().iter().any(|key| *key == column.name);
        let strict_key = table.options.strict && table.primary_key().iter().any(|key| *key == column.name);
        Column {
            name: column.name.clone(),
            not_null: column.is_not_null() || rowid || keyed || strict_key,
            rowid,
            affinity: table.affinity(column),
            strict: table.options.strict,
            clues: told(table, column),
            looks: looks(&type_name, &column.name.to_ascii_lowercase()),
            type_name,
        }
    }

    /// A value; `count` is another one for each row.
    pub fn value(&self, style: Style, count: i64, random: &mut Random) -> Value {
        let clue = !self.clues.is_empty() && !random.once_in(4);
        if self.rowid && !clue {
            return Value::Integer(match style {
                Style::Odd if random.once_in(3) => 9_007_199_254_740_993 + count,
                Style::Odd if random.once_in(3) => -count,
                // With gaps.
                _ => count * 3 + random.below(2) as i64,
            });
        }
        let null = match style {
            Style::Plain => false,
            Style::Nulls => true,
            Style::Odd => random.once_in(6),
            Style::Mixed => random.once_in(3),
        };
        if null && !self.not_null {
            return Value::Null;
        }
        if clue {
            return random.pick(&self.clues).cloned().unwrap_or(Value::Null);
        }
        let odd = style == Style::Odd || (style == Style::Mixed && random.once_in(2));
        match (self.kind(odd, random), odd) {
            (Affinity::Integer | Affinity::Numeric, true) => {
                Value::Integer(next_of(&INTEGERS, count, random).copied().unwrap_or_default())
            }
            (Affinity::Real, true) => {
                Value::Real(next_of(&REALS, count, random).copied().unwrap_or_default())
            }
            (Affinity::Text, true) if random.once_in(12) => Value::Text("long ü ".repeat(1500)),
            (Affinity::Text, true) => {
                Value::Text(next_of(&TEXTS, count, random).map(|text| (*text).to_owned()).unwrap_or_default())
            }
            (Affinity::Blob, true) => {
                Value::Blob([&[][..], &[0, 255, 0x80], &[0; 300]][random.below(3)].to_vec())
            }
            (kind, false) => self.plain(kind, count),
        }
    }

    /// The kind of a value: mostly the column's own. Outside of STRICT any column holds anything.
    fn kind(&self, odd: bool, random: &mut Random) -> Affinity {
        let all = [Affinity::Integer, Affinity::Real, Affinity::Text, Affinity::Blob];
        let anything = self.affinity == Affinity::Blob && (!self.strict || self.type_name == "ANY");
        if (odd && !self.strict && random.once_in(3)) || (odd && anything) {
            return all[random.below(all.len())];
        }
        self.affinity
    }

    fn plain(&self, kind: Affinity, count: i64) -> Value {
        match (self.looks, kind) {
            (Looks::Truth, Affinity::Integer | Affinity::Numeric) => Value::Integer(count % 2),
            (Looks::Moment, Affinity::Text | Affinity::Numeric) => {
                Value::Text(format!("2024-02-{:02} 12:34:56", 1 + count.rem_euclid(29)))
            }
            (Looks::Day, Affinity::Text | Affinity::Numeric) => {
                Value::Text(format!("2024-02-{:02}", 1 + count.rem_euclid(29)))
            }
            (Looks::Json, Affinity::Text | Affinity::Numeric) => Value::Text(format!("{{\"n\": {count}}}")),
            (_, Affinity::Integer | Affinity::Numeric) => Value::Integer(10 + count),
            (_, Affinity::Real) => Value::Real(count as f64 + 0.25),
            (_, Affinity::Text) => Value::Text(format!("{} {count}", self.name)),
            (_, Affinity::Blob) if self.strict && self.type_name == "BLOB" => {
                Value::Blob(count.to_be_bytes().to_vec())
            }
            (_, Affinity::Blob) => Value::Text(format!("{} {count}", self.name)),
        }
    }
}

/// One of a list after the other, as rows come.
fn next_of<'a, T>(list: &'a [T], count: i64, random: &mut Random) -> Option<&'a T> {
    let at = count.rem_euclid(list.len().max(1) as i64) as usize + random.below(3);
    list.get(at % list.len().max(1))
}

fn told(table: &TableDef, column: &ColumnDef) -> Vec<Value> {
    let mut found = Vec::new();
    for (whole, expression) in table.checks() {
        let own = column.span.start <= whole.start && whole.end <= column.span.end;
        if own || mentions(table.text(expression), &column.name) {
            found.extend(clues(table.text(expression)));
        }
    }
    if !found.is_empty() {
        found.extend(column.default().and_then(|span| literal(table.text(span))));
    }
    found
}

/// A DEFAULT that is a literal.
fn literal(text: &str) -> Option<Value> {
    match &tokens(text).ok()?[..] {
        [one] if one.kind == T::TK_STRING => Some(Value::Text(unquote(one.text))),
        [one] if one.kind == T::TK_INTEGER => one.text.parse().ok().map(Value::Integer),
        _ => None,
    }
}

fn looks(type_name: &str, name: &str) -> Looks {
    if type_name.starts_with("BOOL") || name.starts_with("is_") || name.starts_with("has_") {
        Looks::Truth
    } else if type_name.starts_with("DATETIME") || type_name.starts_with("TIMESTAMP") || name.ends_with("_at")
    {
        Looks::Moment
    } else if type_name == "DATE" || name.ends_with("_date") {
        Looks::Day
    } else if type_name.starts_with("JSON") {
        Looks::Json
    } else {
        Looks::Any
    }
}
