import { Card, CardBody, CardHead } from "@/components/Card";
import { Checkbox, Segmented } from "@/components/Choice";
import { FailureCard } from "@/components/FailureCard";
import { Field } from "@/components/Field";
import { Loading } from "@/components/States";
import { useText } from "@/i18n/context";
import { usePlatform } from "@/platform/context";
import type { Restore } from "./useRestore";
import css from "./Restore.module.css";

/** Over the original: what may be done to it, and its name, typed. */
export function OverTarget({ restore }: { restore: Restore }) {
  const t = useText();
  const platform = usePlatform();
  const plan = restore.overPlan;
  if (plan.error) return <FailureCard error={plan.error.view} onCopy={(text) => void platform.copyText(text)} />;
  if (!plan.data) return <Loading what={t.restore.planning} />;
  const wrong = restore.confirm.trim() !== "" && !restore.confirmed;
  return (
    <div className={css.columns}>
      <Card label={t.restore.overConfirm}>
        <CardHead title={t.restore.overConfirm} />
        <CardBody>
          <Field label={t.restore.overType(plan.data.vm_name)} testId="restore-confirm" value={restore.confirm} onChange={restore.setConfirm} hint={t.restore.overTypeText} error={wrong ? t.restore.overTypeWrong : null} />
        </CardBody>
      </Card>
      <Card label={t.restore.overPower}>
        <CardHead title={t.restore.overPower} />
        <CardBody>
          <div className={css.stack}>
            <p className={css.second}>{plan.data.running ? t.restore.overRuns : t.restore.overOff}</p>
            {plan.data.running ? (
              <>
                <div className={css.wakeTop}>
                  <Segmented label={t.restore.overPower} value={restore.stop === "power-off" ? "power-off" : "shut-down"} onChange={restore.setStop} testId="restore-stop" options={[{ key: "shut-down", label: t.restore.overShutDown }, { key: "power-off", label: t.restore.overPowerOff }]} />
                </div>
                <Checkbox isSelected={restore.turnOn} onChange={restore.setTurnOn} testId="restore-turn-on">{t.restore.overTurnOn}</Checkbox>
              </>
            ) : null}
          </div>
        </CardBody>
      </Card>
    </div>
  );
}
