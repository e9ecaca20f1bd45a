import { Activity } from "lucide-react";
import { useCommand } from "@/api/client";
import type { RunSummary } from "@/api/generated/RunSummary";
import { Button } from "@/components/Button";
import { Card, CardFoot, CardHead } from "@/components/Card";
import { FailureCard } from "@/components/FailureCard";
import { Glyph, StateWord } from "@/components/Glyph";
import { Page } from "@/components/Page";
import { Bar } from "@/components/Progress";
import { EmptyState, Loading } from "@/components/States";
import { NameCell, Table, type TableColumn } from "@/components/Table";
import { Bytes, Moment, useNow } from "@/components/Words";
import { useLiveRun } from "@/api/run-store";
import { useLanguage, useText } from "@/i18n/context";
import { durationText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { isOver, kindName, lengthOf, namesOf, runState } from "./run-words";
import css from "./Run.module.css";

const limit = 200;

/** What has run and what runs, newest first. */
export function RunsPage({ onOpen, onChoose }: { onOpen: (id: string) => void; onChoose: () => void }) {
  const t = useText();
  const platform = usePlatform();
  const answer = useCommand("runs.list", { limit });
  const runs = answer.data?.runs ?? [];
  const columns: TableColumn<RunSummary>[] = [
    { key: "what", name: t.runs.colWhat, width: "2fr", minWidth: 220, cell: (run) => <What run={run} /> },
    { key: "where", name: t.runs.colWhere, width: "1fr", minWidth: 120, cell: (run) => run.repository },
    { key: "start", name: t.runs.colStart, width: 160, cell: (run) => <Moment time={run.started_at} /> },
    { key: "length", name: t.runs.colLength, width: 130, end: true, cell: (run) => <Length run={run} /> },
    { key: "read", name: t.runs.colRead, width: 110, end: true, cell: (run) => <Bytes count={run.counters.read} /> },
    { key: "stored", name: t.runs.colStored, width: 110, end: true, cell: (run) => (run.kind === "backup" ? <Bytes count={run.counters.stored} /> : null) },
  ];
  return (
    <Page title={t.runs.title} fact={t.runs.fact} fixed testId="activity">
      {answer.error && !answer.data ? <FailureCard error={answer.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" isPending={answer.isFetching} onPress={() => void answer.refetch()}>{t.common.tryAgain}</Button>} /> : null}
      {answer.isPending ? <Loading what={t.common.reading} /> : null}
      {answer.data ? (
        <div className={css.list}>
          <Card fill label={t.runs.title}>
            {runs.length > 0 ? <CardHead title={t.runs.listCount(runs.length)} /> : null}
            <Table label={t.runs.title} testId="runs" columns={columns} items={runs} textOf={(run) => namesOf(run, t.runs)} rowHeight={56} onOpen={onOpen}
              empty={<EmptyState icon={<Activity size={36} strokeWidth={1.2} aria-hidden />} title={t.runs.emptyTitle} text={t.runs.emptyText} action={<Button kind="primary" onPress={onChoose}>{t.runs.emptyAction}</Button>} />} />
            {runs.length === limit ? <CardFoot><span>{t.runs.listFoot(limit)}</span></CardFoot> : null}
          </Card>
        </div>
      ) : null}
    </Page>
  );
}

function What({ run: listed }: { run: RunSummary }) {
  const t = useText();
  const run = useLiveRun(listed.id) ?? listed;
  const state = runState(run, t.runs);
  return (
    <NameCell glyph={<Glyph name={state.glyph} tone={state.tone} />} name={namesOf(run, t.runs)}
      second={<><StateWord glyph={state.glyph} tone={state.tone}>{state.word}</StateWord> · {run.error ? run.error.title : kindName(run.kind, t.runs)}</>} />
  );
}

function Length({ run: listed }: { run: RunSummary }) {
  const language = useLanguage();
  const now = useNow();
  const run = useLiveRun(listed.id) ?? listed;
  if (isOver(run)) return <>{durationText(Math.round(lengthOf(run, now)), language)}</>;
  return <Bar label={run.vms.join(", ")} done={run.counters.done} total={run.counters.total || 1} size="row" />;
}
