//! The inventory as trees: by hosts, by folders, by datastores, by tags.
//!
//! Pure functions of what was read. What a server says about who lies under whom is not believed
//! blindly: parents that are missing or run in a circle cost a container its place, never a VM.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::types::{Inventory, InventoryNode, NodeId, NodeKind, VmPlace};
use crate::refs::VmRef;
use crate::service::ServerKind;
use crate::tags::TagCategory;

/// Deeper nesting is cut off; a loop would otherwise never end.
const MAX_LEVELS: usize = 32;

/// What a container of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupKind {
    /// The server itself: the top of every tree.
    Server,
    /// A datacenter.
    Datacenter,
    /// A folder.
    Folder,
    /// A cluster.
    Cluster,
    /// A host.
    Host,
    /// A vApp.
    Vapp,
    /// A datastore.
    Datastore,
    /// A category of tags.
    Category,
    /// A tag.
    Tag,
}

/// A container of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Names it within the server, the same in every view and after every reading.
    pub id: NodeId,
    /// What it is.
    pub kind: GroupKind,
    /// Name for people. The server has none here.
    pub name: String,
    /// Place of the container above in the same list; only the first has none.
    pub parent: Option<usize>,
    /// VMs right in it, by name.
    pub vms: Vec<VmRef>,
}

impl Inventory {
    /// Returns hosts and clusters: datacenter, folder, cluster, host, then VMs and vApps. VMs on no
    /// known host lie at the top.
    pub fn by_hosts(&self) -> Vec<Group> {
        let hosts = self.hosts_of_compute();
        let mut plan = self.plan();
        for node in &self.nodes {
            let lone = node.parent.as_ref().and_then(|parent| hosts.get(parent));
            if let (NodeKind::Pool | NodeKind::Vapp, Some(Some(host))) = (node.kind, lone) {
                plan.parents.insert(&node.id, Some(host));
            }
        }
        plan.show_with_parents(&self.nodes, |node| match node.kind {
            NodeKind::Cluster => Some(GroupKind::Cluster),
            NodeKind::Host => Some(GroupKind::Host),
            NodeKind::Vapp => Some(GroupKind::Vapp),
            _ => None,
        });
        self.arrange(&plan, Homes::First, |place| place.vapp.iter().chain(&place.host).collect())
    }

    /// Returns VMs and folders: datacenter, folders of VMs, vApps, VMs.
    pub fn by_folders(&self) -> Vec<Group> {
        let mut plan = self.plan();
        for node in self.nodes.iter().filter(|node| node.kind == NodeKind::Vapp) {
            let above = match node.parent.as_ref().and_then(|p| self.node(p)) {
                Some(outer) if outer.kind == NodeKind::Vapp => Some(&outer.id),
                _ => node.folder.as_ref(),
            };
            plan.parents.insert(&node.id, above);
        }
        plan.show_with_parents(&self.nodes, |node| match node.kind {
            NodeKind::Folder if node.holds_vms => Some(GroupKind::Folder),
            NodeKind::Vapp => Some(GroupKind::Vapp),
            _ => None,
        });
        self.arrange(&plan, Homes::First, |place| place.vapp.iter().chain(&place.folder).collect())
    }

    /// Returns the storage: datacenter, folders of datastores, datastores, and the VMs of each. A
    /// VM on several datastores lies in each of them.
    pub fn by_storage(&self) -> Vec<Group> {
        let mut plan = self.plan();
        plan.show_with_parents(&self.nodes, |node| {
            (node.kind == NodeKind::Datastore).then_some(GroupKind::Datastore)
        });
        self.arrange(&plan, Homes::All, |place| place.datastores.iter().collect())
    }

