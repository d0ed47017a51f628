//! The unique keys of a table, those of written indexes included, as lists of SQL values.

use crate::schema::{ColumnRule, IndexedColumn, Object, TableDef, TableRule};
use crate::sql::{TokenType as T, index_entries, quote, same_text, tokens};

/// Values that no two rows may share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// As SQL, for a message.
    pub title: String,
    /// Columns or expressions, with the collation that the key names.
    pub values: Vec<String>,
    /// The WHERE of a partial index.
    pub condition: Option<String>,
    /// Whether it is the primary key.
    pub primary: bool,
    /// Whether the values are columns.
    pub plain: bool,
}

impl Key {
    /// Whether it demands the same.
    pub fn same(&self, other: &Key) -> bool {
        let condition = match (&self.condition, &other.condition) {
            (Some(a), Some(b)) => same_text(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        let values = self.values.iter().zip(&other.values).all(|(a, b)| same_text(a, b));
        condition && values && self.values.len() == other.values.len()
    }

    /// All that it looks at.
    pub fn text_of_all(&self) -> String {
        let values = self.values.join(", ");
        match &self.condition {
            Some(condition) => format!("{values}, {condition}"),
            None => values,
        }
    }
}

/// The unique keys of a table, and of those of its indexes that are written out.
pub(super) fn unique_keys(table: &TableDef, indexes: &[Object]) -> Vec<Key> {
    let key = |title: String, values: Vec<String>, primary| Key {
        title,
        values,
        condition: None,
        primary,
        plain: true,
    };
    let of_columns = table.columns.iter().flat_map(|column| {
        column.constraints.iter().filter_map(move |c| {
            let word = match c.rule {
                ColumnRule::PrimaryKey { .. } => "PRIMARY KEY",
                ColumnRule::Unique => "UNIQUE",
                _ => return None,
            };
            let title = format!("{} {word}", quote(&column.name));
            Some(key(title, vec![quote(&column.name)], word == "PRIMARY KEY"))
        })
    });
    let of_table = table.constraints.iter().filter_map(|c| {
        let (columns, primary) = match &c.rule {
            TableRule::PrimaryKey { columns, .. } => (columns, true),
            TableRule::Unique(columns) => (columns, false),
            _ => return None,
        };
        let values = columns.iter().map(value).collect();
        Some(key(table.text(&c.span).to_owned(), values, primary))
    });
    of_columns.chain(of_table).chain(indexes.iter().filter_map(of_index)).collect()
}

fn value(column: &IndexedColumn) -> String {
    let collation = column.collation.as_ref().map(|name| format!(" COLLATE {}", quote(name)));
    format!("{}{}", quote(&column.name), collation.unwrap_or_default())
}

/// `CREATE UNIQUE INDEX i ON t(value [ASC|DESC], …) [WHERE condition]`
fn of_index(index: &Object) -> Option<Key> {
    let sql = index.sql.as_deref()?;
    let all = tokens(sql).ok()?;
    all.get(1).filter(|token| token.kind == T::TK_UNIQUE)?;
    let (values, condition) = index_entries(sql, &all)?;
    Some(Key { title: format!("unique {}", index.title()), values, condition, primary: false, plain: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ObjectKind;

    #[test]
    fn keys_of_all_kinds() {
        let table = TableDef::parse(
            "CREATE TABLE t(a UNIQUE, b PRIMARY KEY, c, UNIQUE (b COLLATE nocase, c DESC), CHECK (a))",
        )
        .unwrap();
        let index = |sql: &str| Object {
            schema: "main".into(),
            kind: ObjectKind::Index,
            name: "i".into(),
            table: "t".into(),
            sql: Some(sql.into()),
        };
        let indexes = [
            index("CREATE INDEX i ON t(a)"),
            index("CREATE UNIQUE INDEX i ON \"t\" (lower(a, 1) DESC, (b) COLLATE x ASC) WHERE c > 0"),
        ];
        let found = unique_keys(&table, &indexes);
        let values: Vec<String> = found.iter().map(Key::text_of_all).collect();
        assert_eq!(values, ["a", "b", "b COLLATE nocase, c", "lower(a, 1), (b) COLLATE x,  c > 0"]);
    }
}
