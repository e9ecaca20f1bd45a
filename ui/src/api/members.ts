import type { InventoryView } from "@/api/generated/InventoryView";
import type { JobDraft } from "@/api/generated/JobDraft";
import type { PickView } from "@/api/generated/PickView";
import type { SourceView } from "@/api/generated/SourceView";
import type { VmDiskView } from "@/api/generated/VmDiskView";
import type { VmView } from "@/api/generated/VmView";
import { inGroup, isOfDisk, isOfVm, named, picked, there } from "./picks";

/** What a job saves and what it leaves out. */
export type Choice = Pick<JobDraft, "sources" | "leave_out" | "without" | "leave_out_disks">;

export const noChoice: Choice = { sources: [], leave_out: [], without: [], leave_out_disks: [] };

/** A VM that a job saves, and how it came to that. */
export interface Member {
  server: string;
  serverName: string;
  vm: VmView;
  /** The container or rule that brings it in; `null` when it was chosen by itself. */
  through: Exclude<PickView, { by: "vm" }> | null;
}

/** Whether a VM can be saved at all. */
export const savable = (vm: VmView) => there(vm) && vm.problem === null;

type Container = Exclude<PickView, { by: "vm" }>;

const isContainer = (pick: PickView): pick is Container => pick.by !== "vm";

/** References of the VMs of a server that containers and rules do not bring in. */
function leftOut(choice: Choice, inventory: InventoryView): Set<string> {
  const out = new Set(inventory.vms.filter((vm) => choice.leave_out.includes(vm.name) || choice.leave_out.includes(vm.reference)).map((vm) => vm.reference));
  for (const { server_id, pick } of choice.without) if (server_id === inventory.server_id) for (const reference of named(inventory, pick)) out.add(reference);
  return out;
}

/** The VMs that a job would save now, each once, by name. */
export function membersOf(inventories: readonly InventoryView[], choice: Choice): Member[] {
  const found: Member[] = [];
  for (const inventory of inventories) {
    const picks = choice.sources.filter((source) => source.server_id === inventory.server_id).map((source) => source.pick);
    if (picks.length === 0) continue;
    const alone = new Set(picks.flatMap((pick) => (pick.by === "vm" ? (picked(inventory, pick)?.reference ?? []) : [])));
    const groups = picks.filter(isContainer).map((pick) => ({ pick, has: named(inventory, pick) }));
    const out = leftOut(choice, inventory);
    for (const vm of inventory.vms) {
      if (!there(vm)) continue;
      const of = { server: inventory.server_id, serverName: inventory.server_name, vm };
      const group = alone.has(vm.reference) || !savable(vm) || out.has(vm.reference) ? undefined : groups.find((one) => one.has.has(vm.reference));
      if (alone.has(vm.reference)) found.push({ ...of, through: null });
      else if (group) found.push({ ...of, through: group.pick });
    }
  }
  return found.sort((a, b) => a.vm.name.localeCompare(b.vm.name));
}

/** Names of what is chosen and cannot be found on a server that was read. */
export function lost(inventories: readonly InventoryView[], choice: Choice): string[] {
  return choice.sources.flatMap(({ server_id, pick }) => {
    const inventory = inventories.find((one) => one.server_id === server_id);
    if (!inventory || pick.by === "all" || pick.by === "rule") return [];
    const found = pick.by === "vm" ? picked(inventory, pick) : inGroup(inventory, pick.id);
    return found ? [] : [pick.name];
  });
}

function vmSource(server: string, vm: VmView): SourceView {
  return { server_id: server, pick: { by: "vm", instance_uuid: vm.instance_uuid, reference: vm.reference, name: vm.name } };
}

function takeOut(choice: Choice, inventory: InventoryView, vms: readonly VmView[]): Choice {
  const gone = new Set(vms.map((vm) => vm.reference));
  const sources = choice.sources.filter(({ server_id, pick }) => !(server_id === inventory.server_id && pick.by === "vm" && gone.has(picked(inventory, pick)?.reference ?? "")));
  // What a container or a rule still brings in has to be left out by name.
  const still = membersOf([inventory], { ...choice, sources }).filter(({ vm }) => gone.has(vm.reference));
  const leave_out_disks = choice.leave_out_disks.filter((disk) => !vms.some((vm) => isOfVm(disk, inventory.server_id, vm)));
  return { ...choice, sources, leave_out_disks, leave_out: [...new Set([...choice.leave_out, ...still.map(({ vm }) => vm.name)])] };
}

function withVms(choice: Choice, inventory: InventoryView, vms: readonly VmView[]): Choice {
  const names = new Set(vms.flatMap((vm) => [vm.name, vm.reference]));
  const cleared = { ...choice, leave_out: choice.leave_out.filter((name) => !names.has(name)) };
  const already = new Set(membersOf([inventory], cleared).map((member) => member.vm.reference));
  return { ...cleared, sources: [...cleared.sources, ...vms.filter((vm) => savable(vm) && !already.has(vm.reference)).map((vm) => vmSource(inventory.server_id, vm))] };
}

/** Adds VMs, or takes them out. */
export function setVms(choice: Choice, inventory: InventoryView, vms: readonly VmView[], on: boolean): Choice {
  return on ? withVms(choice, inventory, vms) : takeOut(choice, inventory, vms);
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
  return takeOut({ ...choice, sources }, inventory, inside);
}

/** Whether somebody chose to leave a disk out. */
export function isDiskOut(choice: Choice, server: string, vm: VmView, disk: VmDiskView): boolean {
  return choice.leave_out_disks.some((one) => isOfVm(one, server, vm) && isOfDisk(one, disk));
}

/** Leaves a disk out, or takes it again. */
export function setDisk(choice: Choice, server: string, vm: VmView, disk: VmDiskView, on: boolean): Choice {
  const rest = choice.leave_out_disks.filter((one) => !(isOfVm(one, server, vm) && isOfDisk(one, disk)));
  const { instance_uuid, reference, name: vm_name } = vm;
  return { ...choice, leave_out_disks: on ? rest : [...rest, { server_id: server, instance_uuid, reference, vm_name, uuid: disk.uuid, key: disk.key, label: disk.label }] };
}

/** The disks of members, and how many of them are saved. */
export function disksOf(members: readonly Member[], choice: Choice): { saved: number; all: number } {
  const all = members.flatMap(({ server, vm }) => vm.disks.map((disk) => disk.left_out === null && !isDiskOut(choice, server, vm, disk)));
  return { saved: all.filter(Boolean).length, all: all.length };
}

/** Bytes on the disks of VMs: what is used where that is known. */
export function sizeOf(vms: readonly VmView[]): number {
  return vms.reduce((sum, vm) => sum + Math.min(vm.used ?? vm.capacity, vm.capacity), 0);
}

/** The same without the disks that somebody leaves out. What is used on them is not known by itself: at most what they hold. */
export function savedSize(members: readonly Member[], choice: Choice): number {
  return members.reduce((sum, { server, vm }) => {
    const out = vm.disks.filter((disk) => isDiskOut(choice, server, vm, disk)).reduce((all, disk) => all + disk.capacity, 0);
    return sum + Math.min(sizeOf([vm]), Math.max(0, vm.capacity - out));
  }, 0);
}
