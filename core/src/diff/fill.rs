//! A batch made safe on a table with rows: a value that only a person can know is filled in, and
//! marked as a question. Neither a statement that fails nor a silent guess.

use super::shape::{ABORT, Column, Says};
use super::table::{Pair, wanted_column};
use crate::alter::{Action, ConstraintRef, TableOption, default_expression};
use crate::operation::{Change, Note, Operation};
use crate::schema::{Affinity, ColumnDef, ColumnRule, Edits};
use crate::sql::{TokenType as T, lower, quote, tokens};

/// The statements that carry a batch out on a table with rows.
pub fn filled(pair: &Pair<'_>, actions: Vec<Action>) -> Vec<Operation> {
    let table = pair.wanted.definition.name.clone();
    let mut batch = Batch { pair, first: Vec::new(), fills: Vec::new(), late: Vec::new(), notes: Vec::new() };
    for action in actions {
        batch.take(action);
    }
    let Batch { mut first, fills, mut late, mut notes, .. } = batch;
    let after = fills.iter().any(|fill| fill.late);
    if after {
        // What rows must obey comes when they have their values.
        let key = pair.wanted.shape.key_columns();
        let key_waits = fills.iter().any(|fill| fill.late && key.contains(&lower(&fill.column)));
        let (bound, free) = first.into_iter().partition(|action| binds(action, key_waits));
        first = free;
        late.splice(0..0, bound);
    }
    let mut all = Vec::new();
    let fill = |fill: Fill| {
        let change = Change::Fill { table: table.clone(), column: fill.column, value: fill.value };
        Operation::new(change).with(fill.question)
    };
    let (late_fills, early): (Vec<Fill>, Vec<Fill>) = fills.into_iter().partition(|fill| fill.late);
    all.extend(early.into_iter().map(fill));
    notes.extend(first.iter().chain(&late).filter_map(|action| note(pair, action)));
    if !first.is_empty() {
        let change = Change::AlterTable { table: table.clone(), actions: first };
        all.push(Operation { change, notes: std::mem::take(&mut notes) });
    }
    all.extend(late_fills.into_iter().map(fill));
    if !late.is_empty() {
        all.push(Operation { change: Change::AlterTable { table, actions: late }, notes });
    }
    all
}

struct Batch<'b, 'p> {
    pair: &'b Pair<'p>,
    first: Vec<Action>,
    fills: Vec<Fill>,
    late: Vec<Action>,
    notes: Vec<Note>,
}

struct Fill {
    column: String,
    value: String,
    question: Note,
    /// After the batch, not before it.
    late: bool,
}

impl Batch<'_, '_> {
    fn take(&mut self, action: Action) {
        match &action {
            Action::AddColumn { column, .. } => {
                let column = lower(column);
                if self.needs_value(&column) {
                    self.add_column(&column, action)
                } else {
                    self.first.push(action)
                }
            }
            Action::SetNotNull { column, .. } => {
                let column = lower(column);
                self.set_not_null(&column, action);
            }
            _ => self.first.push(action),
        }
    }

    fn column(&self, name: &str) -> (&Column, &ColumnDef) {
        let shape = self.pair.wanted.shape.column(name).expect("the action names a wanted column");
        (shape, wanted_column(self.pair.wanted, name))
    }

    fn needs_value(&self, name: &str) -> bool {
        let (shape, _) = self.column(name);
        shape.not_null.is_some() && shape.default.is_none() && shape.generated.is_none()
    }

    /// A new column without a value for the rows that are there.
    fn add_column(&mut self, name: &str, action: Action) {
        let Action::AddColumn { if_not_exists, column, position, .. } = action else { return };
        let guess = self.guess(name);
        let wanted = self.pair.wanted;
        let (table, definition) = (&wanted.definition, wanted_column(wanted, name));
        let start = definition.span.start;
        let text = table.text(&definition.span);
        if !guess.each_row {
            let mut edits = Edits::default();
            edits.insert(definition.rules_end() - start, format!(" DEFAULT {}", guess.value));
            let definition = edits.apply(text);
            self.notes.push(self.question(&column, &guess.value));
            self.first.push(Action::AddColumn {
                if_not_exists,
                column: column.clone(),
                definition,
                position,
            });
            self.first.push(Action::DropDefault { column });
            return;
        }
        // Each row needs a value of its own, or one that is looked up: first the column, then the
        // values, then what they must obey.
        self.late.extend(self.rules_of(name, &column, definition));
        let bare = without_rules(text, definition);
        self.first.push(Action::AddColumn {
            if_not_exists,
            column: column.clone(),
            definition: bare,
            position,
        });
        let question = self.question(&column, &guess.value);
        self.fills.push(Fill { column, value: guess.value, question, late: true });
    }

