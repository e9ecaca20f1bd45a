//! Our snapshots: the intent before, the removal after, and the clean-up of what a crash left.
//!
//! A snapshot is ours if and only if its description carries the id of an intent of this
//! installation. Nothing else is ever removed. The description names the installation as well, so
//! that its snapshots are found again where the intents were lost.

use chrono::{DateTime, TimeDelta, Utc};
use kuramori_base::{CancelToken, Clock};
use kuramori_jobs::{IntentId, RunId, RunLog};
use kuramori_repo::WriterId;
use kuramori_vsphere::{
    Client, DatastoreRef, DiskConfig, SnapshotNode, SnapshotRef, VmRef, VsphereError,
};
use serde::{Deserialize, Serialize};

use crate::backup::{VmBackup, Warnings, causes};
use crate::budget::{Lane, Turn};
use crate::error::EngineError;
use crate::hot_add::{self, Promise};
use crate::power;
use crate::report::RunEvent;

/// Name of our snapshots, for people who meet one.
pub(crate) const SNAPSHOT_NAME: &str = "Kuramori";
/// After this long no task of a process that is gone can still make a snapshot.
const SETTLED: TimeDelta = TimeDelta::hours(1);
/// No backup takes longer; what is left of it after that is a leftover.
const LONGEST_BACKUP: TimeDelta = TimeDelta::days(3);
/// Marks our intents in the run log.
const TAG: &str = "snapshot";

/// What an intent about a snapshot records.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub(crate) server_id: String,
    pub(crate) vm: VmRef,
}

const BEGINNING: &str = "Made by Kuramori for a backup";

/// What people on the server read. The end names the intent, by which the snapshot is found again.
fn describe(intent: IntentId, run: RunId, writer: WriterId, expires: DateTime<Utc>) -> String {
    let expires = expires.format("%Y-%m-%d %H:%M UTC");
    format!(
        "{BEGINNING} and removed when it ends. Not needed after {expires}. \
         Run {run}. {} {}",
        maker(writer),
        mark(intent)
    )
}

fn maker(writer: WriterId) -> String {
    format!("Installation {}.", writer.to_hex())
}

fn mark(intent: IntentId) -> String {
    format!("Intent {intent}")
}

/// Whether a snapshot was made for a backup by Kuramori, on this computer or another one.
pub fn is_a_backup_snapshot(node: &SnapshotNode) -> bool {
    node.name == SNAPSHOT_NAME && node.description.starts_with(BEGINNING)
}

/// Returns the intent of a snapshot that this installation made.
pub(crate) fn made_by(node: &SnapshotNode, writer: WriterId) -> Option<IntentId> {
    let mine = is_a_backup_snapshot(node) && node.description.contains(&maker(writer));
    let intent = node.description.rsplit(' ').next().filter(|_| mine)?.parse().ok()?;
    is_ours(node, intent).then_some(intent)
}

/// Writes the promise to remove a snapshot that may be on a VM.
pub(crate) fn promise(
    log: &RunLog,
    (intent, run): (IntentId, RunId),
    server_id: &str,
    vm: &VmRef,
) -> Result<(), EngineError> {
    let payload = Intent { server_id: server_id.to_owned(), vm: vm.clone() };
    let payload = serde_json::to_value(payload).map_err(EngineError::Config)?;
    Ok(log.add_intent(intent, run, TAG, &payload)?)
}

fn is_ours(node: &SnapshotNode, intent: IntentId) -> bool {
    node.name == SNAPSHOT_NAME && node.description.ends_with(&mark(intent))
}

/// Sees to it that a snapshot goes away again.
pub(crate) struct Guard<'a> {
    job: &'a VmBackup<'a>,
    intent: IntentId,
    /// The datastores on which no other snapshot may be made or removed meanwhile.
    lanes: Vec<Lane>,
}

impl<'a> Guard<'a> {
    pub(crate) fn new(job: &'a VmBackup<'a>, disks: &[DiskConfig]) -> Self {
        let stores = disks.iter().filter_map(|disk| disk.backing.datastore.as_ref());
        let lane = |store: &DatastoreRef| {
            Lane::Snapshot(job.server_id.to_owned(), store.as_str().to_owned())
        };
        Self { job, intent: IntentId::random(), lanes: stores.map(lane).collect() }
    }

