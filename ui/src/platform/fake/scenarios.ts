import type { AlertView } from "@/api/generated/AlertView";
import type { RunView } from "@/api/generated/RunView";
import { fakeError, GiB, hoursAgo, inventory, manyVms, point, repository, server, shopVms, certificate, vm } from "./data";
import { jobView } from "./jobs";
import { jobVms, shopJobs } from "./shop-jobs";
import { limitedRights, refusedLicence, refusedRights } from "./checks";
import { FakePlatform, type FakeOptions } from "./platform";
import { FakeRun } from "./runs";
import { newerVersion } from "./updates";
import { weekOfJobs } from "./week";

/** Runs a plan to its end at once and dates it back. */
function pastRun(id: string, hours: number, minutes: number, names: readonly string[], fails?: string, job?: string): RunView {
  const vms = shopVms.filter((vm) => names.includes(vm.name));
  const run = new FakeRun(id, {
    kind: "backup", server: "esx1.shop.lan", repository: "NAS-OFFICE", result: null, ...(job === undefined ? {} : { job }),
    items: vms.map((vm) => ({ name: vm.name, capacity: vm.capacity, bytes: Math.round(vm.capacity * 0.03), ...(vm.name === fails ? { failsWith: fakeError("snapshot-failed") } : {}) })),
  }, 1);
  while (run.step());
  const from = hoursAgo(hours);
  const to = hoursAgo(hours - minutes / 60);
  return { ...run.view, started_at: from, ended_at: to, items: run.view.items.map((item) => ({ ...item, started_at: from, ended_at: to })), log: run.view.log.map((line) => ({ ...line, at: to })) };
}

function shop(): FakeOptions {
  const esx1 = server("server-1", "vcenter.shop.lan", { kind: "vcenter", product: "VMware vCenter Server 8.0.3 build-24322831" });
  const nas = repository("repository-1", "NAS-OFFICE", { points: 46 });
  const saved = shopVms.filter((vm) => !["OLDWEB", "TEST03"].includes(vm.name));
  const points = saved.flatMap((vm, at) => [2.1, 26, 50, 74, 170].map((hours, index) => point(at * 7 + index, vm, nas, hours + at * 0.13 + (vm.name === "FILE02" ? 63 : 0), index === 4 || (index === 2 && at === 8))));
  points.sort((a, b) => b.taken_at.localeCompare(a.taken_at));
  const vms = shopVms.map((vm) => {
    const last = points.find((one) => one.vm_name === vm.name);
    return last ? { ...vm, last_point: { id: last.id, taken_at: last.taken_at, repository_id: nas.id } } : vm;
  });
  return {
    servers: [esx1], repositories: [nas], inventories: [inventory(esx1, vms)], points,
    runs: [pastRun("run-4", 2.3, 14, ["APP01", "DC01", "SQL01", "WEB01"]), pastRun("run-3", 26, 22, ["MAIL01", "PRINT01", "DEV01"], "MAIL01"), pastRun("run-2", 50, 9, ["DC01"]), pastRun("run-1", 74, 187, ["APP01", "DC01", "FILE02", "MAIL01", "SQL01"])],
  };
}

/** Some jobs of a small shop, each with the runs that led to how it stands. */
function busy(): FakeOptions {
  const base = shop();
  const nas = base.repositories?.[0]?.name ?? "";
  const jobs = shopJobs(nas);
  const named = (name: string) => shopVms.filter((vm) => (jobVms[name] ?? []).includes(vm.name)).map((vm) => vm.name);
  const history = (name: string, first: number, every: number, minutes: readonly number[], fails?: string) => minutes.map((length, index) => pastRun(`run-${name}-${index}`, first + every * index, length, named(name), index === 0 ? fails : undefined, name));
  const runs = [
    ...history("Office VMs", 16, 24, [34, 14, 13, 15, 14, 13, 14, 16, 13, 14], "FILE02"), ...history("Critical VMs", 2.2, 4, [4, 4, 6, 4, 4, 5, 4, 4]), ...history("Archive", 110, 168, [52, 50, 49, 51]), ...history("Month end", 190, 720, [9, 10]),
  ].sort((a, b) => b.started_at.localeCompare(a.started_at));
  return { ...base, runs, jobs, alerts: alarms() };
}

