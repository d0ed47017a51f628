//! limbeck for JavaScript: the module behind the npm package `limbeck`. It converts types, and nothing
//! else; what an app sees is in `js/`.
//!
//! No SQLite is linked: the core drives the object that the page has already (`database`).

mod code;
mod database;
mod errors;
mod migrator;
mod strings;

use wasm_bindgen::prelude::*;

use database::{Adapter, Sqlite};
use errors::{Raised, thrown};

/// Tests that a database does what limbeck relies on. It must be empty.
#[wasm_bindgen(js_name = checkContract)]
pub fn check_contract(db: Adapter) -> Result<(), JsValue> {
    let raised = Raised::default();
    let result = limbeck::db::contract::check(&mut Sqlite::new(db, &raised));
    result.map_err(|error| thrown(&error, &raised))
}
