//! One disk: which bytes, which way, into the repository.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kuramori_base::{Counters, Progress, WaitedFor};
use kuramori_block::{ByteLen, ExtentSet};
use kuramori_repo::{DiskDraft, Manifest, ReadMode, SavedDisk, Session};
use kuramori_vsphere::{
    CbtError, ChangedSince, DatastoreSummary, DiskConfig, HostRef, SnapshotRef, VmConfig,
};

use crate::backup::{VmBackup, Warnings, causes};
use crate::budget::{Lane, Turn};
use crate::error::EngineError;
use crate::export;
use crate::files;
use crate::hot_add;
use crate::pipeline::{PipelineError, Watch};
use crate::plan::{Parent, ReadPlan, WholeReason, plan_disk};
use crate::report::{Mode, RunEvent};
use crate::ways::{Faster, Way};

/// A disk with the decision which of its bytes to read.
pub(crate) struct DiskSource<'a> {
    pub(crate) disk: &'a DiskConfig,
    pub(crate) plan: ReadPlan,
    pub(crate) extents: ExtentSet,
}

impl<'a> DiskSource<'a> {
    /// Plans a disk and asks the server for the areas the plan needs. An answer that cannot be
    /// used changes the plan, with its reason; it never ends the backup.
    pub(crate) fn plan(
        job: &VmBackup<'_>,
        snapshot: &SnapshotRef,
        disk: &'a DiskConfig,
        parent: Option<Parent<'_>>,
    ) -> Result<Self, EngineError> {
        let query = |since: &ChangedSince| {
            let (vm, key, capacity) = (job.vm, disk.key, disk.capacity);
            job.wait(job.client.query_changed(vm, snapshot, key, since, capacity, job.cancel))
        };
        let mut plan = plan_disk(disk, parent);
        if let (ReadPlan::Changed { parent_disk, .. }, Some(parent)) = (&plan, parent)
            && is_due(job, parent.manifest, *parent_disk)?
        {
            plan = ReadPlan::Whole { reason: WholeReason::Periodic };
        }
        if let ReadPlan::Changed { since, .. } = &plan {
            match query(&ChangedSince::Id(since.clone())) {
                Ok(extents) => return Ok(Self { disk, plan, extents }),
                Err(CbtError::Unusable { reason: why, .. }) => {
                    let reason = WholeReason::from(why);
                    plan = ReadPlan::Allocated { reason };
                }
                Err(CbtError::Call(e)) => return Err(EngineError::Snapshot(e)),
                Err(CbtError::Cancelled(e)) => return Err(e.into()),
            }
        }
        if let ReadPlan::Allocated { reason } = plan {
            match query(&ChangedSince::All) {
                Ok(extents) => return Ok(Self { disk, plan, extents }),
                Err(CbtError::Unusable { reason: why, .. }) => {
                    if reason == WholeReason::First {
                        plan = ReadPlan::Whole { reason: why.into() };
                    } else {
                        plan = ReadPlan::Whole { reason };
                    }
                }
                Err(CbtError::Call(e)) => return Err(EngineError::Snapshot(e)),
                Err(CbtError::Cancelled(e)) => return Err(e.into()),
            }
        }
        Ok(Self { disk, plan, extents: ExtentSet::whole(disk.capacity) })
    }

    /// The same disk, every byte of it.
    pub(crate) fn whole(&self, reason: WholeReason) -> Self {
        let extents = ExtentSet::whole(self.disk.capacity);
        Self { disk: self.disk, plan: ReadPlan::Whole { reason }, extents }
    }

    /// Returns how many bytes will be read, in whole chunks.
    pub(crate) fn bytes(&self, chunk: ByteLen) -> u64 {
        self.extents.aligned(chunk, self.disk.capacity).total().get()
    }

    pub(crate) fn reason(&self) -> Option<WholeReason> {
        match self.plan {
            ReadPlan::Changed { .. } => None,
            ReadPlan::Allocated { reason } | ReadPlan::Whole { reason } => Some(reason),
        }
    }
}

/// Whether a disk was read by changed areas alone for as long as the policy allows.
fn is_due(job: &VmBackup<'_>, parent: &Manifest, disk: usize) -> Result<bool, EngineError> {
    let Some(limit) = job.policy.read_anew_after else { return Ok(false) };
    let Some(before) = parent.disks.get(disk) else { return Ok(false) };
    let last = job.repository.last_read_whole(&parent.vm, before)?;
    Ok(last.is_none_or(|last| job.clock.now() - last >= limit))
}

