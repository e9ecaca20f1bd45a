import { ArrowRight, Database } from "lucide-react";
import { createContext, use, useMemo, type KeyboardEvent } from "react";
import type { InventoryView } from "@/api/generated/InventoryView";
import type { JobView } from "@/api/generated/JobView";
import { membersOf } from "@/api/members";
import { useLiveRun } from "@/api/run-store";
import { Glyph, StateWord, Tag } from "@/components/Glyph";
import { Bar } from "@/components/Progress";
import { NameCell, Table, type TableColumn } from "@/components/Table";
import { Ago, Moment, useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { momentText, relativeText } from "@/lib/time";
import { JobMenu, type JobActions } from "./JobMenu";
import { isUnderWay, stateLooks, type JobRow } from "./job-state";
import type { JobStats } from "@/api/run-stats";
import { Spark } from "./Spark";
import { sentenceCase, whenText } from "./words";
import css from "./Jobs.module.css";

const Inventories = createContext<readonly InventoryView[] | null>(null);

interface JobTableProps {
  rows: readonly JobRow[];
  jobs: readonly JobView[];
  stats: ReadonlyMap<string, JobStats>;
  /** What the servers hold, once all were read; counted for the rows in sight only. */
  inventories: readonly InventoryView[] | null;
  actions: JobActions;
}

/** Jobs in rows of 56: what, when, where to, next, last, how long. */
export function JobTable({ rows, jobs, stats, inventories, actions }: JobTableProps) {
  const t = useText();
  const columns = useMemo((): TableColumn<JobRow>[] => [
    { key: "job", name: `${t.jobs.colJob} ↓`, width: "4fr", minWidth: 160, cell: (row) => <Name row={row} /> },
    { key: "when", name: t.jobs.colWhen, width: "5fr", minWidth: 186, cell: (row) => <When job={row.job} jobs={jobs} /> },
    { key: "goes", name: t.jobs.colGoes, width: "3fr", minWidth: 126, cell: (row) => <Goes job={row.job} jobs={jobs} /> },
    { key: "next", name: t.jobs.colNext, width: 136, cell: (row) => <Next job={row.job} /> },
    { key: "last", name: t.jobs.colLast, width: "2fr", minWidth: 108, cell: (row) => <Last row={row} /> },
    { key: "length", name: t.jobs.colLength, width: 166, cell: (row) => <Spark stats={stats.get(row.job.draft.name)} /> },
    { key: "menu", name: t.jobs.colMenu, width: 64, minWidth: 52, end: true, cell: (row) => <JobMenu job={row.job} actions={actions} /> },
  ], [t, jobs, stats, actions]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (!event.ctrlKey && !event.metaKey) return;
    const name = (event.target as HTMLElement).closest<HTMLElement>("[data-row]")?.dataset["row"];
    const job = rows.find((row) => row.job.draft.name === name)?.job;
    const key = `${event.shiftKey ? "shift+" : ""}${event.key.toLowerCase()}`;
    const act = { r: actions.onRun, d: actions.onDuplicate, "shift+c": actions.onCommand }[key];
    if (!job || !act) return;
    event.preventDefault();
    event.stopPropagation();
    act(job);
  };
  const worst = rows.find((row) => stateLooks[row.state].tone === "bad")?.id ?? null;
  return (
    <div className={css.tableBox} onKeyDownCapture={onKeyDown}>
      <Inventories value={inventories}><Table label={t.jobs.table} testId="jobs-table" columns={columns} items={rows} textOf={(row) => row.job.draft.name} rowHeight={56} worst={worst} onOpen={(id) => { const row = rows.find((one) => one.id === id); if (row) actions.onEdit(row.job); }} /></Inventories>
    </div>
  );
}

function Two({ first, second }: { first: React.ReactNode; second?: React.ReactNode }) {
  return <span className={css.two}><span className={css.first} data-alone={second ? undefined : true} title={typeof first === "string" ? first : undefined}>{first}</span>{second ? <span className={css.second} title={typeof second === "string" ? second : undefined}>{second}</span> : null}</span>;
}

function Name({ row }: { row: JobRow }) {
  const t = useText();
  const inventories = use(Inventories);
  const count = inventories === null ? null : membersOf(inventories, row.job.draft).length;
  const looks = stateLooks[row.state];
  return (
    <NameCell glyph={<Glyph name={looks.glyph} tone={looks.tone} />} name={row.job.draft.name}
      second={<><span data-state={row.state} className={css.stateWord} data-tone={looks.tone}>{t.jobs.states[row.state]}</span>{count === null ? null : ` · ${t.jobs.vms(count)}`}</>} />
  );
}

function When({ job, jobs }: { job: JobView; jobs: readonly JobView[] }) {
  const t = useText();
  const [first, ...more] = job.draft.schedules;
  if (!first) return <Two first={t.jobs.noSchedule} />;
  const words = more.map((one) => sentenceCase(whenText(one, jobs, t)));
  return <Two first={sentenceCase(whenText(first, jobs, t))} second={words.length === 0 ? undefined : words.length === 1 ? words[0] : `${words[0] ?? ""} ${t.jobs.more(words.length - 1)}`} />;
}

function Goes({ job, jobs }: { job: JobView; jobs: readonly JobView[] }) {
  const t = useText();
  const next = jobs.filter((other) => other.draft.schedules.some(({ when }) => when.by === "after" && when.job_id === job.id));
  const names = next.map((other) => other.draft.name).join(", ");
  return (
    <span className={css.goes}>
      <Tag><Database size={12} strokeWidth={1.8} aria-hidden />{job.repository_name ?? t.jobs.placeGone}</Tag>
      {next.length === 0 ? null : (
        <span className={css.chain} title={t.jobs.then(names)} data-testid="job-chain">
          <ArrowRight size={12} strokeWidth={1.8} aria-hidden />
          <span className={css.second}>{t.jobs.then(names)}</span>
        </span>
      )}
    </span>
  );
}

function Next({ job }: { job: JobView }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  if (job.paused) return <Two first={t.jobs.states.paused} second={job.paused_until ? t.jobs.pausedUntil(momentText(new Date(job.paused_until), now, language)) : t.jobs.pausedOpen} />;
  if (job.next_at === null) return <Two first="–" />;
  return <Two first={<strong className={css.strong}><Moment time={job.next_at} /></strong>} second={relativeText(new Date(job.next_at), now, language)} />;
}

function Last({ row }: { row: JobRow }) {
  const t = useText();
  const run = row.job.last_run;
  const live = useLiveRun(run?.id ?? "");
  if (!run) return <Two first={<span className={css.mute}>{t.jobs.never}</span>} />;
  if (isUnderWay(live ?? run)) {
    const { done, total } = (live ?? run).counters;
    return <Two first={<span className={css.running}><Bar label={row.job.draft.name} done={done} total={total || 1} size="row" /></span>} second={<Ago time={run.started_at} />} />;
  }
  const word = run.state === "interrupted" ? t.jobs.cutOff : run.outcome === "failed" ? t.jobs.states.failed : run.outcome === "cancelled" ? t.jobs.states.stopped : run.outcome === "succeeded-with-warnings" ? t.jobs.states.warned : t.jobs.saved;
  const bad = run.state === "interrupted" || run.outcome === "failed";
  return <Two first={<span title={run.error?.title}>{bad ? <StateWord glyph="failed">{word}</StateWord> : word}</span>} second={<Ago time={run.ended_at ?? run.started_at} />} />;
}
