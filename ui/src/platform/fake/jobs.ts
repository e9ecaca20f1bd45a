import type { JobDraft } from "@/api/generated/JobDraft";
import type { JobView } from "@/api/generated/JobView";
import type { ScheduleView } from "@/api/generated/ScheduleView";
import type { SlotView } from "@/api/generated/SlotView";
import { isDiskOut, membersOf, noChoice } from "@/api/members";
import { fakeError } from "./data";
import type { FakePlatform, Handlers } from "./platform";
import { FakeRun, summaryOf } from "./runs";
import { slotsBetween } from "./slots";

/** Moments at which schedules are due in the next days. */
function slotsAhead(schedules: readonly ScheduleView[], days: number): SlotView[] {
  const now = new Date();
  return slotsBetween(schedules, now, new Date(now.getTime() + days * 86_400_000));
}

/** A job as the back end shows it. */
export function jobView(id: string, draft: JobDraft, repository: string | null, more: Partial<JobView> = {}): JobView {
  return {
    id, draft: { ...draft, zone: draft.zone ?? "UTC", schedules: draft.schedules.map((one, place) => ({ ...one, id: one.id ?? `${id}-${place + 1}` })) },
    repository_name: repository, saves: draft.sources.map((source) => ("name" in source.pick ? source.pick.name : source.pick.by)), leaves_out: draft.leave_out, continues_at: null, continues: null, plan: draft.schedules.map((schedule) => schedule.when.by), paused: false, paused_until: null, next_at: slotsAhead(draft.schedules, 60)[0]?.at ?? null, last_run: null, ...more,
  };
}

function find(back: FakePlatform, wanted: string): JobView {
  const found = back.jobs.find((job) => job.id === wanted || job.draft.name === wanted);
  if (!found) throw fakeError("job-not-found");
  return shown(back, found);
}

/** With its last run as it is now. */
function shown(back: FakePlatform, job: JobView): JobView {
  const run = back.runs.find((one) => one.job === job.draft.name);
  return run ? { ...job, last_run: summaryOf(run) } : job;
}

function put(back: FakePlatform, job: JobView): JobView {
  back.jobs = [...back.jobs.filter((one) => one.id !== job.id), job];
  back.emit("jobs", job.id);
  return job;
}

const evening: ScheduleView = { id: null, when: { by: "week", days: [0, 1, 2, 3, 4], at: "20:00:00" }, effective_from: null, allowed: null, until: null, keep: null };

