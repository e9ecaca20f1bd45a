import type { NoticesView } from "@/api/generated/NoticesView";
import { fakeError } from "./data";
import type { FakePlatform, Handlers } from "./platform";

const untouched: NoticesView = {
  settings: {
    desktop: { on: true, level: "failures" },
    mail: { on: false, level: "failures", server: "", port: 465, security: "tls", user: "", from: "", to: [] },
    webhook: { on: false, level: "failures", url: "" },
    pings: [],
    digest: { weekday: 0, hour: 8, mail: false, webhook: false },
  },
  mail_password: false, webhook_secret: false, warnings: [], letters: [], next_digest: null,
};

const chosen = new WeakMap<FakePlatform, NoticesView>();

/** Who is told of what, in memory. Nothing leaves it. */
export const noticeCommands: Pick<Handlers, "notices.get" | "notices.set" | "notices.test"> = {
  "notices.get": (back) => chosen.get(back) ?? untouched,
  "notices.set": (back, request) => {
    const before = chosen.get(back) ?? untouched;
    const secret = (typed: string | null, had: boolean) => (typed === null ? had : typed !== "");
    const view = { ...before, settings: request.settings, mail_password: secret(request.mail_password, before.mail_password), webhook_secret: secret(request.webhook_secret, before.webhook_secret) };
    chosen.set(back, view);
    back.emit("notices");
    return view;
  },
  "notices.test": (back, { way }) => {
    const { settings } = chosen.get(back) ?? untouched;
    if (way === "mail" && settings.mail.server === "") throw fakeError("invalid-input");
    return { said: way === "desktop" ? "" : "250 OK" };
  },
};
