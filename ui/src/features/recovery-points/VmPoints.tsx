import { History } from "lucide-react";
import { useState } from "react";
import { useCommand } from "@/api/client";
import type { PointView } from "@/api/generated/PointView";
import { Button } from "@/components/Button";
import { Card, CardHead } from "@/components/Card";
import { FailureCard } from "@/components/FailureCard";
import { EmptyState, Loading } from "@/components/States";
import { useText } from "@/i18n/context";
import { usePlatform } from "@/platform/context";
import { PointDetails } from "./PointDetails";
import { PointTable } from "./PointTable";
import { Unreadable } from "./Unreadable";
import css from "./Points.module.css";

/** The recovery points of one VM. */
export function VmPoints({ vm, onRestore }: { vm: string; onRestore: (point: PointView) => void }) {
  const t = useText();
  const platform = usePlatform();
  const answer = useCommand("points.list", { repository_id: null, vm });
  const [chosen, setChosen] = useState<string | null>(null);
  if (!answer.data) {
    return answer.error ? <FailureCard error={answer.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" isPending={answer.isFetching} onPress={() => void answer.refetch()}>{t.common.tryAgain}</Button>} /> : <Loading what={t.points.reading} usual={t.points.readingUsual} />;
  }
  const points = answer.data.points;
  const point = points.find((one) => one.id === chosen) ?? points[0] ?? null;
  return (
    <>
      <Unreadable list={answer.data.unreadable} />
      {points.length === 0 ? <EmptyState icon={<History size={36} strokeWidth={1.2} aria-hidden />} title={t.points.emptyVm} /> : (
        <div className={css.split}>
          <Card fill label={t.points.title}>
            <CardHead title={t.points.count(points.length)} />
            <PointTable points={points} chosen={point?.id ?? null} onChoose={setChosen} onRestore={onRestore} />
          </Card>
          <PointDetails point={point} onRestore={onRestore} />
        </div>
      )}
    </>
  );
}
