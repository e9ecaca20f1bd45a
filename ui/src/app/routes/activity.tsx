import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { ActivityPage } from "@/features/runs/ActivityPage";

const route = getRouteApi("/shell/activity");

export default function ActivityRoute() {
  const navigate = useNavigate();
  const { show } = route.useSearch();
  return (
    <ActivityPage
      show={show ?? "causes"}
      onShow={(next) => void navigate({ to: "/activity", search: { show: next === "causes" ? undefined : next } })}
      onOpen={(runId) => void navigate({ to: "/activity/$runId", params: { runId } })}
      onVm={(name) => void navigate({ to: "/inventory", search: { find: name } })}
      onChoose={() => void navigate({ to: "/inventory" })}
    />
  );
}
