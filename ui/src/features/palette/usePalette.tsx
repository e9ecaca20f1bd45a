import { keepPreviousData } from "@tanstack/react-query";
import { useCommand } from "@/api/client";
import { useInventories } from "@/api/inventories";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { momentText } from "@/lib/time";
import { useSettled } from "@/lib/useSettled";
import { best, wordsOf, type Find } from "./find";

/** Where an answer leads. The application knows the way. */
export type PaletteTarget =
  | { to: "action"; key: string }
  | { to: "vm"; server: string; vm: string }
  | { to: "job"; id: string }
  | { to: "run"; id: string }
  | { to: "point"; vm: string; id: string }
  | { to: "place"; id: string };

/** A screen, or something that can be done. */
export interface PaletteAction {
  key: string;
  name: string;
  second?: string;
  run: () => void;
}

export interface PaletteGroup {
  key: "screens" | "vms" | "jobs" | "points" | "runs" | "places" | "actions";
  name: string;
  finds: Find<PaletteTarget>[];
}

const room: Record<PaletteGroup["key"], number> = { screens: 9, vms: 6, jobs: 5, points: 5, runs: 5, places: 4, actions: 9 };

function actions(list: readonly PaletteAction[]): Find<PaletteTarget>[] {
  return list.map((one) => ({ id: `action ${one.key}`, name: one.name, second: one.second ?? "", target: { to: "action", key: one.key } }));
}

/** Everything there is that answers what was typed. Before anything is typed: the screens and what can be done. */
export function usePalette(text: string, screens: readonly PaletteAction[], doings: readonly PaletteAction[]): { groups: PaletteGroup[]; reading: boolean; failed: string[] } {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const { inventories } = useInventories();
  const jobs = useCommand("jobs.list", {});
  const runs = useCommand("runs.list", { limit: 200 });
  const asks = useSettled(text.trim(), 150);
  const points = useCommand("points.find", { text: asks, limit: 200 }, { enabled: asks !== "", placeholderData: keepPreviousData });
  const places = useCommand("repositories.list", {});
  const words = wordsOf(text);
  const typed = words.length > 0;
  const moment = (time: string) => momentText(new Date(time), now, language);
  const all: { key: PaletteGroup["key"]; name: string; list: Find<PaletteTarget>[] }[] = [
    { key: "screens", name: t.palette.screens, list: actions(screens) },
    { key: "vms", name: t.palette.vms, list: typed ? inventories.flatMap(({ server, inventory }) => (inventory.data?.vms ?? []).map((vm): Find<PaletteTarget> => ({ id: `vm ${server.id}/${vm.reference}`, name: vm.name, second: server.name, target: { to: "vm", server: server.id, vm: vm.reference } }))) : [] },
    { key: "jobs", name: t.palette.jobs, list: typed ? (jobs.data?.jobs ?? []).map((job) => ({ id: `job ${job.id}`, name: job.draft.name, second: job.repository_name ?? "", target: { to: "job", id: job.id } })) : [] },
    { key: "points", name: t.palette.points, list: typed ? (points.data?.points ?? []).map((point) => ({ id: `point ${point.repository_id}/${point.id}`, name: point.vm_name, second: `${moment(point.taken_at)} · ${point.repository_name}`, target: { to: "point", vm: point.vm_name, id: point.id } })) : [] },
    { key: "runs", name: t.palette.runs, list: typed ? (runs.data?.runs ?? []).map((run) => ({ id: `run ${run.id}`, name: run.job ?? t.runs.more(run.vms[0] ?? "", run.vms.length - 1), second: [moment(run.started_at), run.error?.title, run.job ? run.vms.join(" ") : ""].filter(Boolean).join(" · "), target: { to: "run", id: run.id } })) : [] },
    { key: "places", name: t.palette.places, list: typed ? (places.data?.repositories ?? []).map((place) => ({ id: `place ${place.id}`, name: place.name, second: place.path, target: { to: "place", id: place.id } })) : [] },
    { key: "actions", name: t.palette.actions, list: actions(doings) },
  ];
  const asked = [{ name: t.palette.jobs, query: jobs }, { name: t.palette.runs, query: runs }, { name: t.palette.points, query: points }, { name: t.palette.places, query: places }, ...inventories.map(({ server, inventory }) => ({ name: server.name, query: inventory }))];
  return {
    groups: all.map(({ key, name, list }) => ({ key, name, finds: best(list, words, room[key]) })).filter((group) => group.finds.length > 0),
    reading: asked.some(({ query }) => query.isLoading),
    failed: asked.filter(({ query }) => query.error && !query.data).map(({ name }) => name),
  };
}
