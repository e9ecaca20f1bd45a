//! The running lab: state, time, faults, and the operations on VMs.

mod admin;
mod create;
mod disks;
mod guest;
mod lease;
mod owner;
mod snapshots;
mod tasks;
mod visits;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use fs_err as fs;
use kuramori_base::Clock;
use uuid::Uuid;

pub(crate) use admin::to_next_host;
pub(crate) use create::{NewDisk, blank_conf, disk_key};
pub(crate) use disks::in_range;
pub(crate) use lease::{NewLease, timed_out, watch_leases};
pub(crate) use snapshots::{NewSnapshot, snapshot_file};
pub(crate) use tasks::{TaskContext, TaskStart, task_in_progress};

use crate::disk::{Disk, Places};
use crate::faults::Faults;
use crate::soap::Fault;
use crate::stats::Stats;
use crate::world::{Inventory, Visitor, Vm, World, persist};
use crate::{LabConfig, LabError, LabOptions, Shape};

/// What the server needs to say about itself once it listens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    /// `host:port` of the TLS port.
    pub(crate) authority: String,
    pub(crate) sha1: String,
    pub(crate) sha256: String,
}

/// The running lab.
pub(crate) struct Core {
    pub(crate) dir: PathBuf,
    pub(crate) places: Places,
    pub(crate) shape: Shape,
    pub(crate) options: LabOptions,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) token: String,
    pub(crate) identity: Identity,
    pub(crate) faults: Faults,
    pub(crate) stats: Stats,
    pub(crate) folder_active: AtomicUsize,
    pub(crate) stopping: AtomicBool,
    /// Whether disks that are attached stay unseen by the guest.
    pub(crate) devices_held: AtomicBool,
    pub(crate) runtime: tokio::runtime::Handle,
    world: Mutex<World>,
    changed: Condvar,
}

impl Core {
    /// Opens the state in the folder of `config`, or makes a new one, and adds missing VMs.
    pub(crate) fn open(
        config: &LabConfig,
        identity: Identity,
        runtime: tokio::runtime::Handle,
    ) -> Result<Arc<Self>, LabError> {
        let places =
            Places { datastores: config.dir.join("datastores"), maps: config.dir.join("maps") };
        let state = persist::load(&config.dir)?;
        let (uuid, next, token, (vms, loose)) = match state {
            Some(s) => (s.instance_uuid, s.next, s.token, (s.vms, s.loose)),
            None => (Uuid::new_v4().to_string(), 100, new_token(), Default::default()),
        };
        let inventory = Inventory::new(config.shape, uuid);
        for datastore in inventory.kind("Datastore") {
            let path = places.datastores.join(datastore.name);
            fs::create_dir_all(&path).map_err(LabError::io(&path))?;
        }
        let mut open = BTreeMap::new();
        let open_all = |metas: Vec<crate::disk::DiskMeta>| -> Result<Vec<Arc<Disk>>, LabError> {
            let each = metas.into_iter().map(|meta| {
                let folder = places.folder(&meta);
                Disk::open(meta, &places).map(Arc::new).map_err(LabError::io(folder))
            });
            each.collect()
        };
        let loose = open_all(loose)?;
        for mut state in vms {
            let disks = open_all(std::mem::take(&mut state.disks))?;
            let vm = Vm { disks, visitors: Vec::new(), busy: None, state };
            open.insert(vm.state.id.clone(), vm);
        }
        let visits = Visitor::of_last_run(&open, &loose);
        for (id, visitor) in visits {
            open.entry(id).and_modify(|vm| vm.visitors.push(visitor));
        }
        let core = Arc::new(Self {
            dir: config.dir.clone(),
            places,
            shape: config.shape,
            options: config.options.clone(),
            clock: Arc::clone(&config.clock),
            user: config.user.clone(),
            password: config.password.clone(),
            token,
            identity,
            faults: Faults::default(),
            stats: Stats::default(),
            folder_active: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            devices_held: AtomicBool::new(false),
            runtime,
            world: Mutex::new(World {
                inventory,
                next,
                vms: open,
                loose,
                tasks: BTreeMap::new(),
                leases: BTreeMap::new(),
                sessions: HashMap::new(),
                tickets: HashMap::new(),
                tagged: Vec::new(),
            }),
            changed: Condvar::new(),
        });
        core.recover()?;
        core.ensure_vms(&config.vms)?;
        core.show_guest()?;
        Ok(core)
    }

    /// Finishes what an earlier process left half done.
    fn recover(self: &Arc<Self>) -> Result<(), LabError> {
        let half: Vec<String> = {
            let mut world = self.world();
            for vm in world.vms.values_mut() {
                vm.state.consolidation_needed |= vm.has_stray_links();
            }
            world.vms.values().filter(|v| v.state.importing).map(|v| v.state.id.clone()).collect()
        };
        for id in half {
            self.remove_vm(&id)?;
        }
        self.save(&self.world())
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no holder of the world panics")
    }

    /// Writes the state file. Call with every change of structure, before it is told to anyone.
    pub(crate) fn save(&self, world: &World) -> Result<(), LabError> {
        let state = persist::State {
            shape: format!("{:?}", self.shape),
            instance_uuid: world.inventory.instance_uuid.clone(),
            next: world.next,
            token: self.token.clone(),
            vms: world.vms.values().map(Vm::to_state).collect(),
            loose: world.loose.iter().map(|disk| disk.meta()).collect(),
        };
        persist::save(&self.dir, &state)
    }

    /// Wakes everyone who waits for updates.
    pub(crate) fn notify(&self) {
        self.changed.notify_all();
    }

    /// Waits for a change, at most `limit`.
    pub(crate) fn wait<'a>(
        &self,
        world: MutexGuard<'a, World>,
        limit: Duration,
    ) -> MutexGuard<'a, World> {
        self.changed.wait_timeout(world, limit).expect("no holder of the world panics").0
    }

    pub(crate) fn stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl From<LabError> for Fault {
    fn from(error: LabError) -> Self {
        let mut text = error.to_string();
        let mut next = std::error::Error::source(&error);
        while let Some(cause) = next {
            text += &format!(": {cause}");
            next = cause.source();
        }
        match error {
            LabError::Busy => Self::file("FileLocked", "", text),
            _ => Self::system(text),
        }
    }
}

fn new_token() -> String {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    data_encoding::BASE64URL_NOPAD.encode(&bytes)
}
