import { Database } from "lucide-react";
import { useCommand } from "@/api/client";
import type { RunSummary } from "@/api/generated/RunSummary";
import { TextAction } from "@/components/Button";
import { Card, CardHead } from "@/components/Card";
import { Chip } from "@/components/Glyph";
import { Bar } from "@/components/Progress";
import { useLiveRun } from "@/api/run-store";
import { useLanguage, useText } from "@/i18n/context";
import { bytesOf, bytesText } from "@/lib/units";
import css from "./Home.module.css";

/** What runs at this moment. */
export function NowCard({ onRun }: { onRun: (id: string) => void }) {
  const t = useText();
  const running = useCommand("app.state", {}).data?.running ?? [];
  return (
    <Card label={t.home.now} testId="now">
      <CardHead title={t.home.now} end={running.length > 0 ? <Chip glyph="running">{t.home.runningCount(running.length)}</Chip> : undefined} />
      <div className={css.sideBody}>
        {running.length === 0 ? <p className={css.mute}>{t.home.nothingNow}</p> : running.map((run) => <NowLine key={run.id} run={run} onRun={onRun} />)}
        {running.length > 0 ? <p className={css.mute}>{t.runs.safeText}</p> : null}
      </div>
    </Card>
  );
}

function namesOf(run: RunSummary, more: (first: string, others: number) => string): string {
  return more(run.vms[0] ?? "", Math.max(0, run.vms.length - 1));
}

function NowLine({ run: listed, onRun }: { run: RunSummary; onRun: (id: string) => void }) {
  const t = useText();
  const language = useLanguage();
  const run = useLiveRun(listed.id) ?? listed;
  const amount = bytesOf(run.counters.done, run.counters.total, language);
  return (
    <div className={css.nowLine}>
      <TextAction onPress={() => onRun(run.id)}>{namesOf(run, t.runs.more)}</TextAction>
      <Bar label={run.vms.join(", ")} done={run.counters.done} total={run.counters.total || 1} />
      <span className={css.mute}>{run.counters.total === 0 ? t.runs.measuring : t.common.of(amount.done, amount.total, amount.unit)}</span>
    </div>
  );
}

/** Room at each place. */
export function StorageCard({ onStorage }: { onStorage: (place: string | null) => void }) {
  const t = useText();
  const language = useLanguage();
  const answer = useCommand("repositories.list", {});
  const repositories = answer.data?.repositories ?? [];
  return (
    <Card label={t.home.storage} testId="storage">
      <CardHead title={t.home.storage} end={repositories.length > 0 ? <TextAction onPress={() => onStorage(null)} testId="home-storage">{t.home.all}</TextAction> : undefined} />
      <div className={css.sideBody}>
        {answer.data ? (repositories.length === 0 ? <p className={css.mute}>{t.home.noStorage}</p> : null) : <p className={css.mute}>{answer.error ? t.home.unknown(answer.error.view.title) : t.common.reading}</p>}
        {repositories.map((one) => (
          <div key={one.id} className={css.nowLine}>
            <span className={css.place}><Database size={15} strokeWidth={1.8} aria-hidden /><TextAction onPress={() => onStorage(one.id)}>{one.name}</TextAction>{one.error ? null : <span className={css.placeFree}>{one.free !== null && one.total !== null ? t.common.free(bytesText(one.free, language), bytesText(one.total, language)) : null}</span>}</span>
            {one.error || one.free === null || one.total === null ? null : <Bar label={one.name} tone={one.free < one.total * 0.1 ? "warn" : "mute"} done={one.total - one.free} total={one.total} />}
            <span className={css.mute}>{one.error ? t.home.unusable : t.home.takes(bytesText(one.stored, language))}</span>
          </div>
        ))}
      </div>
    </Card>
  );
}
