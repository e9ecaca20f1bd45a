//! What the engine tells while it works. The run report and the live view are made of this.

use kuramori_vsphere::Lost;
use serde::{Deserialize, Serialize};

use crate::job_event::JobEvent;
use crate::plan::WholeReason;
use crate::ways::Faster;

/// Something that happened to one VM of a run, for people. Rendered at the edge, per language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum RunEvent {
    /// Something about the job that a run is of.
    Job(JobEvent),
    /// The computer was asleep.
    Slept {
        /// How long, in seconds.
        seconds: u64,
    },
    /// The computer could not be kept awake.
    MayFallAsleep {
        /// What the system said.
        reason: String,
    },
    /// The user logs out or the computer shuts down.
    SessionEnding,
    /// The VM was looked at and can be backed up.
    Checked {
        /// Disks that will be saved.
        disks: u32,
        /// Their sizes together, in bytes.
        capacity: u64,
    },
    /// A disk is left out.
    LeftOut {
        /// The disk.
        disk: String,
        /// Why.
        reason: String,
    },
    /// A small file of the VM could not be read, so the recovery point is without it.
    FileLeftOut {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// The guest was asked to shut down, and is waited for.
    ShuttingDown,
    /// The VM is off, so its disks can be copied as they lie there.
    SwitchedOff,
    /// The VM was switched on again.
    SwitchedOn,
    /// The VM, which ran before, could not be switched on again.
    NotSwitchedOn {
        /// What the server said.
        reason: String,
    },
    /// The VM was suspended: its disks are saved, its memory is not.
    WasSuspended,
    /// Changed block tracking was turned on.
    TrackingOn,
    /// Changed block tracking was begun anew, since its record was caught leaving changes out.
    TrackingReset,
    /// Changed block tracking was begun anew, since a disk has another size: hosts are known that
    /// name wrong areas after that.
    TrackingResetForSize,
    /// Changed block tracking could not be turned on.
    TrackingRefused {
        /// What the server said.
        reason: String,
    },
    /// The snapshot exists.
    SnapshotMade,
    /// The guest could not be made quiet; the snapshot is as after a power cut.
    NotQuiet {
        /// What the server said.
        reason: String,
    },
    /// A file of change tracking lies beside the disks although its disk is gone, so the guest is
    /// not asked to hold its writes: the snapshot could fail then and leave it so.
    StaleTrackingFile {
        /// The file.
        file: String,
    },
    /// Whether such files are there could not be seen.
    TrackingFilesUnknown {
        /// What the server said.
        reason: String,
    },
    /// Another task on the VM is waited for.
    WaitingForTask,
    /// The guest did not hold its writes; it is asked once more.
    QuietAgain {
        /// What the server said.
        reason: String,
    },
    /// Links that an earlier snapshot had left behind were merged before the backup.
    ConsolidatedFirst,
    /// Links that an earlier snapshot had left behind could not be merged.
    NotConsolidated {
        /// What the server said.
        reason: String,
    },
    /// The guest shows no sign of life since its writes were held for the snapshot.
    GuestSilent,
    /// Whether the guest went on could not be seen.
    HeartbeatUnknown {
        /// What the server said.
        reason: String,
    },
    /// How a disk will be read.
    Reading {
        /// The disk.
        disk: String,
        /// How.
        mode: Mode,
        /// Why it is not read by changed areas, where it is not.
        reason: Option<WholeReason>,
        /// Bytes to read.
        bytes: u64,
        /// Which way.
        transport: String,
    },
    /// Places of a disk that did not change by the server's word were read again, and had not.
    Audited {
        /// The disk.
        disk: String,
        /// How many places.
        pieces: u64,
    },
    /// The server's record of changes left some out: earlier recovery points may miss changes. The
    /// disk is read whole.
    ChangesMissing {
        /// The disk.
        disk: String,
        /// How many places were read again.
        pieces: u64,
        /// How many of them had changed.
        wrong: u64,
    },
    /// A way to read a disk cannot be taken; the next one is tried.
    WayRefused {
        /// The disk.
        disk: String,
        /// The way.
        transport: String,
        /// Why.
        reason: String,
    },
    /// An attached disk could not be detached from the VM of this computer. Its snapshot stays until
    /// it is.
    StillAttached {
        /// What the server said.
        reason: String,
    },
    /// A disk that an earlier run had left attached to the VM of this computer was detached.
    LeftoverDetached,
    /// The system of this computer was not able to forget a disk before it was detached.
    DeviceKept {
        /// The disk.
        disk: String,
        /// What the system said.
        reason: String,
    },
    /// A snapshot of another VM is being made or removed on the same datastore, so this VM waits.
    WaitingForSnapshots,
    /// Others read from the same host or datastore, so this disk waits.
    WaitingForTurn {
        /// The disk.
        disk: String,
    },
    /// The host has no memory for one more transfer, so this disk waits.
    WaitingForMemory {
        /// The disk.
        disk: String,
        /// What the host said.
        reason: String,
    },
    /// The server gives no lease on a disk while another task is at work on its VM.
    WaitingForLease {
        /// The disk.
        disk: String,
        /// What the server said.
        reason: String,
    },
    /// A disk was read.
    DiskRead {
        /// The disk.
        disk: String,
        /// Which way.
        transport: String,
        /// Bytes that were read.
        bytes: u64,
        /// How long it took, in milliseconds.
        millis: u64,
        /// What would make it faster.
        faster: Vec<Faster>,
    },
    /// The recovery point exists.
    Committed {
        /// Its short id.
        point: String,
        /// Bytes that were new to the repository.
        new: u64,
        /// Bytes written to the store.
        stored: u64,
    },
    /// The snapshot is gone.
    SnapshotRemoved,
    /// The snapshot could not be removed.
    SnapshotLeft {
        /// What the server said.
        reason: String,
    },
    /// The server had to merge what a snapshot left behind.
    Consolidated,
    /// A snapshot of an earlier run was found and removed.
    OrphanRemoved,
    /// The new VM exists.
    VmMade {
        /// Its name.
        name: String,
    },
    /// The file is complete.
    FileWritten {
        /// Its path.
        path: String,
    },
    /// Recovery points that were in the repository are gone, or its history is broken otherwise.
    HistoryBroken {
        /// What, in a sentence.
        reason: String,
    },
    /// Nothing keeps the recovery point from being removed while it is read.
    NotProtected {
        /// What the repository's place said.
        reason: String,
    },
    /// The tags of the VM could not be read, so the recovery point is without them.
    TagsUnknown {
        /// Why.
        reason: String,
    },
    /// The server has no such tag, so the new VM is without it.
    TagMissing {
        /// Name of its category.
        category: String,
        /// Its name.
        tag: String,
    },
    /// Another VM has the name, so the new one got another.
    VmNamed {
        /// The name of the original.
        wanted: String,
        /// The one it got.
        name: String,
    },
    /// The new VM has virtual hardware of a lower version: the host has no higher one.
    HardwareLowered {
        /// The version of the original.
        from: String,
        /// The one it got.
        to: String,
    },
    /// The new VM lost something by that.
    FeatureLost {
        /// What.
        feature: Lost,
    },
    /// Which virtual hardware the host has could not be found out.
    HardwareUnknown {
        /// Why.
        reason: String,
    },
    /// A disk does not go to the datastore it lay on.
    DiskMoved {
        /// The disk.
        disk: String,
        /// The datastore it lay on.
        lay: String,
        /// The one it goes to.
        datastore: String,
        /// Why.
        why: WhyMoved,
    },
    /// A network adapter or device of the original is not in the new VM.
    NotRestored {
        /// What.
        what: String,
    },
    /// Before a VM gets other disks, it is saved as it is now.
    SafetyPointFirst,
    /// A disk that was sent could not be read back, so only the server's word says it is there.
    NotReadBack {
        /// The disk.
        disk: String,
        /// Why.
        reason: String,
    },
    /// A VM has the disks of a recovery point.
    Exchanged {
        /// Its name.
        name: String,
        /// Whether it was switched on.
        on: bool,
    },
    /// A disk that a VM had before stays as a file.
    OldDiskKept {
        /// Where it lies.
        file: String,
    },
    /// A disk of a recovery point is a VM's disk now.
    NewDiskAt {
        /// Where it lies.
        file: String,
    },
    /// A disk that was sent for an exchange that was broken off may still lie there.
    SentDiskLeft {
        /// Where.
        file: String,
    },
    /// A small file of a VM that was made only to take disks could not be deleted.
    SmallFileLeft {
        /// Where it lies, or the folder where some may.
        file: String,
        /// What the server said.
        reason: String,
    },
    /// A disk of a VM is not in the recovery point and stays in the VM.
    DiskUntouched {
        /// The disk.
        disk: String,
    },
    /// What an exchange of disks left on the server could not be put in order.
    ExchangeLeft {
        /// What the server said.
        reason: String,
    },
    /// A broken-off exchange of disks was taken back: the VM has the disks it had.
    ExchangeTakenBack {
        /// The VM.
        name: String,
    },
    /// A broken-off exchange of disks was brought to its end: the VM has those of the recovery
    /// point.
    ExchangeEnded {
        /// The VM.
        name: String,
    },
    /// Jobs that were lost with the file of jobs came back from a repository.
    JobsCameBack {
        /// Their names.
        names: Vec<String>,
    },
    /// Runs that were lost with the file of runs are known again from their recovery points.
    RunsCameBack {
        /// How many.
        count: u32,
    },
    /// A VM has a snapshot of ours that nothing told of any more; it will be removed.
    LostSnapshotFound {
        /// The VM.
        name: String,
    },
    /// A VM has a snapshot of ours that has to stay, since a disk of it hangs on another VM.
    LostSnapshotKept {
        /// The VM.
        name: String,
    },
    /// Somebody asked to stop.
    Stopping,
}

impl RunEvent {
    /// Writes the event as a recovery point carries it: JSON, so that any language can be read
    /// from it later.
    pub fn record(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| format!("{self:?}"))
    }

    /// Reads what [`RunEvent::record`] wrote, or `None` for the text of another version.
    pub fn from_record(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// Why a disk of a new VM does not go to the datastore it lay on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyMoved {
    /// There is none of that name that can be used.
    Gone,
    /// Too little is free there.
    NoRoom,
    /// No host mounts it together with the VM's own.
    OutOfReach,
}

/// How a disk is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Every byte.
    Whole,
    /// Allocated areas.
    Allocated,
    /// Areas changed since an earlier recovery point.
    Changed,
}
