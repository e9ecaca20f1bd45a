//! One look at the server tells where an exchange stands, and what is to be cleaned up.
//!
//! Files are deleted only with proof that nobody has come to need them: the original is found, has
//! at each place what it had before, and no other VM of the server holds any of them.

use std::collections::HashSet;

use chrono::TimeDelta;
use kuramori_base::Clock;
use kuramori_block::ByteLen;
use kuramori_jobs::{IntentId, LogError, RunLog};
use kuramori_vsphere::{
    Client, DiskAt, DiskConfig, DiskMode, DiskSwap, PowerState, VmConfig, VmRef, VmSummary,
    VsphereError,
};

use super::error::InPlaceError;
use super::promise::{Helper, OpenExchange, Promise, mark, update};
use super::tidy::{SmallLeft, let_all_go, take_out};

/// After this long no call of a process that is gone can still make a VM, and no guest that was
/// asked to shut down is still about to.
const SETTLED: TimeDelta = TimeDelta::hours(1);

/// How an exchange that was broken off was put in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The original has the disks it had.
    Untouched {
        /// Whether there was anything to clean up.
        cleaned: bool,
    },
    /// Nothing proves that nobody needs what was sent, so it was not deleted. The original has the
    /// disks somebody gave it, or those it had.
    Kept {
        /// Disks that were sent, and that may still lie there.
        files: Vec<String>,
    },
    /// The original has the disks of the recovery point.
    Exchanged,
}

/// Puts in order what a broken-off exchange left, and forgets the intent. May be called at any
/// time and again; only VMs that carry the intent and disks they were sent are touched. Nothing is
/// done once `free` says that a run has taken the original meanwhile.
///
/// An intent without anything on the server is kept while it is young: the server may still be at
/// work on what a process that is gone asked for, or the guest about to go down.
///
/// `small_left` hears of small files of helpers that cannot be deleted; they do not keep the intent.
///
/// # Errors
/// When the server cannot be asked or refuses; the intent then stays.
pub async fn settle_exchange(
    client: &Client,
    log: &RunLog,
    open: &OpenExchange,
    clock: &dyn Clock,
    free: &(dyn Fn() -> bool + Sync),
    small_left: &SmallLeft<'_>,
) -> Result<Settled, InPlaceError> {
    let mut found = settle(client, log, (open.id, &open.promise), free, small_left).await?;
    found.certain |= clock.now() - open.made_at > SETTLED;
    found.remember(log, open.id)?;
    found.left.map_or(Ok(found.settled), Err)
}

/// What a look at the server found, and put in order.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) settled: Settled,
    /// What could not be put in order.
    pub(super) left: Option<InPlaceError>,
    /// What is still to be done.
    pub(super) promise: Promise,
    /// Whether nothing can appear on the server any more.
    certain: bool,
}

impl Found {
    /// Forgets the intent, or what of it is done: a VM that runs again is not switched on once more
    /// after somebody turned it off. Returns whether the intent is still open.
    pub(super) fn remember(&self, log: &RunLog, intent: IntentId) -> Result<bool, LogError> {
        let open = !self.certain || self.left.is_some();
        if open {
            update(log, intent, &self.promise)?;
        } else {
            log.clear_intent(intent)?;
        }
        Ok(open)
    }
}

