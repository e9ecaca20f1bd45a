import type { JobView } from "@/api/generated/JobView";
import type { SlotView } from "@/api/generated/SlotView";

const day = 24 * 3_600_000;

/** What a job's schedules came to: moments, why nobody can tell, or nothing yet. */
export type Preview = { slots: readonly SlotView[] } | { why: string } | null;

/** A run to come. */
export interface Slot {
  name: string;
  at: Date;
}

/** A run to come whose moment nobody knows: after another job, or when its disk is plugged in; or why it cannot be told. */
export type Untimed = { name: string; after: string; about: Date | null } | { name: string; plugged: true } | { name: string; why: string };

/** Whether asking for the moments of a job's schedules can tell something of the next 24 hours. */
export function hasTimes(job: JobView, now: Date): boolean {
  const last = now.getTime() + day;
  const wakes = !job.paused || (job.paused_until !== null && new Date(job.paused_until).getTime() < last);
  const soon = job.next_at === null || new Date(job.next_at).getTime() <= last;
  return wakes && soon && job.draft.schedules.some(({ when }) => when.by !== "after" && when.by !== "plugged");
}

function slotsOf(job: JobView, preview: Preview, now: Date): Slot[] {
  const last = now.getTime() + day;
  const from = job.paused ? (job.paused_until === null ? last : new Date(job.paused_until).getTime()) : now.getTime();
  // A run that is tried again or goes on is in no schedule, but the job tells of it.
  const moments = [...(preview && "slots" in preview ? preview.slots.map((slot) => slot.at) : []), job.next_at, job.continues_at].flatMap((at) => (at === null ? [] : [new Date(at).getTime()]));
  return [...new Set(moments)].filter((at) => at > now.getTime() && at >= from && at <= last).map((at) => ({ name: job.draft.name, at: new Date(at) }));
}

/** What runs in the next 24 hours: with its moment where one is known, and the rest in words. `usualOf` is how many seconds runs of a job usually take. */
export function comingOf(jobs: readonly JobView[], previewOf: (job: JobView) => Preview, usualOf: (name: string) => number | null, now: Date): { slots: Slot[]; untimed: Untimed[] } {
  const slots: Slot[] = [];
  const untimed: Untimed[] = [];
  // When each begins that is known to run, where that can be told.
  const runs = new Map<string, Date | null>();
  const awake = jobs.filter((job) => !job.paused || hasTimes(job, now));
  for (const job of awake) {
    const preview = previewOf(job);
    const own = slotsOf(job, preview, now);
    slots.push(...own);
    const begins = Math.min(...own.map((slot) => slot.at.getTime()));
    if (own.length > 0) runs.set(job.id, new Date(begins));
    if (preview && "why" in preview) untimed.push({ name: job.draft.name, why: preview.why });
    if (job.draft.schedules.some(({ when }) => when.by === "plugged")) untimed.push({ name: job.draft.name, plugged: true });
  }
  // What follows one that follows is found in a later round.
  for (let grown = true; grown; ) {
    grown = false;
    for (const job of awake) {
      if (runs.has(job.id)) continue;
      const leader = job.draft.schedules.flatMap(({ when }) => (when.by === "after" && runs.has(when.job_id) ? (jobs.find((one) => one.id === when.job_id) ?? []) : []))[0];
      if (!leader) continue;
      const [begins, takes] = [runs.get(leader.id) ?? null, usualOf(leader.draft.name)];
      const about = begins === null || takes === null ? null : new Date(begins.getTime() + takes * 1000);
      runs.set(job.id, about);
      untimed.push({ name: job.draft.name, after: leader.draft.name, about });
      grown = true;
    }
  }
  return { slots: slots.sort((a, b) => a.at.getTime() - b.at.getTime()), untimed };
}
