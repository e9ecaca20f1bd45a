import type { VmView } from "@/api/generated/VmView";
import type { GlyphName } from "@/components/Glyph";

export type VmState = "protected" | "notProtected" | "cannot" | "gone";

/** How safe a VM is, as far as this version can tell: with a recovery point, without one, not to be saved at all, or no longer there. */
export function vmState(vm: VmView): VmState {
  if (vm.gone_since !== null) return "gone";
  if (vm.last_point) return "protected";
  return vm.problem === null ? "notProtected" : "cannot";
}

export const glyphs: Record<VmState, GlyphName> = { protected: "ok", notProtected: "next", cannot: "off", gone: "gone" };

export function vmGlyph(vm: VmView): GlyphName {
  return glyphs[vmState(vm)];
}
