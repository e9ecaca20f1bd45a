import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { X } from "lucide-react";
import { IconButton } from "@/components/Button";
import { PointsPage } from "@/features/recovery-points/PointsPage";
import { RestoreSteps } from "@/features/restore/DoneNext";
import { useText } from "@/i18n/context";

const route = getRouteApi("/shell/restore");

export default function RestoreRoute() {
  const t = useText();
  const navigate = useNavigate();
  const { vm, point } = route.useSearch();
  return (
    <PointsPage
      search={vm ?? ""}
      onSearch={(text) => void navigate({ to: "/restore", search: { vm: text || undefined, point }, replace: true })}
      chosen={point ?? null}
      onChoose={(id) => void navigate({ to: "/restore", search: { vm, point: id }, replace: true })}
      onRestore={(of) => void navigate({ to: "/restore/$repositoryId/$pointId", params: { repositoryId: of.repository_id, pointId: of.id } })}
      onBackUp={() => void navigate({ to: "/inventory" })}
      steps={<RestoreSteps current="when" />}
      close={<IconButton label={t.restore.close} onPress={() => void navigate({ to: "/" })} testId="restore-close"><X size={16} strokeWidth={2} aria-hidden /></IconButton>}
    />
  );
}
