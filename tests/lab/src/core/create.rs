//! Making and removing VMs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fs_err as fs;
use uuid::Uuid;

use super::{Core, snapshot_file};
use crate::config::{Backing, Deltas, DiskSource, LabVm};
use crate::disk::{Disk, DiskMeta, LinkMeta, remove_if_there};
use crate::world::{Boot, Controller, Drive, Nic, Vm, VmConf, VmState};
use crate::{LabError, Shape};

/// A disk that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewDisk {
    pub(crate) key: i32,
    pub(crate) controller: i32,
    pub(crate) unit: i32,
    pub(crate) capacity: u64,
    pub(crate) thin: bool,
    pub(crate) eager: bool,
    pub(crate) mode: String,
    pub(crate) backing: Backing,
    pub(crate) datastore: String,
    pub(crate) dir: String,
    pub(crate) stem: String,
}

impl NewDisk {
    pub(crate) fn meta(self, deltas: Deltas) -> DiskMeta {
        let base = LinkMeta {
            id: 1,
            parent: None,
            extent: format!("{}-flat.vmdk", self.stem),
            descriptor: format!("{}.vmdk", self.stem),
            cid: Uuid::new_v4().as_fields().0 | 1,
        };
        DiskMeta {
            key: self.key,
            controller: self.controller,
            unit: self.unit,
            uuid: disk_uuid(),
            capacity: self.capacity,
            thin: self.thin,
            eager: self.eager,
            mode: self.mode,
            datastore: self.datastore,
            dir: self.dir,
            stem: self.stem,
            links: vec![base],
            current: 1,
            next_link: 2,
            next_delta: 1,
            deltas,
            backing: self.backing,
            cbt: None,
        }
    }
}

/// Returns the device key of a disk by its place, as a host gives it.
pub(crate) fn disk_key(controller: i32, unit: i32) -> i32 {
    match controller {
        200..1000 => 3000 + (controller - 200) * 2 + unit,
        _ => 2000 + (controller % 1000) * 16 + unit,
    }
}

/// Makes a disk identity as a host does: it begins with `6000C29`.
fn disk_uuid() -> String {
    let mut bytes = *Uuid::new_v4().as_bytes();
    bytes[..3].copy_from_slice(&[0x60, 0x00, 0xc2]);
    bytes[3] = 0x90 | (bytes[3] & 0x0f);
    let text = Uuid::from_bytes(bytes).to_string();
    let (head, tail) = text.split_at(8);
    format!("{}{tail}", head.to_uppercase())
}

impl Core {
    /// Makes a VM unless one of that name is there.
    pub(crate) fn ensure_vm(self: &Arc<Self>, vm: &LabVm) -> Result<(), LabError> {
        self.ensure_vms(std::slice::from_ref(vm))
    }

    /// Makes VMs unless they are there by name. The state is written once for all of them: what a
    /// kill leaves behind is made anew.
    pub(crate) fn ensure_vms(self: &Arc<Self>, vms: &[LabVm]) -> Result<(), LabError> {
        for vm in vms {
            self.make_vm(vm)?;
        }
        self.save(&self.world())?;
        self.notify();
        Ok(())
    }

    fn make_vm(self: &Arc<Self>, vm: &LabVm) -> Result<(), LabError> {
        let (id, number, dir) = {
            let mut world = self.world();
            if world.vm_named(&vm.name).is_some() {
                return Ok(());
            }
            let dir = world.free_dir("datastore1", &vm.name);
            (self.new_vm_id(&mut world), world.vms.len(), dir)
        };
        let folder = self.places.datastores.join("datastore1").join(&dir);
        if folder.exists() {
            // What a kill in the middle of making this VM left behind.
            fs::remove_dir_all(&folder).map_err(LabError::io(&folder))?;
        }
        let mut disks = Vec::new();
        for (index, source) in vm.disks.iter().enumerate() {
            let stem = if index == 0 { dir.clone() } else { format!("{dir}_{index}") };
            let unit = i32::try_from(if index >= 7 { index + 1 } else { index }).unwrap_or(15);
            let (mode, backing) = vm.modes.get(&index).copied().unwrap_or_default();
            let new = NewDisk {
                key: 2000 + unit,
                controller: 1000,
                unit,
                capacity: capacity_of(&source.source)?,
                thin: source.thin,
                eager: !source.thin,
                mode: if mode.is_empty() { "persistent" } else { mode }.to_string(),
                backing,
                datastore: source.datastore.unwrap_or("datastore1").to_string(),
                dir: dir.clone(),
                stem,
            };
            let disk = Disk::open(new.meta(self.options.deltas), &self.places)
                .map_err(LabError::io(&folder))?;
            if let DiskSource::Image(image) = &source.source {
                disk.load_raw(image).map_err(LabError::io(image))?;
            }
            if vm.change_tracking {
                let stun = disk.stun();
                disk.apply_tracking(&stun, true).map_err(LabError::io(&folder))?;
            }
            disks.push(Arc::new(disk));
        }
        let (vm_folder, pool, host) = self.world().inventory.place(number);
        let state = VmState {
            conf: conf_of(vm, number),
            dir,
            datastore: "datastore1".to_string(),
            folder: vm_folder.to_string(),
            pool: pool.to_string(),
            host: host.to_string(),
            powered_on: vm.powered_on,
            tools: vm.tools,
            special: vm.special,
            ..self.blank_state(id)
        };
        let vm = Vm { state, disks, visitors: Vec::new(), busy: None };
        self.write_vm(&vm)?;
        self.world().vms.insert(vm.state.id.clone(), vm);
        Ok(())
    }

