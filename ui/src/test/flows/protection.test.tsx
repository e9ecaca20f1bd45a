import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { fakeError } from "@/platform/fake/data";
import { open, press, sentTo, type } from "../app";

describe("protection of a VM in the inventory", () => {
  it("takes another class, and says what that promises", async () => {
    const { back, user } = open("/inventory?server=server-1&vm=vm-13", "busy");
    await press(user, "vm-class");
    await press(user, "vm-class-critical");
    await waitFor(() => expect(sentTo(back, "protection.set-class")).toHaveLength(1));
    expect(sentTo(back, "protection.set-class")[0]).toMatchObject({ change: { set: "class", class: "critical" } });
    await waitFor(() => expect(screen.getByTestId("vm-protection")).toHaveTextContent("RPO4 h"));
  });

  it("is the same in the tree, in the title and on the card", async () => {
    const { back } = open("/inventory?server=server-1&vm=vm-13", "busy");
    await screen.findByTestId("vm-protection");
    const { vms } = await back.call("protection.list", {}) as { vms: { name: string; state: string }[] };
    await waitFor(() => {
      const rows = screen.getAllByTestId("tree-vm");
      expect(rows.length).toBeGreaterThan(3);
      for (const row of rows) expect([row.dataset["name"], row.dataset["state"]]).toEqual([row.dataset["name"], vms.find((one) => one.name === row.dataset["name"])?.state ?? "unmeant"]);
    });
    await back.call("protection.set-class", { vm: "FILE02", change: { set: "exclude", reason: "test machine" } });
    await waitFor(() => expect(screen.getAllByTestId("tree-vm").find((row) => row.dataset["name"] === "FILE02")).toHaveAttribute("data-state", "not-covered"));
  });

  it("says that nothing is known where it cannot be read", async () => {
    open("/inventory?server=server-1&vm=vm-13", "busy", { refused: { "protection.list": fakeError("state-damaged", { title: "The state folder cannot be used." }) } });
    expect(await screen.findByTestId("tree-unknown")).toHaveTextContent("Protection is not known. The state folder cannot be used.");
    for (const row of screen.getAllByTestId("tree-vm")) expect(row).toHaveAttribute("data-state", "unknown");
    expect(await screen.findByTestId("vm-protection-unknown")).toBeVisible();
  });

  it("leaves a VM out with a reason, and protects it again", async () => {
    const { back, user } = open("/inventory?server=server-1&vm=vm-16", "busy");
    await press(user, "vm-exclude");
    expect(await screen.findByTestId("vm-exclude-yes")).toBeDisabled();
    await type(user, "vm-exclude-reason", "  test machine ");
    await press(user, "vm-exclude-yes");
    await waitFor(() => expect(sentTo(back, "protection.set-class")).toMatchObject([{ change: { set: "exclude", reason: "test machine" } }]));
    await waitFor(() => expect(screen.getByTestId("vm-standing")).toHaveTextContent("Excluded: test machine."));
    expect(screen.getByTestId("vm-protection")).toHaveTextContent("Excluded");
    await press(user, "vm-include");
    await waitFor(() => expect(screen.getByTestId("vm-standing")).not.toHaveTextContent("Excluded"));
  });

  it("keeps what was typed when a VM cannot be left out, and says why", async () => {
    const { user } = open("/inventory?server=server-1&vm=vm-16", "busy", { refused: { "protection.set-class": fakeError("state-damaged", { title: "The state folder cannot be used." }) } });
    await press(user, "vm-exclude");
    await type(user, "vm-exclude-reason", "test");
    await press(user, "vm-exclude-yes");
    expect(await screen.findByText("The state folder cannot be used.")).toBeVisible();
    expect(screen.getByTestId("vm-exclude-reason")).toHaveValue("test");
  });

  it("changes what a class promises", async () => {
    const { back, user } = open("/inventory?server=server-1&vm=vm-13", "busy");
    await press(user, "classes-edit");
    await type(user, "class-normal-rpo", "0");
    expect(screen.getByTestId("classes-save")).toBeDisabled();
    await type(user, "class-normal-rpo", "12");
    await press(user, "class-normal-rto-unit");
    await press(user, "class-normal-rto-unit-days");
    await press(user, "classes-save");
    await waitFor(() => expect(sentTo(back, "classes.set")).toEqual([{ critical: { rpo_minutes: 240, rto_minutes: 60 }, normal: { rpo_minutes: 720, rto_minutes: 8 * 1440 }, archive: { rpo_minutes: 10_080, rto_minutes: 4320 } }]));
    await waitFor(() => expect(screen.queryByTestId("classes-dialog")).toBeNull());
    await waitFor(() => expect(screen.getByTestId("vm-protection")).toHaveTextContent("RPO12 h"));
  });

  it("adds an unprotected VM to the job of one like it", async () => {
    const { back, user } = open("/inventory?server=server-1&vm=vm-16", "busy");
    await press(user, "vm-protect-like");
    await waitFor(() => expect(sentTo(back, "jobs.save")).toHaveLength(1));
    const [sent] = sentTo(back, "jobs.save") as { draft: { sources: { pick: { name?: string } }[] } }[];
    expect(sent?.draft.sources.map(({ pick }) => pick.name)).toContain("OLDWEB");
    await waitFor(() => expect(screen.queryByTestId("vm-protect-like")).toBeNull());
  });

  it("offers a new job where no other can be joined", async () => {
    const { back, user } = open("/inventory?server=server-1&vm=vm-16");
    const name = back.inventories[0]?.vms.find((vm) => vm.reference === "vm-16")?.name;
    await press(user, "vm-protect-new");
    expect(await screen.findByTestId("job-wizard", {}, { timeout: 4000 })).toBeVisible();
    expect((await screen.findAllByTestId("source-member")).map((one) => one.dataset["name"])).toEqual([name]);
  });
});
