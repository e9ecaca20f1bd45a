import { useEffect, useRef } from "react";
import { useAction, useCommand } from "@/api/client";
import { toast } from "@/components/toasts";
import { useLanguage, useText } from "@/i18n/context";

/** Says once a window that a newer version is there, or how the last update ended. Nothing is said where it can be seen anyway. */
export function useUpdateNotice(here: boolean, show: () => void): void {
  const t = useText();
  const updates = useCommand("updates.status", {}).data;
  const language = useLanguage();
  const settings = useCommand("settings.get", {}).data;
  // Until the settings are here and in force, the language is a guess.
  const settled = settings !== undefined && (settings.language ?? language) === language;
  const { mutate: dismiss } = useAction("updates.dismiss");
  const told = useRef(new Set<string>());
  useEffect(() => {
    if (!updates || !settled) return;
    const once = (key: string, tell: () => void) => {
      if (told.current.has(key)) return;
      told.current.add(key);
      tell();
    };
    const action = { name: t.updates.show, run: show };
    const { last, offer } = updates;
    if (last && !last.seen) {
      once(`last ${last.at}`, () => {
        if (last.outcome === "installed") {
          if (here) return;
          toast({ tone: "ok", text: t.updates.installedTitle(last.to) });
          dismiss({});
        } else if (!here) {
          toast({ tone: "bad", text: last.outcome === "rolled-back" ? t.updates.rolledBackNotice(last.to) : (last.error?.title ?? ""), action });
        }
      });
    } else if (offer) {
      once(`offer ${offer.version}`, () => {
        if (!here) toast({ tone: "ok", text: t.updates.newerNotice(offer.version), action });
      });
    }
  }, [updates, settled, here, t, show, dismiss]);
}
