import { useSyncExternalStore } from "react";
import type { RunView } from "./generated/RunView";

/** What a run had moved at one moment. */
export interface Sample {
  /** Milliseconds. */
  at: number;
  read: number;
  stored: number;
}

/** Bytes a second over the seconds before a moment. */
export interface Speed {
  at: number;
  read: number;
  stored: number;
}

const apart = 1000;
const most = 720;
const smooth = 5000;

/**
 * The course of runs, as this window saw it: the back end tells only how things are. Of a long run every second
 * sample goes when there are too many, so that it keeps its whole length.
 */
export class RunSamples {
  #samples = new Map<string, readonly Sample[]>();
  #listeners = new Set<() => void>();

  put(run: RunView, at: number): void {
    const before = this.#samples.get(run.id) ?? [];
    const last = before.at(-1);
    if (run.state !== "running" || (last && at - last.at < apart)) return;
    // Counters that fall belong to an attempt that began anew.
    const kept = last && (run.counters.read < last.read || run.counters.stored < last.stored) ? [] : before;
    const next = [...kept, { at, read: run.counters.read, stored: run.counters.stored }];
    this.#samples.set(run.id, next.length > most ? next.filter((_, index) => index % 2 === 0) : next);
    for (const listener of this.#listeners) listener();
  }

  get(id: string): readonly Sample[] | undefined {
    return this.#samples.get(id);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

/** Speeds between samples, each over five seconds or since the sample before. */
export function speedsOf(samples: readonly Sample[]): Speed[] {
  let from = 0;
  return samples.slice(1).map((sample, index): Speed => {
    while (from < index && sample.at - (samples[from]?.at ?? 0) > smooth) from += 1;
    const before = samples[Math.min(from, index)] ?? sample;
    const seconds = (sample.at - before.at) / 1000;
    return { at: sample.at, read: (sample.read - before.read) / seconds, stored: (sample.stored - before.stored) / seconds };
  });
}

export const runSamples = new RunSamples();

/** The course of a run; undefined before anything of it was seen. */
export function useRunSamples(id: string): readonly Sample[] | undefined {
  return useSyncExternalStore(runSamples.subscribe, () => runSamples.get(id));
}
