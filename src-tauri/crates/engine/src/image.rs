//! Files of this computer as a source: the same pipeline and recovery points as for VMs of a
//! server. A list of changed areas plays the part of changed block tracking.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kuramori_base::{CancelToken, Clock, Progress};
use kuramori_block::{ByteLen, ByteOffset, DiskReader, Extent, ExtentSet, ReadError};
use kuramori_repo::{
    Consistency, DiskDraft, Manifest, PointDraft, ReadMode, RecoveryPointId, RepoError, Repository,
    Session, SessionOptions, VmIdentity, WriterId,
};

use crate::TOOL_VERSION;
use crate::local::{LocalDisk, LocalError, LocalSource};
use crate::observer::Observer;
use crate::pipeline::{self, PipelineError, Watch};
use crate::plan::WholeReason;
use crate::report::RunEvent;

/// Why an image could not be saved.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The file cannot be opened.
    #[error("the image {} cannot be opened", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A line of the list of changed areas makes no sense.
    #[error("line {line} of the changed areas is not “offset length” in bytes: {text}")]
    Areas {
        /// Line, from 1.
        line: usize,
        /// What it says.
        text: String,
    },
    /// An area lies past the end of the image.
    #[error("the area of {len} at {offset} lies past the end of the image of {capacity}")]
    PastEnd {
        /// Where it begins.
        offset: ByteOffset,
        /// How long it is.
        len: ByteLen,
        /// Size of the image.
        capacity: ByteLen,
    },
    /// Changed areas need an earlier recovery point to build on.
    #[error("there is no recovery point of {name} that these changed areas could build on")]
    NoParent {
        /// Name of the image.
        name: String,
    },
    /// A list of changed areas speaks of one disk.
    #[error("a list of changed areas is about one disk, and this VM has another number of them")]
    AreasOfSeveral,
    /// The VM or disk cannot be saved as it lies there.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// The VM's configuration could not be put into the recovery point.
    #[error("the VM's configuration could not be recorded")]
    Config(#[source] serde_json::Error),
    /// The bytes could not be moved.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The repository refused.
    #[error(transparent)]
    Repository(#[from] RepoError),
}

/// A raw disk image in a file. Reads come from several threads and take turns.
pub struct ImageFile {
    file: Mutex<fs_err::File>,
    capacity: ByteLen,
}

impl ImageFile {
    /// Opens an image for reading.
    ///
    /// # Errors
    /// [`ImageError::Open`].
    pub fn open(path: &Path) -> Result<Self, ImageError> {
        let failed = |source| ImageError::Open { path: path.to_owned(), source };
        let mut file = fs_err::File::open(path).map_err(failed)?;
        // Seeking, not metadata: a block device has no length there.
        let capacity = ByteLen::new(file.seek(SeekFrom::End(0)).map_err(failed)?);
        Ok(Self { file: Mutex::new(file), capacity })
    }
}

impl ImageFile {
    fn lock(&self) -> MutexGuard<'_, fs_err::File> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DiskReader for ImageFile {
    fn capacity(&self) -> ByteLen {
        self.capacity
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        self.check_range(offset, buf.len())?;
        let mut file = self.lock();
        file.seek(SeekFrom::Start(offset.get()))
            .and_then(|_| file.read_exact(buf))
            .map_err(|e| ReadError::source(offset, e))
    }

    /// Returns what the file system has of the file: the rest are holes.
    fn allocated(&self) -> Result<Option<ExtentSet>, ReadError> {
        let areas = kuramori_platform::fs::data_areas(self.lock().file())
            .map_err(|e| ReadError::source(ByteOffset::ZERO, e))?;
        let extent = |area: Range<u64>| Extent::new(area.start, area.end - area.start);
        Ok(areas.map(|areas| areas.into_iter().map(extent).collect()))
    }
}

/// Reads a list of changed areas: one `offset length` in bytes a line, `#` begins a comment.
///
/// # Errors
/// [`ImageError::Areas`] names the first bad line.
pub fn parse_areas(text: &str) -> Result<ExtentSet, ImageError> {
    let mut set = ExtentSet::new();
    for (number, full) in (1..).zip(text.lines()) {
        let line = full.split('#').next().unwrap_or_default();
        if line.trim().is_empty() {
            continue;
        }
        let bad = || ImageError::Areas { line: number, text: full.trim().to_owned() };
        let mut fields = line.split_whitespace().map(str::parse::<u64>);
        match (fields.next(), fields.next(), fields.next()) {
            (Some(Ok(offset)), Some(Ok(len)), None) if offset.checked_add(len).is_some() => {
                set.insert(Extent::new(offset, len));
            }
            _ => return Err(bad()),
        }
    }
    Ok(set)
}

/// What to save and how.
pub struct ImageBackup<'a> {
    /// Where to.
    pub repository: &'a Repository,
    /// What.
    pub source: &'a LocalSource,
    /// Name of its recovery points; `None` for the one it brings along.
    pub name: Option<&'a str>,
    /// What changed since the newest recovery point of this name; `None` reads everything.
    pub changed: Option<&'a ExtentSet>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The installation that writes.
    pub writer: WriterId,
    /// Hears of bytes.
    pub progress: Arc<dyn Progress>,
    /// Stops the work.
    pub cancel: &'a CancelToken,
    /// Hears of steps.
    pub observer: &'a dyn Observer,
}

