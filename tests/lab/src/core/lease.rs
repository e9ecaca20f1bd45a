//! The life of leases.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use uuid::Uuid;

use super::{Core, TaskStart};
use crate::LabError;
use crate::faults::{FaultKind, FaultWhen};
use crate::soap::Fault;
use crate::value::{Ref, Value};
use crate::world::Lease;
use crate::world::lease::{LeaseDisk, LeaseFile, LeaseState};
use crate::world::task::TaskState;

/// How often leases are looked at.
const SWEEP: Duration = Duration::from_millis(100);

/// How long a lease is `initializing`, so that clients meet the state.
const INITIALIZING: Duration = Duration::from_millis(30);

/// What a lease is opened for.
#[derive(Debug)]
pub(crate) struct NewLease {
    pub(crate) session: String,
    pub(crate) vm: Ref,
    pub(crate) import: bool,
    pub(crate) files: Vec<LeaseFile>,
}

impl Core {
    /// Opens a lease; it gets ready by itself.
    pub(crate) fn open_lease(self: &Arc<Self>, new: NewLease) -> Ref {
        let (method, description) = if new.import {
            ("ImportVApp", "ResourcePool.ImportVAppLRO")
        } else {
            ("ExportVm", "VirtualMachine.exportVm")
        };
        let start = TaskStart { entity: new.vm.clone(), method, description, vm: None };
        let task = self.add_task(&start, TaskState::Running);
        let asked = self.faults.active(FaultKind::LeaseTimeout).and_then(|s| s.seconds);
        let timeout = asked.map_or(self.options.lease_timeout, Duration::from_secs_f64);
        let id = format!("session[{}]{}", new.session, Uuid::new_v4());
        let files: BTreeMap<String, LeaseFile> =
            new.files.into_iter().map(|f| (f.target.clone(), f)).collect();
        let lease = Lease {
            id: id.clone(),
            session: new.session,
            state: LeaseState::Initializing,
            import: new.import,
            vm: new.vm.id,
            files,
            progress: 0,
            error: None,
            seen: self.clock.monotonic(),
            timeout,
            task: Some(task),
        };
        self.world().leases.insert(id.clone(), lease);
        let core = Arc::clone(self);
        let point = id.clone();
        self.runtime.spawn_blocking(move || {
            std::thread::sleep(INITIALIZING.max(core.options.task_step));
            core.lease_ready(&point);
        });
        Ref::new("HttpNfcLease", id)
    }

    fn lease_ready(self: &Arc<Self>, id: &str) {
        self.faults.hold("HttpNfcLease", |w| w != FaultWhen::After, || self.stopping());
        if let Some(fault) = self.faults.fault("HttpNfcLease", |_| true) {
            self.end_lease(id, Some(fault));
            return;
        }
        let mut world = self.world();
        let lease = world.leases.get_mut(id);
        if let Some(lease) = lease.filter(|l| l.state == LeaseState::Initializing) {
            lease.state = LeaseState::Ready;
            lease.seen = self.clock.monotonic();
        }
        drop(world);
        self.notify();
    }

    /// Tells a lease that data moves.
    pub(crate) fn lease_seen(&self, id: &str) -> bool {
        let mut world = self.world();
        match world.leases.get_mut(id) {
            Some(lease) if lease.state == LeaseState::Ready => {
                lease.seen = self.clock.monotonic();
                true
            }
            _ => false,
        }
    }

    /// Ends a lease: done without a fault, in error with one. A half-imported VM goes.
    pub(crate) fn end_lease(&self, id: &str, fault: Option<Fault>) {
        let (import, vm, task) = {
            let mut world = self.world();
            let Some(lease) = world.leases.get_mut(id) else { return };
            if matches!(lease.state, LeaseState::Done | LeaseState::Error) {
                return;
            }
            lease.state = if fault.is_some() { LeaseState::Error } else { LeaseState::Done };
            lease.error.clone_from(&fault);
            // Lets go of the disks.
            for file in lease.files.values_mut() {
                file.disk = LeaseDisk::Closed;
            }
            (lease.import, lease.vm.clone(), lease.task.clone())
        };
        if import {
            let result = if fault.is_some() { self.remove_vm(&vm) } else { self.imported(&vm) };
            if let Err(error) = result {
                tracing::error!(%error, "the end of an import was not recorded");
            }
        }
        if let Some(task) = task {
            let result = fault.map_or(Ok(Some(Value::Ref(Ref::new("VirtualMachine", vm)))), Err);
            self.finish_task(&task, result);
        }
        self.notify();
    }

    fn imported(&self, vm: &str) -> Result<(), LabError> {
        let mut world = self.world();
        if let Some(found) = world.vms.get_mut(vm) {
            found.state.importing = false;
        }
        self.save(&world)
    }

    /// Ends leases nobody cares for, and those of sessions that are gone.
    fn sweep(&self) {
        let now = self.clock.monotonic();
        let late: Vec<(String, Fault)> = {
            let world = self.world();
            let open = |l: &&Lease| matches!(l.state, LeaseState::Ready | LeaseState::Initializing);
            world
                .leases
                .values()
                .filter(open)
                .filter_map(|l| {
                    let fault = if !world.sessions.contains_key(&l.session) {
                        Fault::new("RequestCanceled", "The session of the lease has ended.")
                    } else if l.state == LeaseState::Ready && now.saturating_sub(l.seen) > l.timeout
                    {
                        timed_out()
                    } else {
                        return None;
                    };
                    Some((l.id.clone(), fault))
                })
                .collect()
        };
        for (id, fault) in late {
            self.end_lease(&id, Some(fault));
        }
    }
}

pub(crate) fn timed_out() -> Fault {
    Fault::new("Timedout", "Operation timed out.")
}

/// Looks after leases as long as the lab lives.
pub(crate) fn watch_leases(core: Weak<Core>) {
    loop {
        let Some(core) = core.upgrade() else { return };
        if core.stopping() {
            return;
        }
        core.sweep();
        drop(core);
        std::thread::sleep(SWEEP);
    }
}
