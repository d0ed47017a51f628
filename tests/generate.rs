//! `CREATE TABLE` texts, and parts of them, as people and tools have written them, and worse.

#![allow(dead_code)] // Each user takes what it needs.

use crate::random::Random;

/// Names that are easy to get wrong.
const NAMES: [&str; 24] = [
    "a",
    "B",
    "id",
    "c d",
    "order",
    "key",
    "first",
    "after",
    "x\"y",
    "it's",
    "é",
    "[z",
    "generated",
    "always",
    "1st",
    "check",
    "default",
    "without",
    "b]",
    "if",
    "`q",
    "virtual",
    "type",
    "oid",
];

const TYPES: [&str; 16] = [
    "INT",
    "integer",
    "TEXT",
    "VARCHAR(10)",
    "DECIMAL ( 10 , -2 )",
    "unsigned big int",
    "\"INTEGER\"",
    "[a type]",
    "double precision",
    "blob",
    "REAL",
    "'quoted'",
    "numeric key",
    "\"two\" words",
    "any",
    "date time virtual",
];

const STRICT_TYPES: [&str; 6] = ["INT", "integer", "TEXT", "Blob", "REAL", "any"];

const VALUES: [&str; 14] = [
    "1",
    "-1",
    "+ 2.5e3",
    "'x, y)'",
    "'it''s'",
    "NULL",
    "x'00ff'",
    "CURRENT_TIMESTAMP",
    "(1 + (2))",
    "(')')",
    "( datetime( 'now' ) )",
    "true",
    "\"text\"",
    "(CASE WHEN 1 THEN ')' ELSE 2 END)",
];

const CONFLICTS: [&str; 5] = [
    "ON CONFLICT ROLLBACK",
    "ON CONFLICT abort",
    "ON CONFLICT FAIL",
    "ON CONFLICT IGNORE",
    "ON CONFLICT REPLACE",
];

/// A text, and what is needed to write actions on it.
pub struct Create {
    pub text: String,
    pub columns: Vec<String>,
}

impl Random {
    /// A `CREATE TABLE`. SQLite takes most of them.
    pub fn create(&mut self) -> Create {
        let mut columns: Vec<String> = Vec::new();
        while columns.is_empty() || !self.once_in(4) {
            let name = self.pick(&NAMES);
            if !columns.iter().any(|other| other.eq_ignore_ascii_case(name)) {
                columns.push(name.to_owned());
            }
        }
        let strict = self.once_in(6);
        let in_columns = self.once_in(2);
        let mut words = vec!["CREATE".to_owned(), "TABLE".to_owned()];
        if self.once_in(6) {
            words.extend(["IF", "NOT", "EXISTS"].map(str::to_owned));
        }
        if self.once_in(6) {
            words.extend(["main", "."].map(str::to_owned));
        }
        let name = self.pick(&NAMES);
        words.extend([self.spelt(name), "(".to_owned()]);
        let keyed = in_columns.then(|| self.below(columns.len() * 2));
        for at in 0..columns.len() {
            if at > 0 {
                words.push(",".to_owned());
            }
            words.push(self.spelt(&columns[at]));
            self.column(&mut words, &columns, strict, keyed == Some(at));
        }
        self.table_constraints(&mut words, &columns, !in_columns);
        words.push(")".to_owned());
        let without = keyed.is_some_and(|at| at < columns.len()) && self.once_in(3);
        words.extend(without.then(|| "WITHOUT ROWID".to_owned()));
        words.extend((without && strict).then(|| ",".to_owned()));
        words.extend(strict.then(|| "STRICT".to_owned()));
        Create { text: self.laid_out(&words), columns }
    }

    /// A name in one of SQLite's quotes, or in none.
    pub fn spelt(&mut self, name: &str) -> String {
        let bare = limbeck::sql::quote(name) == name;
        match self.below(if bare { 8 } else { 4 }) {
            0 => format!("'{}'", name.replace('\'', "''")),
            1 => format!("`{}`", name.replace('`', "``")),
            2 if !name.contains(']') => format!("[{name}]"),
            2 | 3 => format!("\"{}\"", name.replace('"', "\"\"")),
            _ => name.to_owned(),
        }
    }

