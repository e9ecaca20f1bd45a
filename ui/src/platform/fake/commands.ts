import { certificate, fakeError, GiB, hoursAgo, inventory, point, repository, server, shopVms, datastores } from "./data";
import type { FakePlatform, Handlers } from "./platform";
import { roleTexts, serverCheck } from "./checks";
import { jobCommands } from "./jobs";
import { noticeCommands } from "./notices";
import { promiseCommands } from "./promises";
import { updateCommands } from "./updates";
import { FakeRun, summaryOf, type RunPlan } from "./runs";
import { sumsOf } from "./sums";

function need<Item>(item: Item | undefined, error: ReturnType<typeof fakeError>): Item {
  if (item === undefined) throw error;
  return item;
}

const findServer = (back: FakePlatform, id: string) => need(back.servers.find((one) => one.id === id), fakeError("server-not-found"));
const findRepository = (back: FakePlatform, id: string) => need(back.repositories.find((one) => one.id === id), fakeError("repository-not-found"));
const findPoint = (back: FakePlatform, id: string) => need(back.points.find((one) => one.id === id), fakeError("point-not-found"));

const unreadable = (back: FakePlatform) => back.repositories.filter((one) => one.error).map((one) => ({ repository_id: one.id, name: one.name, error: one.error ?? fakeError("internal") }));

function startRun(back: FakePlatform, plan: RunPlan, ended: (run: FakeRun["view"]) => void): { run_id: string } {
  const run = new FakeRun(`run-${back.runs.length + 1}`, plan, back.options.runSteps);
  back.begin(run, ended);
  return { run_id: run.view.id };
}

const recoveryKey = "6W2M-7QK4-XN4D-90HT-VB6P-3JWE-8RKC-51YZ-A0FG-TM3C-2P9H-QX7D-E8BN-K4RS";
const askedGroups = [3, 11];

const isAbsolute = (path: string) => /^(\/|[A-Za-z]:\\)/.test(path);

