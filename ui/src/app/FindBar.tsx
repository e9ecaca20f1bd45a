import { useNavigate } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { Button as AriaButton } from "react-aria-components";
import { useSettings } from "@/api/settings";
import { meaningOf, modifier } from "@/features/palette/keys";
import type { PaletteAction, PaletteTarget } from "@/features/palette/usePalette";
import { useText } from "@/i18n/context";
import css from "./Shell.module.css";

// Fetched when somebody looks for something: the first screens do without.
const Palette = lazy(() => import("@/features/palette/Palette").then((module) => ({ default: module.Palette })));
const Shortcuts = lazy(() => import("@/features/palette/Shortcuts").then((module) => ({ default: module.Shortcuts })));

/** Where the palette's answers lead. */
function useWays() {
  const navigate = useNavigate();
  const t = useText();
  const { settings, change } = useSettings();
  const go = (target: Exclude<PaletteTarget, { to: "action" }>) => {
    switch (target.to) {
      case "vm": return void navigate({ to: "/inventory", search: { server: target.server, vm: target.vm } });
      case "job": return void navigate({ to: "/jobs/$jobId", params: { jobId: target.id } });
      case "run": return void navigate({ to: "/activity/$runId", params: { runId: target.id } });
      case "point": return void navigate({ to: "/restore", search: { vm: target.vm, point: target.id } });
      case "place": return void navigate({ to: "/storage", search: { place: target.id } });
    }
  };
  const actions: PaletteAction[] = [
    { key: "back-up", name: t.palette.backUp, run: () => void navigate({ to: "/inventory" }) },
    { key: "new-job", name: t.palette.newJob, run: () => void navigate({ to: "/jobs/new" }) },
    { key: "restore", name: t.palette.restore, run: () => void navigate({ to: "/restore" }) },
    { key: "needs", name: t.palette.needs, run: () => void navigate({ to: "/activity", search: { show: "needs" } }) },
    { key: "every-run", name: t.palette.everyRun, run: () => void navigate({ to: "/activity", search: { show: "runs" } }) },
    { key: "month", name: t.palette.month, run: () => void navigate({ to: "/calendar", search: { view: "month" } }) },
    { key: "add-server", name: t.palette.addServer, run: () => void navigate({ to: "/settings", search: { section: "servers", add: true } }) },
    { key: "add-place", name: t.palette.addPlace, run: () => void navigate({ to: "/settings", search: { section: "repositories", add: true } }) },
    settings.theme === "dark" ? { key: "light", name: t.palette.light, run: () => change({ theme: "light" }) } : { key: "dark", name: t.palette.dark, run: () => change({ theme: "dark" }) },
  ];
  const pages = [["servers", t.palette.servers], ["repositories", t.palette.repositories], ["notices", t.notices.title], ["load", t.palette.load], ["updates", t.palette.updates]] as const;
  const sections = pages.map(([section, name]): PaletteAction => ({ key: `settings-${section}`, name, second: t.shell.settings, run: () => void navigate({ to: "/settings", search: { section } }) }));
  return { go, actions, sections };
}

/** Finding and keys, everywhere. */
export function FindBar({ screens }: { screens: readonly PaletteAction[] }) {
  const t = useText();
  const [open, setOpen] = useState<"palette" | "shortcuts" | null>(null);
  const { go, actions, sections } = useWays();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const meaning = meaningOf(event);
      // A dialog that is open has the keys; only the palette may be closed by its own.
      const inDialog = document.querySelector("[role=dialog], [role=alertdialog]") !== null;
      if (!meaning || event.defaultPrevented || (inDialog && meaning.does !== "palette")) return;
      event.preventDefault();
      if (meaning.does === "palette") setOpen((before) => (before === "palette" || (inDialog && before === null) ? null : "palette"));
      else if (meaning.does === "shortcuts") setOpen("shortcuts");
      else if (meaning.does === "search") document.querySelector<HTMLInputElement>("main input[type=search]")?.focus();
      else screens[meaning.index]?.run();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [screens]);
  const close = () => setOpen(null);
  const keys: PaletteAction = { key: "shortcuts", name: t.palette.shortcuts, second: "?", run: () => setOpen("shortcuts") };
  return (
    <>
      <AriaButton id="find" data-testid="find" className={css.findButton ?? ""} aria-label={t.palette.open} aria-keyshortcuts="Control+K Meta+K" onPress={() => setOpen("palette")}>
        <Search size={15} strokeWidth={1.8} aria-hidden />
        <span>{t.palette.open}</span>
        <kbd>{modifier()} K</kbd>
      </AriaButton>
      <Suspense fallback={null}>
        {open === "palette" ? <Palette screens={[...screens, ...sections]} actions={[...actions, keys]} onGo={go} onClose={close} /> : null}
        {open === "shortcuts" ? <Shortcuts onClose={close} /> : null}
      </Suspense>
    </>
  );
}
