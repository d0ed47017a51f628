//! Random batches that the grammar allows on a table, from a seed.

use rusqlite::Connection;

use crate::change::{Change, Model, names};
use crate::definition::{Column, Definition, Kind, Rule, bare, quoted};
use crate::dump::strings;

/// Splitmix64: enough for choices, and the same everywhere.
pub struct Random(u64);

impl Random {
    /// From a number and names, so that a table's batches do not depend on what ran before.
    pub fn new(seed: u64, names: &[&str]) -> Random {
        let bytes = names.iter().flat_map(|name| name.bytes().chain([0]));
        Random(bytes.fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }

    /// True once in `of` times.
    pub fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        from.get(self.below(from.len()))
    }
}

/// Actions on one table, and those that take them back.
#[derive(Debug)]
pub struct Batch {
    pub changes: Vec<Change>,
    pub up: String,
    /// The table after each action.
    pub up_models: Vec<Model>,
    pub down: String,
    /// The table after each action on the way back.
    pub down_models: Vec<Model>,
}

impl Batch {
    /// The columns that go with CASCADE.
    pub fn cascades(&self) -> Vec<&str> {
        let column = |change: &'_ Change| matches!(change, Change::DropColumn { cascade: true, .. });
        let found = self.changes.iter().filter(|change| column(change)).filter_map(|change| match change {
            Change::DropColumn { column, .. } => Some(column.as_str()),
            _ => None,
        });
        found.collect()
    }

    /// The table after the batch.
    pub fn up_model(&self) -> &Model {
        self.up_models.last().expect("a batch has an action")
    }

    /// The table after the batch was taken back.
    pub fn down_model(&self) -> &Model {
        self.down_models.last().expect("a batch has an action")
    }
}

/// A table that a batch is chosen for.
pub struct Choice<'a> {
    pub db: &'a Connection,
    pub random: &'a mut Random,
    pub definition: &'a Definition,
    /// Other tables and their one key column.
    pub parents: &'a [(String, String)],
}

