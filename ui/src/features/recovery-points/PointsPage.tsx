import { History } from "lucide-react";
import { useCommand } from "@/api/client";
import type { PointView } from "@/api/generated/PointView";
import { Button } from "@/components/Button";
import { Card, CardHead } from "@/components/Card";
import { FailureCard } from "@/components/FailureCard";
import { Sentence, WizardPage } from "@/components/Page";
import { SearchField } from "@/components/SearchField";
import { EmptyState, Loading, StaleAnswer } from "@/components/States";
import { useLanguage, useText } from "@/i18n/context";
import { usePlatform } from "@/platform/context";
import { momentInText } from "@/lib/time";
import { useNow } from "@/components/Words";
import { PointDetails } from "./PointDetails";
import { PointTable } from "./PointTable";
import { Unreadable } from "./Unreadable";
import css from "./Points.module.css";
import type { ReactNode } from "react";

interface PointsPageProps {
  search: string;
  onSearch: (text: string) => void;
  chosen: string | null;
  onChoose: (id: string) => void;
  onRestore: (point: PointView) => void;
  onBackUp: () => void;
  steps: ReactNode;
  close: ReactNode;
}

/** The first step of a restore: which recovery point. The newest one is chosen before anybody chooses. */
export function PointsPage({ search, onSearch, chosen, onChoose, onRestore, onBackUp, steps, close }: PointsPageProps) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  const answer = useCommand("points.list", { repository_id: null, vm: null });
  const all = answer.data?.points ?? [];
  const wanted = search.trim().toLowerCase();
  const points = all.filter((point) => point.vm_name.toLowerCase().includes(wanted));
  const point = points.find((one) => one.id === chosen) ?? points[0] ?? null;
  return (
    <WizardPage title={t.shell.restore} steps={steps} close={close} fixed={all.length > 0} testId="points-page"
      foot={point ? <>{point.vm_name} · <b>{momentInText(new Date(point.taken_at), now, language)}</b> · {point.repository_name}</> : null}
      buttons={point ? <Button kind="primary" size="large" onPress={() => onRestore(point)} testId="restore-next">{t.points.restoreThis}</Button> : null}>
      {answer.error && !answer.data ? <FailureCard error={answer.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" isPending={answer.isFetching} onPress={() => void answer.refetch()}>{t.common.tryAgain}</Button>} /> : null}
      {answer.isPending ? <Loading what={t.points.reading} usual={t.points.readingUsual} /> : null}
      {answer.data && all.length === 0 ? (
        <>
          <Unreadable list={answer.data.unreadable} />
          <EmptyState icon={<History size={36} strokeWidth={1.2} aria-hidden />} title={t.points.emptyTitle} text={t.points.emptyText} action={<Button kind="primary" onPress={onBackUp} testId="points-backup">{t.points.emptyAction}</Button>} />
        </>
      ) : null}
      {all.length > 0 ? (
        <div className={css.page}>
          <div className={css.top}>
            <Sentence under={t.points.questionText}>{t.points.question}</Sentence>
            <SearchField label={t.points.search} value={search} onChange={onSearch} testId="points-search" />
          </div>
          <StaleAnswer answer={answer} />
          <Unreadable list={answer.data?.unreadable ?? []} />
          <div className={css.split}>
            <Card fill label={t.points.title}>
              <CardHead title={t.points.count(points.length)} />
              <PointTable points={points} chosen={point?.id ?? null} onChoose={onChoose} onRestore={onRestore} searched={search.trim()} />
            </Card>
            <PointDetails point={point} onRestore={onRestore} />
          </div>
        </div>
      ) : null}
    </WizardPage>
  );
}
