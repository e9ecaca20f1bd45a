import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { useAction } from "@/api/client";
import type { Entry } from "./entries";
import { movedDraft, step, timeOf, withinDay } from "./move";

export interface Lifted {
  entry: Entry;
  minutes: number;
  /** Dropped, and waiting for a yes. */
  asking: boolean;
}

const begins = 4;

/** Moves a planned run along its day, by the mouse or by M and the arrow keys. Nothing is changed before somebody says yes. */
export function useMove() {
  const [lifted, setLifted] = useState<Lifted | null>(null);
  const save = useAction("jobs.save");
  const pressed = useRef<{ entry: Entry; x: number; width: number; moved: boolean } | null>(null);
  const moved = useRef(false);
  useEffect(() => {
    const move = (event: globalThis.PointerEvent) => {
      const from = pressed.current;
      if (!from || (!from.moved && Math.abs(event.clientX - from.x) < begins)) return;
      from.moved = true;
      const minutes = Math.round((((event.clientX - from.x) / from.width) * 1440) / step) * step;
      setLifted({ entry: from.entry, minutes: withinDay(from.entry, minutes), asking: false });
    };
    const end = () => {
      const dragged = pressed.current?.moved ?? false;
      pressed.current = null;
      if (!dragged) return;
      moved.current = true;
      // The click that belongs to this comes before the next task; Enter on a bar later on is another matter.
      setTimeout(() => { moved.current = false; });
      setLifted((one) => (one && !one.asking ? (one.minutes === 0 ? null : { ...one, asking: true }) : one));
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    return () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
    };
  }, []);
  const onLift = (entry: Entry, bar: HTMLElement, event: PointerEvent) => {
    if (event.button === 0 && timeOf(entry) !== null) pressed.current = { entry, x: event.clientX, width: bar.parentElement?.offsetWidth ?? 1, moved: false };
  };
  /** Takes the keys that move; says whether it did. */
  const onKey = (event: KeyboardEvent, focused: Entry | undefined): boolean => {
    if (!lifted) {
      if (event.key.toLowerCase() !== "m" || !focused || timeOf(focused) === null) return false;
      setLifted({ entry: focused, minutes: 0, asking: false });
      return true;
    }
    if (lifted.asking) return false;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") setLifted({ ...lifted, minutes: withinDay(lifted.entry, lifted.minutes + (event.key === "ArrowRight" ? step : -step)) });
    else if (event.key === "Enter") setLifted(lifted.minutes === 0 ? null : { ...lifted, asking: true });
    else if (event.key === "Escape") setLifted(null);
    else if (event.key === "Tab") {
      setLifted(null);
      return false;
    }
    return true;
  };
  const drop = (onError: (title: string) => void) => {
    const draft = lifted ? movedDraft(lifted.entry, lifted.minutes) : null;
    if (!lifted?.entry.job || !draft) return setLifted(null);
    save.mutate({ job_id: lifted.entry.job.id, draft }, { onError: (error) => onError(error.view.title), onSettled: () => setLifted(null) });
  };
  /** A click that ended a drag opens nothing. */
  const wasMoved = () => moved.current;
  return { lifted, begin: (entry: Entry) => setLifted({ entry, minutes: 0, asking: false }), cancel: () => setLifted(null), onLift, onKey, drop, wasMoved, isPending: save.isPending };
}
