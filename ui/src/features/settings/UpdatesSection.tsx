import { useCallback } from "react";
import { useAction, useCommand } from "@/api/client";
import { errorView } from "@/api/errors";
import type { UpdatesView } from "@/api/generated/UpdatesView";
import { useSettings } from "@/api/settings";
import { Button } from "@/components/Button";
import { Card, CardBody, CardHead } from "@/components/Card";
import { Segmented } from "@/components/Choice";
import { FailureCard } from "@/components/FailureCard";
import { StateWord } from "@/components/Glyph";
import { Sentence } from "@/components/Page";
import { Bar } from "@/components/Progress";
import { Loading } from "@/components/States";
import { toast } from "@/components/toasts";
import { Ago, useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { dateText } from "@/lib/time";
import { bytesOf, bytesText } from "@/lib/units";
import { usePlatform } from "@/platform/context";
import css from "./Settings.module.css";

/** Newer versions of the program: the question, what changes, and the way there. */
export function UpdatesSection() {
  const t = useText();
  const platform = usePlatform();
  const { data, error, refetch } = useCommand("updates.status", {});
  if (!data) return error ? <FailureCard error={error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" onPress={() => void refetch()}>{t.common.tryAgain}</Button>} /> : <Loading what={t.common.reading} />;
  const { offer } = data;
  const sentence = !data.enabled ? t.updates.offTitle : offer ? t.updates.readyTitle(offer.version) : data.checked_at ? t.updates.newest : t.updates.notAsked;
  return (
    <>
      <Sentence under={data.enabled ? t.updates.text : t.updates.offText}>{sentence}</Sentence>
      <LastResult updates={data} />
      {data.error ? <FailureCard error={data.error} onCopy={(text) => void platform.copyText(text)} testId="update-failure" /> : null}
      {offer ? <Offer updates={data} offer={offer} /> : null}
      {data.check_error ? <FailureCard tone="warn" error={data.check_error} onCopy={(text) => void platform.copyText(text)} testId="update-check-failure" /> : null}
      <Choices updates={data} />
    </>
  );
}

/** How the last update ended, until somebody has seen it. */
function LastResult({ updates }: { updates: UpdatesView }) {
  const t = useText();
  const platform = usePlatform();
  const dismiss = useAction("updates.dismiss");
  const { last } = updates;
  if (!last || last.seen) return null;
  const button = <Button kind={last.error ? "primary" : "plain"} isPending={dismiss.isPending} onPress={() => dismiss.mutate({})} testId="update-dismiss">{t.updates.dismiss}</Button>;
  if (last.error) return <FailureCard error={last.error} onCopy={(text) => void platform.copyText(text)} actions={button} testId="update-result" />;
  return (
    <Card testId="update-result">
      <div className={css.row}>
        <div><p className={css.name}><StateWord glyph="ok">{t.updates.installedTitle(last.to)}</StateWord></p><p className={css.second}>{t.updates.installedText(last.from)} <Ago time={last.at} /></p></div>
        {button}
      </div>
    </Card>
  );
}

/** A newer version with its change text. */
function Offer({ updates, offer }: { updates: UpdatesView; offer: NonNullable<UpdatesView["offer"]> }) {
  const t = useText();
  const language = useLanguage();
  const running = (useCommand("app.state", {}).data?.running.length ?? 0) > 0;
  const install = useAction("updates.install");
  const reason = updates.installation === "system-package" ? t.updates.bySystem : updates.installation === "nobody" ? t.updates.byNobody : running ? t.updates.duringRun : null;
  const busy = { idle: null, checking: null, downloading: t.updates.downloading, preparing: t.updates.preparing, restarting: t.updates.restarting }[updates.step];
  const start = () => install.mutate({}, { onError: (error) => toast({ tone: "bad", text: error.view.title || t.failure.unexpectedTitle }) });
  return (
    <Card label={t.updates.readyTitle(offer.version)} testId="update-offer">
      <CardHead title={t.updates.changed} fact={t.updates.readyFact(dateText(new Date(offer.published), useNow(), language), bytesText(offer.size, language))} />
      <CardBody>
        <p className={css.notes} data-testid="update-notes" data-selectable>{offer.notes}</p>
        {offer.page ? <p className={css.page}>{t.updates.page}: <span data-selectable>{offer.page}</span></p> : null}
        <div className={css.act}>
          {updates.installation === "itself" ? <Button kind="primary" isDisabled={reason !== null} isPending={busy !== null || install.isPending} onPress={start} testId="update-install">{t.updates.install}</Button> : null}
          <p className={css.second} role="status" data-testid="update-reason">{busy ?? reason ?? t.updates.installText}</p>
        </div>
        {updates.step === "downloading" ? <Download done={updates.done} total={offer.size} /> : null}
      </CardBody>
    </Card>
  );
}

function Download({ done, total }: { done: number; total: number }) {
  const t = useText();
  const amount = bytesOf(done, total, useLanguage());
  return (
    <div className={css.download}>
      <Bar label={t.updates.downloading} done={done} total={total} />
      <p className={css.second}>{t.common.of(amount.done, amount.total, amount.unit)}</p>
    </div>
  );
}

/** What is installed, and how newer versions are looked for. */
function Choices({ updates }: { updates: UpdatesView }) {
  const t = useText();
  const platform = usePlatform();
  const check = useAction("updates.check");
  const openFile = useAction("updates.open-file");
  const refused = useCallback((thrown: unknown) => toast({ tone: "bad", text: errorView(thrown).title || t.failure.unexpectedTitle }), [t]);
  const { settings, change } = useSettings(refused);
  const busy = updates.step !== "idle";
  const choose = async () => {
    const path = await platform.pickFile({ title: t.updates.pickFile, ending: "kupdate" });
    if (path !== null) openFile.mutate({ path }, { onError: (error) => refused(error.view) });
  };
  return (
    <Card label={t.updates.title}>
      <div className={css.row}>
        <div><p className={css.name}>{t.updates.current}</p><p className={css.second} data-selectable data-testid="update-current">{t.settings.version(updates.version)}</p></div>
      </div>
      {updates.enabled ? (
        <>
          <div className={css.row}>
            <div><p className={css.name}>{t.updates.checked}</p><p className={css.second}>{updates.checked_at ? <Ago time={updates.checked_at} /> : t.updates.never}</p></div>
            <Button isDisabled={busy && updates.step !== "checking"} isPending={check.isPending || updates.step === "checking"} onPress={() => check.mutate({})} testId="update-check">{check.isPending ? t.updates.checking : t.updates.check}</Button>
          </div>
          <div className={css.row}>
            <div><p className={css.name}>{t.updates.daily}</p><p className={css.second}>{t.updates.dailyText}</p></div>
            <Segmented label={t.updates.daily} value={settings.check_updates ? "on" : "off"} onChange={(key) => change({ check_updates: key === "on" })} options={[{ key: "on", label: t.updates.on }, { key: "off", label: t.updates.off }]} testId="update-daily" />
          </div>
          {updates.installation === "itself" ? (
            <div className={css.row}>
              <div><p className={css.name}>{t.updates.fromFile}</p><p className={css.second}>{t.updates.fromFileText}</p></div>
              <Button isDisabled={busy} isPending={openFile.isPending} onPress={() => void choose()} testId="update-file">{t.updates.fromFile}</Button>
            </div>
          ) : null}
        </>
      ) : null}
    </Card>
  );
}
