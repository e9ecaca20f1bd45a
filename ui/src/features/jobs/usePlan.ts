import { keepPreviousData } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useCommand } from "@/api/client";
import type { JobDraft } from "@/api/generated/JobDraft";

/** How long nobody types before the back end is asked. */
const quiet = 300;

/** What the back end says a job would do, asked once nothing has changed for a moment. `current` is false while the answer is about an older draft. */
export function usePlan(id: string | null, draft: JobDraft | null) {
  const wanted = JSON.stringify(draft);
  const [asked, setAsked] = useState(wanted);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(wanted), quiet);
    return () => clearTimeout(timer);
  }, [wanted]);
  const about = JSON.parse(asked) as JobDraft | null;
  const answer = useCommand("jobs.plan", { job_id: id, draft: about }, { enabled: about !== null && about.sources.length > 0, placeholderData: keepPreviousData });
  return { plan: draft === null || draft.sources.length === 0 ? null : (answer.data ?? null), error: answer.error?.view ?? null, current: asked === wanted && !answer.isPlaceholderData };
}