/// Puts things in order; the intent is the caller's.
pub(super) async fn settle(
    client: &Client,
    log: &RunLog,
    (intent, promise): (IntentId, &Promise),
    free: &(dyn Fn() -> bool + Sync),
    small_left: &SmallLeft<'_>,
) -> Result<Found, InPlaceError> {
    if client.has_running_task(&promise.vm).await? {
        let why = format!("the server is still at work on “{}”", promise.name);
        return Err(InPlaceError::Unclear(why));
    }
    let vms = client.inventory().await?.vms;
    let original = original(client, &vms, promise).await?;
    let held = original.as_ref().map(|(_, config)| files(&config.disks)).unwrap_or_default();
    let sent = promise.files();
    let there = sent.iter().filter(|file| held.contains(**file)).count();
    if !free() {
        let why = format!("another run works on “{}” now", promise.name);
        return Err(InPlaceError::Unclear(why));
    }
    let here = original.as_ref().is_some_and(|(vm, _)| *vm == promise.vm);
    if there > 0 && there == sent.len() {
        return Ok(finish(client, log, (intent, promise), here, small_left).await);
    }
    // The VM comes first: what cannot be cleaned up must not keep it off.
    let mut found = Found {
        settled: Settled::Untouched { cleaned: false },
        left: None,
        promise: promise.clone(),
        certain: true,
    };
    let started = if there == 0 && here && promise.was_on {
        switch_on(client, &mut found).await
    } else {
        false
    };
    let proven = there == 0 && original.as_ref().is_some_and(|(_, c)| promise.is_as_before(c));
    let (gone, mut files) = clean_up(client, intent, &vms, proven, &mut found).await;
    files.retain(|file| !held.contains(file));
    found.certain &= found.promise.helpers.iter().all(|h| !h.disks.is_empty()) || !promise.sending;
    if !files.is_empty() {
        found.settled = Settled::Kept { files };
    } else if gone || started {
        found.settled = Settled::Untouched { cleaned: true };
    }
    Ok(found)
}

/// Turns the original on again. While the guest may still be about to go down, that stays to be
/// done.
async fn switch_on(client: &Client, found: &mut Found) -> bool {
    match ensure_on(client, &found.promise.vm).await {
        Ok(started) => {
            let going_down = found.promise.stopping && !started;
            found.certain &= !going_down;
            found.promise.was_on = going_down;
            started
        }
        Err(error) => {
            found.left = Some(error);
            false
        }
    }
}

/// Lets the helpers go, with what was sent into them where that is `proven` to be nobody's.
/// Returns whether there were any, and the files that stay.
async fn clean_up(
    client: &Client,
    intent: IntentId,
    vms: &[VmSummary],
    proven: bool,
    found: &mut Found,
) -> (bool, Vec<String>) {
    let (mut cleaned, mut left) = (false, Vec::new());
    for helper in std::mem::take(&mut found.promise.helpers) {
        let sent = helper.disks.iter().map(|d| d.file.clone());
        match let_helper_go(client, intent, vms, proven, &helper).await {
            Ok(Gone::Deleted) => cleaned = true,
            Ok(Gone::Kept(files)) => {
                cleaned = true;
                left.extend(files);
            }
            // Its shell is gone, and nobody knows where that left its disks.
            Ok(Gone::NotThere) if !helper.disks.is_empty() => left.extend(sent),
            // It may still appear.
            Ok(Gone::NotThere) => found.promise.helpers.push(helper),
            Err(error) => {
                found.left.get_or_insert(error);
                found.promise.helpers.push(helper);
            }
        }
    }
    (cleaned, left)
}

/// What became of a helper.
enum Gone {
    /// It was removed with its files.
    Deleted,
    /// It was removed, and its files stay.
    Kept(Vec<String>),
    /// The server has none.
    NotThere,
}

async fn let_helper_go(
    client: &Client,
    intent: IntentId,
    vms: &[VmSummary],
    proven: bool,
    helper: &Helper,
) -> Result<Gone, InPlaceError> {
    let Some((vm, config)) = find(client, intent, helper).await? else {
        return Ok(Gone::NotThere);
    };
    let mut ours = files(&config.disks);
    ours.extend(helper.disks.iter().map(|d| d.file.clone()));
    let others = vms.iter().filter(|other| other.reference != vm);
    let needed = others.flat_map(|other| files(&other.disks)).any(|file| ours.contains(&file));
    if proven && !needed {
        take_back(client, (&vm, &config), helper).await?;
        return Ok(Gone::Deleted);
    }
    take_out(client, &vm, config.disks).await?;
    client.unregister_vm(&vm).await?;
    let mut kept: Vec<String> = ours.into_iter().collect();
    kept.sort();
    Ok(Gone::Kept(kept))
}

