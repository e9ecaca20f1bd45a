import { useNavigate } from "@tanstack/react-router";
import { JobsPage } from "@/features/jobs/JobsPage";

export default function JobsRoute() {
  const navigate = useNavigate();
  return (
    <JobsPage
      onNew={(uncovered) => void navigate({ to: "/jobs/new", search: { uncovered: uncovered || undefined } })}
      onEdit={(job) => void navigate({ to: "/jobs/$jobId", params: { jobId: job.id } })}
      onDuplicate={(job) => void navigate({ to: "/jobs/new", search: { like: job.id, step: "options" } })}
      onRun={(runId) => void navigate({ to: "/activity/$runId", params: { runId } })}
    />
  );
}
