import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { runSamples } from "@/api/run-samples";
import { scenario } from "@/platform/fake";
import { fakeError, hoursAgo } from "@/platform/fake/data";
import { weekOfJobs } from "@/platform/fake/week";
import type { AlertView } from "@/api/generated/AlertView";
import { open, press, sentTo } from "../app";

/** Office VMs failed last and nothing of it ran since; a Sunday or a Monday has other evenings behind it than a Friday. */
function failing() {
  const { jobs, runs } = weekOfJobs();
  const last = runs.findIndex((run) => run.job === "Office VMs");
  const broken = runs.map((run, index) => (index === last ? { ...run, outcome: "failed" as const, error: fakeError("repository-vanished"), items: run.items.map((item) => ({ ...item, outcome: "failed" as const })) } : run));
  return { jobs, runs: broken.filter((run) => run.job !== "Office VMs" || run.outcome !== "failed" || run === broken[last]) };
}

const causes = (state: string) => screen.queryAllByTestId("cause").filter((one) => one.dataset["state"] === state);

describe("activity", () => {
  it("says in one sentence whether anything needs somebody, and opens that", async () => {
    open("/activity", "week", failing());
    expect(await screen.findByTestId("activity-sentence")).toHaveTextContent("1 thing needs you.");
    const [cause] = causes("needs-you");
    expect(cause).toHaveTextContent("The folder of NAS-OFFICE is not there.");
    const card = within(cause!).getByTestId("failure");
    expect(card).toHaveTextContent(/What happened1 run of Office VMs failed/);
    expect(card).toHaveTextContent("Is my data at risk?Nothing new can be saved.");
    expect(card).toHaveTextContent("Do thisSwitch the NAS on");
    expect(causes("well").length).toBeGreaterThan(2);
    // What was made good for is told, and alarms nobody.
    expect(causes("past").some((one) => one.textContent?.includes("The snapshot of MAIL01 could not be made."))).toBe(true);
  });

  it("tells alarms and what to do, and releases one after asking", async () => {
    const { back, user } = open("/activity", "busy");
    expect(await screen.findAllByTestId("alarm")).toHaveLength(2);
    const unusual = screen.getAllByTestId("alarm").find((one) => one.dataset["kind"] === "unusual-change")!;
    expect(unusual).toHaveTextContent("Look at the VM.");
    expect(screen.getAllByTestId("alarm-release")).toHaveLength(1);
    await press(user, "alarm-release");
    expect(sentTo(back, "alerts.release")).toEqual([]);
    expect(unusual).toHaveTextContent("Release it only if these changes of FILE02 are yours.");
    await press(user, "alarm-release-yes");
    await waitFor(() => expect(screen.getAllByTestId("alarm")).toHaveLength(1));
    expect(sentTo(back, "alerts.release")).toEqual([{ key: "unusual:FILE02" }]);
  });

  it("runs what failed again and shows that run", async () => {
    const { back, user } = open("/activity", "week", failing());
    await press(user, "cause-again");
    expect(await screen.findByTestId("run")).toBeVisible();
    expect(sentTo(back, "runs.again")).toEqual([{ run_id: failing().runs.find((run) => run.job === "Office VMs" && run.outcome === "failed")?.id }]);
  });

  it("says why it could not start again", async () => {
    const { user } = open("/activity", "week", { ...failing(), refused: { "runs.again": fakeError("job-not-found", { title: "There is no such job." }) } });
    await press(user, "cause-again");
    expect(await screen.findByTestId("toast")).toHaveTextContent("There is no such job.");
  });

  it("shows only what needs somebody, and finds by VM", async () => {
    const { user } = open("/activity", "week", failing());
    await press(user, "activity-show-needs");
    await waitFor(() => expect(causes("well")).toEqual([]));
    await press(user, "activity-show-causes");
    await user.type(screen.getByTestId("activity-find"), "arch");
    await waitFor(() => expect(screen.getAllByTestId("cause").map((one) => one.dataset["state"])).toEqual(["well"]));
    await user.type(screen.getByTestId("activity-find"), "zzz");
    expect(await screen.findByText("Nothing called “archzzz” here.")).toBeVisible();
  });

  it("is opened by the keyboard, down to a run", async () => {
    const { user } = open("/activity", "week", { ...weekOfJobs(), runs: weekOfJobs().runs.filter((run) => run.outcome === "succeeded") });
    expect(await screen.findByTestId("activity-sentence")).toHaveTextContent("Nothing needs you.");
    for (let presses = 0; presses < 20 && !(document.activeElement as HTMLElement).dataset["testid"]?.startsWith("cause"); presses += 1) await user.tab();
    await user.keyboard("{Enter}{Tab}{Enter}");
    expect(await screen.findByTestId("run", {}, { timeout: 5000 })).toBeVisible();
  });

  it("shows a run that goes on first", async () => {
    open("/activity", "live");
    await waitFor(() => expect(causes("running")).toHaveLength(1));
    expect(screen.getAllByTestId("cause")[0]).toHaveAttribute("data-state", "running");
  });

  it("says what to do when nothing ran, and when the list cannot be read", async () => {
    open("/activity", "shop", { refused: { "runs.list": fakeError("state-damaged", { title: "The state folder cannot be used." }) } });
    expect(await screen.findByTestId("failure")).toHaveTextContent("The state folder cannot be used.");
  });

  it("shows alarms by weight, then the newest first, also when the runs cannot be read", async () => {
    const alarm = (key: string, weight: "amber" | "red", hours: number): AlertView => ({ key, kind: "late", weight, subject: key, title: `${key} is late.`, advice: "Look.", since: hoursAgo(hours), told_at: null, can_release: false, point_id: null, good_point_id: null });
    open("/activity", "shop", { alerts: [alarm("A", "amber", 90), alarm("B", "red", 50), alarm("C", "red", 2), alarm("D", "amber", 1)], refused: { "runs.list": fakeError("state-damaged", { title: "The state folder cannot be used." }) } });
    expect(await screen.findByTestId("failure")).toHaveTextContent("The state folder cannot be used.");
    await waitFor(() => expect(screen.getAllByTestId("alarm").map((row) => row.textContent?.match(/(\w) is late/)?.[1])).toEqual(["C", "B", "D", "A"]));
  });
});

describe("the speed of a run", () => {
  it("is said in words beside the picture, once there is enough of it", async () => {
    const { runs } = scenario("shop");
    const run = runs[0]!;
    for (const second of [0, 1, 2, 3, 4, 5]) runSamples.put({ ...run, state: "running", counters: { ...run.counters, read: second * 80 * 1024 ** 2, stored: second * 40 * 1024 ** 2 } }, second * 1000);
    open(`/activity/${run.id}`);
    const chart = await screen.findByTestId("chart");
    expect(chart.getAttribute("aria-label")).toBe("Reads 80.0 MiB/s now. Stores 40.0 MiB/s.");
    expect(screen.getByTestId("run-speed")).toHaveTextContent("SpeedMiB/s");
  });
});
