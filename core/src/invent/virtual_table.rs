//! Rows of virtual tables, as far as their modules take any: full text and R-trees.

use super::{Filled, Invented, LeftOut, Wish};
use crate::db::{Database, Value};
use crate::schema::{Object, ObjectKind};
use crate::sql::{quote, same_name, tokens, unquote};

pub(super) fn is_one(sql: &str) -> bool {
    tokens(sql).is_ok_and(|all| all.get(1).is_some_and(|word| word.is_word("VIRTUAL")))
}

/// A table that reads another one's rows, or that triggers feed, gets them from there.
pub(super) fn fill(
    db: &mut dyn Database,
    table: &Object,
    objects: &[Object],
    wish: &Wish,
    invented: &mut Invented,
) {
    let sql = table.sql.as_deref().unwrap_or_default();
    let words = tokens(sql).unwrap_or_default();
    let external = words.iter().any(|word| word.is_word("content"));
    let fed = objects.iter().any(|object| object.kind == ObjectKind::Trigger && names(object, &table.name));
    if external || fed {
        return;
    }
    let name = format!("main.{}", quote(&table.name));
    let columns = "SELECT name FROM pragma_table_info(?1, 'main')";
    let columns = db.texts(columns, &[table.name.as_str().into()]).unwrap_or_default();
    let marks: Vec<String> = (1..=columns.len()).map(|number| format!("?{number}")).collect();
    let list: Vec<String> = columns.iter().map(|column| quote(column)).collect();
    let insert = format!("INSERT INTO {name}({}) VALUES ({})", list.join(", "), marks.join(", "));
    let (mut rows, mut reason) = (0, String::new());
    for number in 0..wish.rows as i64 {
        let text = |column: &String| Value::Text(format!("{column} naïve 日本 {number}"));
        let texts: Vec<Value> = columns.iter().map(text).collect();
        // The corners of an R-tree: a box without extent, at another place for each row.
        let numbers = vec![Value::Integer(number + 1); columns.len()];
        let taken = [texts, numbers].iter().any(|values| match db.query(&insert, values, &mut |_| Ok(())) {
            Ok(()) => true,
            Err(error) => {
                reason = error.to_string();
                false
            }
        });
        rows += u64::from(taken);
    }
    let table = table.name.clone();
    match rows {
        0 if wish.rows > 0 => invented.left_out.push(LeftOut { table, reason }),
        _ => invented.tables.push(Filled { table, rows }),
    }
}

fn names(object: &Object, table: &str) -> bool {
    let all = object.sql.as_deref().map(tokens).and_then(Result::ok).unwrap_or_default();
    all.iter().any(|word| same_name(&unquote(word.text), table))
}
