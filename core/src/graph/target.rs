//! How a target is read, and which revisions it stands for.

use super::RevisionGraph;
use super::similar::similar;
use super::walk::Walk;
use crate::error::{Error, ErrorKind, Result};

/// A target as it is spelled: `[branch@]place`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// The whole text, for messages.
    pub(super) text: &'a str,
    pub(super) branch: Option<&'a str>,
    pub(super) place: Place<'a>,
}

/// What stands after the `@`, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place<'a> {
    Base,
    Head,
    Heads,
    /// An id, a label or a prefix.
    Named(&'a str),
    /// `+N` or `-N`, from something that is named or else from the version rows.
    Relative {
        from: Option<&'a str>,
        walk: Walk,
    },
}

/// The part of the graph that `branch@` restricts a target to.
pub(super) struct Branch<'a> {
    pub(super) name: &'a str,
    /// The revision that the name stands for.
    pub(super) revision: usize,
    /// That revision, its ancestors and its descendants, by `revises`.
    pub(super) lineage: Vec<bool>,
}

impl<'a> Target<'a> {
    /// Reads a target for one place in the graph.
    pub(super) fn parse(text: &'a str) -> Result<Target<'a>> {
        if text.contains(':') {
            return Err(Error::new(ErrorKind::RangeNotAllowed, format!("'{text}' is a range"))
                .with_hint("name one target; ranges are for the history"));
        }
        let (branch, rest) = match text.split_once('@') {
            Some((branch, rest)) => (Some(branch), rest),
            None => (None, text),
        };
        let place = match rest {
            "base" => Place::Base,
            "head" => Place::Head,
            "heads" => Place::Heads,
            _ => relative(rest).unwrap_or(Place::Named(rest)),
        };
        Ok(Target { text, branch, place })
    }
}

/// `+N`, `-N`, `name+N` or `name-N`. As in Alembic, the name is of letters, digits and `_` only;
/// beyond ASCII, of anything.
fn relative(text: &str) -> Option<Place<'_>> {
    let sign = text.find(['+', '-'])?;
    let (name, number) = (&text[..sign], &text[sign + 1..]);
    if number.is_empty()
        || !number.bytes().all(|byte| byte.is_ascii_digit())
        || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii())
    {
        return None;
    }
    // More than fits is more than any graph has.
    let steps = number.parse().unwrap_or(u64::MAX);
    let walk = if text[sign..].starts_with('+') { Walk::Up(steps) } else { Walk::Down(steps) };
    Some(Place::Relative { from: (!name.is_empty()).then_some(name), walk })
}

impl RevisionGraph {
    /// The ids of the revisions that a target stands for; `base` stands for none.
    ///
    /// A target is `head`, `heads`, `base`, an id, a branch label, or a prefix of an id or label of
    /// four characters or more. Before any of them may stand `branch@`, where the branch is a label
    /// or a revision. A word comes before a revision that is called the same: that is named by an alias
    /// or by its beginning, `hea`. `-N` counts down from the heads here; `+N` counts from the version rows and
    /// `rev+N` is a way to go, so they are for [`upgrade`](Self::upgrade),
    /// [`downgrade`](Self::downgrade) and [`history`](Self::history).
    ///
    /// # Errors
    ///
    /// `UnknownRevision` (the hint names similar ids), `UnknownBranch`, `AmbiguousPrefix` (the
    /// message names all that match), `NotInBranch`, `MultipleHeads`, `RangeNotAllowed`,
    /// and for `-N` `RelativeOutOfRange` and `AmbiguousWalk`.
    ///
    /// ```
    /// # use limbeck::graph::{Revision, RevisionGraph};
    /// let graph =
    ///     RevisionGraph::new(vec![Revision::new("0001aaaa", &[]), Revision::new("0002bbbb", &["0001aaaa"])])?;
    /// assert_eq!(graph.resolve("head")?, ["0002bbbb"]);
    /// assert_eq!(graph.resolve("0001")?, ["0001aaaa"]);
    /// let error = graph.resolve("0002bbbc").unwrap_err();
    /// assert_eq!(error.hint(), Some("did you mean '0002bbbb'?"));
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn resolve(&self, identifier: &str) -> Result<Vec<&str>> {
        Ok(self.ids(self.resolve_indices(identifier)?))
    }

