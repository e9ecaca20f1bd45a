import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { fakeError } from "@/platform/fake/data";
import { open, press, sentTo } from "../app";

describe("a server's mounted datastores", () => {
  it("names the folder of a datastore, shows it, and forgets it", async () => {
    const { back, user } = open("/settings?section=servers", "shop");
    const server = back.servers[0]?.id ?? "";
    await press(user, `mount-add-${server}`);
    expect(await screen.findByTestId("mount-save")).toBeDisabled();
    await press(user, "mount-choose");
    await waitFor(() => expect(screen.getByTestId("mount-folder")).toHaveValue("/mnt/usb/backups"));
    await press(user, "mount-save");
    await waitFor(() => expect(screen.queryByTestId("mount-save")).toBeNull());
    const [sent] = sentTo(back, "servers.mount") as { datastore: string }[];
    expect(sent).toMatchObject({ server_id: server, folder: "/mnt/usb/backups" });
    expect(await screen.findByText("/mnt/usb/backups")).toBeVisible();
    await press(user, `mount-forget-${server}-${sent?.datastore ?? ""}`);
    await waitFor(() => expect(screen.queryByText("/mnt/usb/backups")).toBeNull());
    expect(sentTo(back, "servers.mount")[1]).toMatchObject({ folder: null });
  });

  it("says why a folder is not taken, and keeps what was typed", async () => {
    const { back, user } = open("/settings?section=servers", "shop", { refused: { "servers.mount": fakeError("invalid-input") } });
    await press(user, `mount-add-${back.servers[0]?.id ?? ""}`);
    await user.type(await screen.findByTestId("mount-folder"), "/nowhere");
    await press(user, "mount-save");
    expect(await screen.findByText(fakeError("invalid-input").title)).toBeVisible();
    expect(screen.getByTestId("mount-folder")).toHaveValue("/nowhere");
  });
});

describe("load", () => {
  it("sets how many disks are read at once", async () => {
    const { back, user } = open("/settings?section=load", "shop");
    await press(user, "load-per-host");
    await press(user, "load-per-host-4");
    await waitFor(() => expect(sentTo(back, "settings.set").at(-1)).toMatchObject({ load: { per_host: 4, per_datastore: 2 } }));
  });
});
