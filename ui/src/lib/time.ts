import { localeOf, type Language } from "./language";

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

interface Words {
  d: string; h: string; min: string; s: string; gap: string;
  now: string; ago: (text: string) => string; ahead: (text: string) => string;
  today: string; yesterday: string; tomorrow: string; under: string; about: (text: string) => string;
}

const words: Record<Language, Words> = {
  en: {
    d: "d", h: "h", min: "min", s: "s", gap: " ", now: "just now", ago: (text) => `${text} ago`, ahead: (text) => `in ${text}`,
    today: "Today", yesterday: "Yesterday", tomorrow: "Tomorrow", under: "under 1 min", about: (text) => `about ${text}`,
  },
  ja: {
    d: "日", h: "時間", min: "分", s: "秒", gap: "", now: "たった今", ago: (text) => `${text}前`, ahead: (text) => `${text}後`,
    today: "今日", yesterday: "昨日", tomorrow: "明日", under: "1分以内", about: (text) => `約${text}`,
  },
};

function pair(seconds: number, big: number, small: number, bigName: string, smallName: string, language: Language): string {
  const gap = words[language].gap;
  const whole = Math.floor(seconds / big);
  const rest = Math.floor((seconds % big) / small);
  const first = `${whole}${gap}${bigName}`;
  return rest === 0 ? first : `${first}${gap}${rest}${gap}${smallName}`;
}

/** A measured length: "0.4 s", "40 s", "1 min 12 s", "3 h 10 min", "2 d 17 h". */
export function durationText(seconds: number, language: Language = "en"): string {
  const w = words[language];
  const length = Math.max(0, seconds);
  if (length < 10 && !Number.isInteger(length)) return `${length.toFixed(1)}${w.gap}${w.s}`;
  const whole = Math.round(length);
  if (whole < minute) return `${whole}${w.gap}${w.s}`;
  if (whole < hour) return pair(whole, minute, 1, w.min, w.s, language);
  if (whole < day) return pair(whole, hour, minute, w.h, w.min, language);
  return pair(whole, day, hour, w.d, w.h, language);
}

/** An estimate, never with seconds: "under 1 min", "6 min", "3 h 10 min". */
export function estimateText(seconds: number, language: Language = "en"): string {
  if (seconds < minute) return words[language].under;
  return durationText(Math.ceil(seconds / minute) * minute, language);
}

/** An estimate in a sentence: "about 6 min", "under 1 min". */
export function aboutText(seconds: number, language: Language = "en"): string {
  const text = estimateText(seconds, language);
  return seconds < minute ? text : words[language].about(text);
}

function secondsBetween(time: Date, now: Date): number {
  return Math.round((now.getTime() - time.getTime()) / 1000);
}

/** One unit, rounded down: "3 h ago", "2 d ago", "just now". */
export function relativeText(time: Date, now: Date, language: Language = "en"): string {
  const w = words[language];
  const apart = secondsBetween(time, now);
  const size = Math.abs(apart);
  if (size < minute) return w.now;
  const unit: [number, string] = size < hour ? [minute, w.min] : size < day ? [hour, w.h] : [day, w.d];
  const text = `${Math.floor(size / unit[0])}${w.gap}${unit[1]}`;
  return apart >= 0 ? w.ago(text) : w.ahead(text);
}

/** "14:29" in local time. */
export function clockText(time: Date, language: Language = "en"): string {
  return time.toLocaleTimeString(localeOf(language), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

function startOfDay(time: Date): number {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
}

/** "Thu 7 May" or 「5月7日(木)」; the year only when it is another. */
export function dateText(time: Date, now: Date, language: Language = "en"): string {
  const otherYear = time.getFullYear() !== now.getFullYear();
  const options: Intl.DateTimeFormatOptions = { weekday: "short", day: "numeric", month: language === "ja" ? "long" : "short", ...(otherYear ? { year: "numeric" } : {}) };
  return time.toLocaleDateString(localeOf(language), options).replaceAll(",", "");
}

/** "Today 12:00", "Yesterday 20:00", "Thu 7 May 20:00". */
export function momentText(time: Date, now: Date, language: Language = "en"): string {
  const w = words[language];
  const days = Math.round((startOfDay(time) - startOfDay(now)) / (day * 1000));
  const name = days === 0 ? w.today : days === -1 ? w.yesterday : days === 1 ? w.tomorrow : dateText(time, now, language);
  return `${name} ${clockText(time, language)}`;
}

/** The same inside a sentence: "today 12:00". */
export function momentInText(time: Date, now: Date, language: Language = "en"): string {
  const text = momentText(time, now, language);
  const { today, yesterday, tomorrow } = words[language];
  return [today, yesterday, tomorrow].some((name) => text.startsWith(name)) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

/** The whole truth for a tooltip: date, seconds and zone. */
export function exactText(time: Date, language: Language = "en"): string {
  return time.toLocaleString(localeOf(language), { dateStyle: "full", timeStyle: "long" });
}

/** A date for a name: "8-May", in every language the same since names stay Latin. */
export function nameDate(time: Date): string {
  return `${time.getDate()}-${time.toLocaleDateString("en-GB", { month: "short" })}`;
}
