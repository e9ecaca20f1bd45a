//! Snapshots of ours whose promises were lost together with the run log.
//!
//! Each snapshot's description names the installation that made it. Where the run log was lost, the
//! promise is written anew for what is found so, and kept like any other.

use kuramori_jobs::{RunId, RunLog};
use kuramori_repo::WriterId;
use kuramori_vsphere::{Client, Inventory, VmSummary};

use crate::error::EngineError;
use crate::snapshot;

/// What a look for lost snapshots found on a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LostSnapshots {
    /// VMs with a snapshot of ours that is promised to be removed from now on.
    pub promised: Vec<String>,
    /// VMs with one that has to stay: a disk of theirs hangs on another VM, where it may be read.
    pub kept: Vec<String>,
}

/// Looks on a server for snapshots that this installation made and of which the run log knows
/// nothing, and writes the promise to remove them. `run` is the one in whose log that is told.
///
/// # Errors
/// When the server or the run log cannot be read; promises written until then stay.
pub async fn find_lost_snapshots(
    client: &Client,
    log: &RunLog,
    server_id: &str,
    writer: WriterId,
    run: RunId,
) -> Result<LostSnapshots, EngineError> {
    let inventory = client.inventory().await.map_err(EngineError::Snapshot)?;
    let mut found = LostSnapshots::default();
    for vm in &inventory.vms {
        let known = log.intents()?;
        let lost = vm.snapshots.iter().filter_map(|node| snapshot::made_by(node, writer));
        let lost: Vec<_> = lost.filter(|id| known.iter().all(|intent| intent.id != *id)).collect();
        if lost.is_empty() {
            continue;
        }
        if has_visited_disk(vm, &inventory) {
            found.kept.push(vm.name.clone());
            continue;
        }
        for intent in lost {
            snapshot::promise(log, (intent, run), server_id, &vm.reference)?;
        }
        found.promised.push(vm.name.clone());
    }
    Ok(found)
}

/// Whether a disk out of the folders of this VM hangs on another one.
fn has_visited_disk(vm: &VmSummary, inventory: &Inventory) -> bool {
    let own: Vec<String> = folders(vm).collect();
    let others = inventory.vms.iter().filter(|other| other.reference != vm.reference);
    others.flat_map(folders).any(|folder| own.contains(&folder))
}

/// The folders in which the disks of a VM lie.
fn folders(vm: &VmSummary) -> impl Iterator<Item = String> {
    let files = vm.disks.iter().filter_map(|disk| disk.backing.file.as_ref());
    files.map(|file| {
        let path = file.to_string();
        // A disk may lie at the top of its datastore.
        let end = path.rfind('/').or_else(|| path.find(']')).unwrap_or(path.len());
        path.get(..end).unwrap_or_default().to_owned()
    })
}
