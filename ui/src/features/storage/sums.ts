import type { WrittenHour } from "@/api/generated/WrittenHour";

/** Bytes written on each of the last days by recovery points that are still there, oldest first. */
export function writtenByDay(hours: readonly WrittenHour[], days: number, now: Date): { day: Date; written: number; points: number }[] {
  const counts = Array.from({ length: days }, (_, index) => ({ day: new Date(now.getFullYear(), now.getMonth(), now.getDate() - (days - 1 - index)), written: 0, points: 0 }));
  for (const { hour, points, stored } of hours) {
    const at = new Date(hour).getTime();
    const day = counts.findLast((one) => one.day.getTime() <= at);
    if (!day) continue;
    day.written += stored;
    day.points += points;
  }
  return counts;
}

/** How the room of a volume is divided. Null where the volume does not say. */
export function roomOf({ stored, free, total }: { stored: number; free: number | null; total: number | null }): { ours: number; other: number; free: number; total: number } | null {
  if (free === null || total === null || total <= 0) return null;
  const used = Math.max(0, total - free);
  const ours = Math.min(stored, used);
  return { ours, other: used - ours, free, total };
}

/** A place with less than a tenth of its room left is worth a look. */
export function isTight(free: number | null, total: number | null): boolean {
  return free !== null && total !== null && free < total * 0.1;
}
