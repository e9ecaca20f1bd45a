//! A frozen disk read as a disk of this computer, when this computer is itself a VM of the server:
//! the server attaches it, and takes it away again before the snapshot goes.
//!
//! Nothing is believed about the disk that appears: it counts only when none of its UUID was there
//! before, when nobody else uses it, and when it is as long and holds the same bytes as the server
//! shows, at both ends and at random. That is looked at over HTTPS before it is attached: hosts do
//! not show files that another reader holds.

mod promise;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kuramori_block::{ByteLen, ByteOffset, DiskReader, ReadError};
use kuramori_platform::guest::{self, Disk, NotAGuest, Roots};
use kuramori_vsphere::{AttachObstacle, DiskConfig, Function, VmSummary, VsphereError};

pub(crate) use self::promise::{Promise, TAG, detach_all, only_visits, recover};

use self::promise::Visit;
use crate::backup::{VmBackup, Warnings, causes, panic_text};
use crate::disk::{Delivered, DiskSource, WayError, Work};
use crate::error::EngineError;
use crate::files;
use crate::guards::pause;
use crate::observer::Step;
use crate::report::RunEvent;
use crate::samples::Samples;
use crate::ways::{Faster, HotAddNeeds, Way};

/// How often a disk that was attached is looked for.
const LOOKS: u32 = 8;

/// This computer as a VM to which disks can be attached. Shared by all runs.
#[derive(Debug)]
pub struct HotAdd {
    roots: Roots,
    /// Held while a disk is attached or detached: two at once would want the same place.
    turn: Mutex<()>,
}

impl HotAdd {
    /// Takes where the system shows its hardware.
    pub fn new(roots: Roots) -> Self {
        Self { roots, turn: Mutex::new(()) }
    }

