import type { ClassesView } from "@/api/generated/ClassesView";
import type { ClassView } from "@/api/generated/ClassView";
import type { DayView } from "@/api/generated/DayView";
import type { ProtectionState } from "@/api/generated/ProtectionState";
import type { VmProtection } from "@/api/generated/VmProtection";
import { membersOf } from "@/api/members";
import { fakeError, hoursAgo } from "./data";
import type { FakePlatform, Handlers } from "./platform";

type Promised = "points.deleted" | "points.undelete" | "points.hold" | "retention.what-if" | "retention.ledger" | "protection.list" | "protection.set-class" | "classes.get" | "classes.set" | "alerts.list" | "alerts.release";

const classes = new WeakMap<FakePlatform, ClassesView>();
const chosen = new WeakMap<FakePlatform, Map<string, Partial<VmProtection>>>();

const standard: ClassesView = {
  critical: { rpo_minutes: 240, rto_minutes: 60 },
  normal: { rpo_minutes: 1440, rto_minutes: 480 },
  archive: { rpo_minutes: 10080, rto_minutes: 4320 },
};

const held = new WeakMap<FakePlatform, Set<string>>();

function heldOf(back: FakePlatform): Set<string> {
  const known = held.get(back) ?? new Set<string>();
  held.set(back, known);
  return known;
}

const hour = 3_600_000;
const day = 24 * hour;

/** The last 14 days of a VM: saved as long as its newest recovery point is not older, none planned without a job. */
function daysOf(last: string | null, planned: boolean, at: number): DayView[] {
  const today = Math.floor(Date.now() / day);
  return Array.from({ length: 14 }, (_, index): DayView => {
    const number = today - 13 + index;
    const date = new Date(number * day).toISOString().slice(0, 10);
    const saved = last !== null && number <= Math.floor(new Date(last).getTime() / day);
    return { date, cell: !planned && !saved ? "none-planned" : !saved ? (index === 13 ? "none-planned" : "missed") : (number + at * 5) % 41 === 0 ? "warning" : "ok" };
  });
}

function stateOf(age: number | null, rpo: number, next: number | null): ProtectionState {
  if (age === null || age > 2 * rpo) return "missed";
  if (age > rpo) return "late";
  return age > rpo * 0.75 && next !== null ? "due-soon" : "protected";
}

const critical = /^(DC|SQL|MAIL)/;
const risk: Record<ProtectionState, number> = { failed: 0, missed: 1, late: 2, "due-soon": 3, held: 4, protected: 5, "not-covered": 6, gone: 7 };

function vms(back: FakePlatform): VmProtection[] {
  const promises = classes.get(back) ?? standard;
  const members = back.jobs.map((job) => ({ job, of: new Set(membersOf(back.inventories, job.draft).map((member) => member.vm)) }));
  const all = back.inventories.flatMap((inventory) => inventory.vms.filter((vm) => !vm.of_system && !vm.template).map((vm, at) => {
    const key = vm.instance_uuid ? `uuid:${vm.instance_uuid.toLowerCase()}` : `ref:${inventory.server_id}/${vm.reference}`;
    const last = vm.last_point?.taken_at ?? null;
    const own = chosen.get(back)?.get(key) ?? {};
    const kind: ClassView = own.class ?? (critical.test(vm.name) ? "critical" : /^ARCH/.test(vm.name) ? "archive" : "normal");
    const promise = promises[kind];
    const rpo = promise.rpo_minutes * 60_000;
    const saves = members.filter((one) => one.of.has(vm)).map((one) => one.job);
    const next = saves.flatMap((job) => job.next_at ?? []).sort()[0] ?? null;
    const age = last === null ? null : Date.now() - new Date(last).getTime();
    const state = vm.gone_since === null ? stateOf(age, rpo, next === null ? null : new Date(next).getTime()) : "gone";
    const ago = age === null ? "" : age > 2 * day ? `${Math.floor(age / day)} days` : `${Math.floor(age / hour)} h`;
    const sentence = state === "gone" ? "No longer on its server." : age === null ? (saves.length === 0 ? "No recovery point, and no job saves it." : "It was never saved.") : state === "protected" || state === "due-soon" ? `Last recovery point ${ago} ago, within ${promise.rpo_minutes / 60} h.` : `No recovery point for ${ago}.`;
    const from = last === null ? Date.now() : new Date(last).getTime();
    const moment = (time: number) => new Date(time).toISOString();
    return {
      key, name: vm.name, server_id: inventory.server_id, class: kind, suggested: own.class === undefined, excluded: null, promise, state,
      sentence, error: null, last_point_at: last, late_at: moment(from + rpo), missed_at: moment(from + 2 * rpo), next_at: next,
      schedule_too_slow: false, kept: last ? 9_700 + ((at * 37) % 300) : null, restore: vm.name === "SQL01" ? { at: hoursAgo(120), seconds: 160, within: true } : null,
      points: last ? 5 : 0, jobs: saves.map((job) => job.draft.name), gone_since: vm.gone_since, days: daysOf(last, saves.length > 0, at), ...own,
    } satisfies VmProtection;
  }));
  return all.sort((a, b) => risk[a.state] - risk[b.state] || (a.last_point_at ?? "").localeCompare(b.last_point_at ?? "") || a.name.localeCompare(b.name));
}

