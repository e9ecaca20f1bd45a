import type { RunView } from "@/api/generated/RunView";
import { FailureCard } from "@/components/FailureCard";
import { usePlatform } from "@/platform/context";
import { lazy, Suspense, type ReactNode } from "react";
import { RunHead } from "./RunHead";
import { RunItems } from "./RunItems";
import { RunLog, RunSums } from "./RunSide";
import css from "./Run.module.css";

// The chart is fetched when there is something to draw; the first screens do without it.
const SpeedCard = lazy(() => import("./SpeedCard").then((module) => ({ default: module.SpeedCard })));

interface RunBodyProps {
  run: RunView;
  /** Buttons of a failure card, the fix first. */
  actions?: ReactNode;
  /** What follows from a run that is over, before its details. */
  after?: ReactNode;
  /** A button in the head of a run that is over. */
  end?: ReactNode;
}

/** A run from head to log; failures as cards, one a cause. */
export function RunBody({ run, actions, after, end }: RunBodyProps) {
  const platform = usePlatform();
  const errors = run.items.flatMap((item) => (item.error ? [item.error] : []));
  const causes = [...new Map((errors.length > 0 ? errors : run.error ? [run.error] : []).map((error) => [`${error.code} ${error.title}`, error])).values()];
  return (
    <div className={css.run} data-testid="run" data-run={run.id}>
      <RunHead run={run} end={end} />
      {causes.slice(0, 5).map((error) => <FailureCard key={`${error.code} ${error.title}`} error={error} onCopy={(text) => void platform.copyText(text)} actions={actions} />)}
      <div className={css.columns}>
        <div className={css.side}>
          {after}
          <RunItems run={run} />
          <Suspense fallback={null}><SpeedCard run={run} /></Suspense>
        </div>
        <div className={css.side}>
          <RunSums run={run} />
          <RunLog run={run} />
        </div>
      </div>
    </div>
  );
}
