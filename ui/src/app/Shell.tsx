import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { Activity, CalendarDays, Database, History, ListChecks, Server, Settings2 } from "lucide-react";
import { useCallback, useMemo } from "react";
import { useCommand } from "@/api/client";
import { Lattice, Mark } from "@/components/Brand";
import { Button } from "@/components/Button";
import { TopBarEnd } from "@/components/Page";
import { useText } from "@/i18n/context";
import { FindBar } from "./FindBar";
import { useNeeds } from "./useNeeds";
import { useUpdateNotice } from "./useUpdateNotice";
import css from "./Shell.module.css";

/** Home with a tile in it. */
function HomeIcon() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d="M2.5 9.2 10 2.8l7.5 6.4M4.4 7.8v9h11.2v-9" />
      <path d="m10 9 2.6 2.3L10 13.6l-2.6-2.3z" />
    </svg>
  );
}

const icon = { size: 20, strokeWidth: 1.8, "aria-hidden": true } as const;

/** Rail at the left, screens at the right. */
export function Shell() {
  const t = useText();
  const navigate = useNavigate();
  const state = useCommand("app.state", {});
  const atUpdates = useRouterState({ select: (router) => router.location.pathname === "/settings" && (router.location.search as { section?: string }).section === "updates" });
  useUpdateNotice(atUpdates, useCallback(() => void navigate({ to: "/settings", search: { section: "updates" } }), [navigate]));
  const running = state.data?.running.length ?? 0;
  const needs = useNeeds();
  const items = useMemo(() => [
    { to: "/", key: "home", name: t.shell.home, icon: <HomeIcon /> },
    { to: "/inventory", key: "inventory", name: t.shell.inventory, icon: <Server {...icon} /> },
    { to: "/jobs", key: "jobs", name: t.shell.jobs, icon: <ListChecks {...icon} /> },
    { to: "/calendar", key: "calendar", name: t.shell.calendar, icon: <CalendarDays {...icon} /> },
    { to: "/restore", key: "restore", name: t.shell.restore, icon: <History {...icon} /> },
    { to: "/storage", key: "storage", name: t.shell.storage, icon: <Database {...icon} /> },
    { to: "/activity", key: "activity", name: t.shell.activity, icon: <Activity {...icon} /> },
    { to: "/settings", key: "settings", name: t.shell.settings, icon: <Settings2 {...icon} /> },
  ] as const, [t]);
  const screens = useMemo(() => items.map((item) => ({ key: `screen-${item.key}`, name: item.name, run: () => void navigate({ to: item.to }) })), [items, navigate]);
  return (
    <div className={css.shell}>
      <a className={css.skip} href="#content" onClick={(event) => { event.preventDefault(); document.getElementById("content")?.focus(); }}>{t.shell.skip}</a>
      <nav className={css.rail} aria-label={t.shell.nav}>
        <span className={css.mark}><Mark size={38} /></span>
        {items.map((item) => (
          <Link key={item.key} to={item.to} id={`nav-${item.key}`} data-testid={`nav-${item.key}`} className={css.item} activeOptions={{ exact: item.to === "/", includeSearch: false }} activeProps={{ "data-current": "" } as object}>
            {item.icon}
            {item.key === "activity" && needs > 0 ? <span className={css.badge} data-testid="needs"><span aria-hidden="true">{needs}</span><span className="unseen">{t.shell.needs(needs)}</span></span> : null}
            <span className={css.name}>{item.name}</span>
          </Link>
        ))}
        <span className={css.wall}><Lattice tile={38} /></span>
        {state.data ? (
          <span className={css.engine} role="status" data-testid="engine-state" title={state.data.recovering ? t.shell.recoveringFact : undefined}>
            {state.data.recovering ? t.shell.recovering : running > 0 ? t.shell.engineRunning(running) : t.shell.engineReady}
          </span>
        ) : null}
      </nav>
      <TopBarEnd value={<><FindBar screens={screens} /><Button kind="primary" icon={<History size={16} strokeWidth={2} aria-hidden />} onPress={() => void navigate({ to: "/restore" })} testId="top-restore">{t.shell.restoreButton}</Button></>}>
        <Outlet />
      </TopBarEnd>
    </div>
  );
}
