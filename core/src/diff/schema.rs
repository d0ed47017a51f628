//! All objects of a schema with what they say, and what renames make of them.

use std::sync::Arc;

use litemap::LiteMap;

use super::shape::{Says, Shape, is_known};
use crate::error::Result;
use crate::schema::{Object, ObjectKind, TableDef};
use crate::set::Set;
use crate::sql::{Normal, Token, TokenType as T, is_name, lower, tokens, unquote};

/// One side of a comparison. Names are in small letters where they are looked up.
#[derive(Debug, Clone)]
pub struct Schema<'o> {
    /// Ordinary tables, in the order in which they were made.
    pub tables: Vec<Table<'o>>,
    /// Virtual tables, indexes, views and triggers, likewise.
    pub others: Vec<Other<'o>>,
    by_name: LiteMap<String, usize>,
}

#[derive(Debug, Clone)]
pub struct Table<'o> {
    pub object: &'o Object,
    /// After renames.
    pub name: String,
    pub definition: Arc<TableDef>,
    /// After renames.
    pub shape: Shape,
    /// Columns that were renamed: from, to.
    pub renamed: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub struct Other<'o> {
    pub object: &'o Object,
    pub name: String,
    /// After renames.
    pub table: String,
    /// After renames, as far as names tell.
    pub text: Normal,
}

/// Reads a table's text, or knows what stands there.
pub type Reader<'r> = dyn FnMut(&Object, &str) -> Result<Arc<TableDef>> + 'r;

impl<'o> Schema<'o> {
    /// Errors: [`ErrorKind::SqlSyntax`](crate::ErrorKind::SqlSyntax) for a text that cannot be read.
    pub fn read(objects: &'o [Object]) -> Result<Schema<'o>> {
        Schema::read_by(objects, &mut |_, sql| TableDef::parse(sql).map(Arc::new))
    }

    /// The same, where somebody else reads the tables' texts.
    pub fn read_by(objects: &'o [Object], definition: &mut Reader<'_>) -> Result<Schema<'o>> {
        let mut tables = Vec::new();
        let mut known = Vec::new();
        for object in objects {
            if matches!(object.kind, ObjectKind::Table | ObjectKind::View) {
                known.push(lower(&object.name));
            }
            let Some(sql) = object.sql.as_deref().filter(|_| is_ordinary(object)) else { continue };
            let definition = definition(object, sql)?;
            let shape = Shape::of(&definition)?;
            known.extend(shape.columns.iter().map(|column| column.name.clone()));
            let name = lower(&object.name);
            tables.push(Table { object, name, definition, shape, renamed: Vec::new() });
        }
        let known = known.into_iter().collect();
        let by_name = tables.iter().enumerate().map(|(at, table)| (table.name.clone(), at)).collect();
        let mut schema = Schema { tables, others: Vec::new(), by_name };
        for object in objects {
            let Some(sql) = object.sql.as_deref().filter(|_| !is_ordinary(object)) else { continue };
            let text = schema.text(object, sql, &known)?;
            schema.others.push(Other {
                object,
                name: lower(&object.name),
                table: lower(&object.table),
                text,
            });
        }
        Ok(schema)
    }

