//! `ImportVApp` with a VM's own configuration spec.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Fault;
use super::call::{Call, Reply, is_true, reference};
use super::configure::{boots_from_its_own, capacity_of, configure};
use super::files::StorePath;
use super::leases::import_files;
use crate::config::Backing;
use crate::core::{NewDisk, NewLease, blank_conf, disk_key};
use crate::disk::Disk;
use crate::schema::schema;
use crate::value::Value;
use crate::world::{Controller, Drive, Nic, Vm, VmConf, World};
use crate::xml::Element;

/// A VM as a spec asks for it.
#[derive(Debug)]
struct Wanted {
    conf: VmConf,
    disks: Vec<NewDisk>,
    datastore: String,
    dir: String,
}

impl Call<'_> {
    pub(crate) fn import_vapp(&self) -> Result<Reply, Fault> {
        let session = self.session()?.to_string();
        let spec = self.body.child("spec").ok_or_else(|| Fault::invalid_argument("spec"))?;
        if spec.xsi_type.as_deref() != Some("VirtualMachineImportSpec") {
            return Err(Fault::new("NotSupported", "The lab imports single VMs only."));
        }
        let spec = spec.child("configSpec").ok_or_else(|| Fault::invalid_argument("spec"))?;
        let (wanted, id, folder, host) = {
            let mut world = self.core.world();
            let wanted = read(&world, spec, self.core.options.places_disks)?;
            let (folder, host) = self.place(&world)?;
            let id = self.core.new_vm_id(&mut world);
            (wanted, id, folder, host)
        };
        super::versions::supported(self.core, &wanted.conf.version, &host)?;
        let mut disks = Vec::new();
        for new in wanted.disks {
            let disk = Disk::open(new.meta(self.core.options.deltas), &self.core.places);
            disks.push(Arc::new(disk.map_err(|e| Fault::system(e.to_string()))?));
        }
        let state = crate::world::VmState {
            conf: wanted.conf,
            dir: wanted.dir,
            datastore: wanted.datastore,
            folder,
            pool: self.this.id.clone(),
            host,
            importing: true,
            ..self.core.blank_state(id)
        };
        let vm = Vm { state, disks, visitors: Vec::new(), busy: None };
        let (reference, files) = (vm.reference(), import_files(&vm));
        self.core.add_vm(vm)?;
        let lease = NewLease { session, vm: reference, import: true, files };
        Ok(Reply::Value(Value::Ref(self.core.open_lease(lease))))
    }

    /// Returns the folder and host the VM goes to.
    fn place(&self, world: &World) -> Result<(String, String), Fault> {
        let inventory = &world.inventory;
        let (default_folder, _, default_host) = inventory.place(1);
        let folder = match self.reference("folder") {
            Some(folder) => {
                inventory.node(&folder.id).ok_or_else(|| Fault::gone(&folder))?.at.id.clone()
            }
            None => default_folder.to_string(),
        };
        let host = match self.reference("host") {
            Some(host) => inventory.node(&host.id).ok_or_else(|| Fault::gone(&host))?.at.id.clone(),
            None => default_host.to_string(),
        };
        Ok((folder, host))
    }
}

fn read(world: &World, spec: &Element, places: bool) -> Result<Wanted, Fault> {
    let mut conf = blank_conf();
    boots_from_its_own(&conf, &[], spec)?;
    configure(&mut conf, spec);
    if conf.name.is_empty() {
        return Err(Fault::invalid_argument("configSpec.name"));
    }
    if world.vm_named(&conf.name).is_some() {
        let text = format!("The name '{}' already exists.", conf.name);
        let other = world.vm_named(&conf.name).map(Vm::reference);
        let fault = Fault::new("DuplicateName", text).with("name", conf.name.as_str());
        return Err(match other {
            Some(other) => fault.with("object", other),
            None => fault,
        });
    }
    let home = spec.child("files").and_then(|f| f.text_of("vmPathName")).unwrap_or("[datastore1]");
    let datastore = StorePath::parse(home).map_or_else(String::new, |p| p.datastore);
    if world.inventory.datastore(&datastore).is_none() {
        return Err(Fault::new(
            "InvalidDatastorePath",
            format!("Invalid datastore path '{home}'."),
        )
        .with("datastorePath", home));
    }
    let dir = world.free_dir(&datastore, &conf.name);
    let devices: Vec<(usize, &Element, &Element)> = spec
        .all("deviceChange")
        .enumerate()
        .filter_map(|(n, change)| Some((n, change, change.child("device")?)))
        .collect();
    let keys = controllers(&mut conf, &devices);
    let mut disks = Vec::new();
    for (index, change, device) in &devices {
        let kind = device.xsi_type.as_deref().unwrap_or_default();
        if kind == "VirtualDisk" {
            let number = disks.len();
            let disk = disk(world, (change, device), &keys, (&datastore, &dir, number));
            let disk = disk.filter(|disk| places || disk.datastore == datastore);
            disks.push(disk.ok_or_else(|| invalid_device(*index))?);
        } else if kind == "VirtualCdrom" {
            let drive = drive(device, &keys).ok_or_else(|| invalid_device(*index))?;
            conf.drives.push(drive);
        } else if schema().is_a(kind, "VirtualEthernetCard") {
            let nic = nic(world, device, conf.nics.len()).ok_or_else(|| invalid_device(*index))?;
            conf.nics.push(nic);
        }
    }
    Ok(Wanted { conf, disks, datastore, dir })
}

