use std::io;
use std::path::{Path, PathBuf};

use super::ids::Id;
use super::{Guest, NotAGuest, Roots};

/// Never: macOS has no disks that are attached to it as to a VM of a server.
#[derive(Debug)]
pub(super) enum Opened {}

impl Opened {
    pub(super) fn read_at(&self, _offset: u64, _buf: &mut [u8]) -> io::Result<()> {
        match *self {}
    }
}

pub(super) fn identify(_roots: &Roots) -> Result<Guest, NotAGuest> {
    Err(NotAGuest::Other)
}

pub(super) fn meddles() -> Option<String> {
    Some("macOS opens each disk that is attached to it".to_owned())
}

#[expect(clippy::unnecessary_wraps, reason = "its twins can fail")]
pub(super) fn rescan(_roots: &Roots) -> io::Result<()> {
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "its twins can fail")]
pub(super) fn disks(_roots: &Roots, _id: &Id) -> io::Result<Vec<PathBuf>> {
    Ok(Vec::new())
}

pub(super) fn open(_path: &Path) -> io::Result<(Opened, u64)> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
pub(super) fn open_file(path: &Path) -> io::Result<(Opened, u64)> {
    open(path)
}

#[expect(clippy::unnecessary_wraps, reason = "its twins can fail")]
pub(super) fn forget(_roots: &Roots, _path: &Path) -> io::Result<()> {
    Ok(())
}
