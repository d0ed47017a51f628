//! `CREATE TABLE` texts, read and edited: SQLite says whether limbeck is right. The seeds are fixed.

mod generate;
mod judge;
mod random;

use std::path::PathBuf;

use generate::Create;
use judge::Facts;
use limbeck::alter::{Action, Alteration, Draft, TableState};
use limbeck::schema::{ColumnRule, Edits, TableDef};
use limbeck::sql::{quote, split, tokens};
use random::Random;

/// How many texts a test makes: more with `LIMBECK_ROUNDS`.
fn rounds(usual: usize) -> usize {
    std::env::var("LIMBECK_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[test]
fn limbeck_reads_what_sqlite_reads() {
    let mut random = Random(20260301);
    let (mut taken, all) = (0, rounds(1500));
    for _ in 0..all {
        let text = random.create().text;
        let Ok((stored, facts)) = judge::ask(&text) else { continue };
        taken += 1;
        for sql in [&text, &stored] {
            let table = TableDef::parse(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
            assert_eq!(judge::read(&table), facts, "\n{sql}");
            assert_eq!(Edits::default().apply(sql), *sql);
        }
    }
    assert!(taken * 2 > all, "SQLite took only {taken} of {all} texts");
}

#[test]
fn an_edit_with_nothing_to_change_changes_nothing() {
    let mut random = Random(20260302);
    let mut texts: Vec<String> = (0..rounds(200)).map(|_| random.create().text).collect();
    texts.retain(|text| judge::ask(text).is_ok());
    texts.extend(conformance());
    match corpus() {
        Some(found) => texts.extend(found),
        None => println!("the corpus is skipped: it is not there; set LIMBECK_SHARED"),
    }
    let mut edits = 0;
    for sql in &texts {
        let Ok(table) = TableDef::parse(sql) else {
            assert!(judge::ask(sql).is_err(), "SQLite can read this: {sql}");
            continue;
        };
        for action in idle_actions(&table) {
            let draft = apply(&table, &action).unwrap_or_else(|error| panic!("{action}: {error}\n{sql}"));
            assert_eq!(draft.table.sql, *sql, "{action}");
            edits += 1;
        }
    }
    assert!(edits > texts.len(), "only {edits} edits of {} texts", texts.len());
}

#[test]
fn an_action_and_its_inverse_leave_the_meaning() {
    let mut random = Random(20260303);
    let mut tried = 0;
    for _ in 0..rounds(500) {
        let Create { text, columns } = random.create();
        let Ok((_, facts)) = judge::ask(&text) else { continue };
        let table = TableDef::parse(&text).expect("it was read in another test");
        for (there, back, change) in pairs(&mut random, &table, &columns) {
            let what = || format!("{there}, then {back}:\n{text}");
            let Ok(draft) = apply(&table, &there) else { continue };
            // What SQLite does not take, the rebuild refuses before it writes.
            let Ok((_, after)) = judge::ask(&draft.table.sql) else {
                assert!(change.is_none(), "{}\nbecame\n{}", what(), draft.table.sql);
                continue;
            };
            assert_eq!(judge::read(&draft.table), after, "{}\nbecame\n{}", what(), draft.table.sql);
            if let Some(change) = change {
                let mut wanted = facts.clone();
                change(&mut wanted);
                assert_eq!(after, wanted, "{}\nbecame\n{}", what(), draft.table.sql);
            }
            let ended = apply(&draft.table, &back).unwrap_or_else(|error| panic!("{}: {error}", what()));
            let (_, mut ended) =
                judge::ask(&ended.table.sql).unwrap_or_else(|error| panic!("{}: {error}", what()));
            // What STRICT and WITHOUT ROWID imply is written out when they go.
            let mut facts = facts.clone();
            if matches!(there, Action::SetOption(_)) {
                for column in facts.columns.iter_mut().chain(&mut ended.columns) {
                    column.not_null |= column.key > 0;
                }
            }
            assert_eq!(ended, facts, "{}", what());
            tried += 1;
        }
    }
    assert!(tried > rounds(500), "only {tried} pairs");
}

/// What an action makes of SQLite's facts, where that is easily said.
type Change = Box<dyn Fn(&mut Facts)>;

/// Actions, each with its inverse.
fn pairs(random: &mut Random, table: &TableDef, columns: &[String]) -> Vec<(Action, Action, Option<Change>)> {
    let at = random.below(columns.len());
    let column = &table.columns[at];
    let name = quote(&column.name);
    let definition = table.text(&column.span);
    let place = match at.checked_sub(1) {
        None => "FIRST".to_owned(),
        Some(before) => format!("AFTER {}", quote(&columns[before])),
    };
    let mut pairs: Vec<(String, String, Option<Change>)> = Vec::new();
    let mut add = |there: String, back: String, change: Option<Change>| pairs.push((there, back, change));
    if !column.is_not_null() {
        add(
            format!("ALTER {name} SET NOT NULL"),
            format!("ALTER {name} DROP NOT NULL"),
            changed(at, |c| c.not_null = true),
        );
    }
    match column.default() {
        Some(value) => {
            let value = table.text(value);
            add(
                format!("ALTER {name} DROP DEFAULT"),
                format!("ALTER {name} SET DEFAULT {value}"),
                changed(at, |c| c.default = None),
            );
            add(
                format!("ALTER {name} SET DEFAULT 'new'"),
                format!("ALTER {name} SET DEFAULT {value}"),
                changed(at, |c| c.default = Some("'new'".to_owned())),
            );
        }
        None => add(
            format!("ALTER {name} SET DEFAULT {}", random.value()),
            format!("ALTER {name} DROP DEFAULT"),
            None,
        ),
    }
    if column.generated().is_none() && column.default().is_none() {
        add(format!("ALTER {name} SET GENERATED (1) STORED"), format!("ALTER {name} DROP EXPRESSION"), None);
    }
    if let Some(span) = &column.type_span {
        let type_name = table.text(span);
        add(
            format!("ALTER {name} TYPE {}", random.type_name()),
            format!("ALTER {name} TYPE {type_name}"),
            None,
        );
    }
    let target = random.pick(&["FIRST", "AFTER"]);
    let target = if target == "FIRST" {
        target.to_owned()
    } else {
        format!("AFTER {}", quote(&columns[random.below(columns.len())]))
    };
    add(format!("ALTER {name} {target}"), format!("ALTER {name} {place}"), None);
    if !ends_like_a_position(definition) {
        add(format!("DROP COLUMN {name}"), format!("ADD COLUMN {definition}\n{place}"), None);
    }
    let new = random.spelt("brand new");
    add(
        format!("ADD COLUMN {new} {} {place}", random.type_name()),
        "DROP COLUMN \"brand new\"".to_owned(),
        None,
    );
    for kind in 0..3 {
        let mut words = Vec::new();
        random.table_rule(&mut words, columns, kind);
        let rule = random.laid_out(&words);
        add(format!("ADD CONSTRAINT \"brand new\" {rule}"), "DROP CONSTRAINT [brand new]".to_owned(), None);
    }
    let check = format!("CHECK ({name} <> 'brand, new')");
    add(format!("ADD {check}"), format!("DROP {check}"), Some(Box::new(|_| {})));
    for (on, off, is) in [
        ("STRICT", "NOT STRICT", table.options.strict),
        ("WITHOUT ROWID", "WITH ROWID", table.options.without_rowid),
        ("AUTOINCREMENT", "NOT AUTOINCREMENT", table.autoincrement()),
    ] {
        if !is {
            add(format!("SET {on}"), format!("SET {off}"), None);
        }
    }
    let names = table.columns.iter().flat_map(|c| &c.constraints).filter_map(|c| c.name.as_ref());
    if let Some(name) = names.chain(table.constraints.iter().filter_map(|c| c.name.as_ref())).next() {
        add(
            format!("RENAME CONSTRAINT {} TO [brand new]", quote(name)),
            format!("RENAME CONSTRAINT [brand new] TO {}", quote(name)),
            Some(Box::new(|_| {})),
        );
    }
    pairs.into_iter().map(|(there, back, change)| (action(&there), action(&back), change)).collect()
}

fn changed(at: usize, change: impl Fn(&mut judge::Column) + 'static) -> Option<Change> {
    Some(Box::new(move |facts| change(&mut facts.columns[at])))
}

fn action(text: &str) -> Action {
    let sql = format!("ALTER TABLE t {text}");
    let alteration = Alteration::parse(&sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
    alteration.actions.into_iter().next().expect("one action was written")
}

/// `ADD COLUMN a REFERENCES after FIRST` has two readings.
fn ends_like_a_position(definition: &str) -> bool {
    let all = tokens(definition).expect("it was read");
    all.iter().skip(1).rev().take(2).any(|token| token.is_word("AFTER") || token.is_word("FIRST"))
}

/// Actions that ask for what is there already.
fn idle_actions(table: &TableDef) -> Vec<Action> {
    let mut texts = vec![
        "DROP COLUMN IF EXISTS \"not there\"".to_owned(),
        "DROP CONSTRAINT IF EXISTS \"not there\"".to_owned(),
        format!("SET {}STRICT", if table.options.strict { "" } else { "NOT " }),
        format!("SET WITH{} ROWID", if table.options.without_rowid { "OUT" } else { "" }),
        format!("SET {}AUTOINCREMENT", if table.autoincrement() { "" } else { "NOT " }),
    ];
    for (at, column) in table.columns.iter().enumerate() {
        let name = quote(&column.name);
        texts.push(format!("ALTER {name} AFTER {name}"));
        texts.push(match at.checked_sub(1) {
            None => format!("ALTER {name} FIRST"),
            Some(before) => format!("ALTER {name} AFTER {}", quote(&table.columns[before].name)),
        });
        let definition = table.text(&column.span);
        if !ends_like_a_position(definition) {
            texts.push(format!("ADD COLUMN IF NOT EXISTS {definition}\n"));
        }
        texts.push(format!("ALTER {name} {} NOT NULL", if column.is_not_null() { "SET" } else { "DROP" }));
        texts.push(match column.default() {
            Some(value) => format!("ALTER {name} SET DEFAULT {}", table.text(value)),
            None => format!("ALTER {name} DROP DEFAULT"),
        });
        if let Some(span) = &column.type_span {
            texts.push(format!("ALTER {name} TYPE {}", table.text(span)));
        }
        if let Some((expression, stored)) = column.generated() {
            let kind = if stored { "STORED" } else { "VIRTUAL" };
            texts.push(format!("ALTER {name} SET GENERATED {} {kind}", table.text(expression)));
        }
        for constraint in &column.constraints {
            texts.extend(
                constraint.name.iter().map(|name| format!("RENAME CONSTRAINT {0} TO {0}", quote(name))),
            );
        }
        // Of several collations the last holds.
        let collation = column.constraints.iter().rev().find_map(|c| match &c.rule {
            ColumnRule::Collate(span) => Some(table.text(span)),
            _ => None,
        });
        if let (Some(span), Some(collation)) = (&column.type_span, collation) {
            texts.push(format!("ALTER {name} TYPE {} COLLATE {collation}", table.text(span)));
        }
    }
    texts.iter().map(|text| action(text)).collect()
}

/// The definition after an action on a table that nothing else belongs to.
fn apply(table: &TableDef, action: &Action) -> limbeck::Result<Draft> {
    let mut draft = Draft::new(&TableState {
        schema: "main".to_owned(),
        names: vec![table.name.clone()],
        table: table.clone().into(),
        indexes: Vec::new(),
        triggers: Vec::new(),
        children: Vec::new(),
    });
    draft.apply(action)?;
    Ok(draft)
}

/// The `CREATE TABLE` texts of the SQL files in a folder.
fn create_texts(folder: PathBuf) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder can be read") {
            let path = entry.expect("a folder can be read").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            if path.extension().is_none_or(|extension| extension != "sql") {
                continue;
            }
            for statement in split(&text).unwrap_or_default() {
                let words = tokens(statement.text).expect("a statement was split off");
                let table = words.iter().take(3).any(|word| word.is_word("TABLE"));
                let virtual_table = words.iter().take(2).any(|word| word.is_word("VIRTUAL"));
                // `CREATE TABLE … AS SELECT` has no columns to read; SQLite stores it with some.
                let select = words.iter().any(|word| word.is_word("SELECT"));
                if words[0].is_word("CREATE") && table && !virtual_table && !select {
                    found.push(statement.text.to_owned());
                }
            }
        }
    }
    assert!(!found.is_empty(), "no table was found");
    found
}

fn conformance() -> Vec<String> {
    create_texts(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("conformance/cases"))
}

/// The corpus under the directory that `LIMBECK_SHARED` names, or `shared` beside the project.
fn corpus() -> Option<Vec<String>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("LIMBECK_SHARED").map_or_else(beside, PathBuf::from).join("corpus");
    folder.is_dir().then(|| create_texts(folder))
}
