//! One VM from plan to release.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use kuramori_base::{CancelToken, Clock, Progress};
use kuramori_jobs::{Level, Outcome, RunId, RunLog, Stage};
use kuramori_repo::{
    Consistency, MadeFor, Manifest, PointDraft, RecoveryPointId, Repository, Session,
    SessionOptions, SourceKind, TrackingDoubt, VmIdentity, WriterId,
};
use kuramori_vsphere::{
    Client, DatastoreSummary, DiskConfig, HostRef, Readiness, SnapshotRef, TrackingBug, VmConfig,
    VmObstacle, VmRef, VmSummary,
};

use crate::TOOL_VERSION;
use crate::budget::Budgets;
use crate::cold;
use crate::config_files;
use crate::disk::Frozen;
use crate::disks::read_disks;
use crate::error::EngineError;
use crate::guards;
use crate::hot_add::{self, HotAdd};
use crate::mounted::Mounts;
use crate::observer::{Observer, Step};
use crate::plan::Parent;
use crate::policy::{LeftOut, Policy};
use crate::quiet;
use crate::report::RunEvent;
use crate::snapshot::{Guard, OpenIntent, open_intents, recover};
use crate::throttle::Throttle;
use crate::tracking;

/// What to back up and with what.
pub struct VmBackup<'a> {
    /// The server.
    pub client: &'a Client,
    /// Our id of the server, for intents and recovery points.
    pub server_id: &'a str,
    /// The VM on that server.
    pub vm: &'a VmRef,
    /// Where to.
    pub repository: &'a Repository,
    /// The installation that writes.
    pub writer: WriterId,
    /// The run this belongs to.
    pub run: RunId,
    /// Takes the intents.
    pub log: &'a RunLog,
    /// What it insists on.
    pub policy: &'a Policy,
    /// What the recovery point is made for.
    pub made_for: Option<&'a MadeFor>,
    /// Holds reading back. Shared by all that read.
    pub throttle: &'a Throttle,
    /// How much is done at once. Shared by all runs.
    pub budgets: &'a Budgets,
    /// Where datastores of the server are mounted on this computer.
    pub mounts: &'a Mounts,
    /// This computer as a VM to which disks can be attached.
    pub hot_add: &'a HotAdd,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Hears of bytes.
    pub progress: Arc<dyn Progress>,
    /// Stops the work.
    pub cancel: &'a CancelToken,
    /// Hears of everything else.
    pub observer: &'a dyn Observer,
}

/// How the backup of a VM ended.
#[derive(Debug)]
pub struct VmReport {
    /// The recovery point, where one was committed.
    pub point: Option<RecoveryPointId>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed or was cancelled.
    pub error: Option<EngineError>,
}

/// Backs up one VM. Blocks; call it on a thread outside the runtime.
///
/// # Cancellation
/// Looked at before each request for bytes. The snapshot is removed before this returns, also
/// after a failure or a panic; when that fails, its intent stays for [`crate::recover`].
pub fn backup_vm(job: &VmBackup<'_>) -> VmReport {
    let mut warnings = Warnings { job, any: false, recorded: Vec::new() };
    let result = run(job, &mut warnings);
    match result {
        Ok(point) => VmReport {
            point: Some(point),
            outcome: if warnings.any { Outcome::SucceededWithWarnings } else { Outcome::Succeeded },
            error: None,
        },
        Err(error) => VmReport {
            point: None,
            outcome: if error.is_cancelled() { Outcome::Cancelled } else { Outcome::Failed },
            error: Some(error),
        },
    }
}

/// What a part of the work has told.
pub(crate) struct Told {
    any: bool,
    recorded: Vec<RunEvent>,
}

/// Tells events, and remembers those a recovery point has to carry with it.
pub(crate) struct Warnings<'a> {
    job: &'a VmBackup<'a>,
    any: bool,
    recorded: Vec<RunEvent>,
}

impl Warnings<'_> {
    /// Makes one for a part of the work that goes on beside others.
    pub(crate) fn part<'b>(job: &'b VmBackup<'b>) -> Warnings<'b> {
        Warnings { job, any: false, recorded: Vec::new() }
    }

    /// Takes over what a part has told.
    pub(crate) fn join(&mut self, part: Told) {
        self.any |= part.any;
        self.recorded.extend(part.recorded);
    }

    pub(crate) fn told(self) -> Told {
        Told { any: self.any, recorded: self.recorded }
    }

    pub(crate) fn info(&self, event: RunEvent) {
        self.job.observer.event(Level::Info, event);
    }

    /// Returns what the recovery point has to carry with it.
    pub(crate) fn recorded(&self) -> Vec<String> {
        self.recorded.iter().map(RunEvent::record).collect()
    }

    pub(crate) fn good(&self, event: RunEvent) {
        self.job.observer.event(Level::Good, event);
    }

    /// Tells something that is no warning but belongs into the recovery point.
    pub(crate) fn note(&mut self, event: RunEvent) {
        self.recorded.push(event.clone());
        self.info(event);
    }

    /// Tells that a disk is not in the recovery point: what cannot be in it is worth a look, what
    /// somebody chose is not.
    pub(crate) fn leave_out(&mut self, why: LeftOut, disk: &DiskConfig) {
        match why {
            LeftOut::Obstacle(_) => self.warn(why.event(disk)),
            LeftOut::Choice => self.note(why.event(disk)),
        }
    }

    pub(crate) fn warn(&mut self, event: RunEvent) {
        self.any = true;
        self.recorded.push(event.clone());
        self.job.observer.event(Level::Warning, event);
    }
}

