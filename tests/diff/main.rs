//! Schemas compared: a case for each thing that is detected, random pairs, and pairs of real schemas.
//! What is written for a difference is run, and must leave none; with rows, and both ways.

mod corpus;
mod detected;
mod pair;
#[path = "../random.rs"]
mod random;
mod random_pairs;
