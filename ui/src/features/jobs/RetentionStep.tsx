import { useState } from "react";
import { ToggleButton, ToggleButtonGroup } from "react-aria-components";
import type { JobDraft } from "@/api/generated/JobDraft";
import type { JobView } from "@/api/generated/JobView";
import type { KeepForView } from "@/api/generated/KeepForView";
import { useCommand } from "@/api/client";
import { TextAction } from "@/components/Button";
import { Segmented } from "@/components/Choice";
import { FailureCard } from "@/components/FailureCard";
import { Select } from "@/components/Select";
import { readCount, SmallField } from "@/components/SmallField";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { localeOf } from "@/lib/language";
import { spanKeys, type SpanKey } from "@/lib/retention";
import { usePlatform } from "@/platform/context";
import { isEmptySpans, noSpans, sameSpans } from "./draft";
import { KeepLine } from "./KeepLine";
import { WhatGoes } from "./WhatGoes";
import { StepHead } from "./WizardFrame";
import { sentenceCase, whenText } from "./words";
import css from "./Retention.module.css";

interface RetentionStepProps {
  /** The job that is changed; a new one has no recovery points yet. */
  id: string | null;
  draft: JobDraft;
  /** The same with the name it would get, as the back end is asked about it. */
  asked: JobDraft;
  jobs: readonly JobView[];
  onChange: (draft: JobDraft) => void;
}

/** How long: the two parts of the rule, and what will be there. */
export function RetentionStep({ id, draft, asked, jobs, onChange }: RetentionStepProps) {
  const t = useText();
  const kept = draft.schedules.some((one) => one.keep !== null);
  const [view, setView] = useState<"table" | "simple">(kept && isEmptySpans(draft.spans) ? "simple" : "table");
  const own = draft.schedules.map((one) => ({ ...one, keep: one.keep ?? ({ unit: "days", count: 14 } as const) }));
  return (
    <>
      <StepHead title={t.jobWizard.retention} text={t.jobWizard.retentionText} end={<Segmented label={t.jobWizard.view} value={view} onChange={setView} options={[{ key: "table", label: t.jobWizard.viewTable }, { key: "simple", label: t.jobWizard.viewSimple }]} testId="retention-view" />} />
      {view === "table" ? <Table draft={draft} onChange={onChange} /> : <BySchedule draft={draft} jobs={jobs} onChange={onChange} />}
      {view === "table" && kept ? <p className={css.other}>{t.jobWizard.rulesKeep} <TextAction onPress={() => onChange({ ...draft, schedules: draft.schedules.map((one) => ({ ...one, keep: null })) })} testId="retention-table-alone">{t.jobWizard.rulesOff}</TextAction></p> : null}
      {view === "simple" && !isEmptySpans(draft.spans) && draft.schedules.length > 0 ? <p className={css.other}>{t.jobWizard.bothApply(t.schedules.spans(draft.spans))} <TextAction onPress={() => onChange({ ...draft, spans: { ...noSpans }, schedules: own })} testId="retention-rules-alone">{t.jobWizard.tableOff}</TextAction></p> : null}
      <KeepLine draft={draft} />
      {id === null ? null : <WhatGoes id={id} draft={asked} />}
      <p className={css.bin}>{t.jobWizard.bin}</p>
    </>
  );
}

/** How far back a number of spans reaches. */
function reaches(key: SpanKey, count: number, now: Date): Date | null {
  if (count === 0 || key === "last") return null;
  const [year, month, date] = [now.getFullYear(), now.getMonth(), now.getDate()];
  const back = count - 1;
  switch (key) {
    case "daily": return new Date(year, month, date - back);
    case "weekly": return new Date(year, month, date - ((now.getDay() + 6) % 7) - 7 * back);
    case "monthly": return new Date(year, month - back, 1);
    case "yearly": return new Date(year - back, 0, 1);
  }
}

