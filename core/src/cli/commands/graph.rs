//! `graph`: the revisions as a picture.

use crate::Result;
use serde_json::json;

use super::{look_at, migrator};
use crate::cli::args::{Args, Format};
use crate::cli::output;
use crate::cli::picture::{Picture, dot, mermaid, svg, text};
use crate::cli::settings::Settings;

pub fn graph(args: &Args, settings: &Settings, format: Format, range: &str) -> Result<()> {
    let migrator = migrator(settings)?;
    // Without a database the revisions are drawn all the same.
    let there = settings.database_if_there()?.is_some();
    let rows = if there { migrator.rows(&mut *look_at(settings)?)? } else { Vec::new() };
    let revisions = migrator.revisions(range, &rows)?;
    let current = migrator.graph()?.current(&rows).unwrap_or_default();
    let picture = Picture::new(revisions, &current);
    if args.json {
        output::json(&json!({ "revisions": picture.revisions() }));
        return Ok(());
    }
    match format {
        Format::Text => output::coloured(&text::draw(&picture)),
        Format::Mermaid => output::raw(&mermaid::draw(&picture)),
        Format::Dot => output::raw(&dot::draw(&picture)),
        Format::Svg => output::raw(&svg::draw(&picture)),
    }
    Ok(())
}