impl Choice<'_> {
    /// One to four actions; none where nothing came to mind.
    pub fn batch(&mut self) -> Option<Batch> {
        let mut model = Model::new(self.definition.clone());
        let mut changes = Vec::new();
        let (mut ups, mut up_models, mut inverses) = (Vec::new(), Vec::new(), Vec::new());
        let mut touched: Vec<String> = Vec::new();
        let wanted = 1 + self.random.below(4);
        for attempt in 0..40 {
            if changes.len() == wanted {
                break;
            }
            let renames = changes.iter().any(|c: &Change| matches!(c, Change::RenameColumn { .. }));
            let Some(change) = self.propose(&model, &touched, attempt) else { continue };
            // What follows a rename is written with the new names: keep to what names few.
            let simple = matches!(
                change,
                Change::AddColumn { .. }
                    | Change::SetNotNull { .. }
                    | Change::DropNotNull { .. }
                    | Change::SetDefault { .. }
                    | Change::DropDefault { .. }
                    | Change::RenameColumn { .. }
                    | Change::Move { .. }
            );
            let option =
                matches!(change, Change::Strict(_) | Change::WithoutRowid(_) | Change::Autoincrement(_));
            if option && changes.iter().any(|c| c.title() == change.title()) {
                continue;
            }
            let all_simple =
                changes.iter().all(|c| !matches!(c, Change::DropColumn { .. } | Change::DropRule { .. }));
            if (renames && !simple) || (matches!(change, Change::RenameColumn { .. }) && !all_simple) {
                continue;
            }
            let Some(inverse) = change.inverse(&model) else { continue };
            if let (Change::Autoincrement(_), Some(key)) = (&change, model.definition.primary_key()) {
                touched.extend(key.columns.clone());
            }
            if matches!(
                change,
                Change::AddColumn { .. } | Change::AddRule { .. } | Change::SetGenerated { .. }
            ) {
                let sql = change.sql(&model);
                let named = model.definition.columns.iter().filter(|c| names(&sql, &c.name));
                touched.extend(named.map(|column| column.name.clone()));
            }
            touched.extend(columns_of(&change));
            ups.push(change.sql(&model));
            change.apply(&mut model);
            up_models.push(model.clone());
            inverses.push(inverse);
            changes.push(change);
        }
        if changes.is_empty() {
            return None;
        }
        let mut back = model.settled();
        let (mut downs, mut down_models) = (Vec::new(), Vec::new());
        for inverse in inverses.iter().rev().flatten() {
            downs.push(inverse.sql(&back));
            inverse.apply(&mut back);
            down_models.push(back.clone());
        }
        let alter = |table: &str, actions: &[String]| {
            format!("ALTER TABLE main.{} {}", quoted(table), actions.join(",\n  "))
        };
        Some(Batch {
            up: alter(&self.definition.name, &ups),
            down: alter(&model.table, &downs),
            changes,
            up_models,
            down_models,
        })
    }

    fn propose(&mut self, model: &Model, touched: &[String], serial: usize) -> Option<Change> {
        let definition = &model.definition;
        let free: Vec<&Column> =
            definition.columns.iter().filter(|column| !touched.contains(&column.name)).collect();
        let column = (*self.random.pick(&free)?).clone();
        let name = column.name.clone();
        let plain = column.generated().is_none();
        let keyed = definition.in_key(&name);
        Some(match self.random.below(26) {
            0..=2 => self.add_column(model, touched, serial),
            3 => self.drop_column(model, &column)?,
            4 => Change::RenameColumn { column: name, to: format!("lbr{serial}x") },
            5 if model.table == definition.name => Change::RenameTable { to: format!("lbt{serial}x") },
            6 => self.rename_constraint(definition, serial)?,
            7 | 8 if !column.has(Kind::NotNull) && plain => {
                let nulls = format!("{} IS NULL", quoted(&name));
                if self.rows(definition, &nulls) > 0 && !self.random.one_in(8) {
                    return None;
                }
                let conflict = if self.random.one_in(5) { " ON CONFLICT ABORT" } else { "" };
                Change::SetNotNull { column: name, conflict: conflict.to_owned() }
            }
            9 | 10
                if column.has(Kind::NotNull)
                    && !(keyed && (definition.strict || definition.without_rowid)) =>
            {
                Change::DropNotNull { column: name }
            }
            11 | 12 if plain && can_come_back(&column) => {
                let values = ["1", "'lb'", "NULL", "-1.5", "x'00ff'", "(1 + 2)", "CURRENT_TIMESTAMP"];
                let value = (*self.random.pick(&values)?).to_owned();
                Change::SetDefault { column: name, value }
            }
            13 if column.rule(|kind| kind == Kind::Default).is_some() && can_come_back(&column) => {
                Change::DropDefault { column: name }
            }
            14..=16 if plain => self.set_type(definition, &name)?,
            17 if plain && !keyed && !column.has(Kind::ForeignKey) && can_come_back(&column) => {
                let expression = self.expression(definition, touched, &name)?;
                let stored = self.random.one_in(2);
                Change::SetGenerated { column: name, expression, stored }
            }
            18 if !plain => Change::DropExpression { column: name },
            19 | 20 if definition.columns.len() > 1 => {
                Change::Move { column: name, to: self.random.below(definition.columns.len()) }
            }
            21 | 22 => self.add_rule(definition, touched, &name, serial)?,
            23 => self.drop_rule(definition, touched)?,
            24 | 25 => self.set_option(definition, touched)?,
            _ => return None,
        })
    }

    fn add_column(&mut self, model: &Model, touched: &[String], serial: usize) -> Change {
        let definition = &model.definition;
        let name = format!("lbc{serial}x");
        let (type_name, literal) = *self
            .random
            .pick(&[("INT", "7"), ("TEXT", "'x y'"), ("REAL", "1.5"), ("BLOB", "x'01'"), ("INTEGER", "-3")])
            .expect("there are types");
        let rule = |kind, text: &str| Rule::new(None, kind, text, &[&name]);
        let mut rules = Vec::new();
        match self.random.below(9) {
            0 => rules.push(rule(Kind::Default, &format!("DEFAULT {literal}"))),
            1 => {
                rules.push(rule(Kind::NotNull, "NOT NULL"));
                rules.push(rule(Kind::Default, &format!("DEFAULT {literal}")));
            }
            2 => rules.push(rule(Kind::Collate, "COLLATE NOCASE")),
            3 => rules.push(rule(Kind::Check, &format!("CHECK ({name} IS NULL OR {name} <> 'no')"))),
            4 => rules.push(rule(Kind::Unique, "UNIQUE")),
            5 => rules.push(rule(Kind::Default, "DEFAULT (abs(-5))")),
            6 => {
                if let Some(expression) = self.expression(definition, touched, &name) {
                    let stored = self.random.one_in(2);
                    let kind = if stored { "STORED" } else { "VIRTUAL" };
                    let text = format!("GENERATED ALWAYS AS {expression} {kind}");
                    rules.push(rule(Kind::Generated { stored }, &text));
                }
            }
            7 => {
                if let Some((parent, key)) = self.random.pick(self.parents).cloned() {
                    let text = format!("REFERENCES {}({}) ON DELETE SET NULL", quoted(&parent), quoted(&key));
                    rules.push(rule(Kind::ForeignKey, &text));
                }
            }
            _ => {}
        }
        let column = Column { name: name.clone(), type_name: type_name.to_owned(), rules };
        Change::AddColumn { column, at: self.place(definition) }
    }

    /// Mostly behind the last column.
    fn place(&mut self, definition: &Definition) -> usize {
        let last = definition.columns.len();
        if self.random.one_in(3) { self.random.below(last + 1) } else { last }
    }

    fn drop_column(&mut self, model: &Model, column: &Column) -> Option<Change> {
        let definition = &model.definition;
        let needs_value = column.has(Kind::NotNull) && column.rule(|kind| kind == Kind::Default).is_none();
        // What it comes back with must be the same each time.
        let volatile = |rule: &Rule| {
            rule.kind == Kind::Default
                && ["random", "now", "CURRENT_"].iter().any(|word| rule.text.contains(word))
        };
        if definition.in_key(&column.name)
            || column.rules.iter().any(volatile)
            || needs_value
            || definition.columns.len() < 2
            || !can_come_back(column)
        {
            return None;
        }
        Some(Change::DropColumn { column: column.name.clone(), cascade: self.random.one_in(4) })
    }

    fn rename_constraint(&mut self, definition: &Definition, serial: usize) -> Option<Change> {
        let names: Vec<&String> = definition.all_rules().filter_map(|rule| rule.name.as_ref()).collect();
        let from = (*self.random.pick(&names)?).clone();
        // What stands alone in the text, or twice, is a case of its own.
        let once = names.iter().filter(|name| name.eq_ignore_ascii_case(&from)).count() == 1;
        (once && !from.is_empty()).then(|| Change::RenameConstraint { from, to: format!("lbk{serial}x") })
    }

    fn set_type(&mut self, definition: &Definition, column: &str) -> Option<Change> {
        let types: &[&str] = if definition.strict {
            &["INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"]
        } else {
            &[
                "INT",
                "INTEGER",
                "REAL",
                "TEXT",
                "BLOB",
                "NUMERIC",
                "VARCHAR(20)",
                "DECIMAL(10, 2)",
                "BIGINT UNSIGNED",
            ]
        };
        let type_name = (*self.random.pick(types)?).to_owned();
        let name = quoted(column);
        let values =
            [format!("upper({name})"), format!("coalesce({name}, 0)"), format!("(CAST({name} AS TEXT))")];
        let using = self.random.one_in(4).then(|| self.random.pick(&values).cloned()).flatten();
        let collations = ["NOCASE", "BINARY", "RTRIM"];
        let collation = self.random.one_in(4).then(|| self.random.pick(&collations)).flatten();
        let collation = collation.map(|name| (*name).to_owned());
        Some(Change::SetType { column: column.to_owned(), type_name, collation, using })
    }

    /// An expression over another column that is not generated.
    fn expression(&mut self, definition: &Definition, touched: &[String], but: &str) -> Option<String> {
        let others: Vec<&Column> = definition
            .columns
            .iter()
            .filter(|c| c.name != but && c.generated().is_none() && !touched.contains(&c.name))
            .collect();
        let other = quoted(&self.random.pick(&others)?.name);
        let expressions =
            [format!("(typeof({other}))"), format!("({other} || '!')"), format!("(length({other}))")];
        self.random.pick(&expressions).cloned()
    }

    fn add_rule(
        &mut self,
        definition: &Definition,
        touched: &[String],
        column: &str,
        serial: usize,
    ) -> Option<Change> {
        let quoted_column = quoted(column);
        let name = format!("lbk{serial}x");
        let named = (!self.random.one_in(4)).then_some(name.as_str());
        let rule = match self.random.below(6) {
            0 | 1 => {
                let conditions = [
                    format!("({quoted_column} IS NOT 'lb none')"),
                    format!("(length({quoted_column}) < 100000)"),
                    format!("({quoted_column} IS NOT NULL)"),
                ];
                let condition = self.random.pick(&conditions)?;
                if self.rows(definition, &format!("NOT {condition}")) > 0 && !self.random.one_in(4) {
                    return None;
                }
                Rule::new(named, Kind::Check, format!("CHECK {condition}"), &[])
            }
            2 | 3 => {
                let others: Vec<&Column> = definition
                    .columns
                    .iter()
                    .filter(|c| c.name != column && !touched.contains(&c.name))
                    .collect();
                let second = if self.random.one_in(2) { self.random.pick(&others) } else { None };
                let columns: Vec<&str> =
                    std::iter::once(column).chain(second.map(|column| column.name.as_str())).collect();
                let list: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
                Rule::new(named, Kind::Unique, format!("UNIQUE ({})", list.join(", ")), &columns)
            }
            4 => {
                let (parent, key) = self.random.pick(self.parents)?.clone();
                let (parent, key) = (quoted(&parent), quoted(&key));
                let orphan = format!(
                    "{quoted_column} IS NOT NULL AND NOT EXISTS \
                     (SELECT 1 FROM main.{parent} AS p WHERE p.{key} = main.{}.{quoted_column})",
                    quoted(&definition.name)
                );
                if self.rows(definition, &orphan) > 0 && !self.random.one_in(8) {
                    return None;
                }
                let actions = ["", " ON DELETE CASCADE", " ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED"];
                let action = self.random.pick(&actions)?;
                let text = format!("FOREIGN KEY ({quoted_column}) REFERENCES {parent}({key}){action}");
                Rule::new(named, Kind::ForeignKey, text, &[column])
            }
            _ if definition.primary_key().is_none() => {
                let kind = Kind::PrimaryKey { descending: false, autoincrement: false };
                Rule::new(named, kind, format!("PRIMARY KEY ({quoted_column})"), &[column])
            }
            _ => return None,
        };
        // By what it says it could be mistaken for another one.
        let alike = |other: &Rule| match rule.kind {
            Kind::Check => bare(&other.text) == bare(&rule.text),
            kind => rule.name.is_none() && other.kind == kind && other.columns == rule.columns,
        };
        (!definition.all_rules().any(alike)).then_some(Change::AddRule { rule })
    }

    fn drop_rule(&mut self, definition: &Definition, touched: &[String]) -> Option<Change> {
        let droppable = |rule: &&Rule| {
            let alike = |other: &&Rule| match &rule.name {
                Some(name) => other.name.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name)),
                None => {
                    std::mem::discriminant(&other.kind) == std::mem::discriminant(&rule.kind)
                        && other.columns.join(",").eq_ignore_ascii_case(&rule.columns.join(","))
                }
            };
            let kind = match rule.kind {
                Kind::PrimaryKey { .. } => !definition.without_rowid,
                Kind::Unique | Kind::ForeignKey => true,
                // By its text only as it was written, which the syntax tree does not have.
                Kind::Check => rule.name.is_some(),
                _ => false,
            };
            kind && !rule.columns.iter().any(|c| touched.contains(c))
                && definition.all_rules().filter(alike).count() == 1
        };
        // Not one that the batch itself has added.
        let own = |rule: &&Rule| self.definition.all_rules().any(|old| old == *rule);
        let rules: Vec<&Rule> = definition.all_rules().filter(droppable).filter(own).collect();
        let rule = (*self.random.pick(&rules)?).clone();
        Some(Change::DropRule { rule })
    }

    fn set_option(&mut self, definition: &Definition, touched: &[String]) -> Option<Change> {
        let counted = definition.autoincrement();
        let key_touched =
            definition.primary_key().is_some_and(|key| key.columns.iter().any(|c| touched.contains(c)));
        Some(match self.random.below(3) {
            0 => Change::Strict(!definition.strict),
            1 if !counted => Change::WithoutRowid(!definition.without_rowid),
            2 if !key_touched && (counted || definition.alias().is_some()) => Change::Autoincrement(!counted),
            _ => return None,
        })
    }

    /// How many rows of the table as it is on disk answer to a condition; none where it is not
    /// about columns that are there already.
    fn rows(&self, definition: &Definition, condition: &str) -> usize {
        let sql = format!("SELECT 1 FROM main.{} WHERE {condition}", quoted(&definition.name));
        if self.db.prepare(&sql).is_err() { 0 } else { strings(self.db, &sql).len() }
    }
}