    /// What a new column's values must obey, once they are there.
    fn rules_of(&self, name: &str, column: &str, definition: &ColumnDef) -> Vec<Action> {
        let wanted = self.pair.wanted;
        let mut late = Vec::new();
        if definition.is_not_null() {
            let way = wanted.shape.column(name).and_then(|column| column.not_null.clone());
            let on_conflict = way.filter(|way| way != ABORT);
            late.push(Action::SetNotNull { column: column.to_owned(), on_conflict });
        }
        let shape = &wanted.shape;
        let key = shape.key.as_ref().filter(|_| definition.is_primary_key());
        let key = key.map(|key| (key.name.clone(), key.sql.clone()));
        let beside = shape
            .rules
            .iter()
            .filter(|rule| rule.beside.as_deref() == Some(name) && !matches!(rule.says, Says::Check(_)));
        let rules = beside.map(|rule| (rule.name.clone(), rule.sql.clone()));
        for (name, sql) in key.into_iter().chain(rules) {
            let definition = match &name {
                Some(name) => format!("CONSTRAINT {} {sql}", quote(name)),
                None => sql,
            };
            late.push(Action::AddConstraint { if_not_exists: false, name, definition });
        }
        late
    }

    /// A column that is there and may hold NULLs.
    fn set_not_null(&mut self, name: &str, action: Action) {
        let (shape, definition) = self.column(name);
        let old = self.pair.present.shape.column(name);
        if old.is_some_and(|old| old.not_null.is_some()) || shape.generated.is_some() {
            self.first.push(action);
            return;
        }
        let default =
            definition.default().map(|span| default_expression(self.pair.wanted.definition.text(span)));
        let value = default.unwrap_or_else(|| self.guess(name).value);
        let column = definition.name.clone();
        // A value of the new type may be none of the old.
        let late = old.is_none_or(|old| old.generated.is_some() || old.kind != shape.kind);
        let renamed = self.pair.present.renamed.iter().any(|(_, to)| to == name);
        let late = late || renamed;
        let question = self.question(&column, &value);
        self.fills.push(Fill { column, value, question, late });
        if late { self.late.push(action) } else { self.first.push(action) }
    }

    fn question(&self, column: &str, value: &str) -> Note {
        let table = &self.pair.wanted.definition.name;
        Note::Question(format!("what do the rows that are there get in {table}.{column}? {value} is a guess"))
    }

    fn guess(&self, name: &str) -> Guess {
        let wanted = self.pair.wanted;
        let (_, definition) = self.column(name);
        for rule in &wanted.shape.rules {
            match &rule.says {
                Says::References(reference) if reference.columns == [name] => {
                    let parent = self.pair.schemas.1.table(&reference.table);
                    let key = reference.parents.first().cloned();
                    let key = key
                        .or_else(|| parent.and_then(|parent| parent.shape.key_columns().into_iter().next()));
                    let key = key.unwrap_or_else(|| "rowid".to_owned());
                    let table = parent.map_or(&reference.table, |parent| &parent.definition.name);
                    let value = format!("(SELECT min({}) FROM {})", quote(&key), quote(table));
                    return Guess { value, each_row: true };
                }
                Says::References(_) | Says::Unique { .. } | Says::Check(_) => {}
            }
        }
        let alone = |columns: &[super::shape::KeyColumn]| matches!(columns, [one] if one.name == name);
        let unique = wanted.shape.key.as_ref().is_some_and(|key| alone(&key.columns))
            || wanted.shape.rules.iter().any(|rule| match &rule.says {
                Says::Unique { columns, .. } => alone(columns),
                Says::Check(_) | Says::References(_) => false,
            })
            || self.pair.schemas.1.others.iter().any(|other| other.is_unique_over(&wanted.name, name));
        let affinity = wanted.definition.affinity(definition);
        if unique && let Some(rowid) = self.pair.present.definition.rowid_name() {
            let value = match affinity {
                Affinity::Text => format!("CAST({rowid} AS TEXT)"),
                Affinity::Blob | Affinity::Numeric | Affinity::Integer | Affinity::Real => rowid.to_owned(),
            };
            return Guess { value, each_row: true };
        }
        let listed = self.listed(definition);
        Guess {
            value: listed.unwrap_or_else(|| blank(&wanted.definition.declared_type(definition), affinity)),
            each_row: false,
        }
    }

    /// The first value of a `CHECK (column IN ('a', 'b'))`.
    fn listed(&self, definition: &ColumnDef) -> Option<String> {
        let table = &self.pair.wanted.definition;
        table.checks().find_map(|(_, expression)| {
            let text = table.text(expression);
            let all = tokens(text).ok()?;
            let at = all.windows(3).position(|three| {
                crate::sql::same_name(&crate::sql::unquote(three[0].text), &definition.name)
                    && three[1].kind == T::TK_IN
                    && three[2].kind == T::TK_LP
            })?;
            let first = all.get(at + 3)?;
            let literal = matches!(first.kind, T::TK_STRING | T::TK_INTEGER | T::TK_FLOAT);
            literal.then(|| first.text.to_owned())
        })
    }
}

struct Guess {
    value: String,
    /// It is computed from each row, or looked up: no default can be that.
    each_row: bool,
}

