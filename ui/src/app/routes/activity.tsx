import { useNavigate } from "@tanstack/react-router";
import { RunsPage } from "@/features/runs/RunsPage";

export default function ActivityRoute() {
  const navigate = useNavigate();
  return <RunsPage onOpen={(runId) => void navigate({ to: "/activity/$runId", params: { runId } })} onChoose={() => void navigate({ to: "/inventory" })} />;
}
