import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { refusedLicence, refusedRights } from "@/platform/fake/checks";
import { certificate, repository } from "@/platform/fake/data";
import { open, press, sentTo, type } from "../app";

type User = ReturnType<typeof open>["user"];

async function testServer(user: User, password = "secret", address = "esx1.shop.lan"): Promise<void> {
  await type(user, "server-url", address);
  await type(user, "server-password", password);
  await press(user, "server-test");
}

async function makeRepository(user: User): Promise<void> {
  await type(user, "repository-path", "/mnt/usb/kuramori");
  await type(user, "repository-passphrase", "amber kettle north");
  await type(user, "repository-passphrase-again", "amber kettle north");
  await press(user, "repository-make");
}

async function proveKey(user: User): Promise<void> {
  const key = (await screen.findByTestId("recovery-key")).dataset["key"]!.split("-");
  for (const index of [1, 2]) {
    const group = Number(screen.getByTestId(`recovery-key-asked-${index}`).dataset["group"]);
    await type(user, `recovery-key-group-${index}`, key[group - 1]!.toLowerCase());
  }
}

describe("first start", () => {
  it("leads from an address to a running backup", async () => {
    const { back, user } = open("/", "empty", { latency: 0, runPace: 5 });
    await testServer(user);

    expect(await screen.findByTestId("trust-sha256")).toHaveTextContent(certificate);
    expect(JSON.stringify(back.sent)).not.toContain("secret");

    await press(user, "trust-yes");
    await waitFor(() => expect(screen.getByTestId("check-rights")).toHaveAttribute("data-state", "good"));
    expect(sentTo(back, "servers.add")).toEqual([{ name: "esx1.shop.lan", url: "esx1.shop.lan", user: "root", password: "secret", pin: certificate }]);
    await press(user, "first-run-next");

    await makeRepository(user);
    expect(await screen.findByTestId("recovery-key-kept")).toBeDisabled();
    await proveKey(user);
    await press(user, "recovery-key-kept");

    await screen.findByTestId("vm-table");
    expect(await screen.findByTestId("protect-total")).toHaveTextContent("10 VMs chosen");
    await press(user, "backup-start");
    await screen.findByTestId("run", {}, { timeout: 5000 });
    expect((sentTo(back, "backup.start")[0] as { vms: string[] }).vms).toHaveLength(10);
  });

  it("keeps a folder that is suggested late out of a field someone is in", async () => {
    const { back, user } = open("/first-start", "empty", { trustedBySystem: true });
    await testServer(user);
    await waitFor(() => expect(screen.getByTestId("check-rights")).toHaveAttribute("data-state", "good"));
    back.options.latency = 200;
    await press(user, "first-run-next");
    const field = await screen.findByTestId("repository-path");
    await user.click(field);
    expect(field).toHaveValue("");
    await new Promise((resolve) => setTimeout(resolve, 400));
    await user.keyboard("/mnt/usb");
    expect(field).toHaveValue("/mnt/usb");
  });

  it("looks again at a server it has added, instead of adding it twice", async () => {
    const { back, user } = open("/first-start", "empty", { trustedBySystem: true });
    await testServer(user);
    await waitFor(() => expect(screen.getByTestId("check-rights")).toHaveAttribute("data-state", "good"));
    expect(sentTo(back, "servers.check").map((one) => (one as { check: string }).check)).toEqual(["version", "licence", "rights"]);
    await press(user, "server-test");
    await waitFor(() => expect(sentTo(back, "servers.check")).toHaveLength(8));
    expect(sentTo(back, "servers.add")).toHaveLength(1);
  });

  it("sends nothing while something is missing, and says what", async () => {
    const { back, user } = open("/first-start", "empty");
    await press(user, "server-test");
    expect(await screen.findByText("Type the host name or IP address.")).toBeVisible();
    expect(screen.getByText("Type the password.")).toBeVisible();
    expect(sentTo(back, "servers.probe")).toEqual([]);
  });

  it("asks for trust again when the address changes", async () => {
    const { user } = open("/first-start", "empty");
    await testServer(user, "wrong");
    await press(user, "trust-yes");
    const card = await screen.findByTestId("failure");
    expect(card).toHaveAttribute("data-code", "login-refused");
    await type(user, "server-url", "esx9.shop.lan");
    await press(user, "server-test");
    expect(await screen.findByTestId("trust-card")).toBeVisible();
  });

  it("does not ask for trust where the computer vouches", async () => {
    const { back, user } = open("/first-start", "empty", { trustedBySystem: true });
    await testServer(user);
    await waitFor(() => expect(sentTo(back, "servers.add")).toHaveLength(1));
    expect(sentTo(back, "servers.add")[0]).toMatchObject({ pin: null });
  });

  it("puts a refusal into its line with risk and action, and does not go on", async () => {
    const { user } = open("/first-start", "empty", { checks: refusedLicence });
    await testServer(user);
    await press(user, "trust-yes");
    const line = await screen.findByTestId("check-licence");
    await waitFor(() => expect(line).toHaveAttribute("data-state", "failed"));
    expect(within(line).getByRole("alert")).toHaveTextContent("Is my data at risk?The host refuses snapshots");
    expect(screen.getByTestId("first-run-next")).toBeDisabled();
  });

  it("names missing rights by what they are for, and gives the role that has them, by keyboard", async () => {
    const { back, user } = open("/first-start", "empty", { trustedBySystem: true, checks: refusedRights });
    await testServer(user);
    expect(await screen.findByTestId("missing-snapshots")).toHaveTextContent("Without them no VM can be backed up.");
    expect(screen.getByTestId("missing-restore")).toHaveTextContent("Network.Assign");
    await screen.findByText(/New-VIRole/);
    for (let tabs = 0; tabs < 30 && document.activeElement !== screen.getByTestId("role-format-powercli"); tabs += 1) await user.tab();
    await user.keyboard("{ArrowRight}{Enter}");
    await screen.findByText(/govc role.create Kuramori/);
    await user.tab();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(back.copied).toContain("govc permissions.set"));
    expect(screen.getByTestId("first-run-next")).toBeDisabled();
  });

  it("shows the role for a safer account before anything is tested", async () => {
    const { back, user } = open("/first-start", "empty");
    await press(user, "role-show");
    await press(user, "role-format-text");
    await waitFor(() => expect(screen.getByTestId("role-text")).toHaveTextContent("Snapshot management"));
    await press(user, "role-copy");
    expect(back.copied).toContain("Make and remove snapshots");
  });

  it("opens what is there already instead of making it anew", async () => {
    const { back, user } = open("/first-start", "empty", { trustedBySystem: true });
    await testServer(user);
    await press(user, "first-run-next");
    await type(user, "repository-path", "/mnt/old/kuramori");
    await waitFor(() => expect(screen.getByTestId("repository-place")).toHaveAttribute("data-exists"));
    await type(user, "repository-passphrase", "amber kettle north");
    await press(user, "repository-make");
    await screen.findByTestId("vm-table");
    expect(sentTo(back, "repositories.attach")).toHaveLength(1);
    expect(sentTo(back, "repositories.create")).toHaveLength(0);
  });

  it("keeps the key in sight until it was typed back, whatever is told meanwhile", async () => {
    const { back, user } = open("/first-start", "empty", { trustedBySystem: true });
    await testServer(user);
    await press(user, "first-run-next");
    await makeRepository(user);
    await screen.findByTestId("recovery-key");
    back.emit("repositories");
    await waitFor(() => expect(sentTo(back, "repositories.list").length).toBeGreaterThan(1));
    expect(screen.getByTestId("recovery-key")).toBeVisible();
    expect(screen.queryByTestId("first-run-next")).toBeNull();
  });

  it("shows the key also when the list tells of the repository before the answer comes", async () => {
    const { back, user } = open("/first-start", "empty", { trustedBySystem: true });
    await testServer(user);
    await press(user, "first-run-next");
    await type(user, "repository-path", "/mnt/usb/kuramori");
    const asked = sentTo(back, "repositories.list").length;
    back.repositories = [repository("repository-9", "Archive")];
    back.emit("repositories", "repository-9");
    await waitFor(() => expect(sentTo(back, "repositories.list").length).toBeGreaterThan(asked));
    await type(user, "repository-passphrase", "amber kettle north");
    await type(user, "repository-passphrase-again", "amber kettle north");
    await press(user, "repository-make");
    expect(await screen.findByTestId("recovery-key")).toBeVisible();
  });

  it("speaks Japanese from the first screen", async () => {
    const { back, user } = open("/first-start", "empty");
    await press(user, "language-ja");
    expect(await screen.findByText("VM はどのサーバーで動いていますか。")).toBeVisible();
    expect(document.documentElement.lang).toBe("ja");
    await waitFor(() => expect(back.settings.language).toBe("ja"));
  });

  it("can be skipped", async () => {
    const { user } = open("/first-start", "empty");
    await press(user, "first-run-skip");
    expect(await screen.findByTestId("home")).toBeVisible();
    expect(screen.getByText("The storehouse is empty.")).toBeVisible();
  });
});
