//! `alembic.ini`, as Python's configparser reads it: only what means something here.

use std::collections::BTreeMap;
use std::path::Path;

use limbeck::{Error, ErrorKind, Result};

use super::File;

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
        (Some(locations), _)
            if locations.split([':', ';', ',', ' ', '\n']).filter(|one| !one.is_empty()).count() > 1 =>
        {
            return Err(
                bad(path, "version_locations names several folders").with_hint("name one with --migrations")
            );
        }
        (Some(locations), _) => Some(locations.into()),
        (None, Some(location)) => Some(Path::new(&location).join("versions")),
        (None, None) => None,
    };
    let slug_length = value("truncate_slug_length")?;
    let slug_length = slug_length.map(|length| {
        length.parse().map_err(|_| bad(path, &format!("truncate_slug_length: '{length}' is no number")))
    });
    Ok(File {
        database: url,
        migrations,
        // An Alembic project's database has Alembic's table.
        version_table: Some("alembic_version".to_owned()),
        file_template: value("file_template")?,
        truncate_slug_length: slug_length.transpose()?,
        ..File::default()
    })
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

    #[test]
    fn what_alembic_init_writes() {
        let text = "# a comment\n[alembic]\nscript_location = %(here)s/migrations\n\
                    # file_template = %%(rev)s\nfile_template = %%(year)d_%%(slug)s\n\
                    prepend_sys_path = .\n    ./src\n\npath_separator = os\n\
                    sqlalchemy.url = driver://user:pass@localhost/dbname\n\n[loggers]\nkeys = root,sqlalchemy\n";
        let file = read(text, Path::new("/p/alembic.ini")).unwrap();
        assert_eq!(file.migrations.as_deref(), Some(Path::new("/p/migrations/versions")));
        assert_eq!(file.file_template.as_deref(), Some("%(year)d_%(slug)s"));
        assert_eq!((file.database, file.version_table.as_deref()), (None, Some("alembic_version")));
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
        assert_eq!(file.migrations.as_deref(), Some(Path::new("m/versions")));
        for text in [
            "",
            "[alembic]\nscript_location = %(script_location)s",
            "[alembic]\nscript_location = 5%",
            "[alembic]\nversion_locations = a b",
            "[alembic]\ntruncate_slug_length = many",
        ] {
            assert_eq!(read(text, Path::new("a.ini")).unwrap_err().kind(), ErrorKind::BadSetting, "{text}");
        }
    }
}
