import { useSyncExternalStore } from "react";
import type { RunView } from "./generated/RunView";

/** Runs as the last event told them. Outside the query cache, so progress redraws only who looks at that run. */
export class RunStore {
  #runs = new Map<string, RunView>();
  #listeners = new Set<() => void>();

  get(id: string): RunView | undefined {
    return this.#runs.get(id);
  }

  /** Takes the newest state of a run and says whether the run began or ended with it. */
  put(run: RunView): boolean {
    const before = this.#runs.get(run.id);
    this.#runs.set(run.id, run);
    for (const listener of this.#listeners) listener();
    return !before || before.state !== run.state;
  }

  /** Forgets everything: events were missed, so what is here may be old. */
  clear(): void {
    this.#runs.clear();
    for (const listener of this.#listeners) listener();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

export const runStore = new RunStore();

/** The live state of a run, or undefined before the first event about it. */
export function useLiveRun(id: string): RunView | undefined {
  return useSyncExternalStore(runStore.subscribe, () => runStore.get(id));
}