    pub fn type_name(&mut self) -> &'static str {
        TYPES[self.below(TYPES.len())]
    }

    pub fn value(&mut self) -> &'static str {
        VALUES[self.below(VALUES.len())]
    }

    pub fn name(&mut self) -> &'static str {
        NAMES[self.below(NAMES.len())]
    }

    fn column(&mut self, words: &mut Vec<String>, columns: &[String], strict: bool, key: bool) {
        if strict {
            words.push(self.pick(&STRICT_TYPES).to_owned());
        } else if key && self.once_in(2) {
            words.push("INTEGER".to_owned());
        } else if !self.once_in(4) {
            words.push(self.type_name().to_owned());
        }
        if key {
            words.push("PRIMARY KEY".to_owned());
            words.extend(self.once_in(5).then(|| "DESC".to_owned()));
            let number = words[words.len() - 2] == "INTEGER" && self.once_in(2);
            words.extend(number.then(|| "AUTOINCREMENT".to_owned()));
        }
        while !self.once_in(3) {
            for _ in 0..[0, 0, 0, 1, 1, 2][self.below(6)] {
                words.push("CONSTRAINT".to_owned());
                let name = self.pick(&NAMES);
                words.push(self.spelt(name));
            }
            match self.below(8) {
                0 => {
                    words.push("NOT NULL".to_owned());
                    words.extend(self.once_in(4).then(|| self.pick(&CONFLICTS).to_owned()));
                }
                1 => words.push("NULL".to_owned()),
                2 => {
                    words.push("UNIQUE".to_owned());
                    words.extend(self.once_in(4).then(|| self.pick(&CONFLICTS).to_owned()));
                }
                3 => words.extend(["CHECK".to_owned(), self.expression(columns)]),
                4 => words.extend(["DEFAULT".to_owned(), self.value().to_owned()]),
                5 => words.extend(["COLLATE".to_owned(), self.collation()]),
                6 => self.references(words, 1),
                _ if self.once_in(2) && !key => {
                    words.extend(self.once_in(2).then(|| "GENERATED ALWAYS".to_owned()));
                    words.extend(["AS".to_owned(), self.pick(&["(1)", "( 'a,)' || (2) )"]).to_owned()]);
                    words.extend((!self.once_in(3)).then(|| self.pick(&["STORED", "virtual"]).to_owned()));
                }
                _ => {}
            }
        }
    }

    fn collation(&mut self) -> String {
        let name = self.pick(&["NOCASE", "binary", "rtrim"]);
        self.spelt(name)
    }

    /// An expression in parentheses, over some columns.
    pub fn expression(&mut self, columns: &[String]) -> String {
        let column = columns[self.below(columns.len())].replace('"', "\"\"");
        match self.below(4) {
            0 => format!("(\"{column}\" <> ')' /* ( */)"),
            1 => format!("((\"{column}\") IN (1, (2)) OR \"{column}\" IS NULL)"),
            2 => format!("(CASE WHEN length(\"{column}\") > 3 THEN 0 ELSE (1) END)"),
            _ => "( 1 )".to_owned(),
        }
    }

    fn references(&mut self, words: &mut Vec<String>, width: usize) {
        words.push("REFERENCES".to_owned());
        let name = self.pick(&NAMES);
        words.push(self.spelt(name));
        if self.once_in(2) {
            words.push("(".to_owned());
            for (at, column) in NAMES.iter().take(width).enumerate() {
                words.extend((at > 0).then(|| ",".to_owned()));
                words.push(self.spelt(column));
            }
            words.push(")".to_owned());
        }
        for clause in ["ON DELETE CASCADE", "ON UPDATE SET NULL", "MATCH full", "ON UPDATE NO ACTION"] {
            words.extend(self.once_in(6).then(|| clause.to_owned()));
        }
        let clause = self.pick(&["NOT DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED", "", "", ""]);
        words.extend((!clause.is_empty()).then(|| clause.to_owned()));
    }

    /// One rule of a table, without its name.
    pub fn table_rule(&mut self, words: &mut Vec<String>, columns: &[String], kind: usize) {
        match kind {
            0 => words.extend(["CHECK".to_owned(), self.expression(columns)]),
            1 => {
                words.push("FOREIGN KEY".to_owned());
                let width = self.listed(words, columns, false);
                self.references(words, width);
            }
            _ => {
                words.push(if kind == 2 { "UNIQUE".to_owned() } else { "PRIMARY KEY".to_owned() });
                self.listed(words, columns, true);
                words.extend(self.once_in(4).then(|| self.pick(&CONFLICTS).to_owned()));
            }
        }
    }

    fn table_constraints(&mut self, words: &mut Vec<String>, columns: &[String], mut key: bool) {
        let mut separator = ",";
        while !self.once_in(3) {
            words.push(separator.to_owned());
            for _ in 0..[0, 0, 1, 2][self.below(4)] {
                words.push("CONSTRAINT".to_owned());
                let name = self.pick(&NAMES);
                words.push(self.spelt(name));
            }
            let kind = self.below(if key { 4 } else { 3 });
            key &= kind != 3;
            self.table_rule(words, columns, kind);
            separator = self.pick(&[",", ",", ""]);
        }
    }

    /// Some columns in parentheses; how many.
    fn listed(&mut self, words: &mut Vec<String>, columns: &[String], indexed: bool) -> usize {
        let first = self.below(columns.len());
        let width = 1 + self.below((columns.len() - first).min(3));
        words.push("(".to_owned());
        for (at, column) in columns[first..first + width].iter().enumerate() {
            words.extend((at > 0).then(|| ",".to_owned()));
            words.push(self.spelt(column));
            if indexed && self.once_in(5) {
                words.extend(["COLLATE".to_owned(), self.collation()]);
            }
            words.extend((indexed && self.once_in(5)).then(|| "DESC".to_owned()));
        }
        words.push(")".to_owned());
        width
    }

    /// The words with blanks and comments between them.
    pub fn laid_out(&mut self, words: &[String]) -> String {
        let solid = |word: &str| matches!(word, "(" | ")" | "," | ".");
        let mut text = String::new();
        for (at, word) in words.iter().enumerate() {
            if at > 0 {
                let free = solid(word) || solid(&words[at - 1]);
                text += match self.below(12) {
                    0 => "\n  ",
                    1 => "\t",
                    2 => "/* , ) ' */",
                    3 => " -- ( , it's \"\n",
                    4 => "\r\n\x0c",
                    5 => " /* a */ /*b*/ ",
                    6 | 7 if free => "",
                    _ => " ",
                };
            }
            text += word;
        }
        text
    }
}
