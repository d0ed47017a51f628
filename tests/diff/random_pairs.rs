//! Random pairs of schemas, with rows: the migration between them leaves no difference, both ways, and
//! what it does not name keeps its values.

use limbeck::diff::{Options, Rename};
use limbeck::{ErrorKind, RebuildMode};
use rusqlite::Connection;

use crate::pair::{End, leads, made, objects, written};
use crate::random::Random;

const COLUMNS: [&str; 7] = ["id", "a", "b", "c", "d d", "order", "f"];
const TYPES: [&str; 6] = ["", "INT", "INTEGER", "TEXT", "REAL", "VARCHAR(9)"];
const STRICT_TYPES: [&str; 5] = ["INT", "INTEGER", "TEXT", "REAL", "ANY"];

/// The statements of a schema.
fn schema(random: &mut Random) -> Vec<String> {
    let mut all = Vec::new();
    let mut tables: Vec<(String, Vec<&str>)> = Vec::new();
    for number in 0..4 {
        if random.once_in(4) {
            continue;
        }
        let name = format!("t{number}");
        let columns: Vec<&str> = COLUMNS.into_iter().filter(|_| !random.once_in(3)).collect();
        if !columns.is_empty() {
            let parents: Vec<(String, bool)> = tables
                .iter()
                .zip(&all)
                .map(|((name, _), text): (_, &String)| {
                    (name.clone(), text.contains("id INTEGER PRIMARY KEY"))
                })
                .collect();
            let text = table(random, &name, &columns, &parents);
            all.push(text);
            tables.push((name, columns));
        }
    }
    for (name, columns) in &tables {
        for number in 0..random.below(3) {
            let unique = if random.once_in(4) { "UNIQUE " } else { "" };
            let column = quoted(random.pick(columns));
            let of = ["", " DESC", " COLLATE NOCASE"][random.below(3)];
            let part = if random.once_in(4) { format!(" WHERE {column} IS NOT NULL") } else { String::new() };
            all.push(format!("CREATE {unique}INDEX {name}_{number} ON {name}({column}{of}){part}"));
        }
        if random.once_in(3) {
            let column = random.pick(columns);
            let what = if random.once_in(3) { "*".to_owned() } else { quoted(column) };
            all.push(format!("CREATE VIEW {name}_view AS SELECT {what} FROM {name}"));
            if random.once_in(3) {
                all.push(format!("CREATE VIEW {name}_over AS SELECT count(*) AS n FROM {name}_view"));
            }
        }
        if random.once_in(4) {
            let other = &tables[random.below(tables.len())];
            let set = quoted(random.pick(&other.1));
            let kind = random.pick(&["INSERT", "DELETE"]);
            // It compiles, and does nothing.
            let body = format!("SELECT {set} FROM {} WHERE 0", other.0);
            all.push(format!("CREATE TRIGGER {name}_changes AFTER {kind} ON {name} BEGIN {body}; END"));
        }
    }
    all
}

fn quoted(name: &str) -> String {
    limbeck::sql::quote(name)
}

