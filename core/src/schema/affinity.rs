//! What SQLite makes of a declared type.

/// The type that a column prefers: <https://sqlite.org/datatype3.html#determination_of_column_affinity>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Affinity {
    /// Numbers become text.
    Text,
    /// Text that looks like a number becomes one.
    Numeric,
    /// As NUMERIC, and a CAST differs.
    Integer,
    /// As NUMERIC, and integers become floating-point numbers.
    Real,
    /// Nothing is converted.
    Blob,
}

impl Affinity {
    /// The affinity of a declared type, by the rules of the page, in its order. In a STRICT table
    /// "ANY" converts nothing (<https://sqlite.org/stricttables.html>).
    pub fn of(type_name: &str, strict: bool) -> Affinity {
        let name = type_name.to_ascii_uppercase();
        let holds = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
        if holds(&["INT"]) {
            Affinity::Integer
        } else if holds(&["CHAR", "CLOB", "TEXT"]) {
            Affinity::Text
        } else if holds(&["BLOB"]) || name.is_empty() || (strict && name == "ANY") {
            Affinity::Blob
        } else if holds(&["REAL", "FLOA", "DOUB"]) {
            Affinity::Real
        } else {
            Affinity::Numeric
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_own_examples() {
        for (name, want) in [
            ("TINYINT", Affinity::Integer),
            ("UNSIGNED BIG INT", Affinity::Integer),
            ("CHARINT", Affinity::Integer),
            ("FLOATING POINT", Affinity::Integer),
            ("varchar(255)", Affinity::Text),
            ("", Affinity::Blob),
            ("DOUBLE PRECISION", Affinity::Real),
            ("STRING", Affinity::Numeric),
            ("ANY", Affinity::Numeric),
        ] {
            assert_eq!(Affinity::of(name, false), want, "{name}");
        }
        assert_eq!(Affinity::of("any", true), Affinity::Blob);
    }
}