    fn write_vm(&self, vm: &Vm) -> Result<(), LabError> {
        let folder = self.places.datastores.join(&vm.state.datastore).join(&vm.state.dir);
        write_files(&folder, vm).map_err(LabError::io(&folder))
    }

    /// Returns a state with nothing in it yet.
    pub(crate) fn blank_state(&self, id: String) -> VmState {
        VmState {
            id,
            conf: blank_conf(),
            dir: String::new(),
            datastore: String::new(),
            folder: String::new(),
            pool: String::new(),
            host: String::new(),
            powered_on: false,
            tools: false,
            switched: 0,
            reconfigured: 0,
            special: None,
            snapshots: Vec::new(),
            current_snapshot: None,
            snapshots_made: 0,
            consolidation_needed: false,
            importing: false,
            created: self.clock.now(),
            disks: Vec::new(),
            visitors: Vec::new(),
        }
    }

    pub(crate) fn new_vm_id(&self, world: &mut crate::world::World) -> String {
        let number = world.number();
        match self.shape {
            Shape::Esxi => number.to_string(),
            Shape::Vcenter => format!("vm-{number}"),
        }
    }

    /// Writes the VM's files, remembers it and shows it.
    pub(crate) fn add_vm(&self, vm: Vm) -> Result<(), LabError> {
        self.write_vm(&vm)?;
        let mut world = self.world();
        world.vms.insert(vm.state.id.clone(), vm);
        self.save(&world)?;
        drop(world);
        self.notify();
        Ok(())
    }

    /// Writes the VM's files anew after a change.
    pub(crate) fn write_vmx(&self, vm: &Vm) -> Result<(), LabError> {
        let folder = self.places.datastores.join(&vm.state.datastore).join(&vm.state.dir);
        write_files(&folder, vm).map_err(LabError::io(&folder))
    }

    /// Removes a VM and its files.
    pub(crate) fn remove_vm(&self, id: &str) -> Result<(), LabError> {
        let mut world = self.world();
        let Some(vm) = world.vms.remove(id) else { return Ok(()) };
        self.save(&world)?;
        let shared = world.has_disk_in(&vm.state.datastore, &vm.state.dir);
        drop(world);
        let folder = self.places.datastores.join(&vm.state.datastore).join(&vm.state.dir);
        for disk in &vm.disks {
            disk.remove().map_err(LabError::io(&folder))?;
            let of_disk = disk.folder();
            if of_disk != folder && fs::read_dir(&of_disk).is_ok_and(|mut d| d.next().is_none()) {
                fs::remove_dir(&of_disk).map_err(LabError::io(&of_disk))?;
            }
        }
        if shared {
            // Disks that are not the VM's own stay.
            for snapshot in &vm.state.snapshots {
                let file = snapshot_file(&vm.state.dir, snapshot.number);
                remove_if_there(&folder.join(file)).map_err(LabError::io(&folder))?;
            }
            for ending in ["vmx", "nvram", "vmsd", "vmxf"] {
                let file = folder.join(format!("{}.{ending}", vm.state.dir));
                remove_if_there(&file).map_err(LabError::io(&file))?;
            }
        } else if !vm.state.dir.is_empty() && folder.exists() {
            fs::remove_dir_all(&folder).map_err(LabError::io(&folder))?;
        }
        self.notify();
        Ok(())
    }
}

