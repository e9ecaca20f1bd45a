import { useText } from "@/i18n/context";
import type { Strength } from "@/lib/passphrase";
import css from "./KeepForm.module.css";

const steps: Record<Strength, number> = { empty: 0, weak: 1, fair: 2, strong: 3 };

/** How well a passphrase holds, in three cells and a sentence with what would help. */
export function StrengthLine({ strength }: { strength: Strength }) {
  const t = useText();
  const words: Record<Strength, string> = { empty: t.firstRun.strengthEmpty, weak: t.firstRun.strengthWeak, fair: t.firstRun.strengthFair, strong: t.firstRun.strengthStrong };
  return (
    <span className={css.strength} data-strength={strength}>
      <span className={css.cells} aria-hidden="true">
        {[1, 2, 3].map((cell) => <span key={cell} data-on={steps[strength] >= cell || undefined} />)}
      </span>
      <span aria-live="polite">{words[strength]}</span>
    </span>
  );
}
