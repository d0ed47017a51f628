//! limbeck from C: programs that are compiled, linked and run.

mod conformance;
mod file_cases;
mod documents;
mod programs;
mod support;
