//! limbeck from C: programs that are compiled, linked and run.

mod conformance;
mod programs;
mod support;
