import { ShieldPlus } from "lucide-react";
import { useState } from "react";
import { useAction, useCommand } from "@/api/client";
import type { JobView } from "@/api/generated/JobView";
import type { VmProtection } from "@/api/generated/VmProtection";
import type { VmView } from "@/api/generated/VmView";
import { savable, setVms } from "@/api/members";
import { byVm, stateSigns } from "@/api/protection";
import { Button, TextAction } from "@/components/Button";
import { Card, CardHead } from "@/components/Card";
import { Chip } from "@/components/Glyph";
import { Select } from "@/components/Select";
import { toast } from "@/components/toasts";
import { Moment } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { durationText } from "@/lib/time";
import { classKeys } from "./classes";
import { ClassesDialog } from "./ClassesDialog";
import { ExcludeDialog } from "./ExcludeDialog";
import css from "./ProtectionCard.module.css";

/** The job that saves the VMs most like this one: of the same class first, then of the same server. */
export function likeJob(vm: VmProtection, all: readonly VmProtection[], jobs: readonly JobView[]): { job: JobView; like: string } | null {
  const score = (one: VmProtection) => (one.class === vm.class ? 2 : 0) + (one.server_id === vm.server_id ? 1 : 0);
  const others = all.filter((one) => one.key !== vm.key && one.jobs.length > 0).toSorted((a, b) => score(b) - score(a));
  for (const like of others) {
    const job = jobs.find((one) => !one.paused && one.draft.schedules.length > 0 && like.jobs.includes(one.draft.name));
    if (job) return { job, like: like.name };
  }
  return null;
}

/** What is promised for a VM, whether that is kept, and who keeps it. */
export function ProtectionCard({ server, vm, onJob }: { server: string; vm: VmView; onJob: () => void }) {
  const t = useText();
  const language = useLanguage();
  const list = useCommand("protection.list", {});
  const classes = useCommand("classes.get", {});
  const set = useAction("protection.set-class");
  const [dialog, setDialog] = useState<"exclude" | "classes" | null>(null);
  const one = byVm(list.data?.vms ?? [])(server, vm);
  if (!list.data) return list.error ? <p className={css.mute} data-testid="vm-protection-unknown">{t.inventory.protectionUnread(list.error.view.title)}</p> : null;
  if (!one) return <p className={css.mute} data-testid="vm-protection-unknown">{vm.of_system ? t.inventory.standing.unmeant : t.inventory.standing.unknown}</p>;
  const failed = (error: { view: { title: string } }) => toast({ tone: "bad", text: error.view.title || t.failure.unexpectedTitle });
  const choose = (key: string) => set.mutate({ vm: one.key, change: { set: "class", class: classKeys.find((known) => known === key) ?? null } }, { onError: failed });
  const sign = stateSigns[one.state];
  const span = (minutes: number) => durationText(minutes * 60, language);
  return (
    <Card label={t.inventory.protection} testId="vm-protection">
      <CardHead title={t.inventory.protection} fact={<Chip glyph={sign.glyph} tone={sign.tone}>{t.home.states[one.state]}</Chip>} end={one.jobs.length === 0 && savable(vm) ? <Protect one={one} server={server} vm={vm} all={list.data.vms} onJob={onJob} /> : undefined} />
      <p className={css.sentence} data-testid="vm-standing">{one.sentence}{one.schedule_too_slow ? ` ${t.inventory.tooSlow}` : ""}</p>
      <div className={css.facts}>
        <Select label={t.inventory.classLabel} value={one.suggested ? "auto" : one.class} onChange={choose} options={[{ key: "auto", name: t.inventory.classSuggested(t.home.classes[one.class]) }, ...classKeys.map((key) => ({ key, name: t.home.classes[key] }))]} testId="vm-class" />
        <dl className={css.pairs}>
          <div><dt>{t.inventory.rpo}</dt><dd>{span(one.promise.rpo_minutes)}</dd></div>
          <div><dt>{t.inventory.rto}</dt><dd>{span(one.promise.rto_minutes)}{one.restore ? <small>{t.inventory.measured(durationText(one.restore.seconds, language))}</small> : null}</dd></div>
          <div><dt>{t.home.colJob}</dt><dd>{one.jobs.join(", ") || t.home.noJob}</dd></div>
          <div><dt>{t.home.colNext}</dt><dd>{one.next_at ? <Moment time={one.next_at} /> : t.home.nonePlanned}</dd></div>
        </dl>
      </div>
      <div className={css.actions}>
        {one.excluded ? <Button size="small" isPending={set.isPending} onPress={() => set.mutate({ vm: one.key, change: { set: "include" } }, { onError: failed })} testId="vm-include">{t.inventory.include}</Button>
          : one.state === "gone" ? null : <TextAction onPress={() => setDialog("exclude")} testId="vm-exclude">{t.inventory.exclude}</TextAction>}
        {classes.data ? <TextAction onPress={() => setDialog("classes")} testId="classes-edit">{t.inventory.classesEdit}</TextAction> : classes.error ? <span className={css.mute}>{t.inventory.classesUnread(classes.error.view.title)}</span> : null}
      </div>
      {dialog === "exclude" ? <ExcludeDialog vm={one} onClose={() => setDialog(null)} /> : null}
      {dialog === "classes" && classes.data ? <ClassesDialog classes={classes.data} onClose={() => setDialog(null)} /> : null}
    </Card>
  );
}

function Protect({ one, server, vm, all, onJob }: { one: VmProtection; server: string; vm: VmView; all: readonly VmProtection[]; onJob: () => void }) {
  const t = useText();
  const jobs = useCommand("jobs.list", {});
  const inventory = useCommand("inventory.get", { server_id: server, refresh: false });
  const save = useAction("jobs.save");
  if (!jobs.data || !inventory.data) return null;
  const found = likeJob(one, all, jobs.data.jobs);
  const icon = <ShieldPlus size={15} strokeWidth={1.8} aria-hidden />;
  if (!found) return <Button kind="primary" size="small" icon={icon} onPress={onJob} testId="vm-protect-new">{t.inventory.protectNew}</Button>;
  const { job, like } = found;
  const before = job.draft;
  const bad = (error: { view: { title: string } }) => toast({ tone: "bad", text: error.view.title || t.failure.unexpectedTitle });
  const read = inventory.data;
  const add = () => save.mutate({ job_id: job.id, draft: { ...before, ...setVms(before, read, [vm], true) } }, {
    onSuccess: () => toast({ tone: "ok", text: t.inventory.addedTo(vm.name, before.name), action: { name: t.jobWizard.undo, run: () => save.mutate({ job_id: job.id, draft: before }, { onError: bad }) } }),
    onError: bad,
  });
  return <span className={css.ways}><Button kind="quiet" size="small" onPress={onJob}>{t.inventory.protectNew}</Button><Button kind="primary" size="small" icon={icon} isPending={save.isPending} onPress={add} testId="vm-protect-like">{t.inventory.protectLike(like, before.name)}</Button></span>;
}
