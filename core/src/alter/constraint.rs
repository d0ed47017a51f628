//! Constraints of a draft: found by name or by what they say, added, dropped, renamed; and what
//! still needs a column that is to go.

use super::action::ConstraintRef;
use super::draft::{Draft, OTHER_NAME};
use super::same::{same_expression, unnamed};
use super::table_state::Child;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{
    ColumnRule, Edits, Object, Span, TableConstraint, TableRule, expression_mentions, insert_item, mentions,
    remove_item,
};
use crate::sql::{TokenType as T, quote, same_name, same_text, tokens, unquote};

/// Where a constraint stands: on a column, or as an item of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Column(Span),
    Table(usize),
}

/// The constraints of the table that `wanted` means.
fn find(draft: &Draft, wanted: &ConstraintRef) -> Vec<Place> {
    let table = &draft.table;
    let mut found = Vec::new();
    for column in &table.columns {
        for constraint in &column.constraints {
            let this = match wanted {
                ConstraintRef::Named(name) => {
                    constraint.name.as_ref().is_some_and(|own| same_name(own, name))
                }
                ConstraintRef::Check(text) => {
                    matches!(&constraint.rule, ColumnRule::Check(span) if same_expression(table, table.text(span), text))
                }
                ConstraintRef::Unique(columns) => {
                    constraint.rule == ColumnRule::Unique && is_one(columns, &column.name)
                }
                ConstraintRef::ForeignKey(columns) => {
                    matches!(constraint.rule, ColumnRule::References(_)) && is_one(columns, &column.name)
                }
                ConstraintRef::PrimaryKey => matches!(constraint.rule, ColumnRule::PrimaryKey { .. }),
            };
            found.extend(this.then(|| Place::Column(constraint.span.clone())));
        }
    }
    for (at, constraint) in table.constraints.iter().enumerate() {
        let this = match wanted {
            ConstraintRef::Named(name) => constraint.name.as_ref().is_some_and(|own| same_name(own, name)),
            ConstraintRef::Check(text) => {
                matches!(&constraint.rule, TableRule::Check(span) if same_expression(table, table.text(span), text))
            }
            ConstraintRef::Unique(columns) => {
                matches!(constraint.rule, TableRule::Unique(_)) && constraint.is_over(columns)
            }
            ConstraintRef::ForeignKey(columns) => {
                matches!(constraint.rule, TableRule::ForeignKey { .. }) && constraint.is_over(columns)
            }
            ConstraintRef::PrimaryKey => matches!(constraint.rule, TableRule::PrimaryKey { .. }),
        };
        found.extend(this.then_some(Place::Table(at)));
    }
    found
}

fn is_one(columns: &[String], name: &str) -> bool {
    matches!(columns, [column] if same_name(column, name))
}

/// `ADD [CONSTRAINT [IF NOT EXISTS] name] definition`
pub(super) fn add(
    draft: &mut Draft,
    if_not_exists: bool,
    name: Option<&str>,
    definition: &str,
) -> Result<()> {
    if let Some(name) = name {
        match &find(draft, &ConstraintRef::Named(name.to_owned()))[..] {
            [] => {}
            [place] if if_not_exists && says(draft, place, definition) => return Ok(()),
            [place, ..] => {
                let hint = format!("it is defined as '{}'; drop it first", text_at(draft, place));
                return Err(draft.exists("constraint", name).with_hint(hint));
            }
        }
    }
    let sql = insert_item(&draft.table, usize::MAX, definition);
    draft.set_text(&sql)?;
    let added = draft.table.constraints.last().expect("a constraint was just added").clone();
    for column in named_columns(&added) {
        draft.column(&column)?;
    }
    let keys = find(draft, &ConstraintRef::PrimaryKey).len();
    if matches!(added.rule, TableRule::PrimaryKey { .. }) && keys > 1 {
        return Err(draft.exists("primary", "key").with_hint("write 'DROP PRIMARY KEY' before it"));
    }
    Ok(())
}

fn named_columns(constraint: &TableConstraint) -> Vec<String> {
    constraint.columns().into_iter().map(str::to_owned).collect()
}

fn text_at<'d>(draft: &'d Draft, place: &Place) -> &'d str {
    match place {
        Place::Column(span) => draft.table.text(span),
        Place::Table(at) => draft.table.text(&draft.table.constraints[*at].span),
    }
}

