//! The devices of a VM.

use super::Scope;
use crate::config::{Backing, Deltas};
use crate::disk::DiskMeta;
use crate::schema::schema;
use crate::value::{Obj, Value};
use crate::world::{Controller, Drive, Nic, VmConf};

/// A disk as a configuration shows it: the running one, or a snapshot's.
#[derive(Clone, Debug)]
pub(crate) struct DiskView {
    pub(crate) meta: DiskMeta,
    pub(crate) link: u64,
    pub(crate) capacity: u64,
    pub(crate) change: Option<String>,
}

pub(crate) fn all(scope: Scope<'_>, conf: &VmConf, disks: &[DiskView]) -> Vec<Obj> {
    let mut out = fixed();
    for controller in &conf.controllers {
        let used = disks.iter().filter(|d| d.meta.controller == controller.key);
        out.extend(self::controller(controller, used.map(|d| d.meta.key).collect()));
    }
    out.extend(disks.iter().map(|d| disk(scope, d)));
    out.extend(conf.nics.iter().filter_map(|n| nic(scope, n)));
    out.extend((1..).zip(&conf.drives).map(|(number, d)| drive(number, d)));
    out
}

fn label(text: &str, summary: &str) -> Obj {
    Obj::new("Description").set("label", text).set("summary", summary)
}

fn fixed() -> Vec<Obj> {
    let ctl = |kind, key: i32, name: &str, bus: i32| {
        Obj::new(kind).set("key", key).set("deviceInfo", label(name, name)).set("busNumber", bus)
    };
    let pointing = Obj::new("VirtualPointingDeviceDeviceBackingInfo")
        .set("deviceName", "")
        .set("useAutoDetect", false)
        .set("hostPointingDevice", "autodetect");
    vec![
        ctl("VirtualIDEController", 200, "IDE 0", 0),
        ctl("VirtualIDEController", 201, "IDE 1", 1),
        ctl("VirtualPS2Controller", 300, "PS2 controller 0", 0),
        ctl("VirtualPCIController", 100, "PCI controller 0", 0),
        ctl("VirtualSIOController", 400, "SIO controller 0", 0),
        Obj::new("VirtualKeyboard")
            .set("key", 600)
            .set("deviceInfo", label("Keyboard", "Keyboard"))
            .set("controllerKey", 300)
            .set("unitNumber", 0),
        Obj::new("VirtualPointingDevice")
            .set("key", 700)
            .set("deviceInfo", label("Pointing device", "Pointing device; Device"))
            .set("backing", pointing)
            .set("controllerKey", 300)
            .set("unitNumber", 1),
        Obj::new("VirtualMachineVideoCard")
            .set("key", 500)
            .set("deviceInfo", label("Video card", "Video card"))
            .set("controllerKey", 100)
            .set("unitNumber", 0)
            .set("videoRamSizeInKB", 8192i64)
            .set("numDisplays", 1)
            .set("useAutoDetect", false)
            .set("enable3DSupport", false)
            .set("use3dRenderer", "automatic")
            .set("graphicsMemorySizeInKB", 262_144i64),
        Obj::new("VirtualMachineVMCIDevice")
            .set("key", 12000)
            .set("deviceInfo", label("VMCI device", "Device on the virtual machine PCI bus"))
            .set("controllerKey", 100)
            .set("unitNumber", 17)
            .set("id", -1i64)
            .set("allowUnrestrictedCommunication", false)
            .set("filterEnable", true),
    ]
}

fn controller(controller: &Controller, devices: Vec<i32>) -> Option<Obj> {
    let (kind, _) = schema().data.get_key_value(controller.kind.as_str())?;
    let family = if kind.contains("NVME") {
        "NVME controller"
    } else if kind.contains("AHCI") || kind.contains("SATA") {
        "SATA controller"
    } else {
        "SCSI controller"
    };
    let name = format!("{family} {}", controller.bus);
    let mut out = Obj::new(kind)
        .set("key", controller.key)
        .set("deviceInfo", label(&name, kind.trim_start_matches("Virtual")))
        .set("controllerKey", 100)
        .set("unitNumber", 3)
        .set("busNumber", controller.bus)
        .set("device", Value::List("int", devices.into_iter().map(Value::Int).collect()));
    if schema().is_a(kind, "VirtualSCSIController") {
        let sharing = controller.sharing.as_deref().unwrap_or("noSharing");
        out =
            out.set("hotAddRemove", true).choice("sharedBus", sharing).set("scsiCtlrUnitNumber", 7);
    }
    Some(out)
}