/** What is open at a shop that has one VM to look at and one snapshot too old. */
function alarms(): AlertView[] {
  const common = { told_at: hoursAgo(20), point_id: null, good_point_id: null };
  return [
    { ...common, key: "snapshot:DEV01", kind: "old-snapshot", weight: "amber", subject: "DEV01", title: "DEV01 has the snapshot “before update” since 2026-05-02 10:14.", advice: "It makes the VM slower and grows. Remove it on the server if nobody needs it; Kuramori never touches it.", since: hoursAgo(60), can_release: false },
    { ...common, key: "unusual:FILE02", kind: "unusual-change", weight: "red", subject: "FILE02", title: "FILE02 changed unusually: 41200 MiB were new instead of about 900 MiB, and hardly any of it could be compressed (98 % was left, usually 46 %).", advice: "Encryption by ransomware looks like this, and so does a large packed file. Look at the VM. Until you release the alarm no rule deletes a recovery point of it, and the last good one from before is held.", since: hoursAgo(21), can_release: true },
  ];
}

/** A list of jobs that is far longer than a screen. */
function manyJobs(): FakeOptions {
  const base = busy();
  const [one] = base.jobs ?? [];
  const more = one ? Array.from({ length: 500 }, (_, index) => jobView(`job-m${index}`, { ...one.draft, name: `Job ${String(index + 1).padStart(3, "0")}`, schedules: one.draft.schedules.map((rule) => ({ ...rule, id: null })) }, one.repository_name)) : [];
  return { ...base, jobs: [...(base.jobs ?? []), ...more] };
}

function live(): FakeOptions {
  const base = shop();
  return { ...base, runPace: 600, runSteps: 40, updates: { offer: newerVersion } };
}

function troubled(): FakeOptions {
  const base = shop();
  const [first] = base.servers ?? [];
  const broken = server("server-2", "esx2.shop.lan", { user: "root", last_seen: hoursAgo(44), error: fakeError("certificate-changed", { seen_sha256: certificate.split(":").reverse().join(":") }) });
  const gone = repository("repository-2", "USB-B", { path: "/media/usb-b/kuramori", error: fakeError("repository-vanished", { title: "The folder of USB-B is not there." }), free: null, total: null });
  const [nas, ...others] = base.repositories ?? [];
  const older = nas ? [{ ...nas, alarm: fakeError("history-lost", { title: `Recovery points that this computer saw in ${nas.name} are gone, and nobody deleted them.` }) }] : [];
  return { ...base, servers: first ? [first, broken] : [broken], repositories: [...older, ...others, gone] };
}

function many(): FakeOptions {
  const esx = server("server-1", "vcenter.big.lan", { kind: "vcenter", product: "VMware vCenter Server 8.0.3 build-24305161" });
  const repo = repository("repository-1", "STORE-1", { points: 1500, stored: 9000 * GiB });
  const vms = manyVms(2000);
  const points = vms.flatMap((vm, index) => [3, 27, 51].map((hours, at) => point(index * 3 + at, vm, repo, hours + index / 100, false)));
  const week = weekOfJobs().runs;
  const runs = Array.from({ length: 2000 }, (_, index): RunView => {
    const like = week[index % week.length] ?? pastRun("run", 1, 1, ["DC01"]);
    const from = hoursAgo(3 + index / 2);
    return { ...like, id: `run-${index}`, job: `Job ${String((index % 400) + 1).padStart(3, "0")}`, started_at: from, ended_at: new Date(new Date(from).getTime() + 11 * 60_000).toISOString() };
  });
  const [like] = shopJobs(repo.name);
  const jobs = like ? Array.from({ length: 2000 }, (_, index) => jobView(`job-${index}`, { ...like.draft, name: `Job ${String(index + 1).padStart(3, "0")}`, schedules: [] }, repo.name)) : [];
  return { servers: [esx], repositories: [repo], points, runs, jobs, inventories: [inventory(esx, vms.map((vm, index) => (index % 9 === 0 ? vm : { ...vm, last_point: { id: points[index * 3]?.id ?? "", taken_at: hoursAgo(3 + index / 100), repository_id: repo.id } })))] };
}

/** A VM that is gone, and a host whose VMs are listed under its vCenter. */
function moved(): FakeOptions {
  const base = shop();
  const [vcenter] = base.servers ?? [];
  const [before] = base.inventories ?? [];
  if (!vcenter || !before) return base;
  const host = server("server-2", "esx1.shop.lan");
  const left = vm(90, { name: "OLDSRV", guest: "", disks: [], more: { gone_since: hoursAgo(30), power: "unknown", host: null, path: [], capacity: 0, used: null, tracking: "unsupported", problem: "It is no longer on the server. Its recovery points are kept.", last_point: before.vms[0]?.last_point ?? null } });
  const vms = before.vms.map((one) => (one.host === "esx1.shop.lan" ? { ...one, also_through: [host.name] } : one));
  const there = { ...inventory(host, []), under: [{ server_id: vcenter.id, server_name: vcenter.name, vms: 7 }] };
  return { ...base, servers: [vcenter, host], inventories: [inventory(vcenter, [...vms, left]), there] };
}

