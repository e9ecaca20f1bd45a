import type { QueryClient } from "@tanstack/react-query";
import { createHashHistory, createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, redirect, type RouterHistory } from "@tanstack/react-router";
import { call, keyOf } from "@/api/client";
import type { Platform } from "@/platform/types";
import { NotFound, RouteFailure, RoutePending } from "./RouteStates";
import { Shell } from "./Shell";
import { skippedFirstStart } from "./first-start";

interface RouterContext {
  queries: QueryClient;
  platform: Platform;
}

/** What the list of Home may be narrowed to; without one it is all. */
const homeShows = ["risk", "critical", "normal", "archive", "excluded", "gone"] as const;

interface HomeSearch {
  show?: (typeof homeShows)[number] | undefined;
}

interface InventorySearch {
  server?: string | undefined;
  group?: string | undefined;
  vm?: string | undefined;
  tab?: "points" | undefined;
  /** A VM by its name, where nobody knows its server. */
  find?: string | undefined;
}

interface CalendarSearch {
  view?: "month" | undefined;
  /** Such as 2026-05-08; today without it. */
  day?: string | undefined;
  /** Only this VM or job. */
  find?: string | undefined;
}

interface ActivitySearch {
  /** All causes without it. */
  show?: "needs" | "runs" | undefined;
}

type Want = "vm" | "disk";

const wanted = (value: unknown): Want | undefined => (value === "vm" || value === "disk" ? value : undefined);

interface RestoreSearch {
  vm?: string | undefined;
  point?: string | undefined;
  want?: Want | undefined;
}

/** The pages of the settings that an address may name; without one it is the first. */
const sections = ["servers", "repositories", "notices", "load", "updates"] as const;

interface SettingsSearch {
  section?: (typeof sections)[number] | undefined;
  add?: true | undefined;
}

/** The steps of the job wizard that an address may name; without one it is the first. */
const jobSteps = ["destination", "schedule", "retention", "options"] as const;
const jobStep = (value: unknown) => jobSteps.find((step) => step === value);

interface JobSearch {
  step?: (typeof jobSteps)[number] | undefined;
  like?: string | undefined;
  uncovered?: true | undefined;
  /** With this VM alone: its server's id, and its reference there. */
  server?: string | undefined;
  vm?: string | undefined;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const root = createRootRouteWithContext<RouterContext>()({});

const firstStart = createRoute({ getParentRoute: () => root, path: "/first-start", component: lazyRouteComponent(() => import("./routes/first-start")) });

const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });

const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  validateSearch: (search: Record<string, unknown>): HomeSearch => ({ show: homeShows.find((show) => show === search["show"]) }),
  beforeLoad: async ({ context }) => {
    const state = await context.queries.fetchQuery({ queryKey: keyOf("app.state", {}), queryFn: () => call(context.platform, "app.state", {}) });
    if (state.first_start && !skippedFirstStart()) throw redirect({ to: "/first-start" });
  },
  component: lazyRouteComponent(() => import("./routes/home")),
});

const inventory = createRoute({
  getParentRoute: () => shell,
  path: "/inventory",
  validateSearch: (search: Record<string, unknown>): InventorySearch => ({ server: text(search["server"]), group: text(search["group"]), vm: text(search["vm"]), tab: search["tab"] === "points" ? "points" : undefined, find: text(search["find"]) }),
  component: lazyRouteComponent(() => import("./routes/inventory")),
});

const jobs = createRoute({ getParentRoute: () => shell, path: "/jobs", component: lazyRouteComponent(() => import("./routes/jobs")) });

const jobNew = createRoute({
  getParentRoute: () => shell,
  path: "/jobs/new",
  validateSearch: (search: Record<string, unknown>): JobSearch => ({ step: jobStep(search["step"]), like: text(search["like"]), uncovered: search["uncovered"] === true ? true : undefined, server: text(search["server"]), vm: text(search["vm"]) }),
  component: lazyRouteComponent(() => import("./routes/job-new")),
});

const jobEdit = createRoute({
  getParentRoute: () => shell,
  path: "/jobs/$jobId",
  validateSearch: (search: Record<string, unknown>): JobSearch => ({ step: jobStep(search["step"]) }),
  component: lazyRouteComponent(() => import("./routes/job-edit")),
});

const calendar = createRoute({
  getParentRoute: () => shell,
  path: "/calendar",
  validateSearch: (search: Record<string, unknown>): CalendarSearch => ({ view: search["view"] === "month" ? "month" : undefined, day: text(search["day"]), find: text(search["find"]) }),
  component: lazyRouteComponent(() => import("./routes/calendar")),
});

const activity = createRoute({
  getParentRoute: () => shell,
  path: "/activity",
  validateSearch: (search: Record<string, unknown>): ActivitySearch => ({ show: search["show"] === "runs" || search["show"] === "needs" ? search["show"] : undefined }),
  component: lazyRouteComponent(() => import("./routes/activity")),
});

const run = createRoute({ getParentRoute: () => shell, path: "/activity/$runId", component: lazyRouteComponent(() => import("./routes/run")) });

const restore = createRoute({
  getParentRoute: () => shell,
  path: "/restore",
  validateSearch: (search: Record<string, unknown>): RestoreSearch => ({ vm: text(search["vm"]), point: text(search["point"]), want: wanted(search["want"]) }),
  component: lazyRouteComponent(() => import("./routes/restore")),
});

const restorePoint = createRoute({ getParentRoute: () => shell, path: "/restore/$repositoryId/$pointId", validateSearch: (search: Record<string, unknown>): { want?: Want | undefined } => ({ want: wanted(search["want"]) }), component: lazyRouteComponent(() => import("./routes/restore-point")) });

const storage = createRoute({
  getParentRoute: () => shell,
  path: "/storage",
  validateSearch: (search: Record<string, unknown>): { place?: string | undefined } => ({ place: text(search["place"]) }),
  component: lazyRouteComponent(() => import("./routes/storage")),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  validateSearch: (search: Record<string, unknown>): SettingsSearch => ({
    section: sections.find((section) => section === search["section"]),
    add: search["add"] === true ? true : undefined,
  }),
  component: lazyRouteComponent(() => import("./routes/settings")),
});

const tree = root.addChildren([firstStart, shell.addChildren([home, inventory, jobs, jobNew, jobEdit, calendar, activity, run, restore, restorePoint, storage, settings])]);

/** The screens by address. Addresses live behind the # since the shell serves one page only. */
export function makeRouter(queries: QueryClient, platform: Platform, history: RouterHistory = createHashHistory()) {
  return createRouter({
    routeTree: tree,
    history,
    context: { queries, platform },
    defaultPendingComponent: RoutePending,
    defaultErrorComponent: RouteFailure,
    defaultNotFoundComponent: NotFound,
    defaultPendingMs: 0,
    defaultPendingMinMs: 0,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
