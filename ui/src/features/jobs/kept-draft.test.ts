import { describe, expect, it } from "vitest";
import type { JobDraft } from "@/api/generated/JobDraft";
import { newDraft, schedule } from "./draft";
import { keptDraft } from "./kept-draft";

const initial = newDraft([], "repository-1");
const whole: JobDraft = {
  ...initial, name: "Mine", leave_out: ["A"], zone: "Asia/Tokyo", limit: 20, rpo_minutes: 240, retry_minutes: [5],
  sources: [{ server_id: "s", pick: { by: "rule", conditions: [{ on: "tag", category: null, tag: "Gold" }] } }, { server_id: "s", pick: { by: "all" } }],
  without: [{ server_id: "s", pick: { by: "vm", instance_uuid: null, reference: "vm-1", name: "A" } }],
  leave_out_disks: [{ server_id: "s", instance_uuid: null, reference: "vm-1", vm_name: "A", uuid: null, key: 2000, label: "Hard disk 1" }],
  schedules: [schedule({ by: "month", on: { day: "nth", nth: 2, weekday: 1 }, at: "21:00:00" }, { keep: { unit: "forever" }, until: "06:00:00", effective_from: "2027-02-28", allowed: [1, 2, 3, 4, 5, 6, 7] })],
};
const read = (value: unknown) => keptDraft(JSON.parse(JSON.stringify(value)), initial);

describe("a kept draft", () => {
  it("comes back as it was", () => {
    expect(read(whole)).toEqual(whole);
  });
  it("of an earlier version gets what it did not have yet", () => {
    for (const field of ["without", "leave_out_disks", "leave_out", "spans", "zone", "retry_minutes", "catch_up_hours", "rpo_minutes", "limit", "name", "repository_id"] as const) {
      const older = Object.fromEntries(Object.entries(whole).filter(([key]) => key !== field));
      expect(read(older)).toEqual({ ...whole, [field]: initial[field] });
    }
    expect(read({ ...whole, schedules: [{ when: { by: "week", days: [0], at: "20:00:00" } }] })?.schedules).toEqual([schedule({ by: "week", days: [0], at: "20:00:00" })]);
  });
  it("loses what makes no sense, field by field, and nothing is thrown", () => {
    for (const wrong of [null, 1, "x", true, [], {}, [null], [1], ["x"], [{}], [{ by: "week" }], -1, 0.5, { by: "rule", conditions: [] }]) {
      for (const field of Object.keys(whole)) {
        const found = read({ ...whole, [field]: wrong });
        if (found) expect(Object.keys(found).sort()).toEqual(Object.keys(whole).sort());
      }
      expect(read({ ...whole, schedules: [{ when: wrong }] })?.schedules).toEqual([]);
      expect(read({ ...whole, sources: [{ server_id: "s", pick: wrong }] })?.sources).toEqual([]);
    }
    expect(read({ ...whole, spans: { daily: "3", weekly: 2 } })?.spans).toEqual({ ...initial.spans, weekly: 2 });
  });
  it("is none when it has no sources or schedules", () => {
    for (const none of [null, 3, "x", [], {}, { sources: [] }, { schedules: [] }]) expect(read(none)).toBeNull();
  });
});
