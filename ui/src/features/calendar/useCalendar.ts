import { keepPreviousData, useQueries, type UseQueryResult } from "@tanstack/react-query";
import { call, keyOf, useCommand, type RequestOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import type { JobView } from "@/api/generated/JobView";
import type { SchedulePreview } from "@/api/generated/SchedulePreview";
import { useNow } from "@/components/Words";
import { usePlatform } from "@/platform/context";
import { addDays } from "./days";
import { byDay, matches, pastEntries, planEntries, usualLength, type CalendarDay } from "./entries";

/** Most runs that the back end lists at once, and most moments of one preview. */
const mostRuns = 1000;
const mostSlots = 1000;
const furthest = 400;

type Stale = Pick<UseQueryResult<unknown, ApiError>, "data" | "error" | "dataUpdatedAt" | "isFetching" | "refetch">;

export interface CalendarData {
  days: CalendarDay[];
  now: Date;
  isPending: boolean;
  error: ApiError | null;
  /** What is in sight and could not be read again. */
  old: Stale | undefined;
  again: () => void;
  /** Nothing ran and nothing is planned, whatever the days in sight. */
  empty: boolean;
  jobs: readonly JobView[];
  /** Jobs whose plan could not be told, with the reason. */
  unplanned: { name: string; why: string }[];
  /** Jobs so frequent that their plan ends before the last day. */
  cut: string[];
  /** Whether the last day lies beyond what plans are told for. */
  far: boolean;
  /** Before this moment there may have been runs that are no longer listed. */
  since: Date | null;
}

/** What lies on some days: runs as they were, and what the schedules of all jobs want next. */
export function useCalendar(days: readonly Date[], find: string): CalendarData {
  const platform = usePlatform();
  const now = useNow();
  const runs = useCommand("runs.list", { limit: mostRuns });
  const jobs = useCommand("jobs.list", {});
  const list = jobs.data?.jobs ?? [];
  const until = addDays(days.at(-1) ?? now, 1);
  const ahead = Math.min(furthest, Math.max(0, Math.ceil((until.getTime() - now.getTime()) / 86_400_000)));
  const timed = ahead > 0 ? list.filter((job) => job.draft.schedules.some(({ when }) => when.by !== "after")) : [];
  const previews = useQueries({
    queries: timed.map((job) => {
      const request: RequestOf<"schedules.preview"> = { schedules: job.draft.schedules, zone: job.draft.zone, days: ahead };
      return { queryKey: keyOf("schedules.preview", request), queryFn: () => call(platform, "schedules.preview", request), placeholderData: keepPreviousData };
    }),
  }) as UseQueryResult<SchedulePreview, ApiError>[];
  const past = runs.data?.runs ?? [];
  const slots = new Map(timed.map((job, index) => [job.id, previews[index]?.data?.slots ?? []]));
  const plan = planEntries({ jobs: list, slots, usual: (name) => usualLength(past, name), now: now.getTime() });
  const entries = [...pastEntries(past, list, now.getTime()), ...plan];
  const failed = timed.flatMap((job, index) => (previews[index]?.error ? [{ name: job.draft.name, why: previews[index].error.view.title }] : []));
  const oldest = past.length >= mostRuns ? past.at(-1) : undefined;
  return {
    days: byDay(days, entries.filter((entry) => matches(entry, find)), now.getTime()),
    now,
    isPending: runs.isPending || jobs.isPending,
    error: (runs.data ? null : runs.error) ?? (jobs.data ? null : jobs.error),
    old: [runs, jobs].find((one) => one.error && one.data),
    again: () => { void runs.refetch(); void jobs.refetch(); },
    empty: entries.length === 0 && failed.length === 0,
    jobs: list,
    unplanned: [...failed, ...(jobs.data?.unreadable ?? []).map((name) => ({ name, why: "" }))],
    cut: timed.filter((_, index) => (previews[index]?.data?.slots.length ?? 0) >= mostSlots).map((job) => job.draft.name),
    far: until.getTime() - now.getTime() > furthest * 86_400_000,
    since: oldest ? new Date(oldest.started_at) : null,
  };
}
