import { ChevronLeft, ChevronRight } from "lucide-react";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import type { PointView } from "@/api/generated/PointView";
import { IconButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { Segmented } from "@/components/Choice";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { clockText, dateText, momentInText } from "@/lib/time";
import { endFor, marksOf, spanFor, spans, ticksOf, type Mark, type Span } from "./time-line";
import css from "./TimeLine.module.css";

interface TimeLineProps {
  /** Newest first. */
  points: readonly PointView[];
  chosen: PointView;
  onChoose: (id: string) => void;
}

/** Recovery points by when they were made. The arrow keys go from one to the next, whatever is in sight. */
export function TimeLine({ points, chosen, onChoose }: TimeLineProps) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const [span, setSpan] = useState<Span>(() => spanFor(points, now));
  const [moved, setMoved] = useState<number | null>(null);
  const line = useRef<HTMLDivElement>(null);
  const end = moved ?? endFor(points, span, now);
  const marks = marksOf(points, chosen.id, end, span);
  const width = spans[span];

  const choose = (point: PointView | undefined) => {
    if (!point) return;
    const at = Date.parse(point.taken_at);
    if (at > end || at < end - width) setMoved(at + width * 0.3);
    onChoose(point.id);
  };
  const onKey = (event: KeyboardEvent) => {
    const here = points.findIndex((one) => one.id === chosen.id);
    const to = { ArrowLeft: here + 1, ArrowDown: here + 1, ArrowRight: here - 1, ArrowUp: here - 1, Home: points.length - 1, End: 0 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(points[to]);
  };
  // The focus goes along with the choice.
  useEffect(() => {
    const inside = line.current?.contains(document.activeElement);
    if (inside) line.current?.querySelector<HTMLElement>("[aria-checked='true']")?.focus();
  }, [chosen.id]);
  const look = (next: Span) => {
    // What is chosen stays in sight.
    const at = Date.parse(chosen.taken_at);
    const usual = endFor(points, next, now);
    setMoved(at >= usual - spans[next] && at <= usual ? null : at + spans[next] * 0.3);
    setSpan(next);
  };
  const older = points.some((one) => Date.parse(one.taken_at) < end - width);
  const newer = points.some((one) => Date.parse(one.taken_at) > end);
  const tick = (time: Date) => (span === "day" ? clockText(time, language) : dateText(time, now, language));
  return (
    <Card label={t.points.line}>
      <div className={css.head}>
        <ul className={css.legend}>
          <li><i data-look="stored" />{t.points.legendStored}</li>
          <li><i data-look="warned" />{t.points.legendWarned}</li>
        </ul>
        <span className={css.looks}>
          <IconButton label={t.points.earlier} isDisabled={!older} onPress={() => setMoved(end - width * 0.8)} testId="line-earlier"><ChevronLeft size={16} strokeWidth={2} aria-hidden /></IconButton>
          <IconButton label={t.points.later} isDisabled={!newer} onPress={() => setMoved(Math.min(end + width * 0.8, now.getTime()))} testId="line-later"><ChevronRight size={16} strokeWidth={2} aria-hidden /></IconButton>
          <Segmented label={t.points.look} value={span} onChange={look} testId="line-span" options={(["year", "month", "weeks", "day"] as const).map((key) => ({ key, label: t.points.spans[key] }))} />
        </span>
      </div>
      <div className={css.line} ref={line} role="radiogroup" aria-label={t.points.line} onKeyDown={onKey} data-testid="time-line">
        <span className={css.track} aria-hidden="true" />
        {marks.map((mark) => <MarkButton key={mark.point.id} mark={mark} chosen={mark.point.id === chosen.id} text={momentInText(new Date(mark.point.taken_at), now, language)} onChoose={() => choose(mark.point)} />)}
        {marks.length === 0 ? <p className={css.none}>{t.points.noneHere}</p> : null}
        {ticksOf(end, span).map(({ time, at }) => <span key={time.getTime()} className={css.tick} style={{ left: `${at * 100}%` }} aria-hidden="true">{tick(time)}</span>)}
      </div>
    </Card>
  );
}

function MarkButton({ mark: { point, count, at }, chosen, text, onChoose }: { mark: Mark; chosen: boolean; text: string; onChoose: () => void }) {
  const t = useText();
  const warned = point.warnings.length > 0;
  const name = [text, point.repository_name, warned ? t.points.legendWarned : t.points.legendStored, count > 1 ? t.points.more(count - 1) : ""].filter(Boolean).join(", ");
  return (
    <button type="button" role="radio" aria-checked={chosen} aria-label={name} title={name} tabIndex={chosen ? 0 : -1} className={css.mark} style={{ left: `${at * 100}%` }} onClick={onChoose} data-look={warned ? "warned" : "stored"} data-testid="line-mark">
      <i aria-hidden="true" />
      {count > 1 ? <small aria-hidden="true">{count}</small> : null}
      {chosen ? <b aria-hidden="true">{text}</b> : null}
    </button>
  );
}
