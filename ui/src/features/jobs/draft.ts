import type { JobDraft } from "@/api/generated/JobDraft";
import type { JobView } from "@/api/generated/JobView";
import type { KeepForView } from "@/api/generated/KeepForView";
import type { ScheduleView } from "@/api/generated/ScheduleView";
import type { SpansView } from "@/api/generated/SpansView";
import { dayLength, minutesOf } from "@/lib/rhythm";

export const steps = ["source", "destination", "schedule", "retention", "options"] as const;
export type StepKey = (typeof steps)[number];

export const noSpans: SpansView = { last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };

/** What a new job keeps when nobody changes it. */
export const firstSpans: SpansView = { ...noSpans, daily: 14, weekly: 8, monthly: 12 };

export function sameSpans(one: SpansView, other: SpansView): boolean {
  return one.last === other.last && one.daily === other.daily && one.weekly === other.weekly && one.monthly === other.monthly && one.yearly === other.yearly;
}

export const isEmptySpans = (spans: SpansView) => sameSpans(spans, noSpans);

/** What the options are when nobody changes them. */
export const recommended = { limit: null, retry_minutes: [10, 20, 40], catch_up_hours: 12, rpo_minutes: null } as const;

export const workingDays = [0, 1, 2, 3, 4];

/** "20:05" as the back end writes it. */
export function atOf(minutes: number): string {
  const within = ((minutes % dayLength) + dayLength) % dayLength;
  return `${String(Math.floor(within / 60)).padStart(2, "0")}:${String(within % 60).padStart(2, "0")}:00`;
}

/** "20:05:00" as people write it. */
export const clockOf = (at: string) => at.slice(0, 5);

/** Reads a time as it is typed: "20:05", "2005", "8". */
export function readClock(text: string): string | null {
  const found = /^\s*(\d{1,2})(?:[:.]?(\d{2}))?\s*$/.exec(text);
  if (!found) return null;
  const [hours, minutes] = [Number(found[1]), Number(found[2] ?? "0")];
  return hours < 24 && minutes < 60 ? atOf(hours * 60 + minutes) : null;
}

/** The evening time that no other job begins at, in steps of ten minutes from 20:00. */
export function freeEvening(jobs: readonly JobView[], own: readonly ScheduleView[] = []): string {
  const taken = new Set([...jobs.flatMap((job) => job.draft.schedules), ...own].flatMap(({ when }) => ("at" in when ? [minutesOf(when.at)] : [])));
  for (let at = 20 * 60; at < 23 * 60; at += 10) if (!taken.has(at)) return atOf(at);
  return atOf(20 * 60);
}

export const schedule = (when: ScheduleView["when"], more: Partial<ScheduleView> = {}): ScheduleView => ({ id: null, when, effective_from: null, allowed: null, until: null, keep: null, ...more });

const hours = (from: number, to: number) => ((1 << to) - 1) & ~((1 << from) - 1);
/** Monday to Friday, 8 to 18. */
export const officeHours = [hours(8, 18), hours(8, 18), hours(8, 18), hours(8, 18), hours(8, 18), 0, 0];
export const allHours = Array.from({ length: 7 }, () => hours(0, 24));
/** All that is not office time. */
export const quietHours = allHours.map((day, index) => day & ~(officeHours[index] ?? 0));

/** A complete job but for its VMs: Next, Next, Finish gives a good backup. */
export function newDraft(jobs: readonly JobView[], repository: string): JobDraft {
  return {
    name: "", sources: [], leave_out: [], without: [], leave_out_disks: [], repository_id: repository, schedules: [schedule({ by: "week", days: workingDays, at: freeEvening(jobs) })],
    spans: { ...firstSpans }, zone: null, limit: null, retry_minutes: [...recommended.retry_minutes], catch_up_hours: recommended.catch_up_hours, rpo_minutes: null,
  };
}

/** A job's draft for a second one: the same with no identity of its own. */
export function copyOf(draft: JobDraft, name: string): JobDraft {
  return { ...draft, name, schedules: draft.schedules.map((one) => ({ ...one, id: null })) };
}

/** A name that no job has. */
export function freeName(wanted: string, jobs: readonly JobView[]): string {
  const taken = new Set(jobs.map((job) => job.draft.name));
  let name = wanted;
  for (let number = 2; taken.has(name); number += 1) name = `${wanted} ${number}`;
  return name;
}

export function keepKey(keep: KeepForView | null): string {
  return keep === null ? "table" : keep.unit === "forever" ? "forever" : `${keep.unit}-${keep.count}`;
}

export function keepOf(key: string): KeepForView | null {
  if (key === "table") return null;
  if (key === "forever") return { unit: "forever" };
  const [unit, count] = key.split("-");
  return { unit: unit as "days" | "weeks" | "months" | "years", count: Number(count) };
}

/** The longest step between two runs of one day-of-week schedule, in minutes; `null` for other kinds. */
export function longestGap(one: ScheduleView): number | null {
  const { when } = one;
  if (when.by === "interval") return one.allowed === null ? when.minutes : null;
  if (when.by !== "week" || when.days.length === 0) return null;
  const days = [...when.days].sort((a, b) => a - b);
  const gaps = days.map((day, index) => (days[index + 1] ?? (days[0] ?? 0) + 7) - day);
  return Math.max(...gaps) * dayLength;
}
