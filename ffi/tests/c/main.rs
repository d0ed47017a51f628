//! limbeck from C: programs that are compiled, linked and run.

mod conformance;
mod documents;
mod file_cases;
mod programs;
mod support;