/// The value of a type that says least.
fn blank(type_name: &str, affinity: Affinity) -> String {
    let name = type_name.to_ascii_uppercase();
    let value = if name.contains("TIME") && affinity != Affinity::Integer {
        "'1970-01-01 00:00:00'"
    } else if name.contains("DATE") && affinity != Affinity::Integer {
        "'1970-01-01'"
    } else {
        match affinity {
            Affinity::Text => "''",
            Affinity::Numeric | Affinity::Integer => "0",
            Affinity::Real => "0.0",
            Affinity::Blob if name.contains("BLOB") => "x''",
            Affinity::Blob => "''",
        }
    };
    value.to_owned()
}

/// Whether rows must obey something from it on. With a key that waits for its values, what is about
/// the key that it follows waits too.
fn binds(action: &Action, key_waits: bool) -> bool {
    match action {
        Action::AddConstraint { definition, .. } => key_waits || !is_key(definition),
        Action::RenameConstraint { .. } => true,
        Action::DropColumn { .. }
        | Action::SetGenerated { .. }
        | Action::DropConstraint { constraint: ConstraintRef::PrimaryKey, .. } => key_waits,
        Action::SetOption(
            TableOption::Strict(on) | TableOption::WithoutRowid(on) | TableOption::Autoincrement(on),
        ) => *on,
        Action::AddColumn { .. }
        | Action::RenameColumn { .. }
        | Action::RenameTable { .. }
        | Action::SetNotNull { .. }
        | Action::DropNotNull { .. }
        | Action::SetDefault { .. }
        | Action::DropDefault { .. }
        | Action::SetType { .. }
        | Action::DropExpression { .. }
        | Action::MoveColumn { .. }
        | Action::DropConstraint { .. } => false,
    }
}

/// Whether a constraint's definition is a primary key's.
fn is_key(definition: &str) -> bool {
    let all = tokens(definition).unwrap_or_default();
    let named = all.first().is_some_and(|first| first.kind == T::TK_CONSTRAINT);
    all.get(if named { 2 } else { 0 }).is_some_and(|word| word.kind == T::TK_PRIMARY)
}

/// What an action loses, or changes beyond its words.
fn note(pair: &Pair<'_>, action: &Action) -> Option<Note> {
    let table = &pair.wanted.definition.name;
    match action {
        Action::DropColumn { column, .. } => Some(Note::Loses(format!("the values of {table}.{column}"))),
        Action::SetGenerated { column, .. } => {
            let was = pair.present.shape.column(&lower(column))?;
            let plain = was.generated.is_none();
            plain.then(|| {
                Note::Loses(format!("the values of {table}.{column}, which is computed from now on"))
            })
        }
        Action::SetType { column, type_name, .. } => {
            let to = if type_name.is_empty() { "no type" } else { type_name };
            is_converted(pair, wanted_column(pair.wanted, &lower(column))).then(|| {
                Note::Remark(format!(
                    "{table}.{column} becomes {to}: values are converted where that loses nothing, others stay; USING says otherwise"
                ))
            })
        }
        Action::SetOption(TableOption::Strict(false)) => {
            let wanted = &pair.wanted.definition;
            let any = |column: &&ColumnDef| wanted.declared_type(column).eq_ignore_ascii_case("ANY");
            let columns = wanted.columns.iter().filter(any).filter(|column| is_converted(pair, column));
            let columns: Vec<String> = columns.map(|column| format!("{table}.{}", column.name)).collect();
            (!columns.is_empty()).then(|| {
                Note::Remark(format!(
                    "without STRICT, ANY makes numbers of what looks like one, '007' too: {}",
                    columns.join(", ")
                ))
            })
        }
        Action::AddColumn { .. }
        | Action::RenameColumn { .. }
        | Action::RenameConstraint { .. }
        | Action::RenameTable { .. }
        | Action::SetNotNull { .. }
        | Action::DropNotNull { .. }
        | Action::SetDefault { .. }
        | Action::DropDefault { .. }
        | Action::DropExpression { .. }
        | Action::MoveColumn { .. }
        | Action::AddConstraint { .. }
        | Action::DropConstraint { .. }
        | Action::SetOption(_) => None,
    }
}

/// Whether a column that is there has another affinity from then on.
fn is_converted(pair: &Pair<'_>, column: &ColumnDef) -> bool {
    let (present, name) = (&pair.present, lower(&column.name));
    let was = present.renamed.iter().find(|(_, to)| *to == name).map_or(&name, |(from, _)| from);
    let old = present.definition.column(was);
    old.is_some_and(|old| present.definition.affinity(old) != pair.wanted.definition.affinity(column))
}

/// A column's definition without what its values must obey.
fn without_rules(text: &str, definition: &ColumnDef) -> String {
    let start = definition.span.start;
    let mut edits = Edits::default();
    for constraint in &definition.constraints {
        let binds = matches!(
            constraint.rule,
            ColumnRule::PrimaryKey { .. }
                | ColumnRule::NotNull
                | ColumnRule::Unique
                | ColumnRule::References(_)
                | ColumnRule::Deferrable
        );
        if binds {
            edits.remove(text, constraint.span.start - start..constraint.span.end - start);
        }
    }
    edits.apply(text)
}
