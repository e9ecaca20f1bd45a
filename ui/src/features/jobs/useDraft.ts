import { useState } from "react";
import type { JobDraft } from "@/api/generated/JobDraft";
import { keptDraft } from "./kept-draft";

const key = "kuramori-job-draft";

interface Kept {
  /** Of which job; `null` for a new one. */
  of: string | null;
  draft: JobDraft;
}

function read(of: string | null, initial: JobDraft): JobDraft | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    return typeof kept === "object" && kept !== null && "of" in kept && kept.of === of && "draft" in kept ? keptDraft(kept.draft, initial) : null;
  } catch {
    // Something else wrote there, or nothing can be read: then there is no draft.
    return null;
  }
}

function write(kept: Kept | null): void {
  try {
    if (kept === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(kept));
  } catch {
    // A full or forbidden store costs the draft of a closed window and nothing else.
  }
}

/** A draft that outlives the window until it is finished or begun anew. One is kept at a time. */
export function useDraft(of: string | null, initial: JobDraft) {
  const [found] = useState(() => read(of, initial));
  const [draft, setDraft] = useState<JobDraft>(found ?? initial);
  const [touched, setTouched] = useState(found !== null);
  const change = (next: JobDraft) => {
    setDraft(next);
    setTouched(true);
    write({ of, draft: next });
  };
  const startOver = () => {
    setDraft(initial);
    setTouched(false);
    write(null);
  };
  return { draft, change, touched, found: found !== null && touched, startOver, forget: () => write(null) };
}
