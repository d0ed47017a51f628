//! Real schemas, filled with rows: whatever is asked of a table, nothing else changes.
//!
//! The schemas are in `corpus/` under the directory that `LIMBECK_SHARED` names, or `shared` beside
//! the project; `corpus/INDEX.md` there says where they come from. `corpus/fill.py` makes the
//! databases, so this needs python3 as well; where something is missing it says so and passes.
//!
//! Without the feature `bundled` it runs on the system's SQLite, as `tests/run` does where there is
//! one.
//!
//! By hand, wider: `LIMBECK_BATCHES` is the number of batches for each table, `LIMBECK_SEED` the
//! seed of their choice, `LIMBECK_CORPUS_ONLY` a part of the schemas' names.

mod batches;
mod change;
mod compare;
mod definition;
mod dump;
mod noop;
mod random;
mod reference;
mod subject;
#[cfg(not(feature = "bundled"))]
mod system;
mod tally;
