import type { VmView } from "@/api/generated/VmView";
import type { GlyphName } from "@/components/Glyph";

export type VmState = "protected" | "notProtected" | "cannot";

/** How safe a VM is, as far as this version can tell: with a recovery point, without one, or not to be saved at all. */
export function vmState(vm: VmView): VmState {
  if (vm.last_point) return "protected";
  return vm.problem === null ? "notProtected" : "cannot";
}

const glyphs: Record<VmState, GlyphName> = { protected: "ok", notProtected: "next", cannot: "off" };

export function vmGlyph(vm: VmView): GlyphName {
  return glyphs[vmState(vm)];
}
