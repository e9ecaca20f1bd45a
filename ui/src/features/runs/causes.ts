import type { ErrorView } from "@/api/generated/ErrorView";
import type { RunSummary } from "@/api/generated/RunSummary";
import { isOver } from "./run-words";

/** Where a cause stands: what runs, what needs somebody, what can wait, what is past, and what went well. */
export type CauseState = "running" | "needs-you" | "can-wait" | "past" | "well";

/** Runs that came to the same for the same reason. One line of the feed. */
export interface Cause {
  id: string;
  state: CauseState;
  /** Newest first; never empty. */
  runs: [RunSummary, ...RunSummary[]];
  error: ErrorView | null;
}

type Ending = "running" | "failed" | "warned" | "stopped" | "well";

function endingOf(run: RunSummary): Ending {
  if (run.state === "interrupted") return "failed";
  if (!isOver(run)) return "running";
  switch (run.outcome) {
    case "failed": return "failed";
    case "succeeded-with-warnings": return "warned";
    case "cancelled": return "stopped";
    default: return "well";
  }
}

const endedWell = (run: RunSummary) => isOver(run) && run.state !== "interrupted" && (run.outcome === "succeeded" || run.outcome === "succeeded-with-warnings");

/** Whether later runs made good for one that failed: one of the same job, or ones that saved all its VMs. `later` is what began after it. */
function madeGood(run: RunSummary, later: readonly RunSummary[]): boolean {
  const good = later.filter((one) => one.kind === run.kind && endedWell(one));
  if (run.job !== null && good.some((one) => one.job === run.job)) return true;
  return run.vms.every((vm) => good.some((one) => one.vms.includes(vm)));
}

/** A later run of the same that had nothing to tell. */
function quietSince(run: RunSummary, later: readonly RunSummary[]): boolean {
  return later.some((one) => one.kind === run.kind && one.outcome === "succeeded" && (run.job !== null ? one.job === run.job : run.vms.every((vm) => one.vms.includes(vm))));
}

/** What makes two runs the same line: the reason for those that failed, otherwise what they are runs of. */
function keyOf(run: RunSummary, ending: Ending): string {
  const what = run.job ?? `${run.kind} ${[...run.vms].sort().join(" ")}`;
  if (ending === "running") return run.id;
  if (ending === "failed") return `failed ${run.error ? `${run.error.code} ${run.error.title}` : `${run.state} ${what}`}`;
  return `${ending} ${what}`;
}

const order: readonly CauseState[] = ["running", "needs-you", "can-wait", "past", "well"];

/** Groups runs, newest first, by cause. What needs somebody comes first. */
export function causesOf(runs: readonly RunSummary[]): Cause[] {
  const causes = new Map<string, Cause>();
  runs.forEach((run, index) => {
    const ending = endingOf(run);
    const later = runs.slice(0, index);
    const open = ending === "failed" ? !madeGood(run, later) : ending === "warned" ? !quietSince(run, later) : false;
    const state: CauseState = ending === "running" ? "running" : ending === "well" ? "well" : !open ? "past" : ending === "failed" ? "needs-you" : "can-wait";
    // A reason that came back after it was over is one line still, and open.
    const id = keyOf(run, ending);
    const before = causes.get(id);
    if (!before) causes.set(id, { id, state, runs: [run], error: run.error });
    else causes.set(id, { ...before, runs: [...before.runs, run], state: order.indexOf(state) < order.indexOf(before.state) ? state : before.state });
  });
  return [...causes.values()].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || b.runs[0].started_at.localeCompare(a.runs[0].started_at));
}

export interface DayCount {
  /** Midnight of the day. */
  day: Date;
  runs: number;
  warned: number;
  failed: number;
}

/** Runs by the day they began, for some days up to today. */
export function byDay(runs: readonly RunSummary[], days: number, now: Date): DayCount[] {
  const counts = Array.from({ length: days }, (_, index): DayCount => ({ day: new Date(now.getFullYear(), now.getMonth(), now.getDate() - (days - 1 - index)), runs: 0, warned: 0, failed: 0 }));
  for (const run of runs) {
    const began = new Date(run.started_at).getTime();
    const at = counts.findLast((one) => one.day.getTime() <= began);
    if (!at) continue;
    at.runs += 1;
    const ending = endingOf(run);
    if (ending === "warned") at.warned += 1;
    if (ending === "failed") at.failed += 1;
  }
  return counts;
}

/** Whether a run has to do with what somebody looks for. */
export function isAbout(run: RunSummary, find: string): boolean {
  const text = find.trim().toLowerCase();
  return text === "" || [run.job ?? "", run.repository, run.server ?? "", ...run.vms].some((name) => name.toLowerCase().includes(text));
}
