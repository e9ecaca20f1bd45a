//! The backup of a VM that is off, without a snapshot: its disks are read as they lie there.
//!
//! The VM must be off from the first byte to the last. That is looked at before, in between and at
//! the end; where it does not hold, there is no recovery point.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use kuramori_block::{ByteLen, ByteOffset, DiskReader, ExtentSet, ReadError};
use kuramori_jobs::Stage;
use kuramori_repo::{
    Consistency, DiskDraft, PointDraft, ReadMode, RecoveryPointId, Session, SessionOptions,
    SourceKind,
};
use kuramori_vdisk::chain::DiskChain;
use kuramori_vsphere::transport::{DatastoreFile, DatastoreHttp, DatastoreHttpError};
use kuramori_vsphere::{DiskConfig, PowerStamp, PowerState};

use crate::TOOL_VERSION;
use crate::backup::{VmBackup, Warnings, causes, clear_leftovers, identity, panic_text};
use crate::budget::Turn;
use crate::config_files;
use crate::disk::turn;
use crate::error::EngineError;
use crate::files::merged;
use crate::guards::pause;
use crate::observer::Step;
use crate::pipeline::{self, PipelineError, Watch};
use crate::plan::WholeReason;
use crate::policy::Cold;
use crate::power::PowerGuard;
use crate::report::{Mode, RunEvent};
use crate::ways::Way;

/// How often it is looked at while bytes are read whether the VM is still off.
const LOOK_EVERY: TimeDelta = TimeDelta::seconds(10);

/// A VM that is off.
struct Off {
    stamp: PowerStamp,
    since: DateTime<Utc>,
    consistency: Consistency,
}

/// What a copy begins with.
struct Start<'a> {
    at: DateTime<Utc>,
    not_included: Vec<String>,
    /// The right to read from the host and the datastores of all disks.
    turn: Turn<'a>,
}

/// What shows that the files of a disk are what they were: lengths and numbers of their contents.
type Look = (Vec<ByteLen>, Vec<u32>);

/// Copies the VM. It is switched on again before this returns if it was shut down for that.
pub(crate) fn run(
    job: &VmBackup<'_>,
    cold: Cold,
    warnings: &mut Warnings<'_>,
) -> Result<RecoveryPointId, EngineError> {
    job.observer.stage(Stage::Check);
    let at = job.clock.now();
    let start = check(job, at, warnings)?;
    let options = SessionOptions {
        writer: job.writer,
        progress: job.progress.clone(),
        cancel: job.cancel.clone(),
    };
    // Before the guest is shut down: a repository that is away or full must not cost it anything.
    let session = job.repository.begin(options, job.clock.clone())?;
    clear_leftovers(job, |_| true, warnings)?;
    let mut guard = PowerGuard::new(job, cold);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let off = switch_off(job, cold, &mut guard, warnings)?;
        job.observer.step(Step::SwitchedOff);
        save(job, session, &off, start, warnings)
    }));
    job.observer.stage(Stage::Remove);
    guard.release(warnings);
    ended.unwrap_or_else(|panic| Err(EngineError::Panicked(panic_text(&*panic))))
}

/// Looks at the VM before anything is done to it, and waits for the right to read all its disks: a
/// VM that is shut down first and then waits for others is off for nothing.
fn check<'a>(
    job: &VmBackup<'a>,
    at: DateTime<Utc>,
    warnings: &mut Warnings<'_>,
) -> Result<Start<'a>, EngineError> {
    let summary = job.wait(job.client.vm(job.vm)).map_err(EngineError::Check)?;
    if let Some(obstacle) = summary.cold_obstacle() {
        return Err(EngineError::NotSupported(obstacle));
    }
    let (mut not_included, mut disks) = (Vec::new(), Vec::new());
    for disk in &summary.disks {
        if let Some(obstacle) = disk.cold_obstacle() {
            let reason = obstacle.to_string();
            not_included.push(format!("{}: {reason}", disk.label));
            warnings.warn(RunEvent::LeftOut { disk: disk.label.clone(), reason });
        } else {
            disks.push(disk);
        }
    }
    let capacity = disks.iter().map(|disk| disk.capacity.get()).sum();
    let count = u32::try_from(disks.len()).unwrap_or(u32::MAX);
    warnings.info(RunEvent::Checked { disks: count, capacity });
    job.cancel.check()?;
    let turn = turn(job, summary.host.as_ref(), &disks, warnings)?;
    Ok(Start { at, not_included, turn })
}

