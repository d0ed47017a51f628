//! Bodies and whole files: sections, items, errors with their places, and time.

use super::*;

/// `line: sql` of every item, with `?query` before it and `!` where limbeck alters.
fn items(section: &Section) -> Vec<String> {
    let shown = |item: &Item| {
        let unless = item.unless.as_ref().map_or(String::new(), |query| format!("?{query} "));
        let alter = if item.kind == ItemKind::Sql { "" } else { "!" };
        format!("{}: {unless}{alter}{}", item.line, item.sql)
    };
    section.items.iter().map(shown).collect()
}

const TRIGGER: &str =
    "CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO l VALUES ('\n-- migrate:down\n'); END";

#[test]
fn sections_and_their_items() {
    type Case<'a> = (&'a str, &'a [&'a str], Option<&'a [&'a str]>);
    let in_trigger = format!("-- migrate:up\n{TRIGGER};\nSELECT 1;\n-- migrate:down\nDROP TRIGGER r");
    let trigger_item = format!("2: {TRIGGER}");
    let table: [Case; 15] = [
        ("", &[], None),
        // A no-break space is part of a name to SQLite, and no blank.
        (" \u{a0}\n", &["1: \u{a0}"], None),
        ("SELECT 1;\n\nSELECT 2", &["1: SELECT 1", "3: SELECT 2"], None),
        ("-- m\n-- revision: a\n\n-- migrate:up\nSELECT 1;", &["5: SELECT 1"], None),
        ("-- migrate:up\nSELECT 1;\n-- migrate:down\n", &["2: SELECT 1"], Some(&[])),
        ("-- migrate:up\n-- migrate:down\nSELECT 2;", &[], Some(&["3: SELECT 2"])),
        ("-- migrate:up\nSELECT 1\n-- migrate:down\nSELECT 2", &["2: SELECT 1"], Some(&["4: SELECT 2"])),
        ("-- migrate:up\nALTER TABLE t DROP a\n-- migrate:down\n", &["2: !ALTER TABLE t DROP a"], Some(&[])),
        (&in_trigger, &[&trigger_item, "5: SELECT 1"], Some(&["7: DROP TRIGGER r"])),
        ("SELECT '\n-- migrate:up\n'; -- x", &["1: SELECT '\n-- migrate:up\n'"], None),
        (
            "-- migrate:unless SELECT 1 FROM t;\nINSERT INTO t VALUES (1);\nSELECT 2;",
            &["2: ?SELECT 1 FROM t INSERT INTO t VALUES (1)", "3: SELECT 2"],
            None,
        ),
        (
            "ALTER TABLE t ADD a;\nALTER TABLE T DROP b;",
            &["1: !ALTER TABLE t ADD a;\nALTER TABLE T DROP b"],
            None,
        ),
        ("/* -- migrate:down */ SELECT 1", &["1: SELECT 1"], None),
        ("SELECT 1 /* a\nb */ , 2;\nSELECT 3", &["1: SELECT 1 /* a\nb */ , 2", "3: SELECT 3"], None),
        ("ALTER VIEW v", &["1: ALTER VIEW v"], None),
    ];
    for (text, up, down) in table {
        let body = Body::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert_eq!(items(&body.up), up, "{text}");
        assert_eq!(
            body.down.as_ref().map(items),
            down.map(|down| down.iter().map(|s| s.to_string()).collect()),
            "{text}"
        );
        let crlf = Body::parse(&text.replace('\n', "\r\n")).unwrap();
        let plain = |items: Vec<String>| items.join("\n").replace("\r\n", "\n");
        assert_eq!(plain(items(&crlf.up)), up.join("\n"), "{text}");
    }
}

