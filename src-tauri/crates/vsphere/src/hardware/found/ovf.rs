//! An OVF: the description of an exported VM.

use std::collections::{BTreeMap, BTreeSet};

use super::{Bus, FoundDisk, FoundVm, FoundVmError, MANY, nic_kind, scsi_kind, units};
use crate::DiskKey;
use crate::hardware::{Controller, DiskShape, Nic, VmHardware};
use crate::xml::{self, Node};

/// Larger files are none of these.
const LARGEST: usize = 8 << 20;

/// Twice what any product accepts as a disk.
const LARGEST_DISK: u64 = 128 << 40;

/// Numbers of devices in an OVF.
mod kind {
    pub(super) const CPU: &str = "3";
    pub(super) const MEMORY: &str = "4";
    pub(super) const IDE: &str = "5";
    pub(super) const SCSI: &str = "6";
    pub(super) const NIC: &str = "10";
    pub(super) const DISK: &str = "17";
    pub(super) const STORAGE: &str = "20";
    /// Video card, keyboard and the like, which every VM has.
    pub(super) const EVERYWHERE: [&str; 3] = ["1", "13", "24"];
}

/// Reads an OVF.
///
/// # Errors
/// [`FoundVmError`]: it is no OVF, or one of several VMs, or its disks are packed in a way that is
/// not read here.
pub fn read_ovf(text: &str) -> Result<FoundVm, FoundVmError> {
    if text.len() > LARGEST {
        return Err(FoundVmError::NotAVm("it is too long"));
    }
    let root = xml::parse(text.trim_start_matches('\u{feff}'))?;
    if root.name != "Envelope" {
        return Err(FoundVmError::NotAVm("it does not begin with an envelope"));
    }
    let systems: Vec<&Node> = root
        .all("VirtualSystem")
        .chain(root.all("VirtualSystemCollection").flat_map(|c| c.all("VirtualSystem")))
        .collect();
    let system = match systems.as_slice() {
        [system] => *system,
        [] => return Err(FoundVmError::NotAVm("it describes no VM")),
        _ => return Err(FoundVmError::SeveralVms),
    };
    let section = system.child("VirtualHardwareSection");
    let section = section.ok_or(FoundVmError::NotAVm("it describes no hardware"))?;
    let files = files(&root)?;
    let mut found = FoundVm { hardware: hardware(system, section), ..FoundVm::default() };
    found.nvram = nvram(section, &files);
    let controllers = controllers(section, &mut found.hardware)?;
    disks(&root, section, (&files, &controllers), &mut found)?;
    Ok(found)
}

/// Returns the files by their ids.
fn files(root: &Node) -> Result<BTreeMap<String, String>, FoundVmError> {
    let mut files = BTreeMap::new();
    for file in root.all("References").flat_map(|all| all.all("File")) {
        let packed = file.attribute("compression").is_some_and(|how| how != "identity");
        if packed || file.attribute("chunkSize").is_some() {
            return Err(FoundVmError::Unsupported("its files are packed once more, or cut up"));
        }
        if let (Some(id), Some(name)) = (file.attribute("id"), file.attribute("href")) {
            files.insert(id.to_owned(), name.to_owned());
        }
    }
    Ok(files)
}

fn hardware(system: &Node, section: &Node) -> VmHardware {
    let items = || section.all("Item");
    let of =
        |kind: &'static str| items().find(move |item| item.text_at("ResourceType") == Some(kind));
    let cpu = of(kind::CPU);
    let cpus: u32 =
        cpu.and_then(|cpu| cpu.number_at("VirtualQuantity")).unwrap_or(1).clamp(1, 1024);
    let per_socket = cpu.and_then(|cpu| cpu.number_at::<u32>("CoresPerSocket")).unwrap_or(1).max(1);
    let memory = of(kind::MEMORY).and_then(|memory| {
        let unit = memory.text_at("AllocationUnits").or(Some("byte * 2^20"));
        units::bytes(memory.text_at("VirtualQuantity")?, unit)
    });
    let guest = system.child("OperatingSystemSection");
    let version = section.text_at("System.VirtualSystemType").unwrap_or_default();
    // Several versions may be named; servers take the newest they know.
    let version = version.split([' ', ',']).rfind(|word| word.starts_with("vmx-"));
    let name = system.string_at("Name").or_else(|| system.attribute("id").map(str::to_owned));
    VmHardware {
        name: name.unwrap_or_default(),
        guest_id: guest.and_then(|g| g.attribute("osType")).unwrap_or("otherGuest64").to_owned(),
        version: version.unwrap_or_default().to_owned(),
        firmware: config(section, "firmware").unwrap_or("bios").to_owned(),
        secure_boot: config(section, "bootOptions.efiSecureBootEnabled") == Some("true"),
        annotation: system.string_at("AnnotationSection.Annotation").unwrap_or_default(),
        cpus,
        cores_per_socket: if cpus.is_multiple_of(per_socket) { per_socket } else { 1 },
        memory_mib: memory.map_or(0, |bytes| bytes >> 20),
        nics: items()
            .filter(|i| i.text_at("ResourceType") == Some(kind::NIC))
            .enumerate()
            .map(|(n, item)| nic(n, item))
            .take(16)
            .collect(),
        other_devices: items().filter_map(other).take(MANY).collect(),
        ..VmHardware::default()
    }
}

