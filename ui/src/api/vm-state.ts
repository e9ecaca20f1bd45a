import { useMemo } from "react";
import type { GlyphName, Tone } from "@/components/Glyph";
import { useCommand } from "./client";
import type { ProtectionState } from "./generated/ProtectionState";
import type { VmView } from "./generated/VmView";
import { byVm, stateSigns } from "./protection";

/** How a VM stands; `unmeant` where nobody asks for its protection, as for a template, and `unknown` where nothing tells. */
export type VmState = ProtectionState | "unmeant" | "unknown";

/** How the VM of a server stands. */
export type Standing = (server: string, vm: VmView) => VmState;

export const vmSigns: Record<VmState, { glyph: GlyphName; tone: Tone }> = {
  ...stateSigns,
  unmeant: { glyph: "off", tone: "off" },
  unknown: { glyph: "next", tone: "off" },
};

export const nothingKnown: Standing = () => "unknown";

/** How VMs stand, the same wherever one is drawn; and why that is not known, or is of earlier. */
export function useStanding(): { standing: Standing; why: string | null; isOld: boolean } {
  const list = useCommand("protection.list", {});
  const vms = list.data?.vms;
  const standing = useMemo<Standing>(() => {
    if (!vms) return nothingKnown;
    const find = byVm(vms);
    return (server, vm) => find(server, vm)?.state ?? (vm.of_system ? "unmeant" : "unknown");
  }, [vms]);
  return { standing, why: list.error ? list.error.view.title : null, isOld: vms !== undefined };
}
