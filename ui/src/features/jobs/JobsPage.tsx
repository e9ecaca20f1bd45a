import { ListChecks, Plus, Search } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";
import { useAction, useCommand } from "@/api/client";
import { errorView } from "@/api/errors";
import type { JobView } from "@/api/generated/JobView";
import { useInventories } from "@/api/inventories";
import { Button, TextAction } from "@/components/Button";
import { Card, CardFoot } from "@/components/Card";
import { Confirm } from "@/components/Dialog";
import { FailureCard } from "@/components/FailureCard";
import { Page, Sentence } from "@/components/Page";
import { SearchField } from "@/components/SearchField";
import { EmptyState, Loading, StaleNote } from "@/components/States";
import { toast } from "@/components/toasts";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { momentInText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { createCommand } from "./command";
import { CommandDialog } from "./CommandDialog";
import type { JobActions } from "./JobMenu";
import { byRisk, isWell, type JobRow } from "./job-state";
import { JobTable } from "./JobTable";
import { membersOf, savable } from "@/api/members";
import { RunDialog } from "./RunDialog";
import { runLimit, statsOf } from "@/api/run-stats";
import css from "./Jobs.module.css";

interface JobsPageProps {
  onNew: (uncovered: boolean) => void;
  onEdit: (job: JobView) => void;
  onDuplicate: (job: JobView) => void;
  onRun: (runId: string) => void;
}

type Asking = { what: "run" | "command" | "delete"; job: JobView } | null;

/** All jobs, those most at risk first. */
export function JobsPage({ onNew, onEdit, onDuplicate, onRun }: JobsPageProps) {
  const t = useText();
  const platform = usePlatform();
  const now = useNow();
  const answer = useCommand("jobs.list", {});
  const runs = useCommand("runs.list", { limit: runLimit });
  const { servers, inventories } = useInventories();
  const [asking, setAsking] = useState<Asking>(null);
  const { mutate: pause } = useAction("jobs.pause");
  const jobs = useMemo(() => answer.data?.jobs ?? [], [answer.data]);
  const rows = useMemo(() => byRisk(jobs, now), [jobs, now]);
  const read = inventories.flatMap((one) => (one.inventory.data ? [one.inventory.data] : []));
  const settled = servers.data !== undefined && inventories.every((one) => !one.inventory.isPending);
  const stats = useMemo(() => statsOf(runs.data?.runs ?? []), [runs.data]);
  const actions = useMemo((): JobActions => ({
    onRun: (job) => setAsking({ what: "run", job }),
    onPause: (job, until) => pause({ job_id: job.id, paused: true, until }, { onSuccess: () => toast({ tone: "ok", text: t.jobs.paused(job.draft.name) }), onError: (thrown) => toast({ tone: "bad", text: errorView(thrown).title || t.failure.unexpectedTitle }) }),
    onResume: (job) => pause({ job_id: job.id, paused: false, until: null }, { onSuccess: () => toast({ tone: "ok", text: t.jobs.resumed(job.draft.name) }), onError: (thrown) => toast({ tone: "bad", text: errorView(thrown).title || t.failure.unexpectedTitle }) }),
    onEdit,
    onDuplicate,
    onCommand: (job) => setAsking({ what: "command", job }),
    onDelete: (job) => setAsking({ what: "delete", job }),
  }), [t, pause, onEdit, onDuplicate]);
  const newJob = <Button kind="primary" icon={<Plus size={15} strokeWidth={2} aria-hidden />} onPress={() => onNew(false)} testId="job-new">{rows.length === 0 ? t.jobs.emptyAction : t.jobs.newJob}</Button>;
  return (
    <Page title={t.jobs.title} fact={answer.data ? t.jobs.fact(rows.length) : undefined} fixed testId="jobs">
      {answer.error && !answer.data ? <FailureCard error={answer.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" isPending={answer.isFetching} onPress={() => void answer.refetch()}>{t.common.tryAgain}</Button>} /> : null}
      {answer.isPending ? <Loading what={t.common.reading} /> : null}
      {answer.data && answer.data.unreadable.length > 0 ? <StaleNote>{t.jobs.unreadable(answer.data.unreadable.join(", "))}</StaleNote> : null}
      {answer.data ? (
        <div className={css.page}>
          <Card fill label={t.jobs.title}>
            {rows.length === 0 ? <EmptyState icon={<ListChecks size={36} strokeWidth={1.2} aria-hidden />} title={t.jobs.emptyTitle} text={t.jobs.emptyText} action={newJob} /> : (
              <JobList rows={rows} jobs={jobs} stats={stats} inventories={settled ? read : null} actions={actions} newJob={newJob} foot={settled ? <Uncovered inventories={read} jobs={jobs} onNew={() => onNew(true)} /> : null} />
            )}
          </Card>
        </div>
      ) : null}
      {asking?.what === "run" ? <RunDialog job={asking.job} inventories={read} settled={settled} runs={runs.data?.runs ?? []} onStarted={onRun} onClose={() => setAsking(null)} /> : null}
      {asking?.what === "command" ? <CommandDialog onClose={() => setAsking(null)} command={createCommand(asking.job.draft, { jobs, repository: asking.job.repository_name ?? asking.job.draft.repository_id, server: (id) => servers.data?.servers.find((one) => one.id === id)?.name ?? id })} /> : null}
      {asking?.what === "delete" ? <DeleteQuestion job={asking.job} jobs={jobs} onClose={() => setAsking(null)} /> : null}
    </Page>
  );
}

interface JobListProps {
  rows: readonly JobRow[];
  jobs: readonly JobView[];
  stats: ReturnType<typeof statsOf>;
  inventories: Parameters<typeof membersOf>[0] | null;
  actions: JobActions;
  newJob: ReactNode;
  foot: ReactNode;
}

/** The answer, the rows and what is in none of them. Typing in the search redraws this alone. */
function JobList({ rows, jobs, stats, inventories, actions, newJob, foot }: JobListProps) {
  const t = useText();
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const shown = useMemo(() => rows.filter((row) => row.job.draft.name.toLowerCase().includes(wanted)), [rows, wanted]);
  return (
    <>
      <div className={css.head}>
        <div className={css.headText}><Answer rows={rows} /></div>
        <div className={css.headEnd}>
          {rows.length > 5 ? <div className={css.find}><SearchField label={t.jobs.find} value={search} onChange={setSearch} testId="jobs-search" /></div> : null}
          {newJob}
        </div>
      </div>
      {shown.length === 0 ? <EmptyState icon={<Search size={36} strokeWidth={1.2} aria-hidden />} title={t.jobs.noMatch(search.trim())} /> : <JobTable rows={shown} jobs={jobs} stats={stats} inventories={inventories} actions={actions} />}
      {foot}
    </>
  );
}

/** Whether all is well, and what runs next. */
function Answer({ rows }: { rows: readonly JobRow[] }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const well = rows.filter((row) => isWell(row.state)).length;
  const worst = rows[0];
  const next = rows.filter((row) => row.job.next_at !== null && !row.job.paused).sort((a, b) => (a.job.next_at ?? "").localeCompare(b.job.next_at ?? ""))[0];
  const under = next?.job.next_at ? t.jobs.nextIs(next.job.draft.name, momentInText(new Date(next.job.next_at), now, language)) : t.jobs.nextNone;
  return <Sentence under={under}>{well === rows.length || !worst ? t.jobs.allWell(rows.length) : t.jobs.someWell(well, rows.length, worst.job.draft.name, t.jobs.states[worst.state])}</Sentence>;
}

function Uncovered({ inventories, jobs, onNew }: { inventories: Parameters<typeof membersOf>[0]; jobs: readonly JobView[]; onNew: () => void }) {
  const t = useText();
  const covered = new Set(jobs.flatMap((job) => membersOf(inventories, job.draft).map((member) => `${member.server}/${member.vm.reference}`)));
  const left = inventories.flatMap((inventory) => inventory.vms.filter((vm) => savable(vm) && !vm.of_system && !covered.has(`${inventory.server_id}/${vm.reference}`)).map((vm) => vm.name));
  if (left.length === 0) return null;
  return (
    <CardFoot>
      <span data-testid="jobs-uncovered">{t.jobs.uncovered(left.length)}: {t.jobs.uncoveredMore(left.slice(0, 4).join(", "), Math.max(0, left.length - 4))}</span>
      <TextAction onPress={onNew} testId="jobs-protect">{t.jobs.protectThem}</TextAction>
    </CardFoot>
  );
}

function DeleteQuestion({ job, jobs, onClose }: { job: JobView; jobs: readonly JobView[]; onClose: () => void }) {
  const t = useText();
  const remove = useAction("jobs.delete");
  const after = jobs.filter((other) => other.draft.schedules.some(({ when }) => when.by === "after" && when.job_id === job.id)).map((other) => other.draft.name);
  const yes = () => remove.mutate({ job_id: job.id }, {
    onSuccess: () => { toast({ tone: "ok", text: t.jobs.deleted(job.draft.name) }); onClose(); },
    onError: (thrown) => { toast({ tone: "bad", text: errorView(thrown).title || t.failure.unexpectedTitle }); onClose(); },
  });
  return (
    <Confirm isOpen danger title={t.jobs.deleteTitle(job.draft.name)} action={t.jobs.deleteYes} isPending={remove.isPending} onAction={yes} onClose={onClose} testId="job-delete">
      <p>{t.jobs.deleteText}</p>
      {after.length > 0 ? <p>{t.jobs.deleteFollowed(after.join(", "))}</p> : null}
    </Confirm>
  );
}