/// Returns a setting that VMware keeps beside the devices.
fn config<'a>(section: &'a Node, key: &str) -> Option<&'a str> {
    let settings = section.all("Config").chain(section.all("ExtraConfig"));
    let mut found = settings.filter(|setting| setting.attribute("key") == Some(key));
    found.find_map(|setting| setting.attribute("value"))
}

/// The NVRAM is one of the files, named by `ovf:/file/ID`.
fn nvram(section: &Node, files: &BTreeMap<String, String>) -> Option<String> {
    let place = config(section, "nvram")?;
    let id = place.rsplit_once("/file/").map_or(place, |(_, id)| id);
    files.get(id).cloned()
}

fn nic(number: usize, item: &Node) -> Nic {
    let number = i32::try_from(number).unwrap_or(0);
    Nic {
        key: 4000 + number,
        label: format!("Network adapter {}", number + 1),
        kind: nic_kind(item.text_at("ResourceSubType").unwrap_or_default()).to_owned(),
        mac: item.string_at("Address").unwrap_or_default(),
        mac_manual: false,
        network: item.string_at("Connection").unwrap_or_default(),
        portgroup_key: None,
    }
}

fn other(item: &Node) -> Option<String> {
    let number = item.text_at("ResourceType").unwrap_or_default();
    let known =
        [kind::CPU, kind::MEMORY, kind::IDE, kind::SCSI, kind::NIC, kind::DISK, kind::STORAGE];
    let vmci = item.text_at("ResourceSubType") == Some("vmware.vmci");
    if known.contains(&number) || kind::EVERYWHERE.contains(&number) || vmci {
        return None;
    }
    let label = item.string_at("ElementName").or_else(|| item.string_at("Caption"));
    Some(label.unwrap_or_else(|| format!("device of type {number}")))
}

/// A controller that disks name as their parent.
#[derive(Clone, Copy)]
struct Host {
    bus: Bus,
    number: i32,
}

/// Adds the controllers and returns them by the id that disks name. Those that give no number of
/// their bus, or one that is taken, get the next free one.
fn controllers(
    section: &Node,
    hardware: &mut VmHardware,
) -> Result<BTreeMap<String, Host>, FoundVmError> {
    let mut controllers = Vec::new();
    for item in section.all("Item") {
        let sub = item.text_at("ResourceSubType").unwrap_or_default().to_ascii_lowercase();
        let bus = match item.text_at("ResourceType") {
            Some(kind::IDE) => Bus::Ide,
            Some(kind::SCSI) => Bus::Scsi,
            Some(kind::STORAGE) if sub.contains("nvme") => Bus::Nvme,
            Some(kind::STORAGE) => Bus::Sata,
            _ => continue,
        };
        let Some(id) = item.string_at("InstanceID") else { continue };
        controllers.push((id, bus, sub, item.number_at::<i32>("Address")));
    }
    let mut taken = BTreeSet::new();
    let given = |(_, bus, _, address): &(String, Bus, String, Option<i32>)| {
        address.filter(|number| bus.has_place(*number, 0)).map(|number| (*bus as u8, number))
    };
    let own: Vec<bool> =
        controllers.iter().map(|c| given(c).is_some_and(|place| taken.insert(place))).collect();
    let mut hosts = BTreeMap::new();
    for ((id, bus, sub, address), own) in controllers.into_iter().zip(own) {
        let free = || (0..bus.size().0).find(|number| taken.insert((bus as u8, *number)));
        let number = if own { address } else { None }.or_else(free);
        let many = "it has more controllers of a kind than a VM can have";
        let number = number.ok_or(FoundVmError::Unsupported(many))?;
        let kind = match bus {
            Bus::Ide => "VirtualIDEController",
            Bus::Scsi => scsi_kind(&sub),
            Bus::Sata => "VirtualAHCIController",
            Bus::Nvme => "VirtualNVMEController",
        };
        let key = bus.controller_key(number);
        hardware.controllers.push(Controller { key, kind: kind.to_owned(), bus: number });
        if hosts.insert(id, Host { bus, number }).is_some() {
            return Err(FoundVmError::NotAVm("two of its controllers have one id"));
        }
    }
    Ok(hosts)
}

