import type { CountersView } from "@/api/generated/CountersView";
import type { ItemView } from "@/api/generated/ItemView";
import type { LogLevel } from "@/api/generated/LogLevel";
import type { PhaseView } from "@/api/generated/PhaseView";
import type { RunKind } from "@/api/generated/RunKind";
import type { RunSummary } from "@/api/generated/RunSummary";
import type { RunView } from "@/api/generated/RunView";
import type { ErrorView } from "@/api/generated/ErrorView";

/** The facts of a list, without what only the full view has. */
export function summaryOf(run: RunView): RunSummary {
  const { id, kind, state, outcome, vms, server, repository, job, started_at, ended_at, counters, error } = run;
  return { id, kind, state, outcome, vms, server, repository, job, started_at, ended_at, counters, error };
}

const zero: CountersView = { total: 0, done: 0, read: 0, new: 0, stored: 0 };

export interface RunPlan {
  kind: RunKind;
  server: string | null;
  repository: string;
  /** Name of the job it is a run of. */
  job?: string;
  items: { name: string; capacity: number; bytes: number; failsWith?: ErrorView }[];
  result: string | null;
}

const order: readonly PhaseView[] = ["check", "snapshot", "read", "store", "remove", "done"];
const restoreOrder: readonly PhaseView[] = ["check", "read", "store", "done"];

/** A run that moves a step each time it is asked to. */
export class FakeRun {
  view: RunView;
  readonly #plan: RunPlan;
  readonly #steps: number;

  constructor(id: string, plan: RunPlan, steps: number) {
    this.#plan = plan;
    this.#steps = steps;
    const items: ItemView[] = plan.items.map((item) => ({
      name: item.name, phase: "waiting", outcome: null, counters: { ...zero, total: item.bytes }, capacity: item.capacity, point_id: null, started_at: null, ended_at: null, error: null,
    }));
    this.view = {
      id, kind: plan.kind, state: "running", outcome: null, vms: plan.items.map((item) => item.name), server: plan.server, repository: plan.repository, job: plan.job ?? null, started_at: new Date().toISOString(), ended_at: null,
      counters: { ...zero, total: plan.items.reduce((sum, item) => sum + item.bytes, 0) }, error: null, items, bytes_per_second: 0, seconds_left: null, log: [], result: null,
    };
  }

  #log(level: LogLevel, item: string | null, text: string): void {
    this.view = { ...this.view, log: [...this.view.log, { at: new Date().toISOString(), level, item, text }] };
  }

  /** Moves on; two VMs at a time. Returns whether anything is left to do. */
  step(): boolean {
    if (this.view.state === "stopping") return this.#finish("cancelled");
    const open = this.view.items.filter((item) => item.outcome === null).slice(0, 2);
    if (open.length === 0) return this.#finish(this.view.items.some((item) => item.outcome === "failed") ? "failed" : "succeeded");
    const items = this.view.items.map((item) => (open.includes(item) ? this.#advance(item) : item));
    const sum = (key: keyof CountersView) => items.reduce((all, item) => all + item.counters[key], 0);
    const counters = { total: sum("total"), done: sum("done"), read: sum("read"), new: sum("new"), stored: sum("stored") };
    const rate = 78 * 1024 ** 2;
    this.view = { ...this.view, items, counters, bytes_per_second: rate, seconds_left: Math.round((counters.total - counters.done) / rate) };
    return true;
  }

  cancel(): void {
    if (this.view.outcome === null) this.view = { ...this.view, state: "stopping" };
  }

  #advance(item: ItemView): ItemView {
    const phases = this.view.kind === "backup" ? order : restoreOrder;
    const seed = this.#plan.items.find((one) => one.name === item.name);
    const now = new Date().toISOString();
    if (item.phase === "read" && item.counters.done < item.counters.total) return { ...item, counters: this.#more(item.counters) };
    const next = phases[phases.indexOf(item.phase) + 1] ?? "done";
    if (next === "snapshot" && seed?.failsWith) {
      this.#log("error", item.name, seed.failsWith.title);
      return { ...item, phase: "snapshot", outcome: "failed", error: seed.failsWith, ended_at: now };
    }
    if (next === "read" && this.view.kind === "backup") this.#log("good", item.name, "Snapshot made");
    if (next === "done") {
      this.#log("good", item.name, this.view.kind === "backup" ? "Recovery point written, snapshot removed" : "Every block compared");
      return { ...item, phase: "done", outcome: "succeeded", ended_at: now, point_id: this.view.kind === "backup" ? `new-${item.name}` : null };
    }
    return { ...item, phase: next, started_at: item.started_at ?? now };
  }

  #more(counters: CountersView): CountersView {
    const done = Math.min(counters.total, counters.done + Math.ceil(counters.total / this.#steps));
    return { ...counters, done, read: done, new: Math.round(done * 0.7), stored: Math.round(done * 0.41) };
  }

  #finish(outcome: "succeeded" | "failed" | "cancelled"): boolean {
    const items = this.view.items.map((item): ItemView => (item.outcome === null ? { ...item, outcome: "cancelled", ended_at: new Date().toISOString() } : item));
    this.view = {
      ...this.view, items, state: "done", outcome, ended_at: new Date().toISOString(), bytes_per_second: 0, seconds_left: null,
      error: items.find((item) => item.error)?.error ?? null, result: outcome === "succeeded" ? this.#plan.result : null,
    };
    return false;
  }
}
