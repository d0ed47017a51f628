//! Text as Alembic prints it, JSON, and a progress line. Results go to stdout, all else to stderr.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::script::Script;
use crate::{Error, Event, RevisionInfo};
use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::cli::args::Args;
use crate::cli::settings::Settings;

/// How a revision's id looks.
pub const REVISION: Style = AnsiColor::Yellow.on_default();
const HEAD: Style = AnsiColor::Green.on_default();
const SHAPE: Style = AnsiColor::Cyan.on_default();
const CURRENT: Style = AnsiColor::Magenta.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();

/// A text in a style. `anstream` takes the colours out again for a pipe, a file and NO_COLOR.
pub fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// A line of a result, in colours where they are wanted.
macro_rules! say {
    ($($text:tt)*) => {
        $crate::cli::output::coloured(&(format!($($text)*) + "\n"))
    };
}
pub(crate) use say;

/// Prints a text whose colours `anstream` takes out where they are not wanted.
pub fn coloured(text: &str) {
    written(anstream::stdout().lock().write_all(text.as_bytes()));
}

/// Prints a text as it is: a script may hold what looks like a colour.
pub fn raw(text: &str) {
    let mut stdout = std::io::stdout().lock();
    written(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()));
}

/// A reader such as `head` may have seen enough: that is no failure of ours.
fn written(result: std::io::Result<()>) {
    if let Err(error) = result {
        if error.kind() != std::io::ErrorKind::BrokenPipe {
            eprintln!("error: cannot print: {error}");
        }
        std::process::exit(1);
    }
}

/// One JSON object on a line.
pub fn json(value: &impl Serialize) {
    let text = serde_json::to_string(value).expect("results hold strings and numbers only");
    raw(&(text + "\n"));
}

/// An error, with its place and its advice.
pub fn error(error: &Error, as_json: bool) {
    if as_json {
        raw(&(error.to_json() + "\n"));
        return;
    }
    anstream::eprintln!("{} {error} [{}]", paint(ERROR, "error:"), error.code());
    match (error.file(), error.line()) {
        (Some(file), Some(line)) => eprintln!("   at: {file}:{line}"),
        (Some(file), None) => eprintln!("   at: {file}"),
        _ => {}
    }
    if let Some(statement) = error.statement() {
        eprintln!("  sql: {}", statement.replace('\n', "\n       "));
    }
    if let Some(hint) = error.hint() {
        eprintln!(" hint: {hint}");
    }
    if let Some(report) = error.report().filter(|report| !report.is_empty()) {
        eprintln!(
            " done: {} committed before; the database is at {}",
            match report.steps.len() {
                1 => "1 revision was".to_owned(),
                count => format!("{count} revisions were"),
            },
            list(&report.to)
        );
    }
    if let Some(before) = error.report().and_then(|report| report.backup.as_ref()) {
        eprintln!("       what was there before is in {before}");
    }
}

/// `a, b`, or `<base>`.
pub fn list(revisions: &[String]) -> String {
    if revisions.is_empty() { "<base>".to_owned() } else { revisions.join(", ") }
}

/// `0002 (billing) (head) (mergepoint)`
pub fn marked(info: &RevisionInfo, current: bool) -> String {
    let mut text = paint(REVISION, &info.revision);
    if !info.branch_labels.is_empty() {
        text += &format!(" ({})", info.branch_labels.join(", "));
    }
    for (is, mark) in [
        (info.head, paint(HEAD, "head")),
        (info.branch_point, paint(SHAPE, "branchpoint")),
        (info.merge_point, paint(SHAPE, "mergepoint")),
        (current && info.current, paint(CURRENT, "current")),
    ] {
        if is {
            text += &format!(" ({mark})");
        }
    }
    text
}

/// `0001 -> 0002 (head), add phone`; what it depends on stands in parentheses before the arrow
pub fn history_line(info: &RevisionInfo, current: bool) -> String {
    let message = if info.message.is_empty() { String::new() } else { format!(", {}", info.message) };
    let needs =
        if info.depends_on.is_empty() { String::new() } else { format!(" ({})", info.depends_on.join(", ")) };
    format!("{}{needs} -> {}{message}", list(&info.revises), marked(info, current))
}

/// The block of `show`.
pub fn block(info: &RevisionInfo, script: Option<&Script>, path: Option<&Path>, children: &[&str]) -> String {
    let mut text = format!("Rev: {}\n", marked(info, false));
    text += &match &info.revises[..] {
        [] => "Parent: <base>\n".to_owned(),
        [parent] => format!("Parent: {parent}\n"),
        several => format!("Merges: {}\n", several.join(", ")),
    };
    if !info.depends_on.is_empty() {
        text += &format!("Also depends on: {}\n", info.depends_on.join(", "));
    }
    if info.branch_point {
        text += &format!("Branches into: {}\n", children.join(", "));
    }
    if let Some(path) = path {
        text += &format!("Path: {}\n", path.display());
    }
    text += &format!("\n    {}\n", info.message);
    text += &format!("\n    Revision ID: {}\n    Revises: {}\n", info.revision, info.revises.join(", "));
    if let Some(created) = script.and_then(|script| script.created.as_deref()) {
        text += &format!("    Create Date: {created}\n");
    }
    text
}

