//! The rules that a batch adds, as queries for the rows that break them: asked before the first
//! write, so that a refusal comes with its rows.
//!
//! Found by comparing definitions, not by what the actions are called: a rule of the new definition
//! is asked unless the old one had it too and nothing that it looks at has changed.

use std::sync::Arc;

use super::draft::{Draft, Source};
use super::question::{Question, Relation, Rows, Rule};
use super::table_state::TableState;
use super::unique::{Key, unique_keys};
use super::values::{Values, changed, default_expression, literal_kind};
use crate::schema::{ColumnDef, ColumnRule, ForeignKey, NamesUsed, TableDef, TableRule};
use crate::sql::{TokenType, quote, same_name, same_names, same_text};

/// All rules that a batch adds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewRules {
    /// Values to be made before the rules are asked, and dropped after it.
    pub values: Option<Values>,
    /// Each answers no row: then no rule is broken, and none has to be asked by itself.
    pub any: Vec<String>,
    /// In the order in which they are asked.
    pub rules: Vec<Rule>,
}

/// The rules that the draft adds to the rows of the table. `parents` are the tables that its
/// foreign keys name; a key whose parent is not among them is not asked here.
pub fn new_rules(state: &TableState, draft: &Draft, parents: &[Arc<TableDef>]) -> NewRules {
    let find = Find { state, draft, changed: changed(state, draft) };
    let mut questions = Vec::new();
    find.not_null(&mut questions);
    find.rowid(&mut questions);
    find.checks(&mut questions);
    find.unique(&mut questions);
    find.strict(&mut questions);
    find.foreign_keys(parents, &mut questions);
    find.asked(questions)
}

/// The rule of a new unique index over the rows of a table as they are.
pub fn unique_index(
    state: &TableState,
    name: &str,
    values: Vec<String>,
    condition: Option<String>,
) -> NewRules {
    let question = equal_rows(format!("unique index {name}"), Vec::new(), values, condition);
    let rows = rows_of(state);
    NewRules { values: None, any: rows.any([&question].into_iter()), rules: vec![rows.rule(question)] }
}

fn equal_rows(text: String, columns: Vec<usize>, values: Vec<String>, condition: Option<String>) -> Question {
    Question {
        text,
        hint: "make those rows differ, or delete what is double".to_owned(),
        columns,
        broken: Rows::Equal(values, condition),
        foreign_key: false,
        quick: None,
    }
}

/// The rows of the table as it is.
fn rows_of(state: &TableState) -> Relation {
    let table = quote(&state.table.name);
    Relation {
        rows: format!("{}.{table} AS {table}", quote(&state.schema)),
        key: Relation::key(&state.table),
        hint: " NOT INDEXED",
    }
}

struct Find<'a> {
    state: &'a TableState,
    draft: &'a Draft,
    /// For each column of the draft.
    changed: Vec<bool>,
}

const CHANGE: &str = "change those rows first";

