//! Text over the border: UTF-8 with a length.

use std::ffi::{CStr, c_char};
use std::fmt::Display;
use std::slice;

use crate::error::Failure;
use crate::handle::{self, Shared};

/// As a length: the text ends at its first NUL.
pub const LIMBECK_NUL_TERMINATED: usize = usize::MAX;

/// A result that is text: JSON, or a script of SQL. Read it with `limbeck_text_data`, free it with
/// `limbeck_text_free`.
#[allow(non_camel_case_types)]
pub struct limbeck_text(pub(crate) Text);

impl Shared for limbeck_text {}

/// A text with a NUL behind it, which its length does not count. There may be others inside.
pub(crate) struct Text(Box<[u8]>);

impl Text {
    pub(crate) fn new(text: impl Into<String>) -> Text {
        let mut bytes = text.into().into_bytes();
        bytes.push(0);
        Text(bytes.into_boxed_slice())
    }

    /// Its address and length, for as long as it lives.
    pub(crate) fn parts(&self) -> (*const c_char, usize) {
        (self.0.as_ptr().cast(), self.0.len() - 1)
    }
}

/// Writes a length where C wants it, and answers the address; null for what is not there.
///
/// # Safety
///
/// `length` is null or may be written.
pub(crate) unsafe fn answer(parts: Option<(*const c_char, usize)>, length: *mut usize) -> *const c_char {
    let (data, found) = parts.unwrap_or((std::ptr::null(), 0));
    if !length.is_null() {
        // SAFETY: the caller says so.
        unsafe { length.write(found) };
    }
    data
}

/// Text from C. `name` is the parameter's, for the message.
///
/// # Safety
///
/// Where `data` is not null, `length` bytes from there may be read while the result is used; with
/// [`LIMBECK_NUL_TERMINATED`], all up to the first NUL.
pub(crate) unsafe fn text<'a>(
    data: *const c_char,
    length: usize,
    name: impl Display,
) -> Result<&'a str, Failure> {
    if data.is_null() {
        return Err(Failure::misuse(format!("{name} is null")));
    }
    let bytes = if length == LIMBECK_NUL_TERMINATED {
        // SAFETY: the caller says that there is a NUL.
        unsafe { CStr::from_ptr(data) }.to_bytes()
    } else if length > isize::MAX as usize {
        return Err(Failure::misuse(format!("{name} cannot be {length} bytes long")));
    } else {
        // SAFETY: the caller says that so many bytes may be read, and no object is larger.
        unsafe { slice::from_raw_parts(data.cast(), length) }
    };
    std::str::from_utf8(bytes).map_err(|_| Failure::misuse(format!("{name} is not UTF-8")))
}

/// As [`text`], of what cannot be empty: a length that a program has not set is 0.
///
/// # Safety
///
/// As [`text`].
pub(crate) unsafe fn named<'a>(data: *const c_char, length: usize, name: &str) -> Result<&'a str, Failure> {
    // SAFETY: the caller says so.
    let found = unsafe { text(data, length, name) }?;
    if found.is_empty() {
        let hint = "give its length in bytes, or LIMBECK_NUL_TERMINATED";
        return Err(Failure::misused(format!("{name} is empty"), hint));
    }
    Ok(found)
}

/// The text itself, with a NUL behind it. If `length` is not null, it is set to the length in bytes,
/// the NUL not counted. Null if `text` is no live handle.
///
/// # Safety
///
/// `length` is null or may be written. What is returned belongs to `text`, and is valid until that is
/// freed. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_text_data(text: *const limbeck_text, length: *mut usize) -> *const c_char {
    let parts = handle::look(text, "text", |text| text.0.parts()).ok();
    // SAFETY: the caller says so of `length`.
    unsafe { answer(parts, length) }
}

/// Frees a text. Null and what was freed before are left alone.
///
/// # Safety
///
/// No thread still reads what `limbeck_text_data` returned. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbeck_text_free(text: *mut limbeck_text) {
    handle::free(text);
}
