//! Folders that were written for other tools, read as they are.
//!
//! sqlx and golang-migrate write two files a revision, `1_name.up.sql` and `1_name.down.sql`;
//! refinery writes `V1__name.sql` or `U1__name.sql`. Both go by the number, not by the text of the
//! name: `V10` comes after `V9`. dbmate's files have the same markers as limbeck's,
//! goose's have markers of their own: both are read in `marker.rs`. Files that `limbeck revision` has
//! written since say themselves what they revise, and stand behind the others.

use std::borrow::Cow;

use super::header::Header;
use super::source::{SourceFile, base};
use crate::error::{Error, ErrorKind, Result};

/// A file, or a pair of them.
pub(super) struct Found {
    pub(super) file: SourceFile,
    /// The file that takes it back.
    pub(super) down: Option<SourceFile>,
    /// Its id and message, where its name has a form of its own.
    pub(super) named: Option<(String, String)>,
}

/// The files in the order in which they follow each other.
///
/// Errors: [`ErrorKind::BadDirective`] for a `.down.sql` without its `.up.sql`.
pub(super) fn recognised(files: Vec<SourceFile>) -> Result<Vec<Found>> {
    let refinerys = |file: &SourceFile| refinery(&file.name).is_some();
    if files.iter().any(refinerys) && files.iter().all(|file| refinerys(file) || says_its_place(file)) {
        return Ok(versioned(files));
    }
    if files.iter().any(|file| end(&file.name, ".up.sql").or(end(&file.name, ".down.sql")).is_some()) {
        return paired(files);
    }
    Ok(files.into_iter().map(|file| Found { file, down: None, named: None }).collect())
}

/// Whether a file says what it revises: then no name decides it.
fn says_its_place(file: &SourceFile) -> bool {
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
    Header::read(text).is_ok_and(|header| header.revises.is_some())
}

fn versioned(files: Vec<SourceFile>) -> Vec<Found> {
    let mut found: Vec<Found> = files
        .into_iter()
        .map(|file| {
            let named = refinery(&file.name).map(|(version, name)| {
                let version = version.trim_start_matches('0');
                (if version.is_empty() { "0" } else { version }.to_owned(), name.replace('_', " "))
            });
            Found { file, down: None, named }
        })
        .collect();
    // Without leading zeros a longer number is a greater one.
    let key = |found: &Found| found.named.as_ref().map(|(version, _)| (version.len(), version.clone()));
    found.sort_by_key(|found| (found.named.is_none(), key(found)));
    found
}

/// The version and the name of `V1__name.sql`.
fn refinery(file: &str) -> Option<(&str, &str)> {
    let stem = end(base(file), ".sql")?;
    let (version, name) = stem.strip_prefix(['V', 'U'])?.split_once("__")?;
    let digits = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    (digits && !name.is_empty()).then_some((version, name))
}

fn paired(files: Vec<SourceFile>) -> Result<Vec<Found>> {
    let (downs, ups): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| end(&file.name, ".down.sql").is_some());
    let mut found: Vec<Found> = ups.into_iter().map(|file| Found { file, down: None, named: None }).collect();
    for down in downs {
        let stem = end(&down.name, ".down.sql").unwrap_or_default();
        match found.iter_mut().find(|found| end(&found.file.name, ".up.sql") == Some(stem)) {
            Some(up) => up.down = Some(down),
            None => {
                return Err(Error::new(
                    ErrorKind::BadDirective,
                    format!("'{}' takes back what is not there", down.name),
                )
                .with_hint(format!("write '{stem}.up.sql' beside it"))
                .in_file(down.name));
            }
        }
    }
    let (own, mut found): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|found| end(&found.file.name, ".up.sql").is_none() && says_its_place(&found.file));
    let number = |found: &Found| -> Option<(usize, String)> {
        let digits: String = base(&found.file.name).chars().take_while(char::is_ascii_digit).collect();
        let number = digits.trim_start_matches('0').to_owned();
        (!digits.is_empty()).then_some((number.len(), number))
    };
    if found.iter().all(|found| number(found).is_some()) {
        found.sort_by_key(number);
    }
    found.extend(own);
    Ok(found)
}

