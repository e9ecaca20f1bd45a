import type { JobView } from "@/api/generated/JobView";
import type { RunSummary } from "@/api/generated/RunSummary";
import type { GlyphName, Tone } from "@/components/Glyph";

export type JobState = "failed" | "missed" | "late" | "warned" | "running" | "stopped" | "soon" | "paused" | "ok" | "byHand" | "placeGone";

/** The worst first. */
const order: readonly JobState[] = ["placeGone", "failed", "missed", "late", "warned", "stopped", "running", "soon", "paused", "ok", "byHand"];

export const stateLooks: Record<JobState, { glyph: GlyphName; tone: Tone }> = {
  placeGone: { glyph: "failed", tone: "bad" }, failed: { glyph: "failed", tone: "bad" }, missed: { glyph: "warned", tone: "bad" }, late: { glyph: "late", tone: "warn" }, warned: { glyph: "warned", tone: "warn" },
  stopped: { glyph: "stopped", tone: "off" }, running: { glyph: "running", tone: "info" }, soon: { glyph: "soon", tone: "info" }, paused: { glyph: "off", tone: "off" }, ok: { glyph: "ok", tone: "ok" }, byHand: { glyph: "next", tone: "off" },
};

export const isUnderWay = (run: RunSummary | null) => run !== null && run.state !== "done" && run.state !== "interrupted";

/** How a job stands, as far as its last run and its own promise tell. */
export function stateOf(job: JobView, now: Date): JobState {
  const run = job.last_run;
  if (isUnderWay(run)) return "running";
  if (job.repository_name === null) return "placeGone";
  if (job.paused) return "paused";
  if (run === null) return job.next_at === null && job.draft.schedules.length === 0 ? "byHand" : "soon";
  if (run.outcome === "failed" || run.state === "interrupted") return "failed";
  if (run.outcome === "cancelled") return "stopped";
  const rpo = job.draft.rpo_minutes;
  const age = (now.getTime() - new Date(run.started_at).getTime()) / 60_000;
  if (rpo !== null && age > 2 * rpo) return "missed";
  if (rpo !== null && age > rpo) return "late";
  return run.outcome === "succeeded-with-warnings" ? "warned" : "ok";
}

/** Whether nobody has to look at it. */
export const isWell = (state: JobState) => order.indexOf(state) > order.indexOf("stopped");

export interface JobRow {
  id: string;
  job: JobView;
  state: JobState;
}

/** Jobs, those most at risk first, then those due first. */
export function byRisk(jobs: readonly JobView[], now: Date): JobRow[] {
  const rows = jobs.map((job) => ({ id: job.id, job, state: stateOf(job, now) }));
  const due = (row: JobRow) => (row.job.next_at === null ? Infinity : new Date(row.job.next_at).getTime());
  return rows.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || due(a) - due(b) || a.job.draft.name.localeCompare(b.job.draft.name));
}
