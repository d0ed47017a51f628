//! A statement with the schema before and after it: what the text alone does not tell.

use std::collections::BTreeMap;

use super::{Findings, fts, in_use, strings, types};
use crate::db::Database;
use crate::error::Result;
use crate::inspect;
use crate::reading::{Reading, Side, Statement};
use crate::schema::{Object, ObjectKind, TableDef};
use crate::script::{Item, Script};
use crate::sql::{same_name, split};

/// One item of an upgrade, about to run in a database that is thrown away.
pub(crate) struct Moment<'a> {
    pub(super) script: &'a Script,
    pub(super) side: &'a Side,
    /// The statements of the item.
    pub(super) statements: &'a [Statement],
    pub(super) before: Vec<Object>,
    /// The columns of each view before.
    pub(super) views: BTreeMap<String, Vec<String>>,
}

/// The items of an upgrade, each with its statements.
pub(crate) struct Moments<'a> {
    reading: Reading<'a>,
    items: Vec<Item>,
}

impl<'a> Moments<'a> {
    /// Those of one file; none where it cannot be read.
    pub fn of(script: &'a Script) -> Result<Moments<'a>> {
        Ok(Moments { items: script.body()?.up.items, reading: Reading::new(script)? })
    }

    /// Each item with its statements, in order.
    pub fn items(&self) -> impl Iterator<Item = (&Item, &[Statement])> {
        let mut rest = &self.reading.up.statements[..];
        self.items.iter().map(move |item| {
            // Neighbouring ALTER TABLEs are one item.
            let count = split(&item.sql).map_or(1, |all| all.len()).min(rest.len());
            let (mine, later) = rest.split_at(count);
            rest = later;
            (item, mine)
        })
    }

    /// Looks at the database before an item runs.
    pub fn before(
        &self,
        db: &mut dyn Database,
        statements: &'a [Statement],
        findings: &mut Findings,
    ) -> Result<Moment<'_>> {
        let before = inspect::objects(db, "main")?;
        let views = in_use::views(db, &before, statements)?;
        let moment =
            Moment { script: self.reading.script, side: &self.reading.up, statements, before, views };
        types::look(&moment, findings);
        strings::rows(&moment, db, findings);
        Ok(moment)
    }
}

impl Moment<'_> {
    /// Looks at the database after it has run.
    pub fn after(self, db: &mut dyn Database, findings: &mut Findings) -> Result<()> {
        let after = inspect::objects(db, "main")?;
        let new = new_ones(&self.before, &after);
        in_use::look(&self, db, &after, findings)?;
        fts::look(&self, &new, &after, findings);
        strings::objects(&self, db, &new, findings)
    }

    /// The definition of a table as it was before.
    pub(super) fn table(&self, name: &str) -> Option<TableDef> {
        definition(&self.before, name)
    }
}

/// What is there after a statement and was not before. Of a large schema most is equal at both ends.
fn new_ones<'a>(before: &[Object], after: &'a [Object]) -> Vec<&'a Object> {
    let equal = |(was, is): &(&Object, &Object)| was == is;
    let start = before.iter().zip(after).take_while(equal).count();
    let (before, after) = (&before[start..], &after[start..]);
    let end = before.iter().rev().zip(after.iter().rev()).take_while(equal).count();
    let before = &before[..before.len() - end];
    after[..after.len() - end].iter().filter(|object| !before.contains(object)).collect()
}

/// The definition of an ordinary table.
pub(super) fn definition(objects: &[Object], name: &str) -> Option<TableDef> {
    let is = |object: &&Object| object.kind == ObjectKind::Table && same_name(&object.name, name);
    TableDef::parse(objects.iter().find(is)?.sql.as_deref()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_ones_are_what_was_not_there() {
        let object = |name: &str| Object {
            schema: "main".to_owned(),
            kind: ObjectKind::Table,
            name: name.chars().take(1).collect(),
            table: name.chars().take(1).collect(),
            sql: Some(name.to_owned()),
        };
        let all = |names: &str| names.split_ascii_whitespace().map(object).collect::<Vec<_>>();
        for (before, after, want) in [
            ("", "", ""),
            ("a b c", "a b c", ""),
            ("", "a b", "a b"),
            ("a b", "", ""),
            ("a b c", "a b c d", "d"),
            ("a b c", "x a b c", "x"),
            ("a b c", "a x b c", "x"),
            ("a b c", "a b2 c", "b2"),
            ("a b c", "a c b", ""),
            ("a a b", "a b", ""),
            ("a b c d", "a d x c2 b", "x c2"),
        ] {
            let (before, after) = (all(before), all(after));
            let found: Vec<&str> =
                new_ones(&before, &after).iter().filter_map(|o| o.sql.as_deref()).collect();
            assert_eq!(found.join(" "), want);
        }
    }
}