#[test]
fn neighbouring_alters_of_one_table_are_one_batch() {
    for (text, want) in [
        ("ALTER TABLE t ADD a; ALTER TABLE \"T\" ADD b; ALTER TABLE t ADD c", vec![3]),
        ("ALTER TABLE t ADD a, ADD b; ALTER TABLE t RENAME TO u; ALTER TABLE u ADD c", vec![3, 1]),
        ("ALTER TABLE t RENAME TO u; ALTER TABLE t ADD c", vec![1, 1]),
        ("ALTER TABLE t ADD a; SELECT 1; ALTER TABLE t ADD b", vec![1, 0, 1]),
        ("ALTER TABLE t ADD a; ALTER TABLE u ADD b", vec![1, 1]),
        ("ALTER TABLE main.t ADD a; ALTER TABLE t ADD b", vec![1, 1]),
        ("ALTER TABLE main.t ADD a; ALTER TABLE MAIN.t ADD b", vec![2]),
        ("ALTER TABLE IF EXISTS t ADD a; ALTER TABLE t ADD b", vec![1, 1]),
        ("-- migrate:unless SELECT 1\nALTER TABLE t ADD a; ALTER TABLE t ADD b", vec![1, 1]),
        ("ALTER TABLE t ADD a;\n-- migrate:unless SELECT 1\nALTER TABLE t ADD b", vec![1, 1]),
    ] {
        let actions: Vec<usize> = Body::parse(text)
            .unwrap()
            .up
            .items
            .iter()
            .map(|item| match &item.kind {
                ItemKind::Alter(alteration) => alteration.actions.len(),
                ItemKind::Sql => 0,
            })
            .collect();
        assert_eq!(actions, want, "{text}");
    }
}

/// Markers of both tools in any order: what is read at all is read the same by itself.
#[test]
fn sections_of_mixed_markers_read_the_same_by_themselves() {
    const LINES: [&str; 12] = [
        "-- migrate:up",
        "-- migrate:up transaction:false",
        "-- migrate:down",
        "-- migrate:unless SELECT 1",
        "-- +goose Up",
        "-- +goose Down",
        "-- +goose NO TRANSACTION",
        "-- +goose StatementBegin",
        "-- +goose StatementEnd",
        "INSERT INTO t",
        "SELECT 1",
        "SELECT 2;",
    ];
    let (mut seed, mut read, mut without) = (20260307u64, 0, 0);
    for round in 0..60_000 {
        let mut text = String::new();
        for _ in 0..2 + round % 5 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            text = text + LINES[(seed >> 33) as usize % LINES.len()] + "\n";
        }
        let Ok(body) = Body::parse(&text) else { continue };
        for section in [Some(&body.up), body.down.as_ref()].into_iter().flatten() {
            let again = Section::parse(&section.sql, 1).unwrap_or_else(|error| panic!("{error}: {text}"));
            assert_eq!((&again.sql, again.transaction), (&section.sql, section.transaction), "{text}");
            assert_eq!(again.checksum(), section.checksum(), "{text}");
            read += 1;
            without += usize::from(!section.transaction);
        }
    }
    assert!(read > 1000 && without > 300, "{read} sections, {without} outside a transaction");
}

