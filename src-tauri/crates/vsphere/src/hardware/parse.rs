//! From the server's device list to ours.

use kuramori_block::ByteLen;

use super::{
    BootDevice, Controller, DiskBacking, DiskConfig, DiskMode, DiskShape, DiskSharing, Drive, Nic,
    VmConfig, VmHardware,
};
use crate::DiskKey;
use crate::error::VsphereError;
use crate::property::Properties;
use crate::refs::DatastoreRef;
use crate::xml::Node;

/// The properties [`vm_config`] needs, of a VM and of a snapshot alike.
pub(crate) const CONFIG_PATHS: &[&str] = &["config"];

/// Links of a disk are followed no deeper; vSphere allows 32 snapshots.
const MAX_CHAIN: usize = 64;

/// Builds the configuration out of the `config` property.
pub(crate) fn vm_config(action: &str, properties: &Properties) -> Result<VmConfig, VsphereError> {
    let config = properties.get("config");
    let config =
        config.ok_or_else(|| VsphereError::missing(action, "the configuration of the VM"))?;
    let devices: Vec<&Node> =
        config.child("hardware").map(|h| h.all("device").collect()).unwrap_or_default();
    let disks = disks_of(&devices, config.child("keyId").is_some());
    Ok(VmConfig {
        hardware: hardware(config, &devices, &disks),
        disks,
        change_tracking: config.bool_at("changeTrackingEnabled").unwrap_or(false),
    })
}

fn hardware(config: &Node, devices: &[&Node], disks: &[DiskConfig]) -> VmHardware {
    let text = |path: &str| config.string_at(path).unwrap_or_default();
    let eager = |key: DiskKey| {
        let device = devices.iter().find(|d| d.number_at("key") == Some(key.get()));
        device.and_then(|d| d.bool_at("backing.eagerlyScrub")).unwrap_or(false)
    };
    let shape = |disk: &DiskConfig| DiskShape {
        key: disk.key,
        label: disk.label.clone(),
        capacity_bytes: disk.capacity.get(),
        controller_key: disk.controller_key,
        unit: disk.unit,
        thin: disk.thin,
        eager_zeroed: eager(disk.key),
        datastore: disk.backing.root_file().map(|f| f.datastore().to_owned()).unwrap_or_default(),
    };
    let extra = config
        .all("extraConfig")
        .filter_map(|option| Some((option.string_at("key")?, option.text_at("value")?.to_owned())));
    VmHardware {
        name: text("name"),
        guest_id: text("guestId"),
        version: text("version"),
        firmware: text("firmware"),
        secure_boot: config.bool_at("bootOptions.efiSecureBootEnabled").unwrap_or(false),
        uuid: text("uuid"),
        instance_uuid: text("instanceUuid"),
        annotation: text("annotation"),
        cpus: config.number_at("hardware.numCPU").unwrap_or(1),
        cores_per_socket: config.number_at("hardware.numCoresPerSocket").unwrap_or(1),
        memory_mib: config.number_at("hardware.memoryMB").unwrap_or(0),
        cpu_hot_add: config.bool_at("cpuHotAddEnabled").unwrap_or(false),
        memory_hot_add: config.bool_at("memoryHotAddEnabled").unwrap_or(false),
        nested_hv: config.bool_at("nestedHVEnabled").unwrap_or(false),
        vbs: config.bool_at("flags.vbsEnabled").unwrap_or(false),
        boot_delay_ms: config.number_at("bootOptions.bootDelay").unwrap_or(0),
        boot_order: BootDevice::order(config),
        controllers: devices.iter().filter_map(|device| controller(device)).collect(),
        disks: disks.iter().map(shape).collect(),
        nics: devices.iter().filter_map(|device| nic(device)).collect(),
        drives: devices.iter().filter_map(|device| Drive::of(device)).collect(),
        disk_uuid_enabled: config.bool_at("flags.diskUuidEnabled").unwrap_or(false),
        extra_config: extra.collect(),
        other_devices: devices.iter().filter_map(|device| other(device)).collect(),
    }
}

fn controller(device: &Node) -> Option<Controller> {
    let kind = device.kind();
    is_disk_controller(kind).then_some(())?;
    Some(Controller {
        key: device.number_at("key")?,
        kind: kind.to_owned(),
        bus: device.number_at("busNumber").unwrap_or(0),
    })
}

/// Returns whether disks hang on controllers of this kind.
fn is_disk_controller(kind: &str) -> bool {
    matches!(
        kind,
        "ParaVirtualSCSIController"
            | "VirtualLsiLogicController"
            | "VirtualLsiLogicSASController"
            | "VirtualBusLogicController"
            | "VirtualAHCIController"
            | "VirtualNVMEController"
            | "VirtualIDEController"
    )
}