/// Returns the controller and the place of each disk, no two of which are the same. Disks that
/// give no place get the next one that is free.
fn places(
    items: &[&Node],
    hosts: &BTreeMap<String, Host>,
) -> Result<Vec<(Host, i32)>, FoundVmError> {
    let mut taken = BTreeSet::new();
    let mut given = Vec::with_capacity(items.len());
    for item in items {
        let host = item.text_at("Parent").and_then(|parent| hosts.get(parent));
        let host = *host.ok_or(FoundVmError::NotAVm("a disk of the VM hangs on no controller"))?;
        let unit = match item.text_at("AddressOnParent") {
            None | Some("") => None,
            Some(text) => {
                let unit = text.parse().ok().filter(|unit| host.bus.has_place(host.number, *unit));
                let strange = "a disk of the VM lies at a place that its controller does not have";
                Some(unit.ok_or(FoundVmError::NotAVm(strange))?)
            }
        };
        if unit.is_some_and(|unit| !taken.insert(host.bus.disk_key(host.number, unit))) {
            return Err(FoundVmError::NotAVm("two disks of the VM lie at one place"));
        }
        given.push((host, unit));
    }
    let free = |(host, unit): (Host, Option<i32>)| {
        // SCSI controllers keep the seventh for themselves.
        let own = |unit: &i32| host.bus == Bus::Scsi && *unit == 7;
        let mut units = (0..host.bus.size().1).filter(|unit| !own(unit));
        let free = || units.find(|unit| taken.insert(host.bus.disk_key(host.number, *unit)));
        let many = "more disks hang on a controller than it has places";
        unit.or_else(free).map(|unit| (host, unit)).ok_or(FoundVmError::NotAVm(many))
    };
    given.into_iter().map(free).collect()
}

fn disks(
    root: &Node,
    section: &Node,
    (files, hosts): (&BTreeMap<String, String>, &BTreeMap<String, Host>),
    found: &mut FoundVm,
) -> Result<(), FoundVmError> {
    let described: Vec<&Node> =
        root.all("DiskSection").flat_map(|section| section.all("Disk")).collect();
    let items = section.all("Item").filter(|i| i.text_at("ResourceType") == Some(kind::DISK));
    let items: Vec<&Node> = items.collect();
    let places = places(&items, hosts)?;
    for (item, (host, unit)) in items.into_iter().zip(places) {
        let label = format!("Hard disk {}", found.disks.len() + 1);
        let place = item.text_at("HostResource").unwrap_or_default();
        let id = place.rsplit_once("/disk/").map_or(place, |(_, id)| id);
        let disk = described.iter().find(|disk| disk.attribute("diskId") == Some(id));
        let disk = disk.ok_or(FoundVmError::NotAVm("a disk of the VM is not described"))?;
        if disk.attribute("parentRef").is_some() {
            return Err(FoundVmError::Unsupported("a disk of it is a snapshot of another one"));
        }
        let unit_of_size = disk.attribute("capacityAllocationUnits");
        let size = disk.attribute("capacity").and_then(|size| units::bytes(size, unit_of_size));
        let size = size.ok_or(FoundVmError::NotAVm("a disk of the VM has no size"))?;
        if size > LARGEST_DISK {
            return Err(FoundVmError::NotAVm(
                "a disk of the VM has the size of one that cannot be",
            ));
        }
        let file = match disk.attribute("fileRef").filter(|id| !id.is_empty()) {
            Some(id) => {
                let missing = FoundVmError::NotAVm("a disk of the VM has no file");
                Some(files.get(id).ok_or(missing)?.clone())
            }
            None => None,
        };
        let key = DiskKey::new(host.bus.disk_key(host.number, unit));
        found.hardware.disks.push(DiskShape {
            key,
            label: label.clone(),
            capacity_bytes: size,
            controller_key: host.bus.controller_key(host.number),
            unit,
            thin: true,
            eager_zeroed: false,
            datastore: String::new(),
        });
        found.disks.push(FoundDisk { key, label, file, id: Some(id.to_owned()) });
    }
    Ok(())
}

#[cfg(test)]
#[path = "ovf_tests.rs"]
mod tests;
