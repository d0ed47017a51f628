//! A schema in a few letters: two schemas have the same exactly where nothing differs.

use sha2::{Digest, Sha256};

use super::schema::{Reader, Schema};
use super::shape::{Column, Key, KeyColumn, Reference, Rule, Says, Shape};
use crate::error::Result;
use crate::schema::Object;
use crate::sql::{hex, literal};

/// How meanings are told; another way is another number, and compares with none of the old. Names are told as
/// literals of SQL: what Rust's `{:?}` escapes hangs on the version of Unicode that its compiler knows.
const EDITION: &str = "2";

/// `2:` and the SHA-256, in hexadecimal, of what a schema means: spelling, layout and the order of columns and of
/// objects do not count.
///
/// Errors: [`ErrorKind::SqlSyntax`](crate::ErrorKind::SqlSyntax) for a text that cannot be read.
pub fn fingerprint(objects: &[Object]) -> Result<String> {
    Schema::read(objects).map(|schema| of(&schema))
}

/// The same, where somebody else reads the tables' texts.
///
/// Errors: those of the reader too.
pub fn fingerprint_by(objects: &[Object], definition: &mut Reader<'_>) -> Result<String> {
    Schema::read_by(objects, definition).map(|schema| of(&schema))
}

fn of(schema: &Schema<'_>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for table in &schema.tables {
        lines.push(format!("table {} {}", literal(&table.name), shape(&table.shape, schema)));
    }
    for other in &schema.others {
        let (name, table) = (literal(&other.name), literal(&other.table));
        lines.push(format!("{} {name} {table} {}", other.object.kind.as_str(), other.text));
    }
    lines.sort_unstable();
    let sum = Sha256::digest(lines.join("\n").as_bytes());
    format!("{EDITION}:{}", hex(&sum))
}

/// Whether two fingerprints tell of different schemas: of two editions nothing is known.
pub fn differ(one: &str, other: &str) -> bool {
    let edition = |text: &str| text.split_once(':').map(|(edition, _)| edition.to_owned());
    edition(one) == edition(other) && one != other
}

fn shape(shape: &Shape, schema: &Schema<'_>) -> String {
    let Shape { columns, key, rules, strict, without_rowid, autoincrement } = shape;
    let mut parts: Vec<String> = columns.iter().map(column).collect();
    parts.extend(rules.iter().map(|each| rule(each, schema)));
    parts.sort_unstable();
    parts.extend(key.as_ref().map(self::key));
    parts.push(format!("{strict} {without_rowid} {autoincrement}"));
    parts.join(" | ")
}

fn column(column: &Column) -> String {
    let Column { name, kind, collation, not_null, default, generated } = column;
    let (name, collation, not_null) = (literal(name), literal(collation), given(not_null.as_deref()));
    let default = default.as_ref().map(ToString::to_string).unwrap_or_default();
    let generated = generated.as_ref().map(|(expression, stored)| format!("{expression} {stored}"));
    let generated = generated.unwrap_or_default();
    format!("column {name} {kind} {collation} {not_null} default {default} generated {generated}")
}

fn key(key: &Key) -> String {
    // How it is spelt is no part of it.
    let Key { name, columns, conflict, no_rowid, sql: _ } = key;
    format!("key {} {} {conflict} {no_rowid}", given(name.as_deref()), listed(columns))
}

/// `-` for none: not even an empty name is told so.
fn given(name: Option<&str>) -> String {
    name.map_or_else(|| "-".to_owned(), literal)
}

fn names(names: &[String]) -> String {
    names.iter().map(|name| literal(name)).collect::<Vec<_>>().join(", ")
}

fn listed(columns: &[KeyColumn]) -> String {
    let one = |KeyColumn { name, collation, descending }: &KeyColumn| {
        format!("{} {} {descending}", literal(name), literal(collation))
    };
    columns.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn rule(rule: &Rule, schema: &Schema<'_>) -> String {
    let Rule { name, says, beside: _, repeated: _, sql: _ } = rule;
    let says = match says {
        Says::Unique { columns, conflict } => format!("unique {} {conflict}", listed(columns)),
        Says::Check(expression) => format!("check {expression}"),
        Says::References(reference) => {
            let Reference { columns, table, parents, on_delete, on_update, matching, deferred } = reference;
            // `REFERENCES p` is about p's primary key.
            let parent = schema.table(table).filter(|_| parents.is_empty());
            let parents = parent.map_or_else(|| parents.clone(), |parent| parent.shape.key_columns());
            let (columns, table, parents) = (names(columns), literal(table), names(&parents));
            format!(
                "references ({columns}) {table} ({parents}) {on_delete} {on_update} {matching} {deferred}"
            )
        }
    };
    format!("rule {} {says}", given(name.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ObjectKind;

    fn fingerprint_of(sql: &str) -> String {
        let object = Object {
            schema: "main".to_owned(),
            kind: ObjectKind::Table,
            name: "t".to_owned(),
            table: "t".to_owned(),
            sql: Some(sql.to_owned()),
        };
        fingerprint(&[object]).unwrap()
    }

    #[test]
    fn no_two_schemas_are_told_alike() {
        let texts = [
            r#"CREATE TABLE t(a, b)"#,
            r#"CREATE TABLE t("a, b")"#,
            r#"CREATE TABLE t("a' 'b")"#,
            r#"CREATE TABLE t(a DEFAULT 'generated', b)"#,
            r#"CREATE TABLE t(a AS ('default'), b)"#,
            r#"CREATE TABLE t(a, b, UNIQUE (a, b))"#,
            r#"CREATE TABLE t(a, b, CONSTRAINT "-" UNIQUE (a, b))"#,
            r#"CREATE TABLE t(a, b, CONSTRAINT "" UNIQUE (a, b))"#,
            r#"CREATE TABLE t(a, b REFERENCES p)"#,
            r#"CREATE TABLE t(a, b REFERENCES p(a))"#,
            r#"CREATE TABLE t(a, b REFERENCES "p(a)")"#,
            "CREATE TABLE t(\"a\u{200b}\", b)",
        ];
        let told: std::collections::HashSet<String> = texts.iter().map(|text| fingerprint_of(text)).collect();
        assert_eq!(told.len(), texts.len());
        assert_eq!(fingerprint_of(texts[0]), fingerprint_of("CREATE TABLE T( [b], `a` )"));
    }
}
