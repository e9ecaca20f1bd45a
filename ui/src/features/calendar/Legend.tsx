import { Sign } from "@/components/Glyph";
import { useText } from "@/i18n/context";
import type { EntryState } from "./entries";
import css from "./Calendar.module.css";

/** The shapes and what they mean; readable without colour. */
export function Legend() {
  const t = useText();
  const shapes: [EntryState, string][] = [["saved", t.calendar.saved], ["warned", t.calendar.warned], ["failed", t.calendar.failedOrMissed], ["running", t.calendar.running], ["planned", t.calendar.plannedLength]];
  return (
    <ul className={css.legend} aria-label={t.calendar.legend}>
      {shapes.map(([state, word]) => <li key={state}><span className={css.bar} data-state={state} aria-hidden="true">{state === "failed" ? <Sign name="failed" size={7} /> : null}</span>{word}</li>)}
      <li><span className={css.overlap} aria-hidden="true" />{t.calendar.overlapWord}</li>
    </ul>
  );
}
