//! Restores recovery points: a disk to a file, a VM to a server as a new one or over the original.
//!
//! Non-goals: making recovery points, choosing them, talking to people.
//! Invariant guarded: nothing that exists is overwritten (a VM may get other disks; those it had
//! stay as files), and what a failed, cancelled or killed restore began is taken back.

mod disk;
mod in_place;
mod stream;
mod vm;

pub use kuramori_vsphere::transport::Identity;

pub use disk::{DiskFileError, write_disk_file};
pub use in_place::{
    Consent, InPlace, InPlaceError, InPlaceHost, InPlacePlan, InPlaceStep, OpenExchange,
    RestoredInPlace, SafetyPointFailed, Settled, SmallLeft, open_exchanges, plan_in_place,
    restore_in_place, settle_exchange,
};
pub use vm::{
    Moved, NewVm, PlacedDisk, RestoredVm, VmNote, VmRestore, VmRestoreError, VmRestorePlan,
    plan_vm, restore_vm,
};
