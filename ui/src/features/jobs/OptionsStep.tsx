import { useState, type ReactNode } from "react";
import { Button as AriaButton, Disclosure, DisclosurePanel, Heading } from "react-aria-components";
import type { JobDraft } from "@/api/generated/JobDraft";
import { TextAction } from "@/components/Button";
import { Field } from "@/components/Field";
import { Select } from "@/components/Select";
import { useLanguage, useText } from "@/i18n/context";
import { durationText } from "@/lib/time";
import { recommended } from "./draft";
import { StepHead } from "./WizardFrame";
import css from "./Options.module.css";

interface OptionsStepProps {
  draft: JobDraft;
  /** The name it has when none is given. */
  autoName: string;
  nameFault: string | null;
  /** A job that is there has the name it has: that is no change. */
  isNew: boolean;
  onChange: (draft: JobDraft) => void;
}

const here = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
const retries = { none: [], three: [10, 20, 40], five: [5, 10, 20, 40, 60] } as const;

/** How many options are not as recommended. */
export function changedOptions(draft: JobDraft): number {
  return [draft.limit !== null, draft.retry_minutes.join() !== recommended.retry_minutes.join(), draft.catch_up_hours !== recommended.catch_up_hours, draft.rpo_minutes !== null, draft.zone !== null && draft.zone !== here()].filter(Boolean).length;
}

const withOwn = (list: readonly number[], own: number | null) => (own === null || list.includes(own) ? list : [...list, own].sort((a, b) => a - b));

