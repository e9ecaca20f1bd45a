//! What a VM is ready for, asked just before it is touched.

use std::collections::HashMap;

use crate::client::Client;
use crate::error::VsphereError;
use crate::hardware::{DiskConfig, disks_of};
use crate::property::Properties;
use crate::refs::{SnapshotRef, VmRef};
use crate::snapshot::{SnapshotNode, tree};
use crate::xml::Node;

const PATHS: &[&str] = &[
    "config.hardware.device",
    "config.guestId",
    "config.extraConfig",
    "config.flags.diskUuidEnabled",
    "guest.toolsRunningStatus",
    "guestHeartbeatStatus",
    "runtime.consolidationNeeded",
    "runtime.powerState",
    "snapshot",
];

/// The sign of life of a guest's VMware Tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heartbeat {
    /// There are no tools to give one.
    Unknown,
    /// All is well.
    Green,
    /// It comes late.
    Yellow,
    /// There is none.
    Red,
}

/// How quiet a guest can be made for a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quietness {
    /// Applications that have a VSS writer take part.
    Application,
    /// File systems are flushed and held.
    FileSystem,
    /// Nothing runs in the guest: it is powered off or suspended.
    NothingRuns,
    /// VMware Tools do not run in the guest.
    NoTools,
}

/// The state of a VM that decides what a snapshot of it may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// Snapshots in the longest row of the tree.
    pub snapshots: usize,
    /// Links of the VM's own below the running one of the disk that has most. More than `snapshots` says that the
    /// VM runs on links that no snapshot owns any more.
    pub links: usize,
    /// Whether the host says that links wait to be merged.
    pub consolidation_needed: bool,
    /// The guest's sign of life.
    pub heartbeat: Heartbeat,
    /// How quiet it can be made.
    pub quietness: Quietness,
}

impl Readiness {
    /// Returns the number of links that no snapshot owns.
    pub fn stray_links(&self) -> usize {
        self.links.saturating_sub(self.snapshots)
    }
}

impl Client {
    /// Looks whether a snapshot of a VM can be made without harm.
    ///
    /// # Errors
    /// [`VsphereError::NotFound`] when the VM is gone.
    pub async fn readiness(&self, vm: &VmRef) -> Result<Readiness, VsphereError> {
        let properties = self.properties("look whether the VM is ready", &vm.mo(), PATHS).await?;
        let nodes = properties.get("snapshot").map(tree).unwrap_or_default();
        let devices = properties.get("config.hardware.device");
        let devices: Vec<_> = devices.map(|d| d.children.iter().collect()).unwrap_or_default();
        // Only disks that a snapshot of the VM freezes: others have links of their own.
        let mut disks = disks_of(&devices, false);
        disks.retain(|disk| disk.obstacle().is_none());
        Ok(Readiness {
            snapshots: depth(&nodes),
            links: disks.iter().map(own_links).max().unwrap_or(0),
            consolidation_needed: properties.bool("runtime.consolidationNeeded").unwrap_or(false),
            heartbeat: heartbeat(&properties),
            quietness: quietness(&properties, on_scsi(&devices, &disks)),
        })
    }

    /// Returns the guest's sign of life.
    ///
    /// # Errors
    /// As [`Client::readiness`].
    pub async fn heartbeat(&self, vm: &VmRef) -> Result<Heartbeat, VsphereError> {
        let paths = ["guestHeartbeatStatus"];
        Ok(heartbeat(&self.properties("look for the guest's heartbeat", &vm.mo(), &paths).await?))
    }
}

/// Counts the links under the running one that lie in its folder. Those of a linked clone lie with
/// the VM it was made of, and stay there.
fn own_links(disk: &DiskConfig) -> usize {
    let Some(running) = &disk.backing.file else { return 0 };
    disk.backing.parents.iter().filter(|parent| parent.is_beside(running)).count()
}

