//! Where a restored VM goes: what the caller left open is worked out from the datastore.

use super::import::{ImportError, ImportRequest};
use crate::DiskKey;
use crate::hardware::Nic;
use crate::inventory::{
    ComputeSummary, ConnectionState, HostSummary, Inventory, NetworkKind, NetworkSummary,
};
use crate::refs::{DatastoreRef, FolderRef, HostRef, MoRef, PoolRef};

/// Everything an import needs to know of its target.
#[derive(Clone, Debug)]
pub(super) struct Placement {
    pub(super) datastore: String,
    /// Disks that go to another datastore, with its name.
    pub(super) elsewhere: Vec<(DiskKey, String, MoRef)>,
    pub(super) folder: FolderRef,
    pub(super) pool: PoolRef,
    pub(super) host: Option<HostRef>,
    pub(super) networks: Vec<NetworkSummary>,
}

impl Placement {
    pub(super) fn resolve(
        request: &ImportRequest,
        inventory: &Inventory,
    ) -> Result<Self, ImportError> {
        let unknown = |what: &'static str| ImportError::NoPlace { what };
        let datastore = inventory.datastores.iter().find(|d| d.reference == request.datastore);
        let datastore = datastore.ok_or_else(|| unknown("the datastore"))?;
        let named = |(key, store): &(DiskKey, DatastoreRef)| {
            let found = inventory.datastores.iter().find(|d| d.reference == *store);
            let found = found.ok_or_else(|| unknown("the datastore of a disk"))?;
            Ok((*key, found.name.clone(), store.mo()))
        };
        let others = request.elsewhere.iter().filter(|(_, store)| *store != request.datastore);
        let elsewhere = others.map(named).collect::<Result<_, ImportError>>()?;
        let folder = request.folder.clone().or_else(|| {
            let holds =
                inventory.datacenters.iter().find(|d| d.datastores.contains(&request.datastore));
            holds.and_then(|datacenter| datacenter.vm_folder.clone())
        });
        let (host, pool) = compute(request, inventory)
            .ok_or_else(|| unknown("a connected host that mounts the datastores"))?;
        Ok(Self {
            datastore: datastore.name.clone(),
            elsewhere,
            folder: folder.ok_or_else(|| unknown("a folder for the VM"))?,
            pool,
            host,
            networks: inventory.networks.clone(),
        })
    }

    /// Returns where the files of a disk go: the name of the datastore, and which it is where that
    /// is not the one of the VM.
    pub(super) fn of_disk(&self, disk: DiskKey) -> (&str, Option<&MoRef>) {
        match self.elsewhere.iter().find(|(key, ..)| *key == disk) {
            Some((_, name, store)) => (name, Some(store)),
            None => (&self.datastore, None),
        }
    }

    /// Finds the network a card hung on: by key on the same vCenter, else by name.
    pub(super) fn network(&self, nic: &Nic) -> Option<&NetworkSummary> {
        let by_key = self.networks.iter().find(|network| match &network.kind {
            NetworkKind::Distributed { portgroup_key, .. } => {
                nic.portgroup_key.as_ref() == Some(portgroup_key)
            }
            _ => false,
        });
        by_key.or_else(|| {
            let named = |network: &&NetworkSummary| {
                network.name == nic.network && network.kind != NetworkKind::Opaque
            };
            self.networks.iter().find(named).filter(|_| !nic.network.is_empty())
        })
    }
}

/// Returns the hosts that a new VM on these datastores can be made on: those that take VMs and mount
/// them all. When nobody chooses one, it is the first.
pub fn hosts_for<'a>(
    inventory: &'a Inventory,
    datastores: &[DatastoreRef],
) -> impl Iterator<Item = &'a HostSummary> {
    let mounts = |host: &&HostSummary| datastores.iter().all(|d| host.datastores.contains(d));
    inventory.hosts.iter().filter(|host| takes_vms(host)).filter(mounts)
}

fn takes_vms(host: &HostSummary) -> bool {
    host.connection == ConnectionState::Connected && !host.maintenance
}

/// Chooses a host that mounts the datastores, and the pool above it.
fn compute(request: &ImportRequest, inventory: &Inventory) -> Option<(Option<HostRef>, PoolRef)> {
    let of = |host: &HostSummary| -> Option<&ComputeSummary> {
        inventory.compute.iter().find(|c| Some(&c.reference) == host.compute.as_ref())
    };
    let owner = request.pool.as_ref().and_then(|pool| {
        inventory.pools.iter().find(|p| p.reference == *pool).and_then(|p| p.owner.as_ref())
    });
    let fits = |host: &&HostSummary| {
        let wanted = request.host.as_ref().is_none_or(|wanted| *wanted == host.reference);
        let under_pool = owner.is_none() || host.compute.as_ref() == owner;
        takes_vms(host)
            && host.datastores.contains(&request.datastore)
            && request.elsewhere.iter().all(|(_, store)| host.datastores.contains(store))
            && wanted
            && under_pool
    };
    let host = inventory.hosts.iter().find(fits)?;
    let pool = request.pool.clone().or_else(|| of(host).and_then(|c| c.pool.clone()))?;
    Some((Some(host.reference.clone()), pool))
}
