// The very first import. In the locale C a web view reports the language "C", which Intl refuses with a RangeError;
// a library that formats at import would then leave a white window.
function usable(tag: unknown): tag is string {
  if (typeof tag !== "string" || tag === "") return false;
  try {
    new Intl.NumberFormat(tag);
    return true;
  } catch {
    return false;
  }
}

/** Replaces the language tags that Intl refuses. Returns what it put in place, or null when nothing was wrong. */
export function guardLanguage(target: { language: string; languages: readonly string[] }): string | null {
  if (usable(target.language) && target.languages.every(usable)) return null;
  const good = target.languages.filter(usable);
  const first = usable(target.language) ? target.language : (good[0] ?? "en-US");
  Object.defineProperty(target, "language", { value: first, configurable: true });
  Object.defineProperty(target, "languages", { value: [first, ...good.filter((tag) => tag !== first)], configurable: true });
  return first;
}

guardLanguage(navigator);