fn heartbeat(properties: &Properties) -> Heartbeat {
    match properties.text("guestHeartbeatStatus") {
        Some("green") => Heartbeat::Green,
        Some("yellow") => Heartbeat::Yellow,
        Some("red") => Heartbeat::Red,
        _ => Heartbeat::Unknown,
    }
}

/// Applications take part where a Windows server has the UUIDs its disks are told apart by, and all
/// of them on SCSI; other guests flush their file systems.
fn quietness(properties: &Properties, on_scsi: bool) -> Quietness {
    if properties.text("runtime.powerState") != Some("poweredOn") {
        return Quietness::NothingRuns;
    }
    if properties.text("guest.toolsRunningStatus") != Some("guestToolsRunning") {
        return Quietness::NoTools;
    }
    let id = properties.text("config.guestId").unwrap_or_default().to_ascii_lowercase();
    let server = id.starts_with("win") && (id.contains("srv") || id.contains("server"));
    let uuids = properties.bool("config.flags.diskUuidEnabled") == Some(true)
        || option(properties, "disk.EnableUUID").is_some_and(is_on);
    if server && uuids && on_scsi { Quietness::Application } else { Quietness::FileSystem }
}

fn on_scsi(devices: &[&Node], disks: &[DiskConfig]) -> bool {
    disks.iter().all(|disk| {
        devices.iter().any(|device| {
            let kind = device.kind();
            let scsi = ["SCSI", "Lsi", "BusLogic"].iter().any(|name| kind.contains(name));
            scsi && device.number_at("key") == Some(disk.controller_key)
        })
    })
}

fn is_on(value: &str) -> bool {
    value.eq_ignore_ascii_case("true") || value == "1"
}

/// Reads an entry of the extra configuration. Keys are written in any case.
fn option<'a>(properties: &'a Properties, key: &str) -> Option<&'a str> {
    let mut options = properties.get("config.extraConfig")?.children.iter();
    let found = options.find(|o| o.text_at("key").is_some_and(|k| k.eq_ignore_ascii_case(key)));
    found?.text_at("value")
}

/// Counts the snapshots of the longest row; each stands after its parent.
fn depth(nodes: &[SnapshotNode]) -> usize {
    let mut depths = HashMap::<&SnapshotRef, usize>::new();
    for node in nodes {
        let above = node.parent.as_ref().and_then(|parent| depths.get(parent)).copied();
        depths.insert(&node.reference, above.unwrap_or(0) + 1);
    }
    depths.into_values().max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str, parent: Option<&str>) -> SnapshotNode {
        SnapshotNode {
            reference: SnapshotRef::new(id),
            parent: parent.map(SnapshotRef::new),
            name: String::new(),
            description: String::new(),
            created: None,
            quiesced: false,
        }
    }

    #[test]
    fn links_of_the_vm_a_clone_was_made_of_are_not_its_own() {
        let reply = "<reply><device xsi:type=\"VirtualDisk\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
            <key>2000</key><backing xsi:type=\"VirtualDiskFlatVer2BackingInfo\">\
            <fileName>[ds] clone/clone-000001.vmdk</fileName><diskMode>persistent</diskMode>\
            <parent><fileName>[ds] clone/clone.vmdk</fileName>\
            <parent><fileName>[ds] golden/golden-000002.vmdk</fileName>\
            <parent><fileName>[ds] golden/golden.vmdk</fileName></parent></parent></parent></backing>\
            <controllerKey>1000</controllerKey><unitNumber>0</unitNumber>\
            <capacityInBytes>1048576</capacityInBytes></device></reply>";
        let reply = crate::xml::parse(reply).unwrap();
        let devices: Vec<_> = reply.all("device").collect();
        let disks = disks_of(&devices, false);
        assert_eq!(disks[0].backing.parents.len(), 3);
        assert_eq!(own_links(&disks[0]), 1);
    }

    #[test]
    fn the_longest_row_counts() {
        assert_eq!(depth(&[]), 0);
        let nodes =
            [node("a", None), node("b", Some("a")), node("c", Some("b")), node("d", Some("a"))];
        assert_eq!(depth(&nodes), 3);
    }
}
