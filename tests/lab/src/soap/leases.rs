//! Lease methods.

use std::sync::Arc;

use super::Fault;
use super::call::{Call, Reply};
use crate::core::{NewLease, timed_out};
use crate::disk::{Disk, DiskMeta};
use crate::value::{Obj, Ref, Value};
use crate::world::lease::{LeaseDisk, LeaseFile, LeaseState};
use crate::world::{Lease, Vm, VmConf};

/// Returns how a lease names a disk: `ParaVirtualSCSIController0:1`.
pub(crate) fn slot(conf: &VmConf, meta: &DiskMeta) -> String {
    let controller = conf.controllers.iter().find(|c| c.key == meta.controller);
    let (kind, bus) = controller.map_or(("VirtualIDEController", 0), |c| (c.kind.as_str(), c.bus));
    format!("{kind}{bus}:{}", meta.unit)
}

fn file(vm: &Vm, index: usize, disk: &Disk, content: LeaseDisk) -> LeaseFile {
    let meta = disk.meta();
    let slot = slot(&vm.state.conf, &meta);
    LeaseFile {
        key: format!("/{}/{slot}", vm.state.id),
        import_key: format!("/{}/{slot}", vm.state.conf.name),
        target: format!("disk-{index}.vmdk"),
        capacity: meta.capacity,
        disk: content,
        transferred: None,
    }
}

/// Describes the uploads of a VM that is being imported.
pub(crate) fn import_files(vm: &Vm) -> Vec<LeaseFile> {
    let disks = vm.disks.iter().enumerate();
    disks.map(|(n, d)| file(vm, n, d, LeaseDisk::Import(Arc::clone(d)))).collect()
}

impl Call<'_> {
    pub(crate) fn export_vm(&self) -> Result<Reply, Fault> {
        let (vm, links) = {
            let world = self.core.world();
            let vm = world.vms.get(&self.this.id).ok_or_else(|| Fault::gone(&self.this))?;
            if vm.state.powered_on {
                return Err(Fault::invalid_power("poweredOff", "poweredOn"));
            }
            let links = vm.disks.iter().map(|d| {
                let meta = d.meta();
                (meta.uuid, meta.current)
            });
            (vm.reference(), links.collect::<Vec<_>>())
        };
        self.export(vm, &links)
    }

    pub(crate) fn export_snapshot(&self) -> Result<Reply, Fault> {
        let (vm, links) = {
            let world = self.core.world();
            let (vm, snapshot) =
                world.snapshot(&self.this.id).ok_or_else(|| Fault::gone(&self.this))?;
            let links = snapshot.disks.iter().map(|d| (d.uuid.clone(), d.link));
            (vm.reference(), links.collect::<Vec<_>>())
        };
        self.export(vm, &links)
    }

    fn export(&self, vm: Ref, links: &[(String, u64)]) -> Result<Reply, Fault> {
        let session = self.session()?.to_string();
        let files = {
            let world = self.core.world();
            let open = |l: &Lease| matches!(l.state, LeaseState::Ready | LeaseState::Initializing);
            if self.core.options.one_lease
                && world.leases.values().any(|l| l.vm == vm.id && !l.import && open(l))
            {
                let said = "Another task is already in progress.";
                return Err(Fault::new("TaskInProgress", said));
            }
            let found = world.vms.get(&vm.id).ok_or_else(|| Fault::gone(&vm))?;
            let mut files = Vec::new();
            for (index, (uuid, link)) in links.iter().enumerate() {
                let disk = found.disk_uuid(uuid).ok_or_else(|| Fault::gone(&vm))?;
                let frozen = disk.frozen(*link).ok_or_else(|| {
                    Fault::file("FileLocked", &found.path_of(""), "The disk is being consolidated.")
                })?;
                files.push(file(found, index, disk, LeaseDisk::Export(Arc::new(frozen))));
            }
            files
        };
        let lease = self.core.open_lease(NewLease { session, vm, import: false, files });
        Ok(Reply::Value(Value::Ref(lease)))
    }

    /// Finds the lease `_this` is, for its session.
    fn with_lease<T>(&self, then: impl FnOnce(&mut Lease) -> T) -> Result<T, Fault> {
        let mut world = self.core.world();
        let lease = world.leases.get_mut(&self.this.id);
        let own = lease.filter(|l| Some(l.session.as_str()) == self.session.as_deref());
        own.map(then).ok_or_else(|| Fault::gone(&self.this))
    }

    /// Refuses what only a ready lease allows.
    fn ready(&self) -> Result<(), Fault> {
        let (state, error) = self.with_lease(|l| (l.state, l.error.clone()))?;
        match (state, error) {
            (LeaseState::Ready, _) => Ok(()),
            (LeaseState::Error, Some(fault)) if fault.detail.kind == "Timedout" => Err(timed_out()),
            _ => Err(Fault::new(
                "InvalidState",
                "The operation is not allowed in the current state.",
            )),
        }
    }

    pub(crate) fn lease_progress(&self) -> Result<Reply, Fault> {
        let percent: i32 = self.number("percent").unwrap_or(-1);
        if !(0..=100).contains(&percent) {
            return Err(Fault::invalid_argument("percent"));
        }
        self.ready()?;
        let now = self.core.clock.monotonic();
        let task = self.with_lease(|lease| {
            lease.progress = percent;
            lease.seen = now;
            lease.task.clone()
        })?;
        let cancelled = {
            let mut world = self.core.world();
            task.and_then(|id| world.tasks.get_mut(&id)).is_some_and(|task| {
                task.progress = Some(percent);
                task.cancel
            })
        };
        if cancelled {
            let fault = Fault::new("RequestCanceled", "The task was canceled by a user.");
            self.core.end_lease(&self.this.id, Some(fault.clone()));
            return Err(fault);
        }
        self.core.notify();
        Ok(Reply::Void)
    }

    pub(crate) fn lease_complete(&self) -> Result<Reply, Fault> {
        self.ready()?;
        self.core.end_lease(&self.this.id, None);
        Ok(Reply::Void)
    }

    pub(crate) fn lease_abort(&self) -> Result<Reply, Fault> {
        let state = self.with_lease(|l| l.state)?;
        if !matches!(state, LeaseState::Ready | LeaseState::Initializing) {
            self.ready()?;
        }
        let text = self.body.child("fault").and_then(|f| f.text_of("localizedMessage"));
        let text = text.filter(|t| !t.is_empty()).unwrap_or("The client aborted the transfer.");
        let fault = Fault::new("RequestCanceled", text);
        self.core.end_lease(&self.this.id, Some(fault));
        Ok(Reply::Void)
    }

    pub(crate) fn lease_manifest(&self) -> Result<Reply, Fault> {
        self.ready()?;
        let entries = self.with_lease(|lease| {
            let entry = |f: &LeaseFile| {
                let done = f.transferred.clone()?;
                Some(
                    Obj::new("HttpNfcLeaseManifestEntry")
                        .set("key", f.key.as_str())
                        .set("sha1", done.sha1)
                        .set("checksum", done.sha256)
                        .set("checksumType", "sha256")
                        .set("size", done.size)
                        .set("disk", true)
                        .set("capacity", f.capacity)
                        .set("populatedSize", done.populated),
                )
            };
            lease.files.values().filter_map(entry).collect::<Vec<_>>()
        })?;
        Ok(Reply::Value(Value::list("HttpNfcLeaseManifestEntry", entries)))
    }
}
