//! A frozen disk read as a disk of this computer, when this computer is itself a VM of the server:
//! the server attaches it, and takes it away again before the snapshot goes.
//!
//! Nothing is believed about the disk that appears: it counts only when none of its UUID was there
//! before, when the server shows no other one of its file or UUID once it is open, when it is at the
//! place that was meant, when nobody else uses it or has written to it, and when it is as long and
//! holds the same bytes as the server shows, at both ends and at random. These are looked at over
//! HTTPS before it is attached: hosts do not show files that another reader holds.

mod promise;
mod visit;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use kuramori_block::{ByteLen, ByteOffset, DiskReader, ReadError};
use kuramori_platform::guest::{self, Disk, NotAGuest, Roots};
use kuramori_vsphere::{AttachObstacle, Berth, DiskConfig, Function, VmSummary, VsphereError};

pub(crate) use self::promise::{Promise, TAG, detach_all, only_visits, recover};

use self::visit::Visit;
use crate::backup::{VmBackup, Warnings, causes, panic_text};
use crate::disk::{Delivered, DiskSource, WayError, Work};
use crate::error::EngineError;
use crate::files;
use crate::guards::pause_for;
use crate::observer::Step;
use crate::report::RunEvent;
use crate::samples::Samples;
use crate::ways::{Faster, HotAddNeeds, Way};

/// How long a disk that was attached is looked for, in pauses of the policy, and how often.
const PATIENCE: u32 = 8;
const LOOK: Duration = Duration::from_millis(100);

/// This computer as a VM to which disks can be attached. Shared by all runs.
#[derive(Debug)]
pub struct HotAdd {
    roots: Roots,
    /// Held while a disk is detached, and from the look that none like it is here until one is
    /// open and known.
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

    /// As [`Self::turn`], when nobody has it.
    fn try_turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self.turn.try_lock() {
            Ok(turn) => Some(turn),
            Err(TryLockError::Poisoned(turn)) => Some(turn.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
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
    let mut visit = Visit::new(job, own);
    let read = catch_unwind(AssertUnwindSafe(|| {
        let device = visit.attach(work, disk)?;
        let roots = &job.hot_add.roots;
        let touched = |e: std::io::Error| refused(&causes(&e));
        let same = samples.compare(job, &device);
        let same = same.and_then(|()| device.0.untouched(roots).map_err(touched));
        let read = same.and_then(|()| files::read(work, (source, Way::HotAdd), &device, warnings));
        // What was written to it meanwhile, we have read.
        let read = read.and_then(|read| {
            device.0.untouched(roots).map_err(touched)?;
            Ok(read)
        });
        if let Err(error) = device.0.let_go(roots) {
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

/// Looks for a place for the disk.
fn berth(work: &Work<'_>, own: &VmSummary, disk: &DiskConfig) -> Result<Berth, WayError> {
    let (job, frozen) = (work.job, work.frozen);
    let of = (frozen.config, disk);
    let berth = job.client.berth(&own.reference, frozen.stores, of);
    job.wait(berth).map_err(|e| failed(&e))?.map_err(|obstacle| match obstacle {
        AttachObstacle::UuidsOff => hindered(obstacle.to_string(), HotAddNeeds::DiskUuids),
        obstacle => refused(&obstacle.to_string()),
    })
}

/// Looks at everything that could go wrong once the disk is attached.
fn check(work: &Work<'_>, own: &VmSummary, disk: &DiskConfig) -> Result<(), WayError> {
    let job = work.job;
    berth(work, own, disk)?;
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

fn find(job: &VmBackup<'_>, disk: &DiskConfig) -> Result<Option<PathBuf>, WayError> {
    let uuid = disk.uuid.as_deref().unwrap_or_default();
    guest::find_disk(&job.hot_add.roots, uuid).map_err(|e| WayError::Refused(causes(&e)))
}

/// Waits until the attached disk is there, at this place, and opens it.
fn appear(job: &VmBackup<'_>, disk: &DiskConfig, unit: i32) -> Result<Device, WayError> {
    let (roots, pause) = (&job.hot_add.roots, job.policy.pause);
    let (mut waited, mut asked) = (Duration::ZERO, false);
    let wanted = u32::try_from(unit).map_err(|_| refused("its place is no place"))?;
    while waited <= pause * PATIENCE {
        if let Some(path) = find(job, disk)? {
            return open(roots, &path, wanted);
        }
        // The system mostly notices by itself; why it may not be asked helps who finds no disk.
        if waited >= pause
            && !std::mem::replace(&mut asked, true)
            && let Err(error) = guest::rescan(roots, wanted)
        {
            tracing::warn!(%error, "the system was not asked to look for disks");
        }
        let look = LOOK.min(pause);
        pause_for(job, look).map_err(WayError::Fatal)?;
        waited += look;
    }
    Err(refused("the attached disk did not appear on this computer"))
}

fn open(roots: &Roots, path: &Path, unit: u32) -> Result<Device, WayError> {
    let about = |what: &str, e: &io::Error| format!("{} {what}: {}", path.display(), causes(e));
    let device = Disk::open(path).map_err(|e| match e.kind() {
        // Whoever uses it has not been waiting for us.
        io::ErrorKind::ResourceBusy => {
            WayError::Refused(about("is used by something else on this computer", &e))
        }
        _ => WayError::Refused(about("cannot be opened", &e)),
    })?;
    let place = device.unit(roots);
    match place.map_err(|e| WayError::Refused(about("does not tell its place", &e)))? {
        Some(other) if other != unit => {
            return Err(refused(&format!(
                "{} hangs at place {other}, and the disk was attached at {unit}",
                path.display()
            )));
        }
        _ => {}
    }
    device.untouched(roots).map_err(|e| WayError::Refused(about("is not as it came", &e)))?;
    Ok(Device(device))
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
