import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { open, press, sentTo } from "../app";

describe("protection of a VM in the inventory", () => {
  it("takes another class, and says what that promises", async () => {
    const { back, user } = open("/inventory?server=server-1&vm=vm-13", "busy");
    await press(user, "vm-class");
    await press(user, "vm-class-critical");
    await waitFor(() => expect(sentTo(back, "protection.set-class")).toHaveLength(1));
    expect(sentTo(back, "protection.set-class")[0]).toMatchObject({ change: { set: "class", class: "critical" } });
    await waitFor(() => expect(screen.getByTestId("vm-protection")).toHaveTextContent("RPO4 h"));
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
    const { user } = open("/inventory?server=server-1&vm=vm-16");
    await press(user, "vm-protect-new");
    expect(await screen.findByTestId("job-wizard", {}, { timeout: 4000 })).toBeVisible();
  });
});
