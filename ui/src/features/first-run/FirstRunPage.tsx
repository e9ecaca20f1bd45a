import { ChevronLeft, ChevronRight } from "lucide-react";
import { useState } from "react";
import { useCommand } from "@/api/client";
import { useSettings } from "@/api/settings";
import { Lattice, Mark } from "@/components/Brand";
import { Button } from "@/components/Button";
import { Segmented } from "@/components/Choice";
import { Sentence } from "@/components/Page";
import { Steps } from "@/components/Steps";
import { useLanguage, useText } from "@/i18n/context";
import { ConnectForm } from "./ConnectForm";
import { KeepForm } from "./KeepForm";
import { ProtectStep, type RenderPicker } from "./ProtectStep";
import css from "./FirstRunPage.module.css";

type StepKey = "connect" | "keep" | "protect";

interface FirstRunPageProps {
  onSkip: () => void;
  onStarted: (runId: string) => void;
  renderPicker: RenderPicker;
}

const arrow = { size: 16, strokeWidth: 2, "aria-hidden": true } as const;

const nothing = () => undefined;

/** Three screens from install to the first backup. */
export function FirstRunPage({ onSkip, onStarted, renderPicker }: FirstRunPageProps) {
  const t = useText();
  const language = useLanguage();
  const { change } = useSettings();
  const servers = useCommand("servers.list", {}).data?.servers ?? [];
  const repositories = useCommand("repositories.list", {}).data?.repositories ?? [];
  const [step, setStep] = useState<StepKey>("connect");
  const connected = servers.length > 0;
  // Whether the server that was added last can be backed up from.
  const [works, setWorks] = useState(true);
  const kept = repositories[0];
  // The form stays until its key is kept, however early the list of repositories tells of the new one.
  const [keeping, setKeeping] = useState(false);
  const toKeep = () => { setKeeping(!kept); setStep("keep"); };

  const steps = [{ key: "connect", name: t.firstRun.stepConnect }, { key: "keep", name: t.firstRun.stepKeep }, { key: "protect", name: t.firstRun.stepProtect }];
  const heads: Record<StepKey, [string, string]> = {
    connect: [t.firstRun.connectTitle, t.firstRun.connectText],
    keep: [t.firstRun.keepTitle, t.firstRun.keepText],
    protect: [t.firstRun.protectTitle, t.firstRun.protectText],
  };
  const [title, text] = heads[step];
  const footId = "first-run-foot";

  return (
    <div className={css.firstRun} data-testid="first-run" data-step={step}>
      <aside className={css.wall}>
        <div className={css.pattern}><Lattice tile={56} /></div>
        <p className={css.brand}><Mark size={44} /><span className={css.name}>Kuramori</span><span className={css.kanji} lang="ja">蔵守</span></p>
        <p className={css.claim}>{t.firstRun.claim}</p>
        <p className={css.promise}>{t.firstRun.promise}</p>
        <div className={css.steps}><Steps label={t.firstRun.steps} steps={steps} current={step} place="wall" /></div>
      </aside>
      <main className={css.main}>
        <div className={css.scroll}>
          <div className={css.form} data-wide={step === "protect" || undefined}>
            <div className={css.top}>
              <Sentence under={text}>{title}</Sentence>
              <Segmented label={t.shell.language} value={language} onChange={(key) => change({ language: key })} options={[{ key: "en", label: "English" }, { key: "ja", label: "日本語" }]} testId="language" />
            </div>
            {step === "connect" ? (
              <>
                {connected ? <p className={css.already}>{t.firstRun.alreadyThere(servers.map((server) => server.name).join(", "))}</p> : null}
                <ConnectForm onConnected={nothing} onWorks={setWorks} />
              </>
            ) : null}
            {step === "keep" && kept && !keeping ? <p className={css.already} data-testid="repository-ready">{t.firstRun.repositoryReady(kept.name)}</p> : null}
            {step === "keep" && (!kept || keeping) ? <KeepForm next={t.firstRun.nextProtect} onReady={() => { setKeeping(false); setStep("protect"); }} /> : null}
            {step === "protect" ? <ProtectStep servers={servers} repository={kept ?? null} onStarted={onStarted} renderPicker={renderPicker} footId={footId} /> : null}
          </div>
        </div>
        <footer className={css.foot}>
          <Button kind="quiet" onPress={onSkip} testId="first-run-skip">{t.firstRun.skip}</Button>
          <span className={css.space} />
          <span id={footId} className={css.slot} />
          {step === "connect" ? null : <span className={css.back}><Button size="large" icon={<ChevronLeft {...arrow} />} onPress={() => (step === "protect" ? toKeep() : setStep("connect"))} testId="first-run-back">{t.common.back}</Button></span>}
          {step === "connect" ? <span className={css.next}><Button kind="primary" size="large" after={<ChevronRight {...arrow} />} isDisabled={!connected || !works} onPress={toKeep} testId="first-run-next">{t.firstRun.nextKeep}</Button></span> : null}
          {step === "keep" && kept && !keeping ? <span className={css.next}><Button kind="primary" size="large" after={<ChevronRight {...arrow} />} onPress={() => setStep("protect")} testId="first-run-next">{t.firstRun.nextProtect}</Button></span> : null}
        </footer>
      </main>
    </div>
  );
}
