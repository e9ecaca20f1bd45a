import type { MonthDayView } from "@/api/generated/MonthDayView";
import type { ScheduleView } from "@/api/generated/ScheduleView";
import type { SlotView } from "@/api/generated/SlotView";

const most = 1000;

/** Monday is 0, as the back end counts. */
const weekdayOf = (day: Date) => (day.getDay() + 6) % 7;

function isOn(on: MonthDayView, day: Date): boolean {
  const last = new Date(day.getFullYear(), day.getMonth() + 1, 0).getDate();
  const date = day.getDate();
  switch (on.day) {
    case "date": return date === Math.min(on.date, last);
    case "last": return date === last;
    case "last-working-day": {
      const end = new Date(day.getFullYear(), day.getMonth(), last);
      return date === last - Math.max(0, weekdayOf(end) - 4);
    }
    case "nth": return weekdayOf(day) === on.weekday && Math.ceil(date / 7) === on.nth;
    case "last-of": return weekdayOf(day) === on.weekday && date + 7 > last;
  }
}

function momentsOf({ when, allowed }: ScheduleView, day: Date): Date[] {
  const at = (text: string) => {
    const [hour = 0, minute = 0] = text.split(":").map(Number);
    return new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour, minute);
  };
  const free = (time: Date) => allowed === null || ((allowed[weekdayOf(time)] ?? 0) >> time.getHours()) % 2 === 1;
  switch (when.by) {
    case "week": return when.days.includes(weekdayOf(day)) ? [at(when.at)] : [];
    case "month": return isOn(when.on, day) ? [at(when.at)] : [];
    case "year": return when.month === day.getMonth() + 1 && isOn(when.on, day) ? [at(when.at)] : [];
    case "interval": return Array.from({ length: Math.ceil(1440 / when.minutes) }, (_, index) => new Date(at("00:00").getTime() + index * when.minutes * 60_000)).filter(free);
    case "after": return [];
  }
}

/** The moments between two times at which schedules are due, in this computer's own time. */
export function slotsOf(schedules: readonly ScheduleView[], from: Date, to: Date): SlotView[] {
  const slots: SlotView[] = [];
  for (let day = new Date(from.getFullYear(), from.getMonth(), from.getDate()); day < to; day = new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1)) {
    schedules.forEach((schedule, index) => {
      for (const time of momentsOf(schedule, day)) if (time > from && time <= to) slots.push({ at: time.toISOString(), schedule: index });
    });
  }
  return slots.sort((a, b) => a.at.localeCompare(b.at)).slice(0, most);
}