impl Find<'_> {
    fn not_null(&self, questions: &mut Vec<Question>) {
        let table = &self.draft.table;
        let (before, rowid) = (refusing_null(&self.state.table), table.rowid_alias());
        for at in refusing_null(table) {
            if rowid == Some(at) {
                continue;
            }
            let column = &table.columns[at];
            let name = &column.name;
            let fresh = self.fresh(at);
            let held = self.state.table.position(name).is_some_and(|was| before.contains(&was));
            // A conversion makes no NULL of a value.
            let keeps = column.generated().is_none()
                && matches!(self.draft.sources[at], Source::Column(_) | Source::Converted(_));
            if (held && keeps) || matches!(fresh, Some(Fresh::Literal)) {
                continue;
            }
            let (broken, columns, hint) = match fresh {
                Some(Fresh::Null) => (
                    "1".to_owned(),
                    Vec::new(),
                    "give the column a DEFAULT, or add it without NOT NULL, fill it, and set NOT NULL then"
                        .to_owned(),
                ),
                _ => (
                    format!("{} IS NULL", quote(name)),
                    vec![at],
                    format!("give them a value first: UPDATE {} SET {} = …", quote(&table.name), quote(name)),
                ),
            };
            questions.push(Question {
                text: format!("{name} NOT NULL"),
                hint,
                columns,
                broken: Rows::Where(broken),
                foreign_key: false,
                quick: None,
            });
        }
    }

    /// A column that becomes the rowid holds whole numbers only. SQLite would give a NULL a number
    /// of its own, silently.
    fn rowid(&self, questions: &mut Vec<Question>) {
        let Some(at) = self.becomes_rowid() else { return };
        let name = &self.draft.table.columns[at].name;
        questions.push(Question {
            text: format!("{name} INTEGER PRIMARY KEY"),
            hint: format!(
                "give each of them a whole number first: UPDATE {} SET {} = …",
                quote(&self.draft.table.name),
                quote(name)
            ),
            columns: vec![at],
            broken: Rows::Where(format!("typeof({}) <> 'integer'", quote(name))),
            foreign_key: false,
            quick: None,
        });
    }

    /// The column that is the rowid from now on, with values of its own.
    fn becomes_rowid(&self) -> Option<usize> {
        let at = self.draft.table.rowid_alias()?;
        let same = match &self.draft.sources[at] {
            Source::Column(from) | Source::Converted(from) => self
                .state
                .table
                .rowid_alias()
                .is_some_and(|old| same_name(&self.state.table.columns[old].name, from)),
            Source::Expression(_) => false,
            // A new one is numbered by SQLite.
            Source::Default => true,
        };
        (!same).then_some(at)
    }

    fn checks(&self, questions: &mut Vec<Question>) {
        let (old, new) = (&self.state.table, &self.draft.table);
        for (whole, expression) in new.checks() {
            let (text, expression) = (new.text(whole).to_owned(), new.text(expression));
            let columns = self.mentioned(expression);
            let held = old.checks().any(|(_, other)| same_text(old.text(other), expression));
            if held && !columns.iter().any(|&at| self.changed[at]) {
                continue;
            }
            questions.push(Question {
                text,
                hint: CHANGE.to_owned(),
                columns,
                // "If the result is zero … a constraint violation has occurred": not so for NULL.
                broken: Rows::Where(format!("NOT {expression}")),
                foreign_key: false,
                quick: None,
            });
        }
    }

    fn unique(&self, questions: &mut Vec<Question>) {
        let old = unique_keys(&self.state.table, &self.state.indexes);
        for key in unique_keys(&self.draft.table, &self.draft.indexes) {
            let columns = self.mentioned(&key.text_of_all());
            let rowid = self.draft.table.rowid_alias();
            let numbered = rowid.is_some() && key.primary && self.becomes_rowid().is_none();
            let held =
                old.iter().any(|other| other.same(&key)) && !columns.iter().any(|&at| self.changed[at]);
            // NULLs are never equal.
            let empty = columns.iter().any(|&at| matches!(self.fresh(at), Some(Fresh::Null)));
            if numbered || held || (empty && key.plain) {
                continue;
            }
            let Key { title, values, condition, .. } = key;
            questions.push(equal_rows(title, columns, values, condition));
        }
    }

    /// <https://sqlite.org/stricttables.html>: "Content inserted into the column with a datatype
    /// other than ANY must be either a NULL … or the type specified", after affinity.
    fn strict(&self, questions: &mut Vec<Question>) {
        let table = &self.draft.table;
        if !table.options.strict {
            return;
        }
        for (at, column) in table.columns.iter().enumerate() {
            let type_name = table.type_name(column).to_ascii_uppercase();
            let class = match type_name.as_str() {
                "INT" | "INTEGER" => "integer",
                "REAL" => "real",
                "TEXT" => "text",
                "BLOB" => "blob",
                _ => continue,
            };
            let held = self.state.table.options.strict && !self.changed[at];
            let empty = matches!(self.fresh(at), Some(Fresh::Null));
            if held || empty || table.rowid_alias() == Some(at) {
                continue;
            }
            questions.push(Question {
                text: format!("{} {type_name} STRICT", column.name),
                hint: format!(
                    "convert those values first: UPDATE {} SET {} = …",
                    quote(&table.name),
                    quote(&column.name)
                ),
                columns: vec![at],
                broken: Rows::Where(format!("typeof({}) NOT IN ('null', '{class}')", quote(&column.name))),
                foreign_key: false,
                quick: None,
            });
        }
    }

    fn foreign_keys(&self, parents: &[Arc<TableDef>], questions: &mut Vec<Question>) {
        let table = &self.draft.table;
        let old = foreign_keys(&self.state.table);
        for (text, columns, parent) in foreign_keys(table) {
            let held = is_held(&old, &columns, parent);
            let Some(found) = parents.iter().find(|found| same_name(&found.name, &parent.table)) else {
                continue;
            };
            let to: Vec<&str> = match parent.columns.is_empty() {
                true => found.primary_key(),
                false => parent.columns.iter().map(String::as_str).collect(),
            };
            let itself = same_name(&found.name, &table.name);
            let places: Option<Vec<usize>> = columns.iter().map(|column| table.position(column)).collect();
            let (Some(places), true) = (places, to.len() == columns.len()) else { continue };
            let there = to.iter().all(|column| found.column(column).is_some());
            // Rows of an old key that dangled before may go on dangling, and values that change on
            // both sides are only there after the copy: the check before COMMIT judges both.
            if held || !there || (itself && self.changed.contains(&true)) {
                continue;
            }
            questions.push(Question {
                text,
                hint: "delete or repair those rows first".to_owned(),
                columns: places,
                broken: Rows::Where(self.dangling(&columns, &found.name, &to)),
                foreign_key: true,
                quick: self.dangling_by_index(&columns, &found.name, &to),
            });
        }
    }

    /// "When comparing values, … the parent key column's collating sequence … the parent key column's
    /// affinity" count (<https://sqlite.org/foreignkeys.html#parentchild>): the unary plus takes the
    /// child's own affinity away, and the collation of the left side wins.
    fn dangling(&self, columns: &[String], parent: &str, to: &[&str]) -> String {
        let own = quote(&self.draft.table.name);
        let known: Vec<String> =
            columns.iter().map(|column| format!("{own}.{} IS NOT NULL", quote(column))).collect();
        let equal: Vec<String> = columns
            .iter()
            .zip(to)
            .map(|(column, to)| format!("limbeck_parent.{} = +{own}.{}", quote(to), quote(column)))
            .collect();
        format!(
            "{} AND NOT EXISTS (SELECT 1 FROM {}.{} AS limbeck_parent WHERE {})",
            known.join(" AND "),
            quote(&self.state.schema),
            quote(parent),
            equal.join(" AND ")
        )
    }

    /// Whether any row dangles, where an index lists the different values of the key: a few, as a rule.
    fn dangling_by_index(&self, columns: &[String], parent: &str, to: &[&str]) -> Option<String> {
        let ([column], [to]) = (columns, to) else { return None };
        let at = self.draft.table.position(column)?;
        let table = &self.state.table;
        let old = table.column(column)?;
        let plain = !self.changed[at] && table.collation(old) == "BINARY";
        let listed = self.state.indexes.iter().any(|index| index.leads_with(column));
        (plain && listed).then(|| {
            let (schema, name, column) = (quote(&self.state.schema), quote(&table.name), quote(column));
            format!(
                "SELECT 1 FROM (SELECT DISTINCT {column} AS value FROM {schema}.{name} WHERE {column} IS NOT NULL) \
                 WHERE NOT EXISTS (SELECT 1 FROM {schema}.{} AS limbeck_parent WHERE limbeck_parent.{} = +value) LIMIT 1",
                quote(parent),
                quote(to)
            )
        })
    }

    fn mentioned(&self, text: &str) -> Vec<usize> {
        let columns = &self.draft.table.columns;
        let used = NamesUsed::of(text);
        (0..columns.len()).filter(|&at| used.has(&columns[at].name)).collect()
    }

    /// What a column that is new holds in every row; none for any other.
    fn fresh(&self, at: usize) -> Option<Fresh> {
        let table = &self.draft.table;
        let column = &table.columns[at];
        let value = match &self.draft.sources[at] {
            _ if column.generated().is_some() => return None,
            Source::Column(_) | Source::Converted(_) => return None,
            Source::Expression(expression) => expression.clone(),
            Source::Default => {
                column.default().map_or("NULL".to_owned(), |span| default_expression(table.text(span)))
            }
        };
        Some(match literal_kind(&value) {
            Some(TokenType::TK_NULL) => Fresh::Null,
            Some(_) => Fresh::Literal,
            None => Fresh::Computed,
        })
    }

    /// Whether every row gets the same value.
    fn constant(&self, at: usize) -> bool {
        matches!(self.fresh(at), Some(Fresh::Null | Fresh::Literal))
    }

    fn asked(&self, questions: Vec<Question>) -> NewRules {
        let over_values = |question: &&Question| question.columns.iter().any(|&at| self.changed[at]);
        let one = |question: &Question| {
            matches!(question.broken, Rows::Where(_)) && question.columns.iter().all(|&at| self.constant(at))
        };
        let mut needed: Vec<usize> =
            questions.iter().filter(over_values).flat_map(|question| question.columns.clone()).collect();
        needed.sort_unstable();
        needed.dedup();
        let old = rows_of(self.state);
        let first = questions.iter().filter(over_values).all(one);
        let values =
            (!needed.is_empty()).then(|| Values::new(self.state, self.draft, &needed, &old.key, first));
        let mut any = old.any(questions.iter().filter(|question| !over_values(question)));
        let new = values.as_ref().map(|values| Relation {
            rows: values.from.clone(),
            key: values.key.clone(),
            hint: "",
        });
        if let Some(new) = &new {
            any.extend(new.any(questions.iter().filter(over_values)));
        }
        let rules = questions.into_iter().map(|question| match &new {
            Some(new) if over_values(&&question) => match (&question.broken, one(&question)) {
                (Rows::Where(broken), true) => {
                    let all = format!("EXISTS (SELECT 1 FROM {} WHERE {broken})", new.rows);
                    old.rule(Question { broken: Rows::Where(all), ..question })
                }
                _ => new.rule(question),
            },
            _ => old.rule(question),
        });
        NewRules { any, rules: rules.collect(), values }
    }
}

