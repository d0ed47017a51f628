//! What an app chooses before a run.

use limbeck::{Error, ErrorKind, NewerDatabase, QuickCheck, RebuildMode, TransactionMode};
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// `MigratorOptions` in `js/migrator.ts`.
    pub type Options;

    #[wasm_bindgen(method, getter, structural, js_name = appVersion)]
    fn app_version(this: &Options) -> Option<String>;
    #[wasm_bindgen(method, getter, structural, js_name = versionTable)]
    fn version_table(this: &Options) -> Option<String>;
    #[wasm_bindgen(method, getter, structural)]
    fn rebuild(this: &Options) -> Option<String>;
    #[wasm_bindgen(method, getter, structural)]
    fn transaction(this: &Options) -> Option<String>;
    #[wasm_bindgen(method, getter, structural, js_name = newerDatabase)]
    fn newer_database(this: &Options) -> Option<String>;
    #[wasm_bindgen(method, getter, structural, js_name = quickCheck)]
    fn quick_check(this: &Options) -> Option<String>;
    #[wasm_bindgen(method, getter, structural, js_name = trustSchema)]
    fn trust_schema(this: &Options) -> Option<bool>;
    #[wasm_bindgen(method, getter, structural, js_name = keepUserVersion)]
    fn keep_user_version(this: &Options) -> Option<bool>;
}

/// The options that an app has given, read.
pub struct Chosen {
    /// `appVersion`.
    pub app_version: Option<String>,
    /// `versionTable`.
    pub version_table: Option<String>,
    /// `rebuild`.
    pub rebuild: Option<RebuildMode>,
    /// `transaction`.
    pub transaction: Option<TransactionMode>,
    /// `newerDatabase`.
    pub newer_database: Option<NewerDatabase>,
    /// `quickCheck`.
    pub quick_check: Option<QuickCheck>,
    /// `trustSchema`.
    pub trust_schema: bool,
    /// `keepUserVersion`.
    pub keep_user_version: bool,
}

impl Options {
    /// Reads them all, also those that a launch with nothing to do has no use for.
    ///
    /// Errors: [`ErrorKind::BadSetting`].
    pub fn chosen(&self) -> limbeck::Result<Chosen> {
        Ok(Chosen {
            app_version: self.app_version(),
            version_table: self.version_table(),
            rebuild: given("rebuild", self.rebuild())?,
            transaction: given("transaction", self.transaction())?,
            newer_database: given("newer_database", self.newer_database())?,
            quick_check: given("quick_check", self.quick_check())?,
            trust_schema: self.trust_schema().unwrap_or(false),
            keep_user_version: self.keep_user_version().unwrap_or(false),
        })
    }
}

fn given<T: DeserializeOwned>(option: &str, name: Option<String>) -> limbeck::Result<Option<T>> {
    name.map(|name| named(option, &name)).transpose()
}

/// An option by its name, as the settings file spells it.
///
/// Errors: [`ErrorKind::BadSetting`].
pub fn named<T: DeserializeOwned>(option: &str, name: &str) -> limbeck::Result<T> {
    let text: StrDeserializer<'_, ValueError> = name.into_deserializer();
    T::deserialize(text)
        .map_err(|error| Error::new(ErrorKind::BadSetting, format!("{option} = \"{name}\": {error}")))
}