/** Jobs in memory. Nothing here is ever due by itself. */
export const jobCommands: Pick<Handlers, "jobs.list" | "jobs.get" | "jobs.save" | "jobs.pause" | "jobs.delete" | "jobs.duplicate" | "jobs.plan" | "jobs.presets" | "jobs.run" | "schedules.propose" | "schedules.preview"> = {
  "jobs.list": (back) => ({ jobs: back.jobs.map((job) => shown(back, job)).toSorted((a, b) => a.draft.name.localeCompare(b.draft.name)), unreadable: [] }),
  "jobs.get": (back, { job_id }) => find(back, job_id),
  "jobs.save": (back, { job_id, draft }) => {
    const before = job_id === null ? null : find(back, job_id);
    const place = back.repositories.find((one) => one.id === draft.repository_id);
    if (!place) throw fakeError("repository-not-found");
    if (draft.sources.length === 0) throw fakeError("invalid-input", { title: "A job that saves no VM makes no sense." });
    return put(back, jobView(before?.id ?? `job-${back.jobs.length + 1}`, draft, place.name, before ? { paused: before.paused, paused_until: before.paused_until, last_run: before.last_run } : {}));
  },
  "jobs.pause": (back, { job_id, paused, until }) => put(back, { ...find(back, job_id), paused, paused_until: until }),
  "jobs.delete": (back, { job_id }) => {
    const job = find(back, job_id);
    back.jobs = back.jobs.filter((one) => one.id !== job.id);
    back.emit("jobs", job.id);
    return {};
  },
  "jobs.duplicate": (back, { job_id, name }) => {
    const job = find(back, job_id);
    return put(back, { ...job, id: `job-${back.jobs.length + 1}`, draft: { ...job.draft, name: name ?? `${job.draft.name} 2` }, paused: true, paused_until: null, next_at: null, last_run: null });
  },
  "jobs.plan": (back, { job_id, draft }) => {
    const wanted = draft ?? (job_id === null ? null : find(back, job_id).draft);
    if (!wanted) throw fakeError("invalid-input");
    if (wanted.sources.length === 0) throw fakeError("invalid-input", { title: "A job that saves no VM makes no sense." });
    const members = membersOf(back.inventories, wanted);
    const reason = "The job leaves it out.";
    const among = new Set(members.map((one) => one.vm));
    const out = membersOf(back.inventories, { ...wanted, leave_out: [], without: [] }).filter((one) => !among.has(one.vm));
    return {
      vms: members.map(({ server, vm }) => ({ server_id: server, name: vm.name, disks: vm.disks.map((disk) => ({ label: disk.label, capacity: disk.capacity, left_out: disk.left_out ?? (isDiskOut(wanted, server, vm, disk) ? "Left out, as somebody chose." : null) })), last_seconds: 600, error: null })),
      left_out: out.map(({ vm }) => ({ name: vm.name, reason })),
      runs: slotsAhead(wanted.schedules, 30).slice(0, 10).map(({ at, schedule }) => ({ at, schedule, keeps: "kept 14 days" })),
      needs_seconds: members.length === 0 ? null : 600, measured_vms: members.length, window_seconds: null,
      warnings: wanted.sources.flatMap((source) => (membersOf(back.inventories, { ...noChoice, sources: [source] }).length > 0 ? [] : [{ about: "source" as const, text: "Nothing fits a choice of this job now." }])),
    };
  },
  "jobs.presets": () => ({
    retention: [
      { id: "small", name: "Small shop: 14 days, 8 weeks, 12 months", spans: { last: 0, daily: 14, weekly: 8, monthly: 12, yearly: 0 } },
      { id: "article", name: "Article: 10 days, 8 weeks, 24 months", spans: { last: 0, daily: 10, weekly: 8, monthly: 24, yearly: 0 } },
      { id: "legal", name: "Legal: 30 days, 12 weeks, 24 months, 7 years", spans: { last: 0, daily: 30, weekly: 12, monthly: 24, yearly: 7 } },
      { id: "lab", name: "Lab: the 5 newest", spans: { last: 5, daily: 0, weekly: 0, monthly: 0, yearly: 0 } },
    ],
    schedules: [
      { id: "working-days-evening", name: "Working days, evening", schedule: { ...evening, when: { by: "week", days: [0, 1, 2, 3, 4], at: "20:30:00" } } },
      { id: "office-hours", name: "Every 4 h in office time", schedule: { ...evening, when: { by: "interval", minutes: 240 }, allowed: [262080, 262080, 262080, 262080, 262080, 0, 0] } },
      { id: "month-end", name: "Month end", schedule: { ...evening, when: { by: "month", on: { day: "last-working-day" }, at: "22:00:00" } } },
    ],
  }),
  "schedules.propose": (_, { rpo_minutes }) => ({ schedules: [evening], worst_gap_minutes: 1560, sentence: `For an RPO of ${rpo_minutes / 60} h: Every working day at 20:00.` }),
  "jobs.run": (back, { job_id, scope }) => {
    const job = find(back, job_id);
    const failed = back.runs.find((run) => run.job === job.draft.name)?.items.filter((item) => item.outcome === "failed").map((item) => item.name) ?? [];
    const wanted = scope.vms === "all" ? null : scope.vms === "failed" ? failed : scope.names;
    const vms = membersOf(back.inventories, job.draft).map((member) => member.vm).filter((vm) => wanted === null || wanted.includes(vm.name));
    if (vms.length === 0) throw fakeError("nothing-to-save");
    const items = vms.map((vm) => ({ name: vm.name, capacity: vm.capacity, bytes: vm.capacity }));
    const run = new FakeRun(`run-${back.runs.length + 1}`, { kind: "backup", server: null, repository: job.repository_name ?? "", job: job.draft.name, items, result: null }, back.options.runSteps);
    back.begin(run, () => undefined);
    return { run_id: run.view.id };
  },
  "schedules.preview": (_, { schedules, zone, days }) => ({ zone: zone ?? "UTC", slots: slotsAhead(schedules, days) }),
};
