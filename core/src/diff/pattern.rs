//! Which objects are looked at.

/// Names with `*` for any letters and `?` for one, the case of ASCII letters aside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only these, if there are any.
    pub include: Vec<String>,
    /// And none of these.
    pub exclude: Vec<String>,
}

impl Filter {
    /// Whether a table or view, with all that belongs to it, is looked at.
    pub fn takes(&self, name: &str) -> bool {
        let one = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, name));
        (self.include.is_empty() || one(&self.include)) && !one(&self.exclude)
    }
}

/// Whether a name fits a pattern.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_ascii_lowercase(), name.to_ascii_lowercase());
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut of_name) = (0, 0);
    // Where the last `*` stands, and how much it has taken so far: one more at each failure.
    let mut star: Option<(usize, usize)> = None;
    while of_name < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, of_name));
                at += 1;
            }
            Some(&letter) if letter == '?' || letter == name[of_name] => {
                at += 1;
                of_name += 1;
            }
            _ => {
                let Some((place, taken)) = star else { return false };
                star = Some((place, taken + 1));
                (at, of_name) = (place + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_patterns() {
        for (pattern, name, want) in [
            ("users", "Users", true),
            ("users", "users2", false),
            ("tmp_*", "tmp_", true),
            ("tmp_*", "tmp_x", true),
            ("*_log", "a_log_log", true),
            ("*_log", "a_logs", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b*", "xxaxxbxx", true),
            ("", "", true),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, name), want, "{pattern} {name}");
        }
        let filter = Filter { include: vec!["app_*".into()], exclude: vec!["*_cache".into()] };
        assert!(filter.takes("app_users") && !filter.takes("app_cache") && !filter.takes("users"));
    }
}
