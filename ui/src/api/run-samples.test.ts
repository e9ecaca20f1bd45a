import { describe, expect, it } from "vitest";
import { FakeRun } from "@/platform/fake/runs";
import { RunSamples, speedsOf } from "./run-samples";

const view = new FakeRun("run-1", { kind: "backup", server: null, repository: "NAS", items: [{ name: "A", capacity: 10, bytes: 10 }], result: null }, 2).view;
const at = (read: number, state: typeof view.state = "running") => ({ ...view, state, counters: { ...view.counters, read, stored: read / 2 } });

describe("the course of a run", () => {
  it("has a sample a second and none once it stops", () => {
    const samples = new RunSamples();
    samples.put(at(0), 0);
    samples.put(at(50), 400);
    samples.put(at(100), 1000);
    samples.put(at(200, "stopping"), 2000);
    expect(samples.get("run-1")?.map((one) => one.read)).toEqual([0, 100]);
  });
  it("keeps its length when it grows long", () => {
    const samples = new RunSamples();
    for (let second = 0; second < 3000; second += 1) samples.put(at(second), second * 1000);
    const kept = samples.get("run-1") ?? [];
    expect(kept.length).toBeLessThanOrEqual(720);
    expect(kept[0]?.at).toBe(0);
  });
  it("begins anew when the counters do", () => {
    const samples = new RunSamples();
    samples.put(at(500), 0);
    samples.put(at(10), 1000);
    expect(samples.get("run-1")?.map((one) => one.read)).toEqual([10]);
  });
  it("is told in bytes a second over five seconds", () => {
    const speeds = speedsOf([0, 1, 2, 3, 4, 5, 6].map((second) => ({ at: second * 1000, read: second < 6 ? second * 100 : 1100, stored: second * 10 })));
    expect(speeds.map((one) => Math.round(one.read))).toEqual([100, 100, 100, 100, 100, 200]);
    expect(speeds.every((one) => Math.round(one.stored) === 10)).toBe(true);
    expect(speedsOf([])).toEqual([]);
  });
});
