import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { certificate, fakeError } from "@/platform/fake/data";
import { open, press, sentTo } from "../app";

describe("the shell and settings", () => {
  it("shows no empty list while it still reads", async () => {
    open("/", "slow");
    expect(await screen.findByText("Looking at your VMs…", {}, { timeout: 4000 })).toBeVisible();
    expect(screen.queryByText("No repository yet.")).toBeNull();
    expect(screen.queryByText("Nothing is planned.")).toBeNull();
  });

  it("says of nothing that there is none when it could not be read", async () => {
    open("/", "failed");
    expect(await screen.findByTestId("failure")).toHaveTextContent("The state folder cannot be used.");
    await waitFor(() => expect(screen.getByTestId("next")).toHaveTextContent("Not known: The state folder cannot be used."));
    expect(screen.getByTestId("storage")).not.toHaveTextContent("No repository yet.");
    expect(screen.queryByTestId("banner")).toBeNull();
  });

  it("changes language and colours at once, and takes them back when refused", async () => {
    const { back, user } = open("/settings");
    await press(user, "settings-theme-dark");
    expect(document.documentElement.dataset["theme"]).toBe("dark");
    await waitFor(() => expect(back.settings.theme).toBe("dark"));
    back.options.refused = { "settings.set": fakeError("state-damaged", { title: "The state folder cannot be used." }) };
    await press(user, "settings-theme-light");
    expect(await screen.findByTestId("toast")).toHaveTextContent("The state folder cannot be used.");
    expect(document.documentElement.dataset["theme"]).toBe("dark");
  });

  it("compares certificates before it trusts a changed one", async () => {
    const { back, user } = open("/settings?section=servers", "troubled");
    await press(user, "server-trust-server-2");
    const dialog = await screen.findByTestId("server-trust-confirm");
    expect(dialog).toHaveTextContent(certificate);
    expect(sentTo(back, "servers.trust")).toEqual([]);
    await press(user, "server-trust-confirm-yes");
    await waitFor(() => expect(sentTo(back, "servers.trust")).toEqual([{ server_id: "server-2", sha256: certificate.split(":").reverse().join(":") }]));
  });

  it("looks at a server that was added, line by line", async () => {
    const { back, user } = open("/settings?section=servers", "limited");
    await press(user, "server-test-server-1");
    await waitFor(() => expect(screen.getByTestId("check-rights")).toHaveAttribute("data-state", "warning"));
    expect(screen.getByTestId("missing-restore")).toHaveTextContent("Their disks can, to files.");
    expect(sentTo(back, "servers.check").map((one) => (one as { check: string }).check)).toEqual(["reach", "sign-in", "version", "licence", "rights"]);
  });

  it("takes a repository for right only when somebody says so", async () => {
    const { back, user } = open("/settings?section=repositories", "troubled");
    expect(await screen.findByTestId("alarm")).toHaveTextContent("are gone, and nobody deleted them");
    await press(user, "repository-accept-repository-1");
    expect(sentTo(back, "repositories.accept")).toEqual([]);
    await press(user, "repository-accept-confirm-yes");
    await waitFor(() => expect(screen.queryByTestId("alarm")).toBeNull());
    expect(sentTo(back, "repositories.accept")).toEqual([{ repository_id: "repository-1" }]);
  });

  it("removes a server only after saying what follows", async () => {
    const { back, user } = open("/settings?section=servers");
    await press(user, "server-remove-server-1");
    expect(within(await screen.findByTestId("server-remove-confirm")).getByText(/Recovery points stay where they are/)).toBeVisible();
    await press(user, "server-remove-confirm-yes");
    expect(await screen.findByText("No server yet.")).toBeVisible();
    expect(back.servers).toEqual([]);
  });

  it("turns a dead back end into a sentence with a way on", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { back, user } = open("/", "dead");
    const card = await screen.findByTestId("screen-failure");
    expect(card).toHaveTextContent("The state folder cannot be used.");
    back.options.refused = {};
    await user.click(within(card).getByText("Try again"));
    expect(await screen.findByTestId("home")).toBeVisible();
    vi.restoreAllMocks();
  });

  it("goes everywhere by the rail", async () => {
    const { user } = open("/");
    for (const [item, page] of [["inventory", "inventory"], ["calendar", "calendar"], ["storage", "storage-page"], ["restore", "restore-what"], ["activity", "activity"], ["settings", "settings"], ["home", "home"]] as const) {
      await press(user, `nav-${item}`);
      expect(await screen.findByTestId(page, {}, { timeout: 5000 })).toBeVisible();
      expect(screen.getByTestId(`nav-${item}`)).toHaveAttribute("aria-current", "page");
    }
  });
});
