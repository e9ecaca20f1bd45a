import { createMemoryHistory } from "@tanstack/react-router";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { App } from "../src/app/App";
import { skipFirstStart } from "../src/app/first-start";
import { scenario, type FakeOptions, type ScenarioName } from "../src/platform/fake";
import "../src/styles/tokens.css";
import "../src/styles/base.css";
import "./gallery.css";

/** Every screen that is a list, by its address. */
const lists: Record<string, string> = {
  home: "/",
  inventory: "/inventory",
  jobs: "/jobs",
  points: "/restore",
  calendar: "/calendar",
  month: "/calendar?view=month",
  storage: "/storage",
  activity: "/activity",
  runs: "/activity?show=runs",
  servers: "/settings?section=servers",
  repositories: "/settings?section=repositories",
};

const states: readonly { name: string; situation: ScenarioName; more?: FakeOptions }[] = [
  { name: "Empty", situation: "empty" },
  { name: "Loading", situation: "slow", more: { stuck: ["servers.list", "inventory.get", "points.list", "points.sums", "runs.list", "repositories.list", "jobs.list", "protection.list"] } },
  { name: "Stale", situation: "stale" },
  { name: "Failed", situation: "failed" },
  { name: "2,000 rows", situation: "many" },
];

function Frame({ name, situation, more, address, settings }: { name: string; situation: ScenarioName; more?: FakeOptions | undefined; address: string; settings: FakeOptions["settings"] }) {
  const [platform] = useState(() => scenario(situation, { ...more, ...(settings ? { settings } : {}) }));
  const [history] = useState(() => createMemoryHistory({ initialEntries: [address] }));
  return (
    <figure data-state={name}>
      <figcaption>{name}</figcaption>
      <div className="gallery-frame"><App platform={platform} history={history} /></div>
    </figure>
  );
}

/** One list in all the states a list can be in. */
export function startGallery(root: HTMLElement, wanted: string, settings: FakeOptions["settings"]): void {
  document.documentElement.classList.add("gallery");
  // Home leads to the first start where nothing is set up, unless that was skipped.
  skipFirstStart();
  const list = wanted in lists ? wanted : "home";
  createRoot(root).render(
    <StrictMode>
      <div className="gallery-page">
        <nav aria-label="Lists">{Object.keys(lists).map((name) => <a key={name} href={`?gallery=${name}`} aria-current={name === list ? "page" : undefined}>{name}</a>)}</nav>
        <div className="gallery-states">{states.map((state) => <Frame key={state.name} {...state} address={lists[list] ?? "/"} settings={settings} />)}</div>
      </div>
    </StrictMode>,
  );
}