/// Whether a constraint is this one, its name aside.
fn says(draft: &Draft, place: &Place, definition: &str) -> bool {
    let (is, wanted) = (unnamed(text_at(draft, place)), unnamed(definition));
    match tokens(wanted).unwrap_or_default().first() {
        Some(check) if check.kind == T::TK_CHECK => same_expression(&draft.table, is, wanted),
        _ => same_text(is, wanted),
    }
}

/// `DROP constraint`. Where several say it, the one without a name is meant: the others have one.
/// Of several that say just the same, one is as good as the other.
pub(super) fn drop(draft: &mut Draft, if_exists: bool, wanted: &ConstraintRef) -> Result<()> {
    let mut places = find(draft, wanted);
    if places.len() > 1 && !matches!(wanted, ConstraintRef::Named(_)) {
        let unnamed_ones: Vec<Place> = places
            .iter()
            .filter(|place| unnamed(text_at(draft, place)) == text_at(draft, place))
            .cloned()
            .collect();
        if !unnamed_ones.is_empty() {
            places = unnamed_ones;
        }
        let plain = |place: &Place| {
            let text = text_at(draft, place);
            !["CONFLICT", "COLLATE", "DESC"].iter().any(|word| mentions(text, word))
        };
        let alike = |place: &Place| same_text(text_at(draft, place), text_at(draft, &places[0]));
        if places[1..].iter().all(alike)
            || (matches!(wanted, ConstraintRef::Unique(_)) && places.iter().all(plain))
        {
            places.truncate(1);
        }
    }
    match &places[..] {
        [] if if_exists => Ok(()),
        [] => Err(missing(draft, wanted)),
        [place] => remove(draft, place),
        places => Err(Error::new(
            ErrorKind::UnknownConstraint,
            format!("{wanted} means {} constraints of table {}", places.len(), draft.table.name),
        )
        .with_hint("say which by what it says: DROP CHECK (…), DROP UNIQUE (…), DROP FOREIGN KEY (…)")),
    }
}

fn missing(draft: &Draft, wanted: &ConstraintRef) -> Error {
    let error =
        Error::new(ErrorKind::UnknownConstraint, format!("table {} has no {wanted}", draft.table.name));
    if let ConstraintRef::Named(name) = wanted
        && draft.indexes.iter().any(|index| same_name(&index.name, name))
    {
        return error.with_hint(format!("write 'DROP INDEX {}': it is an index", quote(name)));
    }
    let named: Vec<&str> = draft
        .table
        .constraints
        .iter()
        .filter_map(|c| c.name.as_deref())
        .chain(draft.table.columns.iter().flat_map(|c| &c.constraints).filter_map(|c| c.name.as_deref()))
        .collect();
    match &named[..] {
        [] => error.with_hint("say it by content: DROP CHECK (…), DROP UNIQUE (…), DROP FOREIGN KEY (…)"),
        names => error.with_hint(format!("name one of its constraints: {}", names.join(", "))),
    }
}

fn remove(draft: &mut Draft, place: &Place) -> Result<()> {
    match place {
        Place::Column(span) => {
            let mut edits = Edits::default();
            edits.remove(&draft.table.sql, span.clone());
            draft.edit(edits)
        }
        Place::Table(at) => {
            let sql = remove_item(&draft.table, draft.table.columns.len() + at);
            draft.set_text(&sql)
        }
    }
}

/// `RENAME CONSTRAINT name TO name`
pub(super) fn rename(draft: &mut Draft, name: &str, to: &str) -> Result<()> {
    if !same_name(name, to) && !find(draft, &ConstraintRef::Named(to.to_owned())).is_empty() {
        return Err(draft.exists("constraint", to).with_hint(OTHER_NAME));
    }
    let own = |own: &Option<String>| own.as_ref().is_some_and(|own| same_name(own, name));
    let columns = draft.table.columns.iter().flat_map(|column| &column.constraints);
    let spans: Vec<Span> = columns
        .filter(|c| own(&c.name))
        .filter_map(|c| c.name_span.clone())
        .chain(draft.table.constraints.iter().filter(|c| own(&c.name)).filter_map(|c| c.name_span.clone()))
        .collect();
    if spans.is_empty() {
        return Err(missing(draft, &ConstraintRef::Named(name.to_owned())));
    }
    let mut edits = Edits::default();
    for span in spans {
        if unquote(draft.table.text(&span)) != to {
            edits.replace(span, quote(to));
        }
    }
    draft.edit(edits)
}

