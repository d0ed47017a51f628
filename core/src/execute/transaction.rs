//! How a run's transactions begin and end: one for all of it, or one for each revision, or a savepoint in the caller's.

use super::watched::Watched;
use super::{Run, left_broken, portable};
use crate::error::Result;
use crate::event::Event;
use crate::history::clock;

impl Run<'_, '_> {
    pub(super) fn begin(&mut self) -> Result<()> {
        self.known.forget();
        // IMMEDIATE: a deferred BEGIN would take the lock at the first write, when what was read
        // before may be stale.
        self.db.execute(if self.savepoint { "SAVEPOINT limbeck" } else { "BEGIN IMMEDIATE" })?;
        self.open.set(true);
        self.step_started = clock(self.db)?;
        Ok(())
    }

    pub(super) fn commit(&mut self) -> Result<()> {
        if self.open.get() {
            self.prove()?;
            left_broken::refuse(self)?;
            self.end()?;
        }
        Ok(())
    }

    pub(super) fn commit_revision(&mut self) -> Result<()> {
        if self.last { self.commit() } else { self.commit_so_far() }
    }

    /// Commits what a later revision may still mend.
    pub(super) fn commit_so_far(&mut self) -> Result<()> {
        if self.open.get() {
            self.prove()?;
            self.end()?;
        }
        self.at_stake.commit();
        Ok(())
    }

    fn prove(&mut self) -> Result<()> {
        portable::check_keys(self)?;
        if self.watch.noted().next().is_some() {
            self.tell(&Event::Proving)?;
        }
        let warnings = self.watch.check(&mut Watched { db: self.db, listener: self.listener })?;
        self.warnings.extend(warnings);
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        self.db.execute(if self.savepoint { "RELEASE limbeck" } else { "COMMIT" })?;
        self.open.set(false);
        for (step, milliseconds) in self.pending.drain(..) {
            self.report.steps.push(step);
            self.report.timing.steps_ms.push(milliseconds);
        }
        self.report.warnings.append(&mut self.warnings);
        self.report.to.clone_from(&self.rows);
        Ok(())
    }

    /// After SQLITE_FULL, IOERR, NOMEM, BUSY and INTERRUPT SQLite may have rolled back by itself
    /// (<https://sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction>): it is asked.
    pub(super) fn roll_back(&mut self) {
        if self.open.get() && self.db.in_transaction() {
            // The error that led here is the one to report.
            if self.savepoint {
                let _ = self.db.execute("ROLLBACK TO limbeck");
                let _ = self.db.execute("RELEASE limbeck");
            } else {
                let _ = self.db.execute("ROLLBACK");
            }
        }
        self.open.set(false);
    }
}
