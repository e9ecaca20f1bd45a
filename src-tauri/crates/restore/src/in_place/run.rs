//! The exchange itself, step by step.

use std::sync::Arc;

use kuramori_base::{CancelToken, Clock, Progress};
use kuramori_block::ByteLen;
use kuramori_jobs::{IntentId, RunId, RunLog};
use kuramori_repo::{Reader, Repository};
use kuramori_vsphere::{
    Client, DiskAt, DiskConfig, DiskMode, DiskSwap, PowerStamp, PowerState, VmRef,
};

use super::error::{InPlaceError, SafetyPointFailed};
use super::helper::{Load, check, go_on, loads, send, streams};
use super::off::{linger, stop};
use super::promise::{Helper, Journal, Promise, helper_name, open_exchanges, update};
use super::recover::{Settled, ensure_on, settle};
use super::survey::{Consent, InPlacePlan, plan_in_place};
use super::tidy::{let_all_go, take_out};

/// Points in the work where a crash would leave something behind. Tests cut the work off there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InPlaceStep {
    /// The intent is written, nothing was touched.
    Promised,
    /// The VM is off.
    Off,
    /// There is a recovery point to go back to.
    Safe,
    /// A helper with its disks is there.
    Sent,
    /// All disks were read back, and the intent names them.
    Verified,
    /// The helpers' disks are in no VM.
    TakenOut,
    /// The original has the disks of the recovery point.
    Exchanged,
    /// The helpers' shells are gone.
    LetGo,
}

/// What the caller of a restore over the original does for it. Implementations are called on the
/// thread of the restore.
pub trait InPlaceHost: Send + Sync {
    /// Makes a recovery point of the VM as it is now, and returns when it is committed.
    ///
    /// # Errors
    /// When there is none; nothing is exchanged then.
    fn safety_point(&self, vm: &VmRef) -> Result<(), SafetyPointFailed>;

    /// A disk was sent, and the server does not let it be read back.
    fn not_read_back(&self, disk: &str, reason: &str);

    /// What is left on the server could not be put in order; it is tried again.
    fn left(&self, reason: &InPlaceError);

    /// Disks that were sent for an exchange that did not take place may still lie there.
    fn kept(&self, files: &[String]);

    /// A small file of a helper stays, or some may in that folder. Nothing depends on them.
    fn small_left(&self, file: &str, reason: &InPlaceError);

    /// The work reached a named step.
    fn step(&self, _step: InPlaceStep) {}
}

/// What to restore over what, and with what.
pub struct InPlace<'a> {
    /// The server.
    pub client: &'a Client,
    /// Our id of the server, for the intent.
    pub server_id: &'a str,
    /// Where the recovery point lies.
    pub repository: &'a Repository,
    /// The recovery point.
    pub point: &'a Reader,
    /// The run this belongs to.
    pub run: RunId,
    /// Takes the intent.
    pub log: &'a RunLog,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What may be done to the VM if it runs.
    pub consent: Consent,
    /// Whether it is switched on at the end, if it ran.
    pub turn_on: bool,
    /// Hears of bytes.
    pub progress: Arc<dyn Progress>,
    /// Stops the work.
    pub cancel: &'a CancelToken,
    /// Does what the restore cannot.
    pub host: &'a dyn InPlaceHost,
}

/// A VM that has the disks of a recovery point.
#[derive(Clone, Debug)]
pub struct RestoredInPlace {
    /// Its name.
    pub name: String,
    /// Files of the disks it has from the recovery point now.
    pub new_files: Vec<String>,
    /// Files of the disks it had. They stay until somebody deletes them.
    pub old_files: Vec<String>,
    /// Disks of it that the recovery point does not have. They are still in it.
    pub untouched: Vec<String>,
    /// Whether it runs.
    pub on: bool,
}

