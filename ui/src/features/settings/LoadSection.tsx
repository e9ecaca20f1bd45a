import { useCallback } from "react";
import { errorView } from "@/api/errors";
import type { LoadView } from "@/api/generated/LoadView";
import { useSettings } from "@/api/settings";
import { Card } from "@/components/Card";
import { Segmented } from "@/components/Choice";
import { Sentence } from "@/components/Page";
import { Select } from "@/components/Select";
import { toast } from "@/components/toasts";
import { useText } from "@/i18n/context";
import css from "./Settings.module.css";

/** What is offered; another number comes from the command line and is offered as well. */
const SPEEDS = [1, 2, 5, 10, 20, 50, 100, 200];
const HOURS = Array.from({ length: 24 }, (_, hour) => ({ key: String(hour), name: `${String(hour).padStart(2, "0")}:00` }));
/** Disks read at once. */
const COUNTS = Array.from({ length: 8 }, (_, index) => ({ key: String(index + 1), name: String(index + 1) }));
/** What hours begin with when somebody first limits them: an office's day. */
const OFFICE = { from: 8, to: 18 };

/** How much reading VMs may take of network, hosts and datastores, and when. */
export function LoadSection() {
  const t = useText();
  const refused = useCallback((thrown: unknown) => toast({ tone: "bad", text: errorView(thrown).title || t.failure.unexpectedTitle }), [t]);
  const { settings, change } = useSettings(refused);
  const { load } = settings;
  const set = (part: Partial<LoadView>) => change({ load: { ...load, ...part } });
  const speeds = [...new Set(load.limit === null ? SPEEDS : [...SPEEDS, load.limit])].sort((a, b) => a - b);
  const limits = [{ key: "none", name: t.load.none }, ...speeds.map((speed) => ({ key: String(speed), name: t.load.speed(speed) }))];
  const allDay = load.from === load.to;
  return (
    <>
      <Sentence under={t.load.text}>{load.limit === null ? t.load.free : t.load.limited(load.limit)}</Sentence>
      <Card label={t.load.title}>
        <div className={css.row}>
          <div><p className={css.name}>{t.load.limit}</p><p className={css.second}>{t.load.limitText}</p></div>
          <div className={css.pick}><Select bare label={t.load.limit} options={limits} value={load.limit === null ? "none" : String(load.limit)} onChange={(key) => set({ limit: key === "none" ? null : Number(key) })} testId="load-limit" /></div>
        </div>
        {load.limit === null ? null : (
          <div className={css.row}>
            <div><p className={css.name}>{t.load.hours}</p><p className={css.second}>{t.load.hoursText}</p></div>
            <div className={css.picks}>
              {allDay ? null : (
                <>
                  <Select bare label={t.load.from} options={HOURS} value={String(load.from)} onChange={(key) => set({ from: Number(key) })} testId="load-from" />
                  <span aria-hidden>–</span>
                  <Select bare label={t.load.to} options={HOURS} value={String(load.to)} onChange={(key) => set({ to: Number(key) })} testId="load-to" />
                </>
              )}
              <Segmented label={t.load.hours} value={allDay ? "all" : "some"} onChange={(key) => set(key === "all" ? { from: 0, to: 0 } : OFFICE)} options={[{ key: "all", label: t.load.allDay }, { key: "some", label: t.load.someHours }]} testId="load-hours" />
            </div>
          </div>
        )}
        <div className={css.row}>
          <div><p className={css.name}>{t.load.perHost}</p><p className={css.second}>{t.load.perHostText}</p></div>
          <div className={css.pick}><Select bare label={t.load.perHost} options={COUNTS} value={String(load.per_host)} onChange={(key) => set({ per_host: Number(key) })} testId="load-per-host" /></div>
        </div>
        <div className={css.row}>
          <div><p className={css.name}>{t.load.perDatastore}</p><p className={css.second}>{t.load.perDatastoreText}</p></div>
          <div className={css.pick}><Select bare label={t.load.perDatastore} options={COUNTS} value={String(load.per_datastore)} onChange={(key) => set({ per_datastore: Number(key) })} testId="load-per-datastore" /></div>
        </div>
      </Card>
    </>
  );
}
