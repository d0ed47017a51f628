//! A rule as queries for the rows that break it, wherever their values come from.

use crate::schema::TableDef;
use crate::sql::quote;

/// A rule that the table's rows must obey from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// As SQL: `phone NOT NULL`.
    pub text: String,
    /// Answers how many rows break it.
    pub count: String,
    /// Answers the keys of the first of them, as SQL literals.
    pub keys: String,
    /// What to do about them.
    pub hint: String,
    /// Whether it is a foreign key.
    pub foreign_key: bool,
}

/// A rule, before it is known where its values come from.
pub(super) struct Question {
    pub text: String,
    pub hint: String,
    /// The columns that it looks at.
    pub columns: Vec<usize>,
    pub broken: Rows,
    pub foreign_key: bool,
    /// A quicker query than by `broken` whether any row breaks it.
    pub quick: Option<String>,
}

/// The rows that break a rule.
pub(super) enum Rows {
    /// Those for which this holds.
    Where(String),
    /// Those that are equal in all of these, none of them NULL, where the condition holds.
    Equal(Vec<String>, Option<String>),
}

/// Where the rows are asked.
pub(super) struct Relation {
    pub rows: String,
    pub key: String,
    /// A full scan needs no index, and what an index says is not trusted.
    pub hint: &'static str,
}

impl Relation {
    /// The queries that answer the question.
    pub fn rule(&self, question: Question) -> Rule {
        let Relation { rows, key, hint: scan } = self;
        let (count, keys) = match &question.broken {
            Rows::Where(condition) => (
                format!("SELECT count(*) FROM {rows}{scan} WHERE {condition}"),
                format!("SELECT {key} FROM {rows}{scan} WHERE {condition} LIMIT 5"),
            ),
            Rows::Equal(values, condition) => {
                let (known, list) = (Self::known(values, condition.as_deref()), values.join(", "));
                let same = self.same(values, condition.as_deref());
                (
                    format!("SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n {same})"),
                    format!(
                        "SELECT {key} FROM {rows}{scan} WHERE {known} AND ({list}) IN (SELECT {list} {same}) LIMIT 5"
                    ),
                )
            }
        };
        let Question { text, hint, foreign_key, .. } = question;
        Rule { text, count, keys, hint, foreign_key }
    }

    /// Queries that answer a row if one of the questions has any: one scan for all conditions.
    pub fn any<'q>(&self, questions: impl Iterator<Item = &'q Question>) -> Vec<String> {
        let Relation { rows, hint: scan, .. } = self;
        let (mut queries, mut conditions) = (Vec::new(), Vec::new());
        for question in questions {
            match (&question.quick, &question.broken) {
                (Some(query), _) => queries.push(query.clone()),
                (None, Rows::Where(condition)) => conditions.push(format!("({condition})")),
                (None, Rows::Equal(values, condition)) => {
                    queries.push(format!("SELECT 1 {} LIMIT 1", self.same(values, condition.as_deref())));
                }
            }
        }
        if !conditions.is_empty() {
            queries.push(format!("SELECT 1 FROM {rows}{scan} WHERE {} LIMIT 1", conditions.join(" OR ")));
        }
        queries
    }

    fn known(values: &[String], condition: Option<&str>) -> String {
        let known = values.iter().map(|value| format!("{value} IS NOT NULL"));
        known.chain(condition.map(|condition| format!("({condition})"))).collect::<Vec<_>>().join(" AND ")
    }

    /// From where values come that are there more than once.
    fn same(&self, values: &[String], condition: Option<&str>) -> String {
        let (known, list) = (Self::known(values, condition), values.join(", "));
        format!("FROM {}{} WHERE {known} GROUP BY {list} HAVING count(*) > 1", self.rows, self.hint)
    }

    /// The rowid or the primary key of a row, as SQL literals: as one text, for before SQLite 3.38 `quote`
    /// answers a number as a number.
    pub fn key(table: &TableDef) -> String {
        match table.rowid_name() {
            Some(rowid) => format!("'' || quote({rowid})"),
            None => {
                let columns = table.primary_key();
                let quoted: Vec<String> =
                    columns.iter().map(|column| format!("quote({})", quote(column))).collect();
                if quoted.is_empty() {
                    "'?'".to_owned()
                } else {
                    format!("'' || {}", quoted.join(" || ', ' || "))
                }
            }
        }
    }
}
