//! Which right is needed for what. Everything that speaks of rights is made from this table.

use crate::xml::Node;

/// A right of an account.
#[derive(Debug, PartialEq, Eq)]
pub struct Privilege {
    /// The server's name for it.
    pub id: &'static str,
    /// Where vSphere's own screens show it.
    pub label: &'static str,
}

const fn right(id: &'static str, label: &'static str) -> Privilege {
    Privilege { id, label }
}

/// What rights are needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// Seeing VMs, hosts and datastores.
    Inventory,
    /// Making snapshots, removing them and merging what is left of them.
    Snapshots,
    /// Turning changed block tracking on and asking what changed.
    ChangeTracking,
    /// Reading disks over the datastore.
    ReadDatastore,
    /// Reading disks that are attached to the VM that the program itself runs in.
    HotAdd,
    /// Reading disks by export.
    Export,
    /// Shutting a VM down for a copy without a snapshot, and switching it on again.
    ShutDown,
    /// Restoring a VM as a new one.
    Restore,
    /// Restoring a VM over the original.
    RestoreInPlace,
    /// Putting the tags of the original on a restored VM.
    Tags,
}

// More than one function needs these.
const ADD_EXISTING_DISK: Privilege = right(
    "VirtualMachine.Config.AddExistingDisk",
    "Virtual machine › Change Configuration › Add existing disk",
);
const REMOVE_DISK: Privilege = right(
    "VirtualMachine.Config.RemoveDisk",
    "Virtual machine › Change Configuration › Remove disk",
);
const ADD_REMOVE_DEVICE: Privilege = right(
    "VirtualMachine.Config.AddRemoveDevice",
    "Virtual machine › Change Configuration › Add or remove device",
);
const FILE_MANAGEMENT: Privilege =
    right("Datastore.FileManagement", "Datastore › Low level file operations");
const POWER_OFF: Privilege =
    right("VirtualMachine.Interact.PowerOff", "Virtual machine › Interaction › Power off");
const POWER_ON: Privilege =
    right("VirtualMachine.Interact.PowerOn", "Virtual machine › Interaction › Power on");

// Reading needs no more than every role has; sessions and tasks of one's own need nothing.
const INVENTORY: &[Privilege] = &[
    right("System.Anonymous", "System › Anonymous (in every role)"),
    right("System.View", "System › View (in every role)"),
    right("System.Read", "System › Read (in every role)"),
];
const SNAPSHOTS: &[Privilege] = &[
    right(
        "VirtualMachine.State.CreateSnapshot",
        "Virtual machine › Snapshot management › Create snapshot",
    ),
    right(
        "VirtualMachine.State.RemoveSnapshot",
        "Virtual machine › Snapshot management › Remove snapshot",
    ),
];
const CHANGE_TRACKING: &[Privilege] = &[
    right(
        "VirtualMachine.Config.ChangeTracking",
        "Virtual machine › Change Configuration › Toggle disk change tracking",
    ),
    right(
        "VirtualMachine.Provisioning.DiskRandomRead",
        "Virtual machine › Provisioning › Allow read-only disk access",
    ),
];
const READ_DATASTORE: &[Privilege] = &[
    right("Datastore.Browse", "Datastore › Browse datastore"),
    FILE_MANAGEMENT,
    right(
        "VirtualMachine.Provisioning.GetVmFiles",
        "Virtual machine › Provisioning › Allow virtual machine download",
    ),
];
const EXPORT: &[Privilege] = &[right("VApp.Export", "vApp › Export")];
const RESTORE: &[Privilege] = &[
    right("VApp.Import", "vApp › Import"),
    right("VirtualMachine.Inventory.Create", "Virtual machine › Edit Inventory › Create new"),
    right("VirtualMachine.Inventory.Delete", "Virtual machine › Edit Inventory › Remove"),
    right(
        "VirtualMachine.Config.AddNewDisk",
        "Virtual machine › Change Configuration › Add new disk",
    ),
    ADD_REMOVE_DEVICE,
    right(
        "VirtualMachine.Config.AdvancedConfig",
        "Virtual machine › Change Configuration › Advanced configuration",
    ),
    right(
        "VirtualMachine.Config.CPUCount",
        "Virtual machine › Change Configuration › Change CPU count",
    ),
    right("VirtualMachine.Config.Memory", "Virtual machine › Change Configuration › Change Memory"),
    right(
        "VirtualMachine.Config.Settings",
        "Virtual machine › Change Configuration › Change Settings",
    ),
    right("Resource.AssignVMToPool", "Resource › Assign virtual machine to resource pool"),
    right("Datastore.AllocateSpace", "Datastore › Allocate space"),
    right("Network.Assign", "Network › Assign network"),
];
const HOT_ADD: &[Privilege] = &[ADD_EXISTING_DISK, REMOVE_DISK, ADD_REMOVE_DEVICE];
const TAGS: &[Privilege] = &[
    right("InventoryService.Tagging.AttachTag", "vSphere Tagging › Assign or Unassign vSphere Tag"),
    right(
        "InventoryService.Tagging.ObjectAttachable",
        "vSphere Tagging › Assign or Unassign vSphere Tag on Object",
    ),
];
const SHUT_DOWN: &[Privilege] = &[POWER_OFF, POWER_ON];
const RESTORE_IN_PLACE: &[Privilege] = &[
    ADD_EXISTING_DISK,
    REMOVE_DISK,
    right("VirtualMachine.Inventory.Unregister", "Virtual machine › Edit Inventory › Unregister"),
    // Of what a helper leaves beside the disks.
    FILE_MANAGEMENT,
    POWER_OFF,
    POWER_ON,
];

