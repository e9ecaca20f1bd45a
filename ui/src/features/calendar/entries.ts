import type { JobView } from "@/api/generated/JobView";
import type { RunSummary } from "@/api/generated/RunSummary";
import type { SlotView } from "@/api/generated/SlotView";
import { addDays, dayOf } from "./days";

export type EntryState = "saved" | "warned" | "failed" | "missed" | "stopped" | "running" | "planned";

/** Something on the calendar: a run that was or is, or one that is planned. Times are milliseconds. */
export interface Entry {
  id: string;
  state: EntryState;
  lane: "backup" | "restore";
  name: string;
  vms: readonly string[];
  start: number;
  end: number;
  /** Whether the length was measured, at this run or at earlier ones of the job. */
  known: boolean;
  /** How many lie so close together that they are drawn as one. */
  count: number;
  run: RunSummary | null;
  job: JobView | null;
  /** Which of the job's schedules wants it. */
  schedule: number | null;
  /** Name of the job after which it starts. */
  after: string | null;
}

export interface Span {
  start: number;
  end: number;
}

const minute = 60_000;

function stateOf(run: RunSummary): EntryState {
  if (run.state === "interrupted") return "failed";
  if (run.state !== "done") return "running";
  switch (run.outcome) {
    case "succeeded-with-warnings": return "warned";
    case "cancelled": return "stopped";
    case "failed": return run.error?.code === "slot-missed" ? "missed" : "failed";
    default: return "saved";
  }
}

/** Runs as they were. */
export function pastEntries(runs: readonly RunSummary[], jobs: readonly JobView[], now: number): Entry[] {
  return runs.map((run): Entry => {
    const start = new Date(run.started_at).getTime();
    const first = run.vms[0] ?? "";
    return {
      id: run.id, state: stateOf(run), lane: run.kind === "backup" ? "backup" : "restore", name: run.job ?? (run.vms.length > 1 ? `${first} +${run.vms.length - 1}` : first), vms: run.vms,
      start, end: Math.max(start, run.ended_at ? new Date(run.ended_at).getTime() : now), known: true, count: 1, run, job: jobs.find((job) => job.draft.name === run.job) ?? null, schedule: null, after: null,
    };
  });
}

/** How long runs of a job usually take: the middle one of its ten newest that ended well. Null without any. */
export function usualLength(runs: readonly RunSummary[], job: string): number | null {
  const lengths = runs
    .filter((run) => run.job === job && run.ended_at !== null && (run.outcome === "succeeded" || run.outcome === "succeeded-with-warnings"))
    .slice(0, 10)
    .map((run) => new Date(run.ended_at ?? run.started_at).getTime() - new Date(run.started_at).getTime())
    .sort((a, b) => a - b);
  return lengths[Math.floor(lengths.length / 2)] ?? null;
}

/** Names of the VMs that a job names, or had when it last ran where it takes whole containers. */
function vmsOf(job: JobView): string[] {
  const named = job.draft.sources.flatMap(({ pick }) => (pick.by === "vm" ? [pick.name] : []));
  return named.length === job.draft.sources.length ? named : [...new Set([...named, ...(job.last_run?.vms ?? [])])];
}

function waits(job: JobView, at: number): boolean {
  return job.paused && (job.paused_until === null || at < new Date(job.paused_until).getTime());
}

interface Plan {
  jobs: readonly JobView[];
  /** When each job's schedules are due, by the job's id. */
  slots: ReadonlyMap<string, readonly SlotView[]>;
  usual: (job: string) => number | null;
  now: number;
}

/** What is planned, with the length that is usual. A job that follows another one starts where that ends. */
export function planEntries({ jobs, slots, usual, now }: Plan): Entry[] {
  const made = new Map<string, Entry[]>();
  const entry = (job: JobView, schedule: number, start: number, after: string | null): Entry => {
    const length = usual(job.draft.name);
    return { id: `plan/${job.id}/${schedule}/${start}`, state: "planned", lane: "backup", name: job.draft.name, vms: vmsOf(job), start, end: start + (length ?? 0), known: length !== null, count: 1, run: null, job, schedule, after };
  };
  const plan = (job: JobView, above: readonly string[]): Entry[] => {
    const before = made.get(job.id);
    if (before) return before;
    const timed = (slots.get(job.id) ?? []).map((slot) => entry(job, slot.schedule, new Date(slot.at).getTime(), null));
    const following = job.draft.schedules.flatMap(({ when }, index) => {
      const leader = when.by === "after" && !above.includes(when.job_id) ? jobs.find((other) => other.id === when.job_id) : undefined;
      return leader ? plan(leader, [...above, job.id]).map((one) => entry(job, index, one.end, leader.draft.name)) : [];
    });
    const all = [...timed, ...following].filter((one) => one.start > now && !waits(job, one.start));
    if (above.length === 0) made.set(job.id, all);
    return all;
  };
  return jobs.flatMap((job) => plan(job, []));
}

