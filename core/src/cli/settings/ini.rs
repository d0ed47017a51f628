//! `alembic.ini`, as Python's configparser reads it: only what means something here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::{Error, ErrorKind, Result};

use super::{File, Locations};

/// Substitutions within substitutions: more of them is a circle.
const DEPTH: usize = 10;

/// The settings of the `[alembic]` section. Paths are relative to the current folder, as Alembic has
/// them, unless they say `%(here)s`.
pub fn read(text: &str, path: &Path) -> Result<File> {
    let mut keys = section(text, "alembic").ok_or_else(|| bad(path, "it has no [alembic] section"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    keys.insert("here".to_owned(), folder.display().to_string());
    let value = |key: &str| keys.get(key).map(|raw| interpolated(raw, &keys, DEPTH)).transpose();
    let value = |key: &str| value(key).map_err(|what| bad(path, &format!("{key}: {what}")));

    // What `alembic init` writes, and nobody means.
    let url = value("sqlalchemy.url")?.filter(|url| !url.starts_with("driver://"));
    let migrations = match (value("version_locations")?, value("script_location")?) {
        (Some(locations), _) => {
            let key =
                ["path_separator", "version_path_separator"].into_iter().find(|&key| keys.contains_key(key));
            let separator = key.map(&value).transpose()?.flatten();
            let folders = parted(&locations, separator.as_deref());
            Some(folders.ok_or_else(|| bad(path, "path_separator is one of: os, space, newline, ':', ';'"))?)
        }
        (None, Some(location)) => Some(vec![Path::new(&location).join("versions")]),
        (None, None) => None,
    };
    let recursive = value("recursive_version_locations")?.is_some_and(|value| is_true(&value));
    let slug_length = value("truncate_slug_length")?;
    let slug_length = slug_length.map(|length| {
        length.parse().map_err(|_| bad(path, &format!("truncate_slug_length: '{length}' is no number")))
    });
    Ok(File {
        database: url,
        migrations: migrations.map(Locations::Several),
        recursive,
        // An empty one is not set.
        timezone: value("timezone")?.filter(|timezone| !timezone.is_empty()),
        // An Alembic project's database has Alembic's table.
        version_table: Some("alembic_version".to_owned()),
        file_template: value("file_template")?,
        truncate_slug_length: slug_length.transpose()?,
        ..File::default()
    })
}

/// The folders of `version_locations`; `None` for a separator that Alembic does not know. Where none
/// is named, blanks and commas part them.
fn parted(locations: &str, separator: Option<&str>) -> Option<Vec<PathBuf>> {
    let parts: Vec<&str> = match separator {
        None => locations.split([' ', ',', '\n']).collect(),
        Some("space") => locations.split_whitespace().collect(),
        Some("newline") => locations.split('\n').collect(),
        Some(":") => locations.split(':').collect(),
        Some(";") => locations.split(';').collect(),
        Some("os") => locations.split(if cfg!(windows) { ';' } else { ':' }).collect(),
        Some(_) => return None,
    };
    Some(parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(PathBuf::from).collect())
}

/// As configparser reads a switch.
fn is_true(value: &str) -> bool {
    ["1", "yes", "true", "on"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
}

/// The keys of a section, those of `[DEFAULT]` below them. A line that is indented goes on.
fn section(text: &str, wanted: &str) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let mut there = false;
    // Whether what is read now is kept: the defaults fill in, the section overrides.
    let (mut inside, mut default) = (false, false);
    let mut last: Option<String> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with(char::is_whitespace)
            && let Some(value) = last.as_ref().and_then(|key| found.get_mut(key))
        {
            let value: &mut String = value;
            value.push('\n');
            value.push_str(trimmed);
            continue;
        }
        last = None;
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            (inside, default) = (name.0 == wanted, name.0 == "DEFAULT");
            there |= inside;
        } else if let Some(at) = trimmed.find(['=', ':']).filter(|_| inside || default) {
            let key = trimmed[..at].trim().to_lowercase();
            if inside || !found.contains_key(&key) {
                found.insert(key.clone(), trimmed[at + 1..].trim().to_owned());
                last = Some(key);
            }
        }
    }
    there.then_some(found)
}