    pub(super) fn resolve_indices(&self, identifier: &str) -> Result<Vec<usize>> {
        let target = Target::parse(identifier)?;
        let branch = self.branch_of(&target)?;
        if let Place::Relative { from: None, walk: Walk::Down(steps) } = target.place {
            let landed = self.below_heads(&target, steps, branch.as_ref())?;
            return Ok(landed.into_iter().flatten().collect());
        }
        self.absolute(&target, branch.as_ref())
    }

    /// What a target stands for that does not count from anywhere.
    pub(super) fn absolute(&self, target: &Target<'_>, branch: Option<&Branch<'_>>) -> Result<Vec<usize>> {
        match target.place {
            Place::Base => Ok(Vec::new()),
            Place::Head => {
                let heads = self.branch_heads(branch);
                match heads.len() {
                    0 | 1 => Ok(heads),
                    _ => Err(self.multiple_heads(target.text, &heads)),
                }
            }
            Place::Heads if branch.is_some() => Ok(self.branch_heads(branch)),
            Place::Heads => Ok(self.ends(&self.dependents)),
            Place::Named(name) => Ok(vec![self.named(name, branch)?]),
            Place::Relative { .. } => {
                let message = format!("'{}' is no revision and no branch label", target.text);
                Err(Error::new(ErrorKind::UnknownRevision, message)
                    .with_hint("name a revision: only upgrade, downgrade and history can count steps"))
            }
        }
    }

    /// The one revision that a target stands for, or the base.
    pub(super) fn single(&self, target: &Target<'_>, branch: Option<&Branch<'_>>) -> Result<Option<usize>> {
        match self.absolute(target, branch)?.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            several => Err(self.multiple_heads(target.text, several)),
        }
    }

    /// The heads, or those of a branch. By `revises` alone.
    pub(super) fn branch_heads(&self, branch: Option<&Branch<'_>>) -> Vec<usize> {
        let mut heads = self.ends(&self.children);
        heads.retain(|&head| branch.is_none_or(|branch| branch.lineage[head]));
        heads
    }

    /// The revision with this id, label or prefix.
    pub(super) fn named(&self, text: &str, branch: Option<&Branch<'_>>) -> Result<usize> {
        if let Some(name) = self.name(text) {
            let index = name.revision;
            return match branch {
                Some(branch) if !branch.lineage[index] => Err(self.not_in_branch(index, branch)),
                _ => Ok(index),
            };
        }
        if text.is_empty() {
            return Err(Error::new(ErrorKind::UnknownRevision, "the target is empty")
                .with_hint("name a revision, 'head' or 'base'"));
        }
        // An id of three characters or fewer is too short to be meant by less of it.
        let matching: Vec<(usize, &str)> = self
            .names_with_prefix(text)
            .filter(|(_, name)| name.chars().nth(3).is_some())
            .map(|(name, text)| (name.revision, text))
            .collect();
        let inside: Vec<_> =
            matching.iter().filter(|(index, _)| branch.is_none_or(|branch| branch.lineage[*index])).collect();
        match (inside.as_slice(), branch, matching.as_slice()) {
            ([(index, _)], _, _) => Ok(*index),
            ([], Some(branch), [(index, _)]) => Err(self.not_in_branch(*index, branch)),
            ([], _, _) => Err(self.unknown(text)),
            (several, _, _) => {
                let names: Vec<&str> = several.iter().map(|(_, name)| *name).collect();
                let message =
                    format!("{} names begin with '{text}': {}", count(names.len()), names.join(", "));
                Err(Error::new(ErrorKind::AmbiguousPrefix, message)
                    .with_hint("give more characters, or the whole id"))
            }
        }
    }

    /// The branch that a target is restricted to.
    pub(super) fn branch_of<'a>(&self, target: &Target<'a>) -> Result<Option<Branch<'a>>> {
        target.branch.map(|name| self.branch(name)).transpose()
    }

    pub(super) fn branch<'a>(&self, name: &'a str) -> Result<Branch<'a>> {
        let revision = self.named(name, None).map_err(|error| match error.kind() {
            ErrorKind::UnknownRevision => {
                let message = format!("no branch label or revision is called '{name}'");
                let hint = self.near(name).unwrap_or_else(|| "name a branch label or a revision".to_owned());
                Error::new(ErrorKind::UnknownBranch, message).with_hint(hint)
            }
            _ => error,
        })?;
        let mut lineage = self.revises.reach([revision]);
        for (marked, above) in lineage.iter_mut().zip(self.children.reach([revision])) {
            *marked |= above;
        }
        Ok(Branch { name, revision, lineage })
    }

    /// The version rows as places in the graph, in their order, each once.
    pub(super) fn rows(&self, rows: &[String]) -> Result<Vec<usize>> {
        let mut seen = vec![false; self.len()];
        let mut indices = Vec::with_capacity(rows.len());
        for row in rows {
            let index = self.index(row).ok_or_else(|| self.unknown_row(row))?;
            if !std::mem::replace(&mut seen[index], true) {
                indices.push(index);
            }
        }
        Ok(indices)
    }

    /// A row is written by a program, so it must be an id; but if it begins several, say that.
    fn unknown_row(&self, row: &str) -> Error {
        match self.named(row, None) {
            Err(error) if error.kind() == ErrorKind::AmbiguousPrefix => error,
            _ => {
                let message = format!("the database is at revision '{row}', which is not there");
                Error::new(ErrorKind::UnknownRevision, message)
                    .with_hint("add the missing migration, or stamp the database with '--purge'")
            }
        }
    }

    pub(super) fn multiple_heads(&self, text: &str, heads: &[usize]) -> Error {
        let ids = self.ids(heads.iter().copied());
        let message = format!("{} heads match target '{text}': {}", count(ids.len()), ids.join(", "));
        Error::new(ErrorKind::MultipleHeads, message)
            .with_hint("name one, use 'heads', or join them with 'limbeck merge'")
    }

    fn not_in_branch(&self, index: usize, branch: &Branch<'_>) -> Error {
        let message = format!("revision '{}' is not in branch '{}'", self.id(index), branch.name);
        Error::new(ErrorKind::NotInBranch, message)
            .with_hint("leave out the branch, or name a revision of it")
    }

    fn unknown(&self, text: &str) -> Error {
        let hint = self.near(text).unwrap_or_else(|| {
            let prefixes = "see 'limbeck history' for what there is";
            let short = "give the whole id: a prefix finds ids of four characters or more";
            let begins = self.names_with_prefix(text).next().is_some();
            (if begins { short } else { prefixes }).to_owned()
        });
        Error::new(ErrorKind::UnknownRevision, format!("no revision or branch label is called '{text}'"))
            .with_hint(hint)
    }

    /// The names that may have been meant, as a question.
    pub(super) fn near(&self, text: &str) -> Option<String> {
        let near = similar(text, self.all_names());
        let (last, others) = near.split_last()?;
        let mut question = String::from("did you mean ");
        for other in others {
            question.push_str(&format!("'{other}' or "));
        }
        Some(format!("{question}'{last}'?"))
    }
}

