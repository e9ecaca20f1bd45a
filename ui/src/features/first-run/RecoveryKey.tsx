import { Copy, Printer, Save } from "lucide-react";
import { useState } from "react";
import { createPortal } from "react-dom";
import { useAction } from "@/api/client";
import type { RepositoryCreated } from "@/api/generated/RepositoryCreated";
import { Button } from "@/components/Button";
import { Card, CardBody } from "@/components/Card";
import { Field } from "@/components/Field";
import { Sign } from "@/components/Glyph";
import { toast } from "@/components/toasts";
import { useText } from "@/i18n/context";
import { usePlatform } from "@/platform/context";
import { keyGroups, sameGroup } from "./recovery-key";
import css from "./KeepForm.module.css";

const icon = { size: 15, strokeWidth: 1.8, "aria-hidden": true } as const;

/** Shows the recovery key once; two groups typed back show that it was kept. */
export function RecoveryKey({ created, next, onKept }: { created: RepositoryCreated; next: string; onKept: () => void }) {
  const t = useText();
  const platform = usePlatform();
  const groups = keyGroups(created.recovery_key);
  const asked = created.asked_groups.map((group) => group - 1);
  const check = useAction("repositories.check-recovery-words");
  const [typed, setTyped] = useState<[string, string]>(["", ""]);
  const [left, setLeft] = useState<[boolean, boolean]>([false, false]);
  const [saved, setSaved] = useState<string | null>(null);
  const right = asked.map((group, index) => sameGroup(typed[index] ?? "", groups[group] ?? ""));
  const proved = right.every(Boolean);
  const sheet = `${t.firstRun.keySheetTitle}\n\n${t.firstRun.keySheetRepository}: ${created.repository.name}\n${created.repository.path}\n\n${created.recovery_key}\n\n${t.firstRun.keySheetText}\n`;

  const refused = (thrown: unknown) => toast({ tone: "bad", text: thrown instanceof Error ? thrown.message : typeof thrown === "string" ? thrown : t.failure.unexpectedTitle });
  const prove = () => check.mutate({ repository_id: created.repository.id, words: typed }, {
    onSuccess: ({ right: proven }) => { if (proven.every(Boolean)) onKept(); else setLeft([true, true]); },
    onError: refused,
  });
  const copy = () => platform.copyText(created.recovery_key).then(() => toast({ tone: "ok", text: t.common.copied }), refused);
  const save = () => platform.saveText({ title: t.firstRun.keySaveTitle, name: `kuramori-${created.repository.name}.txt`, text: sheet }).then((path) => { if (path !== null) setSaved(path); }, refused);

  return (
    <div className={css.stack}>
      <Card label={t.firstRun.key}>
        <CardBody>
          <h3 className={css.head}>{t.firstRun.keyTitle}</h3>
          <p className={css.text}>{t.firstRun.keyText}</p>
          <div className={css.key} data-testid="recovery-key" data-key={created.recovery_key}>
            <div className={css.groups}>
              {groups.map((group, index) => <span key={`${index}-${group}`} className={css.group}><small>{index + 1}</small>{group}</span>)}
            </div>
          </div>
          <div className={css.buttons}>
            <Button icon={<Copy {...icon} />} onPress={() => void copy()} testId="recovery-key-copy">{t.firstRun.keyCopy}</Button>
            <Button icon={<Printer {...icon} />} onPress={() => platform.print()} testId="recovery-key-print">{t.firstRun.keyPrint}</Button>
            <Button icon={<Save {...icon} />} onPress={() => void save()} testId="recovery-key-save">{t.firstRun.keySave}</Button>
            {saved ? <span data-selectable>{t.firstRun.keySaved(saved)}</span> : null}
          </div>
        </CardBody>
      </Card>
      <Card label={t.firstRun.keyProve}>
        <CardBody>
          <p>{t.firstRun.keyProve}</p>
          <div className={css.prove}>
            {asked.map((group, index) => (
              <div key={index} data-testid={`recovery-key-asked-${index + 1}`} data-group={group + 1}>
                <Field label={t.firstRun.keyGroup(group + 1)} testId={`recovery-key-group-${index + 1}`} mono value={typed[index] ?? ""}
                  onChange={(value) => setTyped((before) => (index === 0 ? [value, before[1]] : [before[0], value]))}
                  onBlur={() => setLeft((before) => (index === 0 ? [true, before[1]] : [before[0], true]))}
                  error={left[index] && typed[index] !== "" && !right[index] ? t.firstRun.keyGroupWrong : null}
                  inside={right[index] ? <Sign name="ok" /> : null} />
              </div>
            ))}
          </div>
          <div className={css.buttons}>
            <Button kind="primary" size="large" isDisabled={!proved} isPending={check.isPending} onPress={prove} testId="recovery-key-kept">{next}</Button>
          </div>
        </CardBody>
      </Card>
      {createPortal(
        <div className={`on-paper ${css.sheet ?? ""}`}>
          <h1>{t.firstRun.keySheetTitle}</h1>
          <p>{t.firstRun.keySheetRepository}: {created.repository.name}<br />{created.repository.path}</p>
          <pre>{created.recovery_key}</pre>
          <p>{t.firstRun.keySheetText}</p>
        </div>,
        document.body,
      )}
    </div>
  );
}
