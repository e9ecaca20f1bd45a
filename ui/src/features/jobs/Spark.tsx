import { useLanguage, useText } from "@/i18n/context";
import { durationText } from "@/lib/time";
import type { JobStats } from "@/api/run-stats";
import css from "./Jobs.module.css";

const [width, height] = [60, 20];

/** The line of the last runs' lengths; the newest has a dot, in amber when it is far out of the usual. */
export function Spark({ stats }: { stats: JobStats | undefined }) {
  const t = useText();
  const language = useLanguage();
  const newest = stats?.lengths.at(-1);
  if (!stats || newest === undefined) return null;
  const highest = Math.max(...stats.lengths, 1);
  const x = (index: number) => (stats.lengths.length === 1 ? width - 4 : 3 + (index / (stats.lengths.length - 1)) * (width - 7));
  const y = (seconds: number) => height - 3 - (seconds / highest) * (height - 6);
  const points = stats.lengths.map((seconds, index) => `${x(index).toFixed(1)},${y(seconds).toFixed(1)}`).join(" ");
  const odd = stats.usual !== null && newest > stats.usual * 1.5 && newest - stats.usual > 60;
  const steady = stats.usual !== null && Math.abs(newest - stats.usual) <= Math.max(30, stats.usual * 0.1);
  return (
    <span className={css.length}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={t.jobs.lengths(stats.lengths.map((seconds) => durationText(Math.round(seconds), language)).join(", "))} className={css.spark} data-odd={odd || undefined}>
        <polyline points={points} />
        <circle cx={x(stats.lengths.length - 1)} cy={y(newest)} r="2.5" />
      </svg>
      <span className={css.two}>
        <span className={css.first}>{durationText(Math.round(newest), language)}</span>
        <span className={css.second}>{stats.usual === null ? t.jobs.firstLength : steady ? t.jobs.steady : t.jobs.usually(durationText(Math.round(stats.usual), language))}</span>
      </span>
    </span>
  );
}