/// A VM that stands still in its snapshot, and where it lies.
#[derive(Clone, Copy)]
pub(crate) struct Frozen<'a> {
    pub(crate) snapshot: &'a SnapshotRef,
    pub(crate) config: &'a VmConfig,
    pub(crate) host: Option<&'a HostRef>,
    /// The datastores of the server.
    pub(crate) stores: &'a [DatastoreSummary],
}

/// A disk on its way, whichever way that is.
pub(crate) struct Work<'a> {
    pub(crate) job: &'a VmBackup<'a>,
    pub(crate) session: &'a Session,
    pub(crate) frozen: Frozen<'a>,
    pub(crate) parent: Option<&'a Manifest>,
    pub(crate) watch: Watch<'a>,
}

/// What one way delivered.
pub(crate) struct Delivered {
    pub(crate) saved: SavedDisk,
    pub(crate) bytes_read: ByteLen,
    pub(crate) read_mode: ReadMode,
}

/// Why one way did not deliver.
pub(crate) enum WayError {
    /// The way cannot be taken for this disk; the next one is tried.
    Refused(String),
    /// As [`Self::Refused`], and an administrator could change that.
    Hindered(String, Faster),
    /// The backup of the VM ends.
    Fatal(EngineError),
}

impl WayError {
    /// Says what a refusal is about.
    pub(crate) fn about(self, what: &str) -> Self {
        match self {
            Self::Refused(why) => Self::Refused(format!("{what}: {why}")),
            other => other,
        }
    }
}

/// Waits for this disk's turn and reads it into the repository, over the first way that works.
pub(crate) fn save_disk(
    job: &VmBackup<'_>,
    session: &Session,
    frozen: Frozen<'_>,
    source: DiskSource<'_>,
    parent: Option<&Manifest>,
    warnings: &mut Warnings<'_>,
) -> Result<DiskDraft, EngineError> {
    let disk = source.disk;
    let _turn = turn(job, frozen.host, &[disk], warnings)?;
    let (mut tried, mut hints) = (Vec::new(), Vec::new());
    let mut announced = source.bytes(job.repository.chunk_len());
    for way in Way::open_for(job, disk) {
        let progress = Counted::new(&*job.progress);
        let watch = Watch {
            progress: &progress,
            cancel: job.cancel,
            observer: job.observer,
            throttle: Some(job.throttle),
            clock: &*job.clock,
        };
        let work = Work { job, session, frozen, parent, watch };
        let began = job.clock.monotonic();
        let delivered = match way {
            Way::HotAdd => hot_add::save(&work, &source, warnings),
            Way::Mounted | Way::DatastoreHttp => files::save(&work, &source, way, warnings),
            Way::Export => {
                // The stream holds the whole disk, whatever was announced.
                let more = disk.capacity.get().saturating_sub(announced);
                job.progress.redo(0, more);
                announced += more;
                over_export(&work, &source, warnings)
            }
        };
        match delivered {
            Ok(delivered) => {
                let took = job.clock.monotonic().saturating_sub(began);
                warnings.info(RunEvent::DiskRead {
                    disk: disk.label.clone(),
                    transport: way.name().to_owned(),
                    bytes: delivered.bytes_read.get(),
                    millis: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                    faster: Faster::than(way, job, &frozen, disk)
                        .into_iter()
                        .chain(hints)
                        .collect(),
                });
                return Ok(draft(disk, way, delivered));
            }
            Err(refused) => {
                let reason = match refused {
                    WayError::Fatal(e) => return Err(e),
                    WayError::Refused(reason) => reason,
                    WayError::Hindered(reason, hint) => {
                        hints.push(hint);
                        reason
                    }
                };
                tried.push(format!("{}: {reason}", way.name()));
                announced += progress.more.load(Ordering::Relaxed);
                job.progress.redo(progress.done(), 0);
                warnings.note(RunEvent::WayRefused {
                    disk: disk.label.clone(),
                    transport: way.name().to_owned(),
                    reason,
                });
            }
        }
    }
    Err(EngineError::NoWay { disk: disk.label.clone(), tried: tried.join("; ") })
}