/// Sees to it that the VM is off, as far as it may.
fn switch_off(
    job: &VmBackup<'_>,
    cold: Cold,
    guard: &mut PowerGuard<'_>,
    warnings: &mut Warnings<'_>,
) -> Result<Off, EngineError> {
    let mut stamp = look(job)?;
    let mut consistency = Consistency::Crash;
    match stamp.power {
        PowerState::On if !cold.shut_down => return Err(EngineError::Runs),
        PowerState::On => {
            guard.write_intent()?;
            job.observer.step(Step::ShuttingDown);
            warnings.info(RunEvent::ShuttingDown);
            guard.shut_down()?;
            stamp = wait_until_off(job, cold)?;
            guard.is_off();
            // A guest that shut down by itself has written everything it had.
            consistency = Consistency::Application;
        }
        PowerState::Suspended => warnings.note(RunEvent::WasSuspended),
        PowerState::Off => {}
    }
    warnings.good(RunEvent::SwitchedOff);
    Ok(Off { stamp, since: job.clock.now(), consistency })
}

fn wait_until_off(job: &VmBackup<'_>, cold: Cold) -> Result<PowerStamp, EngineError> {
    let begun = job.clock.now();
    loop {
        let stamp = look(job)?;
        if stamp.power != PowerState::On {
            return Ok(stamp);
        }
        if (job.clock.now() - begun).to_std().is_ok_and(|waited| waited >= cold.patience) {
            return Err(EngineError::StillRuns { minutes: cold.patience.as_secs() / 60 });
        }
        pause(job)?;
    }
}

fn look(job: &VmBackup<'_>) -> Result<PowerStamp, EngineError> {
    job.wait(job.client.power(job.vm)).map_err(EngineError::Check)
}

/// Checks that the VM was not switched on since.
fn still_off(job: &VmBackup<'_>, off: &PowerStamp) -> Result<(), EngineError> {
    if look(job)? == *off { Ok(()) } else { Err(EngineError::WokeUp) }
}

fn save(
    job: &VmBackup<'_>,
    session: Session,
    off: &Off,
    start: Start<'_>,
    warnings: &mut Warnings<'_>,
) -> Result<RecoveryPointId, EngineError> {
    let config = job.wait(job.client.vm_config(job.vm)).map_err(EngineError::Check)?;
    let mut saved = config_files::save(job, &config, warnings)?;
    job.observer.stage(Stage::Read);
    let http = job.wait(DatastoreHttp::new(job.client)).map_err(EngineError::Check)?;
    match job.wait(http.log_end(job.vm, job.cancel)) {
        Ok(log) => saved.log = log.map(|log| String::from_utf8_lossy(&log).into_owned()),
        Err(DatastoreHttpError::Cancelled(cancelled)) => return Err(cancelled.into()),
        // For people only: nothing is built from it.
        Err(error) => {
            let (file, reason) = ("vmware.log".to_owned(), causes(&error));
            warnings.note(RunEvent::FileLeftOut { file, reason });
        }
    }
    let wanted = config.disks.iter().filter(|disk| disk.cold_obstacle().is_none());
    let wanted: Vec<&DiskConfig> = wanted.collect();
    job.progress.total(wanted.iter().map(|disk| disk.capacity.get()).sum());
    let (mut disks, mut looks) = (Vec::new(), Vec::new());
    for disk in &wanted {
        still_off(job, &off.stamp)?;
        let (draft, look) = save_disk(job, &session, (&http, disk), off, warnings)?;
        disks.push(draft);
        looks.push(look);
    }
    for (disk, before) in wanted.iter().zip(looks) {
        if open(job, &http, disk)?.1 != before {
            return Err(EngineError::WokeUp);
        }
    }
    drop(start.turn);
    job.observer.stage(Stage::Store);
    let stored = disks.iter().map(|d| d.saved.stored_bytes.get()).sum();
    let new = disks.iter().map(|d| d.saved.new_bytes.get()).sum();
    let draft = PointDraft {
        vm: identity(job, &config),
        source: SourceKind::Vm,
        config: serde_json::to_vec(&saved).map_err(EngineError::Config)?,
        disks,
        consistency: off.consistency,
        consistency_note: None,
        snapshot_time: off.since,
        started: start.at,
        warnings: warnings.recorded(),
        not_included: start.not_included,
        tool_version: TOOL_VERSION.to_owned(),
        made_for: job.made_for.cloned(),
        stages: Vec::new(),
    };
    job.cancel.check()?;
    job.observer.step(Step::BeforeCommit);
    still_off(job, &off.stamp)?;
    let point = session.commit(draft)?;
    warnings.good(RunEvent::Committed { point: point.to_string(), new, stored });
    job.observer.step(Step::AfterCommit);
    Ok(point)
}

