//! Revisions whose body is a function of the app: what stands in their headers.

use js_sys::Array;
use limbeck::script::Header;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// `Coded` in `js/sources.ts`.
    pub type Coded;

    /// What stands for the file's name.
    #[wasm_bindgen(method, getter, structural)]
    pub fn name(this: &Coded) -> String;
    #[wasm_bindgen(method, getter, structural)]
    fn revision(this: &Coded) -> Option<String>;
    #[wasm_bindgen(method, getter, structural)]
    fn revises(this: &Coded) -> Option<Vec<String>>;
    #[wasm_bindgen(method, getter, structural, js_name = branchLabels)]
    fn branch_labels(this: &Coded) -> Vec<String>;
    #[wasm_bindgen(method, getter, structural, js_name = dependsOn)]
    fn depends_on(this: &Coded) -> Vec<String>;
    #[wasm_bindgen(method, getter, structural)]
    fn message(this: &Coded) -> Option<String>;
    /// Whether it has a function that takes it back.
    #[wasm_bindgen(method, getter, structural)]
    pub fn reversible(this: &Coded) -> bool;

    /// Calls the app's function. `work(what, sql, values)` is what its step can do, while it runs.
    #[wasm_bindgen(method, structural, catch)]
    pub fn run(
        this: &Coded,
        direction: &str,
        revision: &str,
        work: &mut dyn FnMut(String, String, Array) -> Result<JsValue, JsValue>,
    ) -> Result<(), JsValue>;
}

impl Coded {
    /// What a file's header would say.
    pub fn header(&self) -> Header {
        Header {
            revision: self.revision(),
            revises: self.revises(),
            branch_labels: self.branch_labels(),
            depends_on: self.depends_on(),
            message: self.message(),
            ..Header::default()
        }
    }
}