fn invalid_device(index: usize) -> Fault {
    let index = i32::try_from(index).unwrap_or(i32::MAX);
    Fault::new("InvalidDeviceSpec", format!("Invalid configuration for device '{index}'."))
        .with("property", "virtualDeviceSpec.device")
        .with("deviceIndex", index)
}

/// Adds the controllers and returns the real keys by the keys of the spec.
fn controllers(
    conf: &mut VmConf,
    devices: &[(usize, &Element, &Element)],
) -> BTreeMap<i32, Controller> {
    let mut keys = BTreeMap::new();
    for bus in 0..2 {
        let ide =
            Controller { key: 200 + bus, kind: "VirtualIDEController".into(), bus, sharing: None };
        keys.insert(ide.key, ide);
    }
    for (_, _, device) in devices {
        let Some(kind) = device.xsi_type.clone() else { continue };
        if !schema().is_a(&kind, "VirtualController") {
            continue;
        }
        let number = |name: &str| device.text_of(name).and_then(|t| t.parse::<i32>().ok());
        let (Some(key), bus) = (number("key"), number("busNumber").unwrap_or(0)) else { continue };
        let base = if schema().is_a(&kind, "VirtualSCSIController") {
            1000
        } else if schema().is_a(&kind, "VirtualSATAController") {
            15000
        } else if kind == "VirtualNVMEController" {
            31000
        } else {
            continue;
        };
        let sharing = device.text_of("sharedBus").map(str::to_string);
        let controller = Controller { key: base + bus, kind, bus, sharing };
        conf.controllers.push(controller.clone());
        keys.insert(key, controller);
    }
    keys
}

fn disk(
    world: &World,
    (change, device): (&Element, &Element),
    keys: &BTreeMap<i32, Controller>,
    (home, dir, number): (&str, &str, usize),
) -> Option<NewDisk> {
    if change.text_of("operation") != Some("add")
        || change.text_of("fileOperation") != Some("create")
    {
        return None;
    }
    let controller = keys.get(&device.text_of("controllerKey")?.parse().ok()?)?;
    let unit: i32 = device.text_of("unitNumber").and_then(|u| u.parse().ok()).unwrap_or(0);
    let capacity = capacity_of(device).filter(|c| *c > 0 && c.is_multiple_of(512))?;
    let backing = device.child("backing")?;
    let flag = |name: &str| backing.text_of(name).is_some_and(is_true);
    let asked = backing.text_of("fileName").and_then(StorePath::parse).map(|p| p.datastore);
    let datastore = asked.filter(|d| !d.is_empty()).unwrap_or_else(|| home.to_string());
    let node = world.inventory.datastore(&datastore)?;
    // The name and the reference must mean the same datastore.
    if backing.child("datastore").and_then(reference).is_some_and(|r| r.id != node.at.id) {
        return None;
    }
    let dir = if datastore == home { dir.to_string() } else { world.free_dir(&datastore, dir) };
    Some(NewDisk {
        key: disk_key(controller.key, unit),
        controller: controller.key,
        unit,
        capacity,
        thin: flag("thinProvisioned"),
        eager: flag("eagerlyScrub"),
        mode: backing.text_of("diskMode").unwrap_or("persistent").to_string(),
        backing: Backing::File,
        datastore,
        dir: dir.clone(),
        stem: if number == 0 { dir.clone() } else { format!("{dir}_{number}") },
    })
}

fn drive(device: &Element, keys: &BTreeMap<i32, Controller>) -> Option<Drive> {
    let controller = keys.get(&device.text_of("controllerKey")?.parse().ok()?)?.key;
    let unit = device.text_of("unitNumber")?.parse().ok()?;
    let backing = device.child("backing")?;
    let image = backing.text_of("fileName").filter(|file| !file.is_empty()).map(str::to_string);
    if image.is_none() && backing.xsi_type.as_deref() != Some("VirtualCdromRemoteAtapiBackingInfo")
    {
        return None;
    }
    let key = if controller < 1000 { disk_key(controller, unit) } else { controller + 1000 + unit };
    Some(Drive { key, controller, unit, image })
}

fn nic(world: &World, device: &Element, number: usize) -> Option<Nic> {
    let number_key = i32::try_from(number).ok()?;
    let backing = device.child("backing");
    let by_name = backing.and_then(|b| b.text_of("deviceName")).map(str::to_string);
    let by_ref = backing
        .and_then(|b| b.child("network"))
        .and_then(reference)
        .and_then(|r| world.inventory.node(&r.id))
        .map(|n| n.name.to_string());
    let network = by_name.filter(|n| !n.is_empty()).or(by_ref)?;
    world.inventory.kind("Network").find(|n| n.name == network)?;
    let connect = device.child("connectable");
    let flag = |name: &str| connect.and_then(|c| c.text_of(name)).is_none_or(is_true);
    let address_type = device.text_of("addressType").unwrap_or("generated").to_string();
    let mac = device.text_of("macAddress").filter(|m| !m.is_empty()).map(str::to_string);
    let generated = || {
        let bytes = *uuid::Uuid::new_v4().as_bytes();
        format!("00:0c:29:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2])
    };
    Some(Nic {
        key: 4000 + number_key,
        unit: 7 + number_key,
        kind: device.xsi_type.clone()?,
        mac: mac.filter(|_| address_type != "generated").unwrap_or_else(generated),
        address_type,
        network,
        // The VM is off.
        connected: false,
        start_connected: flag("startConnected"),
    })
}
