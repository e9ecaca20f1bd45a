import { useState, type ReactNode } from "react";
import type { RunView } from "@/api/generated/RunView";
import { useAction } from "@/api/client";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { Confirm } from "@/components/Dialog";
import { Chip } from "@/components/Glyph";
import { RunBar } from "@/components/Progress";
import { toast } from "@/components/toasts";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { clockText } from "@/lib/time";
import { bytesOf, bytesText, percent, rateText } from "@/lib/units";
import { isOver, kindName, partsOf, runSentence, runState } from "./run-words";
import css from "./Run.module.css";

/** The answer: what is left, or what came of it. */
export function RunHead({ run, end }: { run: RunView; end?: ReactNode }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const state = runState(run, t.runs);
  const over = isOver(run);
  const sentence = runSentence({ run, items: run.items, result: run.result, secondsLeft: run.seconds_left, now }, t.runs, language);
  return (
    <Card label={sentence} testId="run-head">
      <div className={css.head} data-testid="run-state" data-state={run.state} data-outcome={run.outcome ?? ""}>
        <div className={css.headTop}>
          <div className={css.headWords}>
            <p className={css.kind}>
              <Chip glyph={state.glyph} tone={state.tone}>{state.word}</Chip>
              <span>{[run.job, kindName(run.kind, t.runs), t.runs.startedAt(clockText(new Date(run.started_at), language))].filter(Boolean).join(" · ")}</span>
            </p>
            <h2 className={css.sentence} data-testid="run-sentence">{sentence}</h2>
          </div>
          {over ? end : <StopButton run={run} />}
        </div>
        <RunBar label={sentence} parts={partsOf(run.items)} done={run.counters.done} total={run.counters.total} />
        {over ? null : <Figures run={run} />}
      </div>
    </Card>
  );
}

function Figures({ run }: { run: RunView }) {
  const t = useText();
  const language = useLanguage();
  const { counters } = run;
  if (counters.total === 0) return <p className={css.figures}><span>{t.runs.measuring}</span></p>;
  const amount = bytesOf(counters.done, counters.total, language);
  return (
    <p className={css.figures} data-testid="run-figures">
      <span><b>{t.common.of(amount.done, amount.total, amount.unit)}</b> {run.kind === "backup" ? t.runs.readLabel : t.runs.doneLabel} ({t.runs.percentOf(percent(counters.done, counters.total))})</span>
      <span className={css.figuresEnd}>
        {run.bytes_per_second > 0 ? <span>{t.runs.rate} <b>{rateText(run.bytes_per_second, language)}</b></span> : null}
        {run.kind === "backup" ? <span>{t.runs.stored} <b>{bytesText(counters.stored, language)}</b> {t.runs.storedAfter}</span> : null}
        {run.seconds_left === null ? null : <EndsAt seconds={run.seconds_left} />}
      </span>
    </p>
  );
}

function EndsAt({ seconds }: { seconds: number }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  return <span>{t.runs.ends} <b>{clockText(new Date(now.getTime() + seconds * 1000), language)}</b></span>;
}

function StopButton({ run }: { run: RunView }) {
  const t = useText();
  const [asking, setAsking] = useState(false);
  const cancel = useAction("runs.cancel");
  const text = { backup: t.runs.stopBackup, "restore-vm": t.runs.stopRestore, "restore-in-place": t.runs.stopOver, "restore-disk": t.runs.stopDisk }[run.kind];
  const stop = () => cancel.mutate({ run_id: run.id }, { onSettled: () => setAsking(false), onError: (error) => toast({ tone: "bad", text: error.view.title || t.failure.unexpectedTitle }) });
  return (
    <>
      <Button kind="danger" size="large" icon={<svg width="10" height="10" viewBox="0 0 10 10" fill="currentColor" aria-hidden="true"><rect width="10" height="10" rx="1" /></svg>}
        isPending={cancel.isPending || run.state === "stopping"} onPress={() => setAsking(true)} testId="run-stop">{run.state === "stopping" ? t.runs.stopping : t.runs.stop}</Button>
      <Confirm isOpen={asking} title={t.runs.stopTitle} action={t.runs.stop} safe={t.runs.stopGoOn} danger isPending={cancel.isPending} onAction={stop} onClose={() => setAsking(false)} testId="run-stop-confirm">{text}</Confirm>
    </>
  );
}
