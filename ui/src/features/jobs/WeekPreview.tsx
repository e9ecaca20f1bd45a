import { keepPreviousData, useQueries, type UseQueryResult } from "@tanstack/react-query";
import { call, keyOf, useCommand } from "@/api/client";
import type { JobDraft } from "@/api/generated/JobDraft";
import type { JobView } from "@/api/generated/JobView";
import type { RunSummary } from "@/api/generated/RunSummary";
import type { SchedulePreview } from "@/api/generated/SchedulePreview";
import type { ScheduleView } from "@/api/generated/ScheduleView";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { dayLength } from "@/lib/rhythm";
import { clockText, momentInText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { statsOf } from "@/api/run-stats";
import css from "./Schedule.module.css";

interface WeekPreviewProps {
  draft: JobDraft;
  name: string | null;
  others: readonly JobView[];
  runs: readonly RunSummary[];
}

interface Bar {
  day: number;
  from: number;
  to: number;
  own: boolean;
  /** The length is not known; it is drawn thin. */
  thin: boolean;
  title: string;
}

/** What the back end can tell times of: not what follows a job, and not what is half filled in. */
const timed = (one: ScheduleView) => one.when.by !== "after" && one.when.by !== "plugged" && (one.when.by !== "week" || one.when.days.length > 0) && one.allowed?.some((day) => day !== 0) !== false;

/** One question for each time zone rather than one for each job. */
function useOthers(others: readonly JobView[]) {
  const platform = usePlatform();
  const zones = new Map<string, { job: JobView; one: ScheduleView }[]>();
  for (const job of others) {
    if (job.paused) continue;
    const zone = job.draft.zone ?? "";
    zones.set(zone, [...(zones.get(zone) ?? []), ...job.draft.schedules.filter(timed).map((one) => ({ job, one }))]);
  }
  const asked = [...zones].filter(([, list]) => list.length > 0);
  const answers = useQueries({
    queries: asked.map(([zone, list]) => {
      const request = { schedules: list.map(({ one }) => one), zone: zone === "" ? null : zone, days: 7 };
      return { queryKey: keyOf("schedules.preview", request), queryFn: () => call(platform, "schedules.preview", request) };
    }),
  }) as UseQueryResult<SchedulePreview>[];
  return asked.flatMap(([, list], index) => (answers[index]?.data?.slots ?? []).flatMap((slot) => {
    const job = list[slot.schedule]?.job;
    return job ? [{ at: new Date(slot.at), job: job.draft.name }] : [];
  }));
}

/** Cuts a run at midnights into bars of the seven days from today. */
function barsOf(at: Date, seconds: number | null, own: boolean, title: string, today: Date): Bar[] {
  const begin = (at.getTime() - today.getTime()) / 60_000;
  const thin = seconds === null;
  const end = begin + (seconds === null ? 0 : seconds / 60);
  const bars: Bar[] = [];
  for (let day = Math.max(0, Math.floor(begin / dayLength)); day < 7 && day * dayLength <= end; day += 1) {
    const from = Math.max(0, begin - day * dayLength);
    const to = Math.min(dayLength, end - day * dayLength);
    if (from < dayLength && (to > from || thin)) bars.push({ day, from, to: Math.max(to, from), own, thin, title });
  }
  return bars;
}

/** Seven days with every job in them; where this one and another meet is hatched. */
export function WeekPreview({ draft, name, others, runs }: WeekPreviewProps) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const usable = draft.schedules.filter(timed);
  const answer = useCommand("schedules.preview", { schedules: usable, zone: draft.zone, days: 7 }, { enabled: usable.length > 0, placeholderData: keepPreviousData });
  const slots = usable.length > 0 ? (answer.data?.slots ?? []).map((slot) => new Date(slot.at)) : [];
  const elsewhere = useOthers(others);
  const stats = statsOf(runs);
  const today = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const own = name === null ? null : (stats.get(name)?.usual ?? null);
  const bars = [
    ...elsewhere.flatMap((slot) => barsOf(slot.at, stats.get(slot.job)?.usual ?? null, false, `${slot.job}, ${clockText(slot.at, language)}`, today)),
    ...slots.flatMap((at) => barsOf(at, own, true, `${t.jobWizard.weekThis}, ${clockText(at, language)}`, today)),
  ];
  const meets = bars.filter((bar) => bar.own).flatMap((bar) => bars.filter((other) => !other.own && other.day === bar.day).flatMap((other) => {
    const [from, to] = [Math.max(bar.from, other.from), Math.min(Math.max(bar.to, bar.from + 1), Math.max(other.to, other.from + 1))];
    return to > from ? [{ ...bar, from, to }] : [];
  }));
  const spoken = t.jobWizard.weekSpoken(slots.length, slots[0] ? momentInText(slots[0], now, language) : "");
  const place = (bar: Bar) => ({ insetInlineStart: `${(bar.from / dayLength) * 100}%`, inlineSize: `${((bar.to - bar.from) / dayLength) * 100}%` });
  return (
    <section className={css.week} data-testid="week-preview">
      <header className={css.weekHead}>
        <h3 className={css.weekTitle}>{t.jobWizard.week}</h3>
        <span className={css.weekFact}>{t.jobWizard.weekText}</span>
        <span className={css.legend}>
          <span><i data-of="own" />{t.jobWizard.weekThis}</span>
          <span><i data-of="other" />{t.jobWizard.weekOther}</span>
          <span><i data-of="meet" />{t.jobWizard.weekOverlap}</span>
        </span>
      </header>
      {answer.error && usable.length > 0 ? <p className={css.weekNote} role="alert">{t.jobWizard.weekFailed}: {answer.error.view.title} {answer.error.view.detail}</p> : null}
      <div className={css.chart} role="img" aria-label={spoken}>
        {Array.from({ length: 7 }, (_, day) => {
          const date = new Date(today.getFullYear(), today.getMonth(), today.getDate() + day);
          const weekday = (date.getDay() + 6) % 7;
          return (
            <div key={day} className={css.dayRow}>
              <span className={css.dayName}>{t.schedules.short[weekday]} {date.getDate()}</span>
              <span className={css.track} data-office={weekday < 5 || undefined}>
                {bars.filter((bar) => bar.day === day).map((bar, index) => <span key={index} className={css.bar} data-of={bar.own ? "own" : "other"} data-thin={bar.thin || undefined} title={bar.title} style={place(bar)} />)}
                {meets.filter((bar) => bar.day === day).map((bar, index) => <span key={`m${index}`} className={css.bar} data-of="meet" style={place(bar)} />)}
              </span>
            </div>
          );
        })}
        <div className={css.scale} aria-hidden><span>00</span><span>06</span><span>12</span><span>18</span><span>24</span></div>
      </div>
      <p className={css.weekNote} role="status" data-testid="week-spoken">{spoken} {own === null && slots.length > 0 ? t.jobWizard.weekUnknown : ""} {[...draft.schedules, ...others.flatMap((job) => job.draft.schedules)].some((one) => one.when.by === "after") ? t.jobWizard.weekAfter : ""}</p>
    </section>
  );
}
