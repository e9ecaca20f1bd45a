import type { PointView } from "@/api/generated/PointView";

const day = 86_400_000;

/** How much of the past is in sight. */
export const spans = { year: 365 * day, month: 31 * day, weeks: 14 * day, day } as const;
export type Span = keyof typeof spans;

/** Places on the line that recovery points can stand at without touching. */
const slots = 54;

export interface Mark {
  /** The one that stands for all at this place. */
  point: PointView;
  /** How many stand here. */
  count: number;
  /** From the left, 0 to 1. */
  at: number;
}

/** The end of what is in sight at first: now, unless the newest recovery point is older than all that. */
export function endFor(points: readonly PointView[], span: Span, now: Date): number {
  const newest = points.reduce((best, one) => Math.max(best, Date.parse(one.taken_at)), 0);
  return newest > 0 && now.getTime() - newest > spans[span] ? newest + spans[span] * 0.05 : now.getTime();
}

/** The closest look that shows at least a few, if there are as many. */
export function spanFor(points: readonly PointView[], now: Date): Span {
  const seen = (span: Span) => {
    const end = endFor(points, span, now);
    return points.filter((one) => Date.parse(one.taken_at) > end - spans[span]).length;
  };
  return (["weeks", "month", "year"] as const).find((span) => seen(span) >= Math.min(4, points.length)) ?? "year";
}

/** Where recovery points stand. Those too close to each other share a place; the chosen one is always the one that is shown. */
export function marksOf(points: readonly PointView[], chosen: string | null, end: number, span: Span): Mark[] {
  const places = new Map<number, Mark>();
  for (const point of points) {
    const at = 1 - (end - Date.parse(point.taken_at)) / spans[span];
    if (at < 0 || at > 1) continue;
    const place = Math.round(at * slots);
    const before = places.get(place);
    const shown = !before || point.id === chosen || (before.point.id !== chosen && point.taken_at > before.point.taken_at);
    places.set(place, { point: shown ? point : before.point, count: (before?.count ?? 0) + 1, at: shown ? at : before.at });
  }
  return [...places.values()].sort((a, b) => a.at - b.at);
}

/** Moments that are written under the line, each with its place. */
export function ticksOf(end: number, span: Span): { time: Date; at: number }[] {
  const begin = end - spans[span];
  const ticks: { time: Date; at: number }[] = [];
  const first = new Date(begin);
  const step = (count: number): Date => {
    switch (span) {
      case "year": return new Date(first.getFullYear(), first.getMonth() + 1 + count * 2, 1);
      case "month": return new Date(first.getFullYear(), first.getMonth(), first.getDate() + 1 + count * 5);
      case "weeks": return new Date(first.getFullYear(), first.getMonth(), first.getDate() + 1 + count * 2);
      case "day": return new Date(first.getFullYear(), first.getMonth(), first.getDate(), first.getHours() + 1 + count * 4);
    }
  };
  for (let count = 0, time = step(0); time.getTime() < end; count += 1, time = step(count)) ticks.push({ time, at: (time.getTime() - begin) / spans[span] });
  return ticks;
}
