//! Revisions whose body is a function of the app.

use js_sys::Array;
use limbeck::{Code, CodeStep, Error, ErrorKind, Result, Value};
use limbeck_wasm_adapter::{Coded, Raised, from_app, message, thrown, to_app};
use wasm_bindgen::prelude::*;

/// The core's form of an app's revision in code.
pub fn revision(coded: &Coded, raised: &Raised) -> Code<'static> {
    let made = Code::new(coded.name(), coded.header(), body(coded, raised));
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