fn table(random: &mut Random, name: &str, columns: &[&str], parents: &[(String, bool)]) -> String {
    let strict = random.once_in(6);
    let mut key = random.below(6) < 4;
    let mut items = Vec::new();
    let mut stored = 0;
    for column in columns {
        let kind = if strict { random.pick(&STRICT_TYPES) } else { random.pick(&TYPES) };
        let mut text = format!("{} {kind}", quoted(column));
        let generated = stored > 0 && random.once_in(8);
        if generated {
            let from = quoted(columns[random.below(items.len())]);
            text += &format!(" AS ({from} || '') {}", random.pick(&["STORED", "VIRTUAL"]));
        } else {
            stored += 1;
            if key && *column == "id" && random.once_in(2) {
                text += " PRIMARY KEY";
                text += if kind == "INTEGER" && random.once_in(3) { " AUTOINCREMENT" } else { "" };
                key = false;
            }
            text += [" DEFAULT 1", " DEFAULT 'x'", " DEFAULT (1 + 1)", "", "", "", ""][random.below(7)];
        }
        text += [" NOT NULL", " NOT NULL", "", "", "", " NOT NULL ON CONFLICT FAIL"][random.below(6)];
        text += ["", "", "", " COLLATE NOCASE"][random.below(4)];
        if random.once_in(7) && !generated {
            let named = format!(" CONSTRAINT u_{} UNIQUE", &column[..1]);
            text += [" UNIQUE", &named, " UNIQUE ON CONFLICT IGNORE"][random.below(3)];
        }
        if random.once_in(7) {
            text += &format!(" CHECK ({} IS NOT 'no')", quoted(column));
        }
        items.push(text);
    }
    let one = |random: &mut Random| quoted(columns[random.below(columns.len())]);
    if key && random.once_in(2) {
        let name = random.pick(&["", "CONSTRAINT pk "]);
        items.push(format!("{name}PRIMARY KEY ({})", one(random)));
    }
    if random.once_in(4) {
        items.push(format!(
            "CONSTRAINT k CHECK ({} IS NOT {})",
            one(random),
            random.pick(&["'no'", "'never'"])
        ));
    }
    if let Some((parent, _)) = parents.iter().find(|(_, keyed)| *keyed).filter(|_| columns.contains(&"f")) {
        let action = random.pick(&["", " ON DELETE CASCADE", " ON UPDATE SET NULL"]);
        let to = random.pick(&["", "(id)"]);
        let deferred = random.pick(&["", " DEFERRABLE INITIALLY DEFERRED"]);
        items.push(format!("FOREIGN KEY (f) REFERENCES {parent}{to}{action}{deferred}"));
    }
    let without = items.iter().any(|item| item.contains("PRIMARY KEY") && !item.contains("AUTOINCREMENT"));
    let options = [without && random.once_in(4), strict];
    let words =
        ["WITHOUT ROWID", "STRICT"].into_iter().zip(options).filter(|(_, on)| *on).map(|(word, _)| word);
    format!("CREATE TABLE {name}({}) {}", items.join(", "), words.collect::<Vec<_>>().join(", "))
}

/// The schema with what SQLite takes of it.
fn taken(statements: &[String]) -> Connection {
    let db = made("");
    for statement in statements {
        let _ = db.execute_batch(statement);
    }
    db
}

