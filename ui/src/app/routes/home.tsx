import { useNavigate } from "@tanstack/react-router";
import { OverviewPage } from "@/features/overview/OverviewPage";

export default function HomeRoute() {
  const navigate = useNavigate();
  return (
    <OverviewPage
      onConnect={() => void navigate({ to: "/first-start" })}
      onChoose={() => void navigate({ to: "/inventory" })}
      onVm={(server, vm) => void navigate({ to: "/inventory", search: { server, vm } })}
      onRun={(runId) => void navigate({ to: "/activity/$runId", params: { runId } })}
      onRuns={() => void navigate({ to: "/activity" })}
    />
  );
}
