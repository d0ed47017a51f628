//! Random legal batches on every table of every schema, up and down, each way against the other:
//! what a batch says is what happens, and nothing else does.

use limbeck::{Migrator, RebuildMode, Report};
use rusqlite::Connection;

use crate::change::{Change, Model, mentions};
use crate::definition::{Definition, Kind, bare};
use crate::dump::{Content, Dump};
use crate::random::{Batch, Choice, Random};
use crate::reference::{Expected, comments, expect, indexes_differ, mentioned, pragmas, unrenamed};
use crate::subject::{Filled, each, ordinary_tables};
use crate::tally::{End, Tally};

/// Batches for each table, unless `LIMBECK_BATCHES` says otherwise.
const BATCHES: u64 = 1;

#[test]
fn every_batch_does_what_it_says() {
    if let Some(tally) = each(examine) {
        tally.finish("batches up and down");
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |value| value.parse().expect("a number"))
}

fn examine(filled: &Filled<'_>, tally: &mut Tally) {
    let (seed, batches) = (setting("LIMBECK_SEED", 1), setting("LIMBECK_BATCHES", BATCHES));
    let db = filled.open("look", "DELETE");
    let tables = ordinary_tables(&db);
    let before = Dump::take(&db);
    tally.tables += tables.len();
    tally.rows += before.rows;
    let parents = parents(&before, &tables);
    for table in &tables {
        let definition = Definition::read(before.text(table));
        for number in 0..batches {
            let mut random = Random::new(seed, &[&filled.subject.name, table, &number.to_string()]);
            let choice = Choice { db: &db, random: &mut random, definition: &definition, parents: &parents };
            let Some((batch, expected)) = legal(filled, choice) else { continue };
            let run = Run {
                filled,
                table,
                before: &before,
                batch: &batch,
                settings: Settings::choose(&mut random),
            };
            tally.tried += 1;
            for change in &batch.changes {
                tally.count(change.title());
            }
            let what = format!(
                "{} {table} {number}: {:?}\n  {}\n  down: {}",
                filled.subject.name, run.settings, batch.up, batch.down
            );
            match run.round_trip(&expected, tally) {
                Ok(()) => tally.whole += 1,
                Err(End::Refused(code, message)) => tally.refuse(code, format!("{what}: {message}")),
                Err(End::Failed(why)) => tally.failures.push(format!("{what}\n  {why}\n")),
            }
        }
    }
}

/// A batch of which SQLite says that its table can be.
fn legal(filled: &Filled<'_>, mut choice: Choice<'_>) -> Option<(Batch, Expected)> {
    (0..20).find_map(|_| {
        let batch = choice.batch()?;
        let from = Model::new(choice.definition.clone());
        match expect(filled, &filled.file("look"), &from, &batch.up_model) {
            Expected::Illegal => None,
            expected => Some((batch, expected)),
        }
    })
}

/// Tables with a key of one column, to which a foreign key can point.
fn parents(dump: &Dump, tables: &[String]) -> Vec<(String, String)> {
    let key = |table: &String| {
        let key = Definition::read(dump.text(table)).primary_key()?.columns.clone();
        matches!(&key[..], [_]).then(|| (table.clone(), key[0].clone()))
    };
    tables.iter().filter_map(key).collect()
}

/// How a connection is when limbeck comes.
#[derive(Debug, Clone, Copy)]
struct Settings {
    foreign_keys: bool,
    wal: bool,
    legacy: bool,
    writable: bool,
}

impl Settings {
    fn choose(random: &mut Random) -> Settings {
        Settings {
            foreign_keys: random.one_in(2),
            wal: random.one_in(2),
            legacy: random.one_in(4),
            writable: random.one_in(8),
        }
    }

    fn apply(self, db: &Connection) {
        for (pragma, on) in [
            ("foreign_keys", self.foreign_keys),
            ("legacy_alter_table", self.legacy),
            ("writable_schema", self.writable),
        ] {
            db.execute_batch(&format!("PRAGMA {pragma} = {}", u8::from(on))).expect("a pragma is set");
        }
    }

