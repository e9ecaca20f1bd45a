import { localeOf, type Language } from "@/lib/language";

export type CalendarView = "week" | "month";

/** Midnight, in this computer's own time. */
export function dayOf(time: Date | number): Date {
  const date = new Date(time);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

/** Days are counted by the calendar: one of them has 23 hours and another 25. */
export function addDays(day: Date, count: number): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + count);
}

const fromMonday = (day: Date) => (day.getDay() + 6) % 7;

/** The days in sight: a week from Monday, or whole weeks around a month. */
export function daysOf(view: CalendarView, day: Date): Date[] {
  const first = view === "week" ? dayOf(day) : new Date(day.getFullYear(), day.getMonth(), 1);
  const start = addDays(first, -fromMonday(first));
  const last = view === "week" ? addDays(start, 6) : new Date(day.getFullYear(), day.getMonth() + 1, 0);
  const count = view === "week" ? 7 : Math.ceil((Math.round((last.getTime() - start.getTime()) / 86_400_000) + 1) / 7) * 7;
  return Array.from({ length: count }, (_, index) => addDays(start, index));
}

/** The same day one week or month further. */
export function shifted(view: CalendarView, day: Date, by: number): Date {
  return view === "week" ? addDays(day, 7 * by) : new Date(day.getFullYear(), day.getMonth() + by, 1);
}

/** Number of the week by ISO 8601: that with the year's first Thursday is the first. */
export function weekNumber(day: Date): number {
  const thursday = addDays(day, 3 - fromMonday(day));
  const first = new Date(thursday.getFullYear(), 0, 4);
  return 1 + Math.round((thursday.getTime() - addDays(first, 3 - fromMonday(first)).getTime()) / (7 * 86_400_000));
}

/** "2026-05-08", as the address has it. */
export function dayKey(day: Date): string {
  return `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, "0")}-${String(day.getDate()).padStart(2, "0")}`;
}

export function dayFrom(key: string | undefined): Date | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(key ?? "");
  if (!parts) return null;
  const day = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]));
  return dayKey(day) === key ? day : null;
}

/** "Mon 4", 「4日(月)」. */
export function dayName(day: Date, language: Language): string {
  if (language === "ja") return day.toLocaleDateString("ja-JP", { weekday: "short", day: "numeric" });
  return `${day.toLocaleDateString("en-GB", { weekday: "short" })} ${day.getDate()}`;
}

/** "4 – 10 May 2026", or "May 2026". */
export function rangeText(view: CalendarView, day: Date, language: Language): string {
  if (view === "month") return day.toLocaleDateString(localeOf(language), { year: "numeric", month: "long" });
  const days = daysOf("week", day);
  const [first = day, last = day] = [days[0], days[6]];
  if (language === "ja") {
    const full = (date: Date) => `${date.getFullYear()}年${date.getMonth() + 1}月${date.getDate()}日`;
    const end = first.getFullYear() !== last.getFullYear() ? full(last) : first.getMonth() !== last.getMonth() ? `${last.getMonth() + 1}月${last.getDate()}日` : `${last.getDate()}日`;
    return `${full(first)}〜${end}`;
  }
  return new Intl.DateTimeFormat(localeOf(language), { year: "numeric", month: "short", day: "numeric" }).formatRange(first, last);
}

/** How far into its day a moment is by the clock on the wall, in minutes. */
export function minuteOf(time: number): number {
  const date = new Date(time);
  return date.getHours() * 60 + date.getMinutes() + date.getSeconds() / 60;
}
