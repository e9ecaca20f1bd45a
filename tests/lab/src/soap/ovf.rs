//! `OvfManager`: a VM as an OVF descriptor, and a descriptor of one VM as what `ImportVApp` takes.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::Fault;
use super::call::{Call, Reply};
use super::leases::slot;
use crate::disk::DiskMeta;
use crate::value::{Obj, Value};
use crate::world::Vm;
use crate::xml::{Element, escape, parse};

/// Resource types of the Common Information Model.
const CPU: &str = "3";
const MEMORY: &str = "4";
const SCSI: &str = "6";
const CARD: &str = "10";
const DISK: &str = "17";
/// The key of the one controller a descriptor is read into.
const CONTROLLER: i32 = -1000;
const BUS: &str = "ParaVirtualSCSIController";

impl Call<'_> {
    pub(crate) fn create_descriptor(&self) -> Result<Reply, Fault> {
        let vm = self.reference("obj").ok_or_else(|| Fault::invalid_argument("obj"))?;
        let cdp = self.body.child("cdp").ok_or_else(|| Fault::invalid_argument("cdp"))?;
        let world = self.core.world();
        let found = world.vms.get(&vm.id).ok_or_else(|| Fault::gone(&vm))?;
        let name = cdp.text_of("name").filter(|n| !n.is_empty());
        let text = descriptor(found, name.unwrap_or(&found.state.conf.name), cdp)?;
        let result = Obj::new("OvfCreateDescriptorResult").set("ovfDescriptor", text);
        Ok(Reply::Value(result.set("includeImageFiles", false).into()))
    }

    pub(crate) fn create_import_spec(&self) -> Result<Reply, Fault> {
        let store =
            self.reference("datastore").ok_or_else(|| Fault::invalid_argument("datastore"))?;
        let cisp = self.body.child("cisp").ok_or_else(|| Fault::invalid_argument("cisp"))?;
        let world = self.core.world();
        let datastore = world.inventory.node(&store.id).ok_or_else(|| Fault::gone(&store))?.name;
        let networks: HashMap<&str, &str> = cisp
            .all("networkMapping")
            .filter_map(|map| {
                let network = map.child("network").and_then(super::call::reference)?;
                Some((map.text_of("name")?, world.inventory.node(&network.id)?.name))
            })
            .collect();
        let read = parse(self.text("ovfDescriptor")).ok();
        let system = read.as_ref().and_then(|ovf| Some((ovf, ovf.child("VirtualSystem")?)));
        let (ovf, system) = system.ok_or_else(|| Fault::invalid_argument("ovfDescriptor"))?;
        let name = cisp.text_of("entityName").filter(|n| !n.is_empty());
        let name = name.or_else(|| system.text_of("Name")).unwrap_or("VM");
        let result = import_spec(ovf, system, (name, datastore), &networks);
        let result = result.ok_or_else(|| Fault::invalid_argument("ovfDescriptor"))?;
        Ok(Reply::Value(result.into()))
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    escape(&mut out, text);
    out.replace('"', "&quot;")
}

/// Writes the descriptor of a VM whose disks were exported to the files that `cdp` names.
fn descriptor(vm: &Vm, name: &str, cdp: &Element) -> Result<String, Fault> {
    let (mut files, mut disks, mut items) = (String::new(), String::new(), String::new());
    let conf = &vm.state.conf;
    let mut id = 2;
    let mut item = |body: String| {
        id += 1;
        let _ = write!(items, "<Item><rasd:InstanceID>{id}</rasd:InstanceID>{body}</Item>");
        id
    };
    let plain = |kind: &str, amount: i64| {
        format!(
            "<rasd:ResourceType>{kind}</rasd:ResourceType>\
             <rasd:VirtualQuantity>{amount}</rasd:VirtualQuantity>"
        )
    };
    item(plain(CPU, conf.cpus.into()));
    item(plain(MEMORY, conf.memory_mb));
    let bus = item(format!(
        "<rasd:ResourceType>{SCSI}</rasd:ResourceType>\
         <rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType><rasd:Address>0</rasd:Address>"
    ));
    for (n, file) in cdp.all("ovfFiles").enumerate() {
        let device = file.text_of("deviceId").unwrap_or_default();
        let is_it = |meta: &DiskMeta| device.ends_with(&slot(conf, meta));
        let meta = vm.disks.iter().map(|d| d.meta()).find(is_it);
        let meta = meta.ok_or_else(|| Fault::invalid_argument("cdp.ovfFiles.deviceId"))?;
        let path = quoted(file.text_of("path").unwrap_or_default());
        let size = quoted(file.text_of("size").unwrap_or("0"));
        let _ = write!(files, "<File ovf:href=\"{path}\" ovf:id=\"file{n}\" ovf:size=\"{size}\"/>");
        let _ = write!(
            disks,
            "<Disk ovf:capacity=\"{}\" ovf:diskId=\"disk{n}\" ovf:fileRef=\"file{n}\" \
             ovf:format=\"http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized\"/>",
            meta.capacity
        );
        item(format!(
            "<rasd:AddressOnParent>{}</rasd:AddressOnParent>\
             <rasd:HostResource>ovf:/disk/disk{n}</rasd:HostResource><rasd:Parent>{bus}</rasd:Parent>\
             <rasd:ResourceType>{DISK}</rasd:ResourceType>",
            meta.unit
        ));
    }
    let mut networks = String::new();
    for nic in &conf.nics {
        let network = quoted(&nic.network);
        let _ = write!(networks, "<Network ovf:name=\"{network}\"/>");
        item(format!(
            "<rasd:Connection>{network}</rasd:Connection>\
             <rasd:ResourceType>{CARD}</rasd:ResourceType>\
             <rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType>"
        ));
    }
    let name = quoted(name);
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\" \
         xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1\" \
         xmlns:rasd=\"http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData\">\
         <References>{files}</References><DiskSection><Info>Disks</Info>{disks}</DiskSection>\
         <NetworkSection><Info>Networks</Info>{networks}</NetworkSection>\
         <VirtualSystem ovf:id=\"{name}\"><Info>A VM</Info><Name>{name}</Name>\
         <VirtualHardwareSection><Info>Hardware</Info>{items}</VirtualHardwareSection>\
         </VirtualSystem></Envelope>"
    ))
}

