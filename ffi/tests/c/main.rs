//! limbeck from C: programs that are compiled, linked and run.

mod conformance;
mod documents;
mod programs;
mod support;
