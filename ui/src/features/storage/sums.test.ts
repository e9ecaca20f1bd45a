import { describe, expect, it } from "vitest";
import { point, repository, shopVms } from "@/platform/fake/data";
import { byVm, isTight, roomOf, writtenByDay } from "./sums";

const [app, archive] = [shopVms[0]!, shopVms[1]!];
const place = repository("r", "NAS");

describe("sums of a place", () => {
  it("are by VM, most written first, under the newest name", () => {
    const old = { ...point(1, app, place, 50, false), vm_name: "OLDNAME", stored: 10 };
    const sums = byVm([{ ...point(2, app, place, 2, false), stored: 20 }, old, { ...point(3, archive, place, 3, true), stored: 500 }]);
    expect(sums.map((sum) => [sum.name, sum.points, sum.written])).toEqual([["ARCHIVE01", 1, 500], ["APP01", 2, 30]]);
    expect(sums[1]!.whole).toBe(2 * app.capacity);
  });
  it("are by day, also without any, and leave out what is older", () => {
    const now = new Date();
    const days = writtenByDay([{ ...point(1, app, place, 0.5, false), stored: 5, finished_at: now.toISOString() }, point(2, app, place, 24 * 40, false)], 3, now);
    expect(days.map((one) => [one.points, one.written])).toEqual([[0, 0], [0, 0], [1, 5]]);
  });
  it("never divide more room than there is", () => {
    expect(roomOf({ stored: 60, free: 30, total: 100 })).toEqual({ ours: 60, other: 10, free: 30, total: 100 });
    expect(roomOf({ stored: 90, free: 30, total: 100 })).toEqual({ ours: 70, other: 0, free: 30, total: 100 });
    expect([roomOf({ stored: 1, free: null, total: 100 }), roomOf({ stored: 1, free: 0, total: 0 })]).toEqual([null, null]);
    expect([isTight(9, 100), isTight(10, 100), isTight(null, 100)]).toEqual([true, false, false]);
  });
});
