//! What has to hold before a VM gets a snapshot, and after: a backup must not be what fills a
//! datastore, makes a row of links too long, or leaves a guest frozen.

use std::time::Duration;

use kuramori_repo::Consistency;
use kuramori_vsphere::{DatastoreSummary, DiskConfig, Heartbeat, Readiness, VmSummary};

use crate::backup::{VmBackup, Warnings, causes};
use crate::error::{EngineError, Obstacle};
use crate::policy::Unmet;
use crate::report::RunEvent;

/// A datastore with less room than this, or than the share below, gets no snapshot.
const FLOOR_BYTES: u64 = 20 << 30;
const FLOOR_PER_CENT: u64 = 15;
/// Hosts allow 32 snapshots in a row; one more is needed, and one for whoever comes next.
const MOST_SNAPSHOTS: usize = 30;
/// A VM that runs on so many links without a snapshot gets no further one.
const MOST_STRAY_LINKS: usize = 3;

/// Refuses a snapshot that would do harm, and merges what an earlier one left behind. Returns also
/// the datastores of the server.
pub(crate) fn before_snapshot(
    job: &VmBackup<'_>,
    vm: &VmSummary,
    warnings: &mut Warnings<'_>,
) -> Result<(Readiness, Vec<DatastoreSummary>), EngineError> {
    let mut ready = job.wait(job.client.readiness(job.vm)).map_err(EngineError::Check)?;
    if ready.consolidation_needed || ready.stray_links() > 0 {
        match job.wait(job.client.consolidate(job.vm, &|_| {}, job.cancel)) {
            Ok(()) => warnings.note(RunEvent::ConsolidatedFirst),
            Err(error) => {
                job.cancel.check()?;
                warnings.warn(RunEvent::NotConsolidated { reason: causes(&error) });
            }
        }
        ready = job.wait(job.client.readiness(job.vm)).map_err(EngineError::Check)?;
    }
    let stores = job.wait(job.client.datastores()).map_err(EngineError::Check)?;
    let ours = stores.iter().filter(|store| {
        let mut saved = vm.disks.iter().filter(|disk| disk.obstacle().is_none());
        saved.any(|disk| disk.backing.datastore.as_ref() == Some(&store.reference))
    });
    match obstacle(&ready, ours) {
        Some(obstacle) => Err(EngineError::Guard(obstacle)),
        None => Ok((ready, stores)),
    }
}

/// Decides how quiet the guest is asked to be: not at all where leftovers of change tracking can
/// make the snapshot fail after the guest has been held, which would freeze it for good.
pub(crate) fn quietly(
    job: &VmBackup<'_>,
    wanted: Consistency,
    disks: &[DiskConfig],
    warnings: &mut Warnings<'_>,
) -> Result<Consistency, EngineError> {
    if wanted == Consistency::Crash {
        return Ok(wanted);
    }
    let stale = match job.wait(job.client.stale_tracking_files(disks, job.cancel)) {
        Ok(stale) => stale,
        Err(error) => {
            job.cancel.check()?;
            warnings.info(RunEvent::TrackingFilesUnknown { reason: causes(&error) });
            return Ok(wanted);
        }
    };
    let Some(first) = stale.first() else { return Ok(wanted) };
    if job.policy.unmet == Unmet::Fail {
        let why = format!(
            "{first} is left over from change tracking, and a snapshot that fails on it would leave \
             the guest frozen; delete it with the host's datastore browser"
        );
        return Err(EngineError::NotQuiet(why));
    }
    for file in &stale {
        warnings.warn(RunEvent::StaleTrackingFile { file: file.to_string() });
    }
    Ok(Consistency::Crash)
}