/// The items of one kind in a descriptor's hardware.
fn items<'a>(hardware: &'a Element, kind: &'static str) -> impl Iterator<Item = &'a Element> {
    hardware.all("Item").filter(move |item| item.text_of("ResourceType") == Some(kind))
}

fn add(device: Obj) -> Obj {
    Obj::new("VirtualDeviceConfigSpec").choice("operation", "add").set("device", device)
}

/// Makes what `ImportVApp` takes of the descriptor of one VM, and says which file goes where.
fn import_spec(
    ovf: &Element,
    system: &Element,
    (name, datastore): (&str, &str),
    networks: &HashMap<&str, &str>,
) -> Option<Obj> {
    let hardware = system.child("VirtualHardwareSection")?;
    let amount =
        |kind| items(hardware, kind).next()?.text_of("VirtualQuantity")?.parse::<i64>().ok();
    let scsi =
        Obj::new(BUS).set("key", CONTROLLER).set("busNumber", 0).choice("sharedBus", "noSharing");
    let mut changes = vec![add(scsi)];
    let mut files = Vec::new();
    for (n, item) in (1i32..).zip(items(hardware, DISK)) {
        let (change, file) = disk(ovf, item, (name, datastore), n)?;
        changes.push(change);
        files.push(file);
    }
    for (n, item) in (1i32..).zip(items(hardware, CARD)) {
        let network = item.text_of("Connection")?;
        let network = networks.get(network).copied().unwrap_or(network);
        let backing = Obj::new("VirtualEthernetCardNetworkBackingInfo").set("deviceName", network);
        let card = Obj::new("VirtualVmxnet3").set("key", -4000 - n).set("backing", backing);
        changes.push(add(card.set("addressType", "generated")));
    }
    let home = Obj::new("VirtualMachineFileInfo").set("vmPathName", format!("[{datastore}]"));
    let config = Obj::new("VirtualMachineConfigSpec")
        .set("name", name)
        .set("guestId", "otherGuest64")
        .set("files", home)
        .set("numCPUs", i32::try_from(amount(CPU).unwrap_or(1)).unwrap_or(1))
        .set("memoryMB", amount(MEMORY).unwrap_or(1024))
        .set("deviceChange", Value::list("VirtualDeviceConfigSpec", changes));
    let spec = Obj::new("VirtualMachineImportSpec").set("configSpec", config);
    Some(
        Obj::new("OvfCreateImportSpecResult")
            .set("importSpec", spec)
            .set("fileItem", Value::list("OvfFileItem", files)),
    )
}

/// Reads one disk of a descriptor: the device it becomes, and the file with its bytes.
fn disk(
    ovf: &Element,
    item: &Element,
    (name, datastore): (&str, &str),
    n: i32,
) -> Option<(Obj, Obj)> {
    let id = item.text_of("HostResource")?.rsplit('/').next()?;
    let disk = ovf.child("DiskSection")?.all("Disk").find(|d| d.attr("diskId") == Some(id))?;
    let capacity: i64 = disk.attr("capacity")?.parse().ok()?;
    let unit: i32 = item.text_of("AddressOnParent")?.parse().ok()?;
    let backing = Obj::new("VirtualDiskFlatVer2BackingInfo")
        .set("fileName", format!("[{datastore}]"))
        .set("diskMode", "persistent")
        .set("thinProvisioned", true);
    let device = Obj::new("VirtualDisk")
        .set("key", -2000 - n)
        .set("backing", backing)
        .set("controllerKey", CONTROLLER)
        .set("unitNumber", unit)
        .set("capacityInKB", capacity / 1024)
        .set("capacityInBytes", capacity);
    let change = Obj::new("VirtualDeviceConfigSpec")
        .choice("operation", "add")
        .choice("fileOperation", "create")
        .set("device", device);
    let file = disk.attr("fileRef")?;
    let file = ovf.child("References")?.all("File").find(|f| f.attr("id") == Some(file))?;
    let item = Obj::new("OvfFileItem")
        .set("deviceId", format!("/{name}/{BUS}0:{unit}"))
        .set("path", file.attr("href")?)
        .opt("size", file.attr("size").and_then(|s| s.parse::<i64>().ok()))
        .set("cimType", 17)
        .set("create", false);
    Some((change, item))
}
