import type { KeepForView } from "@/api/generated/KeepForView";
import type { SpansView } from "@/api/generated/SpansView";
import { dayLength, dayNumber, partsOf } from "./rhythm";

/** A recovery point to come: when, in minutes of the wall clock since 1970, and of which schedule. */
export interface Coming {
  at: number;
  schedule: number;
}

export interface Rule {
  spans: SpansView;
  /** For how long what each schedule makes is kept, by its place. */
  keeps: readonly (KeepForView | null)[];
}

export const spanKeys = ["last", "daily", "weekly", "monthly", "yearly"] as const;
export type SpanKey = (typeof spanKeys)[number];

/** Which part of a rule keeps something. */
export type Part = SpanKey | "time" | "newest";

function addMonths(at: number, months: number): number {
  const { year, month, date } = partsOf(Math.floor(at / dayLength));
  const last = dayNumber(year, month + months + 1, 1) - 1;
  const then = Math.min(dayNumber(year, month + months, 1) + date - 1, last);
  return then * dayLength + (((at % dayLength) + dayLength) % dayLength);
}

/** Until when something is kept; for ever is Infinity. */
export function keptUntil(keep: KeepForView, at: number): number {
  switch (keep.unit) {
    case "days": return at + keep.count * dayLength;
    case "weeks": return at + keep.count * 7 * dayLength;
    case "months": return addMonths(at, keep.count);
    case "years": return addMonths(at, keep.count * 12);
    case "forever": return Infinity;
  }
}

/** The span of the calendar that a moment lies in, as a number. */
export function spanOf(key: Exclude<SpanKey, "last">, at: number): number {
  const day = Math.floor(at / dayLength);
  if (key === "daily") return day;
  // The first day of 1970 was a Thursday; weeks begin on Monday.
  if (key === "weekly") return Math.floor((day + 3) / 7);
  const { year, month } = partsOf(day);
  return key === "monthly" ? year * 12 + month : year;
}

/**
 * Which of the recovery points, oldest first, are kept at a moment, and by what. The same judgement
 * as the engine's for good recovery points that nobody holds. Those made after the moment are left out.
 */
export function judge(points: readonly Coming[], rule: Rule, now: number): Set<Part>[] {
  const reasons = points.map(() => new Set<Part>());
  const there = points.flatMap((point, index) => (point.at <= now ? [index] : [])).reverse();
  const add = (index: number | undefined, part: Part) => (index === undefined ? undefined : reasons[index]?.add(part));
  add(there[0], "newest");
  for (const index of there.slice(0, rule.spans.last)) add(index, "last");
  for (const key of ["daily", "weekly", "monthly", "yearly"] as const) {
    let left = rule.spans[key];
    let newest: number | null = null;
    for (const index of there) {
      if (left === 0) break;
      const span = spanOf(key, points[index]?.at ?? 0);
      if (span === newest) continue;
      newest = span;
      left -= 1;
      add(index, key);
    }
  }
  for (const index of there) {
    const point = points[index];
    const keep = point ? rule.keeps[point.schedule] : null;
    if (point && keep && keptUntil(keep, point.at) > now) add(index, "time");
  }
  return reasons;
}

/** How many are kept at most, and on which day that is. Looked at once a day, or less often where there are very many. */
export function most(points: readonly Coming[], rule: Rule, first: number, days: number): number {
  const step = Math.max(1, Math.ceil((points.length * days) / 4_000_000));
  let highest = 0;
  for (let day = first + 1; day <= first + days; day += step) {
    const end = day * dayLength;
    highest = Math.max(highest, judge(points, rule, end).filter((reasons) => reasons.size > 0).length);
  }
  return highest;
}
