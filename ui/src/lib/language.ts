/** The languages of the interface. */
export type Language = "en" | "ja";

export const languages: readonly Language[] = ["en", "ja"];

/** The best of our languages for the tags the system prefers, in their order. */
export function pickLanguage(tags: readonly string[]): Language {
  for (const tag of tags) {
    const base = tag.toLowerCase().split("-")[0];
    const found = languages.find((language) => language === base);
    if (found) return found;
  }
  return "en";
}

/** The locale for numbers and dates. English uses day before month, as the words of the product do. */
export function localeOf(language: Language): string {
  return language === "ja" ? "ja-JP" : "en-GB";
}
