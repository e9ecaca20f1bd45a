import { Plus } from "lucide-react";
import { useState } from "react";
import { useCommand } from "@/api/client";
import type { JobDraft } from "@/api/generated/JobDraft";
import type { JobView } from "@/api/generated/JobView";
import type { RunSummary } from "@/api/generated/RunSummary";
import type { ScheduleView } from "@/api/generated/ScheduleView";
import { Button } from "@/components/Button";
import { FailureCard } from "@/components/FailureCard";
import { useText } from "@/i18n/context";
import { usePlatform } from "@/platform/context";
import { schedule } from "./draft";
import { ProposeLine } from "./ProposeLine";
import { ScheduleRow } from "./ScheduleRow";
import { WeekPreview } from "./WeekPreview";
import { StepHead } from "./WizardFrame";
import css from "./Schedule.module.css";

interface ScheduleStepProps {
  draft: JobDraft;
  /** Name of the edited job, by which its runs are known. */
  name: string | null;
  id: string | null;
  jobs: readonly JobView[];
  runs: readonly RunSummary[];
  onChange: (draft: JobDraft) => void;
}

/** When: rules, ready ones to add, and the week that comes of it. */
export function ScheduleStep({ draft, name, id, jobs, runs, onChange }: ScheduleStepProps) {
  const t = useText();
  const [open, setOpen] = useState<number | null>(null);
  const others = jobs.filter((job) => job.id !== id);
  const rules = draft.schedules;
  const keep = rules[0]?.keep ?? null;
  const set = (schedules: ScheduleView[]) => onChange({ ...draft, schedules });
  const platform = usePlatform();
  const offered = useCommand("jobs.presets", {});
  const presets = offered.data?.schedules ?? [];
  // What the back end offers begins when no other job does; what follows something is put together here.
  const templates: { key: string; name: string; schedule: ScheduleView }[] = [
    ...presets.map((preset) => ({ key: preset.id, name: preset.name, schedule: { ...preset.schedule, keep: preset.schedule.keep ?? keep } })),
    ...(others[0] ? [{ key: "after", name: t.jobWizard.addAfter, schedule: schedule({ by: "after", job_id: others[0].id, only_success: true }, { keep }) }] : []),
    { key: "plugged", name: t.jobWizard.addPlugged, schedule: schedule({ by: "plugged", gap_minutes: 1440 }, { keep }) },
  ];
  return (
    <>
      <StepHead title={t.jobWizard.schedule} text={t.jobWizard.scheduleText} />
      {rules.length === 0 ? <p className={css.byHand} data-testid="schedule-by-hand">{t.jobWizard.byHand}</p> : null}
      <ol className={css.rules}>
        {rules.map((one, place) => (
          <ScheduleRow key={one.id ?? `new-${place}`} one={one} place={place} others={others} open={open === place} onOpen={(wanted) => setOpen(wanted ? place : null)}
            onChange={(next) => set(rules.map((other, index) => (index === place ? next : other)))}
            onRemove={() => { setOpen(null); set(rules.filter((_, index) => index !== place)); }} />
        ))}
      </ol>
      <div className={css.templates}>
        {templates.map((one) => <Button key={one.key} size="small" icon={<Plus size={13} strokeWidth={2} aria-hidden />} onPress={() => set([...rules, one.schedule])} testId={`schedule-add-${one.key}`}>{one.name}</Button>)}
      </div>
      {offered.error ? <FailureCard inset error={offered.error.view} onCopy={(text) => void platform.copyText(text)} testId="schedule-presets-failed" /> : null}
      <ProposeLine draft={draft} onChange={onChange} />
      <WeekPreview draft={draft} name={name} others={others} runs={runs} />
    </>
  );
}