    /// Returns whether this computer is a VM of VMware at all.
    pub(crate) fn is_a_guest(&self) -> bool {
        !matches!(guest::identify(&self.roots), Err(NotAGuest::Other))
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Attaches the disk, reads what the plan says, and detaches it, however the reading ended.
pub(crate) fn save(
    work: &Work<'_>,
    source: &DiskSource<'_>,
    warnings: &mut Warnings<'_>,
) -> Result<Delivered, WayError> {
    let (job, disk) = (work.job, source.disk);
    let own = own_vm(job)?;
    check(work, &own, disk)?;
    let samples = {
        let shown = files::open(job, disk)?;
        let shown = files::merged(shown).map_err(|e| WayError::Refused(causes(&e)))?;
        Samples::take(job, &shown)?
    };
    let mut visit = Visit::promise(job, &own.reference, disk).map_err(WayError::Fatal)?;
    let read = catch_unwind(AssertUnwindSafe(|| {
        job.observer.step(Step::BeforeAttach);
        visit.attach(disk)?;
        job.observer.step(Step::Attached);
        let device = appear(job, disk)?;
        let same = samples.compare(job, &device);
        let read = same.and_then(|()| files::read(work, (source, Way::HotAdd), &device, warnings));
        if let Err(error) = device.0.let_go(&job.hot_add.roots) {
            let (disk, reason) = (disk.label.clone(), causes(&error));
            warnings.info(RunEvent::DeviceKept { disk, reason });
        }
        read
    }));
    job.observer.step(Step::BeforeDetach);
    visit.end(warnings);
    job.observer.step(Step::Detached);
    let panicked =
        |panic: Box<dyn std::any::Any + Send>| EngineError::Panicked(panic_text(&*panic));
    read.unwrap_or_else(|panic| Err(WayError::Fatal(panicked(panic))))
}

fn refused(why: &str) -> WayError {
    WayError::Refused(why.to_owned())
}

/// As [`refused`], when an administrator could change that.
fn hindered(why: String, needs: HotAddNeeds) -> WayError {
    WayError::Hindered(why, Faster::HotAdd { needs })
}

fn failed(error: &VsphereError) -> WayError {
    WayError::Refused(causes(error))
}

/// Finds the VM that this computer is.
fn own_vm(job: &VmBackup<'_>) -> Result<VmSummary, WayError> {
    let me = guest::identify(&job.hot_add.roots).map_err(|error| match &error {
        NotAGuest::Other => refused(&error.to_string()),
        NotAGuest::Hidden(_) => hindered(causes(&error), HotAddNeeds::Administrator),
    })?;
    if let Some(why) = guest::meddles() {
        return Err(hindered(why, HotAddNeeds::DisksLeftAlone));
    }
    let found = job.wait(job.client.own_vm(&me.uuids, &me.macs)).map_err(|e| failed(&e))?;
    match <[VmSummary; 1]>::try_from(found) {
        Ok([own]) if own.reference == *job.vm => {
            Err(refused("the VM to back up is this computer itself"))
        }
        Ok([own]) => Ok(own),
        Err(found) if found.is_empty() => {
            Err(refused("this computer is not one of the VMs of this server"))
        }
        Err(_) => Err(refused("several VMs of this server could be this computer")),
    }
}

/// Looks at everything that could go wrong once the disk is attached.
fn check(work: &Work<'_>, own: &VmSummary, disk: &DiskConfig) -> Result<(), WayError> {
    let (job, frozen) = (work.job, work.frozen);
    let of = (frozen.config, disk);
    let obstacle = job.client.attach_obstacle(&own.reference, frozen.stores, of);
    match job.wait(obstacle).map_err(|e| failed(&e))? {
        None => {}
        Some(obstacle @ AttachObstacle::UuidsOff) => {
            return Err(hindered(obstacle.to_string(), HotAddNeeds::DiskUuids));
        }
        Some(obstacle) => return Err(refused(&obstacle.to_string())),
    }
    // Also those for taking it away: a disk that stays is worse than none.
    let missing = job.client.rights_missing_on(&own.reference, Function::HotAdd);
    let missing = job.wait(missing).map_err(|e| failed(&e))?;
    if !missing.is_empty() {
        let ids: Vec<&str> = missing.iter().map(|right| right.id).collect();
        let why =
            format!("the account lacks rights on the VM of this computer: {}", ids.join(", "));
        return Err(hindered(why, HotAddNeeds::Rights));
    }
    if find(job, disk)?.is_some() {
        return Err(refused("this computer has a disk of the same UUID already"));
    }
    Ok(())
}

fn find(job: &VmBackup<'_>, disk: &DiskConfig) -> Result<Option<std::path::PathBuf>, WayError> {
    let uuid = disk.uuid.as_deref().unwrap_or_default();
    guest::find_disk(&job.hot_add.roots, uuid).map_err(|e| WayError::Refused(causes(&e)))
}

/// Waits until the attached disk is there, and opens it.
fn appear(job: &VmBackup<'_>, disk: &DiskConfig) -> Result<Device, WayError> {
    for look in 1.. {
        if let Some(path) = find(job, disk)? {
            let open = Disk::open(&path).map_err(|e| {
                WayError::Refused(format!("{} cannot be opened: {}", path.display(), causes(&e)))
            })?;
            return Ok(Device(open));
        }
        if look == LOOKS {
            break;
        }
        // The system mostly notices by itself; why it may not be asked helps who finds no disk.
        if look == 2
            && let Err(error) = guest::rescan(&job.hot_add.roots)
        {
            tracing::warn!(%error, "the system was not asked to look for disks");
        }
        pause(job).map_err(WayError::Fatal)?;
    }
    Err(refused("the attached disk did not appear on this computer"))
}

/// An attached disk.
struct Device(Disk);

impl DiskReader for Device {
    fn capacity(&self) -> ByteLen {
        ByteLen::new(self.0.len())
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        self.check_range(offset, buf.len())?;
        self.0.read_at(offset.get(), buf).map_err(|e| ReadError::source(offset, e))
    }
}

/// Whether trying again may help: somebody else is changing the VM just now.
fn is_busy(error: &VsphereError) -> bool {
    error.fault().is_some_and(|f| f.is("ConcurrentAccess") || f.is("TaskInProgress"))
}

/// Whether the server certainly did nothing.
fn is_settled(error: &VsphereError) -> bool {
    error.fault().is_some() || matches!(error, VsphereError::RestrictedVersion { .. })
}
