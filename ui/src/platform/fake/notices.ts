import type { NoticesView } from "@/api/generated/NoticesView";
import { fakeError, hoursAgo } from "./data";
import type { FakePlatform, Handlers } from "./platform";

const untouched: NoticesView = {
  settings: {
    desktop: { on: true, level: "failures" },
    mail: { on: false, level: "failures", server: "", port: 465, security: "tls", user: "", from: "", to: [] },
    webhook: { on: false, level: "failures", url: "" },
    pings: [],
    digest: { weekday: 7, hour: 8, mail: false, webhook: false },
  },
  mail_password: false, webhook_secret: false, warnings: [], letters: [], next_digest: null,
};

const told: NoticesView = {
  settings: {
    desktop: { on: true, level: "warnings" },
    mail: { on: true, level: "failures", server: "smtp.shop.example", port: 465, security: "tls", user: "kuramori", from: "backup@shop.example", to: ["office@shop.example", "it@shop.example"] },
    webhook: { on: true, level: "failures", url: "https://chat.shop.example/hook/7f2" },
    pings: [{ url: "https://ping.shop.example/kuramori", method: "get", job: null }],
    digest: { weekday: 7, hour: 8, mail: true, webhook: false },
  },
  mail_password: true, webhook_secret: false, warnings: [], next_digest: hoursAgo(-30),
  letters: [
    { way: "webhook", to: "chat.shop.example", title: "FILE02 was not saved: the NAS was off", state: "given-up", made_at: hoursAgo(2), ended_at: hoursAgo(1), tries: 5, said: "404 Not Found" },
    { way: "mail", to: "smtp.shop.example", title: "FILE02 was not saved: the NAS was off", state: "sent", made_at: hoursAgo(2), ended_at: hoursAgo(2), tries: 0, said: "250 OK" },
    { way: "desktop", to: "", title: "FILE02 was not saved: the NAS was off", state: "sent", made_at: hoursAgo(2), ended_at: hoursAgo(2), tries: 0, said: "" },
  ],
};

const chosen = new WeakMap<FakePlatform, NoticesView>();

/** A shop with troubles has been telling for a while. */
const now = (back: FakePlatform) => chosen.get(back) ?? (back.servers.some((one) => one.error !== null) ? told : untouched);

/** Who is told of what, in memory. Nothing leaves it. */
export const noticeCommands: Pick<Handlers, "notices.get" | "notices.set" | "notices.test"> = {
  "notices.get": (back) => now(back),
  "notices.set": (back, request) => {
    const before = now(back);
    const secret = (typed: string | null, had: boolean) => (typed === null ? had : typed !== "");
    const view = { ...before, settings: request.settings, mail_password: secret(request.mail_password, before.mail_password), webhook_secret: secret(request.webhook_secret, before.webhook_secret) };
    chosen.set(back, view);
    back.emit("notices");
    return view;
  },
  "notices.test": (back, { way }) => {
    const { settings } = now(back);
    if (way === "mail" && settings.mail.server === "") throw fakeError("invalid-input");
    return { said: way === "desktop" ? "" : "250 OK" };
  },
};
