import { useRef, useState, type FocusEvent, type KeyboardEvent } from "react";

interface EntryKeys {
  onShift: (by: number) => void;
  onToday: () => void;
}

/** Entries are one tab stop: left and right go through time, up and down to the day above and below, Page keys to other weeks. */
export function useEntryKeys({ onShift, onToday }: EntryKeys) {
  const grid = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState<string | null>(null);
  const all = () => [...(grid.current?.querySelectorAll<HTMLElement>("[data-entry]") ?? [])];
  const dayOf = (element: HTMLElement) => Number(element.dataset["day"]);
  const near = (from: HTMLElement, step: 1 | -1): HTMLElement | undefined => {
    const others = all().filter((one) => (dayOf(one) - dayOf(from)) * step > 0);
    const next = step === 1 ? others[0] : others.at(-1);
    if (!next) return undefined;
    const far = (one: HTMLElement) => Math.abs(Number(one.dataset["minute"]) - Number(from.dataset["minute"]));
    return others.filter((one) => dayOf(one) === dayOf(next)).reduce((best, one) => (far(one) < far(best) ? one : best), next);
  };
  const target = (key: string, from: HTMLElement): HTMLElement | undefined => {
    const list = all();
    const own = list.filter((one) => dayOf(one) === dayOf(from));
    switch (key) {
      case "ArrowRight": return list[list.indexOf(from) + 1];
      case "ArrowLeft": return list[list.indexOf(from) - 1];
      case "ArrowDown": return near(from, 1);
      case "ArrowUp": return near(from, -1);
      case "Home": return own[0];
      case "End": return own.at(-1);
      default: return undefined;
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const from = (event.target as HTMLElement).closest<HTMLElement>("[data-entry]");
    if (event.key === "PageDown" || event.key === "PageUp") onShift(event.key === "PageDown" ? 1 : -1);
    else if (event.key === "t" || event.key === "T") onToday();
    else {
      const next = from ? target(event.key, from) : undefined;
      if (!next) return;
      next.focus();
    }
    event.preventDefault();
  };
  const onFocus = (event: FocusEvent) => {
    const at = (event.target as HTMLElement).closest<HTMLElement>("[data-entry]")?.dataset["entry"];
    if (at) setCurrent(at);
  };
  return { grid, current, onKeyDown, onFocus };
}