    /// Waits until nobody else makes or removes a snapshot on the datastores of this VM.
    pub(crate) fn turn(&self, warnings: &Warnings<'_>) -> Result<Turn<'a>, EngineError> {
        let told = || warnings.info(RunEvent::WaitingForSnapshots);
        Ok(self.job.budgets.enter(self.lanes.clone(), self.job.cancel, told)?)
    }

    /// Makes the promise durable. The snapshot may be made only after this returned.
    pub(crate) fn write_intent(&self) -> Result<(), EngineError> {
        promise(self.job.log, (self.intent, self.job.run), self.job.server_id, self.job.vm)
    }

    pub(crate) fn description(&self) -> String {
        let expires = self.job.clock.now() + LONGEST_BACKUP;
        describe(self.intent, self.job.run, self.job.writer, expires)
    }

    /// Removes the snapshot and forgets the intent. A failure is a visible warning, and the
    /// intent stays.
    pub(crate) fn release(&self, snapshot: &SnapshotRef, warnings: &mut Warnings<'_>) {
        let (client, vm) = (self.job.client, self.job.vm);
        // Before those who want to make one: a snapshot that waits to be removed grows.
        let _turn = self.job.budgets.enter_first(self.lanes.clone());
        // A try that failed before may have left one as well.
        let removed = self.job.wait(async {
            let (log, clock) = (self.job.log, &*self.job.clock);
            // What still hangs on our own VM goes first: a link that is read is not merged.
            hot_add::detach_all(client, log, (self.job.server_id, vm), clock, &|| true).await?;
            let removed = async {
                let consolidated = remove(client, vm, snapshot).await?;
                sweep(client, vm, self.intent).await?;
                Ok(consolidated)
            };
            removed.await.map_err(EngineError::Snapshot)
        });
        match removed {
            Ok(consolidated) => {
                warnings.good(RunEvent::SnapshotRemoved);
                if consolidated {
                    warnings.warn(RunEvent::Consolidated);
                }
                self.forget(warnings);
            }
            Err(e) => warnings.warn(RunEvent::SnapshotLeft { reason: causes(&e) }),
        }
    }

    /// Removes the snapshot if the server made one although the call failed. Unless that is
    /// `settled` the server may still be at work, so the intent stays for a later look.
    pub(crate) fn release_unknown(&self, settled: bool, warnings: &mut Warnings<'_>) {
        let swept = self.job.wait(sweep(self.job.client, self.job.vm, self.intent));
        match swept {
            Ok(0) if !settled => {}
            Ok(0) => self.forget(warnings),
            Ok(_) => {
                warnings.good(RunEvent::SnapshotRemoved);
                self.forget(warnings);
            }
            Err(e) => warnings.warn(RunEvent::SnapshotLeft { reason: causes(&e) }),
        }
    }

    fn forget(&self, warnings: &mut Warnings<'_>) {
        // Trying the clean-up once more at the next start does no harm.
        if let Err(e) = self.job.log.clear_intent(self.intent) {
            warnings.warn(RunEvent::SnapshotLeft { reason: causes(&e) });
        }
    }
}

/// Removes a snapshot and merges what the server could not merge. Returns whether it had to.
async fn remove(client: &Client, vm: &VmRef, snapshot: &SnapshotRef) -> Result<bool, VsphereError> {
    // Never cancelled: a snapshot that stays is worse than a wait.
    let never = CancelToken::new();
    match client.remove_snapshot(snapshot, &|_| {}, &never).await {
        Ok(()) | Err(VsphereError::NotFound { .. }) => {}
        Err(e) => return Err(e),
    }
    let pending = client.consolidation_needed(vm).await?;
    if pending {
        client.consolidate(vm, &|_| {}, &never).await?;
    }
    Ok(pending)
}

/// Removes every snapshot of the VM that carries the intent. Returns how many there were.
async fn sweep(client: &Client, vm: &VmRef, intent: IntentId) -> Result<usize, VsphereError> {
    let nodes = match client.snapshots(vm).await {
        Ok(nodes) => nodes,
        // The VM is gone, and its snapshots with it.
        Err(VsphereError::NotFound { .. }) => return Ok(0),
        Err(e) => return Err(e),
    };
    let mut removed = 0;
    for node in nodes.iter().filter(|n| is_ours(n, intent)) {
        remove(client, vm, &node.reference).await?;
        removed += 1;
    }
    Ok(removed)
}

/// An intent that a crash left open.
#[derive(Clone, Debug)]
pub struct OpenIntent {
    /// The run it was made in.
    pub run: RunId,
    /// Our id of the server where the snapshot, or the attached disk, may be.
    pub server_id: String,
    /// Its id.
    pub id: IntentId,
    vm: VmRef,
    made_at: DateTime<Utc>,
    kind: Kind,
}

/// What an intent is about.
#[derive(Clone, Debug)]
enum Kind {
    /// A snapshot that has to go.
    Snapshot,
    /// A VM that has to run again.
    Power,
    /// A disk that has to be detached from the VM of this computer.
    HotAdd(Box<Promise>),
}

impl OpenIntent {
    /// Returns whether the snapshot, or the attached disk, would be of this VM.
    pub fn is_about(&self, server_id: &str, vm: &VmRef) -> bool {
        self.server_id == server_id && self.vm == *vm
    }

