import type { ConditionView } from "@/api/generated/ConditionView";
import type { DiskChoiceView } from "@/api/generated/DiskChoiceView";
import type { InventoryView } from "@/api/generated/InventoryView";
import type { PickView } from "@/api/generated/PickView";
import type { TreeView } from "@/api/generated/TreeView";
import type { VmDiskView } from "@/api/generated/VmDiskView";
import type { VmView } from "@/api/generated/VmView";

/** Whether a VM is still on its server. */
export const there = (vm: VmView) => vm.gone_since === null;

function below(tree: TreeView, at: number): Set<string> {
  const inside = new Set([at]);
  const found = new Set<string>();
  tree.groups.forEach((group, index) => {
    if (group.parent !== null && inside.has(group.parent)) inside.add(index);
    if (inside.has(index)) for (const reference of group.vms) found.add(reference);
  });
  return found;
}

/** References of the VMs in a container, from whichever tree has it; `null` when none has. */
export function inGroup(inventory: InventoryView, id: string): Set<string> | null {
  const { hosts, folders, storage, tags } = inventory.trees;
  for (const tree of [hosts, folders, storage, tags]) {
    const at = tree.groups.findIndex((group) => group.id === id);
    if (at >= 0) return below(tree, at);
  }
  return null;
}

/** The VM that a choice of one names, by its UUID where it has one. */
export function picked(inventory: InventoryView, pick: PickView & { by: "vm" }): VmView | undefined {
  const same = inventory.vms.filter((vm) => there(vm) && (pick.instance_uuid === null ? vm.reference === pick.reference : vm.instance_uuid === pick.instance_uuid));
  // Copies may share a UUID; then the reference tells them apart.
  return same.find((vm) => vm.reference === pick.reference) ?? same[0];
}

/** Whether a pattern fits all of a text: `*` stands for anything, `?` for one character; small and capital letters are the same. */
export function fits(pattern: string, text: string): boolean {
  const [wanted, letters] = [[...pattern.toLowerCase()], [...text.toLowerCase()]];
  // Where the last `*` stands, and from where in the text it is tried.
  let [p, t, star, from] = [0, 0, -1, 0];
  while (t < letters.length) {
    if (wanted[p] === "*") [star, from, p] = [p, t, p + 1];
    else if (p < wanted.length && (wanted[p] === "?" || wanted[p] === letters[t])) [p, t] = [p + 1, t + 1];
    else if (star < 0) return false;
    else [from, p, t] = [from + 1, star + 1, from + 1];
  }
  return wanted.slice(p).every((rest) => rest === "*");
}

function tagged({ groups }: TreeView, category: string | null, tag: string): Set<string> {
  const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
  const found = groups.filter((group) => group.kind === "tag" && same(group.name, tag) && (category === null || (group.parent !== null && same(groups[group.parent]?.name ?? "", category))));
  return new Set(found.flatMap((group) => group.vms));
}

/** What tells whether a condition holds of a VM; what the server does not say does not hold. */
function holding(inventory: InventoryView, one: ConditionView): (vm: VmView) => boolean {
  const { storage, tags } = inventory.trees;
  const inside = (references: ReadonlySet<string>) => (vm: VmView) => references.has(vm.reference);
  switch (one.on) {
    case "name": return (vm) => fits(one.pattern, vm.name);
    case "system": return (vm) => vm.guest !== null && fits(one.pattern, vm.guest);
    case "power": return (vm) => vm.power === one.is;
    case "place": return inside(inGroup(inventory, one.id) ?? new Set());
    case "tag": return inside(tagged(tags, one.category, one.tag));
    case "datastore": return inside(new Set(storage.groups.flatMap((group, at) => (group.kind === "datastore" && fits(one.pattern, group.name) ? [...below(storage, at)] : []))));
  }
}

/** References of the VMs that a choice names as the server was read; the back end decides anew at each run. */
export function named(inventory: InventoryView, pick: PickView): Set<string> {
  const all = inventory.vms.filter(there);
  switch (pick.by) {
    case "vm": return new Set(picked(inventory, pick)?.reference ?? []);
    case "group": return inGroup(inventory, pick.id) ?? new Set();
    case "all": return new Set(all.map((vm) => vm.reference));
    case "rule": {
      const holds = pick.conditions.map((one) => holding(inventory, one));
      return new Set(all.filter((vm) => holds.length > 0 && holds.every((test) => test(vm))).map((vm) => vm.reference));
    }
  }
}

/** Whether a choice is about a VM. */
export function isOfVm(choice: DiskChoiceView, server: string, vm: VmView): boolean {
  return choice.server_id === server && (choice.instance_uuid !== null && vm.instance_uuid !== null ? choice.instance_uuid === vm.instance_uuid : choice.reference === vm.reference);
}

/** Whether a choice is about a disk of its VM: by the UUID where both have one. */
export function isOfDisk(choice: DiskChoiceView, disk: VmDiskView): boolean {
  return choice.uuid !== null && disk.uuid !== null ? choice.uuid.toLowerCase() === disk.uuid.toLowerCase() : choice.key === disk.key && choice.label === disk.label;
}
