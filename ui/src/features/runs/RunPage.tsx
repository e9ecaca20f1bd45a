import { Button } from "@/components/Button";
import { FailureCard } from "@/components/FailureCard";
import { Page } from "@/components/Page";
import { Loading } from "@/components/States";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { momentInText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { RunBody } from "./RunBody";
import { useRun } from "./useRun";
import { useRunAgain } from "./useRunAgain";
import { TextAction } from "@/components/Button";
import type { ReactNode } from "react";
import type { RunView } from "@/api/generated/RunView";
import css from "./Run.module.css";

interface RunPageProps {
  id: string;
  onList: () => void;
  /** Another run began that makes good for this one. */
  onStarted: (runId: string) => void;
  onPoints: (run: RunView) => void;
}

/** One run. */
export function RunPage({ id, onList, onStarted, onPoints }: RunPageProps) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  const { run, isPending, error, again } = useRun(id);
  const repeat = useRunAgain(onStarted);
  const trail = <nav aria-label={t.runs.breadcrumb} className={css.trail}><TextAction onPress={onList} testId="run-list">{t.runs.title}</TextAction><span aria-hidden="true">/</span></nav>;
  const title = run ? t.runs.runOf(momentInText(new Date(run.started_at), now, language)) : t.runs.one;
  return (
    <Page title={title} trail={trail} testId="run-page">
      {isPending ? <Loading what={t.common.reading} /> : null}
      {error ? <FailureCard error={error} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" onPress={again}>{t.common.tryAgain}</Button>} /> : null}
      {run ? <RunBody run={run} actions={run.kind === "backup" ? <Button kind="primary" isPending={repeat.isPending} onPress={() => repeat.run(run.id)} testId="run-again">{t.runs.runAgain}</Button> : undefined} end={<Next run={run} onPoints={onPoints} />} /> : null}
    </Page>
  );
}

function Next({ run, onPoints }: { run: RunView; onPoints: (run: RunView) => void }): ReactNode {
  const t = useText();
  if (run.kind !== "backup" || run.state !== "done" || !run.items.some((item) => item.point_id)) return null;
  return <Button size="large" onPress={() => onPoints(run)} testId="run-to-points">{t.runs.toPoints}</Button>;
}
