//! Errors on their way to JavaScript and back.

use std::cell::RefCell;
use std::rc::Rc;

use limbeck::Error;
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// What JavaScript threw inside a run. The core carries it as an error of its own; who called finds
/// the very object in `cause`.
#[derive(Clone, Default)]
pub struct Raised(Rc<RefCell<Option<JsValue>>>);

impl Raised {
    /// Keeps what was thrown, unless there is something already: the first is the cause.
    pub fn keep(&self, thrown: JsValue) {
        self.0.borrow_mut().get_or_insert(thrown);
    }

    /// What was kept, which is then forgotten.
    pub fn take(&self) -> Option<JsValue> {
        self.0.borrow_mut().take()
    }
}

/// An error as `js/` expects it: `[its JSON, its cause]`, of which a `LimbeckError` is made there.
pub fn thrown(error: &Error, raised: &Raised) -> JsValue {
    let cause = raised.take().unwrap_or(JsValue::UNDEFINED);
    js_sys::Array::of2(&error.to_json().into(), &cause).into()
}

/// What was thrown, as a sentence.
pub fn message(thrown: &JsValue) -> String {
    let message = js_sys::Reflect::get(thrown, &"message".into()).ok().and_then(|found| found.as_string());
    message.or_else(|| thrown.as_string()).unwrap_or_else(|| format!("{thrown:?}"))
}

/// Plain data as JSON, in which form it crosses to JavaScript.
pub fn json(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("plain data")
}
