//! A reference that Rust lends to Python for the time of one call. The only unsafe code here.

use std::cell::Cell;
use std::ptr::NonNull;

/// Holds a reference while it is lent, and nothing before and after: Python may keep the object that
/// holds this, and finds it empty.
pub struct Lent<T: ?Sized>(Cell<Option<NonNull<T>>>);

impl<T: ?Sized> Default for Lent<T> {
    fn default() -> Self {
        Lent(Cell::new(None))
    }
}

impl<T: ?Sized> Lent<T> {
    /// Lends `value`, whose lifetimes the caller has erased, while `work` runs.
    ///
    /// # Safety
    ///
    /// `value` must stay valid and must not be used otherwise until this returns.
    pub unsafe fn lend<R>(&self, value: NonNull<T>, work: impl FnOnce() -> R) -> R {
        struct TakeBack<'a, T: ?Sized>(&'a Cell<Option<NonNull<T>>>);
        impl<T: ?Sized> Drop for TakeBack<'_, T> {
            fn drop(&mut self) {
                self.0.set(None);
            }
        }
        self.0.set(Some(value));
        let _take_back = TakeBack(&self.0);
        work()
    }

    /// Uses what is lent. `None` if nothing is, or if it is in use already.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut value = self.0.take()?;
        // SAFETY: `lend` keeps it valid until it takes it back, which it cannot do while this runs;
        // having taken it out of the cell, this is the only user.
        let result = work(unsafe { value.as_mut() });
        self.0.set(Some(value));
        Some(result)
    }
}
