//! One step of a migration that limbeck writes: what happens to which object, as SQL, and what a
//! reader should know of it. Knows no database.
//!
//! The way back is no property of a step: it is the comparison of the two schemas the other way
//! round, which knows every `CREATE` text that a step would have lost.
//!
//! ```
//! use limbeck::alter::Action;
//! use limbeck::operation::{Change, Operation};
//!
//! let actions = vec![Action::DropNotNull { column: "phone".into() }];
//! let operation = Operation::new(Change::AlterTable { table: "users".into(), actions });
//! assert_eq!(operation.sql(), "ALTER TABLE users ALTER COLUMN phone DROP NOT NULL");
//! ```

use serde::Serialize;
use serde::ser::Serializer;

use crate::alter::Action;
use crate::schema::ObjectKind;
use crate::sql::{quote, semicolon};

/// A step, and what a reader should know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What happens.
    pub change: Change,
    /// What it loses, what it asks.
    pub notes: Vec<Note>,
}

/// What happens to the schema, or to rows so that it can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// `CREATE …`
    Create {
        /// What is made; a virtual table is a table.
        object: ObjectKind,
        /// The table that it belongs to.
        table: String,
        /// Its name.
        name: String,
        /// Its text.
        #[serde(skip)]
        sql: String,
    },
    /// `DROP …`
    Drop {
        /// What goes.
        object: ObjectKind,
        /// The table that it belongs to.
        table: String,
        /// Its name.
        name: String,
    },
    /// `ALTER TABLE … RENAME TO …`
    RenameTable {
        /// Its name.
        table: String,
        /// Its name afterwards.
        to: String,
    },
    /// `ALTER TABLE …`: a batch, done in one go where it can be.
    AlterTable {
        /// The table.
        table: String,
        /// In order.
        actions: Vec<Action>,
    },
    /// `UPDATE …`: gives the rows a value that have none.
    Fill {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The value, as SQL.
        value: String,
    },
}

/// What a reader should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "text", rename_all = "snake_case")]
pub enum Note {
    /// Data goes that nothing brings back.
    Loses(String),
    /// A value was filled in that only a person can know.
    Question(String),
    /// What may surprise.
    Remark(String),
}

impl Note {
    /// What it says.
    pub fn text(&self) -> &str {
        match self {
            Note::Loses(text) | Note::Question(text) | Note::Remark(text) => text,
        }
    }
}

impl Operation {
    /// A step that needs no explanation.
    pub fn new(change: Change) -> Operation {
        Operation { change, notes: Vec::new() }
    }

    /// With something to know.
    #[must_use]
    pub fn with(mut self, note: Note) -> Operation {
        self.notes.push(note);
        self
    }

    /// As a statement of limbeck's SQL, without its semicolon.
    pub fn sql(&self) -> String {
        match &self.change {
            Change::Create { sql, .. } => sql.clone(),
            Change::Drop { object, name, .. } => drop_sql(*object, name),
            Change::RenameTable { table, to } => {
                format!("ALTER TABLE {} RENAME TO {}", quote(table), quote(to))
            }
            Change::AlterTable { table, actions } => alter_sql(table, actions),
            Change::Fill { table, column, value } => {
                let column = quote(column);
                format!("UPDATE {} SET {column} = {value} WHERE {column} IS NULL", quote(table))
            }
        }
    }

    /// The table that it is about.
    pub fn table(&self) -> &str {
        match &self.change {
            Change::Create { table, .. }
            | Change::Drop { table, .. }
            | Change::RenameTable { table, .. }
            | Change::AlterTable { table, .. }
            | Change::Fill { table, .. } => table,
        }
    }
}

/// `DROP INDEX i`
pub(crate) fn drop_sql(object: ObjectKind, name: &str) -> String {
    format!("DROP {} {}", object.as_str().to_ascii_uppercase(), quote(name))
}

/// One action stands beside the table, several stand below it.
pub(crate) fn alter_sql(table: &str, actions: &[Action]) -> String {
    let texts: Vec<String> = actions.iter().map(ToString::to_string).collect();
    match &texts[..] {
        [one] => format!("ALTER TABLE {} {one}", quote(table)),
        several => format!("ALTER TABLE {}\n  {}", quote(table), several.join(",\n  ")),
    }
}

/// Its data, its SQL and its notes as one object.
impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Whole<'o> {
            #[serde(flatten)]
            change: &'o Change,
            sql: String,
            notes: &'o [Note],
        }
        Whole { change: &self.change, sql: self.sql(), notes: &self.notes }.serialize(serializer)
    }
}

/// The text of a migration's half: each statement with its notes before it.
pub fn script(operations: &[Operation]) -> String {
    let mut text = String::new();
    for operation in operations {
        if !text.is_empty() {
            text.push('\n');
        }
        for note in &operation.notes {
            let word = match note {
                Note::Loses(_) => "LOSES DATA: ",
                Note::Question(_) => "QUESTION: ",
                Note::Remark(_) => "",
            };
            for line in format!("{word}{}", note.text()).lines() {
                text.push_str(&format!("-- {line}\n"));
            }
        }
        let sql = operation.sql();
        text.push_str(&format!("{sql}{}\n", semicolon(&sql)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_as_statements() {
        let action = |column: &str| Action::DropDefault { column: column.into() };
        for (change, want) in [
            (
                Change::AlterTable { table: "t".into(), actions: vec![action("a"), action("b c")] },
                "ALTER TABLE t\n  ALTER COLUMN a DROP DEFAULT,\n  ALTER COLUMN \"b c\" DROP DEFAULT",
            ),
            (
                Change::RenameTable { table: "t".into(), to: "order".into() },
                "ALTER TABLE t RENAME TO \"order\"",
            ),
            (Change::Drop { object: ObjectKind::Index, table: "t".into(), name: "i".into() }, "DROP INDEX i"),
            (
                Change::Fill { table: "t".into(), column: "a".into(), value: "''".into() },
                "UPDATE t SET a = '' WHERE a IS NULL",
            ),
        ] {
            assert_eq!(Operation::new(change).sql(), want);
        }
    }

    #[test]
    fn a_script_has_its_notes() {
        let drop =
            |table: &str| Change::Drop { object: ObjectKind::Table, table: table.into(), name: table.into() };
        let operations = [
            Operation::new(drop("t")).with(Note::Loses("all rows of t".into())),
            Operation::new(Change::Create {
                object: ObjectKind::View,
                table: "v".into(),
                name: "v".into(),
                sql: "CREATE VIEW v AS SELECT 1 -- one".into(),
            }),
        ];
        assert_eq!(
            script(&operations),
            "-- LOSES DATA: all rows of t\nDROP TABLE t;\n\nCREATE VIEW v AS SELECT 1 -- one\n;\n"
        );
        let json = serde_json::to_value(&operations[0]).unwrap();
        assert_eq!(
            json.to_string(),
            r#"{"kind":"drop","object":"table","table":"t","name":"t","sql":"DROP TABLE t","notes":[{"kind":"loses","text":"all rows of t"}]}"#
        );
    }
}
