import { ChevronLeft, ChevronRight, Database, History } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useCommand } from "@/api/client";
import type { PointView } from "@/api/generated/PointView";
import { Button } from "@/components/Button";
import { Card, CardHead } from "@/components/Card";
import { RadioRow, RadioRows } from "@/components/Choice";
import { FailureCard } from "@/components/FailureCard";
import { Sentence, WizardPage } from "@/components/Page";
import { EmptyState, Loading, StaleAnswer } from "@/components/States";
import { Ago, useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { momentInText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { PointDetails } from "./PointDetails";
import { TimeLine } from "./TimeLine";
import { Unreadable } from "./Unreadable";
import css from "./Points.module.css";

interface WhenPageProps {
  /** Name or identity of the VM. */
  vm: string;
  chosen: string | null;
  onChoose: (id: string) => void;
  onRestore: (point: PointView) => void;
  onBack: () => void;
  steps: ReactNode;
  close: ReactNode;
}

/** The second step of a restore: from when. The newest recovery point is chosen before anybody chooses. */
export function WhenPage({ vm, chosen, onChoose, onRestore, onBack, steps, close }: WhenPageProps) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  const answer = useCommand("points.list", { repository_id: null, vm });
  const [place, setPlace] = useState<string | null>(null);
  const all = answer.data?.points ?? [];
  const linked = all.find((one) => one.id === chosen);
  const from = place ?? linked?.repository_id ?? all[0]?.repository_id ?? null;
  const points = all.filter((one) => one.repository_id === from);
  const point = points.find((one) => one.id === chosen) ?? points[0];
  return (
    <WizardPage title={point ? t.restore.title(point.vm_name) : t.shell.restore} steps={steps} close={close} testId="points-page"
      foot={point ? <>{point.vm_name} · <b>{momentInText(new Date(point.taken_at), now, language)}</b> · {point.repository_name}</> : null}
      buttons={
        <>
          <Button size="large" icon={<ChevronLeft size={16} strokeWidth={2} aria-hidden />} onPress={onBack} testId="restore-back">{t.common.back}</Button>
          {point ? <Button kind="primary" size="large" after={<ChevronRight size={16} strokeWidth={2} aria-hidden />} onPress={() => onRestore(point)} testId="restore-next">{t.points.nextWhere}</Button> : null}
        </>
      }>
      {answer.error && !answer.data ? <FailureCard error={answer.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" isPending={answer.isFetching} onPress={() => void answer.refetch()}>{t.common.tryAgain}</Button>} /> : null}
      {answer.isPending ? <Loading what={t.points.reading} usual={t.points.readingUsual} /> : null}
      {answer.data && !point ? (
        <>
          <Unreadable list={answer.data.unreadable} />
          <EmptyState icon={<History size={36} strokeWidth={1.2} aria-hidden />} title={t.points.emptyVm} action={<Button kind="primary" onPress={onBack}>{t.points.otherVm}</Button>} />
        </>
      ) : null}
      {point ? (
        <div className={css.page}>
          <Sentence under={t.points.questionText}>{t.points.question}</Sentence>
          <StaleAnswer answer={answer} />
          <Unreadable list={answer.data?.unreadable ?? []} />
          <TimeLine key={from} points={points} chosen={point} onChoose={onChoose} />
          <div className={css.when}>
            <PointDetails point={point} />
            <Places points={all} from={point.repository_id} onFrom={setPlace} />
          </div>
        </div>
      ) : null}
    </WizardPage>
  );
}

/** The repositories that have recovery points of the VM. */
function Places({ points, from, onFrom }: { points: readonly PointView[]; from: string; onFrom: (id: string) => void }) {
  const t = useText();
  const places = new Map<string, { name: string; count: number; newest: string }>();
  for (const { repository_id: id, repository_name: name, taken_at } of points) {
    const before = places.get(id);
    places.set(id, { name, count: (before?.count ?? 0) + 1, newest: before && before.newest > taken_at ? before.newest : taken_at });
  }
  return (
    <Card label={t.points.readFrom}>
      <CardHead title={t.points.readFrom} />
      <RadioRows label={t.points.readFrom} shape="rows" value={from} onChange={onFrom}>
        {[...places].map(([id, { name, count, newest }]) => (
          <RadioRow key={id} value={id} testId={`restore-from-${id}`} label={name}>
            <span className={css.want}><span className={css.wantIcon}><Database size={18} strokeWidth={1.6} aria-hidden /></span><span><b className={css.name}>{name}</b><span className={css.wantText}>{t.points.count(count)} · <Ago time={newest} /></span></span></span>
          </RadioRow>
        ))}
      </RadioRows>
    </Card>
  );
}
