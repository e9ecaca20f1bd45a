import type { RunSummary } from "@/api/generated/RunSummary";
import { useLiveRun } from "@/api/run-store";
import { Glyph, StateWord } from "@/components/Glyph";
import { Bar } from "@/components/Progress";
import { EmptyState } from "@/components/States";
import { NameCell, Table, type TableColumn } from "@/components/Table";
import { Bytes, Moment, useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { durationText } from "@/lib/time";
import { isOver, kindName, lengthOf, namesOf, runState } from "./run-words";

/** Every run, newest first. */
export function RunTable({ runs, onOpen }: { runs: readonly RunSummary[]; onOpen: (id: string) => void }) {
  const t = useText();
  const columns: TableColumn<RunSummary>[] = [
    { key: "what", name: t.runs.colWhat, width: "2fr", minWidth: 220, cell: (run) => <What run={run} /> },
    { key: "where", name: t.runs.colWhere, width: "1fr", minWidth: 120, cell: (run) => run.repository },
    { key: "start", name: t.runs.colStart, width: 160, cell: (run) => <Moment time={run.started_at} /> },
    { key: "length", name: t.runs.colLength, width: 130, end: true, cell: (run) => <Length run={run} /> },
    { key: "read", name: t.runs.colRead, width: 110, end: true, cell: (run) => <Bytes count={run.counters.read} /> },
    { key: "stored", name: t.runs.colStored, width: 110, end: true, cell: (run) => (run.kind === "backup" ? <Bytes count={run.counters.stored} /> : null) },
  ];
  return <Table label={t.runs.title} testId="runs" columns={columns} items={runs} textOf={(run) => namesOf(run, t.runs)} rowHeight={56} onOpen={onOpen} empty={<EmptyState icon={null} title={t.runs.noneHere} />} />;
}

function What({ run: listed }: { run: RunSummary }) {
  const t = useText();
  const run = useLiveRun(listed.id) ?? listed;
  const state = runState(run, t.runs);
  return (
    <NameCell glyph={<Glyph name={state.glyph} tone={state.tone} />} name={run.job ?? namesOf(run, t.runs)}
      second={<><StateWord glyph={state.glyph} tone={state.tone}>{state.word}</StateWord> · {run.error ? run.error.title : run.job ? namesOf(run, t.runs) : kindName(run.kind, t.runs)}</>} />
  );
}

function Length({ run: listed }: { run: RunSummary }) {
  const language = useLanguage();
  const now = useNow();
  const run = useLiveRun(listed.id) ?? listed;
  if (isOver(run)) return <>{durationText(Math.round(lengthOf(run, now)), language)}</>;
  return <Bar label={run.vms.join(", ")} done={run.counters.done} total={run.counters.total || 1} size="row" />;
}
