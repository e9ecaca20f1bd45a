import type { InventoryView } from "@/api/generated/InventoryView";
import type { ProtectionState } from "@/api/generated/ProtectionState";
import type { VmProtection } from "@/api/generated/VmProtection";
import type { VmView } from "@/api/generated/VmView";
import type { GlyphName, Tone } from "@/components/Glyph";

export const stateSigns: Record<ProtectionState, { glyph: GlyphName; tone: Tone }> = {
  protected: { glyph: "ok", tone: "ok" },
  "due-soon": { glyph: "soon", tone: "info" },
  late: { glyph: "late", tone: "warn" },
  missed: { glyph: "warned", tone: "bad" },
  failed: { glyph: "failed", tone: "bad" },
  held: { glyph: "held", tone: "held" },
  "not-covered": { glyph: "off", tone: "off" },
  gone: { glyph: "gone", tone: "off" },
};

/** Whether somebody should look at a VM. */
export const isAtRisk = ({ state }: VmProtection) => state === "late" || state === "missed" || state === "failed";

/** Whether a VM belongs to the list of those that are to be protected. */
export const isWanted = ({ state }: VmProtection) => state !== "not-covered" && state !== "gone";

function isOf(one: VmProtection, server: string, vm: VmView): boolean {
  if (vm.instance_uuid !== null && one.key.toLowerCase().includes(vm.instance_uuid.toLowerCase())) return true;
  return one.server_id === server && one.name === vm.name;
}

/** Finds what is promised for a VM of an inventory; asked for thousands of them, so by name and by identity. */
export function byVm(list: readonly VmProtection[]): (server: string, vm: VmView) => VmProtection | null {
  const known = new Map(list.map((one) => [one.key, one]));
  const named = new Map(list.map((one) => [`${one.server_id ?? ""}/${one.name}`, one]));
  return (server, vm) => known.get(vm.instance_uuid === null ? `ref:${server}/${vm.reference}` : `uuid:${vm.instance_uuid.toLowerCase()}`) ?? named.get(`${server}/${vm.name}`) ?? null;
}

/** Where a VM is in the inventories that were read. */
export function placeOf(inventories: readonly InventoryView[], one: VmProtection): { server: string; vm: string } | null {
  for (const inventory of inventories) {
    const vm = inventory.vms.find((other) => isOf(one, inventory.server_id, other) && other.name === one.name);
    if (vm) return { server: inventory.server_id, vm: vm.reference };
  }
  return null;
}