/** Promises and alarms in memory. Nothing here gets older by itself. */
export const promiseCommands: Pick<Handlers, Promised> = {
  "points.deleted": () => ({ points: [] }),
  "points.undelete": () => ({}),
  "points.hold": (back, { points, reason }) => {
    for (const point of points) heldOf(back).add(point);
    back.emit("points");
    return { holds: points.map((point, place) => ({ id: `hold-${place}`, point_id: point, created_at: hoursAgo(0), reason })) };
  },
  "retention.what-if": (back, { job_id, draft }) => {
    // Only the newest of each VM and what is younger than the days of the table stay.
    const job = back.jobs.find((one) => one.id === job_id || one.draft.name === job_id);
    const names = new Set(job ? membersOf(back.inventories, job.draft).map(({ vm }) => vm.name) : []);
    const points = back.points.filter((point) => names.has(point.vm_name)).toSorted((a, b) => a.taken_at.localeCompare(b.taken_at)).map((point) => {
      const newest = !back.points.some((other) => other.vm_name === point.vm_name && other.taken_at > point.taken_at);
      const held = heldOf(back).has(point.id);
      const kept = newest || held || point.taken_at > hoursAgo(draft.spans.daily * 24);
      return { id: point.id, short_id: point.short_id, vm_name: point.vm_name, taken_at: point.taken_at, kept, reasons: newest ? ["the newest"] : held ? ["held"] : kept ? ["one of the days"] : [], goes_at: null };
    });
    const freed = points.reduce((sum, judged) => sum + (judged.kept ? 0 : (back.points.find((point) => point.id === judged.id)?.stored ?? 0)), 0);
    return { zone: draft.zone ?? "UTC", points, unique: freed, freed };
  },
  "retention.ledger": () => ({ disposed: [], broken: [] }),
  "protection.list": (back) => {
    const all = vms(back);
    const count = (state: VmProtection["state"]) => all.filter((vm) => vm.state === state).length;
    const counts = { protected: count("protected") + count("due-soon") + count("held"), late: count("late"), missed: count("missed"), failed: count("failed"), not_covered: count("not-covered"), gone: count("gone") };
    return { at: hoursAgo(0), zone: "UTC", sentence: `${counts.protected} of ${counts.protected + counts.late + counts.missed + counts.failed} VMs are protected.`, counts, kept: counts.protected > 0 ? 9_740 : null, vms: all, unreadable: [] };
  },
  "protection.set-class": (back, { vm, change }) => {
    const found = vms(back).find((one) => one.key === vm || one.name === vm);
    if (!found) throw fakeError("vm-not-found");
    const of = chosen.get(back) ?? new Map<string, Partial<VmProtection>>();
    const rest = { ...of.get(found.key) };
    delete rest.excluded;
    delete rest.state;
    delete rest.sentence;
    if (change.set === "exclude") of.set(found.key, { ...rest, excluded: { reason: change.reason, since: hoursAgo(0) }, state: "not-covered", sentence: `Excluded: ${change.reason}.` });
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
  "alerts.list": (back) => ({ alerts: back.alerts }),
  "alerts.release": (back, { key }) => {
    back.alerts = back.alerts.filter((alert) => alert.key !== key);
    back.emit("alerts", key);
    return { alerts: back.alerts };
  },
};
