import { localeOf, type Language } from "./language";

const names = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

export interface Amount {
  value: string;
  unit: string;
}

function decimals(value: number, digits: number, language: Language): string {
  return value.toLocaleString(localeOf(language), { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A byte count as number and IEC unit, one decimal from KiB on: 443,023,000,000 is 412.6 GiB. */
export function bytes(count: number, language: Language = "en"): Amount {
  let value = Math.max(0, count);
  let power = 0;
  // 1023.95 would be printed as 1,024.0 of the smaller unit.
  while (value >= 1023.95 && power < names.length - 1) {
    value /= 1024;
    power += 1;
  }
  const unit = names[power] ?? "B";
  return { value: decimals(value, power === 0 ? 0 : 1, language), unit };
}

/** A byte count as one text. */
export function bytesText(count: number, language: Language = "en"): string {
  const { value, unit } = bytes(count, language);
  return `${value} ${unit}`;
}

/** "31.8 of 54.7 GiB" needs both in the unit of the whole. */
export function bytesOf(done: number, total: number, language: Language = "en"): { done: string; total: string; unit: string } {
  const whole = bytes(total, language);
  const power = Math.max(0, names.indexOf(whole.unit as (typeof names)[number]));
  return { done: decimals(Math.max(0, done) / 1024 ** power, power === 0 ? 0 : 1, language), total: whole.value, unit: whole.unit };
}

/** Bytes per second. */
export function rateText(perSecond: number, language: Language = "en"): string {
  return `${bytesText(perSecond, language)}/s`;
}

/** A whole number with separators. */
export function countText(count: number, language: Language = "en"): string {
  return count.toLocaleString(localeOf(language));
}

/** The part done in percent, 0 to 100, never 100 before all is done. Zero of zero counts as done. */
export function percent(done: number, total: number): number {
  if (total <= 0) return done >= total ? 100 : 0;
  if (done >= total) return 100;
  return Math.min(99, Math.max(0, Math.floor((done / total) * 100)));
}
