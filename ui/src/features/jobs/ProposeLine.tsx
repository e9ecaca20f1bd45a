import { useState } from "react";
import { useAction } from "@/api/client";
import type { JobDraft } from "@/api/generated/JobDraft";
import { Button, TextAction } from "@/components/Button";
import { FailureCard } from "@/components/FailureCard";
import { Select } from "@/components/Select";
import { useLanguage, useText } from "@/i18n/context";
import { durationText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import css from "./Schedule.module.css";

const ages = [60, 240, 480, 720, 1440, 2880, 10080];

/** Rules from how old the newest recovery point may become. They can be taken back. */
export function ProposeLine({ draft, onChange }: { draft: JobDraft; onChange: (draft: JobDraft) => void }) {
  const t = useText();
  const language = useLanguage();
  const platform = usePlatform();
  const propose = useAction("schedules.propose");
  const [age, setAge] = useState(draft.rpo_minutes ?? 1440);
  const [before, setBefore] = useState<JobDraft | null>(null);
  const offered = ages.includes(age) ? ages : [...ages, age].sort((a, b) => a - b);
  const ask = () => propose.mutate({ rpo_minutes: age, zone: draft.zone }, {
    onSuccess: ({ schedules }) => {
      const keep = draft.schedules[0]?.keep ?? null;
      setBefore(draft);
      onChange({ ...draft, rpo_minutes: age, schedules: schedules.map((one) => ({ ...one, keep: one.keep ?? keep })) });
    },
  });
  const back = () => {
    if (before) onChange({ ...draft, schedules: before.schedules, rpo_minutes: before.rpo_minutes });
    setBefore(null);
  };
  return (
    <div className={css.propose}>
      <span className={css.boundName}>{t.jobWizard.propose}</span>
      <Select bare label={t.jobWizard.propose} options={offered.map((minutes) => ({ key: String(minutes), name: t.jobWizard.optRpoHours(durationText(minutes * 60, language)) }))} value={String(age)} onChange={(key) => setAge(Number(key))} testId="propose-age" />
      <Button size="small" isPending={propose.isPending} onPress={ask} testId="propose">{t.jobWizard.proposeAction}</Button>
      {propose.error ? <FailureCard inset error={propose.error.view} onCopy={(text) => void platform.copyText(text)} /> : null}
      {before && propose.data ? <p className={css.proposed} role="status" data-testid="proposed">{propose.data.sentence} <TextAction onPress={back} testId="propose-back">{t.jobWizard.proposeBack}</TextAction></p> : null}
    </div>
  );
}