/// Opens the links of a disk as they lie there.
fn open(
    job: &VmBackup<'_>,
    http: &DatastoreHttp,
    disk: &DiskConfig,
) -> Result<(DiskChain<DatastoreFile>, Look), EngineError> {
    let no_way = |reason: String| EngineError::NoWay {
        disk: disk.label.clone(),
        tried: format!("{}: {reason}", Way::DatastoreHttp.name()),
    };
    let files = job.wait(http.open(disk, job.cancel.clone())).map_err(|error| match error {
        DatastoreHttpError::Cancelled(cancelled) => cancelled.into(),
        error => no_way(causes(&error)),
    })?;
    let lengths = std::iter::once(&files.base).chain(&files.deltas);
    let look = (lengths.map(DiskReader::capacity).collect(), files.contents.clone());
    let chain = merged(files).map_err(|error| no_way(causes(&error)))?;
    Ok((chain, look))
}

fn save_disk(
    job: &VmBackup<'_>,
    session: &Session,
    (http, disk): (&DatastoreHttp, &DiskConfig),
    off: &Off,
    warnings: &mut Warnings<'_>,
) -> Result<(DiskDraft, Look), EngineError> {
    let (inner, look) = match open(job, http, disk) {
        Err(EngineError::NoWay { disk, tried }) => {
            // The link that a running VM writes to is locked.
            still_off(job, &off.stamp)?;
            return Err(EngineError::NoWay { disk, tried });
        }
        other => other?,
    };
    let reason = WholeReason::WholeTransport;
    warnings.info(RunEvent::Reading {
        disk: disk.label.clone(),
        mode: Mode::Whole,
        reason: Some(reason),
        bytes: disk.capacity.get(),
        transport: Way::DatastoreHttp.name().to_owned(),
    });
    let writer = session.disk_writer(disk.capacity, None)?;
    let reader = WhileOff { inner, job, off: &off.stamp, looked: Mutex::new(job.clock.now()) };
    let watch = Watch {
        progress: &*job.progress,
        cancel: job.cancel,
        observer: job.observer,
        throttle: Some(job.throttle),
        clock: &*job.clock,
    };
    let extents = ExtentSet::whole(disk.capacity);
    let chunk = job.repository.chunk_len();
    let copied = pipeline::copy(&reader, &extents, (&writer, chunk), watch);
    let bytes_read = copied.map_err(|source| {
        if let Err(cancelled) = job.cancel.check() {
            return cancelled.into();
        }
        match (&source, still_off(job, &off.stamp)) {
            (PipelineError::Read(_), Err(woke @ EngineError::WokeUp)) => woke,
            _ => EngineError::Read { disk: disk.label.clone(), source },
        }
    })?;
    let draft = DiskDraft {
        key: disk.key.get(),
        label: disk.label.clone(),
        disk_uuid: disk.uuid.clone(),
        // Only that of a snapshot tells what changed since.
        change_id: None,
        read_mode: ReadMode::Whole { reason: reason.code() },
        transport: Way::DatastoreHttp.name().to_owned(),
        bytes_read,
        saved: writer.finish()?,
    };
    Ok((draft, look))
}

/// A disk that is read only while its VM is off.
struct WhileOff<'a> {
    inner: DiskChain<DatastoreFile>,
    job: &'a VmBackup<'a>,
    off: &'a PowerStamp,
    looked: Mutex<DateTime<Utc>>,
}

impl DiskReader for WhileOff<'_> {
    fn capacity(&self) -> ByteLen {
        self.inner.capacity()
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        let now = self.job.clock.now();
        let due = {
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            let due = now - *looked >= LOOK_EVERY;
            if due {
                *looked = now;
            }
            due
        };
        if due {
            still_off(self.job, self.off).map_err(|e| ReadError::source(offset, e))?;
        }
        self.inner.read_at(offset, buf)
    }
}
