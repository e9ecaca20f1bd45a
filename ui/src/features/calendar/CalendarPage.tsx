import { CalendarDays, ChevronLeft, ChevronRight } from "lucide-react";
import { useRef, useState } from "react";
import { Button, IconButton } from "@/components/Button";
import { Card, CardFoot } from "@/components/Card";
import { Segmented } from "@/components/Choice";
import { Confirm } from "@/components/Dialog";
import { FailureCard } from "@/components/FailureCard";
import { Page } from "@/components/Page";
import { SearchField } from "@/components/SearchField";
import { EmptyState, Loading, StaleAnswer, StaleNote } from "@/components/States";
import { toast } from "@/components/toasts";
import { useLanguage, useText } from "@/i18n/context";
import { dateText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { dayKey, daysOf, rangeText, shifted, weekNumber, type CalendarView } from "./days";
import type { CalendarDay, Entry } from "./entries";
import { EntryDetails } from "./EntryDetails";
import { Legend } from "./Legend";
import { MonthView } from "./MonthView";
import { clashes, timeOf, timeText } from "./move";
import { useCalendar, type CalendarData } from "./useCalendar";
import { useEntryKeys } from "./useEntryKeys";
import { useMove } from "./useMove";
import { WeekView } from "./WeekView";
import css from "./Calendar.module.css";

interface CalendarPageProps {
  view: CalendarView;
  day: Date;
  /** What is looked for at first. */
  find: string;
  onGo: (view: CalendarView, day: string) => void;
  onRun: (id: string) => void;
  onJob: (id: string) => void;
  /** The way on when nothing ran and nothing is planned. */
  onStart: () => void;
}

/** What ran and what is planned, by week or month. */
export function CalendarPage({ view, day, find: looked, onGo, onRun, onJob, onStart }: CalendarPageProps) {
  const t = useText();
  const language = useLanguage();
  const platform = usePlatform();
  const [find, setFind] = useState(looked);
  const data = useCalendar(daysOf(view, day), find);
  const range = rangeText(view, day, language);
  const go = (by: number) => onGo(view, dayKey(shifted(view, day, by)));
  const today = () => onGo(view, dayKey(new Date()));
  return (
    <Page title={t.calendar.title} fact={view === "week" ? t.calendar.weekFact(weekNumber(day), range) : range} fixed testId="calendar">
      {data.error ? <FailureCard error={data.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" onPress={data.again}>{t.common.tryAgain}</Button>} /> : null}
      {data.isPending ? <Card><Loading what={t.calendar.reading} /></Card> : null}
      {data.isPending || data.error ? null : (
        <div className={css.page}>
          {data.old ? <StaleAnswer answer={data.old} /> : null}
          {data.unplanned.map(({ name, why }) => <StaleNote key={name}>{t.calendar.unplanned(name)} {why}</StaleNote>)}
          <Card fill label={t.calendar.title}>
            <div className={css.tools}>
              <IconButton label={view === "week" ? t.calendar.earlierWeek : t.calendar.earlierMonth} onPress={() => go(-1)} testId="calendar-earlier"><ChevronLeft size={16} strokeWidth={1.8} aria-hidden /></IconButton>
              <Button onPress={today} testId="calendar-today">{t.calendar.todayButton}</Button>
              <IconButton label={view === "week" ? t.calendar.laterWeek : t.calendar.laterMonth} onPress={() => go(1)} testId="calendar-later"><ChevronRight size={16} strokeWidth={1.8} aria-hidden /></IconButton>
              <Segmented label={t.calendar.view} testId="calendar-view" value={view} options={[{ key: "week", label: t.calendar.week }, { key: "month", label: t.calendar.month }]} onChange={(key) => onGo(key, dayKey(day))} />
              <span className={css.find}><SearchField label={t.calendar.find} value={find} onChange={setFind} testId="calendar-find" /></span>
            </div>
            {data.empty ? (
              <EmptyState icon={<CalendarDays size={36} strokeWidth={1.2} aria-hidden />} title={t.calendar.emptyTitle} text={t.calendar.emptyText} action={<Button kind="primary" onPress={onStart}>{t.calendar.emptyAction}</Button>} />
            ) : (
              <Entries data={data} view={view} day={day} find={find} onShift={go} onToday={today} onDay={(one) => onGo("week", dayKey(one))} onRun={onRun} onJob={onJob} />
            )}
          </Card>
        </div>
      )}
    </Page>
  );
}

interface EntriesProps {
  data: CalendarData;
  view: CalendarView;
  day: Date;
  find: string;
  onShift: (by: number) => void;
  onToday: () => void;
  onDay: (day: Date) => void;
  onRun: (id: string) => void;
  onJob: (id: string) => void;
}

function Entries({ data, view, day, find, onShift, onToday, onDay, onRun, onJob }: EntriesProps) {
  const t = useText();
  const { days, now } = data;
  const [open, setOpen] = useState<Entry | null>(null);
  const anchor = useRef<Element | null>(null);
  const { grid, current: looked, onKeyDown, onFocus } = useEntryKeys({ onShift, onToday });
  const move = useMove();
  const all = days.flatMap((one) => one.entries);
  // What Tab reaches first: the entry last looked at, or the first from now on.
  const current = all.some((entry) => entry.id === looked) ? looked : ((all.find((entry) => entry.end >= now.getTime()) ?? all.at(-1))?.id ?? null);
  const show = (entry: Entry, bar: HTMLElement) => {
    if (move.wasMoved()) return;
    anchor.current = bar;
    setOpen(entry);
  };
  const movable = open !== null && view === "week" && timeOf(open) !== null;
  const begin = () => {
    if (!open) return;
    const bar = anchor.current;
    move.begin(open);
    setOpen(null);
    // The popover gives the focus back when it is gone; the arrow keys are wanted at the bar.
    requestAnimationFrame(() => (bar instanceof HTMLElement ? bar.focus() : undefined));
  };
  const lifted = move.lifted ? { id: move.lifted.entry.id, minutes: move.lifted.minutes } : null;
  return (
    <>
      <div ref={grid} className={css.grid} data-testid="calendar-grid" data-lifting={lifted !== null || undefined} onFocus={onFocus}
        onKeyDown={(event) => {
          const focused = (event.target as HTMLElement).closest<HTMLElement>("[data-entry]")?.dataset["entry"];
          if (move.onKey(event, all.find((entry) => entry.id === focused))) event.preventDefault();
          else onKeyDown(event);
        }}>
        {view === "week" ? <WeekView days={days} now={now} current={current} onOpen={show} lifted={lifted} onLift={move.onLift} />
          : <MonthView days={days} month={day.getMonth()} now={now} current={current} onOpen={show} onDay={onDay} />}
      </div>
      <Foot data={data} find={find} view={view} lifted={move.lifted} />
      <EntryDetails entry={open} anchor={anchor} now={now} onClose={() => setOpen(null)} onRun={onRun} onJob={onJob} move={movable ? <Button size="small" onPress={begin} testId="entry-move">{t.calendar.move}</Button> : undefined} />
      <MoveQuestion move={move} />
    </>
  );
}

function MoveQuestion({ move }: { move: ReturnType<typeof useMove> }) {
  const t = useText();
  const { lifted } = move;
  if (!lifted?.asking) return null;
  const from = timeOf(lifted.entry) ?? 0;
  const [was, is] = [timeText(from), timeText(from + lifted.minutes)];
  const drop = () => move.drop((title) => toast({ tone: "bad", text: title || t.failure.unexpectedTitle }));
  return (
    <Confirm isOpen title={t.calendar.moveTitle(lifted.entry.name, is)} action={t.calendar.moveYes} safe={t.calendar.moveNo(was)} isPending={move.isPending} onAction={drop} onClose={move.cancel} testId="move-confirm">
      {t.calendar.moveText(was, is)}
    </Confirm>
  );
}

/** What is being moved, or what is not in sight, then the legend. */
function Foot({ data, find, view, lifted }: { data: CalendarData; find: string; view: CalendarView; lifted: ReturnType<typeof useMove>["lifted"] }) {
  const t = useText();
  const language = useLanguage();
  const { days, now, jobs, cut, far, since } = data;
  if (lifted) return <CardFoot><span role="status" className={css.lifting}>{liftedText(lifted, days, t)}</span></CardFoot>;
  const first = days[0];
  const paused = jobs.filter((job) => job.paused).map((job) => job.draft.name);
  const facts = [
    find.trim() !== "" && days.every((day) => day.entries.length === 0) ? t.common.noMatch(find.trim()) : "",
    paused.length > 0 ? t.calendar.paused(paused.join(", ")) : "",
    cut.length > 0 ? t.calendar.cut(cut.join(", ")) : "",
    far ? t.calendar.far : "",
    since && first && since.getTime() > first.start ? t.calendar.sinceFact(dateText(since, now, language)) : "",
  ].filter(Boolean);
  return (
    <CardFoot>
      <span>{facts.length > 0 ? facts.join(" ") : view === "week" ? t.calendar.hint : ""}</span>
      <Legend />
    </CardFoot>
  );
}

function liftedText(lifted: NonNullable<ReturnType<typeof useMove>["lifted"]>, days: readonly CalendarDay[], t: ReturnType<typeof useText>): string {
  const { entry, minutes } = lifted;
  const day = days.find((one) => entry.start >= one.start && entry.start < one.end);
  const beside = day ? clashes(day, entry, minutes) : [];
  return `${t.calendar.lifted(entry.name, timeText((timeOf(entry) ?? 0) + minutes))} ${beside.length > 0 ? t.calendar.beside(beside.join(", ")) : t.calendar.noOverlap} ${t.calendar.liftedKeys}`;
}
