import type { RunView } from "@/api/generated/RunView";
import { FailureCard } from "@/components/FailureCard";
import { usePlatform } from "@/platform/context";
import type { ReactNode } from "react";
import { RunHead } from "./RunHead";
import { RunItems } from "./RunItems";
import { RunLog, RunSums } from "./RunSide";
import css from "./Run.module.css";

/** A run from head to log; failures as cards, one a cause. */
export function RunBody({ run, actions, after }: { run: RunView; actions?: ReactNode; after?: ReactNode }) {
  const platform = usePlatform();
  const errors = run.items.flatMap((item) => (item.error ? [item.error] : []));
  const causes = [...new Map((errors.length > 0 ? errors : run.error ? [run.error] : []).map((error) => [`${error.code} ${error.title}`, error])).values()];
  return (
    <div className={css.run} data-testid="run" data-run={run.id}>
      <RunHead run={run} />
      {causes.slice(0, 5).map((error) => <FailureCard key={`${error.code} ${error.title}`} error={error} onCopy={(text) => void platform.copyText(text)} actions={actions} />)}
      {after}
      <div className={css.columns}>
        <RunItems run={run} />
        <div className={css.side}>
          <RunSums run={run} />
          <RunLog run={run} />
        </div>
      </div>
    </div>
  );
}
