import { useLayoutEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { Button } from "@/components/Button";
import { useText } from "@/i18n/context";
import { allows } from "@/lib/rhythm";
import { allHours, officeHours, quietHours } from "./draft";
import css from "./HourGrid.module.css";

interface HourGridProps {
  /** `null`: all hours. */
  value: readonly number[] | null;
  onChange: (value: number[] | null) => void;
}

const isAll = (hours: readonly number[]) => hours.every((day, index) => day === allHours[index]);

/** 7 × 24 hours to paint: by dragging, or with arrow keys, Space, and Shift to paint along. */
export function HourGrid({ value, onChange }: HourGridProps) {
  const t = useText();
  const [focus, setFocus] = useState({ day: 0, hour: 8 });
  // What is being painted, while the button or Shift is held.
  const paint = useRef<boolean | null>(null);
  const box = useRef<HTMLTableElement>(null);
  // Several cells may be painted before the next drawing.
  const latest = useRef(value);
  useLayoutEffect(() => { latest.current = value; }, [value]);
  const set = (day: number, hour: number, on: boolean) => {
    const hours = [...(latest.current ?? allHours)];
    const bit = 1 << hour;
    hours[day] = on ? (hours[day] ?? 0) | bit : (hours[day] ?? 0) & ~bit;
    const next = isAll(hours) ? null : hours;
    latest.current = next;
    onChange(next);
  };
  const onPointer = (event: PointerEvent) => {
    if (paint.current === null || event.buttons === 0) {
      paint.current = null;
      return;
    }
    const cell = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>("[data-hour]");
    if (!cell || !box.current?.contains(cell)) return;
    const [day, hour] = [Number(cell.dataset["day"]), Number(cell.dataset["hour"])];
    if (allows(latest.current, day, hour) !== paint.current) set(day, hour, paint.current);
  };
  const go = (day: number, hour: number) => {
    setFocus({ day, hour });
    box.current?.querySelector<HTMLElement>(`[data-day="${day}"][data-hour="${hour}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { day, hour } = focus;
    const step: Record<string, [number, number]> = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -hour], End: [0, 23 - hour] };
    const move = step[event.key];
    if (move) {
      event.preventDefault();
      const [nextDay, nextHour] = [Math.min(6, Math.max(0, day + move[0])), Math.min(23, Math.max(0, hour + move[1]))];
      if (event.shiftKey) {
        // Painting along carries on what the cell was that one started from.
        paint.current ??= allows(latest.current, day, hour);
        if (allows(latest.current, nextDay, nextHour) !== paint.current) set(nextDay, nextHour, paint.current);
      }
      go(nextDay, nextHour);
    } else if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      set(day, hour, !allows(latest.current, day, hour));
    }
  };
  return (
    <div className={css.box} data-testid="hours">
      <div className={css.head}>
        <p className={css.text}>{t.jobWizard.hoursText}</p>
        <Button size="small" onPress={() => onChange(null)} testId="hours-all">{t.jobWizard.hoursAll}</Button>
        <Button size="small" onPress={() => onChange([...quietHours])} testId="hours-quiet">{t.jobWizard.hoursQuiet}</Button>
        <Button size="small" onPress={() => onChange([...officeHours])} testId="hours-office">{t.jobWizard.hoursOffice}</Button>
      </div>
      <table ref={box} role="grid" aria-label={t.jobWizard.hours} className={css.grid} onKeyDown={onKeyDown} onKeyUp={(event) => { if (event.key === "Shift") paint.current = null; }} onPointerMove={onPointer} onPointerUp={() => { paint.current = null; }}>
        <thead>
          <tr><th scope="col"><span className="unseen">{t.jobWizard.days}</span></th>{Array.from({ length: 24 }, (_, hour) => <th key={hour} scope="col">{hour % 3 === 0 ? String(hour).padStart(2, "0") : <span className="unseen">{hour}</span>}</th>)}</tr>
        </thead>
        <tbody>
          {t.schedules.short.map((name, day) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {Array.from({ length: 24 }, (_, hour) => {
                const on = allows(value, day, hour);
                return (
                  <td key={hour} data-day={day} data-hour={hour} data-on={on || undefined} aria-selected={on} aria-label={`${t.jobWizard.hourOf(t.schedules.long[day] ?? name, `${String(hour).padStart(2, "0")}:00`)}, ${on ? t.jobWizard.hourAllowed : t.jobWizard.hourNot}`}
                    tabIndex={focus.day === day && focus.hour === hour ? 0 : -1} data-testid={`hour-${day}-${hour}`} onFocus={() => setFocus({ day, hour })}
                    onPointerDown={(event) => { event.currentTarget.releasePointerCapture?.(event.pointerId); paint.current = !on; set(day, hour, !on); }} />
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
