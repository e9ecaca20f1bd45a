import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { fakeError, hoursAgo } from "@/platform/fake/data";
import { open, press, sentTo } from "../app";

const address = "/settings?section=updates";

describe("updates", () => {
  it("shows what changes before anything is installed, and the way of the download", async () => {
    const { back, user } = open(address, "newer");
    expect(await screen.findByTestId("update-notes")).toHaveTextContent("half the time");
    expect(screen.getByTestId("sentence")).toHaveTextContent("Version 0.2.0 is ready.");
    expect(sentTo(back, "updates.install")).toEqual([]);
    await press(user, "update-install");
    expect(await screen.findByText("Kuramori closes now and opens again in a moment.", {}, { timeout: 5000 })).toBeVisible();
    expect(screen.getByTestId("update-file")).toBeDisabled();
  });

  it("does not install during a run, and says why", async () => {
    open(address, "live");
    expect(await screen.findByTestId("update-reason")).toHaveTextContent("A run is going on.");
    expect(screen.getByTestId("update-install")).toBeDisabled();
  });

  it("asks when told to, and shows why nothing came", async () => {
    const { back, user } = open(address, "shop");
    expect(await screen.findByText("You have the newest version.")).toBeVisible();
    await press(user, "update-check");
    expect(await screen.findByTestId("update-offer")).toBeVisible();
    back.updates = { ...back.updates, offer: null, check_error: fakeError("update-unreachable") };
    back.emit("updates");
    expect(await screen.findByTestId("update-check-failure")).toHaveTextContent("does not answer as it should");
    expect(screen.queryByTestId("update-offer")).toBeNull();
  });

  it("keeps whether it looks once a day", async () => {
    const { back, user } = open(address, "shop");
    await press(user, "update-daily-off");
    await waitFor(() => expect(sentTo(back, "settings.set")).toEqual([{ language: "en", theme: "system", check_updates: false, load: { limit: null, from: 0, to: 0, per_host: 2, per_datastore: 2 }, recycle_bin_hours: 24 }]));
  });

  it("takes an update from a file, and a refusal is told", async () => {
    const { back, user } = open(address, "shop");
    await press(user, "update-file");
    expect(await screen.findByTestId("update-offer")).toBeVisible();
    expect(sentTo(back, "updates.open-file")).toEqual([{ path: "/media/usb/kuramori-0.2.0.kupdate" }]);
    back.options.picked = "/media/usb/bad.kupdate";
    await press(user, "update-file");
    expect(await screen.findByText(/is not what Kuramori's makers signed/)).toBeVisible();
  });

  it("says everywhere that an update was taken back, and why on its page", async () => {
    const { back, user } = open("/", "takenBack");
    const words = await screen.findByText("Version 0.2.0 did not start, so the one before is back");
    const line = screen.getAllByTestId("toast").find((toast) => toast.contains(words));
    await user.click(within(line ?? words).getByText("Show"));
    expect(await screen.findByTestId("update-result")).toHaveTextContent("Version 0.2.0 did not start");
    await press(user, "update-dismiss");
    await waitFor(() => expect(screen.queryByTestId("update-result")).toBeNull());
    expect(back.updates.last?.seen).toBe(true);
  });

  it("tells a new version once", async () => {
    const { back } = open("/", "updated", { updates: { version: "0.2.0", last: { outcome: "installed", from: "0.1.0", to: "0.2.0", at: hoursAgo(0.1), error: null, log: "", seen: false } } });
    expect(await screen.findByText("Version 0.2.0 was installed.")).toBeVisible();
    await waitFor(() => expect(back.updates.last?.seen).toBe(true));
  });

  it("leaves installing to the package manager where that installed it", async () => {
    open(address, "packaged");
    expect(await screen.findByTestId("update-reason")).toHaveTextContent("The package manager of this system installs the new version.");
    expect(screen.queryByTestId("update-install")).toBeNull();
    expect(screen.queryByTestId("update-file")).toBeNull();
  });

  it("says plainly when the build has no key", async () => {
    open(address, "keyless");
    expect(await screen.findByText("This build has no update key, so updates are off.")).toBeVisible();
    expect(screen.queryByTestId("update-check")).toBeNull();
  });
});
