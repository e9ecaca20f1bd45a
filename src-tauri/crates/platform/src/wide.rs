//! Text for Windows' own calls.

use std::ffi::{OsStr, OsString};
use std::os::windows::ffi::{OsStrExt, OsStringExt};

/// Returns the text as UTF-16 with its closing zero.
pub(crate) fn wide(text: impl AsRef<OsStr>) -> Vec<u16> {
    text.as_ref().encode_wide().chain([0]).collect()
}

/// Returns what stands before the first zero.
pub(crate) fn narrow(wide: &[u16]) -> OsString {
    let end = wide.iter().position(|c| *c == 0).unwrap_or(wide.len());
    OsString::from_wide(&wide[..end])
}