/// Makes sure that nothing needs the column any more: names what does, or drops it on `CASCADE`.
pub(super) fn release_column(draft: &mut Draft, column: &str, cascade: bool) -> Result<()> {
    let (own, others): (Vec<&Child>, Vec<&Child>) =
        draft.children_of(column).into_iter().partition(|child| same_name(&child.table, &draft.table.name));
    let mut needed: Vec<String> = others.iter().map(|child| child.title()).collect();
    if cascade && !needed.is_empty() {
        return Err(still_needed(draft, column, &needed, "drop that foreign key first"));
    }
    // Keys of the table to itself; one on the column itself goes along with it.
    let own = own.into_iter().map(|child| child.from.clone()).filter(|from| !is_one(from, column));
    let own: Vec<Vec<String>> = own.collect();
    needed.extend(own.iter().map(|from| ConstraintRef::ForeignKey(from.clone()).to_string()));
    let constraints: Vec<usize> = (0..draft.table.constraints.len())
        .filter(|&at| needs(draft, &draft.table.constraints[at], column))
        .collect();
    let by_index = |index: &&Object| index.needs_column(column);
    let by_trigger = |trigger: &&Object| trigger_needs(trigger, column);
    needed.extend(draft.indexes.iter().filter(by_index).map(Object::title));
    needed.extend(draft.triggers.iter().filter(by_trigger).map(Object::title));
    needed
        .extend(constraints.iter().map(|&at| draft.table.text(&draft.table.constraints[at].span).to_owned()));
    // What a CASCADE cannot take along: the key, and the rules of other columns.
    let mut fixed = Vec::new();
    if draft.table.column(column).is_some_and(|c| c.is_primary_key()) {
        fixed.push("the primary key".to_owned());
    }
    for other in draft.table.columns.iter().filter(|other| !same_name(&other.name, column)) {
        for constraint in &other.constraints {
            if let ColumnRule::Check(span) | ColumnRule::Generated { expression: span, .. } = &constraint.rule
                && expression_mentions(draft.table.text(span), column)
            {
                fixed.push(format!("{} of column {}", draft.table.text(&constraint.span), other.name));
            }
        }
    }
    if !fixed.is_empty() {
        fixed.append(&mut needed);
        return Err(still_needed(
            draft,
            column,
            &fixed,
            "change or drop that first, in the same ALTER TABLE",
        ));
    }
    if needed.is_empty() {
        return Ok(());
    }
    if !cascade {
        return Err(still_needed(draft, column, &needed, "drop that first, or write DROP COLUMN … CASCADE"));
    }
    draft.warnings.push(format!("dropped with column {}.{column}: {}", draft.table.name, needed.join(", ")));
    draft.indexes.retain(|index| !by_index(&index));
    draft.triggers.retain(|trigger| !by_trigger(&trigger));
    for at in constraints.into_iter().rev() {
        remove(draft, &Place::Table(at))?;
    }
    own.into_iter().try_for_each(|from| drop(draft, true, &ConstraintRef::ForeignKey(from)))
}

fn still_needed(draft: &Draft, column: &str, by: &[String], hint: &str) -> Error {
    Error::new(
        ErrorKind::StillNeeded,
        format!("column {column} of {} is needed by {}", draft.table.name, by.join(", ")),
    )
    .with_hint(hint)
}

fn needs(draft: &Draft, constraint: &TableConstraint, column: &str) -> bool {
    match &constraint.rule {
        TableRule::Check(span) => expression_mentions(draft.table.text(span), column),
        TableRule::PrimaryKey { .. } | TableRule::Unique(_) | TableRule::ForeignKey { .. } => {
            constraint.columns().iter().any(|name| same_name(name, column))
        }
        TableRule::Bare => false,
    }
}

/// Whether a trigger of the table names its column: `NEW.c`, `OLD.c`, `UPDATE OF c`. Other uses in
/// its body SQLite finds when the trigger is compiled.
fn trigger_needs(trigger: &Object, column: &str) -> bool {
    let Some(Ok(all)) = trigger.sql.as_deref().map(tokens) else { return true };
    let is_column = |at: usize| all.get(at).is_some_and(|token| same_name(&unquote(token.text), column));
    let of = all.iter().position(|token| token.kind == T::TK_OF);
    let on = all.iter().position(|token| token.kind == T::TK_ON);
    let listed = matches!((of, on), (Some(of), Some(on)) if of < on && (of..on).any(is_column));
    listed
        || (0..all.len()).any(|at| {
            let row = all[at].is_word("NEW") || all[at].is_word("OLD");
            row && all.get(at + 1).is_some_and(|dot| dot.kind == T::TK_DOT) && is_column(at + 2)
        })
}