/** Whether any of the words is part of the job's name or of one of its VMs'. */
export function matches(entry: Entry, find: string): boolean {
  const text = find.trim().toLowerCase();
  return text === "" || [entry.name, ...entry.vms].some((name) => name.toLowerCase().includes(text));
}

const closest = 15 * minute;

/** Draws those of one job that follow each other closer than a quarter of an hour as one. */
export function merged(entries: readonly Entry[]): Entry[] {
  const open = new Map<string, Entry>();
  const all: Entry[] = [];
  for (const entry of entries) {
    const key = `${entry.name} ${entry.state} ${entry.lane}`;
    const before = open.get(key);
    const last = before?.count === 1 ? before.start : (before?.end ?? 0);
    if (before && entry.start - last < closest && dayOf(before.start).getTime() === dayOf(entry.start).getTime()) {
      before.end = Math.max(before.end, entry.end);
      before.count += 1;
    } else {
      const own = { ...entry };
      open.set(key, own);
      all.push(own);
    }
  }
  return all;
}

/** Where planned backups work at the same time. */
export function overlaps(entries: readonly Entry[]): Span[] {
  const planned = entries.filter((entry) => entry.state === "planned" && entry.lane === "backup").sort((a, b) => a.start - b.start);
  const found: Span[] = [];
  let end = -Infinity;
  for (const entry of planned) {
    if (entry.start < end) {
      const span = { start: entry.start, end: Math.min(end, entry.end) };
      const last = found.at(-1);
      if (last && span.start <= last.end) last.end = Math.max(last.end, span.end);
      else if (span.end > span.start) found.push(span);
    }
    end = Math.max(end, entry.end);
  }
  return found;
}

const worthSaying = 4 * 60 * minute;

/** The longest time of a day in which nothing is planned, when it is more than four hours. */
export function freeWindow(day: Span, entries: readonly Entry[], now: number): Span | null {
  const from = Math.max(day.start, now);
  let at = from;
  let best: Span | null = null;
  const busy = entries.filter((entry) => entry.end > from && entry.start < day.end).sort((a, b) => a.start - b.start);
  for (const { start, end } of [...busy, { start: day.end, end: day.end }]) {
    if (start - at > worthSaying && (best === null || start - at > best.end - best.start)) best = { start: at, end: start };
    at = Math.max(at, end);
  }
  return best;
}

/** Parts entries of one lane that lie over each other: what does not fit into the first row goes to the second. */
export function rowsOf(entries: readonly Entry[]): [Entry[], Entry[]] {
  const rows: [Entry[], Entry[]] = [[], []];
  let end = -Infinity;
  for (const entry of entries) {
    // Bars are never thinner than they can be seen, which is about ten minutes of a day.
    if (entry.start < end) rows[1].push(entry);
    else {
      rows[0].push(entry);
      end = Math.max(entry.end, entry.start + 10 * minute);
    }
  }
  return rows;
}

/** Entries of one job that came to the same, as one line of a cell. */
export function grouped(entries: readonly Entry[]): Entry[][] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = `${entry.name} ${entry.state} ${entry.lane}`;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return [...groups.values()];
}

export interface CalendarDay extends Span {
  date: Date;
  entries: Entry[];
  overlaps: Span[];
  free: Span | null;
}

/** Entries by day. One that goes past midnight is in both. */
export function byDay(days: readonly Date[], entries: readonly Entry[], now: number): CalendarDay[] {
  const sorted = [...entries].sort((a, b) => a.start - b.start || a.name.localeCompare(b.name));
  const drawn = merged(sorted);
  return days.map((date) => {
    const span = { start: date.getTime(), end: addDays(date, 1).getTime() };
    const within = ({ start, end }: Span) => start < span.end && (end > span.start || start >= span.start);
    const whole = sorted.filter(within);
    const clip = (one: Span): Span => ({ start: Math.max(one.start, span.start), end: Math.min(one.end, span.end) });
    return { date, ...span, entries: drawn.filter(within), overlaps: overlaps(whole).map(clip).filter((one) => one.end > one.start), free: span.end > now && whole.some((one) => one.state === "planned") ? freeWindow(span, whole.filter((one) => one.state === "planned" || one.state === "running"), now) : null };
  });
}