fn is_nic(kind: &str) -> bool {
    matches!(
        kind,
        "VirtualVmxnet3"
            | "VirtualVmxnet3Vrdma"
            | "VirtualVmxnet2"
            | "VirtualVmxnet"
            | "VirtualE1000"
            | "VirtualE1000e"
            | "VirtualPCNet32"
            | "VirtualSriovEthernetCard"
    )
}

fn nic(device: &Node) -> Option<Nic> {
    let kind = device.kind();
    is_nic(kind).then_some(())?;
    Some(Nic {
        key: device.number_at("key")?,
        label: device.string_at("deviceInfo.label").unwrap_or_default(),
        kind: kind.to_owned(),
        mac: device.string_at("macAddress").unwrap_or_default(),
        mac_manual: device.text_at("addressType") == Some("manual"),
        network: device.string_at("backing.deviceName").unwrap_or_default(),
        portgroup_key: device.string_at("backing.port.portgroupKey"),
    })
}

/// Names devices that are neither rebuilt nor part of every VM.
fn other(device: &Node) -> Option<String> {
    let kind = device.kind();
    let everywhere = matches!(
        kind,
        "VirtualPCIController"
            | "VirtualPS2Controller"
            | "VirtualSIOController"
            | "VirtualKeyboard"
            | "VirtualPointingDevice"
            | "VirtualMachineVideoCard"
            | "VirtualMachineVMCIDevice"
            | "VirtualDisk"
            | "VirtualCdrom"
    );
    if everywhere || is_disk_controller(kind) || is_nic(kind) {
        return None;
    }
    Some(device.string_at("deviceInfo.label").unwrap_or_else(|| kind.to_owned()))
}

/// Reads the disks of a device list.
pub(crate) fn disks_of(devices: &[&Node], home_encrypted: bool) -> Vec<DiskConfig> {
    let shared_bus = |key: i32| {
        devices.iter().any(|device| {
            device.number_at("key") == Some(key)
                && device.text_at("sharedBus").is_some_and(|bus| bus != "noSharing")
        })
    };
    let disk = |device: &&Node| {
        let backing = device.child("backing")?;
        let controller_key = device.number_at("controllerKey").unwrap_or(0);
        let multi_writer =
            backing.text_at("sharing").is_some_and(|sharing| sharing == "sharingMultiWriter");
        Some(DiskConfig {
            key: DiskKey::new(device.number_at("key")?),
            label: device.string_at("deviceInfo.label").unwrap_or_default(),
            capacity: capacity(device)?,
            uuid: backing.string_at("uuid"),
            object_id: device.string_at("diskObjectId"),
            change_id: backing.text_at("changeId").and_then(|id| id.parse().ok()),
            mode: DiskMode::parse(backing.text_at("diskMode").unwrap_or_default()),
            thin: backing.bool_at("thinProvisioned").unwrap_or(false),
            sharing: match (multi_writer, shared_bus(controller_key)) {
                (true, _) => DiskSharing::MultiWriter,
                (false, true) => DiskSharing::Bus,
                (false, false) => DiskSharing::None,
            },
            controller_key,
            unit: device.number_at("unitNumber").unwrap_or(0),
            first_class: device.string_at("vDiskId.id").is_some(),
            encrypted: home_encrypted || backing.child("keyId").is_some(),
            backing: disk_backing(backing),
        })
    };
    devices.iter().filter(|device| device.kind() == "VirtualDisk").filter_map(disk).collect()
}

/// Returns the size; old servers know it in KiB only.
fn capacity(device: &Node) -> Option<ByteLen> {
    let bytes = device.number_at::<u64>("capacityInBytes");
    let kib = || device.number_at::<u64>("capacityInKB").and_then(|kib| kib.checked_mul(1024));
    bytes.or_else(kib).map(ByteLen::new)
}

fn disk_backing(backing: &Node) -> DiskBacking {
    let mut parents = Vec::new();
    let mut link = backing;
    while let Some(parent) = link.child("parent")
        && parents.len() < MAX_CHAIN
    {
        parents.extend(parent.text_at("fileName").and_then(|name| name.parse().ok()));
        link = parent;
    }
    DiskBacking {
        kind: backing.kind().to_owned(),
        file: backing.text_at("fileName").and_then(|name| name.parse().ok()),
        datastore: backing.string_at("datastore").map(DatastoreRef::new),
        parents,
        object_id: backing.string_at("backingObjectId"),
        compatibility: backing.string_at("compatibilityMode"),
    }
}
