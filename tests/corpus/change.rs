//! Actions as a model knows them: their SQL, their effect on a definition, their inverse.

use crate::definition::{Column, Definition, Kind, Rule, quoted};

/// A table on its way: its definition under the names that it had at first, and where each column's
/// values come from.
#[derive(Debug, Clone)]
pub struct Model {
    pub definition: Definition,
    /// An expression over the table before the batch; none for a column's own default.
    pub sources: Vec<Option<String>>,
    /// Columns that have another name now: the old name, the new one.
    pub renamed: Vec<(String, String)>,
    /// The table's name now.
    pub table: String,
}

#[derive(Debug, Clone)]
pub enum Change {
    AddColumn { column: Column, at: usize },
    DropColumn { column: String, cascade: bool },
    RenameColumn { column: String, to: String },
    RenameTable { to: String },
    RenameConstraint { from: String, to: String },
    SetNotNull { column: String, conflict: String },
    DropNotNull { column: String },
    SetDefault { column: String, value: String },
    DropDefault { column: String },
    SetType { column: String, type_name: String, collation: Option<String>, using: Option<String> },
    SetGenerated { column: String, expression: String, stored: bool },
    DropExpression { column: String },
    Move { column: String, to: usize },
    AddRule { rule: Rule },
    DropRule { rule: Rule },
    Strict(bool),
    WithoutRowid(bool),
    Autoincrement(bool),
}

impl Model {
    pub fn new(definition: Definition) -> Model {
        let sources = definition.columns.iter().map(|column| Some(quoted(&column.name))).collect();
        Model { table: definition.name.clone(), definition, sources, renamed: Vec::new() }
    }

    /// The same table after the batch: its values are where they are.
    pub fn settled(&self) -> Model {
        let sources = self.definition.columns.iter().map(|c| Some(quoted(&self.now(&c.name)))).collect();
        Model { sources, ..self.clone() }
    }

    /// What a column is called now.
    pub fn now(&self, column: &str) -> String {
        let renamed = self.renamed.iter().find(|(old, _)| old == column);
        renamed.map_or(column, |(_, new)| new).to_owned()
    }

    fn at(&self, column: &str) -> usize {
        self.definition.column(column).expect("the generator names columns that are there")
    }

    fn column(&mut self, name: &str) -> &mut Column {
        let at = self.at(name);
        &mut self.definition.columns[at]
    }
}

