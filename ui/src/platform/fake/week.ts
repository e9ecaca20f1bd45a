import type { JobView } from "@/api/generated/JobView";
import type { PickView } from "@/api/generated/PickView";
import type { RunView } from "@/api/generated/RunView";
import type { WhenView } from "@/api/generated/WhenView";
import { fakeError, shopVms } from "./data";
import { FakeRun, summaryOf } from "./runs";
import { slotsBetween } from "./slots";

const day = 24 * 3_600_000;

function job(id: string, name: string, vms: readonly string[], when: readonly WhenView[], more: Partial<JobView> = {}, allowed: number[] | null = null): JobView {
  const pick = (vm: string): PickView => ({ by: "vm", instance_uuid: shopVms.find((one) => one.name === vm)?.instance_uuid ?? null, reference: shopVms.find((one) => one.name === vm)?.reference ?? "", name: vm });
  return {
    id, repository_name: "NAS-OFFICE", saves: [], leaves_out: [], plan: [], continues_at: null, continues: null, paused: false, paused_until: null, next_at: null, last_run: null, ...more,
    draft: {
      name, sources: vms.map((vm) => ({ server_id: "server-1", pick: pick(vm) })), leave_out: [], without: [], leave_out_disks: [], repository_id: "repository-1", limit: null, zone: null, retry_minutes: [10, 30], catch_up_hours: 12, rpo_minutes: null,
      spans: { last: 3, daily: 10, weekly: 8, monthly: 24, yearly: 0 }, schedules: when.map((one, index) => ({ id: `${id}-${index}`, when: one, effective_from: null, until: null, allowed, keep: null })),
    },
  };
}

const jobs: readonly JobView[] = [
  job("job-1", "Critical VMs", ["DC01", "SQL01"], [{ by: "interval", minutes: 240 }], {}, [...Array<number>(5).fill(0xffffff), 0, 0]),
  job("job-2", "Office VMs", ["APP01", "DEV01", "FILE02", "PRINT01", "WEB01"], [{ by: "week", days: [0, 1, 2, 3, 4], at: "20:05" }, { by: "week", days: [6], at: "22:00" }]),
  job("job-3", "Mail", ["MAIL01"], [{ by: "week", days: [0, 1, 2, 3, 4, 5, 6], at: "20:20" }]),
  job("job-4", "Archive", ["ARCHIVE01"], [{ by: "after", job_id: "job-3", only_success: true }]),
  job("job-5", "Month end", ["SQL01"], [{ by: "month", on: { day: "last" }, at: "02:00" }], { paused: true }),
];

const minutes: Record<string, number> = { "Critical VMs": 9, "Office VMs": 52, Mail: 26, Archive: 74 };

/** How a run of a job that began so many days ago went: the place was off two evenings, one slot was slept through. */
function fate(name: string, ago: number, index: number): { fails?: string; code?: "repository-vanished" | "snapshot-failed"; missed?: boolean; warned?: boolean } {
  if (name === "Office VMs" && (ago === 1 || ago === 2)) return { fails: "FILE02", code: "repository-vanished" };
  if (name === "Mail" && ago === 5) return { fails: "MAIL01", code: "snapshot-failed" };
  if (name === "Critical VMs" && index === 13) return { missed: true };
  if (name === "Critical VMs" && index % 29 === 4) return { warned: true };
  return {};
}

function past(of: JobView, id: string, from: Date, how: ReturnType<typeof fate>): RunView {
  const names = of.draft.sources.flatMap(({ pick }) => (pick.by === "vm" ? [pick.name] : []));
  const vms = shopVms.filter((vm) => names.includes(vm.name));
  const items = how.missed ? [{ name: of.draft.name, capacity: 0, bytes: 0, failsWith: fakeError("slot-missed", { title: `${of.draft.name} was not run when it was due: the computer was asleep.`, risk: "Its newest recovery points are older than planned, and whole.", hints: ["Let the computer wake up for it, or choose another time."] }) }]
    : vms.map((vm) => ({ name: vm.name, capacity: vm.capacity, bytes: Math.round(vm.capacity * 0.008), ...(vm.name === how.fails ? { failsWith: fakeError(how.code ?? "snapshot-failed") } : {}) }));
  const run = new FakeRun(id, { kind: "backup", server: "vcenter.shop.lan", repository: "NAS-OFFICE", job: of.draft.name, result: null, items }, 1);
  while (run.step());
  const length = how.missed ? 0 : (minutes[of.draft.name] ?? 10) * (0.9 + (id.length % 3) * 0.1);
  const started = from.toISOString();
  const ended = new Date(from.getTime() + length * 60_000).toISOString();
  const items2 = run.view.items.map((item, index) => ({ ...item, started_at: started, ended_at: ended, ...(how.warned && index === 0 ? { outcome: "succeeded-with-warnings" as const } : {}) }));
  return { ...run.view, items: items2, ...(how.warned ? { outcome: "succeeded-with-warnings" as const } : {}), started_at: started, ended_at: ended, log: run.view.log.map((line) => ({ ...line, at: ended })) };
}

/** Jobs and what they did in the last three weeks. */
export function weekOfJobs(now = new Date()): { jobs: JobView[]; runs: RunView[] } {
  const runs: RunView[] = [];
  for (const one of jobs) {
    if (one.paused) continue;
    const leader = jobs.find((other) => one.draft.schedules.some(({ when }) => when.by === "after" && when.job_id === other.id));
    const slots = slotsBetween((leader ?? one).draft.schedules, new Date(now.getTime() - 21 * day), new Date(now.getTime() - 2 * 3_600_000));
    slots.forEach(({ at }, index) => {
      const from = new Date(new Date(at).getTime() + (leader ? (minutes[leader.draft.name] ?? 0) * 60_000 : 0));
      const midnight = (time: Date) => new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
      runs.push(past(one, `${one.id}-run-${index}`, from, fate(one.draft.name, Math.round((midnight(now) - midnight(from)) / day), slots.length - index)));
    });
  }
  runs.sort((a, b) => b.started_at.localeCompare(a.started_at));
  return {
    runs,
    jobs: jobs.map((one) => {
      const last = runs.find((run) => run.job === one.draft.name);
      const next = slotsBetween(one.draft.schedules, now, new Date(now.getTime() + 40 * day))[0];
      return { ...one, last_run: last ? summaryOf(last) : null, next_at: one.paused ? null : (next?.at ?? null) };
    }),
  };
}
