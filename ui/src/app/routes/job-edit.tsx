import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { KeepForm } from "@/features/first-run/KeepForm";
import { JobWizardPage } from "@/features/jobs/JobWizardPage";
import { useText } from "@/i18n/context";

const route = getRouteApi("/shell/jobs/$jobId");

export default function JobEditRoute() {
  const t = useText();
  const navigate = useNavigate();
  const { jobId } = route.useParams();
  const { step } = route.useSearch();
  return (
    <JobWizardPage
      key={jobId}
      id={jobId}
      like={null}
      uncovered={false}
      only={null}
      step={step ?? "source"}
      onStep={(next) => void navigate({ to: "/jobs/$jobId", params: { jobId }, search: { step: next === "source" ? undefined : next }, replace: true })}
      onClose={() => void navigate({ to: "/jobs" })}
      onRun={(runId) => void navigate({ to: "/activity/$runId", params: { runId } })}
      renderKeep={(ready) => <KeepForm next={t.common.close} onReady={ready} />}
    />
  );
}
