//! On which datastore each disk of a new VM lies.

use kuramori_block::ByteLen;
use kuramori_vsphere::transport::hosts_for;
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
    /// The hosts it can be made on.
    pub(super) hosts: Vec<&'a HostSummary>,
    pub(super) problems: Vec<VmRestoreError>,
}

/// The datastores that disks go to so far.
struct Stores<'a> {
    inventory: &'a Inventory,
    /// The VM's own.
    home: &'a DatastoreSummary,
    /// Each once, with the bytes that go there.
    used: Vec<(&'a DatastoreSummary, u64)>,
}

impl<'a> Stores<'a> {
    /// Notes that a disk goes to a datastore.
    fn take(&mut self, store: &'a DatastoreSummary, bytes: ByteLen) -> &'a DatastoreSummary {
        match self.used.iter_mut().find(|(used, _)| used.reference == store.reference) {
            Some((_, there)) => *there = there.saturating_add(bytes.get()),
            None => self.used.push((store, bytes.get())),
        }
        store
    }

    /// Bytes that go to a datastore.
    fn there(&self, store: &DatastoreSummary) -> u64 {
        let used = self.used.iter().find(|(used, _)| used.reference == store.reference);
        used.map_or(0, |(_, bytes)| *bytes)
    }

    /// Finds a datastore of a name that a host mounts together with the VM's own and all that other
    /// disks go to: one host makes the VM. Each datacenter may have one of that name.
    fn reachable(&self, name: &str) -> Result<&'a DatastoreSummary, Moved> {
        let mut together = vec![self.home.reference.clone()];
        together.extend(self.used.iter().map(|(store, _)| store.reference.clone()));
        let mut seen = false;
        for store in named(self.inventory, name) {
            seen = true;
            let mut all = together.clone();
            all.push(store.reference.clone());
            let reached = || hosts_for(self.inventory, &all).next().is_some();
            if together.contains(&store.reference) || reached() {
                return Ok(store);
            }
        }
        Err(if seen { Moved::OutOfReach } else { Moved::Gone })
    }

    /// Says why a disk cannot go where somebody chose.
    fn cannot(&self, why: Moved, chosen: &str) -> VmRestoreError {
        let others = self.used.iter().filter(|(store, _)| store.reference != self.home.reference);
        let mut names = vec![self.home.name.as_str()];
        names.extend(others.map(|(store, _)| store.name.as_str()));
        names.push(chosen);
        match why {
            Moved::OutOfReach => VmRestoreError::NoCommonHost(names.join(", ")),
            Moved::Gone | Moved::NoRoom => VmRestoreError::NoDatastore(chosen.to_owned()),
        }
    }
}

/// Decides for each disk: where somebody chose; else, for a VM whose disks lay on several
/// datastores, where it lay, if it can; else the VM's own datastore.
pub(super) fn place<'a>(
    inventory: &'a Inventory,
    shapes: &[(&DiskShape, ByteLen)],
    target: &NewVm,
) -> Placing<'a> {
    let mut placing = Placing::default();
    let there = |key: &&i32| shapes.iter().any(|(shape, _)| shape.key.get() == **key);
    let unknown = target.disks.keys().filter(|key| !there(key));
    placing.problems.extend(unknown.map(|key| VmRestoreError::NoSuchDisk(*key)));
    let Some(home) = named(inventory, &target.datastore).next() else {
        placing.problems.push(VmRestoreError::NoDatastore(target.datastore.clone()));
        return placing;
    };
    placing.home = Some(home);
    let mut stores = Stores { inventory, home, used: Vec::new() };
    let mut places = Vec::new();
    // What was chosen stands; the others keep out of its way.
    for (shape, bytes) in shapes {
        let chosen = target.disks.get(&shape.key.get());
        places.push(match chosen.map(|name| (name, stores.reachable(name))) {
            Some((_, Ok(store))) => Some((stores.take(store, *bytes), None)),
            Some((name, Err(why))) => {
                placing.problems.push(stores.cannot(why, name));
                None
            }
            None => None,
        });
    }
    let mut lay = shapes.iter().map(|(shape, _)| &shape.datastore).filter(|lay| !lay.is_empty());
    let first = lay.next();
    let several = lay.any(|lay| Some(lay) != first);
    for ((shape, bytes), place) in shapes.iter().zip(&mut places) {
        if target.disks.contains_key(&shape.key.get()) {
            continue;
        }
        let lay = (several && !shape.datastore.is_empty()).then_some(&shape.datastore);
        let (store, moved) = match lay.map(|lay| stores.reachable(lay)) {
            Some(Ok(store))
                if stores.there(store).saturating_add(bytes.get()) > store.free.get() =>
            {
                (home, Some(Moved::NoRoom))
            }
            Some(Ok(store)) => (store, None),
            Some(Err(why)) => (home, Some(why)),
            None => (home, None),
        };
        *place = Some((stores.take(store, *bytes), moved));
    }
    for ((shape, bytes), place) in shapes.iter().zip(places) {
        let Some((store, moved)) = place else { continue };
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
    check(inventory, home, &stores.used, &mut placing);
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
    placing.hosts = hosts_for(inventory, &stores).collect();
    if placing.hosts.is_empty() && !placing.elsewhere.is_empty() && placing.problems.is_empty() {
        let names: Vec<&str> = used.iter().map(|(store, _)| store.name.as_str()).collect();
        placing.problems.push(VmRestoreError::NoCommonHost(names.join(", ")));
    }
}

fn named<'a>(inventory: &'a Inventory, name: &str) -> impl Iterator<Item = &'a DatastoreSummary> {
    inventory.datastores.iter().filter(move |d| d.name == name && d.accessible)
}

#[cfg(test)]
#[path = "placing_tests.rs"]
mod tests;
