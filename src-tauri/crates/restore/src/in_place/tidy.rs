//! Letting helpers go whose disks the original has now: they leave the list, and their small files
//! are deleted from beside the disks.
//!
//! The names of the files are written down before a helper leaves the list: nobody could tell them
//! afterwards.

use kuramori_jobs::{IntentId, RunLog};
use kuramori_vsphere::{Client, DiskConfig, DiskSwap, SmallFilesEnd, VmRef};

use super::error::InPlaceError;
use super::promise::{Helper, Promise, update};
use super::recover::find;

/// Hears of a small file that stays, or of the folder where some may, and why.
pub type SmallLeft<'a> = dyn Fn(&str, &InPlaceError) + Sync + 'a;

/// Lets all helpers go. Goes on after a failure and returns the first. That a small file cannot be
/// deleted is none, only told: nothing depends on it, and the VM must not wait for it.
pub(super) async fn let_all_go(
    client: &Client,
    log: &RunLog,
    intent: IntentId,
    promise: &mut Promise,
    small_left: &SmallLeft<'_>,
) -> Result<(), InPlaceError> {
    let mut first = Ok(());
    for position in 0..promise.helpers.len() {
        let done = let_go(client, log, intent, (promise, position), small_left).await;
        first = first.and(done);
    }
    for helper in &promise.helpers {
        // While a helper is on the list all of this is tried again; what stays is told at the end.
        let left = sweep(client, helper).await;
        for (file, reason) in left.iter().filter(|_| first.is_ok()) {
            small_left(file, reason);
        }
    }
    first
}

/// Takes the disks out of a helper, if it still has them, and the helper off the list. No disk is
/// deleted.
async fn let_go(
    client: &Client,
    log: &RunLog,
    intent: IntentId,
    (promise, position): (&mut Promise, usize),
    small_left: &SmallLeft<'_>,
) -> Result<(), InPlaceError> {
    let Some(helper) = promise.helpers.get(position) else { return Ok(()) };
    let Some((vm, config)) = find(client, intent, helper).await? else { return Ok(()) };
    let listed = client.small_files(&vm).await;
    let mut unknown = None;
    if let Some(helper) = promise.helpers.get_mut(position) {
        match listed {
            Ok(files) => helper.files = Some(files),
            // A list from before is as good.
            Err(_) if helper.files.is_some() => {}
            Err(error) => unknown = Some((folder(helper), error.into())),
        }
    }
    update(log, intent, promise)?;
    take_out(client, &vm, config.disks).await?;
    client.unregister_vm(&vm).await?;
    if let Some((folder, reason)) = unknown {
        small_left(&folder, &reason);
    }
    Ok(())
}

/// Where the files of a helper lie: the folder of a disk that was sent into it, else its name.
fn folder(helper: &Helper) -> String {
    let disk = helper.disks.first().map(|disk| disk.file.as_str());
    let folder = disk.and_then(|file| Some(file.rsplit_once('/')?.0));
    folder.unwrap_or(&helper.name).to_owned()
}

/// Deletes the small files of a helper that is off the list. Returns those that stay.
async fn sweep(client: &Client, helper: &Helper) -> Vec<(String, InPlaceError)> {
    let Some(files) = &helper.files else { return Vec::new() };
    match client.delete_small_files(files).await {
        // Those of a VM that somebody registered again are not ours any more.
        Ok(SmallFilesEnd::Held) => Vec::new(),
        Ok(SmallFilesEnd::Gone { except }) => {
            except.into_iter().map(|(file, reason)| (file, reason.into())).collect()
        }
        Err(reason) => vec![(folder(helper), reason.into())],
    }
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
