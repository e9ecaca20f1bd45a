//! An OVA: a tar archive of an OVF and its files, read where they lie.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use kuramori_block::{ByteLen, ByteOffset, DiskReader, Extent, ExtentSet, ReadError};
use kuramori_vdisk::hosted::{FileSet, FileSetError, SetFile};

use super::LocalError;
use crate::image::ImageFile;

/// Files one archive may hold.
const MANY: usize = 1024;

/// The files of an archive, by their names in it.
pub(super) struct Archive {
    file: Arc<ImageFile>,
    members: BTreeMap<String, Extent>,
}

impl Archive {
    /// Looks where in the archive its files lie. Nothing is unpacked.
    pub(super) fn open(path: &Path) -> Result<Self, LocalError> {
        let failed = |source| LocalError::Open { path: path.to_owned(), source };
        let refuse = |why: String| LocalError::Archive { path: path.to_owned(), why };
        let broken = |error: std::io::Error| refuse(error.to_string());
        let mut tar = tar::Archive::new(fs_err::File::open(path).map_err(failed)?);
        let len = fs_err::metadata(path).map_err(failed)?.len();
        let mut members = BTreeMap::new();
        for entry in tar.entries_with_seek().map_err(broken)? {
            let entry = entry.map_err(broken)?;
            if entry.header().entry_type().is_dir() {
                continue;
            }
            let name = entry.path().map_err(broken)?.to_string_lossy().into_owned();
            let name = name.trim_start_matches("./").to_owned();
            if !entry.header().entry_type().is_file() {
                return Err(refuse(format!("“{name}” is no plain file")));
            }
            let part = Extent::new(entry.raw_file_position(), entry.size());
            if part.offset.get().checked_add(part.len.get()).is_none_or(|end| end > len) {
                return Err(refuse(format!("it is cut off in the middle of “{name}”")));
            }
            if members.len() >= MANY {
                return Err(refuse("it holds too many files".to_owned()));
            }
            if members.insert(name.clone(), part).is_some() {
                return Err(refuse(format!("it holds “{name}” twice")));
            }
        }
        let file = ImageFile::open(path).map_err(|e| refuse(e.to_string()))?;
        Ok(Self { file: Arc::new(file), members })
    }

    /// Returns the only file whose name ends so.
    pub(super) fn only(&self, ending: &str) -> Option<&str> {
        let mut found =
            self.members.keys().filter(|name| name.to_ascii_lowercase().ends_with(ending));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }
}

impl FileSet for Archive {
    fn open(&self, _by: &str, name: &str) -> Result<SetFile, FileSetError> {
        let plain = name.trim_start_matches("./");
        let missing = || FileSetError::Missing { name: name.to_owned() };
        let part = *self.members.get(plain).ok_or_else(missing)?;
        let bytes = Member { file: self.file.clone(), part };
        Ok(SetFile { name: plain.to_owned(), bytes: Box::new(bytes) })
    }
}

/// A file inside the archive.
struct Member {
    file: Arc<ImageFile>,
    part: Extent,
}

impl DiskReader for Member {
    fn capacity(&self) -> ByteLen {
        self.part.len
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        self.check_range(offset, buf.len())?;
        self.file.read_at(self.part.offset.saturating_add(ByteLen::new(offset.get())), buf)
    }

    fn allocated(&self) -> Result<Option<ExtentSet>, ReadError> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, size: u64, kind: tar::EntryType) -> tar::Header {
        let mut header = tar::Header::new_ustar();
        header.set_path(name).unwrap();
        header.set_size(size);
        header.set_mode(0o644);
        header.set_entry_type(kind);
        header.set_cksum();
        header
    }

    fn pack(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, bytes) in files {
            tar.append(&header(name, bytes.len() as u64, tar::EntryType::Regular), *bytes).unwrap();
        }
        tar.into_inner().unwrap()
    }

    fn open(bytes: &[u8]) -> Result<Archive, LocalError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("web.ova");
        fs_err::write(&path, bytes).unwrap();
        Archive::open(&path)
    }

    #[test]
    fn files_are_read_where_they_lie() {
        let archive = open(&pack(&[("web.ovf", b"<x/>"), ("./disk.vmdk", &[7; 5000])])).unwrap();
        assert_eq!(archive.only(".ovf"), Some("web.ovf"));
        let disk = archive.open("web.ovf", "disk.vmdk").unwrap().bytes;
        assert_eq!(disk.capacity(), ByteLen::new(5000));
        let mut buf = [0; 1000];
        disk.read_at(ByteOffset::new(4000), &mut buf).unwrap();
        assert_eq!(buf, [7; 1000]);
        assert!(disk.read_at(ByteOffset::new(4001), &mut buf).is_err(), "not what lies behind it");
        assert!(matches!(archive.open("", "../disk.vmdk"), Err(FileSetError::Missing { .. })));
    }

    #[test]
    fn hostile_archives_are_refused() {
        let good = pack(&[("web.ovf", b"<x/>"), ("disk.vmdk", &[7; 5000])]);
        let twice = pack(&[("web.ovf", b"<x/>"), ("web.ovf", b"<y/>")]);
        let mut link = header("disk.vmdk", 0, tar::EntryType::Symlink);
        link.set_link_name("/etc/passwd").unwrap();
        link.set_cksum();
        let mut tar = tar::Builder::new(Vec::new());
        tar.append(&link, std::io::empty()).unwrap();
        let linked = tar.into_inner().unwrap();
        let cut = &good[..2048 + 1000];
        for (why, bytes) in [("twice", &*twice), ("a link", &linked), ("cut", cut), ("none", b"x")]
        {
            let refused = open(bytes).err().unwrap_or_else(|| panic!("{why} is taken"));
            assert!(matches!(refused, LocalError::Archive { .. }), "{why}: {refused}");
        }
        // Whatever else is in it: an answer, not a panic.
        for at in 0..good.len().min(2048) {
            let mut bytes = good.clone();
            bytes[at] ^= 0x55;
            drop(open(&bytes));
        }
    }
}
