//! The text of a new file. Nothing is written here: the caller has the clock and the folder.

use super::header::directive;
use super::marker::{is_marker, looks_like};
use crate::graph::Revision;

/// A new migration file that reads back as this revision. Without `down` there is no `migrate:down`,
/// and the revision cannot be taken back.
///
/// `revises` is always written, also where it is empty: a file without it would follow the file
/// before it by name.
///
/// ```
/// use limbeck::graph::Revision;
/// use limbeck::script;
///
/// let revision = Revision { message: "Add plans".into(), ..Revision::new("b2", &["a1"]) };
/// assert_eq!(
///     script::new_file(&revision, Some("2025-01-15 14:30:22"), "CREATE TABLE plans(name);", Some("DROP TABLE plans;")),
///     "-- Add plans\n\
///      --\n\
///      -- revision: b2\n\
///      -- revises: a1\n\
///      -- created: 2025-01-15 14:30:22\n\
///      \n\
///      -- migrate:up\n\
///      CREATE TABLE plans(name);\n\
///      \n\
///      -- migrate:down\n\
///      DROP TABLE plans;\n"
/// );
/// ```
pub fn new_file(revision: &Revision, created: Option<&str>, up: &str, down: Option<&str>) -> String {
    let Revision { id, revises, branch_labels, depends_on, aliases, message } = revision;
    let mut text = String::new();
    let message = message_line(message);
    if !message.is_empty() {
        text.push_str(&format!("-- {message}\n--\n"));
    }
    let header = [
        ("revision", Some(one_line(id))),
        ("revises", Some(one_line(&revises.join(", ")))),
        ("branch_labels", Some(one_line(&branch_labels.join(", "))).filter(|labels| !labels.is_empty())),
        ("depends_on", Some(one_line(&depends_on.join(", "))).filter(|ids| !ids.is_empty())),
        ("aliases", Some(one_line(&aliases.join(", "))).filter(|ids| !ids.is_empty())),
        ("created", created.map(one_line)),
    ];
    for (key, value) in header {
        if let Some(value) = value {
            text.push_str(format!("-- {key}: {value}").trim_end());
            text.push('\n');
        }
    }
    for (marker, sql) in [("up", Some(up)), ("down", down)] {
        if let Some(sql) = sql {
            text.push_str(&format!("\n-- migrate:{marker}\n"));
            let sql = sql.trim_ascii();
            if !sql.is_empty() {
                text.push_str(&format!("{sql}\n"));
            }
        }
    }
    text
}

/// A message as a part of a file's name, as Alembic makes it: lowercase, what is no word becomes
/// `_`, and a long one is cut at the last word that ends within so many characters.
///
/// ```
/// assert_eq!(limbeck::script::slug("Add users' e-mail (again)", 40), "add_users_e_mail_again");
/// ```
pub fn slug(message: &str, length: usize) -> String {
    let words: Vec<&str> =
        message.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    let slug = words.join("_").to_lowercase();
    match slug.char_indices().nth(length) {
        Some((end, _)) => {
            let cut = &slug[..end];
            format!("{}_", cut.rsplit_once('_').map_or(cut, |(whole, _)| whole))
        }
        None => slug,
    }
}

/// A message that the header and the body read as one: `revises: x` would be taken for a key, and
/// `migrate up` for a marker that is misspelt.
fn message_line(message: &str) -> String {
    let line = one_line(message);
    // `+goose Up` is one of goose's markers.
    let line = line.trim_start_matches('+');
    if is_marker(line) || directive(line).is_some() {
        line.replacen(':', " -", 1)
    } else if looks_like(line).is_some() {
        format!("{line}.")
    } else {
        line.to_owned()
    }
}

/// Without line ends, behind which the comment would be over.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::{Body, read};
    use super::*;

    #[test]
    fn a_new_file_reads_back() {
        for (revision, created, up, down) in [
            (Revision::new("a1", &[]), None, "", None),
            (Revision { message: "é: first".into(), ..Revision::new("a1", &[]) }, None, "SELECT 1", Some("")),
            (
                Revision {
                    branch_labels: vec!["billing".into(), "x".into()],
                    depends_on: vec!["e5".into()],
                    aliases: vec!["d3".into()],
                    message: "Join".into(),
                    ..Revision::new("d4", &["b2", "c3"])
                },
                Some("2025-01-15 14:30:22"),
                "SELECT 1;\nSELECT 2;",
                Some("SELECT 3;"),
            ),
        ] {
            let text = new_file(&revision, created, up, down);
            let body = Body::parse(&text).unwrap();
            assert_eq!((body.up.sql.as_str(), body.down.as_ref().map(|down| down.sql.as_str())), (up, down));
            let script = read(&[(format!("{}.sql", revision.id), text)]).unwrap().remove(0);
            assert_eq!((script.revision, script.created.as_deref()), (revision, created));
        }
    }

    #[test]
    fn a_message_stays_one_line_and_a_message() {
        for (message, want) in [
            ("a\nrevision: x", "a revision: x"),
            ("Revises: b", "Revises - b"),
            ("revise: b", "revise - b"),
            ("migrate:down", "migrate -down"),
            ("fix: rounding", "fix: rounding"),
            ("Migrate up", "Migrate up."),
            ("+goose Down", "goose Down."),
        ] {
            let revision = Revision { message: message.into(), ..Revision::new("a1", &[]) };
            let text = new_file(&revision, None, "", None);
            let script = read(&[("a1.sql", text)]).unwrap().remove(0);
            assert_eq!((script.revision.id.as_str(), script.revision.message.as_str()), ("a1", want));
            assert!(script.body().is_ok(), "a file with the message {message:?} can be read");
        }
    }

    #[test]
    fn slugs_are_alembics() {
        for (message, want) in [
            ("", ""),
            ("Add Users", "add_users"),
            ("  a -- b\t_c_ ", "a_b__c_"),
            ("Größe ändern", "größe_ändern"),
            ("0123456789 0123456789 0123456789 0123456", "0123456789_0123456789_0123456789_0123456"),
            ("0123456789 0123456789 0123456789 01234567", "0123456789_0123456789_0123456789_"),
            (&"x".repeat(50), &format!("{}_", "x".repeat(40))),
        ] {
            assert_eq!(slug(message, 40), want);
        }
    }
}