impl VmBackup<'_> {
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.client.handle().block_on(work)
    }
}

/// What is known once the VM was looked at.
struct Checked {
    started: DateTime<Utc>,
    ready: Readiness,
    not_included: Vec<String>,
    /// The disks as they are now.
    disks: Vec<DiskConfig>,
    host: Option<HostRef>,
    /// The datastores of the server.
    stores: Vec<DatastoreSummary>,
    /// A published fault of the host's record of changes.
    known_bug: Option<TrackingBug>,
    /// The newest recovery point.
    before: Option<Manifest>,
}

fn run(job: &VmBackup<'_>, warnings: &mut Warnings<'_>) -> Result<RecoveryPointId, EngineError> {
    if let Some(cold) = job.policy.cold {
        return cold::run(job, cold, warnings);
    }
    job.observer.stage(Stage::Check);
    let checked = check(job, warnings)?;
    let options = SessionOptions {
        writer: job.writer,
        progress: job.progress.clone(),
        cancel: job.cancel.clone(),
    };
    // Before the snapshot: a repository that is away or full must not cost the VM anything.
    let session = job.repository.begin(options, job.clock.clone())?;
    // Not VMs that were left off: whoever asked for this backup may need it off.
    clear_leftovers(job, OpenIntent::is_snapshot, warnings)?;
    let doubts = job.repository.tracking_doubts()?;
    job.observer.stage(Stage::Snapshot);
    let known = (doubts.as_slice(), checked.before.as_ref());
    tracking::prepare(job, &checked.disks, known, warnings)?;
    let guard = Guard::new(job, &checked.disks);
    let wanted = quiet::wanted(job.policy, checked.ready.quietness);
    let wanted = guards::quietly(job, wanted, &checked.disks, warnings)?;
    let made = quiet::make_snapshot(job, &guard, wanted, warnings);
    if made.is_err() && wanted != Consistency::Crash {
        // What failed after the freeze may have left the guest frozen.
        guards::after_snapshot(job, checked.ready.heartbeat, warnings);
    }
    let (snapshot, reached) = made?;
    let frozen_at = job.clock.now();
    warnings.good(RunEvent::SnapshotMade);
    job.observer.step(Step::AfterSnapshot);
    let read = catch_unwind(AssertUnwindSafe(|| {
        save(job, session, &snapshot, (&checked, &doubts), (frozen_at, reached), warnings)
    }));
    if wanted != Consistency::Crash {
        guards::after_snapshot(job, checked.ready.heartbeat, warnings);
    }
    job.observer.stage(Stage::Remove);
    job.observer.step(Step::BeforeRemove);
    guard.release(&snapshot, warnings);
    read.unwrap_or_else(|panic| Err(EngineError::Panicked(panic_text(&*panic))))
}

/// Removes what earlier backups of this VM left, as far as that is `wanted`: nobody may do that
/// while a disk is read through it. What cannot be removed stays on record for the guardian.
///
/// # Errors
/// When a disk of this VM hangs on the VM of this computer, or may: no snapshot goes as long as it
/// does, so each run would leave one more.
pub(crate) fn clear_leftovers(
    job: &VmBackup<'_>,
    wanted: impl Fn(&OpenIntent) -> bool,
    warnings: &mut Warnings<'_>,
) -> Result<(), EngineError> {
    let mut hangs = None;
    let open = open_intents(job.log).unwrap_or_else(|error| {
        warnings.warn(RunEvent::SnapshotLeft { reason: causes(&error) });
        Vec::new()
    });
    let ours = |intent: &OpenIntent| intent.is_about(job.server_id, job.vm) && wanted(intent);
    for intent in open.into_iter().filter(ours) {
        // This run has the VM to itself.
        let free = || true;
        match job.wait(recover(job.client, job.log, &intent, &*job.clock, &free)) {
            Ok(true) => warnings.good(intent.done()),
            Ok(false) => {}
            Err(error) => {
                warnings.warn(intent.left(causes(&error)));
                if intent.is_hot_add() {
                    hangs.get_or_insert(error);
                }
            }
        }
    }
    hangs.map_or(Ok(()), Err)
}

