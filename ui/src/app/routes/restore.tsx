import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { X } from "lucide-react";
import { IconButton } from "@/components/Button";
import { WhatPage } from "@/features/recovery-points/WhatPage";
import { WhenPage } from "@/features/recovery-points/WhenPage";
import { RestoreSteps } from "@/features/restore/DoneNext";
import { useText } from "@/i18n/context";

const route = getRouteApi("/shell/restore");

export default function RestoreRoute() {
  const t = useText();
  const navigate = useNavigate();
  const { vm, point, want } = route.useSearch();
  const close = <IconButton label={t.restore.close} onPress={() => void navigate({ to: "/" })} testId="restore-close"><X size={16} strokeWidth={2} aria-hidden /></IconButton>;
  if (vm === undefined) {
    return (
      <WhatPage
        want={want ?? "vm"}
        onWant={(next) => void navigate({ to: "/restore", search: { want: next }, replace: true })}
        onVm={(of) => void navigate({ to: "/restore", search: { vm: of, want } })}
        onBackUp={() => void navigate({ to: "/inventory" })}
        onRepository={() => void navigate({ to: "/settings", search: { section: "repositories", add: true } })}
        steps={<RestoreSteps current="what" />}
        close={close}
      />
    );
  }
  return (
    <WhenPage
      key={vm}
      vm={vm}
      chosen={point ?? null}
      onChoose={(id) => void navigate({ to: "/restore", search: { vm, point: id, want }, replace: true })}
      onRestore={(of) => void navigate({ to: "/restore/$repositoryId/$pointId", params: { repositoryId: of.repository_id, pointId: of.id }, search: { want } })}
      onBack={() => void navigate({ to: "/restore", search: { want } })}
      steps={<RestoreSteps current="when" />}
      close={close}
    />
  );
}
