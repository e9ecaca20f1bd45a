import { useMemo, useState, type ReactNode } from "react";
import { useAction, useCommand } from "@/api/client";
import { errorView } from "@/api/errors";
import type { JobDraft } from "@/api/generated/JobDraft";
import type { JobView } from "@/api/generated/JobView";
import type { RepositoryView } from "@/api/generated/RepositoryView";
import type { RunSummary } from "@/api/generated/RunSummary";
import { useInventories } from "@/api/inventories";
import { FailureCard } from "@/components/FailureCard";
import { Page } from "@/components/Page";
import { Loading } from "@/components/States";
import { toast } from "@/components/toasts";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { dayOf } from "@/lib/rhythm";
import { momentInText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { faults as faultsOf, notes as notesOf } from "./checks";
import { CommandDialog } from "./CommandDialog";
import { createCommand } from "./command";
import { DestinationStep } from "./DestinationStep";
import { copyOf, freeName, newDraft, steps, type StepKey } from "./draft";
import { lost, membersOf, noChoice, savable, savedSize, setVms, type Choice } from "@/api/members";
import { OptionsStep } from "./OptionsStep";
import { factsOf, mostOf, nameOf, sentenceOf, summaryOf } from "./plan";
import { withPlan } from "./plan-notes";
import { PlanPanel } from "./PlanPanel";
import { RetentionStep } from "./RetentionStep";
import { RunDialog } from "./RunDialog";
import { runLimit } from "@/api/run-stats";
import { ScheduleStep } from "./ScheduleStep";
import { SourceStep } from "./SourceStep";
import { useDraft } from "./useDraft";
import { usePlan } from "./usePlan";
import { WizardFrame } from "./WizardFrame";

interface JobWizardPageProps {
  /** The job to change; `null` for a new one. */
  id: string | null;
  /** A job to begin a new one from. */
  like: string | null;
  /** Begin with the VMs that are in no job. */
  uncovered: boolean;
  /** Begin with one VM. */
  only: { server: string; vm: string } | null;
  step: StepKey;
  onStep: (step: StepKey) => void;
  onClose: () => void;
  onRun: (runId: string) => void;
  renderKeep: (ready: (repository: RepositoryView) => void) => ReactNode;
}

/** Makes a job or changes one, in five steps of which only the first has to be done. */
export function JobWizardPage(props: JobWizardPageProps) {
  const t = useText();
  const platform = usePlatform();
  const jobs = useCommand("jobs.list", {});
  const repositories = useCommand("repositories.list", {});
  const runs = useCommand("runs.list", { limit: runLimit });
  const { servers, inventories } = useInventories();
  const settled = servers.data !== undefined && inventories.every((one) => !one.inventory.isPending);
  const error = jobs.error ?? repositories.error;
  const job = props.id === null ? undefined : jobs.data?.jobs.find((one) => one.id === props.id);
  const missing = jobs.data !== undefined && props.id !== null && !job;
  if (error && (!jobs.data || !repositories.data)) return <Page title={t.jobs.title} testId="job-wizard"><FailureCard error={error.view} onCopy={(text) => void platform.copyText(text)} /></Page>;
  if (missing) return <Page title={t.jobs.title} testId="job-wizard"><FailureCard error={{ code: "job-not-found", title: t.shell.notFoundTitle, risk: t.failure.unexpectedRisk, hints: [], detail: "", retry: false, seen_sha256: null }} onCopy={(text) => void platform.copyText(text)} /></Page>;
  // What is in no job is known only once every server was read.
  if (!jobs.data || !repositories.data || runs.isPending || ((props.uncovered || props.only) && !settled)) return <Page title={t.jobs.title} testId="job-wizard-reading"><Loading what={t.common.reading} /></Page>;
  const last = runs.data?.runs.find((run) => run.kind === "backup")?.repository;
  const place = repositories.data.repositories.find((one) => one.name === last) ?? repositories.data.repositories[0];
  const read = inventories.flatMap((one) => (one.inventory.data ? [one.inventory.data] : []));
  const like = props.like === null ? undefined : jobs.data.jobs.find((one) => one.id === props.like);
  const fresh = newDraft(jobs.data.jobs, place?.id ?? "");
  const initial = job ? job.draft : like ? copyOf(like.draft, freeName(t.jobs.copyName(like.draft.name), jobs.data.jobs)) : props.uncovered ? { ...fresh, ...uncoveredOf(read, jobs.data.jobs) } : props.only ? { ...fresh, ...onlyOf(read, props.only) } : fresh;
  return <Wizard {...props} job={job ?? null} initial={initial} jobs={jobs.data.jobs} repositories={repositories.data.repositories} runs={runs.data?.runs ?? []} inventories={inventories} settled={settled} servers={servers.data?.servers ?? []} />;
}

function uncoveredOf(read: Parameters<typeof membersOf>[0], jobs: readonly JobView[]): Choice {
  const covered = new Set(jobs.flatMap((job) => membersOf(read, job.draft).map((member) => `${member.server}/${member.vm.reference}`)));
  return read.reduce<Choice>((choice, inventory) => setVms(choice, inventory, inventory.vms.filter((vm) => savable(vm) && !vm.of_system && !covered.has(`${inventory.server_id}/${vm.reference}`)), true), noChoice);
}

function onlyOf(read: Parameters<typeof membersOf>[0], { server, vm }: { server: string; vm: string }): Choice {
  const inventory = read.find((one) => one.server_id === server);
  return inventory ? setVms(noChoice, inventory, inventory.vms.filter((one) => one.reference === vm), true) : noChoice;
}

interface Known {
  job: JobView | null;
  initial: JobDraft;
  jobs: readonly JobView[];
  repositories: readonly RepositoryView[];
  runs: readonly RunSummary[];
  inventories: ReturnType<typeof useInventories>["inventories"];
  settled: boolean;
  servers: readonly { id: string; name: string }[];
}

function Wizard({ id, like, uncovered, only, step, onStep, onClose, onRun, renderKeep, job, initial, jobs, repositories, runs, inventories, settled, servers }: JobWizardPageProps & Known) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  // A draft that was begun on purpose from something is not the one from last time.
  const { draft, change, touched, found, startOver, forget } = useDraft(like !== null || uncovered || only ? `from ${like ?? (only ? `${only.server}/${only.vm}` : "uncovered")}` : id, initial);
  const [seen, setSeen] = useState<ReadonlySet<StepKey>>(new Set(id === null ? [] : steps));
  const [command, setCommand] = useState(false);
  const [running, setRunning] = useState<JobView | null>(null);
  const save = useAction("jobs.save");
  const remove = useAction("jobs.delete");
  const read = inventories.flatMap((one) => (one.inventory.data ? [one.inventory.data] : []));
  const members = membersOf(read, draft);
  const named = { ...draft, name: draft.name.trim() === "" ? freeName(nameOf(draft, members, t), jobs.filter((one) => one.id !== id)) : draft.name.trim() };
  const known = { draft: named, id, jobs, inventories: read, repositories, t, language };
  const faults = faultsOf(known);
  // The back end refuses to plan what cannot be finished.
  const asked = usePlan(id, faults.length === 0 ? named : null);
  const plan = asked.current ? asked.plan : null;
  const notes = withPlan(notesOf(known), plan, asked.error, lost(read, draft), t);
  const today = dayOf(now);
  const highest = useMemo(() => mostOf(draft, today), [draft, today]);
  const facts = factsOf({ draft, members, runs, highest, plan, now, t, language });
  const go = (next: StepKey) => {
    setSeen(new Set([...seen, step]));
    onStep(next);
  };
  const place = repositories.find((one) => one.id === draft.repository_id);
  const undo = (saved: JobView) => {
    const done = { onSuccess: () => toast({ tone: "ok" as const, text: t.jobWizard.undone }), onError: (thrown: unknown) => toast({ tone: "bad" as const, text: errorView(thrown).title || t.failure.unexpectedTitle }) };
    if (job) save.mutate({ job_id: job.id, draft: job.draft }, done);
    else remove.mutate({ job_id: saved.id }, done);
  };
  const finish = (run: boolean) => save.mutate({ job_id: id, draft: named }, {
    onSuccess: (saved) => {
      forget();
      if (run) {
        setRunning(saved);
        return;
      }
      told(saved);
      onClose();
    },
  });
  const told = (saved: JobView) => toast({ tone: "ok", text: saved.next_at ? t.jobWizard.saved(momentInText(new Date(saved.next_at), now, language)) : t.jobWizard.savedByHand, action: { name: t.jobWizard.undo, run: () => undo(saved) } });
  const foot = faults[0] ? t.jobWizard.footOpen(faults[0].title) : step === "source" ? t.jobWizard.footReady : t.jobWizard.foot;
  const shownFaults = faults.filter((fault) => seen.has(fault.step));
  const lines = steps.map((key) => ({ key, summary: summaryOf(key, { draft, members, place: place?.name ?? null, jobs, t, language }), done: seen.has(key), fault: faults.some((fault) => fault.step === key) }));
  const need = savedSize(members.filter(({ vm }) => vm.last_point?.repository_id !== draft.repository_id), draft);
  const body = {
    source: <SourceStep inventories={inventories} choice={draft} onChange={(choice) => change({ ...draft, ...choice })} id={id} jobs={jobs} repository={draft.repository_id} />,
    destination: <DestinationStep repositories={repositories} value={draft.repository_id} need={need} onChange={(repository_id) => change({ ...draft, repository_id })} renderKeep={renderKeep} />,
    schedule: <ScheduleStep draft={draft} name={job?.draft.name ?? null} id={id} jobs={jobs} runs={runs} onChange={change} />,
    retention: <RetentionStep id={id} asked={named} draft={draft} jobs={jobs} onChange={change} />,
    options: <OptionsStep isNew={id === null} draft={draft} autoName={named.name} nameFault={faults.find((fault) => fault.key === "name")?.title ?? null} onChange={change} />,
  }[step];
  return (
    <WizardFrame title={id === null ? t.jobWizard.newTitle(named.name) : t.jobWizard.editTitle(job?.draft.name ?? "")} touched={touched} found={found} onStartOver={startOver} onClose={onClose} lines={lines} step={step} onStep={go}
      plan={<PlanPanel sentence={sentenceOf({ draft, members, place: place?.name ?? null, jobs, t, language })} facts={facts} faults={shownFaults} notes={notes} step={step} onFix={(apply) => change(apply(draft))} onStep={go} onCommand={() => setCommand(true)} />}
      notes={shownFaults.length + notes.length} foot={foot} valid={faults.length === 0} isPending={save.isPending} onFinish={finish}>
      {save.error ? <FailureCard error={save.error.view} onCopy={(text) => void platform.copyText(text)} /> : null}
      {body}
      {command ? <CommandDialog onClose={() => setCommand(false)} command={createCommand(named, { jobs, repository: place?.name ?? "REPOSITORY", server: (server) => servers.find((one) => one.id === server)?.name ?? server })} /> : null}
      {running ? <RunDialog job={running} inventories={read} settled={settled} runs={runs} onStarted={onRun} onClose={() => { told(running); onClose(); }} /> : null}
    </WizardFrame>
  );
}