/// The name without an end, in any case.
pub(super) fn end<'n>(name: &'n str, end: &str) -> Option<&'n str> {
    let at = name.len().checked_sub(end.len())?;
    let (stem, rest) = name.split_at_checked(at)?;
    rest.eq_ignore_ascii_case(end).then_some(stem)
}

/// A file that was joined with another one may not have markers as well.
pub(super) fn refuse_markers(down: &SourceFile, has_markers: bool) -> Result<Cow<'_, str>> {
    if has_markers {
        return Err(Error::new(
            ErrorKind::BadDirective,
            format!("'migrate:down', and '{}' beside it", down.name),
        )
        .with_hint("keep one of the two ways down"));
    }
    Ok(Cow::Borrowed(&down.text))
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use crate::error::ErrorKind;

    fn ids(files: &[(&str, &str)]) -> Vec<(String, String, String)> {
        let scripts = read(&files.to_vec()).unwrap();
        let shown = |script: &super::super::Script| {
            (script.revision.id.clone(), script.revision.revises.join(","), script.revision.message.clone())
        };
        scripts.iter().map(shown).collect()
    }

    fn id(id: &str, revises: &str, message: &str) -> (String, String, String) {
        (id.to_owned(), revises.to_owned(), message.to_owned())
    }

    #[test]
    fn refinerys_files_go_by_their_version() {
        let files =
            [("V10__more.sql", "SELECT 10"), ("V2__add_cars.sql", "SELECT 2"), ("U3__x.sql", "SELECT 3")];
        assert_eq!(ids(&files), [id("2", "", "add cars"), id("3", "2", "x"), id("10", "3", "more")]);
        let twice = read(&[("V1__a.sql", ""), ("U1__b.sql", "")]).unwrap();
        assert_eq!(twice[0].revision.id, twice[1].revision.id, "which the graph refuses");
        // Among others a V is a letter.
        assert_eq!(ids(&[("V1__a.sql", ""), ("z.sql", "")])[0].0, "V1");
    }

    #[test]
    fn files_of_limbecks_own_go_behind_them() {
        // As `limbeck revision` names and writes them.
        let own = ("20261121_214806_more.sql", "-- more\n-- revision: 20261121_214806\n-- revises: 2");
        let more = id("20261121_214806", "2", "more");
        let files = [own, ("V1__a.sql", ""), ("V2__b.sql", "")];
        assert_eq!(ids(&files), [id("1", "", "a"), id("2", "1", "b"), more.clone()]);
        let files = [own, ("1_a.up.sql", ""), ("2_b.up.sql", ""), ("2_b.down.sql", "")];
        assert_eq!(ids(&files), [id("1", "", "a"), id("2", "1", "b"), more]);
    }

    #[test]
    fn pairs_are_one_revision() {
        let files = [
            ("10_b.up.sql", "CREATE TABLE b(x)"),
            ("10_b.down.sql", "\nDROP TABLE\nb"),
            ("9_a.up.sql", "CREATE TABLE a(x)"),
        ];
        assert_eq!(ids(&files), [id("9", "", "a"), id("10", "9", "b")]);
        let scripts = read(&files).unwrap();
        let body = scripts[1].body().unwrap();
        assert_eq!((body.up.items.len(), body.down.unwrap().items[0].line), (1, 2));
        assert!(scripts[0].body().unwrap().down.is_none());

        let error = read(&[("1_a.up.sql", ""), ("1_b.down.sql", "")]).unwrap_err();
        assert_eq!((error.kind(), error.file()), (ErrorKind::BadDirective, Some("1_b.down.sql")));
        let both =
            [("1_a.up.sql", "-- migrate:up\n-- migrate:down\nSELECT 1;"), ("1_a.down.sql", "SELECT 1")];
        let error = read(&both).unwrap()[0].body().unwrap_err();
        assert_eq!((error.kind(), error.file()), (ErrorKind::BadDirective, Some("1_a.up.sql")));
        let bad = [("1_a.up.sql", ""), ("1_a.down.sql", "SELECT 1;\nCOMMIT")];
        let error = read(&bad).unwrap()[0].body().unwrap_err();
        assert_eq!((error.line(), error.file()), (Some(2), Some("1_a.down.sql")));
    }
}
