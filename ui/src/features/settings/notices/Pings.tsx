import { Activity, Plus, X } from "lucide-react";
import { useState } from "react";
import { useCommand } from "@/api/client";
import type { ErrorView } from "@/api/errors";
import type { NoticesView } from "@/api/generated/NoticesView";
import type { PingMethod } from "@/api/generated/PingMethod";
import type { PingNotices } from "@/api/generated/PingNotices";
import { Button, IconButton } from "@/components/Button";
import { Select } from "@/components/Select";
import { useText } from "@/i18n/context";
import { LeaveField } from "./LeaveField";
import type { Change } from "./useNotices";
import { Said, useTest, Way } from "./Way";
import css from "./Notices.module.css";

interface PingsProps {
  view: NoticesView;
  change: Change;
  refused: ErrorView | null;
}

/** Addresses that are called after good runs, so that somebody else notices when we fall silent. */
export function Pings({ view, change, refused }: PingsProps) {
  const t = useText();
  const [adding, setAdding] = useState(false);
  const { pings } = view.settings;
  const set = (make: (pings: readonly PingNotices[]) => PingNotices[]) => change("ping", (all) => ({ ...all, pings: make(all.pings) }));
  const add = async (url: string) => {
    const taken = url.trim() === "" || (await set((list) => [...list, { url: url.trim(), method: "get", job: null }]));
    if (taken) setAdding(false);
    return taken;
  };
  return (
    <Way way="ping" icon={<Activity size={18} strokeWidth={1.6} aria-hidden />} text={t.notices.pingText} on={pings.length > 0} letters={view.letters} refused={refused} ownTests>
      <p className={css.why}>{t.notices.pingWhy}</p>
      {pings.map((ping, place) => <Ping key={`${place}-${ping.url}`} ping={ping} place={place} onChange={(next) => set((list) => list.map((one, index) => (index === place ? next : one)))} onRemove={() => void set((list) => list.filter((_, index) => index !== place))} />)}
      {adding ? <div className={css.full}><LeaveField label={t.notices.address} value="" hint={t.notices.addressHint} onLeave={add} testId="ping-new" /></div> : <div className={css.full}><Button size="small" icon={<Plus size={13} strokeWidth={2} aria-hidden />} onPress={() => setAdding(true)} testId="ping-add">{t.notices.addPing}</Button></div>}
    </Way>
  );
}

function Ping({ ping, place, onChange, onRemove }: { ping: PingNotices; place: number; onChange: (ping: PingNotices) => Promise<boolean>; onRemove: () => void }) {
  const t = useText();
  const test = useTest("ping", place);
  const jobs = useCommand("jobs.list", {}).data?.jobs ?? [];
  const known = [{ key: "any", name: t.notices.anyJob }, ...jobs.map((job) => ({ key: job.id, name: job.draft.name }))];
  const options = ping.job !== null && !jobs.some((job) => job.id === ping.job) ? [...known, { key: ping.job, name: t.notices.goneJob }] : known;
  return (
    <div className={css.ping} role="group" aria-label={t.notices.pingOf(place + 1)} data-testid={`ping-${place}`}>
      <div className={css.pingUrl}><LeaveField label={t.notices.address} value={ping.url} onLeave={(url) => onChange({ ...ping, url: url.trim() })} testId={`ping-url-${place}`} /></div>
      <Select label={t.notices.job} options={options} value={ping.job ?? "any"} onChange={(key) => void onChange({ ...ping, job: key === "any" ? null : key })} testId={`ping-job-${place}`} />
      <Select label={t.notices.method} options={[{ key: "get", name: "GET" }, { key: "head", name: "HEAD" }]} value={ping.method} onChange={(key) => void onChange({ ...ping, method: key as PingMethod })} testId={`ping-method-${place}`} />
      <Button isPending={test.isPending} onPress={test.run} testId={`ping-test-${place}`}>{test.isPending ? t.notices.testing : t.notices.test}</Button>
      <IconButton label={t.notices.removePing(place + 1)} onPress={onRemove} testId={`ping-remove-${place}`}><X size={15} strokeWidth={1.8} aria-hidden /></IconButton>
      <Said test={test} way="ping" />
    </div>
  );
}