/// What a new column holds.
enum Fresh {
    Null,
    Literal,
    Computed,
}

/// The columns in which a table refuses NULL: said, or implied by its key.
fn refusing_null(table: &TableDef) -> Vec<usize> {
    let implied = table.options.without_rowid || table.options.strict;
    let key = if implied { table.primary_key() } else { Vec::new() };
    let rowid = table.rowid_alias();
    let refuses = |at: usize, column: &ColumnDef| {
        column.is_not_null() || rowid == Some(at) || key.iter().any(|key| same_name(key, &column.name))
    };
    let columns = table.columns.iter().enumerate();
    columns.filter(|(at, column)| refuses(*at, column)).map(|(at, _)| at).collect()
}

/// The foreign keys of a table: text, columns, parent.
pub(super) fn foreign_keys(table: &TableDef) -> Vec<(String, Vec<String>, &ForeignKey)> {
    let columns = table.columns.iter().flat_map(|column| {
        column.constraints.iter().filter_map(|c| match &c.rule {
            ColumnRule::References(parent) => {
                let text = format!("{} {}", quote(&column.name), table.text(&c.span));
                Some((text, vec![column.name.clone()], parent))
            }
            _ => None,
        })
    });
    let constraints = table.constraints.iter().filter_map(|c| match &c.rule {
        TableRule::ForeignKey { columns, parent } => {
            Some((table.text(&c.span).to_owned(), columns.clone(), parent))
        }
        _ => None,
    });
    columns.chain(constraints).collect()
}

/// Whether a key asked the same of the rows before: neither its name nor its actions count.
fn is_held(old: &[(String, Vec<String>, &ForeignKey)], columns: &[String], parent: &ForeignKey) -> bool {
    old.iter().any(|(_, from, to)| {
        same_names(from, columns)
            && same_name(&to.table, &parent.table)
            && same_names(&to.columns, &parent.columns)
    })
}

/// The tables that foreign keys of the draft point to and those of the state do not.
pub fn new_parents(state: &TableState, draft: &Draft) -> Vec<String> {
    let old = foreign_keys(&state.table);
    let new = foreign_keys(&draft.table);
    let new = new.into_iter().filter(|(_, columns, parent)| !is_held(&old, columns, parent));
    new.map(|(_, _, parent)| parent.table.clone()).collect()
}