/// What goes on for long without saying how far it is.
struct Phase {
    doing: String,
    since: Instant,
}

impl Phase {
    /// Shorter ones are not worth a line.
    const SHOWN_AFTER: Duration = Duration::from_millis(300);

    /// The phase that an event begins; nothing, where it says by itself how far it is.
    fn begun_by(event: &Event<'_>) -> Option<Phase> {
        let doing = match event {
            Event::Checking => "looking for damage".to_owned(),
            Event::Proving => "checking foreign keys".to_owned(),
            Event::StepStarted { revision, .. } => format!("running {revision}"),
            _ => return None,
        };
        Some(Phase { doing, since: Instant::now() })
    }
}

/// A sign of life on a terminal, from a thread of its own: for work that says nothing. It goes when it is dropped.
pub fn spinner(args: &Args, doing: &'static str) -> Option<ProgressBar> {
    let draws = !args.quiet && std::io::stderr().is_terminal();
    draws.then(|| {
        let bar = spinning(doing);
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    })
}

fn spinning(doing: impl Into<Cow<'static, str>>) -> ProgressBar {
    let style =
        ProgressStyle::with_template("  {spinner} {msg}, {elapsed}").expect("the template is a constant");
    ProgressBar::new_spinner().with_style(style).with_message(doing)
}

/// What a run tells on stderr: a log line a step; on a terminal a bar while rows are copied, and a sign of life
/// in whatever else takes long.
pub fn listener<'h>(
    args: &Args,
    settings: &Settings<'h>,
) -> impl FnMut(&Event<'_>) -> ControlFlow<()> + use<'h> {
    let host = settings.host;
    let quiet = args.quiet;
    let style =
        ProgressStyle::with_template("  {msg} [{bar:30}] {percent}% {human_pos}/{human_len}, {eta} left")
            .expect("the template is a constant")
            .progress_chars("=> ");
    let draws = !quiet && std::io::stderr().is_terminal();
    let mut bar: Option<ProgressBar> = None;
    let (mut phase, mut sign): (Option<Phase>, Option<ProgressBar>) = (None, None);
    move |event| {
        match &phase {
            Some(long) if *event == Event::Working && bar.is_none() => {
                if draws && long.since.elapsed() > Phase::SHOWN_AFTER {
                    sign.get_or_insert_with(|| spinning(long.doing.clone())).tick();
                }
            }
            _ if *event == Event::Working => {}
            _ => {
                if let Some(sign) = sign.take() {
                    sign.finish_and_clear();
                }
                phase = Phase::begun_by(event);
            }
        }
        match event {
            Event::StepStarted { text, .. } if !quiet => eprintln!("{text}"),
            Event::Copied { table, rows, of } if draws && *of > 10_000 => {
                let bar = bar.get_or_insert_with(|| {
                    ProgressBar::new(*of)
                        .with_style(style.clone())
                        .with_message(format!("rebuilding {table}"))
                });
                bar.set_position(*rows);
            }
            Event::BackingUp { pages, of } | Event::Restoring { pages, of } if draws && *of > 10_000 => {
                let verb = if matches!(event, Event::Restoring { .. }) { "restoring" } else { "backing up" };
                let shown = bar.get_or_insert_with(|| {
                    ProgressBar::new(*of).with_style(style.clone()).with_message(verb)
                });
                shown.set_position(*pages);
                if pages == of {
                    shown.finish_and_clear();
                    bar = None;
                }
            }
            Event::Indexing { table, index, of } => {
                if let Some(bar) = &bar {
                    bar.set_message(format!("indexing {table}, {index} of {of}"));
                }
            }
            Event::StepFinished { .. } => {
                if let Some(bar) = bar.take() {
                    bar.finish_and_clear();
                }
            }
            _ => {}
        }
        if host.cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_for_long() {
        let doing = |event: &Event<'_>| Phase::begun_by(event).map(|phase| phase.doing);
        assert_eq!(doing(&Event::Checking).as_deref(), Some("looking for damage"));
        assert_eq!(doing(&Event::Proving).as_deref(), Some("checking foreign keys"));
        assert_eq!(doing(&Event::BackingUp { pages: 1, of: 2 }), None);
        assert_eq!(doing(&Event::Copied { table: "t", rows: 1, of: 2 }), None);
    }
}