/// With `%(key)s` put in, and `%%` made one `%`.
fn interpolated(raw: &str, keys: &BTreeMap<String, String>, depth: usize) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = raw;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            text.push('%');
            rest = after;
        } else if let Some((key, after)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(")s")) {
            let value = keys.get(&key.to_lowercase()).ok_or_else(|| format!("nothing is called '{key}'"))?;
            let deeper = depth.checked_sub(1).ok_or("it names itself")?;
            text.push_str(&interpolated(value, keys, deeper)?);
            rest = after;
        } else {
            return Err("a '%' stands alone; write '%%'".to_owned());
        }
    }
    text.push_str(rest);
    Ok(text)
}

fn bad(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::BadSetting, format!("{}: {what}", path.display()))
        .in_file(path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(file: File) -> Vec<PathBuf> {
        match file.migrations.unwrap() {
            Locations::Several(folders) => folders,
            Locations::One(folder) => panic!("an ini has a list: {folder:?}"),
        }
    }

    #[test]
    fn several_folders() {
        for (locations, want) in [
            ("version_locations = a b,c,  d", &["a", "b", "c", "d"][..]),
            ("version_locations = %(here)s/a:b\npath_separator = :", &["/p/a", "b"]),
            ("version_locations = a b;c\nversion_path_separator = ;", &["a b", "c"]),
            ("version_locations =\n    a b\n    c\npath_separator = newline", &["a b", "c"]),
            ("version_locations = a  b\npath_separator = space", &["a", "b"]),
        ] {
            let text = format!("[alembic]\nscript_location = m\n{locations}\n");
            let found = folders(read(&text, Path::new("/p/alembic.ini")).unwrap());
            assert_eq!(found, want.iter().map(PathBuf::from).collect::<Vec<_>>(), "{locations}");
        }
    }

    #[test]
    fn what_alembic_init_writes() {
        let text = "# a comment\n[alembic]\nscript_location = %(here)s/migrations\n\
                    # file_template = %%(rev)s\nfile_template = %%(year)d_%%(slug)s\n\
                    prepend_sys_path = .\n    ./src\n\npath_separator = os\n\
                    sqlalchemy.url = driver://user:pass@localhost/dbname\n\n[loggers]\nkeys = root,sqlalchemy\n";
        let file = read(text, Path::new("/p/alembic.ini")).unwrap();
        assert_eq!(file.file_template.as_deref(), Some("%(year)d_%(slug)s"));
        assert_eq!((&file.database, file.version_table.as_deref()), (&None, Some("alembic_version")));
        assert_eq!(folders(file), [Path::new("/p/migrations/versions")]);
    }

    #[test]
    fn switches() {
        for (value, want) in [("true", true), ("Yes", true), ("1", true), ("false", false), ("", false)] {
            let text = format!("[alembic]\nrecursive_version_locations = {value}\n");
            assert_eq!(read(&text, Path::new("a.ini")).unwrap().recursive, want, "{value}");
        }
    }

    #[test]
    fn defaults_and_circles() {
        let file = read(
            "[DEFAULT]\ndb = app.db\nscript_location = other\n[alembic]\nscript_location: m\n\
             sqlalchemy.url = sqlite:///%(here)s/%(DB)s\n",
            Path::new("alembic.ini"),
        );
        let file = file.unwrap();
        assert_eq!(file.database.as_deref(), Some("sqlite:///./app.db"));
        assert_eq!(folders(file), [Path::new("m/versions")]);
        for text in [
            "",
            "[alembic]\nscript_location = %(script_location)s",
            "[alembic]\nscript_location = 5%",
            "[alembic]\nversion_locations = a b\npath_separator = |",
            "[alembic]\ntruncate_slug_length = many",
        ] {
            assert_eq!(read(text, Path::new("a.ini")).unwrap_err().kind(), ErrorKind::BadSetting, "{text}");
        }
    }
}