/// Whether what the syntax tree has printed of the column's DEFAULT is as good as what was written.
fn can_come_back(column: &Column) -> bool {
    let plain = |text: &str| {
        let first = text.trim_start_matches(['-', '+', ' ']).chars().next().unwrap_or('?');
        first.is_ascii_digit()
            || first == '\''
            || first == '('
            || text.starts_with("x'")
            || text.eq_ignore_ascii_case("NULL")
            || text.to_ascii_uppercase().starts_with("CURRENT_")
    };
    column
        .rules
        .iter()
        .filter(|rule| rule.kind == Kind::Default)
        .all(|rule| plain(&rule.text["DEFAULT ".len()..]))
}

/// The columns that a change is about: no other change of the batch is about them.
fn columns_of(change: &Change) -> Vec<String> {
    match change {
        Change::AddColumn { column, .. } => vec![column.name.clone()],
        Change::DropColumn { column, .. }
        | Change::RenameColumn { column, .. }
        | Change::SetNotNull { column, .. }
        | Change::DropNotNull { column }
        | Change::SetDefault { column, .. }
        | Change::DropDefault { column }
        | Change::SetType { column, .. }
        | Change::SetGenerated { column, .. }
        | Change::DropExpression { column }
        | Change::Move { column, .. } => vec![column.clone()],
        Change::AddRule { rule } | Change::DropRule { rule } => rule.columns.clone(),
        Change::RenameTable { .. }
        | Change::RenameConstraint { .. }
        | Change::Strict(_)
        | Change::WithoutRowid(_)
        | Change::Autoincrement(_) => Vec::new(),
    }
}
