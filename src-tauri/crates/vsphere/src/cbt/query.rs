use kuramori_base::CancelToken;
use kuramori_block::{ByteLen, ExtentSet};
use serde::{Deserialize, Serialize};

use super::error::CbtError;
use super::walk::{Slice, Walk};
use super::{CbtUnusable, ChangeId};
use crate::client::Client;
use crate::error::VsphereError;
use crate::refs::{SnapshotRef, VmRef};
use crate::xml::Node;
use crate::{DiskKey, SnapshotRequest};

/// Which changes are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangedSince {
    /// All areas in use. Some storage answers with the whole disk.
    All,
    /// Areas that may have changed since an earlier snapshot.
    Id(ChangeId),
}

/// What became of turning on changed block tracking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeTracking {
    /// It was on.
    AlreadyOn,
    /// It is on now, and begins with the next stun of the VM.
    TurnedOn,
    /// It is off now; what was recorded ends with the next stun of the VM.
    TurnedOff,
    /// The VM or its virtual hardware cannot do it.
    Unsupported,
    /// Snapshots exist; it can only begin without any.
    SnapshotsInTheWay,
}

const ACTION: &str = "ask for changed areas";

impl Client {
    /// Returns the areas of a disk that a snapshot holds and that changed since `since`.
    ///
    /// The answer may hold too much, never too little. `disk` and `capacity` come from
    /// the snapshot's own configuration.
    ///
    /// # Errors
    /// [`CbtError::Unusable`] when the disk has to be read whole instead, [`CbtError::Call`] when
    /// the server or the snapshot cannot be used at all.
    ///
    /// # Cancellation
    /// Looked at between two questions; nothing stays behind.
    #[expect(clippy::too_many_arguments, reason = "parts of one question, each of its own type")]
    pub async fn query_changed(
        &self,
        vm: &VmRef,
        snapshot: &SnapshotRef,
        disk: DiskKey,
        since: &ChangedSince,
        capacity: ByteLen,
        cancel: &CancelToken,
    ) -> Result<ExtentSet, CbtError> {
        let change_id = match since {
            ChangedSince::All => "*".to_owned(),
            ChangedSince::Id(id) => id.to_string(),
        };
        let mut walk = Walk::new(capacity);
        while let Some(start) = walk.next_offset() {
            cancel.check()?;
            let reply = self
                .read(ACTION, "QueryChangedDiskAreas", &vm.mo(), |w| {
                    w.mo("snapshot", &snapshot.mo());
                    w.text("deviceKey", disk.get());
                    w.text("startOffset", start);
                    w.text("changeId", &change_id);
                })
                .await?;
            walk.take(&slice(&reply)?)?;
        }
        Ok(walk.finish())
    }

    /// Turns on changed block tracking for a VM, where that is possible.
    ///
    /// It begins with the next stun: see [`Client::stun`]. Snapshots made before that carry no
    /// change ids.
    ///
    /// # Errors
    /// As every call.
    pub async fn enable_change_tracking(
        &self,
        vm: &VmRef,
        cancel: &CancelToken,
    ) -> Result<ChangeTracking, VsphereError> {
        self.set_change_tracking("turn on changed block tracking", vm, true, cancel).await
    }

    /// Turns off changed block tracking for a VM, so that it can begin anew. Ends with the next
    /// stun. `AlreadyOn` is never the answer; one that is off already counts as turned off.
    ///
    /// # Errors
    /// As every call.
    pub async fn disable_change_tracking(
        &self,
        vm: &VmRef,
        cancel: &CancelToken,
    ) -> Result<ChangeTracking, VsphereError> {
        self.set_change_tracking("turn off changed block tracking", vm, false, cancel).await
    }

    async fn set_change_tracking(
        &self,
        action: &'static str,
        vm: &VmRef,
        on: bool,
        cancel: &CancelToken,
    ) -> Result<ChangeTracking, VsphereError> {
        let done = if on { ChangeTracking::TurnedOn } else { ChangeTracking::TurnedOff };
        let paths =
            ["config.changeTrackingEnabled", "capability.changeTrackingSupported", "snapshot"];
        let state = self.properties(action, &vm.mo(), &paths).await?;
        let is_on = state.bool("config.changeTrackingEnabled") == Some(true);
        if is_on == on {
            return Ok(if on { ChangeTracking::AlreadyOn } else { done });
        }
        if state.bool("capability.changeTrackingSupported") == Some(false) {
            return Ok(ChangeTracking::Unsupported);
        }
        if state.get("snapshot").is_some_and(|info| info.child("rootSnapshotList").is_some()) {
            return Ok(ChangeTracking::SnapshotsInTheWay);
        }
        let reply = self
            .change(action, "ReconfigVM_Task", &vm.mo(), |w| {
                w.typed("spec", "VirtualMachineConfigSpec", |w| {
                    w.text("changeTrackingEnabled", on);
                });
            })
            .await?;
        self.finish_task(action, &reply, &|_| {}, cancel).await?;
        Ok(done)
    }

    /// Makes a snapshot and removes it at once, so that changed block tracking begins.
    ///
    /// # Errors
    /// As every call; the snapshot may be left when its removal fails.
    ///
    /// # Cancellation
    /// The snapshot is removed before this returns.
    pub async fn stun(
        &self,
        vm: &VmRef,
        request: &SnapshotRequest,
        cancel: &CancelToken,
    ) -> Result<(), VsphereError> {
        let snapshot = self.create_snapshot(vm, request, &|_| {}, cancel).await?;
        self.remove_snapshot(&snapshot, &|_| {}, &CancelToken::new()).await?;
        cancel.check()?;
        Ok(())
    }
}

/// Whether an answer is one slice of a disk that begins where the disk does.
#[cfg(feature = "testing")]
pub(crate) fn takes(reply: &Node, capacity: ByteLen) -> bool {
    let mut walk = Walk::new(capacity);
    let taken = slice(reply).and_then(|slice| walk.take(&slice)).is_ok();
    let changed = walk.finish();
    assert!(changed.iter().all(|area| area.end().get() <= capacity.get()), "areas lie on the disk");
    taken
}

fn slice(reply: &Node) -> Result<Slice, CbtError> {
    let odd = || CbtError::unusable(CbtUnusable::InconsistentAnswer);
    let info = reply.child("returnval").ok_or_else(odd)?;
    let number = |node: &Node, name: &str| node.number_at::<u64>(name).ok_or_else(odd);
    let areas: Result<Vec<_>, CbtError> = info
        .all("changedArea")
        .map(|area| Ok((number(area, "start")?, number(area, "length")?)))
        .collect();
    Ok(Slice {
        start: number(info, "startOffset")?,
        length: number(info, "length")?,
        areas: areas?,
    })
}