/// Ends an exchange that took place: the VM runs if that was asked for, and the shells go.
async fn finish(
    client: &Client,
    log: &RunLog,
    (intent, promise): (IntentId, &Promise),
    here: bool,
    small_left: &SmallLeft<'_>,
) -> Found {
    let mut promise = promise.clone();
    let mut left = None;
    // That it ran was for an exchange that did not take place.
    promise.was_on = false;
    // What was registered again meanwhile is whose who did that.
    promise.turn_on &= here;
    if promise.turn_on {
        match ensure_on(client, &promise.vm).await {
            Ok(_) => promise.turn_on = false,
            Err(error) => left = Some(error),
        }
    }
    if let Err(error) = let_all_go(client, log, intent, &mut promise, small_left).await {
        left.get_or_insert(error);
    }
    Found { settled: Settled::Exchanged, left, promise, certain: true }
}

/// Finds the original: under the reference it had, or, taken off the list and registered again,
/// under another one. Whatever else has that reference is not it.
async fn original(
    client: &Client,
    vms: &[VmSummary],
    promise: &Promise,
) -> Result<Option<(VmRef, VmConfig)>, InPlaceError> {
    if let Some(config) = gone_is_none(client.vm_config(&promise.vm).await)?
        && promise.is_about(&config.hardware.instance_uuid)
    {
        return Ok(Some((promise.vm.clone(), config)));
    }
    if promise.instance_uuid.is_empty() {
        return Ok(None);
    }
    let same = |vm: &&VmSummary| vm.instance_uuid.as_deref().is_some_and(|u| promise.is_about(u));
    let mut again = vms.iter().filter(same);
    let (Some(only), None) = (again.next(), again.next()) else { return Ok(None) };
    let config = gone_is_none(client.vm_config(&only.reference).await)?;
    Ok(config.map(|config| (only.reference.clone(), config)))
}

fn gone_is_none(answer: Result<VmConfig, VsphereError>) -> Result<Option<VmConfig>, InPlaceError> {
    match answer {
        Ok(config) => Ok(Some(config)),
        Err(VsphereError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Descriptors of all links of all disks: a later snapshot puts a link above what was sent.
fn files(disks: &[DiskConfig]) -> HashSet<String> {
    disks.iter().flat_map(links).collect()
}

/// Descriptors of all links of a disk.
pub(super) fn links(disk: &DiskConfig) -> Vec<String> {
    disk.backing.file.iter().chain(&disk.backing.parents).map(ToString::to_string).collect()
}

/// Finds a helper by its name and its mark.
pub(super) async fn find(
    client: &Client,
    intent: IntentId,
    helper: &Helper,
) -> Result<Option<(VmRef, VmConfig)>, InPlaceError> {
    let Some(vm) = client.find_vm(None, &helper.name).await? else { return Ok(None) };
    let config = gone_is_none(client.vm_config(&vm).await)?;
    let ours = |c: &VmConfig| c.hardware.annotation.ends_with(&mark(intent));
    Ok(config.filter(ours).map(|config| (vm, config)))
}

/// Removes a helper with all that was sent into it. Disks that were taken out of it already go
/// back first, so that the server deletes their files with it.
async fn take_back(
    client: &Client,
    (vm, config): (&VmRef, &VmConfig),
    helper: &Helper,
) -> Result<(), InPlaceError> {
    let held = files(&config.disks);
    for disk in helper.disks.iter().filter(|disk| !held.contains(&disk.file)) {
        let Ok(file) = disk.file.parse() else { continue };
        let (controller_key, unit) = disk.helper_place;
        let capacity = ByteLen::new(disk.capacity);
        let mode = DiskMode::Persistent;
        let into = vec![DiskAt { file, controller_key, unit, capacity, mode }];
        let swap = DiskSwap { into, ..DiskSwap::default() };
        client.swap_disks(vm, &swap).await?;
    }
    client.destroy_vm(vm).await?;
    Ok(())
}

/// Turns a VM on unless it runs. Returns whether it had to.
pub(super) async fn ensure_on(client: &Client, vm: &VmRef) -> Result<bool, InPlaceError> {
    if client.power(vm).await?.power != PowerState::Off {
        return Ok(false);
    }
    client.power_on(vm).await?;
    Ok(true)
}
