import { useState } from "react";
import { Form } from "react-aria-components";
import { useAction, useCommand } from "@/api/client";
import type { RepositoryCreated } from "@/api/generated/RepositoryCreated";
import type { RepositoryView } from "@/api/generated/RepositoryView";
import { Button } from "@/components/Button";
import { Card, CardBody } from "@/components/Card";
import { FailureCard } from "@/components/FailureCard";
import { Field } from "@/components/Field";
import { useText } from "@/i18n/context";
import { passphraseStrength } from "@/lib/passphrase";
import { useSettled } from "@/lib/useSettled";
import { usePlatform } from "@/platform/context";
import { PlaceLine } from "./PlaceLine";
import { RecoveryKey } from "./RecoveryKey";
import { StrengthLine } from "./StrengthLine";
import css from "./KeepForm.module.css";

type Missing = Partial<Record<"path" | "name" | "passphrase" | "again", string>>;

interface KeepFormProps {
  /** Words of the button that ends it. */
  next: string;
  onReady: (repository: RepositoryView) => void;
}

/** Folder, name and passphrase; then the recovery key, which has to be kept before one goes on. */
export function KeepForm({ next, onReady }: KeepFormProps) {
  const [created, setCreated] = useState<RepositoryCreated | null>(null);
  if (created) return <RecoveryKey created={created} next={next} onKept={() => onReady(created.repository)} />;
  return <KeepFields onCreated={setCreated} onOpened={onReady} />;
}

function KeepFields({ onCreated, onOpened }: { onCreated: (created: RepositoryCreated) => void; onOpened: (repository: RepositoryView) => void }) {
  const t = useText();
  const platform = usePlatform();
  const suggestion = useCommand("repositories.suggest", {});
  // From the moment someone is in the field it is theirs: a late suggestion would mix with their words.
  const [typed, setTyped] = useState<string | null>(null);
  const [name, setName] = useState(t.firstRun.nameDefault);
  const [passphrase, setPassphrase] = useState("");
  const [again, setAgain] = useState("");
  const [missing, setMissing] = useState<Missing>({});
  const create = useAction("repositories.create");
  const attach = useAction("repositories.attach");
  const path = typed ?? suggestion.data?.path ?? "";
  const asked = useSettled(path.trim(), 250);
  const place = useCommand("repositories.place", { path: asked }, { enabled: asked !== "" });
  const exists = place.data?.repository === true && place.data.path !== "" && asked === path.trim();
  const failure = create.error ?? attach.error;
  const busy = create.isPending || attach.isPending;

  const submit = () => {
    const found: Missing = {
      path: path.trim() === "" ? t.firstRun.folderMissing : undefined,
      name: name.trim() === "" ? t.firstRun.nameMissing : undefined,
      passphrase: passphrase === "" ? t.firstRun.passphraseMissing : undefined,
      again: !exists && again !== passphrase ? t.firstRun.passphraseDiffers : undefined,
    };
    setMissing(found);
    if (Object.values(found).some(Boolean)) return;
    const request = { name: name.trim(), path: path.trim(), passphrase };
    create.reset();
    attach.reset();
    if (exists) attach.mutate(request, { onSuccess: onOpened });
    else create.mutate(request, { onSuccess: onCreated });
  };
  const choose = async () => {
    const chosen = await platform.pickFolder({ title: t.firstRun.chooseTitle, start: path || null });
    if (chosen !== null) setTyped(chosen);
  };

  return (
    <Form onSubmit={(event) => { event.preventDefault(); if (!busy) submit(); }}>
      <div className={css.stack}>
        <Card label={t.firstRun.keepTitle}>
          <CardBody>
            <div className={css.stack}>
              <Field label={t.firstRun.folder} testId="repository-path" value={path} onFocus={() => setTyped(path)} onChange={(value) => { setTyped(value); setMissing({ ...missing, path: undefined }); }} error={missing.path ?? place.error?.view.title ?? null} large
                beside={<Button size="large" onPress={() => void choose()} testId="repository-choose">{t.firstRun.choose}</Button>} hint={<PlaceLine place={place.data} />} />
              <div className={css.half}>
                <Field label={t.firstRun.name} testId="repository-name" value={name} onChange={(value) => { setName(value); setMissing({ ...missing, name: undefined }); }} error={missing.name ?? null} />
              </div>
            </div>
          </CardBody>
        </Card>
        <Card label={t.firstRun.passphrase}>
          <CardBody>
            <div className={css.pair}>
              <Field label={exists ? t.firstRun.passphraseOf : t.firstRun.passphrase} testId="repository-passphrase" type="password" value={passphrase} onChange={(value) => { setPassphrase(value); setMissing({ ...missing, passphrase: undefined }); }} error={missing.passphrase ?? null}
                hint={exists ? undefined : <StrengthLine strength={passphraseStrength(passphrase)} />} />
              {exists ? null : (
                <Field label={t.firstRun.passphraseAgain} testId="repository-passphrase-again" type="password" value={again} onChange={(value) => { setAgain(value); setMissing({ ...missing, again: undefined }); }}
                  onBlur={() => setMissing({ ...missing, again: again !== "" && again !== passphrase ? t.firstRun.passphraseDiffers : undefined })} error={missing.again ?? null} hint={t.firstRun.whyPassphrase} />
              )}
            </div>
          </CardBody>
        </Card>
        {failure ? <FailureCard error={failure.view} onCopy={(text) => void platform.copyText(text)} /> : null}
        <div>
          <Button type="submit" kind="primary" size="large" isPending={busy} testId="repository-make">{busy ? t.firstRun.making : exists ? t.firstRun.open : t.firstRun.make}</Button>
        </div>
      </div>
    </Form>
  );
}
