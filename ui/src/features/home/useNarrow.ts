import { useSyncExternalStore } from "react";

const query = "(max-width: 1180px)";
/** Where there is no screen, nothing is narrow. */
const media = () => (typeof window.matchMedia === "function" ? window.matchMedia(query) : null);

function watch(changed: () => void): () => void {
  const found = media();
  found?.addEventListener("change", changed);
  return () => found?.removeEventListener("change", changed);
}

/** Whether the day strips no longer fit into the table. */
export function useNarrow(): boolean {
  return useSyncExternalStore(watch, () => media()?.matches ?? false);
}