function newer(): FakeOptions {
  return { ...shop(), runPace: 300, updates: { offer: newerVersion } };
}

function takenBack(): FakeOptions {
  const error = fakeError("update-rolled-back", { detail: "it ended by itself (exit status: 101)\n2026-05-08T09:01:12Z 0.1.0 to 0.2.0: Swapped\n2026-05-08T09:01:13Z it ended by itself (exit status: 101)\n2026-05-08T09:01:13Z 0.1.0 to 0.2.0: RollingBack" });
  return { ...shop(), updates: { offer: newerVersion, last: { outcome: "rolled-back", from: "0.1.0", to: "0.2.0", at: hoursAgo(0.1), error, log: "", seen: false } } };
}

function updated(): FakeOptions {
  return { ...shop(), updates: { version: "0.2.0", last: { outcome: "installed", from: "0.1.0", to: "0.2.0", at: hoursAgo(0.1), error: null, log: "", seen: false } } };
}

/** Every list refuses: the state folder went away under the program. */
const nothingAnswers: FakeOptions["refused"] = Object.fromEntries((["servers.list", "inventory.get", "repositories.list", "repositories.info", "points.list", "points.sums", "runs.list", "jobs.list", "protection.list", "alerts.list"] as const)
  .map((name) => [name, fakeError("state-damaged", { title: "The state folder cannot be used.", risk: "Backups and recovery points are not in it and stay as they are.", hints: ["Look whether the disk is full or read-only."], detail: "open state.db\ndatabase disk image is malformed" })]));

const scenarios = {
  empty: (): FakeOptions => ({ latency: 120, runPace: 300, runSteps: 12 }),
  licence: (): FakeOptions => ({ latency: 120, checks: refusedLicence }),
  rights: (): FakeOptions => ({ latency: 120, checks: refusedRights }),
  limited: (): FakeOptions => ({ ...shop(), checks: limitedRights }),
  shop,
  week: (): FakeOptions => ({ ...shop(), ...weekOfJobs() }),
  busy,
  manyJobs,
  live,
  troubled,
  many,
  moved,
  newer,
  takenBack,
  updated,
  packaged: (): FakeOptions => ({ ...shop(), updates: { installation: "system-package", offer: newerVersion } }),
  keyless: (): FakeOptions => ({ ...shop(), updates: { enabled: false, installation: "nobody", checked_at: null } }),
  stale: (): FakeOptions => ({ ...shop(), ...weekOfJobs() }),
  failed: (): FakeOptions => ({ ...shop(), refused: nothingAnswers }),
  slow: (): FakeOptions => ({ ...shop(), stuck: ["inventory.get", "points.list", "points.sums", "runs.list", "repositories.list", "jobs.list", "protection.list"] }),
  dead: (): FakeOptions => ({ ...shop(), refused: { "app.state": fakeError("state-damaged", { title: "The state folder cannot be used.", risk: "Backups and recovery points are not in it and stay as they are.", hints: ["Look whether the disk is full or read-only."], detail: "open ~/.local/share/kuramori/state.db\ndatabase disk image is malformed" }), "inventory.get": fakeError("host-unreachable"), "runs.list": fakeError("state-damaged"), "jobs.list": fakeError("state-damaged"), "points.list": fakeError("repository-vanished"), "points.sums": fakeError("repository-vanished") } }),
} as const;

export type ScenarioName = keyof typeof scenarios;
export const scenarioNames = Object.keys(scenarios) as ScenarioName[];

/** A scripted back end in a named situation. */
export function scenario(name: ScenarioName, more: FakeOptions = {}): FakePlatform {
  const back = new FakePlatform({ ...scenarios[name](), ...more });
  if (name === "live") {
    void back.call("backup.start", { server_id: "server-1", repository_id: "repository-1", vms: back.inventories[0]?.vms.filter((vm) => ["DEV01", "WEB01", "FILE02", "APP01", "PRINT01"].includes(vm.name)).map((vm) => vm.reference) ?? [] });
  }
  if (name === "stale") {
    setTimeout(() => {
      back.options.refused = nothingAnswers ?? {};
      back.emit("settings");
    }, 1500);
  }
  return back;
}
