import { Database, History } from "lucide-react";
import { useEffect, useRef, useState, type CSSProperties, type ReactNode } from "react";
import { Sign } from "@/components/Glyph";
import { useLanguage, useText } from "@/i18n/context";
import { clockText, durationText } from "@/lib/time";
import { dayName, minuteOf } from "./days";
import { rowsOf, type CalendarDay, type Entry, type Span } from "./entries";
import { placeLabels } from "./labels";
import { dayFact, sentenceOf, signOf, wordOf } from "./words";
import css from "./Calendar.module.css";

const wholeDay = 1440;

/** Where a span lies in a day, as parts of its width. */
function placeOf(span: Span, day: Span): { left: number; right: number } {
  const left = span.start <= day.start ? 0 : minuteOf(span.start) / wholeDay;
  return { left, right: span.end >= day.end ? 1 : Math.max(left, minuteOf(span.end) / wholeDay) };
}

function styleOf(span: Span, day: Span): CSSProperties {
  const { left, right } = placeOf(span, day);
  return { left: `${left * 100}%`, width: `${(right - left) * 100}%` };
}

/** Width of an element, in pixels, as it changes. */
function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const look = () => setWidth(element.offsetWidth);
    look();
    if (typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}

const isOn = (day: Span, now: Date) => now.getTime() >= day.start && now.getTime() < day.end;

interface WeekViewProps {
  days: readonly CalendarDay[];
  now: Date;
  /** The entry that Tab reaches. */
  current: string | null;
  onOpen: (entry: Entry, bar: HTMLElement) => void;
  /** An entry that is being moved, and the minutes it is away from its place. */
  lifted: { id: string; minutes: number } | null;
  onLift: (entry: Entry, bar: HTMLElement, event: React.PointerEvent) => void;
}

/** Seven rows of a day each, with a scale of hours above. */
export function WeekView({ days, now, current, onOpen, lifted, onLift }: WeekViewProps) {
  const t = useText();
  const language = useLanguage();
  const { ref, width } = useWidth();
  const isHere = days.some((day) => isOn(day, now));
  const near = (hour: number) => isHere && Math.abs(hour * 60 - minuteOf(now.getTime())) < 45;
  return (
    <div className={css.week}>
      <div className={css.scale} aria-hidden="true">
        <div className={css.track} ref={ref}>
          {Array.from({ length: 13 }, (_, index) => (near(index * 2) ? null : <span key={index} className={css.hour} style={{ left: `${(index / 12) * 100}%` }}>{String(index * 2).padStart(2, "0")}</span>))}
          {isHere ? <span className={css.nowTime} style={{ left: `${(minuteOf(now.getTime()) / wholeDay) * 100}%` }}>{clockText(now, language)}</span> : null}
        </div>
      </div>
      <ol className={css.days} aria-label={t.calendar.week}>
        {days.map((day, index) => <Day key={day.start} day={day} index={index} now={now} width={width} current={current} onOpen={onOpen} lifted={lifted} onLift={onLift} />)}
      </ol>
    </div>
  );
}

interface DayProps extends Omit<WeekViewProps, "days"> {
  day: CalendarDay;
  index: number;
  width: number;
}

