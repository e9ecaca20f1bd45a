import { describe, expect, it } from "vitest";
import { point, repository, shopVms } from "@/platform/fake/data";
import { endFor, marksOf, spanFor, spans, ticksOf } from "./time-line";

const vm = shopVms[0]!;
const place = repository("r", "NAS");
const now = new Date();
/** Recovery points so many hours old. */
const made = (...hours: number[]) => hours.map((old, index) => point(index, vm, place, old, false));

describe("the time line", () => {
  it("shows up to now, or up to the newest where that is long ago", () => {
    expect(endFor(made(5), "weeks", now)).toBe(now.getTime());
    const end = endFor(made(24 * 100), "weeks", now);
    expect(marksOf(made(24 * 100), null, end, "weeks")).toHaveLength(1);
  });
  it("looks as closely as a few can be seen", () => {
    expect(spanFor(made(1, 25, 49, 73, 97), now)).toBe("weeks");
    expect(spanFor(made(1, 24 * 10, 24 * 20, 24 * 25), now)).toBe("month");
    expect(spanFor(made(1, 24 * 100, 24 * 200, 24 * 300), now)).toBe("year");
    expect(spanFor(made(1), now)).toBe("weeks");
  });
  it("lets close ones share a place, and shows the chosen one of them", () => {
    const close = made(1, 1.01, 1.02, 200);
    const marks = marksOf(close, null, now.getTime(), "weeks");
    expect(marks.map((mark) => [mark.point.id, mark.count])).toEqual([[close[3]!.id, 1], [close[0]!.id, 3]]);
    expect(marksOf(close, close[1]!.id, now.getTime(), "weeks")[1]!.point.id).toBe(close[1]!.id);
    expect(marksOf(close, null, now.getTime(), "day")).toHaveLength(1);
  });
  it("writes some moments under every look", () => {
    for (const span of ["year", "month", "weeks", "day"] as const) {
      const ticks = ticksOf(now.getTime(), span);
      expect(ticks.length).toBeGreaterThan(4);
      expect(ticks.length).toBeLessThan(9);
      expect(ticks.every(({ time, at }) => at >= 0 && at <= 1 && time.getTime() > now.getTime() - spans[span])).toBe(true);
    }
  });
});
