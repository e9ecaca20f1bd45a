import { useCallback } from "react";
import { useAction, useCommand } from "@/api/client";
import { errorView } from "@/api/errors";
import type { Theme } from "@/api/generated/Theme";
import { useSettings } from "@/api/settings";
import { Card } from "@/components/Card";
import { Segmented } from "@/components/Choice";
import { Sentence } from "@/components/Page";
import { toast } from "@/components/toasts";
import { useLanguage, useText } from "@/i18n/context";
import css from "./Settings.module.css";

/** Whether the window opens by itself. What the system does not let us see is said instead of a switch. */
function AutostartRow() {
  const t = useText();
  const known = useCommand("settings.autostart", {});
  const set = useAction("settings.set-autostart");
  const change = (on: boolean) => set.mutate({ on }, { onError: (error) => toast({ tone: "bad", text: error.view.title || t.failure.unexpectedTitle }) });
  const autostart = known.data?.autostart;
  const fact = known.error ? known.error.view.title : autostart === "other-copy" ? t.settings.autostartOther : t.settings.autostartText;
  return (
    <div className={css.row}>
      <div><p className={css.name}>{t.settings.autostart}</p><p className={css.second}>{fact}</p></div>
      {autostart ? <Segmented label={t.settings.autostart} value={autostart === "on" ? "on" : "off"} onChange={(key) => change(key === "on")} options={[{ key: "on", label: t.settings.on }, { key: "off", label: t.settings.off }]} testId="settings-autostart" /> : null}
    </div>
  );
}

/** Language, colours, and whether we start by ourselves. */
export function LookSection() {
  const t = useText();
  const language = useLanguage();
  const state = useCommand("app.state", {}).data;
  const refused = useCallback((thrown: unknown) => toast({ tone: "bad", text: errorView(thrown).title || t.failure.unexpectedTitle }), [t]);
  const { settings, change } = useSettings(refused);
  const themes: { key: Theme; label: string }[] = [{ key: "system", label: t.settings.themeSystem }, { key: "light", label: t.settings.themeLight }, { key: "dark", label: t.settings.themeDark }];
  return (
    <>
      <Sentence>{t.settings.look}</Sentence>
      <Card label={t.settings.look}>
        <div className={css.row}>
          <div><p className={css.name}>{t.settings.language}</p><p className={css.second}>{t.settings.languageText}</p></div>
          <Segmented label={t.settings.language} value={language} onChange={(key) => change({ language: key })} options={[{ key: "en", label: t.settings.english }, { key: "ja", label: t.settings.japanese }]} testId="settings-language" />
        </div>
        <AutostartRow />
        <div className={css.row}>
          <div><p className={css.name}>{t.settings.theme}</p><p className={css.second}>{t.settings.themeText}</p></div>
          <Segmented label={t.settings.theme} value={settings.theme} onChange={(key) => change({ theme: key })} options={themes} testId="settings-theme" />
        </div>
      </Card>
      {state ? <p className={css.quiet}>{t.settings.version(state.version)} · {t.settings.secrets} {state.secrets === "keychain" ? t.settings.secretsKeychain : t.settings.secretsFile}</p> : null}
    </>
  );
}
