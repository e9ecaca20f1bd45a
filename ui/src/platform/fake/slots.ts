import type { ScheduleView } from "@/api/generated/ScheduleView";
import type { SlotView } from "@/api/generated/SlotView";
import { dayOf, slotsOf } from "@/lib/rhythm";

const most = 1000;

/** A wall clock's minutes as a moment of this computer's own time; zones are taken for that. */
function momentOf(slot: number): Date {
  const wall = new Date(slot * 60_000);
  return new Date(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate(), wall.getUTCHours(), wall.getUTCMinutes());
}

/** The moments between two times at which schedules are due. */
export function slotsBetween(schedules: readonly ScheduleView[], from: Date, to: Date): SlotView[] {
  const days = dayOf(to) - dayOf(from) + 1;
  return schedules
    .flatMap((one, schedule) => slotsOf(one, dayOf(from), days).map((slot) => ({ at: momentOf(slot), schedule })))
    .filter(({ at }) => at > from && at <= to)
    .sort((a, b) => a.at.getTime() - b.at.getTime())
    .slice(0, most)
    .map(({ at, schedule }) => ({ at: at.toISOString(), schedule }));
}
