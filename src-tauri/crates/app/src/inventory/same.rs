//! The same VM through a host and through the vCenter that manages it is one VM.
//!
//! Clones share UUIDs, so equal ones alone prove nothing: the host must be known to belong to that
//! vCenter, and the pair of UUIDs must name one VM on either side.

use std::collections::{HashMap, HashSet};

use kuramori_vsphere::{Endpoint, Inventory, VmRef};

use super::KnownInventory;
use crate::dto::ServerKind;

/// What a server shows that is listed under another one.
pub(super) struct Under<'a> {
    pub(super) server: &'a KnownInventory,
    pub(super) vms: HashSet<VmRef>,
}

/// Returns which VMs of a host are listed under a vCenter that is added too.
pub(super) fn under<'a>(host: &KnownInventory, all: &'a [KnownInventory]) -> Vec<Under<'a>> {
    if host.entry.kind != ServerKind::Esxi {
        return Vec::new();
    }
    let vcenters = all.iter().filter(|known| known.entry.kind == ServerKind::Vcenter);
    let mut taken: HashSet<VmRef> = HashSet::new();
    let mut found = Vec::new();
    for server in vcenters {
        let mut vms: HashSet<VmRef> = pairs(host, server).into_iter().map(|(own, _)| own).collect();
        vms.retain(|vm| taken.insert(vm.clone()));
        if !vms.is_empty() {
            found.push(Under { server, vms });
        }
    }
    found
}

/// Returns the names of the hosts, added as servers of their own, through which VMs of a vCenter
/// are seen too.
pub(super) fn also(
    vcenter: &KnownInventory,
    all: &[KnownInventory],
) -> HashMap<VmRef, Vec<String>> {
    let mut also: HashMap<VmRef, Vec<String>> = HashMap::new();
    if vcenter.entry.kind != ServerKind::Vcenter {
        return also;
    }
    for host in all {
        for under in under(host, all).iter().filter(|u| u.server.entry.id == vcenter.entry.id) {
            for (own, there) in pairs(host, vcenter) {
                if under.vms.contains(&own) {
                    also.entry(there).or_default().push(host.entry.name.clone());
                }
            }
        }
    }
    also
}

/// Pairs the VMs of a host with those of a vCenter, if that manages the host.
fn pairs(host: &KnownInventory, vcenter: &KnownInventory) -> Vec<(VmRef, VmRef)> {
    if !manages(&vcenter.inventory, &vcenter.entry.url, &host.inventory) {
        return Vec::new();
    }
    let there = named(&vcenter.inventory);
    let own = named(&host.inventory);
    let pair = |(uuids, own): (_, Option<&VmRef>)| {
        Some((own?.clone(), there.get(&uuids).copied().flatten()?.clone()))
    };
    own.into_iter().filter_map(pair).collect()
}

fn manages(vcenter: &Inventory, url: &str, host: &Inventory) -> bool {
    let address = Endpoint::parse(url).ok().map(|endpoint| endpoint.host());
    host.hosts.iter().any(|host| {
        let uuid = host.hardware_uuid.as_deref().filter(|uuid| tells(uuid));
        let listed = uuid.is_some_and(|uuid| {
            let mut others = vcenter.hosts.iter().filter_map(|h| h.hardware_uuid.as_deref());
            others.any(|other| other.eq_ignore_ascii_case(uuid))
        });
        listed || (host.managed_by.is_some() && host.managed_by == address)
    })
}

/// Boards without an identity of their own show all zeros or all ones.
fn tells(uuid: &str) -> bool {
    let mut digits = uuid.chars().filter(|c| *c != '-');
    let first = digits.next();
    first.is_some() && digits.any(|digit| Some(digit) != first)
}

/// VMs by instance and BIOS UUID; `None` where several share both.
fn named(inventory: &Inventory) -> HashMap<(String, String), Option<&VmRef>> {
    let mut found = HashMap::new();
    for vm in &inventory.vms {
        if let (Some(instance), Some(bios)) = (&vm.instance_uuid, &vm.bios_uuid) {
            let key = (instance.to_ascii_lowercase(), bios.to_ascii_lowercase());
            found.entry(key).and_modify(|vm| *vm = None).or_insert(Some(&vm.reference));
        }
    }
    found
}
