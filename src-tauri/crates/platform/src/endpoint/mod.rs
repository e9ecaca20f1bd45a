//! A place at which programs of the same user on this computer talk to the one that owns something:
//! a socket in a private folder on Linux and macOS, a named pipe with an access list of this user,
//! the system and the administrators on Windows.
//!
//! Who connects is looked at as well: the system says whose program it is.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use interprocess::ConnectWaitMode;
use interprocess::local_socket::traits::Listener as _;
use interprocess::local_socket::{
    ConnectOptions, GenericFilePath, Listener as Socket, ListenerOptions, Stream, ToFsName,
};

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

/// Longest line that is taken from the other side, in bytes.
const MOST: u64 = 64 << 20;

/// How long a listener may take to pick up. A named pipe whose listener is gone is busy, not gone,
/// for as long as one of its connections lasts.
const PATIENCE: Duration = Duration::from_secs(5);

/// Listens to other programs of this user.
pub struct Listener {
    socket: Socket,
    address: PathBuf,
    /// A folder that was made for the socket alone.
    own_folder: Option<PathBuf>,
}

/// A connection, one line after the other in each direction.
pub struct Line {
    stream: BufReader<Stream>,
}

impl Listener {
    /// Begins to listen. What a program that crashed left at the same place is taken away: call it
    /// only for a folder that this process owns.
    ///
    /// # Errors
    /// When the system allows no such place.
    pub fn bind(folder: &Path) -> io::Result<Self> {
        let (address, own_folder) = system::address(folder)?;
        let name = address.as_os_str().to_fs_name::<GenericFilePath>()?;
        let options = ListenerOptions::new().name(name).try_overwrite(true);
        let socket = system::private(options)?.create_sync()?;
        Ok(Self { socket, address, own_folder })
    }

    /// Returns where others connect to.
    pub fn address(&self) -> &Path {
        &self.address
    }

    /// Waits for the next program of this user. One of another user is turned away.
    ///
    /// # Errors
    /// [`io::ErrorKind::PermissionDenied`] for a program of another user; what the system says.
    pub fn accept(&self) -> io::Result<Line> {
        let stream = self.socket.accept()?;
        system::is_same_user(&stream)?;
        Ok(Line::of(stream))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(folder) = &self.own_folder {
            // The socket in it goes first, with the listener's own end; what stays is an empty name.
            drop(fs_err::remove_file(&self.address));
            drop(fs_err::remove_dir(folder));
        }
    }
}

impl Line {
    /// Connects to a listener.
    ///
    /// # Errors
    /// [`io::ErrorKind::ConnectionRefused`] or [`io::ErrorKind::NotFound`] when nobody listens, and
    /// [`io::ErrorKind::TimedOut`] when nobody picks up.
    pub fn connect(address: &Path) -> io::Result<Self> {
        let name = address.as_os_str().to_fs_name::<GenericFilePath>()?;
        let patient =
            ConnectOptions::new().name(name).wait_mode(ConnectWaitMode::Timeout(PATIENCE));
        let stream = patient.connect_sync()?;
        // Somebody else may listen where ours did.
        system::is_same_user(&stream)?;
        Ok(Self::of(stream))
    }

    fn of(stream: Stream) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    /// Sends a line. It must hold no line break.
    ///
    /// # Errors
    /// When the other side is gone.
    pub fn send(&mut self, line: &str) -> io::Result<()> {
        let to = self.stream.get_mut();
        to.write_all(line.as_bytes())?;
        to.write_all(b"\n")?;
        to.flush()
    }

    /// Waits for a line; `None` when the other side has ended.
    ///
    /// # Errors
    /// When it broke off in the middle of a line, or the line is too long or no text.
    pub fn receive(&mut self) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        let read = (&mut self.stream).take(MOST).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        if bytes.pop() != Some(b'\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
    }
}

#[cfg(test)]
mod tests;
