import { ChevronLeft, ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import { Slider, SliderThumb, SliderTrack } from "react-aria-components";
import type { JobDraft } from "@/api/generated/JobDraft";
import { IconButton } from "@/components/Button";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { localeOf } from "@/lib/language";
import { judge, spanOf, type Coming, type Rule, type SpanKey } from "@/lib/retention";
import { dayLength, dayOf, partsOf, slotsOf } from "@/lib/rhythm";
import { dateText } from "@/lib/time";
import css from "./KeepLine.module.css";

/** Days that the line shows: 18 months. */
export const horizon = 548;

/** The recovery points to come, oldest first. */
export function comingOf(draft: JobDraft, today: number): Coming[] {
  return draft.schedules.flatMap((one, schedule) => slotsOf(one, today, horizon).map((at) => ({ at, schedule }))).sort((a, b) => a.at - b.at);
}

export const ruleOf = (draft: JobDraft): Rule => ({ spans: draft.spans, keeps: draft.schedules.map((one) => one.keep) });

interface Mark {
  at: number;
  kept: boolean;
}

/** The newest point of each span up to the marker, and the plain days after it, as marks of a lane. */
function marks(points: readonly Coming[], verdicts: readonly Set<string>[], key: Exclude<SpanKey, "last"> | "time" | "last"): Mark[] {
  const span = key === "time" || key === "last" ? "daily" : key;
  const found = new Map<number, Mark>();
  points.forEach((point, index) => {
    const number = spanOf(span, point.at);
    const kept = verdicts[index]?.has(key) ?? false;
    found.set(number, { at: point.at, kept: kept || (found.get(number)?.kept ?? false) });
  });
  return [...found.values()];
}

/** What will be there on a day in the next 18 months: one lane for each part of the rule. */
export function KeepLine({ draft }: { draft: JobDraft }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const today = dayOf(now);
  const [ahead, setAhead] = useState(180);
  const points = useMemo(() => comingOf(draft, today), [draft, today]);
  const end = (today + ahead + 1) * dayLength - 1;
  const verdicts = useMemo(() => judge(points, ruleOf(draft), end), [points, draft, end]);
  const there = verdicts.filter((reasons) => reasons.size > 0).length;
  const date = (days: number) => { const { year, month, date: day } = partsOf(today + days); return new Date(year, month, day); };
  const lanes = ([["last", draft.spans.last], ["daily", draft.spans.daily], ["weekly", draft.spans.weekly], ["monthly", draft.spans.monthly], ["yearly", draft.spans.yearly]] as const).filter(([, count]) => count > 0).map(([key]) => ({ key, name: t.jobWizard.rows[key], marks: marks(points, verdicts, key) }));
  const timed = draft.schedules.some((one) => one.keep !== null) ? [{ key: "time" as const, name: t.jobWizard.lineTime, marks: marks(points, verdicts, "time") }] : [];
  const all = [...lanes, ...timed];
  const months = Array.from({ length: 18 }, (_, index) => new Date(now.getFullYear(), now.getMonth() + index + 1, 1)).filter((_, index) => index % 3 === 2);
  const x = (at: number) => ((at / dayLength - today) / horizon) * 1000;
  if (points.length === 0) return <p className={css.none}>{t.jobWizard.lineNone}</p>;
  return (
    <section className={css.box} data-testid="keep-line">
      <header className={css.head}>
        <h3 className={css.title}>{t.jobWizard.line}</h3>
        <span className={css.mute}>{t.jobWizard.lineText}</span>
        <span className={css.legend}><span><i data-kept />{t.jobWizard.lineKept}</span><span><i />{t.jobWizard.lineGone}</span></span>
        <IconButton label={t.jobWizard.lineBefore} onPress={() => setAhead(Math.max(0, ahead - 7))} isDisabled={ahead === 0}><ChevronLeft size={15} strokeWidth={2} aria-hidden /></IconButton>
        <IconButton label={t.jobWizard.lineAfter} onPress={() => setAhead(Math.min(horizon - 1, ahead + 7))} isDisabled={ahead === horizon - 1} testId="keep-after"><ChevronRight size={15} strokeWidth={2} aria-hidden /></IconButton>
      </header>
      <div className={css.lanes}>
        {all.map((lane) => (
          <div key={lane.key} className={css.lane}>
            <span className={css.laneName}>{lane.name}</span>
            <svg viewBox="0 0 1000 24" preserveAspectRatio="none" className={css.drawing} aria-hidden="true">
              <line x1="0" x2="1000" y1="12" y2="12" />
              {dense(lane.marks) ? runs(lane.marks, x).map((run) => <rect key={run.from} x={run.from} width={Math.max(3, run.to - run.from + 2)} y="6" height="12" rx="2" data-kept={run.kept || undefined} />) : null}
            </svg>
            {dense(lane.marks) ? null : <span className={css.tiles} aria-hidden>{lane.marks.map((mark) => <i key={mark.at} data-kept={mark.kept || undefined} style={{ insetInlineStart: `${x(mark.at) / 10}%` }} />)}</span>}
            <span className={css.laneCount}>{lane.marks.filter((mark) => mark.kept).length}</span>
          </div>
        ))}
        <Slider aria-label={t.jobWizard.lineMarker} minValue={0} maxValue={horizon - 1} value={ahead} onChange={setAhead} className={css.slider ?? ""}>
          <SliderTrack className={css.track ?? ""} data-testid="keep-track">
            <SliderThumb className={css.thumb ?? ""}><span className={css.flag}>{dateText(date(ahead), now, language)}</span></SliderThumb>
          </SliderTrack>
        </Slider>
        <div className={css.scale} aria-hidden><span data-today>{t.jobWizard.lineToday}</span>{months.map((month) => <span key={month.getTime()} style={{ insetInlineStart: `${((dayOf(month) - today) / horizon) * 100}%` }}>{month.toLocaleDateString(localeOf(language), month.getMonth() < 3 ? { month: "short", year: "numeric" } : { month: "short" })}</span>)}</div>
      </div>
      <p className={css.there} role="status" data-testid="keep-there">{t.jobWizard.lineThere(there, dateText(date(ahead), now, language))} <span className={css.mute}>{t.jobWizard.lineNew}</span></p>
    </section>
  );
}

/** More marks than tiles have room for: they are drawn as stretches. */
const dense = (list: readonly Mark[]) => list.length > 90;

function runs(list: readonly Mark[], x: (at: number) => number): { from: number; to: number; kept: boolean }[] {
  const found: { from: number; to: number; kept: boolean }[] = [];
  for (const mark of list) {
    const last = found.at(-1);
    // A weekend without a run does not part a stretch.
    if (last && last.kept === mark.kept && x(mark.at) - last.to < 9) last.to = x(mark.at);
    else found.push({ from: x(mark.at), to: x(mark.at), kept: mark.kept });
  }
  return found.filter((run) => run.kept);
}
