//! How a new file is called: a template with Alembic's tokens.

use super::write::slug;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::Revision;

/// The template of a folder that names none.
pub const FILE_TEMPLATE: &str = "%(rev)s_%(slug)s";
/// How many characters of a message make it into a file's name, where nothing else is set.
pub const SLUG_LENGTH: usize = 40;

/// The name of a new file, with `.sql`.
///
/// Tokens, as Alembic has them: `%(rev)s`, `%(slug)s`, and of the time it is made `%(year)d`,
/// `%(month).2d`, `%(day).2d`, `%(hour).2d`, `%(minute).2d`, `%(second).2d` and `%(epoch)s`; `%%` is
/// one `%`. `created` is SQLite's `datetime('now')`. Without a message there is no slug, and no `_`
/// is left at the end.
///
/// # Errors
///
/// [`ErrorKind::BadSetting`] for what is no token, and for a name that is no file of the folder.
///
/// ```
/// use limbeck::graph::Revision;
/// use limbeck::script::file_name;
///
/// let revision = Revision { message: "Add plans".into(), ..Revision::new("a1b2", &[]) };
/// let template = "%(year)d%(month).2d%(day).2d_%(hour).2d%(minute).2d%(second).2d_%(slug)s";
/// let name = file_name(template, 40, &revision, "2025-01-15 14:30:22")?;
/// assert_eq!(name, "20250115_143022_add_plans.sql");
/// # Ok::<(), limbeck::Error>(())
/// ```
pub fn file_name(template: &str, slug_length: usize, revision: &Revision, created: &str) -> Result<String> {
    let mut name = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        name.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            name.push('%');
            rest = after;
            continue;
        }
        let token = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let (token, after) = token.ok_or_else(|| bad(template, "has a '%' that begins no token"))?;
        let (width, after) = width(after).ok_or_else(|| bad(template, "has a token without 'd' or 's'"))?;
        name.push_str(
            &value(token, width, slug_length, revision, created)
                .ok_or_else(|| bad(template, &format!("has an unknown token '%({token})'")))?,
        );
        rest = after;
    }
    name.push_str(rest);
    let name = name.trim_end_matches('_');
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', ':', '\0']) {
        return Err(bad(template, &format!("makes '{name}', which is no name of a file in the folder")));
    }
    Ok(format!("{name}.sql"))
}

/// The width of `d`, `s`, `.2d` or `02d`, and what follows.
fn width(text: &str) -> Option<(usize, &str)> {
    let end = text.find(['d', 's'])?;
    let digits = text[..end].strip_prefix(['.', '0']).unwrap_or(&text[..end]);
    let width = if digits.is_empty() { 0 } else { digits.parse().ok().filter(|&width| width <= 20)? };
    Some((width, &text[end + 1..]))
}

fn value(
    token: &str,
    width: usize,
    slug_length: usize,
    revision: &Revision,
    created: &str,
) -> Option<String> {
    let part =
        |from: usize, to: usize| created.get(from..to).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let number = match token {
        "rev" => return Some(revision.id.clone()),
        "slug" => return Some(slug(&revision.message, slug_length)),
        "year" => part(0, 4),
        "month" => part(5, 7),
        "day" => part(8, 10),
        "hour" => part(11, 13),
        "minute" => part(14, 16),
        "second" => part(17, 19),
        "epoch" => {
            let days = days_since_1970(part(0, 4), part(5, 7), part(8, 10));
            days * 86_400 + part(11, 13) * 3600 + part(14, 16) * 60 + part(17, 19)
        }
        _ => return None,
    };
    Some(format!("{number:0width$}"))
}

/// Of a day of the Gregorian calendar, counted in years that begin in March: then the leap day is
/// the last of one.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year.saturating_sub(1) } else { year };
    let month = (month + 9) % 12;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day;
    days.saturating_sub(719_469)
}

fn bad(template: &str, what: &str) -> Error {
    Error::new(ErrorKind::BadSetting, format!("file_template '{template}' {what}"))
        .with_hint("use %(rev)s, %(slug)s, %(year)d, %(month).2d, %(day).2d, %(hour).2d, %(minute).2d, %(second).2d, %(epoch)s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let revision = |message: &str| Revision { message: message.into(), ..Revision::new("a1", &[]) };
        for (template, message, want) in [
            (FILE_TEMPLATE, "Add x", "a1_add_x.sql"),
            (FILE_TEMPLATE, "", "a1.sql"),
            ("%(epoch)s_%(rev)s", "x", "1736951422_a1.sql"),
            ("%(year)d_%(month)d_%(day)02d", "x", "2025_1_15.sql"),
            ("100%%_%(slug)s", "x", "100%_x.sql"),
        ] {
            assert_eq!(file_name(template, 40, &revision(message), "2025-01-15 14:30:22").unwrap(), want);
        }
        for template in
            ["%(revision)s", "%x", "%(rev)", "%(year).99d", "a/%(rev)s", ".%(rev)s", "%(slug)s", "%("]
        {
            let error = file_name(template, 40, &revision(""), "2025-01-15 14:30:22").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BadSetting, "{template}");
        }
    }

    #[test]
    fn days() {
        for (year, month, day, want) in
            [(1970, 1, 1, 0), (2000, 2, 29, 11_016), (2000, 3, 1, 11_017), (2025, 1, 15, 20_103)]
        {
            assert_eq!(days_since_1970(year, month, day), want, "{year}-{month}-{day}");
        }
    }
}
