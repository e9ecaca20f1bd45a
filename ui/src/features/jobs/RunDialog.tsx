import { Play, SquareTerminal } from "lucide-react";
import { useState } from "react";
import { useAction, useCommand } from "@/api/client";
import type { InventoryView } from "@/api/generated/InventoryView";
import type { JobView } from "@/api/generated/JobView";
import type { RunSummary } from "@/api/generated/RunSummary";
import type { ScopeView } from "@/api/generated/ScopeView";
import { Button, TextAction } from "@/components/Button";
import { Checkbox, RadioRow, RadioRows } from "@/components/Choice";
import { FormDialog } from "@/components/Dialog";
import { FailureCard } from "@/components/FailureCard";
import { toast } from "@/components/toasts";
import { Bytes, useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { durationText, momentInText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { runCommand } from "./command";
import { isUnderWay } from "./job-state";
import { membersOf, sizeOf } from "@/api/members";
import { statsOf } from "@/api/run-stats";
import css from "./RunDialog.module.css";

interface RunDialogProps {
  job: JobView;
  inventories: readonly InventoryView[];
  /** Whether all servers were read, or refused to be. */
  settled: boolean;
  runs: readonly RunSummary[];
  onStarted: (runId: string) => void;
  onClose: () => void;
}

/** What a run saves, before it begins. What failed last time is chosen first. */
export function RunDialog({ job, inventories, settled, runs, onStarted, onClose }: RunDialogProps) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  const run = useAction("jobs.run");
  const last = job.last_run !== null && !isUnderWay(job.last_run) ? job.last_run : null;
  const details = useCommand("runs.get", { run_id: last?.id ?? "" }, { enabled: last !== null && last.outcome !== "succeeded" });
  const failed = details.data?.items.filter((item) => item.outcome === "failed" || item.outcome === "cancelled").map((item) => item.name) ?? [];
  const members = membersOf(inventories, job.draft);
  const names = members.map((member) => member.vm.name);
  const [asked, setAsked] = useState<ScopeView["vms"] | null>(null);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const kind = asked ?? (failed.length > 0 ? "failed" : "all");
  const chosen = names.filter((name) => ticked.has(name));
  const scope: ScopeView = kind === "chosen" ? { vms: "chosen", names: chosen } : { vms: kind };
  const usual = statsOf(runs).get(job.draft.name)?.usual ?? null;
  const about = usual === null ? null : durationText(Math.round(usual), language);
  const what = kind === "all" ? t.jobs.runAll(names.length) : t.schedules.and(kind === "failed" ? failed : chosen);
  const empty = kind === "chosen" && chosen.length === 0;
  const start = () => run.mutate({ job_id: job.id, scope }, { onSuccess: ({ run_id }) => onStarted(run_id) });
  const copy = () => {
    void platform.copyText(runCommand(job.draft.name, scope));
    toast({ tone: "ok", text: t.jobs.commandCopied });
  };
  return (
    <FormDialog title={t.jobs.runTitle(job.draft.name)} fact={last ? t.jobs.runLast(momentInText(new Date(last.started_at), now, language)) : undefined} onClose={onClose} testId="run-dialog"
      foot={<TextAction onPress={copy} testId="run-command"><span className={css.commandAction}><SquareTerminal size={14} strokeWidth={1.8} aria-hidden />{t.jobWizard.copyCommand}</span></TextAction>}
      buttons={<><Button size="large" onPress={onClose}>{t.common.cancel}</Button><Button kind="primary" size="large" icon={<Play size={13} strokeWidth={2} fill="currentColor" aria-hidden />} isDisabled={empty} isPending={run.isPending} onPress={start} testId="run-now">{t.jobs.runNow}</Button></>}>
      <p className={css.label}>{t.jobs.runWhich}</p>
      <RadioRows label={t.jobs.runWhich} value={kind} onChange={(value) => setAsked(value as ScopeView["vms"])} shape="stack">
        {failed.length > 0 ? (
          <RadioRow value="failed" label={t.jobs.runFailed} testId="run-failed"><span className={css.words}><span className={css.name}>{t.jobs.runFailed}</span><span className={css.second}>{t.jobs.runFailedRest(t.schedules.and(failed), Math.max(0, (last?.vms.length ?? 0) - failed.length))}</span></span></RadioRow>
        ) : null}
        <RadioRow value="all" label={t.jobs.runAll(names.length)} testId="run-all"><span className={css.words}><span className={css.name}>{settled || names.length > 0 ? t.jobs.runAll(names.length) : t.jobs.runReading}</span><span className={css.second}>{names.join(", ")}</span></span>{about ? <span className={css.end}>≈ {about}</span> : null}</RadioRow>
        <RadioRow value="chosen" label={t.jobs.runChosen} testId="run-chosen"><span className={css.words}><span className={css.name}>{t.jobs.runChosen}</span><span className={css.second}>{t.jobs.runChosenText}</span></span></RadioRow>
      </RadioRows>
      {kind === "chosen" ? (
        <ul className={css.ticks} data-testid="run-ticks">
          {members.map(({ vm, server }) => (
            <li key={`${server}/${vm.reference}`}>
              <Checkbox isSelected={ticked.has(vm.name)} onChange={(on) => setTicked(new Set(on ? [...ticked, vm.name] : [...ticked].filter((name) => name !== vm.name)))} testId={`run-tick-${vm.name}`}>{vm.name}</Checkbox>
              <span className={css.end}><Bytes count={sizeOf([vm])} /></span>
            </li>
          ))}
        </ul>
      ) : null}
      <p className={css.well} role="status" data-testid="run-sentence">
        {empty ? t.jobs.runNothing : <><strong>{t.jobs.runWell(what, job.repository_name ?? t.jobs.placeGone)}</strong> {kind === "all" && about ? t.jobs.runAbout(about) : ""} {t.jobs.runKept}</>}
      </p>
      {run.error ? <FailureCard error={run.error.view} inset onCopy={(text) => void platform.copyText(text)} /> : null}
    </FormDialog>
  );
}
