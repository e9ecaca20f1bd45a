import { vmSigns, type VmState } from "@/api/vm-state";
import { Glyph } from "@/components/Glyph";
import { useText } from "@/i18n/context";

/** How a VM stands, as a sign on its tile. */
export function StandingGlyph({ state, size = "normal" }: { state: VmState; size?: "normal" | "big" }) {
  const t = useText();
  const { glyph, tone } = vmSigns[state];
  return <Glyph size={size} name={glyph} tone={tone} label={t.inventory.standing[state]} />;
}
