import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { SetNoticesRequest } from "@/api/generated/SetNoticesRequest";
import { fakeError } from "@/platform/fake/data";
import { open, press, sentTo, type } from "../app";

const lastSent = (back: Parameters<typeof sentTo>[0]) => sentTo(back, "notices.set").at(-1) as SetNoticesRequest;

describe("notices", () => {
  it("sends mail once a server and a receiver are named, and keeps a password unread", async () => {
    const { back, user } = open("/settings?section=notices", "shop");
    expect(await screen.findByTestId("notice-mail")).toHaveTextContent("A server and a receiver are needed first.");
    await type(user, "mail-to", "office@shop.example, it@shop.example");
    await type(user, "mail-server", "smtp.shop.example");
    await user.tab();
    await waitFor(() => expect(lastSent(back).settings.mail).toMatchObject({ on: false, server: "smtp.shop.example", to: ["office@shop.example", "it@shop.example"] }));
    await press(user, "notice-on-mail");
    await waitFor(() => expect(lastSent(back).settings.mail.on).toBe(true));
    expect(lastSent(back).mail_password).toBeNull();
    await type(user, "mail-password", "secret{Enter}");
    await waitFor(() => expect(lastSent(back).mail_password).toBe("secret"));
    expect(await screen.findByText(/Kept in the keychain/)).toBeVisible();
    await waitFor(() => expect(screen.getByTestId("mail-password")).toHaveValue(""));
    await press(user, "mail-password-forget");
    await waitFor(() => expect(lastSent(back).mail_password).toBe(""));
    await press(user, "notice-test-mail");
    expect(await screen.findByTestId("notice-said-mail")).toHaveTextContent("Answered “250 OK”.");
  });

  it("takes the port of the connection along unless it is a port of one's own", async () => {
    const { back, user } = open("/settings?section=notices", "shop");
    await press(user, "mail-security");
    await press(user, "mail-security-start-tls");
    await waitFor(() => expect(lastSent(back).settings.mail).toMatchObject({ security: "start-tls", port: 587 }));
    await type(user, "mail-port", "0");
    await user.tab();
    expect(await screen.findByText("A number from 1 to 65535.")).toBeVisible();
    await type(user, "mail-port", "2525");
    await user.tab();
    await waitFor(() => expect(lastSent(back).settings.mail.port).toBe(2525));
    await press(user, "mail-security");
    await press(user, "mail-security-tls");
    await waitFor(() => expect(lastSent(back).settings.mail).toMatchObject({ security: "tls", port: 2525 }));
  });

  it("keeps what was typed when it is refused, and says why at its way", async () => {
    const { user } = open("/settings?section=notices", "shop", { refused: { "notices.set": fakeError("invalid-input") } });
    await type(user, "webhook-url", "ftp://nowhere");
    await user.tab();
    expect(within(await screen.findByTestId("notice-webhook")).getByTestId("notice-refused-webhook")).toHaveAttribute("data-code", "invalid-input");
    expect(screen.getByTestId("webhook-url")).toHaveValue("ftp://nowhere");
  });

  it("adds, tests and removes pings, for a job or for any", async () => {
    const { back, user } = open("/settings?section=notices", "busy");
    await press(user, "ping-add");
    await type(user, "ping-new", "https://ping.shop.example/a{Enter}");
    await press(user, "ping-job-0");
    await press(user, "ping-job-0-job-2");
    await waitFor(() => expect(lastSent(back).settings.pings).toEqual([{ url: "https://ping.shop.example/a", method: "get", job: "job-2" }]));
    await press(user, "ping-test-0");
    await waitFor(() => expect(sentTo(back, "notices.test")).toEqual([{ way: "ping", ping: 0 }]));
    await press(user, "ping-remove-0");
    await waitFor(() => expect(lastSent(back).settings.pings).toEqual([]));
  });

  it("shows what was refused and the weekly digest", async () => {
    const { back, user } = open("/settings?section=notices", "troubled");
    const [letter, ...more] = await screen.findAllByTestId("notice-letter");
    expect(more).toEqual([]);
    expect(letter).toHaveTextContent("FILE02 was not saved: the NAS was off");
    expect(letter).toHaveTextContent("404 Not Found");
    expect(screen.getByTestId("notice-webhook")).toHaveAttribute("data-state", "failed");
    await press(user, "digest-day");
    await press(user, "digest-day-1");
    await waitFor(() => expect(lastSent(back).settings.digest).toEqual({ weekday: 1, hour: 8, mail: true, webhook: false }));
  });
});
