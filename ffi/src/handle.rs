//! Handles: what C holds a pointer to. Every pointer that comes in is looked up among those that are
//! alive, so that null, a freed handle, one of another kind, and one that is in use are errors, and
//! nothing is read through them.

use std::any::TypeId;
use std::cell::UnsafeCell;
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Failure;

/// The address of every handle that is alive, with the type behind it.
static LIVE: Mutex<BTreeMap<usize, TypeId>> = Mutex::new(BTreeMap::new());

fn live() -> MutexGuard<'static, BTreeMap<usize, TypeId>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a handle points to.
struct Held<T> {
    busy: AtomicBool,
    value: UnsafeCell<T>,
}

/// What may be read by several threads at once, and never changes.
pub(crate) trait Shared: Sync + 'static {}

/// What one call at a time works with.
pub(crate) trait Exclusive: 'static {}

/// Gives a value to C, which owns it until [`free`].
pub(crate) fn give<T: 'static>(value: T) -> *mut T {
    let held = Held { busy: AtomicBool::new(false), value: UnsafeCell::new(value) };
    let pointer = Box::into_raw(Box::new(held));
    live().insert(pointer.addr(), TypeId::of::<T>());
    pointer.cast()
}

/// Takes a handle back. Null, what is no handle (any more), and one that is in use are left alone.
pub(crate) fn free<T: 'static>(pointer: *mut T) {
    let mut live = live();
    let Ok(held) = check(&live, pointer, "") else { return };
    // SAFETY: see `check`; nobody else frees it while `live` is locked.
    if unsafe { &*held }.busy.load(Ordering::Acquire) {
        return;
    }
    live.remove(&pointer.addr());
    drop(live);
    // SAFETY: `give` made it by `Box::into_raw`, and it is out of the list, so this happens once.
    let value = unsafe { Box::from_raw(held.cast_mut()) };
    // A connection may be closed here: no panic gets past it.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(value)));
}

/// Reads what a handle holds. The pointers that `read` answers stay valid until [`free`].
pub(crate) fn look<T: Shared, R>(
    pointer: *const T,
    name: &str,
    read: impl FnOnce(&T) -> R,
) -> Result<R, Failure> {
    let live = live();
    let held = check(&live, pointer, name)?;
    // SAFETY: see `check`; `T` is `Shared`, so there is no exclusive reference to its value.
    Ok(read(unsafe { &*(*held).value.get() }))
}

/// Takes a handle for one call.
pub(crate) fn hold<T: Exclusive>(pointer: *mut T, name: &str) -> Result<Holding<T>, Failure> {
    let live = live();
    let held = check(&live, pointer, name)?;
    // SAFETY: see `check`.
    if unsafe { &*held }.busy.swap(true, Ordering::Acquire) {
        return Err(Failure::misused(
            format!("{name} is in use: another call has not returned yet"),
            "wait until it has returned, or make another handle",
        ));
    }
    Ok(Holding(held))
}

/// The pointer, if it is alive and of this type. It stays so while `live` is locked, and while it is
/// held.
fn check<T: 'static>(
    live: &BTreeMap<usize, TypeId>,
    pointer: *const T,
    name: &str,
) -> Result<*const Held<T>, Failure> {
    match live.get(&pointer.addr()) {
        Some(found) if *found == TypeId::of::<T>() => Ok(pointer.cast()),
        Some(_) => Err(Failure::misused(
            format!("{name} is a handle of another kind"),
            "compare the order of the arguments with limbeck.h",
        )),
        None if pointer.is_null() => {
            Err(Failure::misused(format!("{name} is null"), "look at the status of the call that makes it"))
        }
        None => Err(Failure::misused(
            format!("{name} is no handle, or was freed"),
            "hand over what a function of limbeck's has made, and free it last",
        )),
    }
}

/// A handle that this call has to itself.
pub(crate) struct Holding<T>(*const Held<T>);

impl<T> Deref for Holding<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: `busy` keeps others from holding and freeing it.
        unsafe { &*(*self.0).value.get() }
    }
}

impl<T> DerefMut for Holding<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above; `&mut self` makes it the only reference.
        unsafe { &mut *(*self.0).value.get() }
    }
}

impl<T> Drop for Holding<T> {
    fn drop(&mut self) {
        // SAFETY: it is not freed while it is busy.
        unsafe { &*self.0 }.busy.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Shared for u8 {}
    impl Exclusive for u16 {}

    fn message<T>(result: Result<T, Failure>) -> String {
        result.err().map_or(String::new(), |failure| failure.message().to_owned())
    }

    #[test]
    fn what_is_no_live_handle_is_told() {
        let shared = give(1_u8);
        let exclusive = give(2_u16);
        assert_eq!(look(shared, "it", |value| *value).ok(), Some(1));
        let mut held = hold(exclusive, "it").ok().unwrap();
        *held += 1;
        assert_eq!(message(hold(exclusive, "it")), "it is in use: another call has not returned yet");
        free(exclusive);
        drop(held);
        assert_eq!(*hold(exclusive, "it").ok().unwrap(), 3, "what is in use is not freed");
        assert_eq!(message(hold(shared.cast::<u16>(), "it")), "it is a handle of another kind");
        assert_eq!(message(look(std::ptr::null::<u8>(), "it", |_| ())), "it is null");
        free(shared);
        free(shared);
        free(exclusive);
        assert_eq!(message(look(shared, "it", |_| ())), "it is no handle, or was freed");
        assert_eq!(message(hold(exclusive, "it")), "it is no handle, or was freed");
    }
}
