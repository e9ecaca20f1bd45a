import { Sign } from "@/components/Glyph";
import { TextAction } from "@/components/Button";
import { useLanguage, useText } from "@/i18n/context";
import { localeOf } from "@/lib/language";
import { clockText } from "@/lib/time";
import { minuteOf } from "./days";
import { grouped, type CalendarDay, type Entry } from "./entries";
import { dayFact, sentenceOf, signOf } from "./words";
import css from "./MonthView.module.css";

interface MonthViewProps {
  days: readonly CalendarDay[];
  month: number;
  now: Date;
  current: string | null;
  onOpen: (entry: Entry, bar: HTMLElement) => void;
  onDay: (day: Date) => void;
}

const room = 3;
const trouble = (entry: Entry) => entry.state === "failed" || entry.state === "missed" || entry.state === "warned" || entry.state === "running";

/** What fits into a cell, a line a job: trouble before the rest, then as the day went. */
export function shownOf(day: CalendarDay): { shown: Entry[][]; rest: number } {
  const groups = grouped(day.entries);
  const order = (a: Entry[], b: Entry[]) => (a[0]?.start ?? 0) - (b[0]?.start ?? 0);
  const bad = (group: Entry[]) => Number(group.some(trouble));
  const shown = [...groups].sort((a, b) => bad(b) - bad(a) || order(a, b)).slice(0, groups.length <= room ? room : room - 1).sort(order);
  return { shown, rest: groups.length - shown.length };
}

/** Whole weeks around a month, a cell for each day. */
export function MonthView({ days, month, now, current, onOpen, onDay }: MonthViewProps) {
  const t = useText();
  const language = useLanguage();
  return (
    <div className={css.month}>
      <div className={css.weekdays} aria-hidden="true">
        {days.slice(0, 7).map((day) => <span key={day.start}>{day.date.toLocaleDateString(localeOf(language), { weekday: "short" })}</span>)}
      </div>
      <ol className={css.cells} aria-label={t.calendar.month}>
        {days.map((day, index) => {
          const fact = dayFact(day, now, t.calendar);
          const { shown, rest } = shownOf(day);
          const name = day.date.toLocaleDateString(localeOf(language), { weekday: "long", day: "numeric", month: "long" });
          return (
            <li key={day.start} className={css.cell} data-other={day.date.getMonth() !== month || undefined} data-today={(now.getTime() >= day.start && now.getTime() < day.end) || undefined} data-testid="calendar-day">
              <div className={css.cellHead}>
                <h2><TextAction onPress={() => onDay(day.date)}><span aria-hidden="true">{day.date.getDate()}</span><span className="unseen">{name}</span></TextAction></h2>
                <span data-tone={fact.tone ?? undefined}>{fact.text}</span>
              </div>
              {shown.map((group) => {
                const [entry] = group;
                if (!entry) return null;
                const count = group.reduce((sum, one) => sum + one.count, 0);
                const whole = { ...entry, count };
                return (
                  <button key={entry.id} type="button" className={css.chipRow} data-entry={entry.id} data-day={index} data-minute={minuteOf(entry.start)} data-tone={signOf[entry.state].tone} data-testid="calendar-entry" data-state={entry.state} data-name={entry.name}
                    tabIndex={current === entry.id ? 0 : -1} aria-label={sentenceOf(whole, now, language, t.calendar)} onClick={(event) => (group.length > 1 ? onDay(day.date) : onOpen(entry, event.currentTarget))}>
                    <Sign name={signOf[entry.state].glyph} size={9} /><span className={css.chipName}>{entry.name}</span><span className={css.chipTime}>{count > 1 ? `${count} ×` : clockText(new Date(entry.start), language)}</span>
                  </button>
                );
              })}
              {rest > 0 ? <span className={css.more}><TextAction onPress={() => onDay(day.date)}>{t.calendar.moreOfDay(rest)}</TextAction></span> : null}
            </li>
          );
        })}
      </ol>
    </div>
  );
}
