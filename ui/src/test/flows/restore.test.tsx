import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { fakeError } from "@/platform/fake/data";
import { open, press, sentTo, type } from "../app";

describe("restore", () => {
  it("brings a VM back as a new one, and says what to do next", async () => {
    const { back, user } = open("/restore?vm=SQL01");
    await press(user, "restore-next");
    await type(user, "restore-name", "SQL01-back");
    await press(user, "restore-preview");
    expect(await screen.findByTestId("preview-sentence")).toHaveTextContent("Nothing existing is changed.");
    expect(sentTo(back, "restore.vm")).toEqual([]);
    await press(user, "restore-start");
    expect(await screen.findByTestId("restore-done", {}, { timeout: 5000 })).toHaveTextContent("Start it");
    expect(screen.getByTestId("run-sentence")).toHaveTextContent("SQL01-back is back.");
    const point = back.points.find((one) => one.vm_name === "SQL01")!;
    expect(sentTo(back, "restore.vm")).toEqual([{ repository_id: "repository-1", point_id: point.id, server_id: "server-1", datastore: "datastore2", disks: [], name: "SQL01-back", identity: "new" }]);
  });

  it("puts one disk on another datastore, and says so before", async () => {
    const { back, user } = open("/restore?vm=SQL01");
    await press(user, "restore-next");
    await type(user, "restore-name", "SQL01-back");
    await press(user, "disk-place-2001");
    await user.click(await screen.findByRole("option", { name: "datastore1" }));
    await press(user, "restore-preview");
    expect(await screen.findByText(/Hard disk 2 on datastore1/)).toBeVisible();
    await press(user, "restore-start");
    expect(await screen.findByTestId("restore-done", {}, { timeout: 5000 })).toBeVisible();
    expect(sentTo(back, "restore.vm")).toMatchObject([{ datastore: "datastore2", disks: [{ key: 2001, datastore: "datastore1" }] }]);
  });

  it("does not take a name that the server has", async () => {
    const { user } = open("/restore?vm=SQL01");
    await press(user, "restore-next");
    await type(user, "restore-name", "WEB01");
    expect(await screen.findByText("This server already has a VM of this name.")).toBeVisible();
    expect(screen.getByTestId("restore-preview")).toBeDisabled();
  });

  it("writes one disk to a file", async () => {
    const { back, user } = open("/restore?vm=SQL01");
    await press(user, "restore-next");
    await user.click(await screen.findByText("One disk, as an image file"));
    expect(screen.getByTestId("restore-preview")).toBeDisabled();
    await press(user, "restore-path-choose");
    await press(user, "restore-preview");
    await press(user, "restore-start");
    expect(await screen.findByTestId("restore-result", {}, { timeout: 5000 })).toHaveTextContent("/home/admin/SQL01-disk0.raw");
    expect(sentTo(back, "restore.disk")).toHaveLength(1);
  });

  it("puts disks back over the original only when its name was typed", async () => {
    const { back, user } = open("/restore?vm=SQL01");
    await press(user, "restore-next");
    await press(user, "restore-advanced");
    await user.click(await screen.findByText("Over the original"));
    await type(user, "restore-confirm", "SQL02");
    expect(await screen.findByText("This is not its name.")).toBeVisible();
    expect(screen.getByTestId("restore-preview")).toBeDisabled();
    await type(user, "restore-confirm", "SQL01");
    await press(user, "restore-preview");
    expect(await screen.findByTestId("preview-sentence")).toHaveTextContent("SQL01 gets its disks back");
    expect(screen.getByText("Save SQL01 as it is now")).toBeVisible();
    expect(sentTo(back, "restore.in-place")).toEqual([]);
    await press(user, "restore-start");
    expect(await screen.findByTestId("restore-done", {}, { timeout: 5000 })).toHaveTextContent("delete the disks it had before");
    const point = back.points.find((one) => one.vm_name === "SQL01")!;
    expect(sentTo(back, "restore.in-place")).toEqual([{ repository_id: "repository-1", point_id: point.id, server_id: "server-1", confirm: "SQL01", stop: "shut-down", turn_on: true }]);
  });

  it("stays at the preview when it cannot start", async () => {
    const { user } = open("/restore?vm=SQL01", "shop", { refused: { "restore.vm": fakeError("datastore-full", { title: "datastore2 has no room." }) } });
    await press(user, "restore-next");
    await press(user, "restore-preview");
    await press(user, "restore-start");
    expect(await screen.findByTestId("failure")).toHaveTextContent("datastore2 has no room.");
    expect(screen.getByTestId("preview-sentence")).toBeVisible();
  });

  it("works without any server: to a file", async () => {
    const { user } = open("/restore?vm=SQL01", "shop", { servers: [] });
    await press(user, "restore-next");
    expect(await screen.findByTestId("restore-path")).toBeVisible();
  });

  it("shows what it can read when one repository is gone, and says which", async () => {
    open("/restore", "troubled");
    expect(await screen.findByTestId("stale")).toHaveTextContent("The recovery points in USB-B cannot be read.");
    expect(screen.getAllByTestId("restore-vms-row").length).toBeGreaterThan(3);
  });

  it("asks what is wanted, of which VM and from when, all by the keyboard", async () => {
    const { back, user } = open("/restore");
    await press(user, "restore-want-disk");
    await user.type(screen.getByTestId("points-search"), "sql01");
    await press(user, "restore-when");
    expect(await screen.findByTestId("time-line")).toBeVisible();
    const marks = () => screen.getAllByTestId("line-mark");
    const chosen = () => marks().find((mark) => mark.getAttribute("aria-checked") === "true")!;
    const newest = chosen().getAttribute("aria-label");
    chosen().focus();
    await user.keyboard("{ArrowLeft}");
    await waitFor(() => expect(chosen().getAttribute("aria-label")).not.toBe(newest));
    expect(chosen()).toHaveFocus();
    await user.keyboard("{End}");
    await waitFor(() => expect(chosen().getAttribute("aria-label")).toBe(newest));
    await user.keyboard("{Home}");
    await press(user, "restore-next");
    expect(await screen.findByTestId("restore-path")).toBeVisible();
    const asked = sentTo(back, "points.get") as { point_id: string }[];
    const oldest = back.points.filter((one) => one.vm_name === "SQL01").sort((a, b) => a.taken_at.localeCompare(b.taken_at))[0]!;
    expect(asked.map((one) => one.point_id)).toEqual([oldest.id]);
    await press(user, "restore-back");
    expect(await screen.findByTestId("time-line")).toBeVisible();
    expect(sentTo(back, "points.list").every((one) => (one as { vm: string | null }).vm !== null)).toBe(true);
  });

  it("leads to the repository of a computer that is gone", async () => {
    const { user } = open("/restore", "empty");
    await press(user, "restore-elsewhere");
    expect(await screen.findByTestId("repository-path")).toBeVisible();
  });

  it("names the next step when there is nothing", async () => {
    open("/restore", "empty");
    expect(await screen.findByTestId("empty")).toHaveTextContent("Nothing to restore yet.");
  });
});
