//! A VM in files: its description first, then the disks it names.

use std::path::{Path, PathBuf};

use kuramori_block::{ByteLen, ByteOffset, DiskReader};
use kuramori_repo::{SourceKind, VmIdentity};
use kuramori_vdisk::hosted::{FileSet, FileSetError};
use kuramori_vsphere::{FoundDisk, FoundVm, FoundVmError, SavedConfig, read_ovf, read_vmx};

use super::archive::Archive;
use super::folder::{self, Stamp};
use super::{Blank, LocalDisk, LocalError, LocalSource, Still, beside, open_disk, stem, sums};
use crate::backup::causes;
use crate::report::RunEvent;

/// Descriptions, NVRAM and lists of checksums are smaller.
const LARGEST: u64 = 8 << 20;
/// The log of a VM.
const LOG: &str = "vmware.log";
/// Of the log, its end is kept.
const LOG_END: u64 = 256 << 10;

/// Finds the vmx of the VM in a folder.
pub(super) fn only_vmx(folder: &Path) -> Result<PathBuf, LocalError> {
    let failed = |source| LocalError::Open { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("vmx")) && path.is_file() {
            found.push(path);
        }
    }
    match (found.pop(), found.len()) {
        (Some(vmx), 0) => Ok(vmx),
        (last, others) => {
            let count = others + usize::from(last.is_some());
            Err(LocalError::NotOneVm { path: folder.to_owned(), count })
        }
    }
}

/// A VM of a desktop product.
pub(super) fn from_vmx(path: &Path) -> Result<LocalSource, LocalError> {
    let (folder, name) = beside(path)?;
    folder::check_locks(folder.root(), &[])?;
    let bytes = small(&folder, &name)?;
    let found = read_vmx(&bytes).map_err(|source| config_failed(&name, source))?;
    let mut source = build(&folder, (path, &name), found)?;
    // The log is for people only: nothing is built from it.
    let log = end_of(&folder, LOG).unwrap_or_else(|error| {
        let reason = causes(&error);
        source.notes.push(RunEvent::FileLeftOut { file: LOG.to_owned(), reason });
        None
    });
    if let Some(config) = &mut source.config {
        config.vmx = Some(String::from_utf8_lossy(&bytes).into_owned());
        config.log = log;
    }
    // The log grows by itself; it is none of what has to stay as it is.
    let stamps = folder.stamps().into_iter().filter(|stamp| !stamp.is(LOG)).collect();
    source.still = Still { stamps, locks: Some(folder.root().to_owned()) };
    source.still.check_locks()?;
    Ok(source)
}

