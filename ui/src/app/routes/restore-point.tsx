import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { RestorePage } from "@/features/restore/RestorePage";
import { RunProgress } from "@/features/runs/RunProgress";

const route = getRouteApi("/shell/restore/$repositoryId/$pointId");

export default function RestorePointRoute() {
  const navigate = useNavigate();
  const { repositoryId, pointId } = route.useParams();
  const { want } = route.useSearch();
  return (
    <RestorePage
      key={pointId}
      repositoryId={repositoryId}
      pointId={pointId}
      want={want}
      onWhen={(vm) => void navigate({ to: "/restore", search: { vm, point: pointId, want } })}
      onClose={() => void navigate({ to: "/" })}
      renderRun={(runId, after) => <RunProgress id={runId} renderAfter={after} />}
    />
  );
}
