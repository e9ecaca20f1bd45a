import { describe, expect, it } from "vitest";
import type { JobPlanView } from "@/api/generated/JobPlanView";
import { en } from "@/i18n/en";
import { fakeError } from "@/platform/fake/data";
import type { Issue } from "./checks";
import { withPlan } from "./plan-notes";

const plan = (more: Partial<JobPlanView>): JobPlanView => ({ vms: [], left_out: [], runs: [], needs_seconds: null, measured_vms: 0, window_seconds: null, warnings: [], ...more });
const note = (key: string, fix?: Issue["fix"]): Issue => ({ key, step: "source", title: key, text: key, ...(fix ? { fix } : {}) });
const fix = { name: "Set right", apply: <Draft,>(draft: Draft) => draft };
const keys = (issues: readonly Issue[]) => issues.map((one) => one.key);

describe("notes with the plan of the back end", () => {
  it("are those found here while there is no plan", () => {
    expect(keys(withPlan([note("tools"), note("room")], null, null, [], en))).toEqual(["tools", "room"]);
  });
  it("have one card for what a warning is about, instead of what was found here, with its fix", () => {
    const found = withPlan([note("tools"), note("room"), note("rpo", fix)], plan({ warnings: [{ about: "schedule", text: "Too far apart." }, { about: "destination", text: "Full." }] }), null, [], en);
    expect(keys(found)).toEqual(["plan-destination", "plan-schedule", "tools"]);
    expect(found[1]).toMatchObject({ text: "Too far apart.", fix });
  });
  it("name VMs that would fail, but not those that are told as not found, and no more than three", () => {
    const failing = (name: string) => ({ server_id: null, name, disks: [], last_seconds: null, error: fakeError("vm-not-found", { title: "Gone." }) });
    expect(withPlan([], plan({ vms: [failing("A"), failing("B")] }), null, ["A"], en)[0]?.text).toBe("B: Gone.");
    expect(withPlan([], plan({ vms: ["A", "B", "C", "D", "E"].map(failing) }), null, [], en)[0]?.text).toBe("A: Gone. B: Gone. C: Gone. And 2 more like this.");
  });
  it("say that there is no plan, and keep what was found here", () => {
    expect(keys(withPlan([note("room")], null, fakeError("state-damaged"), [], en))).toEqual(["plan-failed", "room"]);
  });
});
