//! The unique keys of a table, those of written indexes included, as lists of SQL values.

use crate::schema::{ColumnRule, IndexedColumn, Object, TableDef, TableRule};
use crate::sql::{TokenType as T, index_entries, lower, quote, same_text, tokens};

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

/// The columns of each index that SQLite makes for the constraints of a table, in the order in which it numbers
/// them (`sqlite_autoindex_<table>_<number>`,
/// <https://sqlite.org/fileformat2.html#internal_schema_objects>), in small letters.
///
/// That is the order of the text, but for `INTEGER PRIMARY KEY` in a WITHOUT ROWID table, which SQLite takes for
/// the rowid until it has read all. Of two over the same columns and collations the second makes none.
pub(super) fn own_indexes(table: &TableDef) -> Vec<Vec<String>> {
    let entry = |name: &str, named: Option<&str>| {
        let collation = table.column(name).map_or_else(|| "BINARY".to_owned(), |c| table.collation(c));
        (lower(name), lower(named.unwrap_or(&collation)))
    };
    let of_columns = table.columns.iter().flat_map(|column| {
        column.constraints.iter().filter_map(move |c| match c.rule {
            ColumnRule::PrimaryKey { descending, .. } => {
                Some((vec![entry(&column.name, None)], Some(descending)))
            }
            ColumnRule::Unique => Some((vec![entry(&column.name, None)], None)),
            _ => None,
        })
    });
    let of_table = table.constraints.iter().filter_map(|c| {
        let (columns, key) = match &c.rule {
            TableRule::PrimaryKey { columns, .. } => (columns, Some(false)),
            TableRule::Unique(columns) => (columns, None),
            _ => return None,
        };
        Some((columns.iter().map(|c| entry(&c.name, c.collation.as_deref())).collect(), key))
    });
    let integer = |columns: &[(String, String)]| match columns {
        [(name, _)] => table
            .column(name)
            .is_some_and(|column| table.declared_type(column).eq_ignore_ascii_case("INTEGER")),
        _ => false,
    };
    let mut all: Vec<Vec<(String, String)>> = Vec::new();
    let mut last = None;
    for (columns, key) in of_columns.chain(of_table) {
        if key == Some(false) && integer(&columns) {
            last = table.options.without_rowid.then_some(columns);
        } else if !all.contains(&columns) {
            all.push(columns);
        }
    }
    all.extend(last.filter(|columns| !all.contains(columns)));
    all.into_iter().map(|columns| columns.into_iter().map(|(name, _)| name).collect()).collect()
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

    /// As SQLite itself names and numbers them.
    #[cfg(feature = "rusqlite")]
    #[test]
    fn indexes_of_constraints_are_numbered_as_sqlite_does() {
        for body in [
            "(a, b)",
            "(a UNIQUE, b PRIMARY KEY, c, UNIQUE (b, C))",
            "(a INTEGER PRIMARY KEY, b UNIQUE)",
            "(a integer, b UNIQUE, PRIMARY KEY (a DESC))",
            "(a INTEGER PRIMARY KEY DESC, b UNIQUE)",
            "(a INTEGER PRIMARY KEY UNIQUE, b UNIQUE)",
            "(a INT PRIMARY KEY, b UNIQUE) WITHOUT ROWID",
            "(a INTEGER PRIMARY KEY, b UNIQUE, c UNIQUE) WITHOUT ROWID",
            "(a INTEGER PRIMARY KEY DESC, b UNIQUE) WITHOUT ROWID",
            "(a INTEGER PRIMARY KEY UNIQUE, b UNIQUE) WITHOUT ROWID",
            "(a \"INTEGER\", b UNIQUE, PRIMARY KEY (a), UNIQUE (b, a)) WITHOUT ROWID",
            "(a INTEGER, b UNIQUE, PRIMARY KEY (a, b)) WITHOUT ROWID",
            "(a UNIQUE UNIQUE, b, UNIQUE (a DESC), UNIQUE (a COLLATE NOCASE), UNIQUE (b))",
            "(a COLLATE nocase UNIQUE, b, UNIQUE (a COLLATE NOCASE), UNIQUE (b))",
        ] {
            let sql = format!("CREATE TABLE t{body}");
            let db = rusqlite::Connection::open_in_memory().unwrap();
            db.execute_batch(&sql).unwrap();
            let numbers = "SELECT l.name || ':' || group_concat(lower(i.name)) FROM pragma_index_list('t') AS l, \
                           pragma_index_xinfo(l.name) AS i WHERE i.key GROUP BY l.name ORDER BY l.name";
            let mut query = db.prepare(numbers).unwrap();
            let want: Vec<String> =
                query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            let own = own_indexes(&TableDef::parse(&sql).unwrap());
            let found = own.iter().enumerate();
            let found = found.map(|(at, c)| format!("sqlite_autoindex_t_{}:{}", at + 1, c.join(",")));
            assert_eq!(found.collect::<Vec<_>>(), want, "{body}");
        }
    }
}
