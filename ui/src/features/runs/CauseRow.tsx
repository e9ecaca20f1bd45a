import { Play } from "lucide-react";
import { Button as AriaButton, Disclosure, DisclosurePanel, Heading } from "react-aria-components";
import type { RunSummary } from "@/api/generated/RunSummary";
import { useLiveRun } from "@/api/run-store";
import { Button, TextAction } from "@/components/Button";
import { FailureCard } from "@/components/FailureCard";
import { Glyph, Sign, Tag } from "@/components/Glyph";
import { Bar } from "@/components/Progress";
import { Moment, useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { durationText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { happened, secondOf, signOf, titleOf } from "./cause-words";
import type { Cause } from "./causes";
import { isOver, lengthOf, runState } from "./run-words";
import { useRunAgain } from "./useRunAgain";
import css from "./Activity.module.css";

interface CauseRowProps {
  cause: Cause;
  /** The one that may jump out: open, and tinted. */
  worst: boolean;
  onOpen: (run: string) => void;
}

const shownRuns = 8;

/** One line a cause. Opened, it says what happened, what is at risk and what to do, and lists its runs. */
export function CauseRow({ cause, worst, onOpen }: CauseRowProps) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const sign = signOf(cause, t.runs);
  const [newest] = cause.runs;
  const title = titleOf(cause, t.runs);
  return (
    <li className={css.cause} data-worst={worst || undefined} data-testid="cause" data-state={cause.state}>
      <Disclosure defaultExpanded={worst}>
        <Heading level={3}>
          <AriaButton slot="trigger" className={css.row ?? ""} data-testid="cause-open">
            <Glyph name={sign.glyph} tone={sign.tone} label={sign.word} />
            <span className={css.words}>
              <b>{title}</b>
              <small>{secondOf(cause, now, language, t.runs)}</small>
              {cause.state === "running" ? <Progress run={newest} /> : null}
            </span>
            <Tag>{t.runs.runCount(cause.runs.length)}</Tag>
            <span className={css.when}>{cause.state === "running" ? sign.word : <Moment time={newest.started_at} />}</span>
            <span className={css.chevron}><svg width="10" height="10" viewBox="0 0 12 12" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true"><path d="M4.5 2.5 8 6 4.5 9.5" /></svg></span>
          </AriaButton>
        </Heading>
        <DisclosurePanel className={css.panel ?? ""}>
          <div className={css.open}>
            {cause.error ? <Failure cause={cause} onOpen={onOpen} /> : null}
            <ul className={css.runs} aria-label={t.runs.runsOf(title)}>
              {cause.runs.slice(0, shownRuns).map((run) => <RunLine key={run.id} run={run} onOpen={onOpen} />)}
            </ul>
            {cause.runs.length > shownRuns ? <p className={css.mute}>{t.runs.olderOnes(cause.runs.length - shownRuns)}</p> : null}
          </div>
        </DisclosurePanel>
      </Disclosure>
    </li>
  );
}

function Progress({ run: listed }: { run: RunSummary }) {
  const run = useLiveRun(listed.id) ?? listed;
  return <Bar label={run.vms.join(", ")} done={run.counters.done} total={run.counters.total || 1} size="row" />;
}

function Failure({ cause, onOpen }: { cause: Cause; onOpen: (run: string) => void }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  const again = useRunAgain(onOpen);
  const [newest] = cause.runs;
  if (!cause.error) return null;
  const jobs = new Set(cause.runs.map((run) => run.job));
  // Of several jobs, or of several backups by hand, it would make good for one alone.
  const repeatable = cause.state === "needs-you" && newest.kind === "backup" && jobs.size === 1 && (newest.job !== null || cause.runs.length === 1);
  return (
    <FailureCard error={cause.error} inset untitled what={happened(cause, now, language, t.runs)} tone={cause.state === "past" ? "warn" : "bad"} onCopy={(text) => void platform.copyText(text)}
      actions={
        <>
          {repeatable ? <Button kind="primary" icon={<Play size={14} fill="currentColor" strokeWidth={0} aria-hidden />} isPending={again.isPending} onPress={() => again.run(newest.id)} testId="cause-again">{newest.job === null ? t.runs.runAgain : t.runs.runNow(newest.job)}</Button> : null}
          <Button onPress={() => onOpen(newest.id)} testId="cause-run">{t.runs.openNewest}</Button>
        </>
      } />
  );
}

function RunLine({ run, onOpen }: { run: RunSummary; onOpen: (run: string) => void }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const state = runState(run, t.runs);
  return (
    <li className={css.run}>
      <span className={css.sign} data-tone={state.tone}><Sign name={state.glyph} size={10} /></span>
      <TextAction onPress={() => onOpen(run.id)}><Moment time={run.started_at} /></TextAction>
      <span className={css.mute}>{[run.job ?? run.vms[0], state.word, isOver(run) ? durationText(Math.round(lengthOf(run, now)), language) : ""].filter(Boolean).join(" · ")}</span>
    </li>
  );
}
