import { ChevronLeft, ChevronRight, X } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useCommand } from "@/api/client";
import type { PointView } from "@/api/generated/PointView";
import type { RunView } from "@/api/generated/RunView";
import { Button, IconButton } from "@/components/Button";
import { FailureCard } from "@/components/FailureCard";
import { WizardPage } from "@/components/Page";
import { EmptyState, Loading } from "@/components/States";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { momentInText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { DoneNext, RestoreSteps } from "./DoneNext";
import { PreviewStep } from "./PreviewStep";
import { emptyPlan, useRestore, type RestoreWhat } from "./useRestore";
import { WhereStep } from "./WhereStep";
import css from "./Restore.module.css";

interface RestorePageProps {
  repositoryId: string;
  pointId: string;
  /** What was asked for at the beginning. */
  want: RestoreWhat | undefined;
  /** Back to the recovery points of the VM, where it is known. */
  onWhen: (vm: string | undefined) => void;
  onClose: () => void;
  /** Draws the run; the application hands it in. */
  renderRun: (runId: string, after: (run: RunView) => ReactNode) => ReactNode;
}

const arrow = { size: 16, strokeWidth: 2, "aria-hidden": true } as const;

/** A restore from a chosen recovery point to its end. */
export function RestorePage({ repositoryId, pointId, ...rest }: RestorePageProps) {
  const t = useText();
  const platform = usePlatform();
  const answer = useCommand("points.get", { repository_id: repositoryId, point_id: pointId });
  if (answer.data) return <Wizard point={answer.data} {...rest} />;
  const gone = answer.error?.view.code === "point-not-found";
  return (
    <WizardPage title={t.shell.restore} steps={<RestoreSteps current="where" />} close={<IconButton label={t.restore.close} onPress={rest.onClose}><X {...arrow} /></IconButton>} foot={null} buttons={null} testId="restore-page">
      {answer.isPending ? <Loading what={t.points.reading} usual={t.points.readingUsual} /> : !gone ? <FailureCard error={answer.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" onPress={() => void answer.refetch()}>{t.common.tryAgain}</Button>} /> : (
        <EmptyState icon={null} title={t.restore.gone} action={<Button kind="primary" onPress={() => rest.onWhen(undefined)}>{t.restore.goneAction}</Button>} />
      )}
    </WizardPage>
  );
}

function Wizard({ point, want, onWhen, onClose, renderRun }: { point: PointView } & Omit<RestorePageProps, "repositoryId" | "pointId">) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  const restore = useRestore(point, want);
  const [step, setStep] = useState<"where" | "preview" | "done">("where");
  const [runId, setRunId] = useState<string | null>(null);
  const failure = restore.startVm.error ?? restore.startOver.error ?? restore.startDisk.error;
  const starting = restore.startVm.isPending || restore.startOver.isPending || restore.startDisk.isPending;
  const plan = useCommand("restore.plan", restore.request ?? emptyPlan, { enabled: step === "preview" && restore.what === "vm" && restore.request !== null });
  const checked = restore.what === "vm" ? plan.data : restore.overPlan.data;
  const blocked = restore.what !== "disk" && (!checked || checked.problems.length > 0);

  const begun = { onSuccess: (started: { run_id: string }) => { setRunId(started.run_id); setStep("done"); } };
  const start = () => {
    if (restore.what === "disk") restore.startDisk.mutate({ repository_id: point.repository_id, point_id: point.id, disk: restore.disk, path: restore.path.trim() }, begun);
    else if (restore.what === "over" && restore.over) restore.startOver.mutate(restore.over, begun);
    else if (restore.request) restore.startVm.mutate(restore.request, begun);
  };
  const toPoints = () => onWhen(point.instance_uuid ?? point.vm_name);
  const back = () => {
    restore.startVm.reset();
    restore.startOver.reset();
    restore.startDisk.reset();
    if (step === "preview") setStep("where");
    else toPoints();
  };
  const facts = <>{point.vm_name} · <b>{momentInText(new Date(point.taken_at), now, language)}</b> · {point.repository_name}</>;

  return (
    <WizardPage title={t.restore.title(point.vm_name)} steps={<RestoreSteps current={step} />} close={<IconButton label={t.restore.close} onPress={onClose} testId="restore-close"><X {...arrow} /></IconButton>} testId="restore-page"
      foot={step === "done" ? t.restore.runningFoot : facts}
      buttons={
        <>
          {step === "done" ? <Button size="large" onPress={onClose} testId="restore-finish">{t.restore.goOn}</Button> : <Button size="large" icon={<ChevronLeft {...arrow} />} onPress={back} testId="restore-back">{t.common.back}</Button>}
          {step === "where" ? <Button kind="primary" size="large" after={<ChevronRight {...arrow} />} isDisabled={!restore.ready} onPress={() => setStep("preview")} testId="restore-preview">{t.restore.nextPreview}</Button> : null}
          {step === "preview" ? <Button kind="primary" size="large" icon={<svg width="12" height="12" viewBox="0 0 12 12" fill="currentColor" aria-hidden="true"><path d="M2.5 1v10L11 6z" /></svg>} isDisabled={blocked} isPending={starting} onPress={start} testId="restore-start">{starting ? t.restore.starting : t.restore.start}</Button> : null}
        </>
      }>
      <div className={css.stack}>
        {failure && step === "preview" ? <FailureCard error={failure.view} onCopy={(text) => void platform.copyText(text)} /> : null}
        {step === "where" ? <WhereStep point={point} restore={restore} /> : null}
        {step === "preview" ? <PreviewStep point={point} restore={restore} /> : null}
        {step === "done" && runId ? renderRun(runId, (run) => <DoneNext run={run} point={point} onAnother={toPoints} />) : null}
      </div>
    </WizardPage>
  );
}