/// Saves a VM or a disk in files as a recovery point.
///
/// # Errors
/// Nothing is listed then; what was stored already is reused by the next try.
///
/// # Cancellation
/// Looked at before each request for bytes.
pub fn backup_image(job: ImageBackup<'_>) -> Result<RecoveryPointId, ImageError> {
    let (started, source) = (job.clock.now(), job.source);
    let mut vm = source.vm.clone();
    if let Some(name) = job.name {
        name.clone_into(&mut vm.name);
    }
    let parent = parent(&job, &vm)?;
    let config = source.config.as_ref().map(serde_json::to_vec).transpose();
    let config = config.map_err(ImageError::Config)?.unwrap_or_default();
    let options = SessionOptions {
        writer: job.writer,
        progress: job.progress.clone(),
        cancel: job.cancel.clone(),
    };
    let session = job.repository.begin(options, job.clock.clone())?;
    let chunk = job.repository.chunk_len();
    let wanted = |disk: &LocalDisk| match job.changed.filter(|_| parent.is_some()) {
        Some(areas) => areas.clone(),
        None => ExtentSet::whole(disk.bytes.capacity()),
    };
    let bytes = |disk: &LocalDisk| wanted(disk).aligned(chunk, disk.bytes.capacity()).total().get();
    // Only told: of files that claim more than there can be, the end of the count will do.
    let total = source.disks.iter().map(bytes).fold(source.bytes_to_verify()?, u64::saturating_add);
    job.progress.total(total);
    source.verify(&*job.progress, job.cancel)?;
    let mut disks = Vec::with_capacity(source.disks.len());
    for disk in &source.disks {
        disks.push(save_disk(&job, &session, disk, (&wanted(disk), parent.as_ref()))?);
    }
    source.check_still()?;
    let draft = PointDraft {
        vm,
        source: source.kind,
        config,
        disks,
        consistency: Consistency::Crash,
        consistency_note: None,
        snapshot_time: started,
        started,
        warnings: source.notes.iter().map(RunEvent::record).collect(),
        not_included: source.left_out.clone(),
        tool_version: TOOL_VERSION.to_owned(),
        made_for: None,
        stages: Vec::new(),
    };
    Ok(session.commit(draft)?)
}

/// Finds the recovery point that changed areas build on.
fn parent(job: &ImageBackup<'_>, vm: &VmIdentity) -> Result<Option<Manifest>, ImageError> {
    let Some(areas) = job.changed else { return Ok(None) };
    let [disk] = job.source.disks.as_slice() else { return Err(ImageError::AreasOfSeveral) };
    check_areas(areas, disk.bytes.capacity())?;
    let found = job.repository.latest(vm)?;
    let found = found.ok_or_else(|| ImageError::NoParent { name: vm.name.clone() })?;
    // A parent that has lost bytes is not built on: reading all of the image heals it.
    Ok(job.repository.lost_disks(found.id)?.is_empty().then_some(found))
}

fn save_disk(
    job: &ImageBackup<'_>,
    session: &Session,
    disk: &LocalDisk,
    (extents, parent): (&ExtentSet, Option<&Manifest>),
) -> Result<DiskDraft, ImageError> {
    let writer = session.disk_writer(disk.bytes.capacity(), parent.map(|parent| (parent, 0)))?;
    let watch = Watch {
        progress: &*job.progress,
        cancel: job.cancel,
        observer: job.observer,
        throttle: None,
        clock: &*job.clock,
    };
    let chunk = job.repository.chunk_len();
    let bytes_read = pipeline::copy(&*disk.bytes, extents, (&writer, chunk), watch)?;
    let read_mode = match parent {
        Some(parent) => ReadMode::Changed { since: parent.id.to_hex() },
        None if job.changed.is_some() => {
            ReadMode::Whole { reason: WholeReason::ParentDamaged.code() }
        }
        None => ReadMode::Whole { reason: "image".to_owned() },
    };
    Ok(DiskDraft {
        key: disk.key,
        label: disk.label.clone(),
        disk_uuid: None,
        change_id: None,
        read_mode,
        transport: "file".to_owned(),
        bytes_read,
        saved: writer.finish()?,
    })
}

fn check_areas(areas: &ExtentSet, capacity: ByteLen) -> Result<(), ImageError> {
    match areas.iter().find(|e| e.end().get() > capacity.get()) {
        Some(e) => Err(ImageError::PastEnd { offset: e.offset, len: e.len, capacity }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_read_and_bad_lines_named() {
        let set = parse_areas("# header\n0 512\n\n4096 10 # tail\n512 512\n").unwrap();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Extent::new(0, 1024), Extent::new(4096, 10)]);
        for bad in ["1", "1 2 3", "a b", "-1 5", "18446744073709551615 2"] {
            let error = parse_areas(&format!("0 1\n{bad}\n")).unwrap_err();
            assert!(matches!(error, ImageError::Areas { line: 2, .. }), "{bad}: {error}");
        }
    }
}
