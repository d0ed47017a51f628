//! New migration files.

/// What stands in a new file. No clock and no disk: the caller says when, and where it goes.
#[derive(Debug, Clone, Default)]
pub struct NewFile<'a> {
    /// The first line.
    pub message: &'a str,
    /// The revision's id.
    pub revision: &'a str,
    /// What it follows; nothing makes a base.
    pub revises: &'a [String],
    /// Its branch labels.
    pub branch_labels: &'a [String],
    /// What it depends on.
    pub depends_on: &'a [String],
    /// UTC, as `2025-01-15 14:30:22`.
    pub created: &'a str,
}

impl NewFile<'_> {
    /// The file's text, with both markers and nothing under them.
    pub fn text(&self) -> String {
        let mut lines = vec![format!("-- {}", self.message), "--".to_owned()];
        lines.push(format!("-- revision: {}", self.revision));
        lines.push(format!("-- revises: {}", self.revises.join(", ")).trim_end().to_owned());
        for (key, values) in [("branch_labels", self.branch_labels), ("depends_on", self.depends_on)] {
            if !values.is_empty() {
                lines.push(format!("-- {key}: {}", values.join(", ")));
            }
        }
        lines.push(format!("-- created: {}", self.created));
        format!("{}\n\n-- migrate:up\n\n\n-- migrate:down\n\n", lines.join("\n"))
    }
}

/// A message as a part of a file name, by Alembic's rule: lowercase, words joined by `_`, at most
/// 40 characters, cut between words.
pub fn slug(message: &str) -> String {
    let mut slug = String::new();
    for word in message.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        if !slug.is_empty() && slug.chars().count() + 1 + word.chars().count() > 40 {
            break;
        }
        if !slug.is_empty() {
            slug.push('_');
        }
        slug.extend(word.chars().take(40));
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_reads_back() {
        let text = NewFile {
            message: "Add phone",
            revision: "b2",
            revises: &["a1".to_owned()],
            created: "2025-01-15 14:30:22",
            ..NewFile::default()
        }
        .text();
        let script = &crate::script::read(&[("b2_add_phone.sql", text.as_str())]).unwrap()[0];
        assert_eq!(
            (script.revision.id.as_str(), &script.revision.revises[..]),
            ("b2", &["a1".to_owned()][..])
        );
        assert_eq!(
            (script.revision.message.as_str(), script.created.as_deref()),
            ("Add phone", Some("2025-01-15 14:30:22"))
        );
        assert_eq!(script.body().unwrap().down.map(|down| down.items.len()), Some(0));
    }

    #[test]
    fn slugs() {
        for (message, want) in [
            ("Add phone", "add_phone"),
            ("  what?  (now) ", "what_now"),
            ("", ""),
            ("add subscription fields to users and then some", "add_subscription_fields_to_users_and"),
        ] {
            assert_eq!(slug(message), want);
        }
    }
}
