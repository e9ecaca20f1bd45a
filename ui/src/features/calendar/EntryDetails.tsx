import type { ReactNode, RefObject } from "react";
import { Dialog, Popover } from "react-aria-components";
import { Chip } from "@/components/Glyph";
import { Button } from "@/components/Button";
import { useLanguage, useText } from "@/i18n/context";
import { momentText } from "@/lib/time";
import type { Entry } from "./entries";
import { lengthText, signOf, timesOf, wordOf } from "./words";
import css from "./EntryDetails.module.css";

interface EntryDetailsProps {
  entry: Entry | null;
  /** The bar it belongs to. */
  anchor: RefObject<Element | null>;
  now: Date;
  onClose: () => void;
  onRun: (id: string) => void;
  onJob: (id: string) => void;
  /** Where the plan can be moved, a button that begins it. */
  move?: ReactNode;
}

const shownVms = 6;

/** What an entry is, at its bar. */
export function EntryDetails({ entry, anchor, now, onClose, onRun, onJob, move }: EntryDetailsProps) {
  const t = useText();
  const language = useLanguage();
  if (!entry) return null;
  const { glyph, tone } = signOf[entry.state];
  const day = momentText(new Date(entry.start), now, language).replace(/ [^ ]*$/, "");
  const length = entry.count > 1 ? "" : lengthText(entry, language, t.calendar);
  const more = entry.vms.length - shownVms;
  const { run, job } = entry;
  return (
    <Popover triggerRef={anchor} isOpen onOpenChange={(open) => (open ? undefined : onClose())} placement="bottom" className={css.popover ?? ""}>
      <Dialog aria-label={entry.name} className={css.details ?? ""} data-testid="entry-details">
        <div className={css.detailsHead}>
          <b>{entry.name}</b>
          <Chip glyph={glyph} tone={tone}>{wordOf(entry, t.calendar)}</Chip>
        </div>
        <p>{[`${day} ${timesOf(entry, language, t.calendar)}`, length, entry.count > 1 ? t.calendar.times(entry.count) : ""].filter(Boolean).join(" · ")}</p>
        {entry.after === null ? null : <p className={css.soft}>{t.calendar.after(entry.after)}</p>}
        {run?.error ? <p>{run.error.title}</p> : null}
        {entry.vms.length > 0 && entry.state !== "missed" ? <p className={css.soft}>{entry.vms.slice(0, shownVms).join(", ")}{more > 0 ? t.calendar.andMore(more) : ""}</p> : null}
        <div className={css.detailsButtons}>
          {run ? <Button kind="primary" size="small" autoFocus onPress={() => onRun(run.id)} testId="entry-run">{t.calendar.openRun}</Button> : null}
          {job ? <Button size="small" autoFocus={!run} kind={run ? "plain" : "primary"} onPress={() => onJob(job.id)} testId="entry-job">{t.calendar.openJob}</Button> : null}
          {move}
        </div>
      </Dialog>
    </Popover>
  );
}