#[test]
fn a_section_reads_the_same_by_itself() {
    for (text, sql, transaction) in [
        ("-- migrate:up\n-- migrate:down\n\n  SELECT 1; -- x\n", "SELECT 1; -- x", true),
        ("-- migrate:up\n-- migrate:down transaction:true\nSELECT 1", "SELECT 1", true),
        (
            "-- migrate:up\n-- migrate:down transaction:false\nVACUUM;\n",
            "-- migrate:down transaction:false\nVACUUM;",
            false,
        ),
        ("-- migrate:up\n-- migrate:down\n-- nothing", "-- nothing", true),
        (
            "-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose Down\n\nVACUUM;\n",
            "-- migrate:down transaction:false\nVACUUM;",
            false,
        ),
        (
            "-- +goose Up\n-- +goose Down\n-- +goose NO TRANSACTION\nVACUUM",
            "-- migrate:down transaction:false\n-- +goose NO TRANSACTION\nVACUUM",
            false,
        ),
        (
            "-- +goose Up\n-- +goose Down\n-- +goose StatementBegin\nSELECT 1\n-- +goose StatementEnd\nSELECT 2;",
            "-- +goose StatementBegin\nSELECT 1\n-- +goose StatementEnd\nSELECT 2;",
            true,
        ),
    ] {
        let down = Body::parse(text).unwrap().down.unwrap();
        assert_eq!((down.sql.as_str(), down.transaction), (sql, transaction), "{text}");
        let again = Section::parse(&down.sql, 1).unwrap();
        assert_eq!((&again.sql, again.transaction), (&down.sql, transaction));
        assert_eq!(again.items.len(), down.items.len());
    }
    assert_eq!(Section::parse("SELECT 1;\nSELECT 2", 10).unwrap().items[1].line, 11);
    assert_eq!(Section::parse("SELECT 1;\nCOMMIT", 10).unwrap_err().line(), Some(11));
    assert_eq!(Section::parse("SELECT 1;\n'", 10).unwrap_err().line(), Some(11));
    assert_eq!(Section::parse("ALTER TABLE t\nMODIFY a", u32::MAX).unwrap_err().line(), Some(u32::MAX));
    assert!(Section::parse("SELECT 1;\n-- migrate:down\n", 1).is_err());
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    use ErrorKind::*;
    for (text, kind, line, message, hint) in [
        ("SELECT 1;\n-- migrate:up\n", BadDirective, 1, "SQL stands before 'migrate:up'", "move it below"),
        (
            "-- migrate:down\nSELECT 1;",
            BadDirective,
            1,
            "without a 'migrate:up' before it",
            "begin the upgrade",
        ),
        ("-- migrate:down\n-- migrate:up", BadDirective, 1, "without a 'migrate:up' before it", "begin"),
        ("-- migrate:up\n-- migrate:up", BadDirective, 2, "'migrate:up' stands twice", "keep one"),
        (
            "-- migrate:up\n-- migrate:down\n-- migrate:down",
            BadDirective,
            3,
            "'migrate:down' stands twice",
            "keep one",
        ),
        (
            "-- migrate:up\n-- migrate:down\n-- migrate:up",
            BadDirective,
            3,
            "'migrate:up' stands twice",
            "keep one",
        ),
        (
            "-- migrate:unless SELECT 1\n-- migrate:up\n",
            BadDirective,
            1,
            "above 'migrate:up'",
            "move it below",
        ),
        ("-- migrate:unless SELECT 1\n", BadDirective, 1, "no statement follows", "above a statement"),
        (
            "-- migrate:up\n-- migrate:unless SELECT 1\n-- migrate:down\nSELECT 1;",
            BadDirective,
            2,
            "no statement follows",
            "above a statement",
        ),
        (
            "-- migrate:unless SELECT 1\n-- migrate:unless SELECT 2\nSELECT 3",
            BadDirective,
            2,
            "two 'migrate:unless'",
            "join",
        ),
        ("SELECT 1\n-- migrate:unless SELECT 2\nSELECT 3", BadDirective, 2, "in the middle", "with ';'"),
        (
            "-- migrate:up\nCREATE TABLE t(\n-- migrate:down\na);",
            BadDirective,
            3,
            "in the middle",
            "with ';'",
        ),
        (
            "-- migrate:up\nCREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1;\n-- migrate:down\nEND;",
            BadDirective,
            3,
            "in the middle",
            "with ';'",
        ),
        (
            "-- migrate:up\nALTER TABLE t ADD CHECK (\n-- migrate:down\na);",
            BadDirective,
            3,
            "in the middle",
            "with",
        ),
        (
            "-- migrate:up\n-- migrate:batch 5\nSELECT 1",
            BadDirective,
            2,
            "not supported yet",
            "delete the line",
        ),
        (
            "SELECT 1;\n\nALTER TABLE t\n  MODIFY a INT;",
            AlterSyntax,
            4,
            "near \"MODIFY\"",
            "ALTER COLUMN c TYPE",
        ),
        (
            "SELECT 1;\r\n\r\nALTER TABLE t\r\n  OWNER TO me;",
            AlterSyntax,
            4,
            "near \"OWNER\"",
            "leave it out",
        ),
        (
            "SELECT 1;\n/* migrate:down */\nSELECT 2;",
            BadDirective,
            2,
            "'/* migrate:down */' is no marker",
            "write it behind '--', on a line of its own",
        ),
        (
            "-- Up\nSELECT 1;\n\n-- Down\nSELECT 2;",
            BadDirective,
            4,
            "'-- Down' is no marker of limbeck's",
            "write '-- migrate:down', and above the upgrade '-- migrate:up'",
        ),
        (
            "-----------\n-- UP\n-----------\nSELECT 1;\n-- down --\n",
            BadDirective,
            5,
            "'-- down --' is no marker of limbeck's",
            "write '-- migrate:down', and above the upgrade '-- migrate:up'",
        ),
        ("-- migrate:up\n\nCOMMIT;", ForbiddenStatement, 3, "COMMIT in a migration", "delete it"),
        (
            "-- migrate:up\n-- migrate:down\nVACUUM;",
            ForbiddenStatement,
            3,
            "VACUUM inside",
            "transaction:false",
        ),
        (
            "-- migrate:up transaction:false\nVACUUM;\nALTER TABLE t ADD a;",
            ForbiddenStatement,
            3,
            "ALTER TABLE in a migration without",
            "revision of its own",
        ),
        ("SELECT 1;\n.read other.sql\nSELECT 2;", ForbiddenStatement, 2, "a shell's command", "delete it"),
        ("SELECT 1;\n\\copy t from x\n", ForbiddenStatement, 2, "a shell's command", "delete it"),
        (".print it's\nSELECT 1;", ForbiddenStatement, 1, "a shell's command", "delete it"),
    ] {
        let script = read(&[("a_b.sql", text)]).unwrap().remove(0);
        let error = script.body().unwrap_err();
        assert_eq!((error.kind(), error.line()), (kind, Some(line)), "{text}: {error}");
        assert!(error.to_string().contains(message), "{text}: {error}");
        assert!(error.hint().unwrap_or_default().contains(hint), "{text}: {:?}", error.hint());
        assert_eq!((error.revision(), error.file()), (Some("a"), Some("a_b.sql")));
        assert!(kind == BadDirective || error.statement().is_some(), "{text}");
    }
}

