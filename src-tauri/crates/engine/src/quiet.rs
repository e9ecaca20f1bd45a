//! Making the snapshot, with a guest as quiet as the policy wishes and the guest allows.

use std::time::Duration;

use kuramori_repo::Consistency;
use kuramori_vsphere::{Quietness, SnapshotRef, SnapshotRequest, VsphereError};

use crate::backup::{VmBackup, Warnings, causes};
use crate::error::EngineError;
use crate::guards::pause;
use crate::observer::Step;
use crate::policy::{Policy, Unmet};
use crate::report::RunEvent;
use crate::snapshot::{Guard, SNAPSHOT_NAME};

/// How often a guest is asked to hold its writes.
const TRIES: usize = 3;

/// What the guest can do, and no more than the policy wishes.
pub(crate) fn wanted(policy: &Policy, can: Quietness) -> Consistency {
    let can = match can {
        Quietness::Application => Consistency::Application,
        Quietness::FileSystem => Consistency::FileSystem,
        Quietness::NothingRuns | Quietness::NoTools => Consistency::Crash,
    };
    if rank(can) < rank(policy.consistency) { can } else { policy.consistency }
}

/// Refuses a backup whose guest cannot be as quiet as the policy insists on. A guest that does not
/// run is as quiet as can be.
pub(crate) fn insist(policy: &Policy, can: Quietness) -> Result<(), EngineError> {
    let less = rank(wanted(policy, can)) < rank(policy.consistency);
    match can {
        Quietness::NoTools if less && policy.unmet == Unmet::Fail => {
            Err(EngineError::NotQuiet("VMware Tools do not run in it".to_owned()))
        }
        Quietness::FileSystem if less && policy.unmet == Unmet::Fail => {
            Err(EngineError::NotQuiet("no application in it can take part".to_owned()))
        }
        _ => Ok(()),
    }
}

fn rank(consistency: Consistency) -> u8 {
    match consistency {
        Consistency::Crash => 0,
        Consistency::FileSystem => 1,
        Consistency::Application => 2,
    }
}

/// Makes the snapshot. Returns how consistent it is.
///
/// A guest that does not hold its writes is asked a few times; then the policy decides. Another
/// task on the VM is waited for.
pub(crate) fn make_snapshot(
    job: &VmBackup<'_>,
    guard: &Guard<'_>,
    wanted: Consistency,
    warnings: &mut Warnings<'_>,
) -> Result<(SnapshotRef, Consistency), EngineError> {
    guard.write_intent()?;
    job.observer.step(Step::BeforeSnapshot);
    ladder(job, guard, wanted, warnings).map_err(|(error, settled)| {
        guard.release_unknown(settled, warnings);
        error
    })
}

/// The error says whether the server certainly makes no snapshot any more.
fn ladder(
    job: &VmBackup<'_>,
    guard: &Guard<'_>,
    wanted: Consistency,
    warnings: &mut Warnings<'_>,
) -> Result<(SnapshotRef, Consistency), (EngineError, bool)> {
    let (mut reached, mut tries) = (wanted, 1);
    let (mut waited, mut told) = (Duration::ZERO, false);
    loop {
        let request = SnapshotRequest {
            name: SNAPSHOT_NAME.to_owned(),
            description: guard.description(),
            quiesce: reached != Consistency::Crash,
        };
        let turn = guard.turn(warnings).map_err(|cancelled| (cancelled, true))?;
        let made = job.wait(job.client.create_snapshot(job.vm, &request, &|_| {}, job.cancel));
        // Not held while something else is waited for.
        drop(turn);
        let error = match made {
            Ok(snapshot) => return Ok((snapshot, reached)),
            Err(error) => error,
        };
        let settled = is_settled(&error);
        let reason = causes(&error);
        if request.quiesce && settled && is_quiesce_fault(&error) {
            match job.policy.unmet {
                _ if tries < TRIES => warnings.info(RunEvent::QuietAgain { reason }),
                Unmet::Proceed => {
                    warnings.warn(RunEvent::NotQuiet { reason });
                    reached = Consistency::Crash;
                    continue;
                }
                Unmet::Fail => return Err((EngineError::NotQuiet(reason), settled)),
            }
            tries += 1;
        } else if is_busy(&error) && waited < job.policy.task_patience {
            waited += job.policy.pause;
            if !std::mem::replace(&mut told, true) {
                warnings.info(RunEvent::WaitingForTask);
            }
        } else {
            return Err((EngineError::Snapshot(error), settled));
        }
        pause(job).map_err(|cancelled| (cancelled, settled))?;
    }
}

/// Only a task that ended or a plain refusal proves that no snapshot will come: after anything
/// else the server may still be at work.
fn is_settled(error: &VsphereError) -> bool {
    matches!(
        error,
        VsphereError::TaskFailed { .. }
            | VsphereError::NoPermission { .. }
            | VsphereError::RestrictedVersion { .. }
    )
}

fn is_quiesce_fault(error: &VsphereError) -> bool {
    error.fault().is_some_and(|f| {
        f.kind.ends_with("QuiesceFault") || f.is("ToolsUnavailable") || f.is("SnapshotFault")
    })
}

fn is_busy(error: &VsphereError) -> bool {
    error.fault().is_some_and(|f| f.is("TaskInProgress"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_gives_what_it_can_and_the_policy_wants() {
        let of = |consistency, unmet, can| {
            let policy = Policy { consistency, unmet, ..Policy::default() };
            (wanted(&policy, can), insist(&policy, can).is_ok())
        };
        use Consistency as C;
        use Quietness as Q;
        assert_eq!(of(C::Application, Unmet::Proceed, Q::Application), (C::Application, true));
        assert_eq!(of(C::Application, Unmet::Proceed, Q::FileSystem), (C::FileSystem, true));
        assert_eq!(of(C::Application, Unmet::Fail, Q::FileSystem), (C::FileSystem, false));
        assert_eq!(of(C::FileSystem, Unmet::Fail, Q::Application), (C::FileSystem, true));
        assert_eq!(of(C::FileSystem, Unmet::Fail, Q::NoTools), (C::Crash, false));
        assert_eq!(of(C::FileSystem, Unmet::Proceed, Q::NoTools), (C::Crash, true));
        assert_eq!(of(C::Application, Unmet::Fail, Q::NothingRuns), (C::Crash, true));
        assert_eq!(of(C::Crash, Unmet::Fail, Q::Application), (C::Crash, true));
    }
}
