import type { InventoryView } from "@/api/generated/InventoryView";
import type { VmView } from "@/api/generated/VmView";

export interface SafeVm extends VmView {
  id: string;
  serverId: string;
  serverName: string;
}

/** The VMs that are on servers, those longest without a recovery point first. */
export function byRisk(inventories: readonly InventoryView[]): SafeVm[] {
  // The back end lists a VM that is seen through its host and through a vCenter once.
  const vms = inventories.flatMap((inventory) =>
    inventory.vms.filter((vm) => !vm.template && vm.gone_since === null).map((vm): SafeVm => ({ ...vm, id: `${inventory.server_id}/${vm.reference}`, serverId: inventory.server_id, serverName: inventory.server_name })),
  );
  const rank = (vm: SafeVm) => (vm.problem !== null && !vm.last_point ? 2 : vm.last_point ? 1 : 0);
  return vms.sort((a, b) => rank(a) - rank(b) || (a.last_point?.taken_at ?? "").localeCompare(b.last_point?.taken_at ?? "") || a.name.localeCompare(b.name));
}

export interface Safety {
  /** VMs that can be saved. */
  all: number;
  saved: number;
  missing: readonly SafeVm[];
  oldest: SafeVm | null;
}

/** What answers "am I safe?" as far as this version can tell. */
export function safetyOf(vms: readonly SafeVm[]): Safety {
  const counted = vms.filter((vm) => vm.problem === null || vm.last_point);
  const missing = counted.filter((vm) => !vm.last_point);
  const saved = counted.filter((vm) => vm.last_point);
  return { all: counted.length, saved: saved.length, missing, oldest: saved[0] ?? null };
}
