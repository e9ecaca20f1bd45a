import { describe, expect, it } from "vitest";
import type { JobView } from "@/api/generated/JobView";
import type { RunSummary } from "@/api/generated/RunSummary";
import type { WhenView } from "@/api/generated/WhenView";
import { dayFrom, daysOf, dayKey, rangeText, shifted, weekNumber } from "./days";
import { byDay, freeWindow, matches, merged, overlaps, pastEntries, planEntries, rowsOf, usualLength, type Entry } from "./entries";
import { textWidth, placeLabels } from "./labels";
import { movedDraft, timeOf, withinDay } from "./move";

const at = (day: number, hour: number, minute = 0) => new Date(2026, 4, day, hour, minute).getTime();
const iso = (time: number) => new Date(time).toISOString();
const now = at(8, 14);

function run(id: string, start: number, minutes: number, more: Partial<RunSummary> = {}): RunSummary {
  return { id, kind: "backup", state: "done", outcome: "succeeded", vms: ["SQL01"], server: "esx1", repository: "NAS", job: "Office", started_at: iso(start), ended_at: iso(start + minutes * 60_000), counters: { total: 0, done: 0, read: 0, new: 0, stored: 0 }, error: null, ...more };
}

function job(id: string, name: string, when: WhenView, more: Partial<JobView> = {}): JobView {
  const schedules = [{ id: `${id}-0`, when, effective_from: null, until: null, allowed: null, keep: null }];
  const draft = { name, sources: [], leave_out: [], without: [], leave_out_disks: [], repository_id: "r", limit: null, schedules, spans: { last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }, zone: null, retry_minutes: [], catch_up_hours: 0, rpo_minutes: null };
  return { id, draft, repository_name: "NAS", saves: [], leaves_out: [], plan: [], continues_at: null, continues: null, paused: false, paused_until: null, next_at: null, last_run: null, ...more };
}

const evening: WhenView = { by: "week", days: [0, 1, 2, 3, 4], at: "20:00" };
const slot = (time: number) => ({ at: iso(time), schedule: 0 });
const hour = 3_600_000;

describe("days", () => {
  it("of a week go from Monday to Sunday, those of a month are whole weeks", () => {
    const week = daysOf("week", new Date(2026, 4, 8));
    expect([week.length, dayKey(week[0]!), dayKey(week[6]!)]).toEqual([7, "2026-05-04", "2026-05-10"]);
    const month = daysOf("month", new Date(2026, 4, 8));
    expect([month.length, dayKey(month[0]!), dayKey(month.at(-1)!)]).toEqual([35, "2026-04-27", "2026-05-31"]);
    expect(weekNumber(new Date(2026, 4, 8))).toBe(19);
    expect(weekNumber(new Date(2027, 0, 1))).toBe(53);
    expect(dayKey(shifted("month", new Date(2026, 0, 31), 1))).toBe("2026-02-01");
    expect(rangeText("week", new Date(2026, 4, 8), "en")).toContain("2026");
  });
  it("come from an address only when they exist", () => {
    expect(dayFrom("2026-05-08")?.getTime()).toBe(new Date(2026, 4, 8).getTime());
    expect([dayFrom("2026-02-30"), dayFrom("tomorrow"), dayFrom(undefined)]).toEqual([null, null, null]);
  });
});

describe("what was", () => {
  it("has a shape for each way to end", () => {
    const state = (more: Partial<RunSummary>) => pastEntries([run("1", at(7, 20), 10, more)], [], now)[0]!.state;
    expect([state({}), state({ outcome: "succeeded-with-warnings" }), state({ outcome: "failed" }), state({ outcome: "cancelled" }), state({ state: "interrupted", outcome: null }), state({ state: "running", outcome: null, ended_at: null })])
      .toEqual(["saved", "warned", "failed", "stopped", "failed", "running"]);
    const missed = { code: "slot-missed" as const, title: "", risk: "", hints: [], detail: "", retry: false, seen_sha256: null };
    expect(state({ outcome: "failed", error: missed })).toBe("missed");
  });
  it("goes on until now while it runs", () => {
    expect(pastEntries([run("1", at(8, 13), 0, { state: "running", outcome: null, ended_at: null })], [], now)[0]!.end).toBe(now);
  });
  it("tells what is usual by the middle one, without those that failed", () => {
    const runs = [run("1", at(7, 20), 10), run("2", at(6, 20), 90, { outcome: "failed" }), run("3", at(5, 20), 14), run("4", at(4, 20), 200)];
    expect(usualLength(runs, "Office")).toBe(14 * 60_000);
    expect(usualLength(runs, "Other")).toBeNull();
  });
});

