import { Sign } from "./Glyph";
import css from "./Steps.module.css";

export interface Step {
  key: string;
  name: string;
}

interface StepsProps {
  label: string;
  steps: readonly Step[];
  current: string;
  /** In a line over content, or down the indigo wall. */
  place: "line" | "wall";
}

/** Where one is on the way. Each step is a tile. */
export function Steps({ label, steps, current, place }: StepsProps) {
  const at = steps.findIndex((step) => step.key === current);
  return (
    <ol className={css.steps} aria-label={label} data-place={place}>
      {steps.map((step, index) => (
        <li key={step.key} className={css.step} data-state={index < at ? "done" : index === at ? "now" : "later"} aria-current={index === at ? "step" : undefined}>
          <span className={css.tile}>
            <span className={css.face} />
            <span className={css.number}>{index < at ? <Sign name="ok" size={11} /> : index + 1}</span>
          </span>
          <span>{step.name}</span>
        </li>
      ))}
    </ol>
  );
}
