import { useCallback, useEffect, useRef, useState } from "react";
import { usePlatform } from "@/platform/context";
import type { Platform } from "@/platform/types";
import { call } from "./client";
import { errorView } from "./errors";
import type { ServerCheck } from "./generated/ServerCheck";
import type { ServerCheckKind } from "./generated/ServerCheckKind";

/** The order in which a server is looked at. */
export const checkOrder: readonly ServerCheckKind[] = ["reach", "sign-in", "version", "licence", "rights"];

/** Checks that were made, and the one that runs. */
export interface CheckProgress {
  made: readonly ServerCheck[];
  running: ServerCheckKind | null;
}

export const nothingChecked: CheckProgress = { made: [], running: null };

/** Makes checks one after the other and tells of each. Without a session there is nothing more to look at. */
export async function makeChecks(platform: Platform, server: string, kinds: readonly ServerCheckKind[], tell: (progress: CheckProgress) => void): Promise<readonly ServerCheck[]> {
  let made: readonly ServerCheck[] = [];
  for (const kind of kinds) {
    tell({ made, running: kind });
    const check = await call(platform, "servers.check", { server_id: server, check: kind }).catch((thrown: unknown): ServerCheck => ({ check: kind, state: "failed", found: "", error: errorView(thrown), missing: [] }));
    made = [...made, check];
    if (check.state === "failed" && (kind === "reach" || kind === "sign-in")) break;
  }
  tell({ made, running: null });
  return made;
}

/** Looks at a server that was added. */
export function useServerChecks(server: string) {
  const platform = usePlatform();
  const [progress, setProgress] = useState(nothingChecked);
  // A newer attempt, or leaving, makes the answers of an older one void.
  const attempt = useRef(0);
  useEffect(() => () => { attempt.current += 1; }, []);
  const run = useCallback(() => {
    const mine = ++attempt.current;
    void makeChecks(platform, server, checkOrder, (now) => { if (mine === attempt.current) setProgress(now); });
  }, [platform, server]);
  const reset = useCallback(() => {
    attempt.current += 1;
    setProgress(nothingChecked);
  }, []);
  return { progress, run, reset };
}