describe("what is planned", () => {
  const usual = (name: string) => (name === "Office" ? hour : null);
  const plan = (jobs: JobView[], slots: Record<string, { at: string; schedule: number }[]>) => planEntries({ jobs, slots: new Map(Object.entries(slots)), usual, now });
  it("has the usual length, or none that is known", () => {
    const [office, other] = plan([job("a", "Office", evening), job("b", "Other", evening)], { a: [slot(at(8, 20))], b: [slot(at(8, 21))] });
    expect([office!.end - office!.start, office!.known]).toEqual([hour, true]);
    expect([other!.end - other!.start, other!.known]).toEqual([0, false]);
  });
  it("starts a following job where the one before ends, and no circle ends the day", () => {
    const chain = plan([job("a", "Office", evening), job("b", "Other", { by: "after", job_id: "a", only_success: true })], { a: [slot(at(8, 20))] });
    expect(chain.map((entry) => [entry.name, entry.start, entry.after])).toEqual([["Office", at(8, 20), null], ["Other", at(8, 21), "Office"]]);
    const circle = plan([job("a", "Office", { by: "after", job_id: "b", only_success: true }), job("b", "Other", { by: "after", job_id: "a", only_success: true })], {});
    expect(circle).toEqual([]);
  });
  it("leaves out what is over and what waits", () => {
    const jobs = [job("a", "Office", evening, { paused: true, paused_until: iso(at(9, 12)) }), job("b", "Other", evening, { paused: true })];
    expect(plan(jobs, { a: [slot(at(8, 20)), slot(at(9, 20))], b: [slot(at(9, 20))] }).map((entry) => entry.start)).toEqual([at(9, 20)]);
    expect(plan([job("a", "Office", evening)], { a: [slot(at(8, 13))] })).toEqual([]);
  });
});

const entry = (start: number, minutes: number, more: Partial<Entry> = {}): Entry => ({ id: String(start), state: "planned", lane: "backup", name: "Office", vms: ["SQL01"], start, end: start + minutes * 60_000, known: true, count: 1, run: null, job: null, schedule: 0, after: null, ...more });

describe("a day", () => {
  const day = { start: at(9, 0), end: at(10, 0) };
  it("shows where plans lie over each other", () => {
    expect(overlaps([entry(at(9, 20), 60, { name: "B" }), entry(at(9, 19), 90)])).toEqual([{ start: at(9, 20), end: at(9, 20, 30) }]);
    expect(overlaps([entry(at(9, 19), 60), entry(at(9, 20), 30)])).toEqual([]);
    expect(overlaps([entry(at(7, 19), 90, { state: "saved" }), entry(at(7, 20), 30, { state: "saved" })])).toEqual([]);
    expect(rowsOf([entry(at(9, 19), 90), entry(at(9, 20), 30, { name: "B" }), entry(at(9, 21), 30)]).map((row) => row.map((one) => one.name))).toEqual([["Office", "Office"], ["B"]]);
  });
  it("tells the longest free window, from now on", () => {
    expect(freeWindow(day, [entry(at(9, 2), 60), entry(at(9, 20), 60)], now)).toEqual({ start: at(9, 3), end: at(9, 20) });
    expect(freeWindow(day, [], at(9, 21))).toBeNull();
    expect(freeWindow(day, [entry(at(8, 23), 300)], now)).toEqual({ start: at(9, 4), end: at(10, 0) });
  });
  it("draws what follows closely as one, and what goes past midnight twice", () => {
    const often = Array.from({ length: 12 }, (_, index) => entry(at(9, 8, index * 5), 2, { id: `o${index}` }));
    expect(merged(often).map((one) => [one.count, one.start, one.end])).toEqual([[12, at(9, 8), at(9, 8, 57)]]);
    const days = byDay([new Date(2026, 4, 9), new Date(2026, 4, 10)], [entry(at(9, 23), 120)], now);
    expect(days.map((one) => one.entries.length)).toEqual([1, 1]);
  });
  it("is searched by job and VM", () => {
    expect([matches(entry(0, 1), "sql"), matches(entry(0, 1), "OFFICE"), matches(entry(0, 1), "mail"), matches(entry(0, 1), " ")]).toEqual([true, true, false, true]);
  });
});

describe("names beside bars", () => {
  it("go where there is room", () => {
    const bars = [{ id: "a", left: 0, right: 0.01, text: "Office VMs" }, { id: "b", left: 0.5, right: 0.9, text: "Archive" }, { id: "c", left: 0.99, right: 1, text: "Mail" }];
    expect(placeLabels(bars, 1000).map((label) => [label.id, label.where])).toEqual([["a", "right"], ["b", "inside"], ["c", "left"]]);
    expect(placeLabels([{ id: "a", left: 0, right: 0.01, text: "Office VMs" }, { id: "b", left: 0.02, right: 0.03, text: "Other" }], 1000).map((label) => label.id)).toEqual(["b"]);
    expect(textWidth("業務")).toBeGreaterThan(textWidth("VM"));
  });
});

describe("moving a plan", () => {
  it("changes the time of its schedule and stays in its day", () => {
    const one = entry(at(9, 20), 30, { job: job("a", "Office", evening) });
    expect(timeOf(one)).toBe(1200);
    expect(movedDraft(one, 45)?.schedules[0]?.when).toEqual({ ...evening, at: "20:45" });
    expect(movedDraft(entry(at(9, 20), 30, { job: job("a", "Office", { ...evening, at: "20:00:00" }) }), -15)?.schedules[0]?.when).toEqual({ ...evening, at: "19:45:00" });
    expect([withinDay(one, 900), withinDay(one, -9000)]).toEqual([235, -1200]);
  });
  it("is not for what has no time of its own", () => {
    expect(timeOf(entry(at(9, 20), 30, { job: job("a", "Office", { by: "interval", minutes: 60 }) }))).toBeNull();
    expect(timeOf(entry(at(9, 20), 30, { job: job("a", "Office", evening), state: "saved" }))).toBeNull();
  });
});
