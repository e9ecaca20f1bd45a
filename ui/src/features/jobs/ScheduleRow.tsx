import { Clock, X } from "lucide-react";
import { useId } from "react";
import { ToggleButton, ToggleButtonGroup } from "react-aria-components";
import type { JobView } from "@/api/generated/JobView";
import type { MonthDayView } from "@/api/generated/MonthDayView";
import type { ScheduleView } from "@/api/generated/ScheduleView";
import type { WhenView } from "@/api/generated/WhenView";
import { Select } from "@/components/Select";
import { SmallField } from "@/components/SmallField";
import { useText } from "@/i18n/context";
import type { Messages } from "@/i18n/messages";
import { atOf, clockOf, keepKey, keepOf, readClock } from "./draft";
import { ScheduleMore } from "./ScheduleMore";
import css from "./Schedule.module.css";

interface ScheduleRowProps {
  one: ScheduleView;
  place: number;
  /** The other jobs, which it may follow. */
  others: readonly JobView[];
  open: boolean;
  onOpen: (open: boolean) => void;
  onChange: (one: ScheduleView) => void;
  onRemove: () => void;
}

const kinds = ["week", "month", "year", "interval", "after", "plugged"] as const;

/** A schedule of another kind, with what fits of the one before. */
function ofKind(kind: (typeof kinds)[number], before: WhenView, others: readonly JobView[]): WhenView {
  const at = "at" in before ? before.at : atOf(20 * 60);
  switch (kind) {
    case "week": return { by: "week", days: [0, 1, 2, 3, 4], at };
    case "month": return { by: "month", on: { day: "last-of", weekday: 6 }, at };
    case "year": return { by: "year", month: 12, on: { day: "last" }, at };
    case "interval": return { by: "interval", minutes: 240 };
    case "plugged": return { by: "plugged", gap_minutes: 1440 };
    case "after": return { by: "after", job_id: others[0]?.id ?? "", only_success: true };
  }
}

/** What a kind has no place for: what follows something has no hours, and a window begins at a time. */
function bounded(kind: (typeof kinds)[number]): Partial<ScheduleView> {
  if (kind === "after" || kind === "plugged") return { allowed: null, until: null, effective_from: null };
  return kind === "interval" ? { until: null } : {};
}

function dayKey(on: MonthDayView): string {
  switch (on.day) {
    case "date": return `date-${on.date}`;
    case "nth": return `nth-${on.nth}-${on.weekday}`;
    case "last-of": return `last-of-${on.weekday}`;
    default: return on.day;
  }
}

function dayOptions(t: Messages): { key: string; name: string; on: MonthDayView }[] {
  const named = (name: string, on: MonthDayView) => ({ key: dayKey(on), name, on });
  return [
    named(t.jobWizard.dayLast, { day: "last" }), named(t.jobWizard.dayLastWorking, { day: "last-working-day" }),
    ...t.schedules.long.map((day, weekday) => named(t.jobWizard.dayLastOf(day), { day: "last-of", weekday })),
    ...[1, 2, 3, 4].flatMap((nth) => t.schedules.long.map((day, weekday) => named(t.jobWizard.dayNth(nth, day), { day: "nth", nth, weekday }))),
    ...Array.from({ length: 31 }, (_, index) => named(t.jobWizard.dayDate(index + 1), { day: "date", date: index + 1 })),
  ];
}

const intervals = [5, 15, 30, 60, 120, 180, 240, 360, 480, 720, 1440];
const keeps = ["table", "days-7", "days-14", "days-30", "weeks-4", "weeks-8", "months-6", "months-12", "months-24", "years-7", "forever"];

/** One rule of when: what, at what time, and how long what it makes is kept. */
export function ScheduleRow({ one, place, others, open, onOpen, onChange, onRemove }: ScheduleRowProps) {
  const t = useText();
  const hours = useId();
  const { when } = one;
  const set = (next: Partial<ScheduleView>) => onChange({ ...one, ...next });
  const own = keepKey(one.keep);
  const keepOptions = (keeps.includes(own) ? keeps : [...keeps, own]).map((key) => {
    const keep = keepOf(key);
    return { key, name: keep === null ? t.jobWizard.keepTable : t.jobWizard.keepLength(t.schedules.keep(keep)) };
  });
  const count = one.allowed === null ? 168 : one.allowed.reduce((sum, day) => sum + day.toString(2).replaceAll("0", "").length, 0);
  const kindOptions = kinds.filter((kind) => kind !== "after" || others.length > 0 || when.by === "after").map((kind) => ({ key: kind, name: t.jobWizard.kinds[kind] }));
  return (
    <li className={css.rule} data-testid="schedule-row" aria-label={t.jobWizard.rule(place + 1)}>
      <div className={css.line}>
        <div className={css.kind}><Select bare label={t.jobWizard.kind} options={kindOptions} value={when.by} onChange={(kind) => set({ when: ofKind(kind as (typeof kinds)[number], when, others), ...bounded(kind as (typeof kinds)[number]) })} testId={`schedule-kind-${place}`} /></div>
        <What when={when} place={place} others={others} onChange={(next) => set({ when: next })} />
        <div className={css.keep}><Select bare label={t.jobWizard.keepFor} options={keepOptions} value={own} onChange={(key) => set({ keep: keepOf(key) })} testId={`schedule-keep-${place}`} /></div>
        {when.by === "after" || when.by === "plugged" ? null : (
          <button type="button" className={css.hours} aria-expanded={open} aria-controls={hours} aria-label={t.jobWizard.hoursOf(place + 1)} title={t.jobWizard.hoursOf(place + 1)} data-limited={count < 168 || one.until !== null || one.effective_from !== null || undefined} data-testid={`schedule-hours-${place}`} onClick={() => onOpen(!open)}>
            <Clock size={15} strokeWidth={1.8} aria-hidden />{count < 168 ? <span>{t.jobWizard.hoursLimited(count)}</span> : null}
          </button>
        )}
        <button type="button" className={css.remove} aria-label={t.jobWizard.removeRule(place + 1)} title={t.jobWizard.removeRule(place + 1)} data-testid={`schedule-remove-${place}`} onClick={onRemove}><X size={15} strokeWidth={1.8} aria-hidden /></button>
      </div>
      {one.effective_from === null && one.until === null ? null : <p className={css.from}>{[one.effective_from === null ? "" : t.jobWizard.fromDay(one.effective_from), one.until === null ? "" : t.jobWizard.pausesAt(clockOf(one.until))].filter(Boolean).join(" · ")}</p>}
      {open && when.by !== "after" && when.by !== "plugged" ? <div id={hours}><ScheduleMore one={one} place={place} onChange={set} /></div> : null}
    </li>
  );
}

