//! `layoutEx`: the files of a VM.

use super::Scope;
use crate::core::snapshot_file;
use crate::value::{Obj, Ref, Value};
use crate::world::Vm;

pub(crate) fn layout_ex(scope: Scope<'_>, vm: &Vm) -> Obj {
    let mut files = Files { next: 0, out: Vec::new() };
    let folder = scope.core.places.datastores.join(&vm.state.datastore).join(&vm.state.dir);
    let size = |name: &str| fs_err::metadata(folder.join(name)).map(|m| m.len()).ok();
    for (ending, kind) in [("vmx", "config"), ("nvram", "nvram")] {
        let name = format!("{}.{ending}", vm.state.dir);
        if let Some(size) = size(&name) {
            files.add(vm.path_of(&name), kind, size);
        }
    }
    if let Some(size) = size("vmware.log") {
        files.add(vm.path_of("vmware.log"), "log", size);
    }
    let mut disks = Vec::new();
    for disk in &vm.disks {
        let meta = disk.meta();
        let mut chain = Vec::new();
        for link in meta.chain(meta.current).iter().rev() {
            let descriptor = files.add(meta.path_of(&link.descriptor), "diskDescriptor", 600);
            let used = disk.allocated(link.id).total().get();
            let extent = files.add(meta.path_of(&link.extent), "diskExtent", used);
            let keys = [descriptor, extent].map(Value::Int).to_vec();
            chain.push(
                Obj::new("VirtualMachineFileLayoutExDiskUnit")
                    .set("fileKey", Value::List("int", keys)),
            );
        }
        disks.push(
            Obj::new("VirtualMachineFileLayoutExDiskLayout")
                .set("key", meta.key)
                .set("chain", Value::list("VirtualMachineFileLayoutExDiskUnit", chain)),
        );
    }
    let mut snapshots = Vec::new();
    for snapshot in &vm.state.snapshots {
        let name = snapshot_file(&vm.state.dir, snapshot.number);
        let bytes = size(&name).unwrap_or_default();
        let data = files.add(vm.path_of(&name), "snapshotData", bytes);
        snapshots.push(
            Obj::new("VirtualMachineFileLayoutExSnapshotLayout")
                .set("key", Ref::new("VirtualMachineSnapshot", snapshot.id.clone()))
                .set("dataKey", data)
                .set("memoryKey", -1),
        );
    }
    Obj::new("VirtualMachineFileLayoutEx")
        .set("file", Value::list("VirtualMachineFileLayoutExFileInfo", files.out))
        .set("disk", Value::list("VirtualMachineFileLayoutExDiskLayout", disks))
        .set("snapshot", Value::list("VirtualMachineFileLayoutExSnapshotLayout", snapshots))
        .set("timestamp", scope.core.clock.now())
}

struct Files {
    next: i32,
    out: Vec<Obj>,
}

impl Files {
    fn add(&mut self, name: String, kind: &str, size: u64) -> i32 {
        let key = self.next;
        self.next += 1;
        self.out.push(
            Obj::new("VirtualMachineFileLayoutExFileInfo")
                .set("key", key)
                .set("name", name)
                .set("type", kind)
                .set("size", size)
                .set("uniqueSize", size)
                .set("accessible", true),
        );
        key
    }
}
