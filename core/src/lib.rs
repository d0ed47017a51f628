//! limbeck.

pub mod alter;
pub mod db;
mod error;
pub mod graph;
mod report;
pub mod schema;
pub mod script;
pub mod sql;

pub use error::{Error, ErrorKind, Result, Violation};
pub use report::{AlterationReport, Direction, Report, StepReport, Timing, Way};
