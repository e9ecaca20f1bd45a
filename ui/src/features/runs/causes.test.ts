import { describe, expect, it } from "vitest";
import type { RunSummary } from "@/api/generated/RunSummary";
import { fakeError } from "@/platform/fake/data";
import { byDay, causesOf, isAbout } from "./causes";

const at = (day: number, hour: number) => new Date(2026, 4, day, hour).toISOString();
let last = 0;

function run(began: string, more: Partial<RunSummary> = {}): RunSummary {
  last += 1;
  return { id: `run-${last}`, kind: "backup", state: "done", outcome: "succeeded", vms: ["FILE02"], server: "esx1", repository: "NAS", job: "Office", started_at: began, ended_at: began, counters: { total: 0, done: 0, read: 0, new: 0, stored: 0 }, error: null, ...more };
}

const off = { outcome: "failed", error: fakeError("repository-vanished") } as const;
const states = (runs: RunSummary[]) => causesOf(runs).map((cause) => [cause.state, cause.runs.length]);

describe("causes", () => {
  it("are one line for all runs with one reason", () => {
    const runs = [run(at(7, 20), off), run(at(7, 19), { ...off, job: "Mail", vms: ["MAIL01"] }), run(at(6, 20), off), run(at(5, 20))];
    expect(states(runs)).toEqual([["needs-you", 3], ["well", 1]]);
  });
  it("are over when a later run of the job made good for them", () => {
    expect(states([run(at(8, 20)), run(at(7, 20), off)])).toEqual([["past", 1], ["well", 1]]);
    expect(states([run(at(8, 20), { job: "Mail", vms: ["MAIL01"] }), run(at(7, 20), off)])).toEqual([["needs-you", 1], ["well", 1]]);
  });
  it("are over when every VM was saved otherwise, and not by another kind of run", () => {
    const failed = run(at(7, 20), { ...off, job: null, vms: ["A", "B"] });
    expect(states([run(at(8, 9), { job: null, vms: ["B"] }), run(at(8, 8), { job: null, vms: ["A"] }), failed])[0]).toEqual(["past", 1]);
    expect(states([run(at(8, 8), { job: null, vms: ["A"] }), failed])[0]).toEqual(["needs-you", 1]);
    expect(states([run(at(8, 8), { job: null, vms: ["A", "B"], kind: "restore-vm" }), failed])[0]).toEqual(["needs-you", 1]);
  });
  it("that came back are open again, in one line", () => {
    expect(states([run(at(8, 20), off), run(at(7, 20)), run(at(6, 20), off)])).toEqual([["needs-you", 2], ["well", 1]]);
  });
  it("of warnings wait for a quiet run", () => {
    const warned = { outcome: "succeeded-with-warnings" } as const;
    expect(states([run(at(8, 20), warned)])).toEqual([["can-wait", 1]]);
    expect(states([run(at(9, 20)), run(at(8, 20), warned)])).toEqual([["past", 1], ["well", 1]]);
  });
  it("take a run that was cut off for a failure, and one that was stopped for past", () => {
    expect(states([run(at(8, 20), { state: "interrupted", outcome: null })])).toEqual([["needs-you", 1]]);
    expect(states([run(at(8, 20), { outcome: "cancelled" })])).toEqual([["past", 1]]);
    expect(states([run(at(8, 20), { state: "running", outcome: null, ended_at: null })])).toEqual([["running", 1]]);
  });
});

describe("runs", () => {
  it("are counted by day, also on days without any", () => {
    const counts = byDay([run(at(8, 1)), run(at(7, 20), off), run(at(7, 1)), run(at(1, 1))], 3, new Date(2026, 4, 8, 14));
    expect(counts.map((one) => [one.day.getDate(), one.runs, one.failed])).toEqual([[6, 0, 0], [7, 2, 1], [8, 1, 0]]);
  });
  it("are found by VM, job and place", () => {
    expect(["file", "OFFICE", "nas", "", "mail"].map((text) => isAbout(run(at(8, 1)), text))).toEqual([true, true, true, true, false]);
  });
});
