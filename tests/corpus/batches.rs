//! Random legal batches on every table of every schema, up and down, each way against the other:
//! what a batch says is what happens, and nothing else does.

use limbeck::{Migrator, RebuildMode, Report};
use rusqlite::Connection;

use crate::change::{Change, Model, names};
use crate::compare::{Leg, touches_keys};
use crate::definition::{Definition, Kind, bare};
use crate::dump::{Dump, Objects};
use crate::random::{Batch, Choice, Random};
use crate::reference::{Expected, expect, mentioned};
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
        let leg = Leg {
            batch: self.batch,
            before: self.before,
            after: &after,
            from: &from,
            to: up,
            remade: &Objects::new(),
        };
        leg.compare(&db, expected, &report, tally)
            .map_err(|why| End::Failed(format!("up {}: {why}", ways(&report))))?;

        self.other_way(&after, &report, tally)?;

        let remade = self.taken_along(&after);
        let texts = self.in_order(&remade);
        let expected = expect(self.filled, &self.filled.file("auto"), up, down, &texts);
        let result = self.go(&mut db, RebuildMode::Auto, Some(&texts), &after)?;
        let report = self.judged(result, &expected, &db, || fails("auto", up, &self.batch.down_models))?;
        tally.count_ways("down", &report);
        let end = Dump::take(&db);
        let leg = Leg { batch: self.batch, before: &after, after: &end, from: up, to: down, remade: &remade };
        leg.compare(&db, &expected, &report, tally)
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
        let mut migrator = Migrator::new([("0001_batch.sql", text)])
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

    /// The indexes and triggers of the table that a CASCADE has taken along.
    fn taken_along(&self, after: &Dump) -> Objects {
        let columns = self.batch.cascades();
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
            Change::DropColumn { column, .. } => mentioned(db, self.table, column),
            _ => false,
        });
        match code {
            code if ROWS.contains(&code) && matches!(expected, Expected::Breaks(_)) => {
                Some("a copy by hand fails as well")
            }
            // 3.40 lets such a row in, newer ones do not, and all of them read the file.
            "alter.rows_break_rule"
                if self.batch.up_model().definition.strict && changes.iter().any(computes) =>
            {
                Some("a STRICT table's VIRTUAL column has another type")
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
}

pub fn ways(report: &Report) -> String {
    let all = report.steps.iter().flat_map(|step| &step.alterations);
    let mut ways: Vec<String> =
        all.map(|alteration| format!("{:?}", alteration.way).to_lowercase()).collect();
    ways.dedup();
    if ways.is_empty() { "nothing".to_owned() } else { ways.join("+") }
}

fn computes(change: &Change) -> bool {
    match change {
        Change::SetGenerated { stored, .. } => !stored,
        Change::AddColumn { column, .. } => column.has(Kind::Generated { stored: false }),
        _ => false,
    }
}