    /// Returns categories, their tags, and the VMs with each. VMs without a tag lie at the top.
    pub fn by_tags(&self, categories: &[TagCategory]) -> Vec<Group> {
        let mut tagged: HashMap<&VmRef, Vec<&NodeId>> = HashMap::new();
        let mut plan = Plan::default();
        for category in categories {
            plan.shown.insert(&category.id, (GroupKind::Category, &category.name));
            for tag in &category.tags {
                plan.shown.insert(&tag.id, (GroupKind::Tag, &tag.name));
                plan.parents.insert(&tag.id, Some(&category.id));
                for vm in &tag.vms {
                    tagged.entry(vm).or_default().push(&tag.id);
                }
            }
        }
        let all = self.all_vms().into_iter().map(|(_, vm, _)| {
            let places = tagged.get(vm).cloned().unwrap_or_default();
            (vm, places)
        });
        plan.build(Homes::All, all)
    }

    fn arrange<'a>(
        &'a self,
        plan: &Plan<'a>,
        homes: Homes,
        places: impl Fn(&'a VmPlace) -> Vec<&'a NodeId>,
    ) -> Vec<Group> {
        plan.build(homes, self.all_vms().into_iter().map(|(_, vm, place)| (vm, places(place))))
    }

    /// Returns all VMs by name, also those that cannot be read.
    fn all_vms(&self) -> Vec<(&str, &VmRef, &VmPlace)> {
        let readable = self.vms.iter().map(|vm| (vm.name.as_str(), &vm.reference, &vm.place));
        let others = self.unreadable.iter().map(|vm| (vm.name.as_str(), &vm.reference, &vm.place));
        let mut all: Vec<_> = readable.chain(others).collect();
        all.sort_by_key(|(name, reference, _)| (*name, *reference));
        all
    }

    fn node(&self, id: &NodeId) -> Option<&InventoryNode> {
        self.nodes.iter().find(|node| node.id == *id)
    }

    /// Returns the host of each compute side that is no cluster; it has one.
    fn hosts_of_compute(&self) -> HashMap<&NodeId, Option<&NodeId>> {
        let lone = self.nodes.iter().filter(|node| node.kind == NodeKind::Compute);
        let mut hosts: HashMap<&NodeId, Option<&NodeId>> =
            lone.map(|node| (&node.id, None)).collect();
        for host in self.nodes.iter().filter(|node| node.kind == NodeKind::Host) {
            if let Some(slot) = host.parent.as_ref().and_then(|parent| hosts.get_mut(parent)) {
                *slot = Some(&host.id);
            }
        }
        hosts
    }

    /// Begins a tree with the datacenters. A single host has but one, which says nothing.
    fn plan(&self) -> Plan<'_> {
        let mut plan = Plan::default();
        for node in &self.nodes {
            plan.parents.insert(&node.id, node.parent.as_ref());
            if node.kind == NodeKind::Datacenter && self.about.kind == ServerKind::Vcenter {
                plan.shown.insert(&node.id, (GroupKind::Datacenter, &node.name));
            }
        }
        plan
    }
}

/// In which of its places a VM is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Homes {
    /// In the first that is there.
    First,
    /// In each.
    All,
}

/// What a tree is made from.
#[derive(Default)]
struct Plan<'a> {
    shown: BTreeMap<&'a NodeId, (GroupKind, &'a str)>,
    parents: HashMap<&'a NodeId, Option<&'a NodeId>>,
}

