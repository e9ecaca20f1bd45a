use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::ids::Id;
use super::{Guest, NotAGuest, Roots};

/// An open disk. There never is one: macOS is no VM of a server that attaches disks to it.
#[derive(Debug)]
#[cfg_attr(not(test), allow(dead_code, reason = "only its twins are made"))]
pub(super) struct Opened(File);

impl Opened {
    pub(super) fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buf, offset)
    }
}

pub(super) fn identify(_roots: &Roots) -> Result<Guest, NotAGuest> {
    Err(NotAGuest::Other)
}

pub(super) fn meddles() -> Option<String> {
    Some("macOS opens each disk that is attached to it".to_owned())
}

#[expect(clippy::unnecessary_wraps, reason = "its twins can fail")]
pub(super) fn rescan(_roots: &Roots, _unit: u32) -> io::Result<()> {
    Ok(())
}

pub(super) fn unit(_roots: &Roots, _disk: (&Opened, &Path)) -> io::Result<Option<u32>> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn untouched(_roots: &Roots, _disk: (&Opened, &Path)) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
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
    let file = fs_err::File::open(path)?.into_file();
    let len = file.metadata()?.len();
    Ok((Opened(file), len))
}

#[expect(clippy::unnecessary_wraps, reason = "its twins can fail")]
pub(super) fn forget(_roots: &Roots, _path: &Path) -> io::Result<()> {
    Ok(())
}
