//! The core's `Database` over an object of JavaScript: the interface `Database` of `js/values.ts`, which
//! knows how to talk to each library.

use std::ops::ControlFlow;

use js_sys::{Array, Reflect, Uint8Array};
use limbeck::{Error, ErrorKind, Result, Value, db};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::errors::{Raised, message};

#[wasm_bindgen]
extern "C" {
    /// What `js/values.ts` describes.
    pub type Adapter;

    #[wasm_bindgen(method, structural, catch)]
    fn execute(this: &Adapter, sql: &str) -> std::result::Result<f64, JsValue>;

    #[wasm_bindgen(method, structural, catch, js_name = execute)]
    fn execute_watched(
        this: &Adapter,
        sql: &str,
        stop: &mut dyn FnMut() -> bool,
    ) -> std::result::Result<f64, JsValue>;

    #[wasm_bindgen(method, structural, catch)]
    fn query(this: &Adapter, sql: &str) -> std::result::Result<Array, JsValue>;

    #[wasm_bindgen(method, structural, catch, js_name = query)]
    fn query_watched(
        this: &Adapter,
        sql: &str,
        stop: &mut dyn FnMut() -> bool,
    ) -> std::result::Result<Array, JsValue>;

    #[wasm_bindgen(method, structural, catch, js_name = inTransaction)]
    fn in_transaction(this: &Adapter) -> std::result::Result<bool, JsValue>;

    #[wasm_bindgen(method, structural, catch)]
    fn ended(this: &Adapter) -> std::result::Result<bool, JsValue>;

    #[wasm_bindgen(method, structural, catch)]
    fn wait(this: &Adapter) -> std::result::Result<(), JsValue>;
}

/// A database of JavaScript.
pub struct Sqlite {
    adapter: Adapter,
    raised: Raised,
    with_literals: WithLiterals,
    /// Whether it has a method `ended` of its own.
    knows_ended: bool,
}

/// Puts values into a statement's text. None is bound: sql.js binds 64-bit integers as text, and others 1.0 as an
/// integer.
type WithLiterals = fn(&str, &[Value]) -> Result<String>;

impl Sqlite {
    /// What it throws that is no error of SQLite's is kept for who called.
    pub fn new(adapter: Adapter, raised: &Raised) -> Sqlite {
        Sqlite::of(adapter, raised, db::with_literals)
    }

    /// For queries without values: the text of each goes to the database as it is, and nothing that could read it is
    /// linked.
    pub fn without_values(adapter: Adapter, raised: &Raised) -> Sqlite {
        let with_literals: WithLiterals = |_, _| {
            Err(Error::new(ErrorKind::Contract, "this database was opened for queries without values"))
        };
        Sqlite::of(adapter, raised, with_literals)
    }

    fn of(adapter: Adapter, raised: &Raised, with_literals: WithLiterals) -> Sqlite {
        let knows_ended = Reflect::has(&adapter, &"ended".into()).unwrap_or(false);
        Sqlite { adapter, raised: raised.clone(), with_literals, knows_ended }
    }

    fn bare(&self, sql: &str, params: &[Value]) -> Result<String> {
        if params.is_empty() { Ok(sql.to_owned()) } else { (self.with_literals)(sql, params) }
    }

    fn translate(&self, thrown: JsValue) -> Error {
        let code = Reflect::get(&thrown, &"resultCode".into()).ok().and_then(|code| code.as_f64());
        match code {
            Some(code) => db::error(code as i32, &message(&thrown)),
            None => {
                let text = format!("the database object threw: {}", message(&thrown));
                self.raised.keep(thrown);
                Error::new(ErrorKind::Contract, text)
                    .with_hint("see 'cause'; where SQLite refused something, throw its code as 'resultCode'")
            }
        }
    }

    /// Rows cross as an array of arrays: what limbeck reads of an app's rows is a few at a time.
    fn rows(
        &self,
        rows: std::result::Result<Array, JsValue>,
        each: &mut dyn FnMut(&[Value]) -> Result<()>,
    ) -> Result<()> {
        for row in rows.map_err(|thrown| self.translate(thrown))?.iter() {
            // What an app's own adapter answers may be another kind of list.
            let row = row.dyn_into::<Array>().unwrap_or_else(|row| Array::from(&row));
            let values: Vec<Value> = row.iter().map(to_core).collect::<Result<_>>()?;
            each(&values)?;
        }
        Ok(())
    }

    fn changed(&self, changed: std::result::Result<f64, JsValue>) -> Result<u64> {
        changed.map(|changed| changed as u64).map_err(|thrown| self.translate(thrown))
    }
}

impl limbeck::Database for Sqlite {
    fn execute(&mut self, sql: &str) -> Result<u64> {
        self.changed(self.adapter.execute(sql))
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&[Value]) -> Result<()>,
    ) -> Result<()> {
        self.rows(self.adapter.query(&self.bare(sql, params)?), each)
    }

    fn in_transaction(&mut self) -> bool {
        self.adapter.in_transaction().unwrap_or(false)
    }

    fn ended(&mut self) -> bool {
        if self.knows_ended { self.adapter.ended().unwrap_or(true) } else { !self.in_transaction() }
    }

    fn wait(&mut self) {
        // One that cannot wait has no such method.
        let _ = self.adapter.wait();
    }

    fn execute_watched(&mut self, sql: &str, tick: &mut dyn FnMut() -> ControlFlow<()>) -> Result<u64> {
        self.changed(self.adapter.execute_watched(sql, &mut || tick().is_break()))
    }

    fn query_watched(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&[Value]) -> Result<()>,
        tick: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<()> {
        self.rows(self.adapter.query_watched(&self.bare(sql, params)?, &mut || tick().is_break()), each)
    }
}

/// A value as the interface `Database` hands it over: an INTEGER is a bigint, a number is a REAL.
fn to_core(value: JsValue) -> Result<Value> {
    // Each question is a call of JavaScript: what most values are is asked first.
    if let Some(text) = value.as_string() {
        return Ok(Value::Text(text));
    }
    if value.is_null() {
        return Ok(Value::Null);
    }
    if let Some(number) = value.as_f64() {
        return Ok(Value::Real(number));
    }
    if let Some(bytes) = value.dyn_ref::<Uint8Array>() {
        return Ok(Value::Blob(bytes.to_vec()));
    }
    i64::try_from(value).map(Value::Integer).map_err(|odd| {
        Error::new(ErrorKind::Contract, format!("the database object gave {odd:?} for a value"))
            .with_hint("give null, a bigint, a number, a string or a Uint8Array")
    })
}

/// A value that an app gives: a number without a fraction is an integer, as it looks.
pub fn from_app(value: JsValue) -> Result<Value> {
    match value.as_f64() {
        // 2^53 and more may have been another number in the app.
        Some(number) if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 => {
            Ok(Value::Integer(number as i64))
        }
        _ => to_core(value.clone()).map_err(|_| {
            Error::new(ErrorKind::CodeFailed, format!("{value:?} cannot be bound"))
                .with_hint("bind null, a number, a bigint, a string or a Uint8Array")
        }),
    }
}

/// A value for an app: an integer is a number where that is exact, else a bigint.
pub fn to_app(value: &Value) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        Value::Integer(number) if number.unsigned_abs() < 1 << 53 => JsValue::from_f64(*number as f64),
        Value::Integer(number) => JsValue::from(*number),
        Value::Real(number) => JsValue::from_f64(*number),
        Value::Text(text) => JsValue::from_str(text),
        Value::Blob(bytes) => Uint8Array::from(&bytes[..]).into(),
    }
}
