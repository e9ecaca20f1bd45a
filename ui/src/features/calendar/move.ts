import type { JobDraft } from "@/api/generated/JobDraft";
import type { CalendarDay, Entry } from "./entries";

export const step = 15;
const wholeDay = 1440;

/** The time of day of an entry's schedule, in minutes, where the entry can be moved: only one with a time of its own can. */
export function timeOf(entry: Entry): number | null {
  const when = entry.job?.draft.schedules[entry.schedule ?? -1]?.when;
  if (entry.state !== "planned" || entry.count > 1 || !when || !("at" in when)) return null;
  const [hour = 0, minute = 0] = when.at.split(":").map(Number);
  return hour * 60 + minute;
}

/** As far as it goes without leaving its day. */
export function withinDay(entry: Entry, minutes: number): number {
  const at = timeOf(entry) ?? 0;
  return Math.max(-at, Math.min(wholeDay - 5 - at, minutes));
}

export function timeText(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** The job with the schedule of an entry so many minutes later. */
export function movedDraft(entry: Entry, minutes: number): JobDraft | null {
  const at = timeOf(entry);
  if (!entry.job || at === null) return null;
  const schedules = entry.job.draft.schedules.map((schedule, index) => (index === entry.schedule && "at" in schedule.when ? { ...schedule, when: { ...schedule.when, at: `${timeText(at + minutes)}${schedule.when.at.slice(5)}` } } : schedule));
  return { ...entry.job.draft, schedules };
}

/** Names of the plans that an entry would work beside if it were moved. */
export function clashes(day: CalendarDay, entry: Entry, minutes: number): string[] {
  const start = entry.start + minutes * 60_000;
  const end = Math.max(start + 60_000, entry.end + minutes * 60_000);
  return [...new Set(day.entries.filter((other) => other.id !== entry.id && other.state === "planned" && other.start < end && Math.max(other.end, other.start + 60_000) > start).map((other) => other.name))];
}
