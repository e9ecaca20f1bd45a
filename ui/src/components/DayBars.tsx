import { Sign } from "./Glyph";
import css from "./DayBars.module.css";

export interface DayBar {
  key: string;
  name: string;
  value: number;
  warned?: number;
  failed?: number;
  /** The day in one sentence, for who does not see the bar. */
  text: string;
}

interface DayBarsProps {
  label: string;
  bars: readonly DayBar[];
  /** Words under the first and the last bar. */
  first: string;
  last: string;
  legend?: readonly { shape: "bar" | "warned" | "failed"; word: string }[];
}

function Mark({ shape }: { shape: "bar" | "warned" | "failed" }) {
  return <span className={css.mark} data-shape={shape} aria-hidden="true">{shape === "failed" ? <Sign name="failed" size={7} /> : null}</span>;
}

/** A bar a day, with what went wrong standing on top of it. */
export function DayBars({ label, bars, first, last, legend = [] }: DayBarsProps) {
  const most = Math.max(1, ...bars.map((bar) => bar.value));
  return (
    <div className={css.chart}>
      <ol className={css.bars} aria-label={label}>
        {bars.map((bar) => (
          <li key={bar.key} className={css.day} title={bar.text}>
            <span className="unseen">{bar.text}</span>
            {bar.failed ? <Mark shape="failed" /> : null}
            {bar.warned ? <Mark shape="warned" /> : null}
            <span className={css.bar} style={{ height: `${Math.round((bar.value / most) * 44)}px` }} aria-hidden="true" />
          </li>
        ))}
      </ol>
      <p className={css.ends} aria-hidden="true"><span>{first}</span><span>{last}</span></p>
      {legend.length > 0 ? <ul className={css.legend}>{legend.map(({ shape, word }) => <li key={shape}><Mark shape={shape} />{word}</li>)}</ul> : null}
    </div>
  );
}