function What({ when, place, others, onChange }: { when: WhenView; place: number; others: readonly JobView[]; onChange: (when: WhenView) => void }) {
  const t = useText();
  const days = dayOptions(t);
  const time = "at" in when ? <SmallField label={t.jobWizard.at} value={when.at} write={clockOf} read={readClock} onChange={(at) => onChange({ ...when, at })} wrong={t.jobWizard.atWrong} width={64} testId={`schedule-at-${place}`} /> : null;
  switch (when.by) {
    case "week":
      return (
        <>
          <ToggleButtonGroup aria-label={t.jobWizard.days} selectionMode="multiple" selectedKeys={when.days.map(String)} onSelectionChange={(keys) => onChange({ ...when, days: [...keys].map(Number).sort((a, b) => a - b) })} className={css.days ?? ""} data-testid={`schedule-days-${place}`}>
            {t.schedules.long.map((name, day) => <ToggleButton key={name} id={String(day)} aria-label={name} className={css.day ?? ""} data-testid={`schedule-day-${place}-${day}`}>{[...(t.schedules.short[day] ?? "")][0]}</ToggleButton>)}
          </ToggleButtonGroup>
          {time}
        </>
      );
    case "month":
    case "year":
      return (
        <>
          {when.by === "year" ? <div className={css.month}><Select bare label={t.jobWizard.month} options={t.schedules.months.map((name, index) => ({ key: String(index + 1), name }))} value={String(when.month)} onChange={(key) => onChange({ ...when, month: Number(key) })} testId={`schedule-month-${place}`} /></div> : null}
          <div className={css.wide}><Select bare label={t.jobWizard.onDay} options={days} value={dayKey(when.on)} onChange={(key) => onChange({ ...when, on: days.find((day) => day.key === key)?.on ?? when.on })} testId={`schedule-on-${place}`} /></div>
          {time}
        </>
      );
    case "interval": {
      const offered = intervals.includes(when.minutes) ? intervals : [...intervals, when.minutes].sort((a, b) => a - b);
      return <div className={css.wide}><Select bare label={t.jobWizard.interval} options={offered.map((minutes) => ({ key: String(minutes), name: t.schedules.everyShort(minutes) }))} value={String(when.minutes)} onChange={(key) => onChange({ ...when, minutes: Number(key) })} testId={`schedule-every-${place}`} /></div>;
    }
    case "plugged": {
      const offered = [0, 60, 240, 720, 1440, 10080].includes(when.gap_minutes) ? [0, 60, 240, 720, 1440, 10080] : [0, 60, 240, 720, 1440, 10080, when.gap_minutes].sort((a, b) => a - b);
      return <div className={css.wide}><Select bare label={t.jobWizard.gap} options={offered.map((minutes) => ({ key: String(minutes), name: minutes === 0 ? "–" : t.schedules.everyShort(minutes) }))} value={String(when.gap_minutes)} onChange={(key) => onChange({ ...when, gap_minutes: Number(key) })} testId={`schedule-gap-${place}`} /></div>;
    }
    case "after":
      return (
        <>
          <div className={css.wide}><Select bare label={t.jobWizard.afterWhich} options={others.map((job) => ({ key: job.id, name: job.draft.name }))} value={when.job_id} onChange={(key) => onChange({ ...when, job_id: key })} testId={`schedule-after-${place}`} /></div>
          <div className={css.wide}><Select bare label={t.jobWizard.afterHow} options={[{ key: "any", name: t.jobWizard.afterAny }, { key: "success", name: t.jobWizard.afterSuccess }]} value={when.only_success ? "success" : "any"} onChange={(key) => onChange({ ...when, only_success: key === "success" })} testId={`schedule-how-${place}`} /></div>
        </>
      );
  }
}
