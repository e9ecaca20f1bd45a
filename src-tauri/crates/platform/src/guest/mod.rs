//! This computer as a VM of VMware: which VM it is, and disks that were attached to it from outside.
//!
//! | | Linux | macOS | Windows |
//! |---|---|---|---|
//! | which VM | `/sys/class/dmi/id` | it has not | the firmware's SMBIOS table |
//! | a disk by its UUID | `/sys/block`, `/dev/disk/by-id` | it has not | `StorageDeviceIdProperty` |
//! | nobody else uses it | `O_EXCL`, held while it is read | – | SAN policy, and the disk is offline |
//! | nobody wrote to it | the counters in `/sys/block/*/stat` | – | the disk is still offline |
//! | its place | its SCSI address | – | `IOCTL_SCSI_GET_ADDRESS` |
//! | letting go | the device's `delete` | – | nothing |

#[cfg_attr(target_os = "macos", allow(dead_code, reason = "macOS has no such disks"))]
mod ids;
#[cfg(any(windows, test))]
mod smbios;
#[cfg_attr(target_os = "macos", allow(dead_code, reason = "macOS is no VM of a server"))]
mod uuid;

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::io;
use std::path::{Path, PathBuf};

/// What a read from a disk is rounded to; systems refuse less.
const SECTOR: u64 = 512;

/// Where the system shows its hardware. Only Linux does so in folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    /// The folder that is `/sys` otherwise.
    pub sys: PathBuf,
    /// The folder that is `/dev` otherwise.
    pub dev: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self::below(Path::new("/"))
    }
}

impl Roots {
    /// Takes `sys` and `dev` below a folder.
    pub fn below(folder: &Path) -> Self {
        Self { sys: folder.join("sys"), dev: folder.join("dev") }
    }
}

/// What this computer is as a VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// What its BIOS UUID may be in the words of the server, the likeliest first: systems do not
    /// agree about the order of the first bytes. Lower case, with dashes.
    pub uuids: Vec<String>,
    /// Addresses of its network cards, in lower case, with colons.
    pub macs: Vec<String>,
}

/// Why this computer is not known as a VM of VMware.
#[derive(Debug, thiserror::Error)]
pub enum NotAGuest {
    /// It is none.
    #[error("this computer is not a VM of VMware")]
    Other,
    /// It is one, but which one is not to be seen.
    #[error("this computer is a VM of VMware, but the system does not show which one")]
    Hidden(#[source] io::Error),
}

/// Finds out what this computer is as a VM.
///
/// # Errors
/// [`NotAGuest`].
pub fn identify(roots: &Roots) -> Result<Guest, NotAGuest> {
    system::identify(roots)
}

/// Returns why disks that are attached to this computer would not be left alone by the system, or
/// `None` when they are.
pub fn meddles() -> Option<String> {
    system::meddles()
}

/// Asks the system to look for a disk that was attached at a place of one of its controllers. It
/// mostly notices by itself.
///
/// # Errors
/// The first thing that the system refused; the other controllers were asked all the same.
pub fn rescan(roots: &Roots, unit: u32) -> io::Result<()> {
    system::rescan(roots, unit)
}

/// Returns where the disk of a UUID is, or `None` where the system shows none.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] when several disks have it, and what the system refused.
pub fn find_disk(roots: &Roots, uuid: &str) -> io::Result<Option<PathBuf>> {
    let Some(uuid) = ids::Id::parse(uuid) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("no disk UUID: {uuid}")));
    };
    let mut found = system::disks(roots, &uuid)?;
    found.sort();
    found.dedup();
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "several disks have this UUID")),
    }
}

/// A disk of this computer, open for reading alone.
#[derive(Debug)]
pub struct Disk {
    inner: system::Opened,
    path: PathBuf,
    len: u64,
}

impl Disk {
    /// Opens a disk that nobody uses.
    ///
    /// # Errors
    /// When the system or another program uses it, and what the system refused.
    pub fn open(path: &Path) -> io::Result<Self> {
        let (inner, len) = system::open(path)?;
        Ok(Self { inner, path: path.to_owned(), len })
    }

    /// Returns its place at its controller, where the system counts places as the server does.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn unit(&self, roots: &Roots) -> io::Result<Option<u32>> {
        system::unit(roots, (&self.inner, &self.path))
    }

    /// Makes sure that nothing was written to it since it appeared on this computer.
    ///
    /// # Errors
    /// When something was, or may have been, and when the system does not tell.
    pub fn untouched(&self, roots: &Roots) -> io::Result<()> {
        system::untouched(roots, (&self.inner, &self.path))
    }

    /// Returns its length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Returns whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Fills `buf` with the bytes from `offset` on. Reads may come from several threads.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] past the end, and what the medium refused.
    pub fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(buf.len() as u64).filter(|end| *end <= self.len);
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        let (from, to) = (offset / SECTOR * SECTOR, end.next_multiple_of(SECTOR).min(self.len));
        if (from, to) == (offset, end) {
            return self.inner.read_at(offset, buf);
        }
        // Whole sectors only: the system gives no less of a disk.
        let whole = usize::try_from(to - from).map_err(io::Error::other)?;
        let mut sectors = vec![0; whole];
        self.inner.read_at(from, &mut sectors)?;
        let skip = usize::try_from(offset - from).map_err(io::Error::other)?;
        let part = sectors.get(skip..skip + buf.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buf.copy_from_slice(part);
        Ok(())
    }

    /// Closes the disk and lets the system forget it, so that it can be detached.
    ///
    /// # Errors
    /// What the system refused; it is closed all the same.
    pub fn let_go(self, roots: &Roots) -> io::Result<()> {
        drop(self.inner);
        system::forget(roots, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_disk_are_read_whatever_their_place() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("disk");
        let bytes: Vec<u8> = (0..5120u32).map(|n| (n * 7 / 3).to_le_bytes()[0]).collect();
        fs_err::write(&file, &bytes).unwrap();
        let (inner, len) = system::open_file(&file).unwrap();
        let disk = Disk { inner, path: file, len };
        assert_eq!(disk.len(), 5120);
        for (at, len) in
            [(0, 5120), (0, 512), (512, 512), (3, 1), (511, 2), (1000, 4000), (5119, 1)]
        {
            let mut buf = vec![0; len];
            disk.read_at(at as u64, &mut buf).unwrap();
            assert_eq!(buf, bytes[at..at + len], "{len} at {at}");
        }
        assert!(disk.read_at(5119, &mut [0; 2]).is_err(), "past the end");
        assert!(disk.read_at(u64::MAX, &mut [0; 2]).is_err());
    }
}
