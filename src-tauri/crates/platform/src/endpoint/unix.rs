use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use interprocess::local_socket::traits::StreamCommon as _;
use interprocess::local_socket::{ListenerOptions, Stream};
use interprocess::os::unix::local_socket::ListenerOptionsExt;

use crate::private;

/// Shorter than what systems take: 104 bytes on macOS, 108 on Linux, with the end.
const LONGEST: usize = 100;
const NAME: &str = "owner.sock";

/// The socket in the folder; where its path is too long for the system, in a folder of its own.
pub(super) fn address(folder: &Path) -> io::Result<(PathBuf, Option<PathBuf>)> {
    let inside = folder.join(NAME);
    if inside.as_os_str().as_bytes().len() <= LONGEST {
        return Ok((inside, None));
    }
    let number = getrandom::u64().map_err(|e| io::Error::other(e.to_string()))?;
    let own = std::env::temp_dir().join(format!("kuramori-{number:016x}"));
    private::folder(&own)?;
    Ok((own.join(NAME), Some(own)))
}

pub(super) fn private(options: ListenerOptions<'_>) -> io::Result<ListenerOptions<'_>> {
    Ok(options.mode(0o600))
}

pub(super) fn is_same_user(stream: &Stream) -> io::Result<()> {
    let peer = stream.peer_creds()?.euid();
    let own = rustix::process::geteuid().as_raw();
    if peer == Some(own) {
        return Ok(());
    }
    let whose = peer.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
    let said = format!("a program of another user ({whose}) wanted to connect");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, said))
}
