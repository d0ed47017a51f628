//! What a batch has made of a database against what it says: the table is as SQLite alone makes it,
//! and everything else as it was.

use std::collections::BTreeSet;

use limbeck::Report;
use rusqlite::Connection;

use crate::batches::ways;
use crate::change::{Change, Model, names};
use crate::definition::{Definition, Kind, bare};
use crate::dump::{Content, Dump, Objects};
use crate::random::Batch;
use crate::reference::{Expected, comments, indexes_differ, pragmas, unrenamed};
use crate::tally::Tally;

/// One direction of a batch.
#[derive(Clone, Copy)]
pub struct Leg<'l> {
    pub batch: &'l Batch,
    pub before: &'l Dump,
    pub after: &'l Dump,
    pub from: &'l Model,
    pub to: &'l Model,
    /// What the script itself has made again.
    pub remade: &'l Objects,
}

impl Leg<'_> {
    /// Errors: where the database is another one than expected.
    pub fn compare(
        &self,
        db: &Connection,
        expected: &Expected,
        report: &Report,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let Expected::Table { content, pragmas: planned, complaints, lost } = expected else {
            return Err("nothing to compare with".to_owned());
        };
        let Leg { before, after, from, to, .. } = *self;
        let (old_text, text) = (before.text(&from.table), after.text(&to.table));
        let says = Definition::read(&unrenamed(text, to)).shape();
        // Read again, so that both are spelt by the same hand.
        let wanted = Definition::read(&to.definition.create()).shape();
        if says != wanted {
            return Err(format!("the text says\n  {says:?}\n  and not\n  {wanted:?}\n{text}"));
        }
        if self.batch.changes.iter().all(takes_nothing)
            && let Some(comment) = comments(old_text).into_iter().find(|comment| !text.contains(*comment))
        {
            if !ways(report).contains("native") {
                return Err(format!("the comment {comment} is gone:\n{old_text}\n{text}"));
            }
            tally.count("comments that SQLite's own ALTER has lost");
        }
        let mut found: Vec<String> =
            pragmas(db, &to.table).iter().map(|line| bare(&back(line, to))).collect();
        found.sort();
        if found != *planned {
            return Err(format!("the pragmas say\n  {found:?}\n  and not\n  {planned:?}"));
        }
        if let Some(why) = indexes_differ(db, &to.table) {
            return Err(why);
        }
        let mut was = renamed_dump(before, from);
        let mut is = renamed_dump(after, to);
        let key = format!("main.{}", to.definition.name);
        let mut wanted = content.clone();
        if from.definition.without_rowid && !to.definition.without_rowid {
            wanted = wanted.without_rowids();
            if let Some(found) = is.contents.remove(&key) {
                is.contents.insert(key.clone(), found.without_rowids());
            }
        }
        was.contents.insert(key, wanted);
        was.objects.extend(self.remade.clone());
        expect_complaints(&mut was.checks, &to.definition.name, complaints);
        self.set_aside(&mut was, &mut is, lost);
        was.difference(&is).map_or(Ok(()), Err)
    }

    /// Takes what the batch changes rightly out of both.
    fn set_aside(&self, was: &mut Dump, is: &mut Dump, lost: &[String]) {
        let (from, to) = (self.from, self.to);
        let table = &to.definition.name;
        let keys_change = from.definition.shape() != to.definition.shape();
        let options_change = from.definition.without_rowid != to.definition.without_rowid;
        let renamed = from.renamed != to.renamed
            || from.table != to.table
            || !to.renamed.is_empty()
            || from.table != *table;
        let cascades = self.batch.cascades();
        let of_table = format!("text:'{}'", table.replace('\'', "''"));
        let triggers = is.objects.keys().cloned().collect::<Vec<_>>();
        was.objects.retain(|key, object| {
            let taken = key.1 == "trigger" && cascades.iter().any(|column| names(&object.sql, column));
            triggers.contains(key) || !taken
        });
        for dump in [&mut *was, &mut *is] {
            dump.objects.retain(|(_, kind, name), object| {
                let own = (kind == "table" && name == table) || object.sql.is_empty();
                let gone = kind == "index" && lost.contains(name);
                !(gone || (own && object.table.eq_ignore_ascii_case(table)))
            });
            if renamed {
                for object in dump.objects.values_mut() {
                    object.table = object.table.to_lowercase();
                    object.sql = bare(&object.sql);
                    // A rename reaches the key under its other names as well.
                    if let Some(key) = to.definition.alias() {
                        let key = to.definition.columns[key].name.to_lowercase();
                        object.sql = object.sql.replace("_rowid_", &key).replace("rowid", &key);
                    }
                }
            }
            if renamed {
                dump.triggers = std::mem::take(&mut dump.triggers)
                    .into_iter()
                    .map(|(on, t)| (on.to_lowercase(), t))
                    .collect();
            }
            if !cascades.is_empty() {
                dump.triggers.clear();
            }
            for statistics in ["main.sqlite_stat1", "main.sqlite_stat4"] {
                let Some(content) = dump.contents.get_mut(statistics) else { continue };
                content.rows.retain(|row| {
                    let automatic = keys_change && row.contains("sqlite_autoindex_");
                    !(row.starts_with(&of_table) && (automatic || !lost.is_empty()))
                });
            }
            let counters = dump.contents.entry("main.sqlite_sequence".to_owned()).or_insert_with(|| {
                Content { columns: vec!["name".to_owned(), "seq".to_owned()], rows: Vec::new() }
            });
            if from.definition.autoincrement() != to.definition.autoincrement() {
                counters.rows.retain(|row| !row.starts_with(&of_table));
            }
            if options_change || self.batch.changes.iter().any(touches_keys) {
                dump.dangling.clear();
            }
        }
    }
}