export const commands: Handlers = {
  ...updateCommands,
  ...jobCommands,
  ...noticeCommands,
  ...promiseCommands,
  "app.state": (back) => ({
    version: "0.1.0", first_start: back.servers.length === 0 || back.repositories.length === 0, settings: back.settings, secrets: "keychain",
    servers: back.servers.length, repositories: back.repositories.length, running: [...back.live.values()].map((run) => summaryOf(run.view)), recovering: false,
  }),
  "settings.get": (back) => back.settings,
  "settings.set": (back, request) => {
    back.settings = request;
    back.emit("settings");
    return request;
  },
  "settings.autostart": (back) => ({ autostart: back.autostart }),
  "settings.set-autostart": (back, { on }) => {
    back.autostart = on ? "on" : "off";
    back.emit("settings");
    return { autostart: back.autostart };
  },
  "servers.probe": (back, { url }) => {
    const host = url.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
    if (host.includes("nowhere")) throw fakeError("host-unreachable");
    return { url: `https://${host}/sdk`, sha256: certificate, trusted_by_system: back.options.trustedBySystem ?? false, subject: `CN=${host}, O=VMware Installer`, not_after: "2034-05-02T09:00:00Z" };
  },
  "servers.add": (back, request) => {
    if (back.servers.some((one) => one.name === request.name)) throw fakeError("name-taken");
    if (request.password === "wrong") throw fakeError("login-refused");
    if (back.options.addFailsWith) throw back.options.addFailsWith;
    const added = server(`server-${back.servers.length + 1}`, request.name, { user: request.user, pin: request.pin });
    back.servers = [...back.servers, added];
    if (!back.inventories.some((one) => one.server_id === added.id)) back.inventories = [...back.inventories, inventory(added, shopVms)];
    back.emit("servers", added.id);
    return added;
  },
  "servers.mount": (back, { server_id, datastore, folder }) => {
    const known = findServer(back, server_id);
    const others = known.mounts.filter((mount) => mount.datastore !== datastore);
    const changed = { ...known, mounts: folder === null ? others : [...others, { datastore, folder }] };
    back.servers = back.servers.map((one) => (one.id === server_id ? changed : one));
    back.emit("servers", server_id);
    return changed;
  },
  "servers.list": (back) => ({ servers: back.servers }),
  "servers.check": (back, { server_id, check }) => serverCheck(findServer(back, server_id), check, back.options.checks ?? {}),
  "servers.role": (_back, { format }) => ({ name: "Kuramori", text: roleTexts[format] }),
  "servers.trust": (back, { server_id, sha256 }) => {
    const trusted = { ...findServer(back, server_id), pin: sha256, error: null };
    back.servers = back.servers.map((one) => (one.id === server_id ? trusted : one));
    back.emit("servers", server_id);
    return trusted;
  },
  "servers.remove": (back, { server_id }) => {
    back.servers = back.servers.filter((one) => one.id !== server_id);
    back.emit("servers", server_id);
    return {};
  },
  "inventory.get": (back, { server_id }) => {
    const found = findServer(back, server_id);
    if (found.error) throw found.error;
    return need(back.inventories.find((one) => one.server_id === server_id), fakeError("server-fault"));
  },
  "repositories.suggest": () => ({ path: "/mnt/backup/kuramori", free: 1741 * GiB, total: 3686 * GiB, repository: false }),
  "repositories.place": (_back, { path }) => {
    if (!isAbsolute(path)) throw fakeError("invalid-input");
    return { path, free: path.includes("small") ? 4 * GiB : 1741 * GiB, total: 3686 * GiB, repository: path.includes("old") };
  },
  "repositories.create": (back, request) => {
    if (!isAbsolute(request.path)) throw fakeError("invalid-input");
    const made = repository(`repository-${back.repositories.length + 1}`, request.name, { path: request.path, stored: 0, created_at: hoursAgo(0) });
    back.repositories = [...back.repositories, made];
    back.emit("repositories", made.id);
    return { repository: made, recovery_key: recoveryKey, asked_groups: [...askedGroups] };
  },
  "repositories.attach": (back, request) => {
    if (request.passphrase === "wrong") throw fakeError("passphrase-wrong");
    const made = repository(`repository-${back.repositories.length + 1}`, request.name, { path: request.path });
    back.repositories = [...back.repositories, made];
    back.emit("repositories", made.id);
    return made;
  },
  "repositories.list": (back) => ({ repositories: back.repositories }),
  "repositories.info": (back, { repository_id }) => findRepository(back, repository_id),
  "repositories.recovery-sheet": (back, { repository_id }) => ({
    html: `<!DOCTYPE html><title>${findRepository(back, repository_id).id}</title>`, asked_groups: [...askedGroups],
    key: { id: "5e".repeat(16), short_id: "5e".repeat(6), kind: "recovery-key", created_at: hoursAgo(0), this_computer: false },
  }),
  "repositories.check-recovery-words": (back, { repository_id, words }) => {
    findRepository(back, repository_id);
    const groups = recoveryKey.split("-");
    return { right: askedGroups.map((group, index) => (words[index] ?? "").trim().toUpperCase() === groups[group - 1]) };
  },
  "repositories.accept": (back, { repository_id }) => {
    const accepted = { ...findRepository(back, repository_id), alarm: null };
    back.repositories = back.repositories.map((one) => (one.id === repository_id ? accepted : one));
    back.emit("repositories", repository_id);
    return accepted;
  },
  "repositories.detach": (back, { repository_id }) => {
    back.repositories = back.repositories.filter((one) => one.id !== repository_id);
    back.emit("repositories", repository_id);
    return {};
  },
  "backup.start": (back, request) => {
    const of = need(back.inventories.find((one) => one.server_id === request.server_id), fakeError("server-not-found"));
    const repo = findRepository(back, request.repository_id);
    const chosen = of.vms.filter((vm) => request.vms.includes(vm.reference));
    const items = chosen.map((vm) => ({ name: vm.name, capacity: vm.capacity, bytes: Math.round(vm.used ?? vm.capacity) }));
    return startRun(back, { kind: "backup", server: of.server_name, repository: repo.name, items, result: null }, (view) => {
      if (view.outcome !== "succeeded") return;
      back.points = [...chosen.map((vm, index) => point(900 + back.points.length + index, vm, repo, 0.02, true)), ...back.points];
      back.inventories = back.inventories.map((one) => (one.server_id !== of.server_id ? one : {
        ...one, vms: one.vms.map((vm) => (request.vms.includes(vm.reference) ? { ...vm, last_point: { id: "new", taken_at: hoursAgo(0.02), repository_id: repo.id } } : vm)),
      }));
      back.emit("points");
      back.emit("inventory", of.server_id);
    });
  },
  "runs.list": (back, { limit }) => ({ runs: back.runs.slice(0, limit).map(summaryOf) }),
  "runs.get": (back, { run_id }) => need(back.runs.find((run) => run.id === run_id), fakeError("invalid-input", { title: "No run of this name." })),
  "runs.again": (back, { run_id }) => {
    const before = need(back.runs.find((run) => run.id === run_id), fakeError("invalid-input", { title: "No run of this name." }));
    const failed = before.items.filter((item) => item.outcome === "failed");
    const items = (failed.length > 0 ? failed : before.items).map(({ name, capacity }) => ({ name, capacity, bytes: capacity }));
    return startRun(back, { kind: "backup", server: before.server, repository: before.repository, ...(before.job === null ? {} : { job: before.job }), items, result: null }, () => undefined);
  },
  "runs.cancel": (back, { run_id }) => {
    const run = back.live.get(run_id);
    run?.cancel();
    if (run) back.emit("run", run_id, run.view);
    return {};
  },
  "points.get": (back, { repository_id, point_id }) => need(back.points.find((one) => one.repository_id === repository_id && one.id === point_id), fakeError("point-not-found")),
  "points.find": (back, { text, limit }) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    return { points: back.points.filter((one) => words.some((word) => one.vm_name.toLowerCase().includes(word))).slice(0, limit), unreadable: [] };
  },
  "points.sums": (back, { repository_id }) => ({ ...sumsOf(back.points.filter((one) => repository_id === null || one.repository_id === repository_id)), unreadable: unreadable(back) }),
  "points.list": (back, { vm, repository_id }) => ({
    points: back.points.filter((one) => (vm === null || one.vm_name === vm || one.instance_uuid === vm) && (repository_id === null || one.repository_id === repository_id)),
    unreadable: unreadable(back),
  }),
  "restore.targets": (back, { server_id }) => {
    const of = need(back.inventories.find((one) => one.server_id === server_id), fakeError("server-not-found"));
    return { datastores: [...datastores], networks: ["VM Network"], vm_names: of.vms.map((vm) => vm.name) };
  },
  "restore.plan": (back, request) => {
    const of = findPoint(back, request.point_id);
    const target = datastores.find((one) => one.name === request.datastore);
    const disks = of.disks.map((disk) => {
      const key = 2000 + disk.index;
      const chosen = request.disks.find((one) => one.key === key);
      return { key, label: disk.label, capacity: disk.capacity, bytes: Math.round(disk.capacity * 0.17), lay: "datastore1", datastore: chosen?.datastore ?? request.datastore };
    });
    return { vm_name: of.vm_name, name: request.name ?? `${of.vm_name} (2)`, bytes: Math.round(of.capacity * 0.17), capacity: of.capacity, disks, notes: [], networks: ["VM Network"], free_after: target ? target.free - Math.round(of.capacity * 0.17) : null, problems: [] };
  },
  "restore.vm": (back, request) => {
    const of = findPoint(back, request.point_id);
    const items = [{ name: of.vm_name, capacity: of.capacity, bytes: Math.round(of.capacity * 0.17) }];
    return startRun(back, { kind: "restore-vm", server: findServer(back, request.server_id).name, repository: of.repository_name, items, result: request.name ?? of.vm_name }, () => back.emit("inventory", request.server_id));
  },
  "restore.in-place-plan": (back, request) => {
    const of = findPoint(back, request.point_id);
    const old = of.disks.map((disk) => `[datastore1] ${of.vm_name}/${of.vm_name}${disk.index === 0 ? "" : `_${disk.index}`}.vmdk`);
    return { vm_name: of.vm_name, running: true, bytes: Math.round(of.capacity * 0.17), capacity: of.capacity, disks: of.disks.length, old_files: old, untouched: [], problems: [] };
  },
  "restore.in-place": (back, request) => {
    const of = findPoint(back, request.point_id);
    if (request.confirm !== of.vm_name) throw fakeError("name-not-confirmed");
    const items = [{ name: of.vm_name, capacity: of.capacity, bytes: Math.round(of.capacity * 0.17) }];
    return startRun(back, { kind: "restore-in-place", server: findServer(back, request.server_id).name, repository: of.repository_name, items, result: of.vm_name }, () => back.emit("inventory", request.server_id));
  },
  "restore.disk": (back, request) => {
    const of = findPoint(back, request.point_id);
    const disk = need(of.disks[request.disk], fakeError("invalid-input"));
    if (request.path.includes("exists")) throw fakeError("file-unwritable");
    return startRun(back, { kind: "restore-disk", server: null, repository: of.repository_name, items: [{ name: of.vm_name, capacity: disk.capacity, bytes: Math.round(disk.capacity * 0.17) }], result: request.path }, () => undefined);
  },
};
