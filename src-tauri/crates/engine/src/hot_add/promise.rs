//! The intent about a disk that hangs on the VM of this computer, and what a crash left hanging.
//!
//! A disk is ours if and only if an intent names its file, its UUID and its place, and it keeps no
//! writes. Nothing else is ever detached; and what only resembles it, or may still be about to come,
//! keeps the intent and the snapshot.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kuramori_base::Clock;
use kuramori_jobs::{Intent, IntentId, RunLog};
use kuramori_vsphere::{
    Berth, Client, DatastoreRef, Departure, DiskConfig, Place, Visit, VmRef, VmSummary,
    VsphereError,
};
use serde::{Deserialize, Serialize};

use crate::backup::VmBackup;
use crate::error::EngineError;

/// Marks these intents in the run log.
pub(crate) const TAG: &str = "hot-add";
/// After this long no task of a process that is gone can still attach a disk.
const SETTLED: TimeDelta = TimeDelta::hours(1);
/// How long the clean-up waits for others who change the VM of this computer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether no run has taken the VM whose disk it is.
type Free<'a> = &'a (dyn Fn() -> bool + Sync);

/// What an intent records: a disk of a VM may hang on ours.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Promise {
    pub(crate) server_id: String,
    /// Whose disk it is.
    pub(crate) vm: VmRef,
    /// The VM of this computer.
    own: VmRef,
    /// The frozen link.
    file: String,
    uuid: String,
    /// Its datastore, whatever that will be called.
    #[serde(default)]
    store: Option<DatastoreRef>,
    /// Where it is to hang.
    #[serde(default)]
    place: Option<Place>,
    /// The version of our VM for which it was asked. In another one the server attaches nothing
    /// that was asked for this one.
    #[serde(default)]
    version: Option<String>,
    /// The UUID of our VM's own, by which it is found when it was taken off the list and back.
    #[serde(default)]
    own_uuid: Option<String>,
}

/// What became of an attached disk.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It hung there and was detached.
    Detached,
    /// It does not hang there, and will not.
    Gone,
    /// Nobody knows yet, or something hangs there that may be it.
    Unknown(String),
    /// The server is at work on our VM.
    Busy,
    /// A run has taken the VM meanwhile.
    Taken,
}

impl Promise {
    pub(super) fn new(
        job: &VmBackup<'_>,
        own: &VmSummary,
        disk: &DiskConfig,
        berth: &Berth,
    ) -> Self {
        Self {
            server_id: job.server_id.to_owned(),
            vm: job.vm.clone(),
            own: own.reference.clone(),
            file: disk.backing.file.as_ref().map(ToString::to_string).unwrap_or_default(),
            uuid: disk.uuid.clone().unwrap_or_default(),
            store: disk.backing.datastore.clone(),
            place: Some(berth.place()),
            version: Some(berth.version().to_owned()),
            own_uuid: own.instance_uuid.clone(),
        }
    }

    /// Reads it. `None` for an intent of another kind.
    fn read(intent: &Intent) -> Option<Result<Self, serde_json::Error>> {
        (intent.tag == TAG).then(|| Self::deserialize(&intent.payload))
    }

    pub(super) fn visit(&self) -> Option<Visit> {
        Some(Visit {
            file: self.file.parse().ok()?,
            store: self.store.clone(),
            uuid: self.uuid.clone(),
            place: self.place,
        })
    }

    /// Detaches the disk if it hangs there, and finds out what became of it if not. `refused` says
    /// that the server was not asked to attach it, or did not; `old` that whatever it was asked for
    /// has ended.
    pub(super) async fn end(
        &self,
        client: &Client,
        (refused, old): (bool, bool),
        patience: Duration,
        free: Free<'_>,
    ) -> Result<Ended, VsphereError> {
        match self.end_on(client, &self.own, (refused, old), patience, free).await {
            Err(VsphereError::NotFound { .. }) => {}
            ended => return ended,
        }
        // Taken off the list and back it is the same VM, with the same disks.
        let Some(uuid) = &self.own_uuid else { return Ok(Ended::Gone) };
        let mut all = Ended::Gone;
        for own in client.moved_vm(uuid).await? {
            // What was asked for by the old reference finds nobody.
            match self.end_on(client, &own, (true, old), patience, free).await? {
                Ended::Gone => {}
                ended @ Ended::Detached => all = ended,
                ended => return Ok(ended),
            }
        }
        Ok(all)
    }

