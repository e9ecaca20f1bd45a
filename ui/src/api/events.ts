import type { QueryClient } from "@tanstack/react-query";
import type { Platform } from "@/platform/types";
import type { Event as BackEvent } from "./generated/Event";
import { runSamples } from "./run-samples";
import { runStore, type RunStore } from "./run-store";
import { outdated, outdatedByRun } from "./tags";

function isEvent(value: unknown): value is BackEvent {
  return typeof value === "object" && value !== null && "seq" in value && "topic" in value;
}

/** Applies events to the caches, in order. A gap in the numbers makes everything old. */
export class EventSink {
  #seq: number | null = null;
  readonly #queries: QueryClient;
  readonly #runs: RunStore;

  constructor(queries: QueryClient, runs: RunStore = runStore) {
    this.#queries = queries;
    this.#runs = runs;
  }

  accept(event: unknown): void {
    if (!isEvent(event)) return;
    // Sentences of the back end come in the language of the settings, so a change of those makes all of them old.
    const gap = event.topic === "settings" || (this.#seq !== null && event.seq !== this.#seq + 1);
    this.#seq = event.seq;
    if (gap) {
      this.#runs.clear();
      void this.#queries.invalidateQueries();
    }
    const names: string[] = [...(outdated[event.topic] ?? [])];
    if (event.run) runSamples.put(event.run, Date.now());
    if (event.run && this.#runs.put(event.run)) names.push(...outdatedByRun);
    if (names.length === 0 || gap) return;
    void this.#queries.invalidateQueries({ predicate: (query) => names.includes(String(query.queryKey[0])) });
  }
}

const retryAfter = 2000;

/** Connects the event stream to the caches. Returns how to stop. */
export function listen(platform: Platform, queries: QueryClient): () => void {
  const sink = new EventSink(queries);
  let stop: (() => void) | null = null;
  let stopped = false;
  let again: ReturnType<typeof setTimeout> | undefined;
  const attempt = () => {
    platform.subscribe((event) => sink.accept(event)).then(
      (unsubscribe) => {
        if (stopped) unsubscribe();
        else stop = unsubscribe;
        // What happened between the first answers and now was told to nobody.
        void queries.invalidateQueries();
      },
      () => {
        // The back end is not up; every screen says so by itself. Once it is, its events are needed.
        if (!stopped) again = setTimeout(attempt, retryAfter);
      },
    );
  };
  attempt();
  return () => {
    stopped = true;
    clearTimeout(again);
    stop?.();
  };
}
