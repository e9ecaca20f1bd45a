import type { GlyphName, Tone } from "@/components/Glyph";
import type { Messages } from "@/i18n/messages";
import type { Language } from "@/lib/language";
import { dateText, estimateText } from "@/lib/time";
import type { Cause } from "./causes";
import { kindName, lengthOf, namesOf, runState } from "./run-words";

type Words = Messages["runs"];

export function signOf(cause: Cause, t: Words): { glyph: GlyphName; tone: Tone; word: string } {
  const state = runState(cause.runs[0], t);
  // What is over is told without alarm.
  if (cause.state === "past" && cause.error) return { glyph: "failed", tone: "off", word: t.madeGood };
  return state;
}

const names = (cause: Cause, t: Words) => [...new Set(cause.runs.map((run) => run.job ?? namesOf(run, t)))];

/** What the line is about: the reason for what failed, otherwise whose runs they are. */
export function titleOf(cause: Cause, t: Words): string {
  const [newest] = cause.runs;
  if (cause.error) return cause.error.title;
  const name = newest.job ?? namesOf(newest, t);
  if (newest.state === "interrupted") return t.cutOff(name);
  if (newest.outcome === "succeeded-with-warnings") return t.warnedLine(name);
  if (newest.outcome === "cancelled") return t.stoppedLine(name);
  return name;
}

function whoOf(cause: Cause, t: Words): string {
  const who = names(cause, t);
  return who.slice(0, 3).join(", ") + (who.length > 3 ? t.andOthers(who.length - 3) : "");
}

function whenOf(cause: Cause, now: Date, language: Language, t: Words): string {
  const days = [...new Set(cause.runs.map((run) => dateText(new Date(run.started_at), now, language)))];
  return days.length > 3 ? t.sinceDay(days.at(-1) ?? "") : days.reverse().join(", ");
}

/** The first line of a card. */
export function happened(cause: Cause, now: Date, language: Language, t: Words): string {
  return t.happened(cause.runs.length, whoOf(cause, t), whenOf(cause, now, language, t));
}

/** Who and when, in mute under the title. */
export function secondOf(cause: Cause, now: Date, language: Language, t: Words): string {
  const { runs, error } = cause;
  const [newest] = runs;
  if (error || newest.state === "interrupted") return t.whoWhen(whoOf(cause, t), whenOf(cause, now, language, t));
  if (newest.outcome === "succeeded-with-warnings") return t.warnedText;
  const lengths = runs.map((run) => lengthOf(run, now)).sort((a, b) => a - b);
  const usual = estimateText(lengths[Math.floor(lengths.length / 2)] ?? 0, language);
  const what = newest.job ? namesOf(newest, t) : kindName(newest.kind, t);
  if (cause.state === "running") return what;
  return runs.length > 1 ? t.eachTook(what, usual) : t.oneTook(what, usual);
}
