//! `bindgen MODULE.wasm FOLDER TARGET`: the work of `wasm-bindgen`'s command line, on its library, so
//! that the version is the one of this lock file and nothing is downloaded.

use std::env;
use std::process::exit;

use wasm_bindgen_cli_support::Bindgen;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [module, folder, target] = &arguments[..] else {
        eprintln!("usage: bindgen MODULE.wasm FOLDER web|bundler");
        exit(2);
    };
    let mut bindgen = Bindgen::new();
    let set = match target.as_str() {
        "web" => bindgen.web(true),
        "bundler" => bindgen.bundler(true),
        other => {
            eprintln!("no target '{other}': web or bundler");
            exit(2);
        }
    };
    let done = set.and_then(|bindgen| {
        bindgen
            .input_path(module)
            .out_name("core")
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
