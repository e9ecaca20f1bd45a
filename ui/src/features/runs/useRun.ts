import { useCommand } from "@/api/client";
import type { RunView } from "@/api/generated/RunView";
import { useLiveRun } from "@/api/run-store";

/** A run as the newest event tells it, or as it was asked for before the first event. */
export function useRun(id: string) {
  const live = useLiveRun(id);
  const asked = useCommand("runs.get", { run_id: id });
  const run: RunView | undefined = live ?? asked.data;
  return { run, isPending: !run && asked.isPending, error: run ? null : (asked.error?.view ?? null), again: () => void asked.refetch() };
}
