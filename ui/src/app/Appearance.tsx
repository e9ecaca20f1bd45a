import { useEffect, type ReactNode } from "react";
import { I18nProvider } from "react-aria-components";
import { useSettings } from "@/api/settings";
import { LanguageContext } from "@/i18n/context";
import { localeOf, pickLanguage } from "@/lib/language";

/** Language and colours, as the settings say or the system prefers. */
export function Appearance({ children }: { children: ReactNode }) {
  const { settings } = useSettings();
  const language = settings.language ?? pickLanguage(navigator.languages);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  useEffect(() => {
    if (settings.theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = settings.theme;
  }, [settings.theme]);
  return (
    <LanguageContext value={language}>
      <I18nProvider locale={localeOf(language)}>{children}</I18nProvider>
    </LanguageContext>
  );
}
