import css from "./AgeBar.module.css";

/** How old the newest recovery point is: the scale ends at one and a half of what was promised, with a notch at the promise. */
export function AgeBar({ minutes, promised, label }: { minutes: number; promised: number; label: string }) {
  const part = promised > 0 ? minutes / promised : 0;
  const tone = part > 2 ? "bad" : part > 1 ? "warn" : "well";
  return (
    <span className={css.bar} data-tone={tone} role="img" aria-label={label}>
      <span className={css.track}><span className={css.fill} style={{ width: `${Math.min(100, (part / 1.5) * 100)}%` }} /></span>
      <span className={css.notch} />
    </span>
  );
}
