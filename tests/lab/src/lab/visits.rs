//! What others do to a VM to which disks are attached to be read.

use super::LabHandle;
use crate::LabError;

impl LabHandle {
    /// Gives a disk another identity, as a copy of its files has it.
    ///
    /// # Errors
    /// No such VM or disk.
    pub fn set_disk_uuid(&self, vm: &str, disk: usize, uuid: &str) -> Result<(), LabError> {
        self.core().set_disk_uuid(vm, disk, uuid)
    }

    /// Attaches the first disk of a VM to another one at a place of its first controller, as another
    /// program does: the newest link, or one by its number. Its guest notices at once. Returns the
    /// file of the link.
    ///
    /// # Errors
    /// No such VM, or one without a disk.
    pub fn attach_for_others(
        &self,
        to: &str,
        of: &str,
        (unit, link): (i32, Option<u64>),
    ) -> Result<String, LabError> {
        self.core().attach_for_others(to, of, (unit, link))
    }

    /// Sets whether disks that are attached stay unseen by the guest. When they no longer do, all
    /// of them appear.
    ///
    /// # Errors
    /// When the folder of the guest cannot be written.
    pub fn hold_devices(&self, held: bool) -> Result<(), LabError> {
        self.core().hold_devices(held)
    }

    /// Changes the configuration of a VM in a way that matters to nobody.
    ///
    /// # Errors
    /// [`LabError::NoVm`].
    pub fn touch_vm(&self, vm: &str) -> Result<(), LabError> {
        self.core().touch(vm)
    }
}