#[test]
fn the_place_names_the_statement() {
    for (text, statement) in [
        ("SELECT 1; COMMIT ;", "COMMIT"),
        ("ALTER TABLE t\nMODIFY a; SELECT 1", "ALTER TABLE t\nMODIFY a"),
        (".read x\nSELECT 1;", ".read x"),
        ("\\d t\nSELECT 1;", "\\d t"),
    ] {
        assert_eq!(Body::parse(text).unwrap_err().statement(), Some(statement));
    }
}

#[test]
fn a_message_has_a_letter_or_a_digit() {
    for (comment, message) in [
        ("Größe", "Größe"),
        ("表", "表"),
        ("7", "7"),
        ("═══ ─── • …", "behind it"),
        ("***", "behind it"),
        ("«»", "behind it"),
    ] {
        let text = format!("-- {comment}\n-- behind it\nSELECT 1");
        assert_eq!(read(&[("1_x.sql", &text)]).unwrap()[0].revision.message, message, "{comment}");
    }
}

#[test]
fn ids_messages_and_parents_come_from_the_header_or_the_name() {
    let scripts = read(&[
        ("0003_c_d.sql", "-- Third\n-- revises: 0001, two\nSELECT 1"),
        ("0001_first_one.sql", "\u{feff}-- created:\nCREATE TABLE t(a);"),
        ("0002_x.sql", "-- revision: two\r\n-- aliases: deux\r\n\r\n-- migrate:up\r\n"),
        ("0004_y_z.sql", "-- revision: 0004_y"),
        ("base.SQL", "-- revises:\nSELECT 1"),
    ])
    .unwrap();
    let seen: Vec<(&str, String, &str)> = scripts
        .iter()
        .map(|script| {
            let revision = &script.revision;
            (revision.id.as_str(), revision.revises.join("+"), revision.message.as_str())
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("0001", String::new(), "first one"),
            ("two", "0001".into(), "x"),
            ("0003", "0001+two".into(), "Third"),
            ("0004_y", "0003".into(), "z"),
            ("base", String::new(), ""),
        ]
    );
    assert_eq!(scripts[1].revision.aliases, ["deux"]);
    assert!(scripts[0].text.starts_with("--"));
}

