import type { InventoryView } from "@/api/generated/InventoryView";
import type { JobDraft } from "@/api/generated/JobDraft";
import type { PickView } from "@/api/generated/PickView";
import type { SourceView } from "@/api/generated/SourceView";
import type { TreeView } from "@/api/generated/TreeView";
import type { VmView } from "@/api/generated/VmView";

/** What a job saves and what it leaves out. */
export type Choice = Pick<JobDraft, "sources" | "leave_out">;

/** A VM that a job saves, and how it came to that. */
export interface Member {
  server: string;
  serverName: string;
  vm: VmView;
  /** Name of the container that brings it in; `null` when it was chosen by itself. */
  through: string | null;
}

function below(tree: TreeView, id: string): Set<string> | null {
  const at = tree.groups.findIndex((group) => group.id === id);
  if (at < 0) return null;
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
    const found = below(tree, id);
    if (found) return found;
  }
  return null;
}

const there = (vm: VmView) => vm.gone_since === null;
/** Whether a VM can be saved at all. */
export const savable = (vm: VmView) => there(vm) && vm.problem === null;

function picked(inventory: InventoryView, pick: PickView & { by: "vm" }): VmView | undefined {
  const same = inventory.vms.filter((vm) => there(vm) && (pick.instance_uuid === null ? vm.reference === pick.reference : vm.instance_uuid === pick.instance_uuid));
  // Copies may share a UUID; then the reference tells them apart.
  return same.find((vm) => vm.reference === pick.reference) ?? same[0];
}

const isLeftOut = (choice: Choice, vm: VmView) => choice.leave_out.includes(vm.name) || choice.leave_out.includes(vm.reference);

function coveredBy(inventory: InventoryView, pick: PickView, vm: VmView): boolean {
  if (pick.by === "vm") return false;
  return pick.by === "all" || (inGroup(inventory, pick.id)?.has(vm.reference) ?? false);
}

/** The VMs that a job would save now, each once, by name. */
export function membersOf(inventories: readonly InventoryView[], choice: Choice): Member[] {
  const found: Member[] = [];
  for (const inventory of inventories) {
    const picks = choice.sources.filter((source) => source.server_id === inventory.server_id).map((source) => source.pick);
    if (picks.length === 0) continue;
    const alone = new Set(picks.flatMap((pick) => (pick.by === "vm" ? (picked(inventory, pick)?.reference ?? []) : [])));
    const groups = picks.flatMap((pick) => (pick.by === "vm" ? [] : [{ name: pick.by === "all" ? inventory.server_name : pick.name, has: pick.by === "all" ? null : inGroup(inventory, pick.id) }]));
    for (const vm of inventory.vms) {
      if (!there(vm)) continue;
      if (alone.has(vm.reference)) found.push({ server: inventory.server_id, serverName: inventory.server_name, vm, through: null });
      else if (savable(vm) && !isLeftOut(choice, vm)) {
        const group = groups.find((one) => one.has === null || one.has.has(vm.reference));
        if (group) found.push({ server: inventory.server_id, serverName: inventory.server_name, vm, through: group.name });
      }
    }
  }
  return found.sort((a, b) => a.vm.name.localeCompare(b.vm.name));
}

/** Names of what is chosen and cannot be found on a server that was read. */
export function lost(inventories: readonly InventoryView[], choice: Choice): string[] {
  return choice.sources.flatMap(({ server_id, pick }) => {
    const inventory = inventories.find((one) => one.server_id === server_id);
    if (!inventory || pick.by === "all") return [];
    const found = pick.by === "vm" ? picked(inventory, pick) : inGroup(inventory, pick.id);
    return found ? [] : [pick.name];
  });
}

function vmSource(server: string, vm: VmView): SourceView {
  return { server_id: server, pick: { by: "vm", instance_uuid: vm.instance_uuid, reference: vm.reference, name: vm.name } };
}

