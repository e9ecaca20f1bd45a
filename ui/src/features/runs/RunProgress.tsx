import { FailureCard } from "@/components/FailureCard";
import { Loading } from "@/components/States";
import { useText } from "@/i18n/context";
import { usePlatform } from "@/platform/context";
import type { ReactNode } from "react";
import type { RunView } from "@/api/generated/RunView";
import { RunBody } from "./RunBody";
import { useRun } from "./useRun";

/** A run inside another screen; what follows it is up to that screen. */
export function RunProgress({ id, renderAfter }: { id: string; renderAfter: (run: RunView) => ReactNode }) {
  const t = useText();
  const platform = usePlatform();
  const { run, error } = useRun(id);
  if (run) return <RunBody run={run} after={renderAfter(run)} />;
  return error ? <FailureCard error={error} onCopy={(text) => void platform.copyText(text)} /> : <Loading what={t.common.reading} />;
}
