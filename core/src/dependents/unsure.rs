//! Views and triggers that did not compile before something was dropped, looked at one by one. The reason may lie
//! in the connection (a function that is not registered, or that only a trusted schema may call; an authorizer;
//! views or triggers that are switched off): on the app's own they work, and what they need must not go unseen.

use std::sync::Arc;

use litemap::LiteMap;

use super::{ALTERED, Broken, compile, compile_statements, qualified};
use crate::db::Database;
use crate::error::{Result, accepted, refusal};
use crate::schema::{Object, ObjectKind};
use crate::sql::{TokenType as T, quote, same_name, tokens, unquote};

/// What could not be compiled, and what can be only by itself.
#[derive(Debug, Default)]
pub struct Unsure {
    /// With SQLite's message.
    failed: Vec<(Arc<Object>, String)>,
    /// Triggers that compile, though the statement that fires them does not: another one stands beside them.
    alone: Vec<Arc<Object>>,
}

impl Unsure {
    /// Looks at those of `concerned` that are `broken`, or that nothing fires. Where all of them compile and none is a
    /// trigger, no statement runs.
    ///
    /// `objects` and `broken` are what was found out before `schema.table` is altered.
    pub fn find(
        db: &mut dyn Database,
        objects: &[Arc<Object>],
        concerned: &[Arc<Object>],
        (schema, table): (&str, &str),
        broken: &Broken,
    ) -> Result<Unsure> {
        let mut unsure = Unsure::default();
        let mut fire = None;
        for object in concerned {
            if object.kind == ObjectKind::View {
                if let Some(message) = broken.0.get(&object.title()) {
                    unsure.failed.push((Arc::clone(object), message.clone()));
                }
                continue;
            }
            let verb = fired_by(object);
            let of = |on: &str| broken.0.contains_key(&format!("{verb} {on}"));
            let altered = same_name(&object.table, table) && of(ALTERED);
            let kinds = [ObjectKind::Table, ObjectKind::View];
            if altered || kinds.iter().any(|kind| of(&format!("{} {}", kind.as_str(), object.table))) {
                match alone(db, objects, object)? {
                    Some(message) => unsure.failed.push((Arc::clone(object), message)),
                    None => unsure.alone.push(Arc::clone(object)),
                }
            } else if object.schema != "temp" {
                let fire = match fire {
                    Some(fire) => fire,
                    None => *fire.insert(triggers_fire(db, if schema == "temp" { "main" } else { schema })?),
                };
                if !fire {
                    unsure.failed.push((Arc::clone(object), "triggers are switched off".to_owned()));
                }
            }
        }
        Ok(unsure)
    }

    /// Whether [`lost`](Self::lost) may find any.
    pub fn may_lose(&self) -> bool {
        !self.alone.is_empty()
    }

    /// The triggers that compiled by themselves, and no longer do. `objects` are those that are there now.
    pub fn lost(&self, db: &mut dyn Database, objects: &[Arc<Object>]) -> Result<Vec<(Object, String)>> {
        let mut lost = Vec::new();
        for trigger in &self.alone {
            let Some(now) = still_there(objects, trigger) else { continue };
            if let Some(message) = alone(db, objects, now)? {
                lost.push((now.as_ref().clone(), message));
            }
        }
        Ok(lost)
    }

    /// Those of which nobody can tell whether they work, with the reason. What names a table or a column that is not
    /// there is dead on every connection, and is not among them.
    pub fn doubtful(&self) -> impl Iterator<Item = (&Object, &str)> {
        let doubtful = self.failed.iter().filter(|(object, message)| !is_dead(object, message));
        doubtful.map(|(object, message)| (object.as_ref(), message.as_str()))
    }

    /// Those that were doubtful, and now fail because `name` is not there, with SQLite's message. `objects` are those
    /// that are there now.
    pub fn without(
        &self,
        db: &mut dyn Database,
        objects: &[Arc<Object>],
        name: &str,
    ) -> Result<Vec<(Object, String)>> {
        let mut found = Vec::new();
        for (object, before) in self.doubtful() {
            let Some(now) = still_there(objects, object) else { continue };
            let message = match now.kind {
                ObjectKind::View => one(db, &format!("SELECT * FROM {}", qualified(now)))?,
                _ => alone(db, objects, now)?,
            };
            if let Some(message) = message.filter(|message| message != before)
                && missing(&message).is_some_and(|missing| same_name(missing, name))
            {
                found.push((now.as_ref().clone(), message));
            }
        }
        Ok(found)
    }
}

/// What an object is now, if it is there.
pub fn still_there<'o>(objects: &'o [Arc<Object>], was: &Object) -> Option<&'o Arc<Object>> {
    objects.iter().find(|now| now.schema == was.schema && now.title() == was.title())
}

