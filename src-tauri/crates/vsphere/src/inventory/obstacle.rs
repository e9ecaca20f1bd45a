use std::fmt;

use super::{ConnectionState, UnreadableVm, VmSummary};

/// Why a VM cannot be backed up as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VmObstacle {
    /// It is a template.
    Template,
    /// vSphere made it for itself, and makes it anew where it is gone.
    System,
    /// It is one of the pair of a fault-tolerant VM.
    FaultTolerant,
    /// Its files cannot be reached.
    Inaccessible,
    /// It is on no host any more.
    Orphaned,
    /// Its configuration is damaged.
    Invalid,
    /// Its host is not in touch with the server.
    Unavailable,
    /// The server does not show its configuration.
    Unreadable,
    /// It has no disk.
    NoDisk,
    /// None of its disks can be saved.
    NoSavedDisk,
}

impl fmt::Display for VmObstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Template => "it is a template, and templates have no snapshots",
            Self::System => "vSphere made it for itself and makes it anew where it is gone",
            Self::FaultTolerant => "fault tolerance protects it, and such VMs have no snapshots",
            Self::Inaccessible => "its files cannot be reached",
            Self::Orphaned => "it is on no host any more",
            Self::Invalid => "its configuration is damaged",
            Self::Unavailable => "its host is not in touch with the server",
            Self::Unreadable => "the server does not show its configuration",
            Self::NoDisk => "it has no disk",
            Self::NoSavedDisk => "it has no disk that can be saved",
        })
    }
}

impl ConnectionState {
    fn obstacle(self) -> Option<VmObstacle> {
        match self {
            Self::Connected => None,
            Self::Inaccessible => Some(VmObstacle::Inaccessible),
            Self::Orphaned => Some(VmObstacle::Orphaned),
            Self::Invalid => Some(VmObstacle::Invalid),
            Self::Unavailable => Some(VmObstacle::Unavailable),
        }
    }
}

impl VmSummary {
    /// Returns why the VM cannot be copied while it is off, or `None` when it can: a template can.
    pub fn cold_obstacle(&self) -> Option<VmObstacle> {
        match self.obstacle() {
            None => None,
            Some(VmObstacle::Template | VmObstacle::NoSavedDisk) => {
                let away = self.connection.obstacle();
                let saved = self.disks.iter().any(|disk| disk.cold_obstacle().is_none());
                let none = (!saved).then_some(VmObstacle::NoSavedDisk);
                away.or(none).map(|o| if self.disks.is_empty() { VmObstacle::NoDisk } else { o })
            }
            other => other,
        }
    }

    /// Returns why the VM cannot be backed up, or `None` when it can. A suspended VM can: its
    /// disks lie still.
    pub fn obstacle(&self) -> Option<VmObstacle> {
        let saved = |disk: &crate::DiskConfig| disk.obstacle().is_none();
        if self.system {
            Some(VmObstacle::System)
        } else if self.template {
            Some(VmObstacle::Template)
        } else if self.fault_tolerant {
            Some(VmObstacle::FaultTolerant)
        } else if let Some(away) = self.connection.obstacle() {
            Some(away)
        } else if self.disks.is_empty() {
            Some(VmObstacle::NoDisk)
        } else if !self.disks.iter().any(saved) {
            Some(VmObstacle::NoSavedDisk)
        } else {
            None
        }
    }
}

impl UnreadableVm {
    /// Returns why the VM cannot be backed up.
    pub fn obstacle(&self) -> VmObstacle {
        self.connection.obstacle().unwrap_or(VmObstacle::Unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Inventory, build};
    use crate::property::Collected;
    use crate::{About, ServerKind};

    /// An inventory of these objects, each with its kind, its id and its properties as XML.
    fn inventory(objects: &[(&str, &str, &str)]) -> Inventory {
        let object = |(kind, id, properties): &(&str, &str, &str)| {
            format!("<objects><obj type=\"{kind}\">{id}</obj>{properties}</objects>")
        };
        let objects: String = objects.iter().map(object).collect();
        let reply = format!("<reply><returnval>{objects}</returnval></reply>");
        let mut found = Collected::default();
        found.add(&crate::xml::parse(&reply).unwrap());
        let objects: Vec<_> = found.objects.into_values().collect();
        let about = About {
            name: String::new(),
            full_name: String::new(),
            version: String::new(),
            build: String::new(),
            api_version: String::new(),
            kind: ServerKind::Vcenter,
            instance_uuid: None,
        };
        build::inventory(about, &objects)
    }

    fn property(name: &str, value: &str) -> String {
        format!("<propSet><name>{name}</name><val>{value}</val></propSet>")
    }

    #[test]
    fn a_member_of_a_vapp_lies_under_its_name() {
        let devices = property("config.hardware.device", "");
        let parent = "<propSet><name>parentVApp</name>\
                      <val type=\"VirtualApp\">resgroup-v9</val></propSet>";
        let vm = format!("{devices}{parent}{}", property("name", "app"));
        let name = property("name", "shop%2fweb");
        let found =
            inventory(&[("VirtualApp", "resgroup-v9", &name), ("VirtualMachine", "vm-1", &vm)]);
        assert_eq!(found.vms[0].vapp.as_deref(), Some("shop/web"));
        assert_eq!(found.vms[0].folder, ["shop/web"]);
        assert_eq!(found.vms[0].obstacle(), Some(VmObstacle::NoDisk));
        assert!(found.pools.is_empty(), "a vApp is no place for other VMs");
    }

    #[test]
    fn a_vm_without_configuration_says_why() {
        for (state, expected) in [
            ("inaccessible", VmObstacle::Inaccessible),
            ("orphaned", VmObstacle::Orphaned),
            ("invalid", VmObstacle::Invalid),
            ("disconnected", VmObstacle::Unavailable),
            ("connected", VmObstacle::Unreadable),
        ] {
            let vm = property("runtime.connectionState", state) + &property("name", "vm");
            let found = inventory(&[("VirtualMachine", "vm-1", &vm)]);
            assert_eq!(found.unreadable[0].obstacle(), expected, "{state}");
        }
    }
}