#[test]
fn each_folder_is_read_as_if_alone() {
    let files = [
        ("app/0001_users.sql", "CREATE TABLE users(a)"),
        ("app/0002_more.sql", "SELECT 2"),
        ("cars/V2__b.sql", "SELECT 2"),
        ("cars/V10__c.sql", "SELECT 10"),
        ("pairs/9_a.up.sql", "SELECT 9"),
        ("pairs/9_a.down.sql", "SELECT 9"),
        ("pairs/11_b.up.sql", "SELECT 11"),
    ];
    let scripts = read(&files).unwrap();
    let shown: Vec<(&str, String, &str)> = scripts
        .iter()
        .map(|s| (s.revision.id.as_str(), s.revision.revises.join(","), s.file.as_str()))
        .collect();
    let want = [
        ("0001", "", "app/0001_users.sql"),
        ("0002", "0001", "app/0002_more.sql"),
        ("2", "", "cars/V2__b.sql"),
        ("10", "2", "cars/V10__c.sql"),
        ("9", "", "pairs/9_a.up.sql"),
        ("11", "9", "pairs/11_b.up.sql"),
    ];
    assert_eq!(shown, want.map(|(id, revises, file)| (id, revises.to_owned(), file)));
    assert!(scripts[4].body().unwrap().down.is_some());
}

#[test]
fn names_whose_order_misleads_are_refused() {
    for (before, after, header, refused) in [
        ("10_x.sql", "9_y.sql", "", true),
        ("09_x.sql", "10_y.sql", "", false),
        ("10_x.sql", "9_y.sql", "-- revises: 10", false),
        ("20250115_x.sql", "20250116_y.sql", "", false),
        ("2025_x.sql", "a9_y.sql", "", false),
    ] {
        let result = read(&[(before, ""), (after, header)]);
        assert_eq!(result.is_err(), refused, "{before} {after}");
    }
    let error = read(&[("_x.sql", "")]).unwrap_err();
    assert_eq!((error.kind(), error.file()), (ErrorKind::BadDirective, Some("_x.sql")));
}

#[test]
fn a_checksum_is_that_of_the_upgrade() {
    let sum = |text: &str| read(&[("a.sql", text)]).unwrap()[0].checksum().unwrap();
    let plain = sum("-- migrate:up\nCREATE TABLE t(a);\n");
    assert_eq!(plain, sum("-- A header\r\n-- revision: a\r\n\r\n-- migrate:up\r\ncreate table t ( a )\r\n"));
    assert_eq!(plain, sum("CREATE TABLE t(a);\n"));
    assert_eq!(plain, sum("-- migrate:up\nCREATE TABLE t(a);\n-- migrate:down\nDROP TABLE t;"));
    assert_ne!(plain, sum("CREATE TABLE t(b);"));
    assert_eq!(plain.len(), 64);
}

/// Fragments in every order that a small generator comes up with.
#[test]
fn no_text_panics() {
    const PARTS: [&str; 40] = [
        "-- migrate:up",
        "-- migrate:down",
        "-- migrate:unless SELECT 1",
        "-- migrate:",
        "--",
        "/*",
        "*/",
        "\n",
        "\r\n",
        " ",
        ";",
        "'",
        "\"",
        "[",
        "]",
        "`",
        "(",
        ")",
        ",",
        ".",
        "ALTER",
        "TABLE",
        "t",
        "ADD",
        "DROP",
        "UNIQUE",
        "ALTER TABLE t ADD COLUMN a",
        "CREATE TRIGGER",
        "BEGIN",
        "END",
        "é",
        "\u{feff}",
        "\0",
        "x'",
        "1e",
        "PRAGMA",
        "-- revises:",
        "-- revise: x",
        "migrate:",
        "\\",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..state % 12 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text.push_str(PARTS[(state >> 32) as usize % PARTS.len()]);
            text.push_str(["", " ", "\n"][(state >> 20) as usize % 3]);
        }
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        if let Ok(scripts) = read(&[("a.sql", &text)]) {
            let _ = scripts[0].checksum();
        }
        let _ = Section::parse(&text, 7);
    }
}