/// Puts the disks of a recovery point into the VM it was made of. Blocks; call it on a thread
/// outside the runtime.
///
/// # Errors
/// [`InPlaceError`]; the original has the disks it had, and runs if it ran. When that could not be
/// seen to, [`InPlaceHost::left`] hears of it, and the intent stays for [`super::settle_exchange`].
///
/// # Cancellation
/// Looked at up to the exchange; what was begun is taken back.
pub fn restore_in_place(job: &InPlace<'_>) -> Result<RestoredInPlace, InPlaceError> {
    let manifest = job.point.manifest();
    let plan = plan_in_place(job.client, job.repository, manifest, job.consent)?;
    let owed = settle_open(job, &plan)?;
    // What was settled may have been switched on.
    let plan = plan_in_place(job.client, job.repository, manifest, job.consent)?;
    if let Some(problem) = plan.problems.into_iter().next() {
        return Err(problem);
    }
    let plan = InPlacePlan { problems: Vec::new(), ..plan };
    go_on(job.cancel)?;
    let intent = IntentId::random();
    let loads = loads(&plan);
    let was_on = plan.power == PowerState::On || !owed.is_empty();
    let helpers = (0..loads.len()).map(|n| Helper {
        name: helper_name(&plan.name, intent, n + 1),
        disks: Vec::new(),
        files: None,
    });
    let mut promise = Promise {
        server_id: job.server_id.to_owned(),
        vm: plan.vm.clone(),
        instance_uuid: plan.instance_uuid.clone(),
        name: plan.name.clone(),
        before: plan.before(),
        stopping: false,
        was_on,
        turn_on: was_on && job.turn_on,
        sending: false,
        helpers: helpers.collect(),
    };
    let journal = Journal::begin(job.log, job.run, intent, &promise)?;
    // Switching it on is this restore's from here on.
    for (id, open) in owed {
        update(job.log, id, &Promise { was_on: false, ..open })?;
    }
    let on = match work(job, &plan, &loads, &journal, &mut promise) {
        Ok(()) => {
            // Trying the clean-up once more at the next start does no harm.
            if let Err(error) = job.log.clear_intent(intent) {
                job.host.left(&error.into());
            }
            promise.turn_on
        }
        Err(error) => put_in_order(job, intent, &promise, error)?,
    };
    let new_files = promise.files().into_iter().map(str::to_owned).collect();
    let InPlacePlan { name, old_files, untouched, .. } = plan;
    Ok(RestoredInPlace { name, new_files, old_files, untouched, on })
}

/// Puts in order what earlier restores over the same VM left: no later look could tell whose disks
/// it has. Returns those that still owe the VM to be switched on.
fn settle_open(
    job: &InPlace<'_>,
    plan: &InPlacePlan,
) -> Result<Vec<(IntentId, Promise)>, InPlaceError> {
    let mut owed = Vec::new();
    for open in open_exchanges(job.log)? {
        if !open.promise.concerns(job.server_id, &plan.vm, &plan.instance_uuid) {
            continue;
        }
        // This run has the VM to itself.
        let small_left = |file: &str, reason: &InPlaceError| job.host.small_left(file, reason);
        let what = (open.id, &open.promise);
        let settled = settle(job.client, job.log, what, &|| true, &small_left);
        let found = job.client.handle().block_on(settled)?;
        let still_open = found.remember(job.log, open.id)?;
        if let Settled::Kept { files } = &found.settled {
            job.host.kept(files);
        }
        if let Some(left) = found.left {
            return Err(InPlaceError::Unfinished(Box::new(left)));
        }
        if still_open && found.promise.was_on {
            owed.push((open.id, found.promise));
        }
    }
    Ok(owed)
}

/// Takes back what a failed restore began, or ends what it only failed to clean up. Returns whether
/// the VM was switched on, if it has the disks of the recovery point.
fn put_in_order(
    job: &InPlace<'_>,
    intent: IntentId,
    promise: &Promise,
    error: InPlaceError,
) -> Result<bool, InPlaceError> {
    if promise.stopping {
        linger(job, &promise.vm);
    }
    let small_left = |file: &str, reason: &InPlaceError| job.host.small_left(file, reason);
    let settled = settle(job.client, job.log, (intent, promise), &|| true, &small_left);
    let found = match job.client.handle().block_on(settled) {
        Ok(found) => found,
        Err(left) => {
            job.host.left(&left);
            return Err(error);
        }
    };
    if let Err(left) = found.remember(job.log, intent) {
        job.host.left(&left.into());
    }
    if let Some(left) = &found.left {
        job.host.left(left);
    }
    match found.settled {
        Settled::Exchanged => Ok(promise.turn_on && !found.promise.turn_on),
        Settled::Kept { files } => {
            job.host.kept(&files);
            Err(error)
        }
        Settled::Untouched { .. } => Err(error),
    }
}

