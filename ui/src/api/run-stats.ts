import type { RunSummary } from "@/api/generated/RunSummary";

/** What runs tell about a job. */
export interface JobStats {
  /** Seconds of its last runs that ended well, oldest first, ten at most. */
  lengths: number[];
  /** What is usual; `null` before the third run. */
  usual: number | null;
}

export const runLimit = 500;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const isGood = (run: RunSummary) => run.kind === "backup" && run.ended_at !== null && (run.outcome === "succeeded" || run.outcome === "succeeded-with-warnings");
const secondsOf = (run: RunSummary) => Math.max(0, (new Date(run.ended_at ?? run.started_at).getTime() - new Date(run.started_at).getTime()) / 1000);

/** The lengths of jobs' runs by the job's name. Runs come newest first. */
export function statsOf(runs: readonly RunSummary[]): Map<string, JobStats> {
  const lengths = new Map<string, number[]>();
  for (const run of runs) {
    if (run.job === null || !isGood(run)) continue;
    const known = lengths.get(run.job) ?? [];
    if (known.length < 10) lengths.set(run.job, [secondsOf(run), ...known]);
  }
  return new Map([...lengths].map(([name, list]) => [name, { lengths: list, usual: list.length < 3 ? null : median(list) }]));
}

/** Bytes a second that backups moved lately; `null` when none is long enough to tell. */
export function usualRate(runs: readonly RunSummary[]): number | null {
  const rates = runs.filter((run) => isGood(run) && secondsOf(run) >= 20 && run.counters.done > 0).slice(0, 10).map((run) => run.counters.done / secondsOf(run));
  return rates.length === 0 ? null : median(rates);
}
