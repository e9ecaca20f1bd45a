import { Activity } from "lucide-react";
import { useState } from "react";
import { useCommand } from "@/api/client";
import type { AlertView } from "@/api/generated/AlertView";
import type { RunSummary } from "@/api/generated/RunSummary";
import { Button } from "@/components/Button";
import { Card, CardFoot, CardHead } from "@/components/Card";
import { Segmented } from "@/components/Choice";
import { DayBars } from "@/components/DayBars";
import { FailureCard } from "@/components/FailureCard";
import { Page } from "@/components/Page";
import { SearchField } from "@/components/SearchField";
import { EmptyState, Loading, StaleAnswer, StaleNote } from "@/components/States";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { dateText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { Alarms } from "./Alarms";
import { byDay, causesOf, isAbout, type Cause, type CauseState } from "./causes";
import { CauseRow } from "./CauseRow";
import { isOver } from "./run-words";
import { RunTable } from "./RunTable";
import css from "./Activity.module.css";

export type ActivityShow = "needs" | "causes" | "runs";

interface ActivityPageProps {
  show: ActivityShow;
  onShow: (show: ActivityShow) => void;
  onOpen: (run: string) => void;
  onChoose: () => void;
  /** Shows a VM by its name. */
  onVm: (name: string) => void;
}

/** Most that the back end lists. */
const limit = 1000;
const week = 7 * 24 * 3_600_000;
const shownCauses = 60;

/** What ran, one line a cause, what needs somebody first. */
export function ActivityPage({ show, onShow, onOpen, onChoose, onVm }: ActivityPageProps) {
  const t = useText();
  const platform = usePlatform();
  const [find, setFind] = useState("");
  const answer = useCommand("runs.list", { limit });
  const alarms = useCommand("alerts.list", {});
  const runs = answer.data?.runs ?? [];
  const wanted = find.trim().toLowerCase();
  const alerts = byWeight(alarms.data?.alerts ?? []).filter((alert) => alert.subject.toLowerCase().includes(wanted));
  const found = runs.filter((run) => isAbout(run, find));
  return (
    <Page title={t.runs.title} fact={show === "runs" ? t.runs.fact : t.runs.causesFact} fixed={show === "runs"} testId="activity">
      <div className={css.page} data-show={show}>
        {answer.error && !answer.data ? <FailureCard error={answer.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" isPending={answer.isFetching} onPress={() => void answer.refetch()}>{t.common.tryAgain}</Button>} /> : null}
        <StaleAnswer answer={answer} />
        {alarms.error && (!answer.error || !alarms.data) ? <StaleNote>{t.alarms.unread(alarms.error.view.title)}</StaleNote> : null}
        {runs.length === 0 && alerts.length > 0 ? <Card label={t.alarms.title}><Alarms alerts={alerts} onVm={onVm} /></Card> : null}
        {answer.isPending ? <Card><Loading what={t.common.reading} /></Card> : null}
        {answer.data && runs.length === 0 ? (
          <Card><EmptyState icon={<Activity size={36} strokeWidth={1.2} aria-hidden />} title={t.runs.emptyTitle} text={t.runs.emptyText} action={<Button kind="primary" onPress={onChoose}>{t.runs.emptyAction}</Button>} /></Card>
        ) : null}
        {runs.length > 0 ? (
          <div className={css.columns} data-show={show}>
            <Card fill label={t.runs.title}>
              <Head runs={runs} alarms={alarms.data?.alerts ?? []} show={show} onShow={onShow} find={find} onFind={setFind} />
              {show !== "runs" && alerts.length > 0 ? <Alarms alerts={alerts} onVm={onVm} /> : null}
              {show === "runs" ? <RunTable runs={found} onOpen={onOpen} /> : <Causes runs={found} find={find} onlyOpen={show === "needs"} onOpen={onOpen} />}
              {runs.length === limit ? <CardFoot><span>{t.runs.listFoot(limit)}</span></CardFoot> : null}
            </Card>
            {show === "runs" ? null : <Side runs={found} />}
          </div>
        ) : null}
      </div>
    </Page>
  );
}

/** The weightiest first, then the newest. */
function byWeight(alerts: readonly AlertView[]): AlertView[] {
  const rank: Record<AlertView["weight"], number> = { red: 0, amber: 1 };
  return alerts.toSorted((one, other) => rank[one.weight] - rank[other.weight] || new Date(other.since).getTime() - new Date(one.since).getTime());
}

interface HeadProps {
  runs: readonly RunSummary[];
  alarms: readonly AlertView[];
  show: ActivityShow;
  onShow: (show: ActivityShow) => void;
  find: string;
  onFind: (text: string) => void;
}

function Head({ runs, alarms, show, onShow, find, onFind }: HeadProps) {
  const t = useText();
  const now = useNow();
  const causes = causesOf(runs);
  const count = (state: CauseState) => causes.filter((cause) => cause.state === state).length;
  const recent = runs.filter((run) => isOver(run) && now.getTime() - new Date(run.started_at).getTime() < week);
  const [needs, waits] = [count("needs-you") + alarms.filter((one) => one.weight === "red").length, count("can-wait") + alarms.filter((one) => one.weight === "amber").length];
  return (
    <header className={css.head}>
      <div className={css.answer}>
        <h2 className={css.sentence} data-testid="activity-sentence">{needs > 0 ? t.runs.needs(needs, waits) : waits > 0 ? t.runs.canWait(waits) : t.runs.nothingNeeds}</h2>
        <p className={css.under}>{t.runs.weekText(recent.length, recent.filter((run) => run.outcome === "succeeded").length)}</p>
      </div>
      <div className={css.tools}>
        <span className={css.find}><SearchField label={t.runs.find} value={find} onChange={onFind} testId="activity-find" /></span>
        <Segmented label={t.runs.show} testId="activity-show" value={show} onChange={onShow} options={[{ key: "needs", label: t.runs.showNeeds(needs) }, { key: "causes", label: t.runs.showCauses }, { key: "runs", label: t.runs.showRuns }]} />
      </div>
    </header>
  );
}

function Causes({ runs, find, onlyOpen, onOpen }: { runs: readonly RunSummary[]; find: string; onlyOpen: boolean; onOpen: (run: string) => void }) {
  const t = useText();
  const causes = causesOf(runs);
  const groups: { name: string; states: CauseState[] }[] = [
    { name: t.runs.groupNow, states: ["running"] },
    { name: t.runs.groupOpen, states: ["needs-you", "can-wait"] },
    ...(onlyOpen ? [] : [{ name: t.runs.groupWell, states: ["well"] as CauseState[] }, { name: t.runs.groupPast, states: ["past"] as CauseState[] }]),
  ];
  const worst = causes.find((cause) => cause.state === "needs-you")?.id;
  const shown = groups.map((group) => ({ ...group, causes: causes.filter((cause) => group.states.includes(cause.state)) })).filter((group) => group.causes.length > 0);
  if (shown.length === 0) return <EmptyState icon={null} title={find.trim() === "" ? t.runs.nothingNeeds : t.common.noMatch(find.trim())} />;
  return (
    <div data-testid="causes">
      {shown.map((group) => (
        <section key={group.name} aria-label={group.name}>
          <h3 className={css.group}>{group.name}</h3>
          <ul>{group.causes.slice(0, shownCauses).map((cause: Cause) => <CauseRow key={cause.id} cause={cause} worst={cause.id === worst} onOpen={onOpen} />)}</ul>
          {group.causes.length > shownCauses ? <p className={css.rest}>{t.runs.restOfGroup(group.causes.length - shownCauses)}</p> : null}
        </section>
      ))}
    </div>
  );
}

function Side({ runs }: { runs: readonly RunSummary[] }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const days = byDay(runs, 14, now);
  return (
    <div className={css.side}>
      <Card testId="last-days">
        <CardHead title={t.runs.lastDays} />
        <DayBars label={t.runs.lastDays} bars={days.map((one) => ({ key: String(one.day.getTime()), name: dateText(one.day, now, language), value: one.runs, warned: one.warned, failed: one.failed, text: t.runs.dayText(dateText(one.day, now, language), one.runs, one.warned, one.failed) }))}
          first={dateText(days[0]?.day ?? now, now, language)} last={t.runs.today} legend={[{ shape: "bar", word: t.runs.legendRuns }, { shape: "warned", word: t.runs.legendWarned }, { shape: "failed", word: t.runs.legendFailed }]} />
      </Card>
      <Card label={t.runs.oneLine}>
        <CardHead title={t.runs.oneLine} />
        <p className={css.note}>{t.runs.oneLineText}</p>
      </Card>
    </div>
  );
}