/// Looks at the VM before anything is changed.
fn check(job: &VmBackup<'_>, warnings: &mut Warnings<'_>) -> Result<Checked, EngineError> {
    let started = job.clock.now();
    let summary = job.wait(job.client.vm(job.vm)).map_err(EngineError::Check)?;
    if let Some(obstacle) = summary.obstacle() {
        return Err(EngineError::NotSupported(obstacle));
    }
    let mut not_included = Vec::new();
    let (mut disks, mut capacity) = (0, 0);
    for disk in &summary.disks {
        if hot_add::only_visits(job, disk)? {
            continue;
        }
        if let Some(why) = job.policy.leaves_out(disk) {
            not_included.push(why.record(disk));
            warnings.leave_out(why, disk);
        } else {
            disks += 1;
            capacity += disk.capacity.get();
        }
    }
    if disks == 0 {
        return Err(EngineError::NotSupported(VmObstacle::NoSavedDisk));
    }
    warnings.info(RunEvent::Checked { disks, capacity });
    job.cancel.check()?;
    let (ready, stores) = guards::before_snapshot(job, &summary, warnings)?;
    quiet::insist(job.policy, ready.quietness)?;
    let before = job.repository.latest(&identity_of(job, &summary))?;
    let (disks, host) = (summary.disks, summary.host);
    let known_bug = match &host {
        Some(host) => job.wait(job.client.tracking_bug(host)).map_err(EngineError::Check)?,
        None => None,
    };
    Ok(Checked { started, ready, not_included, disks, host, stores, known_bug, before })
}

/// Reads all disks of the snapshot and commits the recovery point.
fn save(
    job: &VmBackup<'_>,
    session: Session,
    snapshot: &SnapshotRef,
    (checked, doubts): (&Checked, &[TrackingDoubt]),
    (frozen_at, consistency): (DateTime<Utc>, Consistency),
    warnings: &mut Warnings<'_>,
) -> Result<RecoveryPointId, EngineError> {
    let config = job.wait(job.client.snapshot_config(snapshot)).map_err(EngineError::Snapshot)?;
    let saved_config = config_files::save(job, &config, warnings)?;
    let vm = identity(job, &config);
    let parent = checked.before.as_ref();
    let lost = match parent {
        Some(parent) => job.repository.lost_disks(parent.id)?,
        None => Vec::new(),
    };
    let known_bug = checked.known_bug.is_some();
    let parent = parent.map(|manifest| Parent { manifest, lost: &lost, doubts, known_bug });
    job.observer.stage(Stage::Read);
    let (host, stores) = (checked.host.as_ref(), checked.stores.as_slice());
    let frozen = Frozen { snapshot, config: &config, host, stores };
    let disks = read_disks(job, &session, frozen, parent, warnings)?;

    job.observer.stage(Stage::Store);
    let config_bytes = serde_json::to_vec(&saved_config).map_err(EngineError::Config)?;
    let stored = disks.iter().map(|d| d.saved.stored_bytes.get()).sum();
    let new = disks.iter().map(|d| d.saved.new_bytes.get()).sum();
    let draft = PointDraft {
        vm,
        source: SourceKind::Vm,
        config: config_bytes,
        disks,
        consistency,
        consistency_note: None,
        snapshot_time: frozen_at,
        started: checked.started,
        warnings: warnings.recorded(),
        not_included: checked.not_included.clone(),
        tool_version: TOOL_VERSION.to_owned(),
        made_for: job.made_for.cloned(),
        stages: Vec::new(),
    };
    job.cancel.check()?;
    job.observer.step(Step::BeforeCommit);
    let point = session.commit(draft)?;
    warnings.good(RunEvent::Committed { point: point.to_string(), new, stored });
    job.observer.step(Step::AfterCommit);
    Ok(point)
}

fn identity_of(job: &VmBackup<'_>, vm: &VmSummary) -> VmIdentity {
    VmIdentity {
        name: vm.name.clone(),
        instance_uuid: vm.instance_uuid.clone(),
        bios_uuid: vm.bios_uuid.clone(),
        server_id: Some(job.server_id.to_owned()),
        moref: Some(job.vm.as_str().to_owned()),
    }
}

pub(crate) fn identity(job: &VmBackup<'_>, config: &VmConfig) -> VmIdentity {
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    VmIdentity {
        name: config.hardware.name.clone(),
        instance_uuid: some(&config.hardware.instance_uuid),
        bios_uuid: some(&config.hardware.uuid),
        server_id: Some(job.server_id.to_owned()),
        moref: Some(job.vm.as_str().to_owned()),
    }
}

/// Writes an error and its causes in one line.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