fn obstacle<'a>(
    ready: &Readiness,
    mut stores: impl Iterator<Item = &'a DatastoreSummary>,
) -> Option<Obstacle> {
    if ready.stray_links() >= MOST_STRAY_LINKS {
        return Some(Obstacle::StrayLinks { count: ready.stray_links() });
    }
    if ready.snapshots >= MOST_SNAPSHOTS {
        return Some(Obstacle::ManySnapshots { count: ready.snapshots });
    }
    stores.find_map(|store| {
        let (free, size) = (store.free.get(), store.capacity.get());
        let floor = FLOOR_BYTES.min(size / 100 * FLOOR_PER_CENT);
        // A size of 0 says that the server does not know.
        (size > 0 && free < floor).then(|| Obstacle::DatastoreFull {
            datastore: store.name.clone(),
            free,
            floor,
        })
    })
}

/// Sees to it that a guest whose writes were held goes on. `before` is its sign of life before.
///
/// A snapshot that failed after the freeze can leave a guest frozen for good, and nobody else
/// would notice: backups go on well.
pub(crate) fn after_snapshot(job: &VmBackup<'_>, before: Heartbeat, warnings: &mut Warnings<'_>) {
    if before != Heartbeat::Green {
        return;
    }
    let mut waited = Duration::ZERO;
    loop {
        match job.wait(job.client.heartbeat(job.vm)) {
            // Nobody waits any more once it is cancelled; what was seen last counts.
            Ok(Heartbeat::Red | Heartbeat::Yellow)
                if waited < job.policy.thaw_patience && pause(job).is_ok() =>
            {
                waited += job.policy.pause;
            }
            Ok(Heartbeat::Red) => return warnings.warn(RunEvent::GuestSilent),
            Ok(_) => return,
            Err(error) => {
                return warnings.warn(RunEvent::HeartbeatUnknown { reason: causes(&error) });
            }
        }
    }
}

/// Waits for the length of the policy's pause.
pub(crate) fn pause(job: &VmBackup<'_>) -> Result<(), EngineError> {
    pause_for(job, job.policy.pause)
}

/// Waits, and ends at once when the run is cancelled.
pub(crate) fn pause_for(job: &VmBackup<'_>, mut left: Duration) -> Result<(), EngineError> {
    const STEP: Duration = Duration::from_millis(100);
    while !left.is_zero() {
        job.cancel.check()?;
        let step = left.min(STEP);
        std::thread::sleep(step);
        left -= step;
    }
    Ok(job.cancel.check()?)
}

#[cfg(test)]
mod tests {
    use kuramori_block::ByteLen;
    use kuramori_vsphere::{DatastoreRef, Quietness};

    use super::*;

    fn ready(snapshots: usize, links: usize) -> Readiness {
        Readiness {
            snapshots,
            links,
            consolidation_needed: links > snapshots,
            heartbeat: Heartbeat::Green,
            quietness: Quietness::FileSystem,
        }
    }

    fn store(gib: u64, free: u64) -> DatastoreSummary {
        DatastoreSummary {
            reference: DatastoreRef::new("ds"),
            name: "ds".to_owned(),
            kind: "VMFS".to_owned(),
            capacity: ByteLen::new(gib << 30),
            free: ByteLen::new(free << 30),
            accessible: true,
        }
    }

    #[test]
    fn harm_is_foreseen_and_nothing_else_refused() {
        let of = |snapshots, links, stores: &[DatastoreSummary]| {
            obstacle(&ready(snapshots, links), stores.iter())
        };
        assert_eq!(of(0, 0, &[store(1000, 20)]), None, "20 GiB are enough on any datastore");
        assert_eq!(of(0, 0, &[store(100, 15)]), None, "15 per cent on a small one");
        assert_eq!(of(0, 0, &[store(0, 0)]), None, "not known");
        assert_eq!(of(29, 31, &[store(1000, 900)]), None);
        let full = of(0, 0, &[store(1000, 500), store(1000, 19)]);
        assert!(matches!(full, Some(Obstacle::DatastoreFull { .. })), "{full:?}");
        assert_eq!(of(30, 30, &[]), Some(Obstacle::ManySnapshots { count: 30 }));
        assert_eq!(of(1, 4, &[]), Some(Obstacle::StrayLinks { count: 3 }));
    }
}
