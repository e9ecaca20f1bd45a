import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { RestorePage } from "@/features/restore/RestorePage";
import { RunProgress } from "@/features/runs/RunProgress";

const route = getRouteApi("/shell/restore/$repositoryId/$pointId");

export default function RestorePointRoute() {
  const navigate = useNavigate();
  const { repositoryId, pointId } = route.useParams();
  return (
    <RestorePage
      key={pointId}
      repositoryId={repositoryId}
      pointId={pointId}
      onWhen={() => void navigate({ to: "/restore", search: { point: pointId } })}
      onClose={() => void navigate({ to: "/" })}
      renderRun={(runId, after) => <RunProgress id={runId} renderAfter={after} />}
    />
  );
}
