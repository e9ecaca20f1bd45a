import { describe, expect, it } from "vitest";
import type { ConditionView } from "@/api/generated/ConditionView";
import { newDraft, readClock, schedule } from "./draft";
import { createCommand, runCommand, word } from "./command";

const known = { jobs: [], server: () => "vcenter.shop.lan", repository: "NAS OFFICE" };

describe("the command line", () => {
  it("says what the job is", () => {
    const draft = { ...newDraft([], "r"), name: "Office VMs", sources: [{ server_id: "s", pick: { by: "vm" as const, instance_uuid: null, reference: "vm-1", name: "APP01" } }, { server_id: "s", pick: { by: "group" as const, id: "f", name: "Line of business" } }], leave_out: ["TEST03"] };
    draft.schedules = [...draft.schedules, schedule({ by: "month", on: { day: "last-of", weekday: 6 }, at: "22:00:00" }, { keep: { unit: "months", count: 12 } })];
    expect(createCommand(draft, known)).toEqual({
      line: 'kuramori job create "Office VMs" --vm vcenter.shop.lan:APP01 --in "vcenter.shop.lan:Line of business" --leave-out TEST03 --repo "NAS OFFICE" --at "working-days 20:00" --at "monthly last-sun 22:00 keep 12m" --keep-daily 14 --keep-weekly 8 --keep-monthly 12',
      unsaid: [],
    });
  });
  it("says what it cannot say", () => {
    const draft = { ...newDraft([], "r"), retry_minutes: [], catch_up_hours: 0, rpo_minutes: 90 };
    draft.schedules = [schedule({ by: "interval", minutes: 90 }, { allowed: [0, 0, 0, 0, 0, 0, 0] })];
    expect(createCommand(draft, known).unsaid).toEqual(["hours", "retry", "catchUp", "rpo"]);
  });
  it("says rules and allowed hours where it can", () => {
    const rule = (...conditions: ConditionView[]) => ({ server_id: "s", pick: { by: "rule" as const, conditions } });
    const office = 0b11_1111_1111 << 8;
    const draft = { ...newDraft([], "r"), name: "N", sources: [rule({ on: "name", pattern: "web-*" }, { on: "tag", category: null, tag: "Gold" }, { on: "power", is: "on" })], without: [rule({ on: "tag", category: "Tier", tag: "Test" }, { on: "system", pattern: "*Windows*" }), { server_id: "s", pick: { by: "group" as const, id: "f", name: "Lab" } }] };
    draft.schedules = [
      schedule({ by: "interval", minutes: 120 }, { allowed: [office, office, office, office, office, 0, 0], keep: { unit: "days", count: 3 } }),
      schedule({ by: "interval", minutes: 240 }, { allowed: Array.from({ length: 7 }, () => 0b11_1111 | 0b1111 << 20) }),
    ];
    const made = createCommand(draft, known);
    expect(made.line).toContain('--rule "vcenter.shop.lan:name=web-*,tag=Gold,power=on" --leave-out-rule "vcenter.shop.lan:tag=Tier/Test,system=*Windows*" --leave-out-rule "vcenter.shop.lan:in=Lab" --repo');
    expect(made.line).toContain('--at "every 2h during mon-fri@8-18 keep 3d" --at "every 4h during 0-6,20-24"');
    expect(made.unsaid).toEqual([]);
    for (const odd of [{ on: "name", pattern: "a,b" }, { on: "tag", category: null, tag: "a/b" }, { on: "power", is: "unknown" }] satisfies ConditionView[]) expect(createCommand({ ...draft, sources: [rule(odd)] }, known).unsaid).toEqual(["rules"]);
    expect(createCommand({ ...draft, without: [{ server_id: "s", pick: { by: "vm", instance_uuid: null, reference: "vm-1", name: "A" } }] }, known).unsaid).toEqual(["rules"]);
  });
  it("quotes what a shell would take apart", () => {
    expect(word('a "b" $c')).toBe('"a \\"b\\" \\$c"');
    expect(runCommand("Office VMs", { vms: "chosen", names: ["APP01", "x y"] })).toBe('kuramori job run "Office VMs" --vm APP01 --vm "x y"');
    expect(runCommand("n", { vms: "failed" })).toBe("kuramori job run n --failed");
  });
});

describe("a time as it is typed", () => {
  it("is read generously", () => {
    expect(["8", "2005", "20:05", "20.05", " 7:30 "].map(readClock)).toEqual(["08:00:00", "20:05:00", "20:05:00", "20:05:00", "07:30:00"]);
    expect(["", "25:00", "20:61", "soon"].map(readClock)).toEqual([null, null, null, null]);
  });
});
