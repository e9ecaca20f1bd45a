import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { usePlatform } from "@/platform/context";
import { call, keyOf, useCommand } from "./client";
import type { SettingsView } from "./generated/SettingsView";

const cached = "kuramori.settings";

const unknown: SettingsView = { language: null, theme: "system", check_updates: true, load: { limit: null, from: 0, to: 0, per_host: 2, per_datastore: 2 }, recycle_bin_hours: 24 };

/** What was in force when the window was last open, so that the first picture already has the right colours. */
function remembered(): SettingsView {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(cached) ?? "null");
    if (typeof found === "object" && found !== null && "theme" in found) return { ...unknown, ...(found as Partial<SettingsView>) };
  } catch {
    // A web view without storage, or something else under our name: the back end's answer comes in a moment.
  }
  return unknown;
}

function remember(settings: SettingsView): void {
  try {
    localStorage.setItem(cached, JSON.stringify(settings));
  } catch {
    // Only the first picture of the next start is affected.
  }
}

/** The settings in force and how to change them. A change shows at once and is taken back if the back end refuses it. */
export function useSettings(onRefused?: (thrown: unknown) => void): { settings: SettingsView; change: (part: Partial<SettingsView>) => void } {
  const queries = useQueryClient();
  const platform = usePlatform();
  const answer = useCommand("settings.get", {});
  const settings = answer.data ?? remembered();
  const change = useCallback(
    (part: Partial<SettingsView>) => {
      const key = keyOf("settings.get", {});
      const before = queries.getQueryData<SettingsView>(key) ?? remembered();
      const after = { ...before, ...part };
      queries.setQueryData(key, after);
      remember(after);
      call(platform, "settings.set", after).then(
        (taken) => queries.setQueryData(key, taken),
        (thrown: unknown) => {
          queries.setQueryData(key, before);
          remember(before);
          onRefused?.(thrown);
        },
      );
    },
    [queries, platform, onRefused],
  );
  return { settings, change };
}