fn draft(disk: &DiskConfig, way: Way, delivered: Delivered) -> DiskDraft {
    DiskDraft {
        key: disk.key.get(),
        label: disk.label.clone(),
        disk_uuid: disk.uuid.clone(),
        change_id: disk.change_id.as_ref().map(ToString::to_string),
        read_mode: delivered.read_mode,
        transport: way.name().to_owned(),
        bytes_read: delivered.bytes_read,
        saved: delivered.saved,
    }
}

/// Waits until the host and the datastores of disks have room for one more reader.
pub(crate) fn turn<'a>(
    job: &VmBackup<'a>,
    host: Option<&HostRef>,
    disks: &[&DiskConfig],
    warnings: &Warnings<'_>,
) -> Result<Turn<'a>, EngineError> {
    let server = || job.server_id.to_owned();
    let host = host.map(|host| Lane::Host(server(), host.as_str().to_owned()));
    let stores = disks.iter().filter_map(|disk| disk.backing.datastore.as_ref());
    let stores = stores.map(|store| Lane::Datastore(server(), store.as_str().to_owned()));
    let lanes = host.into_iter().chain(stores).collect();
    let labels: Vec<&str> = disks.iter().map(|disk| disk.label.as_str()).collect();
    let told = || warnings.info(RunEvent::WaitingForTurn { disk: labels.join(", ") });
    Ok(job.budgets.enter(lanes, job.cancel, told)?)
}

fn over_export(
    work: &Work<'_>,
    source: &DiskSource<'_>,
    warnings: &Warnings<'_>,
) -> Result<Delivered, WayError> {
    let (job, disk) = (work.job, source.disk);
    // The stream holds the whole disk, whatever changed.
    let reason = source
        .reason()
        .filter(|_| !matches!(source.plan, ReadPlan::Allocated { .. }))
        .unwrap_or(WholeReason::WholeTransport);
    warnings.info(RunEvent::Reading {
        disk: disk.label.clone(),
        mode: Mode::Whole,
        reason: Some(reason),
        bytes: disk.capacity.get(),
        transport: Way::Export.name().to_owned(),
    });
    let writer = work.session.disk_writer(disk.capacity, None).map_err(fatal)?;
    let snapshot = (work.frozen.snapshot, work.frozen.config);
    let bytes_read = export::copy(job, snapshot, disk, &writer, work.watch)
        .map_err(|e| transport_failed(job, disk, e))?;
    let saved = writer.finish().map_err(fatal)?;
    Ok(Delivered { saved, bytes_read, read_mode: ReadMode::Whole { reason: reason.code() } })
}

/// Passes progress on and remembers what one way has counted as done, to take it back when the
/// next way has to read it again.
struct Counted<'a> {
    inner: &'a dyn Progress,
    done: AtomicU64,
    more: AtomicU64,
}

impl<'a> Counted<'a> {
    fn new(inner: &'a dyn Progress) -> Self {
        Self { inner, done: AtomicU64::new(0), more: AtomicU64::new(0) }
    }

    fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }
}

impl Progress for Counted<'_> {
    fn total(&self, bytes: u64) {
        self.inner.total(bytes);
    }

    fn add(&self, delta: Counters) {
        self.done.fetch_add(delta.done, Ordering::Relaxed);
        self.inner.add(delta);
    }

    fn redo(&self, undone: u64, more: u64) {
        self.more.fetch_add(more, Ordering::Relaxed);
        self.inner.redo(undone, more);
    }

    fn waited(&self, whom: WaitedFor, time: Duration) {
        self.inner.waited(whom, time);
    }
}

/// A source that fails over one way may deliver over the next; a repository that fails will not.
pub(crate) fn transport_failed(
    job: &VmBackup<'_>,
    disk: &DiskConfig,
    error: PipelineError,
) -> WayError {
    if let Err(cancelled) = job.cancel.check() {
        return WayError::Fatal(cancelled.into());
    }
    match error {
        PipelineError::Read(e) => WayError::Refused(causes(&e)),
        source => WayError::Fatal(EngineError::Read { disk: disk.label.clone(), source }),
    }
}

pub(crate) fn fatal(error: kuramori_repo::RepoError) -> WayError {
    WayError::Fatal(EngineError::Repository(error))
}