function without(choice: Choice, inventory: InventoryView, vms: readonly VmView[]): Choice {
  const gone = new Set(vms.map((vm) => vm.reference));
  const sources = choice.sources.filter(({ server_id, pick }) => !(server_id === inventory.server_id && pick.by === "vm" && gone.has(picked(inventory, pick)?.reference ?? "")));
  // What a container still brings in has to be left out by name.
  const still = vms.filter((vm) => savable(vm) && sources.some((source) => source.server_id === inventory.server_id && coveredBy(inventory, source.pick, vm)));
  return { sources, leave_out: [...new Set([...choice.leave_out, ...still.map((vm) => vm.name)])] };
}

function withVms(choice: Choice, inventory: InventoryView, vms: readonly VmView[]): Choice {
  const names = new Set(vms.flatMap((vm) => [vm.name, vm.reference]));
  const cleared = { ...choice, leave_out: choice.leave_out.filter((name) => !names.has(name)) };
  const already = new Set(membersOf([inventory], cleared).map((member) => member.vm.reference));
  return { ...cleared, sources: [...cleared.sources, ...vms.filter((vm) => savable(vm) && !already.has(vm.reference)).map((vm) => vmSource(inventory.server_id, vm))] };
}

/** Adds VMs, or takes them out. */
export function setVms(choice: Choice, inventory: InventoryView, vms: readonly VmView[], on: boolean): Choice {
  return on ? withVms(choice, inventory, vms) : without(choice, inventory, vms);
}

/** The VMs in a container; an empty id is the server itself. */
export function vmsIn(inventory: InventoryView, group: string): VmView[] {
  if (group === "") return inventory.vms.filter(there);
  const inside = inGroup(inventory, group);
  return inventory.vms.filter((vm) => there(vm) && inside?.has(vm.reference));
}

const isGroup = (pick: PickView, group: string) => (group === "" ? pick.by === "all" : pick.by === "group" && pick.id === group);

/** Whether a container is chosen with whatever will be in it. */
export function isAlways(choice: Choice, server: string, group: string): boolean {
  return choice.sources.some((source) => source.server_id === server && isGroup(source.pick, group));
}

/** Takes a container as it will be when the job runs, or only those that are in it now. */
export function setAlways(choice: Choice, inventory: InventoryView, group: { id: string; name: string }, always: boolean): Choice {
  const server = inventory.server_id;
  const inside = vmsIn(inventory, group.id);
  const members = new Set(membersOf([inventory], choice).map((member) => member.vm.reference));
  if (always) {
    const references = new Set(inside.map((vm) => vm.reference));
    const kept = choice.sources.filter(({ server_id, pick }) => !(server_id === server && pick.by === "vm" && references.has(picked(inventory, pick)?.reference ?? "")));
    return { ...choice, sources: [...kept, { server_id: server, pick: group.id === "" ? { by: "all" } : { by: "group", id: group.id, name: group.name } }] };
  }
  const sources = choice.sources.filter((source) => !(source.server_id === server && isGroup(source.pick, group.id)));
  return withVms({ ...choice, sources }, inventory, inside.filter((vm) => members.has(vm.reference)));
}

/** Adds a container's VMs as they are now, or takes all of it out. */
export function setGroup(choice: Choice, inventory: InventoryView, group: string, on: boolean): Choice {
  const inside = vmsIn(inventory, group);
  if (on) return withVms(choice, inventory, inside.filter((vm) => !vm.of_system));
  const sources = choice.sources.filter((source) => !(source.server_id === inventory.server_id && isGroup(source.pick, group)));
  return without({ ...choice, sources }, inventory, inside);
}

/** Bytes on the disks of VMs that are saved: what is used where that is known. */
export function sizeOf(vms: readonly VmView[]): number {
  return vms.reduce((sum, vm) => sum + Math.min(vm.used ?? vm.capacity, vm.capacity), 0);
}