function Table({ draft, onChange }: { draft: JobDraft; onChange: (draft: JobDraft) => void }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  const offered = useCommand("jobs.presets", {});
  const presets = offered.data?.retention ?? [];
  const preset = presets.find((one) => sameSpans(one.spans, draft.spans));
  const names: Readonly<Record<string, string>> = t.jobWizard.presetName;
  return (
    <>
      <div className={css.presets}>
        <span className={css.presetLabel}>{t.jobWizard.startFrom}</span>
        <ToggleButtonGroup aria-label={t.jobWizard.startFrom} selectionMode="single" selectedKeys={preset ? [preset.id] : []} onSelectionChange={(keys) => { const chosen = presets.find((one) => keys.has(one.id)); if (chosen) onChange({ ...draft, spans: { ...chosen.spans } }); }} className={css.presetList ?? ""}>
          {presets.map((one) => <ToggleButton key={one.id} id={one.id} className={css.preset ?? ""} data-testid={`preset-${one.id}`}><strong>{names[one.id] ?? one.name}</strong> <span>{t.schedules.spansShort(one.spans)}</span></ToggleButton>)}
        </ToggleButtonGroup>
      </div>
      {offered.error ? <FailureCard inset error={offered.error.view} onCopy={(text) => void platform.copyText(text)} testId="retention-presets-failed" /> : null}
      <table className={css.table}>
        <thead><tr><th scope="col">{t.jobWizard.colKeep}</th><th scope="col">{t.jobWizard.colMany}</th><th scope="col">{t.jobWizard.colCounts}</th><th scope="col">{t.jobWizard.colReaches}</th></tr></thead>
        <tbody>
          {spanKeys.map((key) => {
            const back = reaches(key, draft.spans[key], now);
            return (
              <tr key={key} data-off={draft.spans[key] === 0 || undefined}>
                <th scope="row">{t.jobWizard.rows[key]}</th>
                <td><span className={css.many}><SmallField label={`${t.jobWizard.rows[key]}, ${t.jobWizard.units[key]}`} value={draft.spans[key]} write={String} read={readCount(0, 999)} onChange={(count) => onChange({ ...draft, spans: { ...draft.spans, [key]: count } })} wrong={t.jobWizard.countWrong} width={56} testId={`keep-${key}`} numeric />{t.jobWizard.units[key]}</span></td>
                <td>{draft.spans[key] === 0 ? t.jobWizard.notKept : t.jobWizard.counts[key]}</td>
                <td>{back === null ? "–" : back.toLocaleDateString(localeOf(language), key === "monthly" || key === "yearly" ? { year: "numeric", month: "short" } : { day: "numeric", month: "short", ...(back.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }) })}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </>
  );
}

const units = ["days", "weeks", "months", "years"] as const;

function BySchedule({ draft, jobs, onChange }: { draft: JobDraft; jobs: readonly JobView[]; onChange: (draft: JobDraft) => void }) {
  const t = useText();
  const set = (place: number, keep: KeepForView | null) => onChange({ ...draft, schedules: draft.schedules.map((one, index) => (index === place ? { ...one, keep } : one)) });
  const options = [{ key: "table", name: t.jobWizard.keepTable }, ...units.map((unit) => ({ key: unit, name: t.schedules.keep({ unit, count: 2 }).replace("2", "").trim() })), { key: "forever", name: t.schedules.keep({ unit: "forever" }) }];
  if (draft.schedules.length === 0) return <p className={css.other}>{t.jobWizard.byHand}</p>;
  return (
    <table className={css.table}>
      <caption className="unseen">{t.jobWizard.bySchedule}</caption>
      <tbody>
        {draft.schedules.map((one, place) => {
          const { keep } = one;
          return (
            <tr key={one.id ?? `new-${place}`}>
              <th scope="row">{sentenceCase(whenText(one, jobs, t))}</th>
              <td className={css.keepCell}>
                <span className={css.many}>
                  {keep !== null && keep.unit !== "forever" ? <SmallField label={`${t.jobWizard.rule(place + 1)}, ${t.jobWizard.keepFor}`} value={keep.count} write={String} read={readCount(1, 999)} onChange={(count) => set(place, { unit: keep.unit, count })} wrong={t.jobWizard.countWrong} width={56} testId={`keep-count-${place}`} numeric /> : null}
                  <Select bare label={`${t.jobWizard.rule(place + 1)}, ${t.jobWizard.keepFor}`} options={options} value={keep === null ? "table" : keep.unit} testId={`keep-unit-${place}`}
                    onChange={(key) => set(place, key === "table" ? null : key === "forever" ? { unit: "forever" } : { unit: key as (typeof units)[number], count: keep !== null && keep.unit !== "forever" ? keep.count : 14 })} />
                </span>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
