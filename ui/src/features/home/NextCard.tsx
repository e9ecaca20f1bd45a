import { useMemo } from "react";
import { useQueries, type UseQueryResult } from "@tanstack/react-query";
import { call, keyOf, useCommand, type RequestOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import type { SchedulePreview } from "@/api/generated/SchedulePreview";
import { runLimit, statsOf } from "@/api/run-stats";
import { TextAction } from "@/components/Button";
import { Card, CardHead } from "@/components/Card";
import { Sign } from "@/components/Glyph";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { clockText, momentText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { comingOf, hasTimes } from "./next";
import css from "./Home.module.css";

const day = 24 * 3_600_000;
const shownTicks = 200;
const shownWords = 4;

/** When jobs run in the next 24 hours. */
export function NextCard({ onCalendar }: { onCalendar: () => void }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  const jobs = useCommand("jobs.list", {});
  const list = jobs.data?.jobs ?? [];
  const runs = useCommand("runs.list", { limit: runLimit }).data?.runs;
  const stats = useMemo(() => statsOf(runs ?? []), [runs]);
  const timed = list.filter((job) => hasTimes(job, now));
  const previews = useQueries({
    queries: timed.map((job) => {
      const request: RequestOf<"schedules.preview"> = { schedules: job.draft.schedules, zone: job.draft.zone, days: 2 };
      return { queryKey: keyOf("schedules.preview", request), queryFn: () => call(platform, "schedules.preview", request) };
    }),
  }) as UseQueryResult<SchedulePreview, ApiError>[];
  const { slots, untimed } = comingOf(list, (job) => {
    const answer = previews[timed.indexOf(job)];
    return answer?.data ? { slots: answer.data.slots } : answer?.error ? { why: answer.error.view.title || t.failure.unexpectedTitle } : null;
  }, (name) => stats.get(name)?.usual ?? null, now);
  const reading = jobs.isPending || previews.some((one) => one.isPending);
  const [first] = slots;
  const hours = Array.from({ length: 24 }, (_, index) => new Date(now.getFullYear(), now.getMonth(), now.getDate(), now.getHours() + index + 1)).filter((hour) => hour.getHours() % 6 === 0);
  const place = (at: Date) => `${((at.getTime() - now.getTime()) / day) * 100}%`;
  return (
    <Card label={t.home.nextDay} testId="next">
      <CardHead title={t.home.nextDay} fact={slots.length > 0 ? t.home.nextRuns(slots.length) : undefined} end={<TextAction onPress={onCalendar} testId="home-calendar">{t.home.calendar}</TextAction>} />
      <div className={css.sideBody}>
        {jobs.error && !jobs.data ? <p className={css.mute}>{t.home.unknown(jobs.error.view.title)}</p> : null}
        {!first && reading ? <p className={css.mute}>{t.common.reading}</p> : null}
        {jobs.data && !reading && !first && untimed.length === 0 ? <p className={css.mute}>{t.home.nothingNext}</p> : null}
        {first ? (
          <>
            <div className={css.line} role="img" aria-label={t.home.nextText(slots.length, clockText(first.at, language))}>
              <span className={css.lane}>{slots.slice(0, shownTicks).map((slot, index) => <span key={`${slot.name}-${index}`} className={css.tick} style={{ left: place(slot.at) }} title={t.home.firstNext(slot.name, momentText(slot.at, now, language))} />)}</span>
              {hours.map((hour) => <span key={hour.getTime()} className={css.hour} style={{ left: place(hour) }}>{hour.getHours()}</span>)}
            </div>
            <p className={css.mute}>{t.home.firstNext(first.name, momentText(first.at, now, language))}</p>
          </>
        ) : null}
        {untimed.slice(0, shownWords).map((one, index) => (
          <p key={`${one.name}-${index}`} className={"why" in one ? css.untold : css.mute} data-testid="next-untimed">
            {"after" in one ? one.about === null ? t.home.afterNext(one.name, one.after) : t.home.afterNextAt(one.name, one.after, momentText(one.about, now, language)) : "why" in one ? <><Sign name="warned" size={10} /><span>{t.home.untold(one.name, one.why)}</span></> : t.home.pluggedNext(one.name)}
          </p>
        ))}
        {untimed.length > shownWords ? <p className={css.mute}>{t.home.moreNext(untimed.length - shownWords)}</p> : null}
      </div>
    </Card>
  );
}
