import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { KeepForm } from "@/features/first-run/KeepForm";
import { JobWizardPage } from "@/features/jobs/JobWizardPage";
import { useText } from "@/i18n/context";

const route = getRouteApi("/shell/jobs/new");

export default function JobNewRoute() {
  const t = useText();
  const navigate = useNavigate();
  const { step, like, uncovered, server, vm } = route.useSearch();
  return (
    <JobWizardPage
      key={like ?? (vm === undefined ? String(uncovered) : `${server ?? ""}/${vm}`)}
      id={null}
      like={like ?? null}
      uncovered={uncovered === true}
      only={server === undefined || vm === undefined ? null : { server, vm }}
      step={step ?? "source"}
      onStep={(next) => void navigate({ to: "/jobs/new", search: { step: next === "source" ? undefined : next, like, uncovered, server, vm }, replace: true })}
      onClose={() => void navigate({ to: "/jobs" })}
      onRun={(runId) => void navigate({ to: "/activity/$runId", params: { runId } })}
      renderKeep={(ready) => <KeepForm next={t.common.close} onReady={ready} />}
    />
  );
}
