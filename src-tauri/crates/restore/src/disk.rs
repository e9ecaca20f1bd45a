use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use kuramori_base::{CancelToken, Cancelled, Counters, Progress};
use kuramori_block::{ByteLen, DiskReader, ExtentSet, ReadError};

/// Bytes read and written at once.
const PIECE: ByteLen = ByteLen::from_mib(4);

/// Why a disk could not be written to a file.
#[derive(Debug, thiserror::Error)]
pub enum DiskFileError {
    /// The file could not be made or written. Nothing of it is left.
    #[error("{} could not be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The recovery point could not be read. Nothing of the file is left.
    #[error("the recovery point could not be read")]
    Read(#[from] ReadError),
    /// Somebody asked to stop. Nothing of the file is left.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Writes a disk to a new raw image. Zeros stay holes where the file system allows it. The bytes
/// are on the disk when this returns.
///
/// # Errors
/// [`DiskFileError`]; an existing file is refused and not touched, a half-written one removed.
///
/// # Cancellation
/// Looked at before each piece of a few MiB; the file is removed.
pub fn write_disk_file(
    disk: &dyn DiskReader,
    path: &Path,
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<(), DiskFileError> {
    let failed = |source| DiskFileError::Write { path: path.to_owned(), source };
    let mut file =
        fs_err::OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    let written = fill(disk, &mut file, progress, cancel).map_err(|e| match e {
        Filling::Write(source) => failed(source),
        Filling::Read(e) => e.into(),
        Filling::Cancelled(e) => e.into(),
    });
    if written.is_err() {
        drop(file);
        // The first error is the one to tell; a file that cannot be removed either shows itself.
        drop(fs_err::remove_file(path));
    }
    written
}

/// What can stop the filling of a file.
enum Filling {
    Write(std::io::Error),
    Read(ReadError),
    Cancelled(Cancelled),
}

fn fill(
    disk: &dyn DiskReader,
    file: &mut fs_err::File,
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<(), Filling> {
    file.set_len(disk.capacity().get()).map_err(Filling::Write)?;
    let data = match disk.allocated().map_err(Filling::Read)? {
        Some(extents) => extents,
        None => ExtentSet::whole(disk.capacity()),
    };
    progress.total(data.total().get());
    let mut buffer = Vec::new();
    for piece in data.pieces(PIECE) {
        cancel.check().map_err(Filling::Cancelled)?;
        buffer.resize(piece.len.as_usize(), 0);
        disk.read_at(piece.offset, &mut buffer).map_err(Filling::Read)?;
        file.seek(SeekFrom::Start(piece.offset.get()))
            .and_then(|_| file.write_all(&buffer))
            .map_err(Filling::Write)?;
        let bytes = piece.len.get();
        progress.add(Counters { done: bytes, read: bytes, ..Counters::default() });
    }
    file.sync_all().map_err(Filling::Write)
}

#[cfg(test)]
mod tests {
    use kuramori_base::{NoProgress, Tally};
    use kuramori_block::MemoryDisk;

    use super::*;

    fn disk() -> MemoryDisk {
        let mut bytes = vec![0; 9 << 20];
        bytes[5 << 20..6 << 20].fill(3);
        bytes.push(9);
        MemoryDisk::new(bytes)
    }

    #[test]
    fn the_file_equals_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk.raw");
        let tally = Tally::new();
        write_disk_file(&disk(), &path, &tally, &CancelToken::new()).unwrap();
        assert_eq!(fs_err::read(&path).unwrap(), disk().bytes());
        assert_eq!(tally.counters().done, tally.announced());
    }

    #[test]
    fn an_existing_file_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk.raw");
        fs_err::write(&path, b"mine").unwrap();
        let error = write_disk_file(&disk(), &path, &NoProgress, &CancelToken::new()).unwrap_err();
        assert!(matches!(error, DiskFileError::Write { .. }));
        assert_eq!(fs_err::read(&path).unwrap(), b"mine");
    }

    #[test]
    fn cancelling_leaves_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk.raw");
        let cancel = CancelToken::new();
        cancel.cancel();
        let error = write_disk_file(&disk(), &path, &NoProgress, &cancel).unwrap_err();
        assert!(matches!(error, DiskFileError::Cancelled(_)));
        assert!(!path.exists(), "a half-written file must not stay");
    }
}
