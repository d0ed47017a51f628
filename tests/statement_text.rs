//! Scripts and `ALTER TABLE`s as text: taken apart where SQLite takes them apart, printed as they
//! were read. The seeds are fixed.

mod generate;
mod long_texts;
mod random;
mod statements;

use limbeck::alter::{Action, Alteration, ConstraintRef, Position, TableOption};
use limbeck::schema::TableDef;
use limbeck::script::Body;
use limbeck::sql::{literal, quote, split, tokens};
use random::Random;
use rusqlite::Connection;

/// How many texts a test makes: more with `LIMBECK_ROUNDS`.
fn rounds(usual: usize) -> usize {
    std::env::var("LIMBECK_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

const PARTS: [&str; 20] = [
    "SELECT ';'",
    "SELECT \"a;\" FROM t /* ; ' */",
    "EXPLAIN SELECT CASE WHEN a THEN 1 ELSE 2 END FROM t",
    "EXPLAIN QUERY PLAN CREATE TRIGGER r1 AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END",
    "CREATE TRIGGER r2 AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM t; END",
    "CREATE TEMP TRIGGER IF NOT EXISTS r3 BEFORE UPDATE OF a ON t WHEN NEW.a > ';' BEGIN SELECT 1; END",
    "create temporary trigger [r;4] INSTEAD OF INSERT ON v BEGIN UPDATE t SET a = 'end;'; end",
    "CREATE /* TRIGGER */ TABLE t2(a, b DEFAULT ';')",
    "CREATE TEMP TABLE \"trigger\"(\"end\")",
    "CREATE VIEW v2 AS SELECT a AS \"END\", ';' -- ;\n FROM t",
    "INSERT INTO t VALUES('it''s;', x'3b')",
    "WITH x(y) AS (VALUES(';')) SELECT * FROM x",
    "DELETE FROM t WHERE a = 'END'",
    "BEGIN",
    "END",
    "-- only a comment ;\n",
    "/* ; */",
    "",
    "ALTER TABLE t ADD COLUMN c DEFAULT ';'",
    "VALUES(1e5, .5, 0x1F, 1_000, -1)",
];

#[test]
fn statements_end_where_sqlite_ends_them() {
    let db = Connection::open_in_memory().expect("a database opens");
    db.execute_batch("CREATE TABLE t(a, b); CREATE VIEW v AS SELECT a FROM t").expect("the schema is made");
    let mut random = Random(20260304);
    let mut ended = 0;
    for _ in 0..rounds(2000) {
        let mut text = String::new();
        for _ in 0..random.below(8) {
            text += random.pick(&PARTS);
            text += random.pick(&[";", " ;\n", ";;", "/* ; */;", " -- ;\n;\r\n"]);
        }
        let whole = random.once_in(2);
        if !whole {
            text += random.pick(&PARTS);
        }
        let theirs = statements::taken_apart(&db, &text).unwrap_or_else(|| panic!("SQLite refuses {text}"));
        let ours = split(&text).expect("SQLite reads it");
        assert_eq!(ours.len(), theirs.len(), "{text}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!(theirs.start <= ours.start && ours.start + ours.text.len() <= theirs.end, "{text}");
            let rest = &text[ours.start + ours.text.len()..theirs.end];
            let left: Vec<&str> = tokens(rest).expect("SQLite reads it").iter().map(|t| t.text).collect();
            assert!(left.is_empty() || left == [";"], "{rest:?} is left of {text}");
        }
        // `sqlite3_complete` knows an open statement by what stands behind the last semicolon.
        let last = tokens(&text).expect("SQLite reads it").last().map(|token| token.end());
        if let (Some(last), Some(true)) = (ours.last(), statements::complete(&text))
            && text[last.start + last.text.len()..].contains(';')
        {
            ended += 1;
        }
        assert!(last.is_some() || ours.is_empty(), "{text}");
    }
    assert!(ended > 0);
}

/// Each character of ASCII, and each two and three of the odd ones, between two words, behind a comment and at the end.
#[test]
fn what_is_blank_to_sqlite_is_blank() {
    let db = Connection::open_in_memory().expect("a database opens");
    let odd = ['\t', '\n', '\u{b}', '\u{c}', '\r', ' ', '\u{1c}'];
    let mut gaps: Vec<String> = ('\u{1}'..='\u{7f}').map(String::from).collect();
    for a in odd {
        gaps.extend(odd.iter().map(|b| format!("{a}{b}")));
        gaps.extend(odd.iter().flat_map(|b| odd.iter().map(move |c| format!("{a}{b}{c}"))));
    }
    let mut blanks = 0;
    for gap in gaps {
        for text in [
            format!("CREATE{gap}TABLE t(a TEXT DEFAULT ' \u{b}')"),
            format!("CREATE TABLE t(a -- x\n{gap}TEXT DEFAULT ' \u{b}')"),
            format!("CREATE TABLE t(a TEXT DEFAULT ' \u{b}'){gap}"),
        ] {
            // As one token more, it would be a name.
            let words = tokens(&text).is_ok_and(|all| {
                all.iter()
                    .map(|word| word.text)
                    .eq(["CREATE", "TABLE", "t", "(", "a", "TEXT", "DEFAULT", "' \u{b}'", ")"])
            });
            let read = TableDef::parse(&text).is_ok_and(|table| table.columns.len() == 1);
            let taken = statements::taken_apart(&db, &text).is_some_and(|all| all.len() == 1);
            if taken && gap.chars().all(|c| odd.contains(&c)) {
                assert!(words && read, "{text:?}");
                blanks += 1;
            } else if words {
                assert!(taken, "{text:?}");
            }
        }
    }
    assert!(blanks > 300, "{blanks}");
}

#[test]
fn alterations_are_read_as_they_are_printed() {
    let mut random = Random(20260305);
    let mut made = [false; KINDS];
    for _ in 0..rounds(3000) {
        let wanted = alteration(&mut random);
        wanted.actions.iter().for_each(|action| made[kind(action)] = true);
        let schema = wanted.schema.as_ref().map_or(String::new(), |schema| format!("{}.", quote(schema)));
        let exists = if wanted.if_exists { "IF EXISTS " } else { "" };
        let actions: Vec<String> = wanted.actions.iter().map(Action::to_string).collect();
        let text = format!("ALTER TABLE {exists}{schema}{} {}", quote(&wanted.table), actions.join(", "));
        let read = Alteration::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(read, wanted, "{text}");
    }
    assert_eq!(made, [true; KINDS], "`action` below makes one of each kind, as `kind` numbers them");
}

/// How many kinds of actions there are.
const KINDS: usize = 16;

/// Without a `_`, so that the compiler names this test where an action is new.
fn kind(action: &Action) -> usize {
    match action {
        Action::AddColumn { .. } => 0,
        Action::DropColumn { .. } => 1,
        Action::RenameColumn { .. } => 2,
        Action::RenameConstraint { .. } => 3,
        Action::RenameTable { .. } => 4,
        Action::SetNotNull { .. } => 5,
        Action::DropNotNull { .. } => 6,
        Action::SetDefault { .. } => 7,
        Action::DropDefault { .. } => 8,
        Action::SetType { .. } => 9,
        Action::SetGenerated { .. } => 10,
        Action::DropExpression { .. } => 11,
        Action::MoveColumn { .. } => 12,
        Action::AddConstraint { .. } => 13,
        Action::DropConstraint { .. } => 14,
        Action::SetOption(_) => 15,
    }
}

fn alteration(random: &mut Random) -> Alteration {
    let name = |random: &mut Random| random.name().to_owned();
    let schema = random.once_in(4).then(|| name(random));
    let (table, if_exists) = (name(random), random.once_in(3));
    let actions = (0..1 + random.below(4)).map(|_| action(random)).collect();
    Alteration { schema, table, if_exists, actions }
}

fn action(random: &mut Random) -> Action {
    let name = |random: &mut Random| random.name().to_owned();
    let names = |random: &mut Random| (0..1 + random.below(3)).map(|_| name(random)).collect::<Vec<_>>();
    let column = name(random);
    let expression = random.expression(std::slice::from_ref(&column));
    match random.below(KINDS) {
        0 => Action::AddColumn {
            if_not_exists: random.once_in(2),
            definition: format!("{} {} DEFAULT {}", quote(&column), random.type_name(), literal("a, b")),
            column,
            position: match random.below(3) {
                0 => Some(Position::First),
                1 => Some(Position::After(name(random))),
                _ => None,
            },
        },
        1 => Action::DropColumn { if_exists: random.once_in(2), column, cascade: random.once_in(2) },
        2 => Action::RenameColumn { column, to: name(random) },
        3 => Action::RenameConstraint { name: column, to: name(random) },
        4 => Action::RenameTable { to: column },
        5 => Action::SetNotNull { column, on_conflict: random.once_in(2).then(|| "REPLACE".to_owned()) },
        6 => Action::DropNotNull { column },
        7 => Action::SetDefault { column, value: random.value().to_owned() },
        8 => Action::DropDefault { column },
        9 => Action::SetType {
            column,
            type_name: random.type_name().to_owned(),
            collation: random.once_in(2).then(|| name(random)),
            using: random.once_in(2).then_some(expression),
        },
        10 => Action::SetGenerated { column, expression, stored: random.once_in(2) },
        11 => Action::DropExpression { column },
        12 => Action::MoveColumn { column, position: Position::After(name(random)) },
        13 => {
            let mut words = Vec::new();
            let kind = random.below(4);
            random.table_rule(&mut words, std::slice::from_ref(&column), kind);
            let named = random.once_in(2);
            let rule = words.join(" ");
            let definition = if named { format!("CONSTRAINT {} {rule}", quote(&column)) } else { rule };
            let name = named.then_some(column);
            Action::AddConstraint { if_not_exists: named && random.once_in(2), name, definition }
        }
        14 => match random.below(5) {
            0 => {
                let (if_exists, constraint) = (random.once_in(2), ConstraintRef::Named(column));
                Action::DropConstraint { if_exists, constraint }
            }
            kind => Action::DropConstraint {
                if_exists: false,
                constraint: match kind {
                    1 => ConstraintRef::Check(expression),
                    2 => ConstraintRef::Unique(names(random)),
                    3 => ConstraintRef::ForeignKey(names(random)),
                    _ => ConstraintRef::PrimaryKey,
                },
            },
        },
        _ => Action::SetOption(match random.below(3) {
            0 => TableOption::Strict(random.once_in(2)),
            1 => TableOption::WithoutRowid(random.once_in(2)),
            _ => TableOption::Autoincrement(random.once_in(2)),
        }),
    }
}

/// That they take no more than their length's time is `benches/growth`'s to say.
#[test]
fn long_and_deep_texts_are_read_or_refused() {
    for text in long_texts::of_length(1 << 16) {
        if let Ok(pieces) = split(&text) {
            let ends: Vec<usize> = pieces.iter().map(|piece| piece.start + piece.text.len()).collect();
            assert!(ends.is_sorted(), "{}", &text[..text.floor_char_boundary(60)]);
        }
        if let Ok(table) = TableDef::parse(&text) {
            assert_eq!(table.sql, text);
        }
        if let (Ok(body), Ok(alteration)) = (Body::parse(&text), Alteration::parse(&text)) {
            assert_eq!(body.up.items.len(), 1);
            assert!(!alteration.groups().is_empty());
        }
        let file = limbeck::script::read(&[("0001_a.sql", text.as_str())]);
        assert!(file.is_err() || file.is_ok_and(|all| all.len() == 1));
    }
}