function Day({ day, index, now, width, current, onOpen, lifted, onLift }: DayProps) {
  const t = useText();
  const language = useLanguage();
  const isToday = isOn(day, now);
  const fact = dayFact(day, now, t.calendar);
  const bar = (entry: Entry) => <Bar key={entry.id} entry={entry} day={day} index={index} now={now} tab={current === entry.id} onOpen={onOpen} onLift={onLift} lifted={lifted?.id === entry.id ? lifted.minutes : null} />;
  const [first, second] = rowsOf(day.entries.filter((entry) => entry.lane === "backup"));
  const lane = (entries: readonly Entry[], more: ReactNode) => {
    const labels = placeLabels(entries.map((entry) => ({ id: entry.id, ...placeOf(entry, day), text: labelOf(entry, wordOf(entry, t.calendar)) })), width);
    return (
      <div className={css.lane}>
        {entries.map(bar)}
        {labels.map((label) => {
          const entry = entries.find((one) => one.id === label.id);
          const bad = entry && ["failed", "missed", "warned"].includes(entry.state);
          return <span key={label.id} aria-hidden="true" className={css.label} data-tone={bad ? signOf[entry.state].tone : undefined} data-inside={label.where === "inside" || undefined} data-plan={entry?.state === "planned" || undefined} style={label.where === "left" ? { right: `calc(${(1 - label.at) * 100}% + 8px)` } : { left: `calc(${label.at * 100}% + ${label.where === "inside" ? 6 : 8}px)` }}>{label.text}</span>;
        })}
        {more}
      </div>
    );
  };
  return (
    <li className={css.day} data-today={isToday || undefined} data-testid="calendar-day">
      <div className={css.dayHead}>
        <h2>{dayName(day.date, language)}</h2>
        <p data-tone={fact.tone ?? undefined}>{fact.text}</p>
        {day.overlaps.length > 0 ? <p className="unseen">{t.calendar.overlap(durationText(Math.round(day.overlaps.reduce((sum, one) => sum + one.end - one.start, 0) / 1000), language))}</p> : null}
      </div>
      <div className={css.laneIcons} aria-hidden="true"><Database size={13} strokeWidth={1.6} /><span /><History size={13} strokeWidth={1.6} /></div>
      <div className={css.track}>
        <div className={css.hours} aria-hidden="true" />
        {lane(first, null)}
        {lane(second, day.overlaps.map((span) => <span key={span.start} className={css.overlap} style={styleOf(span, day)} title={t.calendar.overlap(durationText(Math.round((span.end - span.start) / 1000), language))} />))}
        {lane(day.entries.filter((entry) => entry.lane === "restore"), day.free ? <FreeWindow day={day} free={day.free} /> : null)}
        {isToday ? <span className={css.now} style={{ left: `${(minuteOf(now.getTime()) / wholeDay) * 100}%` }} aria-hidden="true" /> : null}
      </div>
    </li>
  );
}

/** A job's name, with what went wrong where something did. */
function labelOf(entry: Entry, word: string): string {
  const bad = entry.state === "failed" || entry.state === "missed" || entry.state === "running";
  return bad ? `${entry.name} · ${word}` : entry.count > 1 ? `${entry.name} × ${entry.count}` : entry.name;
}

function FreeWindow({ day, free }: { day: Span; free: Span }) {
  const t = useText();
  const language = useLanguage();
  const end = free.end >= day.end ? "24:00" : clockText(new Date(free.end), language);
  return <span className={css.free} style={styleOf(free, day)}><span>{t.calendar.free(clockText(new Date(free.start), language), end)}</span></span>;
}

interface BarProps {
  entry: Entry;
  day: CalendarDay;
  index: number;
  now: Date;
  tab: boolean;
  lifted: number | null;
  onOpen: WeekViewProps["onOpen"];
  onLift: WeekViewProps["onLift"];
}

function Bar({ entry, day, index, now, tab, lifted, onOpen, onLift }: BarProps) {
  const t = useText();
  const language = useLanguage();
  const { left, right } = placeOf(entry, day);
  const shown = lifted === null ? left : left + lifted / wholeDay;
  const wide = right - left > 26 / 1000;
  return (
    <>
      {lifted === null ? null : <span className={css.was} style={styleOf(entry, day)} aria-hidden="true" />}
      <button type="button" className={css.bar} data-entry={entry.id} data-day={index} data-minute={Math.round(left * wholeDay)} data-state={entry.state} data-series={entry.count > 1 || undefined} data-unknown={(entry.state === "planned" && !entry.known) || undefined}
        data-lifted={lifted !== null || undefined} data-testid="calendar-entry" data-name={entry.name} tabIndex={tab ? 0 : -1} aria-label={sentenceOf(entry, now, language, t.calendar)} aria-haspopup="dialog"
        style={{ left: `${shown * 100}%`, width: `${(right - left) * 100}%` }} onClick={(event) => onOpen(entry, event.currentTarget)} onPointerDown={(event) => onLift(entry, event.currentTarget, event)}>
        {entry.state === "failed" || entry.state === "missed" ? <Sign name="failed" size={8} /> : entry.state === "saved" && wide ? <Sign name="ok" size={10} /> : null}
      </button>
    </>
  );
}