/// The views and triggers that name it, and those that name such views.
pub fn needing(all: &[Arc<Object>], name: &str) -> Vec<Arc<Object>> {
    let of_kind = all.iter().filter(|o| matches!(o.kind, ObjectKind::View | ObjectKind::Trigger));
    let mut candidates: Vec<(&Arc<Object>, Option<Vec<String>>)> =
        of_kind.map(|object| (object, object.sql.as_deref().and_then(words))).collect();
    let mut names = vec![name.to_owned()];
    let mut found = Vec::new();
    while let Some(name) = names.pop() {
        candidates.retain(|(object, words)| {
            let needs = words.as_ref().is_none_or(|all| all.iter().any(|word| same_name(word, &name)));
            if needs {
                found.push(Arc::clone(object));
                if object.kind == ObjectKind::View {
                    names.push(object.name.clone());
                }
            }
            !needs
        });
    }
    found
}

/// Every word of a text, in whichever quotes; a table may stand before a parenthesis, as a function does.
fn words(sql: &str) -> Option<Vec<String>> {
    tokens(sql).ok().map(|all| all.iter().map(|token| unquote(token.text)).collect())
}

/// Whether a message says what no connection changes. A table-valued function that is not registered is "no such
/// table", too.
fn is_dead(object: &Object, message: &str) -> bool {
    if message.starts_with("no such column: ") {
        return true;
    }
    let Some(name) = missing(message) else { return false };
    let Some(Ok(all)) = object.sql.as_deref().map(tokens) else { return false };
    !all.windows(2).enumerate().any(|(at, pair)| {
        pair[1].kind == T::TK_LP
            && same_name(&unquote(pair[0].text), name)
            && !at.checked_sub(1).is_some_and(|before| all[before].kind == T::TK_INTO)
    })
}

/// The table or view that a message says is not there.
fn missing(message: &str) -> Option<&str> {
    let name = message.strip_prefix("no such table: ")?;
    Some(name.split_once('.').map_or(name, |(_, name)| name))
}

/// How a statement is called that fires a trigger.
fn fired_by(trigger: &Object) -> &'static str {
    let all = trigger.sql.as_deref().and_then(|sql| tokens(sql).ok()).unwrap_or_default();
    let verb = all.iter().find_map(|token| match token.kind {
        T::TK_DELETE => Some("DELETE from"),
        T::TK_UPDATE => Some("UPDATE of"),
        T::TK_INSERT => Some("INSERT into"),
        _ => None,
    });
    verb.unwrap_or("INSERT into")
}

/// Why the statement that fires a trigger does not compile where the trigger is the only one.
fn alone(db: &mut dyn Database, objects: &[Arc<Object>], trigger: &Arc<Object>) -> Result<Option<String>> {
    let verb = fired_by(trigger);
    let tried = db.taken_back(|db| {
        for other in objects.iter().filter(|o| o.kind == ObjectKind::Trigger && *o != trigger) {
            db.execute(&Object::drop(other))?;
        }
        let mut broken = LiteMap::new();
        let is_target = |o: &&Arc<Object>| {
            matches!(o.kind, ObjectKind::Table | ObjectKind::View) && same_name(&o.name, &trigger.table)
        };
        for target in objects.iter().filter(is_target) {
            compile_statements(db, &mut broken, target, false, true)?;
        }
        Ok(broken.into_iter().find(|(what, _)| what.starts_with(verb)).map(|(_, message)| message))
    });
    match tried {
        Err(error) if refusal(&error) => Ok(Some(error.to_string())),
        other => other,
    }
}

fn one(db: &mut dyn Database, sql: &str) -> Result<Option<String>> {
    let mut broken = LiteMap::new();
    compile(db, &mut broken, String::new(), sql)?;
    Ok(broken.into_iter().next().map(|(_, message)| message))
}

/// Whether a statement compiles the triggers that it fires: `SQLITE_DBCONFIG_ENABLE_TRIGGER` may be off, which
/// leaves those of `temp` (<https://sqlite.org/c3ref/c_dbconfig_defensive.html>).
fn triggers_fire(db: &mut dyn Database, schema: &str) -> Result<bool> {
    let schema = quote(schema);
    let fire = db.taken_back(|db| {
        db.execute(&format!("CREATE TABLE {schema}.limbeck_probe(a)"))?;
        db.execute(&format!(
            "CREATE TRIGGER {schema}.limbeck_probe_fires AFTER INSERT ON limbeck_probe BEGIN DELETE FROM limbeck_nowhere; END"
        ))?;
        Ok(one(db, &format!("INSERT INTO {schema}.limbeck_probe VALUES (1)"))?.is_some())
    });
    // Where SQLite refuses, nobody can tell.
    Ok(accepted(fire)?.unwrap_or(false))
}
