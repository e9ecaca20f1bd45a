//! Letting helpers go whose disks the original has now: they leave the list, and their small files
//! are deleted from beside the disks.
//!
//! The names of the files are written down before a helper leaves the list: nobody could tell them
//! afterwards.

use kuramori_jobs::{IntentId, RunLog};
use kuramori_vsphere::{Client, DiskConfig, DiskSwap, VmRef};

use super::error::InPlaceError;
use super::promise::{Promise, update};
use super::recover::find;

/// Lets all helpers go. Goes on after a failure and returns the first.
pub(super) async fn let_all_go(
    client: &Client,
    log: &RunLog,
    intent: IntentId,
    promise: &mut Promise,
) -> Result<(), InPlaceError> {
    let mut first = Ok(());
    for position in 0..promise.helpers.len() {
        let done = let_go(client, log, intent, (promise, position)).await;
        first = first.and(done);
    }
    first
}

/// Takes the disks out of a helper, if it still has them, the helper off the list, and its small
/// files from the datastore. No disk is deleted.
async fn let_go(
    client: &Client,
    log: &RunLog,
    intent: IntentId,
    (promise, position): (&mut Promise, usize),
) -> Result<(), InPlaceError> {
    let Some(helper) = promise.helpers.get(position) else { return Ok(()) };
    if let Some((vm, config)) = find(client, intent, helper).await? {
        let files = Some(client.small_files(&vm).await?);
        if let Some(helper) = promise.helpers.get_mut(position) {
            helper.files = files;
        }
        update(log, intent, promise)?;
        take_out(client, &vm, config.disks).await?;
        client.unregister_vm(&vm).await?;
    }
    let files = promise.helpers.get(position).and_then(|helper| helper.files.clone());
    if let Some(files) = files {
        // Those of a VM that somebody registered again are not ours any more.
        let _nobodys = client.delete_small_files(&files).await?;
    }
    Ok(())
}

/// Takes disks out of a helper. Their files stay.
pub(super) async fn take_out(
    client: &Client,
    vm: &VmRef,
    disks: Vec<DiskConfig>,
) -> Result<(), InPlaceError> {
    if !disks.is_empty() {
        let swap = DiskSwap { out: disks, ..DiskSwap::default() };
        client.swap_disks(vm, &swap).await?;
    }
    Ok(())
}
