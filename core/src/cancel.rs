//! Cancelling a run from elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Cancels the runs of a [`Migrator`](crate::Migrator), from whichever thread, a signal handler too: a
/// run that goes on stops within milliseconds, at its next event or between two instructions of a long
/// statement, fails with [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled), and all is rolled back.
/// What it cannot stop is a COMMIT that has begun, and the wait for another connection's lock.
///
/// ```
/// # #[cfg(feature = "rusqlite")] {
/// use limbeck::{ErrorKind, Migrator};
///
/// let migrations = [("0001_all.sql",
///     "CREATE TABLE all_of_them AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n")];
/// let mut migrator = Migrator::new(&migrations)?;
/// let cancel = migrator.cancel_handle();
/// std::thread::spawn(move || {
///     std::thread::sleep(std::time::Duration::from_millis(50));
///     cancel.cancel();
/// });
/// let mut db = rusqlite::Connection::open_in_memory().unwrap();
/// assert_eq!(migrator.upgrade(&mut db, "head").unwrap_err().kind(), ErrorKind::Cancelled);
/// # }
/// # Ok::<(), limbeck::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct CancelHandle(Arc<AtomicBool>);

impl CancelHandle {
    /// Cancels the run that goes on, and any that begins before [`reset`](Self::reset).
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Lets later runs begin.
    pub fn reset(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether runs are cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