impl<'a> Plan<'a> {
    /// Shows what `pick` takes, the datacenters, and all folders above either that people know.
    fn show_with_parents(
        &mut self,
        nodes: &'a [InventoryNode],
        pick: impl Fn(&InventoryNode) -> Option<GroupKind>,
    ) {
        let by_id: HashMap<&NodeId, &InventoryNode> = nodes.iter().map(|n| (&n.id, n)).collect();
        // vSphere hides its root folder and the four folders right under a datacenter.
        let hidden = |node: &InventoryNode| match &node.parent {
            None => true,
            Some(parent) => by_id.get(parent).is_some_and(|p| p.kind == NodeKind::Datacenter),
        };
        for node in nodes {
            let Some(kind) = pick(node) else { continue };
            if kind != GroupKind::Folder || !hidden(node) {
                self.shown.insert(&node.id, (kind, &node.name));
            }
        }
        let mut above: Vec<&NodeId> = self.shown.keys().copied().collect();
        let mut seen: BTreeSet<&NodeId> = BTreeSet::new();
        while let Some(id) = above.pop() {
            let Some(parent) = self.parents.get(id).copied().flatten() else { continue };
            if !seen.insert(parent) {
                continue;
            }
            above.push(parent);
            if let Some(node) = by_id.get(parent)
                && node.kind == NodeKind::Folder
                && !hidden(node)
            {
                self.shown.insert(&node.id, (GroupKind::Folder, &node.name));
            }
        }
    }

    /// Returns the nearest container that is shown, from `id` upwards.
    fn nearest(&self, id: Option<&'a NodeId>) -> Option<&'a NodeId> {
        let mut at = id;
        for _ in 0..MAX_LEVELS {
            let id = at?;
            if self.shown.contains_key(id) {
                return Some(id);
            }
            at = self.parents.get(id).copied().flatten();
        }
        None
    }

    fn build(
        &self,
        wanted: Homes,
        vms: impl Iterator<Item = (&'a VmRef, Vec<&'a NodeId>)>,
    ) -> Vec<Group> {
        let top = Group {
            id: NodeId::top(),
            kind: GroupKind::Server,
            name: String::new(),
            parent: None,
            vms: Vec::new(),
        };
        let mut groups = vec![top];
        let mut at: HashMap<&NodeId, usize> = HashMap::new();
        self.place_groups(&mut groups, &mut at);
        for (vm, places) in vms {
            let found = places.into_iter().filter_map(|id| self.nearest(Some(id)));
            let mut homes: Vec<usize> = found.filter_map(|id| at.get(id).copied()).collect();
            if wanted == Homes::First {
                homes.truncate(1);
            }
            homes.sort_unstable();
            homes.dedup();
            if homes.is_empty() {
                homes.push(0);
            }
            for home in homes {
                if let Some(group) = groups.get_mut(home) {
                    group.vms.push(vm.clone());
                }
            }
        }
        groups
    }

    /// Puts every container after the one above it, siblings by name.
    fn place_groups(&self, groups: &mut Vec<Group>, at: &mut HashMap<&'a NodeId, usize>) {
        let mut children: HashMap<Option<&NodeId>, Vec<&'a NodeId>> = HashMap::new();
        let mut all: Vec<&'a NodeId> = self.shown.keys().copied().collect();
        let rank = |id: &&'a NodeId| {
            let (kind, name) = self.shown.get(*id).copied().unwrap_or((GroupKind::Server, ""));
            (kind == GroupKind::Vapp, name.to_lowercase(), *id)
        };
        all.sort_by_cached_key(rank);
        for id in &all {
            let above = self.parents.get(id).copied().flatten();
            children.entry(self.nearest(above)).or_default().push(id);
        }
        // First what hangs from the top, then whatever a circle or too deep nesting keeps from it.
        let from_top = children.get(&None).cloned().unwrap_or_default();
        for start in from_top.into_iter().chain(all) {
            let mut open = vec![(start, 0, 1)];
            while let Some((id, parent, level)) = open.pop() {
                if level > MAX_LEVELS || at.contains_key(id) {
                    continue;
                }
                let Some((kind, name)) = self.shown.get(id).copied() else { continue };
                let own = groups.len();
                at.insert(id, own);
                let (name, parent) = (name.to_owned(), Some(parent));
                groups.push(Group { id: id.clone(), kind, name, parent, vms: Vec::new() });
                let below = children.get(&Some(id)).into_iter().flatten().rev();
                open.extend(below.map(|child| (*child, own, level + 1)));
            }
        }
    }
}
