//! On which datastore each disk of a new VM lies.

use std::collections::BTreeMap;

use kuramori_block::ByteLen;
use kuramori_vsphere::transport::host_for;
use kuramori_vsphere::{
    DatastoreRef, DatastoreSummary, DiskKey, DiskShape, HostSummary, Inventory,
};

use super::{NewVm, VmRestoreError};

/// A disk of a new VM, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedDisk {
    /// Which, by its key in the recovery point.
    pub key: DiskKey,
    /// Its label.
    pub label: String,
    /// Size.
    pub capacity: ByteLen,
    /// Bytes of data that will be sent.
    pub bytes: ByteLen,
    /// Name of the datastore it lay on; empty where that is not known.
    pub lay: String,
    /// Name of the datastore it goes to.
    pub datastore: String,
    /// Why it does not go to where it lay, unless somebody chose that.
    pub moved: Option<Moved>,
}

/// Why a disk does not go to the datastore it lay on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// There is none of that name that can be used.
    Gone,
    /// Too little is free there.
    NoRoom,
    /// No host mounts it together with the VM's own.
    OutOfReach,
}

/// Where everything goes.
#[derive(Debug, Default)]
pub(super) struct Placing<'a> {
    pub(super) disks: Vec<PlacedDisk>,
    /// The VM's own datastore.
    pub(super) home: Option<&'a DatastoreSummary>,
    /// Disks that go elsewhere.
    pub(super) elsewhere: Vec<(DiskKey, DatastoreRef)>,
    /// Whether all have room on the VM's own datastore and nobody chose another one.
    pub(super) or_together: bool,
    /// The host it would be made on.
    pub(super) host: Option<&'a HostSummary>,
    pub(super) problems: Vec<VmRestoreError>,
}

/// Decides for each disk: where somebody chose; else, for a VM whose disks lay on several
/// datastores, where it lay, if it can; else the VM's own datastore.
pub(super) fn place<'a>(
    inventory: &'a Inventory,
    shapes: &[(&DiskShape, ByteLen)],
    target: &NewVm,
) -> Placing<'a> {
    let mut placing = Placing::default();
    for key in target.disks.keys() {
        if !shapes.iter().any(|(shape, _)| shape.key.get() == *key) {
            placing.problems.push(VmRestoreError::NoSuchDisk(*key));
        }
    }
    let Some(home) = named(inventory, &target.datastore).next() else {
        placing.problems.push(VmRestoreError::NoDatastore(target.datastore.clone()));
        return placing;
    };
    placing.home = Some(home);
    let mut used: BTreeMap<&str, (&DatastoreSummary, u64)> = BTreeMap::new();
    let mut lay = shapes.iter().map(|(shape, _)| &shape.datastore).filter(|lay| !lay.is_empty());
    let first = lay.next();
    let several = lay.any(|lay| Some(lay) != first);
    for (shape, bytes) in shapes {
        let there = |store: &DatastoreSummary| {
            used.get(store.reference.as_str()).map_or(0, |(_, bytes)| *bytes)
        };
        let chosen = target.disks.get(&shape.key.get());
        let lay = (several && !shape.datastore.is_empty()).then_some(&shape.datastore);
        let (store, moved) = match (chosen, lay) {
            (Some(chosen), _) => match reachable(inventory, home, chosen) {
                Ok(store) => (store, None),
                Err(why) => {
                    placing.problems.push(cannot(why, home, chosen));
                    continue;
                }
            },
            (None, Some(lay)) => match reachable(inventory, home, lay) {
                Ok(store) if there(store).saturating_add(bytes.get()) > store.free.get() => {
                    (home, Some(Moved::NoRoom))
                }
                Ok(store) => (store, None),
                Err(why) => (home, Some(why)),
            },
            (None, None) => (home, None),
        };
        used.entry(store.reference.as_str()).or_insert((store, 0)).1 += bytes.get();
        if store.reference != home.reference {
            placing.elsewhere.push((shape.key, store.reference.clone()));
        }
        placing.disks.push(PlacedDisk {
            key: shape.key,
            label: shape.label.clone(),
            capacity: ByteLen::new(shape.capacity_bytes),
            bytes: *bytes,
            lay: shape.datastore.clone(),
            datastore: store.name.clone(),
            moved: moved.filter(|_| shape.datastore != store.name),
        });
    }
    let all: u64 = shapes.iter().map(|(_, bytes)| bytes.get()).sum();
    let chosen = target.disks.values().any(|name| *name != home.name);
    placing.or_together = !chosen && home.free.get() >= all;
    let used: Vec<(&DatastoreSummary, u64)> = used.into_values().collect();
    check(inventory, home, &used, &mut placing);
    placing
}

/// Looks whether there is room for everything, and a host for it.
fn check<'a>(
    inventory: &'a Inventory,
    home: &DatastoreSummary,
    used: &[(&DatastoreSummary, u64)],
    placing: &mut Placing<'a>,
) {
    for (store, needed) in used.iter().filter(|(store, needed)| store.free.get() < *needed) {
        placing.problems.push(VmRestoreError::NoRoom {
            datastore: store.name.clone(),
            free: store.free,
            needed: ByteLen::new(*needed),
        });
    }
    let mut stores: Vec<DatastoreRef> = vec![home.reference.clone()];
    stores.extend(placing.elsewhere.iter().map(|(_, store)| store.clone()));
    placing.host = host_for(inventory, &stores);
    if placing.host.is_none() && !placing.elsewhere.is_empty() && placing.problems.is_empty() {
        let names: Vec<&str> = used.iter().map(|(store, _)| store.name.as_str()).collect();
        placing.problems.push(VmRestoreError::NoCommonHost(names.join(", ")));
    }
}

/// Says why a disk cannot go where somebody chose.
fn cannot(why: Moved, home: &DatastoreSummary, chosen: &str) -> VmRestoreError {
    match why {
        Moved::OutOfReach => VmRestoreError::NoCommonHost(format!("{}, {chosen}", home.name)),
        Moved::Gone | Moved::NoRoom => VmRestoreError::NoDatastore(chosen.to_owned()),
    }
}

fn named<'a>(inventory: &'a Inventory, name: &str) -> impl Iterator<Item = &'a DatastoreSummary> {
    inventory.datastores.iter().filter(move |d| d.name == name && d.accessible)
}

/// Finds a datastore of a name that a host mounts together with the VM's own: each datacenter may
/// have one of that name.
fn reachable<'a>(
    inventory: &'a Inventory,
    home: &DatastoreSummary,
    name: &str,
) -> Result<&'a DatastoreSummary, Moved> {
    let mut seen = false;
    for store in named(inventory, name) {
        seen = true;
        let both = [home.reference.clone(), store.reference.clone()];
        if store.reference == home.reference || host_for(inventory, &both).is_some() {
            return Ok(store);
        }
    }
    Err(if seen { Moved::OutOfReach } else { Moved::Gone })
}

#[cfg(test)]
#[path = "placing_tests.rs"]
mod tests;
