import type { PointView } from "@/api/generated/PointView";

/** What one VM's recovery points in a place come to. */
export interface VmSum {
  id: string;
  name: string;
  points: number;
  /** All of them in full. */
  whole: number;
  /** What they wrote when they were made. */
  written: number;
  newest: string;
}

/** VMs by what their recovery points wrote, most first. One VM with two names is one line, under the newest. */
export function byVm(points: readonly PointView[]): VmSum[] {
  const sums = new Map<string, VmSum>();
  for (const point of points) {
    const id = point.instance_uuid ?? `name ${point.vm_name}`;
    const before = sums.get(id);
    const isNewer = !before || point.taken_at > before.newest;
    sums.set(id, {
      id, name: isNewer ? point.vm_name : before.name, points: (before?.points ?? 0) + 1, whole: (before?.whole ?? 0) + point.capacity,
      written: (before?.written ?? 0) + point.stored, newest: isNewer ? point.taken_at : before.newest,
    });
  }
  return [...sums.values()].sort((a, b) => b.written - a.written || a.name.localeCompare(b.name));
}

/** Bytes written on each of the last days by recovery points that are still there, oldest first. */
export function writtenByDay(points: readonly PointView[], days: number, now: Date): { day: Date; written: number; points: number }[] {
  const counts = Array.from({ length: days }, (_, index) => ({ day: new Date(now.getFullYear(), now.getMonth(), now.getDate() - (days - 1 - index)), written: 0, points: 0 }));
  for (const point of points) {
    const at = new Date(point.finished_at).getTime();
    const day = counts.findLast((one) => one.day.getTime() <= at);
    if (!day) continue;
    day.written += point.stored;
    day.points += 1;
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
