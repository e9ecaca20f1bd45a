import type { JobView } from "@/api/generated/JobView";
import type { ScheduleView } from "@/api/generated/ScheduleView";
import type { Messages } from "@/i18n/messages";
import { clockOf } from "./draft";

/** When a schedule is due, as a part of a sentence. */
export function whenText({ when, allowed }: ScheduleView, jobs: readonly JobView[], t: Messages): string {
  switch (when.by) {
    case "week": return t.schedules.week(when.days, clockOf(when.at));
    case "month": return t.schedules.month(when.on, clockOf(when.at));
    case "year": return t.schedules.year(when.month, when.on, clockOf(when.at));
    case "interval": return t.schedules.every(when.minutes, allowed !== null);
    case "after": return t.schedules.after(jobs.find((job) => job.id === when.job_id)?.draft.name ?? "?", when.only_success);
  }
}

export const sentenceCase = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
