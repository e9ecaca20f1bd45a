import type { JobDraft } from "@/api/generated/JobDraft";
import type { JobView } from "@/api/generated/JobView";
import type { ScheduleView } from "@/api/generated/ScheduleView";
import { membersOf } from "@/api/members";
import { dayOf, slotsOf } from "@/lib/rhythm";
import { fakeError } from "./data";
import type { FakePlatform, Handlers } from "./platform";
import { FakeRun, summaryOf } from "./runs";

/** Moments at which schedules are due in the next days. Zones are taken for that of this computer. */
function slotsAhead(schedules: readonly ScheduleView[], days: number): { at: string; schedule: number }[] {
  const now = new Date();
  const zone = (slot: number) => { const wall = new Date(slot * 60_000); return new Date(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate(), wall.getUTCHours(), wall.getUTCMinutes()); };
  return schedules.flatMap((one, schedule) => slotsOf(one, dayOf(now), days + 1).map((slot) => ({ at: zone(slot), schedule })))
    .filter(({ at }) => at > now && at.getTime() <= now.getTime() + days * 86_400_000)
    .sort((a, b) => a.at.getTime() - b.at.getTime()).slice(0, 1000).map(({ at, schedule }) => ({ at: at.toISOString(), schedule }));
}

/** A job as the back end shows it. */
export function jobView(id: string, draft: JobDraft, repository: string | null, more: Partial<JobView> = {}): JobView {
  return {
    id, draft: { ...draft, zone: draft.zone ?? "UTC", schedules: draft.schedules.map((one, place) => ({ ...one, id: one.id ?? `${id}-${place + 1}` })) },
    repository_name: repository, plan: draft.schedules.map((schedule) => schedule.when.by), paused: false, paused_until: null, next_at: slotsAhead(draft.schedules, 60)[0]?.at ?? null, last_run: null, ...more,
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

/** Jobs in memory. Nothing here is ever due by itself. */
export const jobCommands: Pick<Handlers, "jobs.list" | "jobs.get" | "jobs.save" | "jobs.pause" | "jobs.delete" | "jobs.run" | "schedules.preview"> = {
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
