import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { InventoryPage } from "@/features/inventory/InventoryPage";
import { VmPoints } from "@/features/recovery-points/VmPoints";

const route = getRouteApi("/shell/inventory");

export default function InventoryRoute() {
  const navigate = useNavigate();
  const { server, group, vm, tab, find } = route.useSearch();
  return (
    <InventoryPage
      selected={server ? { server, group: group ?? null, vm: vm ?? null } : null}
      find={find ?? null}
      tab={tab ?? "overview"}
      onSelect={(selected) => void navigate({ to: "/inventory", search: { server: selected.server, group: selected.group ?? undefined, vm: selected.vm ?? undefined, tab }, replace: true })}
      onTab={(next) => void navigate({ to: "/inventory", search: { server, vm, tab: next === "points" ? "points" : undefined }, replace: true })}
      onConnect={() => void navigate({ to: "/first-start" })}
      onAddRepository={() => void navigate({ to: "/settings", search: { section: "repositories", add: true } })}
      onJob={(server, vm) => void navigate({ to: "/jobs/new", search: { server, vm } })}
      onTrust={() => void navigate({ to: "/settings", search: { section: "servers" } })}
      onStarted={(runId) => void navigate({ to: "/activity/$runId", params: { runId } })}
      onRestore={(of) => void navigate({ to: "/restore", search: { vm: of.name } })}
      renderPoints={(of) => <VmPoints vm={of.instance_uuid ?? of.name} onRestore={(point) => void navigate({ to: "/restore/$repositoryId/$pointId", params: { repositoryId: point.repository_id, pointId: point.id } })} />}
    />
  );
}
