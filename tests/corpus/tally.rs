//! What the runs came to.

use std::collections::BTreeMap;

use limbeck::Report;

/// Sums over all schemas.
#[derive(Default)]
pub struct Tally {
    pub tables: usize,
    pub rows: usize,
    pub tried: usize,
    pub whole: usize,
    /// What else is worth a count: the ways that were taken, the actions that were asked for.
    pub counts: BTreeMap<String, usize>,
    /// Code → how many, and one of them.
    pub refused: BTreeMap<String, (usize, String)>,
    pub failures: Vec<String>,
}

impl Tally {
    pub fn add(&mut self, other: Tally) {
        self.tables += other.tables;
        self.rows += other.rows;
        self.tried += other.tried;
        self.whole += other.whole;
        for (what, count) in other.counts {
            *self.counts.entry(what).or_default() += count;
        }
        for (code, (count, example)) in other.refused {
            self.refused.entry(code).or_insert((0, example)).0 += count;
        }
        self.failures.extend(other.failures);
    }

    pub fn count(&mut self, what: impl Into<String>) {
        *self.counts.entry(what.into()).or_default() += 1;
    }

    /// Counts the ways by the names that reports have for them, so that none is forgotten.
    pub fn count_ways(&mut self, direction: &str, report: &Report) {
        for alteration in report.steps.iter().flat_map(|step| &step.alterations) {
            let way = format!("{:?}", alteration.way).to_lowercase();
            self.count(format!("{direction} {way}"));
        }
    }

    pub fn refuse(&mut self, code: String, example: String) {
        self.refused.entry(code).or_insert((0, example)).0 += 1;
    }

    /// Prints the sums; fails if there is a failure.
    pub fn finish(self, what: &str) {
        println!("{} {what}, {} of them whole", self.tried, self.whole);
        let counts: Vec<String> = self.counts.iter().map(|(what, n)| format!("{what}: {n}")).collect();
        println!("{}", counts.join("; "));
        for (code, (count, example)) in &self.refused {
            println!("{count} refused: {code}, as {example}");
        }
        assert!(self.tried > 0, "no table was found");
        let failures = self.failures.len();
        let shown: Vec<String> = self.failures.into_iter().take(40).collect();
        assert!(shown.is_empty(), "{failures} failures:\n{}", shown.join("\n"));
    }
}

/// Why a table did not go up and down.
pub enum End {
    /// With this code and message; nothing has changed.
    Refused(String, String),
    Failed(String),
}
