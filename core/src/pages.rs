//! Where the links between the guides lead on docs.rs. In the files they name files; what stands here comes
//! before, and so wins. Documentation alone sees this.

/// The definitions of the links that a page has.
macro_rules! pages {
    ($($key:ident)*) => { concat!("\n", $(page!($key), "\n",)* "\n") };
}

macro_rules! page {
    (rules) => {
        "[rules]: crate::guides::surviving#not-null-check-unique-the-rows-decide"
    };
    (keys) => {
        "[keys]: crate::guides::surviving#foreign-keys"
    };
    (older) => {
        "[older]: crate::guides::surviving#older-versions-of-the-app"
    };
    (outside) => {
        "[outside]: crate::guides::surviving#what-cannot-be-in-a-transaction"
    };
    (never) => {
        "[never]: crate::guides::surviving#never"
    };
    (big) => {
        "[big]: crate::guides::surviving#big-tables"
    };
    (search) => {
        "[search]: crate::guides::surviving#full-text-search"
    };
    (refinery) => {
        "[refinery]: crate::guides::from_refinery#begin"
    };
    (safety) => {
        "[safety]: crate::guides::safety"
    };
    (alter) => {
        "[alter]: crate::alter"
    };
    (lint) => {
        "[lint]: crate::lint::Rule"
    };
    (errors) => {
        "[errors]: crate::ErrorKind"
    };
}