/// Whether neither the change nor its inverse takes text away in which a comment may stand.
fn takes_nothing(change: &Change) -> bool {
    matches!(
        change,
        Change::AddColumn { .. }
            | Change::SetNotNull { .. }
            | Change::RenameColumn { .. }
            | Change::RenameTable { .. }
            | Change::Autoincrement(_)
    )
}

/// Puts what `integrity_check` will say of the new table in the place of what it said of the old one.
fn expect_complaints(checks: &mut BTreeSet<String>, table: &str, complaints: &[String]) {
    let of_table = format!(" in {table}.");
    let line = |text: &str| format!("integrity_check: {text}");
    checks.retain(|check| !(check.starts_with("integrity_check: ") && check.contains(&of_table)));
    checks.remove(&line("ok"));
    checks.extend(complaints.iter().filter(|text| *text != "ok").map(|text| line(text)));
    if !checks.iter().any(|check| check.starts_with("integrity_check: ")) {
        checks.insert(line("ok"));
    }
}

/// Whether a change can make or unmake a foreign key's match.
pub fn touches_keys(change: &Change) -> bool {
    match change {
        Change::SetType { .. } | Change::SetGenerated { .. } | Change::DropExpression { .. } => true,
        Change::AddRule { rule } | Change::DropRule { rule } => !matches!(rule.kind, Kind::Check),
        Change::AddColumn { column, .. } => column.has(Kind::ForeignKey),
        Change::DropColumn { .. } => true,
        _ => false,
    }
}

/// A line in which the new names are the old ones again.
fn back(line: &str, model: &Model) -> String {
    let table = (model.definition.name.clone(), model.table.clone());
    model
        .renamed
        .iter()
        .chain(std::iter::once(&table))
        .filter(|(old, new)| old != new)
        .fold(line.to_owned(), |line, (old, new)| line.replace(new.as_str(), old))
}

/// A database in which the new names are the old ones again.
fn renamed_dump(dump: &Dump, model: &Model) -> Dump {
    let mut dump = dump.clone();
    let key = |(schema, kind, name): (String, String, String)| (schema, kind, back(&name, model));
    dump.objects = std::mem::take(&mut dump.objects)
        .into_iter()
        .map(|(name, mut object)| {
            object.table = back(&object.table, model);
            object.sql = unrenamed(&object.sql, model);
            (key(name), object)
        })
        .collect();
    dump.triggers =
        std::mem::take(&mut dump.triggers).into_iter().map(|(on, names)| (back(&on, model), names)).collect();
    dump.contents = std::mem::take(&mut dump.contents)
        .into_iter()
        .map(|(table, mut content)| {
            content.columns.iter_mut().for_each(|column| *column = back(column, model));
            content.rows.iter_mut().for_each(|row| *row = back(row, model));
            content.rows.sort();
            (back(&table, model), content)
        })
        .collect();
    dump.checks = dump.checks.iter().map(|line| back(line, model)).collect();
    dump.dangling = dump.dangling.iter().map(|line| back(line, model)).collect();
    dump.dangling.sort();
    dump
}
