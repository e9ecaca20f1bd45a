//! Changed block tracking of a VM: turned on where it is off, begun anew where it was caught.

use kuramori_repo::{Consistency, TrackingDoubt};
use kuramori_vsphere::{ChangeId, ChangeTracking, DiskConfig, VsphereError};

use crate::backup::{VmBackup, Warnings, causes};
use crate::error::EngineError;
use crate::quiet::make_snapshot;
use crate::report::RunEvent;
use crate::snapshot::Guard;

/// Sees to it that changes are recorded from the next snapshot on, by a record nobody doubts.
pub(crate) fn prepare(
    job: &VmBackup<'_>,
    disks: &[DiskConfig],
    doubts: &[TrackingDoubt],
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
        turn_off(job, warnings)?;
    }
    turn_on(job, warnings)
}

/// Ends a record of changes, so that the next one begins in a new epoch. Where that is refused the
/// disks go on being read whole.
fn turn_off(job: &VmBackup<'_>, warnings: &mut Warnings<'_>) -> Result<(), EngineError> {
    match job.wait(job.client.disable_change_tracking(job.vm, job.cancel)) {
        Ok(ChangeTracking::TurnedOff) => {
            stun(job, warnings)?;
            warnings.note(RunEvent::TrackingReset);
            Ok(())
        }
        Ok(other) => {
            refused(other, warnings);
            Ok(())
        }
        Err(error) => failed(error, warnings),
    }
}

/// Turns on changed block tracking where it is off. Without it the backup is merely slower, so a
/// refusal is a warning; only what would refuse the snapshot as well ends the backup.
fn turn_on(job: &VmBackup<'_>, warnings: &mut Warnings<'_>) -> Result<(), EngineError> {
    match job.wait(job.client.enable_change_tracking(job.vm, job.cancel)) {
        Ok(ChangeTracking::AlreadyOn) => Ok(()),
        Ok(ChangeTracking::TurnedOn) => {
            stun(job, warnings)?;
            warnings.good(RunEvent::TrackingOn);
            Ok(())
        }
        Ok(other) => {
            refused(other, warnings);
            Ok(())
        }
        Err(error) => failed(error, warnings),
    }
}

/// Both take effect with the next stun of the VM: a snapshot made and removed at once.
fn stun(job: &VmBackup<'_>, warnings: &mut Warnings<'_>) -> Result<(), EngineError> {
    let guard = Guard::new(job);
    let (snapshot, _) = make_snapshot(job, &guard, Consistency::Crash, warnings)?;
    guard.release(&snapshot, warnings);
    Ok(())
}

fn refused(answer: ChangeTracking, warnings: &mut Warnings<'_>) {
    match answer {
        ChangeTracking::SnapshotsInTheWay => {
            let reason = "the VM has snapshots; it begins once they are removed".to_owned();
            warnings.warn(RunEvent::TrackingRefused { reason });
        }
        ChangeTracking::Unsupported => {
            let reason = "the VM's virtual hardware does not have it".to_owned();
            warnings.info(RunEvent::TrackingRefused { reason });
        }
        ChangeTracking::AlreadyOn | ChangeTracking::TurnedOn | ChangeTracking::TurnedOff => {}
    }
}

fn failed(error: VsphereError, warnings: &mut Warnings<'_>) -> Result<(), EngineError> {
    if matches!(error, VsphereError::RestrictedVersion { .. } | VsphereError::Cancelled(_)) {
        return Err(EngineError::Check(error));
    }
    warnings.warn(RunEvent::TrackingRefused { reason: causes(&error) });
    Ok(())
}
