//! What JavaScript hands to limbeck, as the core takes it: a database, migrations, options; and errors on their
//! way back. Both modules are built of it: the whole one (`..`) and that of the launch (`../launch`).
//!
//! No SQLite is linked: the core drives the object that the page has already (`database`).

mod code;
mod database;
mod errors;
mod options;
mod strings;

pub use code::Coded;
pub use database::{Adapter, Sqlite, from_app, to_app};
pub use errors::{Raised, json, message, thrown};
pub use options::{Chosen, Options, named};
pub use strings::files;