    pub fn table(&self, name: &str) -> Option<&Table<'o>> {
        self.by_name.get(name).map(|&at| &self.tables[at])
    }

    /// Whether an ordinary table has this name.
    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    fn text(&self, object: &Object, sql: &str, known: &Set<String>) -> Result<Normal> {
        let all = tokens(sql)?;
        if object.kind == ObjectKind::Index
            && let Some(table) = self.table(&lower(&object.table))
        {
            // An index names the columns of its table, and nothing else.
            let from = all.iter().position(|token| token.kind == T::TK_LP).unwrap_or(0);
            let head = Normal::of(&all[..from], |_| true);
            let body: Vec<Token<'_>> =
                (from..all.len()).filter(|&at| !is_asc(&all, at)).map(|at| all[at]).collect();
            return Ok(head.followed_by(Normal::of(&body, |name| is_known(&table.definition, name))));
        }
        // Names that the text itself gives: `AS "x"`, and what it elsewhere has bare.
        let mut own: Set<String> =
            all.iter().filter(|token| is_name(token)).map(|token| lower(token.text)).collect();
        own.extend(
            all.windows(2).filter(|two| two[0].kind == T::TK_AS).map(|two| lower(&unquote(two[1].text))),
        );
        own.extend([lower(&object.name), lower(&object.table)]);
        Ok(Normal::of(&all, |name| {
            let name = lower(name);
            known.contains(&name) || own.contains(&name)
        }))
    }

    /// Renames a table, with all that refers to it.
    pub fn rename_table(&mut self, from: &str, to: &str) {
        if let Some(at) = self.by_name.remove(from) {
            self.tables[at].name = to.to_owned();
            self.by_name.insert(to.to_owned(), at);
        }
        for table in &mut self.tables {
            let own = table.name == to;
            for rule in &mut table.shape.rules {
                match &mut rule.says {
                    Says::References(reference) if reference.table == from => reference.table = to.to_owned(),
                    Says::Check(check) if own => *check = std::mem::take(check).requalified(from, to),
                    Says::References(_) | Says::Check(_) | Says::Unique { .. } => {}
                }
            }
        }
        for other in &mut self.others {
            if other.table == from && other.object.kind != ObjectKind::View {
                other.table = to.to_owned();
            }
            if other.text.names(from) {
                other.text = std::mem::take(&mut other.text).renamed_table(from, to);
            }
        }
    }

    /// Renames a column of a table that has its new name already, with all that refers to it.
    pub fn rename_column(&mut self, table_name: &str, from: &str, to: &str) {
        let rename = |name: &mut String| {
            if name == from {
                to.clone_into(name);
            }
        };
        for table in &mut self.tables {
            let own = table.name == table_name;
            if own {
                table.renamed.push((from.to_owned(), to.to_owned()));
                for column in &mut table.shape.columns {
                    rename(&mut column.name);
                    if let Some((expression, _)) = &mut column.generated {
                        *expression = std::mem::take(expression).renamed(from, to);
                    }
                }
                let keys = table.shape.key.iter_mut().flat_map(|key| &mut key.columns);
                keys.for_each(|column| rename(&mut column.name));
            }
            for rule in &mut table.shape.rules {
                if own && let Some(beside) = &mut rule.beside {
                    rename(beside);
                }
                match &mut rule.says {
                    Says::Unique { columns, .. } if own => {
                        columns.iter_mut().for_each(|column| rename(&mut column.name));
                    }
                    Says::Check(check) if own => *check = std::mem::take(check).renamed(from, to),
                    Says::References(reference) => {
                        if own {
                            reference.columns.iter_mut().for_each(rename);
                        }
                        if reference.table == table_name {
                            reference.parents.iter_mut().for_each(rename);
                        }
                    }
                    Says::Unique { .. } | Says::Check(_) => {}
                }
            }
        }
        for other in self.others.iter_mut().filter(|o| o.table == table_name || o.text.names(table_name)) {
            other.text = std::mem::take(&mut other.text).renamed(from, to);
        }
    }
}

impl Other<'_> {
    /// By what it is found on the other side.
    pub fn key(&self) -> (ObjectKind, String) {
        (self.object.kind, self.name.clone())
    }

    /// Whether it is an index that takes each value of a column once.
    pub fn is_unique_over(&self, table: &str, column: &str) -> bool {
        let sql = self.object.sql.as_deref().unwrap_or_default();
        self.object.kind == ObjectKind::Index
            && self.table == table
            && tokens(sql).is_ok_and(|all| {
                let open = all.iter().position(|token| token.kind == T::TK_LP).unwrap_or(0);
                let close = all.iter().position(|token| token.kind == T::TK_RP).unwrap_or(open);
                all.get(1).is_some_and(|token| token.kind == T::TK_UNIQUE)
                    && all.get(open + 1).is_some_and(|token| lower(&unquote(token.text)) == column)
                    && !all[open..close].iter().any(|token| token.kind == T::TK_COMMA)
            })
    }

    /// Whether it is a virtual table or a view.
    pub fn is_relation(&self) -> bool {
        matches!(self.object.kind, ObjectKind::Table | ObjectKind::View)
    }
}

/// Whether a token is the ASC that goes without saying, and no column that is called so.
fn is_asc(all: &[Token<'_>], at: usize) -> bool {
    let ends = |token: &Token<'_>| matches!(token.kind, T::TK_COMMA | T::TK_RP);
    let begins = |token: &Token<'_>| matches!(token.kind, T::TK_COMMA | T::TK_LP);
    all[at].kind == T::TK_ASC
        && at.checked_sub(1).is_some_and(|before| !begins(&all[before]))
        && all.get(at + 1).is_some_and(ends)
}

fn is_ordinary(object: &Object) -> bool {
    object.kind == ObjectKind::Table && !object.is_virtual()
}
