import type { GroupKindView } from "@/api/generated/GroupKindView";
import type { InventoryView } from "@/api/generated/InventoryView";
import type { TreeView } from "@/api/generated/TreeView";
import type { VmView } from "@/api/generated/VmView";
import type { ServerInventory } from "@/api/inventories";
import { nothingKnown, type Standing, type VmState } from "./vm-state";

export const treeKeys = ["hosts", "folders", "storage", "tags"] as const;
export type TreeKey = (typeof treeKeys)[number];

export interface TreeNode {
  /** Unique in the tree: a VM on two datastores is there twice. */
  id: string;
  server: string;
  group: string | null;
  vm: string | null;
  name: string;
  kind: GroupKindView | "esxi" | "vcenter" | "vm";
  /** VMs below, each once. */
  count: number | null;
  /** Of a VM its own state, of a container that of its worst member. */
  state: VmState | null;
  /** Whether it is a VM that is no longer there. */
  gone?: boolean;
  children: TreeNode[];
}

/** The worst last. What nobody knows weighs more than what is well. */
const rank: Record<VmState, number> = { unmeant: 0, gone: 1, "not-covered": 2, protected: 3, held: 4, "due-soon": 5, unknown: 6, late: 7, missed: 8, failed: 9 };

function worse(one: VmState | null, other: VmState | null): VmState | null {
  if (one === null || other === null) return one ?? other;
  return rank[one] >= rank[other] ? one : other;
}

/** The VMs of a server in one of its orders. While a word is looked for, containers without a hit are left out. */
export function nodesOf(inventories: readonly ServerInventory[], order: TreeKey, wanted: string, standing: Standing = nothingKnown): TreeNode[] {
  return inventories.map(({ server, inventory }) => {
    const top: TreeNode = { id: server.id, server: server.id, group: null, vm: null, name: server.name, kind: server.kind, count: null, state: null, children: [] };
    return inventory.data ? fill(top, inventory.data, order, wanted, standing) : top;
  });
}

function fill(top: TreeNode, inventory: InventoryView, order: TreeKey, wanted: string, standing: Standing): TreeNode {
  const vms = new Map(inventory.vms.map((vm) => [vm.reference, vm]));
  const nodes: TreeNode[] = [];
  const members: Set<string>[] = [];
  const { groups } = inventory.trees[order];
  for (const group of groups) {
    const node = group.parent === null ? top : { id: `${top.id}/${group.id}`, server: top.id, group: group.id, vm: null, name: group.name, kind: group.kind, count: null, state: null, children: [] };
    nodes.push(node);
    members.push(new Set());
  }
  // Each container comes after the one above it, so from the end every one is whole before it is counted above.
  for (let at = groups.length - 1; at >= 0; at -= 1) {
    const [group, node, inside] = [groups[at], nodes[at], members[at]];
    if (!group || !node || !inside) continue;
    for (const reference of group.vms) {
      const vm = vms.get(reference);
      if (!vm?.name.toLowerCase().includes(wanted)) continue;
      const state = standing(top.id, vm);
      node.children.push({ id: `${node.id}/vm/${reference}`, server: top.id, group: null, vm: reference, name: vm.name, kind: "vm", count: null, state, gone: vm.gone_since !== null, children: [] });
      node.state = worse(node.state, state);
      inside.add(reference);
    }
    node.count = inside.size;
    const above = group.parent === null ? undefined : nodes[group.parent];
    if (!above || (wanted !== "" && inside.size === 0)) continue;
    above.children.unshift(node);
    above.state = worse(above.state, node.state);
    const total = members[group.parent ?? 0];
    for (const reference of inside) total?.add(reference);
  }
  return top;
}

/** Finds a node, from the top. */
export function find(nodes: readonly TreeNode[], is: (node: TreeNode) => boolean): TreeNode | null {
  for (const node of nodes) {
    const found = is(node) ? node : find(node.children, is);
    if (found) return found;
  }
  return null;
}

/** All containers, for opening and closing. */
export function containers(nodes: readonly TreeNode[]): string[] {
  return nodes.flatMap((node) => (node.vm === null ? [node.id, ...containers(node.children)] : []));
}

/** The VMs in a container and in all below it; all of them for a container that is not there any more. */
export function within(inventory: InventoryView, tree: TreeView, group: string | null): VmView[] {
  const at = group === null ? -1 : tree.groups.findIndex((one) => one.id === group);
  if (at <= 0) return inventory.vms;
  const inside = new Set([at]);
  const wanted = new Set<string>();
  tree.groups.forEach((one, index) => {
    if (one.parent !== null && inside.has(one.parent)) inside.add(index);
    if (inside.has(index)) for (const reference of one.vms) wanted.add(reference);
  });
  return inventory.vms.filter((vm) => wanted.has(vm.reference));
}