impl Function {
    /// All, in the order in which a backup and then a restore need them.
    pub const ALL: [Self; 10] = [
        Self::Inventory,
        Self::Snapshots,
        Self::ChangeTracking,
        Self::ReadDatastore,
        Self::HotAdd,
        Self::Export,
        Self::ShutDown,
        Self::Restore,
        Self::RestoreInPlace,
        Self::Tags,
    ];

    /// Returns the rights it needs.
    pub const fn privileges(self) -> &'static [Privilege] {
        match self {
            Self::Inventory => INVENTORY,
            Self::Snapshots => SNAPSHOTS,
            Self::ChangeTracking => CHANGE_TRACKING,
            Self::ReadDatastore => READ_DATASTORE,
            Self::HotAdd => HOT_ADD,
            Self::Export => EXPORT,
            Self::ShutDown => SHUT_DOWN,
            Self::Restore => RESTORE,
            Self::RestoreInPlace => RESTORE_IN_PLACE,
            Self::Tags => TAGS,
        }
    }

    /// Returns whether every server knows its rights. Tags are a vCenter's, and of some versions only.
    pub(crate) fn is_everywhere(self) -> bool {
        self != Self::Tags
    }

    /// Returns whether it is an extra: backups and restores of every kind work without it.
    const fn is_extra(self) -> bool {
        matches!(self, Self::HotAdd | Self::ShutDown | Self::Tags)
    }
}

/// What an account lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// By what it is needed for, in the order of [`Function::ALL`]; empty when nothing is missing.
    pub missing: Vec<MissingRights>,
}

/// The rights one function lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingRights {
    /// What they are needed for.
    pub function: Function,
    /// The rights; never empty.
    pub privileges: Vec<&'static Privilege>,
}

/// What an account can do with its rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RightsVerdict {
    /// Everything.
    Complete,
    /// Back VMs up, but not everything else, or less well.
    Limited,
    /// Not back VMs up.
    TooFew,
}

