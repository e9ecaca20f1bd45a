import type { ScheduleView } from "@/api/generated/ScheduleView";
import { SmallField } from "@/components/SmallField";
import { useText } from "@/i18n/context";
import { clockOf, readClock } from "./draft";
import { HourGrid } from "./HourGrid";
import css from "./Schedule.module.css";

interface ScheduleMoreProps {
  one: ScheduleView;
  place: number;
  onChange: (part: Partial<ScheduleView>) => void;
}

/** A field that may be empty. */
interface Maybe {
  text: string | null;
}

const written = ({ text }: Maybe) => text ?? "";

/** Reads a day as it is typed, "2026-05-08" or "2026/5/8"; nothing typed is no day. */
export function readDay(text: string): Maybe | null {
  if (text.trim() === "") return { text: null };
  const found = /^\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})\s*$/.exec(text);
  if (!found) return null;
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? { text: date.toISOString().slice(0, 10) } : null;
}

function readEnd(text: string): Maybe | null {
  if (text.trim() === "") return { text: null };
  const at = readClock(text);
  return at === null ? null : { text: at };
}

/** When a rule first counts, when its window ends, and in which hours it may work. */
export function ScheduleMore({ one, place, onChange }: ScheduleMoreProps) {
  const t = useText();
  return (
    <div className={css.more}>
      <div className={css.bounds}>
        <span className={css.bound}>
          <span className={css.boundName}>{t.jobWizard.firstDay}</span>
          <SmallField label={t.jobWizard.firstDay} value={{ text: one.effective_from }} write={written} read={readDay} onChange={({ text }) => onChange({ effective_from: text })} wrong={t.jobWizard.firstDayWrong} width={108} testId={`schedule-from-${place}`} />
          <span className={css.boundText}>{t.jobWizard.firstDayText}</span>
        </span>
        {"at" in one.when ? (
          <span className={css.bound}>
            <span className={css.boundName}>{t.jobWizard.windowEnd}</span>
            <SmallField label={t.jobWizard.windowEnd} value={{ text: one.until === null ? null : clockOf(one.until) }} write={written} read={readEnd} onChange={({ text }) => onChange({ until: text })} wrong={t.jobWizard.atWrong} width={108} testId={`schedule-until-${place}`} />
            <span className={css.boundText}>{t.jobWizard.windowEndText}</span>
          </span>
        ) : null}
      </div>
      <HourGrid value={one.allowed} onChange={(allowed) => onChange({ allowed })} />
    </div>
  );
}
