//! `bindgen MODULE.wasm FOLDER NAME`: the work of `wasm-bindgen`'s command line, on its library, so
//! that the version is the one of this lock file and nothing is downloaded.

use std::env;
use std::process::exit;

use wasm_bindgen_cli_support::Bindgen;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [module, folder, name] = &arguments[..] else {
        eprintln!("usage: bindgen MODULE.wasm FOLDER NAME");
        exit(2);
    };
    let mut bindgen = Bindgen::new();
    let done = bindgen.web(true).and_then(|bindgen| {
        bindgen
            .input_path(module)
            .out_name(name)
            .typescript(true)
            // Without it, `init()` has no address of its own.
            .omit_default_module_path(false)
            .generate(folder)
    });
    if let Err(error) = done {
        eprintln!("{error:#}");
        exit(1);
    }
}