    async fn end_on(
        &self,
        client: &Client,
        own: &VmRef,
        (refused, old): (bool, bool),
        patience: Duration,
        free: Free<'_>,
    ) -> Result<Ended, VsphereError> {
        let Some(visit) = self.visit() else {
            return Ok(Ended::Unknown(format!("“{}” is not the path of a file", self.file)));
        };
        // Asked first: what ended before has shown itself by the time the devices are read.
        let busy = client.has_running_task(own).await?;
        Ok(match client.detach(own, &visit, free, patience).await? {
            Departure::Detached => Ended::Detached,
            Departure::Stopped => Ended::Taken,
            Departure::Doubtful(file) => Ended::Unknown(format!("“{file}” may be that disk")),
            Departure::NotThere { .. } if refused => Ended::Gone,
            Departure::NotThere { .. } if busy => Ended::Busy,
            Departure::NotThere { version }
                if old || self.version.as_ref().is_some_and(|asked| *asked != version) =>
            {
                Ended::Gone
            }
            Departure::NotThere { .. } => {
                Ended::Unknown("the server may still be about to attach it".to_owned())
            }
        })
    }
}

/// Detaches a disk that a run cut off by a crash left attached, then forgets the intent. Returns
/// whether it hung there; an error while it may still be about to.
///
/// `free` is asked right before: a run that has taken the VM meanwhile may have attached the same
/// disk once more, and clears up itself.
pub(crate) async fn recover(
    client: &Client,
    log: &RunLog,
    (intent, made_at, promise): (IntentId, DateTime<Utc>, &Promise),
    clock: &dyn Clock,
    free: Free<'_>,
) -> Result<bool, EngineError> {
    let old = clock.now() - made_at > SETTLED;
    let ended = promise.end(client, (false, old), PATIENCE, free).await;
    match ended.map_err(EngineError::Detach)? {
        ended @ (Ended::Detached | Ended::Gone) => {
            log.clear_intent(intent)?;
            Ok(ended == Ended::Detached)
        }
        Ended::Taken => Ok(false),
        Ended::Busy => Err(EngineError::MayHang(BUSY.to_owned())),
        Ended::Unknown(why) => Err(EngineError::MayHang(why)),
    }
}

pub(super) const BUSY: &str = "the server is at work on the VM of this computer";

/// Returns whether a disk of the VM to back up only visits it, because it is the VM of this computer
/// and another run reads the disk there.
pub(crate) fn only_visits(job: &VmBackup<'_>, disk: &DiskConfig) -> Result<bool, EngineError> {
    for intent in job.log.intents()? {
        let promise = match Promise::read(&intent) {
            None => continue,
            Some(Ok(promise)) => promise,
            Some(Err(error)) => {
                // Of no disk of this VM that can be told; the clean-up says so too.
                tracing::warn!(%error, intent = %intent.id, "an intent cannot be read");
                continue;
            }
        };
        let here = promise.server_id == job.server_id && promise.own == *job.vm;
        if here && promise.visit().is_some_and(|visit| visit.is(disk)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is always read of a promise, whoever wrote it.
#[derive(Deserialize)]
struct About {
    server_id: String,
    vm: VmRef,
}

/// Detaches whatever disks of a VM hang on the VM of this computer by our doing. Its snapshot may be
/// removed only after this returned: a link that somebody reads is not merged.
pub(crate) async fn detach_all(
    client: &Client,
    log: &RunLog,
    (server_id, vm): (&str, &VmRef),
    clock: &dyn Clock,
    free: Free<'_>,
) -> Result<usize, EngineError> {
    let mut detached = 0;
    for intent in log.intents()?.into_iter().filter(|intent| intent.tag == TAG) {
        let other = |about: About| about.server_id != server_id || about.vm != *vm;
        if About::deserialize(&intent.payload).is_ok_and(other) {
            continue;
        }
        let promise = Promise::deserialize(&intent.payload).map_err(EngineError::Config)?;
        let of = (intent.id, intent.made_at, &promise);
        detached += usize::from(recover(client, log, of, clock, free).await?);
    }
    Ok(detached)
}
