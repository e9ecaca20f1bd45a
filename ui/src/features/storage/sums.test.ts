import { describe, expect, it } from "vitest";
import { isTight, roomOf, writtenByDay } from "./sums";

describe("sums of a place", () => {
  it("are by day, also without any, and leave out what is older", () => {
    const now = new Date();
    const old = new Date(now.getTime() - 40 * 86_400_000).toISOString();
    const days = writtenByDay([{ hour: old, points: 2, stored: 9 }, { hour: now.toISOString(), points: 1, stored: 5 }], 3, now);
    expect(days.map((one) => [one.points, one.written])).toEqual([[0, 0], [0, 0], [1, 5]]);
  });
  it("never divide more room than there is", () => {
    expect(roomOf({ stored: 60, free: 30, total: 100 })).toEqual({ ours: 60, other: 10, free: 30, total: 100 });
    expect(roomOf({ stored: 90, free: 30, total: 100 })).toEqual({ ours: 70, other: 0, free: 30, total: 100 });
    expect([roomOf({ stored: 1, free: null, total: 100 }), roomOf({ stored: 1, free: 0, total: 0 })]).toEqual([null, null]);
    expect([isTight(9, 100), isTight(10, 100), isTight(null, 100)]).toEqual([true, false, false]);
  });
});