fn capacity_of(source: &DiskSource) -> Result<u64, LabError> {
    let capacity = match source {
        DiskSource::Empty(bytes) => *bytes,
        DiskSource::Image(path) => {
            fs::metadata(path).map_err(LabError::io(path))?.len().next_multiple_of(512)
        }
    };
    if capacity == 0 || !capacity.is_multiple_of(512) {
        return Err(LabError::Size(capacity, "it must be a multiple of 512, and not 0"));
    }
    Ok(capacity)
}

fn write_files(folder: &Path, vm: &Vm) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let conf = &vm.state.conf;
    let stem = &vm.state.dir;
    let mut vmx = format!(
        ".encoding = \"UTF-8\"\nconfig.version = \"8\"\nvirtualHW.version = \"{}\"\n\
         displayName = \"{}\"\nguestOS = \"{}\"\nfirmware = \"{}\"\nnumvcpus = \"{}\"\n\
         memSize = \"{}\"\nuuid.bios = \"{}\"\nvc.uuid = \"{}\"\nnvram = \"{stem}.nvram\"\n",
        conf.version.trim_start_matches("vmx-"),
        conf.name,
        conf.guest_id,
        conf.firmware,
        conf.cpus,
        conf.memory_mb,
        conf.uuid,
        conf.instance_uuid,
    );
    for disk in &vm.disks {
        let meta = disk.meta();
        let name = meta.link(meta.current).map(|l| l.descriptor.clone()).unwrap_or_default();
        vmx += &format!("scsi0:{}.fileName = \"{name}\"\n", meta.unit);
    }
    fs::write(folder.join(format!("{stem}.vmx")), vmx)?;
    // A host keeps the list of snapshots there, also when there are none.
    fs::write(folder.join(format!("{stem}.vmsd")), "")?;
    let nvram = folder.join(format!("{stem}.nvram"));
    if !nvram.exists() {
        // Stands for the firmware's variables; each VM's differ, so that mix-ups show.
        let mut content = b"MRVN lab nvram of ".to_vec();
        content.extend_from_slice(conf.instance_uuid.as_bytes());
        content.resize(8684, 0);
        fs::write(nvram, content)?;
    }
    Ok(())
}

fn conf_of(vm: &LabVm, number: usize) -> VmConf {
    let mut conf = blank_conf();
    conf.name.clone_from(&vm.name);
    if let Some((instance, bios)) = &vm.uuids {
        conf.instance_uuid.clone_from(instance);
        conf.uuid.clone_from(bios);
    }
    conf.guest_id.clone_from(&vm.guest_id);
    conf.firmware.clone_from(&vm.firmware);
    conf.change_tracking = Some(vm.change_tracking);
    if !vm.disk_uuids {
        conf.extra.insert("disk.EnableUUID".to_string(), "FALSE".to_string());
    }
    if let Some(version) = &vm.version {
        conf.version.clone_from(version);
    }
    let image = vm.drive.clone();
    conf.drives = image
        .map(|image| Drive { key: 3000, controller: 200, unit: 0, image: Some(image) })
        .into_iter()
        .collect();
    if let Some(unit) = vm.boots_from.and_then(|disk| i32::try_from(disk).ok()) {
        conf.boot_order = vec![Boot::Disk(disk_key(1000, unit)), Boot::Card(4000)];
    }
    conf.controllers = vec![Controller {
        key: 1000,
        kind: "ParaVirtualSCSIController".to_string(),
        bus: 0,
        sharing: Some("noSharing".to_string()),
    }];
    conf.nics = vec![Nic {
        key: 4000,
        unit: 7,
        kind: "VirtualVmxnet3".to_string(),
        mac: format!("00:0c:29:4c:{:02x}:{:02x}", (number >> 8) & 0xff, number & 0xff),
        address_type: "generated".to_string(),
        network: "VM Network".to_string(),
        connected: vm.powered_on,
        start_connected: true,
    }];
    conf
}

pub(crate) fn blank_conf() -> VmConf {
    VmConf {
        name: String::new(),
        annotation: String::new(),
        guest_id: "otherGuest".to_string(),
        version: "vmx-19".to_string(),
        firmware: "bios".to_string(),
        uuid: Uuid::new_v4().to_string(),
        instance_uuid: Uuid::new_v4().to_string(),
        cpus: 2,
        cores: 1,
        memory_mb: 2048,
        extra: BTreeMap::new(),
        change_tracking: None,
        secure_boot: false,
        controllers: Vec::new(),
        nics: Vec::new(),
        drives: Vec::new(),
        boot_order: Vec::new(),
    }
}
