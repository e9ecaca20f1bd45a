import type { DayView } from "@/api/generated/DayView";
import { useText } from "@/i18n/context";
import { Sign } from "./Glyph";
import css from "./DayStrip.module.css";

type Shape = DayView["cell"] | "running";

function Cell({ shape, title }: { shape: Shape; title?: string }) {
  return <span className={css.cell} data-shape={shape} title={title} aria-hidden="true">{shape === "missed" ? <Sign name="failed" size={6} /> : null}</span>;
}

/** One cell a day. The shapes alone can be read in grey. */
export function DayStrip({ days, running }: { days: readonly DayView[]; running?: boolean }) {
  const t = useText();
  const count = (cell: Shape) => days.filter((day) => day.cell === cell).length;
  return (
    <span className={css.strip} role="img" aria-label={t.home.daysText(count("ok") + count("warning"), count("warning"), count("missed"))}>
      {days.map((day, index) => {
        const shape = running && index === days.length - 1 ? "running" : day.cell;
        return <Cell key={day.date} shape={shape} title={`${day.date}: ${t.home.cells[shape]}`} />;
      })}
    </span>
  );
}

const shapes: readonly Shape[] = ["ok", "warning", "missed", "none-planned", "running"];

export function DayLegend() {
  const t = useText();
  return <ul className={css.legend}>{shapes.map((shape) => <li key={shape}><Cell shape={shape} />{t.home.cells[shape]}</li>)}</ul>;
}
