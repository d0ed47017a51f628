//! `include/limbeck.h` is what cbindgen makes of the sources. `LIMBECK_BLESS=1` writes it.

use std::path::Path;

#[test]
fn the_header_is_that_of_the_sources() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = cbindgen::generate(here).expect("cbindgen reads src/");
    let mut text = Vec::new();
    made.write(&mut text);
    let text = String::from_utf8(text).unwrap();
    let path = here.join("include/limbeck.h");
    if std::env::var_os("LIMBECK_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, &text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "run LIMBECK_BLESS=1 cargo test -p limbeck-ffi --test header");
}
