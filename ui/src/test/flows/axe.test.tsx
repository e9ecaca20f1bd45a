import { QueryClient } from "@tanstack/react-query";
import { createMemoryHistory } from "@tanstack/react-router";
import { screen, waitFor } from "@testing-library/react";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { makeRouter } from "@/app/router";
import { scenario, type ScenarioName } from "@/platform/fake";
import { open, press } from "../app";

/** Addresses of every route, and what is there when it is drawn. */
const addresses: Record<string, readonly (readonly [address: string, handle: string])[]> = {
  "/": [["/", "home"]],
  "/first-start": [["/first-start", "first-run"]],
  "/inventory": [["/inventory", "inventory"], ["/inventory?server=server-1&vm=vm-18", "vm-details"]],
  "/jobs": [["/jobs", "jobs-table"]],
  "/jobs/new": [["/jobs/new", "job-wizard"]],
  "/jobs/$jobId": [["/jobs/job-2", "job-wizard"], ["/jobs/job-2?step=schedule", "job-wizard"], ["/jobs/job-2?step=retention", "job-wizard"], ["/jobs/job-2?step=options", "job-wizard"]],
  "/calendar": [["/calendar", "calendar-grid"], ["/calendar?view=month", "calendar-grid"]],
  "/activity": [["/activity", "causes"], ["/activity?show=runs", "runs"]],
  "/activity/$runId": [["/activity/job-1-run-3", "run"]],
  "/restore": [["/restore", "restore-what"], ["/restore?vm=SQL01", "points-page"]],
  "/restore/$repositoryId/$pointId": [["/restore/repository-1/POINT", "restore-page"]],
  "/storage": [["/storage", "place-vms"]],
  "/settings": [["/settings", "settings"], ["/settings?section=servers", "settings-servers"], ["/settings?section=repositories", "settings-repositories"], ["/settings?section=notices", "notices"], ["/settings?section=load", "settings"], ["/settings?section=updates", "settings-updates"]],
};

/** What axe finds by the rules of WCAG. Contrast needs a real screen: the shots script looks at that. */
async function faults(): Promise<string[]> {
  const found = await axe.run(document.body, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"], rules: { "color-contrast": { enabled: false } }, resultTypes: ["violations"] });
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).slice(0, 2).join(" | ")}`);
}

const pointId = scenario("week").points[0]?.id ?? "";

describe("every screen can be used without seeing it", () => {
  it("and none is left out here", () => {
    const router = makeRouter(new QueryClient(), scenario("shop"), createMemoryHistory());
    expect(Object.keys(addresses).sort()).toEqual(Object.keys(router.routesByPath).sort());
  });

  const all = Object.values(addresses).flat();
  it.each(all)("%s", async (address, handle) => {
    open(address.replace("POINT", pointId), "week");
    await screen.findByTestId(handle);
    expect(await faults()).toEqual([]);
  });

  it.each<[ScenarioName, string, string]>([["empty", "/calendar", "empty"], ["empty", "/activity", "empty"], ["empty", "/storage", "empty"], ["failed", "/calendar", "failure"], ["failed", "/activity", "failure"], ["failed", "/storage", "failure"]])("%s at %s", async (name, address, handle) => {
    open(address, name);
    await screen.findByTestId(handle);
    expect(await faults()).toEqual([]);
  });

  it.each([["vm-exclude", "vm-exclude-dialog"], ["classes-edit", "classes-dialog"]])("and the question behind %s", async (button, dialog) => {
    const { user } = open("/inventory?server=server-1&vm=vm-16", "busy");
    await press(user, button);
    await screen.findByTestId(dialog);
    expect(await faults()).toEqual([]);
  });

  it("also when what is shown is old", async () => {
    open("/activity", "stale");
    expect(await screen.findByTestId("stale")).toHaveTextContent("The state folder cannot be used.");
    expect(await faults()).toEqual([]);
  });

  it("also the palette, the list of keys and the details of a run", async () => {
    const { user } = open("/calendar", "week");
    const [entry] = await screen.findAllByTestId("calendar-entry");
    await user.keyboard("{Control>}k{/Control}");
    await screen.findByTestId("palette-input");
    expect(await faults()).toEqual([]);
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByTestId("palette")).toBeNull());
    await user.keyboard("?");
    await screen.findByTestId("shortcuts");
    expect(await faults()).toEqual([]);
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByTestId("shortcuts")).toBeNull());
    await user.click(entry!);
    await screen.findByTestId("entry-details");
    expect(await faults()).toEqual([]);
  });
});