impl Rights {
    /// Groups what was refused.
    pub(super) fn without(refused: impl Iterator<Item = (Function, &'static Privilege)>) -> Self {
        let mut missing: Vec<MissingRights> = Vec::new();
        for (function, privilege) in refused {
            match missing.iter_mut().find(|m| m.function == function) {
                Some(found) => found.privileges.push(privilege),
                None => missing.push(MissingRights { function, privileges: vec![privilege] }),
            }
        }
        missing.sort_by_key(|m| m.function);
        Self { missing }
    }

    /// Returns whether a function has all it needs.
    pub fn allow(&self, function: Function) -> bool {
        !self.missing.iter().any(|m| m.function == function)
    }

    /// Returns what can be done. One of the two ways to read a disk is enough for a backup, and
    /// nobody who needs no extras lacks anything without them.
    pub fn verdict(&self) -> RightsVerdict {
        let seen = self.allow(Function::Inventory) && self.allow(Function::Snapshots);
        let read = self.allow(Function::ReadDatastore) || self.allow(Function::Export);
        let whole = self.missing.iter().all(|m| m.function.is_extra());
        match (whole, seen && read) {
            (true, _) => RightsVerdict::Complete,
            (false, true) => RightsVerdict::Limited,
            (false, false) => RightsVerdict::TooFew,
        }
    }
}

/// Returns the rights to ask a server for: those of the table that its list of rights has. A
/// server that shows no list is asked for all.
pub(super) fn known(list: Option<&Node>) -> Vec<(Function, &'static Privilege)> {
    let listed = list.map(|list| list.children.as_slice()).unwrap_or_default();
    let knows = |id: &str| listed.iter().any(|p| p.text_at("privId") == Some(id));
    let all = Function::ALL.into_iter().flat_map(|f| f.privileges().iter().map(move |p| (f, p)));
    all.filter(|(_, privilege)| listed.is_empty() || knows(privilege.id)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn lacking(ids: &[&str]) -> Rights {
        let all = known(None);
        Rights::without(all.into_iter().filter(|(_, p)| ids.contains(&p.id)))
    }

    #[test]
    fn no_function_names_a_right_twice() {
        for function in Function::ALL {
            let ids: HashSet<&str> = function.privileges().iter().map(|p| p.id).collect();
            assert_eq!(ids.len(), function.privileges().len(), "{function:?}");
        }
        assert!(Function::ALL.is_sorted(), "groups come in the order of the enumeration");
    }

    #[test]
    fn a_right_the_server_does_not_know_is_not_asked_for() {
        let list = crate::xml::parse(
            "<val><AuthorizationPrivilege><privId>System.View</privId></AuthorizationPrivilege>\
             <AuthorizationPrivilege><privId>VApp.Export</privId></AuthorizationPrivilege></val>",
        );
        let ids: Vec<&str> = known(Some(&list.unwrap())).iter().map(|(_, p)| p.id).collect();
        assert_eq!(ids, ["System.View", "VApp.Export"]);
    }

    #[test]
    fn what_is_missing_decides_what_works() {
        assert_eq!(lacking(&[]).verdict(), RightsVerdict::Complete);
        let restore = lacking(&["Network.Assign", "VApp.Import"]);
        assert_eq!(restore.verdict(), RightsVerdict::Limited);
        assert_eq!(restore.missing.len(), 1);
        assert_eq!(restore.missing[0].function, Function::Restore);
        assert_eq!(restore.missing[0].privileges.len(), 2);
        assert_eq!(lacking(&["Datastore.Browse"]).verdict(), RightsVerdict::Limited);
        let unread = lacking(&["VApp.Export", "Datastore.Browse"]);
        assert_eq!(unread.verdict(), RightsVerdict::TooFew, "no way to read a disk is left");
        let shared = lacking(&["VirtualMachine.Config.RemoveDisk"]);
        let functions: Vec<Function> = shared.missing.iter().map(|m| m.function).collect();
        assert_eq!(functions, [Function::HotAdd, Function::RestoreInPlace]);
        let extra = Rights { missing: shared.missing.into_iter().take(1).collect() };
        assert_eq!(extra.verdict(), RightsVerdict::Complete, "an extra alone is not missed");
        assert_eq!(lacking(&[TAGS[0].id]).verdict(), RightsVerdict::Complete);
        let snapshots = lacking(&["VirtualMachine.State.RemoveSnapshot"]);
        assert_eq!(snapshots.verdict(), RightsVerdict::TooFew);
    }
}