impl Change {
    /// The action's words, as counted.
    pub fn title(&self) -> &'static str {
        match self {
            Change::AddColumn { .. } => "ADD COLUMN",
            Change::DropColumn { .. } => "DROP COLUMN",
            Change::RenameColumn { .. } => "RENAME COLUMN",
            Change::RenameTable { .. } => "RENAME TO",
            Change::RenameConstraint { .. } => "RENAME CONSTRAINT",
            Change::SetNotNull { .. } => "SET NOT NULL",
            Change::DropNotNull { .. } => "DROP NOT NULL",
            Change::SetDefault { .. } => "SET DEFAULT",
            Change::DropDefault { .. } => "DROP DEFAULT",
            Change::SetType { .. } => "TYPE",
            Change::SetGenerated { .. } => "SET GENERATED",
            Change::DropExpression { .. } => "DROP EXPRESSION",
            Change::Move { .. } => "FIRST/AFTER",
            Change::AddRule { rule } => match rule.kind {
                Kind::PrimaryKey { .. } => "ADD PRIMARY KEY",
                Kind::Unique => "ADD UNIQUE",
                Kind::ForeignKey => "ADD FOREIGN KEY",
                _ => "ADD CHECK",
            },
            Change::DropRule { rule } => match rule.kind {
                Kind::PrimaryKey { .. } => "DROP PRIMARY KEY",
                Kind::Unique => "DROP UNIQUE",
                Kind::ForeignKey => "DROP FOREIGN KEY",
                _ => "DROP CHECK",
            },
            Change::Strict(_) => "SET [NOT] STRICT",
            Change::WithoutRowid(_) => "SET WITH[OUT] ROWID",
            Change::Autoincrement(_) => "SET [NOT] AUTOINCREMENT",
        }
    }

    /// The action as SQL, for the table as `model` has it so far.
    pub fn sql(&self, model: &Model) -> String {
        let alter = |column: &str, what: &str| format!("ALTER COLUMN {} {what}", quoted(&model.now(column)));
        match self {
            Change::AddColumn { column, at } => {
                let position = if *at == model.definition.columns.len() {
                    String::new()
                } else {
                    format!(" {}", position(model, *at))
                };
                format!("ADD COLUMN {}{position}", column.sql())
            }
            Change::DropColumn { column, cascade } => {
                format!("DROP COLUMN {}{}", quoted(column), if *cascade { " CASCADE" } else { "" })
            }
            Change::RenameColumn { column, to } => {
                format!("RENAME COLUMN {} TO {}", quoted(&model.now(column)), quoted(to))
            }
            Change::RenameTable { to } => format!("RENAME TO {}", quoted(to)),
            Change::RenameConstraint { from, to } => {
                format!("RENAME CONSTRAINT {} TO {}", quoted(from), quoted(to))
            }
            Change::SetNotNull { column, conflict } => alter(column, &format!("SET NOT NULL{conflict}")),
            Change::DropNotNull { column } => alter(column, "DROP NOT NULL"),
            Change::SetDefault { column, value } => alter(column, &format!("SET DEFAULT {value}")),
            Change::DropDefault { column } => alter(column, "DROP DEFAULT"),
            Change::SetType { column, type_name, collation, using } => {
                let collation = collation.as_ref().map_or(String::new(), |name| format!(" COLLATE {name}"));
                let using = using.as_ref().map_or(String::new(), |value| format!(" USING {value}"));
                alter(column, &format!("TYPE {type_name}{collation}{using}"))
            }
            Change::SetGenerated { column, expression, stored } => {
                let kind = if *stored { "STORED" } else { "VIRTUAL" };
                alter(column, &format!("SET GENERATED {expression} {kind}"))
            }
            Change::DropExpression { column } => alter(column, "DROP EXPRESSION"),
            Change::Move { column, to } => {
                let mut rest = model.clone();
                let from = rest.at(column);
                rest.definition.columns.remove(from);
                alter(column, &position(&rest, *to))
            }
            Change::AddRule { rule } => format!("ADD {}", rule.sql()),
            Change::DropRule { rule } => match (&rule.name, rule.kind) {
                (Some(name), _) => format!("DROP CONSTRAINT {}", quoted(name)),
                (None, Kind::PrimaryKey { .. }) => "DROP PRIMARY KEY".to_owned(),
                (None, Kind::Unique) => format!("DROP UNIQUE ({})", list(&rule.columns)),
                (None, Kind::ForeignKey) => format!("DROP FOREIGN KEY ({})", list(&rule.columns)),
                (None, _) => format!("DROP {}", rule.text),
            },
            Change::Strict(on) => format!("SET {}STRICT", if *on { "" } else { "NOT " }),
            Change::WithoutRowid(on) => format!("SET WITH{} ROWID", if *on { "OUT" } else { "" }),
            Change::Autoincrement(on) => format!("SET {}AUTOINCREMENT", if *on { "" } else { "NOT " }),
        }
    }

    /// What the action makes of the table.
    pub fn apply(&self, model: &mut Model) {
        match self {
            Change::AddColumn { column, at } => {
                model.definition.columns.insert(*at, column.clone());
                model.sources.insert(*at, None);
            }
            Change::DropColumn { column, .. } => {
                let at = model.at(column);
                model.definition.columns.remove(at);
                model.sources.remove(at);
                let with = |rule: &Rule| rule.columns.iter().any(|c| c.eq_ignore_ascii_case(column));
                let about = |rule: &Rule| rule.kind == Kind::Check && names(&rule.text, column);
                model.definition.rules.retain(|rule| !with(rule) && !about(rule));
            }
            Change::RenameColumn { column, to } => {
                model.renamed.retain(|(old, _)| old != column);
                if column != to {
                    model.renamed.push((column.clone(), to.clone()));
                }
            }
            Change::RenameTable { to } => model.table.clone_from(to),
            Change::RenameConstraint { from, to } => {
                let definition = &mut model.definition;
                let on_columns = definition.columns.iter_mut().flat_map(|column| &mut column.rules);
                for rule in on_columns.chain(&mut definition.rules) {
                    if rule.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(from)) {
                        rule.name = Some(to.clone());
                    }
                }
            }
            Change::SetNotNull { column, conflict } => {
                let rules = &mut model.column(column).rules;
                if rules.iter().any(|rule| rule.kind == Kind::NotNull) {
                    return;
                }
                rules.retain(|rule| rule.kind != Kind::Null);
                rules.push(Rule::new(None, Kind::NotNull, format!("NOT NULL{conflict}"), &[column]));
            }
            Change::DropNotNull { column } => {
                model.column(column).rules.retain(|rule| !matches!(rule.kind, Kind::NotNull | Kind::Null));
            }
            Change::SetDefault { column, value } => {
                model.column(column).set_last(Kind::Default, format!("DEFAULT {value}"));
            }
            Change::DropDefault { column } => {
                model.column(column).rules.retain(|rule| rule.kind != Kind::Default);
            }
            Change::SetType { column, type_name, collation, using } => {
                let at = model.at(column);
                if let Some(value) = using {
                    model.sources[at] = Some(format!("({value})"));
                }
                let changed = model.column(column);
                changed.type_name.clone_from(type_name);
                if let Some(collation) = collation {
                    changed.set_last(Kind::Collate, format!("COLLATE {collation}"));
                }
            }
            Change::SetGenerated { column, expression, stored } => {
                let kind = if *stored { "STORED" } else { "VIRTUAL" };
                let rules = &mut model.column(column).rules;
                rules.retain(|rule| !matches!(rule.kind, Kind::Default | Kind::Generated { .. }));
                let text = format!("GENERATED ALWAYS AS {expression} {kind}");
                rules.push(Rule::new(None, Kind::Generated { stored: *stored }, text, &[column]));
            }
            Change::DropExpression { column } => {
                model.column(column).rules.retain(|rule| !matches!(rule.kind, Kind::Generated { .. }));
            }
            Change::Move { column, to } => {
                let from = model.at(column);
                let moved = model.definition.columns.remove(from);
                model.definition.columns.insert(*to, moved);
                let source = model.sources.remove(from);
                model.sources.insert(*to, source);
            }
            Change::AddRule { rule } => model.definition.rules.push(rule.clone()),
            Change::DropRule { rule } => {
                let definition = &mut model.definition;
                match definition.rules.iter().position(|own| own == rule) {
                    Some(at) => _ = definition.rules.remove(at),
                    None => definition.columns.iter_mut().for_each(|c| c.rules.retain(|own| own != rule)),
                }
            }
            Change::Strict(on) => {
                if !on && !model.definition.without_rowid {
                    keep_not_null(&mut model.definition);
                }
                model.definition.strict = *on;
            }
            Change::WithoutRowid(on) => {
                model.definition.without_rowid = *on;
                if !on && !model.definition.strict {
                    keep_not_null(&mut model.definition);
                }
            }
            Change::Autoincrement(on) => {
                let definition = &mut model.definition;
                let on_columns = definition.columns.iter_mut().flat_map(|column| &mut column.rules);
                for rule in on_columns.chain(&mut definition.rules) {
                    if let Kind::PrimaryKey { autoincrement, .. } = &mut rule.kind {
                        *autoincrement = *on;
                        rule.text = rule.text.replace(" AUTOINCREMENT", "");
                        if *on {
                            let inside = rule.text.rfind(')').unwrap_or(rule.text.len());
                            rule.text.insert_str(inside, " AUTOINCREMENT");
                        }
                    }
                }
            }
        }
    }

    /// The actions that take it back; `before` is the table before it. None where there are none.
    pub fn inverse(&self, before: &Model) -> Option<Vec<Change>> {
        let old = |column: &String| &before.definition.columns[before.at(column)];
        Some(vec![match self {
            Change::AddColumn { column, .. } => {
                Change::DropColumn { column: column.name.clone(), cascade: false }
            }
            Change::DropColumn { column, .. } => {
                Change::AddColumn { column: old(column).clone(), at: before.at(column) }
            }
            Change::RenameColumn { column, .. } => {
                Change::RenameColumn { column: column.clone(), to: column.clone() }
            }
            Change::RenameTable { .. } => Change::RenameTable { to: before.table.clone() },
            Change::RenameConstraint { from, to } => {
                Change::RenameConstraint { from: to.clone(), to: from.clone() }
            }
            Change::SetNotNull { column, .. } => Change::DropNotNull { column: column.clone() },
            Change::DropNotNull { column } => {
                let rule = old(column).rule(|kind| kind == Kind::NotNull)?;
                let conflict = rule.text.strip_prefix("NOT NULL")?.to_owned();
                Change::SetNotNull { column: column.clone(), conflict }
            }
            Change::SetDefault { column, .. } | Change::DropDefault { column } => {
                match old(column).rules.iter().rfind(|rule| rule.kind == Kind::Default) {
                    Some(rule) => {
                        let value = rule.text.strip_prefix("DEFAULT ")?.to_owned();
                        Change::SetDefault { column: column.clone(), value }
                    }
                    None => Change::DropDefault { column: column.clone() },
                }
            }
            Change::SetType { column, collation, .. } => {
                let was = old(column);
                let named = was.rules.iter().rfind(|rule| rule.kind == Kind::Collate);
                let named = named.and_then(|rule| rule.text.strip_prefix("COLLATE ")).unwrap_or("BINARY");
                Change::SetType {
                    column: column.clone(),
                    type_name: Some(was.type_name.clone()).filter(|name| !name.is_empty())?,
                    collation: collation.as_ref().map(|_| named.to_owned()),
                    using: None,
                }
            }
            Change::SetGenerated { column, .. } => {
                let mut back = vec![Change::DropExpression { column: column.clone() }];
                if let Some(rule) = old(column).rule(|kind| kind == Kind::Default) {
                    let value = rule.text.strip_prefix("DEFAULT ")?.to_owned();
                    back.push(Change::SetDefault { column: column.clone(), value });
                }
                return Some(back);
            }
            Change::DropExpression { column } => {
                let rule = old(column).generated()?;
                let text = rule.text.split_once("AS (").map(|(_, rest)| format!("({rest}"))?;
                let end = text.rfind(')')? + 1;
                Change::SetGenerated {
                    column: column.clone(),
                    expression: text[..end].to_owned(),
                    stored: matches!(rule.kind, Kind::Generated { stored: true }),
                }
            }
            Change::Move { column, .. } => Change::Move { column: column.clone(), to: before.at(column) },
            Change::AddRule { rule } => Change::DropRule { rule: rule.clone() },
            Change::DropRule { rule } => {
                let mut rule = rule.clone();
                if !before.definition.rules.contains(&rule) {
                    rule = for_table(&rule);
                }
                Change::AddRule { rule }
            }
            Change::Strict(on) => Change::Strict(!on),
            Change::WithoutRowid(on) => Change::WithoutRowid(!on),
            Change::Autoincrement(on) => Change::Autoincrement(!on),
        }])
    }
}

