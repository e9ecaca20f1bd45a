import type { MonthDayView } from "@/api/generated/MonthDayView";
import type { ScheduleView } from "@/api/generated/ScheduleView";

/** Minutes of a day. */
export const dayLength = 24 * 60;

/** A day as its number since 1 January 1970. Wall clocks only: days have no zone here and no hour is skipped. */
export function dayNumber(year: number, month: number, date: number): number {
  return Math.round(Date.UTC(year, month, date) / 86_400_000);
}

/** The day of a date as the clock of this computer shows it. */
export function dayOf(time: Date): number {
  return dayNumber(time.getFullYear(), time.getMonth(), time.getDate());
}

/** Year, month from 0, date, and day of the week from Monday. */
export function partsOf(day: number): { year: number; month: number; date: number; weekday: number } {
  const at = new Date(day * 86_400_000);
  return { year: at.getUTCFullYear(), month: at.getUTCMonth(), date: at.getUTCDate(), weekday: (((day + 3) % 7) + 7) % 7 };
}

/** "20:05:00" in minutes from midnight. */
export function minutesOf(at: string): number {
  const [hours, minutes] = at.split(":");
  return Number(hours) * 60 + Number(minutes);
}

/** Whether an hour of a day of the week, from Monday, is allowed. */
export function allows(allowed: readonly number[] | null, weekday: number, hour: number): boolean {
  return allowed === null || (((allowed[weekday] ?? 0) >> hour) & 1) === 1;
}

/** The day of the month that `day` lies in, as the engine counts it. */
function dayInMonth(on: MonthDayView, day: number): number {
  const { year, month } = partsOf(day);
  const first = dayNumber(year, month, 1);
  const last = dayNumber(year, month + 1, 1) - 1;
  const number = (of: number) => partsOf(of).weekday;
  switch (on.day) {
    case "date": return Math.min(first + on.date - 1, last);
    case "last": return last;
    case "last-working-day": return last - Math.max(0, number(last) - 4);
    case "nth": return first + ((7 + on.weekday - number(first)) % 7) + 7 * (on.nth - 1);
    case "last-of": return last - ((7 + number(last) - on.weekday) % 7);
  }
}

/** Counted from the beginning of each stretch of allowed hours, and anew from midnight. */
function intervals(allowed: readonly number[] | null, weekday: number, every: number): number[] {
  const slots: number[] = [];
  for (let hour = 0; hour < 24; hour += 1) {
    if (!allows(allowed, weekday, hour) || (hour > 0 && allows(allowed, weekday, hour - 1))) continue;
    let end = hour;
    while (end < 24 && allows(allowed, weekday, end)) end += 1;
    for (let at = hour * 60; at < end * 60; at += every) slots.push(at);
  }
  return slots;
}

function slotsOfDay(schedule: ScheduleView, day: number): number[] {
  const { when } = schedule;
  const parts = partsOf(day);
  switch (when.by) {
    case "week": return when.days.includes(parts.weekday) ? [minutesOf(when.at)] : [];
    case "month": return dayInMonth(when.on, day) === day ? [minutesOf(when.at)] : [];
    case "year": return parts.month + 1 === when.month && dayInMonth(when.on, day) === day ? [minutesOf(when.at)] : [];
    case "interval": return intervals(schedule.allowed, parts.weekday, Math.max(1, when.minutes));
    case "after": return [];
  }
}

/** When a schedule is due from a day on, in minutes of the wall clock since 1970. What follows another job has no times of its own. */
export function slotsOf(schedule: ScheduleView, first: number, days: number): number[] {
  const begin = schedule.effective_from === null ? first : Math.max(first, dayOf(new Date(`${schedule.effective_from}T00:00`)));
  const slots: number[] = [];
  for (let day = begin; day < first + days; day += 1) {
    for (const minute of slotsOfDay(schedule, day)) slots.push(day * dayLength + minute);
  }
  return slots;
}