/// Rows where the table takes them.
fn fill(db: &Connection, random: &mut Random) {
    let sql = "SELECT m.name, x.name FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS x \
               WHERE m.type = 'table' AND m.name LIKE 't_' AND x.hidden = 0 ORDER BY m.rowid, x.cid";
    let mut statement = db.prepare(sql).unwrap();
    let all: Vec<(String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(|row| row.unwrap())
        .collect();
    let mut tables: Vec<&str> = all.iter().map(|(table, _)| table.as_str()).collect();
    tables.dedup();
    for table in tables {
        for number in 0..3 {
            let columns: Vec<String> =
                all.iter().filter(|(of, _)| of == table).map(|(_, column)| quoted(column)).collect();
            let mut value = |column: &String| match random.below(5) {
                // It may point to a parent.
                _ if column == "f" => "NULL".to_owned(),
                0 => "NULL".to_owned(),
                1 => format!("{number}.5"),
                2 => format!("'text {number}'"),
                _ => format!("{number}"),
            };
            let values: Vec<String> = columns.iter().map(&mut value).collect();
            // Many a row breaks a rule: then there is one less.
            let _ = db.execute(
                &format!(
                    "INSERT OR ABORT INTO {table}({}) VALUES ({})",
                    columns.join(", "),
                    values.join(", ")
                ),
                [],
            );
        }
    }
}

/// The columns that both sides define alike.
fn shared(db: &Connection, other: &Connection) -> Vec<(String, String)> {
    let sql = "SELECT m.name, x.name, x.type || x.\"notnull\" FROM sqlite_schema AS m, \
               pragma_table_xinfo(m.name) AS x \
               WHERE m.type = 'table' AND m.name LIKE 't_' AND x.hidden = 0 ORDER BY 1, 2";
    let columns = |db: &Connection| -> Vec<(String, String, String)> {
        let mut statement = db.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        rows.unwrap().map(|row| row.unwrap()).collect()
    };
    let there = columns(other);
    let both = columns(db).into_iter().filter(|column| there.contains(column));
    both.map(|(table, column, _)| (table, column)).collect()
}

/// Their values.
fn values(db: &Connection, columns: &[(String, String)]) -> Vec<String> {
    let one = |(table, column): &(String, String)| {
        let column = quoted(column);
        let sql = format!(
            "SELECT coalesce(group_concat(v), '') FROM (SELECT quote({column}) AS v FROM {table} ORDER BY v)"
        );
        let values: String = db.query_row(&sql, [], |row| row.get(0)).unwrap();
        format!("{table}.{column}: {values}")
    };
    columns.iter().map(one).collect()
}

/// Renames some of what is there, as SQLite does it.
fn renamed(db: &Connection, random: &mut Random) -> Vec<Rename> {
    let sql = "SELECT m.name, x.name FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS x \
               WHERE m.type = 'table' AND m.name LIKE 't_' ORDER BY 1, 2";
    let mut statement = db.prepare(sql).unwrap();
    let all: Vec<(String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(|row| row.unwrap())
        .collect();
    let mut renames = Vec::new();
    for (table, column) in &all {
        if random.once_in(5) {
            let to = format!("new {column}");
            let sql = format!("ALTER TABLE {table} RENAME COLUMN {} TO {}", quoted(column), quoted(&to));
            if db.execute_batch(&sql).is_ok() {
                renames.push(Rename { table: Some(table.clone()), from: column.clone(), to });
            }
        }
    }
    let mut tables: Vec<&String> = all.iter().map(|(table, _)| table).collect();
    tables.dedup();
    for table in tables {
        let to = format!("u{}", &table[1..]);
        if random.once_in(3) && db.execute_batch(&format!("ALTER TABLE {table} RENAME TO {to}")).is_ok() {
            renames.push(Rename { table: None, from: table.clone(), to });
        }
    }
    renames
}

/// Rows that do not fit are no fault of what is written: a rule is new, or a parent is gone.
fn is_about_rows(kind: ErrorKind, why: &str) -> bool {
    let unfit = ["UNIQUE constraint failed", "cannot store"];
    matches!(kind, ErrorKind::RowsBreakRule | ErrorKind::ForeignKeyViolated)
        || (kind == ErrorKind::StatementFailed && unfit.iter().any(|unfit| why.contains(unfit)))
}

#[test]
fn what_is_written_leaves_no_difference() {
    let pairs = std::env::var("LIMBECK_PAIRS").ok().and_then(|n| n.parse().ok()).unwrap_or(250);
    let first: u64 = std::env::var("LIMBECK_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let (mut done, mut refused, mut wrong) = (0, 0, Vec::new());
    for seed in first..first + pairs {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let from = schema(&mut random);
        let (mut db, mut renames) = (taken(&from), Vec::new());
        let wanted = if random.once_in(3) {
            let wanted = taken(&from);
            renames = renamed(&wanted, &mut random);
            wanted
        } else {
            taken(&schema(&mut random))
        };
        fill(&db, &mut random);
        let options = Options { renames, column_order: random.once_in(2), ..Options::default() };
        let mode = if random.once_in(2) { RebuildMode::Auto } else { RebuildMode::Always };
        let (here, there) = (objects(&db), objects(&wanted));
        let result = (|| {
            let columns = shared(&db, &wanted);
            let before = values(&db, &columns);
            leads(&mut db, &written(&here, &there, &options), &there, &options, mode)?;
            let after = values(&db, &columns);
            if before != after {
                return Err(End::Left(format!("values differ: {before:?}\n{after:?}")));
            }
            let back = options.reversed();
            let down = written(&objects(&db), &here, &back);
            leads(&mut db, &down, &here, &back, mode)
        })();
        match result {
            Ok(()) => done += 1,
            Err(End::Refused(kind, why)) if is_about_rows(kind, &why) => refused += 1,
            Err(End::Refused(_, why) | End::Left(why)) => {
                let texts = |all: &[limbeck::schema::Object]| {
                    all.iter().filter_map(|object| object.sql.clone()).collect::<Vec<_>>().join(";\n")
                };
                wrong.push(format!("seed {seed}: {why}\nfrom\n{}\nto\n{}", texts(&here), texts(&there)));
            }
        }
    }
    println!("{done} pairs, {refused} refused for their rows");
    assert!(
        wrong.is_empty(),
        "{} of {pairs} wrong; the first:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(3)].join("\n\n")
    );
    assert!(done * 2 > refused, "most run: {done}, {refused}");
}
