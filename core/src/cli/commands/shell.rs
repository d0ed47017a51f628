//! `completions` and `man`: what a package installs beside the command.

use std::fs;
use std::io;
use std::path::Path;

use crate::{Error, ErrorKind, Result};
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::new_file::cannot_write;
use crate::cli::args::Args;
use crate::cli::output;

/// What the page of the whole command has behind what clap knows.
const SECTIONS: &str = r#".SH "EXIT STATUS"
.TP
0
Done; also where nothing was to do.
.TP
1
Refused or failed, or, of \fBcheck\fR, \fBdiff\fR, \fBverify\fR, \fBlint\fR, \fBtest\fR and \fBdoctor\fR: there is something to see.
.TP
2
Wrong usage.
.TP
130
Cancelled: everything was rolled back.
.SH ENVIRONMENT
.TP
LIMBECK_CONFIG, LIMBECK_DATABASE, LIMBECK_MIGRATIONS, LIMBECK_BACKUPS
As the options of these names, which come first.
.TP
DATABASE_URL
The database, as sqlite:///path, where nothing else names one.
.TP
VISUAL, EDITOR
What \fBlimbeck edit\fR opens a file with.
.SH FILES
.TP
limbeck.toml, pyproject.toml, alembic.ini
The settings: the first of them that is in the working directory; of pyproject.toml its table tool.limbeck.
.TP
migrations/
The folder of migrations, unless something else is named.
.SH "SEE ALSO"
.BR sqlite3 (1)
"#;

pub fn completions(shell: Shell) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "limbeck", &mut text);
    output::raw(&String::from_utf8_lossy(&text));
    Ok(())
}

pub fn man(folder: Option<&Path>) -> Result<()> {
    // Without `help`, which has no page.
    let mut command = Args::command().disable_help_subcommand(true);
    command.build();
    let failed = |error| Error::new(ErrorKind::CannotWrite, format!("no page: {error}"));
    let whole = || page(&command).map(|text| text + SECTIONS);
    let Some(folder) = folder else {
        output::raw(&whole().map_err(failed)?);
        return Ok(());
    };
    let write = || {
        fs::create_dir_all(folder)?;
        for each in command.get_subcommands().filter(|each| !each.is_hide_set()) {
            fs::write(folder.join(Man::new(each.clone()).get_filename()), page(each)?)?;
        }
        fs::write(folder.join("limbeck.1"), whole()?)
    };
    write().map_err(|error| cannot_write(folder, &error))
}

/// The manual page of a command, in roff.
fn page(command: &Command) -> io::Result<String> {
    let mut text = Vec::new();
    let version = concat!("limbeck ", env!("CARGO_PKG_VERSION"));
    Man::new(command.clone()).source(version).manual("limbeck").render(&mut text)?;
    // What clap calls "extra" are examples here.
    Ok(String::from_utf8_lossy(&text).replace(".SH EXTRA\n", ".SH EXAMPLES\n"))
}
