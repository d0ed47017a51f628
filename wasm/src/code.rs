//! Revisions whose body is a function of the app.

use js_sys::Array;
use limbeck::script::Header;
use limbeck::{Code, CodeStep, Error, ErrorKind, Result, Value};
use wasm_bindgen::prelude::*;

use crate::database::{from_app, to_app};
use crate::errors::{Raised, message, thrown};

#[wasm_bindgen]
extern "C" {
    /// `Coded` in `js/sources.ts`.
    pub type Coded;

    #[wasm_bindgen(method, getter, structural)]
    fn name(this: &Coded) -> String;
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
    #[wasm_bindgen(method, getter, structural)]
    fn reversible(this: &Coded) -> bool;

    /// Calls the app's function. `work(what, sql, values)` is what its step can do, while it runs.
    #[wasm_bindgen(method, structural, catch)]
    fn run(
        this: &Coded,
        direction: &str,
        revision: &str,
        work: &mut dyn FnMut(String, String, Array) -> std::result::Result<JsValue, JsValue>,
    ) -> std::result::Result<(), JsValue>;
}

/// The core's form of an app's revision in code.
pub fn revision(coded: &Coded, raised: &Raised) -> Code<'static> {
    let header = Header {
        revision: coded.revision(),
        revises: coded.revises(),
        branch_labels: coded.branch_labels(),
        depends_on: coded.depends_on(),
        message: coded.message(),
        ..Header::default()
    };
    let made = Code::new(coded.name(), header, body(coded, raised));
    if coded.reversible() { made.down(body(coded, raised)) } else { made }
}

fn body(coded: &Coded, raised: &Raised) -> impl Fn(&mut CodeStep<'_>) -> Result<()> + 'static {
    let coded: Coded = JsValue::from(coded).unchecked_into();
    let raised = raised.clone();
    move |step| {
        let (revision, direction) = (step.revision().to_owned(), step.direction().as_str());
        let mut failed: Option<Error> = None;
        let ran = coded.run(direction, &revision, &mut |what, sql, values| {
            work(step, &what, &sql, &values).map_err(|error| {
                let shown = thrown(&error, &Raised::default());
                failed.get_or_insert(error);
                shown
            })
        });
        // Half a revision must not be committed, whatever the function did with what its step threw.
        if let Some(error) = failed {
            return Err(error);
        }
        ran.map_err(|thrown| {
            let message = message(&thrown);
            raised.keep(thrown);
            Error::new(ErrorKind::CodeFailed, message)
        })
    }
}

fn work(step: &mut CodeStep<'_>, what: &str, sql: &str, values: &Array) -> Result<JsValue> {
    match what {
        "execute" => step.execute(sql).map(|()| JsValue::UNDEFINED),
        "warn" => {
            step.warn(sql);
            Ok(JsValue::UNDEFINED)
        }
        _ => {
            let values: Vec<Value> = values.iter().map(from_app).collect::<Result<_>>()?;
            let rows = Array::new();
            step.database()?.query(sql, &values, &mut |row| {
                rows.push(&row.iter().map(to_app).collect::<Array>());
                Ok(())
            })?;
            Ok(rows.into())
        }
    }
}