/// `FIRST` or `AFTER column`, for the place `at`.
fn position(model: &Model, at: usize) -> String {
    match at.checked_sub(1) {
        None => "FIRST".to_owned(),
        Some(before) => format!("AFTER {}", quoted(&model.now(&model.definition.columns[before].name))),
    }
}

/// A column's rule as one of the table.
fn for_table(rule: &Rule) -> Rule {
    let columns = list(&rule.columns);
    let text = match rule.kind {
        Kind::PrimaryKey { .. } => {
            let rest = rule.text.strip_prefix("PRIMARY KEY").unwrap_or_default().to_owned();
            let (order, rest) = match rest.strip_prefix(" DESC") {
                Some(rest) => (" DESC", rest.to_owned()),
                None => ("", rest.strip_prefix(" ASC").map_or(rest.clone(), str::to_owned)),
            };
            let counted = if rest.contains("AUTOINCREMENT") { " AUTOINCREMENT" } else { "" };
            format!("PRIMARY KEY ({columns}{order}{counted}){}", rest.replace(" AUTOINCREMENT", ""))
        }
        Kind::Unique => rule.text.replacen("UNIQUE", &format!("UNIQUE ({columns})"), 1),
        Kind::ForeignKey => format!("FOREIGN KEY ({columns}) {}", rule.text),
        _ => rule.text.clone(),
    };
    let kind = match rule.kind {
        Kind::PrimaryKey { autoincrement, .. } => Kind::PrimaryKey { descending: false, autoincrement },
        kind => kind,
    };
    let columns = if kind == Kind::Check { Vec::new() } else { rule.columns.clone() };
    Rule { name: rule.name.clone(), kind, text, columns }
}

/// "NOT NULL is enforced on every column of the PRIMARY KEY" of a STRICT and of a WITHOUT ROWID
/// table (<https://sqlite.org/withoutrowid.html>): where it no longer is, it is written out.
fn keep_not_null(definition: &mut Definition) {
    if definition.alias().is_some() {
        return;
    }
    let Some(key) = definition.primary_key().cloned() else { return };
    for name in &key.columns {
        let Some(at) = definition.column(name) else { continue };
        let column = &mut definition.columns[at];
        if !column.has(Kind::NotNull) {
            column.rules.retain(|rule| rule.kind != Kind::Null);
            column.rules.push(Rule::new(None, Kind::NotNull, "NOT NULL", &[name]));
        }
    }
}

fn list(columns: &[String]) -> String {
    columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ")
}

/// Whether a text says a name, as a whole word or quoted.
pub fn names(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    text.contains(&quoted(&name))
        || text.match_indices(&name).any(|(at, _)| {
            let before = text[..at].chars().next_back().is_some_and(part);
            let after = text[at + name.len()..].chars().next().is_some_and(part);
            !before && !after
        })
}
