//! limbeck for C: `include/limbeck.h`, which cbindgen makes from these files. Each function converts its
//! arguments, makes one call of the core, and converts the result.
//!
//! | module | its noun |
//! |---|---|
//! | `migrator` | a folder of migrations and its settings |
//! | `run`, `look` | what a migrator does, and what it tells |
//! | `database`, `backend` | the program's own connection, through its own functions |
//! | `bundled` | a database by path, with an SQLite of limbeck's own |
//! | `code` | revisions whose body is a function of the program |
//! | `event` | progress and cancelling |
//! | `backups`, `copy` | backups, and their way through the program's SQLite |
//! | `report`, `error`, `status`, `text` | results |
//! | `handle` | what C holds a pointer to |
//!
//! A crate that links to this one as Rust has the same functions, for tests of the border.

mod backend;
mod backups;
#[cfg(feature = "bundled")]
mod bundled;
mod code;
mod copy;
mod database;
mod error;
mod event;
mod handle;
mod look;
mod migrator;
mod report;
mod run;
mod status;
mod text;

use std::ffi::c_char;

pub use backend::*;
pub use backups::*;
#[cfg(feature = "bundled")]
pub use bundled::*;
pub use code::*;
pub use database::*;
pub use error::*;
pub use event::*;
pub use look::*;
pub use migrator::*;
pub use report::*;
pub use run::*;
pub use status::*;
pub use text::*;

/// The version of this interface: it grows when a function or a structure changes so that a program has
/// to be compiled anew. What is only added leaves it as it is.
pub const LIMBECK_ABI_VERSION: u32 = 1;

/// The `LIMBECK_ABI_VERSION` of the library that is there at run time, to compare with the header's.
///
/// # Safety
///
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_abi_version() -> u32 {
    LIMBECK_ABI_VERSION
}

/// The library's version, `0.1.0`.
///
/// # Safety
///
/// Any thread. What is returned is never freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