fn work(
    job: &InPlace<'_>,
    plan: &InPlacePlan,
    loads: &[Load<'_>],
    journal: &Journal<'_>,
    promise: &mut Promise,
) -> Result<(), InPlaceError> {
    job.host.step(InPlaceStep::Promised);
    stop(job, plan, journal, promise)?;
    job.host.step(InPlaceStep::Off);
    job.host.safety_point(&plan.vm)?;
    job.host.step(InPlaceStep::Safe);
    go_on(job.cancel)?;
    // From here on it must stay as it is: what a guest writes now is in no recovery point.
    let off = job.client.handle().block_on(job.client.power(&plan.vm))?;
    if off.power != PowerState::Off {
        return Err(InPlaceError::Changed);
    }
    let vms = fill(job, plan, loads, journal, promise)?;
    go_on(job.cancel)?;
    job.client.handle().block_on(exchange(job, (plan, off), (journal, promise), &vms))
}

/// Sends all disks into helpers and reads them back. Returns the helpers with their disks.
fn fill(
    job: &InPlace<'_>,
    plan: &InPlacePlan,
    loads: &[Load<'_>],
    journal: &Journal<'_>,
    promise: &mut Promise,
) -> Result<Vec<(VmRef, Vec<DiskConfig>)>, InPlaceError> {
    let mut all = Vec::new();
    for load in loads {
        all.push(streams(job, &plan.hardware, load)?);
    }
    let total: ByteLen = all.iter().flatten().map(|s| s.content_length).sum();
    job.progress.total(total.get());
    promise.sending = true;
    journal.update(promise)?;
    let mut vms = Vec::new();
    for ((load, streams), helper) in loads.iter().zip(all).zip(&mut promise.helpers) {
        go_on(job.cancel)?;
        let made = send(job, plan, (journal.intent, &helper.name), load, streams)?;
        let config = job.client.handle().block_on(job.client.vm_config(&made.reference))?;
        helper.disks = check(job, plan, load, &config)?;
        vms.push((made.reference, config.disks));
    }
    journal.update(promise)?;
    job.host.step(InPlaceStep::Verified);
    Ok(vms)
}

/// Gives the original the disks, and lets the helpers go. Not cancelled: half of it is no state to
/// stop in. The server refuses it when the VM is not as it was when it was saved.
async fn exchange(
    job: &InPlace<'_>,
    (plan, off): (&InPlacePlan, PowerStamp),
    (journal, promise): (&Journal<'_>, &mut Promise),
    helpers: &[(VmRef, Vec<DiskConfig>)],
) -> Result<(), InPlaceError> {
    let client = job.client;
    if client.power(&plan.vm).await? != off {
        return Err(InPlaceError::Changed);
    }
    let out = unchanged(plan, client.vm_config(&plan.vm).await?.disks)?;
    for (vm, disks) in helpers {
        take_out(client, vm, disks.clone()).await?;
    }
    job.host.step(InPlaceStep::TakenOut);
    let mut into = Vec::new();
    for disk in promise.helpers.iter().flat_map(|h| &h.disks) {
        let (controller_key, unit) = disk.place;
        let file = disk.file.parse().map_err(|_| InPlaceError::Changed)?;
        let (capacity, mode) = (ByteLen::new(disk.capacity), DiskMode::Persistent);
        into.push(DiskAt { file, controller_key, unit, capacity, mode });
    }
    let version = Some(off.version).filter(|version| !version.is_empty());
    let swap = DiskSwap { out, into, end_tracking: true, version };
    client.swap_disks(&plan.vm, &swap).await.map_err(|error| {
        let concurrent = error.fault().is_some_and(|fault| fault.is("ConcurrentAccess"));
        if concurrent { InPlaceError::Changed } else { error.into() }
    })?;
    job.host.step(InPlaceStep::Exchanged);
    // From here on only `turn_on` says whether it runs.
    promise.was_on = false;
    // The VM comes first: a helper that cannot be removed must not keep it off.
    if promise.turn_on {
        ensure_on(client, &plan.vm).await?;
    }
    let small_left = |file: &str, reason: &InPlaceError| job.host.small_left(file, reason);
    let_all_go(client, job.log, journal.intent, promise, &small_left).await?;
    job.host.step(InPlaceStep::LetGo);
    Ok(())
}

/// Returns the disks that go, as they are now, unless somebody exchanged them since the plan.
fn unchanged(plan: &InPlacePlan, now: Vec<DiskConfig>) -> Result<Vec<DiskConfig>, InPlaceError> {
    let mut out = Vec::new();
    for planned in &plan.disks {
        let place = (planned.controller_key, planned.shape.unit);
        let there = now.iter().find(|d| (d.controller_key, d.unit) == place);
        match (&planned.old, there) {
            (None, None) => {}
            (Some(old), Some(now)) if old.backing.file == now.backing.file => {
                out.push(now.clone());
            }
            _ => return Err(InPlaceError::Changed),
        }
    }
    Ok(out)
}
