import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { fakeError } from "@/platform/fake/data";
import { open, press, sentTo } from "../app";

const vmAddress = "/inventory?server=server-1&vm=vm-18";

describe("inventory and runs", () => {
  it("backs a VM up and follows the run to its end", async () => {
    const { back, user } = open(vmAddress);
    expect(await screen.findByTestId("vm-details")).toHaveAttribute("data-name", "SQL01");
    await press(user, "vm-backup");
    await screen.findByTestId("run", {}, { timeout: 5000 });
    await waitFor(() => expect(screen.getByTestId("run-state")).toHaveAttribute("data-outcome", "succeeded"), { timeout: 5000 });
    expect(screen.getByTestId("run-sentence")).toHaveTextContent("1 VM saved to NAS-OFFICE");
    expect(sentTo(back, "backup.start")).toEqual([{ server_id: "server-1", repository_id: "repository-1", vms: ["vm-18"] }]);
    // Progress comes by events: the run itself is asked for once.
    expect(sentTo(back, "runs.get").length).toBeLessThanOrEqual(2);
  });

  it("copies a VM that does not run without a snapshot", async () => {
    const { back, user } = open("/inventory?server=server-1&vm=vm-16");
    expect(await screen.findByTestId("vm-details")).toHaveAttribute("data-name", "OLDWEB");
    await press(user, "vm-cold");
    await screen.findByTestId("run", {}, { timeout: 5000 });
    expect(sentTo(back, "backup.start")).toEqual([{ server_id: "server-1", repository_id: "repository-1", vms: ["vm-16"], cold: { shut_down: false } }]);
  });

  it("offers no such copy of a VM that runs", async () => {
    open(vmAddress);
    expect(await screen.findByTestId("vm-details")).toHaveAttribute("data-name", "SQL01");
    expect(screen.queryByTestId("vm-cold")).toBeNull();
  });

  it("stops a run only after asking, with the focus on the safe choice", async () => {
    const { back, user } = open(vmAddress, "shop", { runPace: 60, runSteps: 400 });
    await press(user, "vm-backup");
    await press(user, "run-stop");
    await screen.findByTestId("run-stop-confirm");
    expect(screen.getByTestId("run-stop-confirm-safe")).toHaveFocus();
    expect(sentTo(back, "runs.cancel")).toEqual([]);
    await press(user, "run-stop-confirm-yes");
    await waitFor(() => expect(screen.getByTestId("run-state")).toHaveAttribute("data-outcome", "cancelled"), { timeout: 5000 });
  });

  it("shows why a VM was not saved and what to do", async () => {
    open("/activity/run-3");
    const card = await screen.findByTestId("failure");
    expect(card).toHaveTextContent("The snapshot of MAIL01 could not be made.");
    expect(card).toHaveTextContent("Do thisStart the VM again");
    const rows = screen.getAllByTestId("run-item");
    expect(rows.map((row) => [row.dataset["name"], row.dataset["outcome"]])).toEqual([["DEV01", "succeeded"], ["MAIL01", "failed"], ["PRINT01", "succeeded"]]);
  });

  it("backs up again what a run did not save", async () => {
    const { back, user } = open("/activity/run-3");
    await press(user, "run-again");
    await waitFor(() => expect(screen.getAllByTestId("run-item").map((row) => row.dataset["name"])).toEqual(["MAIL01"]));
    expect(sentTo(back, "runs.again")).toEqual([{ run_id: "run-3" }]);
  });

  it("says in place what went wrong with the start", async () => {
    const { user } = open(vmAddress, "shop", { refused: { "backup.start": fakeError("store-full") } });
    await press(user, "vm-backup");
    expect(await screen.findByTestId("failure")).toHaveAttribute("data-code", "store-full");
    expect(screen.getByTestId("vm-details")).toBeVisible();
  });

  it("ticks VMs and backs them up together; those with a problem cannot be ticked", async () => {
    const { back, user } = open("/inventory?server=server-1");
    const table = await screen.findByTestId("vm-table");
    expect(screen.getByTestId("server-backup")).toBeDisabled();
    await user.click(within(table).getByText("APP01"));
    await user.click(within(table).getByText("TEST03"));
    await press(user, "server-backup");
    await waitFor(() => expect(sentTo(back, "backup.start")).toHaveLength(1));
    expect((sentTo(back, "backup.start")[0] as { vms: string[] }).vms).toEqual(["vm-10"]);
  });

  it("finds a VM by typing, and keeps what was ticked before", async () => {
    const { user } = open("/inventory?server=server-1");
    const table = await screen.findByTestId("vm-table");
    await user.click(within(table).getByText("APP01"));
    await user.type(screen.getByTestId("vm-search"), "sql");
    await waitFor(() => expect(screen.queryAllByTestId("vm-table-row").map((row) => row.dataset["row"])).toEqual(["SQL01"]));
    await user.click(within(screen.getByTestId("vm-table")).getByText("SQL01"));
    expect(await screen.findByText("Back up 2 VMs")).toBeVisible();
  });

  it("draws only what is in sight of 2,000 VMs", async () => {
    open("/inventory", "many");
    await screen.findByTestId("vm-table");
    expect(screen.getAllByTestId("vm-table-row").length).toBeLessThan(80);
    expect(screen.getByTestId("server-details")).toHaveTextContent("2,000 VMs");
  });

  it("shows the VMs in four orders, and those of one container", async () => {
    const { user } = open("/inventory");
    await screen.findByTestId("vm-table");
    const groups = () => screen.getAllByTestId("tree-group").map((row) => row.dataset["name"]);
    await waitFor(() => expect(groups()).toEqual(["esx1.shop.lan", "esx2.shop.lan"]));
    await user.click(screen.getByTestId("inventory-order-storage"));
    await waitFor(() => expect(groups()).toEqual(["datastore1", "datastore2"]));
    await user.click(screen.getByTestId("inventory-order-tags"));
    await waitFor(() => expect(groups()).toEqual(["Gold"]));
    await user.click(screen.getByTestId("inventory-order-hosts"));
    await waitFor(() => expect(groups()).toEqual(["esx1.shop.lan", "esx2.shop.lan"]));
    // By the keyboard alone: into the tree, down to a host, open and close it.
    for (let presses = 0; presses < 12 && !screen.getByTestId("inventory-tree").contains(document.activeElement); presses += 1) await user.tab();
    await user.keyboard("{ArrowDown}{ArrowLeft}");
    await waitFor(() => expect(screen.queryAllByTestId("tree-vm").map((row) => row.dataset["name"])).not.toContain("APP01"));
    await user.keyboard("{Enter}");
    await waitFor(() => expect(screen.getByTestId("server-details")).toHaveTextContent("esx1.shop.lan"));
    expect(screen.queryAllByTestId("vm-table-row").map((row) => row.dataset["row"])).not.toContain("FILE02");
  });

  it("keeps a VM in sight that is gone, with its recovery points, and says where the VMs of a managed host are", async () => {
    const { user } = open("/inventory?server=server-1&vm=vm-100", "moved");
    expect(await screen.findByTestId("vm-details")).toHaveTextContent("It is no longer on the server.");
    expect(screen.queryByTestId("vm-backup")).toBeNull();
    expect(screen.getByTestId("vm-restore")).toBeEnabled();
    expect(screen.getAllByTestId("tree-vm").filter((row) => row.dataset["gone"]).map((row) => row.dataset["name"])).toEqual(["OLDSRV"]);
    await user.click(screen.getByTestId("inventory-order-tags"));
    expect(await screen.findByTestId("tree-note")).toHaveTextContent("Only a vCenter has tags.");
    await user.click(screen.getAllByTestId("tree-server")[1] ?? screen.getByTestId("tree-server"));
    await waitFor(() => expect(screen.getByTestId("server-details")).toHaveTextContent("7 VMs of this host are listed under vcenter.shop.lan, which manages it."));
  });

  it("opens a run from the list with the keyboard alone", async () => {
    const { user } = open("/activity?show=runs");
    await screen.findByTestId("runs");
    for (let presses = 0; presses < 20 && !screen.getByTestId("runs").contains(document.activeElement); presses += 1) await user.tab();
    await user.keyboard("{ArrowDown}{Enter}");
    expect(await screen.findByTestId("run", {}, { timeout: 5000 })).toBeVisible();
  });
});
