import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { useAction, useCommand } from "@/api/client";
import type { VmIdentityChoice } from "@/api/generated/VmIdentityChoice";
import type { StopVm } from "@/api/generated/StopVm";
import type { PointView } from "@/api/generated/PointView";
import { useNow } from "@/components/Words";
import { nameDate } from "@/lib/time";

export type RestoreWhat = "vm" | "disk" | "over";

/** Stands in for a request while none can be made. */
export const emptyPlan = { repository_id: "", point_id: "", server_id: "", datastore: "", disks: [], name: null, identity: "new" as const };
const emptyOver = { repository_id: "", point_id: "", server_id: "", confirm: "", stop: "no", turn_on: false } as const;

/** What has been chosen so far, with defaults that would do: a new VM beside the original, on the datastore with most room. */
export function useRestore(point: PointView, want?: RestoreWhat) {
  const now = useNow();
  const servers = useCommand("servers.list", {}).data?.servers ?? [];
  const [what, setWhat] = useState<RestoreWhat | null>(want === "disk" ? "disk" : null);
  const [serverId, setServer] = useState<string | null>(null);
  const [datastoreName, setDatastore] = useState<string | null>(null);
  const [typedName, setName] = useState<string | null>(null);
  const [moved, setMoved] = useState<Readonly<Record<number, string>>>({});
  const [disk, setDisk] = useState(0);
  const [path, setPath] = useState("");
  const [identity, setIdentity] = useState<VmIdentityChoice>("new");
  const [advanced, setAdvanced] = useState(false);
  const [confirm, setConfirm] = useState("");
  const [stop, setStop] = useState<StopVm>("shut-down");
  const [turnOn, setTurnOn] = useState(true);
  const server = servers.find((one) => one.id === serverId) ?? servers[0] ?? null;
  const targets = useCommand("restore.targets", { server_id: server?.id ?? "" }, { enabled: server !== null });
  const datastores = targets.data?.datastores ?? [];
  const roomiest = datastores.filter((one) => one.accessible).sort((a, b) => b.free - a.free)[0];
  const datastore = datastores.find((one) => one.name === datastoreName) ?? roomiest ?? null;
  const name = typedName ?? `${point.vm_name}-restored-${nameDate(now)}`;
  const taken = targets.data?.vm_names.some((one) => one === name.trim()) ?? false;
  const chosen: RestoreWhat = what ?? (servers.length === 0 || point.source === "image" ? "disk" : "vm");
  const request = server && datastore ? { repository_id: point.repository_id, point_id: point.id, server_id: server.id, datastore: datastore.name, disks: Object.entries(moved).map(([key, place]) => ({ key: Number(key), datastore: place })), name: name.trim(), identity } : null;
  const setPlace = (key: number, place: string) => setMoved({ ...moved, [key]: place });
  // Other keys and datastores belong to another server.
  const chooseServer = (id: string) => { setServer(id); setMoved({}); };
  const over = server ? { repository_id: point.repository_id, point_id: point.id, server_id: server.id, confirm: confirm.trim(), stop, turn_on: turnOn } : null;
  // Without the name: where disks go does not hang on it, and each letter would ask the server again.
  const places = useCommand("restore.plan", request ? { ...request, name: null } : emptyPlan, { enabled: chosen === "vm" && request !== null && point.disks.length > 1, placeholderData: keepPreviousData });
  const overPlan = useCommand("restore.in-place-plan", over ? { ...over, confirm: "" } : emptyOver, { enabled: chosen === "over" && over !== null });
  const confirmed = overPlan.data !== undefined && confirm.trim() === overPlan.data.vm_name;
  const startVm = useAction("restore.vm");
  const startOver = useAction("restore.in-place");
  const startDisk = useAction("restore.disk");
  return {
    what: chosen, setWhat, servers, server, setServer: chooseServer, targets, datastores, datastore, setPlace, setDatastore, name, setName, taken, disk, setDisk, path, setPath, request, startVm, startDisk,
    identity, setIdentity, advanced, setAdvanced, confirm, setConfirm, stop, setStop, turnOn, setTurnOn, places, over, overPlan, startOver, confirmed,
    ready: chosen === "vm" ? request !== null && name.trim() !== "" && !taken : chosen === "over" ? confirmed : path.trim() !== "",
  };
}

export type Restore = ReturnType<typeof useRestore>;
