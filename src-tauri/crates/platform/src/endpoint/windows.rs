use std::io;
use std::path::{Path, PathBuf};

use interprocess::local_socket::{ListenerOptions, Stream};
use interprocess::os::windows::local_socket::ListenerOptionsExt;
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use widestring::U16CString;

use crate::private;

/// A pipe whose name nobody guesses: a program of another user can't wait at it in our place.
pub(super) fn address(_: &Path) -> io::Result<(PathBuf, Option<PathBuf>)> {
    let random = || getrandom::u64().map_err(|e| io::Error::other(e.to_string()));
    let (a, b) = (random()?, random()?);
    Ok((PathBuf::from(format!(r"\\.\pipe\kuramori-{a:016x}{b:016x}")), None))
}

pub(super) fn private(options: ListenerOptions<'_>) -> io::Result<ListenerOptions<'_>> {
    let access = U16CString::from_str(private::of_this_user()?)
        .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
    Ok(options.security_descriptor(SecurityDescriptor::deserialize(&access)?))
}

/// The pipe's access list lets nobody else connect.
#[expect(clippy::unnecessary_wraps, reason = "its twin asks the system")]
pub(super) fn is_same_user(_: &Stream) -> io::Result<()> {
    Ok(())
}