    /// What must be the same afterwards.
    fn read(db: &Connection) -> Vec<String> {
        [
            "foreign_keys",
            "legacy_alter_table",
            "writable_schema",
            "ignore_check_constraints",
            "journal_mode",
            "recursive_triggers",
            "synchronous",
        ]
        .iter()
        .map(|pragma| {
            format!(
                "{pragma} = {:?}",
                crate::dump::lines(db, &format!("PRAGMA {pragma}")).expect("a pragma is read")
            )
        })
        .collect()
    }
}

/// One batch on one table.
struct Run<'r> {
    filled: &'r Filled<'r>,
    table: &'r str,
    before: &'r Dump,
    batch: &'r Batch,
    settings: Settings,
}

impl Run<'_> {
    fn round_trip(&self, expected: &Expected, tally: &mut Tally) -> Result<(), End> {
        let mut db = self.filled.open("auto", if self.settings.wal { "WAL" } else { "DELETE" });
        self.settings.apply(&db);
        let report = self.go(&mut db, RebuildMode::Auto, true, self.before)?;
        let report = self.judged(report, expected, &self.batch.up_model, &db)?;
        tally.count_ways("up", &report);
        let after = Dump::take(&db);
        self.compare(
            &db,
            self.before,
            &after,
            expected,
            &Model::new(Definition::read(self.before.text(self.table))),
            &self.batch.up_model,
        )
        .map_err(|why| End::Failed(format!("up {}: {why}", ways(&report))))?;

        self.other_way(&after, &report, tally)?;

        let (from, to) = (&self.batch.up_model, &self.batch.down_model);
        let expected = expect(self.filled, &self.filled.file("auto"), from, to);
        let report = self.go(&mut db, RebuildMode::Auto, false, &after)?;
        let report = self.judged(report, &expected, to, &db)?;
        tally.count_ways("down", &report);
        let end = Dump::take(&db);
        self.compare(&db, &after, &end, &expected, from, to)
            .map_err(|why| End::Failed(format!("down {}: {why}", ways(&report))))?;
        if *self.before == end {
            tally.count("back to the same bytes");
        }
        Ok(())
    }

    /// The same on another copy, rebuilt in any case, with every setting the other way round.
    fn other_way(&self, after: &Dump, report: &Report, tally: &mut Tally) -> Result<(), End> {
        let settings =
            Settings { foreign_keys: !self.settings.foreign_keys, wal: !self.settings.wal, ..self.settings };
        let mut db = self.filled.open("always", if settings.wal { "WAL" } else { "DELETE" });
        settings.apply(&db);
        let other = Run { settings, ..*self };
        let always = match other.go(&mut db, RebuildMode::Always, true, self.before)? {
            Ok(always) => always,
            Err(error) => {
                return Err(End::Failed(format!(
                    "refused only with rebuild = always: {}: {error}",
                    error.code()
                )));
            }
        };
        tally.count(format!("{} against {}", ways(report), ways(&always)));
        let mut always = Dump::take(&db);
        let table = &self.batch.up_model.table;
        if bare(after.text(table)) != bare(always.text(table)) {
            return Err(End::Failed(format!(
                "{} against rebuild:\n{}\n{}",
                ways(report),
                after.text(table),
                always.text(table)
            )));
        }
        if after.text(table) != always.text(table) {
            tally.count("texts that differ between ways in blanks and quotes");
        }
        let mut after = after.clone();
        for dump in [&mut after, &mut always] {
            dump.objects.values_mut().for_each(|object| object.sql = bare(&object.sql));
        }
        match after.difference(&always) {
            Some(why) => Err(End::Failed(format!("{} against rebuild: {why}", ways(report)))),
            None => Ok(()),
        }
    }

    /// Runs the batch. On a refusal nothing may have changed; the connection's switches never.
    fn go(
        &self,
        db: &mut Connection,
        rebuild: RebuildMode,
        up: bool,
        before: &Dump,
    ) -> Result<limbeck::Result<Report>, End> {
        let mut down = self.batch.down.clone();
        for sql in self.lost_by_cascade() {
            down = format!("{down};\n{sql}");
        }
        let migrations =
            [("0001_batch.sql", format!("-- migrate:up\n{};\n-- migrate:down\n{down};\n", self.batch.up))];
        let mut migrator = match Migrator::new(&migrations) {
            Ok(migrator) => migrator.rebuild(rebuild),
            Err(error) => return Err(End::Failed(format!("the script is not read: {error}"))),
        };
        let switches = Settings::read(db);
        let result = if up { migrator.upgrade(db, "head") } else { migrator.downgrade(db, "base") };
        if Settings::read(db) != switches {
            return Err(End::Failed(format!(
                "the switches were {switches:?} and are {:?}",
                Settings::read(db)
            )));
        }
        if let Err(error) = &result
            && let Some(why) = before.difference(&Dump::take(db))
        {
            return Err(End::Failed(format!("{error}, and something has changed: {why}")));
        }
        Ok(result)
    }

    /// What a CASCADE takes along, to be made again on the way down.
    fn lost_by_cascade(&self) -> Vec<String> {
        let cascade = |change: &Change| matches!(change, Change::DropColumn { column, cascade: true } if !column.is_empty());
        let dropped: Vec<&Change> = self.batch.changes.iter().filter(|change| cascade(change)).collect();
        let names = dropped.iter().filter_map(|change| match change {
            Change::DropColumn { column, .. } => Some(column.as_str()),
            _ => None,
        });
        let names: Vec<&str> = names.collect();
        let objects = self.before.objects.iter().filter(|((_, kind, _), object)| {
            kind == "index"
                && object.table.eq_ignore_ascii_case(self.table)
                && names.iter().any(|name| mentions(&object.sql, name))
        });
        objects.map(|(_, object)| object.sql.clone()).collect()
    }

    /// A run's report, or a refusal that can be explained.
    fn judged(
        &self,
        result: limbeck::Result<Report>,
        expected: &Expected,
        model: &Model,
        db: &Connection,
    ) -> Result<Report, End> {
        match (result, expected) {
            (Ok(report), Expected::Table { .. }) => Ok(report),
            (Ok(report), other) => Err(End::Failed(format!("{}: done, although {other:?}", ways(&report)))),
            (Err(error), _) => {
                let why = self.explanation(error.code(), &error.to_string(), expected, db);
                let _ = model;
                match why {
                    Some(why) => Err(End::Refused(format!("{} ({why})", error.code()), error.to_string())),
                    None => Err(End::Failed(format!(
                        "refused without a reason: {}: {error}\n  expected {expected:?}",
                        error.code()
                    ))),
                }
            }
        }
    }

    /// The refusals that are right, and why.
    fn explanation(
        &self,
        code: &str,
        message: &str,
        expected: &Expected,
        db: &Connection,
    ) -> Option<&'static str> {
        let changes = &self.batch.changes;
        let drops = changes.iter().any(|change| match change {
            Change::DropColumn { column, .. } => mentioned(db, column),
            _ => false,
        });
        match code {
            "alter.rows_break_rule" if matches!(expected, Expected::Breaks(_)) => {
                Some("a copy by hand fails as well")
            }
            "sql.failed" if matches!(expected, Expected::Breaks(_)) => {
                Some("SQLite's own words for a copy that fails")
            }
            "alter.still_needed" if drops => Some("something else names the dropped column"),
            "proof.foreign_key" => {
                changes.iter().any(touches_keys).then_some("a key of the batch finds no parent")
            }
            "proof.dependent_broken" => {
                let views = self.before.objects.iter().any(|((_, kind, _), object)| {
                    (kind == "view" || kind == "trigger")
                        && (mentions(&object.sql, self.table) || message.contains(&object.table))
                });
                views.then_some("a view or trigger that names the table would break, or is broken")
            }
            _ => None,
        }
    }

    /// Errors: where the database is another one than expected.
    fn compare(
        &self,
        db: &Connection,
        before: &Dump,
        after: &Dump,
        expected: &Expected,
        from: &Model,
        to: &Model,
    ) -> Result<(), String> {
        let Expected::Table { content, pragmas: planned, lost } = expected else {
            return Err("nothing to compare with".to_owned());
        };
        let text = after.text(&to.table);
        let definition = Definition::read(&unrenamed(text, to));
        // Read again, so that both are spelt by the same hand.
        let wanted = Definition::read(&to.definition.create());
        if definition.shape() != wanted.shape() {
            return Err(format!(
                "the text says\n  {:?}\n  and not\n  {:?}\n{text}",
                definition.shape(),
                wanted.shape()
            ));
        }
        let takes_away = self.batch.changes.iter().any(|change| {
            !matches!(
                change,
                Change::AddColumn { .. }
                    | Change::SetNotNull { .. }
                    | Change::RenameColumn { .. }
                    | Change::RenameTable { .. }
            )
        });
        let old_text = before.text(&from.table);
        if !takes_away
            && let Some(comment) = comments(old_text).into_iter().find(|comment| !text.contains(*comment))
        {
            return Err(format!("the comment {comment} is gone:\n{old_text}\n{text}"));
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
        let renumbered = from.definition.without_rowid && !to.definition.without_rowid;
        let mut wanted = content.clone();
        if renumbered {
            wanted = wanted.without_rowids();
            if let Some(found) = is.contents.remove(&key) {
                is.contents.insert(key.clone(), found.without_rowids());
            }
        }
        was.contents.insert(key, wanted);
        self.set_aside(&mut was, &mut is, lost, from, to);
        was.difference(&is).map_or(Ok(()), Err)
    }

    /// Takes what the batch changes rightly out of both.
    fn set_aside(&self, was: &mut Dump, is: &mut Dump, lost: &[String], from: &Model, to: &Model) {
        let table = &to.definition.name;
        let keys_change = from.definition.shape() != to.definition.shape();
        let renamed = !from.renamed.is_empty()
            || !to.renamed.is_empty()
            || from.table != to.table
            || from.table != *table;
        for dump in [&mut *was, &mut *is] {
            let own = |kind: &str, name: &str, sql: &str, of: &str| {
                of.eq_ignore_ascii_case(table) && ((kind == "table" && name == table) || sql.is_empty())
            };
            dump.objects.retain(|(_, kind, name), object| !own(kind, name, &object.sql, &object.table));
            if renamed {
                dump.objects.values_mut().for_each(|object| object.sql = bare(&object.sql));
            }
            for name in lost {
                dump.objects.retain(|(_, kind, own), _| kind != "index" || own != name);
            }
            for statistics in ["main.sqlite_stat1", "main.sqlite_stat4"] {
                if let Some(content) = dump.contents.get_mut(statistics) {
                    let of_table = format!("text:\\'{}\\'", table.replace('\'', "''").escape_default());
                    content.rows.retain(|row| {
                        let mine = row.starts_with(&of_table);
                        let automatic = row.contains("sqlite_autoindex_");
                        let gone = lost.iter().any(|name| row.contains(name.as_str()));
                        !(mine && ((keys_change && automatic) || gone || !lost.is_empty()))
                    });
                }
            }
            let counters = dump.contents.entry("main.sqlite_sequence".to_owned()).or_insert_with(|| {
                Content { columns: vec!["name".to_owned(), "seq".to_owned()], rows: Vec::new() }
            });
            if from.definition.autoincrement() != to.definition.autoincrement() {
                let of_table = format!("text:\\'{}\\'", table.replace('\'', "''").escape_default());
                counters.rows.retain(|row| !row.starts_with(&of_table));
            }
            if self.batch.changes.iter().any(touches_keys)
                || from.definition.without_rowid != to.definition.without_rowid
            {
                dump.dangling.clear();
            }
        }
    }
}

/// Whether a change can make or unmake a foreign key's match.
fn touches_keys(change: &Change) -> bool {
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

fn ways(report: &Report) -> String {
    let all = report.steps.iter().flat_map(|step| &step.alterations);
    let mut ways: Vec<String> =
        all.map(|alteration| format!("{:?}", alteration.way).to_lowercase()).collect();
    ways.dedup();
    if ways.is_empty() { "nothing".to_owned() } else { ways.join("+") }
}
