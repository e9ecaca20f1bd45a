import { speedsOf, useRunSamples } from "@/api/run-samples";
import type { RunView } from "@/api/generated/RunView";
import { Card, CardHead } from "@/components/Card";
import { LineChart, type ChartLine } from "@/components/LineChart";
import { useLanguage, useText } from "@/i18n/context";
import { localeOf } from "@/lib/language";
import { clockText } from "@/lib/time";
import { rateText } from "@/lib/units";
import css from "./Run.module.css";

const MiB = 1024 ** 2;
const enough = 3;
const late = 15_000;

/** How quick a run is and was, as far as this window saw it. */
export function SpeedCard({ run }: { run: RunView }) {
  const t = useText();
  const language = useLanguage();
  const samples = useRunSamples(run.id) ?? [];
  const speeds = speedsOf(samples);
  const last = speeds.at(-1);
  const [first] = samples;
  if (speeds.length < enough || !last || !first) return null;
  const backup = run.kind === "backup";
  const lines: ChartLine[] = [
    ...(backup ? [{ key: "stored", name: t.runs.speedStored, values: speeds.map((one) => one.stored / MiB), colour: "--accent-fill", fill: "--accent-soft" }] : []),
    { key: "read", name: t.runs.speedRead, values: speeds.map((one) => one.read / MiB), colour: "--state-info-fill", dashed: backup },
  ];
  const words = [t.runs.speedNow(rateText(last.read, language)), backup ? t.runs.speedStoredNow(rateText(last.stored, language)) : ""].filter(Boolean).join(" ");
  const seenFrom = first.at - new Date(run.started_at).getTime() > late ? t.runs.speedSince(clockText(new Date(first.at), language)) : undefined;
  return (
    <Card testId="run-speed">
      <CardHead title={t.runs.speed} fact={["MiB/s", seenFrom].filter(Boolean).join(" · ")} end={
        <ul className={css.speedLegend}>
          {lines.map((line) => <li key={line.key}><span className={css.speedLine} data-line={line.key} aria-hidden="true" />{line.name} <b>{(line.values.at(-1) ?? 0).toLocaleString(localeOf(language), { maximumFractionDigits: 1 })}</b></li>)}
        </ul>
      } />
      <LineChart label={words} times={speeds.map((one) => one.at)} lines={lines} clock={(time) => clockText(time, language)} />
    </Card>
  );
}
