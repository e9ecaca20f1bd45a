import { useState } from "react";
import { useAction } from "@/api/client";
import type { AlertView } from "@/api/generated/AlertView";
import { Button } from "@/components/Button";
import { Glyph, Tag } from "@/components/Glyph";
import { toast } from "@/components/toasts";
import { Ago } from "@/components/Words";
import { useText } from "@/i18n/context";
import css from "./Alarms.module.css";

/** Open alarms: what happened, what to do, and for those that a person may end, how. */
export function Alarms({ alerts, onVm }: { alerts: readonly AlertView[]; onVm: (name: string) => void }) {
  const t = useText();
  return (
    <section aria-label={t.alarms.title} data-testid="alarms">
      <h3 className={css.group}>{t.alarms.title}</h3>
      <ul>{alerts.map((alert) => <AlarmRow key={alert.key} alert={alert} onVm={onVm} />)}</ul>
    </section>
  );
}

function AlarmRow({ alert, onVm }: { alert: AlertView; onVm: (name: string) => void }) {
  const t = useText();
  const [asked, setAsked] = useState(false);
  const release = useAction("alerts.release");
  const ofVm = alert.kind !== "history" && alert.kind !== "clock";
  const end = () => release.mutate({ key: alert.key }, {
    onSuccess: () => toast({ tone: "ok", text: t.alarms.released }),
    onError: (error) => toast({ tone: "bad", text: error.view.title || t.failure.unexpectedTitle }),
  });
  return (
    <li className={css.alarm} data-testid="alarm" data-kind={alert.kind}>
      <Glyph name={alert.kind === "unusual-change" ? "held" : "warned"} tone={alert.kind === "unusual-change" ? "held" : alert.weight === "red" ? "bad" : "warn"} label={t.alarms.weights[alert.weight]} />
      <div className={css.words}>
        <p className={css.title}>{alert.title}</p>
        <p className={css.advice}>{alert.advice}</p>
        {asked ? <p className={css.ask} role="alert">{alert.kind === "history" ? t.alarms.askHistory : t.alarms.askChange(alert.subject)}</p> : null}
        <div className={css.buttons}>
          {ofVm ? <Button size="small" onPress={() => onVm(alert.subject)} testId="alarm-look">{t.alarms.look(alert.subject)}</Button> : null}
          {alert.can_release && !asked ? <Button size="small" kind="quiet" onPress={() => setAsked(true)} testId="alarm-release">{t.alarms.release}</Button> : null}
          {asked ? (
            <>
              <Button size="small" kind="danger" isPending={release.isPending} onPress={end} testId="alarm-release-yes">{t.alarms.releaseYes}</Button>
              <Button size="small" kind="quiet" onPress={() => setAsked(false)}>{t.common.notNow}</Button>
            </>
          ) : null}
          {alert.can_release ? null : <span className={css.mute}>{t.alarms.endsItself}</span>}
        </div>
      </div>
      <Tag>{t.alarms.kinds[alert.kind]}</Tag>
      <span className={css.when}><Ago time={alert.since} /></span>
    </li>
  );
}
