//! Random legal batches on every table of every schema, up and down, each way against the other:
//! what a batch says is what happens, and nothing else does.

use limbeck::{Migrator, RebuildMode, Report};
use rusqlite::Connection;

use crate::change::{Change, Model, names};
use crate::definition::{Definition, Kind, bare};
use crate::dump::{Content, Dump, Objects};
use crate::random::{Batch, Choice, Random};
use crate::reference::{Expected, comments, expect, indexes_differ, mentioned, pragmas, unrenamed};
use crate::subject::{Filled, each, ordinary_tables};
use crate::tally::{End, Tally};

/// Batches for each table, unless `LIMBECK_BATCHES` says otherwise.
const BATCHES: u64 = 1;

/// The codes of a refusal because of what is in the rows.
const ROWS: &[&str] = &["alter.rows_break_rule", "sql.failed"];

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
        match expect(filled, &filled.file("look"), &from, batch.up_model(), &[]) {
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
        let from = Model::new(Definition::read(self.before.text(self.table)));
        let (up, down) = (self.batch.up_model(), self.batch.down_model());
        let mut db = self.filled.open("auto", if self.settings.wal { "WAL" } else { "DELETE" });
        self.settings.apply(&db);
        let result = self.go(&mut db, RebuildMode::Auto, None, self.before)?;
        let fails = |copy: &str, from: &Model, models: &[Model]| {
            let file = self.filled.file(copy);
            models.iter().any(|to| matches!(expect(self.filled, &file, from, to, &[]), Expected::Breaks(_)))
        };
        let report = self.judged(result, expected, &db, || fails("auto", &from, &self.batch.up_models))?;
        tally.count_ways("up", &report);
        let after = Dump::take(&db);
        let leg = Leg { before: self.before, after: &after, from: &from, to: up, remade: &Objects::new() };
        self.compare(&db, &leg, expected, &report, tally)
            .map_err(|why| End::Failed(format!("up {}: {why}", ways(&report))))?;

        self.other_way(&after, &report, tally)?;

        let remade = self.taken_along(&after);
        let texts = self.in_order(&remade);
        let expected = expect(self.filled, &self.filled.file("auto"), up, down, &texts);
        let result = self.go(&mut db, RebuildMode::Auto, Some(&texts), &after)?;
        let report = self.judged(result, &expected, &db, || fails("auto", up, &self.batch.down_models))?;
        tally.count_ways("down", &report);
        let end = Dump::take(&db);
        let leg = Leg { before: &after, after: &end, from: up, to: down, remade: &remade };
        self.compare(&db, &leg, &expected, &report, tally)
            .map_err(|why| End::Failed(format!("down {}: {why}", ways(&report))))?;
        if *self.before == end {
            tally.count("back to the same bytes");
        }
        Ok(())
    }

    /// The same on another copy, rebuilt in any case, with every setting the other way round.
    fn other_way(&self, after: &Dump, report: &Report, tally: &mut Tally) -> Result<(), End> {
        let (foreign_keys, wal) = (!self.settings.foreign_keys, !self.settings.wal);
        let settings = Settings { foreign_keys, wal, ..self.settings };
        let mut db = self.filled.open("always", if wal { "WAL" } else { "DELETE" });
        settings.apply(&db);
        let always = self.go(&mut db, RebuildMode::Always, None, self.before)?.map_err(|error| {
            End::Failed(format!("refused only with rebuild = always: {}: {error}", error.code()))
        })?;
        let pair = format!("{} against {}", ways(report), ways(&always));
        let (mut after, mut always) = (after.clone(), Dump::take(&db));
        let table = &self.batch.up_model().table;
        let (one, other) = (after.text(table).to_owned(), always.text(table).to_owned());
        let shape = |text: &str| Definition::read(text).shape();
        if shape(&one) != shape(&other) {
            return Err(End::Failed(format!("{pair}:\n{one}\n{other}")));
        }
        tally.count(if one == other { pair.clone() } else { format!("{pair}, the text spelt otherwise") });
        for dump in [&mut after, &mut always] {
            dump.objects.values_mut().for_each(|object| object.sql = bare(&object.sql));
            dump.objects.retain(|(_, kind, name), _| kind != "table" || name != table);
        }
        after.difference(&always).map_or(Ok(()), |why| Err(End::Failed(format!("{pair}: {why}"))))
    }

    /// Runs the batch, or takes it back and runs `then`. On a refusal nothing may have changed; the
    /// connection's switches never.
    fn go(
        &self,
        db: &mut Connection,
        rebuild: RebuildMode,
        then: Option<&[String]>,
        before: &Dump,
    ) -> Result<limbeck::Result<Report>, End> {
        let down: Vec<&str> =
            std::iter::once(&self.batch.down).chain(then.into_iter().flatten()).map(String::as_str).collect();
        let text = format!("-- migrate:up\n{};\n-- migrate:down\n{};\n", self.batch.up, down.join(";\n"));
        let mut migrator = Migrator::new(&[("0001_batch.sql", text)])
            .map_err(|error| End::Failed(format!("the script is not read: {error}")))?
            .rebuild(rebuild);
        let switches = Settings::read(db);
        let result =
            if then.is_none() { migrator.upgrade(db, "head") } else { migrator.downgrade(db, "base") };
        let found = Settings::read(db);
        if found != switches {
            return Err(End::Failed(format!("the switches were {switches:?} and are {found:?}")));
        }
        if let Err(error) = &result
            && let Some(why) = before.difference(&Dump::take(db))
        {
            return Err(End::Failed(format!("{error}, and something has changed: {why}")));
        }
        Ok(result)
    }

    fn is_parted(&self) -> bool {
        let rename =
            |change: &Change| matches!(change, Change::RenameColumn { .. } | Change::RenameTable { .. });
        self.batch.changes.iter().any(rename)
    }

    /// The columns that go with CASCADE.
    fn cascades(&self) -> Vec<&str> {
        let column = |change: &'_ Change| matches!(change, Change::DropColumn { cascade: true, .. });
        let found =
            self.batch.changes.iter().filter(|change| column(change)).filter_map(|change| match change {
                Change::DropColumn { column, .. } => Some(column.as_str()),
                _ => None,
            });
        found.collect()
    }

    /// The indexes and triggers of the table that a CASCADE has taken along.
    fn taken_along(&self, after: &Dump) -> Objects {
        let columns = self.cascades();
        let mut taken = self.before.objects.clone();
        taken.retain(|key, object| {
            object.table.eq_ignore_ascii_case(self.table)
                && matches!(key.1.as_str(), "index" | "trigger")
                && !after.objects.contains_key(key)
                && columns.iter().any(|column| names(&object.sql, column))
        });
        taken
    }

    /// Their texts: indexes, then triggers in the order in which they fired.
    fn in_order(&self, taken: &Objects) -> Vec<String> {
        let triggers = self.before.triggers.values().flatten();
        let rank = |name: &str| triggers.clone().position(|own| own == name);
        let mut texts: Vec<_> =
            taken.iter().map(|(key, object)| (rank(&key.2), object.sql.clone())).collect();
        texts.sort();
        texts.into_iter().map(|(_, text)| text).collect()
    }

    /// A run's report, or a refusal that can be explained.
    fn judged(
        &self,
        result: limbeck::Result<Report>,
        expected: &Expected,
        db: &Connection,
        on_the_way: impl Fn() -> bool,
    ) -> Result<Report, End> {
        match (result, expected) {
            (Ok(report), Expected::Table { .. }) => Ok(report),
            (Ok(report), Expected::Breaks(why)) => {
                Err(End::Failed(format!("{}: done, although {why}", ways(&report))))
            }
            (Ok(_), Expected::Illegal) => {
                Err(End::Failed("done, although SQLite makes no such table".to_owned()))
            }
            (Err(error), _) => match self.explanation(error.code(), &error.to_string(), expected, db) {
                Some(why) => Err(End::Refused(format!("{} ({why})", error.code()), error.to_string())),
                // A rename parts a batch: what stands before it must obey by itself.
                None if self.is_parted() && ROWS.contains(&error.code()) && on_the_way() => {
                    let why = "a copy by hand fails before a rename of the batch";
                    Err(End::Refused(format!("{} ({why})", error.code()), error.to_string()))
                }
                None => {
                    let why = if let Expected::Breaks(why) = expected { why } else { "" };
                    Err(End::Failed(format!("refused without a reason: {}: {error} {why}", error.code())))
                }
            },
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
            code if ROWS.contains(&code) && matches!(expected, Expected::Breaks(_)) => {
                Some("a copy by hand fails as well")
            }
            "sql.failed" if message.contains("rowid alias") => {
                Some("SQLite renames no column that is named like the rowid")
            }
            "alter.still_needed" if drops => Some("something else names the dropped column"),
            "proof.foreign_key" => {
                changes.iter().any(touches_keys).then_some("a key of the batch finds no parent")
            }
            "proof.dependent_broken" => {
                let views = self.before.objects.iter().any(|((_, kind, _), object)| {
                    (kind == "view" || kind == "trigger")
                        && (names(&object.sql, self.table) || message.contains(&object.table))
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
        leg: &Leg<'_>,
        expected: &Expected,
        report: &Report,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let Expected::Table { content, pragmas: planned, lost } = expected else {
            return Err("nothing to compare with".to_owned());
        };
        let Leg { before, after, from, to, .. } = *leg;
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
        was.objects.extend(leg.remade.clone());
        self.set_aside(&mut was, &mut is, lost, leg);
        was.difference(&is).map_or(Ok(()), Err)
    }

    /// Takes what the batch changes rightly out of both.
    fn set_aside(&self, was: &mut Dump, is: &mut Dump, lost: &[String], leg: &Leg<'_>) {
        let (from, to) = (leg.from, leg.to);
        let table = &to.definition.name;
        let keys_change = from.definition.shape() != to.definition.shape();
        let options_change = from.definition.without_rowid != to.definition.without_rowid;
        let renamed = from.renamed != to.renamed
            || from.table != to.table
            || !to.renamed.is_empty()
            || from.table != *table;
        let cascades = self.cascades();
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

/// One direction of a batch.
#[derive(Clone, Copy)]
struct Leg<'l> {
    before: &'l Dump,
    after: &'l Dump,
    from: &'l Model,
    to: &'l Model,
    /// What the script itself has made again.
    remade: &'l Objects,
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
