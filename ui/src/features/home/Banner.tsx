import { Play } from "lucide-react";
import { useAction, useCommand } from "@/api/client";
import type { ProtectionList } from "@/api/generated/ProtectionList";
import type { VmProtection } from "@/api/generated/VmProtection";
import { isAtRisk } from "@/api/protection";
import { Button, TextAction } from "@/components/Button";
import { Card } from "@/components/Card";
import { toast } from "@/components/toasts";
import { useText } from "@/i18n/context";
import type { HomeWays } from "./HomePage";
import css from "./Home.module.css";

type Shield = "ok" | "info" | "warn" | "bad";

/** A shield with a tick, a clock or an exclamation. */
function ShieldIcon({ kind }: { kind: Shield }) {
  const inner = { ok: "m8.6 12 2.4 2.4 4.4-4.8", info: "M12 8.6V12l2.4 1.6", warn: "M12 8.4v4.2M12 15.6v.1", bad: "M12 8.4v4.2M12 15.6v.1" }[kind];
  return (
    <span className={css.shield} data-tone={kind}>
      <svg width="26" height="26" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
        <path d="M12 2.8 4.6 5.4v6c0 4.6 3.1 8.2 7.4 9.8 4.3-1.6 7.4-5.2 7.4-9.8v-6z" />
        <path d={inner} />
      </svg>
    </span>
  );
}

/** One sentence: am I safe? Then why not, then the one next step. */
export function Banner({ list, ways, onVm }: { list: ProtectionList; ways: HomeWays; onVm: (vm: VmProtection) => void }) {
  const t = useText();
  const jobs = useCommand("jobs.list", {});
  const { counts } = list;
  const need = counts.late + counts.missed + counts.failed;
  const all = counts.protected + need;
  const risky = list.vms.filter(isAtRisk);
  const [worst] = risky;
  const homeless = jobs.data?.jobs.length === 0 && all > 0;
  const soon = list.vms.some((vm) => vm.state === "due-soon");
  const kind: Shield = counts.missed + counts.failed > 0 ? "bad" : counts.late > 0 || list.unreadable.length > 0 ? "warn" : soon || all === 0 ? "info" : "ok";
  const sentence = all === 0 ? t.home.noVms : t.home.sentence(counts.protected, all);
  return (
    <Card label={sentence} testId="banner">
      <div className={css.banner}>
        <ShieldIcon kind={kind} />
        <div className={css.bannerWords}>
          <h2 className={css.sentence} data-testid="sentence">{sentence}</h2>
          {worst ? <p className={css.soft} data-testid="worst"><b>{worst.name}</b> – {worst.sentence}{risky.length > 1 ? ` ${t.home.alsoNeed(risky.length - 1)}` : ""}</p> : null}
          {homeless ? <p className={css.soft}>{t.home.noJobs}</p> : null}
          {list.unreadable.length > 0 ? <p className={css.soft}>{t.home.unread(list.unreadable.map((one) => one.name).join(", "))}</p> : null}
        </div>
        {homeless ? <Button kind="primary" size="large" onPress={ways.onJob} testId="home-make-job">{t.home.makeJob}</Button> : worst ? <Fix worst={worst} ways={ways} onVm={onVm} /> : null}
      </div>
    </Card>
  );
}

function Fix({ worst, ways, onVm }: { worst: VmProtection; ways: HomeWays; onVm: (vm: VmProtection) => void }) {
  const t = useText();
  const start = useAction("jobs.run");
  const [job] = worst.jobs;
  const run = (name: string) => start.mutate({ job_id: name, scope: { vms: "chosen", names: [worst.name] } }, {
    onSuccess: ({ run_id }) => ways.onRun(run_id),
    onError: (error) => toast({ tone: "bad", text: error.view.title || t.failure.unexpectedTitle }),
  });
  return (
    <span className={css.fix}>
      {job === undefined ? null : <TextAction onPress={() => (worst.state === "failed" ? ways.onActivity(true) : onVm(worst))} testId="home-why">{t.home.why}</TextAction>}
      {job === undefined
        ? <Button kind="primary" size="large" onPress={() => onVm(worst)} testId="home-protect">{t.home.protect}</Button>
        : <Button kind="primary" size="large" icon={<Play size={14} fill="currentColor" strokeWidth={0} aria-hidden />} isPending={start.isPending} onPress={() => run(job)} testId="home-run">{t.home.runNow}</Button>}
    </span>
  );
}
