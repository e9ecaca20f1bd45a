import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { KeepForm } from "@/features/first-run/KeepForm";
import { JobWizardPage } from "@/features/jobs/JobWizardPage";
import { useText } from "@/i18n/context";

const route = getRouteApi("/shell/jobs/new");

export default function JobNewRoute() {
  const t = useText();
  const navigate = useNavigate();
  const { step, like, uncovered } = route.useSearch();
  return (
    <JobWizardPage
      key={like ?? String(uncovered)}
      id={null}
      like={like ?? null}
      uncovered={uncovered === true}
      step={step ?? "source"}
      onStep={(next) => void navigate({ to: "/jobs/new", search: { step: next === "source" ? undefined : next, like, uncovered }, replace: true })}
      onClose={() => void navigate({ to: "/jobs" })}
      onRun={(runId) => void navigate({ to: "/activity/$runId", params: { runId } })}
      renderKeep={(ready) => <KeepForm next={t.common.close} onReady={ready} />}
    />
  );
}
