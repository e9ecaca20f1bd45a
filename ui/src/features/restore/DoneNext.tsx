import type { PointView } from "@/api/generated/PointView";
import type { RunView } from "@/api/generated/RunView";
import { Card, CardBody, CardFoot, CardHead } from "@/components/Card";
import { TextAction } from "@/components/Button";
import { Steps } from "@/components/Steps";
import { useText } from "@/i18n/context";
import css from "./Restore.module.css";

/** What to do with what came back, in order. */
export function DoneNext({ run, point, onAnother }: { run: RunView; point: PointView; onAnother: () => void }) {
  const t = useText();
  const well = run.state === "done" && (run.outcome === "succeeded" || run.outcome === "succeeded-with-warnings");
  if (!well) return null;
  if (run.kind === "restore-disk") {
    return (
      <Card testId="restore-done">
        <CardHead title={t.restore.doneFile} />
        <CardBody><code data-selectable data-testid="restore-result">{run.result}</code></CardBody>
      </Card>
    );
  }
  if (run.kind === "restore-in-place") {
    return (
      <Card testId="restore-done">
        <CardHead title={t.restore.doneNext} />
        <CardBody><p className={css.second}>{t.restore.doneOver}</p></CardBody>
        <CardFoot><TextAction onPress={onAnother}>{t.restore.another}</TextAction></CardFoot>
      </Card>
    );
  }
  const steps = [
    ["start", t.restore.doneStart, t.restore.doneStartText], ["look", t.restore.doneLook, t.restore.doneLookText], ["old", t.restore.doneOld, t.restore.doneOldText(point.vm_name)],
    ["connect", t.restore.doneConnect, t.restore.doneConnectText], ["rename", t.restore.doneRename, t.restore.doneRenameText],
  ] as const;
  return (
    <Card testId="restore-done">
      <CardHead title={t.restore.doneNext} />
      <div className={css.next}>
        {steps.map(([key, name, text], index) => (
          <div key={key} className={css.nextRow}>
            <span className={css.nextTile} aria-hidden="true"><span>{index + 1}</span></span>
            <div><b className={css.strong}>{name}</b><p className={css.second}>{text}</p></div>
          </div>
        ))}
      </div>
      <CardFoot><TextAction onPress={onAnother}>{t.restore.another}</TextAction></CardFoot>
    </Card>
  );
}

/** The steps of a restore. */
export function RestoreSteps({ current }: { current: "what" | "when" | "where" | "preview" | "done" }) {
  const t = useText();
  return <Steps place="line" label={t.restore.steps} current={current} steps={[{ key: "what", name: t.restore.stepWhat }, { key: "when", name: t.restore.stepWhen }, { key: "where", name: t.restore.stepWhere }, { key: "preview", name: t.restore.stepPreview }, { key: "done", name: t.restore.stepDone }]} />;
}
