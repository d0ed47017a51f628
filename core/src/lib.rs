//! limbeck.

mod error;
pub mod graph;
mod report;

pub use error::{Error, ErrorKind, Result, Violation};
pub use report::{AlterationReport, Direction, Report, StepReport, Timing, Way};
