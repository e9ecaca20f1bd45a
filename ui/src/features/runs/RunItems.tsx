import type { ItemView } from "@/api/generated/ItemView";
import type { RunView } from "@/api/generated/RunView";
import { Card, CardFoot } from "@/components/Card";
import { Glyph } from "@/components/Glyph";
import { Bar, Phases } from "@/components/Progress";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import type { Messages } from "@/i18n/messages";
import { durationText } from "@/lib/time";
import { bytesOf, bytesText, percent } from "@/lib/units";
import { itemGlyph, lengthOf, phasesOf } from "./run-words";
import css from "./Run.module.css";

const shown = 60;

/** One row a VM: phases as arrows, then how far it is. What works or failed comes before what waits when there are very many. */
export function RunItems({ run }: { run: RunView }) {
  const t = useText();
  const rank = (item: ItemView) => (item.outcome === "failed" ? 0 : item.outcome === null && item.phase !== "waiting" ? 1 : item.outcome === null ? 2 : 3);
  const items = run.items.length <= shown ? run.items : [...run.items].sort((a, b) => rank(a) - rank(b)).slice(0, shown);
  return (
    <Card label={t.runs.colVm} testId="run-items">
      <div className={css.itemsHead} aria-hidden="true">
        <span>{t.runs.colVm}</span><span>{t.runs.colPhases}</span><span>{t.runs.colProgress}</span>
      </div>
      <ul>
        {items.map((item, index) => <Row key={`${index}-${item.name}`} run={run} item={item} />)}
      </ul>
      {run.items.length > shown ? <CardFoot><span>{t.inventory.pickerCount(shown, run.items.length)}</span></CardFoot> : null}
    </Card>
  );
}

function Row({ run, item }: { run: RunView; item: ItemView }) {
  const t = useText();
  const language = useLanguage();
  const working = item.outcome === null && item.phase !== "waiting";
  return (
    <li className={css.item} data-now={(working && item.phase === "read") || undefined} data-testid="run-item" data-name={item.name} data-phase={item.phase} data-outcome={item.outcome ?? ""}>
      <span className={css.itemName}>
        <Glyph name={itemGlyph(item)} />
        <span className={css.itemNames}>
          <b>{item.name}</b>
          <small>{bytesText(item.capacity, language)}</small>
        </span>
      </span>
      <Phases label={t.runs.colPhases} phases={phasesOf(run.kind, item, t.runs)} />
      <span className={css.itemProgress}><Far run={run} item={item} /></span>
    </li>
  );
}

function outcomeWord(run: RunView, item: ItemView, t: Messages["runs"]): string {
  switch (item.outcome) {
    case "failed": return t.failed;
    case "cancelled": return t.cancelled;
    case "succeeded-with-warnings": return t.warned;
    default: return { backup: t.saved, "restore-vm": t.restored, "restore-in-place": t.restored, "restore-disk": t.written }[run.kind];
  }
}

function Far({ run, item }: { run: RunView; item: ItemView }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  if (item.outcome !== null) {
    const tone = item.outcome === "failed" ? css.bad : item.outcome === "cancelled" ? css.off : item.outcome === "succeeded" ? css.ok : css.warn;
    const took = t.runs.itemIn(bytesText(item.counters.done, language), durationText(Math.round(lengthOf(item, now)), language));
    return (
      <>
        <b className={tone}>{outcomeWord(run, item, t.runs)}</b>
        <small title={item.error?.title}>{item.error ? item.error.title : item.outcome === "cancelled" ? "" : took}</small>
      </>
    );
  }
  if (item.phase === "read" && item.counters.total > 0) {
    const amount = bytesOf(item.counters.done, item.counters.total, language);
    const part = percent(item.counters.done, item.counters.total);
    return (
      <>
        <b className={css.info}>{t.runs.percentOf(part)}</b>
        <Bar label={item.name} done={item.counters.done} total={item.counters.total} size="row" />
        <small>{t.common.of(amount.done, amount.total, amount.unit)}</small>
      </>
    );
  }
  const words: Record<ItemView["phase"], [string, string]> = {
    waiting: [t.runs.itemNext, t.runs.itemWaits],
    check: [t.runs.phaseCheck, t.runs.itemCheck],
    snapshot: [t.runs.phaseSnapshot, t.runs.itemSnapshot],
    read: [run.kind === "backup" ? t.runs.phaseRead : t.runs.phaseWrite, t.runs.measuring],
    store: run.kind === "backup" ? [t.runs.phaseStore, t.runs.itemStore] : [t.runs.phaseFinish, t.runs.itemFinish],
    remove: [t.runs.phaseRemove, t.runs.itemRemove],
    done: [t.runs.phaseRemove, ""],
  };
  const [word, text] = words[item.phase];
  return (
    <>
      <b className={item.phase === "waiting" ? css.off : css.info}>{word}</b>
      <small>{text}</small>
    </>
  );
}