fn backing(scope: Scope<'_>, view: &DiskView, link: u64, leaf: bool) -> Option<Obj> {
    let meta = &view.meta;
    let found = meta.link(link)?;
    let parent = found.parent.and_then(|p| backing(scope, view, p, false));
    let delta = found.parent.is_some();
    let (format, variant) = match meta.deltas {
        Deltas::VmfsSparse => ("redoLogFormat", Some("vmfsSparseVariant")),
        Deltas::SeSparse => ("seSparseFormat", None),
    };
    let mapping = match meta.backing {
        Backing::File | Backing::MultiWriter | Backing::FirstClass => None,
        Backing::VirtualRawDevice => Some("virtualMode"),
        Backing::PhysicalRawDevice => Some("physicalMode"),
    };
    if let (Some(mode), false) = (mapping, delta) {
        return Some(raw_device(scope, view, &found.descriptor, mode));
    }
    let sharing =
        if meta.backing == Backing::MultiWriter { "sharingMultiWriter" } else { "sharingNone" };
    Some(
        Obj::new("VirtualDiskFlatVer2BackingInfo")
            .set("fileName", meta.path_of(&found.descriptor))
            .opt(
                "datastore",
                scope.world.inventory.datastore(&meta.datastore).map(|n| n.at.clone()),
            )
            .set("backingObjectId", "")
            .set("diskMode", meta.mode.as_str())
            .set("split", false)
            .set("writeThrough", false)
            .set("thinProvisioned", meta.thin || delta)
            .set("eagerlyScrub", meta.eager && !delta)
            .set("uuid", meta.uuid.as_str())
            .set("contentId", format!("{:032x}", u128::from(found.cid)))
            .opt("changeId", view.change.as_deref().filter(|_| leaf))
            .opt("parent", parent)
            .opt("deltaDiskFormat", delta.then_some(format))
            .set("digestEnabled", false)
            .opt("deltaDiskFormatVariant", variant.filter(|_| delta))
            .set("sharing", sharing),
    )
}

fn raw_device(scope: Scope<'_>, view: &DiskView, descriptor: &str, mode: &str) -> Obj {
    let meta = &view.meta;
    Obj::new("VirtualDiskRawDiskMappingVer1BackingInfo")
        .set("fileName", meta.path_of(descriptor))
        .opt("datastore", scope.world.inventory.datastore(&meta.datastore).map(|n| n.at.clone()))
        .set("lunUuid", meta.uuid.as_str())
        .set("deviceName", "vml.0200")
        .set("compatibilityMode", mode)
        .set("diskMode", meta.mode.as_str())
        .set("uuid", meta.uuid.as_str())
        .opt("changeId", view.change.as_deref())
}

fn disk(scope: Scope<'_>, view: &DiskView) -> Obj {
    let meta = &view.meta;
    let kb = view.capacity / 1024;
    let shares = Obj::new("SharesInfo").set("shares", 1000).choice("level", "normal");
    let io = Obj::new("StorageIOAllocationInfo").set("limit", -1i64).set("shares", shares);
    let visits = meta.backing == Backing::FirstClass;
    let number = meta.unit + 1 - i32::from(meta.unit > 7);
    Obj::new("VirtualDisk")
        .set("key", meta.key)
        .set("deviceInfo", label(&format!("Hard disk {number}"), &format!("{kb} KB")))
        .opt("backing", backing(scope, view, view.link, true))
        .set("controllerKey", meta.controller)
        .set("unitNumber", meta.unit)
        .set("capacityInKB", kb)
        .set("capacityInBytes", view.capacity)
        .opt("vDiskId", visits.then(|| Obj::new("ID").set("id", meta.uuid.as_str())))
        .set("storageIOAllocation", io)
        .set("diskObjectId", format!("1-{}", meta.key))
        .set("nativeUnmanagedLinkedClone", false)
}

fn drive(number: i32, drive: &Drive) -> Obj {
    let backing = match &drive.image {
        Some(image) => Obj::new("VirtualCdromIsoBackingInfo").set("fileName", image.as_str()),
        None => Obj::new("VirtualCdromRemoteAtapiBackingInfo")
            .set("deviceName", "")
            .set("useAutoDetect", false),
    };
    let connect = Obj::new("VirtualDeviceConnectInfo")
        .set("startConnected", false)
        .set("allowGuestControl", true)
        .set("connected", false);
    Obj::new("VirtualCdrom")
        .set("key", drive.key)
        .set("deviceInfo", label(&format!("CD/DVD drive {number}"), "CD"))
        .set("backing", backing)
        .set("connectable", connect)
        .set("controllerKey", drive.controller)
        .set("unitNumber", drive.unit)
}

fn nic(scope: Scope<'_>, nic: &Nic) -> Option<Obj> {
    let (kind, _) = schema().data.get_key_value(nic.kind.as_str())?;
    let network = scope.world.inventory.kind("Network").find(|n| n.name == nic.network);
    let backing = Obj::new("VirtualEthernetCardNetworkBackingInfo")
        .set("deviceName", nic.network.as_str())
        .set("useAutoDetect", false)
        .opt("network", network.map(|n| n.at.clone()));
    let connect = Obj::new("VirtualDeviceConnectInfo")
        .set("migrateConnect", "unset")
        .set("startConnected", nic.start_connected)
        .set("allowGuestControl", true)
        .set("connected", nic.connected)
        .set("status", if nic.connected { "ok" } else { "untried" });
    let name = format!("Network adapter {}", nic.key - 3999);
    Some(
        Obj::new(kind)
            .set("key", nic.key)
            .set("deviceInfo", label(&name, &nic.network))
            .set("backing", backing)
            .set("connectable", connect)
            .set("controllerKey", 100)
            .set("unitNumber", nic.unit)
            .set("addressType", nic.address_type.as_str())
            .set("macAddress", nic.mac.as_str())
            .set("wakeOnLanEnabled", true),
    )
}
