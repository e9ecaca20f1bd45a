import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { CheckLines } from "@/features/first-run/CheckList";
import { progressLines } from "@/features/first-run/checks";
import { ConnectForm } from "@/features/first-run/ConnectForm";
import { KeepForm } from "@/features/first-run/KeepForm";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { useText } from "@/i18n/context";

const route = getRouteApi("/shell/settings");

export default function SettingsRoute() {
  const t = useText();
  const navigate = useNavigate();
  const { section, add } = route.useSearch();
  return (
    <SettingsPage
      section={section ?? "look"}
      adding={add === true}
      onSection={(next) => void navigate({ to: "/settings", search: { section: next === "look" ? undefined : next }, replace: true })}
      onAdding={(open) => void navigate({ to: "/settings", search: { section, add: open ? true : undefined }, replace: true })}
      renderConnect={(connected) => <ConnectForm onConnected={connected} />}
      renderChecks={(progress, again) => <CheckLines lines={progressLines(progress)} onAgain={again} />}
      renderKeep={(ready) => <KeepForm next={t.common.close} onReady={ready} />}
    />
  );
}