    /// Returns what to tell once it was cleaned up after.
    pub fn done(&self) -> RunEvent {
        match self.kind {
            Kind::Snapshot => RunEvent::OrphanRemoved,
            Kind::Power => RunEvent::SwitchedOn,
            Kind::HotAdd(_) => RunEvent::LeftoverDetached,
        }
    }

    /// Returns what to tell when that failed.
    pub fn left(&self, reason: String) -> RunEvent {
        match self.kind {
            Kind::Snapshot => RunEvent::SnapshotLeft { reason },
            Kind::Power => RunEvent::NotSwitchedOn { reason },
            Kind::HotAdd(_) => RunEvent::StillAttached { reason },
        }
    }

    /// Returns whether it is about a snapshot or what reads it, and not about a VM that has to run
    /// again.
    pub(crate) fn is_snapshot(&self) -> bool {
        !matches!(self.kind, Kind::Power)
    }

    /// Returns whether it is about a disk that may hang on the VM of this computer.
    pub(crate) fn is_hot_add(&self) -> bool {
        matches!(self.kind, Kind::HotAdd(_))
    }

    pub(crate) fn made_at(&self) -> DateTime<Utc> {
        self.made_at
    }

    /// Returns the VM the snapshot or the attached disk would be of, in its server's words.
    pub fn vm(&self) -> &VmRef {
        &self.vm
    }
}

/// Returns the intents of this crate that are still open: first those about attached disks, which
/// have to go before their snapshots.
///
/// # Errors
/// When the run log cannot be read.
pub fn open_intents(log: &RunLog) -> Result<Vec<OpenIntent>, EngineError> {
    let mut open = Vec::new();
    let ours = |tag: &str| [TAG, power::TAG, hot_add::TAG].contains(&tag);
    for intent in log.intents()?.into_iter().filter(|i| ours(&i.tag)) {
        let (kind, server_id, vm) = if intent.tag == hot_add::TAG {
            let promise: Promise = match serde_json::from_value(intent.payload) {
                Ok(promise) => promise,
                // It keeps the snapshots of its VM, and nothing of others.
                Err(error) => {
                    tracing::error!(%error, intent = %intent.id, "an intent cannot be read");
                    continue;
                }
            };
            let (server_id, vm) = (promise.server_id.clone(), promise.vm.clone());
            (Kind::HotAdd(Box::new(promise)), server_id, vm)
        } else {
            let Intent { server_id, vm } = match serde_json::from_value(intent.payload) {
                Ok(read) => read,
                // It keeps nothing of the others from being cleaned up.
                Err(error) => {
                    tracing::error!(%error, intent = %intent.id, "an intent cannot be read");
                    continue;
                }
            };
            let kind = if intent.tag == power::TAG { Kind::Power } else { Kind::Snapshot };
            (kind, server_id, vm)
        };
        open.push(OpenIntent {
            run: intent.run,
            server_id,
            id: intent.id,
            vm,
            made_at: intent.made_at,
            kind,
        });
    }
    open.sort_by_key(|intent| !matches!(intent.kind, Kind::HotAdd(_)));
    Ok(open)
}

/// Cleans up after one intent: removes the snapshot that carries it, and no other, switches the VM
/// on again, or detaches the disk, then forgets the intent. Returns whether there was anything to
/// do. A snapshot stays while a disk of it could not be detached.
///
/// An intent without a snapshot is kept while it is young: the server may still be at work on
/// what a process that is gone asked for. `free` is asked right before a VM is switched on or a disk detached; when a
/// run has taken the VM meanwhile the intent stays, and nothing is done.
///
/// # Errors
/// When the server cannot be asked or refuses; the intent then stays.
pub async fn recover(
    client: &Client,
    log: &RunLog,
    intent: &OpenIntent,
    clock: &dyn Clock,
    free: &(dyn Fn() -> bool + Sync),
) -> Result<bool, EngineError> {
    match &intent.kind {
        Kind::Power => return power::recover(client, log, intent, clock, free).await,
        Kind::HotAdd(promise) => {
            let of = (intent.id, intent.made_at, &**promise);
            return hot_add::recover(client, log, of, clock, free).await;
        }
        Kind::Snapshot => {}
    }
    let of = (intent.server_id.as_str(), &intent.vm);
    hot_add::detach_all(client, log, of, clock, free).await?;
    if !free() {
        // That run reads through a snapshot just now, and may have attached its disks.
        return Ok(false);
    }
    let removed = sweep(client, &intent.vm, intent.id).await.map_err(EngineError::Snapshot)?;
    if removed > 0 || clock.now() - intent.made_at > SETTLED {
        log.clear_intent(intent.id)?;
    }
    Ok(removed > 0)
}
