import { useState } from "react";
import { useAction } from "@/api/client";
import type { ClassesView } from "@/api/generated/ClassesView";
import { Button } from "@/components/Button";
import { FormDialog } from "@/components/Dialog";
import { Field } from "@/components/Field";
import { Select } from "@/components/Select";
import { useText } from "@/i18n/context";
import { classKeys } from "./classes";
import css from "./ProtectionCard.module.css";

const lengths = { minutes: 1, hours: 60, days: 1440 } as const;
type Unit = keyof typeof lengths;
const units: readonly Unit[] = ["minutes", "hours", "days"];

/** As it stands in the fields. */
interface Amount {
  count: string;
  unit: Unit;
}

const promises = ["rpo_minutes", "rto_minutes"] as const;
type Draft = Record<keyof ClassesView, Record<(typeof promises)[number], Amount>>;

/** Ten years; what is longer promises nothing. */
const most = 10 * 365 * 1440;

/** In the largest unit that says it without a rest; a day stays 24 hours. */
function amountOf(minutes: number): Amount {
  const unit: Unit = minutes % lengths.days === 0 && minutes > lengths.days ? "days" : minutes % lengths.hours === 0 ? "hours" : "minutes";
  return { count: String(minutes / lengths[unit]), unit };
}

function minutesOf({ count, unit }: Amount): number | null {
  const minutes = /^\d{1,7}$/.test(count.trim()) ? Number(count.trim()) * lengths[unit] : 0;
  return minutes >= 1 && minutes <= most ? minutes : null;
}

function read(draft: Draft): ClassesView | null {
  const promise = (key: keyof ClassesView) => {
    const [rpo, rto] = [minutesOf(draft[key].rpo_minutes), minutesOf(draft[key].rto_minutes)];
    return rpo === null || rto === null ? null : { rpo_minutes: rpo, rto_minutes: rto };
  };
  const [critical, normal, archive] = [promise("critical"), promise("normal"), promise("archive")];
  return critical && normal && archive ? { critical, normal, archive } : null;
}

/** What each class promises: how old the newest recovery point may become, and how long a restore may take. */
export function ClassesDialog({ classes, onClose }: { classes: ClassesView; onClose: () => void }) {
  const t = useText();
  const set = useAction("classes.set");
  const of = (key: keyof ClassesView) => ({ rpo_minutes: amountOf(classes[key].rpo_minutes), rto_minutes: amountOf(classes[key].rto_minutes) });
  const [draft, setDraft] = useState<Draft>({ critical: of("critical"), normal: of("normal"), archive: of("archive") });
  const ready = read(draft);
  const save = () => { if (ready) set.mutate(ready, { onSuccess: onClose }); };
  const change = (key: keyof ClassesView, promise: (typeof promises)[number], amount: Partial<Amount>) => setDraft((before) => ({ ...before, [key]: { ...before[key], [promise]: { ...before[key][promise], ...amount } } }));
  const names = { rpo_minutes: t.inventory.rpo, rto_minutes: t.inventory.rto };
  return (
    <FormDialog title={t.inventory.classesTitle} onClose={onClose} testId="classes-dialog"
      foot={set.error ? <span className={css.wrong} role="alert">{set.error.view.title || t.failure.unexpectedTitle}</span> : null}
      buttons={<><Button onPress={onClose}>{t.common.cancel}</Button><Button kind="primary" isDisabled={!ready} isPending={set.isPending} onPress={save} testId="classes-save">{t.inventory.classesSave}</Button></>}>
      <p className={css.ask}>{t.inventory.classesText}</p>
      {classKeys.map((key) => (
        <div key={key} className={css.classRow} role="group" aria-label={t.home.classes[key]}>
          <b>{t.home.classes[key]}</b>
          {promises.map((promise) => (
            <Field key={promise} label={names[promise]} value={draft[key][promise].count} onChange={(count) => change(key, promise, { count })} inputMode="numeric" error={minutesOf(draft[key][promise]) === null ? t.inventory.classesWrong : null} testId={`class-${key}-${promise === "rpo_minutes" ? "rpo" : "rto"}`}
              beside={<Select bare label={t.inventory.unitOf(names[promise])} value={draft[key][promise].unit} onChange={(unit) => change(key, promise, { unit: units.find((one) => one === unit) ?? "hours" })} options={units.map((unit) => ({ key: unit, name: t.inventory.units[unit] }))} testId={`class-${key}-${promise === "rpo_minutes" ? "rpo" : "rto"}-unit`} />} />
          ))}
        </div>
      ))}
    </FormDialog>
  );
}
