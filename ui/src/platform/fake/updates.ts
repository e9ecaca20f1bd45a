import type { OfferView } from "@/api/generated/OfferView";
import type { UpdatesView } from "@/api/generated/UpdatesView";
import { fakeError, hoursAgo } from "./data";
import type { FakePlatform, Handlers } from "./platform";

export const newerVersion: OfferView = {
  version: "0.2.0",
  published: hoursAgo(30),
  notes: "Backups of VMs with many small disks take half the time.\nA restore tells before it starts when the datastore is too small.\nFixed: a server that was renamed was shown twice.",
  size: 24_700_000,
  downloaded: false,
  page: "https://kuramori.example/0.2.0",
};

export function updatesView(more: Partial<UpdatesView> = {}): UpdatesView {
  return { version: "0.1.0", enabled: true, installation: "itself", step: "idle", done: 0, checked_at: hoursAgo(3), check_error: null, offer: null, error: null, last: null, ...more };
}

function change(back: FakePlatform, part: Partial<UpdatesView>): UpdatesView {
  back.updates = { ...back.updates, ...part };
  back.emit("updates");
  return back.updates;
}

/** A download that takes ten steps, then the restart, which a window in memory cannot do. */
function install(back: FakePlatform, offer: OfferView): UpdatesView {
  const timer = setInterval(() => {
    const done = Math.min(offer.size, back.updates.done + offer.size / 10);
    if (back.updates.done < offer.size) change(back, { done });
    else {
      clearInterval(timer);
      change(back, { step: "restarting", offer: { ...offer, downloaded: true } });
    }
  }, back.options.runPace);
  return change(back, { step: "downloading", done: 0, error: null });
}

type UpdateCommand = Extract<keyof Handlers, `updates.${string}`>;

export const updateCommands: Pick<Handlers, UpdateCommand> = {
  "updates.status": (back) => back.updates,
  "updates.check": (back) => change(back, { checked_at: new Date().toISOString(), check_error: null, offer: back.updates.offer ?? newerVersion }),
  "updates.open-file": (back, { path }) => {
    if (path.includes("bad")) throw fakeError("update-not-genuine");
    return change(back, { offer: { ...newerVersion, downloaded: true } });
  },
  "updates.download": (back) => back.updates,
  "updates.install": (back) => {
    if (back.live.size > 0) throw fakeError("update-during-run");
    if (!back.updates.offer) throw fakeError("update-none");
    return install(back, back.updates.offer);
  },
  "updates.dismiss": (back) => {
    if (back.updates.last) change(back, { last: { ...back.updates.last, seen: true } });
    return {};
  },
};