/// An exported VM in a folder.
pub(super) fn from_ovf(path: &Path) -> Result<LocalSource, LocalError> {
    let (folder, name) = beside(path)?;
    let manifest = format!("{}.mf", stem(Path::new(&name)));
    let mut source = exported(&folder, (path, &name))?;
    let sums = match folder.open("", &manifest) {
        Ok(_) => read_sums(&folder, &manifest)?,
        Err(FileSetError::Missing { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    source.still = Still { stamps: folder.stamps(), locks: None };
    source.sums = Some((Box::new(folder), sums));
    Ok(source)
}

/// An exported VM in an archive.
pub(super) fn from_ova(path: &Path) -> Result<LocalSource, LocalError> {
    let failed = |source| LocalError::Open { path: path.to_owned(), source };
    let stamp = Stamp::of(path).map_err(failed)?;
    let archive = Archive::open(path)?;
    let why = "it does not hold just one .ovf file".to_owned();
    let none = || LocalError::Archive { path: path.to_owned(), why };
    let name = archive.only(".ovf").ok_or_else(none)?.to_owned();
    let mut source = exported(&archive, (path, &name))?;
    let sums = match archive.only(".mf").map(str::to_owned) {
        Some(manifest) => read_sums(&archive, &manifest)?,
        None => Vec::new(),
    };
    source.still = Still { stamps: vec![stamp], locks: None };
    source.sums = Some((Box::new(archive), sums));
    Ok(source)
}

fn exported(set: &dyn FileSet, of: (&Path, &str)) -> Result<LocalSource, LocalError> {
    let bytes = small(set, of.1)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| config_failed(of.1, FoundVmError::NotAVm("it is no text")))?;
    let found = read_ovf(&text).map_err(|source| config_failed(of.1, source))?;
    let mut source = build(set, of, found)?;
    if let Some(config) = &mut source.config {
        config.ovf = Some(text);
    }
    Ok(source)
}

fn read_sums(set: &dyn FileSet, manifest: &str) -> Result<Vec<sums::Sum>, LocalError> {
    sums::parse(manifest, &String::from_utf8_lossy(&small(set, manifest)?))
}

fn config_failed(file: &str, source: FoundVmError) -> LocalError {
    LocalError::Config { file: file.to_owned(), source }
}

/// Opens the disks that a description names. Sizes are those of the disks themselves.
fn build(
    set: &dyn FileSet,
    (path, name): (&Path, &str),
    found: FoundVm,
) -> Result<LocalSource, LocalError> {
    let FoundVm { mut hardware, disks, left_out, nvram, suspended } = found;
    if disks.is_empty() {
        return Err(LocalError::NoDisk { file: name.to_owned() });
    }
    let mut opened = Vec::with_capacity(disks.len());
    for (FoundDisk { key, label, file, .. }, shape) in disks.into_iter().zip(&mut hardware.disks) {
        let bytes: Box<dyn DiskReader> = match file {
            Some(file) => Box::new(open_disk(set, &file)?),
            None => Box::new(Blank(ByteLen::new(shape.capacity_bytes))),
        };
        shape.capacity_bytes = bytes.capacity().get();
        opened.push(LocalDisk { key: key.get(), label, bytes });
    }
    if hardware.name.trim().is_empty() {
        hardware.name = stem(path);
    }
    let mut notes = Vec::new();
    if suspended.is_some() {
        notes.push(RunEvent::WasSuspended);
    }
    let nvram = nvram.and_then(|file| match small(set, &file) {
        Ok(bytes) => Some(bytes).filter(|bytes| !bytes.is_empty()),
        // A VM that was never powered on has none.
        Err(LocalError::File(FileSetError::Missing { .. })) => None,
        Err(error) => {
            notes.push(RunEvent::FileLeftOut { file, reason: causes(&error) });
            None
        }
    });
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let vm = VmIdentity {
        name: hardware.name.clone(),
        instance_uuid: some(&hardware.instance_uuid).or_else(|| some(&hardware.uuid)),
        bios_uuid: some(&hardware.uuid),
        server_id: None,
        moref: None,
    };
    let left_out = left_out.into_iter().map(|(disk, why)| format!("{disk}: {why}")).collect();
    Ok(LocalSource {
        vm,
        kind: SourceKind::Vm,
        config: Some(SavedConfig { hardware, nvram, ..SavedConfig::default() }),
        disks: opened,
        left_out,
        notes,
        still: Still::default(),
        sums: None,
    })
}

/// Reads a small file.
fn small(set: &dyn FileSet, name: &str) -> Result<Vec<u8>, LocalError> {
    let bytes = set.open("", name)?.bytes;
    let len = bytes.capacity();
    if len.get() > LARGEST {
        return Err(config_failed(name, FoundVmError::NotAVm("it is too long")));
    }
    part(&*bytes, ByteOffset::ZERO, len, name)
}

/// Reads the end of a file, where there is one.
fn end_of(set: &dyn FileSet, name: &str) -> Result<Option<String>, LocalError> {
    let bytes = match set.open("", name) {
        Ok(file) => file.bytes,
        Err(FileSetError::Missing { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let len = bytes.capacity().get().min(LOG_END);
    let at = ByteOffset::new(bytes.capacity().get() - len);
    let end = part(&*bytes, at, ByteLen::new(len), name)?;
    Ok(Some(String::from_utf8_lossy(&end).into_owned()))
}

fn part(
    bytes: &dyn DiskReader,
    at: ByteOffset,
    len: ByteLen,
    name: &str,
) -> Result<Vec<u8>, LocalError> {
    let mut buffer = vec![0; len.as_usize()];
    bytes.read_at(at, &mut buffer).map_err(|e| FileSetError::Unreadable {
        name: name.to_owned(),
        source: std::io::Error::other(e),
    })?;
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VMX: &str = "config.version = \"8\"\nscsi0.present = \"TRUE\"\n\
        scsi0:0.present = \"TRUE\"\nscsi0:0.fileName = \"data/disk.vmdk\"\n";
    const DISK: &str = "CID=1\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n\
        RW 8 FLAT \"disk-flat.vmdk\" 0\n";

    /// A VM whose disk lies in a folder below.
    fn desk() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| {
            fs_err::write(dir.path().join("vm").join(name), bytes).unwrap();
        };
        fs_err::create_dir_all(dir.path().join("vm").join("data")).unwrap();
        put("desk.vmx", VMX.as_bytes());
        put("data/disk.vmdk", DISK.as_bytes());
        put("data/disk-flat.vmdk", &[7; 4096]);
        dir
    }

    fn open(dir: &tempfile::TempDir) -> Result<LocalSource, LocalError> {
        from_vmx(&dir.path().join("vm").join("desk.vmx"))
    }

    fn log(source: &LocalSource) -> Option<&str> {
        source.config.as_ref()?.log.as_deref()
    }

    #[test]
    fn a_log_that_cannot_be_read_ends_nothing_and_is_named() {
        let dir = desk();
        let at = dir.path().join("vm").join(LOG);
        let none = open(&dir).unwrap();
        assert_eq!((log(&none), none.notes.len()), (None, 0));
        fs_err::write(&at, b"the end").unwrap();
        let whole = open(&dir).unwrap();
        assert_eq!((log(&whole), whole.notes.len()), (Some("the end"), 0));
        fs_err::remove_file(&at).unwrap();
        let left_out = || {
            let source = open(&dir).unwrap();
            assert_eq!((log(&source), source.disks.len()), (None, 1));
            let named =
                |note: &RunEvent| matches!(note, RunEvent::FileLeftOut { file, .. } if file == LOG);
            assert!(matches!(source.notes.as_slice(), [note] if named(note)), "{:?}", source.notes);
        };
        fs_err::create_dir(&at).unwrap();
        left_out();
        #[cfg(unix)]
        {
            fs_err::remove_dir(&at).unwrap();
            fs_err::write(dir.path().join("secret"), b"secret").unwrap();
            std::os::unix::fs::symlink(dir.path().join("secret"), &at).unwrap();
            left_out();
        }
    }

    #[test]
    fn a_lock_beside_a_disk_in_a_folder_below_is_seen() {
        let dir = desk();
        let source = open(&dir).unwrap();
        source.check_still().unwrap();
        let lock = dir.path().join("vm").join("data").join("disk.vmdk.lck");
        fs_err::create_dir(&lock).unwrap();
        fs_err::write(lock.join("M1.lck"), b"1").unwrap();
        assert!(matches!(source.check_still(), Err(LocalError::InUse { .. })));
        assert!(matches!(open(&dir), Err(LocalError::InUse { .. })));
    }
}
