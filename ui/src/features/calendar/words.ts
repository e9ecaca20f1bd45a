import type { GlyphName, Tone } from "@/components/Glyph";
import type { Messages } from "@/i18n/messages";
import type { Language } from "@/lib/language";
import { clockText, durationText, estimateText, momentText } from "@/lib/time";
import type { CalendarDay, Entry, EntryState } from "./entries";

type Words = Messages["calendar"];

export const signOf: Record<EntryState, { glyph: GlyphName; tone: Tone }> = {
  saved: { glyph: "ok", tone: "ok" },
  warned: { glyph: "warned", tone: "warn" },
  failed: { glyph: "failed", tone: "bad" },
  missed: { glyph: "failed", tone: "bad" },
  stopped: { glyph: "stopped", tone: "off" },
  running: { glyph: "running", tone: "info" },
  planned: { glyph: "next", tone: "accent" },
};

export function wordOf(entry: Entry, t: Words): string {
  if (entry.state === "saved" && entry.lane === "restore") return t.restored;
  return { saved: t.saved, warned: t.warned, failed: t.failed, missed: t.missed, stopped: t.stopped, running: t.running, planned: t.planned }[entry.state];
}

/** "20:05 – 20:57", or only its beginning where the end is not known. */
export function timesOf(entry: Entry, language: Language, t: Words): string {
  const from = clockText(new Date(entry.start), language);
  if (entry.state === "running") return t.since(from);
  if (!entry.known || entry.end - entry.start < 60_000) return from;
  return t.fromTo(from, clockText(new Date(entry.end), language));
}

/** How long it took, or usually takes. */
export function lengthText(entry: Entry, language: Language, t: Words): string {
  const seconds = (entry.end - entry.start) / 1000;
  if (entry.state === "planned") return entry.known ? t.usually(estimateText(seconds, language)) : t.unknownLength;
  return entry.state === "missed" ? "" : durationText(Math.round(seconds), language);
}

/** The whole entry in one sentence, for who does not see the bar. */
export function sentenceOf(entry: Entry, now: Date, language: Language, t: Words): string {
  const parts = [momentText(new Date(entry.start), now, language), entry.name, entry.count > 1 ? t.times(entry.count) : "", wordOf(entry, t), entry.count > 1 ? "" : lengthText(entry, language, t)];
  return parts.filter(Boolean).join(", ");
}

/** What a day comes to: what went wrong first, then what was saved, then what is to come. */
export function dayFact(day: CalendarDay, now: Date, t: Words): { text: string; tone: Tone | null } {
  const count = (...states: EntryState[]) => day.entries.reduce((sum, entry) => sum + (states.includes(entry.state) && entry.start >= day.start ? entry.count : 0), 0);
  const [failed, missed, saved, planned] = [count("failed"), count("missed"), count("saved", "warned"), count("planned")];
  if (failed > 0) return { text: t.failedCount(failed), tone: "bad" };
  if (missed > 0) return { text: t.missedCount(missed), tone: "bad" };
  if (now.getTime() >= day.start && now.getTime() < day.end) return { text: t.today, tone: "accent" };
  if (saved > 0) return { text: t.savedCount(saved), tone: null };
  return planned > 0 ? { text: t.plannedCount(planned), tone: null } : { text: "", tone: null };
}