/// A number as prose has it.
pub(super) fn count(number: usize) -> String {
    match number {
        2 => "two".to_owned(),
        3 => "three".to_owned(),
        4 => "four".to_owned(),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read() {
        let up = |from, steps| Place::Relative { from, walk: Walk::Up(steps) };
        let down = |from, steps| Place::Relative { from, walk: Walk::Down(steps) };
        let table = [
            ("head", None, Place::Head),
            ("heads", None, Place::Heads),
            ("users@base", Some("users"), Place::Base),
            ("0002", None, Place::Named("0002")),
            ("+1", None, up(None, 1)),
            ("-12", None, down(None, 12)),
            ("head-1", None, down(Some("head"), 1)),
            ("a1+2", None, up(Some("a1"), 2)),
            ("users@a1+2", Some("users"), up(Some("a1"), 2)),
            ("users@-1", Some("users"), down(None, 1)),
            ("+99999999999999999999", None, up(None, u64::MAX)),
            // Not numbers, or not names that Alembic counts from.
            ("+", None, Place::Named("+")),
            ("+1x", None, Place::Named("+1x")),
            ("rel_1.0+2", None, Place::Named("rel_1.0+2")),
            ("a@b@c", Some("a"), Place::Named("b@c")),
            ("", None, Place::Named("")),
        ];
        for (text, branch, place) in table {
            assert_eq!(Target::parse(text).unwrap(), Target { text, branch, place }, "{text}");
        }
        assert_eq!(Target::parse("a:b").unwrap_err().kind(), ErrorKind::RangeNotAllowed);
    }
}
