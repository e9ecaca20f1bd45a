import type { PointSums } from "@/api/generated/PointSums";
import type { PointView } from "@/api/generated/PointView";
import type { VmSum } from "@/api/generated/VmSum";
import type { WrittenHour } from "@/api/generated/WrittenHour";

/** What recovery points come to, by VM and by hour. */
export function sumsOf(points: readonly PointView[]): Omit<PointSums, "unreadable"> {
  const vms = new Map<string, VmSum>();
  const hours = new Map<string, WrittenHour>();
  for (const point of points) {
    const key = point.instance_uuid ?? `name ${point.vm_name}`;
    const before = vms.get(key);
    const isNewest = !before || point.taken_at > before.newest;
    vms.set(key, {
      key,
      name: isNewest ? point.vm_name : before.name,
      instance_uuid: point.instance_uuid,
      source: point.source,
      repositories: [...new Set([...(before?.repositories ?? []), point.repository_id])],
      points: (before?.points ?? 0) + 1,
      warned: (before?.warned ?? 0) + (point.warnings.length > 0 ? 1 : 0),
      oldest: before && before.oldest < point.taken_at ? before.oldest : point.taken_at,
      newest: isNewest ? point.taken_at : before.newest,
      newest_point_id: isNewest ? point.id : before.newest_point_id,
      newest_repository_id: isNewest ? point.repository_id : before.newest_repository_id,
      capacity: (before?.capacity ?? 0) + point.capacity,
      stored: (before?.stored ?? 0) + point.stored,
    });
    const hour = `${point.finished_at.slice(0, 13)}:00:00Z`;
    const written = hours.get(hour);
    hours.set(hour, { hour, points: (written?.points ?? 0) + 1, stored: (written?.stored ?? 0) + point.stored });
  }
  return { vms: [...vms.values()].sort((a, b) => a.name.localeCompare(b.name)), written: [...hours.values()].sort((a, b) => a.hour.localeCompare(b.hour)) };
}
