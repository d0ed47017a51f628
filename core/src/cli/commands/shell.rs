//! `completions` and `man`: what a package installs beside the command.

use std::path::Path;

use crate::{Error, ErrorKind, Result};
use clap::CommandFactory;
use clap_complete::Shell;

use super::new_file::cannot_write;
use crate::cli::args::Args;
use crate::cli::output;

pub fn completions(shell: Shell) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "limbeck", &mut text);
    output::raw(&String::from_utf8_lossy(&text));
    Ok(())
}

pub fn man(folder: Option<&Path>) -> Result<()> {
    match folder {
        Some(folder) => std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(Args::command(), folder))
            .map_err(|error| cannot_write(folder, &error)),
        None => {
            let mut text = Vec::new();
            let rendered = clap_mangen::Man::new(Args::command()).render(&mut text);
            rendered.map_err(|error| Error::new(ErrorKind::CannotWrite, format!("no page: {error}")))?;
            output::raw(&String::from_utf8_lossy(&text));
            Ok(())
        }
    }
}
