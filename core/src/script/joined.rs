//! A list of files end to end, as a binding takes it over its border.

use std::borrow::Cow;

use super::Digest;
use super::source::{Source, SourceFile, sorted};
use crate::error::Result;

/// Names and texts in one piece of memory: of a thousand files two thousand strings would cost a launch more
/// than all else that it does.
///
/// ```
/// use limbeck::script::{Joined, Source};
///
/// let mut files = Joined::default();
/// files.push("0001_t.sql", "CREATE TABLE t(a)");
/// assert_eq!(files.files().unwrap()[0].name, "0001_t.sql");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Joined {
    text: String,
    /// Where each name ends, and the text behind it.
    ends: Vec<[usize; 2]>,
}

impl Joined {
    /// Puts a file behind the others.
    pub fn push(&mut self, name: &str, text: &str) {
        self.text.push_str(name);
        let middle = self.text.len();
        self.text.push_str(text);
        self.ends.push([middle, self.text.len()]);
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = 0;
        self.ends.iter().map(move |&[middle, end]| {
            let begin = std::mem::replace(&mut start, end);
            (&self.text[begin..middle], &self.text[middle..end])
        })
    }
}

impl Source for Joined {
    fn files(&self) -> Result<Vec<SourceFile>> {
        let file = |(name, text): (&str, &str)| SourceFile {
            name: name.to_owned(),
            text: Cow::Owned(text.to_owned()),
        };
        Ok(sorted(self.iter().map(file).collect()))
    }

    fn digest(&self) -> Option<Digest> {
        Some(self.iter().fold(Digest::NONE, |all, (name, text)| all.with(name, text)))
    }
}
