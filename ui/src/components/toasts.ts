import { useSyncExternalStore } from "react";

export interface Toast {
  id: number;
  tone: "ok" | "bad";
  text: string;
  action?: { name: string; run: () => void };
}

let toasts: readonly Toast[] = [];
let next = 1;
const watchers = new Set<() => void>();

function change(value: readonly Toast[]): void {
  toasts = value;
  for (const watcher of watchers) watcher();
}

/** Shows a line at the lower right. Three at most: the oldest that is no failure gives way. */
export function toast(entry: Omit<Toast, "id">): void {
  let kept = toasts.filter((other) => other.text !== entry.text);
  if (kept.length >= 3) {
    const victim = kept.find((other) => other.tone === "ok") ?? kept[0];
    kept = kept.filter((other) => other !== victim);
  }
  change([...kept, { ...entry, id: next++ }]);
}

export function dismiss(id: number): void {
  change(toasts.filter((entry) => entry.id !== id));
}

/** Takes all of them away. */
export function dismissAll(): void {
  change([]);
}

function watch(changed: () => void): () => void {
  watchers.add(changed);
  return () => watchers.delete(changed);
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(watch, () => toasts);
}
