import type { JobDraft } from "@/api/generated/JobDraft";
import type { JobView } from "@/api/generated/JobView";
import type { ScheduleView } from "@/api/generated/ScheduleView";
import type { WhenView } from "@/api/generated/WhenView";
import { shopVms } from "./data";
import { jobView } from "./jobs";

/** What each job saves. */
export const jobVms: Readonly<Record<string, readonly string[]>> = {
  "Office VMs": ["APP01", "DEV01", "FILE02", "PRINT01", "WEB01"],
  "Critical VMs": ["DC01", "MAIL01", "SQL01"],
  "Archive": ["ARCHIVE01"],
  "Month end": ["SQL01", "WEB01"],
};

const at = (when: WhenView, keep: ScheduleView["keep"] = null, allowed: ScheduleView["allowed"] = null): ScheduleView => ({ id: null, when, effective_from: null, allowed, keep });

function draft(name: string, schedules: ScheduleView[], more: Partial<JobDraft> = {}): JobDraft {
  const sources = shopVms.filter((vm) => jobVms[name]?.includes(vm.name)).map((vm) => ({ server_id: "server-1", pick: { by: "vm" as const, instance_uuid: vm.instance_uuid, reference: vm.reference, name: vm.name } }));
  return { name, sources, leave_out: [], repository_id: "repository-1", limit: null, schedules, spans: { last: 0, daily: 14, weekly: 8, monthly: 12, yearly: 0 }, zone: null, retry_minutes: [10, 20, 40], catch_up_hours: 12, rpo_minutes: null, ...more };
}

/** The jobs of the shop. */
export function shopJobs(repository: string): JobView[] {
  const evening = at({ by: "week", days: [0, 1, 2, 3, 4], at: "20:00:00" });
  return [
    jobView("job-1", draft("Office VMs", [evening, at({ by: "week", days: [6], at: "22:00:00" }), at({ by: "month", on: { day: "last-of", weekday: 6 }, at: "22:00:00" })]), repository),
    jobView("job-2", draft("Critical VMs", [at({ by: "interval", minutes: 240 })], { rpo_minutes: 240 }), repository),
    jobView("job-3", draft("Archive", [at({ by: "after", job_id: "job-1", only_success: false })]), repository, { paused: true, paused_until: new Date(Date.now() + 3 * 86_400_000).toISOString() }),
    jobView("job-4", draft("Month end", [at({ by: "month", on: { day: "last-working-day" }, at: "18:00:00" }, { unit: "years", count: 7 })], { spans: { last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 } }), repository),
    jobView("job-5", { ...draft("Lab", []), sources: [{ server_id: "server-1", pick: { by: "group", id: "host:esx2.shop.lan", name: "esx2.shop.lan" } }], leave_out: ["FILE02"], spans: { last: 5, daily: 0, weekly: 0, monthly: 0, yearly: 0 } }, repository),
  ];
}
