import { describe, expect, it } from "vitest";
import type { ScheduleView } from "@/api/generated/ScheduleView";
import type { KeepForView } from "@/api/generated/KeepForView";
import { judge, keptUntil, most, type Coming, type Rule } from "./retention";
import { dayLength, dayNumber, slotsOf } from "./rhythm";

const schedule = (when: ScheduleView["when"], more: Partial<ScheduleView> = {}): ScheduleView => ({ id: null, when, effective_from: null, allowed: null, keep: null, ...more });
/** Monday 4 May 2026. */
const monday = dayNumber(2026, 4, 4);
const text = (slots: number[]) => slots.map((slot) => new Date(slot * 60_000).toISOString().slice(0, 16));
const none = { last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };

describe("when schedules are due", () => {
  it("on days of the week", () => {
    expect(text(slotsOf(schedule({ by: "week", days: [0, 6], at: "20:05:00" }), monday, 8))).toEqual(["2026-05-04T20:05", "2026-05-10T20:05", "2026-05-11T20:05"]);
  });
  it("on days of the month, and on its last where it has fewer", () => {
    const on = (day: Parameters<typeof schedule>[0]) => text(slotsOf(schedule(day), dayNumber(2026, 1, 1), 28))[0];
    expect(on({ by: "month", on: { day: "date", date: 31 }, at: "22:00:00" })).toBe("2026-02-28T22:00");
    expect(on({ by: "month", on: { day: "last-working-day" }, at: "22:00:00" })).toBe("2026-02-27T22:00");
    expect(on({ by: "month", on: { day: "nth", nth: 2, weekday: 1 }, at: "22:00:00" })).toBe("2026-02-10T22:00");
    expect(on({ by: "month", on: { day: "last-of", weekday: 6 }, at: "22:00:00" })).toBe("2026-02-22T22:00");
    expect(on({ by: "year", month: 2, on: { day: "last" }, at: "22:00:00" })).toBe("2026-02-28T22:00");
  });
  it("at intervals, anew from each stretch of allowed hours", () => {
    const office = ((1 << 18) - 1) & ~((1 << 9) - 1);
    const allowed = [office, 0, 0, 0, 0, 0, 0];
    expect(text(slotsOf(schedule({ by: "interval", minutes: 240 }, { allowed }), monday, 2))).toEqual(["2026-05-04T09:00", "2026-05-04T13:00", "2026-05-04T17:00"]);
    expect(slotsOf(schedule({ by: "interval", minutes: 240 }), monday, 1)).toHaveLength(6);
  });
  it("not before its first day, and never by itself when it follows a job", () => {
    expect(text(slotsOf(schedule({ by: "week", days: [0, 1, 2], at: "20:00:00" }, { effective_from: "2026-05-06" }), monday, 7))).toEqual(["2026-05-06T20:00"]);
    expect(slotsOf(schedule({ by: "after", job_id: "x", only_success: false }), monday, 7)).toEqual([]);
  });
});

/** Lets time pass run by run, deleting after each, as the engine's forecast does. */
function step(points: readonly Coming[], rule: Rule): number {
  let left: Coming[] = [];
  for (const point of points) {
    left = [...left, point];
    const verdicts = judge(left, rule, point.at);
    left = left.filter((_, index) => (verdicts[index]?.size ?? 0) > 0);
  }
  return left.length;
}

describe("what is kept", () => {
  it("for as long as promised, months by the calendar", () => {
    const at = dayNumber(2026, 0, 31) * dayLength + 60;
    expect(keptUntil({ unit: "months", count: 1 }, at)).toBe(dayNumber(2026, 1, 28) * dayLength + 60);
    expect(keptUntil({ unit: "weeks", count: 2 }, at)).toBe(at + 14 * dayLength);
    expect(keptUntil({ unit: "forever" }, at)).toBe(Infinity);
  });
  it("is the newest of each span, and always the newest of all", () => {
    const points = slotsOf(schedule({ by: "week", days: [0, 1, 2, 3, 4, 5, 6], at: "20:00:00" }), monday, 60).map((at) => ({ at, schedule: 0 }));
    const now = (points.at(-1)?.at ?? 0) + 1;
    const kept = judge(points, { spans: { ...none, daily: 3, weekly: 2 }, keeps: [null] }, now).filter((reasons) => reasons.size > 0).length;
    // 2 July is a Thursday: three days of this week, and the last of the week before.
    expect(kept).toBe(4);
    expect(judge(points, { spans: none, keeps: [null] }, now).filter((reasons) => reasons.size > 0)).toEqual([new Set(["newest"])]);
  });
  it("is the same whether one looks once or after every run", () => {
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    for (let round = 0; round < 40; round += 1) {
      const keep: KeepForView | null = random(2) === 0 ? { unit: "days", count: 1 + random(40) } : null;
      const rule: Rule = { spans: { last: random(4), daily: random(10), weekly: random(6), monthly: random(6), yearly: random(2) }, keeps: [keep, null] };
      const points = [schedule({ by: "week", days: [0, 2, 4], at: "20:00:00" }), schedule({ by: "interval", minutes: 60 * (6 + random(12)) })]
        .flatMap((one, index) => slotsOf(one, monday, 120).map((at) => ({ at, schedule: index }))).sort((a, b) => a.at - b.at);
      const end = points.at(-1)?.at ?? 0;
      expect(judge(points, rule, end).filter((reasons) => reasons.size > 0)).toHaveLength(step(points, rule));
    }
  });
  it("is counted at its highest", () => {
    const points = slotsOf(schedule({ by: "week", days: [0, 1, 2, 3, 4], at: "20:00:00" }), monday, 548).map((at) => ({ at, schedule: 0 }));
    expect(most(points, { spans: none, keeps: [{ unit: "days", count: 14 }] }, monday, 548)).toBe(10);
  });
});
