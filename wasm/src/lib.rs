//! limbeck for JavaScript: the module behind the npm package `limbeck`. It converts types, and nothing
//! else; what an app sees is in `js/`.
//!
//! What JavaScript hands over is read in `adapter/`. The launch has a module of its own, `launch/`: a page loads
//! this one when there is something to do.

mod code;
mod migrator;

use limbeck_wasm_adapter::{Adapter, Raised, Sqlite, thrown};
use wasm_bindgen::prelude::*;

/// Tests that a database does what limbeck relies on. It must be empty.
#[wasm_bindgen(js_name = checkContract)]
pub fn check_contract(db: Adapter) -> Result<(), JsValue> {
    let raised = Raised::default();
    let result = limbeck::db::contract::check(&mut Sqlite::new(db, &raised));
    result.map_err(|error| thrown(&error, &raised))
}
