//! Changed block tracking of a VM: turned on where it is off, begun anew where it was caught.

use kuramori_repo::{Consistency, Manifest, TrackingDoubt};
use kuramori_vsphere::{ChangeId, ChangeTracking, DiskConfig, VsphereError};

use crate::backup::{VmBackup, Warnings, causes};
use crate::error::EngineError;
use crate::plan::is_same;
use crate::quiet::make_snapshot;
use crate::report::RunEvent;
use crate::snapshot::Guard;

/// A VM with the disks whose changes are recorded.
type Tracked<'a> = (&'a VmBackup<'a>, &'a [DiskConfig]);

/// Sees to it that changes are recorded from the next snapshot on, by a record nobody doubts.
pub(crate) fn prepare(
    job: &VmBackup<'_>,
    disks: &[DiskConfig],
    (doubts, before): (&[TrackingDoubt], Option<&Manifest>),
    warnings: &mut Warnings<'_>,
) -> Result<(), EngineError> {
    if disks.iter().any(|disk| disk.first_class) {
        // With a record of changes the volume could not be attached to another VM any more.
        let reason = "volumes that live without the VM are attached to it (FCD)".to_owned();
        warnings.info(RunEvent::TrackingRefused { reason });
        return Ok(());
    }
    let doubted = |id: &ChangeId| doubts.iter().any(|doubt| doubt.is_of(&id.to_string()));
    if disks.iter().filter_map(|disk| disk.change_id.as_ref()).any(doubted) {
        turn_off((job, disks), RunEvent::TrackingReset, warnings)?;
    } else if before.is_some_and(|before| disks.iter().any(|disk| was_resized(before, disk))) {
        turn_off((job, disks), RunEvent::TrackingResetForSize, warnings)?;
    }
    turn_on((job, disks), warnings)
}

/// Whether a disk has another size than in the recovery point before, and still its record.
fn was_resized(before: &Manifest, disk: &DiskConfig) -> bool {
    let Some(now) = &disk.change_id else { return false };
    let known = before.disks.iter().find(|known| is_same(known, disk));
    let known = known.filter(|known| known.capacity != disk.capacity);
    let since = known.and_then(|known| known.change_id.as_deref()?.parse::<ChangeId>().ok());
    since.is_some_and(|since| since.same_epoch(now))
}

/// Ends a record of changes, so that the next one begins in a new epoch. Where that is refused the
/// disks go on being read whole.
fn turn_off(
    of: Tracked<'_>,
    why: RunEvent,
    warnings: &mut Warnings<'_>,
) -> Result<(), EngineError> {
    let (job, _) = of;
    let answer = job.wait(job.client.disable_change_tracking(job.vm, job.cancel));
    if takes_effect(of, answer, warnings)? {
        warnings.note(why);
    }
    Ok(())
}

/// Turns on changed block tracking where it is off. Without it the backup is merely slower, so a
/// refusal is a warning; only what would refuse the snapshot as well ends the backup.
fn turn_on(of: Tracked<'_>, warnings: &mut Warnings<'_>) -> Result<(), EngineError> {
    let (job, _) = of;
    let answer = job.wait(job.client.enable_change_tracking(job.vm, job.cancel));
    if takes_effect(of, answer, warnings)? {
        warnings.good(RunEvent::TrackingOn);
    }
    Ok(())
}

/// Lets a switch take effect, or says why there was none. Returns whether there was.
fn takes_effect(
    of: Tracked<'_>,
    answer: Result<ChangeTracking, VsphereError>,
    warnings: &mut Warnings<'_>,
) -> Result<bool, EngineError> {
    match answer {
        Ok(ChangeTracking::AlreadyOn) => Ok(false),
        Ok(ChangeTracking::TurnedOn | ChangeTracking::TurnedOff) => {
            stun(of, warnings)?;
            Ok(true)
        }
        Ok(ChangeTracking::SnapshotsInTheWay) => {
            let reason = "the VM has snapshots; it begins once they are removed".to_owned();
            warnings.warn(RunEvent::TrackingRefused { reason });
            Ok(false)
        }
        Ok(ChangeTracking::Unsupported) => {
            let reason = "the VM's virtual hardware does not have it".to_owned();
            warnings.info(RunEvent::TrackingRefused { reason });
            Ok(false)
        }
        Err(error @ (VsphereError::RestrictedVersion { .. } | VsphereError::Cancelled(_))) => {
            Err(EngineError::Check(error))
        }
        Err(error) => {
            warnings.warn(RunEvent::TrackingRefused { reason: causes(&error) });
            Ok(false)
        }
    }
}

/// Both take effect with the next stun of the VM: a snapshot made and removed at once.
fn stun((job, disks): Tracked<'_>, warnings: &mut Warnings<'_>) -> Result<(), EngineError> {
    let guard = Guard::new(job, disks);
    let (snapshot, _) = make_snapshot(job, &guard, Consistency::Crash, warnings)?;
    guard.release(&snapshot, warnings);
    Ok(())
}
