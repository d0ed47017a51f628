//! The question that a page asks first: is its database current? Nearly always it is, and then the whole module,
//! which is ten times as large, is not loaded.

use limbeck::script::Source;
use limbeck::{Launch, VERSION_TABLE};
use limbeck_wasm_adapter::{Adapter, Coded, Options, Raised, Sqlite, files, thrown};
use wasm_bindgen::prelude::*;

/// What an upgrade to a target would report, if it has nothing to do; nothing, if the whole module has to look.
/// `joined` and `lengths` are the migrations: see [`files`].
#[wasm_bindgen]
pub fn launch(
    db: Adapter,
    joined: &str,
    lengths: &[u32],
    code: Vec<Coded>,
    options: &Options,
    target: &str,
) -> Result<Option<String>, JsValue> {
    let raised = Raised::default();
    let ask = || {
        let chosen = options.chosen()?;
        let digest = files(joined, lengths).digest();
        let Some(digest) = digest else { return Ok(None) };
        let table = chosen.version_table.as_deref().unwrap_or(VERSION_TABLE);
        let launch = Launch::new(digest).version_table(table).keep_user_version(chosen.keep_user_version);
        let launch = code.iter().fold(launch, |all, coded| all.with_code(&coded.name(), &coded.header()));
        launch.report(&mut Sqlite::without_values(db, &raised), target)
    };
    ask().map(|report| report.map(|report| report.to_json())).map_err(|error| thrown(&error, &raised))
}
