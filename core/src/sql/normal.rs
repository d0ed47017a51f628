//! A text in one spelling, to be compared, hashed and counted with: what says the same is the same.

use std::fmt;

use super::ident::unquote;
use super::token::{Token, is_name, is_value, tokens};
use crate::error::Result;

/// The words of a text: layout, comments, the case of names and keywords, and the quotes of names
/// are gone; strings are as they were.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Normal(Vec<Word>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Word {
    /// In small letters.
    Name(String),
    /// Without its quotes.
    Text(String),
    /// A keyword, a number, a sign, in capitals.
    Other(String),
}

impl Normal {
    /// Reads a text. What stands in double quotes is a name if `names` says so, else a string, as
    /// SQLite has it: <https://sqlite.org/quirks.html#dblquote>.
    ///
    /// Errors: those of [`tokens`].
    pub fn new(text: &str, names: impl Fn(&str) -> bool) -> Result<Normal> {
        Ok(Normal::of(&tokens(text)?, names))
    }

    /// The same of tokens.
    pub fn of(all: &[Token<'_>], names: impl Fn(&str) -> bool) -> Normal {
        let word = |token: &Token<'_>| match token.text.as_bytes().first() {
            Some(b'[' | b'`') => Word::Name(unquote(token.text).to_ascii_lowercase()),
            Some(b'"') => {
                let name = unquote(token.text);
                if names(&name) { Word::Name(name.to_ascii_lowercase()) } else { Word::Text(name) }
            }
            Some(b'\'') => Word::Text(unquote(token.text)),
            _ if is_name(token) && !is_value(token) => Word::Name(token.text.to_ascii_lowercase()),
            _ => Word::Other(token.text.to_ascii_uppercase()),
        };
        Normal(all.iter().map(word).collect())
    }

    /// Without parentheses around the whole.
    #[must_use]
    pub fn bare(mut self) -> Normal {
        while self.is_enclosed() {
            self.0.pop();
            self.0.remove(0);
        }
        self
    }

    fn is_enclosed(&self) -> bool {
        let mut depth = 0i32;
        let closes = |word: &Word| {
            depth += i32::from(is(word, "(")) - i32::from(is(word, ")"));
            depth == 0
        };
        self.0.first().is_some_and(|first| is(first, "("))
            && self.0.iter().position(closes) == Some(self.0.len() - 1)
    }

    /// Whether it uses a name, which is in small letters.
    pub fn names(&self, name: &str) -> bool {
        self.0.iter().any(|word| matches!(word, Word::Name(own) if own == name))
    }

    /// The words behind each place where `keyword` stands.
    pub fn behind<'n>(&'n self, keyword: &'n str) -> impl Iterator<Item = (&'n str, Option<&'n str>)> {
        let text = |word: &'n Word| match word {
            Word::Name(own) | Word::Other(own) | Word::Text(own) => own.as_str(),
        };
        (1..self.0.len())
            .filter(move |&at| is(&self.0[at - 1], keyword))
            .map(move |at| (text(&self.0[at]), self.0.get(at + 1).map(text)))
    }

    /// Whether it takes all columns that there are: `*` as a result, not as a product or in `count(*)`.
    pub fn takes_all(&self) -> bool {
        let before = |at: usize| {
            at.checked_sub(1).map(|at| &self.0[at]).is_some_and(|word| {
                [",", ".", "SELECT", "DISTINCT", "ALL"].iter().any(|opening| is(word, opening))
            })
        };
        (0..self.0.len()).any(|at| is(&self.0[at], "*") && before(at))
    }

    /// With another name in the place of one, functions and collations aside; both in small letters.
    #[must_use]
    pub fn renamed(mut self, from: &str, to: &str) -> Normal {
        for at in 0..self.0.len() {
            let called = self.0.get(at + 1).is_some_and(|next| is(next, "("));
            let collation = at.checked_sub(1).is_some_and(|before| is(&self.0[before], "COLLATE"));
            if matches!(&self.0[at], Word::Name(own) if own == from) && !called && !collation {
                self.0[at] = Word::Name(to.to_owned());
            }
        }
        self
    }

    /// With another name where one stands before a dot: the name of a table that qualifies a column.
    #[must_use]
    pub fn requalified(mut self, from: &str, to: &str) -> Normal {
        for at in 0..self.0.len().saturating_sub(1) {
            if matches!(&self.0[at], Word::Name(own) if own == from) && is(&self.0[at + 1], ".") {
                self.0[at] = Word::Name(to.to_owned());
            }
        }
        self
    }

    /// With another name for a table, wherever it stands.
    #[must_use]
    pub fn renamed_table(mut self, from: &str, to: &str) -> Normal {
        for word in &mut self.0 {
            if matches!(word, Word::Name(own) if own == from) {
                *word = Word::Name(to.to_owned());
            }
        }
        self
    }

    /// This text and another behind it.
    #[must_use]
    pub fn followed_by(mut self, mut other: Normal) -> Normal {
        self.0.append(&mut other.0);
        self
    }

    /// All that are names.
    pub fn all_names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|word| match word {
            Word::Name(name) => Some(name.as_str()),
            Word::Text(_) | Word::Other(_) => None,
        })
    }
}

fn is(word: &Word, text: &str) -> bool {
    matches!(word, Word::Other(own) if own == text)
}

/// One text for each meaning, for fingerprints: names in brackets, strings in quotes.
impl fmt::Display for Normal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            match word {
                Word::Name(name) => write!(f, "[{}]", name.replace(']', "]]"))?,
                Word::Text(text) => write!(f, "'{}'", text.replace('\'', "''"))?,
                Word::Other(text) => f.write_str(text)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> Normal {
        Normal::new(text, |name| name.eq_ignore_ascii_case("a")).unwrap()
    }

    #[test]
    fn what_says_the_same_is_the_same() {
        for (one, other, want) in [
            ("a  > 0 -- x", "[A]>0", true),
            ("\"a\" = 'x'", "a = \"x\"", true),
            ("a = \"x\"", "a = \"X\"", false),
            ("a = 'x'", "a = x", false),
            ("a is NULL", "A IS null", true),
            ("a = true", "a = \"true\"", false),
            ("x'0A'", "X'0a'", true),
            ("1", "1.0", false),
        ] {
            assert_eq!(normal(one) == normal(other), want, "{one} / {other}");
        }
        assert_eq!(normal("((a))").bare(), normal("a"));
        assert_eq!(normal("(a) + (a)").bare(), normal("(a) + (a)"));
        assert_eq!(normal("lower(a) COLLATE a").renamed("a", "b"), normal("lower(b) COLLATE a"));
        assert_eq!(normal("a.x + a").requalified("a", "b"), normal("b.x + a"));
        assert_eq!(normal("a IN ('it''s', 1)").to_string(), "[a] IN ( 'it''s' , 1 )");
    }

    #[test]
    fn what_a_text_holds() {
        for (text, want) in [
            ("SELECT * FROM a", true),
            ("SELECT x, a.* FROM a", true),
            ("SELECT x * 2, count(*) FROM a", false),
        ] {
            assert_eq!(normal(text).takes_all(), want, "{text}");
        }
        let insert = normal("INSERT INTO t VALUES (1)");
        assert_eq!(insert.behind("INTO").collect::<Vec<_>>(), [("t", Some("VALUES"))]);
        assert!(insert.names("t") && !insert.names("values"));
    }
}
