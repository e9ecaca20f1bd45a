import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { RunPage } from "@/features/runs/RunPage";

const route = getRouteApi("/shell/activity/$runId");

export default function RunRoute() {
  const navigate = useNavigate();
  const { runId } = route.useParams();
  return (
    <RunPage
      key={runId}
      id={runId}
      onList={() => void navigate({ to: "/activity" })}
      onStarted={(started) => void navigate({ to: "/activity/$runId", params: { runId: started } })}
      onPoints={(run) => void navigate({ to: "/restore", search: { vm: run.vms.length === 1 ? run.vms[0] : undefined } })}
    />
  );
}