/** The rest: one line each with its value; only one is open. */
export function OptionsStep({ draft, autoName, nameFault, isNew, onChange }: OptionsStepProps) {
  const t = useText();
  const language = useLanguage();
  const [open, setOpen] = useState<string | null>("name");
  const set = (part: Partial<JobDraft>) => onChange({ ...draft, ...part });
  const retry = (Object.keys(retries) as (keyof typeof retries)[]).find((key) => retries[key].join() === draft.retry_minutes.join()) ?? "own";
  const age = (minutes: number) => durationText(minutes * 60, language);
  const line = (key: string, name: string, value: string, changed: boolean, reset: (() => void) | null, body: ReactNode) => (
    <Disclosure key={key} isExpanded={open === key} onExpandedChange={(wanted) => setOpen(wanted ? key : null)} className={css.group ?? ""} data-testid={`option-${key}`}>
      <Heading className={css.heading ?? ""}>
        <AriaButton slot="trigger" className={css.trigger ?? ""}>
          <svg width="12" height="12" viewBox="0 0 12 12" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true"><path d="M4.5 2.5 8 6 4.5 9.5" /></svg>
          <span className={css.name}>{name}</span>
          <span className={css.value}>{value}</span>
          {changed ? <span className={css.changed}>{t.jobWizard.optChanged}</span> : <span className={css.recommended}>{key !== "name" ? t.jobWizard.optRecommended : draft.name.trim() === "" ? t.jobWizard.optSelection : ""}</span>}
        </AriaButton>
      </Heading>
      <DisclosurePanel><div className={css.body}>{body}{changed && reset ? <TextAction onPress={reset} testId={`option-reset-${key}`}>{t.jobWizard.optReset}</TextAction> : null}</div></DisclosurePanel>
    </Disclosure>
  );
  return (
    <>
      <StepHead title={t.jobWizard.options} text={t.jobWizard.optionsText} />
      <div className={css.card}>
        {line("name", t.jobWizard.optName, draft.name.trim() === "" ? autoName || "–" : draft.name, isNew && draft.name.trim() !== "", null,
          <div className={css.wide}><Field label={t.jobWizard.optName} value={draft.name} onChange={(name) => set({ name })} placeholder={autoName} hint={t.jobWizard.optNameHint} error={nameFault} testId="job-name" /></div>)}
        {line("limit", t.jobWizard.optLimit, draft.limit === null ? t.jobWizard.optLimitNone : t.jobWizard.optLimitOf(draft.limit), draft.limit !== null, () => set({ limit: null }), <>
          <Select bare label={t.jobWizard.optLimit} options={[{ key: "none", name: t.jobWizard.optLimitNone }, ...withOwn([1, 2, 5, 10, 20, 50, 100, 200], draft.limit).map((limit) => ({ key: String(limit), name: t.jobWizard.optLimitOf(limit) }))]} value={draft.limit === null ? "none" : String(draft.limit)} onChange={(key) => set({ limit: key === "none" ? null : Number(key) })} testId="job-limit" />
          <p className={css.hint}>{t.jobWizard.optLimitHint}</p></>)}
        {line("retry", t.jobWizard.optRetry, draft.retry_minutes.length === 0 ? t.jobWizard.optRetryNone : t.jobWizard.optRetryOf(draft.retry_minutes.join(", ")), retry !== "three", () => set({ retry_minutes: [...retries.three] }), <>
          <Select bare label={t.jobWizard.optRetryTimes} options={(["three", "five", "none", ...(retry === "own" ? ["own" as const] : [])] as const).map((key) => ({ key, name: t.jobWizard.optRetryChoices[key] }))} value={retry} onChange={(key) => (key === "own" ? undefined : set({ retry_minutes: [...retries[key as keyof typeof retries]] }))} testId="job-retry" />
          <p className={css.hint}>{t.jobWizard.optRetryHint}</p></>)}
        {line("catch", t.jobWizard.optCatch, draft.catch_up_hours === 0 ? t.jobWizard.optCatchNone : t.jobWizard.optCatchOf(draft.catch_up_hours), draft.catch_up_hours !== recommended.catch_up_hours, () => set({ catch_up_hours: recommended.catch_up_hours }), <>
          <Select bare label={t.jobWizard.optCatch} options={withOwn([0, 1, 4, 12, 24, 72, 168], draft.catch_up_hours).map((hours) => ({ key: String(hours), name: t.jobWizard.optCatchHours(hours) }))} value={String(draft.catch_up_hours)} onChange={(key) => set({ catch_up_hours: Number(key) })} testId="job-catch" />
          <p className={css.hint}>{t.jobWizard.optCatchHint}</p></>)}
        {line("rpo", t.jobWizard.optRpo, draft.rpo_minutes === null ? t.jobWizard.optRpoNone : t.jobWizard.optRpoOf(age(draft.rpo_minutes)), draft.rpo_minutes !== null, () => set({ rpo_minutes: null }), <>
          <Select bare label={t.jobWizard.optRpo} options={[{ key: "none", name: t.jobWizard.optRpoNone }, ...withOwn([60, 240, 720, 1440, 4320, 10080], draft.rpo_minutes).map((minutes) => ({ key: String(minutes), name: t.jobWizard.optRpoHours(age(minutes)) }))]} value={draft.rpo_minutes === null ? "none" : String(draft.rpo_minutes)} onChange={(key) => set({ rpo_minutes: key === "none" ? null : Number(key) })} testId="job-rpo" />
          <p className={css.hint}>{t.jobWizard.optRpoHint}</p></>)}
        {line("zone", t.jobWizard.optZone, draft.zone === null || draft.zone === here() ? t.jobWizard.optZoneHere(here()) : draft.zone, draft.zone !== null && draft.zone !== here(), () => set({ zone: null }), <>
          <Select bare label={t.jobWizard.optZone} options={[{ key: "here", name: t.jobWizard.optZoneUse(here()) }, ...[...new Set([...(draft.zone ? [draft.zone] : []), ...zones()])].filter((zone) => zone !== here()).map((zone) => ({ key: zone, name: zone }))]} value={draft.zone === null || draft.zone === here() ? "here" : draft.zone} onChange={(key) => set({ zone: key === "here" ? null : key })} testId="job-zone" />
          <p className={css.hint}>{t.jobWizard.optZoneHint}</p></>)}
      </div>
    </>
  );
}

function zones(): string[] {
  return ["UTC", ...Intl.supportedValuesOf("timeZone")];
}
