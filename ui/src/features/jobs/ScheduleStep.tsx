import { Plus } from "lucide-react";
import { useState } from "react";
import type { JobDraft } from "@/api/generated/JobDraft";
import type { JobView } from "@/api/generated/JobView";
import type { RunSummary } from "@/api/generated/RunSummary";
import type { ScheduleView } from "@/api/generated/ScheduleView";
import { Button } from "@/components/Button";
import { useText } from "@/i18n/context";
import { atOf, freeEvening, officeHours, schedule, workingDays } from "./draft";
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
  onChange: (schedules: ScheduleView[]) => void;
}

/** When: rules, ready ones to add, and the week that comes of it. */
export function ScheduleStep({ draft, name, id, jobs, runs, onChange }: ScheduleStepProps) {
  const t = useText();
  const [open, setOpen] = useState<number | null>(null);
  const others = jobs.filter((job) => job.id !== id);
  const rules = draft.schedules;
  const keep = rules[0]?.keep ?? null;
  const add = (one: ScheduleView) => onChange([...rules, one]);
  const templates: { key: string; name: string; make: () => ScheduleView; shown: boolean }[] = [
    { key: "evening", name: t.jobWizard.addEvening, make: () => schedule({ by: "week", days: workingDays, at: freeEvening(others, rules) }, { keep }), shown: true },
    { key: "office", name: t.jobWizard.addOffice, make: () => schedule({ by: "interval", minutes: 240 }, { allowed: [...officeHours], keep }), shown: true },
    { key: "month-end", name: t.jobWizard.addMonthEnd, make: () => schedule({ by: "month", on: { day: "last-working-day" }, at: atOf(22 * 60) }, { keep }), shown: true },
    { key: "after", name: t.jobWizard.addAfter, make: () => schedule({ by: "after", job_id: others[0]?.id ?? "", only_success: true }, { keep }), shown: others.length > 0 },
  ];
  return (
    <>
      <StepHead title={t.jobWizard.schedule} text={t.jobWizard.scheduleText} />
      {rules.length === 0 ? <p className={css.byHand} data-testid="schedule-by-hand">{t.jobWizard.byHand}</p> : null}
      <ol className={css.rules}>
        {rules.map((one, place) => (
          <ScheduleRow key={one.id ?? `new-${place}`} one={one} place={place} others={others} open={open === place} onOpen={(wanted) => setOpen(wanted ? place : null)}
            onChange={(next) => onChange(rules.map((other, index) => (index === place ? next : other)))}
            onRemove={() => { setOpen(null); onChange(rules.filter((_, index) => index !== place)); }} />
        ))}
      </ol>
      <div className={css.templates}>
        {templates.filter((one) => one.shown).map((one) => <Button key={one.key} size="small" icon={<Plus size={13} strokeWidth={2} aria-hidden />} onPress={() => add(one.make())} testId={`schedule-add-${one.key}`}>{one.name}</Button>)}
      </div>
      <WeekPreview draft={draft} name={name} others={others} runs={runs} />
    </>
  );
}
