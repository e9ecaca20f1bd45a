import type { AlertView } from "@/api/generated/AlertView";
import type { ClassesView } from "@/api/generated/ClassesView";
import type { ClassView } from "@/api/generated/ClassView";
import type { VmProtection } from "@/api/generated/VmProtection";
import { membersOf } from "@/api/members";
import { fakeError, hoursAgo } from "./data";
import type { FakePlatform, Handlers } from "./platform";

type Promised = "points.deleted" | "points.undelete" | "points.hold" | "retention.what-if" | "retention.ledger" | "protection.list" | "protection.set-class" | "classes.get" | "classes.set" | "alerts.list" | "alerts.release";

const classes = new WeakMap<FakePlatform, ClassesView>();
const chosen = new WeakMap<FakePlatform, Map<string, Partial<VmProtection>>>();
const alerts = new WeakMap<FakePlatform, AlertView[]>();

const standard: ClassesView = {
  critical: { rpo_minutes: 240, rto_minutes: 60 },
  normal: { rpo_minutes: 1440, rto_minutes: 480 },
  archive: { rpo_minutes: 10080, rto_minutes: 4320 },
};

function vms(back: FakePlatform): VmProtection[] {
  const promises = classes.get(back) ?? standard;
  return back.inventories.flatMap((inventory) => inventory.vms.filter((vm) => !vm.of_system).map((vm) => {
    const key = vm.instance_uuid ? `uuid:${vm.instance_uuid.toLowerCase()}` : `ref:${inventory.server_id}/${vm.reference}`;
    const last = vm.last_point?.taken_at ?? null;
    const own = chosen.get(back)?.get(key) ?? {};
    const kind: ClassView = own.class ?? "normal";
    return {
      key, name: vm.name, server_id: inventory.server_id, class: kind, suggested: own.class === undefined, excluded: null, promise: promises[kind], state: last ? "protected" : "missed",
      sentence: last ? "Last recovery point within 24 h." : "No recovery point, and no job saves it.", error: null, last_point_at: last, late_at: hoursAgo(-20), missed_at: hoursAgo(-44), next_at: null,
      schedule_too_slow: false, kept: last ? 10_000 : null, restore: null, points: last ? 1 : 0, jobs: [], gone_since: vm.gone_since, days: [], ...own,
    } satisfies VmProtection;
  }));
}

/** Promises and alarms in memory. Nothing here gets older by itself. */
export const promiseCommands: Pick<Handlers, Promised> = {
  "points.deleted": () => ({ points: [] }),
  "points.undelete": () => ({}),
  "points.hold": (_, { points, reason }) => ({ holds: points.map((point, place) => ({ id: `hold-${place}`, point_id: point, created_at: hoursAgo(0), reason })) }),
  "retention.what-if": (back, { job_id, draft }) => {
    // Only the newest of each VM and what is younger than the days of the table stay.
    const job = back.jobs.find((one) => one.id === job_id || one.draft.name === job_id);
    const names = new Set(job ? membersOf(back.inventories, job.draft).map(({ vm }) => vm.name) : []);
    const points = back.points.filter((point) => names.has(point.vm_name)).toSorted((a, b) => a.taken_at.localeCompare(b.taken_at)).map((point) => {
      const newest = !back.points.some((other) => other.vm_name === point.vm_name && other.taken_at > point.taken_at);
      const kept = newest || point.taken_at > hoursAgo(draft.spans.daily * 24);
      return { id: point.id, short_id: point.short_id, vm_name: point.vm_name, taken_at: point.taken_at, kept, reasons: newest ? ["the newest"] : kept ? ["one of the days"] : [], goes_at: null };
    });
    const freed = points.reduce((sum, judged) => sum + (judged.kept ? 0 : (back.points.find((point) => point.id === judged.id)?.stored ?? 0)), 0);
    return { zone: draft.zone ?? "UTC", points, unique: freed, freed };
  },
  "retention.ledger": () => ({ disposed: [], broken: [] }),
  "protection.list": (back) => {
    const all = vms(back);
    const count = (state: VmProtection["state"]) => all.filter((vm) => vm.state === state).length;
    const counts = { protected: count("protected"), late: count("late"), missed: count("missed"), failed: count("failed"), not_covered: count("not-covered"), gone: count("gone") };
    return { at: hoursAgo(0), zone: "UTC", sentence: `${counts.protected} of ${all.length} VMs are protected.`, counts, kept: counts.protected > 0 ? 10_000 : null, vms: all, unreadable: [] };
  },
  "protection.set-class": (back, { vm, change }) => {
    const found = vms(back).find((one) => one.key === vm || one.name === vm);
    if (!found) throw fakeError("vm-not-found");
    const of = chosen.get(back) ?? new Map<string, Partial<VmProtection>>();
    const rest = { ...of.get(found.key) };
    delete rest.excluded;
    delete rest.state;
    if (change.set === "exclude") of.set(found.key, { ...rest, excluded: { reason: change.reason, since: hoursAgo(0) }, state: "not-covered" });
    else if (change.set === "include") of.set(found.key, rest);
    else of.set(found.key, change.class === null ? {} : { ...(of.get(found.key) ?? {}), class: change.class });
    chosen.set(back, of);
    back.emit("settings", null);
    return vms(back).find((one) => one.key === found.key) ?? found;
  },
  "classes.get": (back) => classes.get(back) ?? standard,
  "classes.set": (back, request) => {
    classes.set(back, request);
    back.emit("settings", null);
    return request;
  },
  "alerts.list": (back) => ({ alerts: alerts.get(back) ?? [] }),
  "alerts.release": (back, { key }) => {
    alerts.set(back, (alerts.get(back) ?? []).filter((alert) => alert.key !== key));
    back.emit("alerts", key);
    return { alerts: alerts.get(back) ?? [] };
  },
};
