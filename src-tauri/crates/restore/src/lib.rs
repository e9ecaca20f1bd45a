//! Restores recovery points: a disk to a file, a VM to a server.
//!
//! Non-goals: making recovery points, choosing them, talking to people.
//! Invariant guarded: nothing that exists is overwritten, and what a failed or cancelled restore
//! began is taken back.

mod disk;
mod stream;
mod vm;

pub use disk::{DiskFileError, write_disk_file};
pub use vm::{NewVm, RestoredVm, VmRestore, VmRestoreError, VmRestorePlan, plan_vm, restore_vm};
