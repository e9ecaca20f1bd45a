//! A disk read from its files, or as one disk: changed or allocated areas, and a look at what should
//! not have changed.

use kuramori_block::{ByteLen, DiskReader};
use kuramori_repo::{DiskWriter, ReadMode, TrackingDoubt};
use kuramori_vdisk::chain::DiskChain;
use kuramori_vdisk::delta::{Delta, DeltaError};
use kuramori_vsphere::DiskConfig;
use kuramori_vsphere::transport::{DatastoreFile, DatastoreHttp, DatastoreHttpError, DiskFiles};

use crate::audit::{self, Audit};
use crate::backup::{VmBackup, Warnings, causes};
use crate::disk::{Delivered, DiskSource, WayError, Work, fatal, transport_failed};
use crate::mounted;
use crate::pipeline;
use crate::plan::{ReadPlan, WholeReason};
use crate::report::{Mode, RunEvent};
use crate::ways::Way;

/// Opens the links of a disk over the datastore browser, or where its datastore is mounted, and
/// reads what the plan says.
pub(crate) fn save(
    work: &Work<'_>,
    source: &DiskSource<'_>,
    way: Way,
    warnings: &mut Warnings<'_>,
) -> Result<Delivered, WayError> {
    let job = work.job;
    let files = open(job, source.disk)?;
    if way == Way::Mounted {
        let reader = mounted::open(job, work.frozen.snapshot, &files)?;
        return read(work, (source, way), &reader, warnings);
    }
    let reader = merged(files).map_err(|e| WayError::Refused(causes(&e)))?;
    read(work, (source, way), &reader, warnings)
}

/// Opens the links of a disk over the datastore browser.
pub(crate) fn open(job: &VmBackup<'_>, disk: &DiskConfig) -> Result<DiskFiles, WayError> {
    let opened = job.wait(async {
        let http = DatastoreHttp::new(job.client).await?;
        http.open(disk, job.cancel.clone()).await
    });
    opened.map_err(|e| match e {
        DatastoreHttpError::Cancelled(e) => WayError::Fatal(e.into()),
        e => WayError::Refused(causes(&e)),
    })
}

/// Reads what the plan says of a disk.
pub(crate) fn read(
    work: &Work<'_>,
    (source, way): (&DiskSource<'_>, Way),
    reader: &dyn DiskReader,
    warnings: &mut Warnings<'_>,
) -> Result<Delivered, WayError> {
    let (job, disk, chunk) = (work.job, source.disk, work.job.repository.chunk_len());
    let (base, mode, read_mode) = match &source.plan {
        ReadPlan::Changed { since, parent_disk } => (
            work.parent.map(|p| (p, *parent_disk)),
            Mode::Changed,
            ReadMode::Changed { since: since.to_string() },
        ),
        ReadPlan::Allocated { reason } => {
            (None, Mode::Allocated, ReadMode::Allocated { reason: reason.code() })
        }
        ReadPlan::Whole { reason } => {
            (None, Mode::Whole, ReadMode::Whole { reason: reason.code() })
        }
    };
    let writer = work.session.disk_writer(disk.capacity, base).map_err(fatal)?;
    let mut audited = ByteLen::ZERO;
    if !matches!(source.plan, ReadPlan::Whole { .. }) {
        let audit = look_again(work, source, reader, &writer)?;
        if audit.wrong > 0 {
            doubt(work, disk, audit, warnings)?;
            let whole = source.whole(WholeReason::ChangesMissing);
            work.watch.progress.redo(0, whole.bytes(chunk).saturating_sub(source.bytes(chunk)));
            return read(work, (&whole, way), reader, warnings);
        }
        audited = audit.read;
        if audit.pieces > 0 {
            let pieces = audit.pieces;
            warnings.info(RunEvent::Audited { disk: disk.label.clone(), pieces });
        }
    }
    warnings.info(RunEvent::Reading {
        disk: disk.label.clone(),
        mode,
        reason: source.reason(),
        bytes: source.bytes(chunk),
        transport: way.name().to_owned(),
    });
    let bytes_read = pipeline::copy(reader, &source.extents, (&writer, chunk), work.watch)
        .map_err(|e| transport_failed(job, disk, e))?;
    let saved = writer.finish().map_err(fatal)?;
    Ok(Delivered { saved, bytes_read: bytes_read + audited, read_mode })
}

/// Reads a sample of what did not change, or is not allocated, by the server's word.
///
/// A recovery point before that is damaged ends the backup: until a check has recorded which bytes
/// are bad, new data would refer to them again, and reading all of the disk would heal nothing.
fn look_again(
    work: &Work<'_>,
    source: &DiskSource<'_>,
    reader: &dyn DiskReader,
    writer: &DiskWriter,
) -> Result<Audit, WayError> {
    let (job, disk, chunk) = (work.job, source.disk, work.job.repository.chunk_len());
    let (per_mille, mut random) = (job.policy.audit_per_mille, fastrand::Rng::new());
    let of = (chunk, disk.capacity);
    let pieces = audit::choose(&source.extents, of, per_mille, &mut random);
    audit::compare(reader, pieces, (writer, chunk), work.watch)
        .map_err(|e| transport_failed(job, disk, e))
}

/// Records for good that the server's record of changes cannot be trusted.
fn doubt(
    work: &Work<'_>,
    disk: &DiskConfig,
    audit: Audit,
    warnings: &mut Warnings<'_>,
) -> Result<(), WayError> {
    let job = work.job;
    let doubt = TrackingDoubt {
        time: job.clock.now(),
        vm: work.frozen.config.hardware.name.clone(),
        disk: disk.label.clone(),
        epoch: disk.change_id.as_ref().map(|id| id.epoch().to_owned()).unwrap_or_default(),
        pieces: audit.pieces,
        wrong: audit.wrong,
    };
    job.repository.doubt_tracking(doubt, job.writer, &*job.clock).map_err(fatal)?;
    let (pieces, wrong) = (audit.pieces, audit.wrong);
    warnings.warn(RunEvent::ChangesMissing { disk: disk.label.clone(), pieces, wrong });
    Ok(())
}

/// Puts the links of a disk together.
pub(crate) fn merged(files: DiskFiles) -> Result<DiskChain<DatastoreFile>, DeltaError> {
    let deltas = files.deltas.into_iter().map(|file| Delta::open(Box::new(file)));
    DiskChain::new(files.base, deltas.collect::<Result<_, _>>()?)
}
