import type { JobView } from "@/api/generated/JobView";
import { fakeError, hoursAgo } from "./data";
import type { FakePlatform, Handlers } from "./platform";
import { FakeRun } from "./runs";
import { slotsOf } from "./slots";

function find(back: FakePlatform, wanted: string): JobView {
  const found = back.jobs.find((job) => job.id === wanted || job.draft.name === wanted);
  if (!found) throw fakeError("job-not-found");
  return found;
}

function put(back: FakePlatform, job: JobView): JobView {
  back.jobs = [...back.jobs.filter((one) => one.id !== job.id), job];
  back.emit("jobs", job.id);
  return job;
}

/** Jobs in memory. Nothing here is ever due by itself. */
export const jobCommands: Pick<Handlers, "jobs.list" | "jobs.get" | "jobs.save" | "jobs.pause" | "jobs.delete" | "jobs.run" | "schedules.preview"> = {
  "jobs.list": (back) => ({ jobs: back.jobs.toSorted((a, b) => a.draft.name.localeCompare(b.draft.name)), unreadable: [] }),
  "jobs.get": (back, { job_id }) => find(back, job_id),
  "jobs.save": (back, { job_id, draft }) => {
    const before = job_id === null ? null : find(back, job_id);
    const place = back.repositories.find((one) => one.id === draft.repository_id);
    if (!place) throw fakeError("repository-not-found");
    return put(back, {
      id: before?.id ?? `job-${back.jobs.length + 1}`, draft, repository_name: place.name, plan: draft.schedules.map((schedule) => schedule.when.by), paused: before?.paused ?? false,
      paused_until: before?.paused_until ?? null, next_at: draft.schedules.length > 0 ? hoursAgo(-5) : null, last_run: before?.last_run ?? null,
    });
  },
  "jobs.pause": (back, { job_id, paused, until }) => put(back, { ...find(back, job_id), paused, paused_until: until }),
  "jobs.delete": (back, { job_id }) => {
    const job = find(back, job_id);
    back.jobs = back.jobs.filter((one) => one !== job);
    back.emit("jobs", job.id);
    return {};
  },
  "jobs.run": (back, { job_id }) => {
    const job = find(back, job_id);
    const vms = back.inventories.flatMap((inventory) => inventory.vms).slice(0, 2);
    const items = vms.map((vm) => ({ name: vm.name, capacity: vm.capacity, bytes: vm.capacity }));
    const run = new FakeRun(`run-${back.runs.length + 1}`, { kind: "backup", server: null, repository: job.repository_name ?? "", job: job.draft.name, items, result: null }, back.options.runSteps);
    back.begin(run, () => undefined);
    return { run_id: run.view.id };
  },
  "schedules.preview": (_, { schedules, zone, days }) => ({ zone: zone ?? "UTC", slots: slotsOf(schedules, new Date(), new Date(Date.now() + days * 86_400_000)) }),
};
