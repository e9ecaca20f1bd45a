/** The key that commands go with on this system. */
export function modifier(): string {
  return /mac/i.test(navigator.platform) ? "⌘" : "Ctrl";
}

/** Whether keys are text where the focus is. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export type KeyMeaning = { does: "palette" } | { does: "shortcuts" } | { does: "search" } | { does: "screen"; index: number };

/** What a key means everywhere. Single letters mean nothing where somebody types. */
export function meaningOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "target">): KeyMeaning | null {
  if (event.altKey) return null;
  if (event.ctrlKey || event.metaKey) {
    if (event.key.toLowerCase() === "k") return { does: "palette" };
    return /^[1-9]$/.test(event.key) ? { does: "screen", index: Number(event.key) - 1 } : null;
  }
  if (isTyping(event.target)) return null;
  if (event.key === "?") return { does: "shortcuts" };
  return event.key === "/" ? { does: "search" } : null;
}
